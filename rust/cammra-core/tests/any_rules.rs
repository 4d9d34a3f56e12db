//! A tracker survives any rules: none panics, and every vehicle still tells its life in order.

mod rules;

use cammra_core::event::{EventKind, FrameTime, TrackEvent};
use cammra_core::geometry::{RawBox, Size};
use cammra_core::region::Region;
use cammra_core::rules::Rules;
use cammra_core::shot::ShotPlan;
use cammra_core::tracker::{NoCamera, Read, ReadBatch, Tracker};
use rules::usual;

const TIMES_NS: [i64; 4] = [i64::MIN, -1, 0, i64::MAX];
const FRACTIONS: [f64; 4] = [f64::NAN, f64::NEG_INFINITY, -1.0, f64::MAX];
const COUNTS: [usize; 3] = [0, 1, usize::MAX];

/// Each absurd value in its place, all else as usual.
fn absurd() -> Vec<Rules> {
    let mut all = Vec::new();
    let mut push = |change: &dyn Fn(&mut Rules)| {
        let mut rules = usual();
        change(&mut rules);
        all.push(rules);
    };
    for time_ns in TIMES_NS {
        push(&|rules| rules.result_delay_ns = time_ns);
        push(&|rules| rules.reliable_after_ns = time_ns);
        push(&|rules| rules.change.after_ns = time_ns);
        push(&|rules| rules.lost_after_ns = time_ns);
        push(&|rules| rules.update_interval_ns = time_ns);
        push(&|rules| rules.longest_stay_ns = time_ns);
    }
    for fraction in FRACTIONS {
        let point = (fraction, fraction);
        push(&|rules| rules.reliable_confidence = fraction);
        push(&|rules| rules.reliable_support = fraction);
        push(&|rules| rules.reliable_plate_height = fraction);
        push(&|rules| rules.min_confidence = fraction);
        push(&|rules| rules.direction_travel = fraction);
        for polygon in [Vec::new(), vec![point; 4]] {
            let arrow = (point, point);
            let roi_id = 1;
            push(&|rules| {
                rules.regions = vec![Region {
                    roi_id,
                    polygon: polygon.clone(),
                    arrow,
                }];
            });
        }
    }
    for count in COUNTS {
        let reads = u32::try_from(count).unwrap_or(u32::MAX);
        push(&|rules| rules.reliable_reads = reads);
        push(&|rules| rules.change.reads = reads);
        push(&|rules| rules.takeover_reads = reads);
        push(&|rules| rules.max_tracks = count);
        push(&|rules| rules.shots_per_track = count);
        push(&|rules| rules.shot_budget_bytes = count);
    }
    let width = 0;
    for height in [0, u32::MAX] {
        push(&|rules| rules.frame_size = Some(Size { width, height }));
    }
    all
}

/// Three vehicles that change their minds, one after the other silent, at moments from one end of time to the other.
fn lives(tracker: &mut Tracker, other: Option<&Rules>) -> Vec<TrackEvent> {
    let mut events = Vec::new();
    let moments = [i64::MIN, -5, 0, 1, 40, 400_000_000, 20_000_000_000, 7];
    let moments = moments.into_iter().chain([i64::MAX]).enumerate();
    for ((step, mono_ns), y) in moments.zip((0_u32..).map(f64::from)) {
        let at = FrameTime {
            mono_ns,
            utc_ns: mono_ns,
            clock_synced: Some(step % 2 == 1),
        };
        let mut batch = ReadBatch::default();
        for (track, text) in (0..3).zip(["1AB1234", "7XY0000", ""]).skip(step % 3) {
            let place = RawBox {
                x: 10.0,
                y: 10.0 * y,
                width: 80.0,
                height: 20.0,
            };
            batch.push(&Read {
                track,
                text: if step % 4 == 3 { "XXXXXX" } else { text },
                confidence: 0.9,
                vehicle: Some(place),
                roi: (step % 2 == 0).then_some(1),
                ..Read::default()
            });
        }
        events.extend(tracker.observe(&batch, at, &mut NoCamera));
        events.extend(tracker.tick(at));
        if let Some(rules) = other.filter(|_| step == 4) {
            tracker.retune(rules.clone(), ShotPlan::default());
        }
    }
    events.extend(tracker.finish());
    events
}

fn check(events: &[TrackEvent], rules: &Rules) {
    let vehicles = events.iter().map(|event| event.vehicle_no).max();
    for vehicle in 1..=vehicles.unwrap_or(0) {
        let own = events.iter().filter(|event| event.vehicle_no == vehicle);
        let kinds: Vec<_> = own.map(|event| event.kind).collect();
        let once = kinds.iter().filter(|kind| **kind != EventKind::Update);
        assert!(
            once.eq(&[EventKind::New, EventKind::Reliable, EventKind::Lost]),
            "vehicle {vehicle}: {kinds:?} under {rules:?}"
        );
        assert_eq!(kinds.first(), Some(&EventKind::New));
        assert_eq!(kinds.last(), Some(&EventKind::Lost));
    }
}

#[test]
fn a_tracker_survives_any_rules_from_the_start_and_from_then_on() {
    for rules in absurd() {
        let mut from_the_start = Tracker::new(rules.clone(), ShotPlan::default());
        check(&lives(&mut from_the_start, None), &rules);
        let mut later = Tracker::new(usual(), ShotPlan::default());
        let events = lives(&mut later, Some(&rules));
        assert!(!events.is_empty());
        check(&events, &rules);
    }
}
