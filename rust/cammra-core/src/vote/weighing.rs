//! What a read weighs, and how far two texts are apart.

use super::text::{PlateText, distance};

/// What a read weighs that nobody is confident of, so that recognisers without a confidence have a majority too.
const LEAST_WEIGHT: f32 = 0.1;

/// How much less likely a text is the plate for each edit that a read is off,
const OFF_BY_ONE: f32 = 0.4;

/// and how much less likely it was read so of that text: errors are rare, and each is one of many.
const MISREAD_BY_ONE: f32 = 0.3;

/// A read that lacks an end of a text, however much of it, has one error, which is the most frequent one.
const CUT: f32 = 0.4;

/// A read that has more at an end than a text has: rather the text was cut than something was read that is not there.
const EXTENDED: f32 = 0.3;

/// How much a lead must be before it counts: a quarter more weight than what is reported.
pub(super) const LEAD: f32 = 1.25;

/// Beyond this all weights are halved, so that a vehicle that stays for an hour can still change its mind.
pub(super) const MEMORY: f32 = 64.0;

/// A plate this high is limited by its pixels as much as by all else; see [`legibility`].
const HALF_LEGIBLE_PX: f32 = 24.0;

/// What a read counts for whose plate has no box: as one of 48 pixels, an ordinary near plate.
const UNMEASURED: f32 = 0.8;

/// The powers of a factor, from 1 on.
const fn falling_by(factor: f32) -> [f32; 8] {
    let square = factor * factor;
    let fourth = square * square;
    let sixth = fourth * square;
    [
        1.0,
        factor,
        square,
        square * factor,
        fourth,
        fourth * factor,
        sixth,
        sixth * factor,
    ]
}

/// How much a read that is `edits` off a text counts for it.
pub(super) fn likeness(edits: u8) -> f32 {
    const FALLING: [f32; 8] = falling_by(OFF_BY_ONE);
    FALLING.get(usize::from(edits)).copied().unwrap_or(0.0)
}

/// How likely a plate with a text is read as another one that is `edits` off, beside how likely it is read as it stands.
pub(super) fn likelihood(read: &PlateText, text: &PlateText, edits: u8) -> f32 {
    const FALLING: [f32; 8] = falling_by(MISREAD_BY_ONE);
    if is_half(read, text, edits) {
        return 0.0;
    }
    let (read, text) = (read.chars(), text.chars());
    let has_at_end = |long: &[char], short: &[char]| {
        short.len() + usize::from(edits) == long.len()
            && (long.starts_with(short) || long.ends_with(short))
    };
    if edits == 0 {
        1.0
    } else if has_at_end(text, read) {
        CUT
    } else if has_at_end(read, text) {
        EXTENDED
    } else {
        FALLING.get(usize::from(edits)).copied().unwrap_or(0.0)
    }
}

/// Whether so many edits are half of the longer of two texts; equal texts never are.
pub(super) fn is_half(a: &PlateText, b: &PlateText, edits: u8) -> bool {
    let longer = a.chars().len().max(b.chars().len());
    edits > 0 && usize::from(edits) * 2 >= longer
}

/// What a read's confidence weighs: nearly the log-odds of a character against 35 others, `ln(35 c / (1 - c))`, of which
/// this is a straight line within a tenth from 0.05 to 0.95, so that every machine reckons the same.
#[must_use]
pub fn weight(confidence: f64) -> f32 {
    LEAST_WEIGHT + (1.0 - LEAST_WEIGHT) * narrow(confidence)
}

/// What a plate's height in pixels weighs, up to 1: evidence grows with the pixels of a character, thus with the square of
/// its height, until something else is the limit.
#[must_use]
pub fn legibility(height_px: Option<f64>) -> f32 {
    let Some(height) = height_px else {
        return UNMEASURED;
    };
    let pixels = narrow(height.clamp(0.0, 1e4)).powi(2);
    (pixels / (pixels + HALF_LEGIBLE_PX * HALF_LEGIBLE_PX)).max(LEAST_WEIGHT)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "confidences and heights need no more than 24 bits"
)]
pub(super) const fn narrow(value: f64) -> f32 {
    value as f32
}

/// Whether two texts are of two plates: half of the longer one differs, and neither is a part of the other, as a plate that
/// is half hidden is.
#[must_use]
pub fn is_far(a: &PlateText, b: &PlateText) -> bool {
    is_half(a, b, distance(a, b)) && !a.is_part_of(b) && !b.is_part_of(a)
}

/// Whether two texts may be of one plate of which a part was hidden, or read as something else: a third of the longer one
/// stands at the ends of both.
#[must_use]
pub fn is_alike_at_ends(a: &PlateText, b: &PlateText) -> bool {
    let (a, b) = (a.chars(), b.chars());
    let shorter = a.len().min(b.len());
    let at_start = equal_from(a.iter().zip(b));
    let at_end = equal_from(a.iter().rev().zip(b.iter().rev()));
    (at_start + at_end).min(shorter) * 3 >= a.len().max(b.len())
}

fn equal_from<'a>(pairs: impl Iterator<Item = (&'a char, &'a char)>) -> usize {
    pairs.take_while(|(one, other)| one == other).count()
}

/// Whether two reads may be of one plate: a third of the longer one differs at most.
#[must_use]
pub fn is_near(a: &PlateText, b: &PlateText) -> bool {
    let longer = a.chars().len().max(b.chars().len());
    usize::from(distance(a, b)) * 3 <= longer
}

/// Reads that speak for a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backing {
    /// How many they are.
    pub reads: u32,
    /// What they weigh together.
    pub weight: f32,
    /// When the first of them was taken.
    pub first_mono_ns: i64,
    /// When the last of them was taken.
    pub last_mono_ns: i64,
}
