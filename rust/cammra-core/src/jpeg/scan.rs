//! A walk through the entropy-coded data of a sequential frame, restart interval by restart interval: whether all of it is
//! there, and how it ought to be written. Held by `tests/native/test_imaging_verdict.py`.

use super::bits::BitReader;
use super::cut::{Block, blocks_of};
use super::header::Header;
use super::huffman::Tables;

/// Bytes before a restart marker that belong to nothing, as libjpeg passes over them.
const STRAY_BYTES: usize = 4;

/// Bytes after the last MCU, before EOI.
const STRAY_BYTES_AT_END: usize = 64;

/// What ends a JPEG.
pub(super) const EOI: [u8; 2] = [0xFF, 0xD9];

/// What a walk through a scan finds.
pub(super) enum Scan {
    Sound,
    /// The scan as it should be, with its EOI.
    Mended(Vec<u8>),
    Damaged(&'static str),
}

/// Walks through scans; keeps its tables and buffer between frames.
#[derive(Default)]
pub(super) struct Walker {
    tables: Tables,
    interval: Vec<u8>,
}

/// One restart interval of a scan.
struct Interval {
    /// Where its bytes begin and end, stuffing included.
    from: usize,
    to: usize,
    /// Where the scan goes on, and the marker between.
    next: usize,
    marker: Option<u8>,
}

impl Walker {
    /// Frees the buffer above a size.
    pub(super) fn free_above(&mut self, bytes: usize) {
        if self.interval.capacity() > bytes {
            self.interval = Vec::new();
        }
    }

    /// `None`: not a scan that can be walked through, though it may well be decoded.
    pub(super) fn walk(&mut self, data: &[u8], header: &Header, scan: &[u8]) -> Option<Scan> {
        self.tables.read(data, header)?;
        let mut storage = [None; 10];
        let blocks = blocks_of(data, header, &self.tables, &mut storage)?;
        let mut left = u64::from(header.mcus_per_row()) * u64::from(header.mcu_rows());
        let length = match header.restart_interval {
            0 => left,
            some => u64::from(some),
        };
        let mut out = None;
        let (mut at, mut number) = (0, 0_u8);
        while left > 0 {
            let interval = next_interval(scan, at, &mut self.interval);
            if interval.to == interval.from && interval.marker.is_some_and(is_restart) {
                // A marker that was written twice.
                out.get_or_insert_with(|| scan.get(..at).unwrap_or_default().to_vec());
                at = interval.next;
                continue;
            }
            let mcus = left.min(length);
            let Some(read) = read_mcus(blocks, mcus, &self.interval) else {
                return Some(Scan::Damaged(why_damaged(header, &interval)));
            };
            left -= mcus;
            let stray = self.interval.len() - read;
            let is_last = left == 0;
            if !is_last && !interval.marker.is_some_and(is_restart) {
                return Some(Scan::Damaged(why_damaged(header, &interval)));
            }
            if stray > most_stray(self.interval.get(read..).unwrap_or_default(), is_last) {
                return Some(Scan::Damaged(
                    "there is more in its scan than its size has room for",
                ));
            }
            let ends_well = interval.next == interval.to + 2
                && if is_last {
                    interval.marker == Some(EOI[1]) && interval.next == scan.len()
                } else {
                    interval.marker == Some(0xD0 + number)
                };
            if out.is_none() && !(ends_well && stray == 0) {
                out = Some(scan.get(..interval.from).unwrap_or_default().to_vec());
            }
            if let Some(out) = &mut out {
                stuffed(self.interval.get(..read).unwrap_or_default(), out);
                out.extend_from_slice(&[0xFF, if is_last { EOI[1] } else { 0xD0 + number }]);
            }
            number = (number + 1) % 8;
            at = interval.next;
        }
        Some(out.map_or(Scan::Sound, Scan::Mended))
    }
}

/// How many bytes may follow the last MCU of an interval; padding is no matter at the end.
fn most_stray(stray: &[u8], is_last: bool) -> usize {
    match is_last {
        true if stray.iter().all(|byte| matches!(byte, 0 | 0xFF)) => usize::MAX,
        true => STRAY_BYTES_AT_END,
        false => STRAY_BYTES,
    }
}

fn why_damaged(header: &Header, interval: &Interval) -> &'static str {
    if header.restart_interval > 0 && !interval.marker.is_some_and(is_restart) {
        "its restart markers are missing, or its scan ends early: truncated?"
    } else if interval.marker.is_none() {
        "its scan ends early: truncated?"
    } else {
        "its scan breaks off"
    }
}

const fn is_restart(marker: u8) -> bool {
    matches!(marker, 0xD0..=0xD7)
}

/// Walks through `count` MCUs; returns how many bytes they take. `None`: they are not all there.
fn read_mcus(blocks: &[Option<Block<'_>>], count: u64, bytes: &[u8]) -> Option<usize> {
    let mut reader = BitReader::default();
    for _ in 0..count {
        for block in blocks.iter().flatten() {
            reader.dc(block.dc, bytes)?;
            reader.skip_ac(block.ac, bytes)?;
        }
    }
    Some(reader.position().div_ceil(8))
}

/// Reads the interval at `at` into `bytes`, without its stuffing. It ends at a marker, or where the data ends.
fn next_interval(scan: &[u8], at: usize, bytes: &mut Vec<u8>) -> Interval {
    bytes.clear();
    let rest = scan.get(at..).unwrap_or_default();
    let mut copied_to = 0;
    let mut fill = None;
    let until = |to: usize, next: usize, marker: Option<u8>| Interval {
        from: at,
        to: at + to,
        next: at + next,
        marker,
    };
    for place in memchr::memchr_iter(0xFF, rest) {
        if place < copied_to {
            continue;
        }
        let begins = fill.take().unwrap_or(place);
        match rest.get(place + 1) {
            Some(0) if begins == place => {
                bytes.extend_from_slice(rest.get(copied_to..=place).unwrap_or_default());
                copied_to = place + 2;
            }
            // Fill bytes before a marker.
            Some(0xFF) => fill = Some(begins),
            Some(&marker) => {
                bytes.extend_from_slice(rest.get(copied_to..begins).unwrap_or_default());
                return until(begins, place + 2, Some(marker));
            }
            None => {
                bytes.extend_from_slice(rest.get(copied_to..begins).unwrap_or_default());
                return until(begins, rest.len(), None);
            }
        }
    }
    bytes.extend_from_slice(rest.get(copied_to..).unwrap_or_default());
    until(rest.len(), rest.len(), None)
}

/// Writes bytes with `FF 00` for `FF`.
fn stuffed(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
}
