//! Header, cut and the door to C, on JPEGs of our own.

use super::cut::Cutter;
use super::ffi::{Decoder, Encoder, LEFT_SLACK_PX, Part, Recipe};
use super::header::Header;
use super::{Coder, Encoding, ImageKind, Subsampling, copy_of, image_from_frame};
use crate::error::FrameError;
use crate::frame::{FrameView, PackedOrder, Plane};
use crate::geometry::{Rect, Size};

const SIZE: Size = Size {
    width: 48,
    height: 40,
};

fn pixels() -> Vec<u8> {
    (0..SIZE.width * SIZE.height * 3)
        .map(|i| u8::try_from(i * 31 % 251).unwrap())
        .collect()
}

fn jpeg(subsampling: Subsampling) -> Vec<u8> {
    let pixels = pixels();
    let plane = Plane {
        data: &pixels,
        stride: SIZE.width as usize * 3,
    };
    let frame = FrameView::packed(plane, SIZE, PackedOrder::Rgb).unwrap();
    let encoding = Encoding {
        quality: Some(90),
        subsampling,
        max_bytes: None,
        fit: None,
        coder: Coder::Fastest,
    };
    image_from_frame(&frame, ImageKind::FullFrame, None, &encoding, copy_of)
        .unwrap()
        .bytes
        .to_vec()
}

fn why(data: &[u8]) -> String {
    Header::parse(data).unwrap_err().to_string()
}

#[test]
fn a_header_says_size_sampling_and_where_the_scan_begins() {
    for (subsampling, factors, mcu) in [
        (Subsampling::Full, (1, 1), (8, 8)),
        (Subsampling::Half, (2, 1), (16, 8)),
        (Subsampling::Quarter, (2, 2), (16, 16)),
    ] {
        let data = jpeg(subsampling);
        let header = Header::parse(&data).unwrap();
        assert_eq!(
            (header.size, header.factors, header.mcu),
            (SIZE, Some(factors), mcu)
        );
        assert!(header.one_scan && header.has_tables && !header.gray);
        assert_eq!(header.mcu_rows(), SIZE.height.div_ceil(mcu.1));
        let scan_header = memchr::memmem::find(&data, &[0xFF, 0xDA]).unwrap();
        assert_eq!(header.scan_at, scan_header + 2 + 12);
    }
}

#[test]
fn a_header_that_ends_early_says_so_wherever_it_ends() {
    let data = jpeg(Subsampling::Quarter);
    let scan_at = Header::parse(&data).unwrap().scan_at;
    for length in 0..scan_at {
        assert!(matches!(
            Header::parse(&data[..length]),
            Err(FrameError::BadJpeg { .. })
        ));
    }
    assert!(Header::parse(&data[..scan_at]).is_ok());
    assert!(why(b"GIF89a").contains("SOI"));
    assert!(why(&[0xFF, 0xD8, 0xFF, 0xD9]).contains("before its first scan"));
}

#[test]
fn a_cut_of_the_whole_frame_is_the_frame() {
    for subsampling in [Subsampling::Full, Subsampling::Half, Subsampling::Quarter] {
        let data = jpeg(subsampling);
        let header = Header::parse(&data).unwrap();
        let mut cutter = Cutter::default();
        for _ in 0..2 {
            let shows = cutter.cut(&data, &header, Rect::whole(SIZE)).unwrap();
            assert_eq!(shows, Rect::whole(SIZE));
            assert_eq!(cutter.jpeg, data);
        }
    }
}

#[test]
fn a_cut_begins_on_an_mcu_and_ends_where_the_box_does() {
    let data = jpeg(Subsampling::Quarter);
    let header = Header::parse(&data).unwrap();
    let rect = Rect {
        x: 20,
        y: 17,
        width: 9,
        height: 20,
    };
    let mut cutter = Cutter::default();
    let shows = cutter.cut(&data, &header, rect).unwrap();
    assert_eq!(shows.to_string(), "13x21+16+16");
    assert_eq!(Header::parse(&cutter.jpeg).unwrap().size, shows.size());
}

#[test]
fn a_frame_that_ends_too_early_is_not_cut() {
    let data = jpeg(Subsampling::Quarter);
    let header = Header::parse(&data).unwrap();
    for length in header.scan_at..data.len() - 2 {
        let mut torn = data[..length].to_vec();
        torn.extend_from_slice(&[0xFF, 0xD9]);
        let cut = Cutter::default().cut(&torn, &header, Rect::whole(SIZE));
        assert!(
            cut.is_none() || length + 3 > data.len() - 2,
            "{length} of {}",
            data.len()
        );
    }
}

#[test]
fn a_failure_leaves_encoder_and_decoder_usable() {
    let data = jpeg(Subsampling::Quarter);
    let mut decoder = Decoder::new().unwrap();
    let part = Part {
        rect: Rect {
            x: 16,
            y: 3,
            width: 20,
            height: 30,
        },
        scale_eighths: 8,
        gray: false,
        smooth_chroma: false,
    };
    let stride = (20 + LEFT_SLACK_PX) * 3;
    let mut room = vec![0; stride * 30];
    let torn = &data[..data.len() - 200];
    for _ in 0..3 {
        assert!(decoder.part(torn, part, &mut room, stride).is_err());
        assert!(decoder.part(b"no JPEG", part, &mut room, stride).is_err());
        assert_eq!(decoder.part(&data, part, &mut room, stride), Ok(0));
    }
    let outside = Part {
        rect: Rect { x: 40, ..part.rect },
        ..part
    };
    assert!(decoder.part(&data, outside, &mut room, stride).is_err());

    let mut encoder = Encoder::new().unwrap();
    let recipe = |size| Recipe {
        size,
        quality: 90,
        factors: (2, 2),
    };
    let pixels = pixels();
    let plane = Plane {
        data: &pixels,
        stride: SIZE.width as usize * 3,
    };
    let empty = Size {
        width: 0,
        height: 0,
    };
    assert!(
        encoder
            .packed(recipe(empty), plane, PackedOrder::Rgb)
            .is_err()
    );
    encoder
        .packed(recipe(SIZE), plane, PackedOrder::Rgb)
        .unwrap();
    assert_eq!(encoder.encoded(), data);
}

#[test]
#[should_panic(expected = "rows lie inside the slice")]
fn rows_beyond_the_slice_never_reach_c() {
    let plane = Plane {
        data: &[0; 100],
        stride: 30,
    };
    let recipe = Recipe {
        size: Size {
            width: 10,
            height: 4,
        },
        quality: 90,
        factors: (1, 1),
    };
    let _ = Encoder::new()
        .unwrap()
        .packed(recipe, plane, PackedOrder::Rgb);
}

#[test]
fn the_output_grows_with_the_image() {
    // Noise at quality 100: larger than the first output buffer many times over.
    let size = Size {
        width: 1024,
        height: 768,
    };
    let mut state = 1_u32;
    let pixels: Vec<u8> = (0..size.width * size.height * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    let plane = Plane {
        data: &pixels,
        stride: size.width as usize * 3,
    };
    let mut encoder = Encoder::new().unwrap();
    let recipe = Recipe {
        size,
        quality: 100,
        factors: (1, 1),
    };
    encoder.packed(recipe, plane, PackedOrder::Rgb).unwrap();
    let first = encoder.encoded().to_vec();
    assert!(first.len() > 2 << 20 && first.ends_with(&[0xFF, 0xD9]));
    encoder.packed(recipe, plane, PackedOrder::Rgb).unwrap();
    assert_eq!(encoder.encoded(), first);
}
