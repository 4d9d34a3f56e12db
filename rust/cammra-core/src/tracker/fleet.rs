//! The open vehicles, and which of them the recogniser's numbers mean.
//!
//! Invariant: every number leads to an open vehicle that has it as its own, or as the one before it was relinked.

use std::collections::HashMap;

use crate::rules::Rules;
use crate::vehicle::Vehicle;

/// An open vehicle, and the deadline that every call looks at.
pub(super) struct OpenVehicle {
    pub(super) deadline_ns: i64,
    /// The frame in which it was seen last, and under which number.
    pub(super) seen_in: (u64, i64),
    pub(super) vehicle: Box<Vehicle>,
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
            self.index_of.remove(&former);
        }
        Some(old)
    }

    pub(super) fn remove(&mut self, index: usize) -> Box<Vehicle> {
        let gone = self.open.swap_remove(index).vehicle;
        self.index_of.remove(&gone.track_id);
        if let Some(former) = gone.former_track_id {
            self.index_of.remove(&former);
        }
        self.point_at(index);
        gone
    }

    /// Makes the numbers of the vehicle at `index` lead to it.
    fn point_at(&mut self, index: usize) {
        if let Some(open) = self.open.get(index) {
            let (track, former) = (open.vehicle.track_id, open.vehicle.former_track_id);
            self.index_of.insert(track, index);
            if let Some(former) = former {
                self.index_of.insert(former, index);
            }
        }
    }

    /// A vehicle goes on under a new number; the one before it is kept.
    pub(super) fn relink(&mut self, index: usize, track: i64) {
        let Some(open) = self.open.get_mut(index) else {
            return;
        };
        let vehicle = &mut open.vehicle;
        let oldest = vehicle.former_track_id.replace(vehicle.track_id);
        vehicle.track_id = track;
        if let Some(oldest) = oldest {
            self.index_of.remove(&oldest);
        }
        self.index_of.insert(track, index);
    }

    /// Takes the later of a relinked vehicle's two numbers from it; returns that number.
    pub(super) fn unlink(&mut self, index: usize) -> Option<i64> {
        let vehicle = &mut self.open.get_mut(index)?.vehicle;
        let former = vehicle.former_track_id.take()?;
        let later = std::mem::replace(&mut vehicle.track_id, former);
        self.index_of.remove(&later);
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
        self.point_at(low);
        self.point_at(high);
    }
}
