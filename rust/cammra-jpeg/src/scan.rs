//! The way over the picture: units of 16 x 16 pixels (four blocks of luma, one of each chroma), row by row.

use crate::bits::BitWriter;
use crate::blocks::{Blocks, Component, Expansion, Pair, Samples};
use crate::codes;
use crate::kernel::Rows;
use crate::picture::{Chroma, Picture, Plane, Range};
use crate::quantiser::Quantiser;

/// A picture and how it is quantised.
pub(crate) struct Job<'a> {
    pub(crate) picture: &'a Picture<'a>,
    pub(crate) luma: &'a Quantiser,
    pub(crate) chroma: &'a Quantiser,
}

impl Job<'_> {
    #[inline(always)]
    fn luma_blocks<'a>(&'a self, rows: Rows<'a, 16>, real: usize) -> Blocks<'a> {
        Blocks {
            samples: Samples::Beside(rows),
            expansion: self.is_video().then_some(Expansion::LUMA),
            quantiser: self.luma,
            codes: &codes::LUMA,
            components: [Component::Luma; 2],
            real,
        }
    }

    #[inline(always)]
    fn chroma_blocks<'a>(&'a self, samples: Samples<'a>) -> Blocks<'a> {
        Blocks {
            samples,
            expansion: self.is_video().then_some(Expansion::CHROMA),
            quantiser: self.chroma,
            codes: &codes::CHROMA,
            components: [Component::Blue, Component::Red],
            real: 2,
        }
    }

    #[inline(always)]
    fn is_video(&self) -> bool {
        self.picture.range == Range::Video
    }
}

/// The samples of one unit.
struct Unit<'a> {
    /// Luma.
    upper: Rows<'a, 16>,
    lower: Rows<'a, 16>,
    chroma: Samples<'a>,
    /// Which luma blocks stand for pixels, across and down: 1 or 2.
    real: (usize, usize),
}

/// Writes all blocks of a picture; `two_blocks` makes two of them of their samples and writes them.
#[inline(always)]
pub(crate) fn scan_with(
    job: &Job<'_>,
    out: &mut Vec<u8>,
    two_blocks: impl Fn(&Blocks<'_>, &mut Pair, &mut BitWriter<'_>),
) {
    let picture = job.picture;
    let (columns, rows) = (picture.width.div_ceil(16), picture.height.div_ceil(16));
    let mut writer = BitWriter::new(out);
    let mut pair = Pair::new();
    let mut edge = Edge::new();
    for row in 0..rows as usize {
        for column in 0..columns as usize {
            let Some(unit) =
                whole_unit(picture, column, row).or_else(|| edge.unit(picture, column, row))
            else {
                continue;
            };
            let (across, down) = unit.real;
            two_blocks(&job.luma_blocks(unit.upper, across), &mut pair, &mut writer);
            if down == 2 {
                two_blocks(&job.luma_blocks(unit.lower, across), &mut pair, &mut writer);
            } else {
                writer.dummy(&codes::LUMA);
                writer.dummy(&codes::LUMA);
            }
            two_blocks(&job.chroma_blocks(unit.chroma), &mut pair, &mut writer);
        }
    }
    writer.finish();
}

/// A unit that lies wholly inside the picture, in the caller's memory.
#[inline(always)]
fn whole_unit<'a>(picture: &Picture<'a>, column: usize, row: usize) -> Option<Unit<'a>> {
    let (left, top) = (column.wrapping_mul(16), row.wrapping_mul(16));
    if left.wrapping_add(16) > picture.width as usize
        || top.wrapping_add(16) > picture.height as usize
    {
        return None;
    }
    let luma = picture.luma;
    let start = top.wrapping_mul(luma.stride).wrapping_add(left);
    let half = luma.stride.wrapping_mul(8);
    let (across, down) = (left / 2, top / 2);
    Some(Unit {
        upper: Rows::new(luma.data.get(start..)?, luma.stride)?,
        lower: Rows::new(luma.data.get(start.wrapping_add(half)..)?, luma.stride)?,
        chroma: match picture.chroma {
            Chroma::Interleaved(uv) => {
                let start = down.wrapping_mul(uv.stride).wrapping_add(left);
                Samples::InTurn(Rows::new(uv.data.get(start..)?, uv.stride)?)
            }
            Chroma::Apart(u, v) => {
                let rows = |plane: Plane<'a>| {
                    let start = down.wrapping_mul(plane.stride).wrapping_add(across);
                    Rows::new(plane.data.get(start..)?, plane.stride)
                };
                Samples::Apart(rows(u)?, rows(v)?)
            }
        },
        real: (2, 2),
    })
}

/// Holds a unit at the right or lower edge, filled up by repeating the last column and the last row.
struct Edge {
    luma: [[u8; 16]; 16],
    /// Interleaved, or U in the left half and V in the right one.
    chroma: [[u8; 16]; 8],
}

impl Edge {
    const fn new() -> Self {
        Self {
            luma: [[0; 16]; 16],
            chroma: [[0; 16]; 8],
        }
    }

    /// The unit's samples, copied. `None` is never seen: the arrays hold what is asked of them.
    #[cold]
    #[inline(never)]
    fn unit(&mut self, picture: &Picture<'_>, column: usize, row: usize) -> Option<Unit<'_>> {
        let (left, top) = (column * 16, row * 16);
        let width = (picture.width as usize - left).min(16);
        let height = (picture.height as usize - top).min(16);
        let luma = picture.luma.starting_at(top, left);
        for (number, to) in self.luma.iter_mut().enumerate() {
            repeat_last::<1>(to, luma.row(number.min(height - 1), width));
        }
        for (number, to) in self.chroma.iter_mut().enumerate() {
            let number = number.min(height / 2 - 1);
            match picture.chroma {
                Chroma::Interleaved(uv) => {
                    let uv = uv.starting_at(top / 2, left);
                    repeat_last::<2>(to, uv.row(number, width));
                }
                Chroma::Apart(u, v) => {
                    for (to, plane) in to.as_chunks_mut::<8>().0.iter_mut().zip([u, v]) {
                        let plane = plane.starting_at(top / 2, left / 2);
                        repeat_last::<1>(to, plane.row(number, width / 2));
                    }
                }
            }
        }
        let luma = self.luma.as_flattened();
        let chroma = self.chroma.as_flattened();
        Some(Unit {
            upper: Rows::new(luma, 16)?,
            lower: Rows::new(luma.get(8 * 16..)?, 16)?,
            chroma: match picture.chroma {
                Chroma::Interleaved(_) => Samples::InTurn(Rows::new(chroma, 16)?),
                Chroma::Apart(..) => {
                    Samples::Apart(Rows::new(chroma, 16)?, Rows::new(chroma.get(8..)?, 16)?)
                }
            },
            real: (width.div_ceil(8), height.div_ceil(8)),
        })
    }
}

/// Copies a row and fills the rest with its last `SITE` bytes.
fn repeat_last<const SITE: usize>(to: &mut [u8], from: &[u8]) {
    let last = from.last_chunk::<SITE>().copied().unwrap_or([0; SITE]);
    for (number, to) in to.as_chunks_mut::<SITE>().0.iter_mut().enumerate() {
        *to = from
            .as_chunks::<SITE>()
            .0
            .get(number)
            .copied()
            .unwrap_or(last);
    }
}
