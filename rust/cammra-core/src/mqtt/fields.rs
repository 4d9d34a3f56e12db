//! The pieces of which packets are made, each read only where it is whole [1.5].

use super::fault::Fault;

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Fault::Malformed)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(super) fn two_bytes(&mut self) -> Result<u16, Fault> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn four_bytes(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A number in as few bytes of seven bits as it needs, at most four [1.5.5].
    pub(super) fn variable(&mut self) -> Result<u32, Fault> {
        let Length::Whole { value, bytes } = length_of(self.rest) else {
            return Err(Fault::Malformed);
        };
        self.take(bytes)?;
        Ok(value)
    }

    /// Bytes with their length before them.
    pub(super) fn data(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.two_bytes()?;
        self.take(usize::from(length))
    }

    /// UTF-8 with its length before it; no text holds a NUL [1.5.4].
    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let text = std::str::from_utf8(self.data()?).map_err(|_| Fault::Malformed)?;
        if text.contains('\0') {
            return Err(Fault::Malformed);
        }
        Ok(text)
    }
}

/// What bytes say as a number of variable length.
pub(super) enum Length {
    /// It is not whole yet.
    Short,
    /// It never ends, or has bytes that it does not need.
    Broken,
    Whole {
        value: u32,
        bytes: usize,
    },
}

const MOST_LENGTH_BYTES: usize = 4;

pub(super) fn length_of(bytes: &[u8]) -> Length {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(MOST_LENGTH_BYTES).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            if byte == 0 && index > 0 {
                return Length::Broken;
            }
            return Length::Whole {
                value,
                bytes: index + 1,
            };
        }
    }
    if bytes.len() < MOST_LENGTH_BYTES {
        Length::Short
    } else {
        Length::Broken
    }
}
