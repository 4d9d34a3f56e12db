//! One vehicle: what was read of it, what it has said, and what it says next.
//!
//! Invariants, held by the table of [`stage`](mod@self::stage) and `tests/native/test_tracking_model.py`:
//!
//! 1. New, Reliable and Lost are said exactly once each, in this order; Updates between New and Lost.
//! 2. What an event reports is what was reported before, plus the changes it names; Reliable and Lost take along what an
//!    Update was still held back for.
//! 3. After Lost nothing follows.
//! 4. Reads that cannot be of its plate change nothing that it says (`tests/native/test_tracking_identity.py`).

mod album;
mod attributes;
mod body;
mod challenger;
mod evidence;
mod hearing;
mod settling;
mod stage;
mod timers;
mod travel;
mod worth;

pub(crate) use album::{Album, AlbumShot, Sight};
pub(crate) use attributes::AttributeRead;
pub(crate) use body::{Body, Spot};
pub(crate) use evidence::Evidence;
pub(crate) use hearing::Heard;

use attributes::Attributes;
use challenger::Challenger;
use settling::Settling;
use stage::{Cue, Stage, step};
use travel::Travel;

use crate::event::{Changes, Direction, EventKind, EventShot, FrameTime, ReliableBy, TrackEvent};
use crate::rules::Rules;
use crate::vote::{PlateText, TextVote};

/// A text leads when the reads for it weigh five times those for the next one.
const CLEAR_LEAD: f32 = 5.0;

/// From so many reads on the confidence goes in steps of at most [`CONFIDENCE_STEP`] while the text stays.
const STEADY_READS: u32 = 10;
const CONFIDENCE_STEP: f64 = 0.2;

/// Texts that an event names at most.
const MAX_TOLD_CANDIDATES: usize = 4;

/// What the last event said.
#[derive(Clone, Copy)]
struct Told {
    text: PlateText,
    confidence: f64,
    reads: u32,
    direction: Direction,
    roi_id: u32,
}

/// One vehicle.
pub(crate) struct Vehicle {
    /// The recogniser's number of it: the latest, and the one before where it was relinked.
    pub(crate) track_id: i64,
    pub(crate) former_track_id: Option<i64>,
    /// That of its last own read.
    read_track_id: i64,
    pub(crate) number: u64,
    stage: Stage,
    ordinal: u32,
    first: FrameTime,
    /// Its last own read,
    last: FrameTime,
    /// and when it was last there, read or not.
    present: FrameTime,
    /// When Reliable's time began to run.
    timed_from_ns: Option<i64>,
    vote: TextVote,
    challenger: Challenger,
    body: Body,
    /// Its box has jumped: what is read now may be of another body.
    is_suspect: bool,
    roi_id: Settling<u32>,
    direction: Settling<Direction>,
    travel: Travel,
    /// The recogniser has told a direction.
    has_told: bool,
    attributes: Attributes,
    /// Changes that were heard but not said yet.
    changed: Changes,
    updated_ns: Option<i64>,
    told: Told,
    reliable_by: Option<ReliableBy>,
    album: Album,
    /// Bytes of shots that went and still count on the shelf.
    freed_bytes: usize,
}

impl Vehicle {
    pub(crate) fn new(track_id: i64, number: u64, first: FrameTime, roi_id: u32) -> Self {
        Self {
            track_id,
            former_track_id: None,
            read_track_id: track_id,
            number,
            stage: Stage::Waiting,
            ordinal: 0,
            first,
            last: first,
            present: first,
            timed_from_ns: None,
            vote: TextVote::new(),
            challenger: Challenger::new(),
            body: Body::default(),
            is_suspect: false,
            roi_id: Settling::new(roi_id),
            direction: Settling::new(Direction::Unknown),
            travel: Travel::default(),
            has_told: false,
            attributes: Attributes::new(),
            changed: Changes::default(),
            updated_ns: None,
            told: Told {
                text: PlateText::EMPTY,
                confidence: 0.0,
                reads: 0,
                direction: Direction::Unknown,
                roi_id,
            },
            reliable_by: None,
            album: Album::new(),
            freed_bytes: 0,
        }
    }

    /// Says what follows from everything heard.
    pub(crate) fn speak(&mut self, now: FrameTime, rules: &Rules, events: &mut Vec<TrackEvent>) {
        if self.stage == Stage::Waiting {
            self.changed = Changes::default();
            if now.mono_ns >= self.release_ns(rules) {
                self.release(events);
            }
        } else if !self.changed.is_empty() && now.mono_ns >= self.update_ns(rules) {
            self.update(now, events);
        }
        if self.is_convincing(now, rules) {
            self.convince(ReliableBy::Agreement, now, events);
        }
    }

    fn release(&mut self, events: &mut Vec<TrackEvent>) {
        // New is about the first read, even if the result delay let more come in.
        self.cue(Cue::Released, self.first, Changes::default(), events);
    }

    /// Says what has changed, unless it has changed back since.
    fn update(&mut self, at: FrameTime, events: &mut Vec<TrackEvent>) {
        let mut changed = std::mem::take(&mut self.changed);
        if self.told.text == *self.vote.text() {
            changed.remove_plate();
        }
        if self.told.direction == self.direction.said() {
            changed.remove_direction();
        }
        if self.told.roi_id == self.roi_id.said() {
            changed.remove_region();
        }
        if !changed.is_empty() {
            self.updated_ns = Some(at.mono_ns);
            self.cue(Cue::Changed, at, changed, events);
        }
    }

    fn convince(&mut self, by: ReliableBy, at: FrameTime, events: &mut Vec<TrackEvent>) {
        if self.stage == Stage::Fresh {
            self.reliable_by = Some(by);
            self.changed = Changes::default();
        }
        self.cue(Cue::Convinced, at, Changes::default(), events);
    }

    /// Whether the reads agree. A direction is waited for, but half of Reliable's time at most.
    fn is_convincing(&self, now: FrameTime, rules: &Rules) -> bool {
        if self.stage != Stage::Fresh || self.vote.equal_reads() < rules.reliable_reads {
            return false;
        }
        let has_waited = || {
            let half_ns = rules.reliable_after_ns / 2;
            let from_ns = self.timed_from_ns.unwrap_or(i64::MAX);
            now.mono_ns >= from_ns.saturating_add(half_ns)
        };
        (self.direction.said() != Direction::Unknown || has_waited())
            && f64::from(self.vote.support()) >= rules.reliable_support
            && self.vote.lead() >= CLEAR_LEAD
            && self.vote.confidence() >= rules.reliable_confidence
    }

    /// Says the last words.
    pub(crate) fn end(&mut self, at: FrameTime, rules: &Rules, events: &mut Vec<TrackEvent>) {
        self.reconcile(rules);
        self.vote.close();
        self.attributes.close();
        if let Some(direction) = self.direction.pending()
            && self.direction.said() == Direction::Unknown
        {
            self.direction.close(direction);
        }
        self.changed = Changes::default();
        self.reliable_by.get_or_insert(ReliableBy::End);
        self.cue(Cue::Over, at, Changes::default(), events);
    }

    fn cue(&mut self, cue: Cue, at: FrameTime, changed: Changes, events: &mut Vec<TrackEvent>) {
        let (next, kinds) = step(self.stage, cue);
        self.stage = next;
        for &kind in kinds {
            self.ordinal = self.ordinal.saturating_add(1);
            let at = if kind == EventKind::New {
                self.first
            } else {
                at
            };
            events.push(self.event(kind, at, changed));
        }
    }

    fn event(&mut self, kind: EventKind, at: FrameTime, changed: Changes) -> TrackEvent {
        let confidence = self.steady_confidence();
        let previous_text = if changed.has_plate() {
            self.told.text.to_string()
        } else {
            String::new()
        };
        self.told = Told {
            text: *self.vote.text(),
            confidence,
            reads: self.vote.reads(),
            direction: self.direction.said(),
            roi_id: self.roi_id.said(),
        };
        self.album.keep_reported(self.vote.text());
        let picture = self.album.best_for(self.vote.text());
        let shot = picture.and_then(|picture| picture.shot.as_ref());
        let shown = picture.filter(|_| shot.is_some());
        TrackEvent {
            kind,
            vehicle_no: self.number,
            track: self.track_id,
            ordinal: self.ordinal,
            at,
            first: self.first,
            last: self.last_read(kind),
            text: self.vote.text().to_string(),
            confidence,
            reliable_by: self.reliable_by.filter(|_| kind != EventKind::New),
            direction: self.direction.said(),
            roi_id: self.roi_id.said(),
            attributes: self.attributes.said(),
            confidence_mmr: self.attributes.confidence_mmr(),
            confidence_colour: self.attributes.confidence_colour(),
            changed,
            previous_text,
            candidates: self.candidates(),
            reads: self.vote.reads(),
            image_text: picture.map_or_else(String::new, |picture| picture.text.to_string()),
            image_utc_ns: shown.map_or(0, |picture| picture.at.utc_ns),
            vehicle_box: picture.and_then(|picture| picture.vehicle),
            plate_box: picture.and_then(|picture| picture.plate),
            shot: shot.map(|shot| EventShot {
                shot_no: shot.shot_no,
                shot: shot.pixels.clone(),
            }),
        }
    }

    /// New is about the first read, whatever came since.
    const fn last_read(&self, kind: EventKind) -> FrameTime {
        if matches!(kind, EventKind::New) {
            self.first
        } else {
            self.last
        }
    }

    fn candidates(&self) -> Vec<(String, f64)> {
        let contenders = self.vote.contenders(MAX_TOLD_CANDIDATES);
        let told = contenders.into_iter();
        told.map(|(text, support)| (text.to_string(), support))
            .collect()
    }

    /// The confidence of the text; once many reads have told, it does not leap while the text stays.
    fn steady_confidence(&self) -> f64 {
        let (confidence, told) = (self.vote.confidence(), &self.told);
        if told.reads >= STEADY_READS && told.text == *self.vote.text() {
            let (least, most) = (
                told.confidence - CONFIDENCE_STEP,
                told.confidence + CONFIDENCE_STEP,
            );
            return confidence.clamp(least, most);
        }
        confidence
    }

    /// The clock has been set: what it says from here on it tells by that.
    pub(crate) fn set_clock(&mut self, now: FrameTime) {
        for time in [&mut self.first, &mut self.last, &mut self.present] {
            time.tell_by(now);
        }
        self.challenger.set_clock(now);
        self.album.set_clock(now);
    }

    /// The reported text.
    pub(crate) const fn text(&self) -> &PlateText {
        self.vote.text()
    }

    /// The album that a read goes into, its own or that of what challenges it, and where in it, if it deserves a place.
    pub(crate) fn place_for(
        &mut self,
        sight: &Sight<'_>,
        places: usize,
        is_foreign: bool,
    ) -> Option<(&mut Album, usize)> {
        if is_foreign {
            let place = self.challenger.place_for(sight)?;
            return Some((&mut self.challenger.album, place));
        }
        let likely = |text: &PlateText| self.vote.likelihood_of(text);
        let place = self
            .album
            .place_for(sight, self.vote.text(), places, likely)?;
        Some((&mut self.album, place))
    }

    /// What challenges it, and its own: where memory is short, pictures go in this order.
    pub(crate) const fn albums_mut(&mut self) -> [&mut Album; 2] {
        [&mut self.challenger.album, &mut self.album]
    }

    /// Bytes of shots that have gone since this was asked last.
    pub(crate) const fn take_freed_bytes(&mut self) -> usize {
        std::mem::replace(&mut self.freed_bytes, 0)
    }

    /// Bytes of shots that count on the shelf.
    pub(crate) fn shot_bytes(&self) -> usize {
        self.album.bytes() + self.challenger.album.bytes() + self.freed_bytes
    }

    /// No read has had a text.
    pub(crate) const fn is_unread(&self) -> bool {
        self.vote.reads() == 0
    }

    /// Confidence of the report: when memory is short, the least certain vehicle's pixels go first.
    pub(crate) fn certainty(&self) -> f64 {
        self.vote.confidence()
    }

    /// When it was last there.
    pub(crate) const fn present_ns(&self) -> i64 {
        self.present.mono_ns
    }
}
