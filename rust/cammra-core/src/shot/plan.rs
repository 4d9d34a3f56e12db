//! What a shot keeps, and in which order it lets go.

use crate::geometry::Size;

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

/// What to let go when memory is short, first thing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// The whole frame; its downsized frame stays.
    FullFrame,
    /// The vehicle's pixels.
    VehicleCrop,
    /// The frame made smaller.
    DownsizedFrame,
    /// The plate's pixels.
    PlateCrop,
}
