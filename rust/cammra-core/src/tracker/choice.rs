//! Which of a frame's reads of one track counts.

use super::reads::ReadBatch;

/// One read per track: with a text before without, then the more confident one, then the earlier one.
#[derive(Default)]
pub(super) struct Choice {
    /// Scratch: indices of the reads, by track and rank.
    order: Vec<usize>,
    chosen: Vec<bool>,
}

impl Choice {
    /// Chooses among a frame's reads; returns how many were not chosen.
    pub(super) fn choose(&mut self, batch: &ReadBatch) -> u64 {
        self.chosen.clear();
        self.chosen.resize(batch.len(), true);
        if batch.is_rising() {
            return 0;
        }
        self.order.clear();
        self.order.extend(0..batch.len());
        let rank = |index: &usize| batch.rank(*index);
        self.order.sort_unstable_by(|a, b| {
            let ((a_track, a_text, a_sure), (b_track, b_text, b_sure)) = (rank(a), rank(b));
            let sure = |value: f64| {
                if value.is_nan() {
                    f64::NEG_INFINITY
                } else {
                    value
                }
            };
            (a_track.cmp(&b_track))
                .then(b_text.cmp(&a_text))
                .then(sure(b_sure).total_cmp(&sure(a_sure)))
                .then(a.cmp(b))
        });
        let mut duplicates = 0;
        let mut best_track = None;
        for index in &self.order {
            let track = batch.rank(*index).0;
            if best_track == Some(track) {
                duplicates += 1;
                if let Some(chosen) = self.chosen.get_mut(*index) {
                    *chosen = false;
                }
            }
            best_track = Some(track);
        }
        duplicates
    }

    /// Whether a read is chosen and not done.
    pub(super) fn is_waiting(&self, index: usize) -> bool {
        self.chosen.get(index).copied().unwrap_or(false)
    }

    /// Marks a read as taken in.
    pub(super) fn done(&mut self, index: usize) {
        if let Some(chosen) = self.chosen.get_mut(index) {
            *chosen = false;
        }
    }
}
