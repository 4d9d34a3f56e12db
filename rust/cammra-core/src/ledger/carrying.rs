//! What outlives a segment: where its last live events lie, and what it alone says of others.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use super::feeding::segment_no;
use super::live::claim;
use super::segments::{MEMORY, Spot};
use crate::log_digest::Digest;
use crate::log_record::{Settlement, State, flag, op};

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
        let events = self.events.iter();
        events
            .filter(|(_, live)| {
                live.spot.segment == segment
                    || (live.needs_pictures()
                        && !images.is_empty()
                        && live.images.as_slice().iter().any(|no| images.contains(no)))
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
        let mut texts = BTreeMap::new();
        for digest in Digest::each(digests).flatten() {
            match digest {
                Digest::Settled(payload) => seqs.extend(
                    Settlement::each(payload)
                        .filter(|settlement| settlement.op != op::OPEN)
                        .map(|settlement| settlement.seq),
                ),
                // An older frame of it may lie elsewhere, and would have it wait again.
                Digest::Event(place, summary) => {
                    texts.insert(summary.head.seq, place);
                }
                _ => {}
            }
        }
        for &seq in texts.keys() {
            let settled = self.settled.get(seq);
            if settled.is_some_and(|settled| settled.spot.segment == segment && !settled.is_text)
                && let Some(older) = self.segments.stale_of(seq, segment)
            {
                let spot = Spot {
                    segment: older,
                    ..Spot::default()
                };
                self.relocate(seq, spot);
                seqs.insert(seq);
            }
        }
        for seq in seqs {
            self.say_now(seq, segment);
        }
        let mut open: Vec<u64> = self.open.values().copied().collect();
        open.sort_unstable();
        self.pending.push_open(&open, self.known.highest().0);
    }

    /// Has the log told how an event stands whose frame is not in this segment.
    fn say_now(&mut self, seq: u64, segment: u32) {
        if let Some(settled) = self.settled.get(seq) {
            if settled.is_text || [segment, MEMORY].contains(&settled.spot.segment) {
                return;
            }
            let number = settled.states.into();
            let why = [0];
            self.pending.push(&Settlement {
                number,
                why: &why,
                ..Settlement::new(op::NOW, seq, 0)
            });
        } else if let Some(live) = self.events.get(seq)
            && live.spot.segment != segment
        {
            let is_stripped = live.has(claim::OPEN) && !live.has(claim::PICTURES_OF_OPEN);
            let flags = if is_stripped { flag::STRIPPED } else { 0 };
            let settlement = Settlement {
                number: self.states(seq).into(),
                utc_ns: flags.into(),
                ..Settlement::new(op::NOW, seq, 0)
            };
            let why = self.deliveries_within(seq, TEXT_BYTES);
            self.pending.push(&Settlement {
                why: &why,
                ..settlement
            });
        }
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
            self.settled.remove(seq);
        }
        self.images.forget_segment(segment, &mut self.segments);
        self.segments.forget(segment);
    }

    /// These events are erased: who waits for them waits no longer, and no vehicle is open by them. Returns event and
    /// profile of what waited or was parked.
    pub fn erase(&mut self, seqs: &[u64]) -> Vec<(u64, u32)> {
        let mut waited = Vec::new();
        for &seq in seqs {
            self.erase_one(seq, &mut waited);
        }
        waited
    }

    pub(super) fn erase_one(&mut self, seq: u64, waited: &mut Vec<(u64, u32)>) {
        let profiles: Vec<u32> = self.queues.keys().copied().collect();
        for profile in profiles {
            if self.change(seq, profile, |entry, _| entry.state = State::Dropped) {
                waited.push((seq, profile));
            }
        }
        let car_id = self.known.car_of(seq);
        if self.open.get(&car_id) == Some(&seq) {
            self.close(car_id);
        }
    }
}
