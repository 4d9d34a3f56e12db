//! libjpeg-turbo's encoder.

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::text;
use crate::frame::{PackedOrder, Plane};
use crate::geometry::Size;
use crate::jpeg::bands::Bands;

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
struct RawEncoder {
    _opaque: [u8; 0],
}

unsafe extern "C" {
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
}

/// Colour of the samples an encoder takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Rgb = 0,
    Bgr = 1,
    Gray = 2,
    Ycc = 3,
}

/// How an image is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jpeg) struct Recipe {
    /// Width and height of the image.
    pub(in crate::jpeg) size: Size,
    /// 1 to 100.
    pub(in crate::jpeg) quality: u8,
    /// Luma samples for each chroma sample, across and down: 1 or 2.
    pub(in crate::jpeg) factors: (u8, u8),
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

/// A compressor and its output buffer, of one thread.
pub(in crate::jpeg) struct Encoder {
    raw: NonNull<RawEncoder>,
    // C's state could move between threads, but nothing needs that.
    _one_thread: PhantomData<*mut ()>,
}

impl Encoder {
    /// # Errors
    /// When there is no memory.
    pub(in crate::jpeg) fn new() -> Result<Self, String> {
        // SAFETY: takes nothing, returns null or an encoder that we own.
        let raw = NonNull::new(unsafe { shim_encoder_new() }).ok_or("out of memory")?;
        Ok(Self {
            raw,
            _one_thread: PhantomData,
        })
    }

    /// Encodes interleaved rows.
    pub(in crate::jpeg) fn packed(
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

    /// Encodes planes band by band.
    ///
    /// A band is `8 * factors.1` luma rows and 8 chroma rows; every row holds its plane's width rounded up to a multiple of
    /// 8.
    pub(in crate::jpeg) fn planes(
        &mut self,
        recipe: Recipe,
        mut bands: impl Bands,
    ) -> Result<(), String> {
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
            // a plane's width rounded up to whole blocks of 8, which is row_bytes.
            let done = unsafe { shim_planes_band(self.raw.as_ptr(), raw.as_ptr()) };
            self.outcome(done)?;
        }
        // SAFETY: the encoder is ours.
        let done = unsafe { shim_planes_finish(self.raw.as_ptr()) };
        self.outcome(done)
    }

    /// The last JPEG.
    pub(in crate::jpeg) fn encoded(&self) -> &[u8] {
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
        // SAFETY: the message is a C string inside the encoder.
        Err(unsafe { text(shim_encoder_why(self.raw.as_ptr())) })
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: `new` created it, and it is freed once.
        unsafe { shim_encoder_free(self.raw.as_ptr()) }
    }
}

/// Whether `rows` rows of `row_bytes`, the plane's stride apart, lie inside its slice.
fn covers(plane: Plane<'_>, row_bytes: usize, rows: usize) -> bool {
    let last = plane.stride.checked_mul(rows.saturating_sub(1));
    last.and_then(|start| start.checked_add(row_bytes))
        .is_some_and(|want| plane.data.len() >= want)
}
