//! Where the pixels of a better shot come from.

use crate::geometry::{RawBox, Size};
use crate::shot::{Shot, ShotPlan};

/// Where a better shot's pixels come from: the frame of this call.
pub trait Camera {
    /// Width and height of the frame; `None` when none came.
    fn frame_size(&self) -> Option<Size>;

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
