//! The reference: no instruction set in particular. Loops go over eight lanes that lie beside each other, which compilers
//! turn into whatever vectors there are.

use std::array::from_fn;

use super::factor::{self, FIRST, SECOND};
use crate::bits::BitWriter;
use crate::blocks::{Blocks, Expansion, Pair, Samples};
use crate::quantiser::{Quantiser, ZIGZAG};
use crate::scan::{Job, scan_with};

/// A row of a block.
type Row = [i16; 8];

/// Rows of a block. No step of the transform leaves 16 bits: wrapping arithmetic only spares the checks.
type Block = [Row; 8];

pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, two_blocks);
}

fn two_blocks(blocks: &Blocks<'_>, pair: &mut Pair, writer: &mut BitWriter<'_>) {
    for which in 0..blocks.real {
        let mut block = samples(blocks.samples, which);
        if let Some(expansion) = blocks.expansion {
            for sample in block.as_flattened_mut() {
                *sample = expanded(*sample, expansion);
            }
        }
        let mut turned = [[0; 8]; 8];
        one_pass::<FIRST>(&transposed(&block), &mut turned);
        one_pass::<SECOND>(&transposed(&turned), &mut block);
        quantise(&mut block, blocks.quantiser);
        fill(pair, which & 1, &block);
    }
    writer.two_blocks(pair, blocks);
}

/// The samples of one of two blocks.
fn samples(samples: Samples<'_>, which: usize) -> Block {
    let mut block = [[0; 8]; 8];
    for (number, row) in block.iter_mut().enumerate() {
        match samples {
            Samples::Beside(rows) => {
                let blocks = rows.row(number).as_chunks::<8>().0;
                *row = blocks[which & 1].map(i16::from);
            }
            Samples::InTurn(rows) => {
                for (to, site) in row.iter_mut().zip(rows.row(number).as_chunks::<2>().0) {
                    *to = i16::from(site[which & 1]);
                }
            }
            Samples::Apart(first, second) => {
                let rows = if which == 0 { first } else { second };
                *row = rows.row(number).map(i16::from);
            }
        }
    }
    block
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

/// Rows become columns.
fn transposed(block: &Block) -> Block {
    from_fn(|column| from_fn(|row| block[row][column]))
}

/// Loeffler, Ligtenberg and Moschytz, with the arithmetic of libjpeg's `jfdctint.c`. From one block into another, and a
/// call: so the compiler sees that no lane needs what another one wrote, and takes several at once.
#[inline(never)]
fn one_pass<const SHIFT: i32>(from: &Block, to: &mut Block) {
    for lane in 0..8 {
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
#[expect(clippy::cast_possible_truncation, reason = "see `Block`")]
const fn rounded<const SHIFT: i32>(value: i32) -> i16 {
    (value.wrapping_add(1 << (SHIFT - 1)) >> SHIFT) as i16
}

fn quantise(block: &mut Block, quantiser: &Quantiser) {
    for (number, row) in block.iter_mut().enumerate() {
        for (lane, value) in row.iter_mut().enumerate() {
            let product = upper(value.unsigned_abs(), quantiser.reciprocal[number][lane]);
            let quotient = rounded_upper(product, quantiser.scale[number][lane]);
            let sign = *value >> 15;
            *value = (quotient ^ sign).wrapping_sub(sign);
        }
    }
}

/// The upper half of a product.
#[inline(always)]
const fn upper(a: u16, b: u16) -> u16 {
    ((a as u32).wrapping_mul(b as u32) >> 16) as u16
}

/// Twice a product, its upper half rounded; both factors have 15 bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "shifted down by a half")]
const fn rounded_upper(a: u16, b: u16) -> i16 {
    let product = (a.cast_signed() as i32).wrapping_mul(b.cast_signed() as i32);
    (product.wrapping_add(1 << 14) >> 15) as i16
}

/// Puts a block down as the writer wants it.
fn fill(pair: &mut Pair, which: usize, block: &Block) {
    let mut bytes = [0_u8; 64];
    for (number, row) in block.iter().enumerate() {
        pair.coefficients[number].as_chunks_mut().0[which] = *row;
        bytes.as_chunks_mut::<8>().0[number] = row.map(saturated);
    }
    let zigzag = &mut pair.zigzag[which];
    for (to, &place) in zigzag.iter_mut().zip(&ZIGZAG) {
        *to = bytes[usize::from(place & 63)];
    }
    let mut nonzero = [0; 8];
    for (to, eight) in nonzero.iter_mut().zip(zigzag.as_chunks::<8>().0) {
        *to = nonzero_of(u64::from_le_bytes(*eight));
    }
    pair.nonzero[which] = u64::from_le_bytes(nonzero);
}

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
