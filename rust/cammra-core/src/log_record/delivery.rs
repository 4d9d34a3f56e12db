//! Who gets an event, under which number, with which of its images, and how that stands.

use crate::error::LogError;
use crate::log_bytes::{Fields, put_text};

/// [`Delivery::keys`] of a delivery that carries every image.
pub const ALL_IMAGES: u64 = u64::MAX;

/// How a delivery stands. The values are bits, so that several deliveries' states fit in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// It is still to be delivered.
    Waiting = 1,
    /// It is kept for a person.
    Parked = 2,
    /// The receiver has it.
    Delivered = 4,
    /// It became too old.
    Expired = 8,
    /// It went without being delivered.
    Dropped = 16,
}

impl State {
    /// Its bit.
    #[must_use]
    pub const fn bit(self) -> u8 {
        self as u8
    }

    /// The state of that bit.
    #[must_use]
    pub const fn of(bit: u8) -> Option<Self> {
        Some(match bit {
            1 => Self::Waiting,
            2 => Self::Parked,
            4 => Self::Delivered,
            8 => Self::Expired,
            16 => Self::Dropped,
            _ => return None,
        })
    }

    /// Whether nothing will become of it any more.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Waiting | Self::Parked)
    }
}

/// One event on its way to one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// Whose it is.
    pub profile: u32,
    /// The profile's number of it.
    pub packet: u64,
    /// Tries made.
    pub attempts: u32,
    /// How it stands.
    pub state: State,
    /// Its pictures that are still there.
    pub pictures: u8,
    /// Bytes of the event and of the pictures that it carries.
    pub size: u32,
    /// Bit i: it carries the event's image i. [`ALL_IMAGES`]: all of them, however many.
    pub keys: u64,
    /// When it was parked; 0 before.
    pub parked_utc_ns: u64,
    /// Why it was parked, or dropped.
    pub why: &'a [u8],
    /// The receiver's own words.
    pub words: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// Appends its bytes.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.profile.to_le_bytes());
        out.extend(self.packet.to_le_bytes());
        out.extend(self.attempts.to_le_bytes());
        out.extend([self.state.bit(), self.pictures]);
        out.extend(self.size.to_le_bytes());
        out.extend(self.keys.to_le_bytes());
        out.extend(self.parked_utc_ns.to_le_bytes());
        put_text(out, self.why);
        put_text(out, self.words);
    }

    fn take(fields: &mut Fields<'a>) -> Result<Self, LogError> {
        Ok(Self {
            profile: fields.u32()?,
            packet: fields.u64()?,
            attempts: fields.u32()?,
            state: {
                let bit = fields.u8()?;
                State::of(bit).ok_or(fields.unknown("state", bit.into()))?
            },
            pictures: fields.u8()?,
            size: fields.u32()?,
            keys: fields.u64()?,
            parked_utc_ns: fields.u64()?,
            why: fields.text()?,
            words: fields.text()?,
        })
    }

    /// Whether it carries the event's image at that place.
    #[must_use]
    pub const fn carries(&self, image: usize) -> bool {
        self.keys == ALL_IMAGES || (image < 64 && self.keys >> image & 1 == 1)
    }
}

/// The deliveries of one event, checked, still as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliveries<'a> {
    count: u8,
    bytes: &'a [u8],
}

impl<'a> Deliveries<'a> {
    /// What [`put_deliveries`] wrote, and nothing behind it.
    ///
    /// # Errors
    /// They are not deliveries.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LogError> {
        Self::take(&mut Fields::new("a list of deliveries", bytes))
    }

    pub(super) fn take(fields: &mut Fields<'a>) -> Result<Self, LogError> {
        let count = fields.u8()?;
        let bytes = fields.rest();
        for _ in 0..count {
            Delivery::take(fields)?;
        }
        let length = bytes.len() - fields.rest().len();
        let bytes = bytes.get(..length).unwrap_or_default();
        Ok(Self { count, bytes })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether nobody wants the event.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Delivery<'a>> + use<'a> {
        let mut fields = Fields::new("a list of deliveries", self.bytes);
        std::iter::from_fn(move || Delivery::take(&mut fields).ok())
    }
}

/// Appends the deliveries of one event; more than 255 there cannot be.
pub fn put_deliveries<'a>(
    out: &mut Vec<u8>,
    deliveries: impl ExactSizeIterator<Item = Delivery<'a>>,
) {
    let count = u8::try_from(deliveries.len()).unwrap_or(u8::MAX);
    out.push(count);
    for delivery in deliveries.take(count.into()) {
        delivery.put(out);
    }
}
