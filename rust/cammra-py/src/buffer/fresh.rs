//! A `bytes` object that is filled in place.

use std::mem::MaybeUninit;

use base64_simd::{Out, STANDARD};
use cammra_core::output::Output;
use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The memory of a `bytes` object that nobody has seen yet, filled from the front.
///
/// `PyBytes::new_with` would write zeros first, which costs half as much as the base64 that follows.
pub(crate) struct Fresh<'a> {
    rest: &'a mut [MaybeUninit<u8>],
    /// Something did not fit.
    is_short: bool,
}

impl Fresh<'_> {
    /// The next `length` bytes; `None` when there is no room for them.
    fn take(&mut self, length: usize) -> Option<&mut [MaybeUninit<u8>]> {
        let rest = std::mem::take(&mut self.rest);
        if length > rest.len() {
            self.is_short = true;
            return None;
        }
        let (here, after) = rest.split_at_mut(length);
        self.rest = after;
        Some(here)
    }
}

impl Output for Fresh<'_> {
    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if let Some(here) = self.take(piece.len()) {
            // SAFETY: `here` has the piece's length, and cannot overlap it, since nobody else knows that memory.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    piece.as_ptr(),
                    here.as_mut_ptr().cast::<u8>(),
                    piece.len(),
                );
            }
        }
    }

    fn put_base64(&mut self, content: &[u8]) {
        if let Some(here) = self.take(STANDARD.encoded_length(content.len())) {
            let _ = STANDARD.encode(content, Out::from_uninit_slice(here));
        }
    }
}

/// A `bytes` object of `length` bytes, all of which `write` must write.
///
/// # Errors
/// `MemoryError`; `SystemError` when `write` wrote more or less than that.
pub(crate) fn bytes_of(
    py: Python<'_>,
    length: usize,
    write: impl FnOnce(&mut Fresh<'_>),
) -> PyResult<Bound<'_, PyBytes>> {
    let size = ffi::Py_ssize_t::try_from(length)?;
    // SAFETY: we hold the interpreter; the result is null with an error set, or an object that we own.
    let object = unsafe {
        let object = ffi::PyBytes_FromStringAndSize(std::ptr::null(), size);
        Bound::from_owned_ptr_or_err(py, object)?
    };
    // SAFETY: the object has that many bytes behind this pointer, and until this function returns nobody else has it, so we
    // may write to them ("may not be modified unless the object was just created with a null pointer").
    let memory = unsafe {
        let start = ffi::PyBytes_AsString(object.as_ptr());
        std::slice::from_raw_parts_mut(start.cast::<MaybeUninit<u8>>(), length)
    };
    let mut fresh = Fresh {
        rest: memory,
        is_short: false,
    };
    write(&mut fresh);
    // Bytes in `rest` were not written, and must never be seen.
    if fresh.is_short || !fresh.rest.is_empty() {
        return Err(PySystemError::new_err(format!(
            "not exactly the {length} bytes that were announced"
        )));
    }
    Ok(object.cast_into::<PyBytes>()?)
}
