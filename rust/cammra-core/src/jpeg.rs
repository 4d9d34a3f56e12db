//! JPEG through libjpeg-turbo: standard Huffman tables, the accurate integer DCT, no copy of what can be read in place.
//!
//! * A frame's pixels are read where they lie, rows of any stride; planar frames go in as planes, never through RGB.
//! * JFIF is full-range BT.601: a video-range picture is expanded on the part that is encoded.
//! * From NV12 and I420 boxes grow to even pixels, so chroma stays where it was sampled; [`Jpeg::shows`] says so.
//! * Encoder, decoder and scratch belong to the thread and are used again.

mod bands;
mod bits;
mod codec;
mod cut;
mod encoding;
mod ffi;
mod header;
mod huffman;
mod image;
mod mjpeg;
#[cfg(test)]
mod tests;

pub(crate) use encoding::DEFAULT_FIT;
pub use encoding::{Encoding, ImageKind, Jpeg, JpegView, Subsampling};
pub use ffi::simd_name;
pub use header::{MAX_JPEG_PIXELS, MAX_PROGRESSIVE_PIXELS, frame_from_jpeg};
pub(crate) use image::{copy_of, image_of_jpeg, image_of_pixels};
pub use image::{image_from_frame, with_image_from_frame};
pub(crate) use mjpeg::{downsized_pixels, pixels_of_part};
