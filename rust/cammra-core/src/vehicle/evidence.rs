//! What a vehicle hears.

use super::attributes::AttributeRead;
use super::body::Spot;
use crate::event::{Direction, FrameTime};
use crate::geometry::Size;
use crate::vote::PlateText;

/// One read, checked and placed: what a vehicle hears.
pub(crate) struct Evidence<'a> {
    pub(crate) at: FrameTime,
    /// Empty when the plate was not read.
    pub(crate) text: PlateText,
    /// 0..=1
    pub(crate) confidence: f64,
    pub(crate) plate_height: Option<f64>,
    pub(crate) roi_id: u32,
    pub(crate) spot: Option<Spot>,
    pub(crate) frame: Option<Size>,
    /// The vehicle's box overlaps a region.
    pub(crate) is_inside: bool,
    /// The movement, if the recogniser tells.
    pub(crate) direction: Option<Direction>,
    pub(crate) attributes: AttributeRead<'a>,
}
