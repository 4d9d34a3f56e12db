//! The encoder of our own (`cammra-jpeg`), and which images take it.
//!
//! Format and size alone decide that an image may take it. It writes libjpeg-turbo's bytes, so that neither this
//! decision nor the machine shows in an image: where a processor has no vector instructions that it knows (armv7 among
//! them) libjpeg-turbo is the faster one, and encodes these, too.
//!
//! Held byte for byte by `tests/encoders.rs` and `tests/native/test_imaging_encoders.py`.

use cammra_jpeg::{self as own, Kernel, Picture, Range};

use super::bands::{Chroma, planar};
use super::encoding::{Coder, Encoding, Subsampling};
use crate::frame::{FrameView, Plane, YuvRange};

/// The shortest side that pays: one whole unit of 4:2:0.
const LEAST_SIDE_PX: u32 = 16;

/// An encoder and its output buffer, of one thread.
pub(super) struct OwnEncoder {
    encoder: own::Encoder,
    encoded: Vec<u8>,
}

impl OwnEncoder {
    /// With the best instructions that this processor has; `None` where libjpeg-turbo has better ones.
    pub(super) fn new() -> Option<Self> {
        (Kernel::best() != Kernel::Portable).then(|| Self {
            encoder: own::Encoder::new(),
            encoded: Vec::new(),
        })
    }

    /// Encodes a picture that it takes, and says whether it did.
    pub(super) fn encode(
        &mut self,
        part: &FrameView<'_>,
        encoding: &Encoding,
        quality: u8,
    ) -> bool {
        let Some(picture) = taken(part, encoding) else {
            return false;
        };
        self.encoded.clear();
        self.encoder
            .encode(&picture, quality, &mut self.encoded)
            .is_ok()
    }

    /// The last JPEG.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Gives back a buffer larger than this.
    pub(super) fn free_above(&mut self, bytes: usize) {
        if self.encoded.capacity() > bytes {
            self.encoded = Vec::new();
        }
    }
}

/// The picture, as the encoder of our own takes it.
fn taken<'a>(part: &FrameView<'a>, encoding: &Encoding) -> Option<Picture<'a>> {
    if encoding.coder == Coder::LibjpegTurbo || encoding.subsampling != Subsampling::Quarter {
        return None;
    }
    let (y, chroma, size, range) = planar(part)?;
    if size.width.min(size.height) < LEAST_SIDE_PX {
        return None;
    }
    let chroma = match chroma {
        Chroma::Interleaved(uv) => own::Chroma::Interleaved(plane(uv)),
        Chroma::Apart(u, v) => own::Chroma::Apart(plane(u), plane(v)),
    };
    let range = match range {
        YuvRange::Video => Range::Video,
        YuvRange::Full => Range::Full,
    };
    Picture::new(plane(y), chroma, (size.width, size.height), range).ok()
}

const fn plane(plane: Plane<'_>) -> own::Plane<'_> {
    own::Plane {
        data: plane.data,
        stride: plane.stride,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn takes(width: u32, height: u32, change: impl Fn(&mut Encoding)) -> bool {
        let samples = [0; 64 * 64];
        let plane = Plane {
            data: &samples,
            stride: 64,
        };
        let mut encoding = Encoding {
            quality: None,
            subsampling: Subsampling::Quarter,
            max_bytes: None,
            fit: None,
            coder: Coder::Fastest,
        };
        change(&mut encoding);
        let size = Size { width, height };
        let nv12 = FrameView::nv12(plane, plane, size, YuvRange::Video).unwrap();
        let i420 = FrameView::i420(plane, plane, plane, size, YuvRange::Full).unwrap();
        let is_taken = taken(&nv12, &encoding).is_some();
        assert_eq!(taken(&i420, &encoding).is_some(), is_taken);
        let gray = FrameView::packed(plane, size, crate::frame::PackedOrder::Gray).unwrap();
        assert!(taken(&gray, &encoding).is_none());
        is_taken
    }

    #[test]
    fn format_size_and_setting_decide_who_encodes() {
        assert!(takes(16, 16, |_| ()) && takes(64, 18, |_| ()));
        assert!(!takes(14, 64, |_| ()) && !takes(64, 14, |_| ()));
        assert!(!takes(64, 64, |how| how.coder = Coder::LibjpegTurbo));
        assert!(!takes(64, 64, |how| how.subsampling = Subsampling::Half));
        assert!(!takes(64, 64, |how| how.subsampling = Subsampling::Full));
    }
}
