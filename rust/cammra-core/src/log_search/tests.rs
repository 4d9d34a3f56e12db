use super::*;
use crate::log_digest::put_event;
use crate::log_record::{Brief, Head, State, put_deliveries, put_images};

fn query(plate: &str) -> Query {
    Query {
        plate: PlateQuery::new(plate, false),
        at_utc_ns: i64::MIN..i64::MAX,
        direction: None,
        roi: None,
        list: Vec::new(),
        kinds: 15,
        min_confidence: 0,
        states: 0,
        before_seq: u64::MAX,
        limit: 10,
    }
}

fn head(seq: u64) -> Head {
    Head {
        seq,
        at_utc_ns: i64::try_from(seq).unwrap(),
        states: State::Expired.bit(),
        confidence: 5000,
        ..Head::SAMPLE
    }
}

fn put(digests: &mut Vec<u8>, kind: u8, head: &Head, plate: &[u8]) {
    let mut summary = Vec::new();
    head.put(&mut summary);
    put_images(&mut summary, std::iter::empty());
    put_deliveries(&mut summary, std::iter::empty());
    let brief = Brief {
        plate,
        list: b"staff",
    };
    brief.put(&mut summary);
    let at = Place {
        offset: digests.len() as u64,
        length: 8,
    };
    put_event(digests, kind, at, &summary);
}

fn seqs(search: &Search) -> Vec<u64> {
    search.found().map(|found| found.seq).collect()
}

/// The events of one segment that fit.
fn found(query: Query, digests: &[u8]) -> Vec<u64> {
    let mut search = Search::new(query);
    let fitting = search.fitting(1, digests);
    search.take(fitting, |_| State::Waiting.bit());
    seqs(&search)
}

#[test]
fn every_filter_must_hold() {
    let mut digests = Vec::new();
    put(&mut digests, kind::EVENT, &head(1), b"abc123");
    let others = [
        Head {
            at_utc_ns: 100,
            ..head(2)
        },
        Head {
            kind: EventKind::Lost,
            ..head(3)
        },
        Head {
            confidence: 4999,
            ..head(4)
        },
        Head {
            direction: Direction::Out,
            ..head(5)
        },
        Head { roi: 8, ..head(6) },
        Head {
            flags: flag::ERASED,
            ..head(7)
        },
    ];
    for other in &others {
        put(&mut digests, kind::EVENT, other, b"abc123");
    }
    put(&mut digests, kind::EVENT, &head(8), b"abc124");
    let narrow = Query {
        at_utc_ns: 0..100,
        direction: Some(Direction::In),
        roi: Some(9),
        list: b"staff".to_vec(),
        kinds: 1,
        min_confidence: 5000,
        states: State::Waiting.bit() | State::Parked.bit(),
        ..query("abc123")
    };
    assert_eq!(found(narrow.clone(), &digests), [1]);
    assert_eq!(found(query("abc123"), &digests), [6, 5, 4, 3, 2, 1]);
    assert_eq!(found(query(""), &digests), [8, 6, 5, 4, 3, 2, 1]);
    assert_eq!(
        found(
            Query {
                at_utc_ns: 100..101,
                ..query("")
            },
            &digests
        ),
        [2]
    );
    assert_eq!(
        found(
            Query {
                before_seq: 3,
                ..query("")
            },
            &digests
        ),
        [2, 1]
    );
    for none in [
        Query {
            list: b"other".to_vec(),
            ..narrow.clone()
        },
        Query {
            states: State::Parked.bit(),
            ..narrow.clone()
        },
        Query {
            states: UNWANTED,
            ..narrow
        },
    ] {
        assert_eq!(found(none, &digests), [0_u64; 0]);
    }
}

#[test]
fn the_newest_are_kept_in_whatever_order_segments_come() {
    let mut segments = [Vec::new(), Vec::new(), Vec::new()];
    for seq in 1..=30 {
        let digests = &mut segments[usize::try_from(seq % 3).unwrap()];
        put(digests, kind::EVENT, &head(seq), b"abc123");
    }
    let mut search = Search::new(query("abc123"));
    assert_eq!(search.lowest_seq(), 0);
    for digests in &segments {
        let fitting = search.fitting(1, digests);
        assert!(search.take(fitting, |_| 0));
    }
    assert_eq!(seqs(&search), (21..=30).rev().collect::<Vec<_>>());
    assert_eq!(search.lowest_seq(), 21);
}

#[test]
fn an_event_that_was_copied_is_found_once_where_its_pictures_are() {
    let (mut old, mut copy, mut text) = (Vec::new(), Vec::new(), Vec::new());
    put(&mut old, kind::EVENT, &head(1), b"abc123");
    put(&mut copy, kind::EVENT, &head(1), b"abc123");
    put(&mut text, kind::TEXT, &head(1), b"abc123");
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut search = Search::new(query(""));
        for at in order {
            let (segment, digests) = [(3, &old), (4, &copy), (5, &text)][at];
            let fitting = search.fitting(segment, digests);
            assert!(!search.take(fitting, |_| State::Waiting.bit()));
        }
        let all: Vec<_> = search.found().collect();
        assert_eq!(
            (all.len(), all[0].segment, all[0].kind),
            (1, 4, kind::EVENT)
        );
        assert_eq!(all[0].states, State::Waiting.bit());
    }
    assert_eq!(
        found(
            Query {
                states: State::Expired.bit(),
                ..query("")
            },
            &text
        ),
        [1]
    );
}
