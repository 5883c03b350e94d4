//! Values of claims and their scalars: `spec/encodings.md`, Claims.

use super::cbor::Item;
use super::curve::{hash_to_scalar, integer};
use super::text::is_readable;
use ark_bls12_381::Fr;

/// A value as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Integer(i128),
    Date(i128),
    Month(i128),
    Boolean(bool),
    Code(String),
    Digest([u8; 32]),
    Absent,
}

/// The type of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer { bits: u32, signed: bool },
    Date,
    Month,
    Boolean,
    Code(Vec<String>),
    Digest,
}

/// A claim of a schema, lists expanded.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

impl Value {
    pub(crate) fn decode(item: &Item<'_>) -> Option<Self> {
        if *item == Item::Null {
            return Some(Self::Absent);
        }
        let [kind, content]: [Item<'_>; 2] = item.clone().array()?.try_into().ok()?;
        let text = || content.text().filter(|text| text.len() <= 1024).map(str::to_owned);
        let below = |end: i128| content.uint().map(i128::from).filter(|number| *number < end);
        Some(match kind.uint()? {
            0 => Self::Text(text()?),
            1 => Self::Integer(content.int()?),
            2 => Self::Date(below(3_652_059)?),
            3 => Self::Month(below(119_988)?),
            4 => {
                let Item::Bool(value) = content else { return None };
                Self::Boolean(value)
            }
            5 => Self::Code(text()?),
            6 => Self::Digest(content.bytes()?.try_into().ok()?),
            _ => return None,
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let int = |value: i128| match u64::try_from(value) {
            Ok(value) => Item::Uint(value),
            Err(_) => Item::Nint(u64::try_from(-1 - value).unwrap()),
        };
        let (kind, content) = match self {
            Self::Absent => return Item::Null.encode(),
            Self::Text(text) => (0, Item::Text(text)),
            Self::Integer(number) => (1, int(*number)),
            Self::Date(number) => (2, int(*number)),
            Self::Month(number) => (3, int(*number)),
            Self::Boolean(value) => (4, Item::Bool(*value)),
            Self::Code(text) => (5, Item::Text(text)),
            Self::Digest(digest) => (6, Item::Bytes(digest)),
        };
        Item::Array(vec![Item::Uint(kind), content]).encode()
    }

    /// The number that a range is about.
    pub(crate) fn number(&self) -> Option<i128> {
        match self {
            Self::Integer(number) | Self::Date(number) | Self::Month(number) => Some(*number),
            _ => None,
        }
    }
}

impl Claim {
    /// The numbers of an integer claim.
    pub(crate) fn integers(&self) -> Option<std::ops::Range<i128>> {
        let Kind::Integer { bits, signed } = self.kind else { return None };
        let min = if signed { -(1 << (bits - 1)) } else { 0 };
        Some(min..min + (1 << bits))
    }

    /// Whether this may be the claim's value.
    pub(crate) fn permits(&self, value: &Value) -> bool {
        match (&self.kind, value) {
            (_, Value::Absent) => self.optional,
            (Kind::Text, Value::Text(text)) => text.len() <= 1024 && is_readable(text, 1024),
            (Kind::Integer { .. }, Value::Integer(number)) => {
                self.integers().is_some_and(|range| range.contains(number))
            }
            (Kind::Code(codes), Value::Code(code)) => codes.contains(code),
            (Kind::Date, Value::Date(_))
            | (Kind::Month, Value::Month(_))
            | (Kind::Boolean, Value::Boolean(_))
            | (Kind::Digest, Value::Digest(_)) => true,
            _ => false,
        }
    }

    /// The scalar of a permitted value.
    pub(crate) fn scalar(&self, value: &Value) -> Fr {
        match value {
            Value::Text(text) => hash_to_scalar(text.as_bytes(), b"MILCHGLAS-V1-TEXT"),
            Value::Digest(digest) => hash_to_scalar(digest, b"MILCHGLAS-V1-DIGEST"),
            Value::Absent => hash_to_scalar(b"", b"MILCHGLAS-V1-ABSENT"),
            Value::Integer(number) | Value::Date(number) | Value::Month(number) => integer(*number),
            Value::Boolean(value) => integer(i128::from(*value)),
            Value::Code(code) => {
                let Kind::Code(codes) = &self.kind else { panic!("a code of a claim that has none") };
                integer(codes.iter().position(|listed| listed == code).unwrap() as i128)
            }
        }
    }
}
