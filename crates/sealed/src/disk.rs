//! Replacing a file so that a crash at any moment leaves the old content or the new.
//!
//! The order: temporary beside the file (exclusive, 0600) – write – permissions – sync – rename – sync of the folder.
//! The steps go through [`Disk`], so that the tests can fail or stop at each of them.
//! Caution: "on the disk" is what the operating system promises after fsync.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, Op};

/// How long to wait for another process to let go of a file.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// One call of [`Disk::write`] takes at most this much.
const WRITE_BYTES: usize = 64 << 10;

/// The steps that change the disk.
pub(crate) trait Disk {
    /// An open file.
    type File;
    /// Creates a file that must not exist, readable by the owner only.
    fn create_new(&mut self, path: &Path) -> io::Result<Self::File>;
    /// Appends all bytes.
    fn write(&mut self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Sets the Unix permissions exactly.
    fn set_mode(&mut self, file: &Self::File, mode: u32) -> io::Result<()>;
    /// Forces the content to the disk.
    fn sync(&mut self, file: &Self::File) -> io::Result<()>;
    /// Moves `from` to `to`, replacing what is there.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Moves `from` to `to`, which must not exist.
    fn rename_new(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Forces the folder's entries to the disk.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// The operating system's disk.
pub(crate) struct Os;

impl Disk for Os {
    type File = File;

    fn create_new(&mut self, path: &Path) -> io::Result<File> {
        private().write(true).create_new(true).open(path)
    }

    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    #[cfg(unix)]
    fn set_mode(&mut self, file: &File, mode: u32) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(mode))
    }

    #[cfg(not(unix))]
    fn set_mode(&mut self, _file: &File, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut temporary = tempfile::TempPath::try_from_path(from)?;
        // Removing it after a failure is our caller's step, counted like every other.
        temporary.disable_cleanup(true);
        temporary.persist_noclobber(to).map_err(|refused| refused.error)
    }

    #[cfg(unix)]
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync_folder(&mut self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// A file's place: its folder and its name, made absolute once.
#[derive(Debug)]
pub(crate) struct Place {
    folder: PathBuf,
    name: OsString,
}

impl Place {
    pub(crate) fn new(path: &Path) -> Result<Self, Error> {
        let unusable = Error::Misuse { what: "a path that names no file" };
        let path = std::path::absolute(path).map_err(|_| unusable)?;
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => Ok(Self { folder: folder.to_owned(), name: name.to_owned() }),
            (None, _) | (_, None) => Err(unusable),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Whether anything stands at the path.
    pub(crate) fn is_taken(&self) -> bool {
        fs::symlink_metadata(self.path()).is_ok()
    }

    /// Takes the exclusive lock `.NAME.lock`, which stays in the folder: the file itself is replaced at every save and so
    /// can not carry it. Waits up to a second.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        let path = self.beside(".lock");
        // Asked before opening: opening a pipe would wait for its reader.
        if fs::metadata(&path).is_ok_and(|about| !about.is_file()) {
            return Err(Error::Decode { what: "not a regular file" });
        }
        let lock = private().write(true).create(true).truncate(false).open(path).map_err(Op::Lock.failed())?;
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_PATIENCE => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Error::Busy),
                Err(TryLockError::Error(cause)) => return Err(Op::Lock.failed()(cause)),
            }
        }
    }

    /// The whole file, if it is a regular one and not over the limit.
    pub(crate) fn read(&self, limit: usize) -> Result<Vec<u8>, Error> {
        let path = self.path();
        let too_long = Error::Decode { what: "the file is too long" };
        // Asked before opening: opening a pipe would wait for its writer.
        let about = fs::metadata(&path).map_err(Op::Read.failed())?;
        if !about.is_file() {
            return Err(Error::Decode { what: "not a regular file" });
        }
        let length = usize::try_from(about.len()).map_err(|_| too_long)?;
        if length > limit {
            return Err(too_long);
        }
        let mut bytes = Vec::with_capacity(length);
        let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        File::open(&path).and_then(|file| file.take(bound).read_to_end(&mut bytes)).map_err(Op::Read.failed())?;
        if bytes.len() > limit { Err(too_long) } else { Ok(bytes) }
    }

    /// Replaces or creates the file, mode 0600. Only under the lock: the temporary's name is fixed, so that the next
    /// writer clears what a killed one left.
    pub(crate) fn replace_locked<D: Disk>(&self, disk: &mut D, bytes: &[u8]) -> Result<(), Error> {
        let temporary = self.clear_temporary(disk);
        self.write_temporary(disk, &temporary, bytes, 0o600)?;
        self.publish(disk, &temporary, Disk::rename)
    }

    /// As [`Place::replace_locked`], for a file that must not exist.
    pub(crate) fn create_locked<D: Disk>(&self, disk: &mut D, bytes: &[u8]) -> Result<(), Error> {
        let temporary = self.clear_temporary(disk);
        self.write_temporary(disk, &temporary, bytes, 0o600)?;
        self.publish(disk, &temporary, Disk::rename_new)
    }

    /// Removes what a killed writer left. Only under the lock.
    pub(crate) fn clear_temporary<D: Disk>(&self, disk: &mut D) -> PathBuf {
        let temporary = self.beside(".tmp");
        // Mostly there is none; and one that can not be removed shows when the next is created.
        let _ = disk.remove(&temporary);
        temporary
    }

    /// Replaces or creates the file without a lock, under a temporary name of its own.
    pub(crate) fn replace_unlocked<D: Disk>(&self, disk: &mut D, bytes: &[u8], mode: u32) -> Result<(), Error> {
        let temporary = self.write_unique(disk, bytes, mode)?;
        self.publish(disk, &temporary, Disk::rename)
    }

    /// As [`Place::replace_unlocked`], for a file that must not exist.
    pub(crate) fn create_unlocked<D: Disk>(&self, disk: &mut D, bytes: &[u8], mode: u32) -> Result<(), Error> {
        if self.is_taken() {
            return Err(Error::Io { op: Op::Create, kind: io::ErrorKind::AlreadyExists });
        }
        let temporary = self.write_unique(disk, bytes, mode)?;
        self.publish(disk, &temporary, Disk::rename_new)
    }

    fn write_unique<D: Disk>(&self, disk: &mut D, bytes: &[u8], mode: u32) -> Result<PathBuf, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        const TRIES: usize = 1000;
        let taken = Error::Io { op: Op::Create, kind: io::ErrorKind::AlreadyExists };
        for _ in 0..TRIES {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let temporary = self.beside(&format!(".{}-{count}.tmp", std::process::id()));
            match self.write_temporary(disk, &temporary, bytes, mode) {
                Ok(()) => return Ok(temporary),
                // Left by a killed process of the same number: leave it, take the next name.
                Err(error) if error == taken => (),
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    fn write_temporary<D: Disk>(&self, disk: &mut D, path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
        let mut file = disk.create_new(path).map_err(Op::Create.failed())?;
        let written = fill(disk, &mut file, bytes, mode);
        drop(file);
        if written.is_err() {
            // The error to report is the first one.
            let _ = disk.remove(path);
        }
        written
    }

    fn publish<D: Disk>(
        &self,
        disk: &mut D,
        temporary: &Path,
        rename: fn(&mut D, &Path, &Path) -> io::Result<()>,
    ) -> Result<(), Error> {
        if let Err(cause) = rename(disk, temporary, &self.path()) {
            // The error to report is the first one.
            let _ = disk.remove(temporary);
            return Err(Op::Rename.failed()(cause));
        }
        disk.sync_folder(&self.folder).map_err(Op::SyncFolder.failed())
    }

    /// `.NAME` with a suffix, in the same folder.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(suffix);
        self.folder.join(name)
    }
}

fn fill<D: Disk>(disk: &mut D, file: &mut D::File, bytes: &[u8], mode: u32) -> Result<(), Error> {
    for chunk in bytes.chunks(WRITE_BYTES) {
        disk.write(file, chunk).map_err(Op::Write.failed())?;
    }
    disk.set_mode(file, mode).map_err(Op::SetMode.failed())?;
    disk.sync(file).map_err(Op::Sync.failed())
}

/// Options that create files for their owner only.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
