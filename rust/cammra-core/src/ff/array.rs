//! The object, alone or with its images inside: `"ImageArray":[…],` spliced in as base64.
//!
//! The base64 is written straight into the final buffer; there is no intermediate copy of an image.

use super::members::{ARRAY_ELEMENT, IMAGE_ARRAY, Image};
use crate::output::{Length, Output};

/// An event's JSON, and where in it `ImageArray` goes.
#[derive(Clone, Debug)]
pub struct Object {
    /// Without images.
    pub json: Vec<u8>,
    pub(super) array_at: usize,
}

impl Object {
    /// Bytes that [`Object::write_with`] writes.
    #[must_use]
    pub fn length_with(&self, images: &[Image<'_>]) -> usize {
        let mut length = Length::default();
        self.write_with(images, &mut length);
        length.bytes
    }

    /// Writes the object with these images inside.
    pub fn write_with(&self, images: &[Image<'_>], out: &mut impl Output) {
        let (before, after) = self.json.split_at(self.array_at.min(self.json.len()));
        out.put(before);
        for (index, image) in images.iter().enumerate() {
            if index == 0 {
                out.put(b"\"");
                out.put(IMAGE_ARRAY.as_bytes());
                out.put(b"\":[");
            } else {
                out.put(b",");
            }
            let [kind, format, content] = ARRAY_ELEMENT;
            for piece in [
                "{\"",
                kind,
                "\":\"",
                image.wire_type(),
                "\",\"",
                format,
                "\":\"jpg\",\"",
                content,
                "\":\"",
            ] {
                out.put(piece.as_bytes());
            }
            out.put_base64(image.content);
            out.put(b"\"}");
        }
        if !images.is_empty() {
            out.put(b"],");
        }
        out.put(after);
    }
}
