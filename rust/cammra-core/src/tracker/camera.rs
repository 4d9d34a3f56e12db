//! Where the pixels of a shot come from.

use crate::geometry::{RawBox, Size};
use crate::shot::{Shot, ShotPlan};

/// The frame of one call, if one came.
pub trait Camera {
    /// Width and height; `None` when no frame came.
    fn frame_size(&self) -> Option<Size>;

    /// Whether viewers, and readers that do as viewers, show the frame otherwise than it is stored.
    fn asks_to_be_turned(&self) -> bool {
        false
    }

    /// Copies what `plan` wants of a read; `None` when no frame came.
    fn take(
        &mut self,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Option<Shot>;
}

/// No frame came with the reads.
pub struct NoCamera;

impl Camera for NoCamera {
    fn frame_size(&self) -> Option<Size> {
        None
    }

    fn take(&mut self, _: Option<RawBox>, _: Option<RawBox>, _: &ShotPlan) -> Option<Shot> {
        None
    }
}
