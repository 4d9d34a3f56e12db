//! Pixels that outlive their frame: all of it, or a part.

use std::sync::Arc;

use crate::downsize::downsized;
use crate::error::ImageError;
use crate::frame::FrameView;
use crate::geometry::{Rect, Size};
use crate::jpeg::Verdict;
use crate::pixels::Pixels;

/// JPEG bytes with another owner, shared instead of copied.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A whole frame.
pub(super) enum Whole {
    /// A copy of its pixels.
    Pixels(Pixels),
    /// Its JPEG: the first `size_bytes` of `bytes`.
    Jpeg {
        bytes: SharedBytes,
        size_bytes: usize,
        /// Found when the first image is made of it.
        verdict: Verdict,
    },
}

impl Whole {
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Pixels(pixels) => pixels.held_bytes(),
            Self::Jpeg {
                size_bytes,
                verdict,
                ..
            } => *size_bytes + verdict.held_bytes(),
        }
    }

    /// Its JPEG, as images are made of it.
    pub(super) fn jpeg(&self) -> Result<&[u8], ImageError> {
        match self {
            Self::Pixels(_) => Err(ImageError::NoFrame),
            Self::Jpeg {
                bytes,
                size_bytes,
                verdict,
            } => {
                let bytes: &[u8] = (**bytes).as_ref();
                verdict.of(bytes.get(..*size_bytes).unwrap_or(bytes))
            }
        }
    }
}

/// Pixels of part of the frame, and which part.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) pixels: Arc<Pixels>,
    pub(super) shows: Rect,
}

/// What all shots of one frame share: the whole frame is copied once, or its JPEG referred to.
#[derive(Default)]
pub struct FrameShare {
    /// The bytes of a JPEG frame, if they never change: then they are kept without a copy. They begin with those of the
    /// [`FrameView::Jpeg`].
    pub jpeg: Option<SharedBytes>,
    pub(super) whole: Option<Arc<Whole>>,
    downsized: Option<(Size, Arc<Pixels>)>,
}

impl FrameShare {
    /// For one frame; `jpeg` is the field of that name.
    #[must_use]
    pub fn new(jpeg: Option<SharedBytes>) -> Self {
        Self {
            jpeg,
            ..Self::default()
        }
    }

    /// The whole frame, copied or referred to on first demand.
    pub(super) fn whole(&mut self, frame: &FrameView<'_>) -> Option<Arc<Whole>> {
        if self.whole.is_none() {
            self.whole = Some(Arc::new(match *frame {
                FrameView::Jpeg { data, .. } => Whole::Jpeg {
                    bytes: self.jpeg.clone().unwrap_or_else(|| Arc::new(data.to_vec())),
                    size_bytes: data.len(),
                    verdict: Verdict::default(),
                },
                _ => Whole::Pixels(Pixels::copy_of(frame)?),
            }));
        }
        self.whole.clone()
    }

    /// The frame made smaller, on first demand.
    pub(super) fn downsized(
        &mut self,
        frame: &FrameView<'_>,
        fit: Size,
    ) -> Result<Arc<Pixels>, ImageError> {
        match &self.downsized {
            Some((known, pixels)) if *known == fit => Ok(Arc::clone(pixels)),
            _ => {
                let pixels = smaller(frame, fit)?;
                self.downsized = Some((fit, Arc::clone(&pixels)));
                Ok(pixels)
            }
        }
    }
}

pub(super) fn copied(frame: &FrameView<'_>, shows: Rect) -> Result<Piece, ImageError> {
    let pixels = frame
        .cut(shows)
        .as_ref()
        .and_then(Pixels::copy_of)
        .ok_or(ImageError::NoFrame)?;
    Ok(Piece {
        pixels: Arc::new(pixels),
        shows,
    })
}

pub(super) fn copied_from(piece: &Piece, shows: Rect) -> Result<Piece, ImageError> {
    let view = piece.pixels.view();
    let inner = copied(&view, shows.within(piece.shows))?;
    Ok(Piece { shows, ..inner })
}

pub(super) fn smaller(frame: &FrameView<'_>, fit: Size) -> Result<Arc<Pixels>, ImageError> {
    let want = frame.size().fitted_into(fit);
    let pixels = if want == frame.size() {
        Pixels::copy_of(frame).ok_or(ImageError::NoFrame)?
    } else {
        downsized(frame, want)?
    };
    Ok(Arc::new(pixels))
}
