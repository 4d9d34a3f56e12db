//! What lies in a segment, as retention and erasing ask for it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use memchr::memmem;

use crate::log_digest::{Digest, Place};
use crate::log_frame::{Home, MAGIC, kind};
use crate::log_record::{Deliveries, Settlement, State, flag, op};

/// A segment's events in numbers; what was erased does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Events, also those of which only the text is left.
    pub events: u64,
    /// Running time when the oldest of its events was stored, also of erased ones; 0 where there is none.
    pub oldest_stored_ns: u64,
    /// The same of the newest.
    pub newest_stored_ns: u64,
    /// The earliest time of an event; `None` where there is none.
    pub oldest_utc_ns: Option<i64>,
    /// The earliest time of an event that has a picture.
    pub oldest_picture_utc_ns: Option<i64>,
}

/// Counts what the digests tell of.
#[must_use]
pub fn overview(digests: &[u8]) -> Overview {
    let mut found = Overview::default();
    let mut oldest_stored_ns = None;
    for digest in Digest::each(digests).flatten() {
        let (Digest::Event(_, summary) | Digest::Text(_, summary)) = digest else {
            continue;
        };
        let head = summary.head;
        found.newest_stored_ns = found.newest_stored_ns.max(head.stored_ns);
        oldest_stored_ns =
            Some(oldest_stored_ns.map_or(head.stored_ns, |at: u64| at.min(head.stored_ns)));
        if head.has(flag::ERASED) {
            continue;
        }
        found.events += 1;
        let earliest =
            |so_far: Option<i64>| Some(so_far.map_or(head.at_utc_ns, |at| at.min(head.at_utc_ns)));
        found.oldest_utc_ns = earliest(found.oldest_utc_ns);
        if summary.images.iter().any(|no| no != 0) {
            found.oldest_picture_utc_ns = earliest(found.oldest_picture_utc_ns);
        }
    }
    found.oldest_stored_ns = oldest_stored_ns.unwrap_or_default();
    found
}

/// Events that lie in the order of their places in the outbox, without a gap: where the first and the last begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where the first one's frame begins.
    pub first_offset: u64,
    /// Its place in the outbox.
    pub first_seq: u64,
    /// Where the last one's frame begins.
    pub last_offset: u64,
    /// Its place in the outbox.
    pub last_seq: u64,
}

/// What a segment says of the outbox as a whole: the saved states, and which events it holds, erased ones too.
#[must_use]
pub fn story(digests: &[u8]) -> (Vec<&[u8]>, Vec<Run>) {
    let (mut states, mut runs) = (Vec::new(), Vec::<Run>::new());
    for digest in Digest::each(digests).flatten() {
        match digest {
            Digest::State(state) => states.push(state),
            Digest::Event(Place { offset, .. }, summary) => {
                let seq = summary.head.seq;
                match runs.last_mut() {
                    Some(run) if run.last_seq.checked_add(1) == Some(seq) => {
                        (run.last_offset, run.last_seq) = (offset, seq);
                    }
                    _ => runs.push(Run {
                        first_offset: offset,
                        first_seq: seq,
                        last_offset: offset,
                        last_seq: seq,
                    }),
                }
            }
            _ => {}
        }
    }
    (states, runs)
}

/// The events of a segment that are not erased: their place in the outbox, where their frame lies, and its kind.
pub fn events(digests: &[u8]) -> impl Iterator<Item = (u64, Place, u8)> {
    Digest::each(digests)
        .flatten()
        .filter_map(|digest| match digest {
            Digest::Event(place, summary) if !summary.head.has(flag::ERASED) => {
                Some((summary.head.seq, place, kind::EVENT))
            }
            Digest::Text(place, summary) if !summary.head.has(flag::ERASED) => {
                Some((summary.head.seq, place, kind::TEXT))
            }
            _ => None,
        })
}

/// The numbers of the images that these events name, as a segment's digests say.
#[must_use]
pub fn image_nos(digests: &[u8], seqs: &BTreeSet<u64>) -> BTreeSet<u64> {
    Digest::each(digests)
        .flatten()
        .filter_map(|digest| match digest {
            Digest::Event(_, summary) if seqs.contains(&summary.head.seq) => Some(summary.images),
            _ => None,
        })
        .flat_map(|images| images.iter().collect::<Vec<_>>())
        .filter(|no| *no != 0)
        .collect()
}

/// The numbers of a segment's images, but of erased ones.
pub fn pictures(digests: &[u8]) -> impl Iterator<Item = u64> {
    Digest::each(digests)
        .flatten()
        .filter_map(|digest| match digest {
            Digest::Image {
                no, jpeg_length, ..
            } if jpeg_length > 0 => Some(no),
            _ => None,
        })
}

/// Which of these images a segment holds: number, and where the frame lies. Erased ones are not there.
#[must_use]
pub fn images(digests: &[u8], wanted: &BTreeSet<u64>) -> Vec<(u64, Place)> {
    Digest::each(digests)
        .flatten()
        .filter_map(|digest| match digest {
            Digest::Image { place, no, key, .. } if !key.is_empty() && wanted.contains(&no) => {
                Some((no, place))
            }
            _ => None,
        })
        .collect()
}

/// Whether a segment knows ids that no text of it tells: of events that are gone, or erased.
#[must_use]
pub fn has_bare_ids(digests: &[u8]) -> bool {
    Digest::each(digests).flatten().any(|digest| match digest {
        Digest::Ids(_) => true,
        Digest::Event(_, summary) | Digest::Text(_, summary) => summary.head.has(flag::ERASED),
        _ => false,
    })
}

/// The erasures that a segment says were begun, each with its events, and those that it says are done.
#[must_use]
pub fn erasures(digests: &[u8]) -> (Vec<(u64, Vec<u64>)>, Vec<u64>) {
    let (mut begun, mut done) = (Vec::new(), Vec::new());
    for digest in Digest::each(digests).flatten() {
        match digest {
            Digest::Erase { number, seqs } => begun.push((number, seqs.iter().collect())),
            Digest::EraseDone(number) => done.push(number),
            _ => {}
        }
    }
    (begun, done)
}

/// Whether a segment says what became of one of these events, beside the events themselves.
#[must_use]
pub fn settles(digests: &[u8], seqs: &BTreeSet<u64>) -> bool {
    Digest::each(digests).flatten().any(|digest| match digest {
        Digest::Settled(payload) => Settlement::each(payload).any(|one| seqs.contains(&one.seq)),
        _ => false,
    })
}

/// What a segment says of the deliveries of these events, in its order: event, profile, state.
#[must_use]
pub fn outcomes(digests: &[u8], seqs: &BTreeSet<u64>) -> Vec<(u64, u32, State)> {
    let mut found = Vec::new();
    for digest in Digest::each(digests).flatten() {
        match digest {
            Digest::Event(_, summary) if seqs.contains(&summary.head.seq) => {
                let all = summary.deliveries.iter();
                found.extend(all.map(|one| (summary.head.seq, one.profile, one.state)));
            }
            Digest::Settled(payload) => {
                let settlements = Settlement::each(payload);
                for one in settlements.filter(|one| seqs.contains(&one.seq)) {
                    let told = outcome(&one).into_iter();
                    found.extend(told.map(|(profile, state)| (one.seq, profile, state)));
                }
            }
            _ => {}
        }
    }
    found
}

/// What receivers said of events, as a segment's digests tell it: the event, and the words.
#[must_use]
pub fn words(digests: &[u8]) -> Vec<(u64, &[u8])> {
    let mut found = Vec::new();
    for digest in Digest::each(digests).flatten() {
        match digest {
            Digest::Event(_, summary) => {
                let deliveries = summary.deliveries.iter();
                found.extend(deliveries.map(|one| (summary.head.seq, one.words)));
            }
            Digest::Settled(payload) => {
                for one in Settlement::each(payload) {
                    found.push((one.seq, one.words));
                    if one.op == op::NOW
                        && let Ok(deliveries) = Deliveries::parse(one.why)
                    {
                        found.extend(deliveries.iter().map(|each| (one.seq, each.words)));
                    }
                }
            }
            _ => {}
        }
    }
    found.retain(|(_, words)| !words.is_empty());
    found
}

/// What a settlement says of its event's deliveries.
fn outcome(settlement: &Settlement<'_>) -> Vec<(u32, State)> {
    let alone = |state| vec![(settlement.profile, state)];
    match settlement.op {
        op::DELIVERED => alone(State::Delivered),
        op::EXPIRED => alone(State::Expired),
        op::DROPPED => alone(State::Dropped),
        op::PARKED => alone(State::Parked),
        op::UNPARKED => alone(State::Waiting),
        op::GIVEN => {
            let mut both = alone(State::Dropped);
            let taker = u32::try_from(settlement.utc_ns);
            both.extend(taker.map(|taker| (taker, State::Waiting)));
            both
        }
        op::NOW => match Deliveries::parse(settlement.why) {
            Ok(deliveries) => deliveries
                .iter()
                .map(|one| (one.profile, one.state))
                .collect(),
            Err(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The frames of a segment's beginning that say what became of these events: where each begins, and how long it is.
///
/// What is broken is passed over.
#[must_use]
pub fn settled_frames(home: &Home, content: &[u8], seqs: &BTreeSet<u64>) -> Vec<Place> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(rest) = content.get(at..).filter(|rest| !rest.is_empty()) {
        let offset = at as u64;
        let Ok(frame) = home.read(offset, rest) else {
            let next = memmem::find(rest.get(1..).unwrap_or_default(), &MAGIC);
            let Some(next) = next else { break };
            at += 1 + next;
            continue;
        };
        let length = frame.length();
        let concerned = frame.kind == kind::SETTLED
            && Settlement::each(frame.payload).any(|one| seqs.contains(&one.seq));
        if concerned {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            found.push(Place { offset, length });
        }
        at = at.saturating_add(length);
    }
    found
}
