//! Reads a segment that has no directory, frame by frame, and over what is broken.
//!
//! Zeros up to the next block end a long group. What is broken is passed over up to the next place where a frame
//! verifies. A false start costs as much as a true one, not as much as its length field says: once something was found
//! broken, checksums come from a table of the segment's own. So the whole takes time in proportion to the segment,
//! whatever is in it.

mod ranges;
#[cfg(test)]
mod tests;

use std::ops::Range;

use memchr::memmem;

use crate::checksum::crc32;
use crate::error::LogError;
use crate::log_digest::{Place, put_frame};
use crate::log_frame::{ALIGNMENT, Frame, Home, MAGIC, Raw, to_block};
use ranges::Checksums;

/// What was found in a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The digests of its frames.
    pub digests: Vec<u8>,
    /// Where the last frame ends that verified.
    pub end: u64,
    /// What was passed over on the way there.
    pub broken: Vec<Range<u64>>,
}

/// Looks at `content`, which lies at `start` of its segment.
#[must_use]
pub fn scan(home: &Home, content: &[u8], start: u64) -> Scan {
    let mut found = Scan {
        end: start,
        ..Scan::default()
    };
    let mut checks = Checks {
        home,
        content,
        start,
        checksums: None,
    };
    let mut at = 0;
    while let Some((begin, frame)) = checks.next(at) {
        let filled = begin == checks.behind_zeros(at);
        let (offset, length) = (start.saturating_add(begin as u64), frame.length());
        let place = Place {
            offset,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        };
        // The padding of the last frame may be cut off.
        at = begin.saturating_add(length).min(content.len());
        if put_frame(&mut found.digests, place, &frame).is_err() {
            continue; // stays outside of what is good
        }
        if offset > found.end && !filled {
            found.broken.push(found.end..offset);
        }
        found.end = start.saturating_add(at as u64);
    }
    found
}

struct Checks<'a> {
    home: &'a Home,
    content: &'a [u8],
    start: u64,
    /// Made when something is broken.
    checksums: Option<Checksums<'a>>,
}

impl<'a> Checks<'a> {
    /// The first frame at `from` or behind it.
    fn next(&mut self, from: usize) -> Option<(usize, Frame<'a>)> {
        for at in [from, self.behind_zeros(from)] {
            if let Ok(frame) = self.frame_at(at) {
                return Some((at, frame));
            }
        }
        self.checksums
            .get_or_insert_with(|| Checksums::new(self.content));
        let behind = from.saturating_add(1);
        memmem::find_iter(self.content.get(behind..)?, &MAGIC).find_map(|at| {
            let at = behind + at;
            self.frame_at(at).ok().map(|frame| (at, frame))
        })
    }

    /// The next block, where nothing but zeros fills up to it; `at` otherwise.
    fn behind_zeros(&self, at: usize) -> usize {
        let block = at.saturating_add(to_block(self.start.saturating_add(at as u64)));
        let between = self.content.get(at..block).unwrap_or(&[1]);
        if between.iter().all(|byte| *byte == 0) {
            block
        } else {
            at
        }
    }

    fn frame_at(&self, at: usize) -> Result<Frame<'a>, LogError> {
        let offset = self.start.saturating_add(at as u64);
        let damaged = LogError::Damaged { offset };
        if !offset.is_multiple_of(ALIGNMENT as u64) {
            return Err(damaged);
        }
        let raw = Raw::read(offset, self.content.get(at..).unwrap_or_default())?;
        let seed = self.home.seed_of(offset, &raw);
        let crc = match &self.checksums {
            None => crc32(raw.payload, seed),
            Some(checksums) => checksums.of(raw.range(at), seed),
        };
        if crc == raw.crc {
            Ok(raw.frame())
        } else {
            Err(damaged)
        }
    }
}
