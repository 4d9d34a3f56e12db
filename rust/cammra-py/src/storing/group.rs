//! Frames that are written together, taken off Python's events.

use cammra_core::event::{Direction, EventKind};
use cammra_core::log_frame::{VERSION, kind};
use cammra_core::log_group::{Group, Piece};
use cammra_core::log_record::{
    Brief, Delivery, EventFrame, Head, State, flag, put_deliveries, put_images, vehicle_hash,
};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use super::encode::put_event;
use super::frames::StoreId;
use super::shared::Ledger;
use super::texts::{bytes_of_text, normal_form};
use super::words::{direction_of, kind_of, ten_thousandths};
use crate::errors::from_log;

const MOST: usize = 255;

/// See `_native.pyi`.
#[pyclass(module = "cammra_edge._native")]
pub(crate) struct LogGroup {
    group: Group<PyBackedBytes>,
    json: Vec<u8>,
    payload: Vec<u8>,
}

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
impl LogGroup {
    #[new]
    fn new(store_id: StoreId, segment: u64, offset: u64) -> Self {
        Self {
            group: Group::new(store_id.home(segment), offset),
            json: Vec::new(),
            payload: Vec::new(),
        }
    }

    fn header(&mut self, purpose: u8, size: u64) -> PyResult<()> {
        self.group.header(VERSION, purpose, size).map_err(from_log)
    }

    fn image(
        &mut self,
        no: u64,
        image_key: &Bound<'_, PyString>,
        jpeg: PyBackedBytes,
    ) -> PyResult<()> {
        let key = bytes_of_text(image_key)?;
        self.group.image(no, &key, jpeg).map_err(from_log)
    }

    #[pyo3(signature = (event, *, seq, event_id, stored_ns, image_nos, wanted))]
    fn event(
        &mut self,
        event: &Bound<'_, PyAny>,
        seq: u64,
        event_id: StoreId,
        stored_ns: u64,
        image_nos: Vec<u64>,
        wanted: Vec<(u32, u64, u64, u64)>,
    ) -> PyResult<usize> {
        if image_nos.len().max(wanted.len()) > MOST {
            let message = "an event may have 255 images and 255 profiles that want it";
            return Err(PyValueError::new_err(message));
        }
        self.json.clear();
        let text_length = put_event(&mut self.json, event)?;
        let told = Told::of(event)?;
        let head = told.head(seq, event_id.0, stored_ns);
        let payload = &mut self.payload;
        payload.clear();
        head.put(payload);
        let json_length = self.json.len() as u64;
        let deliveries = wanted.iter().map(|(profile, packet, keys, size)| {
            let carried = image_nos.iter().enumerate();
            let delivery = Delivery {
                profile: *profile,
                packet: *packet,
                attempts: 0,
                state: State::Waiting,
                pictures: 0,
                size: u32::try_from(size.saturating_add(json_length)).unwrap_or(u32::MAX),
                keys: *keys,
                parked_utc_ns: 0,
                why: &[],
                words: &[],
            };
            let pictures = carried.filter(|(at, no)| **no != 0 && delivery.carries(*at));
            Delivery {
                pictures: u8::try_from(pictures.count()).unwrap_or(u8::MAX),
                ..delivery
            }
        });
        put_images(payload, image_nos.iter().copied());
        put_deliveries(payload, deliveries);
        let brief = Brief {
            plate: &told.plate,
            list: &told.list,
        };
        brief.put(payload);
        let summary = payload.len();
        payload.extend(u32::try_from(text_length).unwrap_or(u32::MAX).to_le_bytes());
        payload.extend_from_slice(&self.json);
        self.group
            .event(kind::EVENT, payload, summary)
            .map_err(from_log)?;
        Ok(payload.len())
    }

    fn again(&mut self, py: Python<'_>, ledger: &Ledger, seq: u64, payload: &[u8]) -> PyResult<()> {
        let (deliveries, flags, states) = {
            let ledger = ledger.lock(py);
            let deliveries = ledger.deliveries_of(seq);
            (deliveries, ledger.flags(seq), ledger.states(seq))
        };
        self.group
            .again(payload, &deliveries, flags, states)
            .map_err(from_log)
    }

    fn text(
        &mut self,
        py: Python<'_>,
        ledger: &Ledger,
        payload: &[u8],
        text: &[u8],
    ) -> PyResult<()> {
        let summary = EventFrame::parse(payload).map_err(from_log)?.summary;
        let states = ledger.lock(py).states(summary.head.seq);
        self.group.text(payload, states, text).map_err(from_log)
    }

    fn ids(&mut self, py: Python<'_>, ledger: &Ledger, digests: &[u8]) -> PyResult<()> {
        let ledger = ledger.lock(py);
        self.group
            .ids(digests, |id| ledger.knows(id))
            .map_err(from_log)
    }

    fn settled(&mut self, py: Python<'_>, ledger: &Ledger) -> PyResult<usize> {
        let ledger = ledger.lock(py);
        if ledger.pending() > 0 {
            let payload = ledger.pending_settlements();
            self.group
                .payload(kind::SETTLED, payload)
                .map_err(from_log)?;
        }
        Ok(ledger.pending())
    }

    fn state(&mut self, json: &[u8]) -> PyResult<()> {
        self.group.payload(kind::STATE, json).map_err(from_log)
    }

    fn erase(&mut self, number: u64, seqs: Vec<u64>) -> PyResult<()> {
        let numbers = std::iter::once(number).chain(seqs);
        let payload: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
        self.group.payload(kind::ERASE, &payload).map_err(from_log)
    }

    fn erased_done(&mut self, number: u64) -> PyResult<()> {
        let payload = number.to_le_bytes();
        self.group
            .payload(kind::ERASE_DONE, &payload)
            .map_err(from_log)
    }

    fn fill_block(&mut self) {
        self.group.fill_block();
    }

    #[getter]
    fn size(&self) -> u64 {
        self.group.length()
    }

    #[getter]
    fn segment(&self) -> u64 {
        self.group.home().segment
    }

    #[getter]
    fn offset(&self) -> u64 {
        self.group.begin()
    }

    #[getter]
    fn events(&self) -> usize {
        self.group.events()
    }

    fn buffers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let buffers = self.group.pieces().map(|piece| match piece {
            Piece::Own(bytes) => Ok(PyBytes::new(py, bytes)),
            Piece::Picture(jpeg) => Ok(jpeg.into_pyobject(py)?.cast_into()?),
        });
        buffers.collect()
    }

    fn digests<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.group.digests())
    }
}

impl LogGroup {
    /// Its segment, and the digests of its frames.
    pub(super) fn told(&self) -> (u64, &[u8]) {
        (self.group.home().segment, self.group.digests())
    }
}

/// What the head and the brief need of an event.
struct Told {
    vehicle: u64,
    vehicle_no: u64,
    car_id: u64,
    at_utc_ns: i64,
    kind: EventKind,
    direction: Direction,
    confidence: f64,
    roi: u32,
    ordinal: u32,
    plate: Vec<u8>,
    list: Vec<u8>,
}

impl Told {
    fn of(event: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = event.py();
        let vehicle_no = event.getattr(intern!(py, "vehicle_no"))?.extract()?;
        let stream_id = event.getattr(intern!(py, "stream_id"))?;
        let plate = event.getattr(intern!(py, "plate"))?;
        let text = plate.getattr(intern!(py, "text"))?;
        let list = event
            .getattr(intern!(py, "listed"))?
            .getattr(intern!(py, "name"))?;
        Ok(Self {
            vehicle: vehicle_hash(&bytes_of_text(stream_id.cast()?)?, vehicle_no),
            vehicle_no,
            car_id: event.getattr(intern!(py, "car_id"))?.extract()?,
            at_utc_ns: event.getattr(intern!(py, "at_utc_ns"))?.extract()?,
            kind: kind_of(event.getattr(intern!(py, "kind"))?.cast()?)?,
            direction: direction_of(event.getattr(intern!(py, "direction"))?.cast()?)?,
            confidence: plate.getattr(intern!(py, "confidence"))?.extract()?,
            roi: event.getattr(intern!(py, "roi_id"))?.extract()?,
            ordinal: event.getattr(intern!(py, "ordinal"))?.extract()?,
            plate: normal_form(text.cast()?, false)?,
            list: bytes_of_text(list.cast()?)?.into_owned(),
        })
    }

    fn head(&self, seq: u64, id: [u8; 16], stored_ns: u64) -> Head {
        Head {
            seq,
            id,
            stored_ns,
            at_utc_ns: self.at_utc_ns,
            vehicle: self.vehicle,
            vehicle_no: self.vehicle_no,
            car_id: self.car_id,
            kind: self.kind,
            flags: if self.kind == EventKind::Lost {
                flag::LAST
            } else {
                0
            },
            states: 0,
            confidence: ten_thousandths(self.confidence),
            direction: self.direction,
            roi: self.roi,
            ordinal: self.ordinal,
        }
    }
}
