//! A search in digests, with the interpreter free.

use cammra_core::log_search::{Found, PlateQuery, Query, Search, bit_of};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;

use super::shared::Ledger;
use super::texts::{bytes_of_text, normal_form};
use super::words::{direction_of, kind_of, ten_thousandths};

/// Place in the outbox, segment, offset, length, kind of frame, whether the plate is the one asked for, states.
type Row = (u64, u64, u64, u32, u8, bool, u8);

/// See `_native.pyi`.
#[pyclass(module = "cammra_edge._native")]
pub(super) struct LogSearch {
    /// Boxed: what looks for bytes is aligned to 32, and what Python allocates to 16 only.
    search: Box<Search>,
}

const _: () = assert!(align_of::<LogSearch>() <= 16, "Python aligns to no more");

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
impl LogSearch {
    #[new]
    #[pyo3(signature = (
        *, plate, one_off, from_utc_ns, to_utc_ns, direction, roi, list_name, kinds,
        min_confidence, states, before_seq, limit
    ))]
    #[expect(clippy::too_many_arguments, reason = "all that may be asked")]
    fn new(
        plate: &Bound<'_, PyString>,
        one_off: bool,
        from_utc_ns: Option<i64>,
        to_utc_ns: Option<i64>,
        direction: Option<Bound<'_, PyString>>,
        roi: Option<u32>,
        list_name: &Bound<'_, PyString>,
        kinds: Vec<Bound<'_, PyString>>,
        min_confidence: f64,
        states: u8,
        before_seq: u64,
        limit: usize,
    ) -> PyResult<Self> {
        let plate = normal_form(plate, true)?;
        let plate = String::from_utf8_lossy(&plate);
        let kinds = kinds.iter().try_fold(0, |bits, word| {
            kind_of(word).map(|kind| bits | bit_of(kind))
        })?;
        let direction = direction.as_ref().map(direction_of).transpose()?;
        Ok(Self {
            search: Box::new(Search::new(Query {
                plate: PlateQuery::new(&plate, one_off),
                at_utc_ns: from_utc_ns.unwrap_or(i64::MIN)..to_utc_ns.unwrap_or(i64::MAX),
                direction,
                roi,
                list: bytes_of_text(list_name)?.into_owned(),
                kinds,
                min_confidence: ten_thousandths(min_confidence),
                states,
                before_seq: if before_seq == 0 {
                    u64::MAX
                } else {
                    before_seq
                },
                limit,
            })),
        })
    }

    fn segment(
        &mut self,
        py: Python<'_>,
        ledger: &Ledger,
        segment: u64,
        digests: PyBackedBytes,
    ) -> bool {
        let search = &self.search;
        let fitting = py.detach(|| search.fitting(segment, &digests));
        let ledger = ledger.lock(py);
        self.search.take(fitting, |seq| ledger.states(seq))
    }

    #[getter]
    fn lowest_seq(&self) -> u64 {
        self.search.lowest_seq()
    }

    fn found(&self) -> Vec<Row> {
        self.search.found().map(row_of).collect()
    }
}

fn row_of(found: &Found) -> Row {
    let Found {
        seq,
        segment,
        place,
        kind,
        is_exact,
        states,
    } = *found;
    (
        seq,
        segment,
        place.offset,
        place.length,
        kind,
        is_exact,
        states,
    )
}
