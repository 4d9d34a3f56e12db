//! A store in miniature: segments as lists of digests, a disk that may refuse, and a ledger that lives beside them.

mod new_events;

use std::collections::{BTreeMap, BTreeSet};

use super::Dice;
use crate::ledger::{Ledger, Limits, Seqs};
use crate::log_digest::{Digest, Place, put_event, put_image, put_payload};
use crate::log_frame::kind;
use crate::log_record::{Brief, EventId, Head, KnownId, flag, put_images};

pub(super) const PROFILES: u64 = 3;
const VEHICLES: u64 = 6;
const TEXT_SEGMENT: u64 = 3;
/// Where the flags are in a head.
const FLAGS_AT: usize = 65;
pub(super) const KNOWN: u64 = 400;

/// What the harness knows of an event for good.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) head: Head,
    images: Vec<u64>,
}

#[derive(Clone, Default)]
struct Vehicle {
    hash: u64,
    car_id: u64,
    ordinal: u32,
    image: u64,
}

/// See the module.
pub(super) struct World {
    pub(super) ledger: Ledger,
    /// The digests of each segment's frames.
    pub(super) log: BTreeMap<u64, Vec<u8>>,
    pub(super) told: BTreeMap<u64, Told>,
    pub(super) dice: Dice,
    /// Workers do nothing while something is written.
    pub(super) is_calm: bool,
    segment: u64,
    offset: u64,
    vehicles: Vec<Vehicle>,
    pub(super) seq: u64,
    image_no: u64,
    car_id: u64,
    packets: BTreeMap<u32, u64>,
    image_lengths: BTreeMap<u64, u32>,
}

pub(super) fn id_of(seq: u64) -> EventId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&seq.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    id[8..].copy_from_slice(&seq.to_le_bytes());
    id
}

fn summary(told: &Told, flags: u8, states: u8, deliveries: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let head = Head {
        flags: told.head.flags | flags,
        states,
        ..told.head
    };
    head.put(&mut out);
    put_images(&mut out, told.images.iter().copied());
    out.extend_from_slice(deliveries);
    Brief::EMPTY.put(&mut out);
    out
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            ledger: Ledger::new(KNOWN),
            log: BTreeMap::from([(TEXT_SEGMENT, Vec::new()), (5, Vec::new())]),
            told: BTreeMap::new(),
            dice: Dice::new(seed),
            is_calm: false,
            segment: 5,
            offset: 0,
            vehicles: vec![Vehicle::default(); usize::try_from(VEHICLES).unwrap()],
            seq: 0,
            image_no: 0,
            car_id: 0,
            packets: BTreeMap::new(),
            image_lengths: BTreeMap::new(),
        }
    }

    fn place(&mut self, length: u32) -> Place {
        let place = Place {
            offset: self.offset,
            length,
        };
        self.offset += u64::from(length);
        place
    }

    fn next_segment(&mut self) {
        self.segment += 1;
        self.offset = 64;
        self.log.insert(self.segment, Vec::new());
    }

    fn image_frame(&mut self, no: u64) -> Vec<u8> {
        let jpeg_length = self.image_lengths[&no];
        let place = self.place(jpeg_length + 40);
        let mut out = Vec::new();
        put_image(
            &mut out,
            place,
            no,
            jpeg_length,
            format!("key {no}").as_bytes(),
        );
        out
    }

    fn event_frame(&mut self, told: &Told, flags: u8, states: u8, deliveries: &[u8]) -> Vec<u8> {
        let summary = summary(told, flags, states, deliveries);
        let place = self.place(u32::try_from(300 + summary.len()).unwrap());
        let mut out = Vec::new();
        put_event(&mut out, kind::EVENT, place, &summary);
        out
    }

    /// A known event as it stands now, with the pictures that it needs.
    fn again(&mut self, seq: u64, only_in_memory: bool) -> Vec<Vec<u8>> {
        let images: Vec<_> = self.ledger.images(seq).collect();
        let mut frames = Vec::new();
        for (no, location) in images {
            let is_wanted = location.is_some_and(|(segment, _)| segment == 0 || !only_in_memory);
            if is_wanted {
                frames.push(self.image_frame(no));
            }
        }
        let told = self.told[&seq].clone();
        let deliveries = self.ledger.deliveries_of(seq);
        let (flags, states) = (self.ledger.flags(seq), self.ledger.states(seq));
        frames.push(self.event_frame(&told, flags, states, &deliveries));
        frames
    }

    fn settled_frame(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        put_payload(&mut out, kind::SETTLED, self.ledger.pending_settlements());
        out
    }

    /// Writes frames and what is pending; meanwhile workers go on. The disk may refuse, having taken some.
    pub(super) fn write(&mut self, mut frames: Vec<Vec<u8>>, may_fail: bool) {
        let settled = self.settled_frame();
        frames.push(settled);
        if !self.is_calm && self.dice.below(4) == 0 {
            self.settle_one();
        }
        let group = frames.concat();
        if may_fail && self.dice.below(6) == 0 {
            let taken = usize::try_from(self.dice.below(4))
                .unwrap()
                .min(frames.len());
            self.log
                .get_mut(&self.segment)
                .unwrap()
                .extend(frames[..taken].concat());
            self.ledger.apply_in_memory(self.segment, &group);
            self.next_segment();
            return;
        }
        self.log
            .get_mut(&self.segment)
            .unwrap()
            .extend_from_slice(&group);
        self.ledger.apply(self.segment, &group).unwrap();
    }

    /// The disk is back: what is only in memory is written as it stands.
    pub(super) fn heal(&mut self) {
        let known: Vec<u64> = self.told.keys().copied().collect();
        for seq in known {
            let place = self.ledger.place(seq);
            let is_in_memory = place.is_some_and(|(segment, _)| segment == 0);
            if is_in_memory || self.ledger.live_in(0).contains(&seq) {
                let frames = self.again(seq, true);
                self.write(frames, false);
            }
        }
        let was_calm = std::mem::replace(&mut self.is_calm, true);
        self.write(Vec::new(), false);
        self.is_calm = was_calm;
    }

    pub(super) fn close_segment(&mut self) {
        self.next_segment();
    }

    /// Uses a closed segment again; a crash may come before it is forgotten.
    pub(super) fn compact(&mut self) {
        let closed: Vec<u64> = self
            .log
            .keys()
            .copied()
            .filter(|&segment| segment != TEXT_SEGMENT && segment != self.segment)
            .collect();
        let Some(segment) = self.dice.pick(&closed) else {
            return;
        };
        self.heal();
        for seq in self.ledger.live_in(segment) {
            let frames = self.again(seq, false);
            self.write(frames, false);
        }
        let seqs: Vec<u64> = self.told.keys().copied().collect();
        let mut texts = Vec::new();
        let keeps_texts = self.dice.below(2) == 0;
        for seq in seqs {
            let place = self.ledger.place(seq);
            if place.is_none_or(|(at, _)| at != segment.try_into().unwrap()) {
                continue;
            }
            let told = self.told[&seq].clone();
            if keeps_texts && !self.ledger.is_live(seq) {
                let states = self.ledger.states(seq);
                let summary = summary(&told, 0, states, &[0]);
                let place = Place {
                    offset: 8 * seq,
                    length: 100,
                };
                put_event(&mut texts, kind::TEXT, place, &summary);
            }
            let mut known = Vec::new();
            KnownId {
                id: told.head.id,
                vehicle: told.head.vehicle,
                car_id: told.head.car_id,
                seq,
            }
            .put(&mut known);
            put_payload(&mut texts, kind::IDS, &known);
        }
        self.log
            .get_mut(&TEXT_SEGMENT)
            .unwrap()
            .extend_from_slice(&texts);
        self.ledger.apply(TEXT_SEGMENT, &texts).unwrap();
        let digests = self.log[&segment].clone();
        self.ledger.carry(segment, &digests);
        self.write(Vec::new(), false);
        if self.dice.below(5) > 0 {
            self.log.remove(&segment);
            self.ledger.forget_segment(segment);
        }
    }

    fn erase_frames(&mut self, seq: u64) {
        self.told.get_mut(&seq).unwrap().head.flags |= flag::ERASED;
        let mut head = seq.to_le_bytes().to_vec();
        head.extend(id_of(seq));
        for digests in self.log.values_mut() {
            for at in 0..digests.len().saturating_sub(Head::LENGTH) {
                if digests[at..].starts_with(&head) {
                    digests[at + FLAGS_AT] |= flag::ERASED;
                }
            }
        }
    }

    /// The events of which the log holds a frame.
    pub(super) fn logged(&self) -> BTreeSet<u64> {
        let digests = self.log.values().flat_map(|digests| Digest::each(digests));
        digests
            .filter_map(|digest| match digest {
                Ok(Digest::Event(_, summary) | Digest::Text(_, summary)) => Some(summary.head.seq),
                _ => None,
            })
            .collect()
    }

    fn some_delivery(&mut self) -> Option<(u64, u32)> {
        let profile = u32::try_from(1 + self.dice.below(PROFILES)).unwrap();
        let mut found: Vec<u64> = self.ledger.waiting(profile, 0).map(|row| row.seq).collect();
        let parked = self.ledger.parked(Some(profile), (0, 0));
        found.extend(parked.map(|row| row.seq));
        self.dice.pick(&found).map(|seq| (seq, profile))
    }

    pub(super) fn settle_one(&mut self) {
        let Some((seq, profile)) = self.some_delivery() else {
            return;
        };
        let n = self.dice.below(90);
        let attempts = u32::try_from(n).unwrap();
        match self.dice.below(9) {
            0..=2 => self.ledger.done(seq, profile),
            3 => self.ledger.expire(seq, profile),
            4 => self.ledger.drop_delivery(seq, profile, b"coalesced"),
            5 => self.ledger.set_attempts(seq, profile, attempts),
            6 => !self.ledger.unpark(Some(profile), None).is_empty(),
            _ => self
                .ledger
                .park(seq, profile, attempts, n, b"HTTP 400", b"no"),
        };
    }

    /// What a person does, and what there is too much of.
    pub(super) fn intervene(&mut self) {
        let flying: Seqs = self.some_delivery().into_iter().map(|one| one.0).collect();
        let held = self.ledger.held(false);
        let profile = self.dice.below(2 * PROFILES + 1);
        let profile = u32::try_from(profile).ok().filter(|no| (1..4).contains(no));
        match self.dice.below(6) {
            0 => {
                let giver = u32::try_from(1 + self.dice.below(PROFILES)).unwrap();
                let taker = u32::try_from(1 + self.dice.below(PROFILES)).unwrap();
                let next = self.packets.get(&taker).copied().unwrap_or_default() + 1;
                let outcome = self.ledger.give(giver, taker, next, &flying);
                self.packets.insert(taker, next + outcome.moved);
            }
            1 => drop(self.ledger.discard(profile, None)),
            2 => drop(self.ledger.drop_older(self.seq.saturating_sub(40), &flying)),
            3 => {
                let waiting: Vec<u64> = self.told.keys().copied().collect();
                if let Some(seq) = self.dice.pick(&waiting) {
                    let mut payload = 1_u64.to_le_bytes().to_vec();
                    payload.extend(seq.to_le_bytes());
                    let mut frame = Vec::new();
                    put_payload(&mut frame, kind::ERASE, &payload);
                    self.ledger.erase(&[seq]);
                    self.erase_frames(seq);
                    self.write(vec![frame], false);
                }
            }
            _ => {
                let limits = Limits {
                    max_bytes: Some(held.bytes - held.bytes / 4),
                    max_events: Some(held.events - held.events / 8),
                };
                drop(self.ledger.make_room(limits, &flying, profile, false));
            }
        }
    }
}
