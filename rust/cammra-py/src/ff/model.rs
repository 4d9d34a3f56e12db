//! The model's objects as the wire needs them, taken apart by their attributes.

use std::borrow::Cow;

use cammra_core::ff::Box4;
use cammra_core::jpeg::ImageKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::imaging::parse_kind;

pub(super) type PyBox = (i64, i64, i64, i64);

/// `model.Event`, as far as the wire tells of it.
#[derive(FromPyObject)]
pub(super) struct Event<'py> {
    pub(super) kind: Bound<'py, PyString>,
    pub(super) at_utc_ns: i64,
    pub(super) captured_utc_ns: i64,
    pub(super) image_utc_ns: i64,
    pub(super) plate: Plate<'py>,
    pub(super) direction: Bound<'py, PyString>,
    pub(super) roi_id: i64,
    pub(super) car_id: i64,
    pub(super) plate_box: Option<PyBox>,
    pub(super) info: Bound<'py, PyAny>,
    pub(super) listed: ListMatch<'py>,
    pub(super) images: Bound<'py, PyTuple>,
}

/// `model.Plate`.
#[derive(FromPyObject)]
pub(super) struct Plate<'py> {
    pub(super) text: Bound<'py, PyString>,
    pub(super) confidence: f64,
    pub(super) country: Bound<'py, PyString>,
    pub(super) region: Bound<'py, PyString>,
    pub(super) region_code: Bound<'py, PyString>,
    pub(super) iso3166_2: Bound<'py, PyString>,
}

/// `model.ListMatch`.
#[derive(FromPyObject)]
pub(super) struct ListMatch<'py> {
    pub(super) name: Bound<'py, PyString>,
    pub(super) mode: Bound<'py, PyString>,
    pub(super) description: Bound<'py, PyString>,
}

/// `model.ImageRef`.
#[derive(FromPyObject)]
pub(super) struct Ref<'py> {
    pub(super) spec: Spec<'py>,
    pub(super) image_key: Bound<'py, PyString>,
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) shows: PyBox,
}

/// `model.ImageSpec`.
#[derive(FromPyObject)]
pub(super) struct Spec<'py> {
    pub(super) kind: Bound<'py, PyString>,
    pub(super) quality: Bound<'py, PyAny>,
    pub(super) subsampling: Bound<'py, PyAny>,
    pub(super) max_bytes: Bound<'py, PyAny>,
    pub(super) fit: Bound<'py, PyAny>,
}

/// What a profile sends of an event's images.
pub(super) struct Wish {
    pub(super) kind: Py<PyString>,
    pub(super) quality: Py<PyAny>,
    pub(super) subsampling: Py<PyAny>,
    pub(super) max_bytes: Py<PyAny>,
    pub(super) fit: Py<PyAny>,
    pub(super) is_plate: bool,
    pub(super) wire_type: String,
}

impl Wish {
    pub(super) fn new(spec: Spec<'_>, wire_type: String) -> PyResult<Self> {
        Ok(Self {
            is_plate: is_plate(&spec.kind)?,
            kind: spec.kind.unbind(),
            quality: spec.quality.unbind(),
            subsampling: spec.subsampling.unbind(),
            max_bytes: spec.max_bytes.unbind(),
            fit: spec.fit.unbind(),
            wire_type,
        })
    }

    pub(super) fn is_met_by(&self, spec: &Spec<'_>) -> PyResult<bool> {
        // An enum's members are one of a kind each. Kinds first, since most specs differ in them.
        Ok(spec.kind.is(&self.kind)
            && spec.quality.eq(&self.quality)?
            && spec.subsampling.eq(&self.subsampling)?
            && spec.max_bytes.eq(&self.max_bytes)?
            && spec.fit.eq(&self.fit)?)
    }
}

/// Whether a kind of image is the license plate crop.
pub(super) fn is_plate(kind: &Bound<'_, PyString>) -> PyResult<bool> {
    Ok(parse_kind(kind.to_str()?)? == ImageKind::PlateCrop)
}

/// A box as the core has it.
pub(super) const fn box_from((x, y, width, height): PyBox) -> Box4 {
    [x, y, width, height]
}

/// The text; a lone surrogate, the only thing that UTF-8 cannot write, becomes `?`.
pub(super) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = text.to_str() {
        return Ok(text.into());
    }
    let bytes = text.call_method1("encode", ("utf-8", "replace"))?;
    let text = String::from_utf8_lossy(bytes.cast::<PyBytes>()?.as_bytes()).into_owned();
    Ok(text.into())
}
