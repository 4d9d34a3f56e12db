//! The content of an IMAGE frame.

use crate::error::LogError;
use crate::log_bytes::{Fields, put_text};

/// The payload of an IMAGE frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageFrame<'a> {
    /// Its number.
    pub no: u64,
    /// The key under which events name it.
    pub key: &'a [u8],
    /// The picture.
    pub jpeg: &'a [u8],
}

impl<'a> ImageFrame<'a> {
    /// Appends what stands before the picture.
    pub fn put_front(&self, out: &mut Vec<u8>) {
        out.extend(self.no.to_le_bytes());
        put_text(out, self.key);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// It is not one of an image.
    pub fn parse(payload: &'a [u8]) -> Result<Self, LogError> {
        let mut fields = Fields::new("an image's frame", payload);
        Ok(Self {
            no: fields.u64()?,
            key: fields.text()?,
            jpeg: fields.rest(),
        })
    }
}
