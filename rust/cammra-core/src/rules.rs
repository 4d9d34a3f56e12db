//! When a vehicle says what.

use crate::geometry::Size;
use crate::region::{Arrow, DOWN, Region};
use crate::vote::Patience;

/// The settings of a tracker, times in nanoseconds. `cammra_edge.config.TrackingSettings` documents each and has the only
/// range of each: a tracker needs none, it survives any value (held by `tests/any_rules.rs`).
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "config.TrackingSettings, where people set them, documents them"
)]
pub struct Rules {
    pub result_delay_ns: i64,
    pub reliable_reads: u32,
    pub reliable_support: f64,
    pub reliable_confidence: f64,
    pub reliable_plate_height: f64,
    pub reliable_after_ns: i64,
    pub change: Patience,
    pub update_interval_ns: i64,
    pub takeover_reads: u32,
    pub relink: bool,
    pub lost_after_ns: i64,
    /// 0 for no end.
    pub longest_stay_ns: i64,
    pub min_confidence: f64,
    pub direction_travel: f64,
    pub vehicles_without_plate: bool,
    pub regions: Vec<Region>,
    pub max_tracks: usize,
    pub shots_per_track: usize,
    pub shot_budget_bytes: usize,
    /// Size of the frames, for reads that come without one.
    pub frame_size: Option<Size>,
}

impl Rules {
    /// The arrow of a region; one that is not known has the whole frame's.
    pub(crate) fn arrow_of(&self, roi_id: u32) -> Arrow {
        let mut regions = self.regions.iter();
        regions
            .find(|region| region.roi_id == roi_id)
            .map_or(DOWN, |region| region.arrow)
    }
}
