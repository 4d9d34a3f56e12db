//! What becomes of deliveries. Each change is pending until a group takes it along.

use super::queues::{attempts_of, entry_of};
use super::segments::Held;
use super::{Ledger, claim};
use crate::log_record::{Deliveries, Settlement, State, flag, op};

impl Ledger {
    /// The receiver has it.
    pub fn done(&mut self, seq: u64, profile: u32) -> bool {
        self.settle(op::DELIVERED, seq, profile, &[])
    }

    /// It became too old.
    pub fn expire(&mut self, seq: u64, profile: u32) -> bool {
        self.settle(op::EXPIRED, seq, profile, &[])
    }

    /// It goes without being delivered.
    pub fn drop_delivery(&mut self, seq: u64, profile: u32, why: &[u8]) -> bool {
        self.settle(op::DROPPED, seq, profile, why)
    }

    fn settle(&mut self, op: u8, seq: u64, profile: u32, why: &[u8]) -> bool {
        self.say(&Settlement {
            why,
            ..Settlement::new(op, seq, profile)
        })
    }

    /// So many tries were made.
    pub fn set_attempts(&mut self, seq: u64, profile: u32, attempts: u32) -> bool {
        self.say(&Settlement {
            number: attempts.into(),
            ..Settlement::new(op::ATTEMPTS, seq, profile)
        })
    }

    /// Changes the ledger, and has the log told; returns whether there was something to change.
    pub(super) fn say(&mut self, settlement: &Settlement<'_>) -> bool {
        let changes = self.replay_settlement(settlement);
        if changes {
            self.pending.push(settlement);
        }
        changes
    }

    /// What became of an event; returns whether that changes anything.
    pub(super) fn replay_settlement(&mut self, settlement: &Settlement<'_>) -> bool {
        let Settlement { seq, profile, .. } = *settlement;
        match settlement.op {
            op::DELIVERED => self.set_state(seq, profile, State::Delivered),
            op::EXPIRED => self.set_state(seq, profile, State::Expired),
            op::DROPPED => self.set_state(seq, profile, State::Dropped),
            op::PARKED => self.change(seq, profile, |entry, note| {
                entry.state = State::Parked;
                entry.attempts = attempts_of(settlement.number);
                note.utc_ns = settlement.utc_ns;
                note.why = settlement.why.into();
                note.words = settlement.words.into();
            }),
            op::ATTEMPTS => self.change(seq, profile, |entry, _| {
                entry.attempts = attempts_of(settlement.number);
            }),
            op::UNPARKED => self.set_state(seq, profile, State::Waiting),
            op::GIVEN => self.move_delivery(settlement),
            op::STRIPPED => self.change(seq, profile, |entry, _| {
                entry.pictures = 0;
                entry.size = u32::try_from(settlement.number).unwrap_or(entry.size);
            }),
            op::UNHELD => {
                let car_id = self.known.car_of(seq);
                self.open.get(&car_id) == Some(&seq) && self.give_up_pictures(car_id).is_some()
            }
            op::NOW => self.set_all(settlement),
            op::OPEN => self.close_others(settlement),
            _ => false,
        }
    }

    fn set_state(&mut self, seq: u64, profile: u32, state: State) -> bool {
        self.change(seq, profile, |entry, _| entry.state = state)
    }

    /// How an event stands in all; what is known of it is what was said before.
    fn set_all(&mut self, settlement: &Settlement<'_>) -> bool {
        let seq = settlement.seq;
        if let Some(settled) = self.settled.get_mut(seq) {
            if !settled.is_text {
                settled.states = u8::try_from(settlement.number).unwrap_or(settled.states);
            }
            return true;
        }
        let Ok(deliveries) = Deliveries::parse(settlement.why) else {
            return false;
        };
        if !self.events.contains(seq) {
            return false;
        }
        for queue in self.queues.values_mut() {
            queue.take(seq);
        }
        for delivery in deliveries.iter() {
            let (entry, note) = entry_of(&delivery);
            self.put_delivery(seq, delivery.profile, entry, note);
        }
        let queues = self.queues.values();
        let unsettled = queues.filter_map(|queue| queue.unsettled(seq)).count();
        if let Some(live) = self.events.get_mut(seq) {
            let had_any = live.unsettled > 0;
            live.unsettled = u16::try_from(unsettled).unwrap_or(u16::MAX);
            if had_any != (unsettled > 0) {
                self.segments.count_unsettled(live.spot, !had_any);
            }
        }
        let has = |flag: u8| settlement.utc_ns & u64::from(flag) != 0;
        if has(flag::STRIPPED) {
            self.set_claim(seq, claim::PICTURES_OF_OPEN, false);
        }
        let car_id = self.known.car_of(seq);
        if has(flag::PASSED) && self.open.get(&car_id) == Some(&seq) {
            self.close(car_id);
        }
        self.refresh(seq);
        if let Some(settled) = self.settled.get_mut(seq) {
            settled.states = u8::try_from(settlement.number).unwrap_or(settled.states);
        }
        true
    }

    /// Of these events only those listed are an open vehicle's last.
    fn close_others(&mut self, settlement: &Settlement<'_>) -> bool {
        let range = settlement.number..=settlement.seq;
        let (listed, _) = settlement.why.as_chunks();
        self.open_listed.retain(|seq| !range.contains(seq));
        self.open_listed
            .extend(listed.iter().map(|seq| u64::from_le_bytes(*seq)));
        self.open_until = self.open_until.max(settlement.seq);
        let open = self.open.iter();
        let others: Vec<u64> = open
            .filter(|(_, seq)| range.contains(seq) && !self.open_listed.contains(seq))
            .map(|(&car_id, _)| car_id)
            .collect();
        for car_id in others {
            self.close(car_id);
        }
        true
    }

    /// What is held, in all or only in memory, as bytes and events.
    pub(super) const fn held_now(&self, only_in_memory: bool) -> Held {
        self.segments.held(only_in_memory)
    }
}
