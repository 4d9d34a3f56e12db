//! What a packet of version 5 says beside its message: one table of all properties, and where each may stand [2.2.2].

use super::fault::Fault;
use super::fields::Fields;

/// Where properties stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Connack = 1,
    Publish = 2,
    Puback = 4,
    Suback = 8,
    Disconnect = 16,
    Auth = 32,
}

const CONNACK: u8 = Place::Connack as u8;
const PUBLISH: u8 = Place::Publish as u8;
const DISCONNECT: u8 = Place::Disconnect as u8;
const AUTH: u8 = Place::Auth as u8;
const ANSWERS: u8 = CONNACK | Place::Puback as u8 | Place::Suback as u8 | DISCONNECT | AUTH;
/// Those that a server sends nowhere.
const NOWHERE: u8 = 0;

#[derive(Clone, Copy)]
enum Shape {
    /// 0 or 1.
    Flag,
    /// Two bytes.
    Short,
    /// Two bytes, not 0.
    Some16,
    /// Four bytes.
    Long,
    /// Four bytes, not 0.
    Some32,
    /// As few bytes as it needs, not 0.
    Variable,
    Text,
    /// A text that is a topic, without wildcards.
    Topic,
    Data,
    Pair,
}

const TABLE: [(u8, &str, Shape, u8); 27] = [
    (0x01, "payload_format_indicator", Shape::Flag, PUBLISH),
    (0x02, "message_expiry_interval", Shape::Long, PUBLISH),
    (0x03, "content_type", Shape::Text, PUBLISH),
    (0x08, "response_topic", Shape::Topic, PUBLISH),
    (0x09, "correlation_data", Shape::Data, PUBLISH),
    (0x0b, "subscription_identifier", Shape::Variable, PUBLISH),
    (0x11, "session_expiry_interval", Shape::Long, CONNACK),
    (0x12, "assigned_client_identifier", Shape::Text, CONNACK),
    (0x13, "server_keep_alive", Shape::Short, CONNACK),
    (0x15, "authentication_method", Shape::Text, CONNACK | AUTH),
    (0x16, "authentication_data", Shape::Data, CONNACK | AUTH),
    (0x17, "request_problem_information", Shape::Flag, NOWHERE),
    (0x18, "will_delay_interval", Shape::Long, NOWHERE),
    (0x19, "request_response_information", Shape::Flag, NOWHERE),
    (0x1a, "response_information", Shape::Text, CONNACK),
    (0x1c, "server_reference", Shape::Text, CONNACK | DISCONNECT),
    (0x1f, "reason_string", Shape::Text, ANSWERS),
    (0x21, "receive_maximum", Shape::Some16, CONNACK),
    (0x22, "topic_alias_maximum", Shape::Short, CONNACK),
    (0x23, "topic_alias", Shape::Some16, PUBLISH),
    (0x24, "maximum_qos", Shape::Flag, CONNACK),
    (0x25, "retain_available", Shape::Flag, CONNACK),
    (0x26, USER_PROPERTY, Shape::Pair, ANSWERS | PUBLISH),
    (0x27, "maximum_packet_size", Shape::Some32, CONNACK),
    (
        0x28,
        "wildcard_subscription_available",
        Shape::Flag,
        CONNACK,
    ),
    (
        0x29,
        "subscription_identifiers_available",
        Shape::Flag,
        CONNACK,
    ),
    (0x2a, "shared_subscription_available", Shape::Flag, CONNACK),
];
const USER_PROPERTY: &str = "user_property";
const SUBSCRIPTION_IDENTIFIER: &str = "subscription_identifier";
const TOPIC_ALIAS: &str = "topic_alias";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(u32),
    Text(String),
    Data(Vec<u8>),
    Pair(String, String),
}

/// The properties of one packet, by the names of the standard in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    known: Vec<(&'static str, Value)>,
}

impl Properties {
    /// Reads them, with the length before them.
    pub(super) fn read(fields: &mut Fields<'_>, place: Place) -> Result<Self, Fault> {
        let length = usize::try_from(fields.variable()?).map_err(|_| Fault::Malformed)?;
        let mut inner = Fields::new(fields.take(length)?);
        let mut properties = Self::default();
        while !inner.is_empty() {
            properties.read_one(&mut inner, place)?;
        }
        Ok(properties)
    }

    fn read_one(&mut self, fields: &mut Fields<'_>, place: Place) -> Result<(), Fault> {
        let id = fields.variable()?;
        let &(_, name, shape, places) = TABLE
            .iter()
            .find(|(known, ..)| u32::from(*known) == id)
            .ok_or(Fault::Malformed)?;
        if places & place as u8 == 0 {
            return Err(Fault::Protocol);
        }
        let value = value_of(fields, shape)?;
        if name == TOPIC_ALIAS {
            return Err(Fault::TopicAlias);
        }
        let repeats = name == USER_PROPERTY || name == SUBSCRIPTION_IDENTIFIER;
        if !repeats && self.value(name).is_some() {
            return Err(Fault::Protocol);
        }
        self.known.push((name, value));
        Ok(())
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.known
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// A number or flag.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        match self.value(name) {
            Some(&Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Bytes.
    #[must_use]
    pub fn data(&self, name: &str) -> Option<&[u8]> {
        match self.value(name) {
            Some(Value::Data(data)) => Some(data),
            _ => None,
        }
    }

    /// The pairs that the other side made up, in order.
    pub fn user(&self) -> impl Iterator<Item = (&str, &str)> {
        self.known.iter().filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
    }
}

fn value_of(fields: &mut Fields<'_>, shape: Shape) -> Result<Value, Fault> {
    let number = match shape {
        Shape::Flag => at_most_one(fields.byte()?)?,
        Shape::Short => fields.two_bytes()?.into(),
        Shape::Some16 => not_zero(fields.two_bytes()?.into())?,
        Shape::Long => fields.four_bytes()?,
        Shape::Some32 => not_zero(fields.four_bytes()?)?,
        Shape::Variable => not_zero(fields.variable()?)?,
        Shape::Text => return Ok(Value::Text(fields.text()?.to_owned())),
        Shape::Topic => return Ok(Value::Text(topic_of(fields)?.to_owned())),
        Shape::Data => return Ok(Value::Data(fields.data()?.to_vec())),
        Shape::Pair => {
            return Ok(Value::Pair(
                fields.text()?.to_owned(),
                fields.text()?.to_owned(),
            ));
        }
    };
    Ok(Value::Number(number))
}

fn at_most_one(byte: u8) -> Result<u32, Fault> {
    if byte > 1 {
        return Err(Fault::Protocol);
    }
    Ok(byte.into())
}

fn not_zero(number: u32) -> Result<u32, Fault> {
    if number == 0 {
        return Err(Fault::Protocol);
    }
    Ok(number)
}

/// A topic that something can be published to [4.7].
pub(super) fn topic_of<'a>(fields: &mut Fields<'a>) -> Result<&'a str, Fault> {
    let topic = fields.text()?;
    if topic.is_empty() {
        return Err(Fault::Protocol);
    }
    if topic.contains(['+', '#']) {
        return Err(Fault::TopicName);
    }
    Ok(topic)
}
