//! What vehicles say next, and who wants it.

use super::{PROFILES, Told, VEHICLES, Vehicle, World, id_of};
use crate::event::{Direction, EventKind};
use crate::log_record::{Delivery, Head, State, flag, put_deliveries};

impl World {
    /// The frames of a new event, its pictures before it.
    pub(in crate::ledger::tests) fn new_event(&mut self, stored_ns: u64) -> Vec<Vec<u8>> {
        let at = usize::try_from(self.dice.below(VEHICLES)).unwrap();
        let mut vehicle = self.vehicles[at].clone();
        if vehicle.ordinal == 0 {
            self.car_id += 1;
            vehicle.car_id = self.car_id;
            vehicle.hash = self.car_id.wrapping_mul(0xdead_beef_1234_5677);
        }
        vehicle.ordinal += 1;
        self.seq += 1;
        let kind = match (vehicle.ordinal, self.dice.below(4)) {
            (1, _) => EventKind::New,
            (_, 0) => EventKind::Lost,
            (2, _) => EventKind::Reliable,
            _ => EventKind::Update,
        };
        let mut frames = Vec::new();
        let mut images = Vec::new();
        let shared = vehicle.image;
        if shared != 0 && self.ledger.image_no(format!("key {shared}").as_bytes()) == shared {
            images.push(shared);
        }
        for _ in 0..self.dice.below(3) {
            self.image_no += 1;
            let length = 500 + self.dice.below(1500);
            self.image_lengths
                .insert(self.image_no, u32::try_from(length).unwrap());
            vehicle.image = self.image_no;
            images.push(self.image_no);
            frames.push(self.image_frame(self.image_no));
        }
        if self.dice.below(8) == 0 {
            images.push(0);
        }
        let head = Head {
            seq: self.seq,
            id: id_of(self.seq),
            stored_ns,
            at_utc_ns: 0,
            vehicle: vehicle.hash,
            vehicle_no: vehicle.car_id,
            car_id: vehicle.car_id,
            kind,
            flags: if kind == EventKind::Lost {
                flag::LAST
            } else {
                0
            },
            states: 0,
            confidence: 0,
            direction: Direction::Unknown,
            roi: 0,
            ordinal: vehicle.ordinal,
        };
        let deliveries = self.new_deliveries(&images);
        let told = Told { head, images };
        frames.push(self.event_frame(&told, 0, 0, &deliveries));
        self.told.insert(self.seq, told);
        self.vehicles[at] = if kind == EventKind::Lost {
            Vehicle::default()
        } else {
            vehicle
        };
        frames
    }

    fn new_deliveries(&mut self, images: &[u64]) -> Vec<u8> {
        let mut deliveries = Vec::new();
        for profile in 1..=u32::try_from(PROFILES).unwrap() {
            if self.dice.below(3) == 0 {
                continue;
            }
            let packet = self.packets.entry(profile).or_default();
            *packet += 1;
            let mut delivery = Delivery {
                profile,
                packet: *packet,
                attempts: 0,
                state: State::Waiting,
                pictures: 0,
                size: 300,
                keys: [u64::MAX, 1, 0][usize::try_from(self.dice.below(3)).unwrap()],
                parked_utc_ns: 0,
                why: &[],
                words: &[],
            };
            for (at, no) in images.iter().enumerate() {
                if *no != 0 && delivery.carries(at) {
                    delivery.pictures += 1;
                    delivery.size += self.image_lengths[no];
                }
            }
            deliveries.push(delivery);
        }
        let mut out = Vec::new();
        put_deliveries(&mut out, deliveries.into_iter());
        out
    }
}
