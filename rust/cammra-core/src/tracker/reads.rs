//! What a recogniser saw in one frame, gathered without an allocation per read.

use crate::event::{Attribute, Direction};
use crate::geometry::RawBox;

/// One read as it is handed in; texts are borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The recogniser's number of the vehicle.
    pub track: i64,
    /// The plate; empty when it was not read.
    pub text: &'a str,
    /// Of the text, 0..=1; anything else is corrected and counted.
    pub confidence: f64,
    /// The vehicle, in frame pixels.
    pub vehicle: Option<RawBox>,
    /// The plate, in frame pixels.
    pub plate: Option<RawBox>,
    /// The region the recogniser puts it in.
    pub roi: Option<i64>,
    /// The movement the recogniser saw.
    pub direction: Option<Direction>,
    /// Values in the order of [`Attribute::ALL`]; empty where nothing is known.
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

/// The reads of one frame. Used again and again, it allocates only when a frame is larger than all before it.
#[derive(Clone, Debug, Default)]
pub struct ReadBatch {
    reads: Vec<Stored>,
    texts: String,
}

/// Longest text of a read that is looked at: more than any plate, and what a hostile one may cost.
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
        let text = self.keep(read.text);
        let known = read.attributes.iter().any(|value| !value.is_empty());
        let attributes = known.then(|| read.attributes.map(|value| self.keep(value)));
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

    fn keep(&mut self, text: &str) -> (usize, usize) {
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
        let kept = |(start, end)| self.texts.get(start..end).unwrap_or_default();
        let attributes = stored
            .attributes
            .map_or([""; Attribute::ALL.len()], |all| all.map(kept));
        Some(Read {
            text: kept(stored.text),
            attributes,
            ..stored.read
        })
    }

    /// Track, whether there is a text, and confidence of a read: what tells duplicates apart.
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

    /// Whether every track number is larger than the one before, as most recognisers have it: then none is twice.
    pub(super) fn is_rising(&self) -> bool {
        self.reads.is_sorted_by(|a, b| a.read.track < b.read.track)
    }
}
