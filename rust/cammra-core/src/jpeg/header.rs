//! The header of a JPEG (ITU-T T.81 Annex B), read without libjpeg and without a copy.
//!
//! Lets through only what a camera may send: 8-bit Huffman-coded JPEG (baseline, extended or progressive) with one or
//! three components and at most [`MAX_JPEG_PIXELS`] (progressive: [`MAX_PROGRESSIVE_PIXELS`]), so that a few hostile
//! bytes cannot make the decoder take gigabytes. Held by `jpeg/tests.rs` and by
//! `tests/native/test_imaging_hostile.py`.

use crate::error::FrameError;
use crate::frame::{FrameView, MAX_SIDE_PX};
use crate::geometry::Size;

/// Twice an 8K frame.
const MAX_JPEG_PIXELS: u64 = 64 << 20;

/// A progressive JPEG is decoded as a whole and needs up to 6 bytes a pixel: 96 MiB.
const MAX_PROGRESSIVE_PIXELS: u64 = 16 << 20;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;
const APP1: u8 = 0xE1;
const APP15: u8 = 0xEF;
const COM: u8 = 0xFE;

/// EXIF's orientation of a picture that is shown as it is stored.
const UPRIGHT: u16 = 1;

/// The header of one JPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Width and height.
    pub(super) size: Size,
    /// One component instead of three.
    pub(super) gray: bool,
    /// Luma samples for each chroma sample, across and down; `None` where that is no simple ratio.
    pub(super) factors: Option<(u8, u8)>,
    /// Sequential, and all components in one scan: it can be decoded row by row.
    pub(super) one_scan: bool,
    /// MCUs between two restart markers; 0 without.
    pub(super) restart_interval: u32,
    /// Pixels of one MCU, across and down.
    pub(super) mcu: (u32, u32),
    /// It has Huffman tables of its own; a Motion-JPEG frame may rely on the standard ones.
    pub(super) has_tables: bool,
    /// Offset of the frame header's height field.
    pub(super) height_at: usize,
    /// Offset of the first entropy-coded byte.
    pub(super) scan_at: usize,
    /// As EXIF states it: 1 is upright; 0 where it states none.
    pub(super) orientation: u16,
}

impl Header {
    /// Reads the header up to the first scan.
    ///
    /// # Errors
    /// [`FrameError::BadJpeg`] in words, or [`FrameError::BadSize`].
    pub(super) fn parse(data: &[u8]) -> Result<Self, FrameError> {
        if !data.starts_with(&[0xFF, SOI]) {
            return Err(bad("it does not begin with SOI (FF D8)"));
        }
        let mut frame = None;
        let mut restart_interval = 0;
        let mut has_tables = false;
        let mut exif = 0;
        for segment in segments(data) {
            let Segment { marker, start, end } = segment?;
            let body = data.get(start + 4..end).unwrap_or_default();
            match marker {
                DHT => has_tables = true,
                DRI => restart_interval = u32::from(word(body, 0)?),
                APP1 => exif = exif.max(orientation(body)),
                0xC0..=0xC2 => {
                    if frame.is_some() {
                        return Err(bad("two frame headers"));
                    }
                    frame = Some(FrameHeader::parse(marker, body, start)?);
                }
                0xC3 | 0xC5..=0xCB | 0xCD..=0xCF => {
                    return Err(bad(
                        "lossless, hierarchical or arithmetic coding: want Huffman-coded baseline or progressive",
                    ));
                }
                SOS => {
                    let frame = frame.ok_or_else(|| bad("a scan before the frame header"))?;
                    let interleaved = body.first() == Some(&frame.components);
                    return frame.into_header(restart_interval, has_tables, interleaved, end, exif);
                }
                _ => {}
            }
        }
        Err(bad("it ends before its first scan"))
    }

    /// MCUs from one edge to the other.
    pub(super) fn mcus_per_row(&self) -> u32 {
        self.size.width.div_ceil(self.mcu.0)
    }

    /// Rows of MCUs.
    pub(super) fn mcu_rows(&self) -> u32 {
        self.size.height.div_ceil(self.mcu.1)
    }
}

/// One frame of an MJPEG stream, without the padding after its end. Whether all of it is there is found when an image is
/// made of it ([`verdict`](super::verdict)).
///
/// # Errors
/// [`FrameError`] when it is no JPEG that we decode.
pub fn frame_from_jpeg(data: &[u8]) -> Result<FrameView<'_>, FrameError> {
    let header = Header::parse(data)?;
    let scan = data.get(header.scan_at..).unwrap_or_default();
    let end = memchr::memmem::rfind(scan, &[0xFF, EOI]).map(|end| header.scan_at + end + 2);
    Ok(FrameView::Jpeg {
        data: end.and_then(|end| data.get(..end)).unwrap_or(data),
        size: header.size,
        asks_to_be_turned: header.orientation > UPRIGHT,
    })
}

/// One segment before the scan: `FF`, marker, length, body.
pub(super) struct Segment {
    marker: u8,
    /// Where its `FF` stands.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) end: usize,
}

impl Segment {
    /// What it is for.
    pub(super) const fn kind(&self) -> SegmentKind {
        match self.marker {
            DHT => SegmentKind::Tables,
            DRI => SegmentKind::RestartInterval,
            SOS => SegmentKind::Scan,
            0xE1..=0xED | APP15 | COM => SegmentKind::NotNeeded,
            _ => SegmentKind::Needed,
        }
    }

    /// It tells viewers to turn the picture (EXIF's orientation).
    pub(super) fn turns(&self, data: &[u8]) -> bool {
        self.marker == APP1
            && data
                .get(self.start + 4..self.end)
                .is_some_and(|body| orientation(body) > UPRIGHT)
    }
}

/// The orientation that an EXIF segment states (CIPA DC-008, 4.6.5): 1 is upright, 2 to 8 are turned or mirrored; 0 where
/// it states none.
fn orientation(body: &[u8]) -> u16 {
    const TAG: u16 = 0x0112;
    let stated = || {
        let tiff = body.strip_prefix(b"Exif\0\0")?;
        let is_little = tiff.starts_with(b"II");
        let short = |at: usize| {
            let two = tiff.get(at..)?.first_chunk::<2>()?;
            Some(if is_little {
                u16::from_le_bytes(*two)
            } else {
                u16::from_be_bytes(*two)
            })
        };
        let four = tiff.get(4..)?.first_chunk::<4>()?;
        let directory = if is_little {
            u32::from_le_bytes(*four)
        } else {
            u32::from_be_bytes(*four)
        };
        let directory = usize::try_from(directory).ok()?;
        (0..usize::from(short(directory)?))
            .map(|entry| directory + 2 + 12 * entry)
            .find(|&entry| short(entry) == Some(TAG))
            .and_then(|entry| short(entry + 8))
    };
    stated()
        .filter(|value| (1..=8).contains(value))
        .unwrap_or(0)
}

/// What a segment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentKind {
    /// Huffman tables.
    Tables,
    /// MCUs between two restart markers.
    RestartInterval,
    /// The scan's header; entropy-coded data follows.
    Scan,
    /// Anything else that a decoder reads; of the applications' segments only JFIF and Adobe.
    Needed,
    /// Comments, and what applications add.
    NotNeeded,
}

/// The segments up to the first scan's header, in order.
pub(super) fn segments(data: &[u8]) -> impl Iterator<Item = Result<Segment, FrameError>> {
    let mut at = Some(2);
    std::iter::from_fn(move || {
        let next = next_segment(data, at?);
        at = match &next {
            Ok(segment) if segment.marker != SOS => Some(segment.end),
            _ => None,
        };
        Some(next)
    })
}

fn next_segment(data: &[u8], mut at: usize) -> Result<Segment, FrameError> {
    loop {
        let (marker, start) = next_marker(data, at)?;
        if marker == 0x01 || (0xD0..=SOI).contains(&marker) {
            at = start + 2; // stands alone, carries nothing
            continue;
        }
        if marker == EOI {
            return Err(bad("it ends before its first scan"));
        }
        let length = usize::from(word(data, start + 2)?);
        let end = start + 2 + length;
        if length < 2 || end > data.len() {
            return Err(bad("a header segment is cut off"));
        }
        return Ok(Segment { marker, start, end });
    }
}

struct FrameHeader {
    size: Size,
    components: u8,
    factors: Option<(u8, u8)>,
    mcu: (u32, u32),
    progressive: bool,
    height_at: usize,
}

impl FrameHeader {
    fn parse(marker: u8, body: &[u8], start: usize) -> Result<Self, FrameError> {
        let precision = byte(body, 0)?;
        if precision != 8 {
            return Err(bad(&format!("{precision} bits a sample: want 8")));
        }
        let size = Size {
            width: word(body, 3)?.into(),
            height: word(body, 1)?.into(),
        };
        let components = byte(body, 5)?;
        if components != 1 && components != 3 {
            return Err(bad(&format!(
                "{components} components: want 1 (gray) or 3 (colour), not CMYK"
            )));
        }
        let mut sampling = [(1, 1); 3];
        let gray = components == 1;
        let count = usize::from(components);
        for (number, factors) in sampling.iter_mut().take(count).enumerate() {
            let both = byte(body, 7 + 3 * number)?;
            *factors = (both >> 4, both & 15);
            if !(1..=4).contains(&factors.0) || !(1..=4).contains(&factors.1) {
                return Err(bad("sampling factors out of range"));
            }
        }
        let progressive = marker == 0xC2;
        check_size(size, progressive)?;
        let widest = sampling.iter().map(|s| s.0).max().unwrap_or(1);
        let tallest = sampling.iter().map(|s| s.1).max().unwrap_or(1);
        // A scan of one component has MCUs of one block, whatever its factors say.
        let mcu = if gray {
            (8, 8)
        } else {
            (8 * u32::from(widest), 8 * u32::from(tallest))
        };
        let factors = match sampling {
            [(1, 1), ..] if gray => Some((1, 1)),
            _ if gray => None,
            [luma, (1, 1), (1, 1)] if matches!(luma, (1 | 2, 1 | 2)) => Some(luma),
            _ => None,
        };
        Ok(Self {
            size,
            components,
            factors,
            mcu,
            progressive,
            height_at: start + 5,
        })
    }

    fn into_header(
        self,
        restart_interval: u32,
        has_tables: bool,
        interleaved: bool,
        scan_at: usize,
        orientation: u16,
    ) -> Result<Header, FrameError> {
        // A sequential JPEG of several scans is decoded as a whole, too.
        let one_scan = interleaved && !self.progressive;
        check_size(self.size, !one_scan)?;
        Ok(Header {
            size: self.size,
            gray: self.components == 1,
            factors: self.factors,
            one_scan,
            restart_interval,
            mcu: self.mcu,
            has_tables,
            height_at: self.height_at,
            scan_at,
            orientation,
        })
    }
}

fn check_size(size: Size, is_whole: bool) -> Result<(), FrameError> {
    if size.width == 0 || size.height == 0 || size.width > MAX_SIDE_PX || size.height > MAX_SIDE_PX
    {
        return Err(FrameError::BadSize {
            size,
            want: "1 to 65500 pixels a side",
        });
    }
    let pixels = u64::from(size.width) * u64::from(size.height);
    if pixels > MAX_JPEG_PIXELS {
        return Err(FrameError::BadSize {
            size,
            want: "at most 64 Mi pixels in a JPEG",
        });
    }
    if is_whole && pixels > MAX_PROGRESSIVE_PIXELS {
        return Err(FrameError::BadSize {
            size,
            want: "at most 16 Mi pixels in a JPEG of several scans",
        });
    }
    Ok(())
}

/// The next marker at or after `at`, and where its `FF` stands; skips fill bytes and stray bytes, as libjpeg does.
fn next_marker(data: &[u8], at: usize) -> Result<(u8, usize), FrameError> {
    let mut from = at;
    loop {
        let rest = data.get(from..).unwrap_or_default();
        let Some(offset) = rest.iter().position(|&b| b == 0xFF) else {
            return Err(bad("it ends inside its header"));
        };
        let start = from + offset;
        match data.get(start + 1) {
            None => return Err(bad("it ends inside its header")),
            Some(0x00) => from = start + 2,
            Some(0xFF) => from = start + 1,
            Some(&marker) => return Ok((marker, start)),
        }
    }
}

fn byte(data: &[u8], at: usize) -> Result<u8, FrameError> {
    data.get(at)
        .copied()
        .ok_or_else(|| bad("a header segment is cut off"))
}

fn word(data: &[u8], at: usize) -> Result<u16, FrameError> {
    Ok(u16::from_be_bytes([byte(data, at)?, byte(data, at + 1)?]))
}

fn bad(why: &str) -> FrameError {
    FrameError::BadJpeg {
        why: why.to_owned(),
    }
}
