//! New numbers that continue an open vehicle: trackers lose a car and find it again as another one.
//!
//! Jointly for all numbers of a frame, the nearest pair first, each vehicle once: a tracker that starts anew in a queue
//! gives every car the place of the one before it.

use super::fleet::Fleet;
use super::intake::Placed;
use crate::event::FrameTime;

/// How long a silent vehicle is expected where it was, or where its speed brings it.
const EXPECTED_NS: i64 = 3_000_000_000;

/// How long without a text to tell it by.
const EXPECTED_UNREAD_NS: i64 = 2_000_000_000;

/// Numbers without a vehicle that are remembered; more than a picture shows at once.
const STRANGERS: usize = 64;

/// A number that has shown boxes and no text yet.
#[derive(Clone, Copy)]
struct Stranger {
    track: i64,
    first_ns: i64,
    last_ns: i64,
}

/// A vehicle that a new number may continue.
#[derive(Clone, Copy)]
struct Pair {
    /// How far it is from where the vehicle was expected, in sizes of it.
    distance: f64,
    read: usize,
    index: usize,
}

/// Scratch and memory, reused from frame to frame.
pub(super) struct Relinking {
    pairs: Vec<Pair>,
    strangers: Vec<Stranger>,
}

impl Relinking {
    pub(super) fn new() -> Self {
        Self {
            pairs: Vec::with_capacity(STRANGERS),
            strangers: Vec::with_capacity(STRANGERS),
        }
    }

    pub(super) fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Notes every vehicle that the number of a read may continue.
    pub(super) fn consider(
        &mut self,
        read: usize,
        track: i64,
        placed: &Placed,
        fleet: &Fleet,
        now: FrameTime,
        frame: u64,
    ) {
        let Some(spot) = placed.spot else {
            return;
        };
        let known = self.strangers.iter().find(|known| known.track == track);
        let began_ns = known.map_or(now.mono_ns, |known| known.first_ns);
        let most_ns = if placed.text.is_empty() {
            EXPECTED_UNREAD_NS
        } else {
            EXPECTED_NS
        };
        for (index, open) in (0..).zip(fleet.iter()) {
            let vehicle = &open.vehicle;
            let seen_ns = vehicle.seen_ns();
            // Seen in one frame, they are two.
            let is_silent = open.seen_in.0 < frame && seen_ns < began_ns;
            let silent_ns = now.mono_ns.saturating_sub(seen_ns);
            if !is_silent || silent_ns > most_ns || !vehicle.may_read(&placed.text) {
                continue;
            }
            let body = vehicle.body();
            if let Some(distance) = body.distance(&spot, now.mono_ns)
                && distance <= body.reach(now.mono_ns)
                && self.pairs.len() < self.pairs.capacity()
            {
                self.pairs.push(Pair {
                    distance,
                    read,
                    index,
                });
            }
        }
    }

    /// The nearest pair of those that are left; neither comes again.
    pub(super) fn next(&mut self, fleet: &Fleet) -> Option<(usize, usize)> {
        let number = |pair: &Pair| fleet.get(pair.index).map(|open| open.vehicle.number);
        let nearest = self.pairs.iter().copied().min_by(|a, b| {
            (a.distance.total_cmp(&b.distance))
                .then(number(a).cmp(&number(b)))
                .then(a.read.cmp(&b.read))
        })?;
        self.pairs
            .retain(|pair| pair.read != nearest.read && pair.index != nearest.index);
        Some((nearest.read, nearest.index))
    }

    /// A number without a vehicle has shown a box.
    pub(super) fn note(&mut self, track: i64, now_ns: i64) {
        if let Some(known) = self.strangers.iter_mut().find(|known| known.track == track) {
            known.last_ns = now_ns;
            return;
        }
        let new = Stranger {
            track,
            first_ns: now_ns,
            last_ns: now_ns,
        };
        if self.strangers.len() < STRANGERS {
            self.strangers.push(new);
        } else if let Some(oldest) = self.strangers.iter_mut().min_by_key(|known| known.last_ns)
            && now_ns.saturating_sub(oldest.last_ns) > EXPECTED_NS
        {
            *oldest = new;
        }
    }
}
