//! AVX2: both blocks in one register, one in each half.

use std::arch::x86_64::{
    __m128i, __m256i as Vector, _mm_loadl_epi64, _mm_loadu_si128, _mm_unpacklo_epi64,
    _mm256_abs_epi16 as amount, _mm256_add_epi16 as sum, _mm256_add_epi32 as sum_32,
    _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cvtepu8_epi16, _mm256_loadu_si256,
    _mm256_madd_epi16 as products, _mm256_min_epu16 as smaller, _mm256_movemask_epi8,
    _mm256_mulhi_epu16 as upper, _mm256_mulhrs_epi16 as rounded_upper,
    _mm256_mullo_epi16 as product, _mm256_or_si256 as either, _mm256_packs_epi16,
    _mm256_packs_epi32 as narrowed, _mm256_permute2x128_si256, _mm256_set1_epi16 as filled_16,
    _mm256_set1_epi32 as filled_32, _mm256_setr_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8 as shuffled, _mm256_sign_epi16 as with_sign_of,
    _mm256_slli_epi16 as raised, _mm256_srai_epi16 as shifted, _mm256_srai_epi32 as shifted_32,
    _mm256_srli_epi16 as lowered, _mm256_storeu_si256, _mm256_sub_epi16 as difference,
    _mm256_subs_epu16 as difference_or_0, _mm256_unpackhi_epi16 as high_16,
    _mm256_unpackhi_epi32 as high_32, _mm256_unpackhi_epi64 as high_64,
    _mm256_unpacklo_epi16 as low_16, _mm256_unpacklo_epi32 as low_32,
    _mm256_unpacklo_epi64 as low_64,
};

use super::factor::{self, FIRST, SECOND};
use super::x86::ORDER;
use crate::bits::BitWriter;
use crate::blocks::{Blocks, Expansion, Pair, Samples};
use crate::quantiser::Quantiser;
use crate::scan::{Job, scan_with};

transform!("avx2,bmi1,bmi2,lzcnt");
in_order!("avx2,bmi1,bmi2,lzcnt");

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
pub(super) fn scan(job: &Job<'_>, out: &mut Vec<u8>) {
    scan_with(job, out, |blocks, pair, writer| {
        two_blocks(blocks, pair, writer);
    });
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn two_blocks(blocks: &Blocks<'_>, pair: &mut Pair, writer: &mut BitWriter<'_>) {
    fill(pair, transformed(samples(blocks.samples), blocks));
    writer.two_blocks(pair, blocks);
}

/// Puts two blocks down as the writer wants them.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn fill(pair: &mut Pair, rows: [Vector; 8]) {
    let _: [(); 8] = each_row!(ROW => store(&mut pair.coefficients[ROW], rows[ROW]));
    let packed = [
        _mm256_packs_epi16(rows[0], rows[1]),
        _mm256_packs_epi16(rows[2], rows[3]),
        _mm256_packs_epi16(rows[4], rows[5]),
        _mm256_packs_epi16(rows[6], rows[7]),
    ];
    let (first, second) = (in_order::<0>(packed), in_order::<1>(packed));
    let (third, fourth) = (in_order::<2>(packed), in_order::<3>(packed));
    pair.nonzero = [
        stored(
            &mut pair.zigzag[0],
            _mm256_permute2x128_si256::<0x20>(first, second),
            _mm256_permute2x128_si256::<0x20>(third, fourth),
        ),
        stored(
            &mut pair.zigzag[1],
            _mm256_permute2x128_si256::<0x31>(first, second),
            _mm256_permute2x128_si256::<0x31>(third, fourth),
        ),
    ];
}

/// Stores the two halves of a block, and tells which bytes are not zero.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn stored(to: &mut [u8; 64], low: Vector, high: Vector) -> u64 {
    if let [first, second] = to.as_chunks_mut().0 {
        store_bytes(first, low);
        store_bytes(second, high);
    }
    !(u64::from(zeros(high)) << 32 | u64::from(zeros(low)))
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
fn samples(samples: Samples<'_>) -> [Vector; 8] {
    match samples {
        Samples::Beside(rows) => each_row!(ROW => _mm256_cvtepu8_epi16(load_16(rows.row(ROW)))),
        Samples::InTurn(rows) => {
            #[rustfmt::skip]
            let apart = _mm256_setr_epi8(
                0, -1, 2, -1, 4, -1, 6, -1, 8, -1, 10, -1, 12, -1, 14, -1,
                1, -1, 3, -1, 5, -1, 7, -1, 9, -1, 11, -1, 13, -1, 15, -1,
            );
            each_row!(ROW => {
                let both = _mm256_broadcastsi128_si256(load_16(rows.row(ROW)));
                shuffled(both, apart)
            })
        }
        Samples::Apart(first, second) => each_row!(ROW => {
            let (first, second) = (load_8(first.row(ROW)), load_8(second.row(ROW)));
            _mm256_cvtepu8_epi16(_mm_unpacklo_epi64(first, second))
        }),
    }
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
fn load(row: &[u16; 16]) -> Vector {
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
