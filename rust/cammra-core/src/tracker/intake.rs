//! Checks and places a read before its vehicle hears it, and counts what is wrong with it.

use super::counters::Counters;
use super::reads::Read;
use crate::event::FrameTime;
use crate::geometry::{RawBox, Size};
use crate::region::{Region, fraction_of};
use crate::rules::Rules;
use crate::vehicle::{AttributeRead, Spot};
use crate::vote::PlateText;

/// The region's number where none is set.
const WHOLE_FRAME: u32 = 1;

/// The text that counts, and its confidence in 0..=1.
fn text_of(read: &Read<'_>, rules: &Rules, counters: &mut Counters) -> (PlateText, f64) {
    let confidence = fraction(Some(read.confidence), counters).unwrap_or(0.0);
    let (text, is_cut) = PlateText::cut_from(read.text);
    if !text.is_empty() && confidence < rules.min_confidence {
        counters.texts_below_confidence += 1;
        return (PlateText::EMPTY, confidence);
    }
    counters.cut_texts += u64::from(is_cut);
    (text, confidence)
}

/// A read's text, and where it is.
pub(super) struct Placed {
    /// Empty when the plate was not read.
    pub(super) text: PlateText,
    /// 0..=1
    pub(super) confidence: f64,
    /// The region that it counts in; `None` outside every one.
    pub(super) roi_id: Option<u32>,
    pub(super) spot: Option<Spot>,
    pub(super) plate_height: Option<f64>,
    /// The vehicle's box overlaps a region.
    pub(super) is_inside: bool,
}

/// A read, and where and when it was taken.
pub(super) struct Seen<'a> {
    pub(super) read: &'a Read<'a>,
    pub(super) placed: &'a Placed,
    pub(super) frame_size: Option<Size>,
    pub(super) at: FrameTime,
}

/// Checks a read and places it.
pub(super) fn placed(
    read: &Read<'_>,
    frame: Option<Size>,
    rules: &Rules,
    counters: &mut Counters,
) -> Placed {
    let (text, confidence) = text_of(read, rules, counters);
    let (vehicle, plate) = (sane(read.vehicle, counters), sane(read.plate, counters));
    let overlaps = |shown: RawBox| {
        let regions = &rules.regions;
        let within = |frame| regions.iter().any(|region| region.overlaps(shown, frame));
        regions.is_empty() || frame.is_none_or(within)
    };
    Placed {
        text,
        confidence,
        roi_id: roi_of(read, plate.or(vehicle), frame, rules),
        spot: Spot::of(vehicle, plate),
        plate_height: plate.map(|plate| plate.height),
        is_inside: vehicle.is_some_and(overlaps),
    }
}

/// The region in which a read counts; `None` outside every one.
///
/// The recogniser's own region comes first, then the middle of the plate (or of the vehicle, without a plate). A read that
/// cannot be placed, for want of a box or a frame size, counts in the first region.
fn roi_of(
    read: &Read<'_>,
    shown: Option<RawBox>,
    frame: Option<Size>,
    rules: &Rules,
) -> Option<u32> {
    let regions = &rules.regions;
    if let Some(roi) = read.roi {
        let roi_id = u32::try_from(roi).ok().filter(|roi_id| *roi_id > 0)?;
        let is_known = regions.iter().any(|region| region.roi_id == roi_id);
        return (is_known || regions.is_empty()).then_some(roi_id);
    }
    if regions.is_empty() {
        return Some(WHOLE_FRAME);
    }
    let middle = shown.map(RawBox::centre).zip(frame);
    let point = middle.map(|(middle, size)| fraction_of(middle, size));
    let inside = |region: &&Region| point.is_none_or(|point| region.contains(point));
    regions.iter().find(inside).map(|region| region.roi_id)
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

/// A confidence from 0 to 1; anything else, such as percent, says nothing.
fn fraction(confidence: Option<f64>, counters: &mut Counters) -> Option<f64> {
    let known = confidence.filter(|value| (0.0..=1.0).contains(value));
    counters.corrected_confidences += u64::from(known.is_none() && confidence.is_some());
    known
}
