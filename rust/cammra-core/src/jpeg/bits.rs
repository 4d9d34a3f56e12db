//! The bits of an entropy-coded segment: removes the stuffing, walks through the codes, copies bits, and stuffs again.

use super::huffman::{TO_THE_END, Table, WINDOW_BITS};

/// Walks through the blocks of one interval, whose bytes come with each call.
#[derive(Default)]
pub(super) struct BitReader {
    /// The next bits, left-aligned; at least `valid` of them are real.
    bits: u64,
    valid: u32,
    /// The byte that comes into `bits` next.
    next: usize,
}

impl BitReader {
    /// Bits read so far.
    pub(super) fn position(&self) -> usize {
        self.next * 8 - self.valid as usize
    }

    /// Fetches at least 32 bits, or all that are left; zeros follow them, which [`Self::take`] notices.
    #[inline]
    fn refill(&mut self, bytes: &[u8]) {
        if let Some(eight) = bytes.get(self.next..).and_then(<[u8]>::first_chunk::<8>) {
            // As many whole bytes as fit.
            let room = (64 - self.valid) / 8;
            self.bits |= u64::from_be_bytes(*eight) >> self.valid;
            self.next += room as usize;
            self.valid += room * 8;
            // A byte that fits in part comes again with the next refill, and sets the same bits.
        } else {
            while self.valid <= 56
                && let Some(&byte) = bytes.get(self.next)
            {
                self.bits |= u64::from(byte) << (56 - self.valid);
                self.next += 1;
                self.valid += 8;
            }
        }
    }

    /// The next 16 bits.
    fn peek16(&self) -> u32 {
        high_bits(self.bits, 16)
    }

    #[inline]
    fn take(&mut self, count: u32) -> Option<()> {
        self.valid = self.valid.checked_sub(count)?;
        self.bits <<= count;
        Some(())
    }

    /// The DC difference of the next block.
    #[inline]
    pub(super) fn dc(&mut self, table: &Table, bytes: &[u8]) -> Option<i32> {
        if self.valid < 32 {
            self.refill(bytes);
        }
        let step = *table
            .single
            .get(high_bits(self.bits, WINDOW_BITS) as usize)?;
        let (size, length) = if step.bits() == 0 {
            let (size, length) = table.look_up(self.peek16())?;
            (u32::from(size), length)
        } else {
            (step.coefficients(), step.bits())
        };
        self.take(length)?;
        if size == 0 {
            return Some(0);
        }
        if size > 15 {
            return None;
        }
        let value = i32::try_from(high_bits(self.bits, size)).ok()?;
        self.take(size)?;
        // T.81 F.2.2.1, EXTEND: a leading 0 means negative.
        Some(if value >> (size - 1) == 0 {
            value - (1 << size) + 1
        } else {
            value
        })
    }

    /// Skips the AC coefficients of the next block.
    #[inline]
    pub(super) fn skip_ac(&mut self, table: &Table, bytes: &[u8]) -> Option<()> {
        let mut coefficient = 1;
        loop {
            if self.valid < 32 {
                self.refill(bytes);
            }
            let window = high_bits(self.bits, WINDOW_BITS) as usize;
            let mut step = *table.double.get(window)?;
            if coefficient + step.coefficients() >= 64 {
                // The second of the two may belong to the next block.
                step = *table.single.get(window)?;
            }
            if step.bits() == 0 {
                step = table.step(self.peek16())?;
            }
            self.take(step.bits())?;
            if step.coefficients() == TO_THE_END {
                return Some(());
            }
            coefficient += step.coefficients();
            if coefficient >= 64 {
                // Beyond the last coefficient: damage.
                return (coefficient == 64).then_some(());
            }
        }
    }
}

#[inline]
fn high_bits(bits: u64, count: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "1 to 16 bits are left")]
    let high = (bits >> (64 - count)) as u32;
    high
}

/// Writes bits with `FF 00` for `FF`.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    bits: u64,
    /// Bits in `bits`, right-aligned; below 32 between calls.
    waiting: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            bits: 0,
            waiting: 0,
        }
    }

    /// At most 32 bits.
    #[inline]
    fn put(&mut self, bits: u32, count: u32) {
        self.bits = (self.bits << count) | u64::from(bits);
        self.waiting += count;
        if self.waiting >= 32 {
            self.waiting -= 32;
            let four = low_word(self.bits >> self.waiting).to_be_bytes();
            if four.contains(&0xFF) {
                for byte in four {
                    self.out.push(byte);
                    if byte == 0xFF {
                        self.out.push(0);
                    }
                }
            } else {
                self.out.extend_from_slice(&four);
            }
        }
    }

    /// A DC difference; `None` where the table has no code for its size.
    pub(super) fn dc(&mut self, table: &Table, difference: i32) -> Option<()> {
        let magnitude = difference.unsigned_abs();
        let size = u32::BITS - magnitude.leading_zeros();
        if size > 15 {
            return None;
        }
        let (code, length) = table.code_of(u8::try_from(size).ok()?)?;
        self.put(code, length);
        if size > 0 {
            let value = if difference < 0 {
                difference - 1
            } else {
                difference
            };
            self.put(value.cast_unsigned() & ((1 << size) - 1), size);
        }
        Some(())
    }

    /// Bits `from..to` of some bytes.
    pub(super) fn copy(&mut self, bytes: &[u8], from: usize, to: usize) -> Option<()> {
        let mut at = from;
        while at < to {
            let count = (to - at).min(32);
            let start = at / 8;
            // Eight bytes hold 32 bits that begin anywhere in the first; beyond the end come zeros.
            let word = match bytes.get(start..).and_then(<[u8]>::first_chunk::<8>) {
                Some(eight) => u64::from_be_bytes(*eight),
                None => short_word(bytes.get(start..)?),
            };
            let shifted = word << (at % 8);
            self.put(
                high_word(shifted) >> (32 - count),
                u32::try_from(count).ok()?,
            );
            at += count;
        }
        Some(())
    }

    /// Fills the last byte with ones and ends the image.
    pub(super) fn finish(mut self) {
        let missing = (8 - self.waiting % 8) % 8;
        self.put((1 << missing) - 1, missing);
        while self.waiting > 0 {
            self.waiting -= 8;
            let byte = low_word(self.bits >> self.waiting).to_be_bytes()[3];
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
        self.out.extend_from_slice(&[0xFF, 0xD9]);
    }
}

fn short_word(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    for (to, from) in eight.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_be_bytes(eight)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
const fn low_word(bits: u64) -> u32 {
    bits as u32
}

const fn high_word(bits: u64) -> u32 {
    low_word(bits >> 32)
}

/// Reads the `number`th restart interval, without its stuffing, into `bytes`, or passes over it. Returns where the next
/// one begins; `None` where the markers are out of order.
pub(super) fn next_interval(
    scan: &[u8],
    number: u64,
    bytes: Option<&mut Vec<u8>>,
) -> Option<usize> {
    let mut unstuffed = bytes;
    if let Some(bytes) = unstuffed.as_mut() {
        bytes.clear();
    }
    let mut copied_to = 0;
    for at in memchr::memchr_iter(0xFF, scan) {
        let marker = *scan.get(at + 1)?;
        if let Some(bytes) = unstuffed.as_mut() {
            // `FF 00` stands for `FF`; a marker or a fill byte ends the data before it.
            let end = if marker == 0 { at + 1 } else { at };
            bytes.extend_from_slice(scan.get(copied_to..end)?);
        }
        copied_to = at + 2;
        match marker {
            0 => {}
            0xD0..=0xD7 => {
                return (u64::from(marker - 0xD0) == number % 8).then_some(copied_to);
            }
            0xD9 => return Some(scan.len()),
            _ => return None,
        }
    }
    None
}
