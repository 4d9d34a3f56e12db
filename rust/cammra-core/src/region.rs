//! Regions of interest: polygons with an arrow, in fractions of the frame.

use crate::geometry::Size;

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
            arrow: ((0.5, 0.0), (0.5, 1.0)),
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

    /// How far along the arrow a point (in pixels) is, as a fraction of the frame's diagonal.
    pub(crate) fn progress(&self, (x, y): (f64, f64), frame: Size) -> f64 {
        let (width, height) = (f64::from(frame.width), f64::from(frame.height));
        let (tail, head) = self.arrow;
        let (along_x, along_y) = ((head.0 - tail.0) * width, (head.1 - tail.1) * height);
        let (length, diagonal) = (along_x.hypot(along_y), width.hypot(height));
        if length <= 0.0 || diagonal <= 0.0 {
            return 0.0;
        }
        (x * along_x + y * along_y) / (length * diagonal)
    }
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
        let way =
            lower_half().progress((0.0, 400.0), frame) - lower_half().progress((0.0, 0.0), frame);
        assert!((way - 0.8).abs() < 1e-12);
    }
}
