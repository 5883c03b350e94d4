//! Secrets in files: encrypted at rest, replaced atomically, one process at a time.
//!
//! Issuer keys, verifier keys and the wallet's vault each are one `SealedFile`, or, where there is no disk, the same bytes in memory,
//! [`SealedBytes`]. The encryption is [age], format v1
//! (<https://c2sp.org/age>): a passphrase (scrypt) locks a fresh X25519 identity, and the payload is encrypted to that
//! identity. Opening costs one scrypt, saving costs none, and a change of passphrase renews the identity too, so what an
//! old copy of the file gives away opens nothing that is written later.
//!
//! ```text
//! file      = "milchglas-sealed" ‖ version (1 byte) ‖ u32 ‖ locked ‖ u32 ‖ payload      lengths big-endian, nothing after
//! locked    = age(passphrase, identity)
//! payload   = age(identity's recipient, length of kind (1 byte) ‖ kind ‖ content)
//! ```
//!
//! Neither the identity nor its recipient stands in the file in the clear, so whoever lacks the passphrase can neither
//! read the content nor put another in its place; the kind inside keeps one file from standing in for another.
//!
//! Caution: whoever can write the file can put back an older copy of the whole file, or of its payload if the passphrase
//! is still the same; nothing inside the file can show that. The content's length is visible to within a few bytes. The
//! encryption draws from the operating system's random number generator: age has no parameter for it. Plaintext is erased
//! in our buffers, but age keeps up to 64 KiB of what it encrypts in a buffer that it frees unerased.
//!
//! Not here: what is in the files, where they lie, how a passphrase is asked for or judged.
//!
//! ```
//! use milchglas_sealed::{Passphrase, SealedFile, Work};
//! # use zeroize::Zeroizing;
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("vault");
//! let passphrase = Passphrase::new(&Zeroizing::new("correct horse battery staple".to_owned()))?;
//! # let work = Work::with_log_n(4)?;
//! # let _ = Work::DEFAULT; // what the program uses; the example is quicker
//! let mut file = SealedFile::create(&path, &passphrase, "wallet", b"first", work)?;
//! file.save(b"second")?;
//! drop(file);
//!
//! let (_file, content) = SealedFile::open(&path, &passphrase, "wallet")?;
//! assert_eq!(content.as_slice(), b"second");
//! # Ok::<(), milchglas_sealed::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(not(target_family = "wasm"))]
mod age_crate;
#[cfg(any(target_family = "wasm", test))]
mod age_format;
mod bytes;
mod cipher;
mod container;
#[cfg(not(target_family = "wasm"))]
mod disk;
mod error;
#[cfg(not(target_family = "wasm"))]
mod file;
mod passphrase;

pub use bytes::SealedBytes;
pub use cipher::ReplyIdentity;
pub use container::MAX_FILE_BYTES;
pub use error::{Error, Op};
#[cfg(not(target_family = "wasm"))]
pub use file::SealedFile;
pub use passphrase::{Passphrase, Work};

#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use zeroize::Zeroizing;

/// The bytes of a sealed file with this content, for a place that this program does not keep: a backup. One scrypt of `work`.
///
/// # Errors
/// [`Error::Misuse`] for a content that is too large or a kind that is not 1 to 255 bytes long.
pub fn seal(passphrase: &Passphrase, kind: &'static str, content: &[u8], work: Work) -> Result<Vec<u8>, Error> {
    container::Seal::new(passphrase, work)?.encode(kind, content)
}

/// The content of what [`seal`] made. One scrypt.
///
/// # Errors
/// [`Error::Unopenable`] for a wrong passphrase or changed bytes, [`Error::Decode`] for what is no sealed file or one of another kind.
pub fn unseal(file: &[u8], passphrase: &Passphrase, kind: &'static str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if file.len() > MAX_FILE_BYTES {
        return Err(Error::Decode { what: "the file is too long" });
    }
    Ok(container::Seal::decode(file, passphrase, kind)?.1)
}

/// Replaces or creates `path` with `bytes`, so that after a crash at any moment the file holds its old content or the new,
/// whole. For files without secrets: the bytes are written as they are.
///
/// `mode` is the Unix permission (0o644, say), set exactly; elsewhere it is ignored. Writers are not kept apart: of two at
/// once, one wins whole.
///
/// # Errors
/// [`Error::Io`] with the step that failed. The old file is then intact and no temporary is left, with one exception:
/// [`Op::SyncFolder`] means that the new content is in place but may not outlive a power failure.
#[cfg(not(target_family = "wasm"))]
pub fn atomic_write(path: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let place = disk::Place::new(path.as_ref())?;
    place.replace_unlocked(&mut disk::Os, bytes, mode)
}

/// As [`atomic_write`], but refuses to replace: the file must not exist yet.
///
/// # Errors
/// [`Error::Io`] with [`std::io::ErrorKind::AlreadyExists`] where the file exists; otherwise as [`atomic_write`].
#[cfg(not(target_family = "wasm"))]
pub fn atomic_create_new(path: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let place = disk::Place::new(path.as_ref())?;
    place.create_unlocked(&mut disk::Os, bytes, mode)
}

#[cfg(not(target_family = "wasm"))]
#[cfg(test)]
mod tests;
