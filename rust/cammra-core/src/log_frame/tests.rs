use super::*;

const HOME: Home = Home {
    store_id: *b"sixteen byte id.",
    segment: 7,
};

#[test]
fn a_frame_is_as_it_was_written_where_it_was_written() {
    for length in 0..40 {
        let payload = vec![3; length];
        let bytes = HOME.frame(64, kind::STATE, &payload).unwrap();
        assert_eq!((bytes.len(), bytes.len() % 8), (frame_length(length), 0));
        let frame = HOME.read(64, &bytes).unwrap();
        assert_eq!((frame.kind, frame.payload), (kind::STATE, &payload[..]));
        assert_eq!(frame.length(), bytes.len());
        let longer = [&bytes[..], &[9; 50]].concat();
        assert_eq!(HOME.read(64, &longer), Ok(frame));
    }
}

#[test]
fn a_frame_verifies_nowhere_else() {
    let bytes = HOME.frame(64, kind::STATE, b"content").unwrap();
    let elsewhere = Home { segment: 8, ..HOME };
    let of_another = Home {
        store_id: [0; 16],
        ..HOME
    };
    assert!(elsewhere.read(64, &bytes).is_err());
    assert!(of_another.read(64, &bytes).is_err());
    assert_eq!(HOME.read(72, &bytes), Err(LogError::Damaged { offset: 72 }));
}

#[test]
fn a_frame_with_a_bit_turned_or_an_end_cut_off_does_not_verify() {
    let whole = HOME.frame(64, kind::STATE, b"content").unwrap();
    let kept = FRAME_HEADER + b"content".len();
    for length in 0..kept {
        assert!(HOME.read(64, &whole[..length]).is_err());
    }
    for bit in 0..kept * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // Bytes 5 to 7 of the header say nothing.
        assert_eq!(
            HOME.read(64, &bytes).is_ok(),
            (5..8).contains(&(bit / 8)),
            "{bit}"
        );
    }
}

#[test]
fn a_length_from_the_disk_is_no_reason_to_overflow() {
    assert_eq!(frame_length(usize::MAX) % ALIGNMENT, 0);
    let mut bytes = HOME.frame(0, kind::STATE, b"").unwrap();
    bytes[8..12].fill(0xff);
    assert_eq!(
        HOME.read(u64::MAX, &bytes),
        Err(LogError::Short { what: "a frame" })
    );
}

#[test]
fn a_segment_says_itself_which_it_is() {
    let header = Header {
        version: VERSION,
        purpose: 1,
        home: HOME,
        size: 1 << 20,
    };
    let bytes = Home::default()
        .frame(0, kind::HEADER, &header.payload())
        .unwrap();
    assert_eq!(Header::parse(&bytes), Ok(header));
    assert_eq!(HOME.read(0, &bytes).unwrap().kind, kind::HEADER);
    let other = Home::default()
        .frame(0, kind::STATE, &header.payload())
        .unwrap();
    assert!(Header::parse(&other).is_err());
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(
            Header::parse(&bytes).is_ok_and(|parsed| parsed == header)
                || Header::parse(&bytes).is_err()
        );
    }
}

#[test]
fn a_trailer_names_a_directory_inside_its_segment() {
    let size = 1 << 20;
    let bytes = put_trailer(&HOME, size, (4096, 640)).unwrap();
    assert_eq!(bytes.len(), TRAILER_LENGTH);
    assert_eq!(parse_trailer(&HOME, size, &bytes), Ok((4096, 640)));
    assert!(parse_trailer(&HOME, size + 8, &bytes).is_err());
    for outside in [(size, 8), (u64::MAX, 8), (8, u64::MAX)] {
        let bytes = put_trailer(&HOME, size, outside).unwrap();
        assert!(parse_trailer(&HOME, size, &bytes).is_err());
    }
    assert!(put_trailer(&HOME, 31, (0, 0)).is_err());
    assert!(put_trailer(&HOME, 65, (0, 0)).is_err());
}
