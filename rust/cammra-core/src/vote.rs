//! Which text a vehicle wears, and how well its reads support it.
//!
//! The *support* of a text is the weight of all reads, each as far as it agrees with the text: a read that is `d` edits off
//! counts 0.4^d. A sum, and not the product of a likelihood, so that a read that shares nothing with the plate counts for
//! nothing instead of deciding.
//!
//! Reported is the text from which all reads are likeliest to come: the one that was read most, by weight, to which each
//! other read adds its likelihood of being that plate misread (0.3 for each edit, 0.4 for a cut end however long, none where
//! half differs). The consensus of all reads, column by column (in the way of ROVER: Fiscus, "A post-processing system to
//! yield reduced word error rates", 1997), is one more text to choose from.
//! `docs/design/tracking.md` derives the weights. Only sums, products and quotients: every machine reckons the same.
//!
//! Invariants, held by `vote/tests.rs`:
//!
//! 1. While reads come, one of them never changes a text that was reported: a change needs [`Patience`], and so does going
//!    back.
//! 2. A text is replaced only by one whose reads weigh a quarter more than those that are nearer to it; one of which half
//!    differs speaks for neither. When no more reads will come, one that is a quarter likelier replaces it.
//! 3. A vote allocates nothing, whatever is read.

mod ballot;
mod candidates;
mod consensus;
mod text;
mod weighing;

pub use ballot::{Ballot, Patience};
pub use candidates::MAX_CANDIDATES;
pub use text::{MAX_TEXT_CHARS, PlateText, ShortText, distance};
pub use weighing::{Backing, is_alike_at_ends, is_far, is_near, legibility, weight};

use candidates::Candidates;
use consensus::consensus;
use weighing::{LEAD, MEMORY, narrow};

/// Characters from which on two texts that are one edit apart are hardly so by chance.
const SHORTEST_PLATE: usize = 4;

/// The vote on one vehicle's text.
#[derive(Clone, Debug)]
pub struct TextVote {
    candidates: Candidates,
    said: PlateText,
    reads: u32,
    /// Weight of all reads, also of those whose text made room for another.
    total: f32,
    /// A read came that was not of the reported text.
    is_open: bool,
}

impl TextVote {
    /// A vote without reads.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            candidates: Candidates::new(),
            said: PlateText::EMPTY,
            reads: 0,
            total: 0.0,
            is_open: false,
        }
    }

    /// Takes one read in. `text` is not empty; `confidence` lies in 0..=1; `legible` is its plate's [`legibility`].
    pub fn add(&mut self, text: &PlateText, confidence: f64, legible: f32, mono_ns: i64) {
        let weight = weight(confidence) * legible;
        self.is_open |= *text != self.said;
        self.candidates
            .count(text, &self.said, weight, narrow(confidence), mono_ns);
        self.reads = self.reads.saturating_add(1);
        self.total += weight;
        self.forget();
    }

    /// Takes in all reads of another vote.
    pub fn absorb(&mut self, other: &Self) {
        self.candidates.absorb(&other.candidates, &self.said);
        self.reads = self.reads.saturating_add(other.reads);
        self.total += other.total;
        self.is_open = true;
        self.forget();
    }

    fn forget(&mut self) {
        while self.total > MEMORY {
            self.total /= 2.0;
            self.candidates.halve();
        }
    }

    /// The most central text, which may be one that no read gave.
    fn best(&self) -> PlateText {
        let Some((central, centrality)) = self.candidates.central() else {
            return self.said;
        };
        let central_text = self.candidates.text(central);
        if self.candidates.has_majority(central) {
            return central_text;
        }
        let agreed = consensus(&self.candidates, central);
        let is_new = !agreed.is_empty() && !self.candidates.has(&agreed);
        if is_new && self.candidates.centrality_of(&agreed) > centrality {
            return agreed;
        }
        central_text
    }

    fn say(&mut self, text: PlateText) {
        self.candidates.measure_from(&text);
        self.said = text;
        self.is_open = false;
    }

    /// Says the most central text, however few reads it has: what is reported first.
    pub fn say_best(&mut self) {
        if self.is_open {
            let best = self.best();
            self.say(best);
        }
    }

    /// Takes over what has changed for good. True when the text is another one now.
    pub fn settle(&mut self, patience: Patience) -> bool {
        if !self.is_open {
            return false;
        }
        self.is_open = false;
        let best = self.best();
        if best == self.said {
            return false;
        }
        let (held, fresh, new) = self.candidates.between(&self.said, &best);
        let ripe = patience.has_seen(fresh.reads, fresh.first_mono_ns, fresh.last_mono_ns);
        if new.weight <= held.weight * LEAD || !ripe {
            return false;
        }
        self.candidates.spend(&best);
        self.say(best);
        true
    }

    /// No more reads will come: a text that leads is taken over, however few and late its reads. True when it is another one.
    pub fn close(&mut self) -> bool {
        let best = self.best();
        let held = self.candidates.centrality_of(&self.said);
        if best == self.said || self.candidates.centrality_of(&best) <= held * LEAD {
            return false;
        }
        self.say(best);
        true
    }

    /// The reported text; empty before the first [`say_best`](Self::say_best).
    #[must_use]
    pub const fn text(&self) -> &PlateText {
        &self.said
    }

    /// Reads taken in.
    #[must_use]
    pub const fn reads(&self) -> u32 {
        self.reads
    }

    /// The reads that agree on the reported text: one edit off at most. Of a text so short that chance could bring two such
    /// together, only the equal ones.
    #[must_use]
    pub fn agreed(&self) -> Backing {
        let most_edits = u8::from(self.said.chars().len() >= SHORTEST_PLATE);
        self.candidates.backing(|_, edits| edits <= most_edits)
    }

    /// Whether some read is at most `edits` off a text.
    #[must_use]
    pub fn has_within(&self, text: &PlateText, edits: u8) -> bool {
        distance(text, &self.said) <= edits || self.candidates.has_within(text, edits)
    }

    /// How likely all reads would come from a text, by weight.
    #[must_use]
    pub fn likelihood_of(&self, text: &PlateText) -> f32 {
        self.candidates.centrality_of(text)
    }

    /// Support of the reported text, as a share of all weight: 1 when all reads agree.
    #[must_use]
    pub fn support(&self) -> f32 {
        self.support_beside(0.0)
    }

    /// The same where other reads of this weight agree with nothing.
    #[must_use]
    pub fn support_beside(&self, weight: f32) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        (self.candidates.support_of_said() / (self.total + weight)).min(1.0)
    }

    /// What all reads weigh.
    #[must_use]
    pub const fn weight(&self) -> f32 {
        self.total
    }

    /// The texts that the plate may have, the reported one first, then by their support: at most so many.
    #[must_use]
    pub fn contenders(&self, most: usize) -> Vec<(PlateText, f64)> {
        if self.said.is_empty() {
            return Vec::new();
        }
        let mut others: Vec<(PlateText, f32)> = self
            .candidates
            .supported()
            .filter(|(text, _)| *text != self.said)
            .collect();
        others.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let share = |support: f32| f64::from((support / self.total).min(1.0));
        let others = others
            .into_iter()
            .map(|(text, support)| (text, share(support)));
        std::iter::once((self.said, f64::from(self.support())))
            .chain(others)
            .take(most)
            .collect()
    }

    /// How much more the reads that are nearer to the reported text weigh than those that are nearer to the best other one.
    #[must_use]
    pub fn lead(&self) -> f32 {
        let Some(rival) = self.candidates.rival(&self.said) else {
            return f32::INFINITY;
        };
        let (held, _, against) = self.candidates.between(&self.said, &rival);
        if against.weight <= 0.0 {
            return f32::INFINITY;
        }
        held.weight / against.weight
    }

    /// Reads equal to the reported text.
    #[must_use]
    pub fn equal_reads(&self) -> u32 {
        self.candidates.backing(|_, edits| edits == 0).reads
    }

    /// Confidence of the reported text: the mean over all reads, by weight, of each one's confidence as far as it agrees.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        if self.total <= 0.0 {
            return 0.0;
        }
        f64::from(self.candidates.sureness_of_said() / self.total).clamp(0.0, 1.0)
    }
}

impl Default for TextVote {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
