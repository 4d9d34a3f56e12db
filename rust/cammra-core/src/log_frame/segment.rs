//! The two frames that a segment has once: at its beginning, and at its very end.

use super::{Home, kind};
use crate::error::LogError;
use crate::log_bytes::Fields;

/// The version of everything in the log.
pub const VERSION: u16 = 1;

/// The length of the frame at a segment's very end.
pub const TRAILER_LENGTH: usize = 32;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// [`VERSION`] of who made it.
    pub version: u16,
    /// 0: events; 1: texts.
    pub purpose: u8,
    /// Where its frames belong.
    pub home: Home,
    /// Its length in bytes.
    pub size: u64,
}

impl Header {
    /// The payload of its frame.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(35);
        out.extend(self.version.to_le_bytes());
        out.push(self.purpose);
        out.extend(self.home.store_id);
        out.extend(self.home.segment.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out
    }

    /// What the segment that begins with these bytes says of itself; of a later version, too.
    ///
    /// # Errors
    /// No segment begins with them.
    pub fn parse(bytes: &[u8]) -> Result<Self, LogError> {
        let frame = Home::default().read(0, bytes)?;
        if frame.kind != kind::HEADER {
            return Err(LogError::Damaged { offset: 0 });
        }
        let mut fields = Fields::new("a segment's header", frame.payload);
        Ok(Self {
            version: fields.u16()?,
            purpose: fields.u8()?,
            home: Home {
                store_id: fields.array()?,
                segment: fields.u64()?,
            },
            size: fields.u64()?,
        })
    }
}

/// The frame at the end of a segment of `size` bytes: where its directory is, and how long.
///
/// # Errors
/// The segment is too short for one, or its length is odd.
pub fn put_trailer(home: &Home, size: u64, directory: (u64, u64)) -> Result<Vec<u8>, LogError> {
    let (offset, length) = directory;
    let payload = [offset.to_le_bytes(), length.to_le_bytes()].concat();
    home.frame(trailer_offset(size)?, kind::TRAILER, &payload)
}

/// Where the directory of a segment of `size` bytes is, and how long, from the segment's last bytes.
///
/// # Errors
/// The segment has no directory.
pub fn parse_trailer(home: &Home, size: u64, bytes: &[u8]) -> Result<(u64, u64), LogError> {
    let offset = trailer_offset(size)?;
    let frame = home.read(offset, bytes)?;
    let mut fields = Fields::new("a segment's trailer", frame.payload);
    let (at, length) = (fields.u64()?, fields.u64()?);
    let is_inside = at.checked_add(length).is_some_and(|end| end <= offset);
    if frame.kind == kind::TRAILER && is_inside {
        Ok((at, length))
    } else {
        Err(LogError::Damaged { offset })
    }
}

fn trailer_offset(size: u64) -> Result<u64, LogError> {
    size.checked_sub(TRAILER_LENGTH as u64)
        .filter(|offset| offset.is_multiple_of(super::ALIGNMENT as u64))
        .ok_or(LogError::Short { what: "a segment" })
}
