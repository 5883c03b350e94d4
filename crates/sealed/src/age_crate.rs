//! What sealed files and issuers' answers need of the crate `age`.
//!
//! Not here: what is in them, nor WebAssembly (`age_format`).

use std::io::{Read as _, Write as _};

use age::secrecy::{ExposeSecret as _, SecretString};
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::{Error, Op, Passphrase, Work};

/// An X25519 identity: the secret that opens what is encrypted to its recipient.
pub(crate) struct Identity(age::x25519::Identity);

/// An X25519 recipient.
pub(crate) struct Recipient(age::x25519::Recipient);

impl Identity {
    pub(crate) fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }

    pub(crate) fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    pub(crate) fn decrypt(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        decrypt(&self.0, file)
    }
}

impl Recipient {
    pub(crate) fn to_text(&self) -> String {
        self.0.to_string()
    }

    pub(crate) fn encrypt(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        encrypt(&self.0, parts)
    }
}

/// Encrypts to a passphrase. One scrypt.
pub(crate) fn lock(passphrase: &Passphrase, work: Work, content: &[u8]) -> Result<Vec<u8>, Error> {
    let mut lock = age::scrypt::Recipient::new(secret(passphrase));
    lock.set_work_factor(work.log_n());
    encrypt(&lock, &[content])
}

/// The reverse. One scrypt.
pub(crate) fn unlock(passphrase: &Passphrase, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut key = age::scrypt::Identity::new(secret(passphrase));
    key.set_max_work_factor(Work::MAX_LOG_N);
    decrypt(&key, file)
}

fn secret(passphrase: &Passphrase) -> SecretString {
    // `Box<str>` straight from the slice: no reallocation that leaves a copy behind.
    SecretString::from(Box::<str>::from(passphrase.text()))
}

fn encrypt(recipient: &dyn age::Recipient, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient))
        .map_err(|_| Error::Misuse { what: "a recipient that age refuses" })?;
    let mut writer = encryptor.wrap_output(Vec::new()).map_err(Op::Encrypt.failed())?;
    for part in parts {
        writer.write_all(part).map_err(Op::Encrypt.failed())?;
    }
    writer.finish().map_err(Op::Encrypt.failed())
}

fn decrypt(identity: &dyn age::Identity, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let opaque = |cause| {
        if matches!(cause, DecryptError::ExcessiveWork { .. }) {
            Error::Decode { what: "the scrypt work factor is too high" }
        } else {
            Error::Unopenable
        }
    };
    let mut reader =
        Decryptor::new_buffered(file).map_err(opaque)?.decrypt(std::iter::once(identity)).map_err(opaque)?;
    // The plaintext is shorter than the file, so the buffer never grows and leaves no copy behind.
    let mut content = Zeroizing::new(Vec::with_capacity(file.len()));
    reader.read_to_end(&mut content).map_err(|_| Error::Unopenable)?;
    Ok(content)
}
