//! One thread's encoder and decoder, and the choice of what to do with them.

use std::cell::RefCell;
use std::sync::Arc;

use super::bands::{Chroma, PlanarBands};
use super::cut::Cutter;
use super::ffi::{Decoder, Encoder, Recipe};
use super::mjpeg;
use super::{DEFAULT_QUALITY, Encoding, Header};
use crate::downsize::downsized_in;
use crate::error::{FrameError, ImageError};
use crate::frame::FrameView;
use crate::geometry::{RawBox, Rect, Size};
use crate::shot::{ImageKind, Jpeg};

/// Scratch above this is given back after an image.
const KEPT_SCRATCH_BYTES: usize = 8 << 20;

/// What a thread keeps from one image to the next.
pub(super) struct Codec {
    pub(super) encoder: Encoder,
    pub(super) decoder: Decoder,
    pub(super) scratch: Scratch,
}

/// Buffers that are filled anew for every image.
#[derive(Default)]
pub(super) struct Scratch {
    /// One band of rewritten planes.
    pub(super) bands: Vec<u8>,
    /// A decoded part of a JPEG.
    pub(super) part: Vec<u8>,
    /// A picture made smaller.
    pub(super) small: Vec<u8>,
    /// Cuts JPEGs out of JPEGs.
    pub(super) cutter: Cutter,
}

thread_local! {
    static CODEC: RefCell<Option<Codec>> = const { RefCell::new(None) };
}

/// Runs with this thread's codec.
pub(super) fn with_codec<T>(
    work: impl FnOnce(&mut Codec) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    CODEC.with_borrow_mut(|slot| {
        let codec = match slot {
            Some(codec) => codec,
            empty => empty.insert(Codec {
                encoder: Encoder::new().map_err(codec_error)?,
                decoder: Decoder::new().map_err(codec_error)?,
                scratch: Scratch::default(),
            }),
        };
        let made = work(codec);
        for buffer in [&mut codec.scratch.part, &mut codec.scratch.small] {
            if buffer.capacity() > KEPT_SCRATCH_BYTES {
                *buffer = Vec::new();
            }
        }
        codec.scratch.cutter.give_back(KEPT_SCRATCH_BYTES);
        made
    })
}

pub(super) fn codec_error(why: String) -> ImageError {
    ImageError::Codec { why }
}

pub(super) fn broken_jpeg(why: String) -> ImageError {
    ImageError::Frame(FrameError::BadJpeg { why })
}

/// One image where it was made: in this thread's buffers, or the camera's own bytes.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// From SOI to EOI.
    pub bytes: &'a [u8],
    /// Size of the picture.
    pub size: Size,
    /// What part of the frame it shows.
    pub shows: Rect,
}

/// A copy of a picture, to keep.
pub(crate) fn copy_of(picture: Picture<'_>) -> Jpeg {
    Jpeg {
        bytes: Arc::from(picture.bytes),
        size: picture.size,
        shows: picture.shows,
    }
}

/// Cuts and encodes one image straight from a frame.
///
/// # Errors
/// [`ImageError`] that names the box, the setting or the frame that cannot be used.
pub fn image_from_frame(
    frame: &FrameView<'_>,
    kind: ImageKind,
    given: Option<RawBox>,
    encoding: &Encoding,
) -> Result<Jpeg, ImageError> {
    with_image_from_frame(frame, kind, given, encoding, copy_of)
}

/// The same, for a caller with a home of his own for the bytes: `take` copies them there. It must not ask for another
/// image.
///
/// # Errors
/// As [`image_from_frame`].
pub fn with_image_from_frame<T>(
    frame: &FrameView<'_>,
    kind: ImageKind,
    given: Option<RawBox>,
    encoding: &Encoding,
    take: impl FnOnce(Picture<'_>) -> T,
) -> Result<T, ImageError> {
    let rect = match kind {
        ImageKind::FullFrame | ImageKind::DownsizedFrame => Rect::whole(frame.size()),
        ImageKind::VehicleCrop => frame.box_to_cut(given, "vehicle")?,
        ImageKind::PlateCrop => frame.box_to_cut(given, "plate")?,
    };
    if let FrameView::Jpeg { data, .. } = *frame {
        return image_of_jpeg(data, kind, rect, encoding, take);
    }
    let part = frame.cut(rect).ok_or(ImageError::NoFrame)?;
    image_of_pixels(&part, kind, rect, encoding, take)
}

/// Encodes pixels: the part that `shows` names, or, for the downsized frame, that part made smaller.
pub(crate) fn image_of_pixels<T>(
    part: &FrameView<'_>,
    kind: ImageKind,
    shows: Rect,
    encoding: &Encoding,
    take: impl FnOnce(Picture<'_>) -> T,
) -> Result<T, ImageError> {
    encoding.check()?;
    let want = encoding.downsized(part.size());
    if kind != ImageKind::DownsizedFrame || want == part.size() {
        return with_codec(|codec| codec.encode(part, shows, encoding, take));
    }
    with_codec(|codec| {
        let buffer = std::mem::take(&mut codec.scratch.small);
        let smaller = downsized_in(buffer, part, want)?;
        let made = codec.encode(&smaller.view(), shows, encoding, take);
        codec.scratch.small = smaller.into_bytes();
        made
    })
}

/// An image from one JPEG of an MJPEG stream.
pub(crate) fn image_of_jpeg<T>(
    data: &[u8],
    kind: ImageKind,
    rect: Rect,
    encoding: &Encoding,
    take: impl FnOnce(Picture<'_>) -> T,
) -> Result<T, ImageError> {
    encoding.check()?;
    let header = Header::parse(data)?;
    with_codec(|codec| match kind {
        ImageKind::FullFrame => mjpeg::full_frame(codec, data, &header, encoding, take),
        ImageKind::DownsizedFrame => mjpeg::downsized_frame(codec, data, &header, encoding, take),
        ImageKind::VehicleCrop | ImageKind::PlateCrop => {
            mjpeg::crop(codec, data, &header, rect, encoding, take)
        }
    })
}

impl Codec {
    /// Encodes pixels under the ceiling, if one is set.
    pub(super) fn encode<T>(
        &mut self,
        part: &FrameView<'_>,
        shows: Rect,
        encoding: &Encoding,
        take: impl FnOnce(Picture<'_>) -> T,
    ) -> Result<T, ImageError> {
        let best = encoding.quality.unwrap_or(DEFAULT_QUALITY);
        let mut made = self.encode_at(part, encoding, best)?;
        if let Some(max_bytes) = encoding.max_bytes
            && made > max_bytes
        {
            made = self.encode_below(part, encoding, best, max_bytes)?;
        }
        debug_assert_eq!(made, self.encoder.encoded().len());
        Ok(take(Picture {
            bytes: self.encoder.encoded(),
            size: part.size(),
            shows,
        }))
    }

    /// The highest quality below `too_good` that fits: bisection, since size grows with quality.
    fn encode_below(
        &mut self,
        part: &FrameView<'_>,
        encoding: &Encoding,
        too_good: u8,
        max_bytes: usize,
    ) -> Result<usize, ImageError> {
        let (mut fits, mut too_good) = (0, too_good);
        let mut last = (too_good, usize::MAX);
        while too_good - fits > 1 {
            let quality = fits.midpoint(too_good);
            last = (quality, self.encode_at(part, encoding, quality)?);
            if last.1 <= max_bytes {
                fits = quality;
            } else {
                too_good = quality;
            }
        }
        if fits == 0 {
            let smallest_bytes = if last.0 == 1 {
                last.1
            } else {
                self.encode_at(part, encoding, 1)?
            };
            return Err(ImageError::OverCeiling {
                smallest_bytes,
                max_bytes,
            });
        }
        if last.0 == fits {
            Ok(last.1)
        } else {
            self.encode_at(part, encoding, fits)
        }
    }

    /// Encodes once and returns the size in bytes.
    fn encode_at(
        &mut self,
        part: &FrameView<'_>,
        encoding: &Encoding,
        quality: u8,
    ) -> Result<usize, ImageError> {
        let factors = encoding.subsampling.factors();
        let recipe = Recipe {
            size: part.size(),
            quality,
            factors,
        };
        let (y, chroma, range) = match *part {
            FrameView::Packed { pixels, order, .. } => {
                self.encoder
                    .packed(recipe, pixels, order)
                    .map_err(codec_error)?;
                return Ok(self.encoder.encoded().len());
            }
            FrameView::Nv12 { y, uv, range, .. } => (y, Chroma::Interleaved(uv), range),
            FrameView::I420 { y, u, v, range, .. } => (y, Chroma::Apart(u, v), range),
            FrameView::Jpeg { .. } => return Err(codec_error("a JPEG is not pixels".to_owned())),
        };
        let scratch = &mut self.scratch.bands;
        let bands = PlanarBands {
            y,
            chroma,
            size: part.size(),
            range,
            factors,
            scratch,
        };
        self.encoder.planes(recipe, bands).map_err(codec_error)?;
        Ok(self.encoder.encoded().len())
    }
}
