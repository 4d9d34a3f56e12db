//! A value that follows the latest reads, but not the first contrary one: for direction and region, where a vehicle that
//! turns round must not be outvoted by its past.

use crate::vote::Patience;

#[derive(Clone, Copy, Debug)]
struct Pending<T> {
    value: T,
    reads: u32,
    first_mono_ns: i64,
}

/// The reported value, and what may replace it.
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

    /// Takes in one read's value. True when a change counts now.
    pub(crate) fn hear(&mut self, value: T, mono_ns: i64, patience: Patience) -> bool {
        if value == self.said {
            self.pending = None;
            return false;
        }
        let pending = match self.pending {
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
        self.pending = Some(pending);
        let counts = patience.has_seen(pending.reads, pending.first_mono_ns, mono_ns);
        if counts {
            self.close(value);
        }
        counts
    }

    /// The value that would replace the reported one.
    pub(crate) fn pending(&self) -> Option<T> {
        self.pending.map(|pending| pending.value)
    }

    /// Adopts a value at once.
    pub(crate) const fn close(&mut self, value: T) {
        self.said = value;
        self.pending = None;
    }
}
