//! All vehicles of one stream: their reads, timers and memory. Time is an argument.
//!
//! What a recogniser may hand in, and what becomes of it. Each is counted, none is an error or a panic (held by
//! `tests/native/test_tracking_broken_input.py`):
//!
//! | input | becomes |
//! |---|---|
//! | a time that is no whole number of 64 bits | the latest, and its UTC reckoned on |
//! | a wall clock that was not set at first, and is now | times of open vehicles are told by it where they are off by more than a minute |
//! | a time before that of an earlier frame | the latest; if further back than the lost time: a restarted clock, continued from the latest |
//! | a time that only timers have passed, as its recogniser took long | the latest, and in order |
//! | a JPEG whose EXIF asks viewers to turn it | as it is stored |
//! | a track number after its Lost | a new vehicle |
//! | several reads of a track in a frame | the one with a text and the best confidence |
//! | a text without characters | no text |
//! | a text longer than [`MAX_TEXT_CHARS`](crate::vote::MAX_TEXT_CHARS) | its beginning |
//! | a confidence that is none, not a number, or outside 0..=1 (percent) | not known: the read counts as one without |
//! | a read with a field of the wrong type; something that is no read | no read; all others count |
//! | reads that are none, or that raise while they are looked at | those that came before |
//! | a frame that does not fit its format, a broken JPEG | refused, and nothing is taken in: its reads count without a picture |
//! | a box that is empty, not a number or absurd | no box |
//! | a box over the edge | its part inside, for pictures; its middle moved to the edge, for regions |
//! | more vehicles than `max_tracks` | the one not there for longest ends; if all others are in this frame, the new one waits |
//!
//! Invariants, held by `tests/native/test_tracking_model.py`, `test_tracking_shots.py` there, and `tests/allocations.rs`:
//!
//! 1. At most `max_tracks` vehicles are open; when a call returns, at most `shot_budget_bytes` of pixels are kept.
//! 2. Events come in the order of their moments, those of one moment by vehicle; only where one vehicle has taken over the
//!    number of another do their Lost and New lie back, at the last and the first read of each.
//! 3. The same calls give the same events.
//! 4. Two vehicles that were seen in one frame are never one.
//! 5. A call without an event and without a better shot allocates nothing.

mod camera;
mod choice;
mod counters;
mod deciding;
mod fleet;
mod intake;
mod reads;
mod relink;
mod shelf;
mod showing;
mod time;

pub use camera::{Camera, NoCamera};
pub use counters::Counters;
pub use reads::{Read, ReadBatch};

use crate::event::{FrameTime, TrackEvent};
use crate::rules::Rules;
use crate::shot::ShotPlan;
use crate::vehicle::{Evidence, Vehicle};
use choice::Choice;
use fleet::Fleet;
use intake::{Seen, attributes_of, placed};
use relink::Relinking;
use shelf::Shelf;

/// All vehicles of one stream.
pub struct Tracker {
    rules: Rules,
    fleet: Fleet,
    relinking: Relinking,
    now: Option<FrameTime>,
    /// The latest time of a frame; timers may have moved `now` past it.
    newest_frame_ns: i64,
    /// Added to the time of a restarted clock.
    restarted_ns: i64,
    shelf: Shelf,
    counters: Counters,
    clock_synced: Option<bool>,
    choice: Choice,
    /// A number without a vehicle is in this frame.
    has_new: bool,
}

impl Tracker {
    /// A tracker without vehicles.
    #[must_use]
    pub fn new(rules: Rules, plan: ShotPlan) -> Self {
        Self {
            fleet: Fleet::with_room_for(rules.max_tracks.min(1024)),
            relinking: Relinking::new(),
            rules,
            now: None,
            newest_frame_ns: i64::MIN,
            restarted_ns: 0,
            shelf: Shelf::new(plan),
            counters: Counters::default(),
            clock_synced: None,
            choice: Choice::default(),
            has_new: false,
        }
    }

    /// Changes the settings; open vehicles go on under the new ones.
    pub fn retune(&mut self, rules: Rules, plan: ShotPlan) {
        self.rules = rules;
        self.shelf.replan(plan);
        for open in self.fleet.iter_mut() {
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
        self.counters.turned_frames += u64::from(camera.asks_to_be_turned());
        self.heed_order(at);
        let now = self.advance(at, &mut events);
        self.counters.reads = self.counters.reads.saturating_add(batch.len() as u64);
        self.counters.duplicate_reads += self.choice.choose(batch);
        self.bind(batch, now);
        // Open vehicles come first, so that none of them is evicted for one that is new in this frame.
        for is_open in [true, false] {
            if !is_open && !std::mem::take(&mut self.has_new) {
                break;
            }
            for index in 0..batch.len() {
                if !self.choice.is_waiting(index) {
                    continue;
                }
                let Some(read) = batch.get(index) else {
                    continue;
                };
                if is_open && self.fleet.index_of(read.track).is_none() {
                    self.has_new = true;
                    continue;
                }
                self.choice.done(index);
                self.take(&read, now, camera, &mut events);
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
        let now = self.now.unwrap_or_default();
        while let Some(index) = self.fleet.first_number() {
            self.end(index, now, &mut events);
        }
        self.shelf.clear();
        events
    }

    /// When the next timer is due, by the clock of the frames; `None` when no vehicle is open.
    #[must_use]
    pub fn next_deadline_mono_ns(&self) -> Option<i64> {
        let next_ns = self.fleet.iter().map(|open| open.deadline_ns).min()?;
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
        self.fleet.len()
    }

    /// Bytes of pixels that are kept.
    #[must_use]
    pub const fn shot_bytes(&self) -> usize {
        self.shelf.bytes()
    }

    /// Moves time on and fires the due timers in order.
    fn advance(&mut self, at: FrameTime, events: &mut Vec<TrackEvent>) -> FrameTime {
        let mut mono_ns = self.own_ns(at);
        if let Some(latest) = self.now {
            mono_ns = mono_ns.max(latest.mono_ns);
        }
        let now = FrameTime { mono_ns, ..at };
        self.now = Some(now);
        self.heed_clock(now);
        while let Some(due) = self.next_due(mono_ns) {
            self.fire(due, events);
        }
        now
    }

    fn next_due(&self, now_ns: i64) -> Option<usize> {
        let due = (0..)
            .zip(self.fleet.iter())
            .filter(|(_, open)| open.deadline_ns <= now_ns);
        due.min_by_key(|(_, open)| (open.deadline_ns, open.vehicle.number))
            .map(|(index, _)| index)
    }

    fn fire(&mut self, index: usize, events: &mut Vec<TrackEvent>) {
        let Some(open) = self.fleet.get_mut(index) else {
            return;
        };
        let vehicle = &mut open.vehicle;
        if vehicle.has_rival(&self.rules) && vehicle.is_due_to_go(&self.rules) {
            self.take_over(index, events);
        } else if vehicle.fire(&self.rules, events) {
            self.remove(index);
        } else {
            open.deadline_ns = vehicle.deadline_ns(&self.rules);
        }
    }

    fn remove(&mut self, index: usize) {
        let gone = self.fleet.remove(index);
        self.shelf.release(gone.shot_bytes());
    }

    /// Takes in one read; a vehicle that must make room speaks first.
    fn take(
        &mut self,
        read: &Read<'_>,
        now: FrameTime,
        camera: &mut dyn Camera,
        events: &mut Vec<TrackEvent>,
    ) {
        let frame_size = camera.frame_size().or(self.rules.frame_size);
        let placed = placed(read, frame_size, &self.rules, &mut self.counters);
        let known = self.known(read.track);
        let Some(roi_id) = placed.roi_id else {
            self.counters.reads_outside_regions += 1;
            self.take_presence(known, read.track, &placed, now);
            return;
        };
        let is_read = !placed.text.is_empty() || self.rules.vehicles_without_plate;
        let index = if is_read {
            known.or_else(|| self.open(read.track, now, roi_id, events))
        } else {
            known
        };
        let Some(open) = index.and_then(|index| self.fleet.get_mut(index)) else {
            if is_read {
                self.counters.crowded_out_reads += 1;
            } else {
                self.relinking.note(read.track, now.mono_ns);
            }
            return;
        };
        open.seen_in = (self.counters.frames, read.track);
        let vehicle = &mut open.vehicle;
        let evidence = Evidence {
            at: now,
            text: placed.text,
            confidence: placed.confidence,
            plate_height: placed.plate_height,
            roi_id,
            spot: placed.spot,
            frame: frame_size,
            is_inside: placed.is_inside,
            direction: read.direction,
            attributes: attributes_of(read, &mut self.counters),
        };
        if !is_read {
            vehicle.appear(now, evidence.spot.as_ref(), evidence.is_inside);
            vehicle.hear_move(&evidence, &self.rules);
            vehicle.speak(now, &self.rules, events);
            open.deadline_ns = vehicle.deadline_ns(&self.rules);
            return;
        }
        let Some(heard) = index.and_then(|index| self.hear(index, &evidence, events)) else {
            return;
        };
        let seen = Seen {
            read,
            placed: &placed,
            frame_size,
            at: now,
        };
        let mut index = index;
        if heard.is_foreign {
            self.show(index, &seen, true, camera);
            if !(heard.is_challenged && self.decide(read.track, now, events)) {
                return;
            }
            index = self.fleet.index_of(read.track);
        }
        // Before the vehicle speaks, so that its events show what they report.
        self.show(index, &seen, false, camera);
        if let Some(open) = index.and_then(|index| self.fleet.get_mut(index)) {
            open.vehicle.speak(now, &self.rules, events);
            open.deadline_ns = open.vehicle.deadline_ns(&self.rules);
        }
    }

    /// Opens a track's vehicle; `None` when there is no room for it.
    fn open(
        &mut self,
        track: i64,
        now: FrameTime,
        roi_id: u32,
        events: &mut Vec<TrackEvent>,
    ) -> Option<usize> {
        while self.fleet.len() >= self.rules.max_tracks {
            let stale = (0..)
                .zip(self.fleet.iter())
                .filter(|(_, open)| open.vehicle.present_ns() < now.mono_ns);
            let (index, _) =
                stale.min_by_key(|(_, open)| (open.vehicle.present_ns(), open.vehicle.number))?;
            self.counters.evicted_vehicles += 1;
            self.end(index, now, events);
        }
        self.counters.vehicles += 1;
        let vehicle = Box::new(Vehicle::new(track, self.counters.vehicles, now, roi_id));
        Some(self.fleet.push(vehicle, self.counters.frames, &self.rules))
    }

    fn keep_within_budget(&mut self) {
        if self.shelf.bytes() > self.rules.shot_budget_bytes {
            let vehicles = self.fleet.iter_mut().map(|open| open.vehicle.as_mut());
            self.shelf.shed(
                vehicles.collect(),
                self.rules.shot_budget_bytes,
                &mut self.counters,
            );
        }
    }
}
