//! What stands before the scan: byte for byte libjpeg-turbo's header of a baseline file with 4:2:0 chroma.

use crate::codes::{AC_CHROMA, AC_LUMA, DC_CHROMA, DC_LUMA, Specification};
use crate::quantiser::{Divisors, ZIGZAG};

/// A header of a quality, with room for the size.
pub(crate) struct Header {
    bytes: Vec<u8>,
    size_at: usize,
}

impl Header {
    pub(crate) fn new(divisors: &Divisors) -> Self {
        let mut bytes = vec![0xff, 0xd8];
        // JFIF 1.1, square pixels, no thumbnail.
        segment(&mut bytes, 0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        for (number, table) in [(0, &divisors.luma), (1, &divisors.chroma)] {
            let mut contents = vec![number];
            contents.extend(
                ZIGZAG
                    .iter()
                    .filter_map(|&place| table.get(usize::from(place))),
            );
            segment(&mut bytes, 0xdb, &contents);
        }
        let size_at = bytes.len() + 5;
        // 8 bits, height, width, and three components: number, sampling factors, quantisation table.
        let frame = [8, 0, 0, 0, 0, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        segment(&mut bytes, 0xc0, &frame);
        for (class_and_number, table) in [
            (0x00, &DC_LUMA),
            (0x10, &AC_LUMA),
            (0x01, &DC_CHROMA),
            (0x11, &AC_CHROMA),
        ] {
            huffman_segment(&mut bytes, class_and_number, table);
        }
        // Three components with their Huffman tables; the whole spectrum in one scan.
        segment(&mut bytes, 0xda, &[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]);
        Self { bytes, size_at }
    }

    /// Appends the header of a picture.
    pub(crate) fn write(&self, (width, height): (u32, u32), out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        // Both are below 2^16.
        let size = (height << 16 | width).to_be_bytes();
        if let Some(slot) = out.get_mut(start + self.size_at..start + self.size_at + size.len()) {
            slot.copy_from_slice(&size);
        }
    }
}

fn huffman_segment(bytes: &mut Vec<u8>, class_and_number: u8, table: &Specification) {
    let mut contents = vec![class_and_number];
    contents.extend_from_slice(&table.lengths);
    contents.extend_from_slice(table.symbols);
    segment(bytes, 0xc4, &contents);
}

fn segment(bytes: &mut Vec<u8>, marker: u8, contents: &[u8]) {
    // The longest holds an AC table, 179 bytes.
    let length = u16::try_from(contents.len() + 2).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&[0xff, marker]);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(contents);
}
