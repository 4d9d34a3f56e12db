//! The timers of a vehicle: each reports its own moment, however late it is noticed.

use super::stage::Stage;
use super::{ReliableBy, Vehicle};
use crate::event::TrackEvent;
use crate::rules::Rules;

/// What a timer is for, in the order in which those of one moment run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// The result delay is over.
    Release,
    /// Changes were held back for as long as they may be.
    Update,
    /// The time for the reads to agree is over.
    Reliable,
    /// It has stayed for as long as a stay may be.
    Stay,
    /// It was not there for too long.
    Lost,
}

impl Vehicle {
    pub(super) const fn release_ns(&self, rules: &Rules) -> i64 {
        self.first.mono_ns.saturating_add(rules.result_delay_ns)
    }

    /// The first moment at which changes may be told.
    pub(super) fn update_ns(&self, rules: &Rules) -> i64 {
        self.updated_ns.map_or(i64::MIN, |last_ns| {
            last_ns.saturating_add(rules.update_interval_ns)
        })
    }

    fn next(&self, rules: &Rules) -> (i64, Due) {
        // Due one nanosecond later, since Lost wants more than that time.
        let lost_ns = self.lost_ns(rules).saturating_add(1);
        let mut next = (lost_ns, Due::Lost);
        let mut or = |is_due: bool, at_ns: i64, due: Due| {
            if is_due && at_ns <= next.0 {
                next = (at_ns, due);
            }
        };
        let stays = rules.longest_stay_ns > 0 && self.stage != Stage::Gone;
        or(
            stays,
            self.first.mono_ns.saturating_add(rules.longest_stay_ns),
            Due::Stay,
        );
        if self.stage == Stage::Fresh
            && let Some(from_ns) = self.timed_from_ns
        {
            or(
                true,
                from_ns.saturating_add(rules.reliable_after_ns),
                Due::Reliable,
            );
        }
        let speaks = matches!(self.stage, Stage::Fresh | Stage::Sure);
        or(
            speaks && !self.changed.is_empty(),
            self.update_ns(rules),
            Due::Update,
        );
        or(
            self.stage == Stage::Waiting,
            self.release_ns(rules),
            Due::Release,
        );
        next
    }

    const fn lost_ns(&self, rules: &Rules) -> i64 {
        self.present.mono_ns.saturating_add(rules.lost_after_ns)
    }

    /// Whether Lost is the timer that is due first.
    pub(crate) fn is_due_to_go(&self, rules: &Rules) -> bool {
        self.next(rules).1 == Due::Lost
    }

    /// The first moment at which [`fire`](Self::fire) does anything.
    pub(crate) fn deadline_ns(&self, rules: &Rules) -> i64 {
        self.next(rules).0
    }

    /// Runs the timer that is due first. True when the vehicle is gone.
    pub(crate) fn fire(&mut self, rules: &Rules, events: &mut Vec<TrackEvent>) -> bool {
        let (due_ns, due) = self.next(rules);
        let at = self.present.at(due_ns);
        match due {
            Due::Release => self.release(events),
            Due::Update => self.update(at, events),
            Due::Reliable => self.convince(ReliableBy::Timeout, at, events),
            Due::Stay => self.end(at, rules, events),
            // Reported as the moment the time was reached.
            Due::Lost => self.end(self.present.at(self.lost_ns(rules)), rules, events),
        }
        due == Due::Lost
    }
}
