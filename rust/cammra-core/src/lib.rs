//! What an ANPR camera's event push does with frames and plate reads, without Python, clock,
//! socket or file.
//!
//! Five rooms, each with a door of the same name on the Python side. In each a module uses only those before it:
//!
//! * **imaging**: [`geometry`], [`frame`] (pixels borrowed from the caller), [`jpeg`] (libjpeg-turbo), [`shot`] (pixels
//!   kept for later);
//! * **tracking**: [`vote`] (which text a vehicle wears), [`event`] (what a vehicle says), [`region`] and [`rules`] (when
//!   it says it), `vehicle` (one vehicle's state), [`tracker`] (all of them, their timers and their memory);
//! * **framing**: [`ff`] (the event as JSON) and [`multipart`] (bytes for the wire, into any [`output`]), [`checksum`]
//!   (bytes for the disk), [`http_answer`] (what a receiver answers), [`mqtt`] (what a broker is told, and answers);
//! * **plates**: [`plates`] (which of many patterns a plate fits);
//! * **storing**: [`log_frame`] (what the outbox's log is made of), [`log_record`] (what its frames hold of an event),
//!   [`log_digest`] (what is needed of each frame later), [`log_erase`] (frames that forget), [`log_group`] (frames that are
//!   written together), [`log_scan`] (a segment read over what is broken), [`log_search`] (events found by what they
//!   say), [`log_contents`] (what lies in a segment), [`ledger`] (all that is known about what the log holds).
//!
//! Time is always an argument.

pub mod checksum;
mod downsize;
pub mod error;
pub mod event;
pub mod ff;
pub mod frame;
pub mod geometry;
pub mod http_answer;
pub mod jpeg;
mod json_text;
pub mod ledger;
mod log_bytes;
pub mod log_contents;
pub mod log_digest;
pub mod log_erase;
pub mod log_frame;
pub mod log_group;
pub mod log_record;
pub mod log_scan;
pub mod log_search;
pub mod mqtt;
pub mod multipart;
pub mod output;
mod pixels;
pub mod plates;
pub mod region;
pub mod rules;
pub mod shot;
pub mod tracker;
mod vehicle;
pub mod vote;
