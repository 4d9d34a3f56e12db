//! The pixels that a shot keeps, kind by kind, and how it lets go of them.

use std::sync::Arc;

use super::piece::{FrameShare, Piece, Whole, copied, copied_from, smaller};
use super::plan::ShotPlan;
use super::source::Source;
use crate::error::ImageError;
use crate::frame::FrameView;
use crate::geometry::{RawBox, Rect, Size};
use crate::jpeg::{DEFAULT_FIT, ImageKind, downsized_pixels, pixels_of_part};
use crate::pixels::Pixels;

/// The pixels of one kind of image.
struct KeptKind {
    /// The part of the frame it shows, or why there is no such image.
    rect: Result<Rect, ImageError>,
    /// Its own pixels; without them it is cut from a larger piece.
    own: Option<Piece>,
}

impl KeptKind {
    const fn borrowing(rect: Result<Rect, ImageError>) -> Self {
        Self { rect, own: None }
    }

    /// The part it shows, when it has no pixels of its own.
    fn borrowed(&self) -> Option<Rect> {
        if self.own.is_some() {
            None
        } else {
            self.rect.as_ref().ok().copied()
        }
    }

    fn held_bytes(&self) -> usize {
        self.own
            .as_ref()
            .map_or(0, |piece| piece.pixels.held_bytes())
    }

    /// Forgets the pixels; a kind that was missing anyway keeps its reason.
    fn drop_pixels(&mut self) {
        if self.rect.is_ok() {
            *self = Self::borrowing(Err(ImageError::OverBudget));
        }
    }

    fn keep(&mut self, piece: Result<Piece, ImageError>) {
        match piece {
            Ok(piece) => self.own = Some(piece),
            Err(why) => *self = Self::borrowing(Err(why)),
        }
    }
}

/// All pixels of a shot.
pub(super) struct KeptPixels {
    whole: Option<Arc<Whole>>,
    full: KeptKind,
    downsized: KeptKind,
    vehicle: KeptKind,
    plate: KeptKind,
    /// The size a downsized frame must fit into when it has to be made before its full frame goes.
    fit: Size,
}

impl KeptPixels {
    pub(super) fn capture(
        frame: Option<&FrameView<'_>>,
        share: &mut FrameShare,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Self {
        let rect_of = |kind: ImageKind| {
            let frame = frame.ok_or(ImageError::NoFrame)?;
            if !plan.keeps(kind) {
                return Err(ImageError::NotKept);
            }
            match kind {
                ImageKind::FullFrame | ImageKind::DownsizedFrame => Ok(Rect::whole(frame.size())),
                ImageKind::VehicleCrop => frame.box_to_cut(vehicle, "vehicle"),
                ImageKind::PlateCrop => frame.box_to_cut_around(plate, plan.plate_margin, "plate"),
            }
        };
        let fit = plan.downsized_into.unwrap_or(DEFAULT_FIT);
        let mut kept = Self {
            whole: None,
            full: KeptKind::borrowing(rect_of(ImageKind::FullFrame)),
            downsized: KeptKind::borrowing(rect_of(ImageKind::DownsizedFrame)),
            vehicle: KeptKind::borrowing(rect_of(ImageKind::VehicleCrop)),
            plate: KeptKind::borrowing(rect_of(ImageKind::PlateCrop)),
            fit,
        };
        let Some(frame) = frame else {
            return kept;
        };
        let is_jpeg = matches!(frame, FrameView::Jpeg { .. });
        if plan.full_frame || (is_jpeg && kept.shows_anything()) {
            kept.whole = share.whole(frame);
        } else if !is_jpeg {
            kept.copy_pieces(frame, |whole| share.downsized(whole, fit));
        }
        kept
    }

    fn shows_anything(&self) -> bool {
        [&self.full, &self.downsized, &self.vehicle, &self.plate]
            .iter()
            .any(|kind| kind.rect.is_ok())
    }

    /// Gives each kind the pixels it needs; a plate inside the vehicle needs none.
    fn copy_pieces(
        &mut self,
        frame: &FrameView<'_>,
        make_smaller: impl FnOnce(&FrameView<'_>) -> Result<Arc<Pixels>, ImageError>,
    ) {
        if let Some(shows) = self.vehicle.borrowed() {
            self.vehicle.keep(copied(frame, shows));
        }
        if let Some(shows) = self.plate.borrowed()
            && self.vehicle_around(shows).is_none()
        {
            self.plate.keep(copied(frame, shows));
        }
        if let Some(shows) = self.downsized.borrowed() {
            self.downsized
                .keep(make_smaller(frame).map(|pixels| Piece { pixels, shows }));
        }
    }

    /// The vehicle's own pixels, when they show all of `rect`.
    fn vehicle_around(&self, rect: Rect) -> Option<&Piece> {
        self.vehicle
            .own
            .as_ref()
            .filter(|piece| piece.shows.contains(rect))
    }

    pub(super) fn held_bytes(&self) -> usize {
        let kinds = [&self.downsized, &self.vehicle, &self.plate];
        self.whole.as_ref().map_or(0, |whole| whole.held_bytes())
            + kinds.iter().map(|kind| kind.held_bytes()).sum::<usize>()
    }

    pub(super) fn shed(&mut self, kind: ImageKind) {
        match kind {
            ImageKind::FullFrame => self.full.drop_pixels(),
            ImageKind::VehicleCrop => {
                self.rescue_plate();
                self.vehicle.drop_pixels();
            }
            ImageKind::DownsizedFrame => self.downsized.drop_pixels(),
            ImageKind::PlateCrop => self.plate.drop_pixels(),
        }
        self.release_whole();
    }

    /// Before the vehicle goes: copies a plate that is a view into it.
    fn rescue_plate(&mut self) {
        if self.whole.is_none()
            && let Some(shows) = self.plate.borrowed()
            && let Some(vehicle) = self.vehicle_around(shows)
        {
            let piece = copied_from(vehicle, shows);
            self.plate.keep(piece);
        }
    }

    /// Drops the whole frame when nobody wants to see it, once all that is cut from it has pixels of its own.
    fn release_whole(&mut self) {
        if self.full.rect.is_ok() {
            return;
        }
        let Some(whole) = self.whole.clone() else {
            return;
        };
        match &*whole {
            Whole::Pixels(pixels) => {
                let fit = self.fit;
                self.copy_pieces(&pixels.view(), |frame| smaller(frame, fit));
                self.whole = None;
            }
            Whole::Jpeg { size_bytes, .. } => {
                // A decoded vehicle is larger than the JPEG; a decoded plate is far smaller.
                let decoded_bytes = |size: Size| size.width as usize * size.height as usize * 3;
                let plate = self.plate.borrowed().map(Rect::size);
                let downsized = self.downsized.borrowed().map(|_| self.fit);
                let needed = plate.map_or(0, decoded_bytes) + downsized.map_or(0, decoded_bytes);
                if self.vehicle.rect.is_err() && needed < *size_bytes {
                    self.decode_pieces(whole.jpeg());
                    self.whole = None;
                }
            }
        }
    }

    fn decode_pieces(&mut self, jpeg: Result<&[u8], ImageError>) {
        let piece = |(pixels, shows)| Piece {
            pixels: Arc::new(pixels),
            shows,
        };
        if let Some(rect) = self.plate.borrowed() {
            let pixels = jpeg.clone().and_then(|jpeg| pixels_of_part(jpeg, rect));
            self.plate.keep(pixels.map(piece));
        }
        if let Some(shows) = self.downsized.borrowed() {
            let pixels = jpeg.and_then(|jpeg| downsized_pixels(jpeg, self.fit));
            self.downsized
                .keep(pixels.map(|pixels| piece((pixels, shows))));
        }
    }

    /// Where an image of that kind comes from.
    pub(super) fn source(&self, kind: ImageKind) -> Result<Source, ImageError> {
        let kept = match kind {
            ImageKind::FullFrame => &self.full,
            ImageKind::DownsizedFrame => &self.downsized,
            ImageKind::VehicleCrop => &self.vehicle,
            ImageKind::PlateCrop => &self.plate,
        };
        let shows = kept.rect.clone()?;
        if let Some(piece) = &kept.own {
            return Ok(Source::Piece {
                piece: piece.clone(),
                shows: piece.shows,
            });
        }
        if kind == ImageKind::PlateCrop
            && let Some(vehicle) = self.vehicle_around(shows)
        {
            return Ok(Source::Piece {
                piece: vehicle.clone(),
                shows,
            });
        }
        let whole = self.whole.clone().ok_or(ImageError::OverBudget)?;
        Ok(Source::Whole { whole, shows })
    }
}
