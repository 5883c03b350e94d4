//! The type of a claim, as schema files and set files spell it, and its canonical form.
//!
//! Not here: what the types mean (`claim`).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::cbor::Writer;
use crate::claim::{ClaimType, IntegerBits};
use crate::error::DecodeError;
use crate::text::is_readable;

/// Most codes of a claim.
const MAX_CODES: usize = 1024;
/// Most characters of a code.
const MAX_CODE: usize = 64;

/// The name of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Text,
    Integer,
    Date,
    Month,
    Boolean,
    Code,
    Digest,
}

/// A type with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypeFile<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bits: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) codes: Option<Cow<'a, [String]>>,
}

impl TypeFile<'_> {
    /// The type.
    pub(crate) fn read(&self) -> Result<ClaimType, DecodeError> {
        let error = |what| DecodeError { what };
        if self.kind != Kind::Integer && (self.bits.is_some() || self.signed.is_some()) {
            return Err(error("only integer claims have bits and a sign"));
        }
        if self.kind != Kind::Code && self.codes.is_some() {
            return Err(error("only code claims have codes"));
        }
        Ok(match self.kind {
            Kind::Text => ClaimType::Text,
            Kind::Date => ClaimType::Date,
            Kind::Month => ClaimType::Month,
            Kind::Boolean => ClaimType::Boolean,
            Kind::Digest => ClaimType::Digest,
            Kind::Integer => {
                let bits = self.bits.and_then(IntegerBits::from_bits);
                let bits = bits.ok_or(error("an integer claim has 8, 16, 32 or 64 bits"))?;
                ClaimType::Integer { bits, signed: self.signed.unwrap_or(false) }
            }
            Kind::Code => {
                let codes = self.codes.as_ref().ok_or(error("a code claim has a list of codes"))?;
                let mut sorted: Vec<&str> = codes.iter().map(String::as_str).collect();
                sorted.sort_unstable();
                sorted.dedup();
                if codes.is_empty() || codes.len() > MAX_CODES || sorted.len() != codes.len() {
                    return Err(error("a code claim has 1 to 1,024 different codes"));
                }
                if !codes.iter().all(|code| is_readable(code, MAX_CODE)) {
                    return Err(error("a code has 1 to 64 readable characters"));
                }
                ClaimType::Code(codes.as_ref().into())
            }
        })
    }
}

impl<'a> From<&'a ClaimType> for TypeFile<'a> {
    fn from(claim_type: &'a ClaimType) -> Self {
        let plain = |kind| Self { kind, bits: None, signed: None, codes: None };
        match claim_type {
            ClaimType::Text => plain(Kind::Text),
            ClaimType::Date => plain(Kind::Date),
            ClaimType::Month => plain(Kind::Month),
            ClaimType::Boolean => plain(Kind::Boolean),
            ClaimType::Digest => plain(Kind::Digest),
            ClaimType::Integer { bits, signed } => {
                Self { bits: Some(bits.bits()), signed: signed.then_some(true), ..plain(Kind::Integer) }
            }
            ClaimType::Code(codes) => Self { codes: Some(Cow::Borrowed(codes)), ..plain(Kind::Code) },
        }
    }
}

/// Appends the canonical form.
pub(crate) fn write_type(claim_type: &ClaimType, out: &mut Writer) {
    match claim_type {
        ClaimType::Text => out.array(1).uint(0),
        ClaimType::Integer { bits, signed } => out.array(3).uint(1).uint(bits.bits().into()).bool(*signed),
        ClaimType::Date => out.array(1).uint(2),
        ClaimType::Month => out.array(1).uint(3),
        ClaimType::Boolean => out.array(1).uint(4),
        ClaimType::Code(codes) => {
            codes.iter().fold(out.array(2).uint(5).array(codes.len()), |out, code| out.text(code))
        }
        ClaimType::Digest => out.array(1).uint(6),
    };
}
