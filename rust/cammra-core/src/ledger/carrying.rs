//! What outlives a segment: where its last live events lie, and what it alone says of others.

use std::collections::BTreeSet;

use super::feeding::segment_no;
use super::segments::MEMORY;
use super::{Ledger, Loss};
use crate::log_digest::Digest;
use crate::log_record::{Settlement, op};

/// A text of a settlement is no longer.
const TEXT_BYTES: usize = u16::MAX as usize;

impl Ledger {
    /// The live events whose frame, or an image that they need, lies in a segment; 0: only in memory.
    #[must_use]
    pub fn live_in(&self, segment: u64) -> Vec<u64> {
        let Ok(segment) = u32::try_from(segment) else {
            return Vec::new();
        };
        if self.segments.of(segment).live_bytes == 0 {
            return Vec::new();
        }
        let images = self.images.needed_in(segment);
        // Most images are older or younger than all of these.
        let range = images.first().zip(images.last());
        let is_there = |no: &u64| {
            range.is_some_and(|(first, last)| first <= no && no <= last) && images.contains(no)
        };
        let events = self.events.iter();
        events
            .filter(|(_, live)| {
                live.spot.segment == segment
                    || (live.needs_pictures() && live.images.as_slice().iter().any(is_there))
            })
            .map(|(seq, _)| seq)
            .collect()
    }

    /// Has the log told anew what only this segment says of events elsewhere, and which vehicles are open. Before a segment
    /// is forgotten, its live events are copied, then this is written and flushed.
    pub fn carry(&mut self, segment: u64, digests: &[u8]) {
        let Ok(segment) = segment_no(segment) else {
            return;
        };
        let mut seqs = BTreeSet::new();
        for digest in Digest::each(digests).flatten() {
            match digest {
                Digest::Settled(payload) => seqs.extend(
                    Settlement::each(payload)
                        .filter(|settlement| settlement.op != op::OPEN)
                        .map(|settlement| settlement.seq),
                ),
                // An older frame of it may lie elsewhere, and would have it wait again.
                Digest::Event(_, summary) => drop(seqs.insert(summary.head.seq)),
                _ => {}
            }
        }
        for seq in seqs {
            self.say_now(seq, segment);
        }
        let mut open: Vec<u64> = self.open.values().copied().collect();
        open.sort_unstable();
        self.pending.push_open(&open, self.known.highest().0);
    }

    /// Has the log told how an event stands of which a frame lies elsewhere than in this segment.
    fn say_now(&mut self, seq: u64, segment: u32) {
        let is_elsewhere = if let Some(settled) = self.settled.get(seq) {
            let is_here = [segment, MEMORY].contains(&settled.spot.segment);
            !settled.is_text && (!is_here || self.segments.stale_of(seq, segment).is_some())
        } else {
            let live = self.events.get(seq);
            live.is_some_and(|live| live.spot.segment != segment)
        };
        if !is_elsewhere {
            return;
        }
        let deliveries = self.deliveries_within(seq, TEXT_BYTES);
        self.pending.push(&Settlement {
            number: self.states(seq).into(),
            utc_ns: self.flags(seq).into(),
            why: &deliveries,
            ..Settlement::new(op::NOW, seq, 0)
        });
    }

    /// An event's deliveries in so many bytes at most, if need be without the texts of parked ones.
    fn deliveries_within(&self, seq: u64, most: usize) -> Vec<u8> {
        let deliveries = self.deliveries_of(seq);
        if deliveries.len() <= most {
            return deliveries;
        }
        let bare: Vec<_> = self
            .deliveries_at(seq)
            .map(|mut delivery| {
                delivery.why = &[];
                delivery.words = &[];
                delivery
            })
            .collect();
        let mut out = Vec::new();
        crate::log_record::put_deliveries(&mut out, bare.into_iter());
        out
    }

    /// A segment is gone, with what was settled in it.
    pub fn forget_segment(&mut self, segment: u64) {
        let Ok(segment) = segment_no(segment) else {
            return;
        };
        let settled = self.settled.iter();
        let gone: Vec<u64> = settled
            .filter(|(_, settled)| settled.spot.segment == segment)
            .map(|(seq, _)| seq)
            .collect();
        for seq in gone {
            let older = self.segments.stale_of(seq, segment);
            if let Some(settled) = self.settled.get_mut(seq)
                && let Some(spot) = older.filter(|_| !settled.is_text)
            {
                settled.spot = spot;
                self.segments.count_text(spot, true);
            } else {
                self.settled.remove(seq);
            }
        }
        self.images.forget_segment(segment, &mut self.segments);
        self.segments.forget(segment);
    }

    /// These events are erased: who waits for them waits no longer, and no vehicle is open by them. Returns event and
    /// profile of what waited or was parked.
    pub fn erase(&mut self, seqs: &[u64]) -> Vec<(u64, u32)> {
        let mut unsettled = Vec::new();
        for &seq in seqs {
            let profiles = self.queues.keys().copied();
            for profile in profiles.collect::<Vec<_>>() {
                if self.drop_delivery(seq, profile, Loss::Erased.words().as_bytes()) {
                    unsettled.push((seq, profile));
                }
            }
            let car_id = self.known.car_of(seq);
            if self.open.get(&car_id) == Some(&seq) {
                self.close(car_id);
            }
        }
        unsettled
    }
}
