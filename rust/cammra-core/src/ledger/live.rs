//! Events that somebody waits for, that are parked, or that are the last of an open vehicle.

use super::segments::Spot;
use crate::event::EventKind;
use crate::log_record::Images;

/// Bits of [`Live::claims`].
pub(super) mod claim {
    /// It is the last event of an open vehicle.
    pub(crate) const OPEN: u8 = 1;
    /// The open vehicle needs its pictures.
    pub(crate) const PICTURES_OF_OPEN: u8 = 2;
    /// A delivery needs its pictures.
    pub(crate) const PICTURES_OF_DELIVERY: u8 = 4;
}

/// One live event.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) stored_ns: u64,
    pub(super) images: ImageNos,
    pub(super) spot: Spot,
    /// Deliveries that wait or are parked.
    pub(super) unsettled: u16,
    pub(super) kind: EventKind,
    /// Bits of [`claim`].
    pub(super) claims: u8,
}

impl Live {
    pub(super) const fn has(&self, claim: u8) -> bool {
        self.claims & claim != 0
    }

    pub(super) const fn needs_pictures(&self) -> bool {
        self.has(claim::PICTURES_OF_OPEN | claim::PICTURES_OF_DELIVERY)
    }
}

/// What is left of an event that is live no longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) spot: Spot,
    /// Bits of `log_record::State`.
    pub(super) states: u8,
    /// Its text was copied: nothing changes it any more.
    pub(super) is_text: bool,
}

/// The numbers of an event's images; most events have two at most.
#[derive(Clone, Debug)]
pub(super) enum ImageNos {
    Few(u8, [u64; 2]),
    Many(Box<[u64]>),
}

impl ImageNos {
    pub(super) fn new(images: Images<'_>) -> Self {
        let mut few = [0; 2];
        if images.len() > few.len() {
            return Self::Many(images.iter().collect());
        }
        for (place, no) in few.iter_mut().zip(images.iter()) {
            *place = no;
        }
        Self::Few(u8::try_from(images.len()).unwrap_or_default(), few)
    }

    pub(super) fn as_slice(&self) -> &[u64] {
        match self {
            Self::Few(length, few) => few.get(..usize::from(*length)).unwrap_or_default(),
            Self::Many(many) => many,
        }
    }
}
