//! A sealed file's bytes in memory, for where there is no disk: a browser, say.
//!
//! They are those of a file: copied into one, it opens as such, and the reverse.
//! Caution: saving replaces the bytes here and nowhere else. Whoever keeps them must put them where they last, whole or not at all, and keep
//! others from doing the same meanwhile.
//! Not here: framing and encryption (`container`).

use std::fmt;

use zeroize::Zeroizing;

use crate::container::{MAX_FILE_BYTES, Seal};
use crate::{Error, Passphrase, Work};

/// The bytes of an open sealed file. It holds what saving needs and nothing of the content or the passphrase.
pub struct SealedBytes {
    kind: &'static str,
    seal: Seal,
    bytes: Vec<u8>,
}

impl SealedBytes {
    /// Seals a content. `kind` (1 to 255 bytes) says what it is; only the same kind opens it. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a kind or content of a wrong length; [`Error::Io`] where encrypting fails.
    pub fn create(passphrase: &Passphrase, kind: &'static str, content: &[u8], work: Work) -> Result<Self, Error> {
        let seal = Seal::new(passphrase, work)?;
        let bytes = seal.encode(kind, content)?;
        Ok(Self { kind, seal, bytes })
    }

    /// Opens the bytes of a sealed file and gives its content.
    ///
    /// # Errors
    /// [`Error::Unopenable`] for a wrong passphrase or changed bytes, [`Error::Decode`] for what is no sealed file or one of another kind. No
    /// part of the content comes out with an error.
    pub fn open(
        bytes: Vec<u8>,
        passphrase: &Passphrase,
        kind: &'static str,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(Error::Decode { what: "the file is too long" });
        }
        let (seal, content) = Seal::decode(&bytes, passphrase, kind)?;
        Ok((Self { kind, seal, bytes }, content))
    }

    /// Replaces the content. No scrypt.
    ///
    /// # Errors
    /// As [`SealedBytes::create`]; the old content is then intact.
    pub fn save(&mut self, content: &[u8]) -> Result<(), Error> {
        self.bytes = self.seal.encode(self.kind, content)?;
        Ok(())
    }

    /// Replaces passphrase, key and content: an older copy's key opens nothing written from now on. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// As [`SealedBytes::create`]; passphrase and content are then the old ones.
    pub fn change_passphrase(&mut self, new: &Passphrase, content: &[u8], work: Work) -> Result<(), Error> {
        *self = Self::create(new, self.kind, content, work)?;
        Ok(())
    }

    /// The bytes as they stand in a file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for SealedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedBytes").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SealedFile;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn bytes_and_file_are_the_same() {
        let work = Work::with_log_n(1).unwrap();
        let mut sealed = SealedBytes::create(&passphrase("a"), "wallet", b"first", work).unwrap();
        sealed.save(b"second").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault");
        std::fs::write(&path, sealed.as_bytes()).unwrap();
        let (mut file, content) = SealedFile::open(&path, &passphrase("a"), "wallet").unwrap();
        assert_eq!(content.as_slice(), b"second");
        file.save(b"third").unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (mut again, content) = SealedBytes::open(bytes.clone(), &passphrase("a"), "wallet").unwrap();
        assert_eq!(content.as_slice(), b"third");
        again.change_passphrase(&passphrase("b"), b"fourth", work).unwrap();
        let open = |bytes: &[u8], text, kind| SealedBytes::open(bytes.to_vec(), &passphrase(text), kind).map(|_| ());
        assert_eq!(open(again.as_bytes(), "a", "wallet"), Err(Error::Unopenable));
        assert_eq!(open(again.as_bytes(), "b", "wallet"), Ok(()));
        assert!(matches!(open(&bytes, "a", "verifier"), Err(Error::Decode { .. })));
        assert!(matches!(open(&bytes[1..], "a", "wallet"), Err(Error::Decode { .. })));
    }
}
