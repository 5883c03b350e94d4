//! A sealed file on the disk, held by one process at a time.
//!
//! Not here: framing and encryption (`container`), the order of disk steps (`disk`).

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::container::{MAX_FILE_BYTES, Seal};
use crate::disk::{Disk, Os, Place};
use crate::{Error, Op, Passphrase, Work};

/// An open sealed file. While it lives, its lock keeps every other process and handle out; dropping it lets go.
///
/// It holds what saving needs and nothing of the content or the passphrase.
pub struct SealedFile {
    place: Place,
    kind: &'static str,
    seal: Seal,
    /// Held, never read.
    _lock: File,
}

impl SealedFile {
    /// Creates the file, mode 0600. The folder must exist; the file must not. A lock file `.NAME.lock` stays beside it.
    ///
    /// `kind` (1 to 255 bytes) says what the content is; only the same kind opens it. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// [`Error::Io`] with [`io::ErrorKind::AlreadyExists`] where the file exists, [`Error::Busy`], or the step that failed.
    pub fn create(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
        kind: &'static str,
        content: &[u8],
        work: Work,
    ) -> Result<Self, Error> {
        Self::create_on(&mut Os, path.as_ref(), passphrase, kind, content, work)
    }

    /// Opens the file and gives its content. Waits up to a second for another process to let go.
    ///
    /// # Errors
    /// [`Error::Unopenable`] for a wrong passphrase or a changed file, [`Error::Decode`] for what is no sealed file or one
    /// of another kind, [`Error::Busy`], [`Error::Io`]. No part of the content comes out with an error.
    pub fn open(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
        kind: &'static str,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        // A link leads to the file itself: saving must replace that one, not the link.
        let place = Place::new(&fs::canonicalize(path).map_err(Op::Read.failed())?)?;
        let lock = place.lock()?;
        place.clear_temporary(&mut Os);
        let (seal, content) = Seal::decode(&place.read(MAX_FILE_BYTES)?, passphrase, kind)?;
        Ok((Self { place, kind, seal, _lock: lock }, content))
    }

    /// Replaces the content, atomically. No scrypt.
    ///
    /// # Errors
    /// The step that failed. The old content is then intact, except after [`Op::SyncFolder`]: the new content is in place,
    /// but a power failure may bring the old one back.
    pub fn save(&mut self, content: &[u8]) -> Result<(), Error> {
        self.save_on(&mut Os, content)
    }

    /// Replaces passphrase, key and content in one step: an older copy's key opens nothing written from now on, and the old
    /// passphrase opens older copies only. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// As [`SealedFile::save`]; old passphrase and old content go together, and so do the new ones.
    pub fn change_passphrase(&mut self, new: &Passphrase, content: &[u8], work: Work) -> Result<(), Error> {
        self.change_passphrase_on(&mut Os, new, content, work)
    }

    /// Where the file lies, as an absolute path.
    pub fn path(&self) -> PathBuf {
        self.place.path()
    }

    pub(crate) fn create_on<D: Disk>(
        disk: &mut D,
        path: &Path,
        passphrase: &Passphrase,
        kind: &'static str,
        content: &[u8],
        work: Work,
    ) -> Result<Self, Error> {
        let exists = Error::Io { op: Op::Create, kind: io::ErrorKind::AlreadyExists };
        let place = Place::new(path)?;
        if place.is_taken() {
            return Err(exists);
        }
        let lock = place.lock()?;
        let seal = Seal::new(passphrase, work)?;
        place.create_locked(disk, &seal.encode(kind, content)?)?;
        Ok(Self { place, kind, seal, _lock: lock })
    }

    pub(crate) fn save_on<D: Disk>(&mut self, disk: &mut D, content: &[u8]) -> Result<(), Error> {
        self.place.replace_locked(disk, &self.seal.encode(self.kind, content)?)
    }

    pub(crate) fn change_passphrase_on<D: Disk>(
        &mut self,
        disk: &mut D,
        new: &Passphrase,
        content: &[u8],
        work: Work,
    ) -> Result<(), Error> {
        let seal = Seal::new(new, work)?;
        let result = self.place.replace_locked(disk, &seal.encode(self.kind, content)?);
        // What this handle saves next must go with the passphrase that the file now has.
        if matches!(result, Ok(()) | Err(Error::Io { op: Op::SyncFolder, .. })) {
            self.seal = seal;
        }
        result
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile").field("path", &self.place.path()).field("kind", &self.kind).finish_non_exhaustive()
    }
}
