//! Frames: what the log is made of.

/// What a frame holds.
pub mod kind {
    /// A segment begins.
    pub const HEADER: u8 = 1;
    /// Where a segment's directory is.
    pub const TRAILER: u8 = 2;
    /// One JPEG.
    pub const IMAGE: u8 = 3;
    /// An event with its deliveries.
    pub const EVENT: u8 = 4;
    /// What became of deliveries.
    pub const SETTLED: u8 = 5;
    /// Counters and the like, as a JSON object.
    pub const STATE: u8 = 6;
    /// An event of the history, without deliveries and images.
    pub const TEXT: u8 = 7;
    /// Ids that outlive their events.
    pub const IDS: u8 = 8;
    /// What an EVENT, TEXT or IMAGE became in place when it was erased.
    pub const ERASED: u8 = 9;
    /// Which events are about to be erased.
    pub const ERASE: u8 = 10;
    /// The digests of a segment's frames.
    pub const DIRECTORY: u8 = 11;
    /// All of an ERASE are erased.
    pub const ERASE_DONE: u8 = 12;
}
