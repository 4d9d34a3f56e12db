//! The floor of FF JSON with an image inside: the object copied, and the image as base64 by the same crate, into one buffer
//! that is kept.

use base64_simd::{Out, STANDARD};

/// Writes `json` and the base64 of `image` one after the other; returns how many bytes that were, 0 when `out` is too short.
///
/// # Safety
/// Each pointer is good for as many bytes as the length behind it says; `out` overlaps with neither of the others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_json_with_image(
    json: *const u8,
    json_bytes: usize,
    image: *const u8,
    image_bytes: usize,
    out: *mut u8,
    out_bytes: usize,
) -> usize {
    // SAFETY: promised by the caller.
    let (json, image, out) = unsafe {
        (
            std::slice::from_raw_parts(json, json_bytes),
            std::slice::from_raw_parts(image, image_bytes),
            std::slice::from_raw_parts_mut(out, out_bytes),
        )
    };
    let length = json_bytes + STANDARD.encoded_length(image_bytes);
    if length > out_bytes {
        return 0;
    }
    let (head, tail) = out.split_at_mut(json_bytes);
    head.copy_from_slice(json);
    let _ = STANDARD.encode(image, Out::from_slice(tail));
    length
}
