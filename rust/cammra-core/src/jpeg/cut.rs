//! Cuts whole MCUs out of a JPEG without decoding them: the camera's own coefficients, bit by bit.
//!
//! In a sequential Huffman-coded scan only the DC prediction ties an MCU to the one before. So a crop takes a walk through
//! the codes (only the length of each is needed, no coefficient) that copies the bits of the wanted MCUs and writes anew
//! the DC differences with another predecessor now: one for each component in each row. Where the frame has restart
//! markers, everything before the first wanted interval costs only a scan for `FF`.
//!
//! This is several times cheaper than decoding and loses nothing. It makes the lossless crop, and it is the first step of
//! the crop that is encoded again. The output has no restart markers.
//!
//! Invariants, held by `tests/native/test_imaging_mjpeg.py` and `tests/native/test_imaging_hostile.py`:
//!
//! 1. The coefficients that come out are those that went in.
//! 2. Anything else (damage, other codings, absurd tables) gives `None`, and the caller decodes instead.

use super::bits::{BitReader, BitWriter, next_interval};
use super::header::{Header, SegmentKind, segments};
use super::huffman::{Table, Tables};
use crate::geometry::{Rect, Size};

/// Buffers and tables, kept between frames.
#[derive(Default)]
pub(super) struct Cutter {
    tables: Tables,
    /// One restart interval (or the whole scan) without its stuffed zeros.
    interval: Vec<u8>,
    /// The last output.
    pub(super) jpeg: Vec<u8>,
}

/// One block of an MCU: its component and its tables.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    component: usize,
    pub(super) dc: &'a Table,
    pub(super) ac: &'a Table,
}

/// A place in the scan.
struct Walk<'a> {
    scan: &'a [u8],
    /// Where the scan goes on after the current interval.
    rest: usize,
    /// Number of the current interval.
    interval: u64,
    /// MCUs in an interval; without restart markers, all of them.
    length: u64,
    /// MCUs of the current interval that are not read yet.
    left: u64,
    /// DC of each component's last block in the frame,
    read_dc: [i32; 3],
    /// and in the crop.
    written_dc: [i32; 3],
}

impl Cutter {
    /// Frees buffers above a size.
    pub(super) fn free_above(&mut self, bytes: usize) {
        for buffer in [&mut self.interval, &mut self.jpeg] {
            if buffer.capacity() > bytes {
                *buffer = Vec::new();
            }
        }
    }

    /// Makes a JPEG of the MCUs around `rect`. Returns the part of the frame it shows: `rect`, grown up and to the left to
    /// whole MCUs.
    pub(super) fn cut(&mut self, data: &[u8], header: &Header, rect: Rect) -> Option<Rect> {
        if !header.one_scan {
            return None;
        }
        let grown = rect.grown_to_multiples(header.mcu.0, header.mcu.1);
        let shows = Rect {
            width: rect.x + rect.width - grown.x,
            height: rect.y + rect.height - grown.y,
            ..grown
        };
        let columns = grown.x / header.mcu.0..(grown.x + grown.width) / header.mcu.0;
        let rows = grown.y / header.mcu.1..(grown.y + grown.height) / header.mcu.1;
        self.tables.read(data, header)?;
        self.jpeg.clear();
        write_header(data, header, shows.size(), &mut self.jpeg)?;
        let mut storage = [None; 10];
        let blocks = blocks_of(data, header, &self.tables, &mut storage)?;
        let per_row = u64::from(header.mcus_per_row());
        let mut walk = Walk::new(data.get(header.scan_at..)?, header);
        let mut writer = BitWriter::new(&mut self.jpeg);
        let mut reader = BitReader::default();
        for row in rows {
            let first = u64::from(row) * per_row + u64::from(columns.start);
            walk.go_to(first, blocks, &mut reader, &mut self.interval)?;
            for _ in columns.clone() {
                walk.step_in(&mut reader, &mut self.interval)?;
                walk.copy_mcu(blocks, &mut reader, &self.interval, &mut writer)?;
            }
        }
        writer.finish();
        Some(shows)
    }
}

impl<'a> Walk<'a> {
    fn new(scan: &'a [u8], header: &Header) -> Self {
        let all = u64::from(header.mcus_per_row()) * u64::from(header.mcu_rows());
        let length = match header.restart_interval {
            0 => all,
            some => u64::from(some),
        };
        Self {
            scan,
            rest: 0,
            interval: 0,
            length,
            left: 0,
            read_dc: [0; 3],
            written_dc: [0; 3],
        }
    }

    /// Number of the next MCU; 0 until the first interval is open.
    fn at(&self) -> u64 {
        if self.rest == 0 {
            0
        } else {
            (self.interval + 1) * self.length - self.left
        }
    }

    /// Goes forward to an MCU, passing over whole intervals where it can.
    fn go_to(
        &mut self,
        target: u64,
        blocks: &[Option<Block<'_>>],
        reader: &mut BitReader,
        interval: &mut Vec<u8>,
    ) -> Option<()> {
        while self.rest == 0 || target >= (self.interval + 1) * self.length {
            let wanted = target / self.length;
            let next = if self.rest == 0 { 0 } else { self.interval + 1 };
            self.open(next, (next == wanted).then_some(&mut *interval), reader)?;
        }
        let mut skip = target.checked_sub(self.at())?;
        while skip > 0 {
            for block in blocks.iter().flatten() {
                let dc = reader.dc(block.dc, interval)?;
                let read_dc = self.read_dc.get_mut(block.component)?;
                *read_dc = read_dc.wrapping_add(dc);
                reader.skip_ac(block.ac, interval)?;
            }
            skip -= 1;
            self.left -= 1;
        }
        Some(())
    }

    /// Opens the next interval at the end of the current one.
    fn step_in(&mut self, reader: &mut BitReader, interval: &mut Vec<u8>) -> Option<()> {
        if self.left == 0 {
            let next = self.interval + 1;
            self.open(next, Some(interval), reader)?;
        }
        Some(())
    }

    /// Moves on to an interval, and reads its bytes if they are wanted.
    fn open(
        &mut self,
        number: u64,
        bytes: Option<&mut Vec<u8>>,
        reader: &mut BitReader,
    ) -> Option<()> {
        let is_wanted = bytes.is_some();
        self.rest += next_interval(self.scan.get(self.rest..)?, number, bytes)?;
        self.interval = number;
        self.left = self.length;
        self.read_dc = [0; 3];
        if is_wanted {
            *reader = BitReader::default();
        }
        Some(())
    }

    /// Copies one MCU; a DC difference with another predecessor in the crop is written anew.
    fn copy_mcu(
        &mut self,
        blocks: &[Option<Block<'_>>],
        reader: &mut BitReader,
        interval: &[u8],
        writer: &mut BitWriter<'_>,
    ) -> Option<()> {
        self.left -= 1;
        let mut copy_from = reader.position();
        for block in blocks.iter().flatten() {
            let start = reader.position();
            let difference = reader.dc(block.dc, interval)?;
            let read_dc = self.read_dc.get_mut(block.component)?;
            let written_dc = self.written_dc.get_mut(block.component)?;
            let dc = read_dc.wrapping_add(difference);
            if *read_dc != *written_dc {
                writer.copy(interval, copy_from, start)?;
                writer.dc(block.dc, dc.wrapping_sub(*written_dc))?;
                copy_from = reader.position();
            }
            *read_dc = dc;
            *written_dc = dc;
            reader.skip_ac(block.ac, interval)?;
        }
        writer.copy(interval, copy_from, reader.position())?;
        Some(())
    }
}

/// The blocks of an MCU, in the order of the scan.
pub(super) fn blocks_of<'a, 'b>(
    data: &[u8],
    header: &Header,
    tables: &'a Tables,
    storage: &'b mut [Option<Block<'a>>; 10],
) -> Option<&'b [Option<Block<'a>>]> {
    let components = if header.gray { 1 } else { 3 };
    // The scan header ends with the band of coefficients: all of them in a sequential scan.
    let selectors = data.get(header.scan_at.checked_sub(3 + 2 * components)?..header.scan_at)?;
    if !selectors.ends_with(&[0, 63, 0]) {
        return None;
    }
    // The frame header names component, sampling and quantisation table.
    let named = data.get(header.height_at + 5..)?;
    let mut count = 0;
    for component in 0..components {
        let (id, which) = (
            *selectors.get(2 * component)?,
            *selectors.get(2 * component + 1)?,
        );
        if named.get(3 * component) != Some(&id) {
            return None; // not in the order of the frame header
        }
        // A scan of one component has MCUs of one block, whatever its factors say.
        let (across, down) = if component == 0 && !header.gray {
            header.factors?
        } else {
            (1, 1)
        };
        for _ in 0..across * down {
            let block = Block {
                component,
                dc: tables.dc(which >> 4)?,
                ac: tables.ac(which & 15)?,
            };
            *storage.get_mut(count)? = Some(block);
            count += 1;
        }
    }
    storage.get(..count)
}

/// Writes SOI and the segments a decoder needs, with the new size and without restart intervals.
fn write_header(data: &[u8], header: &Header, size: Size, out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(&[0xFF, 0xD8]);
    for segment in segments(data) {
        let segment = segment.ok()?;
        if matches!(
            segment.kind(),
            SegmentKind::NotNeeded | SegmentKind::RestartInterval
        ) {
            continue;
        }
        let at = out.len();
        out.extend_from_slice(data.get(segment.start..segment.end)?);
        if (segment.start..segment.end).contains(&header.height_at) {
            let field = at + header.height_at - segment.start;
            let height = u16::try_from(size.height).ok()?.to_be_bytes();
            let width = u16::try_from(size.width).ok()?.to_be_bytes();
            out.get_mut(field..field + 2)?.copy_from_slice(&height);
            out.get_mut(field + 2..field + 4)?.copy_from_slice(&width);
        }
    }
    Some(())
}
