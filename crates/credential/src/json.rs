//! JSON files of ours, read and written.
//!
//! Natively `serde_json` reads a type straight from the text, and knows the line and column of a fault. In WebAssembly that would be code for each type
//! which is mostly the parser again, a quarter of the module; there the text becomes a tree first, and a type is read from that. Which
//! texts are accepted is the same, but for structures that are written as arrays, which are refused. The tree also serves where its shape says
//! which type to read.
//!
//! Not here: what the fields mean, how long a text may be.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

pub use tree::{Json, Wrong};

/// Reads a type from JSON text.
///
/// # Errors
/// [`Error::Json`] or [`Error::Decode`] where the text is not JSON, or a field is unknown, missing, repeated or of the wrong form.
#[cfg(not(target_family = "wasm"))]
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    Ok(serde_json::from_str(text)?)
}

/// Reads a type from JSON text.
///
/// # Errors
/// [`Error::Json`] or [`Error::Decode`] where the text is not JSON, or a field is unknown, missing, repeated or of the wrong form.
#[cfg(target_family = "wasm")]
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    tree::from_json(text)
}

/// The JSON text of a value, indented by two spaces; in WebAssembly, where no person reads it, without spaces.
///
/// # Errors
/// [`Error::Misuse`] where the value has no JSON form; the types of our files have one.
pub fn to_json(value: &impl Serialize) -> Result<String, Error> {
    #[cfg(not(target_family = "wasm"))]
    let text = serde_json::to_string_pretty(value);
    #[cfg(target_family = "wasm")]
    let text = serde_json::to_string(value);
    text.map_err(|_| Error::Misuse("only values with a JSON form are written"))
}

mod tree {
    use std::fmt;

    use serde::de::{
        self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
    };

    #[cfg(any(target_family = "wasm", test))]
    use crate::error::Error;

    #[cfg(any(target_family = "wasm", test))]
    pub(super) fn from_json<T: de::DeserializeOwned>(text: &str) -> Result<T, Error> {
        let json: Json = serde_json::from_str(text)?;
        let what = "JSON in which no field is unknown, missing, repeated or of the wrong form";
        T::deserialize(json).map_err(|Wrong| Error::decode(what))
    }

    /// Any JSON, with the names of objects in order and repeated where they are.
    pub enum Json {
        /// `null`.
        Null,
        /// A truth value.
        Boolean(bool),
        /// A number from 0.
        Unsigned(u64),
        /// A number below 0.
        Signed(i64),
        /// Any other number.
        Float(f64),
        /// Text.
        Text(String),
        /// An array.
        List(Vec<Json>),
        /// An object.
        Object(Vec<(String, Json)>),
    }

    /// The one thing that can go wrong with a type.
    #[derive(Debug)]
    pub struct Wrong;

    impl fmt::Display for Wrong {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrong")
        }
    }

    impl std::error::Error for Wrong {}

    impl de::Error for Wrong {
        fn custom<T: fmt::Display>(_: T) -> Self {
            Self
        }
    }

    impl<'de> Deserialize<'de> for Json {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct JsonVisitor;
            impl<'de> Visitor<'de> for JsonVisitor {
                type Value = Json;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("JSON")
                }

                fn visit_unit<E>(self) -> Result<Json, E> {
                    Ok(Json::Null)
                }

                fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                    Ok(Json::Boolean(value))
                }

                fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                    Ok(Json::Unsigned(value))
                }

                fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                    Ok(Json::Signed(value))
                }

                fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                    Ok(Json::Float(value))
                }

                fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                    Ok(Json::Text(value.to_owned()))
                }

                fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                    let mut list = Vec::new();
                    while let Some(item) = items.next_element()? {
                        list.push(item);
                    }
                    Ok(Json::List(list))
                }

                fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
                    let mut object = Vec::new();
                    while let Some(field) = fields.next_entry()? {
                        object.push(field);
                    }
                    Ok(Json::Object(object))
                }
            }
            deserializer.deserialize_any(JsonVisitor)
        }
    }

    struct Items(std::vec::IntoIter<Json>);

    struct Fields {
        fields: std::vec::IntoIter<(String, Json)>,
        value: Option<Json>,
    }

    /// The values of a structure in the order of its type's fields, with nothing for one that is left out: there the type has its default, or
    /// gives up. The derived code for a sequence is half of that for a map.
    struct Ordered(std::vec::IntoIter<Option<Json>>);

    struct Variant(String, Payload);

    struct Payload(Option<Json>);

    impl<'de> SeqAccess<'de> for Items {
        type Error = Wrong;

        fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
            self.0.next().map(|item| seed.deserialize(item)).transpose()
        }
    }

    impl<'de> MapAccess<'de> for Fields {
        type Error = Wrong;

        fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
            let Some((name, value)) = self.fields.next() else { return Ok(None) };
            self.value = Some(value);
            seed.deserialize(Json::Text(name)).map(Some)
        }

        fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
            seed.deserialize(self.value.take().ok_or(Wrong)?)
        }
    }

    impl<'de> SeqAccess<'de> for Ordered {
        type Error = Wrong;

        fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
            self.0.next().flatten().map(|value| seed.deserialize(value)).transpose()
        }
    }

    impl<'de> EnumAccess<'de> for Variant {
        type Error = Wrong;
        type Variant = Payload;

        fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Payload), Wrong> {
            Ok((seed.deserialize(Json::Text(self.0))?, self.1))
        }
    }

    impl<'de> VariantAccess<'de> for Payload {
        type Error = Wrong;

        fn unit_variant(self) -> Result<(), Wrong> {
            if let None | Some(Json::Null) = self.0 { Ok(()) } else { Err(Wrong) }
        }

        fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
            seed.deserialize(self.0.ok_or(Wrong)?)
        }

        fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
            self.0.ok_or(Wrong)?.deserialize_seq(visitor)
        }

        fn struct_variant<V: Visitor<'de>>(
            self,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            visitor.visit_seq(self.0.ok_or(Wrong)?.in_order(fields)?)
        }
    }

    impl Json {
        /// The value of a name, where this is an object that has it once.
        #[must_use]
        pub fn get(&self, name: &str) -> Option<&Self> {
            let Self::Object(fields) = self else { return None };
            let mut found = fields.iter().filter(|(field, _)| field == name);
            found.next().filter(|_| found.next().is_none()).map(|(_, value)| value)
        }

        fn visit_number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match self {
                Json::Unsigned(value) => visitor.visit_u64(value),
                Json::Signed(value) => visitor.visit_i64(value),
                Json::Float(value) => visitor.visit_f64(value),
                Json::Null | Json::Boolean(_) | Json::Text(_) | Json::List(_) | Json::Object(_) => Err(Wrong),
            }
        }

        /// The values of these fields and no others, each at most once.
        fn in_order(self, fields: &[&str]) -> Result<Ordered, Wrong> {
            let Json::Object(given) = self else { return Err(Wrong) };
            let mut values: Vec<Option<Json>> = fields.iter().map(|_| None).collect();
            for (name, value) in given {
                let place = fields.iter().position(|field| *field == name).ok_or(Wrong)?;
                let before = values.get_mut(place).and_then(|place| place.replace(value));
                if before.is_some() {
                    return Err(Wrong);
                }
            }
            Ok(Ordered(values.into_iter()))
        }

        fn into_text(self) -> Result<String, Wrong> {
            if let Json::Text(text) = self { Ok(text) } else { Err(Wrong) }
        }
    }

    macro_rules! numbers {
        ($($method:ident)*) => {$(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
                self.visit_number(visitor)
            }
        )*};
    }

    macro_rules! texts {
        ($($method:ident)*) => {$(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
                visitor.visit_string(self.into_text()?)
            }
        )*};
    }

    impl<'de> Deserializer<'de> for Json {
        type Error = Wrong;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match self {
                Json::Null => visitor.visit_unit(),
                Json::Boolean(value) => visitor.visit_bool(value),
                Json::Text(text) => visitor.visit_string(text),
                Json::List(_) => self.deserialize_seq(visitor),
                Json::Object(_) => self.deserialize_map(visitor),
                Json::Unsigned(_) | Json::Signed(_) | Json::Float(_) => self.visit_number(visitor),
            }
        }

        fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            if let Json::Boolean(value) = self { visitor.visit_bool(value) } else { Err(Wrong) }
        }

        numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
        numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64);
        texts!(deserialize_char deserialize_str deserialize_string deserialize_identifier);

        fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.deserialize_any(visitor)
        }

        fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.deserialize_any(visitor)
        }

        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            if let Json::Null = self { visitor.visit_none() } else { visitor.visit_some(self) }
        }

        fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            if let Json::Null = self { visitor.visit_unit() } else { Err(Wrong) }
        }

        fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
            self.deserialize_unit(visitor)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
            visitor.visit_newtype_struct(self)
        }

        fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let Json::List(items) = self else { return Err(Wrong) };
            let mut items = Items(items.into_iter());
            let value = visitor.visit_seq(&mut items)?;
            if items.0.as_slice().is_empty() { Ok(value) } else { Err(Wrong) }
        }

        fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
            self.deserialize_seq(visitor)
        }

        fn deserialize_tuple_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            _: usize,
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            self.deserialize_seq(visitor)
        }

        fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let Json::Object(fields) = self else { return Err(Wrong) };
            let mut fields = Fields { fields: fields.into_iter(), value: None };
            let value = visitor.visit_map(&mut fields)?;
            if fields.fields.as_slice().is_empty() { Ok(value) } else { Err(Wrong) }
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            visitor.visit_seq(self.in_order(fields)?)
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            _: &'static str,
            _: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            let variant = match self {
                Json::Object(fields) => {
                    let mut fields = fields.into_iter();
                    let ((name, value), None) = (fields.next().ok_or(Wrong)?, fields.next()) else {
                        return Err(Wrong);
                    };
                    Variant(name, Payload(Some(value)))
                }
                other @ (Json::Text(_)
                | Json::Null
                | Json::Boolean(_)
                | Json::Unsigned(_)
                | Json::Signed(_)
                | Json::Float(_)
                | Json::List(_)) => Variant(other.into_text()?, Payload(None)),
            };
            visitor.visit_enum(variant)
        }

        fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.visit_unit()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Literal;
    use crate::predicate::Predicate;
    use crate::request::{CredentialAsk, VerifierIdentity};
    use serde_json::{Value, json};

    /// Texts that are a valid one with something changed.
    fn changes(valid: &Value) -> Vec<String> {
        let other = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(70_000),
            json!(1.5),
            json!(u64::MAX),
            json!("x"),
            json!(""),
            json!([]),
            json!({}),
            json!([1]),
            json!({"a": 1}),
            json!("date_of_birth"),
        ];
        let mut texts = vec![valid.to_string(), format!("{valid} x"), valid.to_string() + " "];
        let mut places: Vec<Vec<String>> = vec![vec![]];
        let mut next = 0;
        while let Some(place) = places.get(next).cloned() {
            next += 1;
            let at =
                place.iter().fold(valid, |at, key| at.get(key).or_else(|| at.get(key.parse::<usize>().ok()?)).unwrap());
            let keys: Vec<String> = match at {
                Value::Object(fields) => fields.keys().cloned().collect(),
                Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
            };
            places.extend(keys.into_iter().map(|key| [&place[..], &[key]].concat()));
        }
        for place in &places {
            for replacement in &other {
                let mut changed = valid.clone();
                let pointer: String = place.iter().map(|key| format!("/{key}")).collect();
                *changed.pointer_mut(&pointer).unwrap() = replacement.clone();
                texts.push(changed.to_string());
            }
        }
        // A name twice, a name left out, a name too many.
        if let Value::Object(fields) = valid {
            for (name, value) in fields {
                texts.push(valid.to_string().replacen('{', &format!("{{\"{name}\": {value}, "), 1));
                let mut less = fields.clone();
                less.remove(name);
                texts.push(Value::Object(less).to_string());
            }
            texts.push(valid.to_string().replacen('{', "{\"other\": 1, ", 1));
        }
        texts
    }

    fn agrees<T: DeserializeOwned + PartialEq + std::fmt::Debug>(valid: Value) {
        let mut accepted = 0;
        for text in changes(&valid) {
            let (direct, by_tree) = (serde_json::from_str::<T>(&text).ok(), tree::from_json::<T>(&text).ok());
            assert_eq!(by_tree, direct, "{text}");
            accepted += usize::from(direct.is_some());
        }
        assert!(accepted >= 2, "{valid}");
    }

    #[test]
    fn reads_from_a_tree_what_serde_json_reads_and_no_more() {
        let digest = "5a".repeat(32);
        agrees::<Literal>(json!("text"));
        agrees::<Literal>(json!(7));
        agrees::<Predicate>(json!("valid"));
        agrees::<Predicate>(json!({"age_at_least": {"claim": "date_of_birth", "years": 18}}));
        agrees::<Predicate>(json!({"not_in": {"claim": "sex", "values": ["F", 1, true]}}));
        agrees::<Predicate>(json!({"between": {"claim": "balance", "min": "-3", "max": 9}}));
        agrees::<VerifierIdentity>(json!({"name": "Café", "origin": "https://cafe.example", "key": digest}));
        agrees::<CredentialAsk>(json!({
            "name": "card", "accept": [{"issuer": digest, "parameters": digest}],
            "schemas": [{"id": "national-id", "digest": digest}], "disclose": ["surname"],
            "prove": ["valid", {"age_under": {"claim": "date_of_birth", "years": 26}}],
            "rate": {"scope": "seat", "epoch": "today", "limit": 1},
        }));
    }
}
