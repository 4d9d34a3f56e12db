//! The encoder of our own with certain instructions, as a processor with no others runs it. The package takes the best that
//! there are, and nothing with none of them.

use std::cell::RefCell;

use cammra_jpeg::{Chroma, Encoder, Kernel, Picture, Plane, Range};

/// An encoder of one kernel, and what it wrote last.
struct Kept {
    kernel: Kernel,
    encoder: Encoder,
    out: Vec<u8>,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Takes the kernel of that place in [`Kernel::ALL`] from now on; 0 where this processor lacks it.
#[unsafe(no_mangle)]
pub extern "C" fn kernel_choose(place: u32) -> u32 {
    let kept = Kernel::ALL.get(place as usize).and_then(|&kernel| {
        let encoder = Encoder::with_kernel(kernel)?;
        Some(Kept {
            kernel,
            encoder,
            out: Vec::new(),
        })
    });
    KEPT.set(kept);
    KEPT.with_borrow(|kept| u32::from(kept.is_some()))
}

/// The place in [`Kernel::ALL`] of the kernel that was chosen; -1 for none.
#[unsafe(no_mangle)]
pub extern "C" fn kernel_chosen() -> i32 {
    KEPT.with_borrow(|kept| kept.as_ref().map_or(-1, |kept| kept.kernel as i32))
}

/// Encodes a box of an NV12 frame of full range, at quality 85; the size of the JPEG, 0 where the box is refused or no
/// kernel was chosen.
///
/// # Safety
/// Both planes are good for `pitch` bytes in each of their rows: `height` of luma, half as many of chroma.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kernel_nv12(
    luma: *const u8,
    chroma: *const u8,
    pitch: u32,
    height: u32,
    left: u32,
    top: u32,
    wide: u32,
    high: u32,
) -> usize {
    let (stride, rows) = (pitch as usize, height as usize);
    // SAFETY: promised by the caller.
    let (luma, chroma) = unsafe {
        (
            std::slice::from_raw_parts(luma, stride * rows),
            std::slice::from_raw_parts(chroma, stride * rows / 2),
        )
    };
    let plane = |data| Plane { data, stride };
    let pairs = Chroma::Interleaved(plane(chroma));
    let picture = Picture::new(plane(luma), pairs, (pitch, height), Range::Full)
        .and_then(|whole| whole.cut((left, top), (wide, high)));
    KEPT.with_borrow_mut(|kept| {
        let (Ok(picture), Some(kept)) = (picture, kept) else {
            return 0;
        };
        kept.out.clear();
        let encoded = kept.encoder.encode(&picture, 85, &mut kept.out);
        encoded.map_or(0, |()| kept.out.len())
    })
}
