//! Frames borrowed from Python: any object with the buffer protocol, or a tuple of them, one for each plane.
//!
//! The contract is the caller's, and the stub repeats it: **the pixels do not change until the call returns.** Python cannot
//! hold anyone to that, so a frame that is written to meanwhile gives a garbled picture; every bound is taken
//! from the buffer's own description, which its exporter may not change while it is exported.
//!
//! Nothing is copied and nothing is allocated: the descriptions live on the stack, and stay where they were filled in (a
//! `bytes` object's points into itself). Held by
//! `tests/native/test_imaging_frames.py`.
#![expect(
    unsafe_code,
    reason = "the second of the two modules that may: Python's buffers are raw pointers"
)]

use std::ffi::CStr;
use std::mem::MaybeUninit;

use cammra_core::frame::{FrameView, PackedOrder, Plane, YuvRange};
use cammra_core::geometry::Size;
use cammra_core::shot::SharedBytes;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};
use pyo3::{PyTypeCheck, ffi};

use crate::errors::{frame_error, from_frame};

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
    /// `FrameError` for a word that is none.
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

/// Lends a frame to `work`; the buffers are given back when it returns.
///
/// # Errors
/// `FrameError` when the buffers do not fit the format, and whatever `work` returns.
pub(crate) fn with_frame<T>(
    frame: &Bound<'_, PyAny>,
    format: FrameFormat,
    work: impl FnOnce(&FrameView<'_>) -> PyResult<T>,
) -> PyResult<T> {
    let mut slots = Slots::new();
    let view = match frame.cast::<PyTuple>() {
        Ok(planes) => view_of_planes(&mut slots, planes, format)?,
        Err(_) => view_of_one(&mut slots, frame, format)?,
    };
    work(&view)
}

/// How a shot may keep a JPEG frame without a copy: `bytes` never change.
pub(crate) fn shared_jpeg(frame: &Bound<'_, PyAny>, format: FrameFormat) -> Option<SharedBytes> {
    if format != FrameFormat::Jpeg || !PyBytes::type_check(frame) {
        return None;
    }
    let bytes: PyBackedBytes = frame.extract().ok()?;
    Some(std::sync::Arc::new(bytes))
}

/// Buffers that are exported to us, released on drop.
struct Slots {
    raw: [MaybeUninit<ffi::Py_buffer>; 3],
    used: usize,
}

/// One exported buffer: rows of items, the innermost ones next to each other.
#[derive(Clone, Copy)]
struct Grid<'a> {
    plane: Plane<'a>,
    rows: usize,
    /// Items in a row, and bytes of an item: 1, or the last dimension's length.
    columns: usize,
    channels: usize,
    dimensions: usize,
}

impl Slots {
    const fn new() -> Self {
        Self {
            raw: [const { MaybeUninit::uninit() }; 3],
            used: 0,
        }
    }

    /// Borrows one object's buffer and checks its layout.
    fn borrow(&mut self, object: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Grid<'static>> {
        let Some(slot) = self.raw.get_mut(self.used) else {
            return Err(frame_error("frame: more than three planes".to_owned()));
        };
        let flags = ffi::PyBUF_RECORDS_RO; // strides and format, read only
        // SAFETY: we hold the interpreter (`Bound`), and the slot is ours to fill.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), slot.as_mut_ptr(), flags) } != 0 {
            let error = PyErr::fetch(object.py());
            return Err(frame_error(format!(
                "frame {name}: {}",
                error.value(object.py())
            )));
        }
        self.used += 1;
        // SAFETY: PyObject_GetBuffer has filled it in.
        let view = unsafe { slot.assume_init_ref() };
        // SAFETY: exported with strides: `ndim` lengths and strides stand there until the buffer is released, which
        // `Drop` does after the last use of the grid (`with_frame` owns the slots longer than the view).
        unsafe { grid(view, name) }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        for slot in self.raw.iter_mut().take(self.used) {
            // SAFETY: filled in by PyObject_GetBuffer and not moved since; the interpreter is held, since `with_frame` is
            // left with it held.
            unsafe { ffi::PyBuffer_Release(slot.as_mut_ptr()) }
        }
    }
}

/// Reads a description. The slice it returns covers the rows and nothing else.
///
/// # Safety
/// `view` was filled in by `PyObject_GetBuffer` with `PyBUF_RECORDS_RO`, and is released after the last use of
/// what is returned.
unsafe fn grid(view: &ffi::Py_buffer, name: &'static str) -> PyResult<Grid<'static>> {
    let wrong = |why: String| frame_error(format!("frame {name}: {why}"));
    let item_is_byte = view.itemsize == 1
        && (view.format.is_null() || {
            // SAFETY: a C string, by the protocol.
            let format = unsafe { CStr::from_ptr(view.format) }.to_bytes();
            matches!(format, b"B" | b"<B" | b">B" | b"=B" | b"@B" | b"!B" | b"|B")
        });
    if !item_is_byte {
        return Err(wrong("its items are not unsigned bytes (uint8)".to_owned()));
    }
    let dimensions = usize::try_from(view.ndim).unwrap_or(0);
    if !(1..=3).contains(&dimensions) || view.shape.is_null() || view.strides.is_null() {
        return Err(wrong(format!("{dimensions} dimensions: want 1 to 3")));
    }
    // SAFETY: `ndim` entries each, by the protocol.
    let (shape, strides) = unsafe {
        (
            std::slice::from_raw_parts(view.shape, dimensions),
            std::slice::from_raw_parts(view.strides, dimensions),
        )
    };
    let mut lengths = [1_usize; 3];
    for (to, &length) in lengths.iter_mut().zip(shape) {
        *to = usize::try_from(length).unwrap_or(0);
    }
    // One row of bytes, rows of bytes, or rows of pixels.
    let (rows, columns, channels) = match (dimensions, lengths) {
        (1, [bytes, ..]) => (1, bytes, 1),
        (2, [rows, columns, _]) => (rows, columns, 1),
        (_, [rows, columns, channels]) => (rows, columns, channels),
    };
    if rows == 0 || columns == 0 || channels == 0 {
        return Err(wrong(format!("it is empty, {shape:?}")));
    }
    let mut inner = strides
        .iter()
        .copied()
        .zip(shape.iter().copied())
        .skip(usize::from(dimensions > 1))
        .rev();
    let mut want = 1;
    // A dimension of one item may have any stride.
    let packed = inner.all(|(stride, length)| {
        let good = length == 1 || stride == want;
        want *= length;
        good
    });
    let row_bytes = columns * channels;
    let stride = match (dimensions, rows) {
        (1, _) | (_, 1) => row_bytes,
        _ => usize::try_from(strides.first().copied().unwrap_or(0)).unwrap_or(0),
    };
    if !packed || stride < row_bytes {
        return Err(wrong(format!(
            "strides {strides:?} for shape {shape:?}: want rows downwards, each without gaps"
        )));
    }
    // The exporter's memory spans this, so it cannot overflow an address.
    let bytes = stride * (rows - 1) + row_bytes;
    // SAFETY: the exporter describes `rows` rows of `row_bytes` bytes, `stride` apart, readable from `buf` until the
    // release; that nobody writes to them meanwhile is the caller's contract (head of this file).
    let data = unsafe { std::slice::from_raw_parts(view.buf.cast::<u8>().cast_const(), bytes) };
    Ok(Grid {
        plane: Plane { data, stride },
        rows,
        columns,
        channels,
        dimensions,
    })
}

fn view_of_one<'a>(
    slots: &'a mut Slots,
    frame: &Bound<'_, PyAny>,
    format: FrameFormat,
) -> PyResult<FrameView<'a>> {
    let grid: Grid<'a> = slots.borrow(frame, "buffer")?;
    let Grid {
        plane,
        rows,
        columns,
        channels,
        dimensions,
    } = grid;
    let shape_is =
        |want: &str| frame_error(format!("frame buffer: shape {}: want {want}", grid.shape()));
    let view = match format {
        FrameFormat::Jpeg => {
            if dimensions != 1 {
                return Err(shape_is("the bytes of one JPEG, one-dimensional"));
            }
            FrameView::jpeg(plane.data)
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

fn view_of_planes<'a>(
    slots: &'a mut Slots,
    planes: &Bound<'_, PyTuple>,
    format: FrameFormat,
) -> PyResult<FrameView<'a>> {
    let count = planes.len();
    let wrong = |want: &str| frame_error(format!("frame: a tuple of {count} buffers: want {want}"));
    let view = match format {
        FrameFormat::Nv12(range) => {
            if count != 2 {
                return Err(wrong("(y, uv)"));
            }
            let y: Grid<'a> = slots.borrow(&planes.get_item(0)?, "y")?;
            let uv: Grid<'a> = slots.borrow(&planes.get_item(1)?, "uv")?;
            let size = y.luma_size()?;
            uv.check_chroma(size, "uv", size.width as usize)?;
            FrameView::nv12(y.plane, uv.plane, size, range)
        }
        FrameFormat::I420(range) => {
            if count != 3 {
                return Err(wrong("(y, u, v)"));
            }
            let y: Grid<'a> = slots.borrow(&planes.get_item(0)?, "y")?;
            let u: Grid<'a> = slots.borrow(&planes.get_item(1)?, "u")?;
            let v: Grid<'a> = slots.borrow(&planes.get_item(2)?, "v")?;
            let size = y.luma_size()?;
            u.check_chroma(size, "u", size.width as usize / 2)?;
            v.check_chroma(size, "v", size.width as usize / 2)?;
            FrameView::i420(y.plane, u.plane, v.plane, size, range)
        }
        FrameFormat::Packed(_) | FrameFormat::Jpeg => {
            return Err(wrong("one buffer for this format"));
        }
    };
    view.map_err(|error| from_frame(&error))
}

impl Grid<'_> {
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
