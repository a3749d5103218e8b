//! More vectors than were embedded, for benchmarks.
//!
//! Embedding 100,000 texts takes some twenty minutes on two cores, and a benchmark of the search
//! only needs vectors that lie as those of real texts do. So a few thousand texts are embedded and
//! the rest derived: vector *i* starts from base vector *i* mod *n* and moves a little towards
//! another vector of the same speciality,
//!
//! > v′ = normalise((1 − w) · v + w · p), w uniform in (0, 0.3]
//!
//! which on the sphere is a step along the great circle from v to p, at most three tenths of the
//! way along the chord. The result lies between two members of a cluster and nearer to v than to
//! p, so that clusters keep their places, their spread and their neighbours.

use crate::dice::{Dice, Kind};

/// The largest share that the other vector has in the mixture.
pub const MAX_MIXING: f64 = 0.3;

/// The number of the base vector from which vector `i` is derived.
pub fn origin(base_len: usize, i: usize) -> usize {
    i % base_len.max(1)
}

/// The `i`-th derived vector, of length 1; it depends on the base, the seed and `i` alone.
///
/// `base` holds vectors of one dimension, each with the cluster it belongs to. The result is empty
/// where `base` is. A vector alone in its cluster is given back as it is.
pub fn extend<S: PartialEq>(base: &[(S, Vec<f32>)], i: usize, seed: u64) -> Vec<f32> {
    let start = origin(base.len(), i);
    let Some((cluster, vector)) = base.get(start) else { return Vec::new() };
    let mut dice = Dice::new(seed, Kind::Vector, i);
    let w = ((1.0 - dice.unit()) * MAX_MIXING) as f32;
    // Looking onwards from a random place finds a fellow in about as many steps as there are clusters.
    let offset = dice.below(base.len());
    let fellow = (0..base.len())
        .map(|step| (offset + step) % base.len())
        .find(|&other| other != start && base[other].0 == *cluster)
        .map(|other| &base[other].1);
    let Some(fellow) = fellow else { return normalised(vector.clone()) };
    normalised(vector.iter().zip(fellow).map(|(v, p)| (1.0 - w) * v + w * p).collect())
}

fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSIONS: usize = 48;

    /// Clusters as loose as those of short texts: members share half of their direction.
    fn base() -> Vec<(usize, Vec<f32>)> {
        let mut dice = Dice::new(7, Kind::Vector, usize::MAX);
        let mut random = || -> Vec<f32> {
            let sum = |dice: &mut Dice| (0..6).map(|_| dice.unit() - 0.5).sum::<f64>() as f32;
            normalised((0..DIMENSIONS).map(|_| sum(&mut dice)).collect())
        };
        let centres: Vec<_> = (0..12).map(|_| random()).collect();
        (0..600)
            .map(|i| {
                let member = centres[i % 12].iter().zip(random()).map(|(c, r)| c + r).collect();
                (i % 12, normalised(member))
            })
            .collect()
    }

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn derived_vectors_stay_closest_to_their_own_cluster() {
        let base = base();
        for i in 0..3000 {
            let vector = extend(&base, i, 3);
            assert!((dot(&vector, &vector) - 1.0).abs() < 1e-4);
            let nearest = base.iter().max_by(|a, b| dot(&a.1, &vector).total_cmp(&dot(&b.1, &vector)));
            assert_eq!(nearest.map(|n| n.0), Some(base[origin(base.len(), i)].0), "vector {i}");
            assert!(dot(&vector, &base[origin(base.len(), i)].1) > 0.85, "vector {i} went far");
        }
    }

    #[test]
    fn derived_vectors_repeat_and_differ() {
        let base = base();
        assert_eq!(extend(&base, 601, 3), extend(&base, 601, 3));
        assert_ne!(extend(&base, 1, 3), extend(&base, 601, 3));
        assert_ne!(extend(&base, 1, 3), extend(&base, 1, 4));
        assert!(extend::<usize>(&[], 1, 3).is_empty());
    }
}
