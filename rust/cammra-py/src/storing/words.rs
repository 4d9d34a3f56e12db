//! Words and numbers of events, as the log holds them.

use cammra_core::event::{Direction, EventKind};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

const FULL_CONFIDENCE: f64 = 10_000.0;

/// A confidence in ten-thousandths; what is none is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 10,000, or NaN, which becomes 0"
)]
pub(super) fn ten_thousandths(confidence: f64) -> u16 {
    (confidence * FULL_CONFIDENCE)
        .round()
        .clamp(0.0, FULL_CONFIDENCE) as u16
}

pub(super) fn kind_of(word: &Bound<'_, PyString>) -> PyResult<EventKind> {
    let word = word.to_str()?;
    let kind = EventKind::ALL.into_iter().find(|kind| kind.name() == word);
    kind.ok_or_else(|| PyValueError::new_err(format!("{word}: want an event type")))
}

pub(super) fn direction_of(word: &Bound<'_, PyString>) -> PyResult<Direction> {
    let directions = [Direction::In, Direction::Out, Direction::Unknown];
    let word = word.to_str()?;
    let direction = directions
        .into_iter()
        .find(|direction| direction.name() == word);
    direction.ok_or_else(|| PyValueError::new_err(format!("{word}: want a direction")))
}
