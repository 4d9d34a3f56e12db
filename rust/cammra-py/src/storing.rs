//! The storing door: the outbox's log, and the ledger of what it holds.

mod contents;
mod encode;
mod frames;
mod group;
mod ledger;
mod rows;
mod scalar;
mod search;
mod shared;
mod texts;
mod words;

use pyo3::prelude::*;

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    contents::register(module)?;
    frames::register(module)?;
    module.add_class::<group::LogGroup>()?;
    module.add_class::<shared::Ledger>()?;
    module.add_class::<search::LogSearch>()?;
    module.add_function(wrap_pyfunction!(encode::log_encode_event, module)?)
}
