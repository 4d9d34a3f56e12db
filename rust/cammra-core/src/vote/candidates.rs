//! The texts that were read of one vehicle, and how far each is from the others.

use super::text::{PlateText, distance};
use super::weighing::{Backing, is_half, likelihood, likeness};

/// Distinct texts of one vehicle that are counted; the lightest makes room.
pub const MAX_CANDIDATES: usize = 16;

/// One text that was read as it stands.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    text: PlateText,
    all: Backing,
    /// Those that came since a text was reported that they speak against.
    fresh: Backing,
    /// Confidence times weight of all.
    sureness: f32,
    /// Edits to each other candidate,
    edits: [u8; MAX_CANDIDATES],
    /// and to the reported text.
    edits_to_said: u8,
}

impl Backing {
    fn add(&mut self, other: Self) {
        if other.reads == 0 {
            return;
        }
        if self.reads == 0 {
            *self = other;
            return;
        }
        self.reads = self.reads.saturating_add(other.reads);
        self.weight += other.weight;
        self.first_mono_ns = self.first_mono_ns.min(other.first_mono_ns);
        self.last_mono_ns = self.last_mono_ns.max(other.last_mono_ns);
    }
}

/// At most [`MAX_CANDIDATES`], in place.
#[derive(Clone, Debug)]
pub(super) struct Candidates {
    all: [Candidate; MAX_CANDIDATES],
    count: usize,
}

const NOTHING: Backing = Backing {
    reads: 0,
    weight: 0.0,
    first_mono_ns: 0,
    last_mono_ns: 0,
};

const NOBODY: Candidate = Candidate {
    text: PlateText::EMPTY,
    all: NOTHING,
    fresh: NOTHING,
    sureness: 0.0,
    edits: [0; MAX_CANDIDATES],
    edits_to_said: 0,
};

impl Candidates {
    pub(super) const fn new() -> Self {
        Self {
            all: [NOBODY; MAX_CANDIDATES],
            count: 0,
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.all.iter().take(self.count)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Candidate> {
        self.all.iter_mut().take(self.count)
    }

    /// Counts one read of a text.
    pub(super) fn count(
        &mut self,
        text: &PlateText,
        said: &PlateText,
        weight: f32,
        confidence: f32,
        mono_ns: i64,
    ) {
        let read = Backing {
            reads: 1,
            weight,
            first_mono_ns: mono_ns,
            last_mono_ns: mono_ns,
        };
        self.add(text, said, read, read, weight * confidence);
    }

    fn add(
        &mut self,
        text: &PlateText,
        said: &PlateText,
        all: Backing,
        fresh: Backing,
        sureness: f32,
    ) {
        let known = self.iter().position(|candidate| candidate.text == *text);
        let at = known.unwrap_or_else(|| self.make_place(text, said));
        if let Some(candidate) = self.all.get_mut(at) {
            candidate.all.add(all);
            candidate.fresh.add(fresh);
            candidate.sureness += sureness;
        }
    }

    /// A place for a new text: a free one, or that of the lightest, of equals the one not read for longest.
    fn make_place(&mut self, text: &PlateText, said: &PlateText) -> usize {
        let at = if self.count < MAX_CANDIDATES {
            self.count += 1;
            self.count - 1
        } else {
            let others = self
                .iter()
                .enumerate()
                .filter(|(_, candidate)| candidate.text != *said);
            let lightest = others.min_by(|(_, a), (_, b)| {
                (a.all.weight.total_cmp(&b.all.weight))
                    .then(a.all.last_mono_ns.cmp(&b.all.last_mono_ns))
            });
            lightest.map_or(0, |(at, _)| at)
        };
        let mut new = Candidate {
            text: *text,
            edits_to_said: distance(text, said),
            ..NOBODY
        };
        let places = self.all.iter_mut().take(self.count).enumerate();
        for ((place, other), edits) in places.zip(&mut new.edits) {
            if place != at {
                *edits = distance(text, &other.text);
                if let Some(back) = other.edits.get_mut(at) {
                    *back = *edits;
                }
            }
        }
        if let Some(place) = self.all.get_mut(at) {
            *place = new;
        }
        at
    }

    /// Counts all reads of others.
    pub(super) fn absorb(&mut self, others: &Self, said: &PlateText) {
        for other in others.iter() {
            self.add(&other.text, said, other.all, other.fresh, other.sureness);
        }
    }

    pub(super) fn halve(&mut self) {
        for candidate in self.iter_mut() {
            candidate.all.weight /= 2.0;
            candidate.sureness /= 2.0;
        }
    }

    /// The most central candidate, and how central it is; of equals the one that came first.
    pub(super) fn central(&self) -> Option<(usize, f32)> {
        let all = self.iter().enumerate().map(|(at, candidate)| {
            let drawn: f32 = self
                .iter()
                .zip(candidate.edits)
                .map(|(other, edits)| {
                    other.all.weight * likelihood(&other.text, &candidate.text, edits)
                })
                .sum();
            (at, drawn)
        });
        all.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// How central a text would be.
    pub(super) fn centrality_of(&self, text: &PlateText) -> f32 {
        self.iter()
            .map(|candidate| {
                let edits = distance(text, &candidate.text);
                candidate.all.weight * likelihood(&candidate.text, text, edits)
            })
            .sum()
    }

    /// Whether one text has more than half of the weight: then no column can be outvoted.
    pub(super) fn has_majority(&self, at: usize) -> bool {
        let total: f32 = self.iter().map(|candidate| candidate.all.weight).sum();
        let own = self.all.get(at).map_or(0.0, |own| own.all.weight);
        own * 2.0 > total
    }

    pub(super) fn text(&self, at: usize) -> PlateText {
        self.all
            .get(at)
            .map_or(PlateText::EMPTY, |candidate| candidate.text)
    }

    /// Each text with what it weighs and how many edits it is from the candidate at `at`.
    pub(super) fn seen_from(&self, at: usize) -> impl Iterator<Item = (&PlateText, f32, u8)> {
        let edits = self.all.get(at).map_or([0; MAX_CANDIDATES], |c| c.edits);
        self.iter()
            .zip(edits)
            .map(|(candidate, edits)| (&candidate.text, candidate.all.weight, edits))
    }

    pub(super) fn has(&self, text: &PlateText) -> bool {
        self.iter().any(|candidate| candidate.text == *text)
    }

    pub(super) fn has_within(&self, text: &PlateText, edits: u8) -> bool {
        self.iter()
            .any(|candidate| distance(text, &candidate.text) <= edits)
    }

    pub(super) fn support_of_said(&self) -> f32 {
        self.iter()
            .map(|candidate| candidate.all.weight * likeness(candidate.edits_to_said))
            .sum()
    }

    pub(super) fn sureness_of_said(&self) -> f32 {
        self.iter()
            .map(|candidate| candidate.sureness * likeness(candidate.edits_to_said))
            .sum()
    }

    /// The texts that were read, each with the weight of all reads as far as they agree with it.
    pub(super) fn supported(&self) -> impl Iterator<Item = (PlateText, f32)> {
        self.iter().enumerate().map(|(at, candidate)| {
            let seen = self.seen_from(at);
            let support = seen
                .map(|(_, weight, edits)| weight * likeness(edits))
                .sum();
            (candidate.text, support)
        })
    }

    /// Another text is reported from now on.
    pub(super) fn measure_from(&mut self, said: &PlateText) {
        for candidate in self.iter_mut() {
            candidate.edits_to_said = distance(&candidate.text, said);
        }
    }

    /// The reads that are nearer to `said`, and of those nearer to another text the fresh and all.
    pub(super) fn between(
        &self,
        said: &PlateText,
        other: &PlateText,
    ) -> (Backing, Backing, Backing) {
        let (mut held, mut fresh, mut new) = (NOTHING, NOTHING, NOTHING);
        for candidate in self.iter() {
            let edits = distance(&candidate.text, other);
            if candidate.edits_to_said < edits {
                if !is_half(&candidate.text, said, candidate.edits_to_said) {
                    held.add(candidate.all);
                }
            } else if edits < candidate.edits_to_said && !is_half(&candidate.text, other, edits) {
                fresh.add(candidate.fresh);
                new.add(candidate.all);
            }
        }
        (held, fresh, new)
    }

    /// `new` replaces the reported text: to come back, that one needs fresh reads.
    pub(super) fn spend(&mut self, new: &PlateText) {
        for candidate in self.iter_mut() {
            if distance(&candidate.text, new) > candidate.edits_to_said {
                candidate.fresh = NOTHING;
            }
        }
    }

    /// The heaviest text but one.
    pub(super) fn rival(&self, said: &PlateText) -> Option<PlateText> {
        let others = self.iter().filter(|candidate| candidate.text != *said);
        let heaviest = others.reduce(|best, next| {
            if next.all.weight > best.all.weight {
                next
            } else {
                best
            }
        });
        heaviest.map(|candidate| candidate.text)
    }

    /// The reads of all texts that `counts`, by the text and its edits to the reported one.
    pub(super) fn backing(&self, counts: impl Fn(&PlateText, u8) -> bool) -> Backing {
        let mut backing = NOTHING;
        let counts = |candidate: &&Candidate| counts(&candidate.text, candidate.edits_to_said);
        for candidate in self.iter().filter(counts) {
            backing.add(candidate.all);
        }
        backing
    }
}
