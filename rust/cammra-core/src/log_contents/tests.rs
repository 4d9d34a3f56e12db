use super::*;
use crate::log_digest::{put_event, put_image, put_payload};
use crate::log_record::{Brief, Delivery, Head, op, put_deliveries, put_images};

const fn place(offset: u64) -> Place {
    Place { offset, length: 64 }
}

fn summary(seq: u64, at_utc_ns: i64, flags: u8, images: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    let head = Head {
        seq,
        stored_ns: 100 + seq,
        at_utc_ns,
        flags,
        ..Head::SAMPLE
    };
    head.put(&mut out);
    put_images(&mut out, images.iter().copied());
    put_deliveries(&mut out, std::iter::empty());
    Brief::EMPTY.put(&mut out);
    out
}

fn segment() -> Vec<u8> {
    let mut out = Vec::new();
    put_image(&mut out, place(0), 11, 500, b"key");
    put_image(&mut out, place(64), 12, 0, b"");
    put_event(
        &mut out,
        kind::EVENT,
        place(128),
        &summary(1, 50, 0, &[11, 12]),
    );
    put_event(&mut out, kind::TEXT, place(192), &summary(2, 40, 0, &[]));
    put_event(
        &mut out,
        kind::EVENT,
        place(256),
        &summary(3, 10, flag::ERASED, &[11]),
    );
    out
}

#[test]
fn what_was_erased_is_no_event_but_keeps_its_age() {
    let found = overview(&segment());
    assert_eq!(found.events, 2);
    assert_eq!((found.oldest_stored_ns, found.newest_stored_ns), (101, 103));
    assert_eq!(found.oldest_utc_ns, Some(40));
    assert_eq!(found.oldest_picture_utc_ns, Some(50));
    assert_eq!(overview(b""), Overview::default());
    let listed: Vec<_> = events(&segment()).collect();
    assert_eq!(
        listed,
        [(1, place(128), kind::EVENT), (2, place(192), kind::TEXT)]
    );
}

#[test]
fn ids_without_a_text_are_those_of_events_gone_or_erased() {
    assert!(has_bare_ids(&segment()));
    let mut digests = Vec::new();
    put_event(&mut digests, kind::EVENT, place(0), &summary(1, 50, 0, &[]));
    put_event(&mut digests, kind::TEXT, place(64), &summary(2, 50, 0, &[]));
    assert!(!has_bare_ids(&digests));
    put_payload(&mut digests, kind::IDS, b"");
    assert!(has_bare_ids(&digests));
}

#[test]
fn images_are_found_until_they_are_erased() {
    let one = BTreeSet::from([1, 2]);
    assert_eq!(image_nos(&segment(), &one), BTreeSet::from([11, 12]));
    let wanted = BTreeSet::from([11, 12, 13]);
    assert_eq!(images(&segment(), &wanted), [(11, place(0))]);
}

#[test]
fn erasures_are_told_as_begun_and_as_done() {
    let mut digests = Vec::new();
    let erase = |number: u64, seq: u64| [number.to_le_bytes(), seq.to_le_bytes()].concat();
    put_payload(&mut digests, kind::ERASE, &erase(1, 5));
    put_payload(&mut digests, kind::ERASE, &erase(2, 6));
    put_payload(&mut digests, kind::ERASE_DONE, &1_u64.to_le_bytes());
    assert_eq!(
        erasures(&digests),
        (vec![(1, vec![5]), (2, vec![6])], vec![1])
    );
}

#[test]
fn settlements_of_an_event_are_found_behind_what_is_broken() {
    let home = Home::default();
    let settled = |at: u64, seq: u64| {
        let mut payload = Vec::new();
        Settlement::new(op::DELIVERED, seq, 1).put(&mut payload);
        home.frame(at, kind::SETTLED, &payload).unwrap()
    };
    let mut content = settled(0, 1);
    let length = content.len() as u64;
    let broken = settled(length, 1);
    content.extend(broken.iter().map(|byte| byte ^ 1));
    content.extend(settled(2 * length, 2));
    content.extend(settled(3 * length, 1));
    content.extend([0; 64]);
    let found = settled_frames(&home, &content, &BTreeSet::from([1]));
    let offsets: Vec<_> = found.iter().map(|place| place.offset).collect();
    assert_eq!(offsets, [0, 3 * length]);
    assert!(found.iter().all(|place| u64::from(place.length) == length));
}

#[test]
fn events_that_follow_each_other_are_one_run() {
    let mut digests = segment();
    put_payload(&mut digests, kind::STATE, b"{\"last_seq\":9}");
    for (offset, seq) in [(320, 4), (384, 5), (448, 9), (512, 2)] {
        put_event(
            &mut digests,
            kind::EVENT,
            place(offset),
            &summary(seq, 0, 0, &[]),
        );
    }
    let (states, runs) = story(&digests);
    assert_eq!(states, [b"{\"last_seq\":9}"]);
    let runs: Vec<_> = runs
        .iter()
        .map(|run| {
            (
                run.first_offset,
                run.first_seq,
                run.last_offset,
                run.last_seq,
            )
        })
        .collect();
    assert_eq!(
        runs,
        [
            (128, 1, 128, 1),
            (256, 3, 384, 5),
            (448, 9, 448, 9),
            (512, 2, 512, 2)
        ]
    );
}

#[test]
fn what_receivers_said_is_found_wherever_it_was_noted() {
    let mut deliveries = Vec::new();
    let delivery = Delivery {
        profile: 1,
        packet: 2,
        attempts: 3,
        state: State::Parked,
        pictures: 1,
        size: 500,
        keys: 1,
        parked_utc_ns: 9,
        why: b"HTTP 422",
        words: b"in a list",
    };
    put_deliveries(&mut deliveries, std::iter::once(delivery));
    let mut settled = Vec::new();
    for one in [
        Settlement {
            words: b"alone",
            ..Settlement::new(op::PARKED, 7, 1)
        },
        Settlement {
            why: &deliveries,
            ..Settlement::new(op::NOW, 8, 0)
        },
        Settlement::new(op::DELIVERED, 9, 1),
    ] {
        one.put(&mut settled);
    }
    let mut digests = segment();
    put_payload(&mut digests, kind::SETTLED, &settled);
    assert_eq!(words(&digests), [(7, &b"alone"[..]), (8, b"in a list")]);
}

#[test]
fn what_became_of_deliveries_is_told_in_order() {
    let mut settled = Vec::new();
    let mut say = |op, profile, utc_ns| {
        let one = Settlement {
            utc_ns,
            ..Settlement::new(op, 1, profile)
        };
        one.put(&mut settled);
    };
    say(op::PARKED, 5, 77);
    say(op::UNPARKED, 5, 0);
    say(op::ATTEMPTS, 5, 0);
    say(op::GIVEN, 5, 6);
    say(op::OPEN, 0, 0);
    say(op::DELIVERED, 6, 0);
    say(op::EXPIRED, 7, 0);
    let mut digests = segment();
    put_payload(&mut digests, kind::SETTLED, &settled);
    let told: Vec<_> = outcomes(&digests, &BTreeSet::from([1]))
        .into_iter()
        .filter(|(_, profile, _)| *profile >= 5)
        .collect();
    assert_eq!(
        told,
        [
            (1, 5, State::Parked),
            (1, 5, State::Waiting),
            (1, 5, State::Dropped),
            (1, 6, State::Waiting),
            (1, 6, State::Delivered),
            (1, 7, State::Expired),
        ]
    );
    assert!(settles(&digests, &BTreeSet::from([1])));
    assert!(!settles(&digests, &BTreeSet::from([2])));
    assert_eq!(outcomes(&digests, &BTreeSet::from([99])), []);
}

#[test]
fn an_erased_picture_is_none() {
    assert_eq!(pictures(&segment()).collect::<Vec<_>>(), [11]);
}
