//! How an event comes in, changes, and goes.

use super::Ledger;
use super::live::{ImageNos, Live, Settled, claim};
use super::queues::{Entry, Note, entry_of};
use super::segments::{MEMORY, Spot};
use crate::event::EventKind;
use crate::log_record::{State, Summary, flag};

/// Bits that an event without deliveries may bring along.
const SETTLED_BITS: u8 = State::Delivered as u8 | State::Expired as u8 | State::Dropped as u8;

impl Ledger {
    /// Takes in an event as a frame tells it, in place of what was known of it.
    pub(super) fn admit(&mut self, spot: Spot, summary: &Summary<'_>) {
        let head = summary.head;
        let seq = head.seq;
        let last = self.known.last_of(head.vehicle);
        let is_newest = last.is_none_or(|last| last <= seq);
        self.withdraw(seq, spot.segment);
        let mut live = Live {
            stored_ns: head.stored_ns,
            images: ImageNos::new(summary.images),
            spot,
            unsettled: 0,
            kind: head.kind,
            claims: 0,
        };
        for delivery in summary.deliveries.iter() {
            let (entry, note) = entry_of(&delivery);
            let was = self.put_delivery(seq, delivery.profile, entry, note);
            live.unsettled += u16::from(!entry.is_settled());
            live.unsettled -= u16::from(was.is_some_and(|(entry, _)| !entry.is_settled()));
        }
        self.segments.count_text(spot, true);
        self.segments.count_live(spot, true);
        if live.unsettled > 0 {
            self.segments.count_unsettled(spot, true);
        }
        self.events.insert(seq, live);
        let events = &self.events;
        let is_live = |seq| events.contains(seq);
        self.known
            .note(seq, head.id, head.vehicle, head.car_id, is_live);
        self.join_vehicle(head.car_id, seq, head.kind);
        let may_open = seq > self.open_until || self.open_listed.contains(&seq);
        if self.open.get(&head.car_id).is_some_and(|&open| open < seq) {
            self.close(head.car_id);
        }
        if is_newest && may_open && !head.has(flag::LAST | flag::PASSED | flag::ERASED) {
            self.open.insert(head.car_id, seq);
            self.set_claim(seq, claim::OPEN, true);
            self.set_claim(seq, claim::PICTURES_OF_OPEN, !head.has(flag::STRIPPED));
        }
        self.refresh(seq);
        if summary.deliveries.is_empty()
            && let Some(settled) = self.settled.get_mut(seq)
        {
            settled.states |= head.states & SETTLED_BITS;
        }
    }

    /// A live event is one of its vehicle's.
    fn join_vehicle(&mut self, car_id: u64, seq: u64, kind: EventKind) {
        self.vehicles.insert(car_id, seq);
        if kind != EventKind::Update {
            return;
        }
        let is_update = |seq: &u64| {
            let live = self.events.get(*seq);
            live.is_some_and(|live| live.kind == EventKind::Update)
        };
        let earlier = self.vehicles.before(car_id, seq).find(is_update);
        let mut later = self.vehicles.from(car_id, seq.saturating_add(1));
        let is_overtaken = later.any(|seq| is_update(&seq));
        drop(later);
        if let Some(earlier) = earlier {
            self.vehicles.set_overtaken(earlier);
        }
        if is_overtaken {
            self.vehicles.set_overtaken(seq);
        }
    }

    /// Nothing is known of an event any more, except its id; a frame in `segment` will tell it anew.
    pub(super) fn withdraw(&mut self, seq: u64, segment: u32) {
        let spot = if let Some(settled) = self.settled.remove(seq) {
            settled.spot
        } else if let Some(live) = self.events.get(seq) {
            let spot = live.spot;
            self.drop_open(seq);
            self.set_claim(seq, claim::PICTURES_OF_DELIVERY, false);
            for queue in self.queues.values_mut() {
                queue.take(seq);
            }
            self.take_live(seq);
            spot
        } else {
            return;
        };
        self.segments.count_text(spot, false);
        if spot.segment != segment {
            self.segments.note_stale(seq, spot);
        }
    }

    /// A frame in another place holds a known event from now on.
    pub(super) fn relocate(&mut self, seq: u64, spot: Spot) {
        let old = if let Some(live) = self.events.get_mut(seq) {
            let old = std::mem::replace(&mut live.spot, spot);
            self.segments.count_live(old, false);
            self.segments.count_live(spot, true);
            if live.unsettled > 0 {
                self.segments.count_unsettled(old, false);
                self.segments.count_unsettled(spot, true);
            }
            old
        } else if let Some(settled) = self.settled.get_mut(seq) {
            std::mem::replace(&mut settled.spot, spot)
        } else {
            return;
        };
        self.segments.count_text(old, false);
        self.segments.count_text(spot, true);
        if old.segment != spot.segment {
            self.segments.note_stale(seq, old);
        }
    }

    /// Changes a delivery that waits or is parked; returns whether there is one.
    pub(super) fn change(
        &mut self,
        seq: u64,
        profile: u32,
        change: impl FnOnce(&mut Entry, &mut Note),
    ) -> bool {
        let queue = self.queues.get_mut(&profile);
        let Some(entry) = queue.and_then(|queue| queue.change(seq, change)) else {
            return false;
        };
        if entry.is_settled() {
            self.count_down(seq);
        }
        self.refresh(seq);
        true
    }

    /// One delivery less waits or is parked.
    pub(super) fn count_down(&mut self, seq: u64) {
        if let Some(live) = self.events.get_mut(seq)
            && live.unsettled > 0
        {
            live.unsettled -= 1;
            if live.unsettled == 0 {
                self.segments.count_unsettled(live.spot, false);
            }
        }
    }

    /// Puts a delivery in its place; returns what was there.
    pub(super) fn put_delivery(
        &mut self,
        seq: u64,
        profile: u32,
        entry: Entry,
        note: Note,
    ) -> Option<(Entry, Note)> {
        let queue = self.queues.entry(profile);
        queue
            .or_insert_with(super::queues::Queue::new)
            .put(seq, entry, note)
    }

    /// After a change: which pictures a live event still needs, whether it was tried, and whether it is live.
    pub(super) fn refresh(&mut self, seq: u64) {
        let queues = self.queues.values();
        let entries = queues.filter_map(|queue| queue.unsettled(seq));
        let (mut needs_pictures, mut is_wanted, mut is_untried) = (false, false, true);
        for entry in entries {
            needs_pictures |= entry.pictures > 0;
            is_wanted = true;
            is_untried &= entry.is_untried();
        }
        self.set_claim(seq, claim::PICTURES_OF_DELIVERY, needs_pictures);
        let Some(live) = self.events.get(seq) else {
            return;
        };
        self.untried.set(seq, live.kind, is_wanted && is_untried);
        if live.unsettled == 0 && !live.has(claim::OPEN) {
            self.retire(seq);
        }
    }

    /// A live event is settled.
    fn retire(&mut self, seq: u64) {
        let mut states = 0;
        for queue in self.queues.values_mut() {
            if let Some((entry, _)) = queue.take(seq) {
                states |= entry.state.bit();
            }
        }
        let Some(live) = self.take_live(seq) else {
            return;
        };
        let spot = live.spot;
        if spot.segment == MEMORY && self.known.is_old(seq) {
            self.segments.count_text(spot, false);
        } else {
            let settled = Settled {
                spot,
                states,
                is_text: false,
            };
            self.settled.insert(seq, settled);
        }
        self.known.release(seq);
    }

    fn take_live(&mut self, seq: u64) -> Option<Live> {
        let live = self.events.remove(seq)?;
        self.vehicles.remove(self.known.car_of(seq), seq);
        self.untried.set(seq, live.kind, false);
        self.segments.count_live(live.spot, false);
        if live.unsettled > 0 {
            self.segments.count_unsettled(live.spot, false);
        }
        Some(live)
    }

    /// A live event needs something from now on, or no longer.
    pub(super) fn set_claim(&mut self, seq: u64, claim: u8, is_needed: bool) {
        let Some(live) = self.events.get_mut(seq) else {
            return;
        };
        if live.has(claim) == is_needed {
            return;
        }
        live.claims ^= claim;
        if claim != claim::OPEN {
            for &no in live.images.as_slice() {
                self.images.count(no, is_needed, &mut self.segments);
            }
        }
    }

    /// A vehicle has said its last, or its last event is another one.
    pub(super) fn close(&mut self, car_id: u64) {
        if let Some(seq) = self.open.remove(&car_id) {
            self.drop_open(seq);
            self.refresh(seq);
        }
    }

    /// An event is no open vehicle's last.
    fn drop_open(&mut self, seq: u64) {
        self.set_claim(seq, claim::PICTURES_OF_OPEN, false);
        self.set_claim(seq, claim::OPEN, false);
        let car_id = self.known.car_of(seq);
        if self.open.get(&car_id) == Some(&seq) {
            self.open.remove(&car_id);
        }
    }

    /// An open vehicle gives up the pictures kept for its Lost; returns its last event if it had any.
    pub(super) fn give_up_pictures(&mut self, car_id: u64) -> Option<u64> {
        let seq = *self.open.get(&car_id)?;
        let had = self.events.get(seq)?.has(claim::PICTURES_OF_OPEN);
        self.set_claim(seq, claim::PICTURES_OF_OPEN, false);
        had.then_some(seq)
    }
}
