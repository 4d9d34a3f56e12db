//! NEON: one block after the other.

use std::arch::aarch64::{
    int16x8_t, int32x4_t, uint8x8_t, uint8x16_t, uint8x16x4_t, uint16x8_t, vabsq_s16 as amount,
    vaddq_s16 as sum, vaddq_u16, vandq_u8, vandq_u16, vdupq_n_s16, vdupq_n_u16, vdupq_n_u64,
    veorq_s16, vget_low_s16, vget_low_u16, vgetq_lane_u64, vld1_u8, vld1q_u8, vld1q_u16, vminq_u16,
    vmlal_high_n_s16, vmlal_n_s16, vmovl_u8, vmull_high_n_s16, vmull_high_u16, vmull_n_s16,
    vmull_u16, vmulq_u16, vpaddq_u8, vqmovn_high_s16, vqmovn_s16, vqrdmulhq_s16, vqsubq_u16,
    vqtbl4q_u8, vreinterpretq_s16_s32, vreinterpretq_s16_s64, vreinterpretq_s16_u16,
    vreinterpretq_s32_s16, vreinterpretq_s64_s16, vreinterpretq_u8_s8, vreinterpretq_u8_u64,
    vreinterpretq_u16_s16, vreinterpretq_u16_u8, vreinterpretq_u16_u32, vreinterpretq_u64_u8,
    vrshrn_high_n_s32, vrshrn_n_s32, vrshrq_n_s16, vshlq_n_s16, vshrq_n_s16, vshrq_n_u16,
    vst1q_s16, vst1q_u8, vsubq_s16 as difference, vtrn1q_s16, vtrn1q_s32, vtrn1q_s64, vtrn2q_s16,
    vtrn2q_s32, vtrn2q_s64, vtstq_u8, vuzp2q_u16,
};

use super::factor::{self, FIRST, SECOND};
use crate::bits::BitWriter;
use crate::blocks::{Blocks, Expansion, Pair, Samples};
use crate::quantiser::{Quantiser, ZIGZAG};
use crate::scan::{Job, scan_with};

#[target_feature(enable = "neon")]
pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, |blocks, pair, writer| {
        two_blocks(blocks, pair, writer);
    });
}

#[target_feature(enable = "neon")]
fn two_blocks(blocks: &Blocks<'_>, pair: &mut Pair, writer: &mut BitWriter<'_>) {
    for which in 0..blocks.real {
        let mut rows = samples(blocks.samples, which);
        if let Some(expansion) = blocks.expansion {
            rows = each_row!(ROW => expanded(rows[ROW], expansion));
        }
        let rows = transposed(each_row!(ROW => vreinterpretq_s16_u16(rows[ROW])));
        let rows = one_pass::<SECOND>(transposed(one_pass::<FIRST>(rows)));
        let rows = each_row!(ROW => quantised::<ROW>(rows[ROW], blocks.quantiser));
        fill(pair, which & 1, rows);
    }
    writer.two_blocks(pair, blocks);
}

/// Rows of samples of one of two blocks, in 16 bits.
#[target_feature(enable = "neon")]
#[inline]
fn samples(samples: Samples<'_>, which: usize) -> [uint16x8_t; 8] {
    match samples {
        Samples::Beside(rows) => each_row!(ROW => {
            let blocks = rows.row(ROW).as_chunks::<8>().0;
            vmovl_u8(load_8(&blocks[which & 1]))
        }),
        Samples::InTurn(rows) if which == 0 => {
            let first = vdupq_n_u16(0xff);
            each_row!(ROW => {
                let both = vreinterpretq_u16_u8(load_16(rows.row(ROW)));
                vandq_u16(both, first)
            })
        }
        Samples::InTurn(rows) => each_row!(ROW => {
            vshrq_n_u16::<8>(vreinterpretq_u16_u8(load_16(rows.row(ROW))))
        }),
        Samples::Apart(first, second) => {
            let rows = if which == 0 { first } else { second };
            each_row!(ROW => vmovl_u8(load_8(rows.row(ROW))))
        }
    }
}

/// A row of samples from video range to full range.
#[target_feature(enable = "neon")]
#[inline]
fn expanded(row: uint16x8_t, expansion: Expansion) -> uint16x8_t {
    let level = vqsubq_u16(row, vdupq_n_u16(Expansion::BLACK.into()));
    let level = vminq_u16(level, vdupq_n_u16(expansion.top.into()));
    let scaled = vmulq_u16(level, vdupq_n_u16(expansion.factor));
    vshrq_n_u16::<8>(vaddq_u16(scaled, vdupq_n_u16(expansion.offset)))
}

/// Sums of products of the lower and the upper four places.
type Wide = (int32x4_t, int32x4_t);

#[target_feature(enable = "neon")]
#[inline]
fn products(a: int16x8_t, b: int16x8_t, by: (i16, i16)) -> Wide {
    (
        vmlal_n_s16(vmull_n_s16(vget_low_s16(a), by.0), vget_low_s16(b), by.1),
        vmlal_high_n_s16(vmull_high_n_s16(a, by.0), b, by.1),
    )
}

#[target_feature(enable = "neon")]
#[inline]
fn more_products(before: Wide, a: int16x8_t, b: int16x8_t, by: (i16, i16)) -> Wide {
    let (low, high) = before;
    (
        vmlal_n_s16(
            vmlal_n_s16(low, vget_low_s16(a), by.0),
            vget_low_s16(b),
            by.1,
        ),
        vmlal_high_n_s16(vmlal_high_n_s16(high, a, by.0), b, by.1),
    )
}

#[target_feature(enable = "neon")]
#[inline]
fn rounded<const SHIFT: i32>((low, high): Wide) -> int16x8_t {
    vrshrn_high_n_s32::<SHIFT>(vrshrn_n_s32::<SHIFT>(low), high)
}

/// One pass of the transform; see the reference.
#[target_feature(enable = "neon")]
#[inline]
fn one_pass<const SHIFT: i32>([d0, d1, d2, d3, d4, d5, d6, d7]: [int16x8_t; 8]) -> [int16x8_t; 8] {
    let (s0, s1, s2, s3) = (sum(d0, d7), sum(d1, d6), sum(d2, d5), sum(d3, d4));
    let (t4, t5) = (difference(d3, d4), difference(d2, d5));
    let (t6, t7) = (difference(d1, d6), difference(d0, d7));

    let (t10, t13) = (sum(s0, s3), difference(s0, s3));
    let (t11, t12) = (sum(s1, s2), difference(s1, s2));
    let (mean, middle) = (sum(t10, t11), difference(t10, t11));
    let (mean, middle) = if SHIFT == FIRST {
        // Samples count from 128 below; only the mean notices.
        let mean = difference(mean, vdupq_n_s16(8 * 128));
        (vshlq_n_s16::<2>(mean), vshlq_n_s16::<2>(middle))
    } else {
        (vrshrq_n_s16::<2>(mean), vrshrq_n_s16::<2>(middle))
    };

    let (z3, z4) = (sum(t4, t6), sum(t5, t7));
    let z_37 = products(z3, z4, factor::Z3_Z4_37);
    let z_15 = products(z3, z4, factor::Z3_Z4_15);
    [
        mean,
        rounded::<SHIFT>(more_products(z_15, t4, t7, factor::T4_T7_1)),
        rounded::<SHIFT>(products(t13, t12, factor::T13_T12_2)),
        rounded::<SHIFT>(more_products(z_37, t5, t6, factor::T5_T6_3)),
        middle,
        rounded::<SHIFT>(more_products(z_15, t5, t6, factor::T5_T6_5)),
        rounded::<SHIFT>(products(t13, t12, factor::T13_T12_6)),
        rounded::<SHIFT>(more_products(z_37, t4, t7, factor::T4_T7_7)),
    ]
}

/// Rows become columns.
#[target_feature(enable = "neon")]
#[inline]
fn transposed([d0, d1, d2, d3, d4, d5, d6, d7]: [int16x8_t; 8]) -> [int16x8_t; 8] {
    let (a0, a1) = twos(d0, d1);
    let (a2, a3) = twos(d2, d3);
    let (a4, a5) = twos(d4, d5);
    let (a6, a7) = twos(d6, d7);
    let (b0, b2) = fours(a0, a2);
    let (b1, b3) = fours(a1, a3);
    let (b4, b6) = fours(a4, a6);
    let (b5, b7) = fours(a5, a7);
    let (c0, c4) = eights(b0, b4);
    let (c1, c5) = eights(b1, b5);
    let (c2, c6) = eights(b2, b6);
    let (c3, c7) = eights(b3, b7);
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

/// Places of two bytes change sides.
#[target_feature(enable = "neon")]
#[inline]
fn twos(a: int16x8_t, b: int16x8_t) -> (int16x8_t, int16x8_t) {
    (vtrn1q_s16(a, b), vtrn2q_s16(a, b))
}

/// Places of four bytes change sides.
#[target_feature(enable = "neon")]
#[inline]
fn fours(a: int16x8_t, b: int16x8_t) -> (int16x8_t, int16x8_t) {
    let (a, b) = (vreinterpretq_s32_s16(a), vreinterpretq_s32_s16(b));
    (
        vreinterpretq_s16_s32(vtrn1q_s32(a, b)),
        vreinterpretq_s16_s32(vtrn2q_s32(a, b)),
    )
}

/// Places of eight bytes change sides.
#[target_feature(enable = "neon")]
#[inline]
fn eights(a: int16x8_t, b: int16x8_t) -> (int16x8_t, int16x8_t) {
    let (a, b) = (vreinterpretq_s64_s16(a), vreinterpretq_s64_s16(b));
    (
        vreinterpretq_s16_s64(vtrn1q_s64(a, b)),
        vreinterpretq_s16_s64(vtrn2q_s64(a, b)),
    )
}

/// One row of coefficients by its divisors.
#[target_feature(enable = "neon")]
#[inline]
fn quantised<const ROW: usize>(row: int16x8_t, quantiser: &Quantiser) -> int16x8_t {
    let sign = vshrq_n_s16::<15>(row);
    let amount = vreinterpretq_u16_s16(amount(row));
    let product = vreinterpretq_s16_u16(upper(amount, load(&quantiser.reciprocal[ROW])));
    let scale = vreinterpretq_s16_u16(load(&quantiser.scale[ROW]));
    let quotient = vqrdmulhq_s16(product, scale);
    difference(veorq_s16(quotient, sign), sign)
}

/// The upper halves of products.
#[target_feature(enable = "neon")]
#[inline]
fn upper(a: uint16x8_t, b: uint16x8_t) -> uint16x8_t {
    let low = vmull_u16(vget_low_u16(a), vget_low_u16(b));
    let high = vmull_high_u16(a, b);
    vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high))
}

/// Puts a block down as the writer wants it.
#[target_feature(enable = "neon")]
#[inline]
fn fill(pair: &mut Pair, which: usize, rows: [int16x8_t; 8]) {
    let _: [(); 8] = each_row!(ROW => {
        store(&mut pair.coefficients[ROW].as_chunks_mut().0[which], rows[ROW]);
    });
    let packed = uint8x16x4_t(
        packed(rows[0], rows[1]),
        packed(rows[2], rows[3]),
        packed(rows[4], rows[5]),
        packed(rows[6], rows[7]),
    );
    let [first, second, third, fourth] = *ZIGZAG.as_chunks().0 else {
        return;
    };
    let first = vqtbl4q_u8(packed, load_16(&first));
    let second = vqtbl4q_u8(packed, load_16(&second));
    let third = vqtbl4q_u8(packed, load_16(&third));
    let fourth = vqtbl4q_u8(packed, load_16(&fourth));
    if let [a, b, c, d] = pair.zigzag[which].as_chunks_mut().0 {
        store_bytes(a, first);
        store_bytes(b, second);
        store_bytes(c, third);
        store_bytes(d, fourth);
    }
    let low = vpaddq_u8(nonzero(first), nonzero(second));
    let high = vpaddq_u8(nonzero(third), nonzero(fourth));
    let all = vpaddq_u8(low, high);
    let all = vpaddq_u8(all, all);
    pair.nonzero[which] = vgetq_lane_u64::<0>(vreinterpretq_u64_u8(all));
}

/// Two rows as bytes that stop at the limits.
#[target_feature(enable = "neon")]
#[inline]
fn packed(a: int16x8_t, b: int16x8_t) -> uint8x16_t {
    vreinterpretq_u8_s8(vqmovn_high_s16(vqmovn_s16(a), b))
}

/// Of each byte that is not zero one bit: of eight beside each other the lowest to the highest.
#[target_feature(enable = "neon")]
#[inline]
fn nonzero(bytes: uint8x16_t) -> uint8x16_t {
    let bits = vreinterpretq_u8_u64(vdupq_n_u64(0x8040_2010_0804_0201));
    vandq_u8(vtstq_u8(bytes, bytes), bits)
}

#[target_feature(enable = "neon")]
#[inline]
fn load_16(row: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the reference is to 16 bytes; this load needs no alignment.
    unsafe { vld1q_u8(row.as_ptr()) }
}

#[target_feature(enable = "neon")]
#[inline]
fn load_8(row: &[u8; 8]) -> uint8x8_t {
    // SAFETY: the reference is to 8 bytes; this load needs no alignment.
    unsafe { vld1_u8(row.as_ptr()) }
}

/// Half a row of a quantiser's table; both are alike.
#[target_feature(enable = "neon")]
#[inline]
fn load(row: &[u16; 16]) -> uint16x8_t {
    // SAFETY: the reference is to 16 values, of which this load takes 8.
    unsafe { vld1q_u16(row.as_ptr()) }
}

#[target_feature(enable = "neon")]
#[inline]
fn store(to: &mut [i16; 8], row: int16x8_t) {
    // SAFETY: the reference is to 8 values and to nothing else.
    unsafe { vst1q_s16(to.as_mut_ptr(), row) }
}

#[target_feature(enable = "neon")]
#[inline]
fn store_bytes(to: &mut [u8; 16], bytes: uint8x16_t) {
    // SAFETY: the reference is to 16 bytes and to nothing else.
    unsafe { vst1q_u8(to.as_mut_ptr(), bytes) }
}
