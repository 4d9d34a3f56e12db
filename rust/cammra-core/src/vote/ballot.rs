//! A weighted majority among few values, with one that is reported.

use super::weighing::{LEAD, MEMORY};

/// When a change counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// At this many agreeing reads,
    pub reads: u32,
    /// or at the first agreeing read this long after the value appeared.
    pub after_ns: i64,
}

impl Patience {
    /// Whether a value has shown itself long or often enough.
    #[must_use]
    pub const fn has_seen(self, reads: u32, first_mono_ns: i64, last_mono_ns: i64) -> bool {
        reads >= self.reads || last_mono_ns.saturating_sub(first_mono_ns) >= self.after_ns
    }
}

#[derive(Clone, Copy, Debug)]
struct Choice<T> {
    value: T,
    weight: f32,
    reads: u32,
    first_mono_ns: i64,
    last_mono_ns: i64,
}

/// The values that reads gave, at most `N`, and the one that is reported (`nothing` until something is).
#[derive(Clone, Copy, Debug)]
pub struct Ballot<T, const N: usize> {
    choices: [Option<Choice<T>>; N],
    said: T,
    total: f32,
}

impl<T: Copy + PartialEq, const N: usize> Ballot<T, N> {
    /// A ballot without reads that reports `nothing`.
    #[must_use]
    pub const fn new(nothing: T) -> Self {
        Self {
            choices: [None; N],
            said: nothing,
            total: 0.0,
        }
    }

    /// One read's vote.
    pub fn cast(&mut self, value: T, weight: f32, mono_ns: i64) {
        self.total += weight;
        let mut known = self.choices.iter_mut().flatten();
        if let Some(choice) = known.find(|choice| choice.value == value) {
            choice.weight += weight;
            choice.reads = choice.reads.saturating_add(1);
            choice.last_mono_ns = mono_ns;
        } else {
            self.add(Choice {
                value,
                weight,
                reads: 1,
                first_mono_ns: mono_ns,
                last_mono_ns: mono_ns,
            });
        }
        if self.total > MEMORY {
            self.total /= 2.0;
            for choice in self.choices.iter_mut().flatten() {
                choice.weight /= 2.0;
            }
        }
    }

    /// Takes in all votes of another ballot.
    pub fn absorb(&mut self, other: &Self) {
        for new in other.choices.iter().flatten() {
            let mut known = self.choices.iter_mut().flatten();
            self.total += new.weight;
            if let Some(choice) = known.find(|choice| choice.value == new.value) {
                choice.weight += new.weight;
                choice.reads = choice.reads.saturating_add(new.reads);
                choice.first_mono_ns = choice.first_mono_ns.min(new.first_mono_ns);
                choice.last_mono_ns = choice.last_mono_ns.max(new.last_mono_ns);
            } else {
                self.add(*new);
            }
        }
    }

    fn add(&mut self, new: Choice<T>) {
        let said = self.said;
        if let Some(place) = self.choices.iter_mut().find(|place| place.is_none()) {
            *place = Some(new);
            return;
        }
        let others = self
            .choices
            .iter_mut()
            .flatten()
            .filter(|choice| choice.value != said);
        if let Some(lightest) = others.min_by(|a, b| a.weight.total_cmp(&b.weight)) {
            self.total -= lightest.weight;
            *lightest = new;
        }
    }

    fn find(&self, value: T) -> Option<&Choice<T>> {
        self.choices
            .iter()
            .flatten()
            .find(|choice| choice.value == value)
    }

    /// The heaviest value; of equals the one that came first.
    fn best(&self) -> Option<&Choice<T>> {
        let heavier = |a: &&Choice<T>, b: &&Choice<T>| a.weight.total_cmp(&b.weight);
        self.choices.iter().flatten().rev().max_by(heavier)
    }

    /// What is reported.
    #[must_use]
    pub const fn said(&self) -> T {
        self.said
    }

    /// Reports the heaviest value.
    pub fn say_best(&mut self) {
        if let Some(best) = self.best() {
            self.said = best.value;
        }
    }

    /// Reports the heaviest value when it leads clearly and has shown itself long or often enough. True when that is
    /// another one than before.
    pub fn settle(&mut self, patience: Patience) -> bool {
        let Some(best) = self.best() else {
            return false;
        };
        let held = self.find(self.said).map_or(0.0, |choice| choice.weight);
        let ripe = patience.has_seen(best.reads, best.first_mono_ns, best.last_mono_ns);
        if best.value == self.said || best.weight <= held * LEAD || !ripe {
            return false;
        }
        self.said = best.value;
        true
    }
}
