//! Typed claims, and the scalars that stand for them in a signature.
//!
//! | type | scalar |
//! |---|---|
//! | integer | the number modulo the group order, so −1 is r − 1 |
//! | date | days since 0001-01-01 |
//! | month | months since January of year 1 |
//! | boolean | 0 or 1 |
//! | code | its place in the schema's list, from 0 |
//! | text, digest | hash to scalar of the bytes |
//! | absence | one fixed hash, which lies outside every range |
//!
//! Hash to scalar is `expand_message_xmd` with SHA-256 (RFC 9380, section 5.3.1) to 48 bytes, read as a big-endian number modulo the group order. Its tags are
//! `MILCHGLAS-V1-TEXT`, `MILCHGLAS-V1-DIGEST` and, for absence, `MILCHGLAS-V1-ABSENT` over no bytes.
//!
//! Caution: text is compared and hashed byte by byte; two spellings of one letter in Unicode are two texts.
//! Not here: which claims there are (see [`schema`](crate::schema)).

use crate::cbor::{Reader, Wire, Writer};
use crate::date::{Date, Month};
use crate::digest::lower_case_hex;
use crate::error::{DecodeError, Error};
use crate::json::from_json;
use crate::number::{Number, small};
use crate::schema::{ClaimIndex, MAX_CLAIMS, Schema};
use crate::text::{ClaimName, is_readable};
use milchglas_curve::{Expander, Scalar};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Most bytes of a text claim, and of a value in a request.
pub const MAX_TEXT: usize = 1024;
/// Most bytes of a claims file.
const MAX_CLAIMS_JSON: usize = 1 << 18;

/// The type of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimType {
    /// Words, hashed to a scalar: can be disclosed or compared, not ordered.
    Text,
    /// A whole number of a fixed width.
    Integer {
        /// How many bits it has.
        bits: IntegerBits,
        /// Whether it may be negative (two's complement range).
        signed: bool,
    },
    /// A day.
    Date,
    /// A month, for validity.
    Month,
    /// Yes or no.
    Boolean,
    /// One of a list of codes, in the order that gives them their numbers.
    Code(Arc<[String]>),
    /// A digest of 32 bytes, of a portrait say.
    Digest,
}

/// The width of an integer claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerBits {
    /// 8 bits.
    B8,
    /// 16 bits.
    B16,
    /// 32 bits.
    B32,
    /// 64 bits; a string in JSON.
    B64,
}

impl IntegerBits {
    /// The number of bits.
    pub fn bits(self) -> u8 {
        match self {
            Self::B8 => 8,
            Self::B16 => 16,
            Self::B32 => 32,
            Self::B64 => 64,
        }
    }

    /// The width with that number of bits.
    pub fn from_bits(bits: u8) -> Option<Self> {
        [Self::B8, Self::B16, Self::B32, Self::B64].into_iter().find(|width| width.bits() == bits)
    }

    /// How many numbers of this width there are.
    pub fn count(self) -> i128 {
        1 << self.bits()
    }
}

/// The value of a claim.
///
/// Erased when dropped. `Debug` names the type only. `==` does not run in constant time.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub enum Value {
    /// Words.
    Text(String),
    /// A whole number.
    Integer(Number),
    /// A day.
    Date(Date),
    /// A month.
    Month(Month),
    /// Yes or no.
    Boolean(bool),
    /// One of the codes of the claim's list.
    Code(String),
    /// A digest of 32 bytes.
    Digest([u8; 32]),
    /// There is none; possible for optional claims only.
    Absent,
}

/// A value as JSON spells it, before a claim's type gives it a meaning.
///
/// Erased when dropped; `Debug` names the form only.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub enum Literal {
    /// `true` or `false`.
    Boolean(bool),
    /// A number of up to 32 bits.
    Integer(Number),
    /// A string: words, a code, a date, a digest in hexadecimal, a number of 64 bits.
    Text(String),
}

impl ClaimType {
    /// Reads a value of this type from its JSON spelling.
    ///
    /// # Errors
    /// [`Error::Unfit`] where it is not a value of this type.
    pub fn read(&self, literal: &Literal) -> Result<Value, Error> {
        let value = match (self, literal) {
            (Self::Text, Literal::Text(text)) => Value::Text(text.clone()),
            (Self::Integer { bits: IntegerBits::B64, .. }, Literal::Text(text)) => Value::Integer(text.parse()?),
            (Self::Integer { bits: IntegerBits::B64, .. }, Literal::Integer(_)) => {
                return Err(Error::unfit("a number of 64 bits is written as a string"));
            }
            (Self::Integer { .. }, Literal::Integer(number)) => Value::Integer(*number),
            (Self::Date, Literal::Text(text)) => Value::Date(text.parse()?),
            (Self::Month, Literal::Text(text)) => Value::Month(text.parse()?),
            (Self::Boolean, Literal::Boolean(value)) => Value::Boolean(*value),
            (Self::Code(_), Literal::Text(text)) => Value::Code(text.clone()),
            (Self::Digest, Literal::Text(text)) => {
                Value::Digest(lower_case_hex(text).ok_or(Error::unfit("a digest is 64 lower-case hexadecimal digits"))?)
            }
            (
                Self::Text
                | Self::Integer { .. }
                | Self::Date
                | Self::Month
                | Self::Boolean
                | Self::Code(_)
                | Self::Digest,
                Literal::Boolean(_) | Literal::Integer(_) | Literal::Text(_),
            ) => return Err(Error::unfit("the value is not of the claim's type")),
        };
        self.check(&value)?;
        Ok(value)
    }

    /// Checks that a value is one of this type; absence is not.
    ///
    /// # Errors
    /// [`Error::Unfit`] where it is not.
    pub fn check(&self, value: &Value) -> Result<(), Error> {
        match (self, value) {
            (Self::Text, Value::Text(text)) => {
                if text.len() > MAX_TEXT || !is_readable(text, MAX_TEXT) {
                    return Err(Error::unfit("a text of 1 to 1,024 bytes without control characters or outer spaces"));
                }
            }
            (Self::Integer { .. }, Value::Integer(number)) => {
                if !self.integers().is_some_and(|range| range.contains(&number.get())) {
                    return Err(Error::unfit("the number is outside the claim's range"));
                }
            }
            (Self::Code(codes), Value::Code(code)) => {
                if !codes.contains(code) {
                    return Err(Error::unfit("the code is not in the claim's list"));
                }
            }
            (Self::Date, Value::Date(_))
            | (Self::Month, Value::Month(_))
            | (Self::Boolean, Value::Boolean(_))
            | (Self::Digest, Value::Digest(_)) => {}
            (
                Self::Text
                | Self::Integer { .. }
                | Self::Date
                | Self::Month
                | Self::Boolean
                | Self::Code(_)
                | Self::Digest,
                Value::Text(_)
                | Value::Integer(_)
                | Value::Date(_)
                | Value::Month(_)
                | Value::Boolean(_)
                | Value::Code(_)
                | Value::Digest(_)
                | Value::Absent,
            ) => return Err(Error::unfit("the value is not of the claim's type")),
        }
        Ok(())
    }

    /// The numbers that an integer claim can have; none for other types.
    pub fn integers(&self) -> Option<std::ops::Range<i128>> {
        match self {
            Self::Integer { bits, signed } => {
                let min = if *signed { -(bits.count() / 2) } else { 0 };
                Some(min..min + bits.count())
            }
            Self::Text | Self::Date | Self::Month | Self::Boolean | Self::Code(_) | Self::Digest => None,
        }
    }
}

impl Value {
    /// The number that stands for an integer, a date or a month; none for values without order.
    pub fn number(&self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some(number.get()),
            Self::Date(date) => Some(date.days().0.into()),
            Self::Month(month) => Some(month.index().into()),
            Self::Text(_) | Self::Boolean(_) | Self::Code(_) | Self::Digest(_) | Self::Absent => None,
        }
    }

    /// How JSON spells it; none for absence, which is a missing key.
    pub fn literal(&self, claim_type: &ClaimType) -> Option<Literal> {
        Some(match self {
            Self::Text(text) | Self::Code(text) => Literal::Text(text.clone()),
            Self::Integer(number) => match claim_type {
                ClaimType::Integer { bits: IntegerBits::B64, .. } => Literal::Text(number.to_string()),
                ClaimType::Integer { .. }
                | ClaimType::Text
                | ClaimType::Date
                | ClaimType::Month
                | ClaimType::Boolean
                | ClaimType::Code(_)
                | ClaimType::Digest => Literal::Integer(*number),
            },
            Self::Date(date) => Literal::Text(date.to_string()),
            Self::Month(month) => Literal::Text(month.to_string()),
            Self::Boolean(value) => Literal::Boolean(*value),
            Self::Digest(digest) => Literal::Text(hex::encode(digest)),
            Self::Absent => return None,
        })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Integer(_) => "Integer(..)",
            Self::Date(_) => "Date(..)",
            Self::Month(_) => "Month(..)",
            Self::Boolean(_) => "Boolean(..)",
            Self::Code(_) => "Code(..)",
            Self::Digest(_) => "Digest(..)",
            Self::Absent => "Absent",
        })
    }
}

impl Wire for Value {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Absent => out.null(),
            Self::Text(text) => out.array(2).uint(0).text(text),
            Self::Integer(number) => out.array(2).uint(1).int(*number),
            Self::Date(date) => out.array(2).uint(2).object(date),
            Self::Month(month) => out.array(2).uint(3).object(month),
            Self::Boolean(value) => out.array(2).uint(4).bool(*value),
            Self::Code(code) => out.array(2).uint(5).text(code),
            Self::Digest(digest) => out.array(2).uint(6).bytes(digest),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a claim's value";
        if input.null(what)? {
            return Ok(Self::Absent);
        }
        input.array(2, what)?;
        Ok(match input.uint(what)? {
            0 => Self::Text(input.text(MAX_TEXT, what)?.to_owned()),
            1 => Self::Integer(input.int(what)?),
            2 => Self::Date(input.object()?),
            3 => Self::Month(input.object()?),
            4 => Self::Boolean(input.bool(what)?),
            5 => Self::Code(input.text(MAX_TEXT, what)?.to_owned()),
            6 => Self::Digest(input.bytes(what)?),
            _ => return Err(DecodeError { what }),
        })
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean(_) => "Boolean(..)",
            Self::Integer(_) => "Integer(..)",
            Self::Text(_) => "Text(..)",
        })
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LiteralVisitor;
        impl Visitor<'_> for LiteralVisitor {
            type Value = Literal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a whole number or a string")
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Literal, E> {
                Ok(Literal::Boolean(value))
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Literal, E> {
                small(value.into()).map(Literal::Integer).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Literal, E> {
                small(value.into()).map(Literal::Integer).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Literal, E> {
                if text.len() > MAX_TEXT {
                    return Err(E::custom("too long"));
                }
                Ok(Literal::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(LiteralVisitor)
    }
}

impl Wire for Literal {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Boolean(value) => out.array(2).uint(0).bool(*value),
            Self::Integer(number) => out.array(2).uint(1).int(*number),
            Self::Text(text) => out.array(2).uint(2).text(text),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a value";
        input.array(2, what)?;
        Ok(match input.uint(what)? {
            0 => Self::Boolean(input.bool(what)?),
            1 => Self::Integer(small(input.int(what)?.get())?),
            2 => Self::Text(input.text(MAX_TEXT, what)?.to_owned()),
            _ => return Err(DecodeError { what }),
        })
    }
}

/// The scalar that stands for a value.
///
/// The time depends on the lengths of texts and on which code it is, not on the other values' content.
///
/// # Errors
/// [`Error::Unfit`] where the value is not of that type. Absence is a value of every type here; whether it may stand
/// there is the schema's to say.
pub fn to_scalar(claim_type: &ClaimType, value: &Value) -> Result<Scalar, Error> {
    if *value == Value::Absent {
        return Ok(absent_scalar());
    }
    claim_type.check(value)?;
    Ok(match value {
        Value::Text(text) => hash_to_scalar(text.as_bytes(), b"MILCHGLAS-V1-TEXT"),
        Value::Digest(digest) => hash_to_scalar(digest, b"MILCHGLAS-V1-DIGEST"),
        Value::Integer(number) => number_to_scalar(number.get()),
        Value::Date(date) => Scalar::from(u64::from(date.days().0)),
        Value::Month(month) => Scalar::from(u64::from(month.index())),
        Value::Boolean(value) => Scalar::from(u64::from(*value)),
        Value::Code(code) => match claim_type {
            ClaimType::Code(codes) => {
                let place = codes.iter().position(|listed| listed == code);
                Scalar::from(place.ok_or(Error::unfit("the code is not in the claim's list"))? as u64)
            }
            ClaimType::Text
            | ClaimType::Integer { .. }
            | ClaimType::Date
            | ClaimType::Month
            | ClaimType::Boolean
            | ClaimType::Digest => {
                return Err(Error::unfit("the value is not of the claim's type"));
            }
        },
        Value::Absent => absent_scalar(),
    })
}

/// The scalar of a number: itself modulo the group order.
pub fn number_to_scalar(value: i128) -> Scalar {
    let magnitude = value.unsigned_abs();
    let two_to_32 = Scalar::from(1 << 32);
    let high = Scalar::from((magnitude >> 64) as u64) * two_to_32 * two_to_32;
    let scalar = high + Scalar::from(magnitude as u64);
    if value < 0 { -scalar } else { scalar }
}

/// The scalar of absence. It lies outside every range that a request can ask for.
pub fn absent_scalar() -> Scalar {
    hash_to_scalar(b"", b"MILCHGLAS-V1-ABSENT")
}

fn hash_to_scalar(message: &[u8], tag: &[u8]) -> Scalar {
    let mut uniform = Zeroizing::new([0; 48]);
    Expander::XmdSha256.expand(message, tag, uniform.as_mut_slice());
    Scalar::from_okm(&uniform)
}

/// The values of all claims of one schema, in its order.
///
/// Erased when dropped; `Debug` prints the type's name only.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Claims {
    values: Vec<Value>,
}

impl Claims {
    /// Takes one value for each claim of the schema, in its order.
    ///
    /// # Errors
    /// [`Error::Unfit`] where a value is missing, surplus or not one that the schema permits.
    pub fn new(schema: &Schema, values: Vec<Value>) -> Result<Self, Error> {
        let claims = Self { values };
        schema.check(&claims)?;
        Ok(claims)
    }

    /// Reads claims from a JSON object of names and values; a key that is missing means absence.
    ///
    /// ```
    /// use milchglas_credential::claim::{Claims, Value};
    /// use milchglas_credential::schema::Schema;
    ///
    /// let schema = Schema::from_json(
    ///     r#"{"milchglas": "schema/1", "id": "library-card", "title": "library card", "claims": [
    ///         {"name": "born", "title": "date of birth", "type": "date"},
    ///         {"name": "child", "title": "child", "type": "text", "count": 2}]}"#,
    /// )?;
    /// let claims = Claims::from_json(&schema, r#"{"born": "1990-01-31", "child.0": "Zoë"}"#)?;
    /// assert_eq!(claims.values()[2], Value::Absent);
    /// # Ok::<(), milchglas_credential::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no such object, [`Error::Unfit`] where it does not fit the schema.
    pub fn from_json(schema: &Schema, json: &str) -> Result<Self, Error> {
        Self::from_json_with(schema, json, &[])
    }

    /// As [`Claims::from_json`], with values for claims that the object may leave out. What the object says comes first.
    ///
    /// # Errors
    /// As [`Claims::from_json`].
    pub fn from_json_with(schema: &Schema, json: &str, defaults: &[(ClaimIndex, Value)]) -> Result<Self, Error> {
        if json.len() > MAX_CLAIMS_JSON {
            return Err(Error::decode("the claims file is too long"));
        }
        let named: NamedLiterals = from_json(json)?;
        let mut claims = Self { values: schema.claims().iter().map(|_| Value::Absent).collect() };
        for (index, value) in defaults {
            if let Some(place) = claims.values.get_mut(index.0) {
                *place = value.clone();
            }
        }
        for (name, literal) in &named.0 {
            let index = schema.index_of(name.as_str()).ok_or(Error::unfit("the schema has no claim of that name"))?;
            let claim = schema.claim(index).ok_or(Error::unfit("the schema has no claim of that name"))?;
            let value = claim.claim_type.read(literal)?;
            if let Some(place) = claims.values.get_mut(index.0) {
                *place = value;
            }
        }
        schema.check(&claims)?;
        Ok(claims)
    }

    /// The JSON object of names and values.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the claims are not of that schema.
    pub fn to_json(&self, schema: &Schema) -> Result<Zeroizing<String>, Error> {
        schema.check(self)?;
        let mut named = NamedLiterals(Vec::new());
        for (claim, value) in schema.claims().iter().zip(&self.values) {
            if let Some(literal) = value.literal(&claim.claim_type) {
                named.0.push((claim.name.clone(), literal));
            }
        }
        // Room for everything, so that growing leaves no copy behind: JSON escapes a byte by at most six.
        let room: usize = named.0.iter().map(|(name, literal)| name.as_str().len() + literal.room() + 8).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(room + 2));
        serde_json::to_writer(&mut *text, &named)?;
        String::from_utf8(std::mem::take(&mut *text)).map(Zeroizing::new).map_err(|_| Error::Misuse("JSON is UTF-8"))
    }

    /// Reads claims of a schema from their wire form.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form, [`Error::Unfit`] where it does not fit the schema.
    pub fn read(schema: &Schema, input: &mut Reader<'_>) -> Result<Self, Error> {
        Self::new(schema, input.list(MAX_CLAIMS, "the values of the claims")?)
    }

    /// Appends the wire form: the array of the values.
    pub fn write(&self, out: &mut Writer) {
        out.list(self.values.iter());
    }

    /// The value of one claim.
    pub fn get(&self, index: ClaimIndex) -> Option<&Value> {
        self.values.get(index.0)
    }

    /// All values, in the schema's order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The scalars that are signed, in the schema's order: messages 2 and following.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the claims are not of that schema.
    pub fn to_scalars(&self, schema: &Schema) -> Result<Zeroizing<Vec<Scalar>>, Error> {
        schema.check(self)?;
        let mut scalars = Zeroizing::new(Vec::with_capacity(self.values.len()));
        for (claim, value) in schema.claims().iter().zip(&self.values) {
            scalars.push(to_scalar(&claim.claim_type, value)?);
        }
        Ok(scalars)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(..)")
    }
}

impl Literal {
    fn room(&self) -> usize {
        match self {
            Self::Text(text) => 6 * text.len() + 2,
            Self::Boolean(_) | Self::Integer(_) => 24,
        }
    }
}

struct NamedLiterals(Vec<(ClaimName, Literal)>);

impl Serialize for NamedLiterals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, literal) in &self.0 {
            map.serialize_entry(name.as_str(), literal)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for NamedLiterals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor;
        impl<'de> Visitor<'de> for NamedVisitor {
            type Value = NamedLiterals;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of claims, each once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedLiterals, A::Error> {
                let mut named = NamedLiterals(Vec::new());
                while let Some((name, literal)) = map.next_entry::<ClaimName, Literal>()? {
                    if named.0.len() == MAX_CLAIMS || named.0.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom("repeated or too many"));
                    }
                    named.0.push((name, literal));
                }
                Ok(named)
            }
        }
        deserializer.deserialize_map(NamedVisitor)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;
    use crate::cbor::{from_bytes, to_bytes};
    use crate::date::tests::{date, month};
    use crate::number::tests::number;
    use proptest::prelude::*;

    pub(crate) fn readable() -> impl Strategy<Value = String> {
        "[A-Za-zäöüéøłß王小明0-9][A-Za-z0-9 ,.'äöüé-]{0,20}[a-z0-9]"
    }

    pub(crate) fn literal() -> impl Strategy<Value = Literal> {
        prop_oneof![
            any::<bool>().prop_map(Literal::Boolean),
            any::<i32>().prop_map(|value| Literal::Integer(i64::from(value).into())),
            readable().prop_map(Literal::Text),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            readable().prop_map(Value::Text),
            number().prop_map(Value::Integer),
            date().prop_map(Value::Date),
            month().prop_map(Value::Month),
            any::<bool>().prop_map(Value::Boolean),
            readable().prop_map(Value::Code),
            any::<[u8; 32]>().prop_map(Value::Digest),
            Just(Value::Absent),
        ]
    }

    pub(crate) const PERSON: &str = r#"{
        "surname": "Muster", "given_names": "Zoë Ève", "id_number": "X0000001", "date_of_birth": "1990-01-31", "sex": "F",
        "nationality": "CH", "portrait": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "assurance": 2, "valid_from": "2026-11", "valid_until": "2036-10"}"#;

    fn person(from: &str, to: &str) -> Result<Claims, Error> {
        let changed = PERSON.replace(from, to);
        assert_ne!(changed, PERSON);
        Claims::from_json(&Schema::national_id().unwrap(), &changed)
    }

    #[test]
    fn accepts_a_person_and_rejects_what_does_not_fit() {
        let schema = Schema::national_id().unwrap();
        let claims = Claims::from_json(&schema, PERSON).unwrap();
        assert_eq!(claims.values().len(), 11);
        assert_eq!(claims.get(schema.index_of("address").unwrap()), Some(&Value::Absent));
        assert!(person("\"Muster\"", "\"Muster\", \"address\": \"Weg 1\"").is_ok());
        for (from, to) in [
            ("\"Muster\"", "\"\""),
            ("\"Muster\"", "\"Mu\\u0000ster\""),
            ("\"Muster\"", "\"Mu\\u202ester\""),
            ("\"Muster\"", "5"),
            ("\"Muster\"", "null"),
            ("\"Muster\"", "[]"),
            ("1990-01-31", "1990-02-30"),
            ("\"F\"", "\"f\""),
            ("\"CH\"", "\"ZZ\""),
            ("e3b0", "E3B0"),
            ("e3b0", "e3"),
            ("\"assurance\": 2", "\"assurance\": 256"),
            ("\"assurance\": 2", "\"assurance\": -1"),
            ("\"assurance\": 2", "\"assurance\": \"2\""),
            ("\"assurance\": 2", "\"assurance\": 2.0"),
            ("2036-10", "2026-10"),
            ("2036-10", "2036-10-01"),
            ("\"surname\"", "\"sur_name\""),
            ("\"surname\": \"Muster\",", ""),
            ("\"surname\"", "\"handle\""),
            ("\"surname\"", "\"holder_secret\""),
        ] {
            assert!(person(from, to).is_err(), "{from} as {to}");
        }
        // A name twice.
        assert!(person("\"sex\": \"F\"", "\"sex\": \"F\", \"sex\": \"F\"").is_err());
        let longest = |len| person("Muster", &"m".repeat(len));
        assert!(longest(1024).is_ok());
        assert!(longest(1025).is_err());
    }

    #[test]
    fn rejects_missing_and_surplus_values() {
        let schema = Schema::national_id().unwrap();
        let values = Claims::from_json(&schema, PERSON).unwrap().values().to_vec();
        assert!(Claims::new(&schema, values.clone()).is_ok());
        assert!(Claims::new(&schema, values[..10].to_vec()).is_err());
        assert!(Claims::new(&schema, [&values[..], &[Value::Absent]].concat()).is_err());
        for place in 0..values.len() {
            let mut changed = values.clone();
            changed[place] = Value::Absent;
            assert_eq!(Claims::new(&schema, changed).is_ok(), place == 6, "only the address is optional");
        }
        let mut swapped = values;
        swapped.swap(0, 3);
        assert!(Claims::new(&schema, swapped).is_err());
    }

    #[test]
    fn shows_no_value_in_debug_output() {
        let schema = Schema::national_id().unwrap();
        let claims = Claims::from_json(&schema, PERSON).unwrap();
        assert_eq!(format!("{claims:?}"), "Claims(..)");
        assert_eq!(format!("{:?}", claims.values()[0]), "Text(..)");
        assert_eq!(format!("{:?}", Literal::Text("Muster".to_owned())), "Text(..)");
    }

    #[test]
    fn tells_texts_digests_and_absence_apart() {
        let text = |text: &str| to_scalar(&ClaimType::Text, &Value::Text(text.to_owned())).unwrap();
        let digest = to_scalar(&ClaimType::Digest, &Value::Digest(*b"01234567890123456789012345678901")).unwrap();
        assert_ne!(text("01234567890123456789012345678901"), digest);
        assert_ne!(text("a"), text("A"));
        assert_ne!(text("a"), absent_scalar());
        let code = ClaimType::Code(["north", "south"].map(str::to_owned).into());
        assert_eq!(to_scalar(&code, &Value::Code("south".to_owned())).unwrap(), Scalar::ONE);
        assert!(to_scalar(&code, &Value::Code("east".to_owned())).is_err());
        assert!(to_scalar(&ClaimType::Date, &Value::Month(Month::default())).is_err());
    }

    proptest! {
        #[test]
        fn roundtrips(value in value(), literal in literal()) {
            assert_strict(&value);
            assert_strict(&literal);
            let json = serde_json::to_string(&literal).unwrap();
            prop_assert!(serde_json::from_str::<Literal>(&json).unwrap() == literal);
        }

        #[test]
        fn roundtrips_claims(surname in readable(), address in prop::option::of(readable()), born in date(), portrait in any::<[u8; 32]>()) {
            let schema = Schema::national_id().unwrap();
            let mut values = Claims::from_json(&schema, PERSON).unwrap().values().to_vec();
            values[0] = Value::Text(surname);
            values[3] = Value::Date(born);
            values[6] = address.map_or(Value::Absent, Value::Text);
            values[7] = Value::Digest(portrait);
            let claims = Claims::new(&schema, values).unwrap();
            let json = claims.to_json(&schema).unwrap();
            prop_assert!(Claims::from_json(&schema, &json).unwrap().values() == claims.values());
            let mut out = Writer::new();
            claims.write(&mut out);
            let bytes = out.into_bytes();
            prop_assert!(Claims::read(&schema, &mut Reader::new(&bytes)).unwrap().values() == claims.values());
        }

        #[test]
        fn gives_numbers_their_scalar(high in any::<i64>(), low in any::<u32>()) {
            let two_to_32 = Scalar::from(1 << 32);
            let sign = if high < 0 { -Scalar::ONE } else { Scalar::ONE };
            let expected = sign * Scalar::from(high.unsigned_abs()) * two_to_32 + Scalar::from(u64::from(low));
            prop_assert_eq!(number_to_scalar((i128::from(high) << 32) + i128::from(low)), expected);
        }

        #[test]
        fn reads_no_more_than_it_is_given(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = from_bytes::<Value>(&bytes, 64) {
                prop_assert_eq!(to_bytes(&value), bytes);
            }
        }
    }
}
