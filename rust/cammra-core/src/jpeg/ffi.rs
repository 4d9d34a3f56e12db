//! The only way to C: libjpeg-turbo through the shim in `native/`.
//!
//! Invariants, each checked in `ffi/` before a call and held by `jpeg/tests.rs`:
//!
//! 1. Every pointer handed over comes from a slice whose length covers what C will touch.
//! 2. C keeps no pointer into Rust's memory after the call returns.
//! 3. A failed call leaves encoder and decoder usable.
#![expect(
    unsafe_code,
    reason = "one of three modules that may: C has no other interface"
)]

mod decoder;
mod encoder;

use std::ffi::{CStr, c_char};

// Keeps the crate linked: its build script builds libjpeg-turbo.
use turbojpeg_sys as _;

pub(super) use decoder::{Decoder, LEFT_SLACK_PX, Part, PlanesLayout};
pub(super) use encoder::{Encoder, Recipe};

unsafe extern "C" {
    fn shim_simd() -> *const c_char;
}

/// The instruction set libjpeg-turbo uses on this processor: `avx2`, `sse2`, `neon` or `none`.
#[must_use]
pub fn simd_name() -> &'static str {
    // SAFETY: takes nothing, returns a C string of static storage.
    unsafe { CStr::from_ptr(shim_simd()) }
        .to_str()
        .unwrap_or("none")
}

/// # Safety
/// `message` is a valid C string.
unsafe fn text(message: *const c_char) -> String {
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(message) }
        .to_string_lossy()
        .into_owned()
}
