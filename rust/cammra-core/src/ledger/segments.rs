//! What of each segment is still needed, and how much that is in all.

use std::collections::BTreeMap;

use crate::log_digest::Place;

/// The number that stands for "only in memory".
pub(super) const MEMORY: u32 = 0;

/// Where a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) segment: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

impl Spot {
    /// Nothing where no segment can be so long.
    pub(super) fn new(segment: u32, place: Place) -> Option<Self> {
        Some(Self {
            segment,
            offset: u32::try_from(place.offset).ok()?,
            length: place.length,
        })
    }

    pub(super) const fn in_memory(place: Place) -> Self {
        Self {
            segment: MEMORY,
            offset: 0,
            length: place.length,
        }
    }
}

/// How much is held for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Of events and pictures.
    pub bytes: u64,
    /// Events that wait or are parked.
    pub events: u64,
}

/// What of a segment is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentUse {
    /// The length of all frames that are needed.
    pub live_bytes: u64,
    /// Events that wait, are parked, or are their open vehicle's last.
    pub live_events: u64,
    /// Events whose text is read here.
    pub events: u64,
}

/// The totals. What is added is taken away with the same arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    uses: BTreeMap<u32, SegmentUse>,
    in_memory: Held,
    on_disk: Held,
    /// Where else a segment holds a frame of an event, or may.
    stale: BTreeMap<u32, BTreeMap<u64, Spot>>,
}

fn move_by(count: &mut u64, by: u64, up: bool) {
    *count = if up {
        count.saturating_add(by)
    } else {
        count.saturating_sub(by)
    };
}

impl Segments {
    fn held_mut(&mut self, segment: u32) -> &mut Held {
        if segment == MEMORY {
            &mut self.in_memory
        } else {
            &mut self.on_disk
        }
    }

    /// What is held in all, or of it what is only in memory.
    pub(super) const fn held(&self, only_in_memory: bool) -> Held {
        if only_in_memory {
            return self.in_memory;
        }
        Held {
            bytes: self.in_memory.bytes.saturating_add(self.on_disk.bytes),
            events: self.in_memory.events.saturating_add(self.on_disk.events),
        }
    }

    pub(super) fn hold_image(&mut self, spot: Spot, bytes: u64) {
        self.count_image(spot, bytes, true);
    }

    pub(super) fn unhold_image(&mut self, spot: Spot, bytes: u64) {
        self.count_image(spot, bytes, false);
    }

    fn count_image(&mut self, spot: Spot, bytes: u64, up: bool) {
        move_by(&mut self.held_mut(spot.segment).bytes, bytes, up);
        let of_segment = self.uses.entry(spot.segment).or_default();
        move_by(&mut of_segment.live_bytes, spot.length.into(), up);
    }

    /// An event's text is read there, or no longer.
    pub(super) fn count_text(&mut self, spot: Spot, up: bool) {
        let of_segment = self.uses.entry(spot.segment).or_default();
        move_by(&mut of_segment.events, 1, up);
    }

    /// An event there is live, or no longer.
    pub(super) fn count_live(&mut self, spot: Spot, up: bool) {
        let of_segment = self.uses.entry(spot.segment).or_default();
        move_by(&mut of_segment.live_events, 1, up);
        move_by(&mut of_segment.live_bytes, spot.length.into(), up);
    }

    /// An event there waits or is parked, or no longer.
    pub(super) fn count_unsettled(&mut self, spot: Spot, up: bool) {
        let held = self.held_mut(spot.segment);
        move_by(&mut held.events, 1, up);
        move_by(&mut held.bytes, spot.length.into(), up);
    }

    /// A segment is there, whatever it holds.
    pub(super) fn see(&mut self, segment: u32) {
        self.uses.entry(segment).or_default();
    }

    pub(super) fn of(&self, segment: u32) -> SegmentUse {
        self.uses.get(&segment).copied().unwrap_or_default()
    }

    /// All segments on disk, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, SegmentUse)> {
        let uses = self.uses.range(MEMORY + 1..);
        uses.map(|(&segment, &segment_use)| (segment, segment_use))
    }

    /// A frame of an event lies there, though it is read elsewhere by now.
    pub(super) fn note_stale(&mut self, seq: u64, spot: Spot) {
        if spot.segment != MEMORY {
            self.stale
                .entry(spot.segment)
                .or_default()
                .insert(seq, spot);
        }
    }

    /// The last frame of an event that is not in this segment, of those noted.
    pub(super) fn stale_of(&self, seq: u64, other_than: u32) -> Option<Spot> {
        let stale = self.stale.iter().rev();
        let mut others = stale.filter(|(segment, _)| **segment != other_than);
        others.find_map(|(_, spots)| spots.get(&seq).copied())
    }

    pub(super) fn forget(&mut self, segment: u32) {
        self.uses.remove(&segment);
        self.stale.remove(&segment);
    }
}
