//! Bits into bytes: coefficients of a block through the Huffman tables, eight bytes at a time.

use std::num::NonZeroU64;

use crate::blocks::{Blocks, Component, Pair};
use crate::codes::{
    AC_CODES, Code, Codes, END_OF_BLOCK, NO_CODE, SIXTEEN_ZEROS, STEP_BITS, size_of, value_bits,
};

/// Bits that wait for a full word, the first one highest.
#[derive(Clone, Copy)]
struct Pending {
    bits: u64,
    /// How many more there is room for.
    free: i8,
}

impl Pending {
    const NONE: Self = Self { bits: 0, free: 64 };

    /// With more bits behind it, where there is room: `free` is what is left of it.
    #[inline(always)]
    const fn with(self, bits: u32, length: i8, free: i8) -> Self {
        Self {
            bits: self.bits.wrapping_shl(length.cast_unsigned() as u32) | bits as u64,
            free,
        }
    }
}

/// Appends a code.
#[inline(always)]
fn put(out: &mut Vec<u8>, pending: Pending, code: Code) -> Pending {
    let (bits, length) = (code >> 8, length_of(code));
    let free = pending.free.wrapping_sub(length);
    if free < 0 {
        return put_over(out, pending.bits, free, bits.into(), length);
    }
    pending.with(bits, length, free)
}

/// Appends up to 63 bits, for which -`free` places are missing, and with them a word to the file. A call, because once in
/// ten codes is rare enough, and registers are few where codes are put.
#[cold]
#[inline(never)]
fn put_over(out: &mut Vec<u8>, before: u64, free: i8, bits: u64, length: i8) -> Pending {
    let fit = free.wrapping_add(length).cast_unsigned();
    let word = before.wrapping_shl(fit.into()) | bits.wrapping_shr(free.unsigned_abs().into());
    let pending = Pending {
        bits,
        free: free.wrapping_add(64),
    };
    // A byte of ones carries when one is added; others may then be suspected wrongly, which costs time only.
    let ones = word & 0x8080_8080_8080_8080 & !word.wrapping_add(0x0101_0101_0101_0101);
    if ones != 0 || out.capacity().wrapping_sub(out.len()) < 8 {
        return append_stuffed(out, word, pending);
    }
    out.extend_from_slice(&word.to_be_bytes());
    pending
}

/// Appends a word that may hold bytes of ones; passes on what waits, so that to call it is all that is left to do.
#[cold]
#[inline(never)]
fn append_stuffed(out: &mut Vec<u8>, word: u64, pending: Pending) -> Pending {
    for byte in word.to_be_bytes() {
        stuffed(out, byte);
    }
    pending
}

/// Appends up to 63 bits; what needs so many is rare.
#[cold]
fn put_long(out: &mut Vec<u8>, pending: Pending, (bits, length): (u64, i8)) -> Pending {
    let free = pending.free.wrapping_sub(length);
    if free < 0 {
        return put_over(out, pending.bits, free, bits, length);
    }
    Pending {
        bits: pending.bits.wrapping_shl(length.cast_unsigned().into()) | bits,
        free,
    }
}

/// Writes a scan.
pub(crate) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: Pending,
    /// Each component's DC in the block before.
    before: [i16; 3],
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            pending: Pending::NONE,
            before: [0; 3],
        }
    }

    /// Writes two blocks.
    #[inline(always)]
    pub(crate) fn two_blocks(&mut self, pair: &Pair, blocks: &Blocks<'_>) {
        let [first, second] = blocks.components;
        self.block(pair, 0, first, blocks.codes);
        if blocks.real == 2 {
            self.block(pair, 1, second, blocks.codes);
        } else {
            self.dummy(blocks.codes);
        }
    }

    /// A block that stands only for what the picture lacks to whole units of 16 pixels: the DC of the one before.
    #[cold]
    pub(crate) fn dummy(&mut self, codes: &Codes) {
        for code in [codes.dc_sizes[0], codes.ac_sizes[END_OF_BLOCK]] {
            self.pending = put(self.out, self.pending, code);
        }
    }

    /// What is rare is a call that takes none of the writer: so the pending bits stay in registers.
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        reason = "two blocks, three components, 64 places"
    )]
    fn block(&mut self, pair: &Pair, which: usize, component: Component, codes: &Codes) {
        let (bytes, nonzero) = (&pair.zigzag[which], pair.nonzero[which]);
        let dc = pair.coefficients[0][8 * which];
        let before = &mut self.before[component as usize];
        let difference = i32::from(dc).wrapping_sub(i32::from(*before));
        *before = dc;

        let (out, mut pending) = (&mut *self.out, self.pending);
        let small = difference.wrapping_add(256).cast_unsigned() as usize;
        pending = if let Some(&code) = codes.dc.get(small) {
            put(out, pending, code)
        } else {
            put_long(out, pending, large_dc(difference, codes))
        };
        let mut left = nonzero & !1;
        let mut before = 0;
        while let Some(some) = NonZeroU64::new(left) {
            let at = some.trailing_zeros() as usize;
            let index = (usize::from(bytes[at]) << STEP_BITS).wrapping_sub(before);
            let index = index.wrapping_add(at) & (AC_CODES - 1);
            before = at;
            left &= left.wrapping_sub(1);
            let (bits, length) = (codes.ac_bits[index], codes.ac_lengths[index]);
            let free = pending.free.wrapping_sub(length);
            pending = if free >= 0 {
                pending.with(bits, length, free)
            } else if length == NO_CODE {
                let before = Pending {
                    free: free.wrapping_add(NO_CODE),
                    ..pending
                };
                put_long(out, before, rare_ac(pair, which, at, index, codes))
            } else {
                put_over(out, pending.bits, free, bits.into(), length)
            };
        }
        if nonzero >> 63 == 0 {
            let code = codes.ac_sizes[END_OF_BLOCK];
            pending = put(out, pending, code);
        }
        self.pending = pending;
    }

    /// Fills the last byte with ones, as the standard has it, and ends the file.
    pub(crate) fn finish(self) {
        let Pending { bits, free } = self.pending;
        let free = u32::from(free.unsigned_abs());
        let aligned = bits.unbounded_shl(free) | u64::MAX.unbounded_shr(64 - free);
        let bytes = (64 - free).div_ceil(8);
        for byte in aligned.to_be_bytes().iter().take(bytes as usize) {
            stuffed(self.out, *byte);
        }
        self.out.extend_from_slice(&[0xff, 0xd9]);
    }
}

/// How many bits a code has.
#[inline(always)]
const fn length_of(code: Code) -> i8 {
    code.to_le_bytes()[0].cast_signed()
}

/// A value behind the code of its size: with up to 16 and 10 bits too long for one [`Code`].
fn with_value(size_code: Code, value: i32) -> (u64, i8) {
    let size = size_of(value);
    let bits = u64::from(size_code >> 8) << size | u64::from(value_bits(value));
    // At most 26.
    (bits, length_of((size_code & 255) + size))
}

#[cold]
#[inline(never)]
fn large_dc(difference: i32, codes: &Codes) -> (u64, i8) {
    let code = codes.dc_sizes.get(size_of(difference) as usize);
    with_value(code.copied().unwrap_or(0), difference)
}

/// A long run of zeros or a large coefficient: at most three codes of sixteen zeros, and one of a value, 59 bits.
#[cold]
#[inline(never)]
fn rare_ac(pair: &Pair, which: usize, at: usize, index: usize, codes: &Codes) -> (u64, i8) {
    let value = i32::from(pair.coefficient(which, at));
    let run = (index % (1 << STEP_BITS)).wrapping_sub(1);
    let symbol = (run & 15) << 4 | size_of(value) as usize;
    let (mut bits, mut length) =
        with_value(codes.ac_sizes.get(symbol).copied().unwrap_or(0), value);
    let sixteen = codes.ac_sizes[SIXTEEN_ZEROS];
    for _ in 0..run >> 4 {
        bits |= u64::from(sixteen >> 8).wrapping_shl(length.cast_unsigned().into());
        length += length_of(sixteen);
    }
    (bits, length)
}

/// Appends one byte, and behind one that could begin a marker a zero.
fn stuffed(out: &mut Vec<u8>, byte: u8) {
    out.push(byte);
    if byte == 0xff {
        out.push(0);
    }
}
