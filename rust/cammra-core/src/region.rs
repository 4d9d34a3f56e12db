//! Regions of interest: polygons with an arrow, in fractions of the frame.

use crate::geometry::{RawBox, Size};

/// Less than a pixel of any sensor.
const JUST_INSIDE: f64 = 1e-6;

/// Where reads count, and which way is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its number on the wire, from 1.
    pub roi_id: u32,
    /// Corners as fractions of the frame, `(0, 0)` top left; three or more.
    pub polygon: Vec<(f64, f64)>,
    /// Tail and head of the arrow that says which way is in.
    pub arrow: ((f64, f64), (f64, f64)),
}

impl Region {
    /// The whole frame, arrow down.
    #[must_use]
    pub fn whole_frame() -> Self {
        Self {
            roi_id: 1,
            polygon: vec![(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)],
            arrow: DOWN,
        }
    }

    /// Whether a point (in fractions) lies inside, by the even-odd rule: a polygon may have holes.
    pub(crate) fn contains(&self, (x, y): (f64, f64)) -> bool {
        let corners = &self.polygon;
        let before = corners.iter().cycle().skip(corners.len().saturating_sub(1));
        let mut inside = false;
        for ((ax, ay), (bx, by)) in corners.iter().zip(before) {
            // Half-open in y, so that a ray through a corner crosses only once.
            let crosses = (*ay > y) != (*by > y);
            if crosses && x < (bx - ax) * (y - ay) / (by - ay) + ax {
                inside = !inside;
            }
        }
        inside
    }

    /// Whether a box (in pixels) and the region have a part in common.
    pub(crate) fn overlaps(&self, shown: RawBox, frame: Size) -> bool {
        let (left, top) = fraction_of((shown.x, shown.y), frame);
        let (right, bottom) = fraction_of((shown.x + shown.width, shown.y + shown.height), frame);
        let corners = &self.polygon;
        let after = corners.iter().cycle().skip(1);
        self.contains((left.midpoint(right), top.midpoint(bottom)))
            || corners.iter().zip(after).any(|(from, to)| {
                let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
                for (start, end, low, high) in
                    [(from.0, to.0, left, right), (from.1, to.1, top, bottom)]
                {
                    let along = end - start;
                    if along == 0.0 {
                        if start < low || start > high {
                            return false;
                        }
                        continue;
                    }
                    let (one, other) = ((low - start) / along, (high - start) / along);
                    enters = enters.max(one.min(other));
                    leaves = leaves.min(one.max(other));
                }
                enters <= leaves
            })
    }
}

/// Tail and head, as fractions of the frame.
pub(crate) type Arrow = ((f64, f64), (f64, f64));

/// Down the whole frame: the arrow where no region is set.
pub(crate) const DOWN: Arrow = ((0.5, 0.0), (0.5, 1.0));

fn in_pixels((tail, head): Arrow, frame: Size) -> (f64, f64) {
    (
        (head.0 - tail.0) * f64::from(frame.width),
        (head.1 - tail.1) * f64::from(frame.height),
    )
}

/// How far along an arrow a point (in pixels) is, as a fraction of the frame's diagonal.
pub(crate) fn progress(arrow: Arrow, (x, y): (f64, f64), frame: Size) -> f64 {
    let (width, height) = (f64::from(frame.width), f64::from(frame.height));
    let (along_x, along_y) = in_pixels(arrow, frame);
    let (length, diagonal) = (along_x.hypot(along_y), width.hypot(height));
    if length <= 0.0 || diagonal <= 0.0 {
        return 0.0;
    }
    (x * along_x + y * along_y) / (length * diagonal)
}

/// Whether two arrows lead the same way: 30 degrees apart at most.
pub(crate) fn lead_alike(one: Arrow, other: Arrow, frame: Size) -> bool {
    const COSINE_SQUARED: f64 = 0.75;
    let ((ax, ay), (bx, by)) = (in_pixels(one, frame), in_pixels(other, frame));
    let along = ax * bx + ay * by;
    let lengths = (ax * ax + ay * ay) * (bx * bx + by * by);
    along > 0.0 && along * along >= COSINE_SQUARED * lengths
}

/// A point in pixels as fractions of the frame; a point outside or on the edge moves just inside.
pub(crate) fn fraction_of((x, y): (f64, f64), frame: Size) -> (f64, f64) {
    let inside =
        |at: f64, of: u32| (at / f64::from(of.max(1))).clamp(JUST_INSIDE, 1.0 - JUST_INSIDE);
    (inside(x, frame.width), inside(y, frame.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower_half() -> Region {
        Region {
            polygon: vec![(0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)],
            ..Region::whole_frame()
        }
    }

    #[test]
    fn a_point_is_inside_or_it_is_not() {
        let region = lower_half();
        assert!(region.contains((0.5, 0.75)));
        assert!(!region.contains((0.5, 0.25)));
        let frame = Size {
            width: 640,
            height: 360,
        };
        for corner in [(0.0, 360.0), (640.0, 360.0), (-50.0, 400.0), (700.0, 200.0)] {
            assert!(
                region.contains(fraction_of(corner, frame)),
                "over the edge is at the edge: {corner:?}"
            );
        }
    }

    #[test]
    fn progress_is_measured_in_diagonals() {
        let frame = Size {
            width: 300,
            height: 400,
        };
        let way = progress(DOWN, (0.0, 400.0), frame) - progress(DOWN, (0.0, 0.0), frame);
        assert!((way - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_box_overlaps_where_any_part_of_it_lies_inside() {
        let frame = Size {
            width: 1000,
            height: 1000,
        };
        let square = |x: f64, y: f64, side: f64| RawBox {
            x,
            y,
            width: side,
            height: side,
        };
        let region = lower_half();
        assert!(
            region.overlaps(square(100.0, 450.0, 100.0), frame),
            "over the line"
        );
        assert!(region.overlaps(square(100.0, 700.0, 10.0), frame), "inside");
        assert!(region.overlaps(square(0.0, 0.0, 1000.0), frame), "around");
        assert!(
            !region.overlaps(square(100.0, 300.0, 100.0), frame),
            "above"
        );
    }

    #[test]
    fn arrows_lead_alike_within_thirty_degrees() {
        let frame = Size {
            width: 1000,
            height: 1000,
        };
        let arrow = |x: f64, y: f64| ((0.5, 0.5), (0.5 + x, 0.5 + y));
        assert!(lead_alike(DOWN, arrow(0.1, 0.2), frame), "27 degrees");
        assert!(!lead_alike(DOWN, arrow(0.12, 0.2), frame), "31 degrees");
        assert!(!lead_alike(DOWN, arrow(0.0, -0.2), frame), "against it");
    }
}
