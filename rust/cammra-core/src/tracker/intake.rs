//! Checks and places a read before its vehicle hears it, and counts what is wrong with it.

use super::counters::Counters;
use super::reads::Read;
use crate::geometry::{RawBox, Size};
use crate::region::{Region, fraction_of};
use crate::rules::Rules;
use crate::vehicle::{AttributeRead, Place};
use crate::vote::PlateText;

/// The text that counts, and its confidence in 0..=1.
pub(super) fn text_of(read: &Read<'_>, rules: &Rules, counters: &mut Counters) -> (PlateText, f64) {
    let confidence = fraction(Some(read.confidence), counters).unwrap_or(0.0);
    let (text, is_cut) = PlateText::cut_from(read.text);
    if !text.is_empty() && confidence < rules.min_confidence {
        counters.texts_below_confidence += 1;
        return (PlateText::EMPTY, confidence);
    }
    counters.cut_texts += u64::from(is_cut);
    (text, confidence)
}

/// Where a read counts; `None` outside every region.
///
/// The recogniser's own region comes first, then the middle of the plate (or of the vehicle, without a plate). A read that
/// cannot be placed, for want of a box or a frame size, counts in the first region.
pub(super) fn place_of(
    read: &Read<'_>,
    frame: Option<Size>,
    rules: &Rules,
    whole_frame: &Region,
    counters: &mut Counters,
) -> Option<Place> {
    let (vehicle, plate) = (sane(read.vehicle, counters), sane(read.plate, counters));
    let regions = &rules.regions;
    let middle = plate.or(vehicle).map(RawBox::centre).zip(frame);
    let point = middle.map(|(middle, size)| fraction_of(middle, size));
    let (region, roi_id) = match read.roi {
        Some(roi) => {
            let roi_id = u32::try_from(roi).ok().filter(|roi_id| *roi_id > 0)?;
            let known = regions.iter().find(|region| region.roi_id == roi_id);
            if known.is_none() && !regions.is_empty() {
                return None;
            }
            (known.unwrap_or(whole_frame), roi_id)
        }
        None if regions.is_empty() => (whole_frame, whole_frame.roi_id),
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

/// What a read tells besides its text.
pub(super) fn attributes_of<'a>(read: &Read<'a>, counters: &mut Counters) -> AttributeRead<'a> {
    AttributeRead {
        values: read.attributes,
        confidence_mmr: fraction(read.confidence_mmr, counters),
        confidence_colour: fraction(read.confidence_colour, counters),
    }
}

/// The box, if it could be one.
fn sane(raw: Option<RawBox>, counters: &mut Counters) -> Option<RawBox> {
    let sane = raw.filter(|raw| raw.is_sane());
    counters.refused_boxes += u64::from(sane.is_none() && raw.is_some());
    sane
}

/// A confidence, corrected to 0..=1.
fn fraction(confidence: Option<f64>, counters: &mut Counters) -> Option<f64> {
    let confidence = confidence?;
    if (0.0..=1.0).contains(&confidence) {
        return Some(confidence);
    }
    counters.corrected_confidences += 1;
    Some(if confidence.is_nan() {
        0.0
    } else {
        confidence.clamp(0.0, 1.0)
    })
}
