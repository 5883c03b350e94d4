//! QR codes, and the text in them.

use js_sys::Array;
use milchglas_qr::{Error, Qr, decode_text, encode_text};
use wasm_bindgen::prelude::*;

use crate::convert::{Result, bytes, input, misuse};

/// Bytes to Base45.
#[wasm_bindgen(js_name = base45Encode)]
pub fn encode(object: &[u8]) -> String {
    encode_text(object)
}

/// Base45 to bytes.
#[wasm_bindgen(js_name = base45Decode)]
pub fn decode(text: &str) -> Result<Vec<u8>> {
    decode_text(text.as_bytes()).map_err(failure)
}

/// The code of some bytes: its version, its modules a side, and the modules row by row, 1 for dark.
#[wasm_bindgen(js_name = qrCode)]
pub fn code(object: &[u8]) -> Result<Array> {
    let qr = Qr::from_bytes(object).map_err(failure)?;
    let modules: Vec<u8> = qr.modules().map(u8::from).collect();
    Ok(Array::of3(&qr.version().into(), &(qr.width() as u32).into(), &bytes(&modules).into()))
}

fn failure(error: Error) -> JsValue {
    if let Error::Decode { .. } = error { input(error) } else { misuse(&error.to_string()) }
}
