//! The Python door of `cammra-core`: converts, frees the interpreter, maps errors.

mod errors;
mod framing;
mod imaging;
mod tracking;

use pyo3::prelude::*;

/// The Rust half of `cammra_edge`; `_native.pyi` is its manual.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    imaging::register(module)?;
    tracking::register(module)?;
    framing::register(module)
}
