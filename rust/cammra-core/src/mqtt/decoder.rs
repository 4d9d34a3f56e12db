//! Whole packets out of bytes that come as they like [2.1].

use super::fault::Fault;
use super::fields::{Length, length_of};
use super::packet::Packet;
use super::reading;
use super::version::Version;

/// What the decoder waits for next.
enum Head {
    /// More bytes.
    Short,
    /// A packet of this many bytes, the first of which are its head.
    Whole { head: usize, total: usize },
}

/// Reads the packets of one connection.
pub struct Decoder {
    version: Version,
    largest_bytes: usize,
    received: Vec<u8>,
    /// How much of `received` has been read.
    done: usize,
    fault: Option<Fault>,
}

impl Decoder {
    /// A decoder for a new connection.
    ///
    /// `largest_bytes` bounds a packet, its head included.
    #[must_use]
    pub fn new(version: Version, largest_bytes: usize) -> Self {
        Self {
            version,
            largest_bytes,
            received: Vec::new(),
            done: 0,
            fault: None,
        }
    }

    /// Takes in the next bytes; behind a fault they are dropped.
    pub fn feed(&mut self, received: &[u8]) {
        if self.fault.is_none() {
            self.received.drain(..self.done);
            self.done = 0;
            self.received.extend_from_slice(received);
        }
    }

    /// The next packet, once it is whole; `None` while more bytes are needed.
    ///
    /// # Errors
    /// What came is no packet that may come; every later call says the same.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let packet = self.read();
        if let Err(fault) = packet {
            self.fault = Some(fault);
            self.received = Vec::new();
            self.done = 0;
        }
        packet
    }

    /// Why nothing more is read.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    fn read(&mut self) -> Result<Option<Packet>, Fault> {
        let waiting = self.received.get(self.done..).unwrap_or_default();
        let Head::Whole { head, total } = self.head_of(waiting)? else {
            return Ok(None);
        };
        let (Some(&first), Some(body)) = (waiting.first(), waiting.get(head..total)) else {
            return Ok(None);
        };
        let packet = reading::packet(first, body, self.version)?;
        self.done += total;
        Ok(Some(packet))
    }

    fn head_of(&self, waiting: &[u8]) -> Result<Head, Fault> {
        let Some((&first, after)) = waiting.split_first() else {
            return Ok(Head::Short);
        };
        reading::check_first(first, self.version)?;
        match length_of(after) {
            Length::Short => Ok(Head::Short),
            Length::Broken => Err(Fault::Malformed),
            Length::Whole { value, bytes } => {
                let head = 1 + bytes;
                let total = usize::try_from(value)
                    .ok()
                    .and_then(|length| length.checked_add(head))
                    .filter(|&total| total <= self.largest_bytes)
                    .ok_or(Fault::TooLarge)?;
                Ok(Head::Whole { head, total })
            }
        }
    }
}
