//! How many connections one network has open.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::http::limits::Visitor;

/// The networks that have connections open, and how many each.
#[derive(Clone)]
pub(crate) struct Crowd {
    most: Option<usize>,
    open: Arc<Mutex<HashMap<Visitor, usize>>>,
}

/// The place of one connection, free again when it is dropped.
pub(crate) struct Seat {
    of: Visitor,
    crowd: Crowd,
}

impl Crowd {
    /// None where networks are not told apart.
    pub(crate) fn new(most: Option<usize>) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for a connection from this address; none if its network has as many as it may.
    pub(crate) fn seat(&self, address: IpAddr) -> Option<Seat> {
        let of = Visitor::at(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = open.entry(of).or_default();
        if self.most.is_some_and(|most| *taken >= most) {
            return None;
        }
        *taken += 1;
        Some(Seat { of, crowd: self.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.crowd.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = open.get_mut(&self.of) {
            *taken -= 1;
            // A network that is gone is forgotten.
            if *taken == 0 {
                open.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_places_and_gets_each_back() {
        let crowd = Crowd::new(Some(2));
        let seat = |address: &str| crowd.seat(address.parse().unwrap());
        let held = [seat("1.1.1.1"), seat("1.1.1.1"), seat("2001:db8::1"), seat("2001:db8::2")];
        assert!(held.iter().all(Option::is_some));
        assert!(seat("1.1.1.1").is_none() && seat("2001:db8::3").is_none());
        assert!(seat("1.1.1.2").is_some() && seat("2001:db8:0:1::1").is_some(), "others are not concerned");
        drop(held);
        assert!(seat("1.1.1.1").is_some());
        assert!(crowd.open.lock().unwrap().is_empty());
    }
}
