//! Frames without what they said of a vehicle, as long as before, so that they can be written in place.
//!
//! What stays is what the log itself needs: ids and numbers, so that there is no gap, times, and how deliveries ended.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::error::LogError;
use crate::log_bytes::Fields;
use crate::log_digest::{Place, each_raw, put_event, put_image, put_payload};
use crate::log_frame::{Frame, Home, kind};
use crate::log_record::{
    Brief, Deliveries, Delivery, EventFrame, Head, ImageFrame, Settlement, State, Summary, flag,
    op, put_deliveries, put_images,
};

/// The frame as it is to be written over itself: an EVENT, TEXT or IMAGE becomes an ERASED one.
///
/// # Errors
/// It does not verify, or is of another kind.
pub fn erased_frame(home: &Home, offset: u64, bytes: &[u8]) -> Result<Vec<u8>, LogError> {
    let frame = home.read(offset, bytes)?;
    let mut payload = vec![frame.kind];
    match frame.kind {
        kind::EVENT | kind::TEXT => {
            put_erased_summary(&mut payload, &EventFrame::parse(frame.payload)?.summary);
        }
        kind::IMAGE => payload.extend(ImageFrame::parse(frame.payload)?.no.to_le_bytes()),
        kind::ERASED => payload = frame.payload.to_vec(),
        other => return Err(not_for_erasing(other)),
    }
    rewritten(home, offset, kind::ERASED, payload, &frame)
}

/// A DIRECTORY or SETTLED frame as it is to be written over itself, without those events and images.
///
/// # Errors
/// It does not verify, or is of another kind.
pub fn erased_among_others(
    home: &Home,
    offset: u64,
    bytes: &[u8],
    seqs: &BTreeSet<u64>,
    image_nos: &BTreeSet<u64>,
) -> Result<Vec<u8>, LogError> {
    let frame = home.read(offset, bytes)?;
    let payload = match frame.kind {
        kind::DIRECTORY => erased_digests(frame.payload, seqs, image_nos)?,
        kind::SETTLED => erased_settlements(frame.payload, seqs),
        other => return Err(not_for_erasing(other)),
    };
    rewritten(home, offset, frame.kind, payload, &frame)
}

/// Digests without those events and images, as long as before.
///
/// # Errors
/// They are not digests.
pub fn erased_digests(
    digests: &[u8],
    seqs: &BTreeSet<u64>,
    image_nos: &BTreeSet<u64>,
) -> Result<Vec<u8>, LogError> {
    let mut out = Vec::with_capacity(digests.len());
    for raw in each_raw(digests) {
        let (kind_byte, bytes) = raw?;
        let mut erased = Vec::new();
        match kind_byte {
            kind::EVENT | kind::TEXT => {
                let mut fields = Fields::new("a digest", bytes);
                let place = Place::take(&mut fields)?;
                let summary = Summary::take(&mut fields)?;
                if seqs.contains(&summary.head.seq) {
                    let mut without = Vec::new();
                    put_erased_summary(&mut without, &summary);
                    put_event(&mut erased, kind_byte, place, &without);
                }
            }
            kind::IMAGE => {
                let mut fields = Fields::new("a digest", bytes);
                let (place, no) = (Place::take(&mut fields)?, fields.u64()?);
                if image_nos.contains(&no) {
                    put_image(&mut erased, place, no, 0, &[]);
                }
            }
            kind::SETTLED => put_payload(&mut erased, kind_byte, &erased_settlements(bytes, seqs)),
            _ => {}
        }
        let content = erased.get(DIGEST_HEADER..).unwrap_or(bytes);
        let mut content = content.to_vec();
        content.resize(bytes.len(), 0);
        put_payload(&mut out, kind_byte, &content);
    }
    Ok(out)
}

const DIGEST_HEADER: usize = 5;

fn put_erased_summary(out: &mut Vec<u8>, summary: &Summary<'_>) {
    let head = Head {
        flags: summary.head.flags | flag::ERASED,
        ..summary.head
    };
    head.put(out);
    put_images(out, std::iter::empty());
    let deliveries: Vec<_> = summary.deliveries.iter().map(without_words).collect();
    put_deliveries(out, deliveries.into_iter());
    Brief::EMPTY.put(out);
}

/// Nothing is left to be delivered.
fn without_words(delivery: Delivery<'_>) -> Delivery<'_> {
    Delivery {
        state: if delivery.state.is_settled() {
            delivery.state
        } else {
            State::Dropped
        },
        pictures: 0,
        why: &[],
        words: &[],
        ..delivery
    }
}

/// Settlements with blanks for what they say of those events.
fn erased_settlements(payload: &[u8], seqs: &BTreeSet<u64>) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    for settlement in Settlement::each(payload) {
        if !seqs.contains(&settlement.seq) {
            settlement.put(&mut out);
            continue;
        }
        let why = match (settlement.op, Deliveries::parse(settlement.why)) {
            (op::NOW, Ok(deliveries)) => blanked(&deliveries),
            (op::OPEN | op::DROPPED, _) => settlement.why.to_vec(), // numbers, and words of our own
            _ => blanks(settlement.why),
        };
        let without = Settlement {
            why: &why,
            words: &blanks(settlement.words),
            ..settlement
        };
        without.put(&mut out);
    }
    out.extend_from_slice(payload.get(out.len()..).unwrap_or_default());
    out
}

fn blanked(deliveries: &Deliveries<'_>) -> Vec<u8> {
    let texts: Vec<_> = deliveries
        .iter()
        .map(|delivery| (blanks(delivery.why), blanks(delivery.words)))
        .collect();
    let without = deliveries.iter().zip(&texts);
    let without: Vec<_> = without
        .map(|(delivery, (why, words))| Delivery {
            why,
            words,
            ..delivery
        })
        .collect();
    let mut out = Vec::new();
    put_deliveries(&mut out, without.into_iter());
    out
}

fn blanks(text: &[u8]) -> Vec<u8> {
    vec![b' '; text.len()]
}

/// The frame with another payload, which is filled up to the length of the one before.
fn rewritten(
    home: &Home,
    offset: u64,
    kind_byte: u8,
    mut payload: Vec<u8>,
    frame: &Frame<'_>,
) -> Result<Vec<u8>, LogError> {
    payload.resize(frame.payload.len(), 0);
    home.frame(offset, kind_byte, &payload)
}

const fn not_for_erasing(kind_byte: u8) -> LogError {
    LogError::Unknown {
        what: "a frame to be erased",
        field: "kind",
        value: kind_byte as u64,
    }
}
