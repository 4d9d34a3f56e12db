//! What a track says, as Python sees it.

use cammra_core::event::TrackEvent as Said;
use cammra_core::geometry::Rect;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::imaging::Shot;

/// One thing a track says, before images and numbers of the wire are added.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct TrackEvent {
    said: Said,
}

impl From<Said> for TrackEvent {
    fn from(said: Said) -> Self {
        Self { said }
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
        self.said.kind.name()
    }

    #[getter]
    const fn vehicle_no(&self) -> u64 {
        self.said.vehicle_no
    }

    #[getter]
    const fn track(&self) -> i64 {
        self.said.track
    }

    #[getter]
    const fn ordinal(&self) -> u32 {
        self.said.ordinal
    }

    #[getter]
    const fn at_mono_ns(&self) -> i64 {
        self.said.at.mono_ns
    }

    #[getter]
    const fn at_utc_ns(&self) -> i64 {
        self.said.at.utc_ns
    }

    #[getter]
    const fn first_mono_ns(&self) -> i64 {
        self.said.first.mono_ns
    }

    #[getter]
    const fn first_utc_ns(&self) -> i64 {
        self.said.first.utc_ns
    }

    #[getter]
    const fn image_utc_ns(&self) -> i64 {
        self.said.image_utc_ns
    }

    #[getter]
    fn text(&self) -> &str {
        &self.said.text
    }

    #[getter]
    const fn confidence(&self) -> f64 {
        self.said.confidence
    }

    #[getter]
    fn image_text(&self) -> &str {
        &self.said.image_text
    }

    #[getter]
    const fn direction(&self) -> &'static str {
        self.said.direction.name()
    }

    #[getter]
    const fn roi_id(&self) -> u32 {
        self.said.roi_id
    }

    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let known = PyDict::new(py);
        for (attribute, value) in &self.said.attributes {
            known.set_item(attribute.name(), value)?;
        }
        Ok(known)
    }

    #[getter]
    const fn confidence_mmr(&self) -> Option<f64> {
        self.said.confidence_mmr
    }

    #[getter]
    const fn confidence_colour(&self) -> Option<f64> {
        self.said.confidence_colour
    }

    #[getter]
    fn vehicle_box(&self) -> Option<Box4> {
        self.said.vehicle_box.map(box_from)
    }

    #[getter]
    fn plate_box(&self) -> Option<Box4> {
        self.said.plate_box.map(box_from)
    }

    #[getter]
    fn changed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.said.changed.names().collect::<Vec<_>>())
    }

    #[getter]
    const fn reads(&self) -> u32 {
        self.said.reads
    }

    #[getter]
    fn shot(&self) -> Option<Shot> {
        let held = self.said.shot.as_ref()?;
        Some(Shot::new(held.shot.clone(), held.shot_no))
    }

    /// Ids only: a plate is personal data and does not belong into a log.
    fn __repr__(&self) -> String {
        let Said {
            kind,
            vehicle_no,
            track,
            ordinal,
            ..
        } = &self.said;
        format!(
            "<TrackEvent {} vehicle_no={vehicle_no} track={track} ordinal={ordinal}>",
            kind.name()
        )
    }
}
