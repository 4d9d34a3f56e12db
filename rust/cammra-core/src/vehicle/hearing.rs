//! What a vehicle makes of a read: its own, or somebody else's.

use super::Vehicle;
use super::body::{Fit, Spot};
use super::challenger::GAP_NS;
use super::evidence::Evidence;
use super::stage::Stage;
use crate::event::{Direction, FrameTime, TrackEvent};
use crate::geometry::Size;
use crate::region::{lead_alike, progress};
use crate::rules::Rules;
use crate::vote::{PlateText, distance, is_far, is_near, weight};

/// The same where a vehicle's box is just where it was expected.
const LONG_GAP_NS: i64 = 2_000_000_000;

/// What became of a read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// Attribute values that had to be cut.
    pub(crate) cut_values: u64,
    /// It is not of this vehicle's plate.
    pub(crate) is_foreign: bool,
    /// Enough such reads agree: somebody else is there.
    pub(crate) is_challenged: bool,
    /// It was not taken in: what challenged the vehicle has been another one, and has left its number to a third.
    pub(crate) is_left: bool,
}

impl Vehicle {
    /// Takes in one read.
    pub(crate) fn hear(&mut self, read: &Evidence<'_>, rules: &Rules) -> Heard {
        let now_ns = read.at.mono_ns;
        // A box tells that it is still the same body, read or not.
        let silent_ns = now_ns.saturating_sub(self.seen_ns());
        let is_expected = self.body.expects(read.spot.as_ref(), now_ns);
        self.appear(read.at, read.spot.as_ref(), read.is_inside);
        let legible = crate::vote::legibility(read.plate_height);
        if !read.text.is_empty() {
            if self.is_foreign(&read.text, now_ns) {
                let gap_ns = if is_expected { LONG_GAP_NS } else { GAP_NS };
                let has_gap = silent_ns > gap_ns;
                if has_gap {
                    self.challenger.interrupt();
                }
                if self.challenger.is_over_at(&read.text) {
                    if self.has_rival(rules) {
                        return Heard {
                            is_left: true,
                            ..Heard::default()
                        };
                    }
                    self.withdraw_challenger();
                }
                let has_cause = self.is_suspect || has_gap;
                let cut_values = self.challenger.add(read, legible, has_cause);
                return Heard {
                    cut_values,
                    is_foreign: true,
                    is_challenged: self.is_challenged(rules),
                    is_left: false,
                };
            }
            self.accept_own(&read.text, rules);
            self.vote.add(&read.text, read.confidence, legible, now_ns);
        }
        self.last = read.at;
        self.present = read.at;
        self.read_track_id = self.track_id;
        if read
            .plate_height
            .is_none_or(|height| height >= rules.reliable_plate_height)
        {
            self.timed_from_ns.get_or_insert(now_ns);
        }
        let cut_values = self
            .attributes
            .add(&read.attributes, weight(read.confidence), now_ns);
        self.settle_text(rules);
        let old_roi_id = self.roi_id.said();
        if self.roi_id.hear(read.roi_id, now_ns, rules.change) {
            self.changed.add_region();
            self.turn_arrow(old_roi_id, read.frame, rules);
        }
        self.hear_move(read, rules);
        Heard {
            cut_values,
            ..Heard::default()
        }
    }

    fn settle_text(&mut self, rules: &Rules) {
        if self.stage == Stage::Waiting {
            self.vote.say_best();
            self.attributes.say_best();
            return;
        }
        if self.vote.settle(rules.change) {
            self.changed.add_plate();
        }
        let changed = &mut self.changed;
        self.attributes
            .settle(rules.change, |attribute| changed.add_attribute(attribute));
    }

    /// Takes in that it is there, read or not; a box without a plate keeps it open as long as it is the same body.
    pub(crate) fn appear(&mut self, at: FrameTime, spot: Option<&Spot>, is_inside: bool) {
        if self.body.see(spot, at.mono_ns) == Fit::Jump {
            self.is_suspect = true;
            self.challenger.interrupt();
            self.challenger.forget_second();
        }
        if is_inside && !self.is_suspect {
            self.present = at;
        }
    }

    /// Whether a read cannot be of this plate. After a jump of the box two edits are enough.
    fn is_foreign(&mut self, text: &PlateText, now_ns: i64) -> bool {
        let said = *self.vote.text();
        if self.vote.reads() == 0 || *text == said {
            return false;
        }
        let is_foreign = if self.is_suspect {
            // What may be of both plates is of the one that is read now.
            !is_clearly_of(text, &said) || self.challenger.is_nearer_to(text, &said)
        } else {
            // What is among its reads already is its own: a second plate.
            is_far(text, &said) && !self.vote.has_within(text, 1)
        };
        is_foreign && !self.challenger.is_second(text, now_ns)
    }

    /// Its own plate was read: what challenged it is withdrawn.
    fn accept_own(&mut self, text: &PlateText, rules: &Rules) {
        if !self.is_suspect && self.challenger.is_empty() {
            return;
        }
        let said = *self.vote.text();
        // A part alone does not tell that it is still the same body.
        let is_whole = distance(text, &said) < 2;
        if is_whole || (!self.is_suspect && !is_far(text, &said)) {
            self.is_suspect = false;
            if self.challenger.is_empty() {
                return;
            }
            if is_near(self.challenger.text(), &said) || self.may_be_hidden() {
                self.absorb_challenger(rules);
            } else {
                self.withdraw_challenger();
            }
        }
    }

    fn withdraw_challenger(&mut self) {
        let is_same_body = self.body.is_vehicle() && self.has_same_number();
        self.freed_bytes += self.challenger.withdraw(is_same_body);
    }

    fn absorb_challenger(&mut self, rules: &Rules) {
        self.vote.absorb(&self.challenger.vote);
        self.attributes.absorb(&self.challenger.attributes);
        let likely = |text: &PlateText| self.vote.likelihood_of(text);
        let (shown, reported) = (&mut self.challenger.album, self.vote.text());
        let places = rules.shots_per_track;
        self.freed_bytes += self.album.absorb(shown, reported, places, likely);
        self.freed_bytes += self.challenger.clear();
    }

    /// The challenger's reads were its own: the first ones were wrong.
    pub(crate) fn correct(&mut self, now: FrameTime, rules: &Rules) {
        self.absorb_challenger(rules);
        self.is_suspect = false;
        (self.last, self.present) = (now, now);
        self.settle_text(rules);
    }

    /// No more reads will come: where its own are few, those that seemed to be another's are its own, too.
    pub(super) fn reconcile(&mut self, rules: &Rules) {
        if self.is_weak() {
            self.absorb_challenger(rules);
        }
        self.freed_bytes += self.challenger.clear();
    }

    /// What challenges it is a vehicle of its own from here on; this one has ended with its last read.
    pub(crate) fn give_way(
        &mut self,
        number: u64,
        rules: &Rules,
        events: &mut Vec<TrackEvent>,
    ) -> Self {
        let challenger = std::mem::replace(&mut self.challenger, super::Challenger::new());
        let began = challenger.began();
        let mut other = Self::new(self.track_id, number, began, challenger.roi_id);
        (other.last, other.present) = (challenger.last(), challenger.last());
        other.body = self.body;
        other.vote = challenger.vote;
        other.attributes = challenger.attributes;
        other.album = challenger.album;
        other.timed_from_ns = Some(began.mono_ns);
        if !self.is_suspect {
            other
                .challenger
                .remember(*self.vote.text(), self.last.mono_ns);
        }
        self.end(self.last, rules, events);
        other.settle_text(rules);
        other
    }

    /// What is read now is of yet another body.
    pub(crate) const fn suspect(&mut self) {
        self.is_suspect = true;
    }

    /// Two vehicles have been taken for each other: each takes in what was read of it under the other's number.
    pub(crate) fn exchange(&mut self, other: &mut Self, now: FrameTime, rules: &Rules) {
        std::mem::swap(&mut self.challenger, &mut other.challenger);
        std::mem::swap(&mut self.body, &mut other.body);
        for vehicle in [self, other] {
            let is_own = !vehicle.challenger.is_empty()
                && !is_far(vehicle.challenger.text(), vehicle.vote.text());
            if is_own {
                vehicle.correct(now, rules);
            } else {
                vehicle.freed_bytes += vehicle.challenger.clear();
                vehicle.is_suspect = false;
            }
        }
    }

    /// Whether its last own read came before this moment, and its box does not tell that it is still under its number.
    pub(crate) fn is_silent_since(&self, mono_ns: i64) -> bool {
        let is_gone = self.is_suspect || !self.challenger.is_empty() || self.seen_ns() < mono_ns;
        self.was_read_before(mono_ns) && is_gone
    }

    /// Whether its last own read came before this moment.
    pub(crate) const fn was_read_before(&self, mono_ns: i64) -> bool {
        self.last.mono_ns < mono_ns
    }

    /// When it was last seen in any way, and where its body may be now.
    pub(crate) fn seen_ns(&self) -> i64 {
        self.body
            .seen_ns()
            .unwrap_or(i64::MIN)
            .max(self.last.mono_ns)
    }

    pub(crate) const fn body(&self) -> &super::Body {
        &self.body
    }

    /// What challenges it.
    pub(crate) const fn challenging_text(&self) -> &PlateText {
        self.challenger.text()
    }

    /// When the challenge began.
    pub(crate) fn challenged_ns(&self) -> i64 {
        self.challenger.began().mono_ns
    }

    /// Takes in where it goes: from the recogniser once it has told a direction, until then from the boxes.
    pub(crate) fn hear_move(&mut self, read: &Evidence<'_>, rules: &Rules) {
        if self.is_suspect {
            return;
        }
        let now_ns = read.at.mono_ns;
        let told = read.direction.filter(|told| *told != Direction::Unknown);
        self.has_told |= told.is_some();
        let shown = read.spot.zip(read.frame).and_then(|(spot, frame)| {
            let roi_id = self.roi_id.said();
            let along = progress(rules.arrow_of(roi_id), (spot.x, spot.y), frame);
            let basis = (roi_id, spot.by_vehicle);
            self.travel
                .advance(basis, along, now_ns, rules.direction_travel)
        });
        let before = self.direction.said();
        if self.has_told {
            if let Some(told) = told {
                self.direction.hear(told, now_ns, rules.change);
            }
        } else if let Some(shown) = shown {
            // Told by several boxes already.
            self.direction.close(shown);
        }
        if self.direction.said() != before {
            self.changed.add_direction();
        }
    }

    /// Another region: where its arrow leads elsewhere, the direction is unknown until it has been followed.
    fn turn_arrow(&mut self, old_roi_id: u32, frame: Option<Size>, rules: &Rules) {
        let Some(frame) = frame.filter(|_| !self.has_told) else {
            return;
        };
        let (old, new) = (
            rules.arrow_of(old_roi_id),
            rules.arrow_of(self.roi_id.said()),
        );
        if !lead_alike(old, new, frame) {
            self.travel.restart();
            if self.direction.said() != Direction::Unknown {
                self.direction.close(Direction::Unknown);
                self.changed.add_direction();
            }
        }
    }
}

/// Whether a text is so near to another one that no other vehicle's would be by chance: one edit off, or half of it.
fn is_clearly_of(text: &PlateText, said: &PlateText) -> bool {
    let (short, long) = if text.chars().len() < said.chars().len() {
        (text, said)
    } else {
        (said, text)
    };
    distance(text, said) < 2
        || (short.chars().len() * 2 >= long.chars().len() && short.is_part_of(long))
}
