//! Rectangles and sizes in frame pixels.

use std::fmt;

use thiserror::Error;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// The largest size of the same shape that fits into `bounds`; never larger than this one, never empty.
    #[must_use]
    pub fn fitted_into(self, bounds: Self) -> Self {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        let (most_wide, most_high) = (u64::from(bounds.width), u64::from(bounds.height));
        if width <= most_wide && height <= most_high {
            return self;
        }
        // Rounded to the nearest pixel in integers, so that every machine agrees.
        let scaled = |side: u64, most: u64, of: u64| {
            let side = (2 * side * most + of) / (2 * of.max(1));
            u32::try_from(side.max(1)).unwrap_or(u32::MAX)
        };
        if width * most_high >= height * most_wide {
            Self {
                width: bounds.width.max(1),
                height: scaled(height, most_wide, width),
            }
        } else {
            Self {
                width: scaled(width, most_high, height),
                height: bounds.height.max(1),
            }
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A box inside a frame: whole pixels, never empty, never over the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Extent to the right, at least 1.
    pub width: u32,
    /// Extent downwards, at least 1.
    pub height: u32,
}

impl Rect {
    /// The box around a whole frame.
    #[must_use]
    pub const fn whole(size: Size) -> Self {
        Self {
            x: 0,
            y: 0,
            width: size.width,
            height: size.height,
        }
    }

    /// The smallest box around this one with its edges on multiples. It may reach beyond a frame that does not end on
    /// such multiples: [clip](Self::clipped_to) it then.
    #[must_use]
    pub(crate) fn grown_to_multiples(self, across: u32, down: u32) -> Self {
        let (x, y) = (self.x / across * across, self.y / down * down);
        Self {
            x,
            y,
            width: (self.x + self.width).next_multiple_of(across) - x,
            height: (self.y + self.height).next_multiple_of(down) - y,
        }
    }

    /// The part inside a frame, which holds the box's corner.
    #[must_use]
    pub(crate) fn clipped_to(self, frame: Size) -> Self {
        Self {
            width: self.width.min(frame.width.saturating_sub(self.x)),
            height: self.height.min(frame.height.saturating_sub(self.y)),
            ..self
        }
    }

    /// Whether another box lies inside this one.
    #[must_use]
    pub(crate) const fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }

    /// This box, seen from the corner of another that contains it.
    #[must_use]
    pub(crate) const fn within(self, outer: Self) -> Self {
        Self {
            x: self.x - outer.x,
            y: self.y - outer.y,
            ..self
        }
    }

    /// The box's own size.
    #[must_use]
    pub const fn size(self) -> Size {
        Size {
            width: self.width,
            height: self.height,
        }
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}+{}+{}", self.width, self.height, self.x, self.y)
    }
}

/// Why a box shows no part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum BoxError {
    /// A number is NaN, infinite or absurd, or the box is empty.
    #[error("box {raw}: want finite numbers within a million pixels, width and height above 0")]
    Unusable {
        /// The box.
        raw: RawBox,
    },
    /// It touches no pixel of the frame.
    #[error("box {raw} lies outside the {frame} frame")]
    OutsideFrame {
        /// The box.
        raw: RawBox,
        /// Size of the frame.
        frame: Size,
    },
}

/// A box as the recogniser gave it: any numbers, possibly over the edge, possibly nonsense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawBox {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Extent to the right.
    pub width: f64,
    /// Extent downwards.
    pub height: f64,
}

impl RawBox {
    /// Far beyond any sensor: a box out there is nonsense, not a large vehicle.
    const ABSURD_PX: f64 = 1e6;

    /// Whether it could be a box at all: finite numbers within a million pixels, width and height above 0.
    #[must_use]
    pub fn is_sane(self) -> bool {
        let numbers = [self.x, self.y, self.width, self.height];
        let absurd = |n: &f64| !n.is_finite() || n.abs() > Self::ABSURD_PX;
        !numbers.iter().any(absurd) && self.width > 0.0 && self.height > 0.0
    }

    /// The part of the box that lies inside the frame, in whole pixels.
    ///
    /// # Errors
    /// [`BoxError`] when there is no such part.
    pub fn clamped_to(self, frame: Size) -> Result<Rect, BoxError> {
        if !self.is_sane() {
            return Err(BoxError::Unusable { raw: self });
        }
        let (left, right) = Self::clamp(self.x, self.width, frame.width);
        let (top, bottom) = Self::clamp(self.y, self.height, frame.height);
        if left >= right || top >= bottom {
            return Err(BoxError::OutsideFrame { raw: self, frame });
        }
        Ok(Rect {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        })
    }

    /// Rounds to the nearest pixel edge and keeps what is inside `0..limit`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=limit first, and limit is a u32"
    )]
    fn clamp(start: f64, extent: f64, limit: u32) -> (u32, u32) {
        let limit = f64::from(limit);
        let low = start.round().clamp(0.0, limit);
        let high = (start + extent).round().clamp(0.0, limit);
        (low as u32, high as u32)
    }

    /// The box with a margin on each side, in parts of its width and height.
    #[must_use]
    pub(crate) fn grown(self, margin: f64) -> Self {
        Self {
            x: self.x - self.width * margin,
            y: self.y - self.height * margin,
            width: self.width * (1.0 + 2.0 * margin),
            height: self.height * (1.0 + 2.0 * margin),
        }
    }

    /// The middle of the box.
    #[must_use]
    pub fn centre(self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

impl fmt::Display for RawBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "[{}, {}, {}, {}]",
            self.x, self.y, self.width, self.height
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Size = Size {
        width: 1920,
        height: 1080,
    };

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    #[test]
    fn a_size_is_fitted_without_growing_or_losing_its_shape() {
        assert_eq!(HD.fitted_into(size(640, 360)), size(640, 360));
        assert_eq!(HD.fitted_into(size(640, 640)), size(640, 360));
        assert_eq!(HD.fitted_into(size(4000, 100)), size(178, 100));
        assert_eq!(HD.fitted_into(size(4000, 4000)), HD);
        assert_eq!(size(65_500, 1).fitted_into(size(10, 10)), size(10, 1));
        assert_eq!(HD.fitted_into(size(0, 0)), size(1, 1));
    }

    #[test]
    fn a_box_grows_outwards_to_multiples() {
        let rect = Rect {
            x: 17,
            y: 31,
            width: 10,
            height: 1,
        };
        let grown = rect.grown_to_multiples(16, 8);
        assert_eq!(grown.to_string(), "16x8+16+24");
        assert!(grown.contains(rect) && !rect.contains(grown));
        assert_eq!(rect.within(grown).to_string(), "10x1+1+7");
        assert_eq!(grown.clipped_to(size(20, 28)).to_string(), "4x4+16+24");
    }

    #[test]
    fn a_box_that_touches_the_frame_with_half_a_pixel_is_inside() {
        let raw = |x: f64, width: f64| RawBox {
            x,
            y: 0.0,
            width,
            height: 5.0,
        };
        assert_eq!(raw(1919.4, 9.0).clamped_to(HD).unwrap().x, 1919);
        assert!(matches!(
            raw(1919.5, 9.0).clamped_to(HD),
            Err(BoxError::OutsideFrame { .. })
        ));
        assert!(matches!(
            raw(f64::NAN, 9.0).clamped_to(HD),
            Err(BoxError::Unusable { .. })
        ));
    }
}
