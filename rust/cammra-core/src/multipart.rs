//! `multipart/form-data` bodies of known length.
//!
//! Invariants, each held by the test of that name below:
//!
//! 1. The length is known before a byte is written, so the caller allocates once
//!    (`the_length_is_exact`).
//! 2. The boundary occurs in no content (`a_boundary_inside_a_content_is_refused`).
//! 3. No name, filename or type can end its header or its quotes
//!    (`a_line_break_or_quote_cannot_smuggle_a_header`).
//!
//! The layout is curl's, byte for byte: `docs/ref/wire.md`.

use memchr::memmem;

use crate::error::FramingError;
use crate::output::{Length, Output};

/// One part of a body; an empty `filename` makes it a plain field.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Name of the form field.
    pub name: &'a str,
    /// Name of the file; empty leaves it out.
    pub filename: &'a str,
    /// Media type; empty leaves the header out.
    pub content_type: &'a str,
    /// The bytes.
    pub content: &'a [u8],
}

const DASHES: &[u8] = b"--";
const CRLF: &[u8] = b"\r\n";
const DISPOSITION: &[u8] = b"Content-Disposition: form-data; name=\"";
const FILENAME: &[u8] = b"\"; filename=\"";
const TYPE: &[u8] = b"Content-Type: ";

/// The longest boundary that RFC 2046 allows.
pub const MAX_BOUNDARY_BYTES: usize = 70;

/// A body that has been checked, ready to be written.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    boundary: &'a [u8],
    parts: &'a [Part<'a>],
}

impl<'a> Body<'a> {
    /// Checks every text that becomes a header, and proves that the boundary occurs in no content.
    ///
    /// # Errors
    ///
    /// [`FramingError`] names the part and what is wrong with it.
    pub fn new(boundary: &'a str, parts: &'a [Part<'a>]) -> Result<Self, FramingError> {
        let boundary = boundary.as_bytes();
        if boundary.is_empty()
            || boundary.len() > MAX_BOUNDARY_BYTES
            || !boundary.iter().all(|byte| is_boundary_byte(*byte))
        {
            return Err(FramingError::BadBoundary);
        }
        let finder = memmem::Finder::new(boundary);
        for (index, part) in parts.iter().enumerate() {
            check_text(index, "name", part.name)?;
            check_text(index, "filename", part.filename)?;
            check_text(index, "content type", part.content_type)?;
            if finder.find(part.content).is_some() {
                return Err(FramingError::BoundaryInContent { part: index });
            }
        }
        Ok(Self { boundary, parts })
    }

    /// Bytes that [`Body::write_to`] writes.
    #[must_use]
    pub fn length(&self) -> usize {
        let mut length = Length::default();
        self.write_to(&mut length);
        length.bytes
    }

    /// Writes the body: [`Body::length`] bytes.
    pub fn write_to(&self, out: &mut impl Output) {
        for part in self.parts {
            for piece in [
                DASHES,
                self.boundary,
                CRLF,
                DISPOSITION,
                part.name.as_bytes(),
            ] {
                out.put(piece);
            }
            if !part.filename.is_empty() {
                out.put(FILENAME);
                out.put(part.filename.as_bytes());
            }
            out.put(b"\"\r\n");
            if !part.content_type.is_empty() {
                for piece in [TYPE, part.content_type.as_bytes(), CRLF] {
                    out.put(piece);
                }
            }
            for piece in [CRLF, part.content, CRLF] {
                out.put(piece);
            }
        }
        for piece in [DASHES, self.boundary, DASHES, CRLF] {
            out.put(piece);
        }
    }
}

/// RFC 2046 `bchars` without the space, which must not come last and which nobody needs.
const fn is_boundary_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'\'' | b'(' | b')' | b'+' | b'_' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?'
        )
}

fn check_text(part: usize, field: &'static str, text: &str) -> Result<(), FramingError> {
    // A backslash is read as an escape by some parsers and as itself by others.
    let refused = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\' | 0x7f);
    match text.bytes().find(|byte| refused(*byte)) {
        Some(byte) => Err(FramingError::BadPartText { part, field, byte }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDARY: &str = "------------------------0123456789abcdef0123456789abcdef";

    fn written(body: &Body<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        body.write_to(&mut out);
        assert_eq!(out.len(), body.length());
        out
    }

    fn part<'a>(name: &'a str, filename: &'a str, content: &'a [u8]) -> Part<'a> {
        Part {
            name,
            filename,
            content_type: "image/jpeg",
            content,
        }
    }

    #[test]
    fn the_layout_is_the_one_curl_writes() {
        let parts = [part("image", "a.jpg", b"\xff\xd8\xff\xd9")];
        let body = Body::new("----x", &parts).unwrap();
        assert_eq!(
            written(&body),
            b"------x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\
              Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xd9\r\n------x--\r\n"
        );
    }

    #[test]
    fn a_field_without_filename_and_type_has_neither_header() {
        let parts = [Part {
            name: "json",
            filename: "",
            content_type: "",
            content: b"{}",
        }];
        let body = Body::new("x", &parts).unwrap();
        assert_eq!(
            written(&body),
            b"--x\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--x--\r\n"
        );
    }

    #[test]
    fn the_length_is_exact() {
        let big = vec![7_u8; 100_000];
        let all = [
            part("event", "e.json", b"{}"),
            Part {
                name: "n",
                filename: "",
                content_type: "",
                content: b"",
            },
            part("image", "i.jpg", &big),
        ];
        for count in 0..=all.len() {
            let body = Body::new(BOUNDARY, &all[..count]).unwrap();
            assert!(written(&body).ends_with(b"--\r\n"));
        }
    }

    #[test]
    fn a_boundary_inside_a_content_is_refused() {
        let mut content = vec![0_u8; 5_000];
        content.extend_from_slice(BOUNDARY.as_bytes());
        let parts = [
            part("event", "e.json", b"{}"),
            part("image", "i.jpg", &content),
        ];
        assert_eq!(
            Body::new(BOUNDARY, &parts).unwrap_err(),
            FramingError::BoundaryInContent { part: 1 }
        );
    }

    #[test]
    fn a_line_break_or_quote_cannot_smuggle_a_header() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\"b", "a\\b", "\x7f"] {
            for parts in [
                [part(bad, "f", b"")],
                [part("n", bad, b"")],
                [Part {
                    name: "n",
                    filename: "f",
                    content_type: bad,
                    content: b"",
                }],
            ] {
                assert!(matches!(
                    Body::new("x", &parts),
                    Err(FramingError::BadPartText { part: 0, .. })
                ));
            }
        }
    }

    #[test]
    fn a_boundary_that_rfc_2046_refuses_is_refused() {
        for bad in ["", "with space", "quo\"te", "line\r\n", &"x".repeat(71)] {
            assert_eq!(Body::new(bad, &[]).unwrap_err(), FramingError::BadBoundary);
        }
    }
}
