//! Images from one JPEG of an MJPEG stream, each decoding as little of it as it needs. The frame has been judged before
//! ([`verdict`](super::verdict)): it is whole, in order, and has its tables.
//!
//! | image | how |
//! |---|---|
//! | full frame | passed on; decoded only when it exceeds a byte ceiling |
//! | crop, no quality or ceiling set, same subsampling | whole MCUs are [cut](super::cut) out: the camera's own coefficients, nothing decoded |
//! | crop otherwise | the same cut, then decoded and encoded, 4:2:0 as planes and not through RGB: no pixel outside it is decoded |
//! | crop of a frame that cannot be cut (progressive, damaged) or whose chroma is interpolated | rows above skipped, columns beside not transformed, nothing below read |
//! | downsized | decoded at 1/8, 1/4 or 1/2, the smallest that is not below the wanted size, then made smaller |
//!
//! Chroma of a 4:2:0 or 4:2:2 frame is repeated, not interpolated, and boxes grow to even pixels: subsampled again it is
//! what the camera sent. Held by `tests/native/test_imaging_mjpeg.py`.

use super::codec::{Codec, broken_jpeg, codec_error, with_codec};
use super::encoding::{DEFAULT_QUALITY, Encoding, JpegView, Subsampling};
use super::ffi::{LEFT_SLACK_PX, Part, PlanesLayout, Recipe};
use super::header::{Header, SegmentKind, segments};
use crate::downsize::downsized;
use crate::error::ImageError;
use crate::frame::{FrameView, PackedOrder, Plane, YuvRange};
use crate::geometry::{Rect, Size};
use crate::pixels::Pixels;

/// The frame itself, unless it exceeds the ceiling.
pub(super) fn full_frame<T>(
    codec: &mut Codec,
    data: &[u8],
    header: &Header,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    let whole = Rect::whole(header.size);
    if encoding.max_bytes.is_some_and(|most| data.len() > most) {
        return decode_and_encode(codec, data, header, whole, encoding, take);
    }
    Ok(take(JpegView {
        bytes: data,
        size: header.size,
        shows: whole,
    }))
}

/// Puts the standard Huffman tables into a frame without any, as USB cameras send them: not every receiver knows that
/// convention. The tables come from an image that we encode, since our encoder writes the standard ones.
pub(super) fn with_tables(codec: &mut Codec, data: &[u8]) -> Result<Vec<u8>, ImageError> {
    let side = 8;
    let recipe = Recipe {
        size: Size {
            width: side,
            height: side,
        },
        quality: DEFAULT_QUALITY,
        factors: (1, 1),
    };
    let black = Plane {
        data: &[0; 3 * 8 * 8],
        stride: 3 * 8,
    };
    codec
        .encoder
        .packed(recipe, black, PackedOrder::Rgb)
        .map_err(codec_error)?;
    let ours = codec.encoder.encoded();
    let mut out = Vec::with_capacity(data.len() + 512);
    let mut copied_to = 0;
    for segment in segments(data) {
        let segment = segment?;
        if segment.kind() == SegmentKind::Scan {
            out.extend_from_slice(data.get(..segment.start).unwrap_or_default());
            copied_to = segment.start;
        }
    }
    for segment in segments(ours) {
        let segment = segment?;
        if segment.kind() == SegmentKind::Tables {
            out.extend_from_slice(ours.get(segment.start..segment.end).unwrap_or_default());
        }
    }
    out.extend_from_slice(data.get(copied_to..).unwrap_or_default());
    Ok(out)
}

/// The part of the frame inside a box.
pub(super) fn crop<T>(
    codec: &mut Codec,
    data: &[u8],
    header: &Header,
    rect: Rect,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    let is_free = encoding.quality.is_none() && encoding.max_bytes.is_none();
    let is_same = header
        .factors
        .is_some_and(|factors| header.gray || factors == encoding.subsampling.factors());
    if is_free
        && is_same
        && let Some(shows) = codec.scratch.cutter.cut(data, header, rect)
    {
        // The cut has copied the tables without looking at them.
        codec
            .decoder
            .check(&codec.scratch.cutter.jpeg)
            .map_err(broken_jpeg)?;
        return Ok(take(JpegView {
            bytes: &codec.scratch.cutter.jpeg,
            size: shows.size(),
            shows,
        }));
    }
    decode_and_encode(codec, data, header, rect, encoding, take)
}

/// The whole frame, made smaller.
pub(super) fn downsized_frame<T>(
    codec: &mut Codec,
    data: &[u8],
    header: &Header,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    let whole = Rect::whole(header.size);
    let want = encoding.downsized(header.size);
    if want == header.size {
        return full_frame(codec, data, header, encoding, take);
    }
    let pixels = scaled_down(codec, data, header, want)?;
    codec.encode(&pixels.view(), whole, encoding, take)
}

/// The whole frame made smaller, as pixels to keep.
pub(crate) fn downsized_pixels(data: &[u8], fit: Size) -> Result<Pixels, ImageError> {
    let header = Header::parse(data)?;
    let want = header.size.fitted_into(fit);
    with_codec(|codec| scaled_down(codec, data, &header, want))
}

/// Part of the frame as pixels to keep, and which part they show.
pub(crate) fn pixels_of_part(data: &[u8], rect: Rect) -> Result<(Pixels, Rect), ImageError> {
    let header = Header::parse(data)?;
    let rect = cuttable(&header, rect);
    with_codec(|codec| {
        decode(
            codec,
            data,
            &header,
            rect,
            Subsampling::Quarter,
            |_, view| {
                Pixels::copy_of(view)
                    .map(|pixels| (pixels, rect))
                    .ok_or(ImageError::NoFrame)
            },
        )
    })
}

/// Decodes the whole frame as small as can be, for what libjpeg finds wrong with it.
pub(super) fn decodes(codec: &mut Codec, data: &[u8], header: &Header) -> Result<(), ImageError> {
    let part = Part {
        rect: Rect::whole(scaled(header.size, 1)),
        scale_eighths: 1,
        gray: header.gray,
        smooth_chroma: false,
    };
    decode_part(codec, data, part, |_, _| Ok(()))
}

fn scaled_down(
    codec: &mut Codec,
    data: &[u8],
    header: &Header,
    want: Size,
) -> Result<Pixels, ImageError> {
    let (eighths, size) = [1, 2, 4, 8]
        .into_iter()
        .map(|eighths| (eighths, scaled(header.size, eighths)))
        .find(|(_, size)| size.width >= want.width && size.height >= want.height)
        .unwrap_or((8, header.size));
    let part = Part {
        rect: Rect::whole(size),
        scale_eighths: eighths,
        gray: header.gray,
        smooth_chroma: false,
    };
    decode_part(codec, data, part, |_, view| {
        if size == want {
            Pixels::copy_of(view).ok_or(ImageError::NoFrame)
        } else {
            downsized(view, want)
        }
    })
}

/// Size of a scaled frame; libjpeg rounds up.
fn scaled(size: Size, eighths: u8) -> Size {
    let up = |px: u32| (px * u32::from(eighths)).div_ceil(8);
    Size {
        width: up(size.width),
        height: up(size.height),
    }
}

fn decode_and_encode<T>(
    codec: &mut Codec,
    data: &[u8],
    header: &Header,
    rect: Rect,
    encoding: &Encoding,
    take: impl FnOnce(JpegView<'_>) -> T,
) -> Result<T, ImageError> {
    let rect = cuttable(header, rect);
    decode(
        codec,
        data,
        header,
        rect,
        encoding.subsampling,
        |codec, view| codec.encode(view, rect, encoding, take),
    )
}

/// The smallest box around `rect` whose chroma samples are all its own.
fn cuttable(header: &Header, rect: Rect) -> Rect {
    let (across, down) = header.factors.unwrap_or((1, 1));
    rect.grown_to_multiples(across.into(), down.into())
        .clipped_to(header.size)
}

/// Decodes the part inside a box, after cutting it out of the frame where that is possible, and lends its pixels.
fn decode<T>(
    codec: &mut Codec,
    data: &[u8],
    header: &Header,
    rect: Rect,
    target: Subsampling,
    then: impl FnOnce(&mut Codec, &FrameView<'_>) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    let part = Part {
        rect,
        scale_eighths: 8,
        gray: header.gray,
        // Chroma that is subsampled again in the same way is better repeated: it comes back unchanged.
        smooth_chroma: header
            .factors
            .is_none_or(|factors| factors != target.factors() && target == Subsampling::Full),
    };
    // Interpolating chroma needs the pixels around the box, which a cut leaves behind; a whole frame needs no cut.
    if !part.smooth_chroma && rect != Rect::whole(header.size) {
        let mut cutter = std::mem::take(&mut codec.scratch.cutter);
        if let Some(shows) = cutter.cut(data, header, rect) {
            let inside = rect.within(shows);
            let part = Part {
                rect: inside,
                ..part
            };
            let outcome =
                if target == Subsampling::Quarter && header.factors == Some(target.factors()) {
                    decode_planes(codec, &cutter.jpeg, shows.size(), part, then)
                } else {
                    decode_part(codec, &cutter.jpeg, part, then)
                };
            codec.scratch.cutter = cutter;
            return outcome;
        }
        codec.scratch.cutter = cutter;
    }
    decode_part(codec, data, part, then)
}

/// Decodes a cut of a 4:2:0 frame into the camera's own planes, which the encoder takes without a detour through RGB.
fn decode_planes<T>(
    codec: &mut Codec,
    jpeg: &[u8],
    size: Size,
    part: Part,
    then: impl FnOnce(&mut Codec, &FrameView<'_>) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    let inside = part.rect;
    let layout = PlanesLayout::of(size);
    let is_even = [inside.x, inside.y, inside.width, inside.height]
        .iter()
        .all(|px| px % 2 == 0);
    // Odd only at the edge of a frame with an odd size.
    let (true, Some(bytes)) = (is_even, layout.bytes()) else {
        return decode_part(codec, jpeg, part, then);
    };
    let mut planes = std::mem::take(&mut codec.scratch.part);
    if planes.len() < bytes {
        planes.resize(bytes, 0);
    }
    let is_planar = codec.decoder.planes(jpeg, size, &mut planes);
    if is_planar == Ok(false) {
        codec.scratch.part = planes;
        return decode_part(codec, jpeg, part, then);
    }
    let outcome = is_planar.map_err(broken_jpeg).and_then(|_| {
        let [y, u, v] = layout.split(&planes);
        let (left, top) = (inside.x as usize, inside.y as usize);
        then(
            codec,
            &FrameView::I420 {
                y: y.starting_at(top, left),
                u: u.starting_at(top / 2, left / 2),
                v: v.starting_at(top / 2, left / 2),
                size: inside.size(),
                range: YuvRange::Full,
            },
        )
    });
    codec.scratch.part = planes;
    outcome
}

fn decode_part<T>(
    codec: &mut Codec,
    data: &[u8],
    part: Part,
    then: impl FnOnce(&mut Codec, &FrameView<'_>) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    let order = if part.gray {
        PackedOrder::Gray
    } else {
        PackedOrder::Rgb
    };
    let size = part.rect.size();
    let stride = (size.width as usize + LEFT_SLACK_PX) * order.bytes_per_pixel();
    let bytes = stride
        .checked_mul(size.height as usize)
        .ok_or_else(|| codec_error("part too large".to_owned()))?;
    let mut pixels = std::mem::take(&mut codec.scratch.part);
    if pixels.len() < bytes {
        pixels.resize(bytes, 0);
    }
    let outcome = codec
        .decoder
        .part(data, part, &mut pixels, stride)
        .map_err(broken_jpeg)
        .and_then(|left| {
            let rows = Plane {
                data: &pixels,
                stride,
            }
            .starting_at(0, left * order.bytes_per_pixel());
            then(
                codec,
                &FrameView::Packed {
                    pixels: rows,
                    size,
                    order,
                },
            )
        });
    codec.scratch.part = pixels;
    outcome
}
