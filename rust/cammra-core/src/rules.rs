//! When a vehicle says what: the settings, checked once.

use crate::error::RuleError;
use crate::geometry::Size;
use crate::region::Region;
use crate::vote::Patience;

/// The settings of a tracker. `cammra_edge.config.TrackingSettings` documents each; times are nanoseconds.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "documented where a person sets them: config.TrackingSettings"
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
    /// Size of the frames that reads without a picture belong to.
    pub frame_size: Option<Size>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            result_delay_ns: 0,
            reliable_reads: 3,
            reliable_confidence: 0.8,
            reliable_after_ns: 1_000_000_000,
            change: Patience {
                reads: 3,
                after_ns: 150_000_000,
            },
            lost_after_ns: 10_000_000_000,
            min_confidence: 0.0,
            direction_travel: 0.01,
            vehicles_without_plate: false,
            regions: Vec::new(),
            max_tracks: 256,
            shots_per_track: 3,
            shot_budget_bytes: 64 << 20,
            frame_size: None,
        }
    }
}

/// A day: no timer of a vehicle is longer.
const LONGEST_NS: i64 = 86_400_000_000_000;

impl Rules {
    /// The rules, if they can be followed.
    ///
    /// # Errors
    /// [`RuleError`] names the first setting that is out of range.
    pub fn checked(self) -> Result<Self, RuleError> {
        let times = [
            ("result_delay_s", self.result_delay_ns),
            ("reliable_after_s", self.reliable_after_ns),
            ("change_after_s", self.change.after_ns),
            ("lost_after_s", self.lost_after_ns),
        ];
        for (field, time_ns) in times {
            if !(0..=LONGEST_NS).contains(&time_ns) {
                return Err(RuleError {
                    field,
                    value: format!("{time_ns} ns"),
                    want: "0 to 86400 s",
                });
            }
        }
        let fractions = [
            ("reliable_confidence", self.reliable_confidence),
            ("min_confidence", self.min_confidence),
            ("direction_travel", self.direction_travel),
        ];
        for (field, fraction) in fractions {
            if !(0.0..=1.0).contains(&fraction) {
                return Err(RuleError {
                    field,
                    value: fraction.to_string(),
                    want: "a number from 0 to 1",
                });
            }
        }
        let counts = [
            (
                "reliable_reads",
                self.reliable_reads as usize,
                u32::MAX as usize,
            ),
            (
                "change_reads",
                self.change.reads as usize,
                u32::MAX as usize,
            ),
            ("max_tracks", self.max_tracks, 1_000_000),
            ("shots_per_track", self.shots_per_track, 16),
        ];
        for (field, count, most) in counts {
            if count < 1 || count > most {
                return Err(RuleError {
                    field,
                    value: count.to_string(),
                    want: "a whole number from 1 up",
                });
            }
        }
        for region in &self.regions {
            region.check()?;
        }
        Ok(self)
    }
}
