//! JPEG through libjpeg-turbo: standard Huffman tables, the accurate integer DCT, no copy of what can be read in place.
//!
//! * A frame's pixels are read where they lie, rows of any stride; planar frames go in as planes, never through RGB.
//! * JFIF is full-range BT.601: a video-range picture is expanded on the part that is encoded.
//! * From NV12 and I420 boxes grow to even pixels, so chroma stays where it was sampled; [`Jpeg::shows`] says so.
//! * Encoder, decoder and scratch belong to the thread and are used again.
//!
//! [`Jpeg::shows`]: crate::shot::Jpeg::shows

mod bands;
mod bits;
mod codec;
mod cut;
mod ffi;
mod header;
mod huffman;
mod mjpeg;
#[cfg(test)]
mod tests;

pub use codec::{Picture, image_from_frame, with_image_from_frame};
pub(crate) use codec::{copy_of, image_of_jpeg, image_of_pixels};
pub use ffi::simd_name;
pub(crate) use header::Header;
pub use header::{MAX_JPEG_PIXELS, MAX_PROGRESSIVE_PIXELS};
pub(crate) use mjpeg::{downsized_pixels, pixels_of_part};

use crate::error::ImageError;
use crate::geometry::Size;

/// What `quality: None` means.
pub const DEFAULT_QUALITY: u8 = 85;

/// What `fit: None` means.
pub const DEFAULT_FIT: Size = Size {
    width: 640,
    height: 360,
};

/// How chroma is thinned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subsampling {
    /// 4:4:4
    Full,
    /// 4:2:2
    Half,
    /// 4:2:0
    Quarter,
}

impl Subsampling {
    /// Luma samples for each chroma sample, across and down.
    const fn factors(self) -> (u8, u8) {
        match self {
            Self::Full => (1, 1),
            Self::Half => (2, 1),
            Self::Quarter => (2, 2),
        }
    }
}

/// How one image is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// 1 to 100. `None`: 85, and where a JPEG frame allows a lossless crop, that.
    pub quality: Option<u8>,
    /// Chroma.
    pub subsampling: Subsampling,
    /// Ceiling in bytes; quality goes down until the image fits.
    pub max_bytes: Option<usize>,
    /// The size a downsized frame must fit into, aspect kept; ignored by the other kinds.
    pub fit: Option<Size>,
}

impl Encoding {
    /// Refuses what cannot be encoded.
    fn check(&self) -> Result<(), ImageError> {
        if let Some(quality) = self.quality
            && !(1..=100).contains(&quality)
        {
            return Err(ImageError::BadSetting {
                field: "quality",
                value: quality.to_string(),
                want: "1 to 100",
            });
        }
        if self.max_bytes == Some(0) {
            return Err(ImageError::BadSetting {
                field: "max_bytes",
                value: "0".to_owned(),
                want: "1 or more",
            });
        }
        if let Some(fit) = self.fit
            && (fit.width == 0 || fit.height == 0)
        {
            return Err(ImageError::BadSetting {
                field: "fit",
                value: fit.to_string(),
                want: "a width and a height of 1 or more",
            });
        }
        Ok(())
    }

    /// The size a frame is to be made smaller to.
    fn downsized(&self, frame: Size) -> Size {
        frame.fitted_into(self.fit.unwrap_or(DEFAULT_FIT))
    }
}
