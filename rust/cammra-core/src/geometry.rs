//! Rectangles and sizes in frame pixels.

use std::fmt;

use crate::error::ImageError;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// The largest size of the same aspect that fits into `bounds`; never larger than it is, never empty.
    #[must_use]
    pub fn fitted_into(self, bounds: Self) -> Self {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        let (most_wide, most_high) = (u64::from(bounds.width), u64::from(bounds.height));
        if width <= most_wide && height <= most_high {
            return self;
        }
        // Rounded to the nearest pixel, by integers so that every machine says the same.
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
    /// The box that covers a whole frame.
    #[must_use]
    pub const fn whole(size: Size) -> Self {
        Self {
            x: 0,
            y: 0,
            width: size.width,
            height: size.height,
        }
    }

    /// The smallest box around this one whose edges lie on multiples. The caller's frame ends on such multiples, or the
    /// result is [clipped](Self::clipped_to).
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

    /// The part inside a frame; the box's corner is inside.
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

/// A box as a recogniser gave it: any numbers, perhaps hanging over the edge, perhaps nonsense.
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
    /// Far beyond any sensor; past it a box is nonsense, not a big vehicle.
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
    /// [`ImageError::BadBox`] when a number is NaN, infinite or absurd or the box is empty, and
    /// [`ImageError::OutsideFrame`] when no pixel of it touches the frame.
    pub fn clamped_to(self, frame: Size) -> Result<Rect, ImageError> {
        if !self.is_sane() {
            return Err(ImageError::BadBox { given: self });
        }
        let (left, right) = Self::clamp(self.x, self.width, frame.width);
        let (top, bottom) = Self::clamp(self.y, self.height, frame.height);
        if left >= right || top >= bottom {
            return Err(ImageError::OutsideFrame { given: self, frame });
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
