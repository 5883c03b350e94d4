//! Any object as one QR code, and back from a picture of it.
//!
//! The object's bytes, without prefix, become Base45 (RFC 9285), and that text one alphanumeric segment at error correction
//! level L in the smallest version that holds it: byte mode does not carry arbitrary bytes through every scanner. Version
//! 25 holds 1,235 bytes, version 40 (the largest) 2,864.
//!
//! Caution: a picture comes from outside. Its size, and the time spent searching it, are bounded.
//! Not here: what the bytes mean.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::fmt;
#[cfg(feature = "pictures")]
use std::io::Cursor;
#[cfg(feature = "pictures")]
use std::sync::mpsc;
#[cfg(feature = "pictures")]
use std::time::Duration;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The light border that the standard demands, in modules.
pub const QUIET_ZONE: usize = 4;

/// Pixels per module that ordinary scanners and screens are content with.
pub const DEFAULT_SCALE: u32 = 6;

/// The widest and highest picture that is read, in pixels.
pub const MAX_PICTURE_SIDE: u32 = 8192;

/// Pixels per module at most.
#[cfg(feature = "pictures")]
const MAX_SCALE: u32 = 32;
/// Larger pictures are scaled down to at most this before the search, which bounds the memory that a picture full of finder
/// patterns takes (it grows with the fourth power of the side). A code of version 25 that fills the picture keeps at least 5
/// pixels a module, one of version 40 nearly 4.
#[cfg(feature = "pictures")]
const SEARCH_SIDE: usize = 1400;
/// An ordinary picture takes a fraction of a second; one made to be slow must not hold the program.
#[cfg(feature = "pictures")]
const SEARCH_TIME: Duration = Duration::from_secs(10);

/// Why there is no code, or no object in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The object does not fit one QR code.
    TooLong,
    /// The text or picture is not what it should be.
    Decode {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The caller asked for what this module does not do.
    Misuse {
        /// What was asked.
        what: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooLong => f.write_str("too long for one QR code"),
            Error::Decode { what } => write!(f, "no QR code of ours: {what}"),
            Error::Misuse { what } => write!(f, "misuse: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Base45 (RFC 9285), which is what a scanner shows.
pub fn encode_text(bytes: &[u8]) -> String {
    base45::encode(bytes)
}

/// The reverse of [`encode_text`], strict: only what it writes is accepted.
///
/// # Errors
/// [`Error::Decode`] for a wrong letter, a wrong length, or a group that exceeds its one or two bytes.
pub fn decode_text(text: &[u8]) -> Result<Vec<u8>, Error> {
    let refused = Error::Decode { what: "the text is not Base45" };
    let bytes = base45::decode(text).map_err(|_| refused)?;
    // The package wraps a last pair of letters above 255 around; writing it again shows that.
    if base45::encode(&bytes).as_bytes() == text { Ok(bytes) } else { Err(refused) }
}

/// A QR code of some bytes.
pub struct Qr {
    code: QrCode,
}

impl Qr {
    /// The code of these bytes, in the smallest version that holds them.
    ///
    /// # Errors
    /// [`Error::TooLong`] above 2,864 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let text = encode_text(bytes);
        // One alphanumeric segment by hand: the package's own choice of modes would mix in digits-only segments.
        for version in (1..=40).map(Version::Normal) {
            let mut bits = Bits::new(version);
            let fits = bits.push_alphanumeric_data(text.as_bytes()).and_then(|()| bits.push_terminator(EcLevel::L));
            if fits.is_ok() {
                let code = QrCode::with_bits(bits, EcLevel::L).map_err(|_| Error::TooLong)?;
                return Ok(Self { code });
            }
        }
        Err(Error::TooLong)
    }

    /// The version, 1 to 40; the code is 17 + 4 × version modules wide.
    pub fn version(&self) -> u8 {
        match self.code.version() {
            Version::Normal(version) | Version::Micro(version) => u8::try_from(version).unwrap_or_default(),
        }
    }

    /// A black and white PNG with the quiet zone, `scale` (1 to 32) pixels per module.
    ///
    /// # Errors
    /// [`Error::Misuse`] for another scale.
    #[cfg(feature = "pictures")]
    pub fn to_png(&self, scale: u32) -> Result<Vec<u8>, Error> {
        if !(1..=MAX_SCALE).contains(&scale) {
            return Err(Error::Misuse { what: "a scale outside 1 to 32" });
        }
        let repeat = usize::try_from(scale).map_err(|_| Error::TooLong)?;
        let modules = self.side();
        let mut data = Vec::new();
        for y in 0..modules {
            let mut row = vec![0u8; (modules * repeat).div_ceil(8)];
            for (x, byte_of) in (0..modules * repeat).map(|x| (x, x / 8)) {
                if !self.is_dark(x / repeat, y)
                    && let Some(byte) = row.get_mut(byte_of)
                {
                    *byte |= 0x80 >> (x % 8);
                }
            }
            for _ in 0..repeat {
                data.extend_from_slice(&row);
            }
        }

        let side = u32::try_from(modules * repeat).map_err(|_| Error::TooLong)?;
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let refused = |_| Error::Misuse { what: "a picture that the PNG encoder refuses" };
        let mut writer = encoder.write_header().map_err(refused)?;
        writer.write_image_data(&data).map_err(refused)?;
        writer.finish().map_err(refused)?;
        Ok(file)
    }

    /// The code for a terminal with Unicode and 256 colours: two modules a character cell, black on white whatever the
    /// terminal's own colours are. Every line ends with a line break.
    pub fn to_terminal(&self) -> String {
        let modules = self.side();
        let mut text = String::new();
        for y in (0..modules).step_by(2) {
            text.push_str("\x1b[38;5;16;48;5;231m");
            for x in 0..modules {
                text.push(match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str("\x1b[0m\n");
        }
        text
    }

    /// Modules a side, without the quiet zone.
    pub fn width(&self) -> usize {
        self.code.width()
    }

    /// The modules row by row, without the quiet zone: whether each is dark.
    pub fn modules(&self) -> impl Iterator<Item = bool> {
        let width = self.width();
        (0..width * width).map(move |place| self.code[(place % width, place / width)] == Color::Dark)
    }

    /// Modules a side, quiet zone included.
    fn side(&self) -> usize {
        self.code.width() + 2 * QUIET_ZONE
    }

    /// Whether a module is dark; coordinates include the quiet zone, and beyond it all is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = QUIET_ZONE..QUIET_ZONE + self.code.width();
        inside.contains(&x) && inside.contains(&y) && self.code[(x - QUIET_ZONE, y - QUIET_ZONE)] == Color::Dark
    }
}

impl fmt::Debug for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qr").field("version", &self.version()).finish_non_exhaustive()
    }
}

/// Finds the one QR code in a PNG, a screenshot or a photograph, and gives the bytes of the object in it.
///
/// Works on a thread of its own; a picture that was made to take longer than ten seconds leaves it behind, running until
/// the program ends.
///
/// # Errors
/// [`Error::Decode`] for what is no PNG, one more than [`MAX_PICTURE_SIDE`] pixels wide or high, no code or several
/// different ones, or a code without Base45 text.
#[cfg(feature = "pictures")]
pub fn from_png(png: &[u8]) -> Result<Vec<u8>, Error> {
    let picture = Picture::from_png(png)?.scaled_down();
    let (sender, receiver) = mpsc::channel();
    // A panic in the search drops the sender, which ends the waiting.
    let _search = std::thread::Builder::new()
        .name("QR search".to_owned())
        .spawn(move || sender.send(picture.read_code()))
        .map_err(|_| Error::Misuse { what: "no thread left for the search" })?;
    let text =
        receiver.recv_timeout(SEARCH_TIME).map_err(|_| Error::Decode { what: "the picture can not be searched" })??;
    decode_text(&text)
}

/// A picture in shades of grey, a byte a pixel.
#[cfg(feature = "pictures")]
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

#[cfg(feature = "pictures")]
impl Picture {
    /// Decodes a PNG of any colour type; transparency shows white.
    #[cfg(feature = "pictures")]
    fn from_png(png: &[u8]) -> Result<Self, Error> {
        let damaged = Error::Decode { what: "not a PNG picture, or a damaged one" };
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        // Eight bits a channel, palettes resolved.
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(|_| damaged)?;

        let (width, height) = reader.info().size();
        if width > MAX_PICTURE_SIDE || height > MAX_PICTURE_SIDE {
            return Err(Error::Decode { what: "the picture is too large" });
        }
        let width = usize::try_from(width).map_err(|_| damaged)?;
        let height = usize::try_from(height).map_err(|_| damaged)?;
        let (color, _) = reader.output_color_type();
        let mut pixels = vec![u8::MAX; width * height];
        let mut rows = 0;
        while let Some(row) = reader.next_interlaced_row().map_err(|_| damaged)? {
            let grey: Vec<u8> = row.data().chunks_exact(color.samples()).map(|pixel| grey(color, pixel)).collect();
            match row.interlace() {
                png::InterlaceInfo::Null(_) => {
                    let line = pixels.chunks_exact_mut(width).nth(rows).ok_or(damaged)?;
                    line.copy_from_slice(grey.get(..width).ok_or(damaged)?);
                    rows += 1;
                }
                png::InterlaceInfo::Adam7(pass) => {
                    png::expand_interlaced_row(&mut pixels, width, &grey, pass, 8);
                }
            }
        }
        Ok(Self { width, height, pixels })
    }

    /// The mean of whole squares of pixels, so that neither side is over [`SEARCH_SIDE`].
    fn scaled_down(self) -> Self {
        let square = self.width.max(self.height).div_ceil(SEARCH_SIDE);
        if square < 2 {
            return self;
        }
        let (width, height) = (self.width / square, self.height / square);
        if width == 0 || height == 0 {
            return self;
        }
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0u64; width];
        for (y, line) in self.pixels.chunks_exact(self.width).take(height * square).enumerate() {
            for (sum, pixels) in sums.iter_mut().zip(line.chunks_exact(square)) {
                *sum += pixels.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
            }
            if y % square == square - 1 {
                let area = u64::try_from(square * square).unwrap_or(u64::MAX);
                pixels.extend(sums.iter().map(|sum| u8::try_from(sum / area).unwrap_or(u8::MAX)));
                sums.fill(0);
            }
        }
        Self { width, height, pixels }
    }

    /// The text of the one code in the picture.
    fn read_code(&self) -> Result<Vec<u8>, Error> {
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(self.width, self.height, |x, y| {
            self.pixels.get(y * self.width + x).copied().unwrap_or(u8::MAX)
        });
        let mut found: Option<Vec<u8>> = None;
        for grid in prepared.detect_grids() {
            let mut text = Vec::new();
            if grid.decode_to(&mut text).is_err() {
                continue;
            }
            if found.as_ref().is_some_and(|other| *other != text) {
                return Err(Error::Decode { what: "several different codes in the picture" });
            }
            found = Some(text);
        }
        found.ok_or(Error::Decode { what: "no readable code in the picture" })
    }
}

/// The brightness of one pixel on a white ground.
#[cfg(feature = "pictures")]
fn grey(color: png::ColorType, pixel: &[u8]) -> u8 {
    let sample = |index: usize| u32::from(pixel.get(index).copied().unwrap_or(u8::MAX));
    let luma = |r: u32, g: u32, b: u32| (299 * r + 587 * g + 114 * b) / 1000;
    let (luma, alpha) = match color {
        png::ColorType::Grayscale | png::ColorType::Indexed => (sample(0), 255),
        png::ColorType::GrayscaleAlpha => (sample(0), sample(1)),
        png::ColorType::Rgb => (luma(sample(0), sample(1), sample(2)), 255),
        png::ColorType::Rgba => (luma(sample(0), sample(1), sample(2)), sample(3)),
    };
    u8::try_from((luma * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

#[cfg(feature = "pictures")]
#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are no pattern: a linear congruential sequence.
    fn sample(length: usize) -> Vec<u8> {
        let mut state = 0x2545_f491u32;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(length)
        .collect()
    }

    fn write_png(width: u32, height: u32, color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        file
    }

    /// The code's pixels as grey bytes, and their side.
    fn pixels(bytes: &[u8], scale: usize) -> (u32, Vec<u8>) {
        let qr = Qr::from_bytes(bytes).unwrap();
        let side = qr.side() * scale;
        let pixels =
            (0..side * side).map(|i| if qr.is_dark(i % side / scale, i / side / scale) { 0 } else { 255 }).collect();
        (u32::try_from(side).unwrap(), pixels)
    }

    /// A grey eight-bit PNG written by hand, because the encoder writes neither interlaced nor false ones. `scanlines` come
    /// with their filter bytes.
    fn raw_png(width: u32, height: u32, interlaced: bool, scanlines: &[u8]) -> Vec<u8> {
        let crc = |bytes: &[u8]| {
            !bytes.iter().fold(u32::MAX, |crc, &byte| {
                (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1)))
            })
        };
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut chunk = |name: &[u8], data: &[u8]| {
            let body = [name, data].concat();
            file.extend((data.len() as u32).to_be_bytes());
            file.extend(&body);
            file.extend(crc(&body).to_be_bytes());
        };
        let header = [8, 0, 0, 0, u8::from(interlaced)];
        chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &header].concat());
        // RFC 1950 and 1951: stored blocks, then Adler-32.
        let mut zlib = vec![0x78, 0x01];
        let mut blocks = scanlines.chunks(65_535).peekable();
        while let Some(block) = blocks.next() {
            let length = block.len() as u16;
            zlib.push(u8::from(blocks.peek().is_none()));
            zlib.extend(length.to_le_bytes());
            zlib.extend((!length).to_le_bytes());
            zlib.extend(block);
        }
        let (a, b) = scanlines.iter().fold((1u32, 0u32), |(a, b), &byte| {
            let a = (a + u32::from(byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        zlib.extend((b << 16 | a).to_be_bytes());
        chunk(b"IDAT", &zlib);
        chunk(b"IEND", &[]);
        file
    }

    const NO_CODE: Error = Error::Decode { what: "no readable code in the picture" };
    const DAMAGED: Error = Error::Decode { what: "not a PNG picture, or a damaged one" };

    #[test]
    fn matches_vectors_of_rfc_9285() {
        for (bytes, text) in
            [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]
        {
            assert_eq!(encode_text(bytes.as_bytes()), text);
            assert_eq!(decode_text(text.as_bytes()).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode_text(b"").unwrap(), b"");
    }

    #[test]
    fn rejects_text_that_is_not_base45() {
        // RFC 9285, section 6: FGW is 65,535, GGW is 65,536. U5 is 255, V5 is 256.
        assert_eq!(decode_text(b"FGW").unwrap(), [0xff, 0xff]);
        assert_eq!(decode_text(b"U5").unwrap(), [0xff]);
        for text in
            [&b"GGW"[..], b":::", b"V5", b"::", b"A", b"BB8B", b"bb8", b"BB8\n", b"BB_", b"BB\xff", "BBü".as_bytes()]
        {
            assert_eq!(decode_text(text), Err(Error::Decode { what: "the text is not Base45" }), "{text:?}");
        }
    }

    #[test]
    fn roundtrips_every_size_class_as_png() {
        for size in [1, 2, 3, 17, 100, 255, 500, 777, 950, 1000, 1234, 1235] {
            let bytes = sample(size);
            for scale in [3, DEFAULT_SCALE, 11] {
                let png = Qr::from_bytes(&bytes).unwrap().to_png(scale).unwrap();
                assert_eq!(from_png(&png), Ok(bytes.clone()), "{size} bytes, scale {scale}");
            }
        }
    }

    #[test]
    fn versions_hold_what_the_standard_says() {
        // ISO/IEC 18004, table 7, level L: alphanumeric 25 (version 1), 1,853 (25), 1,990 (26), 4,296 (40) characters.
        for (size, version) in [(1, 1), (16, 1), (17, 2), (1235, 25), (1236, 26), (2864, 40)] {
            assert_eq!(Qr::from_bytes(&sample(size)).unwrap().version(), version, "{size} bytes");
        }
        assert_eq!(Qr::from_bytes(&sample(2865)).unwrap_err(), Error::TooLong);
        // Digits only, which other modes would pack tighter: still one alphanumeric segment.
        let digits = decode_text(&b"000".repeat(617)).unwrap();
        assert_eq!(Qr::from_bytes(&digits).unwrap().version(), 25);
    }

    #[test]
    fn reads_every_colour_type_and_turned_pictures() {
        let bytes = sample(200);
        let (side, grey) = pixels(&bytes, 4);
        let width = side as usize;
        let each = |pixel: fn(u8) -> Vec<u8>| grey.iter().flat_map(|&value| pixel(value)).collect::<Vec<u8>>();
        let eight = png::BitDepth::Eight;
        let pictures = [
            write_png(side, side, png::ColorType::Grayscale, eight, &grey),
            write_png(side, side, png::ColorType::Grayscale, png::BitDepth::Sixteen, &each(|v| vec![v, v])),
            write_png(side, side, png::ColorType::Rgb, eight, &each(|v| vec![v / 2 + 40, v, v / 3])),
            // Dark where opaque, transparent elsewhere.
            write_png(side, side, png::ColorType::Rgba, eight, &each(|v| vec![0, 0, 0, 255 - v])),
            write_png(side, side, png::ColorType::GrayscaleAlpha, eight, &each(|v| vec![0, 255 - v])),
        ];
        for (index, png) in pictures.iter().enumerate() {
            assert_eq!(from_png(png), Ok(bytes.clone()), "picture {index}");
        }
        let turned: Vec<u8> = (0..grey.len()).map(|i| grey[(width - 1 - i % width) * width + i / width]).collect();
        assert_eq!(from_png(&write_png(side, side, png::ColorType::Grayscale, eight, &turned)), Ok(bytes));
    }

    #[test]
    fn reads_interlaced_pictures() {
        let bytes = sample(200);
        let (side, grey) = pixels(&bytes, 3);
        let width = side as usize;
        // PNG specification, section 8.2: first column and row, and the steps, of Adam7's seven passes.
        let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        let mut scanlines = Vec::new();
        for (x0, y0, dx, dy) in passes {
            for y in (y0..width).step_by(dy) {
                scanlines.push(0);
                scanlines.extend((x0..width).step_by(dx).map(|x| grey[y * width + x]));
            }
        }
        assert_eq!(from_png(&raw_png(side, side, true, &scanlines)), Ok(bytes));
    }

    #[test]
    fn reads_large_pictures_by_scaling_down() {
        let bytes = sample(1235);
        let png = Qr::from_bytes(&bytes).unwrap().to_png(MAX_SCALE).unwrap();
        assert_eq!(from_png(&png), Ok(bytes));
    }

    #[test]
    fn rejects_pictures_without_one_code_of_ours() {
        let blank = write_png(100, 100, png::ColorType::Grayscale, png::BitDepth::Eight, &[255; 10_000]);
        assert_eq!(from_png(&blank), Err(NO_CODE));
        let dot = write_png(1, 1, png::ColorType::Grayscale, png::BitDepth::Eight, &[0]);
        assert_eq!(from_png(&dot), Err(NO_CODE));
        let stripe = write_png(MAX_PICTURE_SIDE, 1, png::ColorType::Grayscale, png::BitDepth::Eight, &[0; 8192]);
        assert_eq!(from_png(&stripe), Err(NO_CODE));

        // Somebody else's code, lower case letters.
        let foreign = Qr { code: QrCode::new(b"https://example.org/menu").unwrap() };
        assert_eq!(from_png(&foreign.to_png(4).unwrap()), Err(Error::Decode { what: "the text is not Base45" }));

        // Two codes side by side: the same twice is one, two different ones are none.
        let beside = |left: &[u8], right: &[u8]| {
            let ((side, left), (_, right)) = (pixels(left, 4), pixels(right, 4));
            let width = side as usize;
            let rows: Vec<u8> =
                left.chunks(width).zip(right.chunks(width)).flat_map(|(l, r)| [l, r].concat()).collect();
            write_png(2 * side, side, png::ColorType::Grayscale, png::BitDepth::Eight, &rows)
        };
        let (first, second) = (sample(100), [sample(99), vec![0]].concat());
        assert_eq!(from_png(&beside(&first, &first)), Ok(first.clone()));
        assert_eq!(
            from_png(&beside(&first, &second)),
            Err(Error::Decode { what: "several different codes in the picture" })
        );
    }

    #[test]
    fn gives_the_modules_without_the_quiet_zone() {
        let qr = Qr::from_bytes(&sample(300)).unwrap();
        let dark: Vec<bool> = qr.modules().collect();
        assert_eq!(dark.len(), qr.width() * qr.width());
        assert!(dark.iter().enumerate().all(|(place, dark)| {
            *dark == qr.is_dark(place % qr.width() + QUIET_ZONE, place / qr.width() + QUIET_ZONE)
        }));
    }

    #[test]
    fn rejects_damaged_pictures() {
        let bytes = sample(300);
        let png = Qr::from_bytes(&bytes).unwrap().to_png(4).unwrap();
        for length in (0..png.len()).step_by(37) {
            // Only the end marker may be missing; what is shown is the whole code then.
            let read = from_png(&png[..length]);
            assert!(
                read.is_err() || (length + 16 > png.len() && read.as_ref() == Ok(&bytes)),
                "cut to {length}: {read:?}"
            );
        }
        for position in 0..png.len() {
            let mut damaged = png.clone();
            damaged[position] ^= 1 << (position % 8);
            let read = from_png(&damaged);
            assert!(read.is_err() || read.as_ref() == Ok(&bytes), "byte {position}: other bytes were read");
        }
        for not_png in [&b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", &sample(5000)] {
            assert_eq!(from_png(not_png), Err(DAMAGED));
        }
    }

    #[test]
    fn rejects_hostile_sizes_without_the_memory() {
        let too_large = Error::Decode { what: "the picture is too large" };
        for (width, height) in [(8193, 1), (1, 8193), (65_536, 65_536)] {
            assert_eq!(from_png(&raw_png(width, height, false, &[0; 64])), Err(too_large));
        }
        // So wide that the decoder itself refuses.
        for height in [1, 0x7fff_ffff] {
            assert_eq!(from_png(&raw_png(0x7fff_ffff, height, false, &[0; 64])), Err(DAMAGED));
        }
        // A size within the limits, with next to nothing behind it.
        assert_eq!(from_png(&raw_png(8192, 8192, false, &[0; 64])), Err(DAMAGED));
        assert_eq!(from_png(&raw_png(8192, 8192, true, &[0; 64])), Err(DAMAGED));
    }

    #[test]
    fn rejects_scales_out_of_range() {
        let qr = Qr::from_bytes(b"x").unwrap();
        for scale in [0, MAX_SCALE + 1, u32::MAX] {
            assert!(matches!(qr.to_png(scale), Err(Error::Misuse { .. })));
        }
    }

    #[test]
    fn terminal_shows_the_same_modules() {
        let qr = Qr::from_bytes(&sample(60)).unwrap();
        let text = qr.to_terminal();
        let lines: Vec<Vec<char>> = text
            .lines()
            .map(|line| {
                let cells = line.strip_prefix("\x1b[38;5;16;48;5;231m").and_then(|line| line.strip_suffix("\x1b[0m"));
                cells.unwrap().chars().collect()
            })
            .collect();
        assert_eq!(lines.len(), qr.side().div_ceil(2));
        for y in 0..qr.side() {
            assert_eq!(lines[y / 2].len(), qr.side());
            for (x, &cell) in lines[y / 2].iter().enumerate() {
                let dark = if y % 2 == 0 { "█▀" } else { "█▄" }.contains(cell);
                assert_eq!(dark, qr.is_dark(x, y), "({x}, {y})");
            }
        }
    }
}
