//! What the log's frames hold of an event: its head, images, deliveries and brief, and what became of it later.
//!
//! Bytes in, bytes out. Texts are UTF-8 in which a lone surrogate may stand (Python's `surrogatepass`), so they stay bytes.
//! A text that is too long for its length field is cut between two characters.

mod delivery;
mod event;
mod head;
mod image;
mod settlement;
#[cfg(test)]
mod tests;

pub use delivery::{ALL_IMAGES, Deliveries, Delivery, State, put_deliveries};
pub use event::{Brief, EventFrame, Images, Summary, put_images};
pub use head::{EventId, Head, flag, vehicle_hash};
pub use image::ImageFrame;
pub use settlement::{KnownId, Settlement, op};
