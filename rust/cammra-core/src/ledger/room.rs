//! What goes when there is too much.
//!
//! In this order, oldest first, until there is room again and a twentieth more (at most 500 events):
//!
//! 1. what is parked beyond a tenth of the bound (of all profiles together),
//! 2. Updates that a later Update of the same vehicle has overtaken,
//! 3. pictures of Updates, 4. pictures of the others (only where bytes are short),
//! 5. Updates, 6. the other events, 7. what else is parked.
//!
//! An event that was tried, or is in flight, is neither changed nor dropped.

use std::collections::BTreeMap;

use super::queues::{Entry, Queue};
use super::segments::{Held, MEMORY};
use super::{Ledger, Seqs, claim};
use crate::event::EventKind;
use crate::log_record::{Settlement, op};

const MOST_MORE: u64 = 500;
const TO_SPARE: u64 = 20;
const PARKED_SHARE: u64 = 10;

/// Why an event, or a part of it, went without being delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A later Update was there.
    StaleUpdate,
    /// Only the pictures of an Update.
    UpdateImage,
    /// Only the pictures.
    Image,
    /// It was the oldest.
    Overflow,
    /// Too much was parked.
    ParkedOverflow,
    /// Nobody took it in time.
    TooOld,
    /// It is another profile's now.
    Given,
    /// A person did not want it any more.
    Discarded,
    /// A person had its content erased.
    Erased,
}

impl Loss {
    /// The words of `cammra_edge.outbox.Dropped`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::StaleUpdate => "overflow: stale update",
            Self::UpdateImage => "overflow: image of an update",
            Self::Image => "overflow: image",
            Self::Overflow => "overflow: oldest event",
            Self::ParkedOverflow => "overflow: parked",
            Self::TooOld => "too old, and nobody took it",
            Self::Given => "given to another profile",
            Self::Discarded => "discarded by hand",
            Self::Erased => "erased by hand",
        }
    }
}

/// How much may be held. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of events and pictures.
    pub max_bytes: Option<u64>,
    /// How many events.
    pub max_events: Option<u64>,
}

impl Limits {
    fn exceeded(self, held: Held) -> bool {
        self.max_bytes.is_some_and(|most| held.bytes > most)
            || self.max_events.is_some_and(|most| held.events > most)
    }

    /// What to come down to.
    fn eased(self) -> Self {
        let less = |most: u64| most - most.div_ceil(TO_SPARE);
        Self {
            max_bytes: self.max_bytes.map(less),
            max_events: self
                .max_events
                .map(|most| less(most).max(most.saturating_sub(MOST_MORE))),
        }
    }
}

/// How much went, by profile and reason.
type Losses = BTreeMap<(u32, Loss), u64>;

/// One step of the order.
#[derive(Clone, Copy)]
enum Step {
    Drop(Loss),
    Strip(Loss),
}

/// Whom to look at, and how far to come down.
struct Room<'a> {
    limits: Limits,
    in_flight: &'a Seqs,
    profile: Option<u32>,
    only_in_memory: bool,
    losses: Losses,
}

/// Who is asked to go.
#[derive(Clone, Copy)]
enum Who {
    Overtaken,
    Updates,
    Others,
}

impl Ledger {
    /// Lets go of what must go, of all profiles or only of what one has waiting, or only of what is only in memory; returns
    /// how many deliveries of each profile lost what.
    pub fn make_room(
        &mut self,
        limits: Limits,
        in_flight: &Seqs,
        profile: Option<u32>,
        only_in_memory: bool,
    ) -> Vec<(u32, Loss, u64)> {
        let mut room = Room {
            limits,
            in_flight,
            profile,
            only_in_memory,
            losses: Losses::new(),
        };
        if limits.exceeded(self.held_in(&room)) {
            room.limits = limits.eased();
            self.make(&mut room);
        }
        let losses = room.losses.into_iter();
        losses
            .map(|((profile, loss), count)| (profile, loss, count))
            .collect()
    }

    fn make(&mut self, room: &mut Room<'_>) {
        let share = room.limits.max_events.unwrap_or(0) / PARKED_SHARE;
        self.let_parked_go(room, usize::try_from(share).unwrap_or(usize::MAX));
        self.let_go(room, Who::Overtaken, Step::Drop(Loss::StaleUpdate));
        let most_bytes = room.limits.max_bytes;
        if most_bytes.is_some_and(|most| self.held_in(room).bytes > most) {
            self.let_go(room, Who::Updates, Step::Strip(Loss::UpdateImage));
            self.let_go(room, Who::Others, Step::Strip(Loss::Image));
        }
        self.let_go(room, Who::Updates, Step::Drop(Loss::Overflow));
        self.let_go(room, Who::Others, Step::Drop(Loss::Overflow));
        self.let_parked_go(room, 0);
    }

    fn held_in(&self, room: &Room<'_>) -> Held {
        match room.profile {
            None => self.held_now(room.only_in_memory),
            Some(profile) => self
                .queues
                .get(&profile)
                .map_or_else(Held::default, |queue| Held {
                    bytes: queue.total_waiting.bytes,
                    events: queue.total_waiting.events,
                }),
        }
    }

    fn is_too_much(&self, room: &Room<'_>) -> bool {
        room.limits.exceeded(self.held_in(room))
    }

    /// Lets go of one after the other until there is room.
    fn let_go(&mut self, room: &mut Room<'_>, who: Who, step: Step) {
        let mut from = Some(0);
        while self.is_too_much(room)
            && let Some(seq) = from.and_then(|from| self.next(room, who, from))
        {
            from = seq.checked_add(1);
            if room.in_flight.contains(&seq) || !self.is_asked(room, who, seq) {
                continue;
            }
            match step {
                Step::Drop(loss) => self.let_event_go(room, seq, loss),
                Step::Strip(loss) => self.let_pictures_go(room, seq, loss),
            }
        }
    }

    /// Lets go of what is parked, but for so many events.
    fn let_parked_go(&mut self, room: &mut Room<'_>, kept: usize) {
        if room.profile.is_some() || !self.is_too_much(room) {
            return;
        }
        let mut seqs = self.parked_seqs(room, kept);
        seqs.truncate(seqs.len().saturating_sub(kept));
        for seq in seqs {
            if !self.is_too_much(room) {
                return;
            }
            if !room.in_flight.contains(&seq) {
                self.let_event_go(room, seq, Loss::ParkedOverflow);
            }
        }
    }

    // ---- who is asked to go ----

    /// The first one from a number on that may be asked.
    fn next(&self, room: &Room<'_>, who: Who, from: u64) -> Option<u64> {
        match (who, room.profile) {
            (Who::Overtaken, _) => self.vehicles.next_overtaken(from),
            (_, Some(profile)) => self.queues.get(&profile)?.next_untried(from),
            (Who::Updates, None) => self.untried.next(true, from),
            (Who::Others, None) => self.untried.next(false, from),
        }
    }

    fn is_asked(&self, room: &Room<'_>, who: Who, seq: u64) -> bool {
        let Some(live) = self.events.get(seq) else {
            return false;
        };
        if room.only_in_memory && live.spot.segment != MEMORY {
            return false;
        }
        let is_update = live.kind == EventKind::Update;
        match who {
            Who::Updates => is_update,
            Who::Others => !is_update,
            Who::Overtaken => self.is_untried(room, seq) && self.is_overtaken(room, seq),
        }
    }

    fn is_untried(&self, room: &Room<'_>, seq: u64) -> bool {
        let mut unsettled = self.unsettled(room, seq).peekable();
        unsettled.peek().is_some() && unsettled.all(|(_, entry)| entry.is_untried())
    }

    fn is_overtaken(&self, room: &Room<'_>, seq: u64) -> bool {
        let car_id = self.known.car_of(seq);
        let mut later = self.vehicles.from(car_id, seq.saturating_add(1));
        later.any(|later| {
            let live = self.events.get(later);
            live.is_some_and(|live| {
                live.kind == EventKind::Update
                    && (!room.only_in_memory || live.spot.segment == MEMORY)
            }) && self.unsettled(room, later).next().is_some()
        })
    }

    /// An event's deliveries that wait or are parked, as far as they are looked at.
    fn unsettled(&self, room: &Room<'_>, seq: u64) -> impl Iterator<Item = (u32, &Entry)> {
        let only = room.profile;
        let queues = self.queues.iter();
        queues
            .filter(move |(number, _)| only.is_none_or(|only| **number == only))
            .filter_map(move |(&number, queue)| Some((number, queue.unsettled(seq)?)))
    }

    /// The parked events that are looked at, unless they are not more than so many.
    fn parked_seqs(&self, room: &Room<'_>, kept: usize) -> Vec<u64> {
        let queues = self.queues.values();
        if queues.clone().map(Queue::parked_count).sum::<usize>() <= kept {
            return Vec::new();
        }
        let mut seqs: Vec<u64> = queues
            .flat_map(|queue| queue.parked_from(0).map(|(seq, _)| seq))
            .filter(|&seq| {
                let live = self.events.get(seq);
                !room.only_in_memory || live.is_some_and(|live| live.spot.segment == MEMORY)
            })
            .collect();
        seqs.sort_unstable();
        seqs.dedup();
        seqs
    }

    // ---- letting go ----

    fn profiles_of(&self, room: &Room<'_>, seq: u64) -> Vec<u32> {
        let unsettled = self.unsettled(room, seq);
        unsettled.map(|(profile, _)| profile).collect()
    }

    fn let_event_go(&mut self, room: &mut Room<'_>, seq: u64, loss: Loss) {
        let car_id = self.known.car_of(seq);
        for profile in self.profiles_of(room, seq) {
            self.drop_delivery(seq, profile, loss.words().as_bytes());
            *room.losses.entry((profile, loss)).or_default() += 1;
        }
        self.unhold(car_id);
    }

    /// Its pictures go, or one profile's claim on them.
    fn let_pictures_go(&mut self, room: &mut Room<'_>, seq: u64, loss: Loss) {
        let car_id = self.known.car_of(seq);
        for profile in self.profiles_of(room, seq) {
            let Some((size, carried)) = self.size_and_carried(seq, profile) else {
                continue;
            };
            self.say(&Settlement {
                number: u64::from(size).saturating_sub(carried),
                ..Settlement::new(op::STRIPPED, seq, profile)
            });
            if carried > 0 {
                *room.losses.entry((profile, loss)).or_default() += 1;
            }
            let live = self.events.get(seq);
            if live.is_some_and(|live| !live.has(claim::PICTURES_OF_DELIVERY)) {
                self.unhold(car_id);
            }
        }
    }

    /// A delivery's size, and how much of it are pictures that are still there; nothing where it has none.
    fn size_and_carried(&self, seq: u64, profile: u32) -> Option<(u32, u64)> {
        let entry = self.queues.get(&profile)?.unsettled(seq)?;
        if entry.pictures == 0 {
            return None;
        }
        let nos = self.events.get(seq)?.images.as_slice();
        if nos.iter().all(|&no| no == 0) {
            return None;
        }
        let carried = entry.carried(nos).map(|no| self.images.bytes(no)).sum();
        Some((entry.size, carried))
    }

    /// An open vehicle gives up the pictures kept for its Lost.
    fn unhold(&mut self, car_id: u64) {
        if let Some(seq) = self.give_up_pictures(car_id) {
            self.pending.push(&Settlement::new(op::UNHELD, seq, 0));
        }
    }

    /// Drops what waits and was stored before then, but what is in flight; returns how many of each profile.
    pub fn drop_older(&mut self, stored_before_ns: u64, in_flight: &Seqs) -> Vec<(u32, u64)> {
        let mut counts = Vec::new();
        let profiles: Vec<u32> = self.queues.keys().copied().collect();
        for profile in profiles {
            let waiting = self.waiting_seqs(profile);
            let mut count = 0;
            for seq in waiting {
                let live = self.events.get(seq);
                if live.is_some_and(|live| live.stored_ns < stored_before_ns)
                    && !in_flight.contains(&seq)
                    && self.drop_delivery(seq, profile, Loss::TooOld.words().as_bytes())
                {
                    count += 1;
                }
            }
            if count > 0 {
                counts.push((profile, count));
            }
        }
        counts
    }

    fn waiting_seqs(&self, profile: u32) -> Vec<u64> {
        let queue = self.queues.get(&profile).into_iter();
        queue.flat_map(|queue| queue.waiting_from(0)).collect()
    }
}
