//! Direction from the boxes: how far the middle of the vehicle has come along its region's arrow, against its own jitter.

use crate::event::Direction;

/// How much further than the first time a vehicle must come back before it has turned round: boxes breathe, and a
/// direction that flickers opens barriers.
const TURN: f64 = 5.0;

/// Boxes over which the place is smoothed.
const SMOOTHED: u32 = 4;

/// Boxes over which the jitter is measured.
const MEASURED: u32 = 32;

/// Boxes before which nothing is told: fewer say nothing about their jitter.
const FEWEST: u32 = 5;

/// Net movement must be this many times the mean bend. A place that trembles by s (its standard deviation) bends by 1.95 s
/// on average and, smoothed over four boxes, strays over 8.5 of its own 0.38 s in ten minutes at 25 frames a second: 3.2 s;
/// this asks for 4.9 s.
const BENDS: f64 = 2.5;

/// Frames that come irregularly: how much longer than the time before a step may count.
const LONGEST_STEP: f64 = 4.0;

/// What progress is measured on: the region, and whether on the vehicle's box or the plate's.
pub(super) type Basis = (u32, bool);

/// Progress along the arrow, as a fraction of the frame's diagonal.
///
/// A vehicle moves "in" once its smoothed place has come one travel threshold forward from its rearmost point, "out" once it
/// has come as far back from its foremost one; to turn round it must come back [`TURN`] times as far from where it was
/// furthest. Either must be far more than its jitter: how much its way bends from box to box, which even movement does not.
/// One that stands still and trembles says nothing; one that has stopped keeps what it said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Travel {
    span: Option<Span>,
    direction: Option<Direction>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    basis: Basis,
    boxes: u32,
    last: f64,
    last_ns: i64,
    /// The last step, and how long it took.
    step: Option<(f64, i64)>,
    /// Mean bend between two steps.
    bend: f64,
    place: f64,
    /// Rearmost and foremost place since the direction was told.
    rear: f64,
    front: f64,
}

impl Span {
    const fn at(basis: Basis, progress: f64, mono_ns: i64) -> Self {
        Self {
            basis,
            boxes: 0,
            last: progress,
            last_ns: mono_ns,
            step: None,
            bend: 0.0,
            place: progress,
            rear: progress,
            front: progress,
        }
    }

    /// Another box of the same vehicle, or another arrow that leads the same way: its middle lies elsewhere, which is no
    /// movement.
    fn rebase(&mut self, basis: Basis, progress: f64) {
        let shift = progress - self.last;
        self.basis = basis;
        self.last = progress;
        self.step = None;
        self.place += shift;
        self.rear += shift;
        self.front += shift;
    }

    fn move_to(&mut self, progress: f64, mono_ns: i64) {
        self.boxes = self.boxes.saturating_add(1);
        let over = |most: u32| f64::from(self.boxes.min(most));
        let (step, passed_ns) = (progress - self.last, mono_ns.saturating_sub(self.last_ns));
        if let Some((before, before_ns)) = self.step
            && before_ns > 0
        {
            #[expect(clippy::cast_precision_loss, reason = "a ratio of two short times")]
            let longer = (passed_ns as f64 / before_ns as f64).min(LONGEST_STEP);
            let bend = (step - before * longer).abs();
            self.bend += (bend - self.bend) / over(MEASURED);
        }
        if passed_ns > 0 {
            self.step = Some((step, passed_ns));
        }
        (self.last, self.last_ns) = (progress, mono_ns);
        self.place += (progress - self.place) / over(SMOOTHED);
        self.rear = self.rear.min(self.place);
        self.front = self.front.max(self.place);
    }
}

impl Travel {
    /// Nothing has moved yet: another arrow.
    pub(super) const fn restart(&mut self) {
        self.span = None;
        self.direction = None;
    }

    /// One box's progress; says the direction so far.
    pub(super) fn advance(
        &mut self,
        basis: Basis,
        progress: f64,
        mono_ns: i64,
        threshold: f64,
    ) -> Option<Direction> {
        let mut span = self.span.unwrap_or(Span::at(basis, progress, mono_ns));
        if span.basis != basis {
            span.rebase(basis, progress);
        }
        span.move_to(progress, mono_ns);
        let needed = |against| {
            let turned = self.direction == Some(against);
            let travel = if turned { threshold * TURN } else { threshold };
            travel.max(span.bend * BENDS)
        };
        let told = if span.boxes < FEWEST {
            None
        } else if span.place > span.rear && span.place - span.rear >= needed(Direction::Out) {
            Some(Direction::In)
        } else if span.place < span.front && span.front - span.place >= needed(Direction::In) {
            Some(Direction::Out)
        } else {
            None
        };
        if told.is_some() {
            self.direction = told;
            (span.rear, span.front) = (span.place, span.place);
        }
        self.span = Some(span);
        self.direction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_NS: i64 = 40_000_000;
    const THRESHOLD: f64 = 0.01;

    /// What is told after each place.
    fn walk(places: impl IntoIterator<Item = f64>) -> Vec<Option<Direction>> {
        let mut travel = Travel::default();
        let told = places
            .into_iter()
            .zip(0..)
            .map(|(place, frame)| travel.advance((1, true), place, frame * FRAME_NS, THRESHOLD));
        told.collect()
    }

    /// Places that follow each other without order, between -1 and 1.
    fn trembling(count: usize) -> impl Iterator<Item = f64> {
        let mut state = 1_u64;
        (0..count).map(move |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) * 2.0 - 1.0
        })
    }

    fn evenly(from: f64, to: f64, steps: u32) -> impl Iterator<Item = f64> {
        (1..=steps).map(move |step| from + (to - from) * f64::from(step) / f64::from(steps))
    }

    #[test]
    fn a_parked_vehicle_whose_box_trembles_has_no_direction_in_ten_minutes() {
        // 10 and 40 pixels either way, in a frame of 1920 by 1080.
        for jitter in [10.0 / 2203.0, 40.0 / 2203.0] {
            let told = walk(trembling(15_000).map(|off| 0.5 + jitter * off));
            assert!(told.iter().all(Option::is_none), "{jitter}");
        }
    }

    #[test]
    fn along_the_arrow_is_in_and_against_it_out_though_the_box_trembles() {
        for (to, direction) in [(0.8, Direction::In), (0.2, Direction::Out)] {
            let way = evenly(0.5, to, 50)
                .zip(trembling(50))
                .map(|(at, off)| at + 0.002 * off);
            assert_eq!(walk(way).last(), Some(&Some(direction)));
        }
    }

    #[test]
    fn what_has_stopped_keeps_its_direction() {
        let way = evenly(0.2, 0.5, 25).chain(trembling(5000).map(|off| 0.5 + 0.005 * off));
        assert_eq!(walk(way).last(), Some(&Some(Direction::In)));
    }

    #[test]
    fn turning_round_is_told_once() {
        let there_and_back = evenly(0.2, 0.8, 50).chain(evenly(0.8, 0.2, 50));
        let mut told = walk(there_and_back);
        told.dedup();
        assert_eq!(told, [None, Some(Direction::In), Some(Direction::Out)]);
        let back_a_little = evenly(0.2, 0.8, 50).chain(evenly(0.8, 0.76, 50));
        assert_eq!(walk(back_a_little).last(), Some(&Some(Direction::In)));
    }

    #[test]
    fn another_box_of_the_same_vehicle_is_no_movement() {
        let mut travel = Travel::default();
        for frame in 0..20 {
            let (basis, place) = if frame < 10 {
                ((1, true), 0.2)
            } else {
                ((1, false), 0.9)
            };
            assert_eq!(
                travel.advance(basis, place, frame * FRAME_NS, THRESHOLD),
                None
            );
        }
    }
}
