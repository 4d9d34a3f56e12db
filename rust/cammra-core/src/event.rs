//! What a vehicle says: an event and its nouns.

use std::sync::Arc;

use crate::geometry::Rect;
use crate::shot::Shot;

/// What a vehicle says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Seen for the first time.
    New,
    /// One consolidated, actionable answer.
    Reliable,
    /// A reported value has changed.
    Update,
    /// No longer read.
    Lost,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::New, Self::Reliable, Self::Update, Self::Lost];

    /// What it is in the outbox's log: the same for good, and less than 8.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::New => 0,
            Self::Reliable => 1,
            Self::Update => 2,
            Self::Lost => 3,
        }
    }

    /// The wire's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reliable => "reliable",
            Self::Update => "update",
            Self::Lost => "lost",
        }
    }
}

/// Movement along the region's arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Along the arrow.
    In,
    /// Against it.
    Out,
    /// Not known.
    #[default]
    Unknown,
}

impl Direction {
    /// The wire's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a vehicle's answer counts as reliable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReliableBy {
    /// Its reads agree.
    Agreement,
    /// The time for them to agree was over.
    Timeout,
    /// The vehicle was gone.
    End,
}

impl ReliableBy {
    /// The model's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Timeout => "timeout",
            Self::End => "end",
        }
    }
}

/// What may be known of a vehicle besides its text; the names are those of `PlateRead` and `VehicleInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Attribute {
    Country,
    Region,
    RegionCode,
    Iso3166Part2,
    View,
    Kind,
    Colour,
    Make,
    Model,
}

impl Attribute {
    /// All of them, in the order of an event.
    pub const ALL: [Self; 9] = [
        Self::Country,
        Self::Region,
        Self::RegionCode,
        Self::Iso3166Part2,
        Self::View,
        Self::Kind,
        Self::Colour,
        Self::Make,
        Self::Model,
    ];

    /// The field's name in `PlateRead` and `VehicleInfo`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Region => "region",
            Self::RegionCode => "region_code",
            Self::Iso3166Part2 => "iso3166_2",
            Self::View => "view",
            Self::Kind => "kind",
            Self::Colour => "colour",
            Self::Make => "make",
            Self::Model => "model",
        }
    }

    /// The name in an Update's list of changes, where `region` is the region of interest.
    #[must_use]
    pub const fn change_name(self) -> &'static str {
        match self {
            Self::Region => "plate_region",
            other => other.name(),
        }
    }
}

/// When a frame was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameTime {
    /// Drives every timer; never steps back inside the tracker.
    pub mono_ns: i64,
    /// Is reported; may jump.
    pub utc_ns: i64,
    /// Whether somebody has set the clock that `utc_ns` is of; `None` where that is not known.
    pub clock_synced: Option<bool>,
}

/// A clock that is set jumps by more than this; one that is corrected by less.
const SET_NS: u64 = 60_000_000_000;

impl FrameTime {
    /// The moment `mono_ns`, with its UTC reckoned from this one.
    pub(crate) const fn at(self, mono_ns: i64) -> Self {
        let passed_ns = mono_ns.saturating_sub(self.mono_ns);
        Self {
            mono_ns,
            utc_ns: self.utc_ns.saturating_add(passed_ns),
            clock_synced: self.clock_synced,
        }
    }

    /// The clock has been set since: tells this moment by the clock as it is `now`.
    pub(crate) const fn tell_by(&mut self, now: Self) {
        let right = now.at(self.mono_ns);
        if right.utc_ns.abs_diff(self.utc_ns) > SET_NS {
            self.utc_ns = right.utc_ns;
        }
        self.clock_synced = now.clock_synced;
    }
}

/// What an Update changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes(u16);

impl Changes {
    const PLATE: u16 = 1;
    const DIRECTION: u16 = 1 << 1;
    const REGION: u16 = 1 << 2;
    const ATTRIBUTES: u16 = 3;

    pub(crate) const fn add_plate(&mut self) {
        self.0 |= Self::PLATE;
    }

    pub(crate) const fn add_direction(&mut self) {
        self.0 |= Self::DIRECTION;
    }

    pub(crate) const fn add_region(&mut self) {
        self.0 |= Self::REGION;
    }

    pub(crate) const fn remove_plate(&mut self) {
        self.0 &= !Self::PLATE;
    }

    pub(crate) const fn remove_direction(&mut self) {
        self.0 &= !Self::DIRECTION;
    }

    pub(crate) const fn remove_region(&mut self) {
        self.0 &= !Self::REGION;
    }

    pub(crate) const fn add_attribute(&mut self, attribute: Attribute) {
        self.0 |= 1 << (Self::ATTRIBUTES + attribute as u16);
    }

    /// Whether the text did.
    #[must_use]
    pub const fn has_plate(self) -> bool {
        self.0 & Self::PLATE != 0
    }

    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their names: `plate`, `direction`, `region` (of interest), then the attributes.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let own = [
            (Self::PLATE, "plate"),
            (Self::DIRECTION, "direction"),
            (Self::REGION, "region"),
        ];
        let attributes = Attribute::ALL.map(|attribute| {
            (
                1 << (Self::ATTRIBUTES + attribute as u16),
                attribute.change_name(),
            )
        });
        own.into_iter()
            .chain(attributes)
            .filter(move |(bit, _)| self.0 & bit != 0)
            .map(|(_, name)| name)
    }
}

/// The shot that an event's images are cut from.
#[derive(Clone)]
pub struct EventShot {
    /// Counts the tracker's shots from 1.
    pub shot_no: u64,
    /// The pixels.
    pub shot: Arc<Shot>,
}

/// One thing a vehicle says, before images and wire numbers are added.
#[derive(Clone)]
pub struct TrackEvent {
    /// New, Reliable, Update or Lost.
    pub kind: EventKind,
    /// Counts the stream's vehicles from 1.
    pub vehicle_no: u64,
    /// The recogniser's number of the vehicle.
    pub track: i64,
    /// Counts the vehicle's events from 1.
    pub ordinal: u32,
    /// When it happened: the read's frame time, or the timer's own moment, however late it was noticed.
    pub at: FrameTime,
    /// When the vehicle was first read,
    pub first: FrameTime,
    /// and when last.
    pub last: FrameTime,
    /// The consolidated text.
    pub text: String,
    /// Mean confidence of the reads, each as far as it agrees with it.
    pub confidence: f64,
    /// Why the answer is reliable; `None` before it is.
    pub reliable_by: Option<ReliableBy>,
    /// Movement along the region's arrow.
    pub direction: Direction,
    /// Region of interest, from 1.
    pub roi_id: u32,
    /// The other attributes that are known.
    pub attributes: Vec<(Attribute, String)>,
    /// Mean of what the reads gave for make and model.
    pub confidence_mmr: Option<f64>,
    /// Mean of what the reads gave for the colour.
    pub confidence_colour: Option<f64>,
    /// What an Update changed; empty for the other kinds.
    pub changed: Changes,
    /// The text that was told before an Update of it; else empty.
    pub previous_text: String,
    /// Texts that the plate may have, the consolidated one first, and how well its reads support each, 0..=1.
    pub candidates: Vec<(String, f64)>,
    /// Reads with a text, so far.
    pub reads: u32,
    /// Text of the read that the boxes and the shot show.
    pub image_text: String,
    /// When that read's frame was taken; 0 without a shot.
    pub image_utc_ns: i64,
    /// The vehicle in that frame, clamped to it.
    pub vehicle_box: Option<Rect>,
    /// The plate in that frame, clamped to it.
    pub plate_box: Option<Rect>,
    /// `None` when no frame came with the reads, or no profile wants images.
    pub shot: Option<EventShot>,
}
