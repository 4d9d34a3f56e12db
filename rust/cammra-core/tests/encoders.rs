//! Every kernel of our own encoder that this processor has writes libjpeg-turbo's bytes, and so does the core with either
//! encoder, for pictures of any size, place, quality and content.

#![expect(
    clippy::unwrap_used,
    reason = "a test's own; what is allowed there by itself is so only in functions that are tests"
)]

use cammra_core::frame::{FrameView, Plane, YuvRange};
use cammra_core::geometry::{RawBox, Size};
use cammra_core::jpeg::{Coder, Encoding, ImageKind, Subsampling, image_from_frame};
use cammra_jpeg::{Chroma, Encoder, Kernel, Range};

#[path = "../../cammra-jpeg/tests/pictures/mod.rs"]
mod pictures;

fn frame<'a>(case: &pictures::Case<'a>) -> FrameView<'a> {
    let plane = |plane: cammra_jpeg::Plane<'a>| Plane {
        data: plane.data,
        stride: plane.stride,
    };
    let size = Size {
        width: case.frame_size.0,
        height: case.frame_size.1,
    };
    let range = match case.range {
        Range::Full => YuvRange::Full,
        Range::Video => YuvRange::Video,
    };
    let luma = plane(case.luma);
    match case.chroma {
        Chroma::Interleaved(uv) => FrameView::nv12(luma, plane(uv), size, range),
        Chroma::Apart(u, v) => FrameView::i420(luma, plane(u), plane(v), size, range),
    }
    .unwrap()
}

fn by(coder: Coder, case: &pictures::Case<'_>) -> Vec<u8> {
    let rect = RawBox {
        x: case.at.0.into(),
        y: case.at.1.into(),
        width: case.size.0.into(),
        height: case.size.1.into(),
    };
    let encoding = Encoding {
        quality: Some(case.quality),
        subsampling: Subsampling::Quarter,
        max_bytes: None,
        fit: None,
        coder,
    };
    let kind = ImageKind::VehicleCrop;
    image_from_frame(&frame(case), kind, Some(rect), &encoding, |jpeg| {
        jpeg.bytes.to_vec()
    })
    .unwrap()
}

#[test]
fn who_encodes_does_not_show() {
    let mut encoders: Vec<_> = Kernel::ALL
        .into_iter()
        .filter_map(|kernel| Some((kernel, Encoder::with_kernel(kernel)?)))
        .collect();
    let mut out = Vec::new();
    pictures::each(2, |case| {
        let want = by(Coder::LibjpegTurbo, case);
        assert!(by(Coder::Fastest, case) == want, "{}", case.name());
        for (kernel, encoder) in &mut encoders {
            out.clear();
            encoder
                .encode(&case.picture(), case.quality, &mut out)
                .unwrap();
            assert!(out == want, "{kernel:?}: {}", case.name());
        }
    });
}
