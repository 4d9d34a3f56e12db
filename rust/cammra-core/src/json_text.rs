//! Writes texts as JSON strings.

use std::fmt;
use std::io::Write as _;

/// Quotes a text as RFC 8259 section 7 wants it, with the short escapes where there are any.
pub(crate) fn quote(out: &mut Vec<u8>, text: &str) {
    quote_joined(out, &[text]);
}

/// Quotes a text that comes in pieces.
pub(crate) fn quote_joined(out: &mut Vec<u8>, pieces: &[&str]) {
    out.push(b'"');
    for piece in pieces {
        // Checking every byte is cheaper than stopping at the first: this loop is vectorized.
        if piece
            .bytes()
            .fold(false, |found, byte| found | is_escaped(byte))
        {
            escaped(out, piece);
        } else {
            out.extend_from_slice(piece.as_bytes());
        }
    }
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, text: &str) {
    for run in text.as_bytes().split_inclusive(|byte| is_escaped(*byte)) {
        match run.split_last() {
            Some((last, plain)) if is_escaped(*last) => {
                out.extend_from_slice(plain);
                escape(out, *last);
            }
            _ => out.extend_from_slice(run),
        }
    }
}

/// Appends what `format_args!` makes.
pub(crate) fn write(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // A vector takes everything, so there is no error to pass on.
    let _ = out.write_fmt(text);
}

const fn is_escaped(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\')
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return write(out, format_args!("\\u{byte:04x}")),
    };
    out.extend([b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = Vec::new();
        quote(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_json_allows_stays_as_it_is() {
        for text in ["", "1AB1234", "TÖL SL123", "京PL3N67", "\u{7f}/"] {
            assert_eq!(quoted(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"b\\"), r#""a\"b\\""#);
        assert_eq!(
            quoted("\u{8}\u{c}\n\r\t\u{0}\u{1f}"),
            r#""\b\f\n\r\t\u0000\u001f""#
        );
    }
}
