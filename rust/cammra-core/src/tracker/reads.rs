//! What the recogniser saw in one frame, collected without an allocation per read.

use crate::event::{Attribute, Direction};
use crate::geometry::RawBox;
use crate::vehicle::Spot;

/// One read as it comes in; texts are borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The recogniser's number of the vehicle.
    pub track: i64,
    /// The plate's text; empty when it was not read.
    pub text: &'a str,
    /// Of the text, 0..=1; anything else says nothing and is counted.
    pub confidence: f64,
    /// The vehicle, in frame pixels.
    pub vehicle: Option<RawBox>,
    /// The plate, in frame pixels.
    pub plate: Option<RawBox>,
    /// The region of interest, if the recogniser tells.
    pub roi: Option<i64>,
    /// The movement, if the recogniser tells.
    pub direction: Option<Direction>,
    /// In the order of [`Attribute::ALL`]; empty where unknown.
    pub attributes: [&'a str; Attribute::ALL.len()],
    /// Of make and model.
    pub confidence_mmr: Option<f64>,
    /// Of the colour.
    pub confidence_colour: Option<f64>,
}

impl Default for Read<'_> {
    fn default() -> Self {
        Self {
            track: 0,
            text: "",
            confidence: 0.0,
            vehicle: None,
            plate: None,
            roi: None,
            direction: None,
            attributes: [""; Attribute::ALL.len()],
            confidence_mmr: None,
            confidence_colour: None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    read: Read<'static>,
    text: (usize, usize),
    attributes: Option<[(usize, usize); Attribute::ALL.len()]>,
}

/// The reads of one frame. Reused, it allocates only for a frame larger than all before.
#[derive(Clone, Debug, Default)]
pub struct ReadBatch {
    reads: Vec<Stored>,
    texts: String,
}

/// Bytes of a text that are looked at: more than any plate has, and a bound on what a hostile text costs.
const MAX_LOOKED_AT_BYTES: usize = 512;

impl ReadBatch {
    /// Empties it.
    pub fn clear(&mut self) {
        self.reads.clear();
        self.texts.clear();
    }

    /// How many reads it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.reads.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reads.is_empty()
    }

    /// Adds one read.
    pub fn push(&mut self, read: &Read<'_>) {
        let text = self.copy(read.text);
        let has_any = read.attributes.iter().any(|value| !value.is_empty());
        let attributes = has_any.then(|| read.attributes.map(|value| self.copy(value)));
        let read = Read {
            text: "",
            attributes: [""; Attribute::ALL.len()],
            ..*read
        };
        self.reads.push(Stored {
            read,
            text,
            attributes,
        });
    }

    fn copy(&mut self, text: &str) -> (usize, usize) {
        let mut end = text.len().min(MAX_LOOKED_AT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let start = self.texts.len();
        self.texts.push_str(text.get(..end).unwrap_or_default());
        (start, self.texts.len())
    }

    /// One of the reads.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Read<'_>> {
        let stored = self.reads.get(index)?;
        let text_at = |(start, end)| self.texts.get(start..end).unwrap_or_default();
        let attributes = stored
            .attributes
            .map_or([""; Attribute::ALL.len()], |all| all.map(text_at));
        Some(Read {
            text: text_at(stored.text),
            attributes,
            ..stored.read
        })
    }

    /// Track, and where it is.
    pub(super) fn place(&self, index: usize) -> Option<(i64, Option<Spot>)> {
        let read = &self.reads.get(index)?.read;
        let sane = |shown: Option<RawBox>| shown.filter(|shown| shown.is_sane());
        Some((read.track, Spot::of(sane(read.vehicle), sane(read.plate))))
    }

    /// Track, whether there is a text, and confidence: the rank among duplicates.
    pub(super) fn rank(&self, index: usize) -> (i64, bool, f64) {
        let rank = |stored: &Stored| {
            (
                stored.read.track,
                stored.text.0 < stored.text.1,
                stored.read.confidence,
            )
        };
        self.reads.get(index).map_or((0, false, 0.0), rank)
    }

    /// Whether track numbers rise, as with most recognisers: then there are no duplicates.
    pub(super) fn is_rising(&self) -> bool {
        self.reads.is_sorted_by(|a, b| a.read.track < b.read.track)
    }
}
