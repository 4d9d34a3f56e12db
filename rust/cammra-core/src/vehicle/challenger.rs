//! Reads of a track that cannot be of its vehicle: another car's, a second plate's, or noise.
//!
//! They have no vote on the vehicle's text, and pictures of their own. Once [`Challenger::agreed`] has enough of them, somebody else is there.

use super::album::{Album, Sight};
use super::attributes::Attributes;
use super::evidence::Evidence;
use crate::event::FrameTime;
use crate::vote::{Backing, PlateText, TextVote, distance, is_near, weight};

/// How long a second plate of the same body is remembered.
const REMEMBERED_NS: i64 = 10_000_000_000;

/// A track that was neither read nor seen for so long may have passed to another vehicle.
pub(super) const GAP_NS: i64 = 500_000_000;

/// So long glare puts the same nonsense into a plate.
pub(super) const GLARE_NS: i64 = 500_000_000;

/// Where the box goes on as before, another plate has to be read for so long.
pub(super) const SAME_BODY_NS: i64 = 1_000_000_000;

/// Shots that are kept of it besides the one of its text: of which car they are is not known yet.
const PLACES: usize = 1;

/// The reads that challenge a vehicle.
pub(crate) struct Challenger {
    pub(super) vote: TextVote,
    pub(super) attributes: Attributes,
    /// When the first of them came,
    first: FrameTime,
    /// and the last.
    last: FrameTime,
    pub(super) roi_id: u32,
    /// A jump of the box or a gap went before: counts as one of them.
    pub(super) has_cause: bool,
    /// A jump or a gap came after: the next may be of yet another body.
    may_be_over: bool,
    /// A text that challenged before the vehicle's own came back.
    second: Option<(PlateText, i64)>,
    /// What was read; goes with it to the vehicle that it becomes.
    pub(super) album: Album,
}

impl Challenger {
    pub(super) const fn new() -> Self {
        Self {
            vote: TextVote::new(),
            attributes: Attributes::new(),
            first: FrameTime {
                mono_ns: 0,
                utc_ns: 0,
                clock_synced: None,
            },
            last: FrameTime {
                mono_ns: 0,
                utc_ns: 0,
                clock_synced: None,
            },
            roi_id: 1,
            has_cause: false,
            may_be_over: false,
            second: None,
            album: Album::new(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.vote.reads() == 0
    }

    /// One more read; returns how many attribute values had to be cut.
    pub(super) fn add(&mut self, read: &Evidence<'_>, legible: f32, has_cause: bool) -> u64 {
        let at = read.at;
        if self.is_empty() {
            (self.first, self.roi_id, self.has_cause) = (at, read.roi_id, false);
        }
        self.last = at;
        self.has_cause |= has_cause;
        self.vote
            .add(&read.text, read.confidence, legible, at.mono_ns);
        self.vote.say_best();
        let weight = weight(read.confidence);
        self.attributes.add(&read.attributes, weight, at.mono_ns)
    }

    /// The box has jumped, or nothing was there for a while.
    pub(super) const fn interrupt(&mut self) {
        self.may_be_over = !self.is_empty();
    }

    /// Whether a text is of yet another body than what has challenged so far.
    pub(super) fn is_over_at(&mut self, text: &PlateText) -> bool {
        std::mem::take(&mut self.may_be_over) && !is_near(text, self.vote.text())
    }

    /// Whether what challenges on the same body, or did, may be read as a text.
    pub(super) fn may_read(&self, text: &PlateText) -> bool {
        let is_here = !self.has_cause && !self.is_empty() && self.vote.has_within(text, 1);
        is_here
            || self
                .second
                .is_some_and(|(second, _)| is_near(text, &second))
    }

    /// Whether a text is as near to what challenges as to another text.
    pub(super) fn is_nearer_to(&self, text: &PlateText, other: &PlateText) -> bool {
        let own = self.vote.text();
        !self.is_empty()
            && (text.is_part_of(own) || distance(text, own) <= distance(text, other))
            && text != other
    }

    /// The weight of those that agree with nothing.
    pub(super) fn scattered_weight(&self) -> f32 {
        (self.vote.weight() - self.vote.agreed().weight).max(0.0)
    }

    /// Those that agree with each other, a cause counted with them.
    pub(super) fn agreed(&self) -> Backing {
        let mut agreed = self.vote.agreed();
        agreed.reads = agreed.reads.saturating_add(u32::from(self.has_cause));
        agreed
    }

    /// When the first of those that agree was taken.
    pub(crate) fn began(&self) -> FrameTime {
        self.first.at(self.vote.agreed().first_mono_ns)
    }

    /// How long they have agreed.
    pub(super) fn lasts_ns(&self) -> i64 {
        let agreed = self.vote.agreed();
        agreed.last_mono_ns.saturating_sub(agreed.first_mono_ns)
    }

    /// The clock has been set: tells its times by it.
    pub(super) fn set_clock(&mut self, now: FrameTime) {
        self.first.tell_by(now);
        self.last.tell_by(now);
        self.album.set_clock(now);
    }

    /// Where a read goes in its album, if it deserves a place.
    pub(super) fn place_for(&self, sight: &Sight<'_>) -> Option<usize> {
        let likely = |text: &PlateText| self.vote.likelihood_of(text);
        self.album
            .place_for(sight, self.vote.text(), PLACES, likely)
    }

    pub(super) const fn last(&self) -> FrameTime {
        self.last
    }

    pub(crate) const fn text(&self) -> &PlateText {
        self.vote.text()
    }

    /// The vehicle's own text came back: what challenged it may be its second plate, where the body is known to be the same.
    /// Returns the bytes of its shots.
    pub(super) fn withdraw(&mut self, same_body: bool) -> usize {
        if same_body && !self.has_cause {
            self.second = Some((*self.vote.text(), self.last.mono_ns));
        }
        self.vote = TextVote::new();
        self.attributes = Attributes::new();
        self.has_cause = false;
        self.may_be_over = false;
        self.album.clear()
    }

    /// Forgets everything; returns the bytes of its shots.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::replace(self, Self::new()).album.bytes()
    }

    /// The plate of a vehicle that was here is expected to come back.
    pub(super) const fn remember(&mut self, text: PlateText, mono_ns: i64) {
        self.second = Some((text, mono_ns));
    }

    /// Whether a text is the second plate of the same body; if so, it is remembered on.
    pub(super) fn is_second(&mut self, text: &PlateText, mono_ns: i64) -> bool {
        let Some((second, last_ns)) = &mut self.second else {
            return false;
        };
        let is_second = is_near(text, second) && mono_ns.saturating_sub(*last_ns) <= REMEMBERED_NS;
        if is_second {
            *last_ns = mono_ns;
        }
        is_second
    }

    /// The box has jumped: whatever comes is not on the same body.
    pub(super) const fn forget_second(&mut self) {
        self.second = None;
    }
}
