//! Events as JSON, straight from the dataclasses: `cammra_edge.outbox.codec` says how, and reads it.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::{PyRecursionError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyFloat, PyFrozenSet, PyInt, PyList, PyString, PyTuple, PyType,
};

use super::scalar::{put_float, put_text, put_whole};

/// What stands behind everything else, so that an event without it is cut off, not parsed.
const LAST: [&str; 2] = ["images", "missing"];
const DEEPEST: usize = 64;

/// See `_native.pyi`.
#[pyfunction]
pub(super) fn log_encode_event<'py>(
    event: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyBytes>, usize)> {
    let mut json = Vec::new();
    let text_length = put_event(&mut json, event)?;
    Ok((PyBytes::new(event.py(), &json), text_length))
}

/// Appends the event; tells how long it is without its images and the brace that closes it.
pub(super) fn put_event(out: &mut Vec<u8>, event: &Bound<'_, PyAny>) -> PyResult<usize> {
    let begin = out.len();
    let class = event.get_type();
    let Kind::Record(record) = &*kind_of(&class)? else {
        return Err(cannot_be_stored(&class));
    };
    let is_last = |field: &&Field| field.is_last;
    out.push(b'{');
    put_fields(
        out,
        event,
        record.fields.iter().filter(|field| !is_last(field)),
        0,
    )?;
    let text_length = out.len() - begin;
    put_fields(out, event, record.fields.iter().filter(is_last), 0)?;
    out.push(b'}');
    Ok(text_length)
}

/// How values of a type are written.
enum Kind {
    Record(Record),
    Items,
    Text,
    Whole,
    Float,
}

struct Record {
    fields: Vec<Field>,
}

struct Field {
    name: Py<PyString>,
    /// `"name":`, with a comma before it.
    key: Vec<u8>,
    /// What is left out.
    default: Option<Py<PyAny>>,
    /// The default's type, where it is a record whose fields all hold their defaults: it is written as `{}`, and no other
    /// value of that type is.
    empty: Option<Py<PyType>>,
    is_last: bool,
}

fn put_fields<'a>(
    out: &mut Vec<u8>,
    value: &Bound<'_, PyAny>,
    fields: impl Iterator<Item = &'a Field>,
    depth: usize,
) -> PyResult<()> {
    let py = value.py();
    for field in fields {
        let held = value.getattr(field.name.bind(py))?;
        let is_empty_type = match (&field.default, &field.empty) {
            (Some(default), _) if held.is(default) => continue,
            (_, Some(empty)) if held.get_type().is(empty) => true,
            (Some(default), _) if !held.ne(default)? => continue,
            _ => false,
        };
        let begin = out.len();
        let is_first = out.last() == Some(&b'{');
        out.extend_from_slice(field.key.get(usize::from(is_first)..).unwrap_or_default());
        let content = out.len();
        put_value(out, &held, depth + 1)?;
        if is_empty_type && out.get(content..) == Some(b"{}") {
            out.truncate(begin);
        }
    }
    Ok(())
}

fn put_value(out: &mut Vec<u8>, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return put_text(out, text);
    }
    if let Ok(number) = value.cast_exact::<PyInt>() {
        return put_whole(out, number);
    }
    if let Ok(number) = value.cast_exact::<PyFloat>() {
        put_float(out, number);
        return Ok(());
    }
    if let Ok(truth) = value.cast_exact::<PyBool>() {
        out.extend_from_slice(if truth.is_true() { b"true" } else { b"false" });
        return Ok(());
    }
    if value.is_none() {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(PyRecursionError::new_err("too deep to be stored"));
    }
    match &*kind_of(&value.get_type())? {
        Kind::Record(record) => {
            out.push(b'{');
            put_fields(out, value, record.fields.iter(), depth)?;
            out.push(b'}');
        }
        Kind::Items => put_items(out, value, depth)?,
        Kind::Text => put_text(out, value.cast()?)?,
        Kind::Whole => put_whole(out, value.cast()?)?,
        Kind::Float => put_float(out, value.cast()?),
    }
    Ok(())
}

fn put_items(out: &mut Vec<u8>, items: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    out.push(b'[');
    for (at, item) in items.try_iter()?.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put_value(out, &item?, depth + 1)?;
    }
    out.push(b']');
    Ok(())
}

/// Looked up once per type; a type is kept for good, so that no other can have its address.
fn kind_of(class: &Bound<'_, PyType>) -> PyResult<Arc<Kind>> {
    static KNOWN: Mutex<Vec<(Py<PyType>, Arc<Kind>)>> = Mutex::new(Vec::new());
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, kind)) = known.iter().find(|(known, _)| class.is(known)) {
        return Ok(Arc::clone(kind));
    }
    drop(known); // Python code runs below
    let kind = Arc::new(new_kind(class)?);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.push((class.clone().unbind(), Arc::clone(&kind)));
    Ok(kind)
}

fn new_kind(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    if class.hasattr(intern!(py, "__dataclass_fields__"))? {
        return record_of(class).map(Kind::Record);
    }
    let is_items = class.is_subclass_of::<PyTuple>()?
        || class.is_subclass_of::<PyFrozenSet>()?
        || class.is_subclass_of::<PyList>()?;
    Ok(if is_items {
        Kind::Items
    } else if class.is_subclass_of::<PyString>()? {
        Kind::Text
    } else if class.is_subclass_of::<PyInt>()? {
        Kind::Whole
    } else if class.is_subclass_of::<PyFloat>()? {
        Kind::Float
    } else {
        return Err(cannot_be_stored(class));
    })
}

fn record_of(class: &Bound<'_, PyType>) -> PyResult<Record> {
    let py = class.py();
    let dataclasses = py.import("dataclasses")?;
    let missing = dataclasses.getattr("MISSING")?;
    let mut fields = Vec::new();
    for field in dataclasses.call_method1("fields", (class,))?.try_iter()? {
        let field = field?;
        let name: String = field.getattr("name")?.extract()?;
        let factory = field.getattr("default_factory")?;
        let default = if factory.is(&missing) {
            field.getattr("default")?
        } else {
            factory.call0()?
        };
        fields.push(Field {
            empty: empty_type(&default)?.map(Bound::unbind),
            default: (!default.is(&missing)).then(|| default.unbind()),
            key: format!(",\"{name}\":").into_bytes(),
            is_last: LAST.contains(&name.as_str()),
            name: PyString::intern(py, &name).unbind(),
        });
    }
    Ok(Record { fields })
}

/// The type of a value that is written as `{}` and equals exactly the others of its type that are.
fn empty_type<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyType>>> {
    let class = value.get_type();
    let Some(parameters) = class.getattr_opt("__dataclass_params__")? else {
        return Ok(None);
    };
    let mut json = Vec::new();
    put_value(&mut json, value, 0)?;
    let is_empty = json == b"{}" && parameters.getattr("eq")?.is_truthy()?;
    Ok(is_empty.then_some(class))
}

fn cannot_be_stored(class: &Bound<'_, PyType>) -> PyErr {
    let name = class
        .name()
        .map_or_else(|_| String::new(), |name| name.to_string());
    PyTypeError::new_err(format!("{name} cannot be stored"))
}
