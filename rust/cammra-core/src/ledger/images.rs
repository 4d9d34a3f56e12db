//! The pictures in the log: where each is, and how many need it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::numbered::Numbered;
use super::segments::{Segments, Spot};

/// So many keys of images are known, the last ones.
const KEYS_KEPT: usize = 1024;

/// One picture.
#[derive(Clone, Copy, Debug, Default)]
struct Image {
    /// Where it is; its length is 0 where it is nowhere, though somebody needs it.
    spot: Spot,
    /// Events and open vehicles that need it.
    uses: u16,
    /// What its frame holds beside the JPEG, in bytes.
    frame_bytes: u16,
}

impl Image {
    fn bytes(&self) -> u64 {
        u64::from(self.spot.length).saturating_sub(self.frame_bytes.into())
    }
}

/// All pictures whose frame is still there, or that somebody needs.
#[derive(Clone, Debug)]
pub(super) struct Images {
    by_no: Numbered<Image>,
    keys: HashMap<Box<[u8]>, u64>,
    /// The keys, oldest first.
    order: VecDeque<Box<[u8]>>,
    pub(super) highest: u64,
}

impl Images {
    pub(super) fn new() -> Self {
        Self {
            by_no: Numbered::new(),
            keys: HashMap::new(),
            order: VecDeque::new(),
            highest: 0,
        }
    }

    /// A frame holds this picture; from now on it is read there.
    pub(super) fn place(
        &mut self,
        no: u64,
        spot: Spot,
        jpeg_length: u32,
        key: &[u8],
        segments: &mut Segments,
    ) {
        self.highest = self.highest.max(no);
        let old = self.by_no.get(no).copied();
        if let Some(old) = old
            && old.uses > 0
        {
            segments.unhold_image(old.spot, old.bytes());
        }
        let frame_bytes = spot.length.saturating_sub(jpeg_length);
        let image = Image {
            spot,
            uses: old.map_or(0, |old| old.uses),
            frame_bytes: u16::try_from(frame_bytes).unwrap_or(u16::MAX),
        };
        if image.uses > 0 {
            segments.hold_image(spot, image.bytes());
        }
        self.by_no.insert(no, image);
        self.remember_key(no, key);
    }

    fn remember_key(&mut self, no: u64, key: &[u8]) {
        if key.is_empty() {
            return;
        }
        if self.keys.insert(key.into(), no).is_some() {
            return;
        }
        self.order.push_back(key.into());
        if self.order.len() > KEYS_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    /// The number of a picture that somebody needs; 0 where there is none.
    pub(super) fn no(&self, key: &[u8]) -> u64 {
        let no = self.keys.get(key).copied().unwrap_or_default();
        let image = self.by_no.get(no);
        let is_held = image.is_some_and(|image| image.uses > 0 && image.spot.length > 0);
        if is_held { no } else { 0 }
    }

    /// Where it is.
    pub(super) fn spot(&self, no: u64) -> Option<Spot> {
        let spot = self.by_no.get(no)?.spot;
        (spot.length > 0).then_some(spot)
    }

    /// How long its JPEG is; 0 where it is gone.
    pub(super) fn bytes(&self, no: u64) -> u64 {
        self.by_no.get(no).map_or(0, Image::bytes)
    }

    /// One more, or one less, needs it.
    pub(super) fn count(&mut self, no: u64, is_needed: bool, segments: &mut Segments) {
        if no == 0 {
            return;
        }
        if is_needed && self.by_no.get(no).is_none() {
            self.by_no.insert(no, Image::default());
        }
        let Some(image) = self.by_no.get_mut(no) else {
            return;
        };
        let before = image.uses;
        // Whoever has so many uses keeps them: forgetting one too early would lose a picture.
        if before < u16::MAX {
            image.uses = if is_needed {
                before + 1
            } else {
                before.saturating_sub(1)
            };
        }
        match (before, image.uses) {
            (0, 1..) => segments.hold_image(image.spot, image.bytes()),
            (1.., 0) => segments.unhold_image(image.spot, image.bytes()),
            _ => {}
        }
        if image.uses == 0 && image.spot.length == 0 {
            self.by_no.remove(no);
        }
    }

    /// The pictures of a segment that somebody needs.
    pub(super) fn needed_in(&self, segment: u32) -> BTreeSet<u64> {
        let images = self.by_no.iter();
        images
            .filter(|(_, image)| {
                image.uses > 0 && image.spot.segment == segment && image.spot.length > 0
            })
            .map(|(no, _)| no)
            .collect()
    }

    /// The segment is gone, and its pictures with it.
    pub(super) fn forget_segment(&mut self, segment: u32, segments: &mut Segments) {
        let images = self.by_no.iter();
        let gone: Vec<u64> = images
            .filter(|(_, image)| image.spot.segment == segment && image.spot.length > 0)
            .map(|(no, _)| no)
            .collect();
        for no in gone {
            if let Some(image) = self.by_no.remove(no)
                && image.uses > 0
            {
                segments.unhold_image(image.spot, image.bytes());
                let missing = Image {
                    uses: image.uses,
                    ..Image::default()
                };
                self.by_no.insert(no, missing);
            }
        }
    }
}
