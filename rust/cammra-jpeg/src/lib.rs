//! NV12 and I420 to baseline JPEG with 4:2:0 chroma.
//!
//! The bytes are those of libjpeg-turbo with its accurate integer transform, standard Huffman tables and the same quality,
//! for every picture and on every processor; only the work is less. Two blocks at a time go from the camera's rows through
//! transform and quantisation in registers, and from there into bits: no plane, no row of blocks and no coefficient
//! buffer lies between.
//!
//! * [`Picture`]: what is encoded, borrowed from the caller and checked once.
//! * [`Encoder`]: tables of a quality, kept between pictures.
//! * [`Kernel`]: the instruction set that does the work. Portable Rust is the reference; the others equal it bit for bit.

#![expect(
    clippy::inline_always,
    reason = "what each kernel is made of must be compiled with the kernel's instructions"
)]

mod bits;
mod blocks;
mod codes;
mod encoder;
mod header;
mod kernel;
mod picture;
mod quantiser;
mod scan;

pub use encoder::{BadQuality, Encoder};
pub use kernel::Kernel;
pub use picture::{BadPicture, Chroma, MAX_SIDE_PX, Picture, Plane, Range};
