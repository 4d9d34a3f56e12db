//! Another encoder than ours, such as a processor's hardware: the pixels that it gets, and its JPEG, which may be anything.

use std::sync::Arc;

use super::bands::{chroma_row, full_luma_from_video, pad, planar, write_row};
use super::encoding::{DEFAULT_QUALITY, Encoding, ImageKind, Subsampling};
use super::header::Header;
use super::verdict::Verdict;
use crate::error::{FrameError, ImageError};
use crate::frame::{FrameView, YuvRange};
use crate::geometry::{Rect, Size};

/// An image of fewer pixels stays with our encoder: to hand it to another one costs more than to encode it.
const LEAST_PIXELS: u32 = 128 * 128;

/// An image's pixels as NV12 of full range, which is what JFIF stores.
#[derive(Debug)]
pub struct Offer {
    /// Luma.
    pub y: Vec<u8>,
    /// Chroma, U first.
    pub uv: Vec<u8>,
    /// Bytes from one row to the next, of both planes: the width, filled up to whole blocks of 16 pixels. So are the rows,
    /// with the picture's last column and row repeated.
    pub stride: usize,
    /// Of the image itself, which begins in the upper left corner.
    pub size: Size,
    /// The part of the frame that it shows.
    pub shows: Rect,
    /// 1 to 100.
    pub quality: u8,
}

/// What another encoder can make of these pixels; `None`: ours has to make the image.
pub(crate) fn offer_of(
    part: &FrameView<'_>,
    kind: ImageKind,
    shows: Rect,
    encoding: &Encoding,
) -> Option<Offer> {
    let size = part.size();
    let as_it_is = kind != ImageKind::DownsizedFrame || encoding.downsized(size) == size;
    let takes = encoding.check().is_ok()
        && encoding.subsampling == Subsampling::Quarter
        && as_it_is
        && size.width.saturating_mul(size.height) >= LEAST_PIXELS;
    let (y, uv, stride) = takes.then(|| nv12_blocks(part)).flatten()?;
    Some(Offer {
        y,
        uv,
        stride,
        size,
        shows,
        quality: encoding.quality.unwrap_or(DEFAULT_QUALITY),
    })
}

/// A planar picture as NV12 of full range: luma, chroma, and the bytes from one row of either to the next. Both are filled
/// up to whole blocks of 16 pixels with the last column and row; `None` for any other picture.
fn nv12_blocks(part: &FrameView<'_>) -> Option<(Vec<u8>, Vec<u8>, usize)> {
    let (y, chroma, size, range) = planar(part)?;
    let (width, height) = (size.width as usize, size.height as usize);
    let (stride, rows) = (width.next_multiple_of(16), height.next_multiple_of(16));
    let mut luma = vec![0; stride * rows];
    for (to, from) in luma.chunks_exact_mut(stride).zip(y.rows(width, height)) {
        write_row(to, from, width, |to, from| match range {
            YuvRange::Full => to.copy_from_slice(from),
            YuvRange::Video => full_luma_from_video(to, from),
        });
    }
    repeat_down(&mut luma, stride, height);
    let mut pairs = vec![0; stride * rows / 2];
    let (mut u, mut v) = (vec![0; stride / 2], vec![0; stride / 2]);
    for (row, to) in pairs.chunks_exact_mut(stride).take(height / 2).enumerate() {
        chroma_row(chroma, row, width / 2, &mut u, &mut v, range);
        pad(&mut u, width / 2);
        pad(&mut v, width / 2);
        for ((pair, u), v) in to.as_chunks_mut().0.iter_mut().zip(&u).zip(&v) {
            *pair = [*u, *v];
        }
    }
    repeat_down(&mut pairs, stride, height / 2);
    Some((luma, pairs, stride))
}

/// Fills the rows below the first ones with the last of these.
fn repeat_down(plane: &mut [u8], stride: usize, rows: usize) {
    let (picture, below) = plane.split_at_mut(stride * rows);
    if let Some(last) = picture.rchunks_exact(stride).next() {
        for row in below.chunks_exact_mut(stride) {
            row.copy_from_slice(last);
        }
    }
}

/// The answer of another encoder, once it is known to be a whole JPEG of that size.
///
/// # Errors
/// [`ImageError::BadAnswer`] says what it is instead.
pub(crate) fn judged_answer(jpeg: &[u8], size: Size) -> Result<Arc<[u8]>, ImageError> {
    let most = (size.width as usize * size.height as usize) * 3 + (64 << 10);
    if jpeg.len() > most {
        return Err(bad(format!(
            "{} bytes for {size}: want at most {most}",
            jpeg.len()
        )));
    }
    let header = Header::parse(jpeg).map_err(|why| unusable(&why))?;
    if header.size != size {
        return Err(bad(format!("a picture of {}: want {size}", header.size)));
    }
    let verdict = Verdict::default();
    match verdict.of(jpeg) {
        Ok(sound) => Ok(Arc::from(sound)),
        Err(ImageError::Frame(why)) => Err(unusable(&why)),
        Err(other) => Err(other),
    }
}

fn unusable(why: &FrameError) -> ImageError {
    bad(match why {
        FrameError::BadJpeg { why } => format!("no usable JPEG: {why}"),
        other => other.to_string(),
    })
}

const fn bad(why: String) -> ImageError {
    ImageError::BadAnswer { why }
}
