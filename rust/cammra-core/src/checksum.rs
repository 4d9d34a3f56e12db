//! The checksum of what lies on disk.

/// CRC-32 of ISO 3309, as zlib and PNG have it, going on from `start` (0 at the beginning).
#[must_use]
pub fn crc32(content: &[u8], start: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(content);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_one_of_the_standard() {
        assert_eq!(crc32(b"123456789", 0), 0xcbf4_3926);
        assert_eq!(crc32(b"", 7), 7);
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let content: Vec<u8> = (0..1000_u32).map(|i| i.to_le_bytes()[0]).collect();
        let (before, after) = content.split_at(333);
        assert_eq!(crc32(after, crc32(before, 0)), crc32(&content, 0));
    }
}
