//! The ledger, behind a lock of its own: a search reads it while others write.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cammra_core::ledger;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

/// See `_native.pyi`.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct Ledger {
    pub(super) core: Mutex<ledger::Ledger>,
    pub(super) state: Py<PyDict>,
}

impl Ledger {
    /// The ledger itself. Whoever waits for it lets other threads run.
    pub(super) fn lock(&self, py: Python<'_>) -> MutexGuard<'_, ledger::Ledger> {
        let locked = self.core.lock_py_attached(py);
        locked.unwrap_or_else(PoisonError::into_inner)
    }
}
