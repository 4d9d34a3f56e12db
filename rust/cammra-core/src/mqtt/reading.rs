//! One packet's bytes, read as strictly as the standard allows [3].

use super::fault::Fault;
use super::fields::Fields;
use super::packet::{Packet, Publish};
use super::properties::{Place, Properties, topic_of};
use super::version::Version;

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const SUBACK: u8 = 9;
const PINGRESP: u8 = 13;
const DISCONNECT: u8 = 14;
const AUTH: u8 = 15;

/// Refuses a packet by its first byte: types that no server sends to us, and flags that mean nothing [2.1].
pub(super) fn check_first(first: u8, version: Version) -> Result<(), Fault> {
    let (kind, flags) = (first >> 4, first & 0x0f);
    match kind {
        PUBLISH => {
            let (duplicate, qos) = (flags & 8 != 0, flags >> 1 & 3);
            match qos {
                0 if duplicate => Err(Fault::Malformed),
                0 | 1 => Ok(()),
                // We say in no subscription that we take it.
                2 => Err(Fault::Protocol),
                _ => Err(Fault::Malformed),
            }
        }
        DISCONNECT | AUTH if version == Version::V3 => Err(Fault::Protocol),
        CONNACK | PUBACK | SUBACK | PINGRESP | DISCONNECT | AUTH if flags == 0 => Ok(()),
        CONNACK | PUBACK | SUBACK | PINGRESP | DISCONNECT | AUTH | 0 => Err(Fault::Malformed),
        _ => Err(Fault::Protocol),
    }
}

/// Reads a packet whose first byte has been checked.
pub(super) fn packet(first: u8, body: &[u8], version: Version) -> Result<Packet, Fault> {
    let mut fields = Fields::new(body);
    let packet = match first >> 4 {
        CONNACK => connack(&mut fields, version)?,
        PUBLISH => return publish(first, fields, version).map(Packet::Publish),
        PUBACK => puback(&mut fields, version)?,
        SUBACK => return suback(fields, version),
        PINGRESP => Packet::Pingresp,
        DISCONNECT => {
            let (reason, properties) = answer(&mut fields, Place::Disconnect)?;
            Packet::Disconnect { reason, properties }
        }
        _ => {
            let (reason, properties) = answer(&mut fields, Place::Auth)?;
            Packet::Auth { reason, properties }
        }
    };
    if fields.is_empty() {
        Ok(packet)
    } else {
        Err(Fault::Malformed)
    }
}

fn connack(fields: &mut Fields<'_>, version: Version) -> Result<Packet, Fault> {
    let flags = fields.byte()?;
    if flags > 1 {
        return Err(Fault::Malformed);
    }
    let session_present = flags == 1;
    let code = fields.byte()?;
    // A server of 3.1.1 that refuses our version does so in its own words: without properties.
    if version == Version::V3 || (fields.is_empty() && code != 0) {
        return Ok(Packet::Connack {
            session_present,
            reason: reason_of_3(code)?,
            properties: Properties::default(),
        });
    }
    let properties = Properties::read(fields, Place::Connack)?;
    if session_present && code != 0 {
        return Err(Fault::Protocol);
    }
    Ok(Packet::Connack {
        session_present,
        reason: code,
        properties,
    })
}

/// The return codes of 3.1.1 as the reason codes of version 5.
fn reason_of_3(code: u8) -> Result<u8, Fault> {
    match code {
        0 => Ok(0),
        1 => Ok(0x84),
        2 => Ok(0x85),
        3 => Ok(0x88),
        4 => Ok(0x86),
        5 => Ok(0x87),
        _ => Err(Fault::Malformed),
    }
}

fn publish(first: u8, mut fields: Fields<'_>, version: Version) -> Result<Publish, Fault> {
    let qos = first >> 1 & 3;
    let topic = topic(&mut fields)?;
    let packet_id = if qos > 0 { packet_id(&mut fields)? } else { 0 };
    let properties = match version {
        Version::V3 => Properties::default(),
        Version::V5 => Properties::read(&mut fields, Place::Publish)?,
    };
    let topic = topic.ok_or(Fault::Protocol)?.to_owned();
    Ok(Publish {
        topic,
        payload: fields.rest().to_vec(),
        qos,
        packet_id,
        retain: first & 1 != 0,
        duplicate: first & 8 != 0,
        properties,
    })
}

/// The topic; `None` for the empty one, which only an alias could stand for.
fn topic<'a>(fields: &mut Fields<'a>) -> Result<Option<&'a str>, Fault> {
    let mut ahead = *fields;
    if ahead.data()?.is_empty() {
        *fields = ahead;
        return Ok(None);
    }
    topic_of(fields).map(Some)
}

fn packet_id(fields: &mut Fields<'_>) -> Result<u16, Fault> {
    match fields.two_bytes()? {
        0 => Err(Fault::Protocol),
        packet_id => Ok(packet_id),
    }
}

fn puback(fields: &mut Fields<'_>, version: Version) -> Result<Packet, Fault> {
    let packet_id = packet_id(fields)?;
    let (reason, properties) = match version {
        Version::V3 => (0, Properties::default()),
        Version::V5 => answer(fields, Place::Puback)?,
    };
    Ok(Packet::Puback {
        packet_id,
        reason,
        properties,
    })
}

/// A reason with its properties, both of which may be left off: the reason is 0 then.
fn answer(fields: &mut Fields<'_>, place: Place) -> Result<(u8, Properties), Fault> {
    if fields.is_empty() {
        return Ok((0, Properties::default()));
    }
    let reason = fields.byte()?;
    if fields.is_empty() {
        return Ok((reason, Properties::default()));
    }
    Ok((reason, Properties::read(fields, place)?))
}

fn suback(mut fields: Fields<'_>, version: Version) -> Result<Packet, Fault> {
    let packet_id = packet_id(&mut fields)?;
    let properties = match version {
        Version::V3 => Properties::default(),
        Version::V5 => Properties::read(&mut fields, Place::Suback)?,
    };
    let reasons = fields.rest().to_vec();
    if reasons.is_empty() {
        return Err(Fault::Malformed);
    }
    Ok(Packet::Suback {
        packet_id,
        reasons,
        properties,
    })
}
