//! Sentences for the holder's eyes, which may contain the holder's claims.
//!
//! Caution: whoever prints them puts claims on a screen; they belong in no log.

use std::fmt;

use milchglas_credential::cbor::{Reader, Wire, Writer};
use milchglas_credential::error::DecodeError;
use zeroize::Zeroizing;

const MAX_SENTENCES: usize = 2048;
/// Longer than any sentence about a request of 16 KiB, with every character set off.
const MAX_SENTENCE: usize = 1 << 16;

/// A list of sentences. Erased when dropped; `Debug` prints their number only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sentences(Vec<Zeroizing<String>>);

impl Sentences {
    /// The sentences in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|sentence| sentence.as_str())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, sentence: String) {
        self.0.push(Zeroizing::new(sentence));
    }

    /// Appends a sentence that is not yet there.
    pub(crate) fn push_once(&mut self, sentence: String) {
        let sentence = Zeroizing::new(sentence);
        if !self.0.contains(&sentence) {
            self.0.push(sentence);
        }
    }

    pub(crate) fn append(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
    }
}

impl fmt::Debug for Sentences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sentences({})", self.0.len())
    }
}

impl Wire for Sentences {
    fn write(&self, out: &mut Writer) {
        out.array(self.0.len());
        for sentence in &self.0 {
            out.text(sentence);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut sentences = Vec::new();
        for _ in 0..input.array_up_to(MAX_SENTENCES, "sentences")? {
            sentences.push(Zeroizing::new(input.text(MAX_SENTENCE, "a sentence")?.to_owned()));
        }
        Ok(Self(sentences))
    }
}
