//! Whole numbers, as claims and requests carry them.
//!
//! A number has up to 64 bits and a sign. JSON readers differ in what they make of large numbers, so in JSON those beyond 32 bits
//! are written as strings.

use crate::cbor::{Reader, Wire, Writer};
use crate::error::DecodeError;
use minicbor::data::Int;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use zeroize::DefaultIsZeroes;

/// A whole number from −2⁶⁴ to 2⁶⁴ − 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(i128);

impl Number {
    /// The number.
    pub fn get(self) -> i128 {
        self.0
    }
}

impl DefaultIsZeroes for Number {}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl From<u8> for Number {
    fn from(value: u8) -> Self {
        Self(value.into())
    }
}

impl TryFrom<i128> for Number {
    type Error = DecodeError;

    fn try_from(value: i128) -> Result<Self, DecodeError> {
        if Int::try_from(value).is_ok() {
            Ok(Self(value))
        } else {
            Err(DecodeError { what: "a number of at most 64 bits" })
        }
    }
}

impl From<Int> for Number {
    fn from(value: Int) -> Self {
        Self(value.into())
    }
}

impl From<Number> for Int {
    fn from(value: Number) -> Self {
        // Every constructor keeps to the range of `Int`.
        Self::try_from(value.0).unwrap_or_else(|_| Self::from(0u8))
    }
}

impl From<Number> for i128 {
    fn from(value: Number) -> Self {
        value.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Number {
    type Err = DecodeError;

    /// Reads decimal digits with an optional minus sign, in the one shortest form.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let error = DecodeError { what: "a whole number in decimal digits" };
        let value: i128 = text.parse().map_err(|_| error)?;
        if value.to_string() != text {
            return Err(error);
        }
        value.try_into()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(self.0) {
            Ok(value) if value.unsigned_abs() < 1 << 32 => serializer.serialize_i64(value),
            Ok(_) | Err(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, beyond 32 bits as a string")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Number, E> {
                small(value.into()).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Number, E> {
                small(value.into()).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// A number from a JSON number, which may not need more than 32 bits.
pub(crate) fn small(value: i128) -> Result<Number, DecodeError> {
    if value.unsigned_abs() < 1 << 32 {
        Ok(Number(value))
    } else {
        Err(DecodeError { what: "a number beyond 32 bits is written as a string" })
    }
}

impl Wire for Number {
    fn write(&self, out: &mut Writer) {
        out.int(*self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.int("a whole number")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;
    use proptest::prelude::*;

    pub(crate) fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::from),
            any::<u64>().prop_map(Number::from),
            any::<u8>().prop_map(Number::from)
        ]
    }

    #[test]
    fn writes_numbers_beyond_32_bits_as_strings() {
        let json = |number: i128| serde_json::to_string(&Number::try_from(number).unwrap()).unwrap();
        assert_eq!(json(4_294_967_295), "4294967295");
        assert_eq!(json(-4_294_967_295), "-4294967295");
        assert_eq!(json(4_294_967_296), "\"4294967296\"");
        assert_eq!(json(-4_294_967_296), "\"-4294967296\"");
        assert_eq!(json(u64::MAX.into()), "\"18446744073709551615\"");
    }

    #[test]
    fn rejects_other_spellings_and_more_than_64_bits() {
        for text in
            ["4294967296", "-4294967296", "1.0", "1e3", "\"\"", "\"+1\"", "\"01\"", "\"-0\"", "\" 1\"", "null", "true"]
        {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
        for text in
            ["\"18446744073709551616\"", "\"-18446744073709551617\"", "\"340282366920938463463374607431768211456\""]
        {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
        assert!(Number::try_from(1i128 << 64).is_err());
        assert!(Number::try_from(-(1i128 << 64) - 1).is_err());
    }

    proptest! {
        #[test]
        fn roundtrips(number in number()) {
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Number>(&json).unwrap(), number);
            assert_strict(&number);
        }
    }
}
