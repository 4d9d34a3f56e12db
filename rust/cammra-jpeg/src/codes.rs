//! The standard Huffman tables (ITU-T T.81 annex K.3), turned when compiling into what the writer looks up.

/// A table as a file's header has it: how many codes there are of each length from 1 to 16, and what they stand for.
pub(crate) struct Specification {
    pub(crate) lengths: [u8; 16],
    pub(crate) symbols: &'static [u8],
}

/// Up to 24 bits for the file, above the lowest byte, which holds how many there are.
pub(crate) type Code = u32;

/// Says that there is no such code; more bits than there is ever room for, so that one look tells either.
pub(crate) const NO_CODE: i8 = 127;

/// How many places there are for whole codes of a coefficient.
pub(crate) const AC_CODES: usize = 256 << STEP_BITS;
/// Bits of how far a coefficient is from the one before, in a place among [`AC_CODES`].
pub(crate) const STEP_BITS: u32 = 6;

/// Codes of one kind of component.
pub(crate) struct Codes {
    /// Whole codes of small DC differences, from -256 on.
    pub(crate) dc: [Code; 512],
    /// DC: codes of sizes.
    pub(crate) dc_sizes: [Code; 16],
    /// Bits of whole codes of a coefficient of -126 to 126 (its lowest byte, above [`STEP_BITS`]), at most 16 places behind
    /// the one before it (the lowest bits). Coefficients at a byte's limits are missing, since they may be larger ones that
    /// were cut off there.
    pub(crate) ac_bits: [u32; AC_CODES],
    /// How many bits each of them has; [`NO_CODE`] for what is missing.
    pub(crate) ac_lengths: [i8; AC_CODES],
    /// AC: codes of a run (upper 4 bits) and a size (lower 4 bits).
    pub(crate) ac_sizes: [Code; 256],
}

/// Symbol of a block's end.
pub(crate) const END_OF_BLOCK: usize = 0x00;
/// Symbol of sixteen zeros.
pub(crate) const SIXTEEN_ZEROS: usize = 0xf0;

pub(crate) const DC_LUMA: Specification = Specification {
    lengths: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

pub(crate) const DC_CHROMA: Specification = Specification {
    lengths: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

#[rustfmt::skip]
pub(crate) const AC_LUMA: Specification = Specification {
    lengths: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    symbols: &[
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
        0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
        0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
        0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
        0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
        0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
        0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
        0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
        0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
};

#[rustfmt::skip]
pub(crate) const AC_CHROMA: Specification = Specification {
    lengths: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
    symbols: &[
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
        0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
        0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
        0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
        0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
        0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
        0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
        0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
        0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
};

pub(crate) static LUMA: Codes = Codes::of(&DC_LUMA, &AC_LUMA);
pub(crate) static CHROMA: Codes = Codes::of(&DC_CHROMA, &AC_CHROMA);

#[expect(
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "evaluated when compiling, where an index out of range is an error, and on no stack"
)]
impl Codes {
    const fn of(dc: &Specification, ac: &Specification) -> Self {
        let dc_symbols = by_symbol(dc);
        let ac_sizes = by_symbol(ac);
        let mut codes = Self {
            dc: [0; 512],
            dc_sizes: [0; 16],
            ac_bits: [0; AC_CODES],
            ac_lengths: [NO_CODE; AC_CODES],
            ac_sizes,
        };
        let mut size = 0;
        while size < 16 {
            codes.dc_sizes[size] = dc_symbols[size];
            size += 1;
        }
        let mut at = 0;
        while at < 512 {
            let value = at as i32 - 256;
            codes.dc[at] = with_value(dc_symbols[size_of(value) as usize], value);
            at += 1;
        }
        let mut at = 0;
        while at < AC_CODES {
            let (value, step) = ((at >> STEP_BITS) as u8 as i8 as i32, at % (1 << STEP_BITS));
            if value != 0 && value.abs() < 127 && 0 < step && step <= 16 {
                let symbol = (step - 1) << 4 | size_of(value) as usize;
                let code = with_value(ac_sizes[symbol], value);
                codes.ac_bits[at] = code >> 8;
                codes.ac_lengths[at] = code as i8;
            }
            at += 1;
        }
        codes
    }
}

/// Codes of a table in order of symbols (T.81 annex C).
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when compiling, where an index out of range is an error"
)]
const fn by_symbol(table: &Specification) -> [Code; 256] {
    let mut codes = [0; 256];
    let (mut next, mut at, mut length) = (0, 0, 1_u32);
    while length <= 16 {
        let mut left = table.lengths[length as usize - 1];
        while left > 0 {
            codes[table.symbols[at] as usize] = next << 8 | length;
            next += 1;
            at += 1;
            left -= 1;
        }
        next <<= 1;
        length += 1;
    }
    codes
}

/// Bits that a value takes behind the code of its size.
pub(crate) const fn size_of(value: i32) -> u32 {
    u32::BITS - value.unsigned_abs().leading_zeros()
}

/// The bits of a value behind the code of its size: one below zero as the complement of its amount.
pub(crate) const fn value_bits(value: i32) -> u32 {
    (value - (value < 0) as i32).cast_unsigned() & ((1 << size_of(value)) - 1)
}

/// The code of a value's size with the value behind it, together at most 24 bits.
const fn with_value(size_code: Code, value: i32) -> Code {
    let size = size_of(value);
    ((size_code >> 8) << size | value_bits(value)) << 8 | ((size_code & 255) + size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_that_the_standard_lists() {
        // T.81 tables K.3 to K.6, some of each.
        let listed = |code: Code, length: u32, bits: u32| {
            assert_eq!((code & 255, code >> 8), (length, bits));
        };
        listed(LUMA.dc_sizes[0], 2, 0b00);
        listed(LUMA.dc_sizes[11], 9, 0b1_1111_1110);
        listed(CHROMA.dc_sizes[11], 11, 0b111_1111_1110);
        listed(LUMA.ac_sizes[END_OF_BLOCK], 4, 0b1010);
        listed(LUMA.ac_sizes[SIXTEEN_ZEROS], 11, 0b111_1111_1001);
        listed(LUMA.ac_sizes[0xfa], 16, 0b1111_1111_1111_1110);
        listed(CHROMA.ac_sizes[END_OF_BLOCK], 2, 0b00);
        listed(CHROMA.ac_sizes[SIXTEEN_ZEROS], 10, 0b11_1111_1010);
    }

    #[test]
    fn a_value_stands_behind_the_code_of_its_size() {
        assert_eq!(LUMA.dc[256 - 5], with_value(LUMA.dc_sizes[3], -5));
        assert_eq!(LUMA.dc[256 - 5] >> 8, 0b100_010);
        let one = with_value(LUMA.ac_sizes[0x21], -1);
        let at = 0xff << STEP_BITS | 3;
        assert_eq!(
            LUMA.ac_bits[at] << 8 | u32::from(LUMA.ac_lengths[at].unsigned_abs()),
            one
        );
        for (value, step) in [(0, 1), (0x7f, 1), (0x80, 1), (0x81, 1), (1, 0), (1, 17)] {
            assert_eq!(LUMA.ac_lengths[value << STEP_BITS | step], NO_CODE);
        }
    }
}
