//! Pictures of any size, place, quality and content, the same ones in each run.

#![expect(
    clippy::unwrap_used,
    reason = "a test's own; what is allowed there by itself is so only in functions that are tests"
)]

use cammra_jpeg::{Chroma, Picture, Plane, Range};

/// How many pictures a property is tried with: by night a hundred times as many, few under Miri.
pub(crate) fn cases() -> u32 {
    if cfg!(miri) {
        4
    } else if std::env::var_os("CAMMRA_NIGHTLY").is_some() {
        1_000_000
    } else {
        10_000
    }
}

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).unwrap()
    }

    fn even(&mut self, least: u32, most: u32) -> u32 {
        least + 2 * self.below((most - least) / 2 + 1)
    }
}

const STRIDE: usize = 200;
const WIDTH: u32 = 128;
const HEIGHT: u32 = 96;

/// Bytes of one of five kinds: noise, both extremes, one level, a slope, stripes with noise.
fn contents(numbers: &mut Numbers) -> Vec<u8> {
    let kind = numbers.below(5);
    let level = numbers.next().to_le_bytes()[0];
    let step = numbers.below(7);
    (0..STRIDE * HEIGHT as usize)
        .map(|at| {
            let noise = numbers.next().to_le_bytes()[3];
            match kind {
                0 => noise,
                1 => (noise & 1) * 255,
                2 => level,
                3 => (u64::from(step) * at as u64 + u64::from(level)).to_le_bytes()[0],
                _ if (at / 8 + at / STRIDE / 8).is_multiple_of(2) => noise & 15,
                _ => 200 + (noise & 15),
            }
        })
        .collect()
}

/// One picture, and how it is encoded.
pub(crate) struct Case<'a> {
    pub(crate) luma: Plane<'a>,
    pub(crate) chroma: Chroma<'a>,
    /// Of the frame.
    pub(crate) frame_size: (u32, u32),
    /// The box cut out of it.
    pub(crate) at: (u32, u32),
    pub(crate) size: (u32, u32),
    pub(crate) range: Range,
    pub(crate) quality: u8,
}

impl Case<'_> {
    /// The box, as the encoder takes it.
    pub(crate) fn picture(&self) -> Picture<'_> {
        Picture::new(self.luma, self.chroma, self.frame_size, self.range)
            .and_then(|whole| whole.cut(self.at, self.size))
            .unwrap()
    }

    /// What is said of it where something is wrong.
    pub(crate) fn name(&self) -> String {
        let (size, at, quality, range) = (self.size, self.at, self.quality, self.range);
        format!("{size:?} at {at:?}, quality {quality}, {range:?}")
    }
}

/// Calls with [`cases`] of them, whose sides have at least so many pixels.
pub(crate) fn each(least_side: u32, mut with: impl FnMut(&Case<'_>)) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut luma, mut chroma) = (contents(&mut numbers), contents(&mut numbers));
    for case in 0..cases() {
        if case % 50 == 0 {
            (luma, chroma) = (contents(&mut numbers), contents(&mut numbers));
        }
        let size = (
            numbers.even(least_side, WIDTH),
            numbers.even(least_side, HEIGHT),
        );
        let at = (
            numbers.even(0, WIDTH - size.0),
            numbers.even(0, HEIGHT - size.1),
        );
        let plane = |data| Plane {
            data,
            stride: STRIDE,
        };
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let chroma = if numbers.below(2) == 0 {
            Chroma::Interleaved(plane(&chroma))
        } else {
            Chroma::Apart(plane(u), plane(v))
        };
        let range = if numbers.below(2) == 0 {
            Range::Full
        } else {
            Range::Video
        };
        with(&Case {
            luma: plane(&luma),
            chroma,
            frame_size: (WIDTH, HEIGHT),
            at,
            size,
            range,
            quality: u8::try_from(1 + numbers.below(100)).unwrap(),
        });
    }
}
