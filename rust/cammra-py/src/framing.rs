//! The framing door.
//!
//! Contents come as `bytes`, which nobody can change meanwhile, and results are written straight into the Python object
//! that is returned. The interpreter stays held while a body is written: that takes some ten microseconds, less than
//! releasing it and taking it back may. It is released for long checksums.

use cammra_core::checksum;
use cammra_core::multipart::{Body, Part};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use crate::buffer::bytes_of;
use crate::errors::from_framing;
use crate::ff::EventForm;
use crate::http_answer::HttpAnswer;
use crate::mqtt;

/// From here on a checksum takes longer than releasing the interpreter: 0.2 ms on cores without instructions for it.
const LONG_BYTES: usize = 64 << 10;

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<EventForm>()?;
    module.add_class::<HttpAnswer>()?;
    mqtt::register(module)?;
    module.add_function(wrap_pyfunction!(crc32, module)?)?;
    module.add_function(wrap_pyfunction!(multipart_body, module)?)
}

/// See `_native.pyi`.
#[pyfunction]
fn crc32(py: Python<'_>, content: &[u8], start: u32) -> u32 {
    if content.len() < LONG_BYTES {
        return checksum::crc32(content, start);
    }
    py.detach(|| checksum::crc32(content, start))
}

/// See `_native.pyi`.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
fn multipart_body(
    py: Python<'_>,
    boundary: PyBackedStr,
    parts: Vec<(PyBackedStr, PyBackedStr, PyBackedStr, PyBackedBytes)>,
) -> PyResult<Bound<'_, PyBytes>> {
    let parts: Vec<Part<'_>> = parts
        .iter()
        .map(|(name, filename, content_type, content)| Part {
            name,
            filename,
            content_type,
            content,
        })
        .collect();
    let body = Body::new(&boundary, &parts).map_err(|error| from_framing(&error))?;
    bytes_of(py, body.length(), |out| body.write_to(out))
}
