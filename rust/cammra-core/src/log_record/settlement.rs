//! What became of deliveries after their event was written, and ids that outlive their event.

use super::head::{EventId, Head};
use crate::error::LogError;
use crate::log_bytes::{Fields, put_text};

/// What a [`Settlement`] says.
pub mod op {
    /// The receiver has it.
    pub const DELIVERED: u8 = 1;
    /// It became too old.
    pub const EXPIRED: u8 = 2;
    /// It went without being delivered; `why` says why.
    pub const DROPPED: u8 = 3;
    /// It is kept for a person: `number` attempts, at `utc_ns`, `why`, `words`.
    pub const PARKED: u8 = 4;
    /// `number` attempts were made.
    pub const ATTEMPTS: u8 = 5;
    /// It was parked and waits again.
    pub const UNPARKED: u8 = 6;
    /// `profile` gave it to profile `utc_ns`, as packet `number`.
    pub const GIVEN: u8 = 7;
    /// `profile` goes without its pictures; `number` bytes are left.
    pub const STRIPPED: u8 = 8;
    /// An open vehicle gives up its pictures.
    pub const UNHELD: u8 = 9;
    /// How all of its deliveries stand: `number` are state bits, `utc_ns` bits of [`super::flag`], `why` is what
    /// `put_deliveries` writes. It wins over what was said before.
    pub const NOW: u8 = 10;
    /// Of the events from `number` to `seq`, only those in `why` (8 bytes each) are an open vehicle's last.
    pub const OPEN: u8 = 11;
}

/// One thing that became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement<'a> {
    /// One of [`op`].
    pub op: u8,
    /// The event.
    pub seq: u64,
    /// Whose delivery of it.
    pub profile: u32,
    /// As [`op`] says.
    pub number: u64,
    /// As [`op`] says.
    pub utc_ns: u64,
    /// As [`op`] says.
    pub why: &'a [u8],
    /// As [`op`] says.
    pub words: &'a [u8],
}

impl<'a> Settlement<'a> {
    /// One that needs no more than its event and profile.
    #[must_use]
    pub const fn new(op: u8, seq: u64, profile: u32) -> Self {
        Self {
            op,
            seq,
            profile,
            number: 0,
            utc_ns: 0,
            why: &[],
            words: &[],
        }
    }

    /// Appends its bytes. `why` and `words` hold up to 65,535 bytes each.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(self.op);
        out.extend(self.seq.to_le_bytes());
        out.extend(self.profile.to_le_bytes());
        out.extend(self.number.to_le_bytes());
        out.extend(self.utc_ns.to_le_bytes());
        put_text(out, self.why);
        put_text(out, self.words);
    }

    fn take(fields: &mut Fields<'a>) -> Result<Self, LogError> {
        Ok(Self {
            op: fields.u8()?,
            seq: fields.u64()?,
            profile: fields.u32()?,
            number: fields.u64()?,
            utc_ns: fields.u64()?,
            why: fields.text()?,
            words: fields.text()?,
        })
    }

    /// The settlements of a SETTLED frame, one after the other. What cannot be read ends them.
    pub fn each(payload: &'a [u8]) -> impl Iterator<Item = Self> + use<'a> {
        let mut fields = Fields::new("a settlement", payload);
        std::iter::from_fn(move || Self::take(&mut fields).ok())
    }
}

/// The id of an event that is gone, so that its repeat is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownId {
    /// The event's name.
    pub id: EventId,
    /// Its vehicle, as `vehicle_hash` names it.
    pub vehicle: u64,
    /// The vehicle's number on the wire.
    pub car_id: u64,
    /// The event's place in the outbox.
    pub seq: u64,
}

impl KnownId {
    /// That of the event with this head.
    #[must_use]
    pub const fn of(head: &Head) -> Self {
        Self {
            id: head.id,
            vehicle: head.vehicle,
            car_id: head.car_id,
            seq: head.seq,
        }
    }

    /// Appends its bytes.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.id);
        out.extend(self.vehicle.to_le_bytes());
        out.extend(self.car_id.to_le_bytes());
        out.extend(self.seq.to_le_bytes());
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, LogError> {
        Ok(Self {
            id: fields.array()?,
            vehicle: fields.u64()?,
            car_id: fields.u64()?,
            seq: fields.u64()?,
        })
    }

    /// The entries of an IDS frame, one after the other. What cannot be read ends them.
    pub fn each(payload: &[u8]) -> impl Iterator<Item = Self> {
        let mut fields = Fields::new("an id", payload);
        std::iter::from_fn(move || Self::take(&mut fields).ok())
    }
}
