//! All that is known about what the log holds: who waits for what, and where it lies.
//!
//! No text and no picture is here, only where they are. The log is the truth: replaying the digests of its segments, in the
//! order of their numbers, gives the ledger that was there when they were written. What changes meanwhile is told twice: to
//! the ledger at once, and to the log with the next group that takes the pending settlements along.
//! Invariants, each held by the test of that name in `ledger/tests`:
//!
//! 1. Replayed at any moment, what was written gives the same answers (`a_replay_knows_what_the_living_knew`).
//! 2. An event is live as long as somebody waits for it, it is parked, or it is the last of an open vehicle; nothing else is
//!    counted as held (`the_totals_are_those_of_a_recount`).
//! 3. What a segment says of events elsewhere outlives it, once it was carried (`a_forgotten_segment_changes_nothing`).
//! 4. No digest, whatever it holds, ends in a panic (`no_digest_panics`).

mod carrying;
mod feeding;
mod giving;
mod images;
mod keeping;
mod known;
mod live;
mod numbered;
mod parking;
mod pending;
mod queues;
mod room;
mod segments;
mod settling;
#[cfg(test)]
mod tests;
mod untried;
mod vehicles;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::log_digest::Place;
use crate::log_record::{Delivery, EventId, State, flag, put_deliveries};

use images::Images;
use known::Known;
use live::{Live, Settled, claim};
use numbered::Numbered;
use pending::Pending;
use queues::{Queues, delivery_of};
use segments::{Segments, Spot};
use untried::Untried;
use vehicles::Vehicles;

pub use giving::Given;
pub use parking::Parked;
pub use room::{Limits, Loss};
pub use segments::{Held, SegmentUse};

/// Events by their place in the outbox.
pub type Seqs = HashSet<u64>;

/// See the module.
#[derive(Clone, Debug)]
pub struct Ledger {
    events: Numbered<Live>,
    settled: Numbered<Settled>,
    images: Images,
    queues: Queues,
    known: Known,
    vehicles: Vehicles,
    untried: Untried,
    /// The last event of each open vehicle, by the vehicle's number.
    open: BTreeMap<u64, u64>,
    /// Up to here only these may be an open vehicle's last.
    open_until: u64,
    open_listed: BTreeSet<u64>,
    segments: Segments,
    pending: Pending,
}

/// The highest numbers seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Highest {
    /// Of an event.
    pub seq: u64,
    /// Of an image.
    pub image_no: u64,
    /// Of a vehicle.
    pub car_id: u64,
}

/// A delivery that waits, as a queue needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The event.
    pub seq: u64,
    /// The profile's number of it.
    pub packet: u64,
    /// Tries made.
    pub attempts: u32,
    /// The event's vehicle.
    pub car_id: u64,
    /// What happened.
    pub kind: crate::event::EventKind,
    /// Running time when it was stored.
    pub stored_ns: u64,
    /// Bytes of the event and of the pictures that it carries.
    pub size: u32,
    /// Whether it still has pictures.
    pub pictures: u8,
}

/// Where something lies: its segment (0: only in memory), and where in it.
pub type Location = (u32, Place);

fn location(spot: Spot) -> Location {
    let place = Place {
        offset: spot.offset.into(),
        length: spot.length,
    };
    (spot.segment, place)
}

impl Ledger {
    /// Nothing is known yet. Ids and vehicles' numbers are remembered of the last `known_events`.
    #[must_use]
    pub fn new(known_events: u64) -> Self {
        Self {
            events: Numbered::new(),
            settled: Numbered::new(),
            images: Images::new(),
            queues: Queues::new(),
            known: Known::new(known_events),
            vehicles: Vehicles::new(),
            untried: Untried::new(),
            open: BTreeMap::new(),
            open_until: 0,
            open_listed: BTreeSet::new(),
            segments: Segments::default(),
            pending: Pending::default(),
        }
    }

    /// The highest numbers seen.
    #[must_use]
    pub const fn highest(&self) -> Highest {
        let (seq, car_id) = self.known.highest();
        Highest {
            seq,
            image_no: self.images.highest,
            car_id,
        }
    }

    /// The highest packet number of each profile that an event was ever for.
    pub fn packets(&self) -> impl Iterator<Item = (u32, u64)> {
        let queues = self.queues.iter();
        queues.map(|(&profile, queue)| (profile, queue.packet))
    }

    /// Whether an event of this id was put.
    #[must_use]
    pub fn knows(&self, id: &EventId) -> bool {
        self.seq_of(id).is_some()
    }

    /// The place of the event of this id.
    #[must_use]
    pub fn seq_of(&self, id: &EventId) -> Option<u64> {
        self.known.seq_of(id)
    }

    /// The number of a vehicle that was put before.
    #[must_use]
    pub fn car_id(&self, vehicle: u64) -> Option<u64> {
        self.known.car_of_vehicle(vehicle)
    }

    /// The next waiting deliveries of a profile, in order.
    pub fn waiting(&self, profile: u32, after_seq: u64) -> impl Iterator<Item = Waiting> {
        let queue = self.queues.get(&profile);
        let from = after_seq.checked_add(1);
        let seqs = queue.zip(from).into_iter();
        seqs.flat_map(|(queue, from)| queue.waiting_from(from))
            .filter_map(move |seq| self.waiting_at(profile, seq))
    }

    /// A vehicle's waiting deliveries, in order.
    pub fn waiting_of(&self, profile: u32, car_id: u64) -> impl Iterator<Item = Waiting> {
        let seqs = self.vehicles.from(car_id, 0);
        seqs.filter(move |&seq| self.waits(seq, profile))
            .filter_map(move |seq| self.waiting_at(profile, seq))
    }

    fn waiting_at(&self, profile: u32, seq: u64) -> Option<Waiting> {
        let entry = self.queues.get(&profile)?.get(seq)?;
        let live = self.events.get(seq)?;
        Some(Waiting {
            seq,
            packet: entry.packet,
            attempts: entry.attempts.into(),
            car_id: self.known.car_of(seq),
            kind: live.kind,
            stored_ns: live.stored_ns,
            size: entry.size,
            pictures: entry.pictures,
        })
    }

    /// Whether this delivery waits.
    #[must_use]
    pub fn waits(&self, seq: u64, profile: u32) -> bool {
        let queue = self.queues.get(&profile);
        queue.is_some_and(|queue| queue.waits(seq))
    }

    /// A delivery that waits or is parked.
    #[must_use]
    pub fn delivery(&self, seq: u64, profile: u32) -> Option<Delivery<'_>> {
        let queue = self.queues.get(&profile)?;
        let entry = queue.unsettled(seq)?;
        Some(delivery_of(profile, entry, queue.note(seq)))
    }

    /// All deliveries of a live event, settled ones too, as an EVENT frame holds them.
    #[must_use]
    pub fn deliveries_of(&self, seq: u64) -> Vec<u8> {
        let deliveries: Vec<_> = self.deliveries_at(seq).collect();
        let mut out = Vec::new();
        put_deliveries(&mut out, deliveries.into_iter());
        out
    }

    fn deliveries_at(&self, seq: u64) -> impl Iterator<Item = Delivery<'_>> {
        let queues = self.queues.iter();
        queues.filter_map(move |(&profile, queue)| {
            let entry = queue.get(seq)?;
            Some(delivery_of(profile, entry, queue.note(seq)))
        })
    }

    /// What became of an event, as bits of `State`: of a live one, and of a settled one as long as its segment is there.
    #[must_use]
    pub fn states(&self, seq: u64) -> u8 {
        if let Some(settled) = self.settled.get(seq) {
            return settled.states;
        }
        let entries = self.queues.values().filter_map(|queue| queue.get(seq));
        entries.fold(0, |bits, entry| bits | entry.state.bit())
    }

    /// Bits of `log_record::flag` that an EVENT frame copied now must have: how it stands with its open vehicle.
    #[must_use]
    pub fn flags(&self, seq: u64) -> u8 {
        let live = self.events.get(seq);
        let Some(live) = live.filter(|live| live.has(claim::OPEN)) else {
            return flag::PASSED;
        };
        if live.has(claim::PICTURES_OF_OPEN) {
            0
        } else {
            flag::STRIPPED
        }
    }

    /// Whether somebody waits for an event, it is parked, or it is the last of an open vehicle.
    #[must_use]
    pub fn is_live(&self, seq: u64) -> bool {
        self.events.contains(seq)
    }

    /// Where an event is read: a live one, or a settled one whose segment is there.
    #[must_use]
    pub fn place(&self, seq: u64) -> Option<Location> {
        let live = self.events.get(seq).map(|live| live.spot);
        let spot = live.or_else(|| self.settled.get(seq).map(|settled| settled.spot));
        spot.map(location)
    }

    /// The images of a live event in its order, and where they are; nowhere when nobody needs them any more.
    pub fn images(&self, seq: u64) -> impl Iterator<Item = (u64, Option<Location>)> {
        let live = self.events.get(seq).into_iter();
        live.flat_map(move |live| {
            let nos = live.images.as_slice().iter();
            nos.map(move |&no| {
                let place = self.image(no).filter(|_| live.needs_pictures());
                (no, place)
            })
        })
    }

    /// Where an image is whose segment is there, needed or not.
    #[must_use]
    pub fn image(&self, no: u64) -> Option<Location> {
        self.images.spot(no).map(location)
    }

    /// The number of an image of this key that somebody needs; 0 where there is none.
    #[must_use]
    pub fn image_no(&self, key: &[u8]) -> u64 {
        self.images.no(key)
    }

    /// Deliveries that wait or are parked: profile, state, how many, how many bytes.
    pub fn totals(&self) -> impl Iterator<Item = (u32, State, u64, u64)> {
        self.queues.iter().flat_map(|(&profile, queue)| {
            let totals = queue.totals();
            totals.map(move |(state, total)| (profile, state, total.events, total.bytes))
        })
    }

    /// What is held for somebody, or of it what is only in memory.
    #[must_use]
    pub const fn held(&self, only_in_memory: bool) -> Held {
        self.segments.held(only_in_memory)
    }

    /// All segments on disk, and what of each is needed.
    pub fn segments(&self) -> impl Iterator<Item = (u32, SegmentUse)> {
        self.segments.iter()
    }

    /// The open vehicles, oldest first: number, last event, ids of its events so far.
    #[must_use]
    pub fn open_vehicles(&self) -> Vec<(u64, u64, Vec<EventId>)> {
        let mut ids: BTreeMap<u64, Vec<EventId>> = BTreeMap::new();
        for (car_id, id) in self.known.iter() {
            if self.open.contains_key(&car_id) {
                ids.entry(car_id).or_default().push(id);
            }
        }
        let open = self.open.iter();
        open.map(|(&car_id, &seq)| (car_id, seq, ids.remove(&car_id).unwrap_or_default()))
            .collect()
    }

    /// What became of deliveries and is not in the log yet, as a SETTLED frame holds it. It stays pending until the group
    /// that takes it along is applied.
    #[must_use]
    pub fn pending_settlements(&self) -> &[u8] {
        self.pending.bytes()
    }

    /// How many settlements are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }
}
