//! The open vehicles, and which of them the recogniser's numbers mean.
//!
//! Invariant: every number leads to an open vehicle that has it as its own, or as the one before it was relinked. A vehicle
//! whose number has gone to another one keeps it as a name only.

use std::collections::HashMap;

use crate::rules::Rules;
use crate::vehicle::Vehicle;

/// An open vehicle, and the deadline that every call looks at.
pub(super) struct OpenVehicle {
    pub(super) deadline_ns: i64,
    /// The frame in which it was seen last, and under which number.
    pub(super) seen_in: (u64, i64),
    /// The frame that shows its number, with which read, and how far that is from where it was expected.
    pub(super) shown_in: Shown,
    pub(super) vehicle: Box<Vehicle>,
}

/// Where a vehicle's number is in a frame.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    pub(super) frame: u64,
    pub(super) read: usize,
    pub(super) misfit: f64,
}

/// All open vehicles.
pub(super) struct Fleet {
    open: Vec<OpenVehicle>,
    index_of: HashMap<i64, usize>,
}

impl Fleet {
    pub(super) fn with_room_for(vehicles: usize) -> Self {
        Self {
            open: Vec::with_capacity(vehicles),
            index_of: HashMap::with_capacity(2 * vehicles),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &OpenVehicle> {
        self.open.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut OpenVehicle> {
        self.open.iter_mut()
    }

    pub(super) fn get(&self, index: usize) -> Option<&OpenVehicle> {
        self.open.get(index)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut OpenVehicle> {
        self.open.get_mut(index)
    }

    /// Where the vehicle of a number is.
    pub(super) fn index_of(&self, track: i64) -> Option<usize> {
        self.index_of.get(&track).copied()
    }

    /// The first in the order in which vehicles speak.
    pub(super) fn first_number(&self) -> Option<usize> {
        let numbers = self.open.iter().enumerate();
        numbers
            .min_by_key(|(_, open)| open.vehicle.number)
            .map(|(index, _)| index)
    }

    /// Opens a vehicle under its number.
    pub(super) fn push(&mut self, vehicle: Box<Vehicle>, frame: u64, rules: &Rules) -> usize {
        let index = self.open.len();
        self.index_of.insert(vehicle.track_id, index);
        self.open.push(OpenVehicle {
            deadline_ns: vehicle.deadline_ns(rules),
            seen_in: (frame, vehicle.track_id),
            shown_in: Shown::default(),
            vehicle,
        });
        index
    }

    /// Puts another vehicle in the place of one that has ended, under the same numbers.
    pub(super) fn replace(
        &mut self,
        index: usize,
        vehicle: Box<Vehicle>,
        rules: &Rules,
    ) -> Option<Box<Vehicle>> {
        let open = self.open.get_mut(index)?;
        open.deadline_ns = vehicle.deadline_ns(rules);
        let old = std::mem::replace(&mut open.vehicle, vehicle);
        if let Some(former) = old.former_track_id {
            self.release(former, index);
        }
        Some(old)
    }

    pub(super) fn remove(&mut self, index: usize) -> Box<Vehicle> {
        let gone = self.open.swap_remove(index).vehicle;
        for number in [Some(gone.track_id), gone.former_track_id] {
            number.inspect(|number| self.release(*number, index));
        }
        self.point(self.open.len(), index);
        gone
    }

    /// Takes a number from the vehicle at `index`, if it leads there.
    fn release(&mut self, number: i64, index: usize) {
        if self.index_of(number) == Some(index) {
            self.index_of.remove(&number);
        }
    }

    /// The vehicle at `to` was at `from`: its numbers follow.
    fn point(&mut self, from: usize, to: usize) {
        let Some(open) = self.open.get(to) else {
            return;
        };
        for number in [Some(open.vehicle.track_id), open.vehicle.former_track_id] {
            if let Some(place) = number.and_then(|number| self.index_of.get_mut(&number))
                && *place == from
            {
                *place = to;
            }
        }
    }

    /// Gives the numbers of a frame's reads to other vehicles than before: first all are taken away, then given.
    pub(super) fn bind(&mut self, bindings: &[(i64, usize)], frame: u64) {
        for (number, index) in bindings {
            self.index_of.remove(number);
            let is_shown = |open: &&OpenVehicle| open.shown_in.frame == frame;
            if let Some(open) = self.open.get(*index).filter(is_shown) {
                // Whatever bears its numbers in this frame is not this vehicle.
                let numbers = [Some(open.vehicle.track_id), open.vehicle.former_track_id];
                for own in numbers.into_iter().flatten() {
                    self.release(own, *index);
                }
            }
        }
        for (number, index) in bindings {
            let Some(open) = self.open.get_mut(*index) else {
                continue;
            };
            let vehicle = &mut open.vehicle;
            let before = std::mem::replace(&mut vehicle.track_id, *number);
            let oldest = vehicle.former_track_id.take();
            if self.index_of.get(&before) == Some(index) {
                vehicle.former_track_id = Some(before);
            }
            if let Some(oldest) = oldest {
                self.release(oldest, *index);
            }
            self.index_of.insert(*number, *index);
        }
    }

    /// Takes the later of a relinked vehicle's two numbers from it; returns that number.
    pub(super) fn unlink(&mut self, index: usize) -> Option<i64> {
        let vehicle = &mut self.open.get_mut(index)?.vehicle;
        let former = vehicle.former_track_id.take()?;
        let later = std::mem::replace(&mut vehicle.track_id, former);
        self.release(later, index);
        Some(later)
    }

    /// Two vehicles exchange their numbers. Gives both for what else they exchange.
    pub(super) fn exchange(
        &mut self,
        one: usize,
        other: usize,
        exchange: impl FnOnce(&mut Vehicle, &mut Vehicle),
    ) {
        let (low, high) = (one.min(other), one.max(other));
        let Some((below, above)) = self.open.split_at_mut_checked(high) else {
            return;
        };
        let (Some(a), Some(b)) = (below.get_mut(low), above.first_mut()) else {
            return;
        };
        std::mem::swap(&mut a.vehicle.track_id, &mut b.vehicle.track_id);
        std::mem::swap(
            &mut a.vehicle.former_track_id,
            &mut b.vehicle.former_track_id,
        );
        std::mem::swap(&mut a.seen_in, &mut b.seen_in);
        exchange(&mut a.vehicle, &mut b.vehicle);
        let names = [
            [Some(a.vehicle.track_id), a.vehicle.former_track_id],
            [Some(b.vehicle.track_id), b.vehicle.former_track_id],
        ];
        let led = |numbers: [Option<i64>; 2], to: usize| {
            numbers.map(|number| number.filter(|number| self.index_of.get(number) == Some(&to)))
        };
        let [to_low, to_high] = [led(names[0], high), led(names[1], low)];
        for (at, numbers) in [(low, to_low), (high, to_high)] {
            for number in numbers.into_iter().flatten() {
                self.index_of.insert(number, at);
            }
        }
    }
}
