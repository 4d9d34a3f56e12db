//! Python's texts in bytes and back, and plates in their normal form.

use std::borrow::Cow;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyBytes, PyString};

/// The text in UTF-8, lone surrogates included.
pub(super) fn bytes_of_text<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(text) = text.to_str() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let py = text.py();
    let bytes = text.call_method1(intern!(py, "encode"), ("utf-8", "surrogatepass"))?;
    Ok(Cow::Owned(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// What `plates.list_key` makes of a plate, or of a pattern of plates.
pub(super) fn normal_form(text: &Bound<'_, PyString>, is_pattern: bool) -> PyResult<Vec<u8>> {
    static LIST_KEY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let bytes = bytes_of_text(text)?;
    if bytes.is_ascii() {
        let is_kept =
            |byte: &u8| byte.is_ascii_alphanumeric() || (is_pattern && matches!(byte, b'*' | b'?'));
        return Ok(bytes
            .iter()
            .filter(|byte| is_kept(byte))
            .map(u8::to_ascii_lowercase)
            .collect());
    }
    let py = text.py();
    let list_key = LIST_KEY.import(py, "cammra_edge.plates", "list_key")?;
    let options = [("pattern", is_pattern)];
    let key = list_key.call((text,), Some(&options.into_py_dict(py)?))?;
    bytes_of_text(key.cast::<PyString>()?).map(Cow::into_owned)
}

/// The text that these bytes are; what is none is shown as well as it can be.
pub(super) fn text_of_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyAny> {
    if let Ok(plain) = std::str::from_utf8(bytes) {
        return PyString::new(py, plain).into_any();
    }
    let decoded = PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "surrogatepass"));
    decoded.unwrap_or_else(|_| PyString::new(py, &String::from_utf8_lossy(bytes)).into_any())
}
