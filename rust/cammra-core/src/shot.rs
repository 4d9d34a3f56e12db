//! A shot: the pixels of one read, kept until its vehicle's last event is encoded.
//!
//! `capture` runs on the recogniser's thread and only copies; `jpeg` runs on the encoder's thread and
//! encodes each image once, whoever asks for it.

use std::sync::Arc;

use crate::error::ImageError;
use crate::frame::FrameView;
use crate::geometry::{RawBox, Rect, Size};
use crate::jpeg::Encoding;

/// The four pictures of the product page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// The vehicle cut out.
    VehicleCrop,
    /// The license plate cut out.
    PlateCrop,
    /// The whole frame.
    FullFrame,
    /// The whole frame made smaller.
    DownsizedFrame,
}

/// Which pictures any profile may ask for: what a shot must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShotPlan {
    /// Keep the vehicle's pixels.
    pub vehicle_crop: bool,
    /// Keep the plate's pixels.
    pub plate_crop: bool,
    /// Keep the whole frame.
    pub full_frame: bool,
    /// Keep what a downsized frame that fits into this size needs.
    pub downsized_into: Option<Size>,
}

/// JPEG bytes somebody else owns, shared instead of copied.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What the tracks of one `observe` call share: a whole frame is copied (or, of a JPEG, referred to) once.
#[derive(Default)]
pub struct FrameShare {
    /// How to keep the JPEG of the frame without a copy, when the caller's bytes are immutable.
    pub jpeg: Option<SharedBytes>,
}

/// One image, encoded.
#[derive(Clone)]
pub struct Jpeg {
    /// From SOI to EOI.
    pub bytes: Arc<[u8]>,
    /// Size of the picture.
    pub size: Size,
    /// What part of the frame it shows.
    pub shows: Rect,
}

/// What to let go when memory is short, first thing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// The whole frame; its downsized frame stays.
    FullFrame,
    /// The vehicle's pixels.
    VehicleCrop,
    /// The plate's pixels.
    PlateCrop,
}

/// Pixels of one read.
pub struct Shot {
    frame_size: Size,
}

impl Shot {
    /// Copies what `plan` wants out of the frame. A box that cannot be used is remembered as the reason why
    /// its image is missing; it never fails the shot.
    #[must_use]
    pub fn capture(
        frame: Option<&FrameView<'_>>,
        share: &mut FrameShare,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Self {
        let _ = (share, vehicle, plate, plan);
        Self {
            frame_size: frame.map_or(
                Size {
                    width: 0,
                    height: 0,
                },
                FrameView::size,
            ),
        }
    }

    /// Size of the frame it was cut from; 0x0 when there was none.
    #[must_use]
    pub const fn frame_size(&self) -> Size {
        self.frame_size
    }

    /// Bytes it keeps alive; what it shares with other shots of the frame counts in full.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        0
    }

    /// Lets go of one kind of pixels. Returns the bytes freed, 0 when there were none of that kind.
    pub fn shed(&self, what: Shed) -> usize {
        let _ = what;
        0
    }

    /// The image of that kind, encoded on first demand and remembered.
    ///
    /// # Errors
    /// [`ImageError`] that says why there is no such image.
    pub fn jpeg(&self, kind: ImageKind, encoding: &Encoding) -> Result<Jpeg, ImageError> {
        let _ = (kind, encoding);
        Err(ImageError::NoFrame)
    }
}
