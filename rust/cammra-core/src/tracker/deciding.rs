//! Whose reads are these? What a number means may change: two vehicles exchange theirs, one takes over another's, and a
//! vehicle that lost its number goes on under a new one.

use super::Tracker;
use super::intake::{Placed, placed};
use super::reads::ReadBatch;
use crate::event::{FrameTime, TrackEvent};
use crate::geometry::Size;
use crate::vote::{PlateText, distance};

/// Edits between what is read under one number and what an open vehicle reports, up to which they are one plate.
const SAME_PLATE: u8 = 1;

impl Tracker {
    /// Enough reads of a number agree on another plate than its vehicle's. True when the number's vehicle has it now.
    pub(super) fn decide(
        &mut self,
        track: i64,
        now: FrameTime,
        events: &mut Vec<TrackEvent>,
    ) -> bool {
        let Some((index, open)) = self
            .fleet
            .index_of(track)
            .and_then(|index| Some((index, self.fleet.get(index)?)))
        else {
            return false;
        };
        let since_ns = open.vehicle.challenged_ns();
        if let Some(owner) = self.owner_of(open.vehicle.challenging_text(), index) {
            let is_silent = self
                .fleet
                .get(owner)
                .is_some_and(|open| open.vehicle.is_silent_since(since_ns));
            if is_silent {
                self.rebind(index, owner, now);
            }
            return is_silent;
        }
        if open.vehicle.is_weak() {
            if let Some(open) = self.fleet.get_mut(index) {
                open.vehicle.correct(now, &self.rules);
            }
        } else {
            self.take_over(index, events);
        }
        true
    }

    /// The open vehicle, other than the one at `index`, that reports a text.
    fn owner_of(&self, text: &PlateText, index: usize) -> Option<usize> {
        let others = (0..).zip(self.fleet.iter()).filter(|(at, open)| {
            *at != index
                && !open.vehicle.text().is_empty()
                && distance(open.vehicle.text(), text) <= SAME_PLATE
        });
        others
            .min_by_key(|(_, open)| (distance(open.vehicle.text(), text), open.vehicle.number))
            .map(|(at, _)| at)
    }

    /// Two vehicles have exchanged their numbers: nothing is said.
    fn rebind(&mut self, index: usize, owner: usize, now: FrameTime) {
        let rules = &self.rules;
        self.fleet.exchange(index, owner, |one, other| {
            one.exchange(other, now, rules);
        });
        self.counters.rebound += 1;
        for at in [index, owner] {
            if let Some(open) = self.fleet.get_mut(at) {
                open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
            }
        }
    }

    /// Another vehicle goes on under the number: the old one says its last words, at its own last read.
    pub(super) fn take_over(&mut self, index: usize, events: &mut Vec<TrackEvent>) {
        let Some(open) = self.fleet.get_mut(index) else {
            return;
        };
        self.counters.vehicles += 1;
        self.counters.taken_over += 1;
        let number = self.counters.vehicles;
        let other = open.vehicle.give_way(number, &self.rules, events);
        if let Some(gone) = self.fleet.replace(index, Box::new(other), &self.rules) {
            self.shelf.release(gone.album.bytes());
        }
    }

    /// Ends a vehicle, and the one that was about to take over its number.
    pub(super) fn end(&mut self, index: usize, at: FrameTime, events: &mut Vec<TrackEvent>) {
        let Some(open) = self.fleet.get(index) else {
            return;
        };
        if open.vehicle.has_rival(&self.rules) {
            self.take_over(index, events);
        }
        if let Some(open) = self.fleet.get_mut(index) {
            open.vehicle.end(at, events);
        }
        self.remove(index);
    }

    /// Where the vehicle of a number is. When both numbers of a relinked vehicle are in one frame, they are two.
    pub(super) fn known(&mut self, track: i64) -> Option<usize> {
        let index = self.fleet.index_of(track)?;
        let seen_in = self.fleet.get(index)?.seen_in;
        if seen_in.0 != self.counters.frames || seen_in.1 == track {
            return Some(index);
        }
        if self.fleet.unlink(index).is_some() {
            self.counters.unlinked += 1;
        }
        self.fleet.index_of(track)
    }

    /// A vehicle outside every region whose box reaches into one is still there.
    pub(super) fn take_presence(
        &mut self,
        index: Option<usize>,
        track: i64,
        placed: &Placed,
        now: FrameTime,
    ) {
        if let Some(open) = index.and_then(|index| self.fleet.get_mut(index)) {
            open.seen_in = (self.counters.frames, track);
            open.vehicle
                .appear(now, placed.spot.as_ref(), placed.is_inside);
            open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
        }
    }

    /// Lets new numbers continue vehicles that have lost theirs.
    pub(super) fn relink(&mut self, batch: &ReadBatch, now: FrameTime, camera: Option<Size>) {
        if !self.rules.relink || self.fleet.len() == 0 {
            return;
        }
        let frame_size = camera.or(self.rules.frame_size);
        self.relinking.clear();
        // What is wrong with these reads is counted when they are taken in.
        let mut uncounted = self.counters;
        for index in 0..batch.len() {
            if self.choice.is_waiting(index)
                && let Some(read) = batch.get(index)
            {
                let placed = placed(&read, frame_size, &self.rules, &mut uncounted);
                self.relinking.consider(
                    index,
                    read.track,
                    &placed,
                    &self.fleet,
                    now,
                    self.counters.frames,
                );
            }
        }
        while let Some((read, index)) = self.relinking.next(&self.fleet) {
            if let Some(read) = batch.get(read) {
                self.fleet.relink(index, read.track);
                self.counters.relinked += 1;
            }
        }
    }
}
