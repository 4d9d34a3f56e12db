//! Frames: what the log is made of.
//!
//! `magic u32, kind u8, 0 u8, 0 u16, length of the payload u32, crc u32, payload`, little endian, padded to 8 bytes. The CRC-32
//! covers store, segment, offset, kind, length and payload. So a frame verifies only where it was written: a JPEG that
//! holds one, and what a segment's former life left behind, never do. Only the frame at a segment's beginning, which says
//! where it is, verifies everywhere.
//!
//! Everything here comes from a disk and may be anything.

mod segment;
#[cfg(test)]
mod tests;

pub use segment::{Header, TRAILER_LENGTH, VERSION, parse_trailer, put_trailer};

use std::ops::Range;

use crate::checksum::crc32;
use crate::error::LogError;
use crate::log_bytes::Fields;

/// What a frame holds.
pub mod kind {
    /// A segment begins.
    pub const HEADER: u8 = 1;
    /// Where a segment's directory is.
    pub const TRAILER: u8 = 2;
    /// One JPEG.
    pub const IMAGE: u8 = 3;
    /// An event with its deliveries.
    pub const EVENT: u8 = 4;
    /// What became of deliveries.
    pub const SETTLED: u8 = 5;
    /// Counters and the like, as a JSON object.
    pub const STATE: u8 = 6;
    /// An event of the history, without deliveries and images.
    pub const TEXT: u8 = 7;
    /// Ids that outlive their events.
    pub const IDS: u8 = 8;
    /// What an EVENT, TEXT or IMAGE became in place when it was erased.
    pub const ERASED: u8 = 9;
    /// Which events are about to be erased.
    pub const ERASE: u8 = 10;
    /// The digests of a segment's frames.
    pub const DIRECTORY: u8 = 11;
    /// All of an ERASE are erased.
    pub const ERASE_DONE: u8 = 12;
}

/// What every frame begins with.
pub const MAGIC: [u8; 4] = [0xca, 0x7e, 0x1f, 0x0c];

/// The length of a frame without its payload and padding.
pub const FRAME_HEADER: usize = 16;

/// Every frame begins at a multiple of this.
pub const ALIGNMENT: usize = 8;

/// What a disk writes at once: behind a long group zeros follow up to a multiple of it.
pub const BLOCK: u64 = 4096;

/// The longest payload: its frame's length is a u32 still.
const LONGEST: u32 = u32::MAX - 64;

/// Where frames belong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The store's own name.
    pub store_id: [u8; 16],
    /// The segment's number.
    pub segment: u64,
}

impl Home {
    /// The CRC-32 of a frame there, before its payload.
    #[must_use]
    pub fn seed(&self, offset: u64, kind: u8, length: u32) -> u32 {
        let mut place = [0_u8; 37];
        let fields: [&[u8]; 5] = [
            &self.store_id,
            &self.segment.to_le_bytes(),
            &offset.to_le_bytes(),
            &[kind],
            &length.to_le_bytes(),
        ];
        for (to, from) in place.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        crc32(&place, 0)
    }

    /// Appends what stands before a payload, which comes in pieces; padding is up to the caller.
    ///
    /// # Errors
    /// The payload is longer than a frame may be.
    pub fn put_header(
        &self,
        out: &mut Vec<u8>,
        offset: u64,
        kind: u8,
        payload: &[&[u8]],
    ) -> Result<(), LogError> {
        let length = payload.iter().map(|piece| piece.len()).sum::<usize>();
        let length = u32::try_from(length)
            .ok()
            .filter(|length| *length <= LONGEST)
            .ok_or(LogError::TooLong { length })?;
        let seed = self.seed(offset, kind, length);
        let crc = payload.iter().fold(seed, |crc, piece| crc32(piece, crc));
        out.extend(MAGIC);
        out.extend([kind, 0, 0, 0]);
        out.extend(length.to_le_bytes());
        out.extend(crc.to_le_bytes());
        Ok(())
    }

    /// A whole frame.
    ///
    /// # Errors
    /// The payload is longer than a frame may be.
    pub fn frame(&self, offset: u64, kind: u8, payload: &[u8]) -> Result<Vec<u8>, LogError> {
        let mut out = Vec::with_capacity(frame_length(payload.len()));
        self.put_header(&mut out, offset, kind, &[payload])?;
        out.extend_from_slice(payload);
        pad(&mut out);
        Ok(out)
    }

    /// The frame at the beginning of these bytes, which lie at `offset`.
    ///
    /// # Errors
    /// There is none, or not all of it, or it does not belong there, or it was changed.
    pub fn read<'a>(&self, offset: u64, bytes: &'a [u8]) -> Result<Frame<'a>, LogError> {
        let raw = Raw::read(offset, bytes)?;
        if crc32(raw.payload, self.seed_of(offset, &raw)) == raw.crc {
            Ok(raw.frame())
        } else {
            Err(LogError::Damaged { offset })
        }
    }

    /// As `seed`; a segment's header says itself where it is.
    pub(crate) fn seed_of(&self, offset: u64, raw: &Raw<'_>) -> u32 {
        let length = raw.payload.len();
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let home = if raw.kind == kind::HEADER {
            &Self::default()
        } else {
            self
        };
        home.seed(offset, raw.kind, length)
    }
}

/// A frame that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// One of [`kind`], or a later version's.
    pub kind: u8,
    /// What it holds.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// Its length with header and padding.
    #[must_use]
    pub const fn length(&self) -> usize {
        frame_length(self.payload.len())
    }
}

/// A frame whose checksum nobody has looked at yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) kind: u8,
    pub(crate) payload: &'a [u8],
    pub(crate) crc: u32,
}

impl<'a> Raw<'a> {
    pub(crate) fn read(offset: u64, bytes: &'a [u8]) -> Result<Self, LogError> {
        let mut fields = Fields::new("a frame", bytes);
        if fields.array()? != MAGIC {
            return Err(LogError::Damaged { offset });
        }
        let [kind, ..] = fields.array::<4>()?;
        let length = usize::try_from(fields.u32()?).unwrap_or(usize::MAX);
        let crc = fields.u32()?;
        let payload = fields.bytes(length)?;
        Ok(Self { kind, payload, crc })
    }

    /// Where its payload is, when the frame begins at `at`.
    pub(crate) const fn range(&self, at: usize) -> Range<usize> {
        let begin = at.saturating_add(FRAME_HEADER);
        begin..begin.saturating_add(self.payload.len())
    }

    pub(crate) const fn frame(&self) -> Frame<'a> {
        Frame {
            kind: self.kind,
            payload: self.payload,
        }
    }
}

/// The length of a frame with its header and padding.
#[must_use]
pub const fn frame_length(payload: usize) -> usize {
    let end = payload.saturating_add(FRAME_HEADER + ALIGNMENT - 1);
    end - end % ALIGNMENT
}

/// Fills up to where the next frame may begin.
pub fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
}

/// How far it is from here to the next block.
#[must_use]
pub fn to_block(offset: u64) -> usize {
    let length = offset.next_multiple_of(BLOCK).saturating_sub(offset);
    usize::try_from(length).unwrap_or_default()
}
