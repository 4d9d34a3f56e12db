//! Digests: what the ledger and a search need of each frame, in the order of the frames.
//!
//! A directory holds a segment's digests, one after the other, each `kind u8, length u32, bytes`. A digest may be followed by
//! zeros, where its plate was erased. A kind that is unknown is skipped.

#[cfg(test)]
mod tests;

use crate::error::LogError;
use crate::log_bytes::{Fields, put_text};
use crate::log_frame::{Frame, kind};
use crate::log_record::{EventFrame, ImageFrame, Summary};

/// Where a frame lies in its segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Where it begins.
    pub offset: u64,
    /// How long it is, with its header and padding.
    pub length: u32,
}

impl Place {
    fn put(self, out: &mut Vec<u8>) {
        out.extend(self.offset.to_le_bytes());
        out.extend(self.length.to_le_bytes());
    }

    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Self, LogError> {
        Ok(Self {
            offset: fields.u64()?,
            length: fields.u32()?,
        })
    }
}

/// The digest of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest<'a> {
    /// An EVENT; an erased one has `flag::ERASED`, no images and an empty brief.
    Event(Place, Summary<'a>),
    /// A TEXT; an erased one as above.
    Text(Place, Summary<'a>),
    /// An IMAGE.
    Image {
        /// Where its frame is.
        place: Place,
        /// Its number.
        no: u64,
        /// The length of its JPEG.
        jpeg_length: u32,
        /// The key under which events name it; empty for an erased one, which has no JPEG either.
        key: &'a [u8],
    },
    /// What `Settlement::each` reads.
    Settled(&'a [u8]),
    /// A JSON object, to be merged into the state so far.
    State(&'a [u8]),
    /// What `KnownId::each` reads.
    Ids(&'a [u8]),
    /// These events are about to be erased.
    Erase {
        /// Which erasure it is.
        number: u64,
        /// The events.
        seqs: Seqs<'a>,
    },
    /// The erasure of that number is done.
    EraseDone(u64),
}

/// Events by their place in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seqs<'a>(&'a [u8]);

impl<'a> Seqs<'a> {
    /// The numbers in these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = u64> + use<'a> {
        let (numbers, _) = self.0.as_chunks();
        numbers.iter().map(|number| u64::from_le_bytes(*number))
    }
}

impl<'a> Digest<'a> {
    pub(crate) fn parse(kind_byte: u8, bytes: &'a [u8]) -> Result<Option<Self>, LogError> {
        let mut fields = Fields::new("a digest", bytes);
        Ok(Some(match kind_byte {
            kind::EVENT => Self::Event(Place::take(&mut fields)?, Summary::take(&mut fields)?),
            kind::TEXT => Self::Text(Place::take(&mut fields)?, Summary::take(&mut fields)?),
            kind::IMAGE => Self::Image {
                place: Place::take(&mut fields)?,
                no: fields.u64()?,
                jpeg_length: fields.u32()?,
                key: fields.text()?,
            },
            kind::SETTLED => Self::Settled(bytes),
            kind::STATE => Self::State(bytes),
            kind::IDS => Self::Ids(bytes),
            kind::ERASE => Self::Erase {
                number: fields.u64()?,
                seqs: Seqs(fields.rest()),
            },
            kind::ERASE_DONE => Self::EraseDone(fields.u64()?),
            _ => return Ok(None),
        }))
    }

    /// The digests of these bytes, one after the other. What cannot be read is an error, and the next one follows, unless
    /// the bytes end too early.
    pub fn each(digests: &'a [u8]) -> impl Iterator<Item = Result<Self, LogError>> + use<'a> {
        each_raw(digests).filter_map(|raw| {
            raw.and_then(|(kind, bytes)| Self::parse(kind, bytes))
                .transpose()
        })
    }
}

/// The digests of these bytes with their kinds, as they stand.
pub(crate) fn each_raw(digests: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), LogError>> {
    let mut fields = Fields::new("a directory", digests);
    std::iter::from_fn(move || {
        let raw = (!fields.is_empty()).then(|| take_raw(&mut fields))?;
        if raw.is_err() {
            fields = Fields::new("a directory", &[]);
        }
        Some(raw)
    })
}

fn take_raw<'a>(fields: &mut Fields<'a>) -> Result<(u8, &'a [u8]), LogError> {
    let kind_byte = fields.u8()?;
    let length = fields.u32()?;
    let bytes = fields.bytes(usize::try_from(length).unwrap_or(usize::MAX))?;
    Ok((kind_byte, bytes))
}

/// Appends the digest of an EVENT or TEXT frame, whose payload begins with `summary`.
pub fn put_event(out: &mut Vec<u8>, kind_byte: u8, place: Place, summary: &[u8]) {
    put(out, kind_byte, |out| {
        place.put(out);
        out.extend_from_slice(summary);
    });
}

/// Appends the digest of an IMAGE frame.
pub fn put_image(out: &mut Vec<u8>, place: Place, no: u64, jpeg_length: u32, key: &[u8]) {
    put(out, kind::IMAGE, |out| {
        place.put(out);
        out.extend(no.to_le_bytes());
        out.extend(jpeg_length.to_le_bytes());
        put_text(out, key);
    });
}

/// Appends the digest of a frame that lies there; nothing for a kind that has none.
///
/// # Errors
/// Its payload is not what its kind says.
pub fn put_frame(out: &mut Vec<u8>, place: Place, frame: &Frame<'_>) -> Result<(), LogError> {
    let payload = frame.payload;
    match frame.kind {
        kind::EVENT | kind::TEXT => {
            put_event(
                out,
                frame.kind,
                place,
                EventFrame::parse(payload)?.summary_bytes,
            );
        }
        kind::IMAGE => {
            let image = ImageFrame::parse(payload)?;
            let jpeg_length = u32::try_from(image.jpeg.len()).unwrap_or(u32::MAX);
            put_image(out, place, image.no, jpeg_length, image.key);
        }
        kind::ERASED => put_erased(out, place, payload)?,
        kind::SETTLED | kind::STATE | kind::IDS | kind::ERASE | kind::ERASE_DONE => {
            put_payload(out, frame.kind, payload);
        }
        _ => {}
    }
    Ok(())
}

fn put_erased(out: &mut Vec<u8>, place: Place, payload: &[u8]) -> Result<(), LogError> {
    let mut fields = Fields::new("an erased frame", payload);
    let was = fields.u8()?;
    let bytes = fields.rest();
    if was == kind::IMAGE {
        put_image(out, place, fields.u64()?, 0, &[]);
    } else {
        Summary::take(&mut fields)?;
        let length = bytes.len() - fields.rest().len();
        put_event(out, was, place, bytes.get(..length).unwrap_or_default());
    }
    Ok(())
}

/// Appends the digest of any other frame, which is its payload.
pub fn put_payload(out: &mut Vec<u8>, kind_byte: u8, payload: &[u8]) {
    put(out, kind_byte, |out| out.extend_from_slice(payload));
}

fn put(out: &mut Vec<u8>, kind_byte: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(kind_byte);
    let begin = out.len();
    out.extend(0_u32.to_le_bytes());
    write(out);
    let length = u32::try_from(out.len() - begin - 4).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(begin..begin + 4) {
        field.copy_from_slice(&length.to_le_bytes());
    }
}
