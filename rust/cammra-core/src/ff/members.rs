//! The FF JSON event as one table: its members' names, in the order in which they are sent, and what each tells.
//!
//! Source: the vendor's samples of 2023 and its field list (`docs/ref/wire.md`). Every scalar is a JSON string, the two
//! numbers of `geotag` excepted; what is not known is empty. A new member is a row of [`MEMBERS`] and, for a new value, a
//! field of [`Event`].

use crate::jpeg::ImageKind;
use crate::json_text::{quote, quote_joined};

use super::extension::Extension;
use super::values::{Box4, coordinates, degrees, digits, fraction, in_image, local_time, object};
const NS_PER_MS: i64 = 1_000_000;
const NS_PER_US: i64 = 1000;
const MS_PER_S: i64 = 1000;
const LOST: &str = "lost";
const URI_PREFIX: &str = "/local/fflprapp/tools.cgi?action=getImage&name=";
const FILE_PREFIX: &str = "localdata/images/";

type OfSender = fn(&mut Vec<u8>, &Sender<'_>);
type OfEvent = fn(&mut Vec<u8>, &Event<'_>, &[Image<'_>]);
type OfVehicle = fn(&mut Vec<u8>, &VehicleInfo<'_>);

/// Where a member's value comes from.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// The same JSON in every event.
    Constant(&'static str),
    /// The same in every event of a sender.
    Sent(OfSender),
    /// Written for each event.
    Told(Told),
    /// The images themselves, where they travel inside; else the member is left out.
    Array,
}

/// A value of an event, and how it is written.
#[derive(Clone, Copy)]
pub(super) enum Told {
    Text(for<'a> fn(&'a Event<'a>) -> &'a str),
    Number(fn(&Event<'_>) -> i64),
    /// Of the event and the images that go with it, the selected one first.
    Written(OfEvent),
}

impl Told {
    pub(super) fn write(self, out: &mut Vec<u8>, event: &Event<'_>, images: &[Image<'_>]) {
        match self {
            Self::Text(text) => quote(out, text(event)),
            Self::Number(number) => digits(out, number(event)),
            Self::Written(write) => write(out, event, images),
        }
    }
}

const fn sent(write: OfSender) -> Content {
    Content::Sent(write)
}

const fn text(text: for<'a> fn(&'a Event<'a>) -> &'a str) -> Content {
    Content::Told(Told::Text(text))
}

const fn number(number: fn(&Event<'_>) -> i64) -> Content {
    Content::Told(Told::Number(number))
}

const fn told(write: OfEvent) -> Content {
    Content::Told(Told::Written(write))
}

/// Every member of the object.
#[rustfmt::skip] // a table: one row a member
pub(super) const MEMBERS: &[(&str, Content)] = &[
    ("packetCounter", number(|event| event.packet)),
    ("capture_timestamp", number(captured_ms)),
    ("frame_timestamp", number(frame_us)),
    // Wider than the time itself: rounded down, the very first of all times would not fit.
    ("capture_ts", told(|out, event, _| digits(out, i128::from(captured_ms(event)) * i128::from(NS_PER_MS)))),
    ("datetime", told(|out, event, _| local_time(out, event.stamp, captured_ms(event).rem_euclid(MS_PER_S)))),
    ("plateText", text(|event| event.text)),
    ("plateUnicode", text(|event| event.text)),
    ("plateUTF8", text(|event| event.text)),
    ("plateASCII", text(|event| event.ascii)),
    ("plateCountry", text(|event| event.country)),
    ("plateISO3166-2", text(|event| event.iso3166_2)),
    ("plateRegion", text(|event| event.region)),
    ("plateRegionCode", text(|event| event.region_code)),
    ("plateList", text(|event| event.list_name)),
    ("plateListMode", text(|event| event.list_mode)),
    ("plateListDescription", text(|event| event.list_description)),
    ("plateConfidence", told(|out, event, _| fraction(out, event.confidence))),
    ("carState", text(|event| event.kind)),
    ("roiID", number(|event| event.roi_id)),
    ("geotag", sent(|out, sender| object(out, GEOTAG, sender))),
    ("imageType", told(|out, _, images| quote(out, images.first().map_or("", Image::wire_type)))),
    ("plateImageType", Content::Constant("\"jpeg\"")),
    ("plateImageSize", Content::Constant("\"0\"")),
    ("carMoveDirection", text(|event| event.direction)),
    ("timeProcessing", Content::Constant("\"0\"")),
    ("plateCoordinates", told(|out, event, _| coordinates(out, event.plate_box))),
    ("plateCoordinatesRelative", told(|out, event, images| coordinates(out, relative_box(event, images)))),
    ("carID", number(|event| event.car_id)),
    ("GEOtarget", sent(|out, sender| quote(out, sender.geo_target))),
    ("imagesURI", told(|out, _, images| uris(out, images))),
    (IMAGE_ARRAY, Content::Array),
    ("imageFile", told(|out, _, images| file(out, first(images, false)))),
    ("imageFile2", told(|out, _, images| file(out, first(images, true)))),
    ("profileID", sent(|out, sender| digits(out, sender.profile_id))),
    ("vehicle_info", told(|out, event, _| object(out, VEHICLE_INFO, &event.vehicle))),
    ("camera_info", sent(|out, sender| object(out, CAMERA_INFO, sender))),
    ("sensorProviderID", sent(|out, sender| quote(out, sender.device_id))),
];

/// The member that is there only where images travel inside, and the members of each of its elements.
pub(super) const IMAGE_ARRAY: &str = "ImageArray";
pub(super) const ARRAY_ELEMENT: [&str; 3] = ["ImageType", "ImageFormat", "BinaryImage"];

/// Make goes as `brand` (the manual) and `make` (newer receivers).
#[rustfmt::skip] // as above
const VEHICLE_INFO: &[(&str, OfVehicle)] = &[
    ("view", |out, vehicle| known(out, vehicle.view)),
    ("type", |out, vehicle| known(out, vehicle.kind)),
    ("color", |out, vehicle| known(out, vehicle.colour)),
    ("brand", |out, vehicle| known(out, vehicle.make)),
    ("make", |out, vehicle| known(out, vehicle.make)),
    ("model", |out, vehicle| known(out, vehicle.model)),
    ("confidenceMMR", |out, vehicle| known_fraction(out, vehicle.confidence_mmr)),
    ("confidenceColor", |out, vehicle| known_fraction(out, vehicle.confidence_colour)),
];

const GEOTAG: &[(&str, OfSender)] = &[
    ("lat", |out, sender| degrees(out, sender.latitude)),
    ("lon", |out, sender| degrees(out, sender.longitude)),
];

const CAMERA_INFO: &[(&str, OfSender)] = &[
    ("SerialNumber", |out, sender| quote(out, sender.serial)),
    ("ProdShortName", |out, sender| quote(out, sender.model)),
    ("IPAddress", |out, sender| quote(out, sender.ip)),
    ("MACAddress", |out, sender| quote(out, sender.mac)),
];

/// Who sends events: a camera, and the profile they go by.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The profile's number, from 1.
    pub profile_id: i64,
    /// The name that the profile gives the camera.
    pub device_id: &'a str,
    /// The place, in degrees.
    pub latitude: f64,
    /// As above.
    pub longitude: f64,
    /// What stands at that place.
    pub geo_target: &'a str,
    /// The camera's serial number.
    pub serial: &'a str,
    /// The camera's model.
    pub model: &'a str,
    /// The camera's address.
    pub ip: &'a str,
    /// The camera's MAC, without colons.
    pub mac: &'a str,
}

/// What happened, in the words of the wire; a text that is not known is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    /// The profile's running number of the event.
    pub packet: i64,
    /// When it was captured.
    pub captured_utc_ns: i64,
    /// The second of that by the camera's clock: `YYYYMMDDHHMMSS`.
    pub stamp: &'a str,
    /// The plate.
    pub text: &'a str,
    /// The plate spelled in ASCII.
    pub ascii: &'a str,
    /// ISO 3166-1 alpha-3.
    pub country: &'a str,
    /// ISO 3166-2.
    pub iso3166_2: &'a str,
    /// Name of the region.
    pub region: &'a str,
    /// Its letters on the plate.
    pub region_code: &'a str,
    /// The plate list it stands on.
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
    /// What else is known of the vehicle.
    pub vehicle: VehicleInfo<'a>,
    /// What the table has no place for, where it is sent.
    pub extension: Option<&'a Extension<'a>>,
}

/// What a make-and-model recogniser says; a text that is not known is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct VehicleInfo<'a> {
    /// Front or rear.
    pub view: &'a str,
    /// `CAR`, `TRUCK` and so on.
    pub kind: &'a str,
    /// In upper case.
    pub colour: &'a str,
    /// Who made it.
    pub make: &'a str,
    /// Which of the maker's.
    pub model: &'a str,
    /// Of make and model, 0..1.
    pub confidence_mmr: Option<f64>,
    /// Of the colour, 0..1.
    pub confidence_colour: Option<f64>,
}

/// One image that goes with an event.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// Which picture it is.
    pub kind: ImageKind,
    /// What it is called.
    pub file_name: &'a str,
    /// The folder it is said to lie in.
    pub directory: &'a str,
    /// Width and height in pixels.
    pub size: (i64, i64),
    /// The part of the frame that it shows.
    pub shows: Box4,
    /// The JPEG.
    pub content: &'a [u8],
}

impl Image<'_> {
    /// What `imageType` and `ImageType` call it.
    pub(super) const fn wire_type(&self) -> &'static str {
        match self.kind {
            ImageKind::VehicleCrop => "vehicle",
            ImageKind::FullFrame | ImageKind::DownsizedFrame => "frame",
            ImageKind::PlateCrop => "plate",
        }
    }
}

const fn captured_ms(event: &Event<'_>) -> i64 {
    event.captured_utc_ns.div_euclid(NS_PER_MS)
}

/// Lost reports no frame.
fn frame_us(event: &Event<'_>) -> i64 {
    if event.kind == LOST {
        return 0;
    }
    event.captured_utc_ns.div_euclid(NS_PER_US)
}

fn known(out: &mut Vec<u8>, text: &str) {
    if !text.is_empty() {
        quote(out, text);
    }
}

fn known_fraction(out: &mut Vec<u8>, value: Option<f64>) {
    if let Some(value) = value {
        fraction(out, value);
    }
}

/// The plate's box in the pixels of the first image; in the frame's where there is none.
fn relative_box(event: &Event<'_>, images: &[Image<'_>]) -> Option<Box4> {
    let box4 = event.plate_box?;
    Some(
        images
            .first()
            .map_or(box4, |image| in_image(box4, image.size, image.shows)),
    )
}

fn uris(out: &mut Vec<u8>, images: &[Image<'_>]) {
    out.push(b'[');
    let named = [first(images, true), first(images, false)];
    for (index, image) in named.into_iter().flatten().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        path(out, URI_PREFIX, image);
    }
    out.push(b']');
}

fn file(out: &mut Vec<u8>, image: Option<&Image<'_>>) {
    match image {
        Some(image) => path(out, FILE_PREFIX, image),
        None => quote(out, ""),
    }
}

fn path(out: &mut Vec<u8>, prefix: &str, image: &Image<'_>) {
    quote_joined(out, &[prefix, image.directory, "/", image.file_name]);
}

/// The first image that is, or is not, the license plate crop.
fn first<'a>(images: &'a [Image<'a>], is_plate: bool) -> Option<&'a Image<'a>> {
    images
        .iter()
        .find(|image| (image.kind == ImageKind::PlateCrop) == is_plate)
}
