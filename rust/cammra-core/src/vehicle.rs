//! One vehicle: what was read of it, what it has said, and what it says next.
//!
//! Invariants, held by the table of [`stage`](mod@self::stage) and `tests/native/test_tracking_model.py`:
//!
//! 1. New, Reliable and Lost are said exactly once each, in this order; Updates between New and Lost.
//! 2. What an event reports is what was reported before, plus the changes it names.
//! 3. After Lost nothing follows.

mod album;
mod attributes;
mod settling;
mod stage;
mod travel;

pub(crate) use album::{Album, AlbumShot, Sight};
pub(crate) use attributes::AttributeRead;

use attributes::Attributes;
use settling::Settling;
use stage::{Cue, Stage, step};
use travel::Travel;

use crate::event::{Changes, Direction, EventKind, EventShot, FrameTime, TrackEvent};
use crate::rules::Rules;
use crate::vote::{PlateText, TextVote, weight};

/// Where a read counts.
pub(crate) struct Place {
    pub(crate) roi_id: u32,
    /// Whether it is measured on the vehicle's box, and how far along the region's arrow that is.
    pub(crate) progress: Option<(bool, f64)>,
}

/// One read, checked and placed: what a vehicle hears.
pub(crate) struct Evidence<'a> {
    pub(crate) at: FrameTime,
    /// Empty when the plate was not read.
    pub(crate) text: PlateText,
    /// 0..=1
    pub(crate) confidence: f64,
    pub(crate) place: Place,
    /// The movement, if the recogniser tells.
    pub(crate) direction: Option<Direction>,
    pub(crate) attributes: AttributeRead<'a>,
}

/// One vehicle.
pub(crate) struct Vehicle {
    pub(crate) track_id: i64,
    pub(crate) number: u64,
    stage: Stage,
    ordinal: u32,
    first: FrameTime,
    last: FrameTime,
    vote: TextVote,
    roi_id: Settling<u32>,
    direction: Settling<Direction>,
    travel: Travel,
    /// The recogniser has told a direction.
    has_told: bool,
    attributes: Attributes,
    /// Changes that were heard but not said yet.
    changed: Changes,
    pub(crate) album: Album,
}

impl Vehicle {
    pub(crate) fn new(track_id: i64, number: u64, first: FrameTime, roi_id: u32) -> Self {
        Self {
            track_id,
            number,
            stage: Stage::Waiting,
            ordinal: 0,
            first,
            last: first,
            vote: TextVote::new(),
            roi_id: Settling::new(roi_id),
            direction: Settling::new(Direction::Unknown),
            travel: Travel::default(),
            has_told: false,
            attributes: Attributes::new(),
            changed: Changes::default(),
            album: Album::default(),
        }
    }

    /// Takes in one read; returns how many attribute values had to be cut.
    pub(crate) fn hear(&mut self, read: &Evidence<'_>, rules: &Rules) -> u64 {
        self.last = read.at;
        let now_ns = read.at.mono_ns;
        if !read.text.is_empty() {
            self.vote.add(&read.text, read.confidence, now_ns);
        }
        let cut_values = self
            .attributes
            .add(&read.attributes, weight(read.confidence), now_ns);
        if self.stage == Stage::Waiting {
            self.vote.say_best();
            self.attributes.say_best();
        } else {
            if self.vote.settle(rules.change) {
                self.changed.add_plate();
            }
            let changed = &mut self.changed;
            self.attributes
                .settle(rules.change, |attribute| changed.add_attribute(attribute));
        }
        if self.roi_id.hear(read.place.roi_id, now_ns, rules.change) {
            self.changed.add_region();
        }
        self.hear_move(read.at, read.direction, &read.place, rules);
        cut_values
    }

    /// Takes in where it goes: from the recogniser once it has told a direction, until then from the boxes. A box without a
    /// plate does not keep a vehicle open.
    pub(crate) fn hear_move(
        &mut self,
        at: FrameTime,
        told: Option<Direction>,
        place: &Place,
        rules: &Rules,
    ) {
        let shown = place.progress.and_then(|(by_vehicle, progress)| {
            self.travel
                .advance((place.roi_id, by_vehicle), progress, rules.direction_travel)
        });
        let told = told.filter(|told| *told != Direction::Unknown);
        self.has_told |= told.is_some();
        let heard = if self.has_told { told } else { shown };
        if let Some(direction) = heard
            && self.direction.hear(direction, at.mono_ns, rules.change)
        {
            self.changed.add_direction();
        }
    }

    /// Says what follows from everything heard.
    pub(crate) fn speak(&mut self, now: FrameTime, rules: &Rules, events: &mut Vec<TrackEvent>) {
        let changed = std::mem::take(&mut self.changed);
        if self.stage == Stage::Waiting {
            if now.mono_ns >= self.release_ns(rules) {
                self.release(events);
            }
        } else if !changed.is_empty() {
            self.cue(Cue::Changed, now, changed, events);
        }
        if self.is_convincing(rules) {
            self.cue(Cue::Convinced, now, Changes::default(), events);
        }
    }

    fn release(&mut self, events: &mut Vec<TrackEvent>) {
        // New is about the first read, even if the result delay let more come in.
        self.cue(Cue::Released, self.first, Changes::default(), events);
    }

    fn is_convincing(&self, rules: &Rules) -> bool {
        let (reads, mean) = self.vote.equal_reads();
        self.stage == Stage::Fresh
            && self.direction.said() != Direction::Unknown
            && reads >= rules.reliable_reads
            && mean >= rules.reliable_confidence
    }

    const fn release_ns(&self, rules: &Rules) -> i64 {
        self.first.mono_ns.saturating_add(rules.result_delay_ns)
    }

    /// The first moment at which [`fire`](Self::fire) does anything.
    pub(crate) fn deadline_ns(&self, rules: &Rules) -> i64 {
        let lost_ns = self
            .last
            .mono_ns
            .saturating_add(rules.lost_after_ns)
            .saturating_add(1);
        let next_ns = match self.stage {
            Stage::Waiting => self.release_ns(rules),
            Stage::Fresh => self.first.mono_ns.saturating_add(rules.reliable_after_ns),
            Stage::Sure | Stage::Gone => i64::MAX,
        };
        lost_ns.min(next_ns)
    }

    /// Runs the timer that is due at `deadline_ns`. True when the vehicle is gone.
    pub(crate) fn fire(
        &mut self,
        deadline_ns: i64,
        rules: &Rules,
        events: &mut Vec<TrackEvent>,
    ) -> bool {
        let lost_ns = self.last.mono_ns.saturating_add(rules.lost_after_ns);
        if deadline_ns > lost_ns {
            // Due one nanosecond later, since Lost wants more than that time; reported as the moment it was reached.
            self.end(self.last.at(lost_ns), events);
            return true;
        }
        match self.stage {
            Stage::Waiting => self.release(events),
            Stage::Fresh | Stage::Sure | Stage::Gone => {
                self.cue(
                    Cue::Convinced,
                    self.last.at(deadline_ns),
                    Changes::default(),
                    events,
                );
            }
        }
        false
    }

    /// Says the last words.
    pub(crate) fn end(&mut self, at: FrameTime, events: &mut Vec<TrackEvent>) {
        self.vote.close();
        self.attributes.close();
        if let Some(direction) = self.direction.pending()
            && self.direction.said() == Direction::Unknown
        {
            self.direction.close(direction);
        }
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

    fn event(&self, kind: EventKind, at: FrameTime, changed: Changes) -> TrackEvent {
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
            text: self.vote.text().to_string(),
            confidence: self.vote.confidence(),
            direction: self.direction.said(),
            roi_id: self.roi_id.said(),
            attributes: self.attributes.said(),
            confidence_mmr: self.attributes.confidence_mmr(),
            confidence_colour: self.attributes.confidence_colour(),
            changed,
            reads: self.vote.reads(),
            image_text: picture.map_or_else(String::new, |picture| picture.text.to_string()),
            image_utc_ns: shown.map_or(0, |picture| picture.utc_ns),
            vehicle_box: picture.and_then(|picture| picture.vehicle),
            plate_box: picture.and_then(|picture| picture.plate),
            shot: shot.map(|shot| EventShot {
                shot_no: shot.shot_no,
                shot: shot.pixels.clone(),
            }),
        }
    }

    /// The reported text.
    pub(crate) const fn text(&self) -> &PlateText {
        self.vote.text()
    }

    /// No read has had a text.
    pub(crate) const fn is_unread(&self) -> bool {
        self.vote.reads() == 0
    }

    /// Confidence of the report: when memory is short, the least certain vehicle's pixels go first.
    pub(crate) fn certainty(&self) -> f64 {
        self.vote.confidence()
    }

    pub(crate) const fn last_ns(&self) -> i64 {
        self.last.mono_ns
    }
}
