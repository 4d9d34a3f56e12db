//! FF JSON with its images inside: `"ImageArray":[…],` spliced into an object as base64.
//!
//! The base64 is written straight into the final buffer; there is no intermediate copy of an image.
//! Invariants, each held by the test of that name below:
//!
//! 1. The length is known before a byte is written (`the_length_is_exact`).
//! 2. The bytes around the splice are the caller's, unchanged (`what_surrounds_the_images_stays`).
//! 3. No text can leave its quotes (`a_text_that_needs_escaping_is_refused`).

use base64_simd::STANDARD;

use crate::error::FramingError;
use crate::output::Output;

/// One element of `ImageArray`.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// `vehicle`, `frame`, `plate` or empty.
    pub image_type: &'a str,
    /// `jpg`.
    pub image_format: &'a str,
    /// The JPEG.
    pub content: &'a [u8],
}

const OPEN: &[u8] = b"\"ImageArray\":[";
const TYPE: &[u8] = b"{\"ImageType\":\"";
const FORMAT: &[u8] = b"\",\"ImageFormat\":\"";
const BINARY: &[u8] = b"\",\"BinaryImage\":\"";
const END: &[u8] = b"\"}";
const CLOSE: &[u8] = b"],";

/// An object that has been checked and measured, ready to be written.
#[derive(Clone, Copy, Debug)]
pub struct Spliced<'a> {
    before: &'a [u8],
    after: &'a [u8],
    images: &'a [Image<'a>],
    length: usize,
}

impl<'a> Spliced<'a> {
    /// Checks the texts and measures the object.
    ///
    /// # Errors
    ///
    /// [`FramingError`] when `splice_at` lies outside `json` or a text would need escaping.
    pub fn new(
        json: &'a [u8],
        splice_at: usize,
        images: &'a [Image<'a>],
    ) -> Result<Self, FramingError> {
        let Some((before, after)) = json.split_at_checked(splice_at) else {
            return Err(FramingError::SpliceOutside {
                splice_at,
                length: json.len(),
            });
        };
        let mut length = json.len();
        if !images.is_empty() {
            length += OPEN.len() + images.len() - 1 + CLOSE.len();
        }
        for (index, image) in images.iter().enumerate() {
            for (field, text) in [
                ("ImageType", image.image_type),
                ("ImageFormat", image.image_format),
            ] {
                if let Some(byte) = text
                    .bytes()
                    .find(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))
                {
                    return Err(FramingError::BadPartText {
                        part: index,
                        field,
                        byte,
                    });
                }
            }
            length += TYPE.len() + image.image_type.len();
            length += FORMAT.len() + image.image_format.len();
            length += BINARY.len() + STANDARD.encoded_length(image.content.len()) + END.len();
        }
        Ok(Self {
            before,
            after,
            images,
            length,
        })
    }

    /// Bytes that [`Spliced::write_to`] writes.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// Writes the object: [`Spliced::length`] bytes.
    pub fn write_to(&self, out: &mut impl Output) {
        out.put(self.before);
        for (index, image) in self.images.iter().enumerate() {
            out.put(if index == 0 { OPEN } else { b"," });
            for text in [
                TYPE,
                image.image_type.as_bytes(),
                FORMAT,
                image.image_format.as_bytes(),
                BINARY,
            ] {
                out.put(text);
            }
            out.put_base64(image.content);
            out.put(END);
        }
        if !self.images.is_empty() {
            out.put(CLOSE);
        }
        out.put(self.after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(spliced: &Spliced<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        spliced.write_to(&mut out);
        assert_eq!(out.len(), spliced.length());
        out
    }

    fn image<'a>(image_type: &'a str, content: &'a [u8]) -> Image<'a> {
        Image {
            image_type,
            image_format: "jpg",
            content,
        }
    }

    #[test]
    fn what_surrounds_the_images_stays() {
        let json = br#"{"a":"1","z":"2"}"#;
        let images = [image("vehicle", b"\xff\xd8\xff"), image("plate", b"ab")];
        assert_eq!(
            written(&Spliced::new(json, 9, &images).unwrap()),
            br#"{"a":"1","ImageArray":[{"ImageType":"vehicle","ImageFormat":"jpg","BinaryImage":"/9j/"},{"ImageType":"plate","ImageFormat":"jpg","BinaryImage":"YWI="}],"z":"2"}"#
        );
        assert_eq!(written(&Spliced::new(json, 9, &[]).unwrap()), json);
    }

    #[test]
    fn the_length_is_exact() {
        for size in [0, 1, 2, 3, 47, 48, 49, 10_000, 300_001] {
            let content: Vec<u8> = (0..size)
                .map(|i: usize| u8::try_from(i % 251).unwrap())
                .collect();
            let images = [image("frame", &content)];
            let spliced = Spliced::new(b"{}", 1, &images).unwrap();
            let out = written(&spliced);
            let base64 = &out[1 + OPEN.len() + TYPE.len() + 5 + FORMAT.len() + 3 + BINARY.len()..];
            let base64 = &base64[..size.div_ceil(3) * 4];
            assert_eq!(STANDARD.decode_to_vec(base64).unwrap(), content);
        }
    }

    #[test]
    fn a_text_that_needs_escaping_is_refused() {
        for bad in ["\"", "\\", "\n", "\0"] {
            assert!(matches!(
                Spliced::new(b"{}", 1, &[image(bad, b"")]),
                Err(FramingError::BadPartText {
                    part: 0,
                    field: "ImageType",
                    ..
                })
            ));
        }
    }

    #[test]
    fn a_splice_outside_the_object_is_refused() {
        assert!(matches!(
            Spliced::new(b"{}", 3, &[]),
            Err(FramingError::SpliceOutside {
                splice_at: 3,
                length: 2
            })
        ));
    }
}
