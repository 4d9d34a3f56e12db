//! A shot: the pixels of one read, kept until its vehicle's last event is encoded.
//!
//! [`Shot::capture`] runs on the recogniser's thread and only copies; [`Shot::jpeg`] runs on the encoder's thread and
//! encodes each image once, whoever asks for it. Lock order: `images` before `pixels`. `images` is held while an image
//! is encoded and never taken by the recogniser's thread; `pixels` is held only to read or to let go.
//!
//! Nothing is copied twice: crops are views into a frame that is kept whole, a plate inside the vehicle is a view into
//! the vehicle, a JPEG frame is the source of all its images. Before [`Shot::shed`] drops pixels it copies what others
//! still need of them. Held by the tests in `shot/tests.rs`.

mod kept;
mod piece;
mod plan;
mod sharpness;
mod source;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::ImageError;
use crate::frame::FrameView;
use crate::geometry::{RawBox, Rect, Size};
use crate::jpeg::{Coder, Encoding, ImageKind, Jpeg, Offer, judged_answer};
use kept::KeptPixels;

pub use piece::{FrameShare, SharedBytes};
pub use plan::{SHED_ORDER, ShotPlan};

/// Pixels of one read.
pub struct Shot {
    frame_size: Size,
    pixels: Mutex<KeptPixels>,
    images: Mutex<Vec<ShotImage>>,
    image_bytes: AtomicUsize,
}

/// An image that was asked for, or why there is none.
struct ShotImage {
    kind: ImageKind,
    encoding: Encoding,
    outcome: Result<Jpeg, ImageError>,
}

impl Shot {
    /// Copies what `plan` wants out of the frame. A box that cannot be used never fails the shot: it is kept as the reason
    /// why its image is missing.
    #[must_use]
    pub fn capture(
        frame: Option<&FrameView<'_>>,
        share: &mut FrameShare,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Self {
        Self {
            frame_size: frame.map_or(
                Size {
                    width: 0,
                    height: 0,
                },
                FrameView::size,
            ),
            pixels: Mutex::new(KeptPixels::capture(frame, share, vehicle, plate, plan)),
            images: Mutex::default(),
            image_bytes: AtomicUsize::new(0),
        }
    }

    /// Size of its frame; 0x0 when there was none.
    #[must_use]
    pub const fn frame_size(&self) -> Size {
        self.frame_size
    }

    /// How sharp its plate is, to compare with other shots of the vehicle; 0 where that is not known. Looks at the pixels
    /// that are kept: nothing of it is spent on shots that are never compared.
    #[must_use]
    pub fn sharpness(&self) -> u32 {
        let source = self.pixels().source(ImageKind::PlateCrop);
        source.map_or(0, |source| source.sharpness())
    }

    /// Bytes it keeps alive; what it shares with other shots of the frame counts in full.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.pixels().held_bytes() + self.image_bytes.load(Ordering::Relaxed)
    }

    /// Lets go of the pixels of one kind. Returns the bytes freed: 0 when there were none, or when they are part of what
    /// stays (a JPEG frame, while its vehicle is still wanted). Images that were encoded already stay.
    pub fn shed(&self, kind: ImageKind) -> usize {
        let mut pixels = self.pixels();
        let before = pixels.held_bytes();
        pixels.shed(kind);
        before.saturating_sub(pixels.held_bytes())
    }

    /// The image of that kind, encoded on first demand and remembered.
    ///
    /// # Errors
    /// [`ImageError`] that says why there is no such image.
    pub fn jpeg(&self, kind: ImageKind, encoding: &Encoding) -> Result<Jpeg, ImageError> {
        let coder = encoding.coder;
        let encoding = telling(kind, encoding);
        // Held while encoding, so that two who ask at once get one image.
        let mut images = self.images();
        if let Some(image) = known(&images, kind, &encoding) {
            return image.outcome.clone();
        }
        let source = self.pixels().source(kind);
        let outcome = source.and_then(|source| source.image(kind, &Encoding { coder, ..encoding }));
        self.remember(&mut images, kind, encoding, outcome.clone());
        outcome
    }

    /// The pixels of an image that another encoder can make; `None`: it is there already, or ours has to make it.
    #[must_use]
    pub fn offer(&self, kind: ImageKind, encoding: &Encoding) -> Option<Offer> {
        let encoding = telling(kind, encoding);
        if known(&self.images(), kind, &encoding).is_some() {
            return None;
        }
        let source = self.pixels().source(kind).ok()?;
        source.offer(kind, &encoding)
    }

    /// Takes over what another encoder made of an [`Offer`], as the image that everybody gets who asks for it. Returns
    /// false where it is over the ceiling, so that ours has to make the image.
    ///
    /// # Errors
    /// [`ImageError::BadAnswer`] when it is not that image.
    pub fn adopt(
        &self,
        kind: ImageKind,
        encoding: &Encoding,
        (size, shows): (Size, Rect),
        answer: &[u8],
    ) -> Result<bool, ImageError> {
        let bytes = judged_answer(answer, size)?;
        if encoding.max_bytes.is_some_and(|most| bytes.len() > most) {
            return Ok(false);
        }
        let encoding = telling(kind, encoding);
        let mut images = self.images();
        if known(&images, kind, &encoding).is_none() {
            let jpeg = Jpeg { bytes, size, shows };
            self.remember(&mut images, kind, encoding, Ok(jpeg));
        }
        Ok(true)
    }

    fn remember(
        &self,
        images: &mut Vec<ShotImage>,
        kind: ImageKind,
        encoding: Encoding,
        outcome: Result<Jpeg, ImageError>,
    ) {
        if let Ok(jpeg) = &outcome {
            self.image_bytes
                .fetch_add(jpeg.bytes.len(), Ordering::Relaxed);
        }
        images.push(ShotImage {
            kind,
            encoding,
            outcome,
        });
    }

    fn images(&self) -> MutexGuard<'_, Vec<ShotImage>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pixels(&self) -> MutexGuard<'_, KeptPixels> {
        self.pixels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without what says nothing for this kind, nor who encodes, so that equal images are one.
fn telling(kind: ImageKind, encoding: &Encoding) -> Encoding {
    let fit = encoding.fit.filter(|_| kind == ImageKind::DownsizedFrame);
    let coder = Coder::default();
    Encoding {
        fit,
        coder,
        ..*encoding
    }
}

fn known<'a>(
    images: &'a [ShotImage],
    kind: ImageKind,
    encoding: &Encoding,
) -> Option<&'a ShotImage> {
    images
        .iter()
        .find(|image| image.kind == kind && image.encoding == *encoding)
}
