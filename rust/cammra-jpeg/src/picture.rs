//! What is encoded: planes of the caller's, of any stride, checked once so that no later step can leave them.

use std::fmt;

/// The largest width and height: libjpeg's limit, just below that of the format's 16-bit fields.
pub const MAX_SIDE_PX: u32 = 65_500;

/// Rows of samples, `stride` bytes apart; the last row may end with its last sample.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// The samples, first row first.
    pub data: &'a [u8],
    /// Bytes from the start of one row to the start of the next.
    pub stride: usize,
}

impl<'a> Plane<'a> {
    /// Whether `rows` rows of `row_bytes` lie inside.
    fn covers(self, row_bytes: usize, rows: usize) -> bool {
        let want = self
            .stride
            .checked_mul(rows.saturating_sub(1))
            .and_then(|last| last.checked_add(row_bytes));
        self.stride >= row_bytes && want.is_some_and(|want| self.data.len() >= want)
    }

    /// The plane from a row and a byte of it on; empty where it ends before.
    pub(crate) fn starting_at(self, row: usize, byte: usize) -> Self {
        let start = row.saturating_mul(self.stride).saturating_add(byte);
        Self {
            data: self.data.get(start..).unwrap_or_default(),
            stride: self.stride,
        }
    }

    /// The first bytes of one row; fewer where the plane ends.
    pub(crate) fn row(self, row: usize, bytes: usize) -> &'a [u8] {
        let rest = self.starting_at(row, 0).data;
        rest.get(..bytes).unwrap_or(rest)
    }
}

/// Chroma at half resolution, as a camera delivers it.
#[derive(Clone, Copy, Debug)]
pub enum Chroma<'a> {
    /// U and V in turn: NV12.
    Interleaved(Plane<'a>),
    /// U, V: I420.
    Apart(Plane<'a>, Plane<'a>),
}

/// What the sample values mean (ITU-R BT.601).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// 0 to 255, as JFIF stores it.
    Full,
    /// Luma 16 to 235, chroma 16 to 240; expanded on the way, for JFIF is full range.
    Video,
}

/// Why planes are no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPicture {
    /// Width or height is odd, zero or above [`MAX_SIDE_PX`].
    Size {
        /// As it was given.
        width: u32,
        /// As it was given.
        height: u32,
    },
    /// A plane's stride is shorter than a row, or the plane ends before the last row does.
    PlaneTooShort {
        /// `y`, `u`, `v` or `uv`.
        plane: &'static str,
    },
    /// A box is odd or does not lie inside the picture.
    Box {
        /// Left edge, top edge, width and height as they were given.
        wanted: [u32; 4],
    },
}

impl fmt::Display for BadPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { width, height } => write!(
                f,
                "a picture of {width}x{height}: want even sides of 2 to 65500 pixels"
            ),
            Self::PlaneTooShort { plane } => write!(f, "plane {plane} is too short for the size"),
            Self::Box {
                wanted: [x, y, width, height],
            } => write!(
                f,
                "a box of {width}x{height} at {x},{y}: want even numbers inside the picture"
            ),
        }
    }
}

impl std::error::Error for BadPicture {}

/// A picture of even width and height.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    pub(crate) luma: Plane<'a>,
    pub(crate) chroma: Chroma<'a>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) range: Range,
}

impl<'a> Picture<'a> {
    /// Checks that the planes hold a picture of this size.
    ///
    /// # Errors
    /// [`BadPicture`] when the size is odd or out of range or a plane is too short for it.
    pub fn new(
        luma: Plane<'a>,
        chroma: Chroma<'a>,
        (width, height): (u32, u32),
        range: Range,
    ) -> Result<Self, BadPicture> {
        let fits = |side: u32| side > 0 && side <= MAX_SIDE_PX && side.is_multiple_of(2);
        if !fits(width) || !fits(height) {
            return Err(BadPicture::Size { width, height });
        }
        let (columns, rows) = (width as usize, height as usize);
        let planes = match chroma {
            Chroma::Interleaved(uv) => [("uv", uv, columns), ("uv", uv, columns)],
            Chroma::Apart(u, v) => [("u", u, columns / 2), ("v", v, columns / 2)],
        };
        if !luma.covers(columns, rows) {
            return Err(BadPicture::PlaneTooShort { plane: "y" });
        }
        for (name, plane, row_bytes) in planes {
            if !plane.covers(row_bytes, rows / 2) {
                return Err(BadPicture::PlaneTooShort { plane: name });
            }
        }
        Ok(Self {
            luma,
            chroma,
            width,
            height,
            range,
        })
    }

    /// The part inside a box; nothing is copied.
    ///
    /// # Errors
    /// [`BadPicture::Box`] when an edge of it is odd, or it is empty or reaches beyond the picture.
    pub fn cut(&self, (x, y): (u32, u32), (width, height): (u32, u32)) -> Result<Self, BadPicture> {
        let wanted = [x, y, width, height];
        let inside = |start: u32, side: u32, whole: u32| {
            side > 0 && start.checked_add(side).is_some_and(|end| end <= whole)
        };
        if wanted.iter().any(|edge| !edge.is_multiple_of(2))
            || !inside(x, width, self.width)
            || !inside(y, height, self.height)
        {
            return Err(BadPicture::Box { wanted });
        }
        let (left, top) = (x as usize, y as usize);
        Ok(Self {
            luma: self.luma.starting_at(top, left),
            chroma: match self.chroma {
                Chroma::Interleaved(uv) => Chroma::Interleaved(uv.starting_at(top / 2, left)),
                Chroma::Apart(u, v) => Chroma::Apart(
                    u.starting_at(top / 2, left / 2),
                    v.starting_at(top / 2, left / 2),
                ),
            },
            width,
            height,
            range: self.range,
        })
    }
}
