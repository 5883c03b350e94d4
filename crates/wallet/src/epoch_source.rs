//! Where the files of epochs come from: static files, the same for everyone.
//!
//! ```text
//! ROOT/KEYID/head                 the newest signed head
//! ROOT/KEYID/1/00000000           epoch 0, and so on
//! ROOT/KEYID/10^k/00000000        the 10^k epochs up to the one in the name, one behind the other
//! ```
//! Not here: which of them are asked for (`following`), HTTP: a program that has it implements [`EpochSource`] with [`head_path`] and
//! [`epochs_path`].

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use milchglas_credential::digest::IssuerKeyId;
use milchglas_credential::revocation::{Epoch, MAX_FILE};

/// Most bytes of a head's file.
pub const MAX_HEAD_FILE: usize = 2048;
/// Most bytes of a file with several epochs.
pub const MAX_CONCATENATION: usize = 64 << 20;
/// The largest concatenation has 10 to this power epochs.
pub(crate) const MAX_POWER: u8 = 4;

/// A place with the published epochs of signature keys. Nothing that it returns is trusted.
///
/// An error means that it can not be reached now; `None`, that it has no such file. It should not read more than [`epochs_limit`] and
/// [`MAX_HEAD_FILE`] permit: the wallet refuses what is longer.
pub trait EpochSource {
    /// The file of a key's newest head.
    ///
    /// # Errors
    /// Why it can not be read now.
    fn head(&mut self, key: &IssuerKeyId) -> io::Result<Option<Vec<u8>>>;

    /// The file with the 10^`power` epochs of a key that end with `last`.
    ///
    /// # Errors
    /// Why it can not be read now.
    fn epochs(&mut self, key: &IssuerKeyId, power: u8, last: Epoch) -> io::Result<Option<Vec<u8>>>;
}

/// Where a key's newest head lies below the root.
#[must_use]
pub fn head_path(key: &IssuerKeyId) -> String {
    format!("{key}/head")
}

/// Where the file with the 10^`power` epochs that end with `last` lies below the root.
#[must_use]
pub fn epochs_path(key: &IssuerKeyId, power: u8, last: Epoch) -> String {
    format!("{key}/1{:0<1$}/{2:08}", "", usize::from(power), last.0)
}

/// How long a file with 10^`power` epochs may be.
#[must_use]
pub fn epochs_limit(power: u8) -> usize {
    if power == 0 { MAX_FILE } else { MAX_CONCATENATION }
}

/// A folder with the published layout.
#[derive(Clone, Debug)]
pub struct EpochFolder {
    root: PathBuf,
}

impl EpochFolder {
    /// The folder in which there is one for each key.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl EpochSource for EpochFolder {
    fn head(&mut self, key: &IssuerKeyId) -> io::Result<Option<Vec<u8>>> {
        read(&self.root.join(head_path(key)), MAX_HEAD_FILE)
    }

    fn epochs(&mut self, key: &IssuerKeyId, power: u8, last: Epoch) -> io::Result<Option<Vec<u8>>> {
        read(&self.root.join(epochs_path(key, power, last)), epochs_limit(power))
    }
}

/// A regular file's bytes, if it has not more than that.
fn read(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    // Asked before opening: opening a pipe would wait for its writer.
    let about = match std::fs::metadata(path) {
        Ok(about) => about,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(cause),
    };
    let limit = limit as u64;
    if !about.is_file() || about.len() > limit {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default().saturating_add(1));
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::InvalidData.into()) } else { Ok(Some(bytes)) }
}
