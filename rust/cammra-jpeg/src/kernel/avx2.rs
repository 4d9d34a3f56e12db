//! AVX2: both blocks in one register, one in each half.

use std::arch::x86_64::{
    __m128i, __m256i as Vector, _mm_loadl_epi64, _mm_loadu_si128, _mm_min_epu8, _mm_set1_epi8,
    _mm_setr_epi8, _mm_shuffle_epi8, _mm_subs_epu8, _mm_unpacklo_epi64,
    _mm256_abs_epi16 as amount, _mm256_add_epi16 as sum, _mm256_add_epi32 as sum_32,
    _mm256_cmpeq_epi8, _mm256_cvtepu8_epi16, _mm256_loadu_si256, _mm256_madd_epi16 as products,
    _mm256_movemask_epi8, _mm256_mulhi_epu16 as upper, _mm256_mullo_epi16,
    _mm256_or_si256 as either, _mm256_packs_epi16, _mm256_packs_epi32 as narrowed,
    _mm256_permute2x128_si256, _mm256_set1_epi16 as filled_16, _mm256_set1_epi32 as filled_32,
    _mm256_setzero_si256, _mm256_shuffle_epi8 as shuffled, _mm256_sign_epi16 as with_sign_of,
    _mm256_slli_epi16 as raised, _mm256_srai_epi16 as shifted, _mm256_srai_epi32 as shifted_32,
    _mm256_srli_epi16, _mm256_storeu_si256, _mm256_sub_epi16 as difference,
    _mm256_unpackhi_epi16 as high_16, _mm256_unpackhi_epi32 as high_32,
    _mm256_unpackhi_epi64 as high_64, _mm256_unpacklo_epi16 as low_16,
    _mm256_unpacklo_epi32 as low_32, _mm256_unpacklo_epi64 as low_64,
};

use super::x86::{FIRST, ORDER, SECOND, in_order, transform};
use super::{Blocks, Expansion, Pair, Samples, factor};
use crate::quantiser::{DoubledRows, Quantiser};
use crate::scan::{Job, scan_with};

transform!("avx2,bmi1,bmi2,lzcnt");
in_order!("avx2,bmi1,bmi2,lzcnt");

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, |blocks, pair| transform_pair(blocks, pair));
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn transform_pair(blocks: &Blocks<'_>, out: &mut Pair) {
    let mut rows = transformed(samples(blocks));
    for (number, (row, slot)) in rows.iter_mut().zip(&mut out.coefficients).enumerate() {
        *row = quantised(*row, blocks.quantiser, number);
        store(slot, *row);
    }
    let [d0, d1, d2, d3, d4, d5, d6, d7] = rows;
    let packed = [
        _mm256_packs_epi16(d0, d1),
        _mm256_packs_epi16(d2, d3),
        _mm256_packs_epi16(d4, d5),
        _mm256_packs_epi16(d6, d7),
    ];
    let parts = [
        in_order::<0>(packed),
        in_order::<1>(packed),
        in_order::<2>(packed),
        in_order::<3>(packed),
    ];
    let halves = [
        [
            _mm256_permute2x128_si256::<0x20>(parts[0], parts[1]),
            _mm256_permute2x128_si256::<0x20>(parts[2], parts[3]),
        ],
        [
            _mm256_permute2x128_si256::<0x31>(parts[0], parts[1]),
            _mm256_permute2x128_si256::<0x31>(parts[2], parts[3]),
        ],
    ];
    let outputs = out.zigzag.iter_mut().zip(&mut out.nonzero);
    for ([low, high], (bytes, nonzero)) in halves.into_iter().zip(outputs) {
        for (slot, half) in bytes.as_chunks_mut().0.iter_mut().zip([low, high]) {
            store_bytes(slot, half);
        }
        *nonzero = !(u64::from(zeros(high)) << 32 | u64::from(zeros(low)));
    }
}

/// Which bytes are zero.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn zeros(bytes: Vector) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())).cast_unsigned()
}

/// Rows of samples in 16 bits: the first block in the lower half.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn samples(blocks: &Blocks<'_>) -> [Vector; 8] {
    let mut bytes = [_mm_set1_epi8(0); 8];
    match blocks.samples {
        Samples::Beside(rows) => {
            for (number, slot) in bytes.iter_mut().enumerate() {
                *slot = load_16(rows.row(number));
            }
        }
        Samples::InTurn(rows) => {
            let apart = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
            for (number, slot) in bytes.iter_mut().enumerate() {
                *slot = _mm_shuffle_epi8(load_16(rows.row(number)), apart);
            }
        }
        Samples::Apart(first, second) => {
            for (number, slot) in bytes.iter_mut().enumerate() {
                *slot = _mm_unpacklo_epi64(load_8(first.row(number)), load_8(second.row(number)));
            }
        }
    }
    let mut rows = [_mm256_setzero_si256(); 8];
    if let Some(expansion) = blocks.expansion {
        for (row, bytes) in rows.iter_mut().zip(bytes) {
            *row = expanded(bytes, expansion);
        }
    } else {
        for (row, bytes) in rows.iter_mut().zip(bytes) {
            *row = _mm256_cvtepu8_epi16(bytes);
        }
    }
    rows
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn expanded(bytes: __m128i, expansion: Expansion) -> Vector {
    let black = _mm_set1_epi8(Expansion::BLACK.cast_signed());
    let top = _mm_set1_epi8(expansion.top.cast_signed());
    let level = _mm_min_epu8(_mm_subs_epu8(bytes, black), top);
    let factor = filled_16(expansion.factor.cast_signed());
    let offset = filled_16(expansion.offset.cast_signed());
    _mm256_srli_epi16::<8>(sum(
        _mm256_mullo_epi16(_mm256_cvtepu8_epi16(level), factor),
        offset,
    ))
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn load_16(row: &[u8; 16]) -> __m128i {
    // SAFETY: the reference is to 16 bytes; this load needs no alignment.
    unsafe { _mm_loadu_si128(row.as_ptr().cast()) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn load_8(row: &[u8; 8]) -> __m128i {
    // SAFETY: the reference is to 8 bytes; this load takes 8 and needs no alignment.
    unsafe { _mm_loadl_epi64(row.as_ptr().cast()) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn load_order(order: &[u8; 32]) -> Vector {
    // SAFETY: the reference is to 32 bytes; this load needs no alignment.
    unsafe { _mm256_loadu_si256(order.as_ptr().cast()) }
}

/// One row of a quantiser's table.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn load(table: &DoubledRows, number: usize) -> Vector {
    let row = &table[number & 7];
    // SAFETY: the reference is to 16 values of 16 bits; this load needs no alignment.
    unsafe { _mm256_loadu_si256(row.as_ptr().cast()) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn store(to: &mut [i16; 16], row: Vector) {
    // SAFETY: the reference is to 16 values of 16 bits and to nothing else; this store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), row) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn store_bytes(to: &mut [u8; 32], bytes: Vector) {
    // SAFETY: the reference is to 32 bytes and to nothing else; this store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), bytes) }
}
