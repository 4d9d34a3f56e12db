//! The FF JSON part of the framing door: takes the model's event apart, and puts the receiver's bytes together.
//!
//! The interpreter stays held: rendering takes some ten microseconds, and touches its objects throughout.

mod model;

use cammra_core::ff::{Form, Image, Object, names};
use cammra_core::jpeg::ImageKind;
use cammra_core::multipart::{Body, Part};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::buffer::bytes_of;
use crate::errors::from_framing;
use model::{Event, Extension, Ref, Sender, Spec, Taken, Text, Wish};

const NS_PER_S: i64 = 1_000_000_000;

/// An attached image and its name.
struct Attached<'py> {
    index: usize,
    kind: ImageKind,
    reference: Ref<'py>,
    content: Bound<'py, PyBytes>,
    file_name: String,
}

/// What Python knows: zones and alphabets.
#[derive(FromPyObject)]
struct Words {
    local_stamp: Py<PyAny>,
    ascii_text: Py<PyAny>,
    file_token: Py<PyAny>,
}

/// An image's file name, its bytes, whether it is the plate crop, and its place among the event's images.
type AttachedImage<'py> = (String, Bound<'py, PyBytes>, bool, usize);

/// See `_native.pyi`.
#[pyclass(frozen, module = "cammra_edge._native")]
pub(crate) struct EventForm {
    form: Form,
    wishes: Vec<Wish>,
    zone_name: Py<PyString>,
    words: Words,
    is_extended: bool,
}

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
impl EventForm {
    #[new]
    #[pyo3(signature = (sender, specs, words, extended = false))]
    fn new(
        py: Python<'_>,
        sender: Sender,
        specs: Vec<Spec<'_>>,
        words: Words,
        extended: bool,
    ) -> PyResult<Self> {
        Ok(Self {
            form: Form::new(&sender.told()),
            wishes: specs.into_iter().map(Wish::new).collect::<PyResult<_>>()?,
            zone_name: sender.zone_name().clone_ref(py),
            words,
            is_extended: extended,
        })
    }

    fn attached<'py>(
        &self,
        event: Taken<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
    ) -> PyResult<Vec<AttachedImage<'py>>> {
        let attached = self.wanted(&event, images, packet)?.into_iter();
        Ok(attached
            .map(|image| {
                let is_plate = image.kind == ImageKind::PlateCrop;
                (image.file_name, image.content, is_plate, image.index)
            })
            .collect())
    }

    fn files<'py>(
        &self,
        py: Python<'py>,
        event: Taken<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
        sidecar: bool,
    ) -> PyResult<Vec<(&'static str, Bound<'py, PyBytes>)>> {
        let attached = self.wanted(&event, images, packet)?;
        let mut files = Vec::new();
        if sidecar {
            let directory = names::directory(packet);
            let object = self.object(&event, &told(&attached, &directory), packet)?;
            files.push((names::SIDECAR, PyBytes::new(py, &object.json)));
        }
        let images = names::IMAGES.into_iter().zip(attached);
        files.extend(images.map(|(suffix, image)| (suffix, image.content)).rev());
        Ok(files)
    }

    fn with_images<'py>(
        &self,
        py: Python<'py>,
        event: Taken<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let attached = self.wanted(&event, images, packet)?;
        let directory = names::directory(packet);
        let images = told(&attached, &directory);
        let object = self.object(&event, &images, packet)?;
        bytes_of(py, object.length_with(&images), |out| {
            object.write_with(&images, out);
        })
    }

    #[expect(clippy::too_many_arguments, reason = "what a body is made of")]
    fn multipart<'py>(
        &self,
        py: Python<'py>,
        event: Taken<'py>,
        images: &Bound<'py, PyAny>,
        packet: i64,
        boundary: &str,
        part_names: (PyBackedStr, PyBackedStr, PyBackedStr),
        event_as_file: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let attached = self.wanted(&event, images, packet)?;
        let directory = names::directory(packet);
        let images = told(&attached, &directory);
        let object = self.object(&event, &images, packet)?;
        let file_name = if event_as_file {
            let stamp = self.stamp(py, event.captured_utc_ns)?;
            let token = self.token(&event)?;
            names::event(&stamp, event.captured_utc_ns, &token, packet)
        } else {
            String::new()
        };
        let (event_part, selected_part, plate_part) = &part_names;
        let mut parts = vec![Part {
            name: event_part,
            filename: &file_name,
            content_type: "application/json",
            content: &object.json,
        }];
        let image_parts = [selected_part, plate_part].into_iter().zip(&images);
        parts.extend(image_parts.map(|(name, image)| Part {
            name,
            filename: image.file_name,
            content_type: "image/jpeg",
            content: image.content,
        }));
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
    ) -> PyResult<Vec<Attached<'py>>> {
        if self.wishes.is_empty() || event.images.is_empty() {
            return Ok(Vec::new());
        }
        let at_utc_ns = event.images_utc_ns();
        let stamp = self.stamp(images.py(), at_utc_ns)?;
        let token = self.token(event)?;
        let mut found = Vec::new();
        for (index, reference) in event.images.iter().enumerate() {
            let reference: Ref<'py> = reference.extract()?;
            let Some((place, wish)) = self.wish_for(&reference.spec)? else {
                continue;
            };
            let Some(content) = content_of(images, &reference.image_key)? else {
                continue;
            };
            let is_plate = wish.kind == ImageKind::PlateCrop;
            let attached = Attached {
                index,
                kind: wish.kind,
                file_name: names::image(&stamp, at_utc_ns, is_plate, &token, packet),
                reference,
                content,
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

    fn object(&self, event: &Taken<'_>, images: &[Image<'_>], packet: i64) -> PyResult<Object> {
        let plate = event.plate_text();
        let ascii = self.words.ascii_text.bind(plate.py()).call1((plate,))?;
        let ascii: PyBackedStr = ascii.extract()?;
        let stamp = self.stamp(plate.py(), event.captured_utc_ns)?;
        let text: Text = plate.extract()?;
        let extension = if self.is_extended {
            Some(event.extension()?)
        } else {
            None
        };
        let extension = extension.as_ref().map(Extension::told);
        let told = event.told(packet, &text, &ascii, &stamp, extension.as_ref());
        Ok(self.form.filled(&told, images))
    }

    /// `YYYYMMDDHHMMSS` by the camera's clock.
    fn stamp(&self, py: Python<'_>, utc_ns: i64) -> PyResult<PyBackedStr> {
        let local_stamp = self.words.local_stamp.bind(py);
        let stamp = local_stamp.call1((utc_ns.div_euclid(NS_PER_S), &self.zone_name))?;
        stamp.extract()
    }

    /// The plate as names of files have it.
    fn token(&self, event: &Event<'_>) -> PyResult<PyBackedStr> {
        let plate = event.plate_text();
        let token = self.words.file_token.bind(plate.py()).call1((plate,))?;
        token.extract()
    }
}

/// The images in the words of the wire.
fn told<'a>(attached: &'a [Attached<'_>], directory: &'a str) -> Vec<Image<'a>> {
    let images = attached.iter().map(|image| {
        let content = image.content.as_bytes();
        image
            .reference
            .told(image.kind, &image.file_name, directory, content)
    });
    images.collect()
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
