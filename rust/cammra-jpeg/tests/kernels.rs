//! Every kernel of this processor writes the reference's bytes, for pictures of any size, place, quality and content.

use cammra_jpeg::{BadPicture, Chroma, Encoder, Kernel, Picture, Plane, Range};

/// By night a hundred times as many.
fn cases() -> u32 {
    if std::env::var_os("CAMMRA_NIGHTLY").is_some() {
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

    fn even(&mut self, up_to: u32) -> u32 {
        2 * (1 + self.below(up_to / 2))
    }
}

const STRIDE: usize = 200;
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
                3 => (at as u32)
                    .wrapping_mul(step)
                    .wrapping_add(u32::from(level))
                    .to_le_bytes()[0],
                _ => (((at / 8 + at / STRIDE / 8) % 2) as u8 * 200).wrapping_add(noise & 15),
            }
        })
        .collect()
}

#[test]
fn all_kernels_write_the_same_bytes() {
    let mut encoders: Vec<_> = Kernel::ALL
        .into_iter()
        .filter_map(|kernel| Some((kernel, Encoder::with_kernel(kernel)?)))
        .collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut luma, mut chroma) = (contents(&mut numbers), contents(&mut numbers));
    for case in 0..cases() {
        if case % 50 == 0 {
            (luma, chroma) = (contents(&mut numbers), contents(&mut numbers));
        }
        let size = (numbers.even(128), numbers.even(HEIGHT));
        let at = (
            2 * numbers.below((128 - size.0) / 2 + 1),
            2 * numbers.below((HEIGHT - size.1) / 2 + 1),
        );
        let plane = |data| Plane {
            data,
            stride: STRIDE,
        };
        let halves = chroma.split_at(chroma.len() / 2);
        let chroma = if numbers.below(2) == 0 {
            Chroma::Interleaved(plane(&chroma))
        } else {
            Chroma::Apart(plane(halves.0), plane(halves.1))
        };
        let range = if numbers.below(2) == 0 {
            Range::Full
        } else {
            Range::Video
        };
        let quality = u8::try_from(1 + numbers.below(100)).unwrap();
        let picture = Picture::new(plane(&luma), chroma, (128, HEIGHT), range)
            .and_then(|whole| whole.cut(at, size))
            .unwrap();
        let mut reference = Vec::new();
        for (kernel, encoder) in &mut encoders {
            let mut out = Vec::new();
            encoder.encode(&picture, quality, &mut out).unwrap();
            if *kernel == Kernel::Portable {
                reference = out;
            } else {
                assert!(
                    out == reference,
                    "{kernel:?}: case {case}, {size:?} at {at:?}, quality {quality}, {range:?}"
                );
            }
        }
    }
}

#[test]
fn a_picture_is_refused_before_anything_is_read() {
    let data = vec![0; 64 * 48];
    let plane = |stride| Plane {
        data: &data,
        stride,
    };
    let made = |size, luma, chroma| {
        Picture::new(
            plane(luma),
            Chroma::Interleaved(plane(chroma)),
            size,
            Range::Full,
        )
    };
    assert!(made((64, 48), 64, 64).is_ok());
    for size in [(63, 48), (64, 47), (0, 48), (65_502, 2)] {
        assert!(matches!(made(size, 64, 64), Err(BadPicture::Size { .. })));
    }
    let short = |plane| BadPicture::PlaneTooShort { plane };
    assert_eq!(made((64, 50), 64, 64).err(), Some(short("y")));
    assert_eq!(made((64, 48), 62, 64).err(), Some(short("y")));
    assert_eq!(made((64, 48), 64, 62).err(), Some(short("uv")));
    assert_eq!(made((64, 48), 64, usize::MAX).err(), Some(short("uv")));
    let whole = made((64, 48), 64, 64).unwrap();
    for (at, size) in [
        ((1, 0), (16, 16)),
        ((50, 0), (16, 16)),
        ((0, 0), (0, 16)),
        ((u32::MAX - 1, 0), (16, 16)),
    ] {
        assert!(matches!(whole.cut(at, size), Err(BadPicture::Box { .. })));
    }
}

#[test]
fn a_quality_is_refused_and_nothing_appended() {
    let data = [0; 16 * 24];
    let plane = Plane {
        data: &data,
        stride: 16,
    };
    let picture = Picture::new(plane, Chroma::Interleaved(plane), (16, 16), Range::Full).unwrap();
    let mut out = vec![7];
    for quality in [0, 101] {
        assert!(Encoder::new().encode(&picture, quality, &mut out).is_err());
    }
    assert_eq!(out, [7]);
}
