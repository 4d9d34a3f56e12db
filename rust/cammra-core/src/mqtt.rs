//! The packets of MQTT that a client reads and writes: version 5, and 3.1.1 where it is asked for.
//!
//! [`Decoder`] takes bytes as they come and gives whole packets; [`writing`] makes the bytes of those that are sent. QoS 2,
//! topic aliases and enhanced authentication are left out: nobody here offers them, so a server that uses them is at fault.
//!
//! Invariants, held by `tests` below and by `tests/native/test_mqtt.py`:
//!
//! 1. However the bytes are split, the same packets come out of them, and then the same [`Fault`].
//! 2. Whatever the bytes are, nothing panics and every call ends; behind a fault nothing more is read.
//! 3. Memory is bounded: a packet larger than the decoder's limit is refused by its first bytes.
//! 4. A length is believed only inside what holds it, and whatever is left over is a fault.
//!
//! Source: MQTT 5.0 and 3.1.1, OASIS standards; numbers in brackets are sections of the former.

mod decoder;
mod fault;
mod fields;
mod packet;
mod properties;
mod reading;
#[cfg(test)]
mod tests;
mod version;
pub mod writing;

pub use decoder::Decoder;
pub use fault::Fault;
pub use packet::{Packet, Publish};
pub use properties::Properties;
pub use version::Version;
