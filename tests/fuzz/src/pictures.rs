//! QR codes, and objects as the program reads them.

use crate::scene::SCENE;
use crate::{Target, bytes};
use milchglas_cli::qr::{self, Qr};
use milchglas_tests::verifier_key;
use std::process::ExitCode;
use std::sync::LazyLock;

/// The text of a QR code.
pub const BASE45: Target = Target {
    name: "base45",
    seeds: || bytes(&[qr::encode_text(b"ietf!"), qr::encode_text(&SCENE.application)]),
    property: base45,
};

/// A PNG. The decoder skips its check sums when it is compiled for fuzzing.
pub const PNG: Target = Target { name: "png", seeds: png_seeds, property: png };

/// Pixels: the first byte is the width, each bit of the others a pixel, one is white.
pub const PICTURE: Target = Target { name: "picture", seeds: picture_seeds, property: picture };

/// An object in a file, through `milchglas inspect`. Pictures are left to the other targets.
pub const INSPECT: Target = Target { name: "inspect", seeds: inspect_seeds, property: inspect };

fn base45(input: &[u8]) -> bool {
    let Ok(object) = qr::decode_text(input) else { return false };
    assert_eq!(qr::encode_text(&object).as_bytes(), input);
    true
}

fn png_seeds() -> Vec<Vec<u8>> {
    let code = |bytes: &[u8], scale| Qr::from_bytes(bytes).unwrap().to_png(scale).unwrap();
    vec![code(b"x", 2), code(&[0x5a; 40], 3)]
}

fn png(input: &[u8]) -> bool {
    let Ok(object) = qr::from_png(input) else { return false };
    assert_code(&object);
    true
}

/// What was read from a picture can be shown again and read again.
fn assert_code(object: &[u8]) {
    if let Ok(code) = Qr::from_bytes(object) {
        assert_eq!(qr::from_png(&code.to_png(4).unwrap()).as_deref(), Ok(object));
    }
}

fn picture_seeds() -> Vec<Vec<u8>> {
    // The pixels of a small code, read back from its own PNG.
    let file = Qr::from_bytes(b"x").unwrap().to_png(3).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let width = reader.info().width as usize;
    let mut lines = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut lines).unwrap();
    let line = width.div_ceil(8);
    let white = |pixel: usize| lines[pixel / width * line + pixel % width / 8] & (0x80 >> (pixel % width % 8)) != 0;
    let mut seed = vec![u8::try_from(width).unwrap()];
    for byte in 0..(width * width).div_ceil(8) {
        seed.push((0..8).fold(0, |bits, bit| {
            let pixel = byte * 8 + bit;
            bits | if pixel < width * width && white(pixel) { 0x80 >> bit } else { 0 }
        }));
    }
    vec![seed]
}

fn picture(input: &[u8]) -> bool {
    let Some((width, bits)) = input.split_first().filter(|(width, _)| **width > 0) else { return false };
    let width = usize::from(*width);
    let height = bits.len() * 8 / width;
    if height == 0 {
        return false;
    }
    let shade = |pixel: usize| if bits[pixel / 8] & (0x80 >> (pixel % 8)) == 0 { 0 } else { 255 };
    let pixels: Vec<u8> = (0..width * height).map(shade).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::NoCompression);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    png(&file)
}

fn inspect_seeds() -> Vec<Vec<u8>> {
    let (request, answer) = &SCENE.answered[0];
    let signed = request.sign(&verifier_key()).unwrap().to_bytes();
    let json = [request.to_json(), SCENE.schema.to_json()].map(|json| json.unwrap().into_bytes());
    let template = milchglas_verifier::Template::CAFE_JSON;
    let wire = [&SCENE.signed_invitation, &SCENE.application, &SCENE.answer, answer, &signed];
    let mut seeds = bytes(&wire);
    seeds.extend([request.to_bytes().to_vec(), template.into(), SCENE.parameters.clone().into_bytes()]);
    seeds.push(qr::encode_text(&signed).into_bytes());
    seeds.extend(json);
    seeds
}

fn inspect(input: &[u8]) -> bool {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    if input.starts_with(b"\x89PNG") {
        return false;
    }
    let path = FOLDER.path().join("object");
    std::fs::write(&path, input).unwrap();
    let arguments = ["milchglas".as_ref(), "--json".as_ref(), "inspect".as_ref(), path.as_os_str()];
    milchglas_cli::run(arguments.map(Into::into)) == ExitCode::SUCCESS
}
