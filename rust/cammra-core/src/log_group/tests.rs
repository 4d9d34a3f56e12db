use super::*;
use crate::log_digest::Digest;
use crate::log_record::{Brief, Delivery, KnownId, State, flag};

const HOME: Home = Home {
    store_id: [5; 16],
    segment: 3,
};

fn bytes(group: &Group<Vec<u8>>) -> Vec<u8> {
    let pieces = group.pieces().map(|piece| match piece {
        Piece::Own(bytes) => bytes,
        Piece::Picture(picture) => picture,
    });
    pieces.collect::<Vec<_>>().concat()
}

#[test]
fn its_frames_verify_one_after_the_other() {
    let mut group = Group::new(HOME, 0);
    group.header(1, 0, 4096).unwrap();
    group.image(1, b"one", vec![7; 100]).unwrap();
    group.image(2, b"two", vec![8; 101]).unwrap();
    group.payload(kind::STATE, b"{}").unwrap();
    group.image(3, b"three", vec![9; 102]).unwrap();
    let bytes = bytes(&group);
    assert_eq!(bytes.len() as u64, group.length());
    let mut at = 0;
    let mut kinds = Vec::new();
    while at < bytes.len() {
        let frame = HOME.read(at as u64, &bytes[at..]).unwrap();
        kinds.push(frame.kind);
        at += frame.length();
    }
    assert_eq!(
        kinds,
        [
            kind::HEADER,
            kind::IMAGE,
            kind::IMAGE,
            kind::STATE,
            kind::IMAGE
        ]
    );
    let digests: Vec<_> = Digest::each(group.digests()).map(Result::unwrap).collect();
    let [
        Digest::Image {
            place,
            no: 1,
            jpeg_length: 100,
            key: b"one",
        },
        ..,
        Digest::Image { no: 3, .. },
    ] = digests[..]
    else {
        panic!("{digests:?}");
    };
    let at = usize::try_from(place.offset).unwrap();
    let frame = HOME.read(place.offset, &bytes[at..]).unwrap();
    assert_eq!(frame.length(), place.length as usize);
}

#[test]
fn a_picture_is_handed_on_as_it_was_given() {
    let mut group = Group::new(HOME, 64);
    group.image(1, b"one", vec![7; 100]).unwrap();
    let [Piece::Own(_), Piece::Picture(picture), Piece::Own(padding)] =
        group.pieces().collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", group.pieces().collect::<Vec<_>>());
    };
    assert_eq!((picture.len(), padding.len() < 8), (100, true));
}

#[test]
fn a_header_comes_first_or_not_at_all() {
    let mut later = Group::<Vec<u8>>::new(HOME, 64);
    assert_eq!(later.header(1, 0, 4096), Err(LogError::NotFirst));
    let mut second = Group::<Vec<u8>>::new(HOME, 0);
    second.payload(kind::STATE, b"{}").unwrap();
    assert_eq!(second.header(1, 0, 4096), Err(LogError::NotFirst));
}

/// An EVENT payload with an image and a delivery, and how long its summary is.
fn event() -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let head = Head {
        flags: flag::LAST,
        ..Head::SAMPLE
    };
    head.put(&mut out);
    put_images(&mut out, [11].into_iter());
    put_deliveries(&mut out, [delivery(State::Waiting)].into_iter());
    let brief = Brief {
        plate: b"abc123",
        list: b"staff",
    };
    brief.put(&mut out);
    let summary = out.len();
    out.extend(6_u32.to_le_bytes());
    out.extend(br#"{"a":1,"images":[2]}"#);
    (out, summary)
}

const fn delivery(state: State) -> Delivery<'static> {
    Delivery {
        profile: 1,
        packet: 77,
        attempts: 0,
        state,
        pictures: 1,
        size: 500,
        keys: 1,
        parked_utc_ns: 0,
        why: &[],
        words: &[],
    }
}

#[test]
fn an_event_is_written_again_as_its_deliveries_stand() {
    let (payload, _) = event();
    let mut deliveries = Vec::new();
    put_deliveries(&mut deliveries, [delivery(State::Parked)].into_iter());
    let mut group = Group::<Vec<u8>>::new(HOME, 64);
    group
        .again(&payload, &deliveries, flag::STRIPPED, 0)
        .unwrap();
    let bytes = bytes(&group);
    let frame = HOME.read(64, &bytes).unwrap();
    let (old, new) = (
        EventFrame::parse(&payload).unwrap(),
        EventFrame::parse(frame.payload).unwrap(),
    );
    assert_eq!(
        (frame.kind, new.json, new.text_length),
        (kind::EVENT, old.json, 6)
    );
    assert_eq!(new.summary.head.flags, flag::LAST | flag::STRIPPED);
    assert_eq!(
        (new.summary.images, new.summary.brief),
        (old.summary.images, old.summary.brief)
    );
    assert!(new.summary.deliveries.iter().eq([delivery(State::Parked)]));
    let Some(Ok(Digest::Event(_, summary))) = Digest::each(group.digests()).next() else {
        panic!("{:?}", group.digests());
    };
    assert_eq!((summary, group.events()), (new.summary, 1));
}

#[test]
fn a_text_is_an_event_without_images_and_deliveries() {
    let (payload, _) = event();
    let mut group = Group::<Vec<u8>>::new(HOME, 64);
    group
        .text(&payload, State::Delivered.bit(), b"packed")
        .unwrap();
    let bytes = bytes(&group);
    let frame = HOME.read(64, &bytes).unwrap();
    let text = EventFrame::parse(frame.payload).unwrap();
    assert_eq!(
        (frame.kind, text.json, text.text()),
        (kind::TEXT, &b"packed"[..], &b"packed"[..])
    );
    assert!(text.summary.images.is_empty() && text.summary.deliveries.is_empty());
    assert_eq!(text.summary.head.states, State::Delivered.bit());
    assert_eq!(
        (text.summary.brief.plate, group.events()),
        (&b"abc123"[..], 0)
    );
}

#[test]
fn ids_outlive_their_events_as_long_as_they_are_known() {
    let (payload, summary) = event();
    let mut events = Group::<Vec<u8>>::new(HOME, 64);
    events.event(kind::EVENT, &payload, summary).unwrap();
    let mut first = Group::<Vec<u8>>::new(HOME, 64);
    first.ids(events.digests(), |_| true).unwrap();
    let mut second = Group::<Vec<u8>>::new(HOME, 64);
    second.ids(first.digests(), |id| *id == [2; 16]).unwrap();
    for group in [&first, &second] {
        let Some(Ok(Digest::Ids(ids))) = Digest::each(group.digests()).next() else {
            panic!("{:?}", group.digests());
        };
        let ids: Vec<_> = KnownId::each(ids).collect();
        let [
            KnownId {
                id,
                vehicle: 5,
                car_id: 7,
                seq: 1,
            },
        ] = ids[..]
        else {
            panic!("{ids:?}");
        };
        assert_eq!(id, [2; 16]);
    }
    let mut none = Group::<Vec<u8>>::new(HOME, 64);
    none.ids(events.digests(), |_| false).unwrap();
    assert_eq!(none.length(), 0);
}

#[test]
fn a_long_group_ends_with_a_block() {
    let mut group = Group::new(HOME, 8192 + 64);
    group.image(1, b"one", vec![7; 20_000]).unwrap();
    let (length, digests) = (group.length(), group.digests().to_vec());
    group.fill_block();
    assert_eq!((group.begin() + group.length()) % 4096, 0);
    assert!(group.length() - length < 4096);
    let bytes = bytes(&group);
    assert_eq!(bytes.len() as u64, group.length());
    let end = usize::try_from(length).unwrap();
    assert!(bytes[end..].iter().all(|byte| *byte == 0));
    assert_eq!(group.digests(), digests);
    group.fill_block();
    assert_eq!(bytes.len() as u64, group.length());
}

#[test]
fn a_short_group_ends_with_its_last_frame() {
    let mut group = Group::<Vec<u8>>::new(HOME, 64);
    group.payload(kind::STATE, b"{}").unwrap();
    let length = group.length();
    group.fill_block();
    assert_eq!(group.length(), length);
}
