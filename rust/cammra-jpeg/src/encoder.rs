//! The encoder: tables of a quality, kept between pictures.

use std::fmt;

use crate::header::Header;
use crate::kernel::Kernel;
use crate::picture::Picture;
use crate::quantiser::{Divisors, Quantiser};
use crate::scan::Job;

/// A quality that is not 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadQuality(pub u8);

impl fmt::Display for BadQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quality {}: want 1 to 100", self.0)
    }
}

impl std::error::Error for BadQuality {}

/// Encodes pictures; what depends on the quality alone is made once for pictures of the same quality.
pub struct Encoder {
    kernel: Kernel,
    tables: Option<Tables>,
}

struct Tables {
    quality: u8,
    header: Header,
    luma: Box<Quantiser>,
    chroma: Box<Quantiser>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// With the best instructions that this processor has.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kernel: Kernel::best(),
            tables: None,
        }
    }

    /// With certain instructions; `None` on a processor that lacks them. The bytes are the same.
    #[must_use]
    pub fn with_kernel(kernel: Kernel) -> Option<Self> {
        kernel.is_available().then_some(Self {
            kernel,
            tables: None,
        })
    }

    /// Appends the JPEG of a picture, from SOI to EOI, to `out`.
    ///
    /// # Errors
    /// [`BadQuality`] when the quality is not 1 to 100; nothing is appended.
    pub fn encode(
        &mut self,
        picture: &Picture<'_>,
        quality: u8,
        out: &mut Vec<u8>,
    ) -> Result<(), BadQuality> {
        if !(1..=100).contains(&quality) {
            return Err(BadQuality(quality));
        }
        let tables = match self.tables.take() {
            Some(tables) if tables.quality == quality => tables,
            _ => Tables::new(quality),
        };
        tables.header.write((picture.width, picture.height), out);
        let job = Job {
            picture,
            luma: &tables.luma,
            chroma: &tables.chroma,
        };
        self.kernel.scan(&job, out);
        self.tables = Some(tables);
        Ok(())
    }
}

impl Tables {
    fn new(quality: u8) -> Self {
        let divisors = Divisors::of_quality(quality);
        Self {
            quality,
            header: Header::new(&divisors),
            luma: Box::new(Quantiser::new(&divisors.luma)),
            chroma: Box::new(Quantiser::new(&divisors.chroma)),
        }
    }
}
