//! `FrameTime`s from Python, and whatever stands in their place.

use cammra_core::event::FrameTime;
use cammra_core::tracker::Tracker;
use pyo3::intern;
use pyo3::prelude::*;

/// What can be used of a time.
pub(super) struct GivenTime {
    mono_ns: Option<i64>,
    utc_ns: Option<i64>,
    clock_synced: Option<bool>,
}

impl GivenTime {
    /// Whole numbers of 64 bits and a flag, each or none. May run Python code.
    pub(super) fn of(at: &Bound<'_, PyAny>) -> Self {
        let whole = |field: PyResult<Bound<'_, PyAny>>| field.ok()?.extract().ok();
        Self {
            mono_ns: whole(at.getattr(intern!(at.py(), "mono_ns"))),
            utc_ns: whole(at.getattr(intern!(at.py(), "utc_ns"))),
            clock_synced: at
                .getattr(intern!(at.py(), "clock_synced"))
                .ok()
                .and_then(|flag| flag.extract().ok()),
        }
    }

    /// The time, reckoned by the tracker where it is not whole.
    pub(super) fn known(&self, tracker: &mut Tracker) -> FrameTime {
        tracker.time_of(self.mono_ns, self.utc_ns, self.clock_synced)
    }
}
