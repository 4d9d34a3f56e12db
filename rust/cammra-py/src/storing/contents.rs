//! What lies in a segment, and what is in a frame.

use std::collections::BTreeSet;

use cammra_core::log_contents;
use cammra_core::log_digest::Place;
use cammra_core::log_record::{EventFrame, ImageFrame};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::frames::StoreId;
use super::texts::text_of_bytes;
use crate::errors::from_log;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(log_overview, module)?)?;
    module.add_function(wrap_pyfunction!(log_story, module)?)?;
    module.add_function(wrap_pyfunction!(log_events, module)?)?;
    module.add_function(wrap_pyfunction!(log_images, module)?)?;
    module.add_function(wrap_pyfunction!(log_image_nos, module)?)?;
    module.add_function(wrap_pyfunction!(log_pictures, module)?)?;
    module.add_function(wrap_pyfunction!(log_erasures, module)?)?;
    module.add_function(wrap_pyfunction!(log_has_bare_ids, module)?)?;
    module.add_function(wrap_pyfunction!(log_settled_frames, module)?)?;
    module.add_function(wrap_pyfunction!(log_settles, module)?)?;
    module.add_function(wrap_pyfunction!(log_outcomes, module)?)?;
    module.add_function(wrap_pyfunction!(log_words, module)?)?;
    module.add_function(wrap_pyfunction!(log_event, module)?)?;
    module.add_function(wrap_pyfunction!(log_text, module)?)?;
    module.add_function(wrap_pyfunction!(log_image, module)?)
}

/// Events, when the oldest and the newest were stored, the oldest one's time, and that of the oldest with a picture.
type Overview = (u64, u64, u64, Option<i64>, Option<i64>);

/// See `_native.pyi`.
#[pyfunction]
fn log_overview(py: Python<'_>, digests: &[u8]) -> Overview {
    let found = py.detach(|| log_contents::overview(digests));
    (
        found.events,
        found.oldest_stored_ns,
        found.newest_stored_ns,
        found.oldest_utc_ns,
        found.oldest_picture_utc_ns,
    )
}

/// Saved states, and of each run offset and place of its first and of its last event.
type Story<'py> = (Vec<Bound<'py, PyBytes>>, Vec<(u64, u64, u64, u64)>);

/// See `_native.pyi`.
#[pyfunction]
fn log_story<'py>(py: Python<'py>, digests: &[u8]) -> Story<'py> {
    let (states, runs) = py.detach(|| log_contents::story(digests));
    let states = states.into_iter().map(|state| PyBytes::new(py, state));
    let runs = runs.into_iter().map(|run| {
        let log_contents::Run {
            first_offset,
            first_seq,
            last_offset,
            last_seq,
        } = run;
        (first_offset, first_seq, last_offset, last_seq)
    });
    (states.collect(), runs.collect())
}

/// See `_native.pyi`.
#[pyfunction]
fn log_events(digests: &[u8]) -> Vec<(u64, u64, u32, u8)> {
    log_contents::events(digests)
        .map(|(seq, Place { offset, length }, kind)| (seq, offset, length, kind))
        .collect()
}

/// See `_native.pyi`.
#[pyfunction]
fn log_images(digests: &[u8], nos: Vec<u64>) -> Vec<(u64, u64, u32)> {
    let wanted: BTreeSet<u64> = nos.into_iter().collect();
    log_contents::images(digests, &wanted)
        .into_iter()
        .map(|(no, Place { offset, length })| (no, offset, length))
        .collect()
}

/// See `_native.pyi`.
#[pyfunction]
fn log_pictures(digests: &[u8]) -> Vec<u64> {
    log_contents::pictures(digests).collect()
}

/// See `_native.pyi`.
#[pyfunction]
fn log_image_nos(digests: &[u8], seqs: Vec<u64>) -> Vec<u64> {
    let seqs: BTreeSet<u64> = seqs.into_iter().collect();
    log_contents::image_nos(digests, &seqs)
        .into_iter()
        .collect()
}

/// Erasures begun, with their events, and those done.
type Erasures = (Vec<(u64, Vec<u64>)>, Vec<u64>);

/// See `_native.pyi`.
#[pyfunction]
fn log_erasures(digests: &[u8]) -> Erasures {
    log_contents::erasures(digests)
}

/// See `_native.pyi`.
#[pyfunction]
fn log_has_bare_ids(digests: &[u8]) -> bool {
    log_contents::has_bare_ids(digests)
}

/// See `_native.pyi`.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
fn log_settled_frames(
    py: Python<'_>,
    store_id: StoreId,
    segment: u64,
    content: PyBackedBytes,
    seqs: Vec<u64>,
) -> Vec<(u64, u32)> {
    let seqs: BTreeSet<u64> = seqs.into_iter().collect();
    let home = store_id.home(segment);
    py.detach(|| log_contents::settled_frames(&home, &content, &seqs))
        .into_iter()
        .map(|Place { offset, length }| (offset, length))
        .collect()
}

/// See `_native.pyi`.
#[pyfunction]
fn log_settles(digests: &[u8], seqs: Vec<u64>) -> bool {
    log_contents::settles(digests, &seqs.into_iter().collect())
}

/// See `_native.pyi`.
#[pyfunction]
fn log_outcomes(digests: &[u8], seqs: Vec<u64>) -> Vec<(u64, u32, u8)> {
    log_contents::outcomes(digests, &seqs.into_iter().collect())
        .into_iter()
        .map(|(seq, profile, state)| (seq, profile, state.bit()))
        .collect()
}

/// See `_native.pyi`.
#[pyfunction]
fn log_words<'py>(py: Python<'py>, digests: &[u8]) -> Vec<(u64, Bound<'py, PyAny>)> {
    log_contents::words(digests)
        .into_iter()
        .map(|(seq, words)| (seq, text_of_bytes(py, words)))
        .collect()
}

/// An event's JSON, the numbers of its images, and when it was stored.
type Event<'py> = (Bound<'py, PyBytes>, Vec<u64>, u64);

/// See `_native.pyi`.
#[pyfunction]
fn log_event<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Event<'py>> {
    let frame = EventFrame::parse(payload).map_err(from_log)?;
    let nos = frame.summary.images.iter().collect();
    let stored_ns = frame.summary.head.stored_ns;
    Ok((PyBytes::new(py, frame.json), nos, stored_ns))
}

/// See `_native.pyi`.
#[pyfunction]
fn log_text<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let frame = EventFrame::parse(payload).map_err(from_log)?;
    Ok(PyBytes::new(py, &[frame.text(), b"}"].concat()))
}

/// An image's number, key and JPEG.
type Image<'py> = (u64, Bound<'py, PyAny>, Bound<'py, PyBytes>);

/// See `_native.pyi`.
#[pyfunction]
fn log_image<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Image<'py>> {
    let image = ImageFrame::parse(payload).map_err(from_log)?;
    let key = text_of_bytes(py, image.key);
    Ok((image.no, key, PyBytes::new(py, image.jpeg)))
}
