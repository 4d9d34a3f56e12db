use super::*;
use crate::log_record::{Brief, Head, put_deliveries, put_images};

const PLACE: Place = Place {
    offset: 4096,
    length: 640,
};

fn summary() -> Vec<u8> {
    let mut out = Vec::new();
    let head = Head::SAMPLE;
    head.put(&mut out);
    put_images(&mut out, [11].into_iter());
    put_deliveries(&mut out, std::iter::empty());
    let brief = Brief {
        plate: b"abc123",
        list: b"",
    };
    brief.put(&mut out);
    out
}

fn directory() -> Vec<u8> {
    let mut out = Vec::new();
    put_image(&mut out, PLACE, 11, 500, b"key");
    put_event(&mut out, kind::EVENT, PLACE, &summary());
    put_event(
        &mut out,
        kind::TEXT,
        PLACE,
        &[&summary()[..], &[0; 6]].concat(),
    );
    put_payload(&mut out, kind::SETTLED, b"settled");
    put_payload(&mut out, 200, b"of a later version");
    put_payload(&mut out, kind::STATE, b"{}");
    put_payload(&mut out, kind::IDS, b"ids");
    put_payload(
        &mut out,
        kind::ERASE,
        &[[1_u8, 0, 0, 0, 0, 0, 0, 0]; 3].concat(),
    );
    put_payload(&mut out, kind::ERASE_DONE, &[1, 0, 0, 0, 0, 0, 0, 0]);
    out
}

#[test]
fn digests_come_back_in_order() {
    let directory = directory();
    let all: Vec<Digest<'_>> = Digest::each(&directory).map(Result::unwrap).collect();
    let [image, event, text, settled, state, ids, erase, done] = all[..] else {
        panic!("{all:?}");
    };
    let want = Digest::Image {
        place: PLACE,
        no: 11,
        jpeg_length: 500,
        key: b"key",
    };
    assert_eq!(image, want);
    let Digest::Event(place, of_event) = event else {
        panic!("{event:?}");
    };
    assert_eq!(
        (place, of_event.head.seq, of_event.brief.plate),
        (PLACE, 1, &b"abc123"[..])
    );
    assert_eq!(of_event.images.iter().collect::<Vec<_>>(), [11]);
    assert_eq!(text, Digest::Text(PLACE, of_event));
    assert_eq!(
        [settled, state, ids],
        [
            Digest::Settled(b"settled"),
            Digest::State(b"{}"),
            Digest::Ids(b"ids")
        ]
    );
    let Digest::Erase { number, seqs } = erase else {
        panic!("{erase:?}");
    };
    assert_eq!((number, seqs.iter().collect::<Vec<_>>()), (1, vec![1, 1]));
    assert_eq!(done, Digest::EraseDone(1));
}

#[test]
fn one_that_cannot_be_read_hides_no_other() {
    let mut bytes = Vec::new();
    put_payload(&mut bytes, kind::EVENT, b"too short");
    put_payload(&mut bytes, kind::STATE, b"{}");
    let found: Vec<_> = Digest::each(&bytes).collect();
    assert!(matches!(found[..], [Err(_), Ok(Digest::State(b"{}"))]));
}

#[test]
fn bytes_that_end_too_early_are_an_error_and_the_end() {
    let directory = directory();
    let whole = Digest::each(&directory).count();
    for length in 0..directory.len() {
        let found: Vec<_> = Digest::each(&directory[..length]).collect();
        assert!(found.len() <= whole);
        let bad = found.iter().position(Result::is_err);
        assert!(bad.is_none_or(|bad| bad + 1 == found.len()), "{length}");
    }
}
