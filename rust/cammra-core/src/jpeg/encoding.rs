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
    pub(super) const fn factors(self) -> (u8, u8) {
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

    /// The size a frame is to be made smaller to.
    pub(super) fn downsized(&self, frame: Size) -> Size {
        frame.fitted_into(self.fit.unwrap_or(DEFAULT_FIT))
    }
}

/// One image where it was made: in this thread's buffers, or the camera's own bytes.
#[derive(Clone, Copy)]
pub struct JpegView<'a> {
    /// From SOI to EOI.
    pub bytes: &'a [u8],
    /// Size of the picture.
    pub size: Size,
    /// What part of the frame it shows.
    pub shows: Rect,
}

/// One image, encoded.
#[derive(Clone)]
pub struct Jpeg {
    /// From SOI to EOI.
    pub bytes: Arc<[u8]>,
    /// Size of the picture.
    pub size: Size,
    /// What part of the frame it shows.
    pub shows: Rect,
}
