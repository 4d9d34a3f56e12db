//! Who goes when there is too much, by a model that looks at every event.

use std::collections::BTreeSet;

use super::histories::live;
use super::world::{PROFILES, World};
use crate::event::EventKind;
use crate::ledger::{Ledger, Limits, Seqs};
use crate::log_record::State;

fn profiles() -> std::ops::RangeInclusive<u32> {
    1..=u32::try_from(PROFILES).unwrap()
}

/// The states and tries of an event's deliveries that wait or are parked.
fn unsettled(ledger: &Ledger, seq: u64, only: Option<u32>) -> Vec<(State, u32)> {
    profiles()
        .filter(|&profile| only.is_none_or(|only| only == profile))
        .filter_map(|profile| ledger.delivery(seq, profile))
        .map(|delivery| (delivery.state, delivery.attempts))
        .collect()
}

fn is_untried(ledger: &Ledger, seq: u64, only: Option<u32>) -> bool {
    let found = unsettled(ledger, seq, only);
    !found.is_empty() && found.iter().all(|&one| one == (State::Waiting, 0))
}

fn is_parked(ledger: &Ledger, seq: u64) -> bool {
    let found = unsettled(ledger, seq, None);
    found.iter().any(|&(state, _)| state == State::Parked)
}

/// Everybody in the order in which they are asked to go.
fn asked(world: &World, only: Option<u32>, kept: usize) -> Vec<u64> {
    let ledger = &world.ledger;
    let in_scope = |seq: &u64| !unsettled(ledger, *seq, only).is_empty();
    let live: Vec<u64> = (1..=world.seq).filter(in_scope).collect();
    let head = |seq: u64| world.told[&seq].head;
    let is_update = |seq: u64| head(seq).kind == EventKind::Update;
    let parked: Vec<u64> = live
        .iter()
        .copied()
        .filter(|&seq| only.is_none() && is_parked(ledger, seq))
        .collect();
    let overtaken = live.iter().copied().filter(|&seq| {
        let later = live.iter().filter(|&&later| later > seq);
        is_update(seq)
            && later
                .clone()
                .any(|&later| is_update(later) && head(later).car_id == head(seq).car_id)
    });
    let mut order = parked[..parked.len().saturating_sub(kept)].to_vec();
    order.extend(overtaken.filter(|&seq| is_untried(ledger, seq, only)));
    for updates in [true, false] {
        let untried = live.iter().copied();
        order.extend(
            untried.filter(|&seq| is_update(seq) == updates && is_untried(ledger, seq, only)),
        );
    }
    order.extend(parked);
    order
}

#[test]
fn they_go_in_their_order() {
    let mut gone_in_all = 0;
    for seed in 3_000..=3_030 {
        live(seed, 300, |world| {
            for only in [None, Some(1), Some(2)] {
                let mut ledger = world.ledger.clone();
                let flying: Seqs = (1..=world.seq).filter(|seq| seq % 5 == 0).collect();
                let before: BTreeSet<u64> = (1..=world.seq)
                    .filter(|&seq| !unsettled(&ledger, seq, only).is_empty())
                    .collect();
                let waiting = |ledger: &Ledger| match only {
                    None => ledger.held(false).events,
                    Some(profile) => ledger.waiting(profile, 0).count().try_into().unwrap(),
                };
                let most = waiting(&ledger) * 2 / 3;
                let target = (most - most.div_ceil(20)).max(most.saturating_sub(500));
                let kept = usize::try_from(target / 10).unwrap();
                let limits = Limits {
                    max_events: Some(most),
                    max_bytes: None,
                };
                let order = asked(world, only, kept);
                ledger.make_room(limits, &flying, only, false);
                let gone: BTreeSet<u64> = before
                    .iter()
                    .copied()
                    .filter(|&seq| unsettled(&ledger, seq, only).is_empty())
                    .collect();
                let mut may_go = Vec::new();
                for seq in order {
                    if !flying.contains(&seq) && !may_go.contains(&seq) {
                        may_go.push(seq);
                    }
                }
                let went = may_go.iter().copied().take(gone.len());
                assert_eq!(gone, went.collect(), "seed {seed}, profile {only:?}");
                assert!(waiting(&ledger) == target || gone.len() == may_go.len());
                gone_in_all += gone.len();
            }
        });
    }
    assert!(gone_in_all > 100, "{gone_in_all}");
}

#[test]
fn a_vehicles_events_are_found_in_their_order() {
    for seed in 4_000..=4_010 {
        live(seed, 300, |world| {
            let ledger = &world.ledger;
            for profile in profiles() {
                let rows: Vec<_> = ledger.waiting(profile, 0).collect();
                for row in &rows {
                    let same = rows.iter().copied();
                    let want: Vec<_> = same.filter(|one| one.car_id == row.car_id).collect();
                    let found: Vec<_> = ledger.waiting_of(profile, row.car_id).collect();
                    assert_eq!(found, want);
                }
            }
        });
    }
}
