//! The FF JSON part of the framing door: takes the model's event apart, and puts the receiver's bytes together.
//!
//! The interpreter is held: it is some ten microseconds, and all of them touch its objects.

mod model;

use cammra_core::ff::{self, Content, Form, Image, Value, names};
use cammra_core::json_frame::{self, Spliced};
use cammra_core::multipart::{Body, Part};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::buffer::bytes_of;
use crate::errors::from_framing;
use model::{Event, Ref, Spec, Wish, box_from, is_plate, utf8};

const NS_PER_S: i64 = 1_000_000_000;
const LOST: &str = "lost";
const JPEG_FORMAT: &str = "jpg";

/// An image that goes along, and what it is called.
struct Attached<'a, 'py> {
    wish: &'a Wish,
    given: Bound<'py, PyAny>,
    reference: Ref<'py>,
    content: Bound<'py, PyBytes>,
    file_name: String,
}

/// What Python knows better: zones, alphabets and the names of makes and models.
#[derive(FromPyObject)]
struct Words {
    local_stamp: Py<PyAny>,
    ascii_text: Py<PyAny>,
    file_token: Py<PyAny>,
    vehicle_info: Py<PyAny>,
    nothing_known: Py<PyAny>,
}

/// See `_native.pyi`.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct EventForm {
    form: Form,
    wishes: Vec<Wish>,
    zone_name: Py<PyString>,
    words: Words,
}

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
impl EventForm {
    #[new]
    #[pyo3(signature = (members, *, split_before, uri_prefix, file_prefix, wishes, zone_name, words))]
    fn new(
        members: Vec<(String, Bound<'_, PyAny>)>,
        split_before: &str,
        uri_prefix: String,
        file_prefix: String,
        wishes: Vec<(Spec<'_>, String)>,
        zone_name: Py<PyString>,
        words: Words,
    ) -> PyResult<Self> {
        let split_at = members
            .iter()
            .position(|(name, _)| name == split_before)
            .ok_or_else(|| {
                PyValueError::new_err(format!("split_before is {split_before:?}: want a member"))
            })?;
        let members = members
            .into_iter()
            .map(|(name, content)| Ok((name, content_from(&content)?)))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Self {
            form: Form::new(&members, split_at, uri_prefix, file_prefix),
            wishes: wishes
                .into_iter()
                .map(|(spec, wire_type)| Wish::new(spec, wire_type))
                .collect::<PyResult<_>>()?,
            zone_name,
            words,
        })
    }

    fn attached<'py>(
        &self,
        event: Event<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
    ) -> PyResult<Vec<(Bound<'py, PyAny>, String, String)>> {
        let attached = self.wanted(&event, images, packet)?;
        Ok(attached
            .into_iter()
            .map(|image| (image.given, image.file_name, names::directory(packet)))
            .collect())
    }

    fn filled<'py>(
        &self,
        py: Python<'py>,
        event: Event<'py>,
        attached: Vec<(Ref<'py>, PyBackedStr, PyBackedStr)>,
        packet: i64,
        image_type: &str,
    ) -> PyResult<(Bound<'py, PyBytes>, usize)> {
        let images = attached
            .iter()
            .map(|(reference, file_name, directory)| {
                let is_plate = is_plate(&reference.spec.kind)?;
                Ok(image_from(reference, is_plate, file_name, directory))
            })
            .collect::<PyResult<Vec<_>>>()?;
        let (json, splice_at) = self.json(&event, &images, packet, image_type)?;
        Ok((PyBytes::new(py, &json), splice_at))
    }

    fn with_images<'py>(
        &self,
        py: Python<'py>,
        event: Event<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (attached, json, splice_at) = self.assembled(&event, images, packet)?;
        let images: Vec<json_frame::Image<'_>> = attached
            .iter()
            .map(|image| json_frame::Image {
                image_type: &image.wish.wire_type,
                image_format: JPEG_FORMAT,
                content: image.content.as_bytes(),
            })
            .collect();
        let spliced =
            Spliced::new(&json, splice_at, &images).map_err(|error| from_framing(&error))?;
        bytes_of(py, spliced.length(), |out| spliced.write_to(out))
    }

    #[expect(clippy::too_many_arguments, reason = "what a body is made of")]
    fn multipart<'py>(
        &self,
        py: Python<'py>,
        event: Event<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
        boundary: &str,
        part_names: (PyBackedStr, PyBackedStr, PyBackedStr),
        event_as_file: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (attached, json, _) = self.assembled(&event, images, packet)?;
        let file_name = if event_as_file {
            let stamp = self.stamp(py, event.captured_utc_ns)?;
            let token = self.token(&event)?;
            names::event(
                stamp.to_str()?,
                event.captured_utc_ns,
                token.to_str()?,
                packet,
            )
        } else {
            String::new()
        };
        let (event_part, selected_part, plate_part) = &part_names;
        let mut parts = vec![Part {
            name: event_part,
            filename: &file_name,
            content_type: "application/json",
            content: &json,
        }];
        parts.extend([selected_part, plate_part].into_iter().zip(&attached).map(
            |(name, image)| Part {
                name,
                filename: &image.file_name,
                content_type: "image/jpeg",
                content: image.content.as_bytes(),
            },
        ));
        let body = Body::new(boundary, &parts).map_err(|error| from_framing(&error))?;
        bytes_of(py, body.length(), |out| body.write_to(out))
    }
}

impl EventForm {
    /// The images of the event that the profile sends and whose bytes are there, the selected one first.
    fn wanted<'py>(
        &self,
        event: &Event<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
    ) -> PyResult<Vec<Attached<'_, 'py>>> {
        if self.wishes.is_empty() || event.images.is_empty() {
            return Ok(Vec::new());
        }
        let at_utc_ns = if event.image_utc_ns == 0 {
            event.at_utc_ns
        } else {
            event.image_utc_ns
        };
        let stamp = self.stamp(event.images.py(), at_utc_ns)?;
        let token = self.token(event)?;
        let mut found = Vec::new();
        for given in &event.images {
            let reference: Ref<'py> = given.extract()?;
            let Some((place, wish)) = self.wish_for(&reference.spec)? else {
                continue;
            };
            let Some(content) = content_of(images, &reference.image_key)? else {
                continue;
            };
            let file_name = names::image(
                stamp.to_str()?,
                at_utc_ns,
                wish.is_plate,
                token.to_str()?,
                packet,
            );
            let attached = Attached {
                wish,
                given,
                reference,
                content,
                file_name,
            };
            found.push((place, attached));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(found.into_iter().map(|(_, attached)| attached).collect())
    }

    fn wish_for(&self, spec: &Spec<'_>) -> PyResult<Option<(usize, &Wish)>> {
        for (place, wish) in self.wishes.iter().enumerate() {
            if wish.is_met_by(spec)? {
                return Ok(Some((place, wish)));
            }
        }
        Ok(None)
    }

    /// The images that go along, the object, and where in it `ImageArray` goes.
    fn assembled<'py>(
        &self,
        event: &Event<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
    ) -> PyResult<(Vec<Attached<'_, 'py>>, Vec<u8>, usize)> {
        let attached = self.wanted(event, images, packet)?;
        let directory = names::directory(packet);
        let images: Vec<Image<'_>> = attached
            .iter()
            .map(|image| {
                image_from(
                    &image.reference,
                    image.wish.is_plate,
                    &image.file_name,
                    &directory,
                )
            })
            .collect();
        let image_type = attached.first().map_or("", |image| &image.wish.wire_type);
        let (json, splice_at) = self.json(event, &images, packet, image_type)?;
        Ok((attached, json, splice_at))
    }

    fn json(
        &self,
        event: &Event<'_>,
        images: &[Image<'_>],
        packet: i64,
        image_type: &str,
    ) -> PyResult<(Vec<u8>, usize)> {
        let py = event.images.py();
        let plate = &event.plate;
        let kind = event.kind.to_str()?;
        let ascii = self.words.ascii_text.bind(py).call1((&plate.text,))?;
        let info = if event.info.is(&self.words.nothing_known) {
            None
        } else {
            Some(self.words.vehicle_info.bind(py).call1((&event.info,))?)
        };
        let stamp = self.stamp(py, event.captured_utc_ns)?;
        let told = ff::Event {
            packet,
            captured_utc_ns: event.captured_utc_ns,
            stamp: stamp.to_str()?,
            is_lost: kind == LOST,
            text: &utf8(&plate.text)?,
            ascii: ascii.cast::<PyString>()?.to_str()?,
            country: &utf8(&plate.country)?,
            iso3166: &utf8(&plate.iso3166_2)?,
            region: &utf8(&plate.region)?,
            region_code: &utf8(&plate.region_code)?,
            list_name: &utf8(&event.listed.name)?,
            list_mode: &utf8(&event.listed.mode)?,
            list_description: &utf8(&event.listed.description)?,
            confidence: plate.confidence,
            kind,
            roi_id: event.roi_id,
            direction: event.direction.to_str()?,
            car_id: event.car_id,
            plate_box: event.plate_box.map(box_from),
            vehicle_info: match &info {
                Some(info) => info.cast::<PyBytes>()?.as_bytes(),
                None => b"{}",
            },
        };
        Ok(self.form.filled(&told, images, image_type))
    }

    /// `YYYYMMDDHHMMSS` by the camera's clock.
    fn stamp<'py>(&self, py: Python<'py>, utc_ns: i64) -> PyResult<Bound<'py, PyString>> {
        let stamp = self.words.local_stamp.bind(py);
        let made = stamp.call1((utc_ns.div_euclid(NS_PER_S), &self.zone_name))?;
        Ok(made.cast_into()?)
    }

    /// The plate as names of files have it.
    fn token<'py>(&self, event: &Event<'py>) -> PyResult<Bound<'py, PyString>> {
        let token = self.words.file_token.bind(event.images.py());
        Ok(token.call1((&event.plate.text,))?.cast_into()?)
    }
}

/// JSON that is ready, or the name of a value.
fn content_from(content: &Bound<'_, PyAny>) -> PyResult<Content> {
    if let Ok(json) = content.cast::<PyBytes>() {
        return Ok(Content::Ready(json.as_bytes().to_vec()));
    }
    let name: PyBackedStr = content.extract()?;
    Value::named(&name)
        .map(Content::Told)
        .ok_or_else(|| PyValueError::new_err(format!("no event has a value named {:?}", &*name)))
}

fn content_of<'py>(
    images: &Bound<'py, PyAny>,
    key: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let found = match images.cast::<PyDict>() {
        Ok(images) => images.get_item(key)?,
        Err(_) if images.contains(key)? => Some(images.get_item(key)?),
        Err(_) => None,
    };
    Ok(found.map(Bound::cast_into).transpose()?)
}

fn image_from<'a>(
    reference: &Ref<'_>,
    is_plate: bool,
    file_name: &'a str,
    directory: &'a str,
) -> Image<'a> {
    Image {
        file_name,
        directory,
        is_plate,
        size: (reference.width, reference.height),
        shows: box_from(reference.shows),
    }
}
