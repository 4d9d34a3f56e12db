//! Quantisation: the tables of ITU-T T.81 annex K scaled as libjpeg scales them, and division without a divider.

/// Place of the coefficients in a block, row by row, in the order in which they are written (T.81 figure A.6).
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// T.81 table K.1, row by row.
const LUMA: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// T.81 table K.2, row by row.
const CHROMA: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Divisors of luma and chroma, row by row, each 1 to 255.
pub(crate) struct Divisors {
    pub(crate) luma: [u8; 64],
    pub(crate) chroma: [u8; 64],
}

impl Divisors {
    /// Those of a quality from 1 to 100, scaled as `jpeg_set_quality` does for baseline files.
    pub(crate) fn of_quality(quality: u8) -> Self {
        let quality = u32::from(quality.clamp(1, 100));
        let percent = if quality < 50 {
            5000 / quality
        } else {
            200 - quality * 2
        };
        let scaled = |table: [u8; 64]| {
            table.map(|divisor| {
                let divisor = (u32::from(divisor) * percent + 50) / 100;
                u8::try_from(divisor).unwrap_or(u8::MAX).max(1)
            })
        };
        Self {
            luma: scaled(LUMA),
            chroma: scaled(CHROMA),
        }
    }
}

/// Rows of a block, each twice: for two blocks side by side in one register.
pub(crate) type DoubledRows = [[u16; 16]; 8];

/// Division by multiplication: |x| / d = ((|x| × `reciprocal` >> 16) × `scale` + 2^14) >> 15.
///
/// With `reciprocal` = ⌈2^(16 + s) / d⌉ and `scale` = 2^(15 - s) this is ⌊|x| / d + 1/2⌋ for every |x| of 15 bits: what the
/// reciprocal is too large adds less than 2^(-1 - s), and from a result to the next there are at least 1 / d > 2^(-1 - s).
/// The transform's results are 8 times too large, so that d is 8 divisors.
#[repr(C, align(32))]
pub(crate) struct Quantiser {
    pub(crate) reciprocal: DoubledRows,
    pub(crate) scale: DoubledRows,
}

impl Quantiser {
    /// For divisors, row by row.
    pub(crate) fn new(divisors: &[u8; 64]) -> Self {
        let mut made = Self {
            reciprocal: [[0; 16]; 8],
            scale: [[0; 16]; 8],
        };
        let tables = made.reciprocal.iter_mut().zip(&mut made.scale);
        for ((reciprocals, scales), row) in tables.zip(divisors.as_chunks::<8>().0) {
            let slots = reciprocals.iter_mut().zip(scales);
            for ((reciprocal, scale), &divisor) in slots.zip(row.iter().chain(row)) {
                (*reciprocal, *scale) = division(divisor);
            }
        }
        made
    }
}

/// Reciprocal and scale of one divisor.
fn division(divisor: u8) -> (u16, u16) {
    let divisor = u32::from(divisor.max(1)) * 8;
    // The reciprocal of a power of two would need 17 bits.
    let shift = divisor.ilog2() - u32::from(divisor.is_power_of_two());
    let reciprocal = (1_u32 << (16 + shift)).div_ceil(divisor);
    (
        u16::try_from(reciprocal).unwrap_or(u16::MAX),
        1 << (15 - shift),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_division_rounds_to_the_nearest() {
        // Miri takes an hour for all of them, and finds nothing in sums.
        let step = if cfg!(miri) { 251 } else { 1 };
        for divisor in 1..=255_u8 {
            let (reciprocal, scale) = division(divisor);
            for value in (0..=32_767_u32).step_by(step) {
                let product = (value * u32::from(reciprocal)) >> 16;
                let quotient = (product * u32::from(scale) + (1 << 14)) >> 15;
                let whole = u32::from(divisor) * 8;
                assert_eq!(quotient, (value + whole / 2) / whole, "{value} / {whole}");
            }
        }
    }

    #[test]
    fn qualities_reach_from_the_coarsest_table_to_none() {
        assert_eq!(Divisors::of_quality(100).luma, [1; 64]);
        assert_eq!(Divisors::of_quality(50).luma, LUMA);
        assert_eq!(Divisors::of_quality(50).chroma, CHROMA);
        assert_eq!(Divisors::of_quality(1).luma, [255; 64]);
    }
}
