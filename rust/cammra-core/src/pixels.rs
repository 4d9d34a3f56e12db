//! Pixels that we own: a dense copy of a frame or a part of it, in the frame's own format.

use crate::frame::{FrameView, PackedOrder, Plane, YuvRange};
use crate::geometry::Size;

/// Layout of the bytes, plane after plane without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Packed(PackedOrder),
    Nv12(YuvRange),
    I420(YuvRange),
}

/// A picture that owns its bytes.
#[derive(Debug)]
pub(crate) struct Pixels {
    bytes: Vec<u8>,
    size: Size,
    layout: Layout,
}

impl Pixels {
    /// A dense copy; `None` for a JPEG, which has no pixels yet.
    pub(crate) fn copy_of(view: &FrameView<'_>) -> Option<Self> {
        let size = view.size();
        let (width, height) = (size.width as usize, size.height as usize);
        let (bytes, layout) = match *view {
            FrameView::Packed { pixels, order, .. } => {
                let row_bytes = width * order.bytes_per_pixel();
                let mut bytes = Vec::with_capacity(row_bytes * height);
                append(&mut bytes, pixels, row_bytes, height);
                (bytes, Layout::Packed(order))
            }
            FrameView::Nv12 { y, uv, range, .. } => {
                let mut bytes = Vec::with_capacity(width * height * 3 / 2);
                append(&mut bytes, y, width, height);
                append(&mut bytes, uv, width, height / 2);
                (bytes, Layout::Nv12(range))
            }
            FrameView::I420 { y, u, v, range, .. } => {
                let mut bytes = Vec::with_capacity(width * height * 3 / 2);
                append(&mut bytes, y, width, height);
                append(&mut bytes, u, width / 2, height / 2);
                append(&mut bytes, v, width / 2, height / 2);
                (bytes, Layout::I420(range))
            }
            FrameView::Jpeg { .. } => return None,
        };
        Some(Self {
            bytes,
            size,
            layout,
        })
    }

    /// Interleaved samples; `bytes` holds exactly those of `size`.
    pub(crate) const fn packed(bytes: Vec<u8>, size: Size, order: PackedOrder) -> Self {
        Self {
            bytes,
            size,
            layout: Layout::Packed(order),
        }
    }

    /// Planes Y and UV one after the other; width and height are even.
    pub(crate) const fn nv12(bytes: Vec<u8>, size: Size, range: YuvRange) -> Self {
        Self {
            bytes,
            size,
            layout: Layout::Nv12(range),
        }
    }

    /// The buffer, for another picture.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Planes Y, U and V one after the other; width and height are even.
    pub(crate) const fn i420(bytes: Vec<u8>, size: Size, range: YuvRange) -> Self {
        Self {
            bytes,
            size,
            layout: Layout::I420(range),
        }
    }

    /// Bytes of memory they take.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Borrowed as a frame.
    pub(crate) fn view(&self) -> FrameView<'_> {
        let size = self.size;
        let (width, height) = (size.width as usize, size.height as usize);
        let luma = width * height;
        let from = |start: usize| self.bytes.get(start..).unwrap_or_default();
        match self.layout {
            Layout::Packed(order) => FrameView::Packed {
                pixels: Plane {
                    data: from(0),
                    stride: width * order.bytes_per_pixel(),
                },
                size,
                order,
            },
            Layout::Nv12(range) => FrameView::Nv12 {
                y: Plane {
                    data: from(0),
                    stride: width,
                },
                uv: Plane {
                    data: from(luma),
                    stride: width,
                },
                size,
                range,
            },
            Layout::I420(range) => FrameView::I420 {
                y: Plane {
                    data: from(0),
                    stride: width,
                },
                u: Plane {
                    data: from(luma),
                    stride: width / 2,
                },
                v: Plane {
                    data: from(luma + luma / 4),
                    stride: width / 2,
                },
                size,
                range,
            },
        }
    }
}

fn append(bytes: &mut Vec<u8>, plane: Plane<'_>, row_bytes: usize, rows: usize) {
    if plane.stride == row_bytes {
        bytes.extend_from_slice(plane.row(0, row_bytes * rows));
    } else {
        for row in plane.rows(row_bytes, rows) {
            bytes.extend_from_slice(row);
        }
    }
}
