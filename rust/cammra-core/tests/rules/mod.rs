//! Rules that make sense, for tests.

use cammra_core::rules::Rules;
use cammra_core::vote::Patience;

pub(crate) fn usual() -> Rules {
    Rules {
        result_delay_ns: 0,
        reliable_reads: 3,
        reliable_support: 0.5,
        reliable_confidence: 0.0,
        reliable_plate_height: 0.0,
        reliable_after_ns: 1_000_000_000,
        change: Patience {
            reads: 3,
            after_ns: 150_000_000,
        },
        update_interval_ns: 250_000_000,
        takeover_reads: 3,
        relink: true,
        lost_after_ns: 10_000_000_000,
        longest_stay_ns: 0,
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
