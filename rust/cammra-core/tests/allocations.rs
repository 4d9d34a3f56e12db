//! An `observe` call without an event and without a better shot allocates nothing.

mod rules;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use cammra_core::event::{Attribute, FrameTime};
use cammra_core::geometry::{RawBox, Size};
use cammra_core::shot::{Shot, ShotPlan};
use cammra_core::tracker::{Camera, Read, ReadBatch, Tracker};

/// The system's allocator, counting what this thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[expect(
    unsafe_code,
    reason = "a global allocator cannot be had without; it only counts"
)]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A camera whose frames cost nothing, so that only the tracker's own allocations count.
struct Blind;

impl Camera for Blind {
    fn frame_size(&self) -> Option<Size> {
        Some(Size {
            width: 1920,
            height: 1080,
        })
    }

    fn take(
        &mut self,
        vehicle: Option<RawBox>,
        plate: Option<RawBox>,
        plan: &ShotPlan,
    ) -> Option<Shot> {
        Some(Shot::capture(
            None,
            &mut cammra_core::shot::FrameShare::default(),
            vehicle,
            plate,
            plan,
        ))
    }
}

const TEXTS: [&str; 3] = ["1AB1234", "1AB1Z34", "11AB1234"];

/// Ten vehicles, some with noisy texts, that stand still.
fn fill(batch: &mut ReadBatch, frame: i64) {
    batch.clear();
    for (track, x) in (0..10).zip([100.0, 200.0, 300.0, 400.0, 500.0].into_iter().cycle()) {
        let misread = TEXTS
            .iter()
            .cycle()
            .nth(usize::try_from(frame + track).unwrap_or(0));
        let noisy = track % 3 == 0;
        let mut attributes = [""; Attribute::ALL.len()];
        attributes[0] = if (frame + track) % 5 == 0 {
            "SVK"
        } else {
            "CZE"
        };
        let place = RawBox {
            x,
            y: 50.0,
            width: 80.0,
            height: 20.0,
        };
        batch.push(&Read {
            track,
            text: misread.filter(|_| noisy).copied().unwrap_or("1AB1234"),
            confidence: 0.7,
            vehicle: Some(place),
            plate: Some(place),
            attributes,
            ..Read::default()
        });
    }
}

#[test]
fn a_call_without_an_event_and_a_better_shot_allocates_nothing() {
    let plan = ShotPlan {
        vehicle_crop: true,
        plate_crop: true,
        ..ShotPlan::default()
    };
    let mut tracker = Tracker::new(rules::usual(), plan);
    let mut batch = ReadBatch::default();
    let mut quiet = 0;
    for frame in 0..400 {
        fill(&mut batch, frame);
        let at = FrameTime {
            mono_ns: frame * 40_000_000,
            utc_ns: 0,
            clock_synced: Some(frame % 8 > 3),
        };
        let shots = tracker.counters().shots_taken;
        let before = ALLOCATIONS.with(Cell::get);
        let said = tracker.observe(&batch, at, &mut Blind);
        let allocations = ALLOCATIONS.with(Cell::get) - before;
        if said.is_empty() && tracker.counters().shots_taken == shots {
            assert_eq!(allocations, 0, "frame {frame}");
            quiet += 1;
        }
    }
    assert!(quiet > 300, "only {quiet} quiet frames");
    assert_eq!(tracker.open_tracks(), 10);
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.with(Cell::get);
    drop(std::hint::black_box(vec![1_u8]));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 1);
}
