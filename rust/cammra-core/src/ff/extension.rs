//! The one member of the object that is ours: what the vendor's table has no place for. It comes last, where a profile
//! asks for it.
//!
//! Numbers are strings and what is not known is empty, as in the rest of the object; what is true or false is so in JSON,
//! and `null` where nobody knows. The names are the model's own words (`docs/ref/wire.md`). Whoever takes a name away or
//! changes what it tells raises [`SCHEMA`].

use crate::json_text::{quote, write};

use super::values::{digits, fraction, object};

/// What the member is called.
pub(super) const NAME: &str = "cammra_edge";

/// The version of what stands in it.
const SCHEMA: &str = "1";

/// What else is known of an event.
#[derive(Clone, Debug, Default)]
pub struct Extension<'a> {
    /// 32 hex digits; the same at every replay.
    pub event_id: &'a str,
    /// What an update changed.
    pub changed: Vec<&'a str>,
    /// The plate that was told before an update of it.
    pub previous_plate: &'a str,
    /// It is the vehicle's last event.
    pub is_final: bool,
    /// Texts that the plate may have, the best first, and how well its reads support each.
    pub candidates: Vec<(&'a str, f64)>,
    /// Why the plate is reliable; empty before it is.
    pub reliable_by: &'a str,
    /// The text read in the frame of the images.
    pub image_text: &'a str,
    /// When that frame was taken; `None` without one.
    pub image_utc_ns: Option<i64>,
    /// When the vehicle was read first.
    pub first_utc_ns: i64,
    /// When it was read last.
    pub last_utc_ns: Option<i64>,
    /// What was not sent since this plate was last reported.
    pub repeat: Option<Repeat>,
    /// Whether the camera's clock was set.
    pub clock_synced: Option<bool>,
}

/// Vehicles that were not reported because their plate just had been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How many.
    pub count: i64,
    /// When the first of them was read first.
    pub first_utc_ns: i64,
    /// When the last of them was told of last.
    pub last_utc_ns: i64,
}

type OfEvent = fn(&mut Vec<u8>, &Extension<'_>);
type OfCandidate = fn(&mut Vec<u8>, &(&str, f64));
type OfRepeat = fn(&mut Vec<u8>, &Repeat);

#[rustfmt::skip] // a table: one row a member
const MEMBERS: &[(&str, OfEvent)] = &[
    ("event_id", |out, event| quote(out, event.event_id)),
    ("schema", |out, _| quote(out, SCHEMA)),
    ("changed", |out, event| items(out, &event.changed, |out, name| quote(out, name))),
    ("previous_plate", |out, event| quote(out, event.previous_plate)),
    ("final", |out, event| truth(out, Some(event.is_final))),
    ("candidates", |out, event| items(out, &event.candidates, |out, candidate| object(out, CANDIDATE, candidate))),
    ("reliable_by", |out, event| quote(out, event.reliable_by)),
    ("image_text", |out, event| quote(out, event.image_text)),
    ("image_utc_ns", |out, event| known_time(out, event.image_utc_ns)),
    ("first_seen", |out, event| digits(out, event.first_utc_ns)),
    ("last_seen", |out, event| known_time(out, event.last_utc_ns)),
    ("repeat", |out, event| match &event.repeat {
        Some(repeat) => object(out, REPEAT, repeat),
        None => out.extend_from_slice(b"null"),
    }),
    ("clock_synced", |out, event| truth(out, event.clock_synced)),
];

const CANDIDATE: &[(&str, OfCandidate)] = &[
    ("text", |out, (text, _)| quote(out, text)),
    ("confidence", |out, (_, confidence)| {
        fraction(out, *confidence);
    }),
];

const REPEAT: &[(&str, OfRepeat)] = &[
    ("count", |out, repeat| digits(out, repeat.count)),
    ("first_seen", |out, repeat| digits(out, repeat.first_utc_ns)),
    ("last_seen", |out, repeat| digits(out, repeat.last_utc_ns)),
];

impl Extension<'_> {
    /// Writes the member's value.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        object(out, MEMBERS, self);
    }
}

fn items<T>(out: &mut Vec<u8>, items: &[T], put: fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        put(out, item);
    }
    out.push(b']');
}

fn truth(out: &mut Vec<u8>, value: Option<bool>) {
    match value {
        Some(value) => write(out, format_args!("{value}")),
        None => out.extend_from_slice(b"null"),
    }
}

fn known_time(out: &mut Vec<u8>, utc_ns: Option<i64>) {
    match utc_ns {
        Some(utc_ns) => digits(out, utc_ns),
        None => quote(out, ""),
    }
}
