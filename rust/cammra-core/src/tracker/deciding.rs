//! Whose reads are these? What a number means may change: two vehicles exchange theirs, one takes over another's, and a
//! vehicle that lost its number goes on under a new one.

use super::Tracker;
use super::fleet::{OpenVehicle, Shown};
use super::intake::Placed;
use super::reads::ReadBatch;
use super::relink::{DISPLACED, Stray};
use crate::event::{FrameTime, TrackEvent};
use crate::vehicle::{Evidence, Heard, Vehicle};
use crate::vote::{PlateText, distance};

/// Edits between what is read under one number and what an open vehicle reports, up to which they are one plate.
const SAME_PLATE: u8 = 1;

impl Tracker {
    /// Lets a vehicle hear a read, or the one that has left its number to a third before anybody took it over.
    pub(super) fn hear(
        &mut self,
        index: usize,
        read: &Evidence<'_>,
        events: &mut Vec<TrackEvent>,
    ) -> Option<Heard> {
        let mut heard = self.fleet.get_mut(index)?.vehicle.hear(read, &self.rules);
        if heard.is_left {
            self.take_over(index, events);
            let other = &mut self.fleet.get_mut(index)?.vehicle;
            other.suspect();
            heard = other.hear(read, &self.rules);
        }
        let open = self.fleet.get_mut(index)?;
        open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
        self.shelf.release(open.vehicle.take_freed_bytes());
        self.counters.cut_values = self.counters.cut_values.saturating_add(heard.cut_values);
        Some(heard)
    }

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
        let text = *open.vehicle.challenging_text();
        let is_weak = open.vehicle.is_weak();
        if let Some((owner, other)) = self.owner_of(&text, index) {
            let is_there = other.seen_ns() >= since_ns
                || other.body().may_be_at(open.vehicle.body(), now.mono_ns);
            if other.is_silent_since(since_ns) && is_there {
                self.rebind(index, owner, now);
                return true;
            }
            // It is there itself, and read.
            if *other.text() == text && !other.was_read_before(since_ns) {
                return false;
            }
        }
        if is_weak {
            if let Some(open) = self.fleet.get_mut(index) {
                open.vehicle.correct(now, &self.rules);
                self.shelf.release(open.vehicle.take_freed_bytes());
            }
        } else {
            self.take_over(index, events);
        }
        true
    }

    /// The open vehicle, other than the one at `index`, that reports a text.
    fn owner_of(&self, text: &PlateText, index: usize) -> Option<(usize, &Vehicle)> {
        let others = (0..)
            .zip(self.fleet.iter())
            .map(|(at, open)| (at, open.vehicle.as_ref()));
        let others = others.filter(|(at, vehicle)| {
            *at != index
                && !vehicle.text().is_empty()
                && distance(vehicle.text(), text) <= SAME_PLATE
        });
        others.min_by_key(|(_, vehicle)| (distance(vehicle.text(), text), vehicle.number))
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
                self.shelf.release(open.vehicle.take_freed_bytes());
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
            self.shelf.release(gone.shot_bytes());
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
            open.vehicle.end(at, &self.rules, events);
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

    /// Gives numbers to the vehicles that are in their boxes: new ones to vehicles that have lost theirs, and those of
    /// vehicles that were taken for each other.
    pub(super) fn bind(&mut self, batch: &ReadBatch, now: FrameTime) {
        if !self.rules.relink || self.fleet.len() == 0 || !self.shows_strays(batch, now) {
            return;
        }
        let frame = self.counters.frames;
        self.relinking.clear();
        let text_of = |read: usize| {
            let text = batch.get(read).map_or("", |read| read.text);
            PlateText::cut_from(text).0
        };
        for read in 0..batch.len() {
            let Some((track, spot)) = batch.place(read).filter(|_| self.choice.is_waiting(read))
            else {
                continue;
            };
            let owner = self.fleet.index_of(track);
            let shown = owner.and_then(|owner| self.fleet.get(owner));
            if shown.is_some_and(|open| open.shown_in.misfit <= DISPLACED) {
                continue;
            }
            let Some(spot) = spot else { continue };
            let stray = Stray {
                read,
                track,
                spot,
                text: text_of(read),
                confidence: batch.get(read).map_or(0.0, |read| read.confidence),
                owner,
            };
            let own_text = |open: &OpenVehicle| text_of(open.shown_in.read);
            self.relinking
                .consider(&stray, own_text, &self.fleet, now, frame);
        }
        let (bindings, relinked, exchanged) = self.relinking.decide(&self.fleet);
        self.fleet.bind(bindings, frame);
        self.counters.relinked += relinked;
        self.counters.rebound += exchanged.div_ceil(2);
    }

    /// Notes where each vehicle's number is. Whether some number leads nowhere, or to a vehicle that was expected elsewhere.
    fn shows_strays(&mut self, batch: &ReadBatch, now: FrameTime) -> bool {
        let frame = self.counters.frames;
        let mut has_any = false;
        for read in 0..batch.len() {
            let Some((track, spot)) = batch.place(read).filter(|_| self.choice.is_waiting(read))
            else {
                continue;
            };
            let index = self.fleet.index_of(track);
            let Some(open) = index.and_then(|index| self.fleet.get_mut(index)) else {
                has_any = true;
                continue;
            };
            let body = open.vehicle.body();
            let misfit = spot.and_then(|spot| body.misfit(&spot, now.mono_ns));
            let misfit = misfit.unwrap_or_default();
            open.shown_in = Shown {
                frame,
                read,
                misfit,
            };
            has_any |= misfit > DISPLACED;
        }
        has_any
    }
}
