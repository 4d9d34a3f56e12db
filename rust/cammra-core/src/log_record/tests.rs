use super::*;
use crate::event::{Direction, EventKind};
use crate::log_bytes::Fields;

fn head() -> Head {
    Head {
        seq: 7,
        id: *b"0123456789abcdef",
        stored_ns: 1 << 40,
        at_utc_ns: -5,
        vehicle: vehicle_hash(b"stream", 3),
        vehicle_no: 3,
        car_id: 9,
        kind: EventKind::Lost,
        flags: flag::LAST | flag::STRIPPED,
        states: State::Parked.bit(),
        confidence: 9876,
        direction: Direction::Out,
        roi: 2,
        ordinal: 4,
    }
}

fn delivery(profile: u32) -> Delivery<'static> {
    Delivery {
        profile,
        packet: 1000 + u64::from(profile),
        attempts: 2,
        state: State::Parked,
        pictures: 1,
        size: 53_000,
        keys: 0b101,
        parked_utc_ns: 11,
        why: b"refused",
        words: "no \u{4eac}".as_bytes(),
    }
}

fn payload() -> Vec<u8> {
    let mut out = Vec::new();
    head().put(&mut out);
    put_images(&mut out, [5, 0, 6].into_iter());
    put_deliveries(&mut out, [1, 2].map(delivery).into_iter());
    let brief = Brief {
        plate: b"abc123",
        list: b"staff",
    };
    brief.put(&mut out);
    out.extend(9_u32.to_le_bytes());
    out.extend(br#"{"a":"b"},"images":[]}"#);
    out
}

#[test]
fn an_event_comes_back_as_it_was_written() {
    let payload = payload();
    let event = EventFrame::parse(&payload).unwrap();
    let Summary {
        head: read,
        images,
        deliveries,
        brief,
    } = event.summary;
    assert_eq!(read, head());
    assert!(read.has(flag::LAST) && !read.has(flag::ERASED));
    assert_eq!(images.iter().collect::<Vec<_>>(), [5, 0, 6]);
    assert_eq!((images.len(), deliveries.len()), (3, 2));
    assert!(deliveries.iter().eq([1, 2].map(delivery)));
    assert_eq!((brief.plate, brief.list), (&b"abc123"[..], &b"staff"[..]));
    assert_eq!(event.text(), br#"{"a":"b"}"#);
    assert!(payload.starts_with(event.summary_bytes));
}

#[test]
fn a_head_is_always_as_long() {
    let mut out = Vec::new();
    head().put(&mut out);
    assert_eq!(out.len(), Head::LENGTH);
}

#[test]
fn an_event_that_was_cut_is_refused_wherever_it_was_cut() {
    let payload = payload();
    let text_end = payload.len() - br#","images":[]}"#.len();
    for length in 0..payload.len() {
        let cut = EventFrame::parse(&payload[..length]);
        assert_eq!(cut.is_ok(), length >= text_end, "{length}");
    }
}

#[test]
fn no_bit_that_flips_makes_it_panic() {
    let mut payload = payload();
    for bit in 0..payload.len() * 8 {
        payload[bit / 8] ^= 1 << (bit % 8);
        if let Ok(event) = EventFrame::parse(&payload) {
            let summary = event.summary;
            assert!(summary.deliveries.iter().count() == summary.deliveries.len());
            assert!(event.text().len() <= payload.len());
        }
        payload[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_word_that_is_unknown_is_named() {
    let mut payload = payload();
    payload[64] = 4;
    let error = EventFrame::parse(&payload).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an event's frame has kind 4, which is unknown"
    );
}

#[test]
fn deliveries_stand_by_themselves_too() {
    let mut out = Vec::new();
    put_deliveries(&mut out, std::iter::empty());
    assert!(Deliveries::parse(&out).unwrap().is_empty());
    let many = vec![delivery(1); 300];
    out.clear();
    put_deliveries(&mut out, many.into_iter());
    assert_eq!(Deliveries::parse(&out).unwrap().len(), 255);
    assert!(Deliveries::parse(&out[..out.len() - 1]).is_err());
}

#[test]
fn a_delivery_carries_what_its_bits_say() {
    let some = delivery(1);
    assert_eq!(
        [0, 1, 2, 3, 64].map(|image| some.carries(image)),
        [true, false, true, false, false]
    );
    let all = Delivery {
        keys: ALL_IMAGES,
        ..some
    };
    assert!(all.carries(0) && all.carries(200));
}

#[test]
fn a_state_is_one_bit() {
    let known: Vec<State> = (0..=255).filter_map(State::of).collect();
    assert_eq!(known.len(), 5);
    assert!(
        known
            .iter()
            .all(|state| State::of(state.bit()) == Some(*state))
    );
    assert_eq!(known.iter().filter(|state| state.is_settled()).count(), 3);
}

#[test]
fn settlements_come_back_and_end_where_they_cannot_be_read() {
    let parked = Settlement {
        number: 3,
        utc_ns: 4,
        why: b"why",
        words: b"words",
        ..Settlement::new(op::PARKED, 9, 1)
    };
    let all = [parked, Settlement::new(op::DELIVERED, 10, 2)];
    let mut out = Vec::new();
    for one in &all {
        one.put(&mut out);
    }
    assert!(Settlement::each(&out).eq(all));
    assert!(Settlement::each(&out[..out.len() - 1]).eq([parked]));
}

#[test]
fn known_ids_come_back() {
    let all = [1, 2].map(|seq| KnownId {
        id: [seq; 16],
        vehicle: 5,
        car_id: 6,
        seq: seq.into(),
    });
    let mut out = Vec::new();
    for one in &all {
        one.put(&mut out);
    }
    assert!(KnownId::each(&out).eq(all));
}

#[test]
fn a_vehicle_keeps_its_hash_for_good() {
    assert_eq!(vehicle_hash(b"", 0), 0x30ff_fcdf_bbbc_3f43);
    let mut seen = std::collections::HashSet::new();
    for stream in ["a", "b", "ab"] {
        assert!((0..1000).all(|no| seen.insert(vehicle_hash(stream.as_bytes(), no))));
    }
}

#[test]
fn images_are_as_many_as_they_say() {
    let mut out = Vec::new();
    put_images(&mut out, vec![1; 300].into_iter());
    assert_eq!(out.len(), 1 + 255 * 8);
    assert!(Images::NONE.is_empty());
    assert_eq!(Fields::new("nothing", Brief::EMPTY.plate).rest(), [0_u8; 0]);
}
