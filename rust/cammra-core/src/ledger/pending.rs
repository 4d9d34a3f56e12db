//! What became of deliveries and is not in the log yet, in the order in which it happened.

use std::collections::VecDeque;

use crate::log_record::{Settlement, op};

/// A `why` has room for so many numbers of events, and for more.
const LISTED_AT_ONCE: usize = 4096;

/// Settlements, as their frame will hold them.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    lengths: VecDeque<u32>,
}

impl Pending {
    pub(super) fn push(&mut self, settlement: &Settlement<'_>) {
        let begin = self.bytes.len();
        settlement.put(&mut self.bytes);
        let length = self.bytes.len() - begin;
        self.lengths
            .push_back(u32::try_from(length).unwrap_or_default());
    }

    /// These events are the last ones of all open vehicles; no other event up to `highest` is one.
    pub(super) fn push_open(&mut self, seqs: &[u64], highest: u64) {
        let mut from = 0;
        let mut chunks = seqs.chunks(LISTED_AT_ONCE).peekable();
        loop {
            let chunk = chunks.next().unwrap_or_default();
            let is_last = chunks.peek().is_none();
            let last = chunk.last().copied().unwrap_or_default();
            let to = if is_last { highest.max(last) } else { last };
            let listed: Vec<u8> = chunk.iter().flat_map(|seq| seq.to_le_bytes()).collect();
            self.push(&Settlement {
                number: from,
                why: &listed,
                ..Settlement::new(op::OPEN, to, 0)
            });
            if is_last {
                return;
            }
            from = to.saturating_add(1);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first so many are in the log now.
    pub(super) fn written(&mut self, count: usize) {
        let count = count.min(self.lengths.len());
        let lengths = self.lengths.drain(..count);
        let length: u64 = lengths.map(u64::from).sum();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.bytes.drain(..length.min(self.bytes.len()));
        if self.lengths.is_empty() {
            *self = Self::default();
        }
    }
}
