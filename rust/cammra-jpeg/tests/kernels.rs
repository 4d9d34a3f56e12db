//! Every kernel of this processor writes the reference's bytes, for pictures of any size, place, quality and content.

use cammra_jpeg::{BadPicture, Chroma, Encoder, Kernel, Picture, Plane, Range};

mod pictures;

#[test]
fn all_kernels_write_the_same_bytes() {
    let mut reference = Encoder::with_kernel(Kernel::Portable).unwrap();
    let mut others: Vec<_> = Kernel::ALL
        .into_iter()
        .filter_map(|kernel| Some((kernel, Encoder::with_kernel(kernel)?)))
        .collect();
    let (mut want, mut out) = (Vec::new(), Vec::new());
    pictures::each(2, |case| {
        want.clear();
        let picture = case.picture();
        reference.encode(&picture, case.quality, &mut want).unwrap();
        for (kernel, encoder) in &mut others {
            out.clear();
            encoder.encode(&picture, case.quality, &mut out).unwrap();
            assert!(out == want, "{kernel:?}: {}", case.name());
        }
    });
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
