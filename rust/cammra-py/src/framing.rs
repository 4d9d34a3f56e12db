//! The framing door.

use pyo3::prelude::*;

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let _ = module;
    Ok(())
}
