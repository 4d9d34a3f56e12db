//! Rows of planar pixels for the encoder, one band (8 or 16 luma rows) at a time.
//!
//! A plane that libjpeg can read is passed on without a copy. Any other (interleaved chroma, video range, a width that is
//! no multiple of a block) is rewritten into a scratch buffer of one band, which stays in the nearest cache.
//!
//! Held by `tests/native/test_imaging.py` against Pillow, and by the unit tests below.

use crate::frame::{FrameView, Plane, YuvRange};
use crate::geometry::Size;

/// A luma plane of this size usually lies in the second-level cache.
const NEAR_BYTES: usize = 512 << 10;

/// Luma rows of the tallest band.
const BAND_ROWS: usize = 16;

/// Rows of one plane in one band; the last real one is repeated below.
#[derive(Clone, Copy)]
pub(super) struct Band<'a> {
    /// The rows.
    pub(super) plane: Plane<'a>,
    /// How many of them are real, at least 1.
    pub(super) rows: u32,
}

/// The three planes of one band.
#[derive(Clone, Copy)]
pub(super) struct BandRows<'a> {
    /// Luma.
    pub(super) y: Band<'a>,
    /// Blue difference.
    pub(super) u: Band<'a>,
    /// Red difference.
    pub(super) v: Band<'a>,
}

/// Gives an encoder its rows, band by band.
pub(super) trait Bands {
    /// The rows of a band; bands are asked for in order.
    fn band(&mut self, number: u32) -> BandRows<'_>;
}

/// Chroma at half resolution, as a camera delivers it.
#[derive(Clone, Copy)]
pub(super) enum Chroma<'a> {
    /// U and V in turn.
    Interleaved(Plane<'a>),
    /// U, V.
    Apart(Plane<'a>, Plane<'a>),
}

/// A planar picture's luma, chroma, size and range; `None` for any other picture.
pub(super) fn planar<'a>(part: &FrameView<'a>) -> Option<(Plane<'a>, Chroma<'a>, Size, YuvRange)> {
    match *part {
        FrameView::Nv12 { y, uv, size, range } => Some((y, Chroma::Interleaved(uv), size, range)),
        FrameView::I420 {
            y,
            u,
            v,
            size,
            range,
        } => Some((y, Chroma::Apart(u, v), size, range)),
        FrameView::Packed { .. } | FrameView::Jpeg { .. } => None,
    }
}

/// A planar picture of even size, on its way into a JPEG.
pub(super) struct PlanarBands<'a> {
    pub(super) y: Plane<'a>,
    pub(super) chroma: Chroma<'a>,
    pub(super) size: Size,
    pub(super) range: YuvRange,
    /// As in [`super::ffi::Recipe`].
    pub(super) factors: (u8, u8),
    pub(super) scratch: &'a mut Vec<u8>,
}

impl Bands for PlanarBands<'_> {
    fn band(&mut self, number: u32) -> BandRows<'_> {
        let luma_rows = 8 * u32::from(self.factors.1);
        let first = number * luma_rows;
        let rows = luma_rows.min(self.size.height - first);
        let width = self.size.width as usize;
        let padded = width.next_multiple_of(8);
        let chroma_width = width / 2 * if self.factors.0 == 2 { 1 } else { 2 };
        let chroma_padded = chroma_width.next_multiple_of(8);
        let chroma_rows = if self.factors.1 == 2 {
            rows.div_ceil(2)
        } else {
            rows
        };
        self.scratch
            .resize(padded * BAND_ROWS + 2 * chroma_padded * 8, 0);
        let (luma, chroma_scratch) = self.scratch.split_at_mut(padded * BAND_ROWS);
        let (blue, red) = chroma_scratch.split_at_mut(chroma_padded * 8);

        let y = self.y.below(first as usize);
        // A large plane comes from far away, and the processor fetches sixteen rows side by side, as the transform reads
        // them, worse than one after the other: copying the band first makes a 1080p frame 5 % cheaper.
        let is_near = width * self.size.height as usize <= NEAR_BYTES;
        let y = if self.range == YuvRange::Full && padded == width && is_near {
            y
        } else {
            for (to, from) in luma
                .chunks_exact_mut(padded)
                .zip(y.rows(width, rows as usize))
            {
                write_row(to, from, width, |to, from| match self.range {
                    YuvRange::Full => to.copy_from_slice(from),
                    YuvRange::Video => full_luma_from_video(to, from),
                });
            }
            Plane {
                data: luma,
                stride: padded,
            }
        };

        let repeat_down = if self.factors.1 == 2 { 1 } else { 2 };
        let first_chroma = (number * 8) as usize / repeat_down;
        let in_place =
            self.factors == (2, 2) && self.range == YuvRange::Full && chroma_padded == chroma_width;
        let (u, v) = match self.chroma {
            Chroma::Apart(u, v) if in_place => (u.below(first_chroma), v.below(first_chroma)),
            chroma => {
                let targets = blue
                    .chunks_exact_mut(chroma_padded)
                    .zip(red.chunks_exact_mut(chroma_padded));
                for (number, (u_to, v_to)) in targets.take(chroma_rows as usize).enumerate() {
                    let row = first_chroma + number / repeat_down;
                    chroma_row(chroma, row, width / 2, u_to, v_to, self.range);
                    for to in [u_to, v_to] {
                        if self.factors.0 == 1 {
                            repeat_across(to, width / 2);
                        }
                        pad(to, chroma_width);
                    }
                }
                (
                    Plane {
                        data: blue,
                        stride: chroma_padded,
                    },
                    Plane {
                        data: red,
                        stride: chroma_padded,
                    },
                )
            }
        };
        BandRows {
            y: Band { plane: y, rows },
            u: Band {
                plane: u,
                rows: chroma_rows,
            },
            v: Band {
                plane: v,
                rows: chroma_rows,
            },
        }
    }
}

/// One row of U and one of V, `width` samples each.
pub(super) fn chroma_row(
    chroma: Chroma<'_>,
    row: usize,
    width: usize,
    u_to: &mut [u8],
    v_to: &mut [u8],
    range: YuvRange,
) {
    let (u_to, v_to) = (head_mut(u_to, width), head_mut(v_to, width));
    match chroma {
        Chroma::Interleaved(plane) => {
            split_pairs(u_to, v_to, plane.row(row, width * 2));
            if range == YuvRange::Video {
                full_chroma_from_video(u_to);
                full_chroma_from_video(v_to);
            }
        }
        Chroma::Apart(u, v) => {
            for (to, plane) in [(u_to, u), (v_to, v)] {
                to.copy_from_slice(plane.row(row, width));
                if range == YuvRange::Video {
                    full_chroma_from_video(to);
                }
            }
        }
    }
}

/// Fills the first `width` samples, and repeats the last one to the end of the row.
pub(super) fn write_row(
    to: &mut [u8],
    from: &[u8],
    width: usize,
    fill: impl FnOnce(&mut [u8], &[u8]),
) {
    fill(head_mut(to, width), from);
    pad(to, width);
}

pub(super) fn pad(row: &mut [u8], width: usize) {
    let Some((head, tail)) = row.split_at_mut_checked(width) else {
        return;
    };
    if let Some(&last) = head.last() {
        tail.fill(last);
    }
}

fn head_mut(row: &mut [u8], width: usize) -> &mut [u8] {
    let width = width.min(row.len());
    row.split_at_mut(width).0
}

/// Doubles every sample in place, from the end, so that none is overwritten before it is read.
fn repeat_across(row: &mut [u8], width: usize) {
    for at in (0..width).rev() {
        if let Some(&sample) = row.get(at)
            && let Some(pair) = row.get_mut(2 * at..2 * at + 2)
        {
            pair.fill(sample);
        }
    }
}

/// Separates U0 V0 U1 V1 …, sixteen pairs at a time: so the compiler uses wide instructions, forty times faster than pair
/// by pair.
fn split_pairs(u_to: &mut [u8], v_to: &mut [u8], pairs: &[u8]) {
    let (wide_u, last_u) = u_to.as_chunks_mut::<16>();
    let (wide_v, last_v) = v_to.as_chunks_mut::<16>();
    let (wide, last) = pairs.as_chunks::<2>().0.as_chunks::<16>();
    for ((u, v), pairs) in wide_u.iter_mut().zip(wide_v).zip(wide) {
        split_some(u, v, pairs);
    }
    split_some(last_u, last_v, last);
}

#[inline]
fn split_some(u_to: &mut [u8], v_to: &mut [u8], pairs: &[[u8; 2]]) {
    for ((u, v), pair) in u_to.iter_mut().zip(v_to).zip(pairs) {
        let both = u16::from_le_bytes(*pair);
        *u = low_byte(both & 255);
        *v = low_byte(both >> 8);
    }
}

/// 16..235 becomes 0..255, in 16-bit steps of 1/256 (error below 0.1 of a level): (y - 16) x 255 / 219, ITU-R BT.601.
pub(super) fn full_luma_from_video(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        let level = u16::from((*from).clamp(16, 235).wrapping_sub(16));
        // At most 219 x 298 + 128 = 65 390, and 255 after the shift.
        *to = low_byte(level.wrapping_mul(298).wrapping_add(128) >> 8);
    }
}

/// 16..240 becomes 0..255 around 128: (c - 128) x 255 / 224 + 128 (error below 0.2 of a level).
fn full_chroma_from_video(samples: &mut [u8]) {
    for sample in samples {
        let level = u16::from((*sample).clamp(16, 240).wrapping_sub(16));
        // At most 224 x 291 + 304 = 65 488; 304 puts level 112 on 128 and rounds.
        *sample = low_byte(level.wrapping_mul(291).wrapping_add(304) >> 8);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "callers shift the high byte down first"
)]
const fn low_byte(value: u16) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma(level: u8) -> u8 {
        let mut to = [0];
        full_luma_from_video(&mut to, &[level]);
        to[0]
    }

    fn chroma(level: u8) -> u8 {
        let mut sample = [level];
        full_chroma_from_video(&mut sample);
        sample[0]
    }

    #[test]
    fn every_level_of_video_range_lands_where_the_standard_puts_it() {
        for level in 0..=255_u8 {
            let inside = f64::from(level.clamp(16, 235));
            let want = (inside - 16.0) * 255.0 / 219.0;
            assert!((f64::from(luma(level)) - want).abs() <= 0.6, "luma {level}");
            let inside = f64::from(level.clamp(16, 240));
            let want = ((inside - 128.0) * 255.0 / 224.0 + 128.0).clamp(0.0, 255.0);
            assert!(
                (f64::from(chroma(level)) - want).abs() <= 0.8,
                "chroma {level}"
            );
        }
        assert_eq!([luma(16), luma(235), chroma(128)], [0, 255, 128]);
    }

    #[test]
    fn pairs_come_apart_in_order() {
        for count in [0, 3, 16, 37] {
            let pairs: Vec<u8> = (0..2 * count).collect();
            let (mut u, mut v) = (vec![0; count.into()], vec![0; count.into()]);
            split_pairs(&mut u, &mut v, &pairs);
            assert!(u.iter().zip(0..).all(|(&u, at)| u == 2 * at));
            assert!(v.iter().zip(0..).all(|(&v, at)| v == 2 * at + 1));
        }
    }

    #[test]
    fn a_row_is_doubled_in_place_and_its_end_repeated() {
        let mut row = [7, 8, 9, 0, 0, 0, 0, 0];
        repeat_across(&mut row, 3);
        pad(&mut row, 6);
        assert_eq!(row, [7, 7, 8, 8, 9, 9, 9, 9]);
    }
}
