//! What Python asks of the ledger, and tells it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use cammra_core::ledger::{self, Limits};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::group::LogGroup;
use super::rows::{DeliveryRow, ParkedRow, Standing, parked_row, place_of, row_of};
use super::shared::Ledger;
use super::texts::{bytes_of_text, text_of_bytes};
use crate::errors::from_log;

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
impl Ledger {
    #[new]
    fn new(py: Python<'_>, known_events: u64) -> Self {
        Self {
            core: Mutex::new(ledger::Ledger::new(known_events)),
            state: PyDict::new(py).unbind(),
        }
    }

    // ---- feeding ----

    fn apply(&self, py: Python<'_>, group: &LogGroup) -> PyResult<()> {
        let (segment, digests) = group.told();
        self.lock(py).apply(segment, digests).map_err(from_log)
    }

    fn apply_in_memory(&self, py: Python<'_>, group: &LogGroup) {
        let (segment, digests) = group.told();
        self.lock(py).apply_in_memory(segment, digests);
    }

    fn replay(&self, py: Python<'_>, segment: u64, digests: &[u8]) -> PyResult<usize> {
        let mut payloads = Vec::new();
        let unreadable = py
            .detach(|| {
                let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
                core.replay(segment, digests, &mut |state| {
                    payloads.push(state.to_vec());
                })
            })
            .map_err(from_log)?;
        let loads = py.import("json")?.getattr("loads")?;
        for payload in payloads {
            let entries = loads.call1((PyBytes::new(py, &payload),));
            if let Ok(entries) = entries.and_then(|entries| Ok(entries.cast_into::<PyDict>()?)) {
                self.state.bind(py).update(entries.as_mapping())?;
            }
        }
        Ok(unreadable)
    }

    // ---- numbers ----

    #[getter]
    fn highest(&self, py: Python<'_>) -> (u64, u64, u64) {
        let highest = self.lock(py).highest();
        (highest.seq, highest.image_no, highest.car_id)
    }

    #[getter]
    fn packets(&self, py: Python<'_>) -> BTreeMap<u32, u64> {
        self.lock(py).packets().collect()
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.state.bind(py).copy()
    }

    fn seq_of(&self, py: Python<'_>, event_id: [u8; 16]) -> Option<u64> {
        self.lock(py).seq_of(&event_id)
    }

    fn car_id(&self, py: Python<'_>, vehicle_hash: u64) -> Option<u64> {
        self.lock(py).car_id(vehicle_hash)
    }

    fn renumber(&self, py: Python<'_>, numbers: Vec<(u32, u32)>) {
        self.lock(py).renumber(&numbers);
    }

    // ---- queues ----

    fn waiting<'py>(
        &self,
        py: Python<'py>,
        profile: u32,
        after_seq: u64,
        limit: usize,
    ) -> Vec<DeliveryRow<'py>> {
        let core = self.lock(py);
        let rows = core.waiting(profile, after_seq).take(limit);
        rows.map(|waiting| row_of(py, profile, waiting)).collect()
    }

    fn waiting_of<'py>(&self, py: Python<'py>, profile: u32, car_id: u64) -> Vec<DeliveryRow<'py>> {
        let core = self.lock(py);
        let rows = core.waiting_of(profile, car_id);
        rows.map(|waiting| row_of(py, profile, waiting)).collect()
    }

    fn waits(&self, py: Python<'_>, seq: u64, profile: u32) -> bool {
        self.lock(py).waits(seq, profile)
    }

    fn delivery<'py>(&self, py: Python<'py>, seq: u64, profile: u32) -> Option<Standing<'py>> {
        let core = self.lock(py);
        let delivery = core.delivery(seq, profile)?;
        Some((
            delivery.packet,
            delivery.attempts,
            delivery.state.bit(),
            delivery.pictures,
            delivery.keys,
            delivery.size,
            text_of_bytes(py, delivery.why),
            text_of_bytes(py, delivery.words),
            delivery.parked_utc_ns,
        ))
    }

    fn totals(&self, py: Python<'_>) -> Vec<(u32, u8, u64, u64)> {
        let core = self.lock(py);
        let totals = core.totals();
        totals
            .map(|(profile, state, events, bytes)| (profile, state.bit(), events, bytes))
            .collect()
    }

    #[getter]
    fn held(&self, py: Python<'_>) -> (u64, u64) {
        let held = self.lock(py).held(false);
        (held.bytes, held.events)
    }

    #[getter]
    fn held_in_memory(&self, py: Python<'_>) -> (u64, u64) {
        let held = self.lock(py).held(true);
        (held.bytes, held.events)
    }

    fn is_live(&self, py: Python<'_>, seq: u64) -> bool {
        self.lock(py).is_live(seq)
    }

    fn states(&self, py: Python<'_>, seq: u64) -> u8 {
        self.lock(py).states(seq)
    }

    fn place(&self, py: Python<'_>, seq: u64) -> Option<(u32, u64, u32)> {
        self.lock(py).place(seq).map(place_of)
    }

    fn images(&self, py: Python<'_>, seq: u64) -> Vec<(u64, u32, u64, u32)> {
        let core = self.lock(py);
        let images = core.images(seq);
        images
            .map(|(no, location)| {
                let (segment, offset, length) = location.map(place_of).unwrap_or_default();
                (no, segment, offset, length)
            })
            .collect()
    }

    fn image(&self, py: Python<'_>, no: u64) -> Option<(u32, u64, u32)> {
        self.lock(py).image(no).map(place_of)
    }

    fn image_no(&self, py: Python<'_>, image_key: &Bound<'_, PyString>) -> PyResult<u64> {
        let key = bytes_of_text(image_key)?;
        Ok(self.lock(py).image_no(&key))
    }

    fn open_vehicles<'py>(&self, py: Python<'py>) -> Vec<(u64, u64, Vec<Bound<'py, PyBytes>>)> {
        let open = self.lock(py).open_vehicles();
        let open = open.into_iter();
        open.map(|(car_id, seq, ids)| {
            let ids = ids.iter().map(|id| PyBytes::new(py, id)).collect();
            (car_id, seq, ids)
        })
        .collect()
    }

    // ---- settling ----

    fn done(&self, py: Python<'_>, seq: u64, profile: u32) -> bool {
        self.lock(py).done(seq, profile)
    }

    fn expire(&self, py: Python<'_>, seq: u64, profile: u32) -> bool {
        self.lock(py).expire(seq, profile)
    }

    fn drop(
        &self,
        py: Python<'_>,
        seq: u64,
        profile: u32,
        why: &Bound<'_, PyString>,
    ) -> PyResult<bool> {
        let why = bytes_of_text(why)?;
        Ok(self.lock(py).drop_delivery(seq, profile, &why))
    }

    fn attempts(&self, py: Python<'_>, seq: u64, profile: u32, number: u32) -> bool {
        self.lock(py).set_attempts(seq, profile, number)
    }

    #[expect(clippy::too_many_arguments, reason = "what a parked delivery is")]
    fn park(
        &self,
        py: Python<'_>,
        seq: u64,
        profile: u32,
        attempts: u32,
        utc_ns: u64,
        why: &Bound<'_, PyString>,
        words: &Bound<'_, PyString>,
    ) -> PyResult<bool> {
        let (why, words) = (bytes_of_text(why)?, bytes_of_text(words)?);
        let mut core = self.lock(py);
        Ok(core.park(seq, profile, attempts, utc_ns, &why, &words))
    }

    #[getter]
    fn pending(&self, py: Python<'_>) -> usize {
        self.lock(py).pending()
    }

    // ---- for a person ----

    fn parked<'py>(
        &self,
        py: Python<'py>,
        profile: Option<u32>,
        after: (u32, u64),
        limit: usize,
    ) -> Vec<ParkedRow<'py>> {
        let core = self.lock(py);
        let parked = core.parked(profile, after).take(limit);
        parked.map(|parked| parked_row(py, &parked)).collect()
    }

    #[pyo3(signature = (profile=None, seq=None))]
    fn unpark(&self, py: Python<'_>, profile: Option<u32>, seq: Option<u64>) -> Vec<(u64, u32)> {
        self.lock(py).unpark(profile, seq)
    }

    #[pyo3(signature = (profile=None, seq=None))]
    fn discard(&self, py: Python<'_>, profile: Option<u32>, seq: Option<u64>) -> Vec<(u64, u32)> {
        self.lock(py).discard(profile, seq)
    }

    fn give(
        &self,
        py: Python<'_>,
        giver: u32,
        taker: u32,
        next_packet: u64,
        in_flight: HashSet<u64>,
    ) -> (u64, u64, u64) {
        let mut core = self.lock(py);
        let outcome = core.give(giver, taker, next_packet, &in_flight);
        (outcome.moved, outcome.dropped, outcome.parked)
    }

    // ---- bounds ----

    fn make_room(
        &self,
        py: Python<'_>,
        max_bytes: Option<u64>,
        max_events: Option<u64>,
        in_flight: HashSet<u64>,
        profile: Option<u32>,
        in_memory: bool,
    ) -> Vec<(u32, &'static str, u64)> {
        let limits = Limits {
            max_bytes,
            max_events,
        };
        let mut core = self.lock(py);
        let losses = core.make_room(limits, &in_flight, profile, in_memory);
        let losses = losses.into_iter();
        losses
            .map(|(profile, loss, count)| (profile, loss.words(), count))
            .collect()
    }

    fn drop_older(
        &self,
        py: Python<'_>,
        before_stored_ns: u64,
        in_flight: HashSet<u64>,
    ) -> Vec<(u32, u64)> {
        self.lock(py).drop_older(before_stored_ns, &in_flight)
    }

    // ---- segments ----

    fn segments(&self, py: Python<'_>) -> Vec<(u32, u64, u64, u64)> {
        let core = self.lock(py);
        let segments = core.segments();
        segments
            .map(|(segment, used)| (segment, used.live_bytes, used.live_events, used.events))
            .collect()
    }

    fn live_in(&self, py: Python<'_>, segment: u64) -> Vec<u64> {
        self.lock(py).live_in(segment)
    }

    fn carry(&self, py: Python<'_>, segment: u64, digests: &[u8]) {
        self.lock(py).carry(segment, digests);
    }

    fn forget_segment(&self, py: Python<'_>, segment: u64) {
        self.lock(py).forget_segment(segment);
    }

    fn erase(&self, py: Python<'_>, seqs: Vec<u64>) -> Vec<(u64, u32)> {
        self.lock(py).erase(&seqs)
    }
}
