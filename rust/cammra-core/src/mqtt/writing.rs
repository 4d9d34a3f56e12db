//! The bytes of packets that a client sends. Each is checked when it is made, and its length is known before a byte of it
//! is written.

use super::version::Version;
use crate::output::{Length, Output};

/// Longest text, binary value or topic: its length has two bytes.
const LONGEST_FIELD_BYTES: usize = u16::MAX as usize;
/// Largest packet that the length in its head can tell, without that head.
const LARGEST_REMAINING_BYTES: usize = 268_435_455;

/// A packet that no server would take for what was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A field that its length of two bytes cannot tell.
    #[error("{field}: want at most 65535 bytes")]
    TooLong {
        /// Which one.
        field: &'static str,
    },
    /// A NUL in a text [1.5.4].
    #[error("{field}: want no NUL")]
    Nul {
        /// Which one.
        field: &'static str,
    },
    /// A wildcard in a topic that is published to, or no topic at all [4.7].
    #[error("{field}: want a topic without wildcards")]
    NoTopic {
        /// Which one.
        field: &'static str,
    },
    /// More than the length in a packet's head can tell.
    #[error("want at most 268435455 bytes in all")]
    TooLarge,
    /// A packet whose answer could not be told from others' [2.2.1].
    #[error("packet_id: want 1 to 65535")]
    PacketId,
    /// Subscribing to nothing [3.8.3].
    #[error("filters: want one at least, none of them empty")]
    NoFilter,
    /// A password alone, which 3.1.1 has no way to say.
    #[error("password: want a user as well")]
    PasswordAlone,
}

/// What the server is to publish when this connection breaks.
#[derive(Clone, Copy, Debug)]
pub struct Will<'a> {
    /// Where.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// Whether it is kept for those who come later.
    pub retain: bool,
}

/// The first packet of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Connect<'a> {
    /// Which MQTT is spoken.
    pub version: Version,
    /// The name of this client, of which a server takes one at a time.
    pub client_id: &'a str,
    /// Forget a session of before.
    pub clean_start: bool,
    /// Longest silence; 0 for no bound.
    pub keep_alive_s: u16,
    /// How long the server remembers the session once the connection is over; version 5.
    pub session_expiry_s: u32,
    /// Messages with QoS 1 that it may send unacknowledged; version 5.
    pub receive_maximum: u16,
    /// The largest packet that is taken; version 5.
    pub largest_bytes: u32,
    /// Who signs in.
    pub user: Option<&'a str>,
    /// With what.
    pub password: Option<&'a [u8]>,
    /// What others hear when the connection breaks.
    pub will: Option<Will<'a>>,
}

/// A message, to be published.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Which MQTT is spoken; without version 5 nothing is said beside the message.
    pub version: Version,
    /// Where.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// Names it, so that it is acknowledged: QoS 1. 0 for QoS 0.
    pub packet_id: u16,
    /// Keep it for those who come later.
    pub retain: bool,
    /// After so many seconds nobody need get it.
    pub expiry_s: Option<u32>,
    /// Media type; empty leaves it out.
    pub content_type: &'a str,
    /// Where to answer; empty for no answer.
    pub response_topic: &'a str,
    /// What the answer is to repeat; empty leaves it out.
    pub correlation_data: &'a [u8],
    /// Pairs of one's own.
    pub user: &'a [(&'a str, &'a str)],
}

/// What is wanted of the server, by filters with the highest QoS of each.
#[derive(Clone, Copy, Debug)]
pub struct Subscribe<'a> {
    /// Which MQTT is spoken.
    pub version: Version,
    /// Names it.
    pub packet_id: u16,
    /// Filters, each with QoS 1 where its flag is set.
    pub filters: &'a [(&'a str, bool)],
    /// Whether what was kept is to be sent first; 3.1.1 always does.
    pub retained: bool,
}

/// A packet that has been checked.
pub trait Packet {
    /// Checks it, and returns how many bytes follow its head.
    ///
    /// # Errors
    /// What is wrong with it.
    fn checked(&self) -> Result<usize, WriteError>;

    /// The first byte: type and flags.
    fn first(&self) -> u8;

    /// Writes what follows the head.
    fn write_body(&self, out: &mut impl Output);
}

/// Bytes of a packet whose body has this length.
#[must_use]
pub fn total_bytes(body: usize) -> usize {
    let mut head = Length::default();
    put_variable(&mut head, body);
    1 + head.bytes + body
}

/// Writes a checked packet: [`total_bytes`] of what [`Packet::checked`] returned.
pub fn write(packet: &impl Packet, body: usize, out: &mut impl Output) {
    out.put(&[packet.first()]);
    put_variable(out, body);
    packet.write_body(out);
}

/// The answer to a message with QoS 1.
#[must_use]
pub fn puback(packet_id: u16, reason: u8, version: Version) -> Vec<u8> {
    let [high, low] = packet_id.to_be_bytes();
    match version {
        Version::V5 if reason != 0 => vec![0x40, 3, high, low, reason],
        _ => vec![0x40, 2, high, low],
    }
}

/// A sign of life, which is answered.
pub const PINGREQ: [u8; 2] = [0xc0, 0];

/// The end of a connection; with reason 0 no will is published, in 3.1.1 never.
#[must_use]
pub fn disconnect(reason: u8, version: Version) -> Vec<u8> {
    match version {
        Version::V5 if reason != 0 => vec![0xe0, 1, reason],
        _ => vec![0xe0, 0],
    }
}

impl Packet for Connect<'_> {
    fn checked(&self) -> Result<usize, WriteError> {
        text("client_id", self.client_id)?;
        text("user", self.user.unwrap_or_default())?;
        data("password", self.password.unwrap_or_default())?;
        if self.version == Version::V3 && self.password.is_some() && self.user.is_none() {
            return Err(WriteError::PasswordAlone);
        }
        if let Some(will) = self.will {
            topic("will.topic", will.topic)?;
            data("will.payload", will.payload)?;
        }
        body_bytes(self)
    }

    fn first(&self) -> u8 {
        0x10
    }

    fn write_body(&self, out: &mut impl Output) {
        let level = match self.version {
            Version::V3 => 4,
            Version::V5 => 5,
        };
        put_data(out, b"MQTT");
        let flags = u8::from(self.clean_start) << 1
            | self
                .will
                .map_or(0, |will| 0x0c | u8::from(will.retain) << 5)
            | u8::from(self.password.is_some()) << 6
            | u8::from(self.user.is_some()) << 7;
        out.put(&[level, flags]);
        out.put(&self.keep_alive_s.to_be_bytes());
        if self.version == Version::V5 {
            put_properties(out, |out| {
                if self.session_expiry_s > 0 {
                    out.put(&[0x11]);
                    out.put(&self.session_expiry_s.to_be_bytes());
                }
                out.put(&[0x21]);
                out.put(&self.receive_maximum.to_be_bytes());
                out.put(&[0x27]);
                out.put(&self.largest_bytes.to_be_bytes());
            });
        }
        put_data(out, self.client_id.as_bytes());
        if let Some(will) = self.will {
            if self.version == Version::V5 {
                out.put(&[0]);
            }
            put_data(out, will.topic.as_bytes());
            put_data(out, will.payload);
        }
        if let Some(user) = self.user {
            put_data(out, user.as_bytes());
        }
        if let Some(password) = self.password {
            put_data(out, password);
        }
    }
}

impl Packet for Message<'_> {
    fn checked(&self) -> Result<usize, WriteError> {
        topic("topic", self.topic)?;
        text("content_type", self.content_type)?;
        if !self.response_topic.is_empty() {
            topic("response_topic", self.response_topic)?;
        }
        data("correlation_data", self.correlation_data)?;
        for (name, value) in self.user {
            text("user property", name)?;
            text("user property", value)?;
        }
        body_bytes(self)
    }

    fn first(&self) -> u8 {
        0x30 | u8::from(self.packet_id != 0) << 1 | u8::from(self.retain)
    }

    fn write_body(&self, out: &mut impl Output) {
        put_data(out, self.topic.as_bytes());
        if self.packet_id != 0 {
            out.put(&self.packet_id.to_be_bytes());
        }
        if self.version == Version::V5 {
            put_properties(out, |out| {
                if let Some(expiry_s) = self.expiry_s {
                    out.put(&[0x02]);
                    out.put(&expiry_s.to_be_bytes());
                }
                for (id, value) in [
                    (0x03, self.content_type.as_bytes()),
                    (0x08, self.response_topic.as_bytes()),
                    (0x09, self.correlation_data),
                ] {
                    if !value.is_empty() {
                        out.put(&[id]);
                        put_data(out, value);
                    }
                }
                for (name, value) in self.user {
                    out.put(&[0x26]);
                    put_data(out, name.as_bytes());
                    put_data(out, value.as_bytes());
                }
            });
        }
        out.put(self.payload);
    }
}

impl Packet for Subscribe<'_> {
    fn checked(&self) -> Result<usize, WriteError> {
        if self.packet_id == 0 {
            return Err(WriteError::PacketId);
        }
        if self.filters.is_empty() {
            return Err(WriteError::NoFilter);
        }
        for (filter, _) in self.filters {
            if filter.is_empty() {
                return Err(WriteError::NoFilter);
            }
            text("filters", filter)?;
        }
        body_bytes(self)
    }

    fn first(&self) -> u8 {
        0x82
    }

    fn write_body(&self, out: &mut impl Output) {
        out.put(&self.packet_id.to_be_bytes());
        // Retain Handling 2: nothing that was kept.
        let handling = match self.version {
            Version::V3 => 0,
            Version::V5 => {
                out.put(&[0]);
                u8::from(!self.retained) << 5
            }
        };
        for (filter, at_least_once) in self.filters {
            put_data(out, filter.as_bytes());
            out.put(&[u8::from(*at_least_once) | handling]);
        }
    }
}

fn body_bytes(packet: &impl Packet) -> Result<usize, WriteError> {
    let mut length = Length::default();
    packet.write_body(&mut length);
    if length.bytes > LARGEST_REMAINING_BYTES {
        return Err(WriteError::TooLarge);
    }
    Ok(length.bytes)
}

fn data(field: &'static str, value: &[u8]) -> Result<(), WriteError> {
    if value.len() > LONGEST_FIELD_BYTES {
        return Err(WriteError::TooLong { field });
    }
    Ok(())
}

fn text(field: &'static str, value: &str) -> Result<(), WriteError> {
    if memchr::memchr(0, value.as_bytes()).is_some() {
        return Err(WriteError::Nul { field });
    }
    data(field, value.as_bytes())
}

fn topic(field: &'static str, value: &str) -> Result<(), WriteError> {
    if value.is_empty() || value.contains(['+', '#']) {
        return Err(WriteError::NoTopic { field });
    }
    text(field, value)
}

/// Bytes with their length before them, which has been checked.
fn put_data(out: &mut (impl Output + ?Sized), value: &[u8]) {
    out.put(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.put(value);
}

fn put_properties<O: Output>(out: &mut O, write: impl Fn(&mut dyn Output)) {
    let mut length = Length::default();
    write(&mut length);
    put_variable(out, length.bytes);
    write(out);
}

fn put_variable(out: &mut impl Output, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            out.put(&[low]);
            return;
        }
        out.put(&[low | 0x80]);
    }
}
