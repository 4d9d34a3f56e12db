//! How an image is to be encoded, and what comes out.

use std::sync::Arc;

use crate::error::ImageError;
use crate::geometry::{Rect, Size};

/// The four pictures of the product page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// The vehicle cut out.
    VehicleCrop,
    /// The license plate cut out.
    PlateCrop,
    /// The whole frame.
    FullFrame,
    /// The whole frame made smaller.
    DownsizedFrame,
}

/// What `quality: None` means.
pub(super) const DEFAULT_QUALITY: u8 = 85;

/// What `fit: None` means.
pub(crate) const DEFAULT_FIT: Size = Size {
    width: 640,
    height: 360,
};

/// Subsampling of chroma.
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
    pub(super) const fn factors(self) -> (u8, u8) {
        match self {
            Self::Full => (1, 1),
            Self::Half => (2, 1),
            Self::Quarter => (2, 2),
        }
    }
}

/// Who encodes. The bytes are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coder {
    /// The encoder of our own where it takes the image, and otherwise libjpeg-turbo.
    #[default]
    Fastest,
    /// libjpeg-turbo, whatever the image.
    LibjpegTurbo,
}

/// How an image is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// 1 to 100. `None`: 85, or a lossless crop where a JPEG frame allows one.
    pub quality: Option<u8>,
    /// Of chroma.
    pub subsampling: Subsampling,
    /// Ceiling in bytes: quality is lowered until the image fits.
    pub max_bytes: Option<usize>,
    /// The size a downsized frame must fit into, keeping its shape; the other kinds ignore it.
    pub fit: Option<Size>,
    /// Who encodes it.
    pub coder: Coder,
}

impl Encoding {
    /// Refuses a setting that cannot be encoded.
    pub(super) fn check(&self) -> Result<(), ImageError> {
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

    /// The size of a downsized frame.
    pub(super) fn downsized(&self, frame: Size) -> Size {
        frame.fitted_into(self.fit.unwrap_or(DEFAULT_FIT))
    }
}

/// An encoded image, borrowed from this thread's buffers or from the camera's frame.
#[derive(Clone, Copy)]
pub struct JpegView<'a> {
    /// From SOI to EOI.
    pub bytes: &'a [u8],
    /// Size of the picture.
    pub size: Size,
    /// The part of the frame it shows.
    pub shows: Rect,
}

/// An encoded image.
#[derive(Clone)]
pub struct Jpeg {
    /// From SOI to EOI.
    pub bytes: Arc<[u8]>,
    /// Size of the picture.
    pub size: Size,
    /// The part of the frame it shows.
    pub shows: Rect,
}
