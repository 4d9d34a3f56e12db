//! Frames as the recogniser hands them over: borrowed pixels of any stride, or the bytes of one JPEG.
//!
//! Nothing here copies; a shot does, when its pixels must outlive the call.

use crate::error::{FrameError, ImageError};
use crate::geometry::{RawBox, Rect, Size};

/// The largest width and height of a JPEG: ITU-T T.81 has 16-bit fields, libjpeg-turbo stops at 65 500.
pub const MAX_SIDE_PX: u32 = 65_500;

/// Order of the samples in a packed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackedOrder {
    /// Three bytes a pixel: red, green, blue.
    Rgb,
    /// Three bytes a pixel: blue, green, red.
    Bgr,
    /// One byte a pixel.
    Gray,
}

impl PackedOrder {
    /// Bytes a pixel takes.
    #[must_use]
    pub const fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Rgb | Self::Bgr => 3,
            Self::Gray => 1,
        }
    }
}

/// What the sample values of a planar frame mean (ITU-R BT.601).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YuvRange {
    /// Luma 16 to 235, chroma 16 to 240, as most sensors deliver. JFIF is full range, so crops are expanded.
    Video,
    /// 0 to 255, as JFIF stores it.
    Full,
}

/// Rows of samples, `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// The samples, first row first; the last row may lack its padding.
    pub data: &'a [u8],
    /// Bytes from the start of one row to the start of the next.
    pub stride: usize,
}

impl<'a> Plane<'a> {
    /// The plane from a row on.
    pub(crate) fn below(self, row: usize) -> Self {
        self.starting_at(row, 0)
    }

    /// The plane from a row on, each row without its first bytes.
    pub(crate) fn starting_at(self, row: usize, byte: usize) -> Self {
        let start = row.saturating_mul(self.stride).saturating_add(byte);
        Self {
            data: self.data.get(start..).unwrap_or_default(),
            stride: self.stride,
        }
    }

    /// The first bytes of one row; fewer where the plane ends.
    pub(crate) fn row(self, row: usize, bytes: usize) -> &'a [u8] {
        let rest = self.below(row).data;
        rest.get(..bytes).unwrap_or(rest)
    }

    /// The first bytes of each of the first rows.
    pub(crate) fn rows(self, bytes: usize, rows: usize) -> impl Iterator<Item = &'a [u8]> {
        (0..rows).map(move |row| self.row(row, bytes))
    }
}

/// One frame, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum FrameView<'a> {
    /// Interleaved samples.
    Packed {
        /// The samples.
        pixels: Plane<'a>,
        /// Width and height.
        size: Size,
        /// Order of the samples.
        order: PackedOrder,
    },
    /// A luma plane, and one of interleaved chroma at half resolution. Even width and height.
    Nv12 {
        /// Luma.
        y: Plane<'a>,
        /// Chroma, U first.
        uv: Plane<'a>,
        /// Width and height of the luma.
        size: Size,
        /// What the values mean.
        range: YuvRange,
    },
    /// Three planes, chroma at half resolution. Even width and height.
    I420 {
        /// Luma.
        y: Plane<'a>,
        /// Blue difference.
        u: Plane<'a>,
        /// Red difference.
        v: Plane<'a>,
        /// Width and height of the luma.
        size: Size,
        /// What the values mean.
        range: YuvRange,
    },
    /// A whole JPEG, as an MJPEG stream carries it.
    Jpeg {
        /// From SOI to EOI.
        data: &'a [u8],
        /// Width and height from its header.
        size: Size,
        /// Its EXIF orientation asks viewers to turn or mirror it.
        asks_to_be_turned: bool,
    },
}

impl<'a> FrameView<'a> {
    /// An interleaved frame.
    ///
    /// # Errors
    /// [`FrameError`] when the size is out of range or the plane is too short for it.
    pub fn packed(pixels: Plane<'a>, size: Size, order: PackedOrder) -> Result<Self, FrameError> {
        check_size(size, false)?;
        check_plane(
            "pixels",
            pixels,
            size,
            size.width as usize * order.bytes_per_pixel(),
            size.height,
        )?;
        Ok(Self::Packed {
            pixels,
            size,
            order,
        })
    }

    /// A luma plane and an interleaved chroma plane.
    ///
    /// # Errors
    /// [`FrameError`] when the size is odd or out of range or a plane is too short for it.
    pub fn nv12(
        y: Plane<'a>,
        uv: Plane<'a>,
        size: Size,
        range: YuvRange,
    ) -> Result<Self, FrameError> {
        check_size(size, true)?;
        check_plane("y", y, size, size.width as usize, size.height)?;
        check_plane("uv", uv, size, size.width as usize, size.height / 2)?;
        Ok(Self::Nv12 { y, uv, size, range })
    }

    /// Three planes.
    ///
    /// # Errors
    /// [`FrameError`] when the size is odd or out of range or a plane is too short for it.
    pub fn i420(
        y: Plane<'a>,
        u: Plane<'a>,
        v: Plane<'a>,
        size: Size,
        range: YuvRange,
    ) -> Result<Self, FrameError> {
        check_size(size, true)?;
        check_plane("y", y, size, size.width as usize, size.height)?;
        let half = size.width as usize / 2;
        check_plane("u", u, size, half, size.height / 2)?;
        check_plane("v", v, size, half, size.height / 2)?;
        Ok(Self::I420 {
            y,
            u,
            v,
            size,
            range,
        })
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> Size {
        match self {
            Self::Packed { size, .. }
            | Self::Nv12 { size, .. }
            | Self::I420 { size, .. }
            | Self::Jpeg { size, .. } => *size,
        }
    }

    /// Whether viewers show it otherwise than it is stored.
    #[must_use]
    pub const fn asks_to_be_turned(&self) -> bool {
        matches!(
            self,
            Self::Jpeg {
                asks_to_be_turned: true,
                ..
            }
        )
    }
}

impl<'a> FrameView<'a> {
    /// The part of the frame that a read's box cuts out; `what` names the box: `vehicle` or `plate`.
    ///
    /// # Errors
    /// [`ImageError`] when there is no box, or none that touches the frame.
    pub(crate) fn box_to_cut(
        &self,
        raw: Option<RawBox>,
        what: &'static str,
    ) -> Result<Rect, ImageError> {
        let rect = raw
            .ok_or(ImageError::NoBox { what })?
            .clamped_to(self.size())?;
        Ok(self.cuttable(rect))
    }

    /// The same with a margin on each side, in parts of the box's width and height; the frame's edge cuts it off.
    ///
    /// # Errors
    /// As [`box_to_cut`](Self::box_to_cut): the box itself must touch the frame.
    pub(crate) fn box_to_cut_around(
        &self,
        raw: Option<RawBox>,
        margin: f64,
        what: &'static str,
    ) -> Result<Rect, ImageError> {
        let bare = self.box_to_cut(raw, what)?;
        let around = raw.and_then(|raw| raw.grown(margin).clamped_to(self.size()).ok());
        Ok(around.map_or(bare, |around| self.cuttable(around)))
    }

    /// The smallest box around `rect` that the frame can be cut along: where chroma has half resolution its corners lie on
    /// even pixels, so that no chroma sample moves by half a sample.
    fn cuttable(&self, rect: Rect) -> Rect {
        match self {
            Self::Nv12 { .. } | Self::I420 { .. } => rect.grown_to_multiples(2, 2),
            Self::Packed { .. } | Self::Jpeg { .. } => rect,
        }
    }

    /// The pixels inside a box that is [cuttable](Self::cuttable); `None` for a JPEG.
    pub(crate) fn cut(&self, rect: Rect) -> Option<FrameView<'a>> {
        let (left, top) = (rect.x as usize, rect.y as usize);
        let size = rect.size();
        Some(match *self {
            Self::Packed { pixels, order, .. } => Self::Packed {
                pixels: pixels.starting_at(top, left * order.bytes_per_pixel()),
                size,
                order,
            },
            Self::Nv12 { y, uv, range, .. } => Self::Nv12 {
                y: y.starting_at(top, left),
                uv: uv.starting_at(top / 2, left),
                size,
                range,
            },
            Self::I420 { y, u, v, range, .. } => Self::I420 {
                y: y.starting_at(top, left),
                u: u.starting_at(top / 2, left / 2),
                v: v.starting_at(top / 2, left / 2),
                size,
                range,
            },
            Self::Jpeg { .. } => return None,
        })
    }
}

fn check_size(size: Size, halves_chroma: bool) -> Result<(), FrameError> {
    if size.width == 0 || size.height == 0 || size.width > MAX_SIDE_PX || size.height > MAX_SIDE_PX
    {
        return Err(FrameError::BadSize {
            size,
            want: "1 to 65500 pixels a side",
        });
    }
    if halves_chroma && (size.width % 2 == 1 || size.height % 2 == 1) {
        return Err(FrameError::BadSize {
            size,
            want: "an even width and height for NV12 and I420",
        });
    }
    Ok(())
}

fn check_plane(
    name: &'static str,
    plane: Plane<'_>,
    size: Size,
    row_bytes: usize,
    rows: u32,
) -> Result<(), FrameError> {
    let rows = rows as usize;
    let want = plane
        .stride
        .saturating_mul(rows.saturating_sub(1))
        .saturating_add(row_bytes);
    if plane.stride < row_bytes || plane.data.len() < want {
        return Err(FrameError::PlaneTooShort {
            plane: name,
            have: plane.data.len(),
            want: want.max(row_bytes * rows),
            size,
            stride: plane.stride,
        });
    }
    Ok(())
}
