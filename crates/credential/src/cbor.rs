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
