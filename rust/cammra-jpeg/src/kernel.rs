//! From samples to quantised coefficients, two blocks at a time: libjpeg's accurate integer transform (rows first) and its
//! rounding, in the instructions that a processor has.
//!
//! `portable` is the reference; each other kernel does the same arithmetic in other registers and equals it bit for bit.
//!
//! This is the crate's only module with `unsafe`, and it has three kinds of it: calling a kernel on a processor that has
//! its instructions, reading rows whose extent was checked when [`Rows`] was made, and loads and stores of whole arrays.
#![expect(
    unsafe_code,
    reason = "vector registers are loaded and stored through pointers"
)]

/// An array of what an expression gives for each of the eight rows, unrolled.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! each_row {
    ($row:ident => $what:expr) => {
        [
            {
                const $row: usize = 0;
                $what
            },
            {
                const $row: usize = 1;
                $what
            },
            {
                const $row: usize = 2;
                $what
            },
            {
                const $row: usize = 3;
                $what
            },
            {
                const $row: usize = 4;
                $what
            },
            {
                const $row: usize = 5;
                $what
            },
            {
                const $row: usize = 6;
                $what
            },
            {
                const $row: usize = 7;
                $what
            },
        ]
    };
}

#[cfg(target_arch = "x86_64")]
mod avx2;
mod factor;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod rows;
#[cfg(target_arch = "x86_64")]
mod sse41;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::codes::Codes;
use crate::quantiser::{Quantiser, ZIGZAG};
use crate::scan::Job;

pub(crate) use rows::Rows;

/// An instruction set that encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// No instruction set in particular: the reference.
    Portable,
    /// x86-64 with SSE 4.1.
    Sse41,
    /// x86-64 with AVX2, BMI and LZCNT.
    Avx2,
    /// 64-bit ARM.
    Neon,
}

impl Kernel {
    /// All of them, the best last.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Sse41, Self::Avx2, Self::Neon];

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Sse41 => is_x86_feature_detected!("sse4.1"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("lzcnt")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            _ => false,
        }
    }

    /// The best that this processor has.
    #[must_use]
    pub fn best() -> Self {
        let mut best = Self::Portable;
        for kernel in Self::ALL {
            if kernel.is_available() {
                best = kernel;
            }
        }
        best
    }

    /// Writes the scan of a picture; with the reference where the processor lacks the instructions.
    pub(crate) fn scan(self, job: &Job<'_>, out: &mut Vec<u8>) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has the features that this function is compiled for; it was asked just now.
            Self::Avx2 if self.is_available() => unsafe { avx2::scan(job, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Sse41 if self.is_available() => unsafe { sse41::scan(job, out) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Self::Neon if self.is_available() => unsafe { neon::scan(job, out) },
            _ => portable::scan(job, out),
        }
    }
}

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

/// What a kernel makes two blocks of.
pub(crate) struct Blocks<'a> {
    pub(crate) samples: Samples<'a>,
    pub(crate) expansion: Option<Expansion>,
    pub(crate) quantiser: &'a Quantiser,
    pub(crate) codes: &'a Codes,
    /// Which component each of them is of.
    pub(crate) components: [usize; 2],
    /// How many of them stand for pixels: 1 or 2.
    pub(crate) real: usize,
}

/// Two blocks, ready to be written.
#[repr(C, align(32))]
pub(crate) struct Pair {
    /// Rows of coefficients: eight of the first block, then eight of the second.
    pub(crate) coefficients: [[i16; 16]; 8],
    /// Each block's coefficients in zigzag order, as signed bytes that stop at the limits. The second half of each row is
    /// never used; with it no index of seven bits is out of range.
    pub(crate) zigzag: [[u8; 128]; 2],
    /// Which of them are not zero, the first one lowest.
    pub(crate) nonzero: [u64; 2],
}

impl Pair {
    pub(crate) const fn new() -> Self {
        Self {
            coefficients: [[0; 16]; 8],
            zigzag: [[0; 128]; 2],
            nonzero: [0; 2],
        }
    }

    /// A coefficient by its place in zigzag order.
    pub(crate) fn coefficient(&self, which: usize, at: usize) -> i16 {
        let place = usize::from(ZIGZAG.get(at).copied().unwrap_or(0));
        let row = self.coefficients.get(place >> 3);
        let value = row.and_then(|row| row.get(8 * which | place & 7));
        value.copied().unwrap_or(0)
    }
}
