//! Frames, directories and segments.

use std::collections::BTreeSet;

use cammra_core::log_erase::{erased_among_others, erased_frame};
use cammra_core::log_frame::{Header, Home, kind, parse_trailer, put_trailer};
use cammra_core::log_record::vehicle_hash;
use cammra_core::log_scan::scan;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use super::texts::bytes_of_text;
use crate::errors::from_log;

/// What is longer is read with the interpreter free.
const LONG_BYTES: usize = 64 << 10;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(log_vehicle_hash, module)?)?;
    module.add_function(wrap_pyfunction!(log_directory, module)?)?;
    module.add_function(wrap_pyfunction!(log_read, module)?)?;
    module.add_function(wrap_pyfunction!(log_scan, module)?)?;
    module.add_function(wrap_pyfunction!(log_header, module)?)?;
    module.add_function(wrap_pyfunction!(log_trailer, module)?)?;
    module.add_function(wrap_pyfunction!(log_erased_frame, module)?)?;
    module.add_function(wrap_pyfunction!(log_erased_directory, module)?)
}

/// A store's name as Python gives it.
#[derive(Clone, Copy)]
pub(super) struct StoreId(pub(super) [u8; 16]);

impl<'py> FromPyObject<'_, 'py> for StoreId {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let bytes = object.cast::<PyBytes>()?;
        let bytes = bytes.as_bytes();
        let id = bytes.try_into().map_err(|_| {
            PyValueError::new_err(format!("an id of {} bytes: want 16", bytes.len()))
        })?;
        Ok(Self(id))
    }
}

impl StoreId {
    pub(super) const fn home(self, segment: u64) -> Home {
        Home {
            store_id: self.0,
            segment,
        }
    }
}

/// See `_native.pyi`.
#[pyfunction]
fn log_vehicle_hash(stream_id: &Bound<'_, PyString>, vehicle_no: u64) -> PyResult<u64> {
    Ok(vehicle_hash(&bytes_of_text(stream_id)?, vehicle_no))
}

/// See `_native.pyi`.
#[pyfunction]
fn log_directory<'py>(
    py: Python<'py>,
    store_id: StoreId,
    segment: u64,
    offset: u64,
    size: u64,
    digests: &[u8],
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let home = store_id.home(segment);
    let frame = home
        .frame(offset, kind::DIRECTORY, digests)
        .map_err(from_log)?;
    let trailer = put_trailer(&home, size, (offset, frame.len() as u64)).map_err(from_log)?;
    Ok((PyBytes::new(py, &frame), PyBytes::new(py, &trailer)))
}

/// See `_native.pyi`.
#[pyfunction]
fn log_read<'py>(
    py: Python<'py>,
    store_id: StoreId,
    segment: u64,
    offset: u64,
    frame: &[u8],
) -> PyResult<(u8, Bound<'py, PyBytes>)> {
    let home = store_id.home(segment);
    let read = if frame.len() < LONG_BYTES {
        home.read(offset, frame)
    } else {
        py.detach(|| home.read(offset, frame))
    };
    let read = read.map_err(from_log)?;
    Ok((read.kind, PyBytes::new(py, read.payload)))
}

/// Digests, the end of the last good frame, and what is broken before it.
type Scanned<'py> = (Bound<'py, PyBytes>, u64, Vec<(u64, u64)>);

/// See `_native.pyi`.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
fn log_scan(
    py: Python<'_>,
    store_id: StoreId,
    segment: u64,
    content: PyBackedBytes,
    start: u64,
) -> Scanned<'_> {
    let home = store_id.home(segment);
    let found = py.detach(|| scan(&home, &content, start));
    let broken = found.broken.iter().map(|range| (range.start, range.end));
    let digests = PyBytes::new(py, &found.digests);
    (digests, found.end, broken.collect())
}

/// See `_native.pyi`.
#[pyfunction]
fn log_header<'py>(
    py: Python<'py>,
    content: &[u8],
) -> PyResult<(u16, u8, Bound<'py, PyBytes>, u64, u64)> {
    let header = Header::parse(content).map_err(from_log)?;
    let Home { store_id, segment } = header.home;
    let store_id = PyBytes::new(py, &store_id);
    Ok((
        header.version,
        header.purpose,
        store_id,
        segment,
        header.size,
    ))
}

/// See `_native.pyi`.
#[pyfunction]
fn log_trailer(store_id: StoreId, segment: u64, size: u64, content: &[u8]) -> PyResult<(u64, u64)> {
    parse_trailer(&store_id.home(segment), size, content).map_err(from_log)
}

/// See `_native.pyi`.
#[pyfunction]
fn log_erased_frame<'py>(
    py: Python<'py>,
    store_id: StoreId,
    segment: u64,
    offset: u64,
    frame: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let erased = erased_frame(&store_id.home(segment), offset, frame).map_err(from_log)?;
    Ok(PyBytes::new(py, &erased))
}

/// See `_native.pyi`.
#[pyfunction]
fn log_erased_directory<'py>(
    py: Python<'py>,
    store_id: StoreId,
    segment: u64,
    offset: u64,
    frame: &[u8],
    seqs: Vec<u64>,
    image_nos: Vec<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let seqs: BTreeSet<u64> = seqs.into_iter().collect();
    let image_nos: BTreeSet<u64> = image_nos.into_iter().collect();
    let home = store_id.home(segment);
    let erased = erased_among_others(&home, offset, frame, &seqs, &image_nos).map_err(from_log)?;
    Ok(PyBytes::new(py, &erased))
}
