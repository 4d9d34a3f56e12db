//! The one map from the core's errors to those of `cammra_edge.errors`.

use cammra_core::error::{FrameError, FramingError, ImageError, LogError};
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

mod python {
    pyo3::import_exception!(cammra_edge.errors, BoundaryError);
    pyo3::import_exception!(cammra_edge.errors, FrameError);
    pyo3::import_exception!(cammra_edge.errors, FrameFormatError);
    pyo3::import_exception!(cammra_edge.errors, ImageError);
    pyo3::import_exception!(cammra_edge.errors, ReadError);
}

/// A frame that cannot be used.
pub(crate) fn from_frame(error: &FrameError) -> PyErr {
    python::FrameError::new_err(error.to_string())
}

/// A frame's buffer that does not fit its format.
pub(crate) fn frame_error(message: String) -> PyErr {
    misfit(message, &[])
}

/// The same, with the formats that such a buffer may have.
pub(crate) fn misfit(message: String, fits: &[&'static str]) -> PyErr {
    python::FrameFormatError::new_err((message, fits.to_vec()))
}

/// An image that cannot be made; a broken frame stays a `FrameError`.
pub(crate) fn from_image(error: &ImageError) -> PyErr {
    match error {
        ImageError::Frame(frame) => from_frame(frame),
        other => python::ImageError::new_err(other.to_string()),
    }
}

/// A read with a field of the wrong type.
pub(crate) fn read_error(message: String) -> PyErr {
    python::ReadError::new_err(message)
}

/// Bytes that cannot be put together.
pub(crate) fn from_framing(error: &FramingError) -> PyErr {
    match error {
        FramingError::BoundaryInContent { .. } => python::BoundaryError::new_err(error.to_string()),
        other => PyValueError::new_err(other.to_string()),
    }
}

/// Bytes of the log that are not what they should be.
pub(crate) fn from_log(error: LogError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
