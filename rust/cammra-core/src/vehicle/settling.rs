//! A value that follows the latest reads, but not the first contrary one: direction and region, where a vehicle that
//! turns round must not be held by the majority of its past.

use crate::vote::Patience;

#[derive(Clone, Copy, Debug)]
struct Pending<T> {
    value: T,
    reads: u32,
    first_mono_ns: i64,
}

/// What is reported, and what may replace it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settling<T> {
    said: T,
    pending: Option<Pending<T>>,
}

impl<T: Copy + PartialEq> Settling<T> {
    pub(crate) const fn new(said: T) -> Self {
        Self {
            said,
            pending: None,
        }
    }

    pub(crate) const fn said(&self) -> T {
        self.said
    }

    /// One read's word. True when it makes a change count.
    pub(crate) fn hear(&mut self, value: T, mono_ns: i64, patience: Patience) -> bool {
        if value == self.said {
            self.pending = None;
            return false;
        }
        let heard = match self.pending {
            Some(pending) if pending.value == value => Pending {
                reads: pending.reads.saturating_add(1),
                ..pending
            },
            _ => Pending {
                value,
                reads: 1,
                first_mono_ns: mono_ns,
            },
        };
        self.pending = Some(heard);
        let ripe = patience.has_seen(heard.reads, heard.first_mono_ns, mono_ns);
        if ripe {
            self.close(value);
        }
        ripe
    }

    /// What would replace the reported value.
    pub(crate) fn pending(&self) -> Option<T> {
        self.pending.map(|pending| pending.value)
    }

    /// Takes a value over at once.
    pub(crate) const fn close(&mut self, value: T) {
        self.said = value;
        self.pending = None;
    }
}
