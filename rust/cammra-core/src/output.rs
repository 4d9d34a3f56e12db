//! Where framed bytes go, piece by piece.

use base64_simd::STANDARD;

/// Takes bytes in order.
pub trait Output {
    /// Takes `piece` next.
    fn put(&mut self, piece: &[u8]);

    /// Takes the base64 of `content` next (RFC 4648, padded), without a copy in between.
    fn put_base64(&mut self, content: &[u8]);
}

impl Output for Vec<u8> {
    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }

    fn put_base64(&mut self, content: &[u8]) {
        STANDARD.encode_append(content, self);
    }
}

/// Counts bytes instead of taking them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Length {
    /// Bytes so far.
    pub bytes: usize,
}

impl Output for Length {
    fn put(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
    }

    fn put_base64(&mut self, content: &[u8]) {
        self.bytes += STANDARD.encoded_length(content.len());
    }
}
