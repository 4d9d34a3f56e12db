//! Texts and numbers as Python's `json` writes them.

use std::io::Write as _;

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

use super::texts::bytes_of_text;

/// The text in ASCII, every other character as its escape.
pub(super) fn put_text(out: &mut Vec<u8>, text: &Bound<'_, PyString>) -> PyResult<()> {
    let bytes = bytes_of_text(text)?;
    out.push(b'"');
    // Checking every byte is cheaper than stopping at the first: this loop is vectorized.
    if bytes
        .iter()
        .fold(true, |plain, byte| plain & is_plain(*byte))
    {
        out.extend_from_slice(&bytes);
    } else {
        put_escaped(out, &bytes);
    }
    out.push(b'"');
    Ok(())
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')
}

/// UTF-8 in which lone surrogates may stand.
fn put_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let [first, behind @ ..] = rest {
        rest = behind;
        let short = match first {
            b'"' | b'\\' => *first,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            plain if is_plain(*plain) => {
                out.push(*plain);
                continue;
            }
            _ => {
                let (char, behind) = char_of(*first, rest);
                rest = behind;
                put_escape(out, char);
                continue;
            }
        };
        out.extend([b'\\', short]);
    }
}

/// The number of the character that begins with `first`, and what stands behind it.
fn char_of(first: u8, rest: &[u8]) -> (u32, &[u8]) {
    let (more, bits) = match first {
        0xf0.. => (3, 0x07),
        0xe0.. => (2, 0x0f),
        0xc0.. => (1, 0x1f),
        _ => (0, 0x7f),
    };
    let (inside, behind) = rest.split_at(more.min(rest.len()));
    let char = inside.iter().fold(u32::from(first & bits), |char, byte| {
        char << 6 | u32::from(byte & 0x3f)
    });
    (char, behind)
}

fn put_escape(out: &mut Vec<u8>, char: u32) {
    let units = match char.checked_sub(0x1_0000) {
        None => [None, Some(char)],
        Some(above) => [Some(0xd800 | above >> 10), Some(0xdc00 | above & 0x3ff)],
    };
    for unit in units.into_iter().flatten() {
        put(out, format_args!("\\u{unit:04x}"));
    }
}

/// Whole numbers of any length; one of a subclass as `int` writes it.
pub(super) fn put_whole(out: &mut Vec<u8>, number: &Bound<'_, PyInt>) -> PyResult<()> {
    if let Ok(number) = number.extract::<i64>() {
        put(out, format_args!("{number}"));
        return Ok(());
    }
    let py = number.py();
    let text = py
        .get_type::<PyInt>()
        .getattr("__repr__")?
        .call1((number,))?;
    out.extend_from_slice(text.cast::<PyString>()?.to_str()?.as_bytes());
    Ok(())
}

/// The shortest digits that give the number back, laid out as `float.__repr__` does.
pub(super) fn put_float(out: &mut Vec<u8>, number: &Bound<'_, PyFloat>) {
    let number = number.value();
    if !number.is_finite() {
        out.extend_from_slice(match number {
            f64::INFINITY => b"Infinity",
            f64::NEG_INFINITY => b"-Infinity",
            _ => b"NaN",
        });
        return;
    }
    let begin = out.len();
    if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        put(out, format_args!("{number}"));
        if !out.get(begin..).unwrap_or_default().contains(&b'.') {
            out.extend_from_slice(b".0");
        }
        return;
    }
    put(out, format_args!("{number:e}"));
    // `1e-5` is `1e-05` there, and `1e16` is `1e+16`.
    let Some(at) = out.iter().rposition(|byte| *byte == b'e') else {
        return;
    };
    let exponent = out.split_off(at + 1);
    let (sign, digits) = match exponent.split_first() {
        Some((b'-', digits)) => (b'-', digits),
        _ => (b'+', &exponent[..]),
    };
    out.push(sign);
    if digits.len() < 2 {
        out.push(b'0');
    }
    out.extend_from_slice(digits);
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes everything, so there is no error to pass on.
    let _ = out.write_fmt(text);
}
