//! Each thread's encoder, decoder and scratch buffers, and encoding under a ceiling.

use std::cell::RefCell;

use super::bands::{PlanarBands, planar};
use super::cut::Cutter;
use super::encoding::{DEFAULT_QUALITY, Encoding, JpegView};
use super::ffi::{Decoder, Encoder, Recipe};
use super::judged::Judged;
use super::own::OwnEncoder;
use super::scan::Walker;
use crate::error::{FrameError, ImageError};
use crate::frame::FrameView;
use crate::geometry::Rect;

/// A scratch buffer larger than this is freed after each image.
const KEPT_SCRATCH_BYTES: usize = 8 << 20;

/// What a thread keeps between images.
pub(super) struct Codec {
    pub(super) encoder: Encoder,
    own: Option<OwnEncoder>,
    /// The last image is the own encoder's.
    is_own: bool,
    pub(super) decoder: Decoder,
    pub(super) scratch: Scratch,
}

/// Buffers that every image overwrites.
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
    /// Judges JPEGs.
    pub(super) walker: Walker,
    /// The last one judged.
    pub(super) judged: Option<Judged>,
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
                own: OwnEncoder::new(),
                is_own: false,
                decoder: Decoder::new().map_err(codec_error)?,
                scratch: Scratch::default(),
            }),
        };
        let outcome = work(codec);
        for buffer in [&mut codec.scratch.part, &mut codec.scratch.small] {
            if buffer.capacity() > KEPT_SCRATCH_BYTES {
                *buffer = Vec::new();
            }
        }
        if let Some(own) = &mut codec.own {
            own.free_above(KEPT_SCRATCH_BYTES);
        }
        codec.scratch.cutter.free_above(KEPT_SCRATCH_BYTES);
        codec.scratch.walker.free_above(KEPT_SCRATCH_BYTES);
        codec
            .scratch
            .judged
            .take_if(|judged| judged.held_bytes() > KEPT_SCRATCH_BYTES);
        outcome
    })
}

pub(super) fn codec_error(why: String) -> ImageError {
    ImageError::Codec { why }
}

pub(super) fn broken_jpeg(why: String) -> ImageError {
    ImageError::Frame(FrameError::BadJpeg { why })
}

impl Codec {
    /// Encodes pixels, under the ceiling if there is one.
    pub(super) fn encode<T>(
        &mut self,
        part: &FrameView<'_>,
        shows: Rect,
        encoding: &Encoding,
        take: impl FnOnce(JpegView<'_>) -> T,
    ) -> Result<T, ImageError> {
        let best = encoding.quality.unwrap_or(DEFAULT_QUALITY);
        let mut bytes = self.encode_at(part, encoding, best)?;
        if let Some(max_bytes) = encoding.max_bytes
            && bytes > max_bytes
        {
            bytes = self.encode_below(part, encoding, best, max_bytes)?;
        }
        debug_assert_eq!(bytes, self.encoded().len());
        Ok(take(JpegView {
            bytes: self.encoded(),
            size: part.size(),
            shows,
        }))
    }

    /// Encodes at the highest quality below `too_good` that fits, found by bisection: size grows with quality.
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
        self.is_own = match &mut self.own {
            Some(own) => own.encode(part, encoding, quality),
            None => false,
        };
        if !self.is_own {
            self.encode_with_turbo(part, encoding, quality)?;
        }
        Ok(self.encoded().len())
    }

    /// The last image.
    fn encoded(&self) -> &[u8] {
        match &self.own {
            Some(own) if self.is_own => own.encoded(),
            _ => self.encoder.encoded(),
        }
    }

    fn encode_with_turbo(
        &mut self,
        part: &FrameView<'_>,
        encoding: &Encoding,
        quality: u8,
    ) -> Result<(), ImageError> {
        let factors = encoding.subsampling.factors();
        let recipe = Recipe {
            size: part.size(),
            quality,
            factors,
        };
        if let FrameView::Packed { pixels, order, .. } = *part {
            let packed = self.encoder.packed(recipe, pixels, order);
            return packed.map_err(codec_error);
        }
        let (y, chroma, size, range) =
            planar(part).ok_or_else(|| codec_error("a JPEG is not pixels".to_owned()))?;
        let scratch = &mut self.scratch.bands;
        let bands = PlanarBands {
            y,
            chroma,
            size,
            range,
            factors,
            scratch,
        };
        self.encoder.planes(recipe, bands).map_err(codec_error)
    }
}
