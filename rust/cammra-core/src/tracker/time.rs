//! Times that are none.

use super::Tracker;
use crate::event::FrameTime;

impl Tracker {
    /// The time of a frame of which not every field is known; what is not known goes on from the latest time, and is
    /// counted.
    pub fn time_of(&mut self, mono_ns: Option<i64>, utc_ns: Option<i64>) -> FrameTime {
        if let (Some(mono_ns), Some(utc_ns)) = (mono_ns, utc_ns) {
            return FrameTime { mono_ns, utc_ns };
        }
        self.counters.refused_times += 1;
        let latest = self.now.unwrap_or_default();
        let mono_ns = mono_ns.unwrap_or_else(|| latest.mono_ns.saturating_sub(self.restarted_ns));
        let moved = latest.at(mono_ns.saturating_add(self.restarted_ns));
        FrameTime {
            mono_ns,
            utc_ns: utc_ns.unwrap_or(moved.utc_ns),
        }
    }
}
