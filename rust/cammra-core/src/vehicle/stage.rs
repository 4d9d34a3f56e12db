//! The life of a vehicle as a table that the compiler checks: leave out a line, and it does not build.

use crate::event::EventKind;

/// A stage in the life of a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Read; the result delay holds New back.
    Waiting,
    /// New has been said.
    Fresh,
    /// Reliable has been said.
    Sure,
    /// Lost has been said; nothing follows.
    Gone,
}

/// What happens to a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cue {
    /// The result delay is over.
    Released,
    /// A change of a reported value counts.
    Changed,
    /// Enough reads agree, or the time for them is over.
    Convinced,
    /// Silent for too long, evicted, or the stream ends.
    Over,
}

/// The table: the next stage, and the events on the way there.
#[must_use]
pub(super) const fn step(stage: Stage, cue: Cue) -> (Stage, &'static [EventKind]) {
    use EventKind::{Lost, New, Reliable, Update};
    match (stage, cue) {
        (Stage::Waiting, Cue::Released) => (Stage::Fresh, &[New]),
        (Stage::Waiting, Cue::Over) => (Stage::Gone, &[New, Reliable, Lost]),
        (Stage::Fresh, Cue::Convinced) => (Stage::Sure, &[Reliable]),
        (Stage::Fresh, Cue::Over) => (Stage::Gone, &[Reliable, Lost]),
        (Stage::Fresh | Stage::Sure, Cue::Changed) => (stage, &[Update]),
        (Stage::Sure, Cue::Over) => (Stage::Gone, &[Lost]),
        (Stage::Waiting, Cue::Changed | Cue::Convinced)
        | (Stage::Fresh | Stage::Sure, Cue::Released)
        | (Stage::Sure, Cue::Convinced)
        | (Stage::Gone, _) => (stage, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUES: [Cue; 4] = [Cue::Released, Cue::Changed, Cue::Convinced, Cue::Over];

    /// The events of every sequence of this many cues, and then the last one.
    fn lives(length: u32) -> impl Iterator<Item = Vec<EventKind>> {
        (0..4_u32.pow(length)).map(move |mut code| {
            let mut stage = Stage::Waiting;
            let mut kinds = Vec::new();
            for _ in 0..length {
                let (next, events) = step(stage, CUES[code as usize % 4]);
                code /= 4;
                stage = next;
                kinds.extend_from_slice(events);
            }
            kinds.extend_from_slice(step(stage, Cue::Over).1);
            kinds
        })
    }

    #[test]
    fn whatever_happens_new_reliable_and_lost_come_once_and_in_order() {
        for kinds in lives(7) {
            let once: Vec<_> = kinds
                .iter()
                .filter(|kind| **kind != EventKind::Update)
                .copied()
                .collect();
            assert_eq!(
                once,
                [EventKind::New, EventKind::Reliable, EventKind::Lost],
                "{kinds:?}"
            );
            assert_eq!(kinds.first(), Some(&EventKind::New));
            assert_eq!(kinds.last(), Some(&EventKind::Lost));
        }
    }
}
