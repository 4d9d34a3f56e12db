//! JPEG as libjpeg-turbo writes it: standard Huffman tables, the accurate integer DCT, no copy of what can be read in place.
//! An encoder of our own writes the same bytes of NV12 and I420 with less work.
//!
//! * A frame's pixels are read where they lie, in rows of any stride; planar frames go in as planes, never through RGB.
//! * JFIF is full-range BT.601: of a video-range picture the part that is encoded is expanded.
//! * In NV12 and I420 frames boxes grow to even pixels, so that chroma stays where it was sampled; [`Jpeg::shows`] says
//!   what the image shows.
//! * Each thread keeps its encoder, decoder and scratch buffers.

mod bands;
mod bits;
mod codec;
mod cut;
mod encoding;
mod ffi;
mod foreign;
mod header;
mod huffman;
mod image;
mod judged;
mod mjpeg;
mod own;
mod scan;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use encoding::DEFAULT_FIT;
pub use encoding::{Coder, Encoding, ImageKind, Jpeg, JpegView, Subsampling};
pub use ffi::simd_name;
pub use foreign::Offer;
pub(crate) use foreign::{judged_answer, offer_of};
pub use header::frame_from_jpeg;
pub use image::image_from_frame;
pub(crate) use image::{copy_of, image_of_jpeg, image_of_pixels};
pub(crate) use mjpeg::{downsized_pixels, pixels_of_part};
pub(crate) use verdict::Verdict;
