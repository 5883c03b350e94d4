//! The recovery phrase, and the holder secret that follows from it.
//!
//! Source: BIP-39 (24 words of its English list, `phrase/english.txt`, for 32 bytes of entropy), HKDF (RFC 5869) with SHA-512.
//!
//! ```text
//! entropy  32 random bytes ↔ with the first byte of their SHA-256 behind them, 24 numbers of 11 bits: places of words in the list
//! k        = HKDF-Expand(HKDF-Extract("milchglas wallet/1", entropy), "holder secret", 64 bytes) mod r
//! ```
//!
//! Secret: all of it. The phrase alone restores the holder secret in a new wallet, and with it the names under which issuers know
//! the holder; credentials are issued anew.
//! Caution: BIP-39's own stretching with a passphrase is not used; the entropy is full.

use std::fmt;

use hkdf::Hkdf;
use milchglas_credential::credential::HolderSecret;
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::error::Error;

const WORDS: usize = 24;
/// The 2,048 words, one a line, ascending.
const LIST: &str = include_str!("phrase/english.txt");
/// Bits that a word stands for.
const WORD_BITS: usize = 11;
const SALT: &[u8] = b"milchglas wallet/1";

/// The bytes that everything else follows from.
pub(crate) type Entropy = Zeroizing<[u8; 32]>;

/// The 24 words that restore a wallet's holder secret.
///
/// Erased when dropped. It prints only through [`RecoveryPhrase::expose`]; `Debug` names the type.
pub struct RecoveryPhrase {
    entropy: Entropy,
    /// Whether it was drawn here, so that no wallet has had it.
    new: bool,
}

impl RecoveryPhrase {
    /// A fresh phrase.
    pub fn random(rng: &mut dyn CryptoRngCore) -> Self {
        let mut entropy = Entropy::default();
        rng.fill_bytes(entropy.as_mut_slice());
        Self { entropy, new: true }
    }

    /// Reads 24 English words, separated by white space, in upper or lower case.
    ///
    /// # Errors
    /// [`Error::Misuse`] where they are not 24 words of the list, or their checksum does not hold. It does not say which.
    pub fn parse(words: &Zeroizing<String>) -> Result<Self, Error> {
        const ERROR: Error = Error::Misuse("a recovery phrase is 24 words of the BIP-39 list, with the right checksum");
        if words.len() > 1024 {
            return Err(ERROR);
        }
        let mut places = Zeroizing::new(Vec::with_capacity(WORDS));
        for word in words.split_ascii_whitespace() {
            let place = LIST.lines().position(|listed| listed.eq_ignore_ascii_case(word)).ok_or(ERROR)?;
            if places.len() == WORDS {
                return Err(ERROR);
            }
            places.push(place);
        }
        let bytes = regroup(&places, WORD_BITS, 8);
        let (Some(found), 33) = (bytes.last(), bytes.len()) else { return Err(ERROR) };
        let mut entropy = Entropy::default();
        for (to, from) in entropy.iter_mut().zip(bytes.iter()) {
            *to = *from as u8;
        }
        if *found == usize::from(checksum(&entropy)) { Ok(Self { entropy, new: false }) } else { Err(ERROR) }
    }

    /// The words, separated by single spaces, for the person's eyes only.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        bytes.extend(self.entropy.iter().map(|byte| usize::from(*byte)));
        bytes.push(checksum(&self.entropy).into());
        let places = regroup(&bytes, 8, WORD_BITS);
        // 24 words of at most 8 letters: room for all, so that growing leaves no copy behind.
        let mut words = Zeroizing::new(String::with_capacity(9 * WORDS));
        for place in places.iter() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(LIST.lines().nth(*place).unwrap_or_default());
        }
        words
    }

    pub(crate) fn entropy(&self) -> Entropy {
        self.entropy.clone()
    }

    /// Whether no wallet has had it before.
    pub(crate) fn is_new(&self) -> bool {
        self.new
    }
}

impl fmt::Debug for RecoveryPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryPhrase(..)")
    }
}

/// The first byte of the entropy's SHA-256.
fn checksum(entropy: &Entropy) -> u8 {
    Sha256::digest(entropy.as_slice())[0]
}

/// The same bits in groups of another size; what does not fill a group is left out.
fn regroup(groups: &[usize], from: usize, to: usize) -> Zeroizing<Vec<usize>> {
    let mut regrouped = Zeroizing::new(Vec::with_capacity(groups.len() * from / to));
    let (mut bits, mut count) = (0, 0);
    for group in groups {
        bits = bits << from | group;
        count += from;
        while count >= to {
            count -= to;
            regrouped.push(bits >> count);
            bits &= (1 << count) - 1;
        }
    }
    regrouped
}

/// The holder secret k of a wallet with this entropy.
pub(crate) fn holder_secret(entropy: &Entropy) -> Result<HolderSecret, Error> {
    let mut wide = Zeroizing::new([0; 64]);
    Hkdf::<Sha512>::new(Some(SALT), entropy.as_slice())
        .expand(b"holder secret", wide.as_mut_slice())
        .map_err(|_| Error::Misuse("64 bytes are within HKDF's length"))?;
    Ok(HolderSecret::from_uniform_bytes(&wide)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(words: &str) -> Result<RecoveryPhrase, Error> {
        RecoveryPhrase::parse(&Zeroizing::new(words.to_owned()))
    }

    #[test]
    fn matches_the_vectors_of_bip_39() {
        // The reference vectors of BIP-39 for 32 bytes of entropy.
        let legal = "legal winner thank year wave sausage worth useful";
        for (byte, words) in [
            (0x00, format!("{}art", "abandon ".repeat(23))),
            (0x7f, format!("{legal} {legal} legal winner thank year wave sausage worth title")),
            (0xff, format!("{}vote", "zoo ".repeat(23))),
        ] {
            assert_eq!(*phrase(&words).unwrap().entropy(), [byte; 32]);
            assert_eq!(*RecoveryPhrase { entropy: Zeroizing::new([byte; 32]), new: false }.expose(), words);
        }
    }

    #[test]
    fn agrees_with_another_implementation() {
        let mut rng = milchglas_tests::SeededRng::new("phrases");
        for _ in 0..100 {
            let phrase = RecoveryPhrase::random(&mut rng);
            let mnemonic = bip39::Mnemonic::from_entropy(phrase.entropy().as_slice()).unwrap();
            assert_eq!(*phrase.expose(), mnemonic.to_string());
        }
        let list: Vec<&str> = LIST.lines().collect();
        assert_eq!(list, bip39::Language::English.word_list());
        // One word after another in the last place: both accept the same 8 of 2,048.
        let mut accepted = 0;
        for word in list {
            let words = format!("{}{word}", "zoo ".repeat(23));
            assert_eq!(phrase(&words).is_ok(), words.parse::<bip39::Mnemonic>().is_ok(), "{word}");
            accepted += usize::from(phrase(&words).is_ok());
        }
        assert_eq!(accepted, 8);
    }

    #[test]
    fn reads_words_as_people_type_them_and_nothing_else() {
        let words = format!("{}art", "abandon ".repeat(23));
        assert!(phrase(&format!("  {}\n", words.to_uppercase().replace(' ', "  "))).is_ok());
        for wrong in [
            String::new(),
            "abandon ".repeat(24),
            "abandon ".repeat(23),
            format!("{}about", "abandon ".repeat(11)),
            words.replace("art", "arte"),
            words.replace("art", "über"),
            format!("{words} art"),
            "abandon ".repeat(1000),
        ] {
            assert!(phrase(&wrong).is_err(), "{wrong}");
        }
    }
}
