//! Who gets which live event: each profile's deliveries, in the order of their events.

use std::collections::BTreeMap;

use super::numbered::Numbered;
use crate::log_record::{Delivery, State};

/// One live event on its way to one profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) packet: u64,
    pub(super) keys: u64,
    pub(super) size: u32,
    pub(super) attempts: u16,
    pub(super) state: State,
    pub(super) pictures: u8,
}

impl Entry {
    pub(super) const fn is_settled(&self) -> bool {
        self.state.is_settled()
    }

    /// Whether it waits, and nobody has tried it.
    pub(super) const fn is_untried(&self) -> bool {
        self.attempts == 0 && matches!(self.state, State::Waiting)
    }

    const fn carries(&self, image: usize) -> bool {
        self.keys == u64::MAX || (image < 64 && self.keys >> image & 1 == 1)
    }

    /// The numbers, out of those of its event's images, of what it carries.
    pub(super) fn carried<'a>(&self, nos: &'a [u64]) -> impl Iterator<Item = u64> + use<'a> {
        let entry = *self;
        let nos = nos.iter().enumerate();
        nos.filter(move |&(at, _)| entry.carries(at))
            .map(|(_, &no)| no)
    }
}

/// What a person is to know of a parked delivery.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub(super) utc_ns: u64,
    pub(super) why: Box<[u8]>,
    pub(super) words: Box<[u8]>,
}

/// Deliveries of one state, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

impl Total {
    fn add(&mut self, bytes: u32) {
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes.into());
    }

    fn take(&mut self, bytes: u32) {
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes.into());
    }
}

/// One profile's.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// All deliveries of live events, also those that are settled.
    entries: Numbered<Entry>,
    waiting: Numbered<()>,
    /// Those of the waiting ones that nobody has tried.
    untried: Numbered<()>,
    parked: Numbered<Note>,
    pub(super) total_waiting: Total,
    total_parked: Total,
    /// The highest number that it gave an event.
    pub(super) packet: u64,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self {
            entries: Numbered::new(),
            waiting: Numbered::new(),
            untried: Numbered::new(),
            parked: Numbered::new(),
            total_waiting: Total {
                events: 0,
                bytes: 0,
            },
            total_parked: Total {
                events: 0,
                bytes: 0,
            },
            packet: 0,
        }
    }

    pub(super) fn get(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(seq)
    }

    /// A delivery that waits or is parked.
    pub(super) fn unsettled(&self, seq: u64) -> Option<&Entry> {
        self.get(seq).filter(|entry| !entry.is_settled())
    }

    pub(super) fn waits(&self, seq: u64) -> bool {
        self.waiting.contains(seq)
    }

    pub(super) fn note(&self, seq: u64) -> Option<&Note> {
        self.parked.get(seq)
    }

    /// The events that wait, from one on.
    pub(super) fn waiting_from(&self, seq: u64) -> impl Iterator<Item = u64> {
        self.waiting.from(seq).map(|(seq, ())| seq)
    }

    /// The first one from a number on that nobody has tried.
    pub(super) fn next_untried(&self, seq: u64) -> Option<u64> {
        self.untried.from(seq).next().map(|(seq, ())| seq)
    }

    /// The parked ones, from one on.
    pub(super) fn parked_from(&self, seq: u64) -> impl Iterator<Item = (u64, &Note)> {
        self.parked.from(seq)
    }

    pub(super) fn parked_count(&self) -> usize {
        usize::try_from(self.total_parked.events).unwrap_or(usize::MAX)
    }

    /// Puts a delivery in its place, in whatever state; returns what it replaced.
    pub(super) fn put(&mut self, seq: u64, entry: Entry, note: Note) -> Option<(Entry, Note)> {
        let old = self.take(seq);
        self.packet = self.packet.max(entry.packet);
        self.entries.insert(seq, entry);
        self.enter(seq, entry, note);
        old
    }

    /// Takes a delivery out.
    pub(super) fn take(&mut self, seq: u64) -> Option<(Entry, Note)> {
        let entry = self.entries.remove(seq)?;
        let note = self.leave(seq, entry);
        Some((entry, note))
    }

    /// Changes a delivery that waits or is parked; returns how it stands now.
    pub(super) fn change(
        &mut self,
        seq: u64,
        change: impl FnOnce(&mut Entry, &mut Note),
    ) -> Option<Entry> {
        let before = *self.unsettled(seq)?;
        let mut note = self.leave(seq, before);
        let entry = self.entries.get_mut(seq)?;
        change(entry, &mut note);
        let after = *entry;
        self.enter(seq, after, note);
        Some(after)
    }

    /// Counts a delivery where it stands.
    fn enter(&mut self, seq: u64, entry: Entry, note: Note) {
        match entry.state {
            State::Waiting => {
                self.waiting.insert(seq, ());
                if entry.is_untried() {
                    self.untried.insert(seq, ());
                }
                self.total_waiting.add(entry.size);
            }
            State::Parked => {
                self.parked.insert(seq, note);
                self.total_parked.add(entry.size);
            }
            State::Delivered | State::Expired | State::Dropped => {}
        }
    }

    /// Counts it there no longer.
    fn leave(&mut self, seq: u64, entry: Entry) -> Note {
        let mut note = None;
        match entry.state {
            State::Waiting => {
                self.waiting.remove(seq);
                self.untried.remove(seq);
                self.total_waiting.take(entry.size);
            }
            State::Parked => {
                note = self.parked.remove(seq);
                self.total_parked.take(entry.size);
            }
            State::Delivered | State::Expired | State::Dropped => {}
        }
        note.unwrap_or_default()
    }

    /// What waits and what is parked, as far as there is any.
    pub(super) fn totals(&self) -> impl Iterator<Item = (State, Total)> + use<> {
        let totals = [
            (State::Waiting, self.total_waiting),
            (State::Parked, self.total_parked),
        ];
        totals.into_iter().filter(|(_, total)| total.events > 0)
    }

    /// All of them.
    pub(super) fn seqs(&self) -> Vec<u64> {
        self.entries.numbers().collect()
    }
}

/// All profiles' queues.
pub(super) type Queues = BTreeMap<u32, Queue>;

/// What a frame says of a delivery.
pub(super) fn entry_of(delivery: &Delivery<'_>) -> (Entry, Note) {
    let entry = Entry {
        packet: delivery.packet,
        keys: delivery.keys,
        size: delivery.size,
        attempts: attempts_of(delivery.attempts.into()),
        state: delivery.state,
        pictures: delivery.pictures,
    };
    let note = Note {
        utc_ns: delivery.parked_utc_ns,
        why: delivery.why.into(),
        words: delivery.words.into(),
    };
    (entry, note)
}

/// The same for a frame.
pub(super) fn delivery_of<'a>(profile: u32, entry: &Entry, note: Option<&'a Note>) -> Delivery<'a> {
    Delivery {
        profile,
        packet: entry.packet,
        attempts: entry.attempts.into(),
        state: entry.state,
        pictures: entry.pictures,
        size: entry.size,
        keys: entry.keys,
        parked_utc_ns: note.map_or(0, |note| note.utc_ns),
        why: note.map_or(&[], |note| &note.why),
        words: note.map_or(&[], |note| &note.words),
    }
}

/// Tries, as far as they are counted.
pub(super) fn attempts_of(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
