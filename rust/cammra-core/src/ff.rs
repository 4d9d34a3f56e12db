//! The FF JSON event, as CAMMRA AI and AXIS License Plate Verifier send it: values in, bytes out.
//!
//! Which members there are, what they are called and in which order they go is the caller's table; what stands in each is
//! decided here. Every scalar is a string (`docs/ref/wire.md`).
//! Invariants, each held by the test of that name below:
//!
//! 1. The members come in the table's order, those that never change as they were given (`the_table_decides`).
//! 2. Lost reports no frame time (`lost_reports_no_frame`).
//! 3. A box is told in the pixels of the first image (`the_relative_box_is_the_images`).

pub mod names;

use crate::json_text::{quote, write};

const NS_PER_MS: i64 = 1_000_000;
const NS_PER_US: i64 = 1000;
const ROOM_BYTES: usize = 1024;
const DATE_DIGITS: usize = 8;

/// `(x, y, width, height)` in pixels.
pub type Box4 = [i64; 4];

/// What a member may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is named after the field of `Event` or `Image` that it tells"
)]
pub enum Value {
    Packet,
    CapturedMs,
    CapturedNs,
    FrameUs,
    LocalTime,
    Text,
    Ascii,
    Country,
    Iso3166,
    Region,
    RegionCode,
    ListName,
    ListMode,
    ListDescription,
    Confidence,
    Kind,
    Roi,
    ImageType,
    Direction,
    PlateBox,
    PlateBoxInImage,
    CarId,
    ImageUris,
    ImageFile,
    PlateImageFile,
    VehicleInfo,
}

const VALUES: [(&str, Value); 26] = [
    ("packet", Value::Packet),
    ("captured ms", Value::CapturedMs),
    ("captured ns", Value::CapturedNs),
    ("frame us", Value::FrameUs),
    ("local time", Value::LocalTime),
    ("text", Value::Text),
    ("ascii", Value::Ascii),
    ("country", Value::Country),
    ("iso3166-2", Value::Iso3166),
    ("region", Value::Region),
    ("region code", Value::RegionCode),
    ("list name", Value::ListName),
    ("list mode", Value::ListMode),
    ("list description", Value::ListDescription),
    ("confidence", Value::Confidence),
    ("kind", Value::Kind),
    ("roi", Value::Roi),
    ("image type", Value::ImageType),
    ("direction", Value::Direction),
    ("plate box", Value::PlateBox),
    ("plate box in image", Value::PlateBoxInImage),
    ("car id", Value::CarId),
    ("image uris", Value::ImageUris),
    ("image file", Value::ImageFile),
    ("plate image file", Value::PlateImageFile),
    ("vehicle info", Value::VehicleInfo),
];

impl Value {
    /// The value of that name; `None` when there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        VALUES
            .iter()
            .find_map(|(known, value)| (*known == name).then_some(*value))
    }
}

/// What stands in a member.
#[derive(Clone, Debug)]
pub enum Content {
    /// The same in every event: JSON that is ready.
    Ready(Vec<u8>),
    /// Something of the event.
    Told(Value),
}

/// What happened, in the words of the wire.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The profile's running number of the event.
    pub packet: i64,
    /// When it was captured.
    pub captured_utc_ns: i64,
    /// The second of that by the camera's clock: `YYYYMMDDHHMMSS`.
    pub stamp: &'a str,
    /// Whether it is a Lost.
    pub is_lost: bool,
    /// The plate.
    pub text: &'a str,
    /// The plate spelled in ASCII.
    pub ascii: &'a str,
    /// ISO 3166-1 alpha-3, or empty.
    pub country: &'a str,
    /// ISO 3166-2, or empty.
    pub iso3166: &'a str,
    /// Name of the region, or empty.
    pub region: &'a str,
    /// Its letters on the plate, or empty.
    pub region_code: &'a str,
    /// The plate list it stands on, or empty.
    pub list_name: &'a str,
    /// `allow`, `block` or empty.
    pub list_mode: &'a str,
    /// What the list says of the plate.
    pub list_description: &'a str,
    /// Of the plate, 0..1.
    pub confidence: f64,
    /// `new`, `reliable`, `update` or `lost`.
    pub kind: &'a str,
    /// Region of interest, from 1.
    pub roi_id: i64,
    /// `in`, `out` or `unknown`.
    pub direction: &'a str,
    /// The vehicle's number.
    pub car_id: i64,
    /// In frame pixels.
    pub plate_box: Option<Box4>,
    /// JSON of make, model and colour.
    pub vehicle_info: &'a [u8],
}

/// One image that goes with an event.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// What it is called.
    pub file_name: &'a str,
    /// The folder it is said to lie in.
    pub directory: &'a str,
    /// Whether it is the license plate crop.
    pub is_plate: bool,
    /// Width and height in pixels.
    pub size: (i64, i64),
    /// The part of the frame that it shows.
    pub shows: Box4,
}

/// The object of one sender, with places for what an event tells.
#[derive(Clone, Debug)]
pub struct Form {
    head: Vec<Content>,
    tail: Vec<Content>,
    uri_prefix: String,
    file_prefix: String,
}

impl Form {
    /// Takes the table.
    ///
    /// `ImageArray`, where there is one, goes before the member at `split_at`; the prefixes stand before an image's path
    /// in `imagesURI`, and in `imageFile`.
    #[must_use]
    pub fn new(
        members: &[(String, Content)],
        split_at: usize,
        uri_prefix: String,
        file_prefix: String,
    ) -> Self {
        let (head, tail) = members.split_at(split_at.min(members.len()));
        let is_split = !head.is_empty() && !tail.is_empty();
        Self {
            head: pieces(b"{", head, if is_split { b"," } else { b"" }),
            tail: pieces(b"", tail, b"}"),
            uri_prefix,
            file_prefix,
        }
    }

    /// Writes the object; returns it, and where in it `ImageArray` goes.
    ///
    /// The selected image comes first in `images`; `image_type` is what `imageType` says of it.
    #[must_use]
    pub fn filled(
        &self,
        event: &Event<'_>,
        images: &[Image<'_>],
        image_type: &str,
    ) -> (Vec<u8>, usize) {
        let mut out = Vec::with_capacity(2 * ROOM_BYTES);
        let mut splice_at = 0;
        for half in [&self.head, &self.tail] {
            splice_at = out.len();
            for piece in half {
                match piece {
                    Content::Ready(ready) => out.extend_from_slice(ready),
                    Content::Told(value) => self.tell(&mut out, *value, event, images, image_type),
                }
            }
        }
        (out, splice_at)
    }

    fn tell(
        &self,
        out: &mut Vec<u8>,
        value: Value,
        event: &Event<'_>,
        images: &[Image<'_>],
        image_type: &str,
    ) {
        let captured_ms = event.captured_utc_ns.div_euclid(NS_PER_MS);
        match value {
            Value::Packet => whole(out, event.packet),
            Value::CapturedMs => whole(out, captured_ms),
            // Wider than the time itself: rounded down, the very first of all times would not fit.
            Value::CapturedNs => {
                whole(out, i128::from(captured_ms) * i128::from(NS_PER_MS));
            }
            Value::FrameUs if event.is_lost => whole(out, 0),
            Value::FrameUs => whole(out, event.captured_utc_ns.div_euclid(NS_PER_US)),
            Value::LocalTime => {
                let (day, time) = event
                    .stamp
                    .split_at_checked(DATE_DIGITS)
                    .unwrap_or((event.stamp, ""));
                let millis = captured_ms.rem_euclid(1000);
                write(out, format_args!("\"{day} {time}{millis:03}\""));
            }
            Value::Text => quote(out, event.text),
            Value::Ascii => quote(out, event.ascii),
            Value::Country => quote(out, event.country),
            Value::Iso3166 => quote(out, event.iso3166),
            Value::Region => quote(out, event.region),
            Value::RegionCode => quote(out, event.region_code),
            Value::ListName => quote(out, event.list_name),
            Value::ListMode => quote(out, event.list_mode),
            Value::ListDescription => quote(out, event.list_description),
            // Not `NaN`, as Rust writes it: `nan` is what C and Python do.
            Value::Confidence if event.confidence.is_nan() => quote(out, "nan"),
            Value::Confidence => write(out, format_args!("\"{:.6}\"", event.confidence)),
            Value::Kind => quote(out, event.kind),
            Value::Roi => whole(out, event.roi_id),
            Value::ImageType => quote(out, image_type),
            Value::Direction => quote(out, event.direction),
            Value::PlateBox => coordinates(out, event.plate_box),
            Value::PlateBoxInImage => coordinates(out, in_image(event.plate_box, images.first())),
            Value::CarId => whole(out, event.car_id),
            Value::ImageUris => {
                let paths = [place(images, true), place(images, false)];
                out.push(b'[');
                for (index, image) in paths.into_iter().flatten().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    path(out, &self.uri_prefix, image);
                }
                out.push(b']');
            }
            Value::ImageFile => self.file(out, place(images, false)),
            Value::PlateImageFile => self.file(out, place(images, true)),
            Value::VehicleInfo => out.extend_from_slice(event.vehicle_info),
        }
    }

    fn file(&self, out: &mut Vec<u8>, image: Option<&Image<'_>>) {
        match image {
            Some(image) => path(out, &self.file_prefix, image),
            None => quote(out, ""),
        }
    }
}

fn pieces(before: &[u8], members: &[(String, Content)], after: &[u8]) -> Vec<Content> {
    let mut pieces = Vec::new();
    let mut ready = before.to_vec();
    for (index, (name, content)) in members.iter().enumerate() {
        if index > 0 {
            ready.push(b',');
        }
        quote(&mut ready, name);
        ready.push(b':');
        match content {
            Content::Ready(json) => ready.extend_from_slice(json),
            Content::Told(value) => {
                pieces.push(Content::Ready(std::mem::take(&mut ready)));
                pieces.push(Content::Told(*value));
            }
        }
    }
    ready.extend_from_slice(after);
    pieces.push(Content::Ready(ready));
    pieces
}

fn whole(out: &mut Vec<u8>, value: impl Into<i128>) {
    write(out, format_args!("\"{}\"", value.into()));
}

fn coordinates(out: &mut Vec<u8>, box4: Option<Box4>) {
    let [left, top, width, height] = box4.unwrap_or_default();
    write(out, format_args!("[{left},{top},{width},{height}]"));
}

fn path(out: &mut Vec<u8>, prefix: &str, image: &Image<'_>) {
    quote(
        out,
        &[prefix, image.directory, "/", image.file_name].concat(),
    );
}

/// The first image that is, or is not, the license plate crop.
fn place<'a>(images: &'a [Image<'a>], is_plate: bool) -> Option<&'a Image<'a>> {
    images.iter().find(|image| image.is_plate == is_plate)
}

/// The box in the image's own pixels; in the frame's where there is no image.
fn in_image(box4: Option<Box4>, image: Option<&Image<'_>>) -> Option<Box4> {
    let (Some([x, y, width, height]), Some(image)) = (box4, image) else {
        return box4;
    };
    let [left, top, shown_width, shown_height] = image.shows;
    if shown_width == 0 || shown_height == 0 {
        return box4;
    }
    let across = |pixels| scaled(pixels, image.size.0, shown_width);
    let down = |pixels| scaled(pixels, image.size.1, shown_height);
    Some([
        across(x.saturating_sub(left)),
        down(y.saturating_sub(top)),
        across(width),
        down(height),
    ])
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "pixels of a frame, whose sides have at most 16 bits"
)]
fn scaled(pixels: i64, to: i64, from: i64) -> i64 {
    (pixels as f64 * (to as f64 / from as f64)).round_ties_even() as i64
}

#[cfg(test)]
mod tests;
