//! Finds events in digests, the newest first.
//!
//! A segment's digests are looked through without the ledger, which others need meanwhile. What an event's deliveries came to
//! is asked afterwards, of those alone that fit otherwise.

mod plate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem::Finder;

use crate::event::{Direction, EventKind};
use crate::log_digest::{Digest, Place, each_raw};
use crate::log_frame::kind;
use crate::log_record::{Summary, flag};

pub use plate::PlateQuery;

/// Stands in [`Query::states`] for events that nobody wanted.
pub const UNWANTED: u8 = 32;

/// What is looked for; all of it must hold.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which plates.
    pub plate: PlateQuery,
    /// Times, by frame time.
    pub at_utc_ns: Range<i64>,
    /// `None`: any.
    pub direction: Option<Direction>,
    /// `None`: any.
    pub roi: Option<u32>,
    /// The name of a plate list; empty: any, or none.
    pub list: Vec<u8>,
    /// Which event types: [`bit_of`] of each, together.
    pub kinds: u8,
    /// In ten-thousandths.
    pub min_confidence: u16,
    /// Bits of `log_record::State`, and [`UNWANTED`], one of which must be set; 0: any.
    pub states: u8,
    /// Places in the outbox before this one.
    pub before_seq: u64,
    /// How many are wanted.
    pub limit: usize,
}

/// An event that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place in the outbox.
    pub seq: u64,
    /// The segment that its frame lies in.
    pub segment: u64,
    /// Where in it.
    pub place: Place,
    /// EVENT or TEXT.
    pub kind: u8,
    /// Whether the plate is the one that was asked for, not one that is a character off.
    pub is_exact: bool,
    /// What became of it: bits of `log_record::State`.
    pub states: u8,
}

/// A search that goes on from segment to segment.
#[derive(Clone, Debug)]
pub struct Search {
    query: Query,
    /// Looks for the plate among bytes, where there is only one that fits: most events need not be read then.
    plate: Option<Finder<'static>>,
    found: BTreeMap<u64, Found>,
}

impl Search {
    /// One that has looked nowhere yet.
    #[must_use]
    pub fn new(query: Query) -> Self {
        let plate = match &query.plate {
            PlateQuery::Exact(plate) => Some(Finder::new(plate).into_owned()),
            _ => None,
        };
        Self {
            query,
            plate,
            found: BTreeMap::new(),
        }
    }

    /// What fits in a segment, but for its states; those of an EVENT are not known here.
    #[must_use]
    pub fn fitting(&self, segment: u64, digests: &[u8]) -> Vec<Found> {
        let may_hold = |bytes| {
            let plate = self.plate.as_ref();
            plate.is_none_or(|plate| plate.find(bytes).is_some())
        };
        if !may_hold(digests) {
            return Vec::new();
        }
        let events = each_raw(digests)
            .flatten()
            .filter(|(kind, _)| matches!(*kind, kind::EVENT | kind::TEXT))
            .filter(|(_, bytes)| may_hold(bytes));
        events
            .filter_map(|(kind, bytes)| match Digest::parse(kind, bytes).ok()?? {
                Digest::Event(place, summary) | Digest::Text(place, summary) => Some(Found {
                    seq: summary.head.seq,
                    segment,
                    place,
                    kind,
                    is_exact: self.fits(&summary)?,
                    states: summary.head.states,
                }),
                _ => None,
            })
            .collect()
    }

    /// Takes what [`Self::fitting`] found, with the states that `states_of` tells of an EVENT; tells whether it has as many
    /// as are wanted.
    pub fn take(&mut self, fitting: Vec<Found>, states_of: impl Fn(u64) -> u8) -> bool {
        for mut found in fitting {
            if found.kind == kind::EVENT {
                found.states = states_of(found.seq);
            }
            if self.query.has_state(found.states) {
                self.keep(found);
            }
        }
        while self.found.len() > self.query.limit {
            self.found.pop_first();
        }
        self.found.len() == self.query.limit
    }

    /// What was found so far, the newest first.
    pub fn found(&self) -> impl Iterator<Item = &Found> {
        self.found.values().rev()
    }

    /// The oldest of as many as are wanted: nothing before it is of interest. 0 while there are fewer.
    #[must_use]
    pub fn lowest_seq(&self) -> u64 {
        match self.found.first_key_value() {
            Some((seq, _)) if self.found.len() >= self.query.limit => *seq,
            _ => 0,
        }
    }

    /// Of two frames of one event, the one with pictures counts, then the later one.
    fn keep(&mut self, found: Found) {
        let rank = |found: &Found| (found.kind == kind::EVENT, found.segment, found.place.offset);
        let kept = self.found.entry(found.seq).or_insert(found);
        if rank(&found) > rank(kept) {
            *kept = found;
        }
    }

    /// Whether the plate is the one that was asked for; `None` where anything does not fit.
    fn fits(&self, summary: &Summary<'_>) -> Option<bool> {
        let (query, head) = (&self.query, &summary.head);
        let fits = (self.lowest_seq()..query.before_seq).contains(&head.seq)
            && !head.has(flag::ERASED)
            && query.at_utc_ns.contains(&head.at_utc_ns)
            && query.kinds & bit_of(head.kind) != 0
            && head.confidence >= query.min_confidence
            && query
                .direction
                .is_none_or(|direction| direction == head.direction)
            && query.roi.is_none_or(|roi| roi == head.roi)
            && (query.list.is_empty() || query.list == summary.brief.list);
        if fits {
            query.plate.fits(summary.brief.plate)
        } else {
            None
        }
    }
}

impl Query {
    const fn has_state(&self, states: u8) -> bool {
        let states = if states == 0 { UNWANTED } else { states };
        self.states == 0 || self.states & states != 0
    }
}

/// A kind in [`Query::kinds`].
#[must_use]
pub const fn bit_of(kind: EventKind) -> u8 {
    1 << kind.byte()
}
