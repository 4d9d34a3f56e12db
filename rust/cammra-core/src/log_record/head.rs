//! What is known of every event at a glance; always as long.

use crate::error::LogError;
use crate::event::{Direction, EventKind};
use crate::log_bytes::Fields;

/// An event's name in bytes.
pub type EventId = [u8; 16];

/// Bits of [`Head::flags`].
pub mod flag {
    /// It is its vehicle's last event.
    pub const LAST: u8 = 1;
    /// Its content was erased on demand.
    pub const ERASED: u8 = 2;
    /// Its open vehicle has given its pictures up.
    pub const STRIPPED: u8 = 4;
    /// It was copied after its vehicle had said more, or after its Lost.
    pub const PASSED: u8 = 8;
}

/// An event's numbers, times and traits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its place in the outbox.
    pub seq: u64,
    /// Its name.
    pub id: EventId,
    /// Running time when it was stored.
    pub stored_ns: u64,
    /// When it happened, by frame time.
    pub at_utc_ns: i64,
    /// Stands for the stream and its vehicle; see [`vehicle_hash`].
    pub vehicle: u64,
    /// Counts the stream's vehicles.
    pub vehicle_no: u64,
    /// The vehicle's number on the wire.
    pub car_id: u64,
    /// What happened.
    pub kind: EventKind,
    /// Bits of [`flag`].
    pub flags: u8,
    /// Bits of [`super::State`]: what became of it; of a TEXT frame, and of an EVENT frame without deliveries.
    pub states: u8,
    /// Of the plate, in ten-thousandths.
    pub confidence: u16,
    /// Movement along the region's arrow.
    pub direction: Direction,
    /// Region of interest.
    pub roi: u32,
    /// Counts the vehicle's events.
    pub ordinal: u32,
}

impl Head {
    /// Its length in bytes.
    pub const LENGTH: usize = 78;

    /// Appends its bytes.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.seq.to_le_bytes());
        out.extend(self.id);
        out.extend(self.stored_ns.to_le_bytes());
        out.extend(self.at_utc_ns.to_le_bytes());
        out.extend(self.vehicle.to_le_bytes());
        out.extend(self.vehicle_no.to_le_bytes());
        out.extend(self.car_id.to_le_bytes());
        out.extend([self.kind.byte(), self.flags, self.states]);
        out.extend(self.confidence.to_le_bytes());
        out.push(direction_byte(self.direction));
        out.extend(self.roi.to_le_bytes());
        out.extend(self.ordinal.to_le_bytes());
    }

    pub(super) fn take(fields: &mut Fields<'_>) -> Result<Self, LogError> {
        Ok(Self {
            seq: fields.u64()?,
            id: fields.array()?,
            stored_ns: fields.u64()?,
            at_utc_ns: fields.i64()?,
            vehicle: fields.u64()?,
            vehicle_no: fields.u64()?,
            car_id: fields.u64()?,
            kind: {
                let byte = fields.u8()?;
                let kind = EventKind::ALL.into_iter().find(|kind| kind.byte() == byte);
                kind.ok_or(fields.unknown("kind", byte.into()))?
            },
            flags: fields.u8()?,
            states: fields.u8()?,
            confidence: fields.u16()?,
            direction: match fields.u8()? {
                0 => Direction::Unknown,
                1 => Direction::In,
                2 => Direction::Out,
                other => return Err(fields.unknown("direction", other.into())),
            },
            roi: fields.u32()?,
            ordinal: fields.u32()?,
        })
    }

    /// Whether one of the bits of [`flag`] is set.
    #[must_use]
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

const fn direction_byte(direction: Direction) -> u8 {
    match direction {
        Direction::Unknown => 0,
        Direction::In => 1,
        Direction::Out => 2,
    }
}

/// Stands for a vehicle of a stream: FNV-1a over both, its bits mixed. The same for good, since it lies on disk.
#[must_use]
pub fn vehicle_hash(stream_id: &[u8], vehicle_no: u64) -> u64 {
    let bytes = stream_id.iter().copied().chain(vehicle_no.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ hash >> 33
}

#[cfg(test)]
impl Head {
    /// One for tests, each field with another value.
    pub(crate) const SAMPLE: Self = Self {
        seq: 1,
        id: [2; 16],
        stored_ns: 3,
        at_utc_ns: 4,
        vehicle: 5,
        vehicle_no: 6,
        car_id: 7,
        kind: EventKind::New,
        flags: 0,
        states: 0,
        confidence: 8,
        direction: Direction::In,
        roi: 9,
        ordinal: 10,
    };
}
