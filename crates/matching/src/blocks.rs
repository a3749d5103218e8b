//! Who does not want to meet whom.

use std::collections::{HashMap, HashSet};

use domain::UserId;

/// Pairs of people of whom one has blocked the other. A block works both ways.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    by_user: HashMap<UserId, HashSet<UserId>>,
}

impl Blocks {
    pub fn insert(&mut self, one: UserId, other: UserId) {
        self.by_user.entry(one).or_default().insert(other);
        self.by_user.entry(other).or_default().insert(one);
    }

    pub fn remove(&mut self, one: UserId, other: UserId) {
        for (a, b) in [(one, other), (other, one)] {
            if let Some(others) = self.by_user.get_mut(&a) {
                others.remove(&b);
                if others.is_empty() {
                    self.by_user.remove(&a);
                }
            }
        }
    }

    pub fn contains(&self, one: UserId, other: UserId) -> bool {
        self.by_user.get(&one).is_some_and(|others| others.contains(&other))
    }
}

impl FromIterator<(UserId, UserId)> for Blocks {
    fn from_iter<T: IntoIterator<Item = (UserId, UserId)>>(pairs: T) -> Self {
        let mut blocks = Self::default();
        for (one, other) in pairs {
            blocks.insert(one, other);
        }
        blocks
    }
}
