//! The kernel of SSE 4.1 and AVX2, written once. Where it stands, `Vector` and the operations' names mean those of one
//! width; a wide register holds the same row of two blocks in its halves, and no operation crosses them.

use crate::quantiser::ZIGZAG;

/// Defines `transformed` for the features that a module is compiled for.
macro_rules! transform {
    ($features:literal) => {
        /// A pair of factors in every place of 32 bits.
        #[target_feature(enable = $features)]
        #[inline]
        fn factors((first, second): (i16, i16)) -> Vector {
            let (first, second) = (i32::from(first.cast_unsigned()), i32::from(second));
            filled_32(second << 16 | first)
        }

        /// The products of two interleaved rows and their factors, and more, rounded to 16 bits.
        #[target_feature(enable = $features)]
        #[inline]
        fn turned<const SHIFT: i32>(
            (low, high): (Vector, Vector),
            by: (i16, i16),
            (more_low, more_high): (Vector, Vector),
        ) -> Vector {
            let by = factors(by);
            narrowed(
                shifted_32::<SHIFT>(sum_32(products(low, by), more_low)),
                shifted_32::<SHIFT>(sum_32(products(high, by), more_high)),
            )
        }

        /// Two rows interleaved: what a sum of products takes.
        #[target_feature(enable = $features)]
        #[inline]
        fn interleaved(a: Vector, b: Vector) -> (Vector, Vector) {
            (low_16(a, b), high_16(a, b))
        }

        /// One pass of the transform; see the reference.
        #[target_feature(enable = $features)]
        #[inline]
        fn one_pass<const SHIFT: i32>([d0, d1, d2, d3, d4, d5, d6, d7]: [Vector; 8]) -> [Vector; 8] {
            let (s0, s1, s2, s3) = (sum(d0, d7), sum(d1, d6), sum(d2, d5), sum(d3, d4));
            let (t4, t5) = (difference(d3, d4), difference(d2, d5));
            let (t6, t7) = (difference(d1, d6), difference(d0, d7));

            let (t10, t13) = (sum(s0, s3), difference(s0, s3));
            let (t11, t12) = (sum(s1, s2), difference(s1, s2));
            let (mean, middle) = (sum(t10, t11), difference(t10, t11));
            let (mean, middle) = if SHIFT == FIRST {
                // Samples count from 128 below; only the mean notices.
                let mean = difference(mean, filled_16(8 * 128));
                (raised::<2>(mean), raised::<2>(middle))
            } else {
                let half = filled_16(2);
                (shifted::<2>(sum(mean, half)), shifted::<2>(sum(middle, half)))
            };

            let half = filled_32(1 << (SHIFT - 1));
            let even = interleaved(t13, t12);
            let (low, high) = interleaved(sum(t4, t6), sum(t5, t7));
            let (by_37, by_15) = (factors(factor::Z3_Z4_37), factors(factor::Z3_Z4_15));
            let z_37 = (
                sum_32(products(low, by_37), half),
                sum_32(products(high, by_37), half),
            );
            let z_15 = (
                sum_32(products(low, by_15), half),
                sum_32(products(high, by_15), half),
            );
            let outer = interleaved(t4, t7);
            let inner = interleaved(t5, t6);
            [
                mean,
                turned::<SHIFT>(outer, factor::T4_T7_1, z_15),
                turned::<SHIFT>(even, factor::T13_T12_2, (half, half)),
                turned::<SHIFT>(inner, factor::T5_T6_3, z_37),
                middle,
                turned::<SHIFT>(inner, factor::T5_T6_5, z_15),
                turned::<SHIFT>(even, factor::T13_T12_6, (half, half)),
                turned::<SHIFT>(outer, factor::T4_T7_7, z_37),
            ]
        }

        /// Rows become columns.
        #[target_feature(enable = $features)]
        #[inline]
        fn transposed([d0, d1, d2, d3, d4, d5, d6, d7]: [Vector; 8]) -> [Vector; 8] {
            let (a0, a1) = (low_16(d0, d1), high_16(d0, d1));
            let (a2, a3) = (low_16(d2, d3), high_16(d2, d3));
            let (a4, a5) = (low_16(d4, d5), high_16(d4, d5));
            let (a6, a7) = (low_16(d6, d7), high_16(d6, d7));
            let (b0, b1) = (low_32(a0, a2), high_32(a0, a2));
            let (b2, b3) = (low_32(a1, a3), high_32(a1, a3));
            let (b4, b5) = (low_32(a4, a6), high_32(a4, a6));
            let (b6, b7) = (low_32(a5, a7), high_32(a5, a7));
            [
                low_64(b0, b4),
                high_64(b0, b4),
                low_64(b1, b5),
                high_64(b1, b5),
                low_64(b2, b6),
                high_64(b2, b6),
                low_64(b3, b7),
                high_64(b3, b7),
            ]
        }

        /// Samples become quantised coefficients.
        #[target_feature(enable = $features)]
        #[inline]
        fn transformed(mut rows: [Vector; 8], blocks: &Blocks<'_>) -> [Vector; 8] {
            if let Some(expansion) = blocks.expansion {
                rows = each_row!(ROW => expanded(rows[ROW], expansion));
            }
            let rows = one_pass::<SECOND>(transposed(one_pass::<FIRST>(transposed(rows))));
            each_row!(ROW => quantised::<ROW>(rows[ROW], blocks.quantiser))
        }

        /// A row of samples from video range to full range, all in 16 bits.
        #[target_feature(enable = $features)]
        #[inline]
        fn expanded(row: Vector, expansion: Expansion) -> Vector {
            let black = filled_16(Expansion::BLACK.into());
            let level = smaller(difference_or_0(row, black), filled_16(expansion.top.into()));
            let scaled = product(level, filled_16(expansion.factor.cast_signed()));
            lowered::<8>(sum(scaled, filled_16(expansion.offset.cast_signed())))
        }

        /// One row of coefficients by its divisors.
        #[target_feature(enable = $features)]
        #[inline]
        fn quantised<const ROW: usize>(row: Vector, quantiser: &Quantiser) -> Vector {
            let product = upper(amount(row), load(&quantiser.reciprocal[ROW]));
            with_sign_of(rounded_upper(product, load(&quantiser.scale[ROW])), row)
        }
    };
}

/// Defines `in_order`, for the features that a module is compiled for.
macro_rules! in_order {
    ($features:literal) => {
        /// Sixteen coefficients (of each half) in zigzag order, out of some of four registers of two rows each.
        #[target_feature(enable = $features)]
        #[inline]
        fn in_order<const PART: usize>(packed: [Vector; 4]) -> Vector {
            let order = &ORDER[PART];
            let gathered = either(
                shuffled(packed[1], load_order(&order[1])),
                shuffled(packed[2], load_order(&order[2])),
            );
            // The first and the last quarter of the order need three registers only.
            let gathered = if PART == 3 {
                gathered
            } else {
                either(gathered, shuffled(packed[0], load_order(&order[0])))
            };
            if PART == 0 {
                gathered
            } else {
                either(gathered, shuffled(packed[3], load_order(&order[3])))
            }
        }
    };
}

/// Byte shuffles that gather sixteen coefficients in zigzag order out of registers of two rows each:
/// `ORDER[part][register]`, twice for two halves. 0x80 leaves a byte empty.
pub(super) static ORDER: [[[u8; 32]; 4]; 4] = order();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when compiling, where an index out of range is an error"
)]
const fn order() -> [[[u8; 32]; 4]; 4] {
    let mut order = [[[0x80; 32]; 4]; 4];
    let mut at = 0;
    while at < 64 {
        let place = ZIGZAG[at];
        let shuffle = &mut order[at / 16][place as usize / 16];
        shuffle[at % 16] = place % 16;
        shuffle[16 + at % 16] = place % 16;
        at += 1;
    }
    order
}
