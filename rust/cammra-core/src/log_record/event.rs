//! The content of an EVENT or TEXT frame, and the part of it that a digest repeats.

use super::delivery::Deliveries;
use super::head::Head;
use crate::error::LogError;
use crate::log_bytes::{Fields, put_short_text};

/// The numbers of an event's images in the event's order; 0 is one that is stored nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Images<'a>(&'a [u8]);

impl<'a> Images<'a> {
    /// No image.
    pub const NONE: Images<'static> = Images(&[]);
    const NO_LENGTH: usize = 8;

    fn take(fields: &mut Fields<'a>) -> Result<Self, LogError> {
        let count = fields.u8()?;
        fields.bytes(usize::from(count) * Self::NO_LENGTH).map(Self)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len() / Self::NO_LENGTH
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = u64> + use<'a> {
        let (numbers, _) = self.0.as_chunks();
        numbers.iter().map(|number| u64::from_le_bytes(*number))
    }
}

/// Appends the numbers of an event's images; more than 255 there cannot be.
pub fn put_images(out: &mut Vec<u8>, numbers: impl ExactSizeIterator<Item = u64>) {
    let count = u8::try_from(numbers.len()).unwrap_or(u8::MAX);
    out.push(count);
    for number in numbers.take(count.into()) {
        out.extend(number.to_le_bytes());
    }
}

/// What a search compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief<'a> {
    /// The plate in its normal form, as lists compare it.
    pub plate: &'a [u8],
    /// The name of the plate list that it stands on.
    pub list: &'a [u8],
}

impl<'a> Brief<'a> {
    /// Nothing to be found.
    pub const EMPTY: Brief<'static> = Brief {
        plate: &[],
        list: &[],
    };

    /// Appends its bytes.
    pub fn put(&self, out: &mut Vec<u8>) {
        put_short_text(out, self.plate);
        put_short_text(out, self.list);
    }

    fn take(fields: &mut Fields<'a>) -> Result<Self, LogError> {
        Ok(Self {
            plate: fields.short_text()?,
            list: fields.short_text()?,
        })
    }
}

/// All that a queue and a search need of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary<'a> {
    /// Numbers, times, traits.
    pub head: Head,
    /// Where its images are.
    pub images: Images<'a>,
    /// Who gets it; nobody in a TEXT frame.
    pub deliveries: Deliveries<'a>,
    /// What a search compares.
    pub brief: Brief<'a>,
}

impl<'a> Summary<'a> {
    pub(crate) fn take(fields: &mut Fields<'a>) -> Result<Self, LogError> {
        Ok(Self {
            head: Head::take(fields)?,
            images: Images::take(fields)?,
            deliveries: Deliveries::take(fields)?,
            brief: Brief::take(fields)?,
        })
    }
}

/// The payload of an EVENT or TEXT frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFrame<'a> {
    /// Its beginning.
    pub summary: Summary<'a>,
    /// The same as bytes.
    pub summary_bytes: &'a [u8],
    /// How long the event is without its images and without the brace that closes it; of a TEXT, all of it.
    pub text_length: usize,
    /// The event as `cammra_edge.outbox.codec` documents it; of a TEXT, as `cammra_edge.outbox.packing` does.
    pub json: &'a [u8],
}

impl<'a> EventFrame<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// It is not one of an event.
    pub fn parse(payload: &'a [u8]) -> Result<Self, LogError> {
        let mut fields = Fields::new("an event's frame", payload);
        let summary = Summary::take(&mut fields)?;
        let length = payload.len() - fields.rest().len();
        let text_length = fields.u32()?;
        let json = fields.rest();
        let text_length = usize::try_from(text_length).unwrap_or(usize::MAX);
        if text_length > json.len() {
            return Err(fields.unknown("length of the text", text_length as u64));
        }
        Ok(Self {
            summary,
            summary_bytes: payload.get(..length).unwrap_or_default(),
            text_length,
            json,
        })
    }

    /// The event without its images, complete but for the brace that closes it.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.json.get(..self.text_length).unwrap_or_default()
    }
}
