//! Which text a vehicle wears: a confidence-weighted vote of aligned characters.
//!
//! The way of ROVER (Fiscus, "A post-processing system to yield reduced word error rates", 1997): each read is
//! aligned to the columns that the reads before it have made, and votes in every column for its character or
//! for "nothing here". The reported text is one choice per column.
//!
//! Invariants, held by `vote/tests.rs`:
//!
//! 1. One read never changes a text that was reported: a change needs [`Patience`].
//! 2. A column changes only when its new character weighs a quarter more than the reported one.
//! 3. A vote never grows beyond [`MAX_COLUMNS`] columns and [`MAX_CANDIDATES`] candidates, whatever is read.

mod align;
mod ballot;
mod text;

pub use align::MAX_COLUMNS;
pub use ballot::{Ballot, Patience};
pub use text::{MAX_TEXT_CHARS, PlateText, ShortText, distance};

use align::{Column, Step, align};

/// Distinct texts of one vehicle that are counted; the lightest makes room.
pub const MAX_CANDIDATES: usize = 16;

/// What a read weighs that nobody is confident of, so that recognisers without a confidence have a majority too.
const LEAST_WEIGHT: f32 = 0.05;

/// A read that shares little with the others says little about this plate, but a tenth of its weight stays.
const LEAST_AGREEMENT: f32 = 0.1;

/// A read with one wrong character in six still has its full weight.
const AGREEMENT_SLACK: f32 = 1.2;

/// One text that was read as it stands.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    text: PlateText,
    reads: u32,
    confidence_sum: f64,
}

/// The vote on one vehicle's text.
#[derive(Clone, Debug)]
pub struct TextVote {
    columns: Vec<Column>,
    candidates: Vec<Candidate>,
    said: PlateText,
    reads: u32,
    weight: f32,
    first_mono_ns: i64,
}

/// What a read weighs.
#[must_use]
pub fn weight(confidence: f64) -> f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a confidence needs no more than 24 bits"
    )]
    let confidence = confidence as f32;
    confidence.max(LEAST_WEIGHT)
}

impl TextVote {
    /// A vote without reads. Nothing is allocated before the first read, and nothing after it.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            columns: Vec::new(),
            candidates: Vec::new(),
            said: PlateText::EMPTY,
            reads: 0,
            weight: 0.0,
            first_mono_ns: 0,
        }
    }

    /// Takes one read in. `text` is not empty; `confidence` lies in 0..=1.
    pub fn add(&mut self, text: &PlateText, confidence: f64, mono_ns: i64) {
        if self.reads == 0 {
            self.columns.reserve_exact(MAX_COLUMNS);
            self.candidates.reserve_exact(MAX_CANDIDATES);
            self.first_mono_ns = mono_ns;
        }
        self.count(text, confidence);
        let weight = weight(confidence);
        let added = if *text == self.said {
            self.agree(weight, mono_ns)
        } else {
            self.vote(text, weight, mono_ns)
        };
        self.reads = self.reads.saturating_add(1);
        self.weight += added;
    }

    /// A read of the very text that is reported needs no alignment.
    fn agree(&mut self, weight: f32, mono_ns: i64) -> f32 {
        for column in &mut self.columns {
            column.cast_for_said(weight, mono_ns);
        }
        weight
    }

    fn vote(&mut self, text: &PlateText, weight: f32, mono_ns: i64) -> f32 {
        self.make_room();
        let chars = text.chars();
        let path = align(&self.columns, chars);
        let longer = chars.len().max(self.said.chars().len()).max(1);
        #[expect(clippy::cast_precision_loss, reason = "at most 64")]
        let agreement = AGREEMENT_SLACK * (1.0 - path.cost / longer as f32);
        let weight = if self.reads == 0 {
            weight
        } else {
            weight * agreement.clamp(LEAST_AGREEMENT, 1.0)
        };
        // From the end, so that an inserted column moves none that is still to come.
        let (mut column, mut char_at) = (self.columns.len(), chars.len());
        while column > 0 || char_at > 0 {
            let step = path.step(column, char_at);
            if step != Step::Insert {
                column -= 1;
            }
            if step != Step::Skip {
                char_at -= 1;
            }
            let read = if step == Step::Skip {
                None
            } else {
                chars.get(char_at).copied()
            };
            if step == Step::Insert {
                self.insert_column(column, read, weight, mono_ns);
            } else if let Some(column) = self.columns.get_mut(column) {
                column.cast(read, weight, mono_ns);
            }
        }
        weight
    }

    /// A column that the reads before had nothing in.
    fn insert_column(&mut self, at: usize, read: Option<char>, weight: f32, mono_ns: i64) {
        if self.columns.len() >= MAX_COLUMNS {
            return;
        }
        let mut column = Column::new(None);
        if self.reads > 0 {
            column.cast_many(None, self.weight, self.reads, self.first_mono_ns, mono_ns);
        }
        column.cast(read, weight, mono_ns);
        self.columns.insert(at, column);
    }

    /// Lets go of columns that hold nothing of the reported text, the lightest first.
    fn make_room(&mut self) {
        while self.columns.len() > MAX_TEXT_CHARS {
            let idle = self
                .columns
                .iter()
                .enumerate()
                .filter(|(_, column)| column.said().is_none());
            let Some((at, _)) = idle.min_by(|(_, a), (_, b)| a.doubt().total_cmp(&b.doubt()))
            else {
                return;
            };
            self.columns.remove(at);
        }
    }

    fn count(&mut self, text: &PlateText, confidence: f64) {
        if let Some(known) = self
            .candidates
            .iter_mut()
            .find(|candidate| candidate.text == *text)
        {
            known.reads = known.reads.saturating_add(1);
            known.confidence_sum += confidence;
            return;
        }
        let new = Candidate {
            text: *text,
            reads: 1,
            confidence_sum: confidence,
        };
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(new);
            return;
        }
        let said = self.said;
        let others = self
            .candidates
            .iter_mut()
            .filter(|candidate| candidate.text != said);
        if let Some(lightest) = others.min_by(|a, b| a.confidence_sum.total_cmp(&b.confidence_sum))
        {
            *lightest = new;
        }
    }

    /// Says the leading character of every column, however few reads it has: what is reported first.
    pub fn say_best(&mut self) {
        for column in &mut self.columns {
            column.say_best();
        }
        self.spell();
    }

    /// Takes over what has changed for good. True when the text is another one now.
    pub fn settle(&mut self, patience: Patience) -> bool {
        let mut changed = false;
        for column in &mut self.columns {
            changed |= column.settle(patience);
        }
        changed && self.spell()
    }

    /// No more reads will come: what leads with two agreeing reads is taken over.
    pub fn close(&mut self) -> bool {
        self.settle(Patience {
            reads: 2,
            after_ns: i64::MAX,
        })
    }

    fn spell(&mut self) -> bool {
        let mut said = PlateText::EMPTY;
        for char in self.columns.iter().filter_map(Ballot::said) {
            said.push(char);
        }
        let changed = said != self.said;
        self.said = said;
        changed
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

    /// Reads equal to the reported text, and their mean confidence.
    #[must_use]
    pub fn equal_reads(&self) -> (u32, f64) {
        let equal = self
            .candidates
            .iter()
            .find(|candidate| candidate.text == self.said);
        equal.map_or((0, 0.0), |found| {
            (found.reads, found.confidence_sum / f64::from(found.reads))
        })
    }

    /// Mean confidence of the reads equal to the reported text. Where no single read gave it: the mean, over its
    /// characters, of what the reads with that character weigh.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let (reads, mean) = self.equal_reads();
        if reads > 0 {
            return mean;
        }
        let spelled = self.columns.iter().filter(|column| column.said().is_some());
        let (count, sum) = spelled.fold((0_u32, 0.0), |(n, sum), column| {
            (n + 1, sum + column.said_mean_weight())
        });
        if count == 0 {
            0.0
        } else {
            f64::from(sum) / f64::from(count)
        }
    }
}

impl Default for TextVote {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
