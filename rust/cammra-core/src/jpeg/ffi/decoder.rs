//! libjpeg-turbo's decoder.

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::text;
use crate::frame::Plane;
use crate::geometry::{Rect, Size};

/// Pixels by which a decoded part may begin too far left; `SHIM_LEFT_SLACK`.
pub(in crate::jpeg) const LEFT_SLACK_PX: usize = 32;

/// The shim's answer to a JPEG of the wrong kind.
const SHIM_UNSUITABLE: c_int = 1;

/// Side of a 4:2:0 frame's MCU.
const MCU_PX: usize = 16;

#[repr(C)]
struct RawPart {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    scale_eighths: i32,
    gray: i32,
    smooth_chroma: i32,
}

#[repr(C)]
struct RawDecoder {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn shim_decoder_new() -> *mut RawDecoder;
    fn shim_decoder_free(decoder: *mut RawDecoder);
    fn shim_decoder_why(decoder: *const RawDecoder) -> *const c_char;
    fn shim_check(decoder: *mut RawDecoder, jpeg: *const u8, size: usize) -> c_int;
    fn shim_decode_part(
        decoder: *mut RawDecoder,
        jpeg: *const u8,
        size: usize,
        part: *const RawPart,
        pixels: *mut u8,
        stride: usize,
        left: *mut u32,
    ) -> c_int;
    fn shim_decode_planes(
        decoder: *mut RawDecoder,
        jpeg: *const u8,
        size: usize,
        width: u32,
        height: u32,
        planes: *mut u8,
        stride: usize,
    ) -> c_int;
}

/// Which part of a JPEG to decode, and how.
#[derive(Clone, Copy, Debug)]
pub(in crate::jpeg) struct Part {
    /// In pixels of the scaled frame.
    pub(in crate::jpeg) rect: Rect,
    /// 8 for full size, 4 for half, 2 for a quarter, 1 for an eighth.
    pub(in crate::jpeg) scale_eighths: u8,
    /// Luma only, one byte a pixel; else RGB.
    pub(in crate::jpeg) gray: bool,
    /// Interpolate chroma instead of repeating it.
    pub(in crate::jpeg) smooth_chroma: bool,
}

/// Three planes of a 4:2:0 frame in one buffer, in whole MCUs: Y, then U and V of half the width and height.
#[derive(Clone, Copy, Debug)]
pub(in crate::jpeg) struct PlanesLayout {
    /// Bytes of a row of Y; of U and V half of them.
    pub(in crate::jpeg) stride: usize,
    /// Rows of Y; of U and V half of them.
    rows: usize,
}

impl PlanesLayout {
    /// For a frame of that size.
    pub(in crate::jpeg) const fn of(size: Size) -> Self {
        Self {
            stride: (size.width as usize).next_multiple_of(MCU_PX),
            rows: (size.height as usize).next_multiple_of(MCU_PX),
        }
    }

    /// Bytes of all three; `None` where no buffer is that long.
    pub(in crate::jpeg) fn bytes(self) -> Option<usize> {
        Some(self.stride.checked_mul(self.rows)? / 2 * 3)
    }

    /// The planes in their buffer.
    pub(in crate::jpeg) fn split(self, planes: &[u8]) -> [Plane<'_>; 3] {
        let luma = Plane {
            data: planes,
            stride: self.stride,
        };
        let chroma = Plane {
            data: luma.below(self.rows).data,
            stride: self.stride / 2,
        };
        [luma, chroma, chroma.below(self.rows / 2)]
    }
}

/// A decompressor of one thread.
pub(in crate::jpeg) struct Decoder {
    raw: NonNull<RawDecoder>,
    _one_thread: PhantomData<*mut ()>,
}

impl Decoder {
    /// # Errors
    /// When there is no memory.
    pub(in crate::jpeg) fn new() -> Result<Self, String> {
        // SAFETY: takes nothing, returns null or a decoder that we own.
        let raw = NonNull::new(unsafe { shim_decoder_new() }).ok_or("out of memory")?;
        Ok(Self {
            raw,
            _one_thread: PhantomData,
        })
    }

    /// Checks that a decoder would start on it; decodes nothing.
    pub(in crate::jpeg) fn check(&mut self, jpeg: &[u8]) -> Result<(), String> {
        // SAFETY: the slice is read only up to its length.
        let done = unsafe { shim_check(self.raw.as_ptr(), jpeg.as_ptr(), jpeg.len()) };
        self.outcome(done)
    }

    /// Decodes a part into `pixels`, in rows `stride` bytes apart. Returns how many pixels come before the part in each
    /// row.
    pub(in crate::jpeg) fn part(
        &mut self,
        jpeg: &[u8],
        part: Part,
        pixels: &mut [u8],
        stride: usize,
    ) -> Result<usize, String> {
        let rect = part.rect;
        let bytes = if part.gray { 1 } else { 3 };
        let rows = rect.height as usize;
        assert!(
            stride >= (rect.width as usize + LEFT_SLACK_PX) * bytes,
            "room for the part and its slack"
        );
        assert!(
            stride
                .checked_mul(rows)
                .is_some_and(|want| pixels.len() >= want),
            "room for its rows"
        );
        let how = RawPart {
            x: rect.x,
            y: rect.y,
            width: rect.width,
            height: rect.height,
            scale_eighths: i32::from(part.scale_eighths),
            gray: i32::from(part.gray),
            smooth_chroma: i32::from(part.smooth_chroma),
        };
        let mut left = 0;
        // SAFETY: `pixels` has room for `rows` rows of `stride` bytes (asserted); the shim refuses a row that
        // would be longer than the stride; everything outlives the call.
        let done = unsafe {
            shim_decode_part(
                self.raw.as_ptr(),
                jpeg.as_ptr(),
                jpeg.len(),
                &raw const how,
                pixels.as_mut_ptr(),
                stride,
                &raw mut left,
            )
        };
        self.outcome(done)?;
        Ok((rect.x - left) as usize)
    }

    /// Decodes a whole 4:2:0 JPEG of `size` into planes Y, U and V, laid out as in [`PlanesLayout`]. False, with nothing
    /// written, for a JPEG of another kind.
    pub(in crate::jpeg) fn planes(
        &mut self,
        jpeg: &[u8],
        size: Size,
        planes: &mut [u8],
    ) -> Result<bool, String> {
        let layout = PlanesLayout::of(size);
        assert!(
            layout.bytes().is_some_and(|want| planes.len() >= want),
            "room for three planes of whole MCUs"
        );
        // SAFETY: `planes` has room for whole MCUs of a frame of `size` (asserted), and the shim refuses a frame of
        // another size or kind; everything outlives the call.
        let done = unsafe {
            shim_decode_planes(
                self.raw.as_ptr(),
                jpeg.as_ptr(),
                jpeg.len(),
                size.width,
                size.height,
                planes.as_mut_ptr(),
                layout.stride,
            )
        };
        if done == SHIM_UNSUITABLE {
            return Ok(false);
        }
        self.outcome(done).map(|()| true)
    }

    fn outcome(&self, done: c_int) -> Result<(), String> {
        if done == 0 {
            return Ok(());
        }
        // SAFETY: the message is a C string inside the decoder.
        Err(unsafe { text(shim_decoder_why(self.raw.as_ptr())) })
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: `new` created it, and it is freed once.
        unsafe { shim_decoder_free(self.raw.as_ptr()) }
    }
}
