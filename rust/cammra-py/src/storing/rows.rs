//! What the ledger says, as tuples for Python.

use cammra_core::ledger::{Location, Parked, Waiting};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::texts::text_of_bytes;

pub(super) type DeliveryRow<'py> = (u64, u32, u64, u32, u64, Bound<'py, PyString>, u64, u32, u8);
pub(super) type ParkedRow<'py> = (
    u32,
    u64,
    u64,
    Bound<'py, PyString>,
    u32,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    u64,
    Bound<'py, PyBytes>,
);
pub(super) type Standing<'py> = (
    u64,
    u32,
    u8,
    u8,
    u64,
    u32,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    u64,
);

/// Segment, offset, length; zeros for what is only in memory.
pub(super) fn place_of((segment, place): Location) -> (u32, u64, u32) {
    match segment {
        0 => (0, 0, 0),
        _ => (segment, place.offset, place.length),
    }
}

pub(super) fn row_of(py: Python<'_>, profile: u32, waiting: Waiting) -> DeliveryRow<'_> {
    (
        waiting.seq,
        profile,
        waiting.packet,
        waiting.attempts,
        waiting.car_id,
        PyString::intern(py, waiting.kind.name()),
        waiting.stored_ns,
        waiting.size,
        waiting.pictures,
    )
}

pub(super) fn parked_row<'py>(py: Python<'py>, parked: &Parked<'_>) -> ParkedRow<'py> {
    (
        parked.profile,
        parked.seq,
        parked.packet,
        PyString::intern(py, parked.kind.name()),
        parked.attempts,
        text_of_bytes(py, parked.why),
        text_of_bytes(py, parked.words),
        parked.utc_ns,
        PyBytes::new(py, &parked.id),
    )
}
