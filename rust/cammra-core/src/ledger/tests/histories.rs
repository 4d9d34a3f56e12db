use std::collections::BTreeMap;

use super::Dice;
use super::world::{KNOWN, PROFILES, World, id_of};
use crate::ledger::{Ledger, Limits, Seqs};
use crate::log_record::{EventId, State};

fn replayed(world: &World) -> Ledger {
    let mut ledger = Ledger::new(KNOWN);
    for (&segment, digests) in &world.log {
        assert_eq!(ledger.replay(segment, digests, &mut |_| {}), Ok(0));
    }
    ledger
}

/// All answers about one event.
fn about(ledger: &Ledger, seq: u64) -> String {
    let images: Vec<_> = ledger.images(seq).collect();
    let in_flags = ledger.is_live(seq).then(|| ledger.flags(seq));
    format!(
        "{seq}: states {}, {:?}, deliveries {:?}, images {images:?}, flags {in_flags:?}",
        ledger.states(seq),
        ledger.place(seq),
        ledger.deliveries_of(seq),
    )
}

/// All other answers.
fn in_all(ledger: &Ledger) -> String {
    let rows = |profile| {
        let rows = ledger.waiting(profile, 0);
        let rows: Vec<_> = rows.map(|row| format!("{row:?}\n")).collect();
        rows.concat()
    };
    let profiles = 1..=u32::try_from(PROFILES).unwrap();
    let open: Vec<_> = ledger.open_vehicles().into_iter().collect();
    let used = ledger.segments().filter(|(_, used)| used.live_bytes > 0);
    let used: Vec<_> = used
        .map(|(segment, used)| {
            let live = (used.live_bytes, used.live_events);
            (segment, live, ledger.live_in(segment.into()))
        })
        .collect();
    format!(
        "waiting\n{}parked {:?}\ntotals {:?}\nheld {:?} {:?}\nopen {open:?}\nsegments {used:?}",
        profiles.map(rows).collect::<Vec<_>>().concat(),
        ledger.parked(None, (0, 0)).collect::<Vec<_>>(),
        ledger.totals().collect::<Vec<_>>(),
        ledger.held(false),
        ledger.held(true),
    )
}

fn knowledge(ledger: &Ledger, world: &World) -> Vec<(bool, Option<u64>)> {
    let told = world.told.values();
    told.map(|told| {
        (
            ledger.knows(&told.head.id),
            ledger.car_id(told.head.vehicle),
        )
    })
    .collect()
}

fn assert_same(world: &World) {
    let again = replayed(world);
    for seq in world.logged() {
        assert_eq!(about(&again, seq), about(&world.ledger, seq));
    }
    assert!((1..=world.seq).all(|seq| again.is_live(seq) == world.ledger.is_live(seq)));
    for (replayed, living) in in_all(&again).lines().zip(in_all(&world.ledger).lines()) {
        assert_eq!(replayed, living);
    }
    assert_eq!(knowledge(&again, world), knowledge(&world.ledger, world));
}

/// A history of so many steps; `check` is called where all that is known is in the log.
pub(super) fn live(seed: u64, steps: u64, mut check: impl FnMut(&World)) -> World {
    let mut world = World::new(seed);
    for step in 0..steps {
        match world.dice.below(40) {
            0..=13 => {
                let mut frames = world.new_event(step);
                if world.dice.below(3) == 0 {
                    frames.extend(world.new_event(step));
                }
                world.write(frames, true);
            }
            14..=30 => world.settle_one(),
            31..=33 => world.write(Vec::new(), false),
            34..=35 => world.intervene(),
            36 => world.close_segment(),
            37 => world.compact(),
            _ => {
                world.heal();
                check(&world);
            }
        }
    }
    world.heal();
    world
}

#[test]
fn a_replay_knows_what_the_living_knew() {
    for seed in 1..=60 {
        let world = live(seed, 400, assert_same);
        assert_same(&world);
    }
}

#[test]
fn a_forgotten_segment_changes_nothing() {
    for seed in 1_000..=1_020 {
        let mut world = live(seed, 150, |_| {});
        world.is_calm = true;
        for _ in 0..30 {
            let before: Vec<_> = (1..=world.seq)
                .filter(|&seq| world.ledger.is_live(seq))
                .map(|seq| (seq, world.ledger.deliveries_of(seq)))
                .collect();
            world.close_segment();
            world.compact();
            for (seq, deliveries) in before {
                assert_eq!(world.ledger.deliveries_of(seq), deliveries);
            }
            assert_same(&world);
        }
    }
}

#[test]
fn the_totals_are_those_of_a_recount() {
    for seed in 2_000..=2_020 {
        live(seed, 300, |world| {
            let ledger = &world.ledger;
            let (mut bytes, mut events) = (0, 0);
            let mut images = BTreeMap::new();
            let mut totals: BTreeMap<(u32, u8), (u64, u64)> = BTreeMap::new();
            for seq in (1..=world.seq).filter(|&seq| ledger.is_live(seq)) {
                let mut waits = false;
                for profile in 1..=u32::try_from(PROFILES).unwrap() {
                    if let Some(delivery) = ledger.delivery(seq, profile) {
                        waits = true;
                        let total = totals.entry((profile, delivery.state.bit())).or_default();
                        *total = (total.0 + 1, total.1 + u64::from(delivery.size));
                    }
                }
                let is_open = ledger.open_vehicles().iter().any(|open| open.1 == seq);
                assert!(waits || is_open, "{seq} is not live");
                if waits {
                    events += 1;
                    bytes += u64::from(ledger.place(seq).unwrap().1.length);
                }
                for (no, place) in ledger.images(seq) {
                    if let Some((_, place)) = place {
                        images.insert(no, u64::from(place.length) - 40);
                    }
                }
            }
            bytes += images.values().sum::<u64>();
            assert_eq!(
                (ledger.held(false).bytes, ledger.held(false).events),
                (bytes, events)
            );
            let said: BTreeMap<_, _> = ledger
                .totals()
                .map(|(profile, state, events, bytes)| ((profile, state.bit()), (events, bytes)))
                .collect();
            assert_eq!(said, totals);
        });
    }
}

#[test]
fn ids_are_forgotten_oldest_first_but_not_those_of_the_living() {
    let mut world = World::new(7);
    for step in 0..3 * KNOWN {
        let frames = world.new_event(step);
        world.write(frames, false);
        let seq = world.seq;
        for profile in 1..=u32::try_from(PROFILES).unwrap() {
            if !seq.is_multiple_of(100) {
                world.ledger.done(seq, profile);
            }
        }
    }
    world.heal();
    for seq in 1..=world.seq {
        let is_known = world.ledger.is_live(seq) || seq > world.seq - KNOWN;
        assert_eq!(world.ledger.knows(&id_of(seq)), is_known, "{seq}");
        assert_eq!(world.ledger.seq_of(&id_of(seq)), is_known.then_some(seq));
    }
    assert!(!world.ledger.knows(&EventId::default()));
    assert_same(&world);
}

#[test]
fn no_digest_panics() {
    let world = live(9, 300, |_| {});
    let whole: Vec<u8> = world.log.values().flatten().copied().collect();
    let mut dice = Dice::new(11);
    let end = u64::try_from(whole.len()).unwrap();
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..=dice.below(40) {
            let at = usize::try_from(dice.below(end)).unwrap();
            bytes[at] = u8::try_from(dice.below(256)).unwrap();
        }
        let mut ledger = Ledger::new(dice.below(50));
        ledger
            .replay(dice.below(9) + 1, &bytes, &mut |_| {})
            .unwrap();
        ledger.apply(4, &bytes).unwrap();
        ledger.apply_in_memory(5, &bytes);
        ledger.carry(4, &bytes);
        let limits = Limits {
            max_bytes: Some(dice.below(9_000)),
            max_events: Some(dice.below(20)),
        };
        ledger.make_room(limits, &Seqs::new(), None, false);
        ledger.give(1, 2, u64::MAX - 1, &Seqs::new());
        ledger.renumber(&[(1, 2), (2, 3), (3, 1)]);
        let _ = in_all(&ledger);
        ledger.forget_segment(4);
    }
    let mut ledger = Ledger::new(1);
    assert!(ledger.apply(0, &whole).is_err());
    assert!(ledger.replay(1 << 32, &whole, &mut |_| {}).is_err());
}

#[test]
fn profiles_swap_their_numbers_at_once() {
    let world = live(12, 200, |_| {});
    let before = replayed(&world);
    let mut after = before.clone();
    after.renumber(&[(1, 2), (2, 1)]);
    let seqs = |ledger: &Ledger, profile| {
        let rows = ledger.waiting(profile, 0);
        rows.map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_ne!(seqs(&before, 1), seqs(&before, 2));
    assert_eq!(seqs(&after, 1), seqs(&before, 2));
    assert_eq!(seqs(&after, 2), seqs(&before, 1));
    after.renumber(&[(1, 2)]);
    assert_eq!(seqs(&after, 1), Vec::<u64>::new());
    let total = after
        .totals()
        .find(|total| (total.0, total.1) == (2, State::Waiting));
    let waiting = u64::try_from(seqs(&after, 2).len()).unwrap();
    assert_eq!(total.unwrap().2, waiting);
}
