//! Times that are none, and clocks that are set late.

use super::Tracker;
use crate::event::FrameTime;

impl Tracker {
    /// The time of a frame of which not every field is known; what is not known goes on from the latest time, and is
    /// counted.
    pub fn time_of(
        &mut self,
        mono_ns: Option<i64>,
        utc_ns: Option<i64>,
        clock_synced: Option<bool>,
    ) -> FrameTime {
        if let (Some(mono_ns), Some(utc_ns)) = (mono_ns, utc_ns) {
            return FrameTime {
                mono_ns,
                utc_ns,
                clock_synced,
            };
        }
        self.counters.refused_times += 1;
        let latest = self.now.unwrap_or_default();
        let mono_ns = mono_ns.unwrap_or_else(|| latest.mono_ns.saturating_sub(self.restarted_ns));
        let moved = latest.at(mono_ns.saturating_add(self.restarted_ns));
        FrameTime {
            mono_ns,
            utc_ns: utc_ns.unwrap_or(moved.utc_ns),
            clock_synced,
        }
    }

    /// Once a clock that was not set is, open vehicles tell their times by it: a New may have said 1970, their Lost does
    /// not repeat it. A clock of which nothing is known changes nothing.
    pub(super) fn heed_clock(&mut self, now: FrameTime) {
        let Some(is_synced) = now.clock_synced else {
            return;
        };
        let was_synced = self.clock_synced.replace(is_synced);
        if is_synced && was_synced == Some(false) {
            for open in self.fleet.iter_mut() {
                open.vehicle.set_clock(now);
            }
        }
    }
}
