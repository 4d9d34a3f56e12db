//! The life of one vehicle as a table that the compiler reads: leave a line out, and it does not build.

use crate::event::EventKind;

/// Where in its life a vehicle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Read, but the result delay holds New back.
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
    /// A change of what was reported counts.
    Changed,
    /// Enough agreeing reads, or the time for them is over.
    Convinced,
    /// Silent for too long, evicted, or the stream ends.
    Over,
}

/// The table: what comes next, and what is said on the way.
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

    /// Every sequence of cues up to this length, from the first to the last.
    fn lives(length: u32) -> impl Iterator<Item = Vec<EventKind>> {
        (0..4_u32.pow(length)).map(move |mut code| {
            let mut stage = Stage::Waiting;
            let mut said = Vec::new();
            for _ in 0..length {
                let (next, events) = step(stage, CUES[code as usize % 4]);
                code /= 4;
                stage = next;
                said.extend_from_slice(events);
            }
            said.extend_from_slice(step(stage, Cue::Over).1);
            said
        })
    }

    #[test]
    fn whatever_happens_new_reliable_and_lost_come_once_and_in_order() {
        for said in lives(7) {
            let once: Vec<_> = said
                .iter()
                .filter(|kind| **kind != EventKind::Update)
                .copied()
                .collect();
            assert_eq!(
                once,
                [EventKind::New, EventKind::Reliable, EventKind::Lost],
                "{said:?}"
            );
            assert_eq!(said.first(), Some(&EventKind::New));
            assert_eq!(said.last(), Some(&EventKind::Lost));
        }
    }
}
