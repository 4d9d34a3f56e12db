//! Where a vehicle's body is, and where it is expected next: whether a box can be the same body.
//!
//! Distances are measured in sizes of the body, so that they mean the same near and far.

use crate::geometry::RawBox;

/// A plate's box stands for a body this many plate widths large.
const BODY_PER_PLATE: f64 = 3.5;

/// How many times larger one box of a body may be than the one before, or than the one expected.
const GROWTH: f64 = 2.0;

/// How far from its expected place a body may be, in sizes,
const REACH: f64 = 1.0;

/// and how much further for every second in which no box told.
const REACH_PER_S: f64 = 1.0;

/// How far from where its speed brings it a body is for sure still the same, in sizes,
const CLOSE: f64 = 0.3;

/// and how much further for every size that it has gone unseen.
const CLOSE_PER_SIZE: f64 = 0.3;

/// A body that has gone no further unseen, in sizes, stands.
const STANDS: f64 = 0.2;

/// How far behind a body a spot is for sure where it came from, in sizes,
const BEHIND: f64 = 0.5;

/// if it moves by so many sizes per second at least.
const PACE: f64 = 0.5;

/// A body of which one box is known may have gone so many sizes per second.
const UNKNOWN_PACE: f64 = 1.0;

/// What a difference in size counts beside one in place.
const SIZE_SHARE: f64 = 0.5;

/// In this time a step of its way comes to half of what its speed is known by,
const SPEED_MEMORY_S: f64 = 0.1;

/// and a step in its size, which detectors measure worse.
const GROWTH_MEMORY_S: f64 = 0.3;

/// Its size goes on growing for so long as it would need to grow e times larger.
const MOST_GROWTH: f64 = 1.0;

/// Where one read is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    /// On the vehicle's box, or for want of one on the plate's.
    pub(crate) by_vehicle: bool,
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Half of width and height together.
    size: f64,
}

impl Spot {
    fn away_from(&self, other: &Self) -> f64 {
        ((self.x - other.x).powi(2) + (self.y - other.y).powi(2)).sqrt()
    }

    /// The middle of the vehicle's box, else of the plate's; boxes must be sane.
    pub(crate) fn of(vehicle: Option<RawBox>, plate: Option<RawBox>) -> Option<Self> {
        let shown = vehicle.or(plate)?;
        let (x, y) = shown.centre();
        let by_vehicle = vehicle.is_some();
        let size = if by_vehicle {
            shown.width.midpoint(shown.height)
        } else {
            shown.width * BODY_PER_PLATE
        };
        Some(Self {
            by_vehicle,
            x,
            y,
            size,
        })
    }
}

/// A body as it was seen last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Body {
    seen: Option<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    spot: Spot,
    mono_ns: i64,
    /// Once two boxes told.
    motion: Option<Motion>,
}

/// How a body moves. What comes nearer at a constant speed goes faster in pixels, and grows: both are measured by its size.
#[derive(Clone, Copy, Debug, Default)]
struct Motion {
    /// Sizes per second.
    x: f64,
    y: f64,
    /// By how much of itself its size grows in a second.
    growth: f64,
}

/// How one box fits the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// There is nothing to compare.
    Unknown,
    /// It may be the same body.
    Same,
    /// No body moves like this.
    Jump,
}

fn seconds(ns: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a fraction of a second is enough"
    )]
    let ns = ns as f64;
    ns / 1e9
}

impl Body {
    /// How far a spot is from where this body was or would be by now, in sizes; `None` when there is nothing to compare.
    /// Endless when one is far larger than the other.
    pub(crate) fn distance(&self, spot: &Spot, mono_ns: i64) -> Option<f64> {
        let seen = self.seen?;
        if seen.spot.by_vehicle != spot.by_vehicle {
            return None;
        }
        let expected = seen.at(mono_ns);
        let may_be = |known: &Spot| known.size.max(spot.size) <= GROWTH * known.size.min(spot.size);
        if !may_be(&seen.spot) && !may_be(&expected) {
            return Some(f64::INFINITY);
        }
        let away = seen.spot.away_from(spot).min(expected.away_from(spot));
        Some(away / seen.spot.size.max(spot.size))
    }

    /// How far a spot is from where this body's speed would have brought it by now, in place and size.
    pub(crate) fn misfit(&self, spot: &Spot, mono_ns: i64) -> Option<f64> {
        let seen = self
            .seen
            .filter(|seen| seen.spot.by_vehicle == spot.by_vehicle)?;
        let expected = seen.at(mono_ns);
        let larger = expected.size.max(spot.size);
        let grown = (expected.size - spot.size).abs();
        Some((expected.away_from(spot) + SIZE_SHARE * grown) / larger)
    }

    /// Whether a spot is where this body came from, while it drives on.
    pub(crate) fn has_left(&self, spot: &Spot) -> bool {
        let Some((seen, motion)) = self.seen.and_then(|seen| Some((seen, seen.motion?))) else {
            return false;
        };
        let (x, y) = (spot.x - seen.spot.x, spot.y - seen.spot.y);
        let ahead = (x * motion.x + y * motion.y) / motion.pace();
        motion.pace() >= PACE && ahead < -BEHIND * seen.spot.size
    }

    /// Up to which misfit a spot is for sure this body, as long as nobody else fits better.
    pub(crate) fn close(&self, mono_ns: i64) -> f64 {
        CLOSE + CLOSE_PER_SIZE * self.gone(mono_ns)
    }

    /// How far it has gone since it was seen, in sizes.
    fn gone(&self, mono_ns: i64) -> f64 {
        let gone = |seen: Seen| {
            let passed_s = seconds(mono_ns.saturating_sub(seen.mono_ns));
            seen.motion.map_or(UNKNOWN_PACE * passed_s, |_| {
                seen.at(mono_ns).away_from(&seen.spot) / seen.spot.size
            })
        };
        self.seen.map(gone).unwrap_or_default()
    }

    /// Whether it has not moved by much since it was seen.
    pub(crate) fn stands(&self, mono_ns: i64) -> bool {
        self.gone(mono_ns) <= STANDS
    }

    /// Whether a vehicle's box is just where this one was expected.
    pub(crate) fn expects(&self, spot: Option<&Spot>, mono_ns: i64) -> bool {
        let misfit = spot
            .filter(|spot| spot.by_vehicle)
            .and_then(|spot| self.misfit(spot, mono_ns));
        misfit.is_some_and(|misfit| misfit <= self.close(mono_ns))
    }

    /// How far it may be by now from where it was or was expected. Where its motion is known, time makes it no less sure.
    fn most_step(&self, mono_ns: i64) -> f64 {
        match self.seen.and_then(|seen| seen.motion) {
            Some(_) => REACH,
            None => self.reach(mono_ns),
        }
    }

    /// How far a body may be from its expected place by now.
    pub(crate) fn reach(&self, mono_ns: i64) -> f64 {
        let since_ns = self
            .seen
            .map_or(0, |seen| mono_ns.saturating_sub(seen.mono_ns));
        REACH + REACH_PER_S * seconds(since_ns)
    }

    /// Takes in where the body is now.
    pub(crate) fn see(&mut self, spot: Option<&Spot>, mono_ns: i64) -> Fit {
        let Some(spot) = spot else {
            return Fit::Unknown;
        };
        let fit = match self.distance(spot, mono_ns) {
            None => Fit::Unknown,
            Some(distance) if distance > self.most_step(mono_ns) => Fit::Jump,
            Some(_) => Fit::Same,
        };
        let motion = self
            .seen
            .filter(|_| fit == Fit::Same)
            .and_then(|seen| seen.motion_to(spot, mono_ns));
        self.seen = Some(Seen {
            spot: *spot,
            mono_ns,
            motion,
        });
        fit
    }

    /// Whether this body may be where another one is.
    pub(crate) fn may_be_at(&self, other: &Self, mono_ns: i64) -> bool {
        let distance = other
            .seen
            .and_then(|seen| self.distance(&seen.spot, mono_ns));
        distance.is_none_or(|distance| distance <= self.reach(mono_ns))
    }

    /// When its last box was taken.
    pub(crate) fn seen_ns(&self) -> Option<i64> {
        self.seen.map(|seen| seen.mono_ns)
    }

    /// Whether it is known to be a vehicle's box.
    pub(crate) fn is_vehicle(&self) -> bool {
        self.seen.is_some_and(|seen| seen.spot.by_vehicle)
    }
}

impl Motion {
    fn pace(&self) -> f64 {
        (self.x * self.x + self.y * self.y).sqrt()
    }
}

impl Seen {
    /// Where its motion brings it by a time.
    fn at(&self, mono_ns: i64) -> Spot {
        let Some(motion) = self.motion else {
            return self.spot;
        };
        let passed_s = seconds(mono_ns.saturating_sub(self.mono_ns));
        // The exponential function by its simplest quotient, since every machine reckons that the same.
        let half = (motion.growth * passed_s).clamp(-MOST_GROWTH, MOST_GROWTH) / 2.0;
        let way = self.spot.size * passed_s / (1.0 - half);
        Spot {
            x: self.spot.x + motion.x * way,
            y: self.spot.y + motion.y * way,
            size: self.spot.size * (1.0 + half) / (1.0 - half),
            ..self.spot
        }
    }

    fn motion_to(&self, spot: &Spot, mono_ns: i64) -> Option<Motion> {
        let passed_s = seconds(mono_ns.saturating_sub(self.mono_ns));
        if passed_s <= 0.0 {
            return self.motion;
        }
        let by_size = 1.0 / (self.spot.size.midpoint(spot.size) * passed_s);
        let step = Motion {
            x: (spot.x - self.spot.x) * by_size,
            y: (spot.y - self.spot.y) * by_size,
            growth: (spot.size - self.spot.size) * by_size,
        };
        Some(self.motion.map_or(step, |old| {
            let new_share = |memory_s: f64| passed_s / (passed_s + memory_s);
            let (way, growth) = (new_share(SPEED_MEMORY_S), new_share(GROWTH_MEMORY_S));
            Motion {
                x: old.x + (step.x - old.x) * way,
                y: old.y + (step.y - old.y) * way,
                growth: old.growth + (step.growth - old.growth) * growth,
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(x: f64, y: f64, side: f64) -> Spot {
        let shown = RawBox {
            x,
            y,
            width: side,
            height: side,
        };
        Spot::of(Some(shown), None).unwrap()
    }

    const FRAME_NS: i64 = 40_000_000;

    #[test]
    fn a_body_may_move_by_its_own_size_and_then_at_its_speed() {
        let mut body = Body::default();
        assert_eq!(body.see(Some(&spot(0.0, 0.0, 100.0)), 0), Fit::Unknown);
        assert_eq!(body.see(Some(&spot(90.0, 0.0, 100.0)), FRAME_NS), Fit::Same);
        assert_eq!(
            body.see(Some(&spot(180.0, 0.0, 100.0)), 2 * FRAME_NS),
            Fit::Same
        );
        let far = spot(180.0 + 10.0 * 90.0, 0.0, 100.0);
        let after = body.distance(&far, 12 * FRAME_NS).unwrap();
        assert!(after < 0.01, "{after} from where its speed would bring it");
        assert_eq!(
            body.see(Some(&spot(700.0, 0.0, 100.0)), 3 * FRAME_NS),
            Fit::Jump
        );
    }

    #[test]
    fn a_body_that_drives_on_has_left_where_it_came_from() {
        let mut body = Body::default();
        let start = spot(0.0, 0.0, 100.0);
        assert!(!body.has_left(&start));
        for step in 0..10 {
            body.see(
                Some(&spot(0.0, 10.0 * f64::from(step), 100.0)),
                i64::from(step) * FRAME_NS,
            );
        }
        assert!(body.has_left(&start));
        assert!(!body.has_left(&spot(0.0, 60.0, 100.0)));
        assert!(!body.has_left(&spot(0.0, 300.0, 100.0)));
        let mut parked = Body::default();
        for step in 0..10 {
            parked.see(
                Some(&spot(0.0, f64::from(step % 2), 100.0)),
                i64::from(step) * FRAME_NS,
            );
        }
        assert!(!parked.has_left(&spot(0.0, -80.0, 100.0)));
    }

    #[test]
    fn a_box_that_trembles_is_the_same_body_and_one_twice_as_large_is_not() {
        let mut body = Body::default();
        for step in 0..50 {
            let off = if step % 2 == 0 { 40.0 } else { -40.0 };
            let fit = body.see(Some(&spot(500.0 + off, 500.0, 200.0)), step * FRAME_NS);
            assert_ne!(fit, Fit::Jump);
        }
        assert_eq!(
            body.see(Some(&spot(400.0, 400.0, 410.0)), 50 * FRAME_NS),
            Fit::Jump
        );
    }
}
