//! Country, plate region, make and the like: a weighted majority for each.

use crate::event::Attribute;
use crate::vote::{Ballot, Patience, ShortText};

/// Values of one attribute that compete.
const CHOICES: usize = 3;

/// The majorities of one vehicle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    ballots: [Ballot<ShortText, CHOICES>; Attribute::ALL.len()],
    mmr: Mean,
    colour: Mean,
}

/// A running mean.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count = self.count.saturating_add(1);
        }
    }

    fn absorb(&mut self, other: Self) {
        self.sum += other.sum;
        self.count = self.count.saturating_add(other.count);
    }

    fn get(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// One read's attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeRead<'a> {
    pub(crate) values: [&'a str; Attribute::ALL.len()],
    pub(crate) confidence_mmr: Option<f64>,
    pub(crate) confidence_colour: Option<f64>,
}

impl Attributes {
    pub(crate) const fn new() -> Self {
        Self {
            ballots: [Ballot::new(ShortText::EMPTY); Attribute::ALL.len()],
            mmr: Mean { sum: 0.0, count: 0 },
            colour: Mean { sum: 0.0, count: 0 },
        }
    }

    /// Takes in one read's values; returns how many were too long and had to be cut.
    pub(crate) fn add(&mut self, read: &AttributeRead<'_>, weight: f32, mono_ns: i64) -> u64 {
        let mut cut_values = 0;
        for (ballot, value) in self.ballots.iter_mut().zip(read.values) {
            if value.is_empty() {
                continue;
            }
            let (value, is_cut) = ShortText::cut_from(value);
            cut_values += u64::from(is_cut);
            if !value.is_empty() {
                ballot.cast(value, weight, mono_ns);
            }
        }
        self.mmr.add(read.confidence_mmr);
        self.colour.add(read.confidence_colour);
        cut_values
    }

    /// Takes in what was read of the same vehicle elsewhere.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (ballot, more) in self.ballots.iter_mut().zip(&other.ballots) {
            ballot.absorb(more);
        }
        self.mmr.absorb(other.mmr);
        self.colour.absorb(other.colour);
    }

    pub(crate) fn say_best(&mut self) {
        self.ballots.iter_mut().for_each(Ballot::say_best);
    }

    /// Adopts changes that count, and calls `changed` with each.
    pub(crate) fn settle(&mut self, patience: Patience, mut changed: impl FnMut(Attribute)) {
        for (ballot, attribute) in self.ballots.iter_mut().zip(Attribute::ALL) {
            if ballot.settle(patience) {
                changed(attribute);
            }
        }
    }

    /// No more reads will come: an unknown attribute adopts its best value, any other a value that leads with two reads.
    pub(crate) fn close(&mut self) {
        for ballot in &mut self.ballots {
            if ballot.said().is_empty() {
                ballot.say_best();
            } else {
                ballot.settle(Patience {
                    reads: 2,
                    after_ns: i64::MAX,
                });
            }
        }
    }

    /// The reported values, without the unknown ones.
    pub(crate) fn said(&self) -> Vec<(Attribute, String)> {
        let ballots = Attribute::ALL.iter().zip(&self.ballots);
        ballots
            .filter(|(_, ballot)| !ballot.said().is_empty())
            .map(|(attribute, ballot)| (*attribute, ballot.said().as_str().to_owned()))
            .collect()
    }

    pub(crate) fn confidence_mmr(&self) -> Option<f64> {
        self.mmr.get()
    }

    pub(crate) fn confidence_colour(&self) -> Option<f64> {
        self.colour.get()
    }
}
