//! The only door to C: libjpeg-turbo through the shim in `native/`.
//!
//! Invariants, each checked here before a call and held by `jpeg/tests.rs`:
//!
//! 1. Every pointer handed over comes from a slice whose length covers what C will touch.
//! 2. C keeps no pointer into Rust's memory after the call returns.
//! 3. A failed call leaves encoder and decoder usable.
#![expect(
    unsafe_code,
    reason = "one of the two modules that may: C has no other interface"
)]

use std::ffi::{CStr, c_char, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;

// Keeps the crate in the link: its build script brings libjpeg-turbo.
use turbojpeg_sys as _;

use super::bands::Bands;
use crate::frame::{PackedOrder, Plane};
use crate::geometry::{Rect, Size};

/// Pixels that a decoded part may begin further left than asked for; `SHIM_LEFT_SLACK`.
pub(super) const LEFT_SLACK_PX: usize = 32;

#[repr(C)]
struct RawEncoding {
    width: u32,
    height: u32,
    space: i32,
    quality: i32,
    h_factor: i32,
    v_factor: i32,
}

#[repr(C)]
struct RawBand {
    samples: *const u8,
    stride: usize,
    rows: u32,
}

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
struct RawEncoder {
    _opaque: [u8; 0],
}

#[repr(C)]
struct RawDecoder {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn shim_simd() -> *const c_char;
    fn shim_encoder_new() -> *mut RawEncoder;
    fn shim_encoder_free(encoder: *mut RawEncoder);
    fn shim_encoder_why(encoder: *const RawEncoder) -> *const c_char;
    fn shim_encode_packed(
        encoder: *mut RawEncoder,
        how: *const RawEncoding,
        pixels: *const u8,
        stride: usize,
    ) -> c_int;
    fn shim_planes_begin(encoder: *mut RawEncoder, how: *const RawEncoding) -> c_int;
    fn shim_planes_band(encoder: *mut RawEncoder, bands: *const RawBand) -> c_int;
    fn shim_planes_finish(encoder: *mut RawEncoder) -> c_int;
    fn shim_encoded(encoder: *const RawEncoder, size: *mut usize) -> *const u8;
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
}

/// The instruction set libjpeg-turbo uses on this processor: `avx2`, `sse2`, `neon` or `none`.
#[must_use]
pub fn simd_name() -> &'static str {
    // SAFETY: takes nothing, returns a C string that is part of the program.
    unsafe { CStr::from_ptr(shim_simd()) }
        .to_str()
        .unwrap_or("none")
}

/// Colour of the samples an encoder takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Rgb = 0,
    Bgr = 1,
    Gray = 2,
    Ycc = 3,
}

/// How one image is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    /// Width and height of the image.
    pub(super) size: Size,
    /// 1 to 100.
    pub(super) quality: u8,
    /// Luma samples for each chroma sample, across and down: 1 or 2.
    pub(super) factors: (u8, u8),
}

impl Recipe {
    fn raw(self, space: Space) -> RawEncoding {
        assert!(
            (1..=100).contains(&self.quality),
            "quality is checked by the caller"
        );
        assert!(
            matches!(self.factors, (1 | 2, 1 | 2)),
            "factors come from `Subsampling`"
        );
        RawEncoding {
            width: self.size.width,
            height: self.size.height,
            space: space as i32,
            quality: i32::from(self.quality),
            h_factor: i32::from(self.factors.0),
            v_factor: i32::from(self.factors.1),
        }
    }
}

/// A compressor and its output buffer; one thread's.
pub(super) struct Encoder {
    raw: NonNull<RawEncoder>,
    // C's state is bound to no thread, but nothing needs to send it.
    _one_thread: PhantomData<*mut ()>,
}

impl Encoder {
    /// # Errors
    /// When there is no memory.
    pub(super) fn new() -> Result<Self, String> {
        // SAFETY: takes nothing, returns null or an encoder that is ours.
        let raw = NonNull::new(unsafe { shim_encoder_new() }).ok_or("out of memory")?;
        Ok(Self {
            raw,
            _one_thread: PhantomData,
        })
    }

    /// Encodes interleaved rows.
    pub(super) fn packed(
        &mut self,
        recipe: Recipe,
        pixels: Plane<'_>,
        order: PackedOrder,
    ) -> Result<(), String> {
        let space = match order {
            PackedOrder::Rgb => Space::Rgb,
            PackedOrder::Bgr => Space::Bgr,
            PackedOrder::Gray => Space::Gray,
        };
        let row_bytes = recipe.size.width as usize * order.bytes_per_pixel();
        assert!(
            covers(pixels, row_bytes, recipe.size.height as usize),
            "rows lie inside the slice"
        );
        let how = recipe.raw(space);
        // SAFETY: the slice covers height rows of row_bytes, stride apart (asserted); `how` outlives the call.
        let done = unsafe {
            shim_encode_packed(
                self.raw.as_ptr(),
                &raw const how,
                pixels.data.as_ptr(),
                pixels.stride,
            )
        };
        self.outcome(done)
    }

    /// Encodes planes: `next` is called once for each band and gives its rows of Y, U and V.
    ///
    /// A band is `8 * factors.1` luma rows and 8 of chroma; every row holds its plane's width rounded up to a multiple of 8.
    pub(super) fn planes(&mut self, recipe: Recipe, mut bands: impl Bands) -> Result<(), String> {
        let how = recipe.raw(Space::Ycc);
        // SAFETY: `how` outlives the call.
        let begun = unsafe { shim_planes_begin(self.raw.as_ptr(), &raw const how) };
        self.outcome(begun)?;
        let (h_factor, v_factor) = (u32::from(recipe.factors.0), u32::from(recipe.factors.1));
        let luma_row = recipe.size.width.next_multiple_of(8) as usize;
        let chroma_row = recipe.size.width.div_ceil(h_factor).next_multiple_of(8) as usize;
        let count = recipe.size.height.div_ceil(8 * v_factor);
        for number in 0..count {
            let rows = bands.band(number);
            let raw = [
                (rows.y, luma_row),
                (rows.u, chroma_row),
                (rows.v, chroma_row),
            ]
            .map(|(band, row_bytes)| {
                let real = band.rows as usize;
                assert!(
                    real > 0 && covers(band.plane, row_bytes, real),
                    "band lies inside the slice"
                );
                RawBand {
                    samples: band.plane.data.as_ptr(),
                    stride: band.plane.stride,
                    rows: band.rows,
                }
            });
            // SAFETY: each of the three slices covers its rows (asserted) and outlives the call; libjpeg reads
            // a plane's width rounded up to whole blocks of 8, which is what row_bytes says.
            let done = unsafe { shim_planes_band(self.raw.as_ptr(), raw.as_ptr()) };
            self.outcome(done)?;
        }
        // SAFETY: the encoder is ours.
        let done = unsafe { shim_planes_finish(self.raw.as_ptr()) };
        self.outcome(done)
    }

    /// The JPEG that was made last.
    pub(super) fn encoded(&self) -> &[u8] {
        let mut size = 0;
        // SAFETY: the encoder is ours; the buffer it returns stays until its next call, which needs `&mut self`.
        unsafe {
            let bytes = shim_encoded(self.raw.as_ptr(), &raw mut size);
            if bytes.is_null() {
                &[]
            } else {
                std::slice::from_raw_parts(bytes, size)
            }
        }
    }

    fn outcome(&self, done: c_int) -> Result<(), String> {
        if done == 0 {
            return Ok(());
        }
        // SAFETY: the encoder's message is a C string inside it.
        Err(unsafe { text(shim_encoder_why(self.raw.as_ptr())) })
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once.
        unsafe { shim_encoder_free(self.raw.as_ptr()) }
    }
}

/// Which part of a JPEG is wanted, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// In pixels of the scaled frame.
    pub(super) rect: Rect,
    /// 8 for full size, 4 for half, 2 for a quarter, 1 for an eighth.
    pub(super) scale_eighths: u8,
    /// Luma only, one byte a pixel; else RGB.
    pub(super) gray: bool,
    /// Interpolate chroma instead of repeating it.
    pub(super) smooth_chroma: bool,
}

/// A decompressor; one thread's.
pub(super) struct Decoder {
    raw: NonNull<RawDecoder>,
    _one_thread: PhantomData<*mut ()>,
}

impl Decoder {
    /// # Errors
    /// When there is no memory.
    pub(super) fn new() -> Result<Self, String> {
        // SAFETY: takes nothing, returns null or a decoder that is ours.
        let raw = NonNull::new(unsafe { shim_decoder_new() }).ok_or("out of memory")?;
        Ok(Self {
            raw,
            _one_thread: PhantomData,
        })
    }

    /// Whether a decoder would begin with it; decodes nothing.
    pub(super) fn check(&mut self, jpeg: &[u8]) -> Result<(), String> {
        // SAFETY: the slice is read only up to its length.
        let done = unsafe { shim_check(self.raw.as_ptr(), jpeg.as_ptr(), jpeg.len()) };
        self.outcome(done)
    }

    /// Decodes a part into `pixels`, whose rows are `stride` bytes apart. Returns how many pixels of each row come before the
    /// part.
    pub(super) fn part(
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

    fn outcome(&self, done: c_int) -> Result<(), String> {
        if done == 0 {
            return Ok(());
        }
        // SAFETY: the decoder's message is a C string inside it.
        Err(unsafe { text(shim_decoder_why(self.raw.as_ptr())) })
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once.
        unsafe { shim_decoder_free(self.raw.as_ptr()) }
    }
}

/// Whether `rows` rows of `row_bytes`, the plane's stride apart, lie inside its slice.
fn covers(plane: Plane<'_>, row_bytes: usize, rows: usize) -> bool {
    let last = plane.stride.checked_mul(rows.saturating_sub(1));
    last.and_then(|start| start.checked_add(row_bytes))
        .is_some_and(|want| plane.data.len() >= want)
}

/// # Safety
/// `message` is a valid C string.
unsafe fn text(message: *const c_char) -> String {
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(message) }
        .to_string_lossy()
        .into_owned()
}
