//! Live events that nobody has tried to deliver: those that may go when there is too much.

use super::numbered::Numbered;
use crate::event::EventKind;

/// By their numbers.
#[derive(Clone, Debug)]
pub(super) struct Untried {
    updates: Numbered<()>,
    others: Numbered<()>,
}

impl Untried {
    pub(super) const fn new() -> Self {
        Self {
            updates: Numbered::new(),
            others: Numbered::new(),
        }
    }

    /// Whether an event belongs here, from now on.
    pub(super) fn set(&mut self, seq: u64, kind: EventKind, belongs: bool) {
        let seqs = if kind == EventKind::Update {
            &mut self.updates
        } else {
            &mut self.others
        };
        if seqs.contains(seq) == belongs {
            return;
        }
        if belongs {
            seqs.insert(seq, ());
        } else {
            seqs.remove(seq);
        }
    }

    /// The first one from a number on: of the Updates, or of the others.
    pub(super) fn next(&self, updates: bool, from: u64) -> Option<u64> {
        let seqs = if updates { &self.updates } else { &self.others };
        seqs.from(from).next().map(|(seq, ())| seq)
    }
}
