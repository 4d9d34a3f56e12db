//! What a vehicle says, as Python sees it.

use cammra_core::event::{ReliableBy, TrackEvent as CoreEvent};
use cammra_core::geometry::Rect;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::imaging::Shot;

/// One thing a vehicle says, before images and wire numbers are added.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct TrackEvent {
    event: CoreEvent,
}

impl From<CoreEvent> for TrackEvent {
    fn from(event: CoreEvent) -> Self {
        Self { event }
    }
}

type Box4 = (u32, u32, u32, u32);

const fn box_from(rect: Rect) -> Box4 {
    (rect.x, rect.y, rect.width, rect.height)
}

#[pymethods]
impl TrackEvent {
    #[getter]
    const fn kind(&self) -> &'static str {
        self.event.kind.name()
    }

    #[getter]
    const fn vehicle_no(&self) -> u64 {
        self.event.vehicle_no
    }

    #[getter]
    const fn track(&self) -> i64 {
        self.event.track
    }

    #[getter]
    const fn ordinal(&self) -> u32 {
        self.event.ordinal
    }

    #[getter]
    const fn at_mono_ns(&self) -> i64 {
        self.event.at.mono_ns
    }

    #[getter]
    const fn at_utc_ns(&self) -> i64 {
        self.event.at.utc_ns
    }

    #[getter]
    const fn clock_synced(&self) -> Option<bool> {
        self.event.at.clock_synced
    }

    #[getter]
    const fn first_mono_ns(&self) -> i64 {
        self.event.first.mono_ns
    }

    #[getter]
    const fn first_utc_ns(&self) -> i64 {
        self.event.first.utc_ns
    }

    #[getter]
    const fn last_utc_ns(&self) -> i64 {
        self.event.last.utc_ns
    }

    #[getter]
    const fn image_utc_ns(&self) -> i64 {
        self.event.image_utc_ns
    }

    #[getter]
    fn text(&self) -> &str {
        &self.event.text
    }

    #[getter]
    const fn confidence(&self) -> f64 {
        self.event.confidence
    }

    #[getter]
    fn reliable_by(&self) -> Option<&'static str> {
        self.event.reliable_by.map(ReliableBy::name)
    }

    #[getter]
    fn image_text(&self) -> &str {
        &self.event.image_text
    }

    #[getter]
    const fn direction(&self) -> &'static str {
        self.event.direction.name()
    }

    #[getter]
    const fn roi_id(&self) -> u32 {
        self.event.roi_id
    }

    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let attributes = PyDict::new(py);
        for (attribute, value) in &self.event.attributes {
            attributes.set_item(attribute.name(), value)?;
        }
        Ok(attributes)
    }

    #[getter]
    const fn confidence_mmr(&self) -> Option<f64> {
        self.event.confidence_mmr
    }

    #[getter]
    const fn confidence_colour(&self) -> Option<f64> {
        self.event.confidence_colour
    }

    #[getter]
    fn vehicle_box(&self) -> Option<Box4> {
        self.event.vehicle_box.map(box_from)
    }

    #[getter]
    fn plate_box(&self) -> Option<Box4> {
        self.event.plate_box.map(box_from)
    }

    #[getter]
    fn changed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.event.changed.names().collect::<Vec<_>>())
    }

    #[getter]
    fn previous_text(&self) -> &str {
        &self.event.previous_text
    }

    #[getter]
    fn candidates(&self) -> Vec<(String, f64)> {
        self.event.candidates.clone()
    }

    #[getter]
    const fn reads(&self) -> u32 {
        self.event.reads
    }

    #[getter]
    fn shot(&self) -> Option<Shot> {
        let shot = self.event.shot.as_ref()?;
        Some(Shot::new(shot.shot.clone(), shot.shot_no))
    }

    /// Ids only: a plate is personal data and must not reach a log.
    fn __repr__(&self) -> String {
        let CoreEvent {
            kind,
            vehicle_no,
            track,
            ordinal,
            ..
        } = &self.event;
        format!(
            "<TrackEvent {} vehicle_no={vehicle_no} track={track} ordinal={ordinal}>",
            kind.name()
        )
    }
}
