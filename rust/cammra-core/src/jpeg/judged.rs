//! What became of a frame that was judged ([`verdict`](super::verdict)).

use std::sync::Arc;

use crate::error::FrameError;

/// What became of a frame: sound as it came (`None`), or mended.
pub(super) type Outcome = Result<Option<Arc<[u8]>>, FrameError>;

/// The last frame that a thread has judged, known by its length and checksum: images of one frame are mostly made one
/// after another.
pub(super) struct Judged {
    pub(super) bytes: usize,
    pub(super) checksum: u32,
    pub(super) outcome: Outcome,
}

impl Judged {
    /// Bytes that it keeps.
    pub(super) fn held_bytes(&self) -> usize {
        match &self.outcome {
            Ok(Some(mended)) => mended.len(),
            _ => 0,
        }
    }
}
