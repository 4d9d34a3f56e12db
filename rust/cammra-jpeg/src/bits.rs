//! Bits into bytes: coefficients of a block through the Huffman tables, eight bytes at a time.

use crate::codes::{Code, Codes, END_OF_BLOCK, SIXTEEN_ZEROS, size_of, value_bits};
use crate::kernel::{Blocks, Pair};

/// Bits that wait for a full word, the first one highest.
#[derive(Clone, Copy)]
struct Pending {
    bits: u64,
    /// How many more there is room for.
    free: i8,
}

impl Pending {
    const NONE: Self = Self { bits: 0, free: 64 };

    /// Appends up to 63 bits.
    #[inline(always)]
    fn put(&mut self, out: &mut Vec<u8>, bits: u64, length: u8) {
        self.free = self.free.wrapping_sub(length.cast_signed());
        if self.free < 0 {
            let over = self.free.wrapping_neg().cast_unsigned();
            let fits = u32::from(length.wrapping_sub(over));
            append(
                out,
                self.bits.wrapping_shl(fits) | bits.wrapping_shr(u32::from(over)),
            );
            self.bits = bits;
            self.free = self.free.wrapping_add(64);
        } else {
            self.bits = self.bits.wrapping_shl(u32::from(length)) | bits;
        }
    }

    #[inline(always)]
    fn put_code(&mut self, out: &mut Vec<u8>, code: Code) {
        self.put(out, u64::from(code >> 8), length_of(code));
    }
}

/// Writes a scan.
pub(crate) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: Pending,
    /// Each component's DC in the block before.
    before: [i16; 4],
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            pending: Pending::NONE,
            before: [0; 4],
        }
    }

    /// Writes two blocks.
    #[inline(always)]
    pub(crate) fn two_blocks(&mut self, pair: &Pair, blocks: &Blocks<'_>) {
        for (which, component) in blocks.components.into_iter().enumerate() {
            if which < blocks.real {
                self.block(pair, which, component, blocks.codes);
            } else {
                self.dummy(blocks.codes);
            }
        }
    }

    /// A block that stands only for what the picture lacks to whole units of 16 pixels: the DC of the one before.
    #[cold]
    pub(crate) fn dummy(&mut self, codes: &Codes) {
        self.pending.put_code(self.out, codes.dc_sizes[0]);
        self.pending
            .put_code(self.out, codes.ac_sizes[END_OF_BLOCK]);
    }

    /// What is rare is a call that takes none of the writer: so the pending bits stay in registers.
    #[inline(always)]
    fn block(&mut self, pair: &Pair, which: usize, component: usize, codes: &Codes) {
        let which = which & 1;
        let (bytes, mut left) = (&pair.zigzag[which], pair.nonzero[which]);
        let dc = pair.coefficients[0][8 * which];
        let before = &mut self.before[component & 3];
        let difference = i32::from(dc).wrapping_sub(i32::from(*before));
        *before = dc;

        let out = &mut *self.out;
        let mut pending = self.pending;
        let small = difference.wrapping_add(256).cast_unsigned() as usize;
        match codes.dc.get(small) {
            Some(&code) => pending.put_code(out, code),
            None => {
                let (bits, length) = large_dc(difference, codes);
                pending.put(out, bits, length);
            }
        }
        left >>= 1;
        let mut next = 1;
        while left != 0 {
            let run = left.trailing_zeros() as usize;
            left = left.wrapping_shr(left.trailing_zeros()) >> 1;
            let at = run.wrapping_add(next);
            next = at.wrapping_add(1);
            let index = run << 8 | usize::from(bytes[at & 127]);
            match codes.ac.get(index) {
                Some(&code) if code != 0 => pending.put_code(out, code),
                _ => {
                    let (bits, length) = rare_ac(pair, which, at, run, codes);
                    pending.put(out, bits, length);
                }
            }
        }
        if next != 64 {
            pending.put_code(out, codes.ac_sizes[END_OF_BLOCK]);
        }
        self.pending = pending;
    }

    /// Fills the last byte with ones, as the standard has it, and ends the file.
    pub(crate) fn finish(self) {
        let Pending { bits, free } = self.pending;
        let free = u32::from(free.cast_unsigned());
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
const fn length_of(code: Code) -> u8 {
    code.to_le_bytes()[0]
}

/// A value behind the code of its size: with up to 16 and 10 bits too long for one [`Code`].
fn with_value(size_code: Code, value: i32) -> (u64, u8) {
    let size = size_of(value);
    let bits = u64::from(size_code >> 8) << size | u64::from(value_bits(value));
    // At most 26.
    (bits, length_of((size_code & 255) + size))
}

#[cold]
#[inline(never)]
fn large_dc(difference: i32, codes: &Codes) -> (u64, u8) {
    let code = codes.dc_sizes.get(size_of(difference) as usize);
    with_value(code.copied().unwrap_or(0), difference)
}

/// A long run of zeros or a large coefficient: at most three codes of sixteen zeros, and one of a value, 59 bits.
#[cold]
#[inline(never)]
fn rare_ac(pair: &Pair, which: usize, at: usize, run: usize, codes: &Codes) -> (u64, u8) {
    let value = i32::from(pair.coefficient(which, at));
    let symbol = (run & 15) << 4 | size_of(value) as usize;
    let (mut bits, mut length) =
        with_value(codes.ac_sizes.get(symbol).copied().unwrap_or(0), value);
    let sixteen = codes.ac_sizes[SIXTEEN_ZEROS];
    for _ in 0..run >> 4 {
        bits |= u64::from(sixteen >> 8).unbounded_shl(u32::from(length));
        length += length_of(sixteen);
    }
    (bits, length)
}

/// Appends eight bytes. A call, because once in ten codes is rare enough, and registers are few where codes are put.
#[cold]
#[inline(never)]
fn append(out: &mut Vec<u8>, word: u64) {
    // A byte of ones carries when one is added; others may then be suspected wrongly, which costs time only.
    let ones = word & 0x8080_8080_8080_8080 & !word.wrapping_add(0x0101_0101_0101_0101);
    if ones == 0 {
        out.extend_from_slice(&word.to_be_bytes());
    } else {
        for byte in word.to_be_bytes() {
            stuffed(out, byte);
        }
    }
}

/// Appends one byte, and behind one that could begin a marker a zero.
fn stuffed(out: &mut Vec<u8>, byte: u8) {
    out.push(byte);
    if byte == 0xff {
        out.push(0);
    }
}
