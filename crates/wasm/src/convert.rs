//! From JavaScript's values to ours and back.

use std::fmt::Display;

use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use milchglas_credential::date::Timestamp;
use milchglas_sealed::{Passphrase, Work};
use wasm_bindgen::JsValue;
use zeroize::{Zeroize as _, Zeroizing};

/// What is thrown: an object that `index.js` makes an error of.
pub(crate) type Result<T> = core::result::Result<T, JsValue>;

/// A plain object of these names and values.
macro_rules! record {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::convert::object([$(($name, $crate::convert::ToJs::to_js(&$value))),*])
    };
}
pub(crate) use record;

/// What has a value in JavaScript.
pub(crate) trait ToJs {
    /// The value.
    fn to_js(&self) -> JsValue;
}

/// What is shown as text.
pub(crate) struct Text<T>(pub(crate) T);

/// Whose fault it is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Refused,
    Input,
    Passphrase,
    Misuse,
}

impl ToJs for JsValue {
    fn to_js(&self) -> JsValue {
        self.clone()
    }
}

impl ToJs for str {
    fn to_js(&self) -> JsValue {
        JsValue::from_str(self)
    }
}

impl ToJs for String {
    fn to_js(&self) -> JsValue {
        JsValue::from_str(self)
    }
}

impl ToJs for bool {
    fn to_js(&self) -> JsValue {
        JsValue::from_bool(*self)
    }
}

impl ToJs for u32 {
    fn to_js(&self) -> JsValue {
        (*self).into()
    }
}

impl ToJs for usize {
    fn to_js(&self) -> JsValue {
        // Counts of what is in memory, far below 2^53.
        JsValue::from_f64(*self as f64)
    }
}

impl<T: Display> ToJs for Text<T> {
    fn to_js(&self) -> JsValue {
        JsValue::from_str(&self.0.to_string())
    }
}

impl<T: ToJs + ?Sized> ToJs for &T {
    fn to_js(&self) -> JsValue {
        (**self).to_js()
    }
}

impl<T: ToJs> ToJs for Option<T> {
    fn to_js(&self) -> JsValue {
        self.as_ref().map_or(JsValue::NULL, ToJs::to_js)
    }
}

impl ToJs for Kind {
    fn to_js(&self) -> JsValue {
        JsValue::from_str(match self {
            Self::Refused => "refused",
            Self::Input => "input",
            Self::Passphrase => "passphrase",
            Self::Misuse => "misuse",
        })
    }
}

/// An array of these.
pub(crate) fn list(items: impl IntoIterator<Item = impl ToJs>) -> JsValue {
    items.into_iter().map(|item| item.to_js()).collect::<Array>().into()
}

/// A plain object of these names and values.
pub(crate) fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // A new object takes every property.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &value);
    }
    object.into()
}

pub(crate) fn thrown(kind: Kind, code: Option<&str>, message: &str, explanation: &[&str]) -> JsValue {
    record! { "kind": kind, "code": code, "message": message, "explanation": list(explanation) }
}

pub(crate) fn misuse(what: &str) -> JsValue {
    thrown(Kind::Misuse, None, what, &[])
}

pub(crate) fn input(error: impl std::fmt::Display) -> JsValue {
    thrown(Kind::Input, None, &error.to_string(), &[])
}

pub(crate) fn sealed(error: milchglas_sealed::Error) -> JsValue {
    let kind = match error {
        milchglas_sealed::Error::Unopenable => Kind::Passphrase,
        milchglas_sealed::Error::Misuse { .. } => Kind::Misuse,
        milchglas_sealed::Error::Decode { .. }
        | milchglas_sealed::Error::Busy
        | milchglas_sealed::Error::Io { .. }
        | _ => Kind::Input,
    };
    thrown(kind, None, &error.to_string(), &[])
}

/// A plain object from JSON text.
pub(crate) fn parse(text: &str) -> Result<JsValue> {
    JSON::parse(text)
}

/// Bytes in a new array, which is the caller's to erase.
pub(crate) fn bytes(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}

/// Seconds since 1970.
pub(crate) fn time(seconds: f64) -> Result<Timestamp> {
    let whole = (0.0..=1e12).contains(&seconds).then_some(seconds as u64);
    whole.and_then(Timestamp::from_unix).ok_or_else(|| misuse("a time from 1970 to 9999"))
}

/// Takes text out of an array, which is filled with zeros.
pub(crate) fn secret_text(bytes: &mut [u8]) -> Result<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).map(|text| Zeroizing::new(text.to_owned()));
    bytes.zeroize();
    text.map_err(|_| misuse("a passphrase or phrase in UTF-8"))
}

pub(crate) fn passphrase(bytes: &mut [u8]) -> Result<Passphrase> {
    Passphrase::new(&secret_text(bytes)?).map_err(sealed)
}

pub(crate) fn work(log_n: Option<u8>) -> Result<Work> {
    log_n.map_or(Ok(Work::DEFAULT), |log_n| Work::with_log_n(log_n).map_err(sealed))
}

/// A fingerprint or other short text, if one is given.
pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: Option<String>) -> Result<Option<T>> {
    text.map(|text| text.parse().map_err(input)).transpose()
}
