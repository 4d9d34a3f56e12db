//! Cuts rows of MCUs out of a JPEG by its restart markers, without decoding: what stands above a crop costs a
//! scan for `FF` bytes instead of Huffman decoding.
//!
//! Works where the frame has one scan and restart intervals that begin with a row of MCUs. The rows that come out are coded
//! exactly as they went in (held by `tests/native/test_imaging_mjpeg.py`).

use super::header::{Header, segments};
use crate::geometry::Size;

/// Rows of MCUs, as a JPEG of their own.
pub(super) struct Spliced {
    /// First row of pixels, in the whole frame.
    pub(super) top: u32,
}

/// Writes a JPEG into `out` that holds at least the pixel rows `top..bottom`.
///
/// `None` where the frame has no usable restart markers; the caller then decodes from the top.
pub(super) fn splice(
    data: &[u8],
    header: &Header,
    top: u32,
    bottom: u32,
    out: &mut Vec<u8>,
) -> Option<Spliced> {
    let interval = header.restart_interval;
    if interval == 0 || !header.one_scan {
        return None;
    }
    let (per_row, mcu_height) = (header.mcus_per_row(), header.mcu.1);
    // Either several intervals make a row, or several rows an interval.
    let rows_per_step = if per_row.is_multiple_of(interval) {
        1
    } else if interval.is_multiple_of(per_row) {
        interval / per_row
    } else {
        return None;
    };
    let first_row = top / mcu_height / rows_per_step * rows_per_step;
    let end_row = bottom
        .div_ceil(mcu_height)
        .next_multiple_of(rows_per_step)
        .min(header.mcu_rows());
    let intervals = |rows: u32| u64::from(rows) * u64::from(per_row) / u64::from(interval);
    let first = intervals(first_row);
    let whole_frame_ends = end_row == header.mcu_rows();
    let end = if whole_frame_ends {
        u64::MAX
    } else {
        intervals(end_row)
    };

    let size = Size {
        width: header.size.width,
        height: (end_row * mcu_height).min(header.size.height) - first_row * mcu_height,
    };
    write_header(data, header, size, out)?;
    copy_intervals(data, header.scan_at, first, end, out)?;
    Some(Spliced {
        top: first_row * mcu_height,
    })
}

/// SOI and the segments a decoder needs, with another height.
fn write_header(data: &[u8], header: &Header, size: Size, out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    out.extend_from_slice(&[0xFF, 0xD8]);
    for segment in segments(data) {
        let segment = segment.ok()?;
        if !segment.needed() {
            continue;
        }
        let at = out.len();
        out.extend_from_slice(data.get(segment.start..segment.end)?);
        if (segment.start..segment.end).contains(&header.height_at) {
            let field = at + header.height_at - segment.start;
            let height = u16::try_from(size.height).ok()?;
            out.get_mut(field..field + 2)?
                .copy_from_slice(&height.to_be_bytes());
        }
    }
    Some(())
}

/// Copies the restart intervals `first..end`, numbers their markers from 0 again and closes with EOI.
fn copy_intervals(
    data: &[u8],
    scan_at: usize,
    first: u64,
    end: u64,
    out: &mut Vec<u8>,
) -> Option<()> {
    let scan = data.get(scan_at..)?;
    let mut interval = 0_u64;
    let mut copied_to = 0;
    for at in memchr::memchr_iter(0xFF, scan) {
        let marker = *scan.get(at + 1)?;
        let ends_scan = match marker {
            0xD0..=0xD7 => {
                // A missing or doubled marker would shift every row below it: leave such a frame to the decoder.
                if u64::from(marker - 0xD0) != interval % 8 {
                    return None;
                }
                false
            }
            0xD9 => true,
            0x00 | 0xFF => continue, // a stuffed byte, or fill before a marker
            _ => return None,
        };
        if interval >= first {
            out.extend_from_slice(scan.get(copied_to..at)?);
        }
        interval += 1;
        copied_to = at + 2;
        if interval == end || (ends_scan && end == u64::MAX && interval > first) {
            out.extend_from_slice(&[0xFF, 0xD9]);
            return Some(());
        }
        if ends_scan {
            return None;
        }
        if interval > first {
            out.extend_from_slice(&[0xFF, 0xD0 + u8::try_from((interval - first - 1) % 8).ok()?]);
        }
    }
    None
}
