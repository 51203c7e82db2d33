//! Scalars of the API. Texts that a person types are taken as they are: the command that gets them says what is wrong with them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat};
use entity::Timestamp;

/// A position in a workspace's change log. Opaque: clients keep, for each subscription, the last one it gave them, and never compare two.
#[derive(Clone, Debug)]
pub struct Cursor(pub String);

/// A position in a workspace's change log. Opaque: clients keep, for each subscription, the last one it gave them, and never compare two.
#[Scalar]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A mailbox address, as in RFC 5321, kept as typed and compared case-insensitively.
#[derive(Clone, Debug)]
pub struct EmailAddress(pub String);

/// A mailbox address, as in RFC 5321, kept as typed and compared case-insensitively.
#[Scalar]
impl ScalarType for EmailAddress {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// #RRGGBB
#[derive(Clone, Debug)]
pub struct Color(pub String);

/// #RRGGBB
#[Scalar]
impl ScalarType for Color {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// RFC 3339 instant in UTC.
#[derive(Clone, Copy, Debug)]
pub struct DateTime(pub Timestamp);

/// RFC 3339 instant in UTC.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value).map_err(InputValueError::custom)?;
        chrono::DateTime::parse_from_rfc3339(&text)
            .map(|instant| Self(Timestamp(instant.timestamp_micros())))
            .map_err(|_| InputValueError::custom("expected an RFC 3339 instant such as 2026-01-31T12:00:00Z"))
    }

    fn to_value(&self) -> Value {
        let instant = chrono::DateTime::from_timestamp_micros(self.0.0).unwrap_or_default();
        Value::String(instant.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A day such as 2026-01-31.
#[derive(Clone, Copy, Debug)]
pub struct Date(pub NaiveDate);

/// A day such as 2026-01-31.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value).map_err(InputValueError::custom)?;
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text);
        day.map(Self).ok_or_else(|| InputValueError::custom("expected a day such as 2026-01-31"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

fn text(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("expected a text"),
    }
}
