//! What a shot keeps of its frame, and what it lets go first.

use crate::geometry::Size;
use crate::jpeg::{DEFAULT_FIT, ImageKind};

/// Which pixels go first when memory is short; plate crops last.
pub const SHED_ORDER: [ImageKind; 4] = [
    ImageKind::FullFrame,
    ImageKind::VehicleCrop,
    ImageKind::DownsizedFrame,
    ImageKind::PlateCrop,
];

/// Which images any profile may ask for: what a shot must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ShotPlan {
    /// Keep the vehicle's pixels.
    pub vehicle_crop: bool,
    /// Keep the plate's pixels.
    pub plate_crop: bool,
    /// Keep the whole frame.
    pub full_frame: bool,
    /// Keep what a downsized frame that fits into this size needs.
    pub downsized_into: Option<Size>,
    /// Room around the plate's box, in parts of its width and height: a recogniser's box often cuts characters off.
    pub plate_margin: f64,
}

impl ShotPlan {
    /// Adds what images of this kind need; of several downsized frames, what the largest needs.
    pub fn add(&mut self, kind: ImageKind, fit: Option<Size>) {
        match kind {
            ImageKind::VehicleCrop => self.vehicle_crop = true,
            ImageKind::PlateCrop => self.plate_crop = true,
            ImageKind::FullFrame => self.full_frame = true,
            ImageKind::DownsizedFrame => {
                let fit = fit.unwrap_or(DEFAULT_FIT);
                let other = self.downsized_into.unwrap_or(fit);
                self.downsized_into = Some(Size {
                    width: fit.width.max(other.width),
                    height: fit.height.max(other.height),
                });
            }
        }
    }

    /// Whether any image can be made of the shot.
    #[must_use]
    pub fn keeps_any(&self) -> bool {
        SHED_ORDER.iter().any(|kind| self.keeps(*kind))
    }

    /// Whether images of this kind can be made of the shot.
    #[must_use]
    pub const fn keeps(&self, kind: ImageKind) -> bool {
        match kind {
            ImageKind::VehicleCrop => self.vehicle_crop,
            ImageKind::PlateCrop => self.plate_crop,
            ImageKind::FullFrame => self.full_frame,
            ImageKind::DownsizedFrame => self.downsized_into.is_some(),
        }
    }
}
