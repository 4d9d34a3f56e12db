//! The FF JSON event, as CAMMRA AI and AXIS License Plate Verifier send it: values in, bytes out.
//!
//! Invariants, each held by the test of that name below:
//!
//! 1. The members come in the order of one table, `members.rs` (`the_vendors_sample_is_rebuilt`).
//! 2. Lost reports no frame time (`lost_reports_no_frame`).
//! 3. A box is told in the pixels of the first image (`the_relative_box_is_the_images`).
//! 4. What is ours is one last member, and not a byte differs without it (`the_extension_is_one_last_member`).

mod array;
mod extension;
mod members;
pub mod names;
mod values;

use crate::json_text::quote;
use members::{Content, MEMBERS, Told};

pub use array::Object;
pub use extension::{Extension, Repeat};
pub use members::{Event, Image, Sender, VehicleInfo};
pub use values::Box4;

const ROOM_BYTES: usize = 2048;

/// The object of one sender: what is the same in all of its events, with places for the rest.
pub struct Form {
    pieces: Vec<Piece>,
}

enum Piece {
    Ready(Vec<u8>),
    Told(Told),
    Array,
}

impl Form {
    /// Writes what is the same in all events of the sender.
    #[must_use]
    pub fn new(sender: &Sender<'_>) -> Self {
        let mut pieces = Vec::new();
        let mut ready = b"{".to_vec();
        for &(name, content) in MEMBERS {
            if matches!(content, Content::Array) {
                pieces.extend([Piece::Ready(std::mem::take(&mut ready)), Piece::Array]);
                continue;
            }
            quote(&mut ready, name);
            ready.push(b':');
            match content {
                Content::Constant(json) => ready.extend_from_slice(json.as_bytes()),
                Content::Sent(write) => write(&mut ready, sender),
                Content::Told(told) => {
                    pieces.extend([Piece::Ready(std::mem::take(&mut ready)), Piece::Told(told)]);
                }
                Content::Array => {}
            }
            ready.push(b',');
        }
        ready.pop();
        pieces.push(Piece::Ready(ready));
        Self { pieces }
    }

    /// Writes the object of an event and the images that go with it, the selected one first.
    #[must_use]
    pub fn filled(&self, event: &Event<'_>, images: &[Image<'_>]) -> Object {
        let mut json = Vec::with_capacity(ROOM_BYTES);
        let mut array_at = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Ready(ready) => json.extend_from_slice(ready),
                Piece::Told(told) => told.write(&mut json, event, images),
                Piece::Array => array_at = json.len(),
            }
        }
        if let Some(extension) = event.extension {
            json.push(b',');
            quote(&mut json, extension::NAME);
            json.push(b':');
            extension.write(&mut json);
        }
        json.push(b'}');
        Object { json, array_at }
    }
}

#[cfg(test)]
mod tests;
