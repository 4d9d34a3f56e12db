//! Which live events are of one vehicle, and which of its Updates a later one has overtaken.

use std::collections::BTreeSet;

use super::numbered::Numbered;

/// Events by their vehicle's number and their own.
#[derive(Clone, Debug)]
pub(super) struct Vehicles {
    events: BTreeSet<(u64, u64)>,
    /// Updates that had a later one when that came in; it may have gone since.
    overtaken: Numbered<()>,
}

impl Vehicles {
    pub(super) const fn new() -> Self {
        Self {
            events: BTreeSet::new(),
            overtaken: Numbered::new(),
        }
    }

    pub(super) fn insert(&mut self, car_id: u64, seq: u64) {
        self.events.insert((car_id, seq));
    }

    pub(super) fn remove(&mut self, car_id: u64, seq: u64) {
        self.events.remove(&(car_id, seq));
        self.overtaken.remove(seq);
    }

    /// The events of a vehicle from one on, in order.
    pub(super) fn from(&self, car_id: u64, seq: u64) -> impl Iterator<Item = u64> {
        let events = self.events.range((car_id, seq)..=(car_id, u64::MAX));
        events.map(|&(_, seq)| seq)
    }

    /// The events of a vehicle before one, the last one first.
    pub(super) fn before(&self, car_id: u64, seq: u64) -> impl Iterator<Item = u64> {
        let events = self.events.range((car_id, 0)..(car_id, seq));
        events.rev().map(|&(_, seq)| seq)
    }

    pub(super) fn set_overtaken(&mut self, seq: u64) {
        self.overtaken.insert(seq, ());
    }

    /// The first Update from a number on that was overtaken.
    pub(super) fn next_overtaken(&self, from: u64) -> Option<u64> {
        self.overtaken.from(from).next().map(|(seq, ())| seq)
    }
}
