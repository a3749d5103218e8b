//! Chance that can be repeated: a stream of its own for each item of each kind.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

/// What a stream is for; items of different kinds never share one.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Freelancer = 1,
    Client = 2,
    Job = 3,
    Vector = 4,
}

/// A source of numbers that depend on the seed, the kind and the number of the item alone.
///
/// The ranges are computed here rather than by `rand`, whose algorithms may change between versions.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, kind: Kind, item: usize) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = kind as u8;
        key[16..24].copy_from_slice(&(item as u64).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 up to but not including `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The upper half of a 128-bit product is uniform enough: the bias is bound / 2^64.
        ((u128::from(self.0.next_u64()) * bound.max(1) as u128) >> 64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// A number from 0 up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One of the items, each as likely as its weight.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> usize) -> &'a T {
        let mut left = self.below(items.iter().map(&weight).sum());
        items
            .iter()
            .find(|item| {
                let weight = weight(item);
                let found = left < weight;
                left = left.saturating_sub(weight);
                found
            })
            .unwrap_or(&items[0])
    }

    /// `count` different items in random order; all of them where there are fewer.
    pub(crate) fn sample<T: Copy>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut items = items.to_vec();
        let count = count.min(items.len());
        for i in 0..count {
            let other = self.between(i, items.len() - 1);
            items.swap(i, other);
        }
        items.truncate(count);
        items
    }

    pub(crate) fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
