//! What a shot keeps, and what stays when it lets go.

use std::sync::Arc;

use super::{FrameShare, Shot, ShotPlan};
use crate::error::ImageError;
use crate::frame::{FrameView, PackedOrder, Plane, YuvRange};
use crate::geometry::BoxError;
use crate::geometry::{RawBox, Rect, Size};
use crate::jpeg::{
    Coder, Encoding, ImageKind, Subsampling, copy_of, frame_from_jpeg, image_from_frame,
};

const SIZE: Size = Size {
    width: 192,
    height: 96,
};
const VEHICLE: RawBox = RawBox {
    x: 16.0,
    y: 8.0,
    width: 120.0,
    height: 80.0,
};
const PLATE: RawBox = RawBox {
    x: 40.0,
    y: 60.0,
    width: 48.0,
    height: 16.0,
};
const FAR_PLATE: RawBox = RawBox {
    x: 150.0,
    y: 60.0,
    width: 40.0,
    height: 16.0,
};
const EVERYTHING: ShotPlan = ShotPlan {
    vehicle_crop: true,
    plate_crop: true,
    full_frame: true,
    downsized_into: Some(Size {
        width: 64,
        height: 32,
    }),
    plate_margin: 0.0,
};
const CROPS: ShotPlan = ShotPlan {
    vehicle_crop: true,
    plate_crop: true,
    full_frame: false,
    downsized_into: None,
    plate_margin: 0.0,
};
const PLAIN: Encoding = Encoding {
    quality: Some(85),
    subsampling: Subsampling::Quarter,
    max_bytes: None,
    fit: None,
    coder: Coder::Fastest,
};

fn nv12_bytes() -> Vec<u8> {
    (0..SIZE.width * SIZE.height * 3 / 2)
        .map(|i| u8::try_from(40 + i * 7 % 160).unwrap())
        .collect()
}

fn nv12(bytes: &[u8]) -> FrameView<'_> {
    let (y, uv) = bytes.split_at((SIZE.width * SIZE.height) as usize);
    let stride = SIZE.width as usize;
    FrameView::nv12(
        Plane { data: y, stride },
        Plane { data: uv, stride },
        SIZE,
        YuvRange::Video,
    )
    .unwrap()
}

fn jpeg_bytes() -> Vec<u8> {
    let bytes = nv12_bytes();
    image_from_frame(&nv12(&bytes), ImageKind::FullFrame, None, &PLAIN, copy_of)
        .unwrap()
        .bytes
        .to_vec()
}

fn capture(frame: &FrameView<'_>, plate: RawBox, plan: &ShotPlan) -> Shot {
    Shot::capture(
        Some(frame),
        &mut FrameShare::default(),
        Some(VEHICLE),
        Some(plate),
        plan,
    )
}

fn every_kind() -> [ImageKind; 4] {
    [
        ImageKind::VehicleCrop,
        ImageKind::PlateCrop,
        ImageKind::FullFrame,
        ImageKind::DownsizedFrame,
    ]
}

#[test]
fn a_shot_makes_the_images_that_the_frame_would_have_made() {
    let bytes = nv12_bytes();
    let frame = nv12(&bytes);
    for plan in [
        EVERYTHING,
        ShotPlan {
            full_frame: false,
            ..EVERYTHING
        },
    ] {
        let shot = capture(&frame, PLATE, &plan);
        for kind in every_kind() {
            let crop = if kind == ImageKind::PlateCrop {
                PLATE
            } else {
                VEHICLE
            };
            let encoding = Encoding {
                fit: plan.downsized_into,
                ..PLAIN
            };
            let direct = image_from_frame(&frame, kind, Some(crop), &encoding, copy_of).unwrap();
            match shot.jpeg(kind, &encoding) {
                Ok(kept) => {
                    assert_eq!(
                        (kept.shows, kept.size),
                        (direct.shows, direct.size),
                        "{kind:?}"
                    );
                    assert_eq!(kept.bytes, direct.bytes, "{kind:?}");
                }
                Err(why) => assert_eq!((kind, why), (ImageKind::FullFrame, ImageError::NotKept)),
            }
        }
    }
}

#[test]
fn a_plate_inside_the_vehicle_is_not_copied_and_one_outside_is() {
    let bytes = nv12_bytes();
    let frame = nv12(&bytes);
    let vehicle_bytes = 120 * 80 * 3 / 2;
    assert_eq!(capture(&frame, PLATE, &CROPS).held_bytes(), vehicle_bytes);
    assert_eq!(
        capture(&frame, FAR_PLATE, &CROPS).held_bytes(),
        vehicle_bytes + 40 * 16 * 3 / 2
    );
}

#[test]
fn two_tracks_of_one_frame_share_its_pixels() {
    let bytes = nv12_bytes();
    let frame = nv12(&bytes);
    let mut share = FrameShare::default();
    let shots = [VEHICLE, FAR_PLATE]
        .map(|vehicle| Shot::capture(Some(&frame), &mut share, Some(vehicle), None, &EVERYTHING));
    let whole = share.whole.clone().unwrap();
    assert_eq!(
        Arc::strong_count(&whole),
        2 + shots.len(),
        "one copy, held by both shots, the share and this test"
    );
}

#[test]
fn the_plate_outlives_the_vehicle_and_the_downsized_frame_the_full_one() {
    let bytes = nv12_bytes();
    let frame = nv12(&bytes);
    let shot = capture(&frame, PLATE, &EVERYTHING);
    let small = Encoding {
        fit: EVERYTHING.downsized_into,
        ..PLAIN
    };
    let before: Vec<_> = every_kind()
        .map(|kind| {
            let crop = if kind == ImageKind::PlateCrop {
                PLATE
            } else {
                VEHICLE
            };
            image_from_frame(&frame, kind, Some(crop), &small, copy_of)
                .unwrap()
                .bytes
        })
        .into();
    let held = shot.held_bytes();
    let freed = shot.shed(ImageKind::FullFrame);
    assert_eq!(held - freed, shot.held_bytes());
    assert_eq!(shot.held_bytes(), 120 * 80 * 3 / 2 + 64 * 32 * 3 / 2);
    assert_eq!(
        shot.jpeg(ImageKind::FullFrame, &small).err(),
        Some(ImageError::OverBudget)
    );
    assert_eq!(
        shot.jpeg(ImageKind::DownsizedFrame, &small).unwrap().bytes,
        before[3]
    );
    assert!(shot.shed(ImageKind::VehicleCrop) > 0);
    assert_eq!(
        shot.jpeg(ImageKind::VehicleCrop, &small).err(),
        Some(ImageError::OverBudget)
    );
    assert_eq!(
        shot.jpeg(ImageKind::PlateCrop, &small).unwrap().bytes,
        before[1]
    );
    assert!(shot.shed(ImageKind::PlateCrop) > 0);
    assert_eq!(shot.shed(ImageKind::PlateCrop), 0);
}

#[test]
fn a_jpeg_frame_is_kept_once_and_without_a_copy_when_its_bytes_may_be_shared() {
    let bytes = jpeg_bytes();
    let frame = frame_from_jpeg(&bytes).unwrap();
    let shared: Arc<Vec<u8>> = Arc::new(bytes.clone());
    let mut share = FrameShare::new(Some(shared.clone()));
    let shot = Shot::capture(
        Some(&frame),
        &mut share,
        Some(VEHICLE),
        Some(PLATE),
        &EVERYTHING,
    );
    assert_eq!(shot.held_bytes(), bytes.len());
    assert!(Arc::strong_count(&shared) > 1, "held, not copied");
    assert_eq!(
        *shot.jpeg(ImageKind::FullFrame, &PLAIN).unwrap().bytes,
        *bytes
    );
}

#[test]
fn of_a_jpeg_frame_the_plate_stays_when_the_rest_goes() {
    let bytes = jpeg_bytes();
    let frame = frame_from_jpeg(&bytes).unwrap();
    let shot = capture(&frame, PLATE, &CROPS);
    let before =
        image_from_frame(&frame, ImageKind::PlateCrop, Some(PLATE), &PLAIN, copy_of).unwrap();
    assert_eq!(
        shot.shed(ImageKind::FullFrame),
        0,
        "its vehicle is still wanted"
    );
    assert!(shot.shed(ImageKind::VehicleCrop) > 0);
    let plate = shot.jpeg(ImageKind::PlateCrop, &PLAIN).unwrap();
    assert_eq!((plate.shows, &plate.bytes), (before.shows, &before.bytes));
}

#[test]
fn an_image_is_encoded_once_per_encoding() {
    let bytes = nv12_bytes();
    let shot = capture(&nv12(&bytes), PLATE, &EVERYTHING);
    let first = shot.jpeg(ImageKind::VehicleCrop, &PLAIN).unwrap();
    let fit_says_nothing = Encoding {
        fit: Some(SIZE),
        ..PLAIN
    };
    let second = shot
        .jpeg(ImageKind::VehicleCrop, &fit_says_nothing)
        .unwrap();
    assert!(Arc::ptr_eq(&first.bytes, &second.bytes));
    let rougher = Encoding {
        quality: Some(40),
        ..PLAIN
    };
    let third = shot.jpeg(ImageKind::VehicleCrop, &rougher).unwrap();
    assert!(third.bytes.len() < first.bytes.len());
}

#[test]
fn a_bad_box_costs_its_own_image_only() {
    let bytes = nv12_bytes();
    let frame = nv12(&bytes);
    let nan = RawBox {
        x: f64::NAN,
        ..VEHICLE
    };
    let mut share = FrameShare::default();
    let shot = Shot::capture(Some(&frame), &mut share, Some(nan), None, &EVERYTHING);
    assert!(matches!(
        shot.jpeg(ImageKind::VehicleCrop, &PLAIN),
        Err(ImageError::Box(BoxError::Unusable { .. }))
    ));
    assert!(matches!(
        shot.jpeg(ImageKind::PlateCrop, &PLAIN),
        Err(ImageError::NoBox { what: "plate" })
    ));
    assert_eq!(
        shot.jpeg(ImageKind::FullFrame, &PLAIN).unwrap().shows,
        Rect::whole(SIZE)
    );
}

#[test]
fn without_a_frame_every_image_says_so() {
    let shot = Shot::capture(
        None,
        &mut FrameShare::default(),
        Some(VEHICLE),
        Some(PLATE),
        &EVERYTHING,
    );
    assert_eq!(shot.held_bytes(), 0);
    for kind in every_kind() {
        assert_eq!(shot.jpeg(kind, &PLAIN).err(), Some(ImageError::NoFrame));
    }
}

#[test]
fn what_no_profile_wants_is_not_kept() {
    let pixels = vec![90; 3 * 64 * 64];
    let size = Size {
        width: 64,
        height: 64,
    };
    let frame = FrameView::packed(
        Plane {
            data: &pixels,
            stride: 192,
        },
        size,
        PackedOrder::Bgr,
    )
    .unwrap();
    let shot = capture(&frame, PLATE, &ShotPlan::default());
    assert_eq!(shot.held_bytes(), 0);
    assert_eq!(
        shot.jpeg(ImageKind::VehicleCrop, &PLAIN).err(),
        Some(ImageError::NotKept)
    );
}

#[test]
fn a_plan_keeps_what_every_image_needs_and_of_downsized_frames_the_largest() {
    let mut plan = ShotPlan::default();
    assert!(every_kind().iter().all(|kind| !plan.keeps(*kind)));
    for (width, height) in [(640, 200), (320, 360)] {
        plan.add(ImageKind::DownsizedFrame, Some(Size { width, height }));
    }
    plan.add(ImageKind::PlateCrop, None);
    let both = Size {
        width: 640,
        height: 360,
    };
    let expected = ShotPlan {
        plate_crop: true,
        downsized_into: Some(both),
        ..ShotPlan::default()
    };
    assert_eq!(plan, expected);
    let mut usual = ShotPlan::default();
    usual.add(ImageKind::DownsizedFrame, None);
    assert_eq!(usual.downsized_into, Some(both), "640x360 unless said");
}
