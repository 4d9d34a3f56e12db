//! All vehicles of one stream: their reads, timers and memory. Time is an argument.
//!
//! What a recogniser may hand in, and what becomes of it. Each is counted, none is an error or a panic (held by
//! `tests/native/test_tracking_broken_input.py`):
//!
//! | input | becomes |
//! |---|---|
//! | a time before the latest | the latest; if further back than the lost time: a restarted clock, continued from the latest |
//! | a track number after its Lost | a new vehicle |
//! | several reads of a track in a frame | the one with a text and the best confidence |
//! | a text without characters | no text |
//! | a text longer than [`MAX_TEXT_CHARS`](crate::vote::MAX_TEXT_CHARS) | its beginning |
//! | confidence not a number; outside 0..=1 | 0; the nearer end |
//! | a box that is empty, not a number or absurd | no box |
//! | a box over the edge | its part inside, for pictures; its middle moved to the edge, for regions |
//! | more vehicles than `max_tracks` | the one not read for longest ends; if all others are in this frame, the new one waits |
//!
//! Invariants, held by `tests/native/test_tracking_model.py`, `test_tracking_shots.py` there, and `tests/allocations.rs`:
//!
//! 1. At most `max_tracks` vehicles are open; when a call returns, at most `shot_budget_bytes` of pixels are kept.
//! 2. Events come in the order of their moments, those of one moment by vehicle.
//! 3. The same calls give the same events.
//! 4. A call without an event and without a better shot allocates nothing.

mod camera;
mod choice;
mod counters;
mod intake;
mod reads;
mod shelf;

pub use camera::{Camera, NoCamera};
pub use counters::Counters;
pub use reads::{Read, ReadBatch};

use std::collections::HashMap;

use crate::event::{FrameTime, TrackEvent};
use crate::region::Region;
use crate::rules::Rules;
use crate::shot::ShotPlan;
use crate::vehicle::{Evidence, Place, Sight, Vehicle};
use choice::Choice;
use intake::{attributes_of, place_of, text_of};
use shelf::Shelf;

/// An open vehicle, and the deadline that every call looks at.
struct OpenVehicle {
    deadline_ns: i64,
    vehicle: Box<Vehicle>,
}

/// All vehicles of one stream.
pub struct Tracker {
    rules: Rules,
    whole_frame: Region,
    open: Vec<OpenVehicle>,
    /// Where in `open` a track's vehicle is.
    index_of: HashMap<i64, usize>,
    now: Option<FrameTime>,
    /// Added to the time of a restarted clock.
    restarted_ns: i64,
    shelf: Shelf,
    counters: Counters,
    choice: Choice,
}

impl Tracker {
    /// A tracker without vehicles.
    #[must_use]
    pub fn new(rules: Rules, plan: ShotPlan) -> Self {
        Self {
            open: Vec::with_capacity(rules.max_tracks.min(1024)),
            index_of: HashMap::with_capacity(rules.max_tracks.min(1024)),
            rules,
            whole_frame: Region::whole_frame(),
            now: None,
            restarted_ns: 0,
            shelf: Shelf::new(plan),
            counters: Counters::default(),
            choice: Choice::default(),
        }
    }

    /// Changes the settings; open vehicles go on under the new ones.
    pub fn retune(&mut self, rules: Rules, plan: ShotPlan) {
        self.rules = rules;
        self.shelf.replan(plan);
        for open in &mut self.open {
            open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
        }
    }

    /// Takes in one frame's reads, after the timers that were due before it.
    pub fn observe(
        &mut self,
        batch: &ReadBatch,
        at: FrameTime,
        camera: &mut dyn Camera,
    ) -> Vec<TrackEvent> {
        let mut events = Vec::new();
        self.counters.frames += 1;
        let now = self.advance(at, &mut events);
        self.counters.reads = self.counters.reads.saturating_add(batch.len() as u64);
        self.counters.duplicate_reads += self.choice.choose(batch);
        // Open vehicles come first, so that none of them is evicted for one that is new in this frame.
        for is_open in [true, false] {
            for index in 0..batch.len() {
                if !self.choice.is_waiting(index) {
                    continue;
                }
                let Some(read) = batch.get(index) else {
                    continue;
                };
                if self.index_of.contains_key(&read.track) == is_open {
                    self.choice.done(index);
                    self.take(&read, now, camera, &mut events);
                }
            }
        }
        self.keep_within_budget();
        events
    }

    /// Fires the due timers when no frame comes.
    pub fn tick(&mut self, at: FrameTime) -> Vec<TrackEvent> {
        let mut events = Vec::new();
        self.advance(at, &mut events);
        events
    }

    /// Ends the stream: every open vehicle says its last events, by number.
    pub fn finish(&mut self) -> Vec<TrackEvent> {
        let mut events = Vec::new();
        self.open.sort_by_key(|open| open.vehicle.number);
        let now = self.now.unwrap_or_default();
        for mut open in self.open.drain(..) {
            open.vehicle.end(now, &mut events);
        }
        self.index_of.clear();
        self.shelf.clear();
        events
    }

    /// When the next timer is due, by the clock of the frames; `None` when no vehicle is open.
    #[must_use]
    pub fn next_deadline_mono_ns(&self) -> Option<i64> {
        let next_ns = self.open.iter().map(|open| open.deadline_ns).min()?;
        Some(next_ns.saturating_sub(self.restarted_ns))
    }

    /// The latest time seen, by the clock of the frames.
    #[must_use]
    pub fn now_mono_ns(&self) -> Option<i64> {
        self.now
            .map(|now| now.mono_ns.saturating_sub(self.restarted_ns))
    }

    /// What was refused, corrected, evicted or dropped.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The same, for the door to add to.
    pub const fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    /// Open vehicles.
    #[must_use]
    pub const fn open_tracks(&self) -> usize {
        self.open.len()
    }

    /// Bytes of pixels that are kept.
    #[must_use]
    pub const fn shot_bytes(&self) -> usize {
        self.shelf.bytes()
    }

    /// Moves time on and fires the due timers in order.
    fn advance(&mut self, at: FrameTime, events: &mut Vec<TrackEvent>) -> FrameTime {
        // Half the range, so that a timer added to it is still later.
        let mut mono_ns = at
            .mono_ns
            .saturating_add(self.restarted_ns)
            .clamp(i64::MIN / 2, i64::MAX / 2);
        if let Some(latest) = self.now
            && mono_ns < latest.mono_ns
        {
            let back_ns = latest.mono_ns.saturating_sub(mono_ns);
            if back_ns > self.rules.lost_after_ns {
                self.counters.clock_restarts += 1;
                self.restarted_ns = self.restarted_ns.saturating_add(back_ns);
            } else {
                self.counters.late_frames += 1;
            }
            mono_ns = latest.mono_ns;
        }
        let now = FrameTime {
            mono_ns,
            utc_ns: at.utc_ns,
        };
        self.now = Some(now);
        while let Some(due) = self.next_due(mono_ns) {
            self.fire(due, events);
        }
        now
    }

    fn next_due(&self, now_ns: i64) -> Option<usize> {
        let due = self
            .open
            .iter()
            .enumerate()
            .filter(|(_, open)| open.deadline_ns <= now_ns);
        due.min_by_key(|(_, open)| (open.deadline_ns, open.vehicle.number))
            .map(|(index, _)| index)
    }

    fn fire(&mut self, index: usize, events: &mut Vec<TrackEvent>) {
        let Some(open) = self.open.get_mut(index) else {
            return;
        };
        if open.vehicle.fire(open.deadline_ns, &self.rules, events) {
            self.remove(index);
        } else {
            open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
        }
    }

    fn remove(&mut self, index: usize) {
        let gone = self.open.swap_remove(index);
        self.index_of.remove(&gone.vehicle.track_id);
        if let Some(moved) = self.open.get(index) {
            self.index_of.insert(moved.vehicle.track_id, index);
        }
        self.shelf.release(gone.vehicle.album.bytes());
    }

    /// Takes in one read; a vehicle that must make room speaks first.
    fn take(
        &mut self,
        read: &Read<'_>,
        now: FrameTime,
        camera: &mut dyn Camera,
        events: &mut Vec<TrackEvent>,
    ) {
        let (text, confidence) = text_of(read, &self.rules, &mut self.counters);
        let frame_size = camera.frame_size().or(self.rules.frame_size);
        let Some(place) = place_of(
            read,
            frame_size,
            &self.rules,
            &self.whole_frame,
            &mut self.counters,
        ) else {
            self.counters.reads_outside_regions += 1;
            return;
        };
        if text.is_empty() && !self.rules.vehicles_without_plate {
            self.take_move(read, &place, now, events);
            return;
        }
        let Some(index) = self.index_for(read.track, now, place.roi_id, events) else {
            self.counters.crowded_out_reads += 1;
            return;
        };
        let Some(open) = self.open.get_mut(index) else {
            return;
        };
        let vehicle = &mut open.vehicle;
        let evidence = Evidence {
            at: now,
            text,
            confidence,
            place,
            direction: read.direction,
            attributes: attributes_of(read, &mut self.counters),
        };
        let cut_values = vehicle.hear(&evidence, &self.rules);
        self.counters.cut_values = self.counters.cut_values.saturating_add(cut_values);
        // Before the vehicle speaks, so that its events show what they report.
        if !text.is_empty() || vehicle.is_unread() {
            let sight = Sight {
                text: &text,
                confidence,
                utc_ns: now.utc_ns,
                vehicle: read.vehicle,
                plate: read.plate,
                frame_size,
                has_pixels: camera.frame_size().is_some() && self.shelf.wants_pixels(),
                plan_no: self.shelf.plan_no(),
            };
            let reported = *vehicle.text();
            self.shelf.offer(
                &mut vehicle.album,
                &sight,
                &reported,
                self.rules.shots_per_track,
                camera,
                &mut self.counters,
            );
        }
        vehicle.speak(now, &self.rules, events);
        open.deadline_ns = vehicle.deadline_ns(&self.rules);
    }

    /// Takes in a box without a text, which can only tell an open vehicle's direction.
    fn take_move(
        &mut self,
        read: &Read<'_>,
        place: &Place,
        now: FrameTime,
        events: &mut Vec<TrackEvent>,
    ) {
        let index = self.index_of.get(&read.track).copied();
        if let Some(open) = index.and_then(|index| self.open.get_mut(index)) {
            open.vehicle
                .hear_move(now, read.direction, place, &self.rules);
            open.vehicle.speak(now, &self.rules, events);
            open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
        }
    }

    /// Index of a track's vehicle, opened if there is none; `None` when there is no room for it.
    fn index_for(
        &mut self,
        track: i64,
        now: FrameTime,
        roi_id: u32,
        events: &mut Vec<TrackEvent>,
    ) -> Option<usize> {
        if let Some(index) = self.index_of.get(&track) {
            return Some(*index);
        }
        while self.open.len() >= self.rules.max_tracks {
            let stale = self
                .open
                .iter()
                .enumerate()
                .filter(|(_, open)| open.vehicle.last_ns() < now.mono_ns);
            let (index, _) =
                stale.min_by_key(|(_, open)| (open.vehicle.last_ns(), open.vehicle.number))?;
            if let Some(open) = self.open.get_mut(index) {
                open.vehicle.end(now, events);
            }
            self.counters.evicted_vehicles += 1;
            self.remove(index);
        }
        self.counters.vehicles += 1;
        let vehicle = Box::new(Vehicle::new(track, self.counters.vehicles, now, roi_id));
        let index = self.open.len();
        self.open.push(OpenVehicle {
            deadline_ns: vehicle.deadline_ns(&self.rules),
            vehicle,
        });
        self.index_of.insert(track, index);
        Some(index)
    }

    fn keep_within_budget(&mut self) {
        if self.shelf.bytes() > self.rules.shot_budget_bytes {
            let vehicles = self.open.iter_mut().map(|open| open.vehicle.as_mut());
            self.shelf.shed(
                vehicles.collect(),
                self.rules.shot_budget_bytes,
                &mut self.counters,
            );
        }
    }
}
