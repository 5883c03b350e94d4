//! Deterministic CBOR: every object has exactly one encoding.
//!
//! Source: RFC 8949, section 4.2.1. All wire objects are arrays of a fixed number of items, so there are no map keys to sort,
//! repeat or invent.
//!
//! [`from_bytes`] encodes again what it has read and compares. That one comparison refuses integers that are longer than
//! needed, indefinite lengths and whatever else has a second spelling; bytes behind the object are refused as well. A length
//! that the input claims is never trusted before the bytes are there: strings are borrowed from the input, and lists grow
//! item by item under a limit. Types do not contain themselves; the one that does (the ask of a request) counts its depth.
//!
//! Caution: what [`from_bytes`] returns is well-formed, not authentic.
//! Not here: what the objects mean.

use crate::error::DecodeError;
use crate::number::Number;
use minicbor::{Decoder, Encoder};
use std::convert::Infallible;
use zeroize::{Zeroize, Zeroizing};

/// An object with one deterministic CBOR encoding.
pub trait Wire: Sized {
    /// Appends the encoding.
    fn write(&self, out: &mut Writer);

    /// Reads one object.
    ///
    /// # Errors
    /// [`DecodeError`] where the input is not an encoding of a valid object.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// The encoding of an object.
pub fn to_bytes<T: Wire>(object: &T) -> Vec<u8> {
    let mut out = Writer::new();
    object.write(&mut out);
    out.into_bytes()
}

/// Reads an object that fills the input exactly and is encoded in the one permitted way.
///
/// # Errors
/// [`DecodeError`] where the input is longer than `max_len`, is not such an object, or is followed by more bytes.
pub fn from_bytes<T: Wire>(bytes: &[u8], max_len: usize) -> Result<T, DecodeError> {
    if bytes.len() > max_len {
        return Err(DecodeError { what: "the input is too long" });
    }
    let mut input = Reader::new(bytes);
    let object = T::read(&mut input)?;
    input.finish()?;
    let again = Zeroizing::new(to_bytes(&object));
    if again.as_slice() != bytes {
        return Err(DecodeError { what: "not the deterministic encoding" });
    }
    Ok(object)
}

/// Writes deterministic CBOR into memory that is erased when it grows or is dropped.
pub struct Writer(Encoder<Sink>);

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self(Encoder::new(Sink::default()))
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        std::mem::take(&mut self.0.into_writer().0)
    }

    /// The head of an array of `len` items, which the caller writes next.
    pub fn array(&mut self, len: usize) -> &mut Self {
        self.put(|encoder| encoder.array(len as u64).map(|_| ()))
    }

    /// An array of objects.
    pub fn list<'a, T: Wire + 'a>(&mut self, items: impl ExactSizeIterator<Item = &'a T>) -> &mut Self {
        self.array(items.len());
        for item in items {
            item.write(self);
        }
        self
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.put(|encoder| encoder.u64(value).map(|_| ()))
    }

    /// An integer of up to 64 bits and a sign.
    pub fn int(&mut self, value: Number) -> &mut Self {
        self.put(|encoder| encoder.int(value.into()).map(|_| ()))
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.put(|encoder| encoder.bool(value).map(|_| ()))
    }

    /// `null`, which stands for something left out.
    pub fn null(&mut self) -> &mut Self {
        self.put(|encoder| encoder.null().map(|_| ()))
    }

    /// A text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.put(|encoder| encoder.str(value).map(|_| ()))
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.put(|encoder| encoder.bytes(value).map(|_| ()))
    }

    /// Any object.
    pub fn object<T: Wire>(&mut self, value: &T) -> &mut Self {
        value.write(self);
        self
    }

    fn put(
        &mut self,
        write: impl FnOnce(&mut Encoder<Sink>) -> Result<(), minicbor::encode::Error<Infallible>>,
    ) -> &mut Self {
        // Writing to memory can not fail, and no call above encodes a value that could.
        let _cannot_fail = write(&mut self.0);
        self
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Default)]
struct Sink(Vec<u8>);

impl minicbor::encode::Write for Sink {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        let needed = self.0.len().saturating_add(bytes.len());
        if needed > self.0.capacity() {
            // A vector that grows by itself would leave the old copy in freed memory.
            let mut larger = Vec::with_capacity(needed.saturating_mul(2).max(256));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Reads CBOR from a byte slice; every method names what it expects, for the error.
pub struct Reader<'a>(Decoder<'a>);

impl<'a> Reader<'a> {
    /// Reads from the start of the input.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// The head of an array of exactly `len` items, which the caller reads next.
    ///
    /// # Errors
    /// [`DecodeError`] naming `what`, here and in every method below, where something else comes next.
    pub fn array(&mut self, len: usize, what: &'static str) -> Result<(), DecodeError> {
        match self.0.array() {
            Ok(Some(found)) if found == len as u64 => Ok(()),
            Ok(_) | Err(_) => Err(DecodeError { what }),
        }
    }

    /// The head of an array of at most `max` items; its number of items.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn array_up_to(&mut self, max: usize, what: &'static str) -> Result<usize, DecodeError> {
        let len = self.0.array().map_err(|_| DecodeError { what })?.ok_or(DecodeError { what })?;
        usize::try_from(len).ok().filter(|len| *len <= max).ok_or(DecodeError { what })
    }

    /// A list of at most `max` objects.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn list<T: Wire>(&mut self, max: usize, what: &'static str) -> Result<Vec<T>, DecodeError> {
        let len = self.array_up_to(max, what)?;
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(T::read(self)?);
        }
        Ok(items)
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn uint(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.0.u64().map_err(|_| DecodeError { what })
    }

    /// An unsigned integer of up to 32 bits.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn uint32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.0.u32().map_err(|_| DecodeError { what })
    }

    /// An integer of up to 64 bits and a sign.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn int(&mut self, what: &'static str) -> Result<Number, DecodeError> {
        self.0.int().map(Number::from).map_err(|_| DecodeError { what })
    }

    /// A truth value.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn bool(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        self.0.bool().map_err(|_| DecodeError { what })
    }

    /// Consumes a `null` where one comes next; whether it did.
    ///
    /// # Errors
    /// See [`Reader::array`]; only at the end of the input.
    pub fn null(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        if self.0.datatype().map_err(|_| DecodeError { what })? != minicbor::data::Type::Null {
            return Ok(false);
        }
        self.0.null().map_err(|_| DecodeError { what })?;
        Ok(true)
    }

    /// A text string of at most `max` bytes.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn text(&mut self, max: usize, what: &'static str) -> Result<&'a str, DecodeError> {
        self.0.str().ok().filter(|text| text.len() <= max).ok_or(DecodeError { what })
    }

    /// A byte string of at most `max` bytes.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn bytes_up_to(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        self.0.bytes().ok().filter(|bytes| bytes.len() <= max).ok_or(DecodeError { what })
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn bytes<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        self.0.bytes().ok().and_then(|bytes| bytes.try_into().ok()).ok_or(DecodeError { what })
    }

    /// Any object.
    ///
    /// # Errors
    /// See [`Reader::array`].
    pub fn object<T: Wire>(&mut self) -> Result<T, DecodeError> {
        T::read(self)
    }

    /// The input ends here.
    ///
    /// # Errors
    /// [`DecodeError`] where bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.0.position() == self.0.input().len() {
            Ok(())
        } else {
            Err(DecodeError { what: "more bytes than the object has" })
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Debug;

    /// Everything that every object promises: it reads back; one byte less or more is refused; so are a longer head and an
    /// indefinite length; and whatever else is accepted has the bytes of its own encoding.
    pub(crate) fn assert_strict<T: Wire + PartialEq + Debug>(object: &T) {
        let bytes = to_bytes(object);
        let read = |bytes: &[u8]| from_bytes::<T>(bytes, 1 << 16);
        assert_eq!(read(&bytes).as_ref(), Ok(object));
        assert!(from_bytes::<T>(&bytes, bytes.len() - 1).is_err());
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "cut to {len}");
        }
        for last in [0x00, 0xf6, 0xff] {
            assert!(read(&[&bytes[..], &[last]].concat()).is_err(), "with {last:02x} behind");
        }
        for at in 0..bytes.len() {
            let mut removed = bytes.clone();
            removed.remove(at);
            assert_canonical(object, &bytes, &removed);
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert_canonical(object, &bytes, &flipped);
            }
        }
        for spelling in other_spellings(&bytes) {
            assert!(read(&spelling).is_err(), "another spelling: {}", hex::encode(spelling));
        }
    }

    fn assert_canonical<T: Wire + PartialEq + Debug>(object: &T, bytes: &[u8], changed: &[u8]) {
        if let Ok(other) = from_bytes::<T>(changed, 1 << 16) {
            assert_eq!(to_bytes(&other), changed);
            assert_eq!(other == *object, bytes == changed);
        }
    }

    /// The same content with one head written longer than needed, or one length left open.
    fn other_spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut spellings = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let (kind, info) = (bytes[at] & 0xe0, bytes[at] & 0x1f);
            let extra = [1, 2, 4, 8].get(usize::from(info).wrapping_sub(24)).copied().unwrap_or(0);
            let mut argument = [0; 8];
            if extra == 0 {
                argument[7] = info;
            } else {
                argument[8 - extra..].copy_from_slice(&bytes[at + 1..=at + extra]);
            }
            let (before, after) = (&bytes[..at], &bytes[at + 1 + extra..]);
            if kind != 0xe0 {
                for longer in [1, 2, 4, 8].into_iter().filter(|longer| *longer > extra) {
                    let head = kind | (24 + longer.trailing_zeros() as u8);
                    spellings.push([before, &[head], &argument[8 - longer..], after].concat());
                }
            }
            let len = u64::from_be_bytes(argument) as usize;
            at += 1 + extra;
            if kind == 0x40 || kind == 0x60 {
                spellings.push(
                    [before, &[kind | 0x1f], &bytes[before.len()..at + len], &[0xff], &bytes[at + len..]].concat(),
                );
                at += len;
            } else if kind == 0x80 {
                spellings.push([before, &[0x9f], after, &[0xff]].concat());
            }
        }
        spellings
    }

    struct Numbers(Vec<Number>);

    impl Wire for Numbers {
        fn write(&self, out: &mut Writer) {
            out.list(self.0.iter());
        }

        fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
            input.list(1000, "numbers").map(Self)
        }
    }

    #[test]
    fn matches_the_examples_of_rfc_8949() {
        // RFC 8949, appendix A.
        let cases: [(i128, &str); 12] = [
            (0, "00"),
            (23, "17"),
            (24, "1818"),
            (100, "1864"),
            (1000, "1903e8"),
            (1_000_000, "1a000f4240"),
            (1_000_000_000_000, "1b000000e8d4a51000"),
            (18_446_744_073_709_551_615, "1bffffffffffffffff"),
            (-1, "20"),
            (-100, "3863"),
            (-1000, "3903e7"),
            (-18_446_744_073_709_551_616, "3bffffffffffffffff"),
        ];
        for (value, encoding) in cases {
            let number = Number::try_from(value).unwrap();
            assert_eq!(hex::encode(to_bytes(&number)), encoding);
            assert_strict(&number);
        }
        let mut out = Writer::new();
        out.array(4).text("ü").bytes(&[1, 2, 3, 4]).bool(true).null();
        assert_eq!(hex::encode(out.into_bytes()), "8462c3bc4401020304f5f6");
    }

    #[test]
    fn rejects_huge_lengths_without_allocating() {
        for head in
            ["9a00ffffff", "9bffffffffffffffff", "5bffffffffffffffff", "7bffffffffffffffff", "bbffffffffffffffff"]
        {
            assert!(from_bytes::<Numbers>(&hex::decode(head).unwrap(), 64).is_err(), "{head}");
        }
    }

    proptest! {
        #[test]
        fn accepts_only_its_own_encoding(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(numbers) = from_bytes::<Numbers>(&bytes, 64) {
                prop_assert_eq!(to_bytes(&numbers), bytes);
            }
        }

        #[test]
        fn keeps_what_was_written_while_memory_grows(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8)) {
            let mut out = Writer::new();
            out.array(parts.len());
            for part in &parts {
                out.bytes(part);
            }
            let bytes = out.into_bytes();
            let mut input = Reader::new(&bytes);
            input.array(parts.len(), "parts").unwrap();
            for part in &parts {
                prop_assert_eq!(input.bytes_up_to(300, "part").unwrap(), &part[..]);
            }
            input.finish().unwrap();
        }
    }
}
