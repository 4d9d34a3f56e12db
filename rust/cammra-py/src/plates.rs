//! The plates door.

use cammra_core::plates;
use cammra_core::vote::{PlateText, distance};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

/// Adds this door's names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Patterns>()?;
    module.add_function(wrap_pyfunction!(edits, module)?)
}

/// See `_native.pyi`.
#[pyfunction]
fn edits(text: &str, other: &str) -> u8 {
    let [(one, _), (two, _)] = [text, other].map(PlateText::cut_from);
    distance(&one, &two)
}

/// See `_native.pyi`.
#[pyclass(frozen, module = "cammra_edge._native")]
struct Patterns(plates::Patterns);

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
impl Patterns {
    #[new]
    fn new(patterns: Vec<PyBackedStr>) -> Self {
        Self(plates::Patterns::new(&patterns))
    }

    fn first(&self, py: Python<'_>, text: &str) -> Option<usize> {
        py.detach(|| self.0.first(text))
    }
}
