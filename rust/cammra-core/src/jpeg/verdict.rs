//! One verdict on a JPEG frame, for every image that is made of it: sound, mended, or refused.
//!
//! Cameras send frames that every viewer shows and that are not quite JPEG. What costs no pixel is mended, so that all
//! images of the frame decode everywhere; what costs some is refused for all of them alike:
//!
//! | found | becomes |
//! |---|---|
//! | a second SOI, bytes between the header's segments | left out |
//! | restart markers misnumbered or doubled, a few bytes before them | numbered anew, left out |
//! | EOI missing after the last MCU of a frame of one scan, bytes or segments after it | written, left out |
//! | an EXIF orientation | left out with its segment: boxes mean the picture as it is stored |
//! | the scan ends early, breaks off, or lacks the restart markers that the header announces | refused |
//!
//! A sequential frame is judged by a walk through its Huffman codes, which decodes nothing; any other frame by decoding it
//! at an eighth of its size. Held by `tests/native/test_imaging_verdict.py`.

use std::sync::{Arc, OnceLock};

use super::codec::{Codec, broken_jpeg, with_codec};
use super::header::{Header, segments};
use super::judged::{Judged, Outcome};
use super::mjpeg::{decodes, with_tables};
use super::scan::{EOI, Scan};
use crate::error::{FrameError, ImageError};

/// The verdict on one frame, found when the first image asks for it.
#[derive(Default)]
pub(crate) struct Verdict(OnceLock<Outcome>);

impl Verdict {
    /// The frame as images are made of it: `data` itself, or what was mended.
    ///
    /// # Errors
    /// [`ImageError::Frame`] says what is damaged.
    pub(crate) fn of<'a>(&'a self, data: &'a [u8]) -> Result<&'a [u8], ImageError> {
        match self.0.get_or_init(|| judge(data)) {
            Ok(None) => Ok(data),
            Ok(Some(mended)) => Ok(mended),
            Err(why) => Err(ImageError::Frame(why.clone())),
        }
    }

    /// Bytes that it keeps.
    pub(crate) fn held_bytes(&self) -> usize {
        match self.0.get() {
            Some(Ok(Some(mended))) => mended.len(),
            _ => 0,
        }
    }
}

fn judge(data: &[u8]) -> Outcome {
    let checksum = crc32fast::hash(data);
    let outcome = with_codec(|codec| {
        if let Some(last) = &codec.scratch.judged
            && (last.bytes, last.checksum) == (data.len(), checksum)
        {
            return Ok(last.outcome.clone());
        }
        let outcome = match judge_with(codec, data) {
            Ok(mended) => Ok(mended.map(Arc::from)),
            Err(ImageError::Frame(why)) => Err(why),
            Err(other) => return Err(other),
        };
        codec.scratch.judged = Some(Judged {
            bytes: data.len(),
            checksum,
            outcome: outcome.clone(),
        });
        Ok(outcome)
    });
    outcome.unwrap_or_else(|other| {
        Err(FrameError::BadJpeg {
            why: other.to_string(),
        })
    })
}

/// `None`: sound as it came.
fn judge_with(codec: &mut Codec, data: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
    let header = Header::parse(data)?;
    let mut tidy = tidied(data, &header)?;
    if !header.has_tables {
        tidy = Some(with_tables(codec, tidy.as_deref().unwrap_or(data))?);
    }
    let data = tidy.as_deref().unwrap_or(data);
    let header = Header::parse(data)?;
    let scan = data.get(header.scan_at..).unwrap_or_default();
    let walked = header.one_scan.then(|| {
        let walker = &mut codec.scratch.walker;
        walker.walk(data, &header, scan)
    });
    let scan = match walked {
        Some(Some(Scan::Sound)) => None,
        Some(Some(Scan::Mended(scan))) => Some(scan),
        Some(Some(Scan::Damaged(why))) => return Err(damaged(why)),
        Some(None) | None => {
            // Without its end nobody can tell of several scans whether the last has come.
            memchr::memmem::rfind(scan, &EOI)
                .ok_or_else(|| damaged("its end (EOI) is missing: truncated?"))?;
            decodes(codec, data, &header)?;
            return Ok(tidy);
        }
    };
    let mended = scan.map(|scan| joined(data, &header, &scan));
    // The walk has looked at the scan alone; without a quantisation table nobody can decode it.
    let check = codec.decoder.check(mended.as_deref().unwrap_or(data));
    check.map_err(broken_jpeg)?;
    Ok(mended.or(tidy))
}

fn damaged(why: &str) -> ImageError {
    ImageError::Frame(FrameError::BadJpeg {
        why: why.to_owned(),
    })
}

/// The frame without a second SOI, stray bytes and an EXIF orientation in its header; `None` where it has none of these.
fn tidied(data: &[u8], header: &Header) -> Result<Option<Vec<u8>>, ImageError> {
    let mut at = 2;
    let mut is_tidy = true;
    for segment in segments(data) {
        let segment = segment?;
        is_tidy &= segment.start == at && !segment.turns(data);
        at = segment.end;
    }
    if is_tidy {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(data.len());
    out.extend_from_slice(&[0xFF, 0xD8]);
    for segment in segments(data) {
        let segment = segment?;
        if !segment.turns(data) {
            out.extend_from_slice(data.get(segment.start..segment.end).unwrap_or_default());
        }
    }
    out.extend_from_slice(data.get(header.scan_at..).unwrap_or_default());
    Ok(Some(out))
}

fn joined(data: &[u8], header: &Header, scan: &[u8]) -> Vec<u8> {
    let head = data.get(..header.scan_at).unwrap_or_default();
    [head, scan].concat()
}
