//! What was refused, corrected, evicted or dropped; nothing is lost in silence.

macro_rules! counters {
    ($($(#[doc = $meaning:literal])+ $name:ident),+ $(,)?) => {
        /// Counted since the tracker was made.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[doc = $meaning])+ pub $name: u64,)+
        }

        impl Counters {
            /// Every counter by its name.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),+].into_iter()
            }
        }
    };
}

counters! {
    /// Frames observed.
    frames,
    /// Reads observed, good or bad.
    reads,
    /// Reads whose field had the wrong type; counted by the door.
    refused_reads,
    /// Reads of a track that the same frame has a better read of.
    duplicate_reads,
    /// Reads outside every region.
    reads_outside_regions,
    /// Texts below the least confidence.
    texts_below_confidence,
    /// Texts that were longer than any plate and are kept cut.
    cut_texts,
    /// Attribute values that were too long and are kept cut.
    cut_values,
    /// Confidences that were not a number (taken as 0) or outside 0..=1 (taken as the nearer end).
    corrected_confidences,
    /// Boxes that were not a number, empty or absurd (taken as not given).
    refused_boxes,
    /// Frames whose time was before one already seen (taken as that one).
    late_frames,
    /// Times the clock started anew, further back than the lost time (gone on from where it was).
    clock_restarts,
    /// Vehicles so far.
    vehicles,
    /// Vehicles that had to end to make room.
    evicted_vehicles,
    /// Reads of vehicles that found no room, since all others were read in this very frame.
    crowded_out_reads,
    /// Shots whose pixels were copied.
    shots_taken,
    /// Full frames dropped to keep within the memory budget.
    shed_full_frames,
    /// Vehicle crops dropped for the same reason.
    shed_vehicle_crops,
    /// Downsized frames dropped for the same reason.
    shed_downsized_frames,
    /// Plate crops dropped for the same reason.
    shed_plate_crops,
}
