//! The Python door of `cammra-core`: converts values, frees the interpreter, maps errors.

mod buffer;
mod errors;
mod ff;
mod frames;
mod framing;
mod http_answer;
mod imaging;
mod mqtt;
mod plates;
mod storing;
mod tracking;

use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

/// The Rust half of `cammra_edge`; `_native.pyi` is its manual.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    if cfg!(debug_assertions) {
        let category = module.py().get_type::<PyRuntimeWarning>();
        let message = c"cammra_edge._native is a debug build, many times slower: build it with `maturin develop --release`";
        PyErr::warn(module.py(), &category, message, 1)?;
    }
    imaging::register(module)?;
    tracking::register(module)?;
    framing::register(module)?;
    plates::register(module)?;
    storing::register(module)
}
