//! Direction from the boxes: how far the middle of the vehicle has come along its region's arrow.

use crate::event::Direction;

/// How much further than the first time a vehicle must come back before it has turned round: boxes breathe, and a
/// direction that flickers opens barriers.
const TURN: f64 = 5.0;

/// Progress along the arrow, as a fraction of the frame's diagonal.
///
/// A vehicle moves "in" once it has come one travel threshold forward from its rearmost point, "out" once it has come
/// as far back from its foremost one; to turn round it must come back [`TURN`] times as far from where it was furthest.
/// One that stands still and trembles says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Travel {
    span: Option<Span>,
    direction: Option<Direction>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    /// What the progress is measured on: the region, and whether on the vehicle's box or the plate's.
    basis: (u32, bool),
    last: f64,
    /// Rearmost and foremost point since the direction was told.
    rear: f64,
    front: f64,
}

impl Span {
    const fn at(basis: (u32, bool), progress: f64) -> Self {
        Self {
            basis,
            last: progress,
            rear: progress,
            front: progress,
        }
    }
}

impl Travel {
    /// One box's progress; says the direction so far.
    pub(crate) fn advance(
        &mut self,
        basis: (u32, bool),
        progress: f64,
        threshold: f64,
    ) -> Option<Direction> {
        let mut span = self.span.unwrap_or(Span::at(basis, progress));
        if span.basis.0 != basis.0 {
            // Another region has another arrow: what was seen along the old one says nothing.
            self.direction = None;
            span = Span::at(basis, progress);
        } else if span.basis != basis {
            // The other box of the same vehicle: its middle lies elsewhere, which is no movement.
            let shift = progress - span.last;
            span = Span {
                basis,
                last: progress,
                rear: span.rear + shift,
                front: span.front + shift,
            };
        }
        span.last = progress;
        span.rear = span.rear.min(progress);
        span.front = span.front.max(progress);
        let needed = |against| {
            if self.direction == Some(against) {
                threshold * TURN
            } else {
                threshold
            }
        };
        let told = if progress > span.rear && progress - span.rear >= needed(Direction::Out) {
            Some(Direction::In)
        } else if progress < span.front && span.front - progress >= needed(Direction::In) {
            Some(Direction::Out)
        } else {
            None
        };
        if told.is_some() {
            self.direction = told;
            span = Span::at(basis, progress);
        }
        self.span = Some(span);
        self.direction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(steps: &[f64]) -> Option<Direction> {
        let mut travel = Travel::default();
        steps.iter().fold(None, |_, progress| {
            travel.advance((1, true), *progress, 0.1)
        })
    }

    #[test]
    fn a_vehicle_that_trembles_says_nothing() {
        assert_eq!(walk(&[0.5, 0.54, 0.47, 0.53, 0.46]), None);
    }

    #[test]
    fn along_the_arrow_is_in_and_against_it_out() {
        assert_eq!(walk(&[0.5, 0.55, 0.61]), Some(Direction::In));
        assert_eq!(walk(&[0.5, 0.45, 0.39]), Some(Direction::Out));
    }

    #[test]
    fn turning_round_takes_five_thresholds() {
        assert_eq!(walk(&[0.0, 0.9, 0.41]), Some(Direction::In));
        assert_eq!(walk(&[0.0, 0.9, 0.41, 0.39]), Some(Direction::Out));
        assert_eq!(walk(&[0.0, 0.9, 0.39, 0.88]), Some(Direction::Out));
        assert_eq!(walk(&[0.0, 0.9, 0.39, 0.9]), Some(Direction::In));
    }

    #[test]
    fn another_box_of_the_same_vehicle_is_no_movement() {
        let mut travel = Travel::default();
        assert_eq!(travel.advance((1, true), 0.2, 0.1), None);
        assert_eq!(travel.advance((1, false), 0.9, 0.1), None);
        assert_eq!(travel.advance((1, false), 0.95, 0.1), None);
        assert_eq!(travel.advance((1, false), 1.01, 0.1), Some(Direction::In));
    }
}
