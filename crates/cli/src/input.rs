//! Objects from files, standard input and pictures.
//!
//! A file may hold the object's bytes, its Base45 text as a scanner shows it, or a PNG with its QR code; which of them shows
//! at once: a PNG by its first bytes, Base45 because objects are CBOR (whose first byte is no letter) or JSON (which begins
//! with a brace, and braces are not in Base45).
//!
//! Caution: everything here comes from outside; its size is bounded and nothing is believed.
//! Not here: what the object is (`inspect`).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::qr;

/// Most bytes of an input, pictures included.
const MAX_INPUT: u64 = 16 << 20;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The object in a file, or on standard input where the path is `-`.
pub(crate) fn object(path: &Path) -> Result<Vec<u8>> {
    unwrap_transport(bytes(path, MAX_INPUT)?).map_err(|failure| failure.about(path.display()))
}

/// A file's text.
pub(crate) fn text(path: &Path) -> Result<String> {
    String::from_utf8(object(path)?).map_err(|_| Failure::input("not a text in UTF-8").about(path.display()))
}

/// A file's bytes as they are, whatever it is.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>> {
    bytes(path, MAX_INPUT)
}

/// Whether a path stands for standard input or output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The bytes of a file that is no object for QR codes and may be larger than one: `max` bytes at most.
pub(crate) fn large(path: &Path, max: usize) -> Result<Vec<u8>> {
    bytes(path, max as u64)
}

fn bytes(path: &Path, max: u64) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Failure::storage(format!("can not be read: {error}")).about(path.display());
    let mut bytes = Vec::new();
    let read = if is_standard(path) {
        std::io::stdin().lock().take(max + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(max + 1).read_to_end(&mut bytes))
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(Failure::input(format!("longer than {} MiB", max >> 20)).about(path.display()));
    }
    Ok(bytes)
}

fn unwrap_transport(bytes: Vec<u8>) -> Result<Vec<u8>> {
    if bytes.starts_with(PNG) {
        return Ok(qr::from_png(&bytes)?);
    }
    let text = bytes.trim_ascii_end();
    if !text.is_empty() && text.iter().all(|letter| is_base45(*letter)) {
        // A space is a letter of Base45: only the line break at the end is not the text's.
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        return Ok(qr::decode_text(text.strip_suffix(b"\r").unwrap_or(text))?);
    }
    Ok(bytes)
}

fn is_base45(letter: u8) -> bool {
    letter.is_ascii_digit() || letter.is_ascii_uppercase() || b" $%*+-./:".contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bytes_text_and_pictures_alike() {
        let object = [0x83, 0x01, 0x02, 0xff, 0x00];
        let text = qr::encode_text(&object);
        let png = qr::Qr::from_bytes(&object).unwrap().to_png(4).unwrap();
        for input in [object.to_vec(), text.clone().into_bytes(), format!("{text}\r\n").into_bytes(), png] {
            assert_eq!(unwrap_transport(input).unwrap(), object);
        }
        assert_eq!(unwrap_transport(b"{\"A\": 1}".to_vec()).unwrap(), b"{\"A\": 1}");
        assert_eq!(unwrap_transport(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn rejects_damaged_text_and_pictures() {
        assert!(unwrap_transport(b"GGW".to_vec()).is_err());
        assert!(unwrap_transport([PNG, b"broken"].concat()).is_err());
    }
}
