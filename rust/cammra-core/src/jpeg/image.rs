//! One image from a frame, whatever its format.

use std::sync::Arc;

use super::codec::with_codec;
use super::encoding::{Encoding, ImageKind, Jpeg, JpegView};
use super::header::Header;
use super::mjpeg;
use super::verdict::Verdict;
use crate::downsize::downsized_in;
use crate::error::ImageError;
use crate::frame::FrameView;
use crate::geometry::{RawBox, Rect};

/// A copy to keep.
pub(crate) fn copy_of(jpeg: JpegView<'_>) -> Jpeg {
    Jpeg {
        bytes: Arc::from(jpeg.bytes),
        size: jpeg.size,
        shows: jpeg.shows,
    }
}

/// Cuts and encodes one image straight from a frame, and lends the bytes to `take` instead of allocating. `take` must not
/// ask for another image.
///
/// # Errors
/// [`ImageError`] names the box, the setting or the frame that cannot be used.
pub fn image_from_frame<T>(
    frame: &FrameView<'_>,
    kind: ImageKind,
    crop: Option<RawBox>,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    let rect = match kind {
        ImageKind::FullFrame | ImageKind::DownsizedFrame => Rect::whole(frame.size()),
        ImageKind::VehicleCrop => frame.box_to_cut(crop, "vehicle")?,
        ImageKind::PlateCrop => frame.box_to_cut(crop, "plate")?,
    };
    if let FrameView::Jpeg { data, .. } = *frame {
        let verdict = Verdict::default();
        return image_of_jpeg(verdict.of(data)?, kind, rect, encoding, take);
    }
    let part = frame.cut(rect).ok_or(ImageError::NoFrame)?;
    image_of_pixels(&part, kind, rect, encoding, take)
}

/// Encodes the pixels of the part that `shows` names; for a downsized frame, makes them smaller first.
pub(crate) fn image_of_pixels<T>(
    part: &FrameView<'_>,
    kind: ImageKind,
    shows: Rect,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    encoding.check()?;
    let want = encoding.downsized(part.size());
    if kind != ImageKind::DownsizedFrame || want == part.size() {
        return with_codec(|codec| codec.encode(part, shows, encoding, take));
    }
    with_codec(|codec| {
        let buffer = std::mem::take(&mut codec.scratch.small);
        let smaller = downsized_in(buffer, part, want)?;
        let image = codec.encode(&smaller.view(), shows, encoding, take);
        codec.scratch.small = smaller.into_bytes();
        image
    })
}

/// An image from one JPEG of an MJPEG stream that was judged.
pub(crate) fn image_of_jpeg<T>(
    data: &[u8],
    kind: ImageKind,
    rect: Rect,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    encoding.check()?;
    let header = Header::parse(data)?;
    with_codec(|codec| match kind {
        ImageKind::FullFrame => mjpeg::full_frame(codec, data, &header, encoding, take),
        ImageKind::DownsizedFrame => mjpeg::downsized_frame(codec, data, &header, encoding, take),
        ImageKind::VehicleCrop | ImageKind::PlateCrop => {
            mjpeg::crop(codec, data, &header, rect, encoding, take)
        }
    })
}
