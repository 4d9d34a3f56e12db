//! MQTT's packets, as Python sees them: see `_native.pyi`.

use cammra_core::mqtt::writing::{self, Connect, Message, Subscribe, Will, WriteError};
use cammra_core::mqtt::{Decoder, Packet, Properties, Publish, Version};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use crate::buffer::bytes_of;

/// Adds these names to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<MqttDecoder>()?;
    module.add_class::<MqttPacket>()?;
    module.add_function(wrap_pyfunction!(mqtt_connect, module)?)?;
    module.add_function(wrap_pyfunction!(mqtt_publish, module)?)?;
    module.add_function(wrap_pyfunction!(mqtt_puback, module)?)?;
    module.add_function(wrap_pyfunction!(mqtt_subscribe, module)?)?;
    module.add_function(wrap_pyfunction!(mqtt_ping, module)?)?;
    module.add_function(wrap_pyfunction!(mqtt_disconnect, module)?)
}

/// See `_native.pyi`.
#[pyclass(module = "cammra_edge._native")]
struct MqttDecoder {
    decoder: Decoder,
}

#[pymethods]
impl MqttDecoder {
    #[new]
    #[pyo3(signature = (largest_bytes, *, level = 5))]
    fn new(largest_bytes: usize, level: u8) -> PyResult<Self> {
        Ok(Self {
            decoder: Decoder::new(version(level)?, largest_bytes),
        })
    }

    fn feed(&mut self, received: &[u8]) {
        self.decoder.feed(received);
    }

    fn next(&mut self) -> Option<MqttPacket> {
        // What is wrong is told by `fault`.
        let packet = self.decoder.next_packet().ok().flatten()?;
        Some(MqttPacket::from(packet))
    }

    #[getter]
    fn fault(&self) -> u8 {
        self.decoder
            .fault()
            .map_or(0, cammra_core::mqtt::Fault::reason)
    }
}

/// See `_native.pyi`.
#[pyclass(module = "cammra_edge._native", frozen)]
#[derive(Default)]
struct MqttPacket {
    #[pyo3(get)]
    kind: &'static str,
    #[pyo3(get)]
    packet_id: u16,
    #[pyo3(get)]
    reason: u8,
    #[pyo3(get)]
    session_present: bool,
    reasons: Vec<u8>,
    message: Publish,
    properties: Properties,
}

impl From<Packet> for MqttPacket {
    fn from(packet: Packet) -> Self {
        match packet {
            Packet::Connack {
                session_present,
                reason,
                properties,
            } => Self {
                kind: "connack",
                session_present,
                reason,
                properties,
                ..Self::default()
            },
            Packet::Publish(mut message) => Self {
                kind: "publish",
                packet_id: message.packet_id,
                properties: std::mem::take(&mut message.properties),
                message,
                ..Self::default()
            },
            Packet::Puback {
                packet_id,
                reason,
                properties,
            } => Self {
                kind: "puback",
                packet_id,
                reason,
                properties,
                ..Self::default()
            },
            Packet::Suback {
                packet_id,
                reasons,
                properties,
            } => Self {
                kind: "suback",
                packet_id,
                reasons,
                properties,
                ..Self::default()
            },
            Packet::Pingresp => Self {
                kind: "pingresp",
                ..Self::default()
            },
            Packet::Disconnect { reason, properties } => Self {
                kind: "disconnect",
                reason,
                properties,
                ..Self::default()
            },
            Packet::Auth { reason, properties } => Self {
                kind: "auth",
                reason,
                properties,
                ..Self::default()
            },
        }
    }
}

#[pymethods]
impl MqttPacket {
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.reasons)
    }

    #[getter]
    fn topic(&self) -> &str {
        &self.message.topic
    }

    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.message.payload)
    }

    #[getter]
    fn qos(&self) -> u8 {
        self.message.qos
    }

    #[getter]
    fn retain(&self) -> bool {
        self.message.retain
    }

    #[getter]
    fn duplicate(&self) -> bool {
        self.message.duplicate
    }

    #[getter]
    fn user_properties(&self) -> Vec<(&str, &str)> {
        self.properties.user().collect()
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.properties.number(name)
    }

    fn text(&self, name: &str) -> &str {
        self.properties.text(name).unwrap_or_default()
    }

    fn data<'py>(&self, py: Python<'py>, name: &str) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.properties.data(name).unwrap_or_default())
    }
}

/// See `_native.pyi`.
#[pyfunction]
#[pyo3(signature = (client_id, *, level, keep_alive_s, clean_start, session_expiry_s, receive_maximum, largest_bytes,
    user, password, will))]
#[expect(
    clippy::too_many_arguments,
    reason = "the fields of one packet, by name"
)]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
fn mqtt_connect(
    py: Python<'_>,
    client_id: PyBackedStr,
    level: u8,
    keep_alive_s: u16,
    clean_start: bool,
    session_expiry_s: u32,
    receive_maximum: u16,
    largest_bytes: u32,
    user: Option<PyBackedStr>,
    password: Option<PyBackedBytes>,
    will: Option<(PyBackedStr, PyBackedBytes, bool)>,
) -> PyResult<Bound<'_, PyBytes>> {
    let connect = Connect {
        version: version(level)?,
        client_id: &client_id,
        clean_start,
        keep_alive_s,
        session_expiry_s,
        receive_maximum,
        largest_bytes,
        user: user.as_deref(),
        password: password.as_deref(),
        will: will.as_ref().map(|(topic, payload, retain)| Will {
            topic,
            payload,
            retain: *retain,
        }),
    };
    written(py, &connect)
}

/// See `_native.pyi`.
#[pyfunction]
#[pyo3(signature = (topic, payload, *, level, packet_id, retain, expiry_s, content_type, response_topic,
    correlation_data, user_properties))]
#[expect(
    clippy::too_many_arguments,
    reason = "the fields of one packet, by name"
)]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
fn mqtt_publish(
    py: Python<'_>,
    topic: PyBackedStr,
    payload: PyBackedBytes,
    level: u8,
    packet_id: u16,
    retain: bool,
    expiry_s: Option<u32>,
    content_type: PyBackedStr,
    response_topic: PyBackedStr,
    correlation_data: PyBackedBytes,
    user_properties: Vec<(PyBackedStr, PyBackedStr)>,
) -> PyResult<Bound<'_, PyBytes>> {
    let user: Vec<(&str, &str)> = user_properties
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let message = Message {
        version: version(level)?,
        topic: &topic,
        payload: &payload,
        packet_id,
        retain,
        expiry_s,
        content_type: &content_type,
        response_topic: &response_topic,
        correlation_data: &correlation_data,
        user: &user,
    };
    written(py, &message)
}

/// See `_native.pyi`.
#[pyfunction]
#[pyo3(signature = (packet_id, reason = 0, *, level = 5))]
fn mqtt_puback(
    py: Python<'_>,
    packet_id: u16,
    reason: u8,
    level: u8,
) -> PyResult<Bound<'_, PyBytes>> {
    Ok(PyBytes::new(
        py,
        &writing::puback(packet_id, reason, version(level)?),
    ))
}

/// See `_native.pyi`.
#[pyfunction]
#[pyo3(signature = (packet_id, filters, *, level = 5, retained = true))]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 extracts is owned")]
fn mqtt_subscribe(
    py: Python<'_>,
    packet_id: u16,
    filters: Vec<(PyBackedStr, bool)>,
    level: u8,
    retained: bool,
) -> PyResult<Bound<'_, PyBytes>> {
    let filters: Vec<(&str, bool)> = filters
        .iter()
        .map(|(filter, at_least_once)| (&**filter, *at_least_once))
        .collect();
    let subscribe = Subscribe {
        version: version(level)?,
        packet_id,
        filters: &filters,
        retained,
    };
    written(py, &subscribe)
}

/// See `_native.pyi`.
#[pyfunction]
fn mqtt_ping(py: Python<'_>) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &writing::PINGREQ)
}

/// See `_native.pyi`.
#[pyfunction]
#[pyo3(signature = (reason = 0, *, level = 5))]
fn mqtt_disconnect(py: Python<'_>, reason: u8, level: u8) -> PyResult<Bound<'_, PyBytes>> {
    Ok(PyBytes::new(
        py,
        &writing::disconnect(reason, version(level)?),
    ))
}

fn version(level: u8) -> PyResult<Version> {
    Version::of_level(level).ok_or_else(|| PyValueError::new_err("level: want 4 or 5"))
}

fn written<'py>(py: Python<'py>, packet: &impl writing::Packet) -> PyResult<Bound<'py, PyBytes>> {
    let body = packet.checked().map_err(|error| refused(&error))?;
    bytes_of(py, writing::total_bytes(body), |out| {
        writing::write(packet, body, out);
    })
}

fn refused(error: &WriteError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
