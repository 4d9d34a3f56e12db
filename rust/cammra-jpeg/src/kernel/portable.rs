//! The reference: no instruction set in particular. Eight lanes are written as arrays, which compilers turn into whatever
//! vectors there are.

use super::{Blocks, Expansion, Pair, Samples, factor};
use crate::quantiser::{DoubledRows, Quantiser, ZIGZAG};
use crate::scan::{Job, scan_with};

/// Eight values beside each other. No step of the transform leaves 16 bits: wrapping arithmetic only spares the checks.
type Lanes = [i16; 8];

pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, pair);
}

fn pair(blocks: &Blocks<'_>, out: &mut Pair) {
    for which in 0..2 {
        let mut rows = [[0; 8]; 8];
        for (number, row) in rows.iter_mut().enumerate() {
            *row = samples(blocks.samples, which, number).map(|sample| match blocks.expansion {
                Some(expansion) => expanded(sample, expansion),
                None => i16::from(sample),
            });
        }
        let block = second_pass(transposed(first_pass(transposed(rows))));
        store(block, blocks.quantiser, which, out);
    }
}

/// One row of one of the two blocks.
fn samples(samples: Samples<'_>, which: usize, number: usize) -> [u8; 8] {
    let mut taken = [0; 8];
    match samples {
        Samples::Beside(rows) => {
            let (blocks, _) = rows.row(number).as_chunks::<8>();
            taken = blocks.get(which).copied().unwrap_or(taken);
        }
        Samples::InTurn(rows) => {
            let (sites, _) = rows.row(number).as_chunks::<2>();
            for (to, site) in taken.iter_mut().zip(sites) {
                *to = site[which & 1];
            }
        }
        Samples::Apart(first, second) => {
            taken = *if which == 0 { first } else { second }.row(number);
        }
    }
    taken
}

fn expanded(sample: u8, expansion: Expansion) -> i16 {
    let level = u16::from(sample.saturating_sub(Expansion::BLACK).min(expansion.top));
    let scaled = level
        .wrapping_mul(expansion.factor)
        .wrapping_add(expansion.offset);
    // At most 255.
    (scaled >> 8).cast_signed()
}

fn transposed(rows: [Lanes; 8]) -> [Lanes; 8] {
    let mut columns = [[0; 8]; 8];
    for (number, row) in rows.iter().enumerate() {
        for (column, &value) in columns.iter_mut().zip(row) {
            if let Some(slot) = column.get_mut(number) {
                *slot = value;
            }
        }
    }
    columns
}

/// Lane by lane.
#[inline(always)]
fn each<const N: usize>(inputs: [Lanes; N], what: impl Fn([i16; N]) -> i16) -> Lanes {
    let mut result = [0; 8];
    for (lane, slot) in result.iter_mut().enumerate() {
        *slot = what(inputs.map(|input| input.get(lane).copied().unwrap_or(0)));
    }
    result
}

fn sum(a: Lanes, b: Lanes) -> Lanes {
    each([a, b], |[a, b]| a.wrapping_add(b))
}

fn difference(a: Lanes, b: Lanes) -> Lanes {
    each([a, b], |[a, b]| a.wrapping_sub(b))
}

/// a and b by their factors.
#[inline(always)]
fn products(a: i16, b: i16, factors: (i16, i16)) -> i32 {
    let (a, b) = (
        i32::from(a).wrapping_mul(i32::from(factors.0)),
        i32::from(b).wrapping_mul(i32::from(factors.1)),
    );
    a.wrapping_add(b)
}

/// Rounds to the nearest multiple of 2^SHIFT and drops the zeros; the result has 16 bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "see `Lanes`")]
const fn rounded<const SHIFT: u32>(value: i32) -> i16 {
    (value.wrapping_add(1 << (SHIFT - 1)) >> SHIFT) as i16
}

/// Along rows: samples in, coefficients out, 4 times too large so that the second pass has something to round.
fn first_pass(columns: [Lanes; 8]) -> [Lanes; 8] {
    // Samples count from 128 below; only the mean notices.
    let mean = |sum: i16| sum.wrapping_sub(8 * 128) << 2;
    one_pass::<11>(columns, mean, |difference| difference << 2)
}

/// Along columns; what comes out is 8 times too large, which the quantiser knows.
fn second_pass(rows: [Lanes; 8]) -> [Lanes; 8] {
    let quarter = |value: i16| value.wrapping_add(2) >> 2;
    one_pass::<15>(rows, quarter, quarter)
}

/// Loeffler, Ligtenberg and Moschytz, with the arithmetic of libjpeg's `jfdctint.c`; `SHIFT` bits are rounded away.
#[inline(always)]
fn one_pass<const SHIFT: u32>(
    [d0, d1, d2, d3, d4, d5, d6, d7]: [Lanes; 8],
    mean: impl Fn(i16) -> i16,
    middle: impl Fn(i16) -> i16,
) -> [Lanes; 8] {
    let (s0, s1, s2, s3) = (sum(d0, d7), sum(d1, d6), sum(d2, d5), sum(d3, d4));
    let (t4, t5) = (difference(d3, d4), difference(d2, d5));
    let (t6, t7) = (difference(d1, d6), difference(d0, d7));

    let (t10, t13) = (sum(s0, s3), difference(s0, s3));
    let (t11, t12) = (sum(s1, s2), difference(s1, s2));
    let even = |by| {
        each([t13, t12], |[a, b]| {
            rounded::<SHIFT>(products(a, b, by))
        })
    };

    let (z3, z4) = (sum(t4, t6), sum(t5, t7));
    let odd = |a: Lanes, b: Lanes, by, by_z| {
        each([a, b, z3, z4], |[a, b, z3, z4]| {
            rounded::<SHIFT>(products(a, b, by).wrapping_add(products(z3, z4, by_z)))
        })
    };
    [
        each([t10, t11], |[a, b]| mean(a.wrapping_add(b))),
        odd(t4, t7, factor::T4_T7_1, factor::Z3_Z4_15),
        even(factor::T13_T12_2),
        odd(t5, t6, factor::T5_T6_3, factor::Z3_Z4_37),
        each([t10, t11], |[a, b]| middle(a.wrapping_sub(b))),
        odd(t5, t6, factor::T5_T6_5, factor::Z3_Z4_15),
        even(factor::T13_T12_6),
        odd(t4, t7, factor::T4_T7_7, factor::Z3_Z4_37),
    ]
}

/// Quantises a block and puts it down as the writer wants it.
fn store(block: [Lanes; 8], quantiser: &Quantiser, which: usize, out: &mut Pair) {
    let mut natural = [0_u8; 64];
    let rows = block.iter().zip(natural.as_chunks_mut::<8>().0);
    for (number, (row, bytes)) in rows.enumerate() {
        let quantised = quantised(*row, quantiser, number);
        for (byte, value) in bytes.iter_mut().zip(quantised) {
            *byte = (value.clamp(-128, 127) as i8).cast_unsigned();
        }
        let both = out.coefficients.get_mut(number);
        let slot = both.and_then(|both| both.as_chunks_mut::<8>().0.get_mut(which));
        if let Some(slot) = slot {
            *slot = quantised;
        }
    }
    let mut nonzero = 0;
    let Some(zigzag) = out.zigzag.get_mut(which) else {
        return;
    };
    for ((number, to), &place) in zigzag.iter_mut().enumerate().zip(&ZIGZAG) {
        *to = natural.get(usize::from(place)).copied().unwrap_or(0);
        nonzero |= u64::from(*to != 0) << number;
    }
    if let Some(slot) = out.nonzero.get_mut(which) {
        *slot = nonzero;
    }
}

fn quantised(row: Lanes, quantiser: &Quantiser, number: usize) -> Lanes {
    let of = |table: &DoubledRows| {
        let row = table.get(number).copied().unwrap_or([0; 16]);
        let [low, _] = *row.as_chunks::<8>().0 else {
            return [0; 8];
        };
        low
    };
    let (corrections, reciprocals, scales) = (
        of(&quantiser.correction),
        of(&quantiser.reciprocal),
        of(&quantiser.scale),
    );
    let mut result = [0; 8];
    for (lane, (slot, value)) in result.iter_mut().zip(row).enumerate() {
        let at = |table: [u16; 8]| table.get(lane).copied().unwrap_or(0);
        let amount = value.unsigned_abs().wrapping_add(at(corrections));
        let quotient = upper(upper(amount, at(reciprocals)), at(scales)).cast_signed();
        *slot = if value < 0 {
            quotient.wrapping_neg()
        } else {
            quotient
        };
    }
    result
}

/// The upper half of a product.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "shifted down by a half")]
fn upper(a: u16, b: u16) -> u16 {
    (u32::from(a).wrapping_mul(u32::from(b)) >> 16) as u16
}
