//! The parked deliveries, for a person.

use super::{Ledger, Loss};
use crate::event::EventKind;
use crate::log_record::{EventId, Settlement, State, op};

/// One parked delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parked<'a> {
    /// Whose it is.
    pub profile: u32,
    /// The event.
    pub seq: u64,
    /// The profile's number of it.
    pub packet: u64,
    /// What happened.
    pub kind: EventKind,
    /// Tries made.
    pub attempts: u32,
    /// Why it was parked.
    pub why: &'a [u8],
    /// The receiver's own words.
    pub words: &'a [u8],
    /// When.
    pub utc_ns: u64,
    /// The event's name.
    pub id: EventId,
}

impl Ledger {
    /// Keeps a delivery for a person.
    pub fn park(
        &mut self,
        seq: u64,
        profile: u32,
        attempts: u32,
        utc_ns: u64,
        why: &[u8],
        words: &[u8],
    ) -> bool {
        self.say(&Settlement {
            number: attempts.into(),
            utc_ns,
            why,
            words,
            ..Settlement::new(op::PARKED, seq, profile)
        })
    }

    /// The parked deliveries of one profile, or of all, after one of them, in the order of profile and event.
    pub fn parked(
        &self,
        profile: Option<u32>,
        after: (u32, u64),
    ) -> impl Iterator<Item = Parked<'_>> {
        let queues = self.queues.range(after.0..);
        let queues = queues.filter(move |(number, _)| profile.is_none_or(|only| **number == only));
        queues.flat_map(move |(&profile, queue)| {
            let from = if profile == after.0 {
                after.1.checked_add(1)
            } else {
                Some(0)
            };
            let notes = from.into_iter().flat_map(|from| queue.parked_from(from));
            notes.filter_map(move |(seq, note)| {
                let entry = queue.get(seq)?;
                Some(Parked {
                    profile,
                    seq,
                    packet: entry.packet,
                    kind: self.events.get(seq)?.kind,
                    attempts: entry.attempts.into(),
                    why: &note.why,
                    words: &note.words,
                    utc_ns: note.utc_ns,
                    id: self.known.id_of(seq),
                })
            })
        })
    }

    /// Lets parked deliveries wait again, of one profile or of all, of one event or of all; returns event and profile of
    /// each.
    pub fn unpark(&mut self, profile: Option<u32>, seq: Option<u64>) -> Vec<(u64, u32)> {
        let mut found = self.find_parked(profile, seq);
        found.retain(|&(seq, profile)| self.say(&Settlement::new(op::UNPARKED, seq, profile)));
        found
    }

    /// Drops parked deliveries; otherwise as `unpark`.
    pub fn discard(&mut self, profile: Option<u32>, seq: Option<u64>) -> Vec<(u64, u32)> {
        let mut found = self.find_parked(profile, seq);
        found.retain(|&(seq, profile)| {
            self.drop_delivery(seq, profile, Loss::Discarded.words().as_bytes())
        });
        found
    }

    fn find_parked(&self, profile: Option<u32>, seq: Option<u64>) -> Vec<(u64, u32)> {
        let queues = self.queues.iter();
        let queues = queues.filter(|(number, _)| profile.is_none_or(|only| **number == only));
        let mut found = Vec::new();
        for (&profile, queue) in queues {
            match seq {
                None => found.extend(queue.parked_from(0).map(|(seq, _)| (seq, profile))),
                Some(seq) => {
                    let entry = queue.get(seq);
                    if entry.is_some_and(|entry| entry.state == State::Parked) {
                        found.push((seq, profile));
                    }
                }
            }
        }
        found
    }
}
