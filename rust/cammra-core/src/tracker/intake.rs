//! From a read as it came to what a vehicle takes in: checked, placed, counted.

use super::Tracker;
use super::camera::Camera;
use super::counters::Counters;
use super::reads::Read;
use crate::event::{FrameTime, TrackEvent};
use crate::geometry::{RawBox, Size};
use crate::region::{Region, fraction_of};
use crate::vehicle::{AttributeRead, Evidence, Sight};
use crate::vote::PlateText;

/// A read's place in the scene.
struct Place {
    roi_id: u32,
    progress: Option<(bool, f64)>,
}

impl Tracker {
    /// Takes in one read that was chosen; vehicles that must make room speak first.
    pub(super) fn take(
        &mut self,
        read: &Read<'_>,
        now: FrameTime,
        camera: &mut dyn Camera,
        said: &mut Vec<TrackEvent>,
    ) {
        let (text, confidence) = self.text_of(read);
        let counted = !text.is_empty() || self.rules.vehicles_without_plate;
        let (vehicle, plate) = (self.box_of(read.vehicle), self.box_of(read.plate));
        let frame_size = camera.frame_size().or(self.rules.frame_size);
        let Some(located) = self.place_of(read.roi, vehicle, plate, frame_size) else {
            self.counters.reads_outside_regions += 1;
            return;
        };
        if !counted {
            self.see_move(read, &located, now, said);
            return;
        }
        let Some(index) = self.slot_for(read.track, now, located.roi_id, said) else {
            self.counters.crowded_out_reads += 1;
            return;
        };
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        let evidence = Evidence {
            at: now,
            text,
            confidence,
            roi_id: located.roi_id,
            direction: read.direction,
            progress: located.progress,
            attributes: AttributeRead {
                values: read.attributes,
                confidence_mmr: fraction(read.confidence_mmr, &mut self.counters),
                confidence_colour: fraction(read.confidence_colour, &mut self.counters),
            },
        };
        let (memory, rules, counters) = (&mut self.shelf, &self.rules, &mut self.counters);
        let sight = Sight {
            text: &text,
            confidence,
            utc_ns: now.utc_ns,
            vehicle: read.vehicle,
            plate: read.plate,
            frame_size,
            has_pixels: camera.frame_size().is_some() && memory.wants_pixels(),
            plan_no: memory.plan_no(),
        };
        let show = |album: &mut _, reported: &_| {
            memory.offer(album, &sight, reported, rules, camera, counters);
        };
        let cut_values = slot.vehicle.take(&evidence, rules, show, said);
        self.counters.cut_values = self.counters.cut_values.saturating_add(cut_values);
        slot.deadline_ns = slot.vehicle.deadline_ns(&self.rules);
    }

    /// A box without a text: an open vehicle's direction may come of it, nothing else.
    fn see_move(
        &mut self,
        read: &Read<'_>,
        located: &Place,
        now: FrameTime,
        said: &mut Vec<TrackEvent>,
    ) {
        let index = self.slot_of.get(&read.track).copied();
        if let Some(slot) = index.and_then(|index| self.slots.get_mut(index)) {
            let (roi_id, progress) = (located.roi_id, located.progress);
            let place = progress.map(|(by_vehicle, progress)| (roi_id, by_vehicle, progress));
            slot.vehicle
                .see_move(now, read.direction, place, &self.rules, said);
            slot.deadline_ns = slot.vehicle.deadline_ns(&self.rules);
        }
    }

    /// The text that counts, and its confidence in 0..=1.
    fn text_of(&mut self, read: &Read<'_>) -> (PlateText, f64) {
        let confidence = fraction(Some(read.confidence), &mut self.counters).unwrap_or(0.0);
        let (text, cut) = PlateText::cut_from(read.text);
        if !text.is_empty() && confidence < self.rules.min_confidence {
            self.counters.texts_below_confidence += 1;
            return (PlateText::EMPTY, confidence);
        }
        self.counters.cut_texts += u64::from(cut);
        (text, confidence)
    }

    fn box_of(&mut self, given: Option<RawBox>) -> Option<RawBox> {
        let given = given?;
        if given.is_sane() {
            return Some(given);
        }
        self.counters.refused_boxes += 1;
        None
    }

    /// Where a read counts; `None` outside every region.
    ///
    /// The recogniser's word goes first. Else the middle of the plate (without one: of the vehicle) decides; a read
    /// that nothing places, without a box or without a frame size, counts in the first region.
    fn place_of(
        &self,
        roi: Option<i64>,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        frame: Option<Size>,
    ) -> Option<Place> {
        let regions = &self.rules.regions;
        let middle = plate.or(vehicle).map(RawBox::centre).zip(frame);
        let point = middle.map(|(middle, size)| fraction_of(middle, size));
        let (region, roi_id) = match roi {
            Some(roi) => {
                let roi_id = u32::try_from(roi).ok().filter(|roi_id| *roi_id > 0)?;
                let known = regions.iter().find(|region| region.roi_id == roi_id);
                if known.is_none() && !regions.is_empty() {
                    return None;
                }
                (known.unwrap_or(&self.whole_frame), roi_id)
            }
            None if regions.is_empty() => (&self.whole_frame, self.whole_frame.roi_id),
            None => {
                let inside = |region: &&Region| point.is_none_or(|point| region.contains(point));
                let region = regions.iter().find(inside)?;
                (region, region.roi_id)
            }
        };
        let moving = vehicle.or(plate).map(RawBox::centre).zip(frame);
        let progress =
            moving.map(|(centre, frame)| (vehicle.is_some(), region.progress(centre, frame)));
        Some(Place { roi_id, progress })
    }
}

/// A confidence as it may be used.
fn fraction(given: Option<f64>, counters: &mut Counters) -> Option<f64> {
    let given = given?;
    if (0.0..=1.0).contains(&given) {
        return Some(given);
    }
    counters.corrected_confidences += 1;
    Some(if given.is_nan() {
        0.0
    } else {
        given.clamp(0.0, 1.0)
    })
}
