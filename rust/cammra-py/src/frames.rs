//! Frames as Python hands them over: one buffer, or a tuple of them, one for each plane.
//!
//! Checks shapes against the format; `buffer` sees to the memory. Held by
//! `tests/native/test_imaging_frames.py`.

use cammra_core::frame::{FrameView, PackedOrder, Plane, YuvRange};
use cammra_core::geometry::Size;
use cammra_core::jpeg::frame_from_jpeg;
use cammra_core::shot::SharedBytes;
use pyo3::PyTypeCheck;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use crate::buffer::{Grid, with_buffers};
use crate::errors::{frame_error, from_frame, misfit};

/// A value of `model.FrameFormat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameFormat {
    Packed(PackedOrder),
    Nv12(YuvRange),
    I420(YuvRange),
    Jpeg,
}

impl FrameFormat {
    /// # Errors
    /// `FrameError` for any other word.
    pub(crate) fn parse(word: &str) -> PyResult<Self> {
        Ok(match word {
            "rgb8" => Self::Packed(PackedOrder::Rgb),
            "bgr8" => Self::Packed(PackedOrder::Bgr),
            "gray8" => Self::Packed(PackedOrder::Gray),
            "nv12" => Self::Nv12(YuvRange::Video),
            "nv12-full" => Self::Nv12(YuvRange::Full),
            "i420" => Self::I420(YuvRange::Video),
            "i420-full" => Self::I420(YuvRange::Full),
            "jpeg" => Self::Jpeg,
            other => {
                return Err(frame_error(format!(
                    "frame_format is {other:?}: want rgb8, bgr8, gray8, nv12, nv12-full, i420, i420-full or jpeg"
                )));
            }
        })
    }
}

/// Lends a frame to `work`, and releases its buffers when that returns.
///
/// # Errors
/// `FrameError` when the buffers do not fit the format, and whatever `work` returns.
pub(crate) fn with_frame<T>(
    frame: &Bound<'_, PyAny>,
    format: FrameFormat,
    work: impl FnOnce(&FrameView<'_>) -> PyResult<T>,
) -> PyResult<T> {
    let Ok(planes) = frame.cast::<PyTuple>() else {
        return with_buffers([(frame, "buffer")], |[grid]| {
            work(&view_of_one(grid, format)?)
        });
    };
    let count = planes.len();
    let wrong = |want: &str| frame_error(format!("frame: a tuple of {count} buffers: want {want}"));
    match (format, count) {
        (FrameFormat::Nv12(range), 2) => {
            let (y, uv) = (planes.get_item(0)?, planes.get_item(1)?);
            with_buffers([(&y, "y"), (&uv, "uv")], |[y, uv]| {
                work(&nv12_of(y, uv, range)?)
            })
        }
        (FrameFormat::I420(range), 3) => {
            let (y, u, v) = (
                planes.get_item(0)?,
                planes.get_item(1)?,
                planes.get_item(2)?,
            );
            with_buffers([(&y, "y"), (&u, "u"), (&v, "v")], |[y, u, v]| {
                work(&i420_of(y, u, v, range)?)
            })
        }
        (FrameFormat::Nv12(_), _) => Err(wrong("(y, uv)")),
        (FrameFormat::I420(_), _) => Err(wrong("(y, u, v)")),
        (FrameFormat::Packed(_) | FrameFormat::Jpeg, _) => Err(wrong("one buffer for this format")),
    }
}

/// The bytes of a JPEG frame, if a shot may keep them without a copy: `bytes` never change.
pub(crate) fn shared_jpeg(frame: &Bound<'_, PyAny>, format: FrameFormat) -> Option<SharedBytes> {
    if format != FrameFormat::Jpeg || !PyBytes::type_check(frame) {
        return None;
    }
    let bytes: PyBackedBytes = frame.extract().ok()?;
    Some(std::sync::Arc::new(bytes))
}

fn view_of_one(grid: Grid<'_>, format: FrameFormat) -> PyResult<FrameView<'_>> {
    let Grid {
        plane,
        rows,
        columns,
        channels,
        dimensions,
    } = grid;
    let shape_is = |want: &str| {
        let (shape, (instead, fits)) = (grid.shape(), grid.better_format());
        misfit(
            format!("frame buffer: shape {shape}: want {want}{instead}"),
            fits,
        )
    };
    let view = match format {
        FrameFormat::Jpeg => {
            if dimensions != 1 {
                return Err(shape_is("the bytes of one JPEG, one-dimensional"));
            }
            frame_from_jpeg(plane.data)
        }
        FrameFormat::Packed(PackedOrder::Gray) => {
            if dimensions < 2 || channels != 1 {
                return Err(shape_is("(height, width)"));
            }
            FrameView::packed(plane, size_of(columns, rows)?, PackedOrder::Gray)
        }
        FrameFormat::Packed(order) => {
            if dimensions != 3 || channels != 3 {
                return Err(shape_is("(height, width, 3)"));
            }
            FrameView::packed(plane, size_of(columns, rows)?, order)
        }
        FrameFormat::Nv12(_) | FrameFormat::I420(_) if dimensions != 2 || rows % 3 != 0 => {
            return Err(shape_is("(height * 3 / 2, width)"));
        }
        FrameFormat::Nv12(range) => {
            let height = rows / 3 * 2;
            let uv = Plane {
                data: below(plane, height),
                stride: plane.stride,
            };
            FrameView::nv12(plane, uv, size_of(columns, height)?, range)
        }
        FrameFormat::I420(range) => {
            if plane.stride != columns && rows > 1 {
                return Err(frame_error(
                    "frame buffer: I420 in one buffer wants rows without padding; hand in (y, u, v) otherwise"
                        .to_owned(),
                ));
            }
            let height = rows / 3 * 2;
            let size = size_of(columns, height)?;
            let u = below(plane, height);
            let v = u.get(columns / 2 * (height / 2)..).unwrap_or_default();
            let stride = columns / 2;
            FrameView::i420(
                plane,
                Plane { data: u, stride },
                Plane { data: v, stride },
                size,
                range,
            )
        }
    };
    view.map_err(|error| from_frame(&error))
}

fn nv12_of<'a>(y: Grid<'a>, uv: Grid<'a>, range: YuvRange) -> PyResult<FrameView<'a>> {
    let size = y.luma_size()?;
    uv.check_chroma(size, "uv", size.width as usize)?;
    FrameView::nv12(y.plane, uv.plane, size, range).map_err(|error| from_frame(&error))
}

fn i420_of<'a>(y: Grid<'a>, u: Grid<'a>, v: Grid<'a>, range: YuvRange) -> PyResult<FrameView<'a>> {
    let size = y.luma_size()?;
    u.check_chroma(size, "u", size.width as usize / 2)?;
    v.check_chroma(size, "v", size.width as usize / 2)?;
    FrameView::i420(y.plane, u.plane, v.plane, size, range).map_err(|error| from_frame(&error))
}

/// What every JPEG begins with.
const JPEG_BEGINS: [u8; 3] = [0xFF, 0xD8, 0xFF];

impl Grid<'_> {
    /// The formats that a single buffer of this shape may have: as the end of a message that refuses it, and by word.
    fn better_format(&self) -> (&'static str, &'static [&'static str]) {
        match (self.dimensions, self.channels) {
            (1, _) if self.plane.data.starts_with(&JPEG_BEGINS) => {
                ("; it is a JPEG: set frame_format to jpeg", &["jpeg"])
            }
            (3, 3) => (
                "; set frame_format to rgb8 or bgr8 if it is one of them",
                &["rgb8", "bgr8"],
            ),
            (2, _) if self.rows.is_multiple_of(3) => {
                let fits = &["gray8", "nv12", "i420"];
                (
                    "; set frame_format to gray8, nv12 or i420 if it is one of them",
                    fits,
                )
            }
            (2, _) => ("; set frame_format to gray8 if it is that", &["gray8"]),
            _ => ("", &[]),
        }
    }

    fn shape(&self) -> String {
        match self.dimensions {
            1 => format!("({},)", self.columns),
            2 => format!("({}, {})", self.rows, self.columns),
            _ => format!("({}, {}, {})", self.rows, self.columns, self.channels),
        }
    }

    fn luma_size(&self) -> PyResult<Size> {
        if self.dimensions != 2 {
            return Err(frame_error(format!(
                "frame y: shape {}: want (height, width)",
                self.shape()
            )));
        }
        size_of(self.columns, self.rows)
    }

    fn check_chroma(&self, luma: Size, name: &str, row_bytes: usize) -> PyResult<()> {
        let rows = luma.height as usize / 2;
        if self.dimensions < 2 || self.rows != rows || self.columns * self.channels != row_bytes {
            return Err(frame_error(format!(
                "frame {name}: shape {}: want {rows} rows of {row_bytes} bytes for {luma}",
                self.shape()
            )));
        }
        Ok(())
    }
}

fn below(plane: Plane<'_>, rows: usize) -> &[u8] {
    plane.data.get(plane.stride * rows..).unwrap_or_default()
}

fn size_of(width: usize, height: usize) -> PyResult<Size> {
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(width), Ok(height)) => Ok(Size { width, height }),
        _ => Err(frame_error(format!(
            "frame buffer: {width}x{height} pixels are absurd"
        ))),
    }
}
