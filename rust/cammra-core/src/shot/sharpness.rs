//! How sharp a plate is in its frame.

use crate::frame::{FrameView, PackedOrder, Plane};
use crate::geometry::Rect;

/// Rows that are looked at, spread over the plate: what they cost does not grow with it.
const ROWS: usize = 32;

/// The mean step of brightness from pixel to pixel along a row, in 256ths; 0 for a JPEG, which is not decoded for it.
///
/// Strokes stand upright, and what moves does so mostly across: blur takes from these steps first. Whole numbers only, so
/// that every machine agrees.
pub(super) fn sharpness(frame: &FrameView<'_>, rect: Rect) -> u32 {
    let (plane, step, first) = match *frame {
        FrameView::Packed { pixels, order, .. } => match order {
            PackedOrder::Gray => (pixels, 1, 0),
            PackedOrder::Rgb | PackedOrder::Bgr => (pixels, 3, 1),
        },
        FrameView::Nv12 { y, .. } | FrameView::I420 { y, .. } => (y, 1, 0),
        FrameView::Jpeg { .. } => return 0,
    };
    let (left, top) = (rect.x as usize, rect.y as usize);
    let (width, height) = (rect.width as usize, rect.height as usize);
    let part = plane.starting_at(top, left * step);
    let every = height.div_ceil(ROWS).max(1);
    let steps: u64 = (0..height)
        .step_by(every)
        .map(|row| steps_of(part, row, width * step, step, first))
        .sum();
    let count = (height.div_ceil(every) * width.saturating_sub(1)).max(1) as u64;
    u32::try_from(steps * 256 / count).unwrap_or(u32::MAX)
}

fn steps_of(part: Plane<'_>, row: usize, bytes: usize, step: usize, first: usize) -> u64 {
    let samples = part.row(row, bytes).iter().skip(first).step_by(step);
    let next = samples.clone().skip(1);
    samples
        .zip(next)
        .map(|(one, other)| u64::from(one.abs_diff(*other)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn stripes(width: usize, wide: usize) -> Vec<u8> {
        (0..width * 8)
            .map(|at| {
                if (at % width / wide).is_multiple_of(2) {
                    40
                } else {
                    200
                }
            })
            .collect()
    }

    fn sharpness_of(samples: &[u8], order: PackedOrder) -> u32 {
        let bytes = order.bytes_per_pixel();
        let plane = Plane {
            data: samples,
            stride: 64 * bytes,
        };
        let size = Size {
            width: 64,
            height: 8,
        };
        let frame = FrameView::packed(plane, size, order).unwrap();
        let rect = Rect {
            x: 8,
            y: 2,
            width: 48,
            height: 6,
        };
        sharpness(&frame, rect)
    }

    #[test]
    fn what_is_blurred_steps_less() {
        let sharp = stripes(64, 4);
        let row = |at: usize| sharp.get(at).copied().unwrap_or(40);
        let blurred: Vec<u8> = (0..sharp.len())
            .map(|at| {
                let sum: u32 = (0..8).map(|off| u32::from(row(at + off))).sum();
                u8::try_from(sum / 8).unwrap()
            })
            .collect();
        let (sharp, blurred) = (
            sharpness_of(&sharp, PackedOrder::Gray),
            sharpness_of(&blurred, PackedOrder::Gray),
        );
        assert!(sharp > 4 * blurred, "{sharp} against {blurred}");
    }

    #[test]
    fn colour_steps_as_its_green_does() {
        let gray = stripes(64, 4);
        let colour: Vec<u8> = gray.iter().flat_map(|value| [9, *value, 7]).collect();
        let want = sharpness_of(&gray, PackedOrder::Gray);
        assert_eq!(sharpness_of(&colour, PackedOrder::Rgb), want);
        assert!(want > 0);
    }
}
