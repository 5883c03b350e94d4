//! The encryption: age, by its crate or, in WebAssembly, by our own reading of the format.
//!
//! Not here: the framing of a sealed file (`container`).

use std::fmt;

use zeroize::Zeroizing;

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::age_crate::{Identity, Recipient, lock, unlock};
#[cfg(target_family = "wasm")]
pub(crate) use crate::age_format::{Identity, Recipient, lock, unlock};

use crate::Error;

/// What an identity's text begins with.
#[cfg(any(target_family = "wasm", test))]
pub(crate) const IDENTITY: &str = "age-secret-key-";
/// What a recipient's text begins with.
#[cfg(any(target_family = "wasm", test))]
pub(crate) const RECIPIENT: &str = "age";
/// An age header as we write it (one recipient, one decoy) takes a few hundred bytes. The bound keeps a hostile file from
/// making us try recipients without end.
const MAX_AGE_HEADER: usize = 2048;

/// An address to which others encrypt, and the secret that opens what they send: an age X25519 identity.
pub struct ReplyIdentity(Identity);

impl ReplyIdentity {
    /// A fresh one, from the operating system's random number generator.
    #[must_use]
    pub fn generate() -> Self {
        Self(Identity::generate())
    }

    /// Reads its text.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Identity::parse(text).map(Self).ok_or(Error::Decode { what: "an age X25519 identity" })
    }

    /// The secret as text, `AGE-SECRET-KEY-1…`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        self.0.to_text()
    }

    /// The public address, `age1…`.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.recipient().to_text()
    }

    /// Opens what was encrypted to the address.
    ///
    /// # Errors
    /// [`Error::Unopenable`] for what was not, or was changed; [`Error::Decode`] for what has no age header.
    pub fn open(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        has_header(ciphertext)?;
        self.0.decrypt(ciphertext)
    }
}

impl fmt::Debug for ReplyIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyIdentity(..)")
    }
}

/// Whether there is an age header of bearable length.
pub(crate) fn has_header(bytes: &[u8]) -> Result<(), Error> {
    let head = bytes.get(..MAX_AGE_HEADER.min(bytes.len())).unwrap_or_default();
    if head.windows(5).any(|window| window == b"\n--- ") {
        Ok(())
    } else {
        Err(Error::Decode { what: "no age header" })
    }
}
