//! A receiver's answer, as Python sees it: see `_native.pyi`.

use cammra_core::http_answer::{Answer, Progress};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// See `_native.pyi`.
#[pyclass(module = "cammra_edge._native")]
#[derive(Default)]
pub(crate) struct HttpAnswer {
    answer: Answer,
}

#[pymethods]
impl HttpAnswer {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn feed(&mut self, received: &[u8]) {
        self.answer.feed(received);
    }

    #[getter]
    fn status(&self) -> u16 {
        self.answer.status()
    }

    #[getter]
    fn head_whole(&self) -> bool {
        !matches!(self.answer.progress(), Progress::Head | Progress::Garbage)
    }

    #[getter]
    fn body_pending(&self) -> bool {
        self.answer.progress() == Progress::Body
    }

    #[getter]
    fn whole(&self) -> bool {
        self.answer.progress() == Progress::Whole
    }

    #[getter]
    fn garbage(&self) -> bool {
        self.answer.progress() == Progress::Garbage
    }

    #[getter]
    fn reusable(&self) -> bool {
        self.answer.is_reusable()
    }

    #[getter]
    fn body_full(&self) -> bool {
        self.answer.is_full()
    }

    #[getter]
    fn head<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.answer.head())
    }

    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.answer.body())
    }

    fn values<'py>(&self, py: Python<'py>, name: &str) -> Vec<Bound<'py, PyString>> {
        self.answer
            .values(name)
            .map(|value| latin1(py, value))
            .collect()
    }

    fn value<'py>(&self, py: Python<'py>, name: &str) -> Bound<'py, PyString> {
        latin1(py, self.answer.values(name).next().unwrap_or_default())
    }
}

/// Each byte as the character of its number, so that the bytes can be had back as they came.
fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    let text: String = bytes.iter().copied().map(char::from).collect();
    PyString::new(py, &text)
}
