//! What is sent, byte for byte.

use super::only;
use crate::mqtt::writing::{Connect, Message, Packet as _, Subscribe, Will, WriteError};
use crate::mqtt::{Packet, Version, writing};

fn bytes_of(packet: &impl writing::Packet) -> Vec<u8> {
    let mut out = Vec::new();
    let body = packet.checked().unwrap();
    writing::write(packet, body, &mut out);
    assert_eq!(out.len(), writing::total_bytes(body), "the length is exact");
    out
}

fn connect() -> Connect<'static> {
    Connect {
        version: Version::V5,
        client_id: "c",
        clean_start: true,
        keep_alive_s: 20,
        session_expiry_s: 0,
        receive_maximum: 32,
        largest_bytes: 65_536,
        user: None,
        password: None,
        will: None,
    }
}

fn message() -> Message<'static> {
    Message {
        version: Version::V5,
        topic: "a",
        payload: b"!",
        packet_id: 7,
        retain: false,
        expiry_s: None,
        content_type: "",
        response_topic: "",
        correlation_data: b"",
        user: &[],
    }
}

#[test]
fn connect_is_written_as_the_standard_has_it() {
    assert_eq!(
        bytes_of(&connect()),
        b"\x10\x16\x00\x04MQTT\x05\x02\x00\x14\x08\x21\x00\x20\x27\x00\x01\x00\x00\x00\x01c"
    );
    let signed = Connect {
        user: Some("u"),
        password: Some(b"p"),
        will: Some(Will {
            topic: "w",
            payload: b"off",
            retain: true,
        }),
        session_expiry_s: 9,
        ..connect()
    };
    assert_eq!(
        bytes_of(&signed),
        b"\x10\x2a\x00\x04MQTT\x05\xee\x00\x14\x0d\x11\x00\x00\x00\x09\x21\x00\x20\x27\x00\x01\x00\x00\x00\x01c\
          \x00\x00\x01w\x00\x03off\x00\x01u\x00\x01p"
    );
    let old = Connect {
        version: Version::V3,
        ..signed
    };
    assert_eq!(
        bytes_of(&old),
        b"\x10\x1b\x00\x04MQTT\x04\xee\x00\x14\x00\x01c\x00\x01w\x00\x03off\x00\x01u\x00\x01p"
    );
}

#[test]
fn a_message_is_written_as_the_standard_has_it() {
    assert_eq!(bytes_of(&message()), b"\x32\x07\x00\x01a\x00\x07\x00!");
    let kept = Message {
        packet_id: 0,
        retain: true,
        ..message()
    };
    assert_eq!(bytes_of(&kept), b"\x31\x05\x00\x01a\x00!");
    let rich = Message {
        expiry_s: Some(1),
        content_type: "t",
        response_topic: "r",
        correlation_data: b"d",
        user: &[("k", "v")],
        ..message()
    };
    assert_eq!(
        bytes_of(&rich),
        b"\x32\x1f\x00\x01a\x00\x07\x18\x02\x00\x00\x00\x01\x03\x00\x01t\x08\x00\x01r\x09\x00\x01d\x26\x00\x01k\x00\x01v!"
    );
    assert_eq!(
        bytes_of(&Message {
            version: Version::V3,
            ..rich
        }),
        b"\x32\x06\x00\x01a\x00\x07!"
    );
}

#[test]
fn a_long_message_has_a_longer_head() {
    let payload = vec![0; 70_000];
    let long = bytes_of(&Message {
        payload: &payload,
        ..message()
    });
    assert!(long.starts_with(b"\x32\xf6\xa2\x04\x00\x01a"));
}

#[test]
fn the_small_packets() {
    assert_eq!(writing::puback(7, 0, Version::V5), b"\x40\x02\x00\x07");
    assert_eq!(
        writing::puback(7, 0x83, Version::V5),
        b"\x40\x03\x00\x07\x83"
    );
    assert_eq!(writing::puback(7, 0x83, Version::V3), b"\x40\x02\x00\x07");
    assert_eq!(writing::disconnect(0, Version::V5), b"\xe0\x00");
    assert_eq!(writing::disconnect(0x82, Version::V5), b"\xe0\x01\x82");
    let filters = [("a/+", true), ("b", false)];
    let subscribe = Subscribe {
        version: Version::V5,
        packet_id: 1,
        filters: &filters,
        retained: false,
    };
    assert_eq!(
        bytes_of(&subscribe),
        b"\x82\x0d\x00\x01\x00\x00\x03a/+\x21\x00\x01b\x20"
    );
    let old = Subscribe {
        version: Version::V3,
        ..subscribe
    };
    assert_eq!(
        bytes_of(&old),
        b"\x82\x0c\x00\x01\x00\x03a/+\x01\x00\x01b\x00"
    );
}

#[test]
fn what_was_written_is_read() {
    let user = [("ce_id", "1"), ("ce_id", "2")];
    let rich = Message {
        content_type: "t",
        correlation_data: b"d",
        user: &user,
        ..message()
    };
    let Packet::Publish(read) = only(&bytes_of(&rich)) else {
        panic!("no PUBLISH");
    };
    assert_eq!(
        (read.topic.as_str(), read.payload.as_slice(), read.packet_id),
        ("a", b"!".as_slice(), 7)
    );
    assert_eq!(read.properties.user().collect::<Vec<_>>(), user);
}

#[test]
fn what_would_be_misread_is_not_written() {
    let long = "x".repeat(65_536);
    let many = [long.as_str()];
    let fits = "x".repeat(65_535);
    assert!(
        Message {
            topic: &fits,
            ..message()
        }
        .checked()
        .is_ok()
    );
    for (refused, why) in [
        (
            Message {
                topic: &long,
                ..message()
            },
            WriteError::TooLong { field: "topic" },
        ),
        (
            Message {
                topic: "",
                ..message()
            },
            WriteError::NoTopic { field: "topic" },
        ),
        (
            Message {
                topic: "a/#",
                ..message()
            },
            WriteError::NoTopic { field: "topic" },
        ),
        (
            Message {
                topic: "a\0",
                ..message()
            },
            WriteError::Nul { field: "topic" },
        ),
        (
            Message {
                response_topic: "+",
                ..message()
            },
            WriteError::NoTopic {
                field: "response_topic",
            },
        ),
        (
            Message {
                correlation_data: many[0].as_bytes(),
                ..message()
            },
            WriteError::TooLong {
                field: "correlation_data",
            },
        ),
        (
            Message {
                user: &[("k", "\0")],
                ..message()
            },
            WriteError::Nul {
                field: "user property",
            },
        ),
    ] {
        assert_eq!(refused.checked(), Err(why));
    }
    let alone = Connect {
        version: Version::V3,
        password: Some(b"p"),
        ..connect()
    };
    assert_eq!(alone.checked(), Err(WriteError::PasswordAlone));
    let nobody = Subscribe {
        version: Version::V5,
        packet_id: 1,
        filters: &[],
        retained: true,
    };
    assert_eq!(nobody.checked(), Err(WriteError::NoFilter));
}
