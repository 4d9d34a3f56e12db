//! One profile's backlog given to another, and profiles that get other numbers.

use super::queues::Queues;
use super::{Ledger, Loss, Seqs};
use crate::log_record::{Settlement, State, op};

/// What became of a profile's backlog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Deliveries that are the other profile's now.
    pub moved: u64,
    /// Those that it wanted anyway, and which went.
    pub dropped: u64,
    /// Of those moved, the parked ones.
    pub parked: u64,
}

impl Ledger {
    /// Moves all that waits or is parked, but what is in flight. Events keep their places, and get the taker's packets from
    /// `next_packet` on. What the taker wanted itself has a number of its own there, and is dropped here.
    pub fn give(&mut self, giver: u32, taker: u32, next_packet: u64, in_flight: &Seqs) -> Given {
        let mut outcome = Given::default();
        if giver == taker {
            return outcome;
        }
        let seqs = self
            .queues
            .get(&giver)
            .map_or_else(Vec::new, super::queues::Queue::seqs);
        for seq in seqs {
            let queue = self.queues.get(&giver);
            let Some(entry) = queue.and_then(|queue| queue.unsettled(seq)) else {
                continue;
            };
            let is_parked = entry.state == State::Parked;
            if in_flight.contains(&seq) {
                continue;
            }
            if self.has_delivery(seq, taker) {
                self.drop_delivery(seq, giver, Loss::Given.words().as_bytes());
                outcome.dropped += 1;
                continue;
            }
            let packet = next_packet.saturating_add(outcome.moved);
            let is_moved = self.say(&Settlement {
                number: packet,
                utc_ns: taker.into(),
                ..Settlement::new(op::GIVEN, seq, giver)
            });
            outcome.moved += u64::from(is_moved);
            outcome.parked += u64::from(is_moved && is_parked);
        }
        outcome
    }

    fn has_delivery(&self, seq: u64, profile: u32) -> bool {
        let queue = self.queues.get(&profile);
        queue.is_some_and(|queue| queue.get(seq).is_some())
    }

    pub(super) fn move_delivery(&mut self, settlement: &Settlement<'_>) -> bool {
        let Settlement { seq, profile, .. } = *settlement;
        let Ok(taker) = u32::try_from(settlement.utc_ns) else {
            return false;
        };
        if taker == profile || self.has_delivery(seq, taker) {
            return false;
        }
        let Some(queue) = self.queues.get_mut(&profile) else {
            return false;
        };
        if queue.unsettled(seq).is_none() {
            return false;
        }
        let Some((mut entry, note)) = queue.take(seq) else {
            return false;
        };
        entry.packet = settlement.number;
        if entry.state == State::Waiting {
            entry.attempts = 0;
        }
        self.put_delivery(seq, taker, entry, note);
        self.refresh(seq);
        true
    }

    /// Profiles get other numbers, all at once: (old, new). Where the new one has a delivery of an event already, that stays.
    pub fn renumber(&mut self, numbers: &[(u32, u32)]) {
        let mut moved = Queues::new();
        for &(old, new) in numbers {
            if let Some(queue) = self.queues.remove(&old) {
                moved.insert(new, queue);
            }
        }
        for (profile, mut queue) in moved {
            let Some(there) = self.queues.remove(&profile) else {
                self.queues.insert(profile, queue);
                continue;
            };
            queue.packet = queue.packet.max(there.packet);
            self.queues.insert(profile, there);
            for seq in queue.seqs() {
                let Some((entry, note)) = queue.take(seq) else {
                    continue;
                };
                if !self.has_delivery(seq, profile) {
                    self.put_delivery(seq, profile, entry, note);
                } else if !entry.is_settled() {
                    self.count_down(seq);
                    self.refresh(seq);
                }
            }
            if let Some(there) = self.queues.get_mut(&profile) {
                there.packet = there.packet.max(queue.packet);
            }
        }
    }
}
