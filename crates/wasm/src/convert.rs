//! From JavaScript's values to ours and back.

use js_sys::{JSON, Uint8Array};
use milchglas_credential::date::Timestamp;
use milchglas_sealed::{Passphrase, Work};
use serde::Serialize;
use serde_json::json;
use wasm_bindgen::JsValue;
use zeroize::{Zeroize as _, Zeroizing};

/// What is thrown: an object that `index.js` makes an error of.
pub(crate) type Result<T> = core::result::Result<T, JsValue>;

/// Whose fault it is.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Refused,
    Input,
    Passphrase,
    Misuse,
}

pub(crate) fn thrown(kind: Kind, code: Option<&str>, message: &str, explanation: &[&str]) -> JsValue {
    // An explanation may contain claims.
    object(&json!({"kind": kind, "code": code, "message": message, "explanation": explanation})).unwrap_or(JsValue::NULL)
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
        _ => Kind::Input,
    };
    thrown(kind, None, &error.to_string(), &[])
}

/// A plain object. It may contain claims, so the text on the way is erased.
pub(crate) fn object(value: &impl Serialize) -> Result<JsValue> {
    let mut text = Zeroizing::new(Vec::with_capacity(1 << 12));
    serde_json::to_writer(&mut *text, value).map_err(|_| misuse("a value without a JSON form"))?;
    parse(std::str::from_utf8(&text).map_err(|_| misuse("a value without a JSON form"))?)
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
