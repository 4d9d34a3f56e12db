//! How values of the FF JSON are written.

use std::fmt::Display;

use crate::json_text::{quote, write};

/// `(x, y, width, height)` in pixels.
pub type Box4 = [i64; 4];

const DATE_DIGITS: usize = 8;

/// A string of digits.
pub(super) fn digits(out: &mut Vec<u8>, value: impl Display) {
    write(out, format_args!("\"{value}\""));
}

/// Six decimals.
pub(super) fn fraction(out: &mut Vec<u8>, value: f64) {
    // Not `NaN`, as Rust writes it: `nan` is what C and Python do.
    if value.is_nan() {
        quote(out, "nan");
    } else {
        write(out, format_args!("\"{value:.6}\""));
    }
}

/// A JSON number as Python writes it: exponents have two digits at least.
pub(super) fn degrees(out: &mut Vec<u8>, value: f64) {
    let text = format!("{:?}", if value.is_finite() { value } else { 0.0 });
    match text.split_once("e-") {
        Some((digits, exponent)) => write(out, format_args!("{digits}e-{exponent:0>2}")),
        None => out.extend_from_slice(text.as_bytes()),
    }
}

/// `YYYYMMDD HHMMSSmmm` of a `YYYYMMDDHHMMSS`.
pub(super) fn local_time(out: &mut Vec<u8>, stamp: &str, millis: i64) {
    let (day, time) = stamp.split_at_checked(DATE_DIGITS).unwrap_or((stamp, ""));
    write(out, format_args!("\"{day} {time}{millis:03}\""));
}

/// Zeros where there is no box.
pub(super) fn coordinates(out: &mut Vec<u8>, box4: Option<Box4>) {
    let [left, top, width, height] = box4.unwrap_or_default();
    write(out, format_args!("[{left},{top},{width},{height}]"));
}

/// A box of the frame in the pixels of an image of this size that shows that part of the frame.
pub(super) fn in_image(box4: Box4, size: (i64, i64), shows: Box4) -> Box4 {
    let [x, y, width, height] = box4;
    let [left, top, shown_width, shown_height] = shows;
    if shown_width == 0 || shown_height == 0 {
        return box4;
    }
    let across = |pixels| scaled(pixels, size.0, shown_width);
    let down = |pixels| scaled(pixels, size.1, shown_height);
    [
        across(x.saturating_sub(left)),
        down(y.saturating_sub(top)),
        across(width),
        down(height),
    ]
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "pixels of a frame, whose sides have at most 16 bits"
)]
fn scaled(pixels: i64, to: i64, from: i64) -> i64 {
    (pixels as f64 * (to as f64 / from as f64)).round_ties_even() as i64
}

/// A member of an object, and what writes its value.
type Inner<Of> = (&'static str, fn(&mut Vec<u8>, &Of));

/// An object of what is known: a member that writes nothing is left out.
pub(super) fn object<Of>(out: &mut Vec<u8>, members: &[Inner<Of>], of: &Of) {
    out.push(b'{');
    let begin = out.len();
    for (name, tell) in members {
        let before = out.len();
        if before > begin {
            out.push(b',');
        }
        quote(out, name);
        out.push(b':');
        let value_at = out.len();
        tell(out, of);
        if out.len() == value_at {
            out.truncate(before);
        }
    }
    out.push(b'}');
}
