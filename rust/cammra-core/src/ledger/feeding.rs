//! What groups and segments tell.

use super::Ledger;
use super::live::Settled;
use super::segments::{MEMORY, Spot};
use crate::error::LogError;
use crate::log_digest::{Digest, Place};
use crate::log_record::{Head, KnownId, Settlement, Summary};

/// The number of a segment, as the ledger keeps it.
pub(super) fn segment_no(segment: u64) -> Result<u32, LogError> {
    u32::try_from(segment)
        .ok()
        .filter(|&segment| segment != MEMORY)
        .ok_or(LogError::Unknown {
            what: "a segment",
            field: "number",
            value: segment,
        })
}

impl Ledger {
    /// A group is on disk. What it says anew of a known event moves the event and changes nothing else: the ledger knows
    /// better, since the group was made before it was written. What it took along of the settlements is pending no longer.
    ///
    /// # Errors
    /// No segment has this number.
    pub fn apply(&mut self, segment: u64, digests: &[u8]) -> Result<(), LogError> {
        let segment = segment_no(segment)?;
        self.segments.see(segment);
        for digest in Digest::each(digests).flatten() {
            match digest {
                Digest::Event(place, summary) => self.apply_event(segment, place, &summary),
                Digest::Settled(payload) => self.pending.written(Settlement::each(payload).count()),
                _ => self.take_in(segment, &digest),
            }
        }
        Ok(())
    }

    fn apply_event(&mut self, segment: u32, place: Place, summary: &Summary<'_>) {
        let Some(spot) = Spot::new(segment, place) else {
            return;
        };
        let seq = summary.head.seq;
        let settled = self.settled.get(seq);
        if settled.is_some_and(|settled| settled.is_text) {
            return;
        }
        if settled.is_some() || self.events.contains(seq) {
            self.relocate(seq, spot);
        } else {
            self.admit(spot, summary);
        }
    }

    /// A group could not be written: its new events are only in memory, and what it took along stays pending.
    pub fn apply_in_memory(&mut self, segment: u64, digests: &[u8]) {
        for digest in Digest::each(digests).flatten() {
            match digest {
                Digest::Event(place, summary) => {
                    let seq = summary.head.seq;
                    if !self.settled.contains(seq) && !self.events.contains(seq) {
                        self.admit(Spot::in_memory(place), &summary);
                    }
                    // Nobody knows how much of the group was written.
                    let segment = segment_no(segment).ok();
                    if let Some(spot) = segment.and_then(|no| Spot::new(no, place)) {
                        self.segments.note_stale(seq, spot);
                    }
                }
                Digest::Image {
                    place,
                    no,
                    jpeg_length,
                    key,
                } if self.images.spot(no).is_none() => {
                    let spot = Spot::in_memory(place);
                    self.images
                        .place(no, spot, jpeg_length, key, &mut self.segments);
                }
                _ => {}
            }
        }
    }

    /// What a segment's frames said, at start; segments in the order of their numbers. `on_state` gets the payload of each
    /// STATE frame; an erasure that was under way is for the caller to do again. Returns how many digests could not be
    /// read.
    ///
    /// # Errors
    /// No segment has this number.
    pub fn replay(
        &mut self,
        segment: u64,
        digests: &[u8],
        on_state: &mut dyn FnMut(&[u8]),
    ) -> Result<usize, LogError> {
        let segment = segment_no(segment)?;
        self.segments.see(segment);
        let mut unreadable = 0;
        for digest in Digest::each(digests) {
            match digest {
                Ok(Digest::Event(place, summary)) => self.replay_event(segment, place, &summary),
                Ok(Digest::Settled(payload)) => {
                    for settlement in Settlement::each(payload) {
                        self.replay_settlement(&settlement);
                    }
                }
                Ok(Digest::State(payload)) => on_state(payload),
                Ok(other) => self.take_in(segment, &other),
                Err(_) => unreadable += 1,
            }
        }
        Ok(unreadable)
    }

    fn replay_event(&mut self, segment: u32, place: Place, summary: &Summary<'_>) {
        let settled = self.settled.get(summary.head.seq);
        if let Some(spot) = Spot::new(segment, place)
            && !settled.is_some_and(|settled| settled.is_text)
        {
            self.admit(spot, summary);
        }
    }

    /// What means the same to the living and to a replay.
    fn take_in(&mut self, segment: u32, digest: &Digest<'_>) {
        match *digest {
            Digest::Image {
                place,
                no,
                jpeg_length,
                key,
            } => {
                if let Some(spot) = Spot::new(segment, place) {
                    self.images
                        .place(no, spot, jpeg_length, key, &mut self.segments);
                }
            }
            Digest::Text(place, summary) => {
                if let Some(spot) = Spot::new(segment, place) {
                    self.take_in_text(spot, &summary.head);
                }
            }
            Digest::Ids(payload) => {
                for known in KnownId::each(payload) {
                    let events = &self.events;
                    let is_live = |seq| events.contains(seq);
                    if !is_live(known.seq) {
                        self.known
                            .note(known.seq, known.id, known.vehicle, known.car_id, is_live);
                    }
                }
            }
            _ => {}
        }
    }

    /// An event's text was copied, which is done when nothing will become of the event any more.
    fn take_in_text(&mut self, spot: Spot, head: &Head) {
        let seq = head.seq;
        self.withdraw(seq, spot.segment);
        self.segments.count_text(spot, true);
        let settled = Settled {
            spot,
            states: head.states,
            is_text: true,
        };
        self.settled.insert(seq, settled);
        let events = &self.events;
        let is_live = |seq| events.contains(seq);
        self.known
            .note(seq, head.id, head.vehicle, head.car_id, is_live);
    }
}
