//! What was refused, corrected, evicted or dropped: nothing is lost in silence.

macro_rules! counters {
    ($($(#[doc = $meaning:literal])+ $name:ident),+ $(,)?) => {
        /// Counts since the tracker started.
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

impl Counters {
    /// How much of what came in was refused or corrected; frames that ask to be turned count as one, for it is said once.
    #[must_use]
    pub const fn wrong_inputs(&self) -> u64 {
        self.refused_reads
            + self.cut_texts
            + self.cut_values
            + self.corrected_confidences
            + self.refused_boxes
            + self.refused_times
            + self.late_frames
            + self.clock_restarts
            + if self.turned_frames == 0 { 0 } else { 1 }
    }
}

counters! {
    /// Frames observed.
    frames,
    /// Reads observed, good or bad.
    reads,
    /// Reads with a field of the wrong type; counted by the door.
    refused_reads,
    /// Reads of a track that has a better one in the same frame.
    duplicate_reads,
    /// Reads outside every region.
    reads_outside_regions,
    /// Texts below the minimum confidence.
    texts_below_confidence,
    /// Texts longer than any plate, which were cut.
    cut_texts,
    /// Attribute values that were too long and were cut.
    cut_values,
    /// Confidences that were not a number from 0 to 1 (taken as not known).
    corrected_confidences,
    /// Boxes that were NaN, empty or absurd (taken as missing).
    refused_boxes,
    /// Times that were no whole numbers of 64 bits (taken as the latest); counted as such by the door.
    refused_times,
    /// Frames with a time before that of an earlier frame (taken as the latest).
    late_frames,
    /// Restarts of the clock, further back than the lost time (continued from the latest).
    clock_restarts,
    /// Frames whose EXIF orientation asks viewers to turn them (boxes mean them as they are stored).
    turned_frames,
    /// Vehicles so far.
    vehicles,
    /// Vehicles that had to end to make room.
    evicted_vehicles,
    /// Vehicles that took over the number of another one.
    taken_over,
    /// Numbers that two vehicles had exchanged, bound anew.
    rebound,
    /// Numbers that continue a vehicle whose number was lost.
    relinked,
    /// Numbers that were taken from a vehicle again, since both were seen in one frame.
    unlinked,
    /// Reads of vehicles without room, since all others were read in the same frame.
    crowded_out_reads,
    /// Shots taken.
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
