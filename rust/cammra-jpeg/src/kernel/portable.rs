//! The reference: no instruction set in particular. Loops go over lanes that lie beside each other, of both blocks, which
//! compilers turn into whatever vectors there are.

use super::factor::{self, FIRST, SECOND};
use crate::bits::BitWriter;
use crate::blocks::{Blocks, Expansion, Pair, Samples};
use crate::quantiser::{Quantiser, ZIGZAG};
use crate::scan::{Job, scan_with};

/// A row of two blocks, one behind the other.
type Row = [i16; 16];

/// Rows of two blocks. No step of the transform leaves 16 bits: wrapping arithmetic only spares the checks.
type TwoBlocks = [Row; 8];

pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, two_blocks);
}

fn two_blocks(blocks: &Blocks<'_>, pair: &mut Pair, writer: &mut BitWriter<'_>) {
    let mut rows = samples(blocks.samples);
    if let Some(expansion) = blocks.expansion {
        for sample in rows.as_flattened_mut() {
            *sample = expanded(*sample, expansion);
        }
    }
    let mut turned = [[0; 16]; 8];
    one_pass::<FIRST>(&transposed(&rows), &mut turned);
    one_pass::<SECOND>(&transposed(&turned), &mut rows);
    quantise(&mut rows, blocks.quantiser);
    fill(pair, &rows);
    writer.two_blocks(pair, blocks);
}

/// The samples of two blocks. As bytes first: so whole rows are copied at once, and made wider one behind the other.
fn samples(samples: Samples<'_>) -> TwoBlocks {
    let mut bytes = [[0; 16]; 8];
    for (number, row) in bytes.iter_mut().enumerate() {
        match samples {
            Samples::Beside(rows) => *row = *rows.row(number),
            Samples::InTurn(rows) => {
                let both = rows.row(number);
                for lane in 0..8 {
                    row[lane] = both[2 * lane];
                    row[8 + lane] = both[2 * lane + 1];
                }
            }
            Samples::Apart(first, second) => {
                if let [to_first, to_second] = row.as_chunks_mut().0 {
                    (*to_first, *to_second) = (*first.row(number), *second.row(number));
                }
            }
        }
    }
    let mut blocks = [[0; 16]; 8];
    let wider = blocks.as_flattened_mut().iter_mut();
    for (to, &sample) in wider.zip(bytes.as_flattened()) {
        *to = i16::from(sample);
    }
    blocks
}

/// From video range to full range. Unsigned, so that it fits.
fn expanded(sample: i16, expansion: Expansion) -> i16 {
    let level = sample
        .cast_unsigned()
        .saturating_sub(Expansion::BLACK.into());
    let level = level.min(expansion.top.into());
    let scaled = level.wrapping_mul(expansion.factor);
    (scaled.wrapping_add(expansion.offset) >> 8).cast_signed()
}

/// Rows become columns, in each block.
#[inline(always)]
fn transposed(blocks: &TwoBlocks) -> TwoBlocks {
    let mut turned = [[0; 16]; 8];
    for (row, from) in blocks.iter().enumerate() {
        for (column, to) in turned.iter_mut().enumerate() {
            to[row] = from[column];
            to[8 + row] = from[8 + column];
        }
    }
    turned
}

/// Loeffler, Ligtenberg and Moschytz, with the arithmetic of libjpeg's `jfdctint.c`. From one array into another, and a
/// call: so the compiler sees that no lane needs what another one wrote, and takes several at once.
#[inline(never)]
fn one_pass<const SHIFT: i32>(from: &TwoBlocks, to: &mut TwoBlocks) {
    for lane in 0..16 {
        let at = |row: usize| from[row][lane];
        let sum = |a: i16, b: i16| a.wrapping_add(b);
        let difference = |a: i16, b: i16| a.wrapping_sub(b);
        let (s0, t7) = (sum(at(0), at(7)), difference(at(0), at(7)));
        let (s1, t6) = (sum(at(1), at(6)), difference(at(1), at(6)));
        let (s2, t5) = (sum(at(2), at(5)), difference(at(2), at(5)));
        let (s3, t4) = (sum(at(3), at(4)), difference(at(3), at(4)));

        let (t10, t13) = (sum(s0, s3), difference(s0, s3));
        let (t11, t12) = (sum(s1, s2), difference(s1, s2));
        let (mean, middle) = (sum(t10, t11), difference(t10, t11));
        if SHIFT == FIRST {
            // Samples count from 128 below; only the mean notices.
            to[0][lane] = difference(mean, 8 * 128) << 2;
            to[4][lane] = middle << 2;
        } else {
            to[0][lane] = sum(mean, 2) >> 2;
            to[4][lane] = sum(middle, 2) >> 2;
        }
        to[2][lane] = rounded::<SHIFT>(products(t13, t12, factor::T13_T12_2));
        to[6][lane] = rounded::<SHIFT>(products(t13, t12, factor::T13_T12_6));

        let (z3, z4) = (sum(t4, t6), sum(t5, t7));
        let z_15 = products(z3, z4, factor::Z3_Z4_15);
        let z_37 = products(z3, z4, factor::Z3_Z4_37);
        let odd = |a, b, by, z: i32| rounded::<SHIFT>(products(a, b, by).wrapping_add(z));
        to[1][lane] = odd(t4, t7, factor::T4_T7_1, z_15);
        to[3][lane] = odd(t5, t6, factor::T5_T6_3, z_37);
        to[5][lane] = odd(t5, t6, factor::T5_T6_5, z_15);
        to[7][lane] = odd(t4, t7, factor::T4_T7_7, z_37);
    }
}

/// a and b by their factors.
#[inline(always)]
fn products(a: i16, b: i16, factors: (i16, i16)) -> i32 {
    let a = i32::from(a).wrapping_mul(i32::from(factors.0));
    a.wrapping_add(i32::from(b).wrapping_mul(i32::from(factors.1)))
}

/// Rounds to the nearest multiple of 2^SHIFT and drops its zeros.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "see `TwoBlocks`")]
const fn rounded<const SHIFT: i32>(value: i32) -> i16 {
    (value.wrapping_add(1 << (SHIFT - 1)) >> SHIFT) as i16
}

fn quantise(blocks: &mut TwoBlocks, quantiser: &Quantiser) {
    let reciprocals = quantiser.reciprocal.as_flattened();
    let divisions = reciprocals.iter().zip(quantiser.scale.as_flattened());
    for (value, (&reciprocal, &scale)) in blocks.as_flattened_mut().iter_mut().zip(divisions) {
        let sign = *value >> 15;
        let product = upper(value.unsigned_abs(), reciprocal);
        // Twice this product, its upper half rounded, without more than 16 bits: so eight are multiplied at a time.
        let doubled = scale << 1;
        let rest = product.wrapping_mul(doubled) >> 15;
        let quotient = upper(product, doubled).wrapping_add(rest).cast_signed();
        *value = (quotient ^ sign).wrapping_sub(sign);
    }
}

/// The upper half of a product.
#[inline(always)]
const fn upper(a: u16, b: u16) -> u16 {
    ((a as u32).wrapping_mul(b as u32) >> 16) as u16
}

/// Puts two blocks down as the writer wants them.
fn fill(pair: &mut Pair, blocks: &TwoBlocks) {
    pair.coefficients = *blocks;
    let mut bytes = [0_u8; 128];
    for (to, &value) in bytes.iter_mut().zip(blocks.as_flattened()) {
        *to = saturated(value);
    }
    let zigzags = pair.zigzag.iter_mut().zip(&mut pair.nonzero);
    for ((zigzag, nonzero), order) in zigzags.zip(&ORDER) {
        for (to, &place) in zigzag.iter_mut().zip(order) {
            *to = bytes[usize::from(place & 127)];
        }
        let mut gathered = [0; 8];
        for (to, eight) in gathered.iter_mut().zip(zigzag.as_chunks::<8>().0) {
            *to = nonzero_of(u64::from_le_bytes(*eight));
        }
        *nonzero = u64::from_le_bytes(gathered);
    }
}

/// Where each block's coefficients lie among the rows of both, in zigzag order.
static ORDER: [[u8; 64]; 2] = {
    let mut order = [[0; 64]; 2];
    let mut at = 0;
    while at < 64 {
        let (row, column) = (ZIGZAG[at] >> 3, ZIGZAG[at] & 7);
        order[0][at] = 16 * row + column;
        order[1][at] = 16 * row + 8 + column;
        at += 1;
    }
    order
};

#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
fn saturated(value: i16) -> u8 {
    (value.clamp(-128, 127) as i8).cast_unsigned()
}

/// Which of eight bytes are not zero, the lowest one first.
fn nonzero_of(bytes: u64) -> u8 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // A byte's highest bit, where it is not zero; then all eight beside each other in the highest byte.
    let highest = ((bytes & LOW_BITS).wrapping_add(LOW_BITS) | bytes) & !LOW_BITS;
    let [.., gathered] = (highest >> 7)
        .wrapping_mul(0x0102_0408_1020_4080)
        .to_le_bytes();
    gathered
}
