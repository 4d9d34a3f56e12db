//! Bits into bytes: coefficients of a block through the Huffman tables, eight bytes at a time.

use crate::codes::{Code, Codes, END_OF_BLOCK, SIXTEEN_ZEROS, size_of, value_bits};
use crate::kernel::Pair;

/// Collects bits, the first one highest.
///
/// Only what is rare is a call, and none takes the writer itself: so its bits stay in registers for a whole scan.
pub(crate) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u64,
    /// How many bits more `pending` takes.
    free: i32,
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            pending: 0,
            free: 64,
        }
    }

    /// Appends a code.
    #[inline(always)]
    fn put(&mut self, code: Code) {
        self.put_bits(u64::from(code >> 8), code & 255);
    }

    /// Appends up to 63 bits.
    #[inline(always)]
    fn put_bits(&mut self, bits: u64, length: u32) {
        let length = length.cast_signed();
        let free = self.free.wrapping_sub(length);
        if free < 0 {
            let over = free.wrapping_neg().cast_unsigned();
            let fits = free.wrapping_add(length).cast_unsigned();
            let word = self.pending.wrapping_shl(fits) | bits.wrapping_shr(over);
            append(self.out, word);
            self.pending = bits;
            self.free = free.wrapping_add(64);
        } else {
            self.pending = self.pending.wrapping_shl(length.cast_unsigned()) | bits;
            self.free = free;
        }
    }

    /// Writes one of the two blocks; `before` is the DC of the component's block before it.
    #[inline(always)]
    pub(crate) fn block(&mut self, pair: &Pair, which: usize, before: &mut i16, codes: &Codes) {
        let (Some(bytes), Some(&nonzero), Some(&dc)) = (
            pair.zigzag.get(which),
            pair.nonzero.get(which),
            pair.coefficients[0].get(8 * which),
        ) else {
            return;
        };
        self.dc(i32::from(dc).wrapping_sub(i32::from(*before)), codes);
        *before = dc;
        let mut left = nonzero & !1;
        let mut next = 1_u32;
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            let run = at.wrapping_sub(next);
            next = at.wrapping_add(1);
            let byte = u32::from(bytes.get(at as usize).copied().unwrap_or(0));
            match codes.ac.get((run << 8 | byte) as usize) {
                Some(&code) if code != 0 => self.put(code),
                _ => self.rare(pair.coefficient(which, at as usize), run, codes),
            }
        }
        if next != 64 {
            self.put(codes.ac_sizes[END_OF_BLOCK]);
        }
    }

    /// A block that stands only for what the picture lacks to whole units of 16 pixels: the DC of the one before.
    pub(crate) fn dummy(&mut self, codes: &Codes) {
        self.put(codes.dc_sizes[0]);
        self.put(codes.ac_sizes[END_OF_BLOCK]);
    }

    #[inline(always)]
    fn dc(&mut self, difference: i32, codes: &Codes) {
        let small = codes.dc.get(difference.wrapping_add(256).cast_unsigned() as usize);
        match small {
            Some(&code) => self.put(code),
            None => {
                let code = codes.dc_sizes.get(size_of(difference) as usize);
                self.put_value(code.copied().unwrap_or(0), difference);
            }
        }
    }

    /// A long run of zeros or a large coefficient.
    #[inline(always)]
    fn rare(&mut self, value: i16, mut run: u32, codes: &Codes) {
        while run > 15 {
            self.put(codes.ac_sizes[SIXTEEN_ZEROS]);
            run -= 16;
        }
        let value = i32::from(value);
        let code = codes.ac_sizes.get((run << 4 | size_of(value)) as usize);
        self.put_value(code.copied().unwrap_or(0), value);
    }

    /// Appends a value behind the code of its size: with up to 16 and 10 bits too long for one [`Code`].
    #[inline(always)]
    fn put_value(&mut self, size_code: Code, value: i32) {
        let size = size_of(value);
        let bits = u64::from(size_code >> 8) << size | u64::from(value_bits(value));
        self.put_bits(bits, (size_code & 255) + size);
    }

    /// Fills the last byte with ones, as the standard has it, and ends the file.
    pub(crate) fn finish(self) {
        let used = 64_i32.wrapping_sub(self.free).cast_unsigned();
        let aligned = self.pending.unbounded_shl(64 - used) | u64::MAX.unbounded_shr(used);
        for byte in aligned.to_be_bytes().iter().take(used.div_ceil(8) as usize) {
            stuffed(self.out, *byte);
        }
        self.out.extend_from_slice(&[0xff, 0xd9]);
    }
}

/// Appends eight bytes.
#[inline(always)]
fn append(out: &mut Vec<u8>, word: u64) {
    // A byte of ones carries when one is added; others may then be suspected wrongly, which costs time only.
    let ones = word & 0x8080_8080_8080_8080 & !word.wrapping_add(0x0101_0101_0101_0101);
    if ones == 0 {
        out.extend_from_slice(&word.to_be_bytes());
    } else {
        append_stuffed(out, word);
    }
}

#[cold]
#[inline(never)]
fn append_stuffed(out: &mut Vec<u8>, word: u64) {
    for byte in word.to_be_bytes() {
        stuffed(out, byte);
    }
}

/// Appends one byte, and behind one that could begin a marker a zero.
fn stuffed(out: &mut Vec<u8>, byte: u8) {
    out.push(byte);
    if byte == 0xff {
        out.push(0);
    }
}
