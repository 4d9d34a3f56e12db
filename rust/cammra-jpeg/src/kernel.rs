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
#![expect(
    clippy::indexing_slicing,
    reason = "rows of eight, blocks of two and tables of 64, by numbers below that"
)]

/// An array of what an expression gives for each of the eight rows, unrolled.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! each_row {
    ($row:ident => $what:expr; $($number:literal)+) => {
        [$({
            const $row: usize = $number;
            $what
        }),+]
    };
    ($row:ident => $what:expr) => {
        each_row!($row => $what; 0 1 2 3 4 5 6 7)
    };
}

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod x86;

#[cfg(target_arch = "x86_64")]
mod avx2;
mod factor;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod rows;
#[cfg(target_arch = "x86_64")]
mod sse41;

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
