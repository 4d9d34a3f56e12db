//! The model's objects as the wire needs them, taken apart by their attributes.

use std::ops::Deref;

use cammra_core::ff::{self, Box4};
use cammra_core::jpeg::ImageKind;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyString, PyTuple};

use crate::imaging::parse_kind;

/// A text; a lone surrogate, the only thing that UTF-8 cannot write, becomes `?`.
pub(super) struct Text(PyBackedStr);

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>()?;
        if let Ok(text) = PyBackedStr::try_from(text.to_owned()) {
            return Ok(Self(text));
        }
        let bytes = text.call_method1("encode", ("utf-8", "replace"))?;
        let text = bytes.call_method1("decode", ("utf-8",))?;
        Ok(Self(text.extract()?))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// `(x, y, width, height)`.
struct PyBox(Box4);

impl<'py> FromPyObject<'_, 'py> for PyBox {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let (x, y, width, height) = object.extract()?;
        Ok(Self([x, y, width, height]))
    }
}

/// `profile.sender.Sender`.
#[derive(FromPyObject)]
pub(super) struct Sender {
    profile_id: i64,
    device_id: Text,
    latitude: f64,
    longitude: f64,
    device: Device,
}

/// `model.Device`.
#[derive(FromPyObject)]
struct Device {
    serial: Text,
    model: Text,
    ip: Text,
    bare_mac: Text,
    geo_target: Text,
    time_zone: Py<PyString>,
}

impl Sender {
    /// IANA name of the camera's zone; empty for the machine's own.
    pub(super) const fn zone_name(&self) -> &Py<PyString> {
        &self.device.time_zone
    }

    pub(super) fn told(&self) -> ff::Sender<'_> {
        ff::Sender {
            profile_id: self.profile_id,
            device_id: &self.device_id,
            latitude: self.latitude,
            longitude: self.longitude,
            geo_target: &self.device.geo_target,
            serial: &self.device.serial,
            model: &self.device.model,
            ip: &self.device.ip,
            mac: &self.device.bare_mac,
        }
    }
}

/// `model.Event`, as far as the wire tells of it.
#[derive(FromPyObject)]
pub(super) struct Event<'py> {
    kind: Text,
    at_utc_ns: i64,
    pub(super) captured_utc_ns: i64,
    image_utc_ns: i64,
    plate: Plate<'py>,
    direction: Text,
    roi_id: i64,
    car_id: i64,
    plate_box: Option<PyBox>,
    info: VehicleInfo,
    listed: ListMatch,
    pub(super) images: Bound<'py, PyTuple>,
}

/// An event as it was handed in, and as the wire tells of it.
pub(super) struct Taken<'py> {
    object: Bound<'py, PyAny>,
    event: Event<'py>,
}

impl<'py> FromPyObject<'_, 'py> for Taken<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self {
            event: object.extract()?,
            object: object.to_owned(),
        })
    }
}

impl<'py> Deref for Taken<'py> {
    type Target = Event<'py>;

    fn deref(&self) -> &Event<'py> {
        &self.event
    }
}

impl Taken<'_> {
    /// What else is known of it: taken apart only for those who are told.
    pub(super) fn extension(&self) -> PyResult<Extension> {
        self.object.extract()
    }
}

/// `model.Event`, as far as only the extension tells of it.
#[derive(FromPyObject)]
pub(super) struct Extension {
    event_id: Text,
    changed: Vec<Text>,
    previous_plate: Text,
    r#final: Option<bool>,
    candidates: Vec<Candidate>,
    reliable_by: Option<Text>,
    image_text: Text,
    image_utc_ns: i64,
    first_utc_ns: i64,
    last_utc_ns: Option<i64>,
    repeat: Option<Repeat>,
    clock_synced: Option<bool>,
}

/// `model.Candidate`.
#[derive(FromPyObject)]
struct Candidate {
    text: Text,
    confidence: f64,
}

/// `model.Repeat`.
#[derive(FromPyObject)]
struct Repeat {
    count: i64,
    first_utc_ns: i64,
    last_utc_ns: i64,
}

impl Extension {
    pub(super) fn told(&self) -> ff::Extension<'_> {
        let candidates = self.candidates.iter();
        ff::Extension {
            event_id: &self.event_id,
            changed: self.changed.iter().map(|name| &**name).collect(),
            previous_plate: &self.previous_plate,
            is_final: self.r#final.unwrap_or_default(),
            candidates: candidates.map(|one| (&*one.text, one.confidence)).collect(),
            reliable_by: self.reliable_by.as_deref().unwrap_or_default(),
            image_text: &self.image_text,
            image_utc_ns: (self.image_utc_ns != 0).then_some(self.image_utc_ns),
            first_utc_ns: self.first_utc_ns,
            last_utc_ns: self.last_utc_ns,
            repeat: self.repeat.as_ref().map(|repeat| ff::Repeat {
                count: repeat.count,
                first_utc_ns: repeat.first_utc_ns,
                last_utc_ns: repeat.last_utc_ns,
            }),
            clock_synced: self.clock_synced,
        }
    }
}

/// `model.Plate`.
#[derive(FromPyObject)]
struct Plate<'py> {
    text: Bound<'py, PyString>,
    confidence: f64,
    country: Text,
    region: Text,
    region_code: Text,
    iso3166_2: Text,
}

/// `model.VehicleInfo`.
#[derive(FromPyObject)]
struct VehicleInfo {
    view: Text,
    kind: Text,
    colour: Text,
    make: Text,
    model: Text,
    confidence_mmr: Option<f64>,
    confidence_colour: Option<f64>,
}

/// `model.ListMatch`.
#[derive(FromPyObject)]
struct ListMatch {
    name: Text,
    mode: Text,
    description: Text,
}

impl<'py> Event<'py> {
    /// When the images were taken; when the event happened, where that is not known.
    pub(super) const fn images_utc_ns(&self) -> i64 {
        if self.image_utc_ns == 0 {
            self.at_utc_ns
        } else {
            self.image_utc_ns
        }
    }

    /// The plate's text as Python has it.
    pub(super) const fn plate_text(&self) -> &Bound<'py, PyString> {
        &self.plate.text
    }

    /// The event in the words of the wire.
    pub(super) fn told<'a>(
        &'a self,
        packet: i64,
        text: &'a str,
        ascii: &'a str,
        stamp: &'a str,
        extension: Option<&'a ff::Extension<'a>>,
    ) -> ff::Event<'a> {
        ff::Event {
            packet,
            captured_utc_ns: self.captured_utc_ns,
            stamp,
            text,
            ascii,
            country: &self.plate.country,
            iso3166_2: &self.plate.iso3166_2,
            region: &self.plate.region,
            region_code: &self.plate.region_code,
            list_name: &self.listed.name,
            list_mode: &self.listed.mode,
            list_description: &self.listed.description,
            confidence: self.plate.confidence,
            kind: &self.kind,
            roi_id: self.roi_id,
            direction: &self.direction,
            car_id: self.car_id,
            plate_box: self.plate_box.as_ref().map(|PyBox(box4)| *box4),
            vehicle: ff::VehicleInfo {
                view: &self.info.view,
                kind: &self.info.kind,
                colour: &self.info.colour,
                make: &self.info.make,
                model: &self.info.model,
                confidence_mmr: self.info.confidence_mmr,
                confidence_colour: self.info.confidence_colour,
            },
            extension,
        }
    }
}

/// `model.ImageRef`.
#[derive(FromPyObject)]
pub(super) struct Ref<'py> {
    pub(super) spec: Spec<'py>,
    pub(super) image_key: Bound<'py, PyString>,
    width: i64,
    height: i64,
    shows: PyBox,
}

impl Ref<'_> {
    pub(super) fn told<'a>(
        &self,
        kind: ImageKind,
        file_name: &'a str,
        directory: &'a str,
        content: &'a [u8],
    ) -> ff::Image<'a> {
        ff::Image {
            kind,
            file_name,
            directory,
            size: (self.width, self.height),
            shows: self.shows.0,
            content,
        }
    }
}

/// `model.ImageSpec`.
#[derive(FromPyObject)]
pub(super) struct Spec<'py> {
    kind: Bound<'py, PyString>,
    quality: Bound<'py, PyAny>,
    subsampling: Bound<'py, PyAny>,
    max_bytes: Bound<'py, PyAny>,
    fit: Bound<'py, PyAny>,
}

/// An image that a profile sends of each event.
pub(super) struct Wish {
    pub(super) kind: ImageKind,
    name: Py<PyString>,
    quality: Py<PyAny>,
    subsampling: Py<PyAny>,
    max_bytes: Py<PyAny>,
    fit: Py<PyAny>,
}

impl Wish {
    pub(super) fn new(spec: Spec<'_>) -> PyResult<Self> {
        Ok(Self {
            kind: parse_kind(spec.kind.to_str()?)?,
            name: spec.kind.unbind(),
            quality: spec.quality.unbind(),
            subsampling: spec.subsampling.unbind(),
            max_bytes: spec.max_bytes.unbind(),
            fit: spec.fit.unbind(),
        })
    }

    pub(super) fn is_met_by(&self, spec: &Spec<'_>) -> PyResult<bool> {
        // An enum has one object for each member. Kinds first: most specs differ in them.
        Ok(spec.kind.is(&self.name)
            && spec.quality.eq(&self.quality)?
            && spec.subsampling.eq(&self.subsampling)?
            && spec.max_bytes.eq(&self.max_bytes)?
            && spec.fit.eq(&self.fit)?)
    }
}
