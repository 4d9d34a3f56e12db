//! What a tracker needs of `cammra_edge.config.Settings`, which has checked every value.

use cammra_core::geometry::Size;
use cammra_core::region::Region;
use cammra_core::rules::Rules;
use cammra_core::shot::ShotPlan;
use cammra_core::vote::Patience;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::frames::FrameFormat;
use crate::imaging::parse_kind;

fn field<'py, T>(of: &Bound<'py, PyAny>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    of.getattr(name)?.extract().map_err(Into::into)
}

/// Seconds as nanoseconds.
fn nanoseconds(settings: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    let seconds: f64 = field(settings, name)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast to the nearest i64; no setting comes near its ends"
    )]
    Ok((seconds * 1e9).round() as i64)
}

const fn size((width, height): (u32, u32)) -> Size {
    Size { width, height }
}

fn region(region: &Bound<'_, PyAny>) -> PyResult<Region> {
    Ok(Region {
        roi_id: field(region, "roi_id")?,
        polygon: field(region, "polygon")?,
        arrow: field(region, "arrow")?,
    })
}

/// How frames are to be read.
pub(super) fn frame_format(settings: &Bound<'_, PyAny>) -> PyResult<FrameFormat> {
    FrameFormat::parse(&field::<PyBackedStr>(settings, "frame_format")?)
}

/// The rules of a tracker.
pub(super) fn rules(settings: &Bound<'_, PyAny>) -> PyResult<Rules> {
    let tracking = &settings.getattr("tracking")?;
    let regions = tracking.getattr("regions")?.try_iter()?;
    Ok(Rules {
        result_delay_ns: nanoseconds(tracking, "result_delay_s")?,
        reliable_reads: field(tracking, "reliable_reads")?,
        reliable_support: field(tracking, "reliable_support")?,
        reliable_confidence: field(tracking, "reliable_confidence")?,
        reliable_plate_height: field(tracking, "reliable_plate_height")?,
        reliable_after_ns: nanoseconds(tracking, "reliable_after_s")?,
        change: Patience {
            reads: field(tracking, "change_reads")?,
            after_ns: nanoseconds(tracking, "change_after_s")?,
        },
        update_interval_ns: nanoseconds(tracking, "update_interval_s")?,
        takeover_reads: field(tracking, "takeover_reads")?,
        relink: field(tracking, "relink")?,
        longest_stay_ns: nanoseconds(tracking, "longest_stay_s")?,
        lost_after_ns: nanoseconds(tracking, "lost_after_s")?,
        min_confidence: field(tracking, "min_confidence")?,
        direction_travel: field(tracking, "direction_travel")?,
        vehicles_without_plate: field(tracking, "vehicles_without_plate")?,
        regions: regions
            .map(|item| region(&item?))
            .collect::<PyResult<_>>()?,
        max_tracks: field(tracking, "max_tracks")?,
        shots_per_track: field(tracking, "shots_per_track")?,
        shot_budget_bytes: field(tracking, "shot_budget_bytes")?,
        frame_size: field::<Option<(u32, u32)>>(settings, "frame_size")?.map(size),
    })
}

/// What shots are to keep, so that each of these images can be made.
pub(super) fn plan(settings: &Bound<'_, PyAny>, specs: &Bound<'_, PyAny>) -> PyResult<ShotPlan> {
    let tracking = &settings.getattr("tracking")?;
    let mut plan = ShotPlan {
        plate_margin: field(tracking, "plate_margin")?,
        ..ShotPlan::default()
    };
    for spec in specs.try_iter()? {
        let spec = spec?;
        let kind = parse_kind(&field::<PyBackedStr>(&spec, "kind")?)?;
        let fit: Option<(u32, u32)> = field(&spec, "fit")?;
        plan.add(kind, fit.map(size));
    }
    Ok(plan)
}
