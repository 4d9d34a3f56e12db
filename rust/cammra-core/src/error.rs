//! Everything that can be wrong with what a caller hands in. Each message names the value and what is wanted.

use thiserror::Error;

use crate::geometry::{BoxError, Size};

/// A frame that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A plane is too short for its size and stride.
    #[error(
        "frame plane {plane}: {have} bytes, want at least {want} for {size} with stride {stride}"
    )]
    PlaneTooShort {
        /// Which plane: `pixels`, `y`, `uv`, `u` or `v`.
        plane: &'static str,
        /// Bytes it has.
        have: usize,
        /// Bytes it needs.
        want: usize,
        /// The frame's size.
        size: Size,
        /// Bytes from one row to the next.
        stride: usize,
    },
    /// Width or height is zero, odd where the format halves it, or beyond what JPEG can hold.
    #[error("frame size {size}: want {want}")]
    BadSize {
        /// The size.
        size: Size,
        /// What would be good.
        want: &'static str,
    },
    /// The bytes are not a JPEG that can be decoded.
    #[error("frame is not a usable JPEG: {why}")]
    BadJpeg {
        /// In libjpeg-turbo's words, or in ours.
        why: String,
    },
    /// The buffer's shape, type or layout does not fit its format.
    #[error("frame buffer: {why}")]
    BadBuffer {
        /// What it is, and what is wanted.
        why: String,
    },
}

/// An image that cannot be made; its event goes without it.
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
    /// The pixels were dropped to keep within the memory budget.
    #[error("dropped to keep within the best-shot memory budget")]
    OverBudget,
    /// No profile wanted this kind of image when the shot was taken.
    #[error("not wanted by any profile when the shot was taken")]
    NotKept,
    /// No quality fits the image under its byte ceiling.
    #[error("{smallest_bytes} bytes at the lowest quality, want at most {max_bytes}")]
    OverCeiling {
        /// The smallest that was possible.
        smallest_bytes: usize,
        /// The ceiling.
        max_bytes: usize,
    },
    /// A setting that cannot be encoded.
    #[error("{field} is {value}: want {want}")]
    BadSetting {
        /// The setting's name.
        field: &'static str,
        /// Its value.
        value: String,
        /// What would be good.
        want: &'static str,
    },
    /// What another encoder answered is not the image.
    #[error("{why}")]
    BadAnswer {
        /// What it is, and what is wanted.
        why: String,
    },
    /// The frame itself is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// libjpeg-turbo failed.
    #[error("libjpeg-turbo: {why}")]
    Codec {
        /// In its own words.
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
}

/// Bytes of the log that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogError {
    /// They end before what they say they hold.
    #[error("{what} ends too early")]
    Short {
        /// What was read.
        what: &'static str,
    },
    /// A value that this version does not know.
    #[error("{what} has {field} {value}, which is unknown")]
    Unknown {
        /// What was read.
        what: &'static str,
        /// Which part of it.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// Its checksum, over content and place, is another.
    #[error("the frame at {offset} does not verify")]
    Damaged {
        /// Where it begins.
        offset: u64,
    },
    /// A segment's header behind something else.
    #[error("a segment's header must come first")]
    NotFirst,
    /// A payload that no frame can hold.
    #[error("a frame's payload of {length} bytes: want less than 4 GiB")]
    TooLong {
        /// Its length.
        length: usize,
    },
}
