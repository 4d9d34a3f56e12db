//! The best shots of one vehicle, or of what challenges it, one per text, so that an event shows what it says.
//!
//! Invariants, held by `tests/native/test_tracking_shots.py`:
//!
//! 1. A text that is or was reported keeps its place. Others compete by how likely the vote takes them for the plate, so
//!    that the one that may be reported next has a place, too.
//! 2. An event shows the best read whose text is the reported one; only where there is none, the nearest, and of those that
//!    are equally near and good the sharpest.
//! 3. Only a clearly better shot replaces another, so that not every frame is copied.

use std::sync::Arc;

use crate::event::FrameTime;
use crate::geometry::{RawBox, Rect, Size};
use crate::jpeg::ImageKind;
use crate::shot::{SHED_ORDER, Shot};
use crate::vote::{MAX_CANDIDATES, PlateText, distance};

/// What is left of the worth of a plate that the frame cuts off.
const CUT_OFF: f32 = 0.75;

/// The height of a plate without a box, in pixels, as the vote takes it,
const USUAL_HEIGHT: f32 = 48.0;

/// and what a confidence is worth at least: some recognisers give none.
const LEAST_CONFIDENCE: f32 = 0.1;

/// How much better a shot must be to replace another, as a factor.
const CLEARLY: f32 = 1.0725;

/// A shot, and what is left of it.
#[derive(Clone)]
pub(crate) struct AlbumShot {
    pub(crate) shot_no: u64,
    pub(crate) pixels: Arc<Shot>,
    pub(crate) bytes: usize,
    /// Which pixels were never kept or have been dropped, by their place in [`SHED_ORDER`].
    pub(crate) gone: [bool; SHED_ORDER.len()],
}

/// One read as it may be shown.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) text: PlateText,
    /// An event has reported it.
    was_reported: bool,
    pub(crate) quality: f32,
    pub(crate) at: FrameTime,
    pub(crate) vehicle: Option<Rect>,
    pub(crate) plate: Option<Rect>,
    pub(crate) shot: Option<AlbumShot>,
    /// The plan of its shot; under another plan it is taken anew.
    pub(crate) plan_no: u32,
}

/// A read that may get a place.
pub(crate) struct Sight<'a> {
    pub(crate) text: &'a PlateText,
    pub(crate) confidence: f64,
    pub(crate) at: FrameTime,
    pub(crate) vehicle: Option<RawBox>,
    pub(crate) plate: Option<RawBox>,
    pub(crate) frame_size: Option<Size>,
    /// A frame came, and some profile wants images.
    pub(crate) has_pixels: bool,
    pub(crate) plan_no: u32,
}

/// Where the frame's size is not known: the largest that a JPEG can show.
const ANY_FRAME: Size = Size {
    width: crate::frame::MAX_SIDE_PX,
    height: crate::frame::MAX_SIDE_PX,
};

impl Sight<'_> {
    /// The plate's height times the read's confidence; less if the plate cannot be shown whole.
    fn quality(&self) -> f32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "24 bits are more than a confidence or a box has"
        )]
        let (confidence, height) = (
            (self.confidence as f32).max(LEAST_CONFIDENCE),
            self.plate
                .filter(|plate| plate.is_sane())
                .map(|plate| plate.height as f32),
        );
        let shown = self.plate.or(self.vehicle);
        let is_whole =
            shown.is_some_and(|shown| lies_inside(shown, self.frame_size.unwrap_or(ANY_FRAME)));
        confidence * height.unwrap_or(USUAL_HEIGHT) * if is_whole { 1.0 } else { CUT_OFF }
    }

    fn picture(&self, shot: Option<AlbumShot>) -> Picture {
        let frame = self.frame_size.unwrap_or(ANY_FRAME);
        let clamped = |raw: Option<RawBox>| raw.and_then(|raw| raw.clamped_to(frame).ok());
        Picture {
            text: *self.text,
            was_reported: false,
            quality: self.quality(),
            at: self.at,
            vehicle: clamped(self.vehicle),
            plate: clamped(self.plate),
            shot,
            plan_no: self.plan_no,
        }
    }
}

fn lies_inside(shown: RawBox, frame: Size) -> bool {
    shown.x >= 0.0
        && shown.y >= 0.0
        && shown.x + shown.width <= f64::from(frame.width)
        && shown.y + shown.height <= f64::from(frame.height)
}

impl Picture {
    /// Bytes kept, as they were counted last.
    fn bytes(&self) -> usize {
        self.shot.as_ref().map_or(0, |shot| shot.bytes)
    }
}

/// The pictures of one vehicle, or of what challenges it.
pub(crate) struct Album {
    pictures: Vec<Picture>,
}

impl Album {
    pub(crate) const fn new() -> Self {
        Self {
            pictures: Vec::new(),
        }
    }

    /// Where a read goes, if it deserves a place. `places` are those of texts that were not reported; `likely` says how
    /// likely a text is the plate.
    pub(crate) fn place_for(
        &self,
        sight: &Sight<'_>,
        reported: &PlateText,
        places: usize,
        likely: impl Fn(&PlateText) -> f32,
    ) -> Option<usize> {
        let is_stale = |old: &Picture| {
            sight.has_pixels && (old.plan_no != sight.plan_no || old.shot.is_none())
        };
        let (text, quality) = (sight.text, sight.quality());
        self.place_of(text, quality, is_stale, reported, places, likely)
    }

    fn place_of(
        &self,
        text: &PlateText,
        quality: f32,
        is_stale: impl Fn(&Picture) -> bool,
        reported: &PlateText,
        places: usize,
        likely: impl Fn(&PlateText) -> f32,
    ) -> Option<usize> {
        let known = self
            .pictures
            .iter()
            .position(|picture| picture.text == *text);
        if let Some(place) = known {
            let old = self.pictures.get(place)?;
            return (is_stale(old) || quality > old.quality * CLEARLY).then_some(place);
        }
        let may_go = |picture: &&Picture| !picture.was_reported && picture.text != *reported;
        let others = self.pictures.iter().filter(may_go).count();
        let is_reported = text == reported;
        let has_room = self.pictures.len() < places.saturating_add(MAX_CANDIDATES);
        if has_room && (others < places || (is_reported && others == 0)) {
            return Some(self.pictures.len());
        }
        let rank = |picture: &Picture| (likely(&picture.text), picture.quality);
        let worse = |a: (f32, f32), b: (f32, f32)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        let (place, least) = (0..)
            .zip(&self.pictures)
            .filter(|(_, picture)| may_go(picture) || (!has_room && picture.text != *reported))
            .map(|(place, picture)| (place, rank(picture)))
            .min_by(|(_, a), (_, b)| worse(*a, *b))?;
        let own = (likely(text), quality);
        (is_reported || worse(least, own).is_lt()).then_some(place)
    }

    /// An event reports this text: its picture stays.
    pub(crate) fn keep_reported(&mut self, text: &PlateText) {
        for picture in self
            .pictures
            .iter_mut()
            .filter(|picture| picture.text == *text)
        {
            picture.was_reported = true;
        }
    }

    /// The clock has been set: tells the pictures' times by it.
    pub(crate) fn set_clock(&mut self, now: FrameTime) {
        for picture in &mut self.pictures {
            picture.at.tell_by(now);
        }
    }

    /// Puts a read into its place; returns the bytes of the shot it replaces.
    pub(crate) fn put(
        &mut self,
        place: usize,
        sight: &Sight<'_>,
        shot: Option<AlbumShot>,
    ) -> usize {
        self.set(place, sight.picture(shot))
    }

    fn set(&mut self, place: usize, mut picture: Picture) -> usize {
        if let Some(old) = self.pictures.get_mut(place) {
            picture.was_reported = old.was_reported && old.text == picture.text;
            return std::mem::replace(old, picture).bytes();
        }
        self.pictures.reserve_exact(1);
        self.pictures.push(picture);
        0
    }

    /// Takes in each picture of another album that deserves a place, as [`place_for`](Self::place_for) says; returns the
    /// bytes of the shots that go.
    pub(crate) fn absorb(
        &mut self,
        other: &mut Self,
        reported: &PlateText,
        places: usize,
        likely: impl Fn(&PlateText) -> f32,
    ) -> usize {
        let mut freed = 0;
        for picture in other.pictures.drain(..) {
            let is_stale = |old: &Picture| old.shot.is_none() && picture.shot.is_some();
            let (text, quality) = (&picture.text, picture.quality);
            freed += match self.place_of(text, quality, is_stale, reported, places, &likely) {
                Some(place) => self.set(place, picture),
                None => picture.bytes(),
            };
        }
        freed
    }

    /// Lets go of everything; returns the bytes of its shots.
    pub(crate) fn clear(&mut self) -> usize {
        self.pictures.drain(..).map(|picture| picture.bytes()).sum()
    }

    /// The picture to show with this text: its own, or the nearest text's; of several that are as near and about as good
    /// the sharpest.
    pub(crate) fn best_for(&self, text: &PlateText) -> Option<&Picture> {
        let rank = |picture: &Picture| distance(&picture.text, text);
        let nearest = self.pictures.iter().map(rank).min()?;
        let near = || {
            self.pictures
                .iter()
                .filter(|picture| rank(picture) == nearest)
        };
        let best = near().map(|picture| picture.quality).fold(0.0, f32::max);
        let sharpness = |picture: &&Picture| {
            picture
                .shot
                .as_ref()
                .map_or(0, |shot| shot.pixels.sharpness())
        };
        // Of equals the one that came first.
        near()
            .filter(|picture| picture.quality * CLEARLY >= best)
            .reduce(|one, next| {
                if sharpness(&next) > sharpness(&one) {
                    next
                } else {
                    one
                }
            })
    }

    /// Bytes kept, as they are now.
    pub(crate) fn recount(&mut self) -> usize {
        let shots = self
            .pictures
            .iter_mut()
            .filter_map(|picture| picture.shot.as_mut());
        shots
            .map(|shot| {
                shot.bytes = shot.pixels.held_bytes();
                shot.bytes
            })
            .sum()
    }

    /// Bytes kept, as they were counted last.
    pub(crate) fn bytes(&self) -> usize {
        self.pictures.iter().map(Picture::bytes).sum()
    }

    /// Whether any picture still has the pixels at a place in [`SHED_ORDER`].
    pub(crate) fn has_pixels_of(&self, place: usize) -> bool {
        self.pictures.iter().any(|picture| has(picture, place))
    }

    /// Drops the pixels at a place in [`SHED_ORDER`] from the least sure picture that has them, and those at the next places
    /// while that frees nothing (a JPEG frame is the source of all its images). Calls `gone` with each kind; returns the
    /// bytes freed.
    pub(crate) fn shed_one(&mut self, place: usize, mut gone: impl FnMut(ImageKind)) -> usize {
        let with = self
            .pictures
            .iter_mut()
            .filter(|picture| has(picture, place));
        let least_sure = with.min_by(|a, b| a.quality.total_cmp(&b.quality));
        let Some(shot) = least_sure.and_then(|picture| picture.shot.as_mut()) else {
            return 0;
        };
        let mut freed = 0;
        for (kind, is_gone) in SHED_ORDER.into_iter().zip(&mut shot.gone).skip(place) {
            if !std::mem::replace(is_gone, true) {
                freed += shot.pixels.shed(kind).min(shot.bytes);
                gone(kind);
            }
            if freed > 0 {
                break;
            }
        }
        shot.bytes -= freed;
        freed
    }
}

fn has(picture: &Picture, place: usize) -> bool {
    let shot = picture.shot.as_ref();
    shot.is_some_and(|shot| shot.gone.get(place) == Some(&false))
}
