//! What a shot holds of its frame, and what it lets go of.

use std::sync::Arc;

use super::piece::{FrameShare, Piece, Whole, copied, copied_from, smaller};
use super::plan::{Shed, ShotPlan};
use super::source::Source;
use crate::error::ImageError;
use crate::frame::FrameView;
use crate::geometry::{RawBox, Rect, Size};
use crate::jpeg::{DEFAULT_FIT, ImageKind, downsized_pixels, pixels_of_part};
use crate::pixels::Pixels;

/// One kind of image: where its pixels are, or why there are none.
struct Slot {
    /// The part of the frame it shows.
    rect: Result<Rect, ImageError>,
    /// Its own pixels; without them it is cut from a larger piece.
    own: Option<Piece>,
}

impl Slot {
    const fn missing(why: ImageError) -> Self {
        Self {
            rect: Err(why),
            own: None,
        }
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
            *self = Self::missing(ImageError::OverBudget);
        }
    }

    fn keep(&mut self, piece: Result<Piece, ImageError>) {
        match piece {
            Ok(piece) => self.own = Some(piece),
            Err(why) => *self = Self::missing(why),
        }
    }
}

/// Everything a shot holds.
pub(super) struct Kept {
    whole: Option<Arc<Whole>>,
    full: Slot,
    downsized: Slot,
    vehicle: Slot,
    plate: Slot,
    /// The size that the downsized frame is made for when its full frame goes.
    fit: Size,
}

impl Kept {
    pub(super) fn capture(
        frame: Option<&FrameView<'_>>,
        share: &mut FrameShare,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Self {
        let fit = plan.downsized_into.unwrap_or(DEFAULT_FIT);
        let Some(frame) = frame else {
            let none = || Slot::missing(ImageError::NoFrame);
            return Self {
                whole: None,
                full: none(),
                downsized: none(),
                vehicle: none(),
                plate: none(),
                fit,
            };
        };
        let crop = |wanted: bool, given: Option<RawBox>, what| {
            let rect = if wanted {
                frame.box_to_cut(given, what)
            } else {
                Err(ImageError::NotKept)
            };
            Slot { rect, own: None }
        };
        let whole_frame = |wanted: bool| Slot {
            rect: if wanted {
                Ok(Rect::whole(frame.size()))
            } else {
                Err(ImageError::NotKept)
            },
            own: None,
        };
        let mut kept = Self {
            whole: None,
            full: whole_frame(plan.full_frame),
            downsized: whole_frame(plan.downsized_into.is_some()),
            vehicle: crop(plan.vehicle_crop, vehicle, "vehicle"),
            plate: crop(plan.plate_crop, plate, "plate"),
            fit,
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
            .any(|slot| slot.rect.is_ok())
    }

    /// Gives each kind pixels of its own, as far as it needs them: a plate inside the vehicle does not.
    fn copy_pieces(
        &mut self,
        frame: &FrameView<'_>,
        make_smaller: impl FnOnce(&FrameView<'_>) -> Result<Arc<Pixels>, ImageError>,
    ) {
        if let Some(shows) = self.vehicle.borrowed() {
            self.vehicle.keep(copied(frame, shows));
        }
        if let Some(shows) = self.plate.borrowed()
            && !self.vehicle_holds(shows)
        {
            self.plate.keep(copied(frame, shows));
        }
        if let Some(shows) = self.downsized.borrowed() {
            self.downsized
                .keep(make_smaller(frame).map(|pixels| Piece { pixels, shows }));
        }
    }

    fn vehicle_holds(&self, rect: Rect) -> bool {
        self.vehicle
            .own
            .as_ref()
            .is_some_and(|piece| piece.shows.contains(rect))
    }

    pub(super) fn held_bytes(&self) -> usize {
        let slots = [&self.downsized, &self.vehicle, &self.plate];
        self.whole.as_ref().map_or(0, |whole| whole.held_bytes())
            + slots.iter().map(|slot| slot.held_bytes()).sum::<usize>()
    }

    pub(super) fn shed(&mut self, what: Shed) {
        match what {
            Shed::FullFrame => self.full.drop_pixels(),
            Shed::VehicleCrop => {
                self.rescue_plate();
                self.vehicle.drop_pixels();
            }
            Shed::DownsizedFrame => self.downsized.drop_pixels(),
            Shed::PlateCrop => self.plate.drop_pixels(),
        }
        self.release_whole();
    }

    /// Before the vehicle goes: a plate that is a view into it becomes a copy.
    fn rescue_plate(&mut self) {
        if self.whole.is_none()
            && let Some(shows) = self.plate.borrowed()
            && let Some(vehicle) = &self.vehicle.own
            && vehicle.shows.contains(shows)
        {
            let piece = copied_from(vehicle, shows);
            self.plate.keep(piece);
        }
    }

    /// Lets the whole frame go when nobody wants to see it, once what is cut from it has pixels of its own.
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
                let decoded = |slot: &Slot, size: Size| {
                    slot.borrowed()
                        .map_or(0, |_| size.width as usize * size.height as usize * 3)
                };
                let plate = self.plate.rect.as_ref().map_or(
                    Size {
                        width: 0,
                        height: 0,
                    },
                    |rect| rect.size(),
                );
                let needed = decoded(&self.plate, plate) + decoded(&self.downsized, self.fit);
                if self.vehicle.rect.is_err() && needed < *size_bytes {
                    self.decode_pieces(whole.jpeg().unwrap_or_default());
                    self.whole = None;
                }
            }
        }
    }

    fn decode_pieces(&mut self, jpeg: &[u8]) {
        if let Some(rect) = self.plate.borrowed() {
            let piece = pixels_of_part(jpeg, rect);
            self.plate.keep(piece.map(|(pixels, shows)| Piece {
                pixels: Arc::new(pixels),
                shows,
            }));
        }
        if let Some(shows) = self.downsized.borrowed() {
            let pixels = downsized_pixels(jpeg, self.fit);
            self.downsized.keep(pixels.map(|pixels| Piece {
                pixels: Arc::new(pixels),
                shows,
            }));
        }
    }

    /// Where an image of that kind comes from.
    pub(super) fn source(&self, kind: ImageKind) -> Result<Source, ImageError> {
        let slot = match kind {
            ImageKind::FullFrame => &self.full,
            ImageKind::DownsizedFrame => &self.downsized,
            ImageKind::VehicleCrop => &self.vehicle,
            ImageKind::PlateCrop => &self.plate,
        };
        let shows = slot.rect.clone()?;
        if let Some(piece) = &slot.own {
            return Ok(Source::Piece {
                piece: piece.clone(),
                shows: piece.shows,
            });
        }
        if kind == ImageKind::PlateCrop
            && let Some(vehicle) = &self.vehicle.own
            && vehicle.shows.contains(shows)
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
