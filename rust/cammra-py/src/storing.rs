//! The storing door: the bytes of the outbox's log.

mod encode;
mod frames;
mod group;
mod scalar;
mod texts;

use pyo3::prelude::*;

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    frames::register(module)?;
    module.add_class::<group::LogGroup>()?;
    module.add_function(wrap_pyfunction!(encode::log_encode_event, module)?)
}
