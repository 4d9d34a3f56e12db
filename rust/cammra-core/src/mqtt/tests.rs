use super::{Decoder, Fault, Packet, Properties, Publish, Version};

mod written;

const ROOM: usize = 1 << 20;

/// All packets of these bytes, and the fault at their end.
fn read(version: Version, pieces: &[&[u8]]) -> (Vec<Packet>, Option<Fault>) {
    let mut decoder = Decoder::new(version, ROOM);
    let mut packets = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Ok(Some(packet)) = decoder.next_packet() {
            packets.push(packet);
        }
    }
    (packets, decoder.fault())
}

fn fault_of(bytes: &[u8]) -> Option<Fault> {
    read(Version::V5, &[bytes]).1
}

fn only(bytes: &[u8]) -> Packet {
    let (mut packets, fault) = read(Version::V5, &[bytes]);
    assert_eq!((packets.len(), fault), (1, None), "{bytes:x?}");
    packets.remove(0)
}

/// One of each packet, with and without what may be left off.
const GOOD: &[&[u8]] = &[
    b"\x20\x03\x00\x00\x00",
    b"\x20\x0b\x01\x00\x08\x21\x00\x14\x27\x00\x01\x00\x00",
    b"\x20\x02\x00\x01",
    b"\x30\x05\x00\x01a\x00!",
    b"\x3b\x0c\x00\x01a\x00\x07\x05\x03\x00\x02xy!",
    b"\x32\x06\x00\x01a\x01\x00\x00",
    b"\x40\x02\x00\x07",
    b"\x40\x03\x00\x07\x10",
    b"\x40\x08\x00\x07\x97\x04\x1f\x00\x01!",
    b"\x90\x04\x00\x01\x00\x01",
    b"\x90\x05\x00\x01\x00\x01\x87",
    b"\xd0\x00",
    b"\xe0\x00",
    b"\xe0\x01\x8e",
    b"\xe0\x02\x8e\x00",
    b"\xf0\x00",
];

#[test]
fn a_connack_tells_the_servers_limits() {
    let Packet::Connack {
        session_present,
        reason,
        properties,
    } = only(b"\x20\x10\x00\x00\x0d\x21\x00\x14\x27\x00\x01\x00\x00\x13\x00\x05\x24\x01")
    else {
        panic!("no CONNACK");
    };
    assert_eq!((session_present, reason), (false, 0));
    assert_eq!(properties.number("receive_maximum"), Some(20));
    assert_eq!(properties.number("maximum_packet_size"), Some(65_536));
    assert_eq!(properties.number("server_keep_alive"), Some(5));
    assert_eq!(properties.number("maximum_qos"), Some(1));
    assert_eq!(properties.number("topic_alias_maximum"), None);
}

#[test]
fn a_server_of_3_1_1_that_refuses_our_version_is_understood() {
    for (code, reason) in [(1, 0x84), (2, 0x85), (3, 0x88), (4, 0x86), (5, 0x87)] {
        let packet = only(&[0x20, 2, 0, code]);
        assert!(matches!(packet, Packet::Connack { reason: told, .. } if told == reason));
    }
    // What accepts version 5 has to speak it.
    assert_eq!(fault_of(b"\x20\x02\x00\x00"), Some(Fault::Malformed));
}

#[test]
fn a_message_comes_whole() {
    let packet = only(
        b"\x33\x19\x00\x01a\x00\x09\x11\x09\x00\x02\x01\x02\x08\x00\x01r\x26\x00\x01k\x00\x02vv!!",
    );
    let Packet::Publish(message) = packet else {
        panic!("no PUBLISH");
    };
    let Publish {
        topic,
        payload,
        qos,
        packet_id,
        retain,
        duplicate,
        properties,
    } = message;
    assert_eq!(
        (topic.as_str(), payload.as_slice()),
        ("a", b"!!".as_slice())
    );
    assert_eq!((qos, packet_id, retain, duplicate), (1, 9, true, false));
    assert_eq!(properties.data("correlation_data"), Some([1, 2].as_slice()));
    assert_eq!(properties.text("response_topic"), Some("r"));
    assert_eq!(properties.user().collect::<Vec<_>>(), [("k", "vv")]);
}

#[test]
fn a_puback_says_what_became_of_which_message() {
    let packet = only(b"\x40\x08\x12\x34\x97\x04\x1f\x00\x01!");
    let Packet::Puback {
        packet_id,
        reason,
        properties,
    } = packet
    else {
        panic!("no PUBACK");
    };
    assert_eq!((packet_id, reason), (0x1234, 0x97));
    assert_eq!(properties.text("reason_string"), Some("!"));
    assert_eq!(
        only(b"\x40\x02\x00\x07"),
        Packet::Puback {
            packet_id: 7,
            reason: 0,
            properties: Properties::default()
        }
    );
}

#[test]
fn however_the_bytes_are_split_the_same_packets_come() {
    let all = GOOD.concat();
    let whole = read(Version::V5, &[&all]);
    assert_eq!((whole.0.len(), whole.1), (GOOD.len(), None));
    for at in 0..all.len() {
        let (front, back) = all.split_at(at);
        assert_eq!(read(Version::V5, &[front, back]), whole, "split at {at}");
    }
    let single: Vec<&[u8]> = all.chunks(1).collect();
    assert_eq!(read(Version::V5, &single), whole);
}

#[test]
fn a_packet_that_is_cut_off_or_has_too_much_is_none() {
    for packet in GOOD {
        for length in 0..packet.len() {
            let (packets, fault) = read(Version::V5, &[packet.get(..length).unwrap_or_default()]);
            assert_eq!(
                (packets.len(), fault),
                (0, None),
                "{packet:x?} cut at {length}"
            );
        }
        // A length that says one byte less than there is: what is inside no longer fits.
        let mut shorter = packet.to_vec();
        if let Some(length) = shorter.get_mut(1).filter(|length| **length > 0) {
            *length -= 1;
            shorter.pop();
            let (packets, fault) = read(Version::V5, &[&shorter]);
            assert!(packets.len() == 1 || fault.is_some(), "{shorter:x?}");
        }
    }
}

/// What no server may send, and why.
const BAD: &[(&[u8], Fault)] = &[
    // Types and flags.
    (b"\x00", Fault::Malformed),
    (b"\x10", Fault::Protocol),
    (b"\x21", Fault::Malformed),
    (b"\x34", Fault::Protocol),
    (b"\x36", Fault::Malformed),
    (b"\x38", Fault::Malformed),
    (b"\x41", Fault::Malformed),
    (b"\x50", Fault::Protocol),
    (b"\x62", Fault::Protocol),
    (b"\x70", Fault::Protocol),
    (b"\x82", Fault::Protocol),
    (b"\xb0", Fault::Protocol),
    (b"\xc0", Fault::Protocol),
    // Lengths.
    (b"\x30\xff\xff\xff\xff", Fault::Malformed),
    (b"\x30\x80\x00", Fault::Malformed),
    (b"\x30\xff\xff\xff\x7f", Fault::TooLarge),
    (b"\xd0\x01\x00", Fault::Malformed),
    (b"\x40\x01\x00", Fault::Malformed),
    (b"\x40\x00", Fault::Malformed),
    (b"\x20\x00", Fault::Malformed),
    (b"\x90\x03\x00\x01\x00", Fault::Malformed),
    // Numbers of packets.
    (b"\x40\x02\x00\x00", Fault::Protocol),
    (b"\x90\x04\x00\x00\x00\x01", Fault::Protocol),
    (b"\x32\x06\x00\x01a\x00\x00\x00", Fault::Protocol),
    // CONNACK.
    (b"\x20\x03\x02\x00\x00", Fault::Malformed),
    (b"\x20\x03\x01\x87\x00", Fault::Protocol),
    // Topics.
    (b"\x30\x03\x00\x00\x00", Fault::Protocol),
    (b"\x30\x04\x00\x01+\x00", Fault::TopicName),
    (b"\x30\x04\x00\x01#\x00", Fault::TopicName),
    (b"\x30\x04\x00\x01\x00\x00", Fault::Malformed),
    (b"\x30\x04\x00\x01\xff\x00", Fault::Malformed),
    (b"\x30\x05\x00\x02\xed\xa0\x00", Fault::Malformed),
    (b"\x30\x06\x00\x00\x03\x23\x00\x01", Fault::TopicAlias),
    // Properties: unknown, at the wrong place, twice, too long, and with values that they do not have.
    (b"\x40\x06\x00\x07\x00\x02\x7f\x00", Fault::Malformed),
    (b"\x40\x07\x00\x07\x00\x03\x21\x00\x01", Fault::Protocol),
    (
        b"\x20\x09\x00\x00\x06\x21\x00\x01\x21\x00\x01",
        Fault::Protocol,
    ),
    (b"\x20\x06\x00\x00\x03\x21\x00\x00", Fault::Protocol),
    (b"\x20\x08\x00\x00\x05\x27\x00\x00\x00\x00", Fault::Protocol),
    (b"\x20\x05\x00\x00\x02\x24\x02", Fault::Protocol),
    (b"\x20\x04\x00\x00\x05\x21", Fault::Malformed),
    (b"\x20\x05\x00\x00\x02\x21\x00", Fault::Malformed),
    (b"\x20\x06\x00\x00\x02\x24\x01\x00", Fault::Malformed),
    (b"\x20\x07\x00\x00\x04\x1f\x00\x05a", Fault::Malformed),
    (b"\x30\x07\x00\x01a\x02\x0b\x00!", Fault::Protocol),
    (b"\x30\x08\x00\x01a\x04\x08\x00\x01#", Fault::TopicName),
];

#[test]
fn what_no_server_may_send_is_a_fault_and_ends_it() {
    for (bytes, fault) in BAD {
        assert_eq!(fault_of(bytes), Some(*fault), "{bytes:x?}");
        let mut decoder = Decoder::new(Version::V5, ROOM);
        decoder.feed(bytes);
        decoder.feed(b"\xd0\x00");
        assert_eq!(decoder.next_packet(), Err(*fault));
        assert_eq!(decoder.next_packet(), Err(*fault), "it stays");
    }
}

#[test]
fn a_packet_beyond_the_limit_is_refused_by_its_head() {
    let mut decoder = Decoder::new(Version::V5, 8);
    decoder.feed(b"\x30\x06\x00\x01a\x00!!");
    assert!(matches!(decoder.next_packet(), Ok(Some(_))));
    decoder.feed(b"\x30\x07");
    assert_eq!(decoder.next_packet(), Err(Fault::TooLarge));
}

#[test]
fn in_3_1_1_nothing_has_properties() {
    let bytes =
        b"\x20\x02\x01\x00\x40\x02\x00\x07\x30\x04\x00\x01a!\x90\x03\x00\x01\x80\x20\x02\x00\x05";
    let (packets, fault) = read(Version::V3, &[bytes]);
    assert_eq!((packets.len(), fault), (5, None));
    assert!(matches!(
        packets.last(),
        Some(Packet::Connack { reason: 0x87, .. })
    ));
    assert_eq!(read(Version::V3, &[b"\xe0\x00"]).1, Some(Fault::Protocol));
    assert_eq!(
        read(Version::V3, &[b"\x40\x03\x00\x07\x00"]).1,
        Some(Fault::Malformed)
    );
    assert_eq!(
        read(Version::V3, &[b"\x20\x02\x00\x06"]).1,
        Some(Fault::Malformed)
    );
}

/// Numbers that look like chance, and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound).unwrap_or(1)).unwrap_or_default()
    }
}

#[test]
fn whatever_comes_nothing_panics_and_every_split_says_the_same() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let all = GOOD.concat();
    for _ in 0..20_000 {
        let mut bytes = all.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => bytes[at] = u8::try_from(dice.below(256)).unwrap_or_default(),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, u8::try_from(dice.below(256)).unwrap_or_default()),
            }
        }
        let whole = read(Version::V5, &[&bytes]);
        let (front, back) = bytes.split_at(dice.below(bytes.len()));
        assert_eq!(read(Version::V5, &[front, back]), whole, "{bytes:x?}");
        let _ = read(Version::V3, &[&bytes]);
    }
}
