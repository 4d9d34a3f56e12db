//! The checksum of any range of some bytes, in a time that does not depend on its length.

use std::ops::Range;

use crc32fast::Hasher;

use crate::checksum::crc32;

const BLOCK: usize = 1 << 10;

/// The checksums of all beginnings of some bytes, a block apart.
pub(super) struct Checksums<'a> {
    content: &'a [u8],
    /// That of the first i blocks is at i.
    beginnings: Vec<u32>,
}

impl<'a> Checksums<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        let (blocks, _) = content.as_chunks::<BLOCK>();
        let mut crc = 0;
        let ends = blocks.iter().map(|block| {
            crc = crc32(block, crc);
            crc
        });
        Self {
            content,
            beginnings: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The CRC-32 of that range, going on from `seed`.
    pub(super) fn of(&self, range: Range<usize>, seed: u32) -> u32 {
        let (first, last) = (range.start.div_ceil(BLOCK), range.end / BLOCK);
        let content = |range| self.content.get(range).unwrap_or_default();
        let beginning = |block| self.beginnings.get(block).copied().unwrap_or_default();
        if first >= last {
            return crc32(content(range), seed);
        }
        let before = crc32(content(range.start..first * BLOCK), seed);
        let length = (last - first) * BLOCK;
        let inside = behind(beginning(first), length) ^ beginning(last);
        crc32(
            content(last * BLOCK..range.end),
            behind(before, length) ^ inside,
        )
    }
}

/// What a checksum adds to that of `length` bytes behind it.
fn behind(crc: u32, length: usize) -> u32 {
    let mut hasher = Hasher::new_with_initial(crc);
    hasher.combine(&Hasher::new_with_initial_len(0, length as u64));
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_the_checksum_of_its_bytes() {
        let content: Vec<u8> = (0..10_000_u32).map(|i| (i * i).to_le_bytes()[1]).collect();
        let checksums = Checksums::new(&content);
        let edges = [
            0, 1, 1023, 1024, 1025, 2048, 3000, 4096, 9215, 9216, 9999, 10_000,
        ];
        for (start, end) in edges
            .iter()
            .flat_map(|start| edges.map(|end| (*start, end)))
        {
            if start <= end {
                let want = crc32(&content[start..end], 77);
                assert_eq!(checksums.of(start..end, 77), want, "{start}..{end}");
            }
        }
    }
}
