//! Which reads may be shown: what a vehicle is shown by, and what it may be shown by if it turns out to be another.

use super::Tracker;
use super::camera::Camera;
use super::intake::Seen;
use crate::vehicle::Sight;

impl Tracker {
    /// Offers a read to its vehicle's album; a foreign one to that of what challenges the vehicle.
    pub(super) fn show(
        &mut self,
        index: Option<usize>,
        seen: &Seen<'_>,
        is_foreign: bool,
        camera: &mut dyn Camera,
    ) {
        let Some(open) = index.and_then(|index| self.fleet.get_mut(index)) else {
            return;
        };
        let (vehicle, text) = (&mut open.vehicle, &seen.placed.text);
        if text.is_empty() && !vehicle.is_unread() {
            return;
        }
        let sight = Sight {
            text,
            confidence: seen.placed.confidence,
            at: seen.at,
            vehicle: seen.read.vehicle,
            plate: seen.read.plate,
            frame_size: seen.frame_size,
            has_pixels: camera.frame_size().is_some() && self.shelf.wants_pixels(),
            plan_no: self.shelf.plan_no(),
        };
        self.shelf.offer(
            vehicle,
            &sight,
            self.rules.shots_per_track,
            is_foreign,
            camera,
            &mut self.counters,
        );
    }
}
