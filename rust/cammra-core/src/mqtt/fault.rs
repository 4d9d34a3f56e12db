//! What can be wrong with what a server sends.

/// Why what a server sent is not taken; each has the reason code that tells it so [2.4].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Bytes that are no packet.
    #[error("malformed packet")]
    Malformed,
    /// A packet that a server must not send, or not like this.
    #[error("protocol error")]
    Protocol,
    /// A topic with a wildcard in it.
    #[error("topic name invalid")]
    TopicName,
    /// A topic alias, none of which was allowed.
    #[error("topic alias invalid")]
    TopicAlias,
    /// Larger than was allowed.
    #[error("packet too large")]
    TooLarge,
}

impl Fault {
    /// The reason code of the DISCONNECT that answers it.
    #[must_use]
    pub fn reason(self) -> u8 {
        match self {
            Self::Malformed => 0x81,
            Self::Protocol => 0x82,
            Self::TopicName => 0x90,
            Self::TopicAlias => 0x94,
            Self::TooLarge => 0x95,
        }
    }
}
