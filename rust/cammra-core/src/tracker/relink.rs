//! Numbers that do not lead to the vehicle in their box: trackers lose a car and find it again under another number, and
//! give two cars each other's, the more so where one comes out from behind the other.
//!
//! Jointly for all such numbers of a frame, the nearest pair first, each vehicle once: a tracker that starts anew in a queue
//! gives every car the place of the one before it.

use super::fleet::{Fleet, OpenVehicle};
use crate::event::FrameTime;
use crate::vehicle::Spot;
use crate::vote::{PlateText, distance, is_alike_at_ends};

/// How long a silent vehicle is expected where it was, or where its speed brings it.
const EXPECTED_NS: i64 = 3_000_000_000;

/// How long without a text to tell it by: standing,
const EXPECTED_UNREAD_NS: i64 = 2_000_000_000;

/// and moving, or with a text that tells of another one.
const EXPECTED_MOVING_NS: i64 = 1_200_000_000;

/// Where so sure reads have neither a half nor the ends in common, they are of two plates,
const SURE: f64 = 0.8;

/// and of two vehicles, unless a box is just where the vehicle was expected: no other one can have come there.
const JUST_THERE: f64 = 0.15;

/// A box that was there so lately is the same body; later another car may have come to where it stood.
const JUST_NOW_NS: i64 = 450_000_000;

/// So many times further away it may be where no text tells anything, neither the vehicle's nor the new one.
const NEUTRAL: f64 = 2.0;

/// A box further from where its vehicle was expected, in sizes, may be another vehicle's.
pub(super) const DISPLACED: f64 = 0.3;

/// So much nearer another vehicle must be.
const NEARER: f64 = 2.0;

/// Numbers without a vehicle that are remembered; more than a picture shows at once.
const STRANGERS: usize = 64;

/// A number that has shown boxes and no text yet.
#[derive(Clone, Copy)]
struct Stranger {
    track: i64,
    first_ns: i64,
    last_ns: i64,
}

/// A read whose number leads to no vehicle, or to one that was expected elsewhere.
pub(super) struct Stray {
    pub(super) read: usize,
    pub(super) track: i64,
    pub(super) spot: Spot,
    pub(super) text: PlateText,
    pub(super) confidence: f64,
    /// The vehicle that its number leads to.
    pub(super) owner: Option<usize>,
}

/// A vehicle that a number may be given to.
#[derive(Clone, Copy)]
struct Pair {
    /// How far it is from where the vehicle was expected, in sizes of it.
    distance: f64,
    read: usize,
    track: i64,
    index: usize,
    is_new: bool,
}

/// Scratch and memory, reused from frame to frame.
pub(super) struct Relinking {
    pairs: Vec<Pair>,
    bindings: Vec<(i64, usize)>,
    strangers: Vec<Stranger>,
}

impl Relinking {
    pub(super) fn new() -> Self {
        Self {
            pairs: Vec::with_capacity(STRANGERS),
            bindings: Vec::with_capacity(STRANGERS),
            strangers: Vec::with_capacity(STRANGERS),
        }
    }

    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.bindings.clear();
    }

    /// Notes every vehicle that the number of a read may mean. `own_text` is what the frame has under a vehicle's own number.
    pub(super) fn consider(
        &mut self,
        stray: &Stray,
        own_text: impl Fn(&OpenVehicle) -> PlateText,
        fleet: &Fleet,
        now: FrameTime,
        frame: u64,
    ) {
        let began_ns = match stray.owner {
            Some(_) => now.mono_ns,
            None => self.began_ns(stray.track).unwrap_or(now.mono_ns),
        };
        for (index, open) in (0..).zip(fleet.iter()) {
            if stray.owner == Some(index) || self.pairs.len() == self.pairs.capacity() {
                continue;
            }
            // Seen apart, they are two.
            if open.vehicle.seen_ns() >= began_ns {
                continue;
            }
            let is_shown = open.shown_in.frame == frame;
            let close = if is_shown {
                open.shown_in.misfit / NEARER
            } else {
                f64::INFINITY
            };
            let owner = stray.owner.and_then(|owner| fleet.get(owner));
            let close = owner.map_or(close, |owner| close.min(owner.shown_in.misfit / NEARER));
            let is_denied = || {
                let beside = if is_shown {
                    own_text(open)
                } else {
                    PlateText::EMPTY
                };
                reads_better(&beside, &stray.text, open.vehicle.text())
                    || owner.is_some_and(|owner| {
                        let (own, other) = (owner.vehicle.text(), open.vehicle.text());
                        reads_better(own, other, &stray.text)
                    })
            };
            let distance = fit(stray, open, is_shown || owner.is_some(), now);
            if let Some(distance) = distance.filter(|distance| *distance <= close && !is_denied()) {
                self.pairs.push(Pair {
                    distance,
                    read: stray.read,
                    track: stray.track,
                    index,
                    is_new: owner.is_none(),
                });
            }
        }
    }

    fn began_ns(&self, track: i64) -> Option<i64> {
        let known = self.strangers.iter().find(|known| known.track == track);
        known.map(|known| known.first_ns)
    }

    /// Which number each vehicle is to have, the nearest pair first; and how many of these are new, and of known ones.
    pub(super) fn decide(&mut self, fleet: &Fleet) -> (&[(i64, usize)], u64, u64) {
        let number = |pair: &Pair| fleet.get(pair.index).map(|open| open.vehicle.number);
        let (mut new, mut known) = (0, 0);
        while let Some(nearest) = self.pairs.iter().copied().min_by(|a, b| {
            (a.distance.total_cmp(&b.distance))
                .then(number(a).cmp(&number(b)))
                .then(a.read.cmp(&b.read))
        }) {
            self.pairs
                .retain(|pair| pair.read != nearest.read && pair.index != nearest.index);
            self.bindings.push((nearest.track, nearest.index));
            if nearest.is_new {
                new += 1;
            } else {
                known += 1;
            }
        }
        (&self.bindings, new, known)
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

/// Whether the first of two reads is a text, as good as, and nearer to it than the second.
fn reads_better(first: &PlateText, second: &PlateText, text: &PlateText) -> bool {
    if first.is_empty() || second.is_empty() || text.is_empty() {
        return false;
    }
    let edits = distance(first, text);
    edits <= 1 && edits < distance(second, text)
}

/// How far a read is from where a vehicle was expected, if it may be that vehicle: close to it whatever was read, or else a
/// silent one of which it may be a read.
fn fit(stray: &Stray, open: &OpenVehicle, is_close_only: bool, now: FrameTime) -> Option<f64> {
    let vehicle = &open.vehicle;
    let silent_ns = now.mono_ns.saturating_sub(vehicle.seen_ns());
    let body = vehicle.body();
    let misfit = body.misfit(&stray.spot, now.mono_ns)?;
    let may_read = vehicle.may_read(&stray.text);
    let is_held = may_read && body.stands(now.mono_ns);
    let most_ns = if is_held {
        EXPECTED_UNREAD_NS
    } else {
        EXPECTED_MOVING_NS
    };
    let is_denied = !may_read
        && !is_close_only
        && (misfit > JUST_THERE || silent_ns > JUST_NOW_NS)
        && stray.confidence >= SURE
        && vehicle.certainty() >= SURE
        && !is_alike_at_ends(&stray.text, vehicle.text());
    let is_neutral = vehicle.is_unsure() && stray.confidence < SURE;
    let close = body.close(now.mono_ns) * if is_neutral { NEUTRAL } else { 1.0 };
    if !is_denied && silent_ns <= most_ns && misfit <= close {
        return Some(misfit);
    }
    // A car that drives on is not where it came from; one that reverses has its own plate there.
    let may_be_there = stray.text == *vehicle.text() || !body.has_left(&stray.spot);
    let may_be = !is_close_only
        && !stray.text.is_empty()
        && silent_ns <= EXPECTED_NS
        && may_read
        && may_be_there;
    let distance = body.distance(&stray.spot, now.mono_ns).filter(|_| may_be)?;
    (distance <= body.reach(now.mono_ns)).then_some(distance.max(misfit))
}
