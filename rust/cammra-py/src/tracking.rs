//! The tracking door.
//!
//! A frame that cannot be used is refused before any read is looked at, so that the caller can hand in the reads again
//! without it. A read that cannot be used is refused after all others were taken in; their events are kept and come first
//! at the next call of `observe`, `tick` or `finish` (`tests/native/test_tracking_broken_input.py`).

mod event;
mod reads;
mod settings;
mod time;

use std::sync::{Mutex, MutexGuard, PoisonError};

use cammra_core::event::TrackEvent as CoreEvent;
use cammra_core::frame::FrameView;
use cammra_core::geometry::{RawBox, Size};
use cammra_core::shot::{FrameShare, Shot, ShotPlan};
use cammra_core::tracker::{Camera, NoCamera, ReadBatch, Tracker as CoreTracker};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList};

use crate::errors;
use crate::frames::{FrameFormat, shared_jpeg, with_frame};
use event::TrackEvent;
use reads::Refused;
use time::GivenTime;

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Tracker>()?;
    module.add_class::<TrackEvent>()
}

struct State {
    core: CoreTracker,
    /// How frames are to be read.
    format: FrameFormat,
    batch: ReadBatch,
    /// Events of a call that had to raise; the next call returns them first.
    pending: Vec<CoreEvent>,
}

impl State {
    fn with_pending(&mut self, events: Vec<CoreEvent>) -> Vec<CoreEvent> {
        if self.pending.is_empty() {
            return events;
        }
        let mut all = std::mem::take(&mut self.pending);
        all.extend(events);
        all
    }
}

/// All vehicles of one stream.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct Tracker {
    state: Mutex<State>,
}

impl Tracker {
    /// Waits for the other thread without holding the interpreter.
    fn state(&self, py: Python<'_>) -> MutexGuard<'_, State> {
        self.state
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The frame of one call. Its pixels are copied while other Python threads run.
struct FrameCamera<'a, 'py, F> {
    py: Python<'py>,
    view: &'a FrameView<'a>,
    /// Made for the first shot: most frames need none.
    share: Option<FrameShare>,
    new_share: F,
}

impl<F: Fn() -> FrameShare> Camera for FrameCamera<'_, '_, F> {
    fn frame_size(&self) -> Option<Size> {
        Some(self.view.size())
    }

    fn asks_to_be_turned(&self) -> bool {
        self.view.asks_to_be_turned()
    }

    fn take(
        &mut self,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Option<Shot> {
        let share = self.share.get_or_insert_with(&self.new_share);
        let view = self.view;
        Some(
            self.py
                .detach(|| Shot::capture(Some(view), share, vehicle, plate, plan)),
        )
    }
}

impl Tracker {
    /// Takes in one frame's reads. A bad read is refused after all others were taken in.
    fn take<'py>(
        &self,
        py: Python<'py>,
        camera: &mut dyn Camera,
        reads: &Bound<'py, PyAny>,
        at: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        // Not under the lock: looking at times and reads may run Python code that calls this tracker.
        let at = GivenTime::of(at);
        let mut batch = std::mem::take(&mut self.state(py).batch);
        batch.clear();
        let Refused { count, why } = reads::collect(&mut batch, reads)?;
        let mut state = self.state(py);
        let at = at.known(&mut state.core);
        let events = state.core.observe(&batch, at, camera);
        state.core.counters_mut().refused_reads += count;
        state.batch = batch;
        let events = state.with_pending(events);
        if let Some(message) = why {
            state.pending = events;
            return Err(errors::read_error(message));
        }
        drop(state);
        list_from(py, events)
    }
}

fn list_from(py: Python<'_>, events: Vec<CoreEvent>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for event in events {
        list.append(Py::new(py, TrackEvent::from(event))?)?;
    }
    Ok(list)
}

#[pymethods]
impl Tracker {
    #[new]
    fn new(settings: &Bound<'_, PyAny>, specs: &Bound<'_, PyAny>) -> PyResult<Self> {
        let state = State {
            core: CoreTracker::new(settings::rules(settings)?, settings::plan(settings, specs)?),
            format: settings::frame_format(settings)?,
            batch: ReadBatch::default(),
            pending: Vec::new(),
        };
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    fn observe<'py>(
        &self,
        py: Python<'py>,
        frame: Option<&Bound<'py, PyAny>>,
        reads: &Bound<'py, PyAny>,
        at: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let Some(frame) = frame else {
            return self.take(py, &mut NoCamera, reads, at);
        };
        let format = self.state(py).format;
        with_frame(frame, format, |view| {
            let mut camera = FrameCamera {
                py,
                view,
                share: None,
                new_share: || FrameShare::new(shared_jpeg(frame, format)),
            };
            self.take(py, &mut camera, reads, at)
        })
    }

    fn tick<'py>(&self, py: Python<'py>, at: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let at = GivenTime::of(at);
        let mut state = self.state(py);
        let at = at.known(&mut state.core);
        let events = state.core.tick(at);
        let events = state.with_pending(events);
        drop(state);
        list_from(py, events)
    }

    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut state = self.state(py);
        let events = state.core.finish();
        let events = state.with_pending(events);
        drop(state);
        list_from(py, events)
    }

    fn next_deadline_mono_ns(&self, py: Python<'_>) -> Option<i64> {
        let state = self.state(py);
        if state.pending.is_empty() {
            state.core.next_deadline_mono_ns()
        } else {
            state.core.now_mono_ns()
        }
    }

    fn retune(
        &self,
        py: Python<'_>,
        settings: &Bound<'_, PyAny>,
        specs: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (rules, plan) = (settings::rules(settings)?, settings::plan(settings, specs)?);
        let format = settings::frame_format(settings)?;
        let mut state = self.state(py);
        state.core.retune(rules, plan);
        state.format = format;
        Ok(())
    }

    #[getter]
    fn wrong_inputs(&self, py: Python<'_>) -> u64 {
        self.state(py).core.counters().wrong_inputs()
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (counters, open_tracks, shot_bytes) = {
            let state = self.state(py);
            (
                *state.core.counters(),
                state.core.open_tracks(),
                state.core.shot_bytes(),
            )
        };
        let named = PyDict::new(py);
        for (name, count) in counters.named() {
            named.set_item(name, count)?;
        }
        named.set_item("open_tracks", open_tracks)?;
        named.set_item("shot_bytes", shot_bytes)?;
        Ok(named)
    }
}
