//! SSE 4.1: one block after the other.

use std::arch::x86_64::{
    __m128i as Vector, _mm_abs_epi16 as amount, _mm_add_epi16 as sum, _mm_add_epi32 as sum_32,
    _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtepu8_epi16, _mm_loadl_epi64, _mm_loadu_si128,
    _mm_madd_epi16 as products, _mm_min_epu16 as smaller, _mm_movemask_epi8,
    _mm_mulhi_epu16 as upper, _mm_mulhrs_epi16 as rounded_upper, _mm_mullo_epi16 as product,
    _mm_or_si128 as either, _mm_packs_epi16, _mm_packs_epi32 as narrowed,
    _mm_set1_epi16 as filled_16, _mm_set1_epi32 as filled_32, _mm_setzero_si128,
    _mm_shuffle_epi8 as shuffled, _mm_sign_epi16 as with_sign_of, _mm_slli_epi16 as raised,
    _mm_srai_epi16 as shifted, _mm_srai_epi32 as shifted_32, _mm_srli_epi16 as lowered,
    _mm_storeu_si128, _mm_sub_epi16 as difference, _mm_subs_epu16 as difference_or_0,
    _mm_unpackhi_epi16 as high_16, _mm_unpackhi_epi32 as high_32, _mm_unpackhi_epi64 as high_64,
    _mm_unpacklo_epi16 as low_16, _mm_unpacklo_epi32 as low_32, _mm_unpacklo_epi64 as low_64,
};

use super::factor::{self, FIRST, SECOND};
use super::x86::ORDER;
use crate::bits::BitWriter;
use crate::blocks::{Blocks, Expansion, Pair, Samples};
use crate::quantiser::Quantiser;
use crate::scan::{Job, scan_with};

transform!("sse4.1");
in_order!("sse4.1");

#[target_feature(enable = "sse4.1")]
pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, |blocks, pair, writer| {
        two_blocks(blocks, pair, writer);
    });
}

#[target_feature(enable = "sse4.1")]
fn two_blocks(blocks: &Blocks<'_>, pair: &mut Pair, writer: &mut BitWriter<'_>) {
    for which in 0..blocks.real {
        fill(
            pair,
            which & 1,
            transformed(samples(blocks.samples, which), blocks),
        );
    }
    writer.two_blocks(pair, blocks);
}

/// Puts a block down as the writer wants it.
#[target_feature(enable = "sse4.1")]
#[inline]
fn fill(pair: &mut Pair, which: usize, rows: [Vector; 8]) {
    let _: [(); 8] = each_row!(ROW => {
        store(&mut pair.coefficients[ROW].as_chunks_mut().0[which], rows[ROW]);
    });
    let packed = [
        _mm_packs_epi16(rows[0], rows[1]),
        _mm_packs_epi16(rows[2], rows[3]),
        _mm_packs_epi16(rows[4], rows[5]),
        _mm_packs_epi16(rows[6], rows[7]),
    ];
    let (first, second) = (in_order::<0>(packed), in_order::<1>(packed));
    let (third, fourth) = (in_order::<2>(packed), in_order::<3>(packed));
    if let [a, b, c, d] = pair.zigzag[which].as_chunks_mut().0 {
        store_bytes(a, first);
        store_bytes(b, second);
        store_bytes(c, third);
        store_bytes(d, fourth);
    }
    let (low, high) = (
        zeros(first) | zeros(second) << 16,
        zeros(third) | zeros(fourth) << 16,
    );
    pair.nonzero[which] = !(u64::from(high) << 32 | u64::from(low));
}

/// Which of sixteen bytes are zero.
#[target_feature(enable = "sse4.1")]
#[inline]
fn zeros(bytes: Vector) -> u32 {
    _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128())).cast_unsigned()
}

/// Rows of samples of one of two blocks, in 16 bits.
#[target_feature(enable = "sse4.1")]
#[inline]
fn samples(samples: Samples<'_>, which: usize) -> [Vector; 8] {
    match samples {
        Samples::Beside(rows) => each_row!(ROW => {
            let blocks = rows.row(ROW).as_chunks::<8>().0;
            _mm_cvtepu8_epi16(load_8(&blocks[which & 1]))
        }),
        Samples::InTurn(rows) if which == 0 => {
            let first = filled_16(0xff);
            each_row!(ROW => _mm_and_si128(load_16(rows.row(ROW)), first))
        }
        Samples::InTurn(rows) => each_row!(ROW => lowered::<8>(load_16(rows.row(ROW)))),
        Samples::Apart(first, second) => {
            let rows = if which == 0 { first } else { second };
            each_row!(ROW => _mm_cvtepu8_epi16(load_8(rows.row(ROW))))
        }
    }
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn load_16(row: &[u8; 16]) -> Vector {
    // SAFETY: the reference is to 16 bytes; this load needs no alignment.
    unsafe { _mm_loadu_si128(row.as_ptr().cast()) }
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn load_8(row: &[u8; 8]) -> Vector {
    // SAFETY: the reference is to 8 bytes; this load takes 8 and needs no alignment.
    unsafe { _mm_loadl_epi64(row.as_ptr().cast()) }
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn load_order(order: &[u8; 32]) -> Vector {
    // SAFETY: the reference is to 32 bytes, of which this load takes 16; it needs no alignment.
    unsafe { _mm_loadu_si128(order.as_ptr().cast()) }
}

/// Half a row of a quantiser's table; both are alike.
#[target_feature(enable = "sse4.1")]
#[inline]
fn load(row: &[u16; 16]) -> Vector {
    // SAFETY: the reference is to 16 values of 16 bits, of which this load takes 8; it needs no alignment.
    unsafe { _mm_loadu_si128(row.as_ptr().cast()) }
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn store(to: &mut [i16; 8], row: Vector) {
    // SAFETY: the reference is to 8 values of 16 bits and to nothing else; this store needs no alignment.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), row) }
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn store_bytes(to: &mut [u8; 16], bytes: Vector) {
    // SAFETY: the reference is to 16 bytes and to nothing else; this store needs no alignment.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), bytes) }
}
