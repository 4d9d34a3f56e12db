//! When a vehicle says what.

use crate::geometry::Size;
use crate::region::Region;
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
    pub reliable_confidence: f64,
    pub reliable_after_ns: i64,
    pub change: Patience,
    pub lost_after_ns: i64,
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
