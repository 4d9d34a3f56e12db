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

    /// A time by the tracker's clock, which no restart sets back.
    pub(super) const fn own_ns(&self, at: FrameTime) -> i64 {
        let own_ns = at.mono_ns.saturating_add(self.restarted_ns);
        // Half the range, so that a timer added to it is still later.
        if own_ns < i64::MIN / 2 {
            i64::MIN / 2
        } else if own_ns > i64::MAX / 2 {
            i64::MAX / 2
        } else {
            own_ns
        }
    }

    /// Counts a frame whose time lies before that of an earlier one, and goes on from the latest time where its clock has
    /// started anew. A frame that only timers have overtaken is in order: its recogniser took long.
    pub(super) fn heed_order(&mut self, at: FrameTime) {
        let own_ns = self.own_ns(at);
        let back_ns = self.newest_frame_ns.saturating_sub(own_ns);
        if back_ns > self.rules.lost_after_ns {
            self.counters.clock_restarts += 1;
            let latest_ns = self.now.map_or(own_ns, |latest| latest.mono_ns);
            self.restarted_ns = self
                .restarted_ns
                .saturating_add(latest_ns.saturating_sub(own_ns));
        } else if back_ns > 0 {
            self.counters.late_frames += 1;
        }
        self.newest_frame_ns = self.newest_frame_ns.max(self.own_ns(at));
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
