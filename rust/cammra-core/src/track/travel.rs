//! Direction from the boxes: how far the middle of the vehicle has come along its region's arrow.

use super::Direction;

/// Progress along the arrow, as a fraction of the frame's diagonal, and the furthest it has been both ways.
///
/// A vehicle moves "in" once it has come one travel threshold forward from its rearmost point, "out" once it has
/// come as far back from its foremost one. The points follow at that distance, so that a vehicle that turns round is
/// noticed after one threshold, and one that stands still and trembles says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Travel {
    span: Option<Span>,
    direction: Option<Direction>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    /// What the progress is measured on: another region or another box starts anew from the last place.
    basis: (u32, bool),
    last: f64,
    rear: f64,
    front: f64,
}

impl Travel {
    /// One box's progress; says the direction so far.
    pub(crate) fn advance(
        &mut self,
        basis: (u32, bool),
        progress: f64,
        threshold: f64,
    ) -> Option<Direction> {
        let mut span = match self.span {
            None => Span {
                basis,
                last: progress,
                rear: progress,
                front: progress,
            },
            Some(span) if span.basis.0 != basis.0 => {
                self.direction = None;
                Span {
                    basis,
                    last: progress,
                    rear: progress,
                    front: progress,
                }
            }
            Some(span) if span.basis != basis => {
                let shift = progress - span.last;
                Span {
                    basis,
                    last: progress,
                    rear: span.rear + shift,
                    front: span.front + shift,
                }
            }
            Some(span) => span,
        };
        span.last = progress;
        span.rear = span.rear.min(progress);
        span.front = span.front.max(progress);
        if progress > span.rear && progress - span.rear >= threshold {
            self.direction = Some(Direction::In);
            span.rear = progress - threshold;
        } else if progress < span.front && span.front - progress >= threshold {
            self.direction = Some(Direction::Out);
            span.front = progress + threshold;
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
    fn turning_round_is_noticed_after_one_threshold() {
        assert_eq!(walk(&[0.0, 0.9, 0.81]), Some(Direction::In));
        assert_eq!(walk(&[0.0, 0.9, 0.81, 0.79]), Some(Direction::Out));
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
