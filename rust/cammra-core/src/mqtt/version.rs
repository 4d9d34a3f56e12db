//! The two versions of MQTT that are in use.

/// Which MQTT is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1, whose acknowledgements cannot say no.
    V3,
    /// 5.0.
    V5,
}

impl Version {
    /// The version of this protocol level [3.1.2.2].
    #[must_use]
    pub fn of_level(level: u8) -> Option<Self> {
        match level {
            4 => Some(Self::V3),
            5 => Some(Self::V5),
            _ => None,
        }
    }
}
