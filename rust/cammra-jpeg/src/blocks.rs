//! What lies between the way over the picture, the kernels and the writer: two blocks, as samples and as coefficients.

use crate::codes::Codes;
use crate::kernel::Rows;
use crate::quantiser::{Quantiser, ZIGZAG};

/// The samples of two blocks.
#[derive(Clone, Copy)]
pub(crate) enum Samples<'a> {
    /// Side by side, as luma lies.
    Beside(Rows<'a, 16>),
    /// In turn, as chroma of NV12 lies.
    InTurn(Rows<'a, 16>),
    /// In two planes, as chroma of I420 lies.
    Apart(Rows<'a, 8>, Rows<'a, 8>),
}

/// From video range to full range, all in 16 bits: min(max(s - 16, 0), `top`) × `factor` + `offset` >> 8.
#[derive(Clone, Copy)]
pub(crate) struct Expansion {
    pub(crate) top: u8,
    pub(crate) factor: u16,
    pub(crate) offset: u16,
}

impl Expansion {
    /// What black and the smallest chroma become 0 from.
    pub(crate) const BLACK: u8 = 16;

    /// 16 to 235 becomes 0 to 255: (s - 16) × 255 / 219; at most 219 × 298 + 128 = 65 390.
    pub(crate) const LUMA: Self = Self {
        top: 219,
        factor: 298,
        offset: 128,
    };

    /// 16 to 240 becomes 0 to 255: (s - 16) × 255 / 224; at most 224 × 291 + 304 = 65 488. 304 puts 128 on 128.
    pub(crate) const CHROMA: Self = Self {
        top: 224,
        factor: 291,
        offset: 304,
    };
}

/// A component of the picture.
#[derive(Clone, Copy)]
pub(crate) enum Component {
    Luma,
    Blue,
    Red,
}

/// What a kernel makes two blocks of.
pub(crate) struct Blocks<'a> {
    pub(crate) samples: Samples<'a>,
    pub(crate) expansion: Option<Expansion>,
    pub(crate) quantiser: &'a Quantiser,
    pub(crate) codes: &'a Codes,
    /// Which component each of them is of.
    pub(crate) components: [Component; 2],
    /// How many of them stand for pixels: 1 or 2.
    pub(crate) real: usize,
}

/// Two blocks, ready to be written.
#[repr(C, align(32))]
pub(crate) struct Pair {
    /// Rows of coefficients: eight of the first block, then eight of the second.
    pub(crate) coefficients: [[i16; 16]; 8],
    /// Each block's coefficients in zigzag order, as signed bytes that stop at the limits.
    pub(crate) zigzag: [[u8; 64]; 2],
    /// Which of them are not zero, the first one lowest.
    pub(crate) nonzero: [u64; 2],
}

impl Pair {
    pub(crate) const fn new() -> Self {
        Self {
            coefficients: [[0; 16]; 8],
            zigzag: [[0; 64]; 2],
            nonzero: [0; 2],
        }
    }

    /// A coefficient by its place in zigzag order.
    pub(crate) fn coefficient(&self, which: usize, at: usize) -> i16 {
        let place = usize::from(ZIGZAG.get(at).copied().unwrap_or(0));
        let row = self.coefficients.get(place >> 3);
        let value = row.and_then(|row| row.get(8 * which + (place & 7)));
        value.copied().unwrap_or(0)
    }
}
