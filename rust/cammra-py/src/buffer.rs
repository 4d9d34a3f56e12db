//! Memory shared with Python: frames that are borrowed from it, and `bytes` objects that are filled for it.
//!
//! **Borrowed**: any object with the buffer protocol. The caller promises, as the stub says, that the pixels do not change
//! until the call returns. Python cannot enforce that: a frame that is written to meanwhile gives a garbled picture.
//! Every bound comes from the buffer's own description, which its exporter must not change while it is exported. Nothing
//! is copied or allocated: the descriptions are on the stack and are not moved once filled in (that of a `bytes` object
//! points into itself). Held by `tests/native/test_imaging_frames.py`.
//!
//! **Filled**: a `bytes` object is filled in place before anyone else sees it ([`fresh`]).
#![expect(
    unsafe_code,
    reason = "one of three modules that may: Python's memory is raw pointers"
)]

mod fresh;

use std::ffi::CStr;
use std::mem::MaybeUninit;

use cammra_core::frame::Plane;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::errors::frame_error;

pub(crate) use fresh::bytes_of;

/// One exported buffer: rows of adjacent items.
#[derive(Clone, Copy)]
pub(crate) struct Grid<'a> {
    pub(crate) plane: Plane<'a>,
    pub(crate) rows: usize,
    /// Items in a row.
    pub(crate) columns: usize,
    /// Bytes of an item: 1, or the last dimension's length.
    pub(crate) channels: usize,
    pub(crate) dimensions: usize,
}

impl Grid<'_> {
    const NONE: Self = Self {
        plane: Plane {
            data: &[],
            stride: 0,
        },
        rows: 0,
        columns: 0,
        channels: 0,
        dimensions: 0,
    };
}

/// Lends the buffers of some objects, each with its name for messages, to `work`, and releases them when that returns.
///
/// # Errors
/// `FrameError` for an object without a buffer of bytes in rows, and whatever `work` returns.
pub(crate) fn with_buffers<T, const N: usize>(
    objects: [(&Bound<'_, PyAny>, &'static str); N],
    work: impl for<'a> FnOnce([Grid<'a>; N]) -> PyResult<T>,
) -> PyResult<T> {
    let mut exports = Exports::<N>::new();
    let mut grids = [Grid::NONE; N];
    for (grid, (object, name)) in grids.iter_mut().zip(objects) {
        *grid = exports.borrow(object, name)?;
    }
    // `work` takes any lifetime, so nothing that it returns can hold a grid.
    work(grids)
}

/// Exported buffers, released on drop.
struct Exports<const N: usize> {
    raw: [MaybeUninit<ffi::Py_buffer>; N],
    count: usize,
}

impl<const N: usize> Exports<N> {
    const fn new() -> Self {
        Self {
            raw: [const { MaybeUninit::uninit() }; N],
            count: 0,
        }
    }

    /// Borrows one object's buffer and checks its layout. The grid must not outlive `self`.
    fn borrow(&mut self, object: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Grid<'static>> {
        let Some(raw) = self.raw.get_mut(self.count) else {
            return Err(frame_error(format!("frame: more than {N} buffers")));
        };
        let flags = ffi::PyBUF_RECORDS_RO; // strides and format, read only
        // SAFETY: we hold the interpreter (`Bound`), and `raw` is ours to fill.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), raw.as_mut_ptr(), flags) } != 0 {
            let error = PyErr::fetch(object.py());
            return Err(frame_error(format!(
                "frame {name}: {}",
                error.value(object.py())
            )));
        }
        self.count += 1;
        // SAFETY: filled in by PyObject_GetBuffer.
        let view = unsafe { raw.assume_init_ref() };
        // SAFETY: exported with strides: `ndim` lengths and strides stay there until `Drop` releases the buffer, after the
        // last use of the grid (`with_buffers` owns the exports longer).
        unsafe { grid(view, name) }
    }
}

impl<const N: usize> Drop for Exports<N> {
    fn drop(&mut self) {
        for raw in self.raw.iter_mut().take(self.count) {
            // SAFETY: filled in by PyObject_GetBuffer and not moved since; `with_buffers` ends with the interpreter held.
            unsafe { ffi::PyBuffer_Release(raw.as_mut_ptr()) }
        }
    }
}

/// Reads a description. The returned slice covers the rows and nothing else.
///
/// # Safety
/// `view` was filled in by `PyObject_GetBuffer` with `PyBUF_RECORDS_RO`, and is released after the last use of the result.
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
    // The stride of a dimension with one item does not matter.
    let is_packed = inner.all(|(stride, length)| {
        let is_next = length == 1 || stride == want;
        want *= length;
        is_next
    });
    let row_bytes = columns * channels;
    let stride = match (dimensions, rows) {
        (1, _) | (_, 1) => row_bytes,
        _ => usize::try_from(strides.first().copied().unwrap_or(0)).unwrap_or(0),
    };
    if !is_packed || stride < row_bytes {
        return Err(wrong(format!(
            "strides {strides:?} for shape {shape:?}: want rows downwards, each without gaps"
        )));
    }
    // The exporter has memory of this length, so it cannot overflow.
    let bytes = stride * (rows - 1) + row_bytes;
    // SAFETY: the exporter describes `rows` rows of `row_bytes` bytes, `stride` apart, readable from `buf` until the
    // release; the caller promises that nobody writes to them meanwhile (head of this file).
    let data = unsafe { std::slice::from_raw_parts(view.buf.cast::<u8>().cast_const(), bytes) };
    Ok(Grid {
        plane: Plane { data, stride },
        rows,
        columns,
        channels,
        dimensions,
    })
}
