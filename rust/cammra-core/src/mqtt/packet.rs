//! The packets that a server sends.

use super::properties::Properties;

/// A message, as a server hands it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publish {
    /// Where it was published; not empty, without wildcards.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// 0 or 1.
    pub qos: u8,
    /// Goes with QoS 1, and names it in its PUBACK; 0 with QoS 0.
    pub packet_id: u16,
    /// It was kept by the server for those who come later.
    pub retain: bool,
    /// It may have been sent before.
    pub duplicate: bool,
    /// What is said about it.
    pub properties: Properties,
}

/// A packet that a server may send to a client like ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// The answer to CONNECT.
    Connack {
        /// The server remembers a session of before.
        session_present: bool,
        /// 0, or why not; the numbers of 3.1.1 are told as those of version 5.
        reason: u8,
        /// The server's limits.
        properties: Properties,
    },
    /// A message.
    Publish(Publish),
    /// The answer to a message with QoS 1.
    Puback {
        /// Of which one.
        packet_id: u16,
        /// What became of it.
        reason: u8,
        /// What is said about that.
        properties: Properties,
    },
    /// The answer to SUBSCRIBE.
    Suback {
        /// Of which one.
        packet_id: u16,
        /// One for each filter: the QoS granted, or why not.
        reasons: Vec<u8>,
        /// What is said about that.
        properties: Properties,
    },
    /// The answer to a ping.
    Pingresp,
    /// The server is about to close the connection.
    Disconnect {
        /// Why.
        reason: u8,
        /// What is said about that.
        properties: Properties,
    },
    /// A step of an authentication that nobody began; to be refused.
    Auth {
        /// Which step.
        reason: u8,
        /// Of what.
        properties: Properties,
    },
}
