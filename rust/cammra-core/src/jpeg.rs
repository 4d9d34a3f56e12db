//! JPEG through libjpeg-turbo.

use crate::geometry::Size;

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
