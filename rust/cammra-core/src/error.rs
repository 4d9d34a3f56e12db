//! What can be wrong with what the caller handed in. Every message names the value and what was wanted.

use thiserror::Error;

use crate::geometry::{BoxError, Size};

/// A frame that cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A plane is too short for the size and stride it is said to have.
    #[error(
        "frame plane {plane}: {have} bytes, want at least {want} for {size} with stride {stride}"
    )]
    PlaneTooShort {
        /// Which plane: `pixels`, `y`, `uv`, `u` or `v`.
        plane: &'static str,
        /// Bytes given.
        have: usize,
        /// Bytes wanted.
        want: usize,
        /// The frame's size.
        size: Size,
        /// Bytes from one row to the next.
        stride: usize,
    },
    /// Width or height is zero, odd where the format halves it, or beyond what JPEG can hold.
    #[error("frame size {size}: want {want}")]
    BadSize {
        /// The size given.
        size: Size,
        /// What would have been good.
        want: &'static str,
    },
    /// The bytes are not a JPEG that can be decoded.
    #[error("frame is not a usable JPEG: {why}")]
    BadJpeg {
        /// libjpeg-turbo's own words, or ours.
        why: String,
    },
    /// The buffer's shape, type or layout does not fit the format it was said to have.
    #[error("frame buffer: {why}")]
    BadBuffer {
        /// What was given and what was wanted.
        why: String,
    },
}

/// One image that cannot be made; the event it belongs to goes on without it.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The box cannot be used.
    #[error(transparent)]
    Box(#[from] BoxError),
    /// The recogniser gave no such box.
    #[error("no {what} box in the read")]
    NoBox {
        /// `vehicle` or `plate`.
        what: &'static str,
    },
    /// There was no frame with the read.
    #[error("no frame came with the read")]
    NoFrame,
    /// The pixels had to go to keep within the memory budget.
    #[error("dropped to keep within the best-shot memory budget")]
    OverBudget,
    /// This kind of image was not asked for when the shot was taken.
    #[error("not wanted by any profile when the shot was taken")]
    NotKept,
    /// No quality fits the image under its byte ceiling.
    #[error("{smallest_bytes} bytes at the lowest quality, want at most {max_bytes}")]
    OverCeiling {
        /// The smallest that could be made.
        smallest_bytes: usize,
        /// The ceiling that was set.
        max_bytes: usize,
    },
    /// Quality, subsampling or size that cannot be encoded.
    #[error("{field} is {value}: want {want}")]
    BadSetting {
        /// The setting's name.
        field: &'static str,
        /// The value given.
        value: String,
        /// What would have been good.
        want: &'static str,
    },
    /// The frame itself is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// libjpeg-turbo refused.
    #[error("libjpeg-turbo: {why}")]
    Codec {
        /// Its own words.
        why: String,
    },
}

/// Bytes for the wire that cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FramingError {
    /// Not a boundary by RFC 2046.
    #[error("boundary: want 1 to 70 characters of [0-9A-Za-z'()+_,./:=?-]")]
    BadBoundary,
    /// The boundary would end a part too early.
    #[error("the boundary occurs in the content of part {part}")]
    BoundaryInContent {
        /// Counts from 0.
        part: usize,
    },
    /// A text that would end its header or its quotes.
    #[error(
        "{field} of part {part} holds byte {byte:#04x}: want no control characters, quotes or backslashes"
    )]
    BadPartText {
        /// Counts from 0.
        part: usize,
        /// Which text.
        field: &'static str,
        /// The byte that was refused.
        byte: u8,
    },
    /// The images' place lies outside the object.
    #[error("splice_at is {splice_at}: want at most {length}, the length of the JSON")]
    SpliceOutside {
        /// The place given.
        splice_at: usize,
        /// Bytes of the object.
        length: usize,
    },
}
