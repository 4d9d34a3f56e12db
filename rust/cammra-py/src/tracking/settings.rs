//! The settings as plain values: what `cammra_edge.tracking` makes of `config.TrackingSettings` and the profiles.

use cammra_core::error::RuleError;
use cammra_core::geometry::Size;
use cammra_core::region::Region;
use cammra_core::rules::Rules;
use cammra_core::shot::ShotPlan;
use cammra_core::vote::Patience;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors;

/// Reads one setting, or says by name what is wrong with it.
fn setting<'py, T>(settings: &Bound<'py, PyDict>, field: &'static str, want: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let value = settings
        .get_item(field)?
        .ok_or_else(|| errors::config_error(field, "missing".to_owned(), want))?;
    value
        .extract()
        .map_err(|_| errors::config_error(field, shown(&value), want))
}

fn shown(value: &Bound<'_, PyAny>) -> String {
    value.repr().map_or_else(
        |_| "an object without a name".to_owned(),
        |text| text.to_string(),
    )
}

/// Seconds as nanoseconds.
fn nanoseconds(settings: &Bound<'_, PyDict>, field: &'static str) -> PyResult<i64> {
    let seconds: f64 = setting(settings, field, "a number of seconds")?;
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err(errors::config_error(
            field,
            seconds.to_string(),
            "0 to 86400 seconds",
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a day")]
    Ok((seconds * 1e9).round() as i64)
}

type Point = (f64, f64);
type PlainRegion = (u32, Vec<Point>, (Point, Point));

fn regions(settings: &Bound<'_, PyDict>) -> PyResult<Vec<Region>> {
    let want = "a list of (roi_id, corners, (tail, head))";
    let given: Vec<PlainRegion> = setting(settings, "regions", want)?;
    Ok(given
        .into_iter()
        .map(|(roi_id, polygon, arrow)| Region {
            roi_id,
            polygon,
            arrow,
        })
        .collect())
}

fn size(settings: &Bound<'_, PyDict>, field: &'static str) -> PyResult<Option<Size>> {
    let size: Option<(u32, u32)> = setting(settings, field, "(width, height) or None")?;
    Ok(size.map(|(width, height)| Size { width, height }))
}

/// The rules of a tracker.
pub(super) fn rules(settings: &Bound<'_, PyDict>) -> PyResult<Rules> {
    let count = "a whole number";
    let fraction = "a number from 0 to 1";
    Ok(Rules {
        result_delay_ns: nanoseconds(settings, "result_delay_s")?,
        reliable_reads: setting(settings, "reliable_reads", count)?,
        reliable_confidence: setting(settings, "reliable_confidence", fraction)?,
        reliable_after_ns: nanoseconds(settings, "reliable_after_s")?,
        change: Patience {
            reads: setting(settings, "change_reads", count)?,
            after_ns: nanoseconds(settings, "change_after_s")?,
        },
        lost_after_ns: nanoseconds(settings, "lost_after_s")?,
        min_confidence: setting(settings, "min_confidence", fraction)?,
        direction_travel: setting(settings, "direction_travel", fraction)?,
        vehicles_without_plate: setting(settings, "vehicles_without_plate", "True or False")?,
        regions: regions(settings)?,
        max_tracks: setting(settings, "max_tracks", count)?,
        shots_per_track: setting(settings, "shots_per_track", count)?,
        shot_budget_bytes: setting(settings, "shot_budget_bytes", "a number of bytes")?,
        frame_size: size(settings, "frame_size")?,
    })
}

/// What shots are to keep.
pub(super) fn plan(wishes: &Bound<'_, PyDict>) -> PyResult<ShotPlan> {
    let yes_or_no = "True or False";
    Ok(ShotPlan {
        vehicle_crop: setting(wishes, "vehicle_crop", yes_or_no)?,
        plate_crop: setting(wishes, "plate_crop", yes_or_no)?,
        full_frame: setting(wishes, "full_frame", yes_or_no)?,
        downsized_into: size(wishes, "downsized_into")?,
    })
}

/// A rule that the core refused, by the setting's name.
pub(super) fn refused(error: RuleError) -> PyErr {
    errors::config_error(error.field, error.value, error.want)
}
