//! The memory that all vehicles' shots share.

use std::sync::Arc;

use super::camera::Camera;
use super::counters::Counters;
use crate::jpeg::ImageKind;
use crate::shot::{SHED_ORDER, ShotPlan};
use crate::vehicle::{Album, AlbumShot, Sight, Vehicle};

/// What shots are to keep, and how much they keep now.
pub(super) struct Shelf {
    plan: ShotPlan,
    plan_no: u32,
    shots: u64,
    bytes: usize,
}

impl Shelf {
    pub(super) const fn new(plan: ShotPlan) -> Self {
        Self {
            plan,
            plan_no: 0,
            shots: 0,
            bytes: 0,
        }
    }

    pub(super) fn replan(&mut self, plan: ShotPlan) {
        if plan != self.plan {
            self.plan = plan;
            self.plan_no = self.plan_no.wrapping_add(1);
        }
    }

    pub(super) const fn plan_no(&self) -> u32 {
        self.plan_no
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether any profile wants an image.
    pub(super) fn wants_pixels(&self) -> bool {
        self.plan.keeps_any()
    }

    /// Offers a read to its vehicle's album, or to that of what challenges it; if it gets a place, copies its pixels.
    pub(super) fn offer(
        &mut self,
        vehicle: &mut Vehicle,
        sight: &Sight<'_>,
        places: usize,
        is_foreign: bool,
        camera: &mut dyn Camera,
        counters: &mut Counters,
    ) {
        if let Some((album, place)) = vehicle.place_for(sight, places, is_foreign) {
            let shot = self.capture(sight, camera);
            counters.shots_taken += u64::from(shot.is_some());
            let freed = album.put(place, sight, shot);
            self.release(freed);
        }
    }

    fn capture(&mut self, sight: &Sight<'_>, camera: &mut dyn Camera) -> Option<AlbumShot> {
        if !sight.has_pixels {
            return None;
        }
        let shot = camera.take(sight.vehicle, sight.plate, &self.plan)?;
        self.shots += 1;
        let bytes = shot.held_bytes();
        self.bytes = self.bytes.saturating_add(bytes);
        Some(AlbumShot {
            shot_no: self.shots,
            pixels: Arc::new(shot),
            bytes,
            gone: SHED_ORDER.map(|kind| !self.plan.keeps(kind)),
        })
    }

    pub(super) fn release(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    pub(super) fn clear(&mut self) {
        self.bytes = 0;
    }

    /// Drops pixels until the budget holds, kind by kind in [`SHED_ORDER`], of each kind the least certain vehicle's
    /// first.
    pub(super) fn shed(
        &mut self,
        mut vehicles: Vec<&mut Vehicle>,
        budget_bytes: usize,
        counters: &mut Counters,
    ) {
        self.bytes = vehicles
            .iter_mut()
            .flat_map(|vehicle| vehicle.albums_mut())
            .map(Album::recount)
            .sum();
        vehicles.sort_by(|a, b| {
            (a.certainty().total_cmp(&b.certainty())).then(a.number.cmp(&b.number))
        });
        for place in 0..SHED_ORDER.len() {
            for album in vehicles.iter_mut().flat_map(|one| one.albums_mut()) {
                while self.bytes > budget_bytes && album.has_pixels_of(place) {
                    let freed = album.shed_one(place, |kind| match kind {
                        ImageKind::FullFrame => counters.shed_full_frames += 1,
                        ImageKind::VehicleCrop => counters.shed_vehicle_crops += 1,
                        ImageKind::DownsizedFrame => counters.shed_downsized_frames += 1,
                        ImageKind::PlateCrop => counters.shed_plate_crops += 1,
                    });
                    self.release(freed);
                }
            }
        }
    }
}
