//! From the pixels that are kept to an image.

use std::sync::Arc;

use super::piece::{Piece, Whole};
use super::sharpness::sharpness;
use crate::error::ImageError;
use crate::geometry::Rect;
use crate::jpeg::{
    Encoding, ImageKind, Jpeg, Offer, copy_of, image_of_jpeg, image_of_pixels, offer_of,
};

/// Where an image comes from. It holds the pixels while they are encoded, whatever the shot drops meanwhile.
pub(super) enum Source {
    Piece { piece: Piece, shows: Rect },
    Whole { whole: Arc<Whole>, shows: Rect },
}

impl Source {
    /// How sharp what it shows is; 0 for a JPEG, which is not decoded for it.
    pub(super) fn sharpness(&self) -> u32 {
        let part = match self {
            Self::Piece { piece, shows } => piece.pixels.view().cut(shows.within(piece.shows)),
            Self::Whole { whole, shows } => match &**whole {
                Whole::Pixels(pixels) => pixels.view().cut(*shows),
                Whole::Jpeg { .. } => None,
            },
        };
        part.map_or(0, |part| sharpness(&part, Rect::whole(part.size())))
    }

    /// What another encoder can make of it; `None`: ours has to.
    pub(super) fn offer(&self, kind: ImageKind, encoding: &Encoding) -> Option<Offer> {
        match self {
            Self::Piece { piece, shows } if kind == ImageKind::DownsizedFrame => {
                offer_of(&piece.pixels.view(), kind, *shows, encoding)
            }
            Self::Piece { piece, shows } => {
                let part = piece.pixels.view().cut(shows.within(piece.shows))?;
                offer_of(&part, kind, *shows, encoding)
            }
            Self::Whole { whole, shows } => match &**whole {
                Whole::Pixels(pixels) => {
                    offer_of(&pixels.view().cut(*shows)?, kind, *shows, encoding)
                }
                Whole::Jpeg { .. } => None,
            },
        }
    }

    pub(super) fn image(&self, kind: ImageKind, encoding: &Encoding) -> Result<Jpeg, ImageError> {
        match self {
            Self::Piece { piece, shows } if kind == ImageKind::DownsizedFrame => {
                image_of_pixels(&piece.pixels.view(), kind, *shows, encoding, copy_of)
            }
            Self::Piece { piece, shows } => {
                let view = piece.pixels.view();
                let part = view
                    .cut(shows.within(piece.shows))
                    .ok_or(ImageError::NoFrame)?;
                image_of_pixels(&part, kind, *shows, encoding, copy_of)
            }
            Self::Whole { whole, shows } => match &**whole {
                Whole::Pixels(pixels) => {
                    let part = pixels.view().cut(*shows).ok_or(ImageError::NoFrame)?;
                    image_of_pixels(&part, kind, *shows, encoding, copy_of)
                }
                Whole::Jpeg { .. } => image_of_jpeg(whole.jpeg()?, kind, *shows, encoding, copy_of),
            },
        }
    }
}
