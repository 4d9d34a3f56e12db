//! The fields of the log's frames: little endian, one after the other, none trusted.

use crate::error::LogError;

/// Takes fields off the front of bytes that may be anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    /// What they are fields of, for the error.
    what: &'static str,
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { rest: bytes, what }
    }

    /// The bytes that nobody has taken.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `length` bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], LogError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(LogError::Short { what: self.what })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], LogError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(LogError::Short { what: self.what })?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, LogError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, LogError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, LogError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, LogError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, LogError> {
        self.array().map(i64::from_le_bytes)
    }

    /// Bytes behind their length in one byte.
    pub(crate) fn short_text(&mut self) -> Result<&'a [u8], LogError> {
        let length = self.u8()?;
        self.bytes(usize::from(length))
    }

    /// Bytes behind their length in two bytes.
    pub(crate) fn text(&mut self) -> Result<&'a [u8], LogError> {
        let length = self.u16()?;
        self.bytes(usize::from(length))
    }

    /// A value of a set that this version knows.
    pub(crate) const fn unknown(&self, field: &'static str, value: u64) -> LogError {
        LogError::Unknown {
            what: self.what,
            field,
            value,
        }
    }
}

/// Puts a text behind its length in one byte, as much of it as the length can say.
pub(crate) fn put_short_text(out: &mut Vec<u8>, text: &[u8]) {
    let text = cut(text, usize::from(u8::MAX));
    out.push(u8::try_from(text.len()).unwrap_or_default());
    out.extend_from_slice(text);
}

/// Puts a text behind its length in two bytes, as much of it as the length can say.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    let text = cut(text, usize::from(u16::MAX));
    let length = u16::try_from(text.len()).unwrap_or_default();
    out.extend(length.to_le_bytes());
    out.extend_from_slice(text);
}

/// At most `longest` bytes of a UTF-8 text, cut between two characters.
pub(crate) fn cut(text: &[u8], longest: usize) -> &[u8] {
    let Some(next) = text.get(longest) else {
        return text;
    };
    let is_inside = |byte: &u8| byte & 0xc0 == 0x80;
    let kept = text.get(..longest).unwrap_or_default();
    if !is_inside(next) {
        return kept;
    }
    let begin = kept.iter().rposition(|byte| !is_inside(byte));
    kept.get(..begin.unwrap_or(longest)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_end_with_an_error() {
        let mut fields = Fields::new("a test", &[1, 2, 0, 3, b'a', b'b', b'c', 9]);
        assert_eq!(fields.u8(), Ok(1));
        assert_eq!(fields.u16(), Ok(2));
        assert_eq!(fields.short_text(), Ok(&b"abc"[..]));
        assert_eq!(fields.u32(), Err(LogError::Short { what: "a test" }));
        assert_eq!(fields.rest(), [9]);
        assert!(fields.bytes(usize::MAX).is_err());
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let text = "ab\u{e9}\u{4eac}".as_bytes();
        let lengths: Vec<usize> = (0..=9).map(|longest| cut(text, longest).len()).collect();
        assert_eq!(lengths, [0, 1, 2, 2, 4, 4, 4, 7, 7, 7]);
        assert_eq!(cut(&[0x80; 300], 255).len(), 255);
        let mut out = Vec::new();
        put_short_text(&mut out, "\u{e9}".repeat(200).as_bytes());
        assert_eq!((out[0], out.len()), (254, 255));
    }
}
