//! `PlateRead`s from Python: each attribute is looked up once, by an interned name, and only texts are copied.

use std::borrow::Cow;

use cammra_core::event::{Attribute, Direction};
use cammra_core::geometry::RawBox;
use cammra_core::tracker::{Read, ReadBatch};
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString, PyTuple};

const ATTRIBUTES: usize = Attribute::ALL.len();

/// A field that cannot be used: its name, its value, and what is wanted.
pub(super) struct BadField {
    field: &'static str,
    value: String,
    want: &'static str,
}

impl BadField {
    /// Shows the value, but never a text: messages are logged, and it may be a plate.
    fn new(field: &'static str, value: &Bound<'_, PyAny>, want: &'static str) -> Self {
        let is_number = value.is_none()
            || value.is_exact_instance_of::<PyFloat>()
            || value.is_exact_instance_of::<PyInt>();
        let shown = if is_number {
            value.repr().map(|text| text.to_string())
        } else {
            type_name(value)
        };
        Self {
            field,
            value: shown.unwrap_or_else(|_| "an object without a name".to_owned()),
            want,
        }
    }

    fn missing(field: &'static str, read: &Bound<'_, PyAny>) -> Self {
        let kind = type_name(read).unwrap_or_default();
        Self {
            field,
            value: format!("missing in {kind}"),
            want: "a PlateRead's field",
        }
    }

    /// `reads[3].confidence is a str: want a number`
    pub(super) fn message(&self, index: usize) -> String {
        format!(
            "reads[{index}].{} is {}: want {}",
            self.field, self.value, self.want
        )
    }
}

fn type_name(value: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(format!("a {}", value.get_type().name()?))
}

type Field<T> = Result<T, BadField>;

/// An object whose fields are looked up by interned names.
struct Fields<'a, 'py> {
    of: &'a Bound<'py, PyAny>,
}

macro_rules! field {
    ($fields:expr, $name:literal) => {
        $fields
            .of
            .getattr(intern!($fields.of.py(), $name))
            .map_err(|_| BadField::missing($name, $fields.of))
    };
}

fn number(field: &'static str, value: &Bound<'_, PyAny>) -> Field<f64> {
    value
        .extract()
        .map_err(|_| BadField::new(field, value, "a number"))
}

fn whole_number(field: &'static str, value: &Bound<'_, PyAny>) -> Field<i64> {
    value
        .extract()
        .map_err(|_| BadField::new(field, value, "a whole number of 64 bits"))
}

fn optional<'py, T>(
    value: &Bound<'py, PyAny>,
    take: impl FnOnce(&Bound<'py, PyAny>) -> Field<T>,
) -> Field<Option<T>> {
    if value.is_none() {
        Ok(None)
    } else {
        take(value).map(Some)
    }
}

fn raw_box(field: &'static str, value: &Bound<'_, PyAny>) -> Field<RawBox> {
    let bad = || BadField::new(field, value, "four numbers (x, y, width, height) or None");
    let numbers: [f64; 4] = match value.cast::<PyTuple>() {
        Ok(tuple) if tuple.len() == 4 => {
            let mut numbers = [0.0; 4];
            for (place, item) in numbers.iter_mut().zip(tuple.iter_borrowed()) {
                *place = item.extract().map_err(|_| bad())?;
            }
            numbers
        }
        _ => value.extract().map_err(|_| bad())?,
    };
    let [x, y, width, height] = numbers;
    Ok(RawBox {
        x,
        y,
        width,
        height,
    })
}

/// A text; lone surrogates, which UTF-8 cannot hold, become U+FFFD.
fn text<'a>(
    field: &'static str,
    value: &'a Bound<'_, PyAny>,
    want: &'static str,
) -> Field<Cow<'a, str>> {
    let text = value
        .cast::<PyString>()
        .map_err(|_| BadField::new(field, value, want))?;
    Ok(text.to_string_lossy())
}

fn direction(field: &'static str, value: &Bound<'_, PyAny>) -> Field<Direction> {
    let want = "in, out, unknown or None";
    match &*text(field, value, want)? {
        "in" => Ok(Direction::In),
        "out" => Ok(Direction::Out),
        "unknown" => Ok(Direction::Unknown),
        _ => Err(BadField {
            field,
            value: "another text".to_owned(),
            want,
        }),
    }
}

/// Reads that cannot be used: how many, and what is wrong with the first.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) count: u64,
    pub(super) why: Option<String>,
}

impl Refused {
    fn add(&mut self, why: impl FnOnce() -> String) {
        self.count += 1;
        self.why.get_or_insert_with(why);
    }
}

/// Adds all reads that can be used to the batch.
///
/// # Errors
/// Only what is no fault of the reads, such as an interrupt.
pub(super) fn collect(batch: &mut ReadBatch, reads: &Bound<'_, PyAny>) -> PyResult<Refused> {
    let mut refused = Refused::default();
    let Ok(reads) = reads.try_iter() else {
        let kind = type_name(reads).unwrap_or_default();
        refused.add(|| format!("reads is {kind}: want PlateReads"));
        return Ok(refused);
    };
    let py = reads.py();
    for (index, read) in reads.enumerate() {
        match read {
            Ok(read) => {
                if let Err(bad) = push(batch, &read) {
                    refused.add(|| bad.message(index));
                }
            }
            Err(error) if error.is_instance_of::<PyException>(py) => {
                let kind = error.get_type(py).name().map(|name| name.to_string());
                let kind = kind.unwrap_or_default();
                refused.add(|| format!("reads raised {kind} after {index}: want PlateReads"));
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

/// Adds one read to the batch, or says what is wrong with it.
fn push(batch: &mut ReadBatch, read: &Bound<'_, PyAny>) -> Field<()> {
    let fields = Fields { of: read };
    let track = whole_number("track", &field!(fields, "track")?)?;
    let plate_text = field!(fields, "text")?;
    let plate_text = if plate_text.is_none() {
        None
    } else {
        Some(text("text", &plate_text, "a str or None")?)
    };
    let mut read = Read {
        track,
        text: plate_text.as_deref().unwrap_or_default(),
        confidence: optional(&field!(fields, "confidence")?, |value| {
            number("confidence", value)
        })?
        .unwrap_or_default(),
        vehicle: optional(&field!(fields, "vehicle")?, |value| {
            raw_box("vehicle", value)
        })?,
        plate: optional(&field!(fields, "plate")?, |value| raw_box("plate", value))?,
        roi: optional(&field!(fields, "roi")?, |value| whole_number("roi", value))?,
        direction: optional(&field!(fields, "direction")?, |value| {
            direction("direction", value)
        })?,
        ..Read::default()
    };
    let of_plate = [
        ("country", field!(fields, "country")?),
        ("region", field!(fields, "region")?),
        ("region_code", field!(fields, "region_code")?),
        ("iso3166_2", field!(fields, "iso3166_2")?),
    ];
    let mut values: [Cow<'_, str>; ATTRIBUTES] = [const { Cow::Borrowed("") }; ATTRIBUTES];
    for (place, (name, value)) in values.iter_mut().zip(&of_plate) {
        *place = text(name, value, "a str")?;
    }
    let info = field!(fields, "info")?;
    let of_vehicle = if info.is_none() {
        None
    } else {
        Some(vehicle_fields(&Fields { of: &info })?)
    };
    if let Some((named, confidence_mmr, confidence_colour)) = &of_vehicle {
        for (place, (name, value)) in values.iter_mut().skip(of_plate.len()).zip(named) {
            *place = text(name, value, "a str")?;
        }
        read.confidence_mmr = *confidence_mmr;
        read.confidence_colour = *confidence_colour;
    }
    for (place, value) in read.attributes.iter_mut().zip(&values) {
        *place = value;
    }
    batch.push(&read);
    Ok(())
}

type VehicleFields<'py> = (
    [(&'static str, Bound<'py, PyAny>); 5],
    Option<f64>,
    Option<f64>,
);

fn vehicle_fields<'py>(info: &Fields<'_, 'py>) -> Field<VehicleFields<'py>> {
    let named = [
        ("view", field!(info, "view")?),
        ("kind", field!(info, "kind")?),
        ("colour", field!(info, "colour")?),
        ("make", field!(info, "make")?),
        ("model", field!(info, "model")?),
    ];
    let mmr = optional(&field!(info, "confidence_mmr")?, |value| {
        number("info.confidence_mmr", value)
    })?;
    let colour = optional(&field!(info, "confidence_colour")?, |value| {
        number("info.confidence_colour", value)
    })?;
    Ok((named, mmr, colour))
}
