use super::*;
use crate::log_digest::Digest;
use crate::log_group::{Group, Piece};
use crate::log_scan::scan;

const HOME: Home = Home {
    store_id: [5; 16],
    segment: 3,
};
const PLATE: &[u8] = b"abc123";

fn deliveries() -> Vec<u8> {
    let mut out = Vec::new();
    let delivery = |state| Delivery {
        profile: 1,
        packet: 77,
        attempts: 2,
        state,
        pictures: 1,
        size: 500,
        keys: 1,
        parked_utc_ns: 9,
        why: PLATE,
        words: PLATE,
    };
    put_deliveries(
        &mut out,
        [State::Delivered, State::Parked].map(delivery).into_iter(),
    );
    out
}

fn event(seq: u64) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let head = Head {
        seq,
        ..Head::SAMPLE
    };
    head.put(&mut out);
    put_images(&mut out, [seq].into_iter());
    out.extend(deliveries());
    Brief {
        plate: PLATE,
        list: PLATE,
    }
    .put(&mut out);
    let summary = out.len();
    out.extend(0_u32.to_le_bytes());
    out.extend(PLATE);
    (out, summary)
}

/// A segment with two events, their images and what became of them.
fn segment() -> Vec<u8> {
    let mut group = Group::new(HOME, 0);
    group.header(1, 0, 4096).unwrap();
    let mut settled = Vec::new();
    for seq in 1..=2 {
        group.image(seq, b"key", PLATE.repeat(20)).unwrap();
        let (payload, summary) = event(seq);
        group.event(kind::EVENT, &payload, summary).unwrap();
        let why = deliveries();
        let now = Settlement {
            why: &why,
            ..Settlement::new(op::NOW, seq, 0)
        };
        now.put(&mut settled);
        let parked = Settlement {
            words: PLATE,
            ..Settlement::new(op::PARKED, seq, 1)
        };
        parked.put(&mut settled);
    }
    group.payload(kind::SETTLED, &settled).unwrap();
    let digests = group.digests().to_vec();
    group.payload(kind::DIRECTORY, &digests).unwrap();
    let pieces = group.pieces().map(|piece| match piece {
        Piece::Own(bytes) => bytes,
        Piece::Picture(picture) => &picture[..],
    });
    pieces.collect::<Vec<_>>().concat()
}

fn plates(bytes: &[u8]) -> usize {
    bytes
        .windows(PLATE.len())
        .filter(|window| *window == PLATE)
        .count()
}

fn erase(segment: &mut [u8], seqs: &BTreeSet<u64>) {
    let mut at = 0;
    while at < segment.len() {
        let frame = HOME.read(at as u64, &segment[at..]).unwrap();
        let length = frame.length();
        let offset = at as u64;
        let (frame, rest) = (frame, &segment[at..]);
        let seq = match frame.kind {
            kind::EVENT => EventFrame::parse(frame.payload).unwrap().summary.head.seq,
            kind::IMAGE => ImageFrame::parse(frame.payload).unwrap().no,
            _ => 0,
        };
        let erased = match frame.kind {
            kind::EVENT | kind::IMAGE if seqs.contains(&seq) => erased_frame(&HOME, offset, rest),
            kind::SETTLED | kind::DIRECTORY => erased_among_others(&HOME, offset, rest, seqs, seqs),
            _ => Ok(rest[..length].to_vec()),
        };
        let erased = erased.unwrap();
        assert_eq!(erased.len(), length);
        segment[at..at + length].copy_from_slice(&erased);
        at += length;
    }
}

#[test]
fn nothing_of_an_erased_event_is_left_and_all_of_the_others() {
    let whole = segment();
    let mut erased = whole.clone();
    erase(&mut erased, &BTreeSet::from([1]));
    assert_eq!(plates(&erased) * 2, plates(&whole));
    let mut again = erased.clone();
    erase(&mut again, &BTreeSet::from([1]));
    assert_eq!(again, erased);
    erase(&mut erased, &BTreeSet::from([2]));
    assert_eq!(plates(&erased), 0);
}

#[test]
fn which_vehicles_are_open_is_still_said() {
    let open = Settlement {
        why: &7_u64.to_le_bytes(),
        ..Settlement::new(op::OPEN, 9, 0)
    };
    let mut payload = Vec::new();
    open.put(&mut payload);
    assert_eq!(erased_settlements(&payload, &BTreeSet::from([9])), payload);
}

#[test]
fn numbers_and_settled_states_stay() {
    let mut erased = segment();
    erase(&mut erased, &BTreeSet::from([1]));
    let found = scan(&HOME, &erased, 0);
    assert_eq!((found.end, found.broken.len()), (erased.len() as u64, 0));
    let digests: Vec<_> = Digest::each(&found.digests).map(Result::unwrap).collect();
    let [
        Digest::Image {
            no: 1,
            jpeg_length: 0,
            ..
        },
        Digest::Event(_, event),
        ..,
    ] = digests[..]
    else {
        panic!("{digests:?}");
    };
    assert!(event.head.has(flag::ERASED) && event.images.is_empty());
    assert_eq!((event.head.seq, event.head.id), (1, [2; 16]));
    let states: Vec<_> = event
        .deliveries
        .iter()
        .map(|delivery| delivery.state)
        .collect();
    assert_eq!(states, [State::Delivered, State::Dropped]);
    assert!(
        event
            .deliveries
            .iter()
            .all(|delivery| delivery.packet == 77)
    );
}

#[test]
fn a_directory_says_the_same_as_its_frames() {
    let mut erased = segment();
    erase(&mut erased, &BTreeSet::from([1]));
    let found = scan(&HOME, &erased, 0);
    let directory = Digest::each(&found.digests).count();
    let place = (0..erased.len())
        .step_by(8)
        .rev()
        .find(|at| HOME.read(*at as u64, &erased[*at..]).is_ok());
    let frame = HOME
        .read(place.unwrap() as u64, &erased[place.unwrap()..])
        .unwrap();
    assert_eq!(frame.kind, kind::DIRECTORY);
    assert!(Digest::each(frame.payload).eq(Digest::each(&found.digests)));
    assert_eq!(directory, 5);
}

#[test]
fn another_frame_is_not_erased() {
    let frame = HOME.frame(0, kind::STATE, b"{}").unwrap();
    let error = erased_frame(&HOME, 0, &frame).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a frame to be erased has kind 6, which is unknown"
    );
    let none = BTreeSet::new();
    assert!(erased_among_others(&HOME, 0, &frame, &none, &none).is_err());
}
