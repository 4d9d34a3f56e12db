//! Makes pictures smaller: ratios of 2, 3 and 4 by averaging boxes, all others by `fast_image_resize`.
//!
//! Planar pictures stay planar: each plane is resized on its own. Held by the tests below and
//! `tests/native/test_imaging.py` against Pillow.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::error::ImageError;
use crate::frame::{FrameView, PackedOrder, Plane};
use crate::geometry::Size;
use crate::pixels::Pixels;

/// A smaller copy. `want` is not larger than the picture; for a planar picture its sides are rounded down to even numbers
/// (at least 2), since chroma has half of each.
pub(crate) fn downsized(view: &FrameView<'_>, want: Size) -> Result<Pixels, ImageError> {
    downsized_in(Vec::new(), view, want)
}

/// The same in a used buffer: fresh memory costs a page fault for every page.
pub(crate) fn downsized_in(
    buffer: Vec<u8>,
    view: &FrameView<'_>,
    want: Size,
) -> Result<Pixels, ImageError> {
    let size = view.size();
    match *view {
        FrameView::Packed { pixels, order, .. } => {
            let channels = order.bytes_per_pixel();
            let mut bytes = room(
                buffer,
                want.width as usize * want.height as usize * channels,
            );
            shrink(pixels, size, &mut bytes, want, channels)?;
            Ok(Pixels::packed(bytes, want, order))
        }
        FrameView::Nv12 { y, uv, range, .. } => {
            let want = even(want);
            let (mut bytes, luma, half) = planes(buffer, want);
            let (luma_to, chroma_to) = bytes.split_at_mut(luma);
            shrink(y, size, luma_to, want, 1)?;
            shrink(uv, halved(size), chroma_to, half, 2)?;
            Ok(Pixels::nv12(bytes, want, range))
        }
        FrameView::I420 { y, u, v, range, .. } => {
            let want = even(want);
            let (mut bytes, luma, half) = planes(buffer, want);
            let (luma_to, chroma_to) = bytes.split_at_mut(luma);
            let (blue_to, red_to) = chroma_to.split_at_mut(luma / 4);
            shrink(y, size, luma_to, want, 1)?;
            shrink(u, halved(size), blue_to, half, 1)?;
            shrink(v, halved(size), red_to, half, 1)?;
            Ok(Pixels::i420(bytes, want, range))
        }
        FrameView::Jpeg { .. } => Err(ImageError::Codec {
            why: "a JPEG is not pixels".to_owned(),
        }),
    }
}

fn even(size: Size) -> Size {
    let down = |px: u32| (px & !1).max(2);
    Size {
        width: down(size.width),
        height: down(size.height),
    }
}

const fn halved(size: Size) -> Size {
    Size {
        width: size.width / 2,
        height: size.height / 2,
    }
}

/// A buffer for Y, U and V, the bytes of Y, and the size of U.
fn planes(buffer: Vec<u8>, size: Size) -> (Vec<u8>, usize, Size) {
    let luma = size.width as usize * size.height as usize;
    (room(buffer, luma / 2 * 3), luma, halved(size))
}

/// A buffer of exactly that length, to be overwritten.
fn room(mut buffer: Vec<u8>, bytes: usize) -> Vec<u8> {
    buffer.resize(bytes, 0);
    buffer
}

/// One plane of `channels` interleaved samples.
fn shrink(
    from: Plane<'_>,
    size: Size,
    to: &mut [u8],
    want: Size,
    channels: usize,
) -> Result<(), ImageError> {
    let whole = |ratio: u32| want.width * ratio == size.width && want.height * ratio == size.height;
    let width = want.width as usize;
    // The last number, samples in one row of a box, is the product of the others.
    match (channels, (2..=4).find(|&ratio| whole(ratio))) {
        (1, Some(2)) => boxes::<2, 1, 2>(from, to, width),
        (1, Some(3)) => boxes::<3, 1, 3>(from, to, width),
        (1, Some(4)) => boxes::<4, 1, 4>(from, to, width),
        (2, Some(2)) => boxes::<2, 2, 4>(from, to, width),
        (2, Some(3)) => boxes::<3, 2, 6>(from, to, width),
        (2, Some(4)) => boxes::<4, 2, 8>(from, to, width),
        (3, Some(2)) => boxes::<2, 3, 6>(from, to, width),
        (3, Some(3)) => boxes::<3, 3, 9>(from, to, width),
        (3, Some(4)) => boxes::<4, 3, 12>(from, to, width),
        _ => return filtered(from, size, to, want, channels),
    }
    Ok(())
}

/// Averages boxes of `RATIO` x `RATIO` pixels: first down, into one row of 16-bit sums, then across.
fn boxes<const RATIO: usize, const CHANNELS: usize, const SAMPLES: usize>(
    from: Plane<'_>,
    to: &mut [u8],
    width: usize,
) {
    const { assert!(RATIO * CHANNELS == SAMPLES) };
    let mut sums = vec![0_u16; width * SAMPLES];
    let row_bytes = sums.len();
    for (number, to) in to.chunks_exact_mut((width * CHANNELS).max(1)).enumerate() {
        let rows: [&[u8]; RATIO] =
            std::array::from_fn(|row| from.row(number * RATIO + row, row_bytes));
        add_rows(&rows, &mut sums);
        average_across::<RATIO, CHANNELS, SAMPLES>(&sums, to);
    }
}

/// Spelled out for each ratio, so that it compiles to one pass over wide registers.
fn add_rows(rows: &[&[u8]], sums: &mut [u16]) {
    let wide = |sample: &u8| u16::from(*sample);
    match *rows {
        [a, b] => {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum = wide(a).wrapping_add(wide(b));
            }
        }
        [a, b, c] => {
            for (((sum, a), b), c) in sums.iter_mut().zip(a).zip(b).zip(c) {
                *sum = wide(a).wrapping_add(wide(b)).wrapping_add(wide(c));
            }
        }
        [a, b, c, d] => {
            for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                let (upper, lower) = (wide(a).wrapping_add(wide(b)), wide(c).wrapping_add(wide(d)));
                *sum = upper.wrapping_add(lower);
            }
        }
        _ => {}
    }
}

/// Sixteen boxes at a time: first their sums, then all divisions at once, in wide registers.
fn average_across<const RATIO: usize, const CHANNELS: usize, const SAMPLES: usize>(
    sums: &[u16],
    to: &mut [u8],
) {
    let (wide_to, last_to) = to.as_chunks_mut::<CHANNELS>().0.as_chunks_mut::<16>();
    let (wide, last) = sums.as_chunks::<SAMPLES>().0.as_chunks::<16>();
    for (to, boxes) in wide_to.iter_mut().zip(wide) {
        average_some::<RATIO, CHANNELS, SAMPLES>(boxes, to);
    }
    average_some::<RATIO, CHANNELS, SAMPLES>(last, last_to);
}

#[inline]
fn average_some<const RATIO: usize, const CHANNELS: usize, const SAMPLES: usize>(
    boxes: &[[u16; SAMPLES]],
    to: &mut [[u8; CHANNELS]],
) {
    let mut totals = [[0_u16; CHANNELS]; 16];
    for (totals, samples) in totals.iter_mut().zip(boxes) {
        for (channel, total) in totals.iter_mut().enumerate() {
            let own = samples.iter().skip(channel).step_by(CHANNELS);
            *total = own.fold(0, |sum, &sample| sum.wrapping_add(sample));
        }
    }
    for (to, &total) in to.as_flattened_mut().iter_mut().zip(totals.as_flattened()) {
        *to = rounded::<RATIO>(total.into());
    }
}

/// A sum of RATIO x RATIO samples, divided and rounded.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an average of bytes is a byte"
)]
const fn rounded<const RATIO: usize>(sum: u32) -> u8 {
    match RATIO {
        2 => (sum.wrapping_add(2) >> 2) as u8,
        // 7282 / 65536 is near enough to 1/9 for every sum of nine bytes.
        3 => (sum.wrapping_mul(7282).wrapping_add(32_768) >> 16) as u8,
        _ => (sum.wrapping_add(8) >> 4) as u8,
    }
}

/// Any other ratio, by a triangle filter as wide as the ratio, so that every sample of the source counts.
fn filtered(
    from: Plane<'_>,
    size: Size,
    to: &mut [u8],
    want: Size,
    channels: usize,
) -> Result<(), ImageError> {
    let kind = match channels {
        1 => PixelType::U8,
        2 => PixelType::U8x2,
        _ => PixelType::U8x3,
    };
    let failed = |why: String| ImageError::Codec { why };
    let row_bytes = size.width as usize * channels;
    // The library wants dense rows.
    let mut dense = Vec::with_capacity(row_bytes * size.height as usize);
    for row in from.rows(row_bytes, size.height as usize) {
        dense.extend_from_slice(row);
    }
    let source = ImageRef::new(size.width, size.height, &dense, kind)
        .map_err(|error| failed(error.to_string()))?;
    let mut target = Image::from_slice_u8(want.width, want.height, to, kind)
        .map_err(|error| failed(error.to_string()))?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .use_alpha(false);
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| failed(error.to_string()))
}

const _: () = assert!(
    PackedOrder::Rgb.bytes_per_pixel() == 3,
    "`filtered` takes three channels for colour"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::YuvRange;

    fn packed(bytes: &[u8], width: u32, height: u32) -> FrameView<'_> {
        let plane = Plane {
            data: bytes,
            stride: width as usize,
        };
        FrameView::packed(plane, Size { width, height }, PackedOrder::Gray).unwrap()
    }

    fn bytes_of(pixels: &Pixels) -> Vec<u8> {
        match pixels.view() {
            FrameView::Packed { pixels, .. } => pixels.data.to_vec(),
            other => panic!("not packed: {other:?}"),
        }
    }

    #[test]
    fn whole_ratios_round_the_average_of_each_box() {
        for ratio in 2..=4_u32 {
            let side = ratio * 2;
            let bytes: Vec<u8> = (0..side * side)
                .map(|i| u8::try_from(i * 97 % 256).unwrap())
                .collect();
            let smaller = downsized(
                &packed(&bytes, side, side),
                Size {
                    width: 2,
                    height: 2,
                },
            )
            .unwrap();
            for (at, &level) in bytes_of(&smaller).iter().enumerate() {
                let at = u32::try_from(at).unwrap();
                let (left, top) = (at % 2 * ratio, at / 2 * ratio);
                let sum: u32 = (0..ratio * ratio)
                    .map(|i| {
                        u32::from(bytes[((top + i / ratio) * side + left + i % ratio) as usize])
                    })
                    .sum();
                let want = (sum + ratio * ratio / 2) / (ratio * ratio);
                assert_eq!(u32::from(level), want, "ratio {ratio}, box {at}");
            }
        }
    }

    #[test]
    fn the_brightest_picture_stays_the_brightest() {
        for (side, want) in [(8, 4), (12, 4), (16, 4), (10, 4)] {
            let bytes = vec![255; side * side];
            let side = u32::try_from(side).unwrap();
            let small = Size {
                width: want,
                height: want,
            };
            let smaller = downsized(&packed(&bytes, side, side), small).unwrap();
            assert_eq!(bytes_of(&smaller), vec![255; 16]);
        }
    }

    #[test]
    fn planar_pictures_end_on_even_sides() {
        let bytes = vec![128; 60 * 60 * 3 / 2];
        let (y, uv) = bytes.split_at(3600);
        let plane = |data| Plane { data, stride: 60 };
        let size = Size {
            width: 60,
            height: 60,
        };
        let frame = FrameView::nv12(plane(y), plane(uv), size, YuvRange::Full).unwrap();
        for (want, even) in [(45, 44), (20, 20), (1, 2)] {
            let pixels = downsized(
                &frame,
                Size {
                    width: want,
                    height: want,
                },
            )
            .unwrap();
            assert_eq!(
                pixels.view().size(),
                Size {
                    width: even,
                    height: even
                }
            );
        }
    }
}
