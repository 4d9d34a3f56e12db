//! Which events were put, and which number each vehicle has: of the last so many, and of all that are live.

use std::collections::HashMap;

use super::numbered::Numbered;
use crate::log_record::EventId;

#[derive(Clone, Copy, Debug)]
struct KnownEvent {
    id: EventId,
    vehicle: u64,
    car_id: u64,
}

/// Remembers them by their event's place.
#[derive(Clone, Debug)]
pub(super) struct Known {
    events: Numbered<KnownEvent>,
    /// Places by an id's fold.
    by_id: HashMap<u64, u64>,
    /// The last place of each vehicle.
    by_vehicle: HashMap<u64, u64>,
    limit: u64,
    /// Up to here only live ones are remembered.
    floor: u64,
    /// So many are remembered behind it.
    young: u64,
    highest_seq: u64,
    highest_car: u64,
}

/// Ids are random, or a hash: half of the bits serve as well as all.
fn fold(id: &EventId) -> u64 {
    let number = u128::from_le_bytes(*id);
    u64::try_from((number ^ number >> 64) & u128::from(u64::MAX)).unwrap_or_default()
}

impl Known {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            events: Numbered::new(),
            by_id: HashMap::new(),
            by_vehicle: HashMap::new(),
            limit,
            floor: 0,
            young: 0,
            highest_seq: 0,
            highest_car: 0,
        }
    }

    pub(super) const fn highest(&self) -> (u64, u64) {
        (self.highest_seq, self.highest_car)
    }

    /// An event was put. What becomes too old is forgotten, unless it `is_live`.
    pub(super) fn note(
        &mut self,
        seq: u64,
        id: EventId,
        vehicle: u64,
        car_id: u64,
        is_live: impl Fn(u64) -> bool,
    ) {
        self.highest_car = self.highest_car.max(car_id);
        let event = KnownEvent {
            id,
            vehicle,
            car_id,
        };
        let is_new = !self.events.contains(seq);
        self.events.insert(seq, event);
        self.by_id.insert(fold(&id), seq);
        let last = self.by_vehicle.entry(vehicle).or_insert(seq);
        *last = seq.max(*last);
        self.highest_seq = self.highest_seq.max(seq);
        if self.is_old(seq) {
            if !is_live(seq) {
                self.forget(seq);
            }
            return;
        }
        self.young += u64::from(is_new);
        // Counted, not told by the distance of places: they jump where a part of the log is missing.
        while self.young > self.limit {
            let next = self.events.from(self.floor.saturating_add(1)).next();
            let Some(oldest) = next.map(|(seq, _)| seq) else {
                break;
            };
            self.floor = oldest;
            self.young -= 1;
            if !is_live(oldest) {
                self.forget(oldest);
            }
        }
    }

    /// An event is live no longer.
    pub(super) fn release(&mut self, seq: u64) {
        if seq <= self.floor {
            self.forget(seq);
        }
    }

    /// Whether an event is too old to be remembered for its own sake.
    pub(super) const fn is_old(&self, seq: u64) -> bool {
        seq <= self.floor
    }

    fn forget(&mut self, seq: u64) {
        let Some(event) = self.events.remove(seq) else {
            return;
        };
        let id = fold(&event.id);
        if self.by_id.get(&id) == Some(&seq) {
            self.by_id.remove(&id);
        }
        if self.by_vehicle.get(&event.vehicle) == Some(&seq) {
            self.by_vehicle.remove(&event.vehicle);
        }
    }

    /// The place of an event of this id.
    pub(super) fn seq_of(&self, id: &EventId) -> Option<u64> {
        let seq = *self.by_id.get(&fold(id))?;
        (self.events.get(seq)?.id == *id).then_some(seq)
    }

    /// A vehicle's last event.
    pub(super) fn last_of(&self, vehicle: u64) -> Option<u64> {
        self.by_vehicle.get(&vehicle).copied()
    }

    pub(super) fn car_of_vehicle(&self, vehicle: u64) -> Option<u64> {
        Some(self.events.get(self.last_of(vehicle)?)?.car_id)
    }

    /// The vehicle of an event that is live or was put lately; 0 where that is not known.
    pub(super) fn car_of(&self, seq: u64) -> u64 {
        self.events.get(seq).map_or(0, |event| event.car_id)
    }

    /// The id of an event that is live or was put lately.
    pub(super) fn id_of(&self, seq: u64) -> EventId {
        self.events
            .get(seq)
            .map_or_else(EventId::default, |event| event.id)
    }

    /// All of them: the vehicle's number, and the event's id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, EventId)> {
        self.events
            .iter()
            .map(|(_, event)| (event.car_id, event.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_places_costs_no_ids() {
        let mut known = Known::new(3);
        let id = |seq: u64| u128::from(seq).to_le_bytes();
        for seq in [1, 2, 1 << 40, 2] {
            known.note(seq, id(seq), seq, seq, |_| false);
        }
        assert_eq!(
            [1, 2, 1 << 40].map(|seq| known.seq_of(&id(seq))),
            [1, 2, 1 << 40].map(Some)
        );
        known.note(5 << 40, id(9), 9, 9, |seq| seq == 1);
        known.note(6 << 40, id(10), 9, 9, |seq| seq == 1);
        assert_eq!(known.seq_of(&id(1)), Some(1));
        assert_eq!(known.seq_of(&id(2)), None);
        assert!(known.is_old(2) && !known.is_old(1 << 40));
        known.release(1);
        assert_eq!(known.seq_of(&id(1)), None);
    }
}
