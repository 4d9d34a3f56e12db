//! What a vehicle's own plate is worth beside what challenges it, and beside a text that may be of it.

use super::Vehicle;
use super::challenger::{GLARE_NS, SAME_BODY_NS};
use crate::rules::Rules;
use crate::vote::{PlateText, distance, is_alike_at_ends, is_far};

/// Reads that make a text more than a misreading: fewer are corrected by those that follow.
const STRONG_READS: u32 = 3;

/// So much of all weight must be behind it: of much noise some is alike by chance.
const STRONG_SUPPORT: f32 = 0.5;

/// With less than this it says nothing: it may be that of any plate.
const NO_SUPPORT: f32 = 0.25;

/// Reads that are none of its own after its box has jumped: it is another body, whatever they say.
const MOVED_READS: u32 = 5;

impl Vehicle {
    /// Whether enough reads agree on another plate. Where the box goes on as before, the body is the same, and another plate
    /// has to be there for longer than glare: a lorry's two plates take turns.
    pub(super) fn is_challenged(&self, rules: &Rules) -> bool {
        let has_lasted = || self.challenger.lasts_ns() >= SAME_BODY_NS;
        self.is_outnumbered(rules) && (self.is_weak() || !self.has_same_body() || has_lasted())
    }

    /// Whether boxes show that what challenges it is on the same body.
    fn has_same_body(&self) -> bool {
        self.body.is_vehicle() && !self.challenger.has_cause
    }

    /// Whether what challenges it is on the same body and has its ends: its own plate in glare.
    pub(super) fn may_be_hidden(&self) -> bool {
        self.has_same_body() && is_alike_at_ends(self.challenger.text(), self.vote.text())
    }

    /// Whether what challenges it is another vehicle, though it has not taken over yet.
    pub(crate) fn has_rival(&self, rules: &Rules) -> bool {
        self.is_outnumbered(rules) && !self.is_weak()
    }

    /// Whether so many reads agree on another plate that it is none of their errors.
    fn is_outnumbered(&self, rules: &Rules) -> bool {
        if rules.takeover_reads == 0 || self.challenger.is_empty() {
            return false;
        }
        // Boxes tell of another body, too, though none of its reads agree yet.
        if self.is_suspect && self.challenger.vote.reads() >= MOVED_READS {
            return true;
        }
        let is_near_plate = !is_far(self.challenger.text(), self.vote.text());
        let needed = rules
            .takeover_reads
            .saturating_add(u32::from(is_near_plate));
        self.challenger.agreed().reads >= needed
    }

    /// Whether what challenges it is its own, with nothing that speaks for another body: too few reads agree on its plate to
    /// hold it against others, or a part of it was hidden.
    pub(crate) fn is_weak(&self) -> bool {
        let agreed = self.vote.agreed();
        let lasted_ns = agreed.last_mono_ns.saturating_sub(agreed.first_mono_ns);
        let may_be_noise = || {
            let scattered = self.challenger.scattered_weight();
            let needed = if self.has_same_number() {
                STRONG_SUPPORT
            } else {
                NO_SUPPORT
            };
            let has_little = self.vote.support_beside(scattered) < needed;
            let is_brief = self.has_same_number() && lasted_ns < GLARE_NS;
            self.has_same_body() && (has_little || is_brief)
        };
        !self.challenger.has_cause
            && (agreed.reads < STRONG_READS || may_be_noise() || self.may_be_hidden())
    }

    /// Whether it still has the number under which its plate was read last.
    pub(crate) const fn has_same_number(&self) -> bool {
        self.read_track_id == self.track_id
    }

    /// Whether no read or too few tell its plate: what they say is no evidence.
    pub(crate) fn is_unsure(&self) -> bool {
        self.vote.agreed().reads < STRONG_READS || self.vote.support() < NO_SUPPORT
    }

    /// Whether a text may be of its plate: at most two edits off, a part of it, or near one of its reads.
    pub(crate) fn may_read(&self, text: &PlateText) -> bool {
        let said = self.vote.text();
        text.is_empty()
            || said.is_empty()
            || self.vote.has_within(text, 1)
            || self.challenger.may_read(text)
            || distance(text, said) <= 2
            || text.is_part_of(said)
            || said.is_part_of(text)
    }
}
