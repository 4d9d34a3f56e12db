use super::*;
use crate::log_digest::Digest;
use crate::log_frame::kind;
use crate::log_group::{Group, Piece};

const HOME: Home = Home {
    store_id: [5; 16],
    segment: 3,
};

/// A segment with frames of several lengths; a picture holds one that was true elsewhere.
fn segment() -> Vec<u8> {
    let mut group = Group::new(HOME, 0);
    group.header(1, 0, 4096).unwrap();
    let inner = HOME.frame(8, kind::STATE, b"{\"not\": 1}").unwrap();
    for no in 1..=4_u8 {
        let state = format!("{{\"state\": {no}}}");
        group.payload(kind::STATE, state.as_bytes()).unwrap();
        let mut jpeg = vec![no; 1500 * usize::from(no)];
        jpeg[200..200 + inner.len()].copy_from_slice(&inner);
        group.image(no.into(), &[no], jpeg).unwrap();
    }
    bytes(&group)
}

fn bytes(group: &Group<Vec<u8>>) -> Vec<u8> {
    let pieces = group.pieces().map(|piece| match piece {
        Piece::Own(bytes) => bytes,
        Piece::Picture(picture) => picture,
    });
    pieces.collect::<Vec<_>>().concat()
}

/// The digests as they stand, so that two scans can be compared frame by frame.
fn frames(scan: &Scan) -> Vec<String> {
    let digests = Digest::each(&scan.digests);
    digests
        .map(|digest| format!("{:?}", digest.unwrap()))
        .collect()
}

#[test]
fn a_whole_segment_is_read_to_its_end() {
    let segment = segment();
    let whole = scan(&HOME, &segment, 0);
    assert_eq!((whole.end, whole.broken.len()), (segment.len() as u64, 0));
    assert_eq!(frames(&whole).len(), 8);
    let longer = [&segment[..], &[0; 5000]].concat();
    assert_eq!(scan(&HOME, &longer, 0), whole);
    let doubled = segment.repeat(2);
    assert_eq!(scan(&HOME, &doubled, 0), whole);
}

#[test]
fn a_segment_is_read_from_any_frame_on() {
    let segment = segment();
    let begin = segment.len() - 6040;
    let begin = begin - begin % ALIGNMENT;
    let rest = scan(&HOME, &segment[begin..], begin as u64);
    assert_eq!(rest.end, segment.len() as u64);
    assert_eq!(
        frames(&rest).last(),
        frames(&scan(&HOME, &segment, 0)).last()
    );
}

#[test]
fn one_bit_costs_one_frame_and_nothing_is_invented() {
    let mut segment = segment();
    let whole = frames(&scan(&HOME, &segment, 0));
    let lengths = 0..segment.len();
    // Each bit of what stands before pictures, and one of each later byte.
    for byte in lengths {
        let bit = 1 << (byte % 8);
        segment[byte] ^= bit;
        let found = scan(&HOME, &segment, 0);
        let kept = frames(&found);
        assert!(kept.len() + 1 >= whole.len(), "{byte}: {}", kept.len());
        assert!(kept.iter().all(|frame| whole.contains(frame)), "{byte}");
        let hit = found
            .broken
            .iter()
            .any(|range| range.contains(&(byte as u64)));
        let is_last = found.end <= byte as u64;
        assert!(hit || is_last || kept.len() == whole.len(), "{byte}");
        segment[byte] ^= bit;
    }
}

#[test]
fn what_was_cut_off_is_missing_and_nothing_else() {
    let segment = segment();
    let whole = frames(&scan(&HOME, &segment, 0));
    for length in (0..segment.len()).step_by(7) {
        let found = scan(&HOME, &segment[..length], 0);
        assert_eq!(frames(&found), whole[..frames(&found).len()]);
        assert!(found.end <= length as u64 && found.broken.is_empty());
    }
}

#[test]
fn false_starts_cost_no_more_than_true_ones() {
    let size = 8 << 20;
    let mut hostile = Vec::with_capacity(size);
    while hostile.len() < size {
        hostile.extend(MAGIC);
        hostile.extend([kind::STATE, 0, 0, 0]);
        let rest = u32::try_from(size.saturating_sub(hostile.len() + 16)).unwrap_or_default();
        hostile.extend(rest.saturating_sub(64).to_le_bytes());
        hostile.extend([1, 2, 3, 4]);
    }
    // Half a million false starts, each as long as the rest: 2 TB, if each were read.
    let found = scan(&HOME, &hostile, 0);
    assert_eq!((found.end, found.digests.len()), (0, 0));
}

#[test]
fn zeros_up_to_a_block_are_no_damage() {
    let mut group = Group::new(HOME, 0);
    group.header(1, 0, 1 << 16).unwrap();
    group.image(1, b"one", vec![7; 20_000]).unwrap();
    group.fill_block();
    let first = bytes(&group);
    let mut next = Group::new(HOME, first.len() as u64);
    next.payload(kind::STATE, b"{}").unwrap();
    let mut segment = [first.clone(), bytes(&next)].concat();
    let whole = scan(&HOME, &segment, 0);
    assert_eq!((whole.end, frames(&whole).len()), (segment.len() as u64, 2));
    assert_eq!(whole.broken, []);
    segment[first.len() - 1] = 1;
    let dirty = scan(&HOME, &segment, 0);
    assert_eq!((dirty.digests, dirty.broken.len()), (whole.digests, 1));
}
