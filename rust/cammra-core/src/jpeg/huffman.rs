//! Huffman tables of a sequential JPEG (ITU-T T.81, Annexes C and F), for walking through blocks without keeping
//! their coefficients.

use super::header::{Header, SegmentKind, segments};

/// Bits of one look.
pub(super) const WINDOW_BITS: u32 = 12;
const WINDOW: usize = 1 << WINDOW_BITS;

/// How far an end-of-block symbol moves the coefficient counter: beyond the end.
pub(super) const TO_THE_END: u32 = 64;

/// What one look at the next bits finds; 0 where the code is longer than the window.
#[derive(Clone, Copy, Default)]
pub(super) struct Step(u16);

impl Step {
    const fn new(bits: u32, coefficients: u32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 63 and 127: 6 and 7 bits"
        )]
        Self((bits | (coefficients << 6)) as u16)
    }

    /// Bits to move on, those after the code included; 0: look it up bit by bit.
    pub(super) const fn bits(self) -> u32 {
        self.0 as u32 & 63
    }

    /// Coefficients to move on.
    pub(super) const fn coefficients(self) -> u32 {
        self.0 as u32 >> 6
    }
}

/// One table: symbols by code, and codes by symbol.
pub(super) struct Table {
    /// As in T.81 F.2.2.3: the end of the codes of each length (left-aligned in 16 bits), and the offset from code to
    /// symbol.
    limits: [u32; 17],
    offsets: [i32; 17],
    symbols: [u8; 256],
    count: usize,
    /// One symbol at once.
    pub(super) single: Box<[Step; WINDOW]>,
    /// Two symbols at once, where the window holds both codes.
    pub(super) double: Box<[Step; WINDOW]>,
}

/// The tables of one scan, and the bytes they come from: cameras send the same ones with every frame.
#[derive(Default)]
pub(super) struct Tables {
    source: Vec<u8>,
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
}

impl Tables {
    /// Reads the frame's tables, unless they are the last frame's. `None` where they make no sense.
    pub(super) fn read(&mut self, data: &[u8], header: &Header) -> Option<()> {
        let mut is_same = true;
        let mut at = 0;
        for segment in segments(data) {
            let segment = segment.ok()?;
            if segment.kind() == SegmentKind::Tables {
                let bytes = data.get(segment.start..segment.end)?;
                is_same &= self.source.get(at..at + bytes.len()) == Some(bytes);
                at += bytes.len();
            }
        }
        if is_same && at == self.source.len() && header.has_tables {
            return Some(());
        }
        *self = Self::default();
        for segment in segments(data) {
            let segment = segment.ok()?;
            if segment.kind() == SegmentKind::Tables {
                self.source
                    .extend_from_slice(data.get(segment.start..segment.end)?);
                self.add(data.get(segment.start + 4..segment.end)?)?;
            }
        }
        Some(())
    }

    /// Adds the tables of one segment.
    fn add(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((&which, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total: usize = counts.iter().map(|&n| usize::from(n)).sum();
            let (symbols, rest) = rest.split_at_checked(total)?;
            let tables = if which >> 4 == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            let slot = tables.get_mut(usize::from(which & 15))?;
            *slot = Some(Table::new(counts, symbols, which >> 4 != 0)?);
            body = rest;
        }
        Some(())
    }

    pub(super) fn dc(&self, number: u8) -> Option<&Table> {
        self.dc.get(usize::from(number))?.as_ref()
    }

    pub(super) fn ac(&self, number: u8) -> Option<&Table> {
        self.ac.get(usize::from(number))?.as_ref()
    }
}

impl Table {
    fn new(counts: &[u8; 16], own: &[u8], is_ac: bool) -> Option<Self> {
        let mut symbols = [0; 256];
        symbols.get_mut(..own.len())?.copy_from_slice(own);
        let mut table = Self {
            limits: [0; 17],
            offsets: [0; 17],
            symbols,
            count: own.len(),
            single: Box::new([Step::default(); WINDOW]),
            double: Box::new([Step::default(); WINDOW]),
        };
        let (mut code, mut seen) = (0_u32, 0_u32);
        for (length, &count) in (1_u32..).zip(counts) {
            let slot = length as usize;
            *table.offsets.get_mut(slot)? = i32::try_from(seen).ok()? - i32::try_from(code).ok()?;
            code += u32::from(count);
            seen += u32::from(count);
            if code > 1 << length {
                return None; // more codes than this length has
            }
            *table.limits.get_mut(slot)? = code << (16 - length);
            code <<= 1;
        }
        if is_ac {
            table.fill_single(Self::step);
            table.fill_double();
        } else {
            // In a DC table the "coefficients" are the size of the difference, whose bits are read separately.
            table.fill_single(|table, bits| {
                let (size, length) = table.look_up(bits)?;
                (size < 16).then(|| Step::new(length, size.into()))
            });
        }
        Some(table)
    }

    /// Symbol and length of the code that 16 bits begin with.
    pub(super) fn look_up(&self, bits: u32) -> Option<(u8, u32)> {
        let (length, _) = (0_u32..)
            .zip(&self.limits)
            .skip(1)
            .find(|&(_, &limit)| bits < limit)?;
        let code = i32::try_from(bits >> (16 - length)).ok()?;
        let at = usize::try_from(code + self.offsets.get(length as usize)?).ok()?;
        let symbol = self.symbols.get(at).filter(|_| at < self.count)?;
        Some((*symbol, length))
    }

    /// Code and length of a symbol.
    pub(super) fn code_of(&self, symbol: u8) -> Option<(u32, u32)> {
        let at = self
            .symbols
            .get(..self.count)?
            .iter()
            .position(|&s| s == symbol)?;
        let at = i32::try_from(at).ok()?;
        let mut from = 0;
        for (length, (&limit, &offset)) in
            (0_u32..).zip(self.limits.iter().zip(&self.offsets)).skip(1)
        {
            let end = i32::try_from(limit >> (16 - length)).ok()? + offset;
            if (from..end).contains(&at) {
                return Some((u32::try_from(at - offset).ok()?, length));
            }
            from = end;
        }
        None
    }

    /// The step of the symbol that 16 bits begin with.
    pub(super) fn step(&self, bits: u32) -> Option<Step> {
        let (symbol, length) = self.look_up(bits)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let coefficients = match (run, size) {
            (15, 0) => 16,
            (0, 0) => TO_THE_END,
            (_, 0) => return None, // runs of blocks are for progressive scans
            _ => run + 1,
        };
        Some(Step::new(length + size, coefficients))
    }

    fn fill_single(&mut self, step_of: impl Fn(&Self, u32) -> Option<Step>) {
        for window in 0..WINDOW {
            let bits = u32::try_from(window).unwrap_or(0) << (16 - WINDOW_BITS);
            let known = self
                .look_up(bits)
                .filter(|&(_, length)| length <= WINDOW_BITS);
            let step = known.and_then(|_| step_of(self, bits)).unwrap_or_default();
            if let Some(slot) = self.single.get_mut(window) {
                *slot = step;
            }
        }
    }

    fn fill_double(&mut self) {
        for (window, first) in self.single.iter().enumerate() {
            let mut step = *first;
            let left = WINDOW_BITS.saturating_sub(first.bits());
            if first.bits() > 0 && first.coefficients() < TO_THE_END && left > 0 {
                let shifted = (window << first.bits()) & (WINDOW - 1);
                let bits = u32::try_from(shifted).unwrap_or(0) << (16 - WINDOW_BITS);
                if let Some((_, length)) = self.look_up(bits)
                    && length <= left
                    && let Some(second) = self.step(bits)
                {
                    let coefficients = first.coefficients() + second.coefficients();
                    step = Step::new(first.bits() + second.bits(), coefficients);
                }
            }
            if let Some(slot) = self.double.get_mut(window) {
                *slot = step;
            }
        }
    }
}
