//! What is published about revocations: static files, the same for everyone, fit for any web server.
//!
//! ```text
//! KEY/1/00000007      the file of epoch 7 of the signature key with this id
//! KEY/10/00000010     those of epochs 1 to 10, one behind the other; and so on by powers of ten
//! KEY/head            the newest head, the only file that ever changes
//! ```
//! A concatenation is written with its last epoch, and only if it has at most 64 MiB. So a reader that has followed epoch p gets to q in few
//! downloads: it takes the largest 10^k that divides p and does not lead beyond q.
//!
//! Files are written before the head that leads to them. After a kill, the next call writes what is missing: everything here follows from the
//! registry.
//!
//! Not here: the registry, who downloads.

use std::path::{Path, PathBuf};

use milchglas_credential::digest::IssuerKeyId;
use milchglas_credential::revocation::{EpochFile, EpochHead, SignedHead};
use milchglas_sealed::atomic_write;

use crate::folder::{create_public_folder, exists, read_bytes};
use crate::registry::{Cohort, EpochNumber};
use crate::{Error, Issuer};

const PUBLIC: u32 = 0o644;
/// The powers of ten for which there are concatenations.
const POWERS: [u32; 4] = [10, 100, 1_000, 10_000];
/// The most that a concatenation has.
const MAX_CONCATENATION: usize = 64 << 20;

impl Issuer {
    /// Where [`Issuer::write_epochs`] writes unless it is told otherwise.
    #[must_use]
    pub fn epochs_folder(&self) -> PathBuf {
        self.folder.epochs()
    }

    /// Writes every file about revocations that is not yet in the folder, and returns how many. Call it before publishing, too: it refuses where the
    /// folder's newest heads are not the registry's, as after a registry was restored from an old copy. `done` is told after each epoch how many are
    /// done, and of how many.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Storage`]; [`Error::Damaged`] where the registry lacks an epoch.
    pub async fn write_epochs(&self, folder: &Path, mut done: impl FnMut(u64, u64)) -> Result<usize, Error> {
        let mut written = 0;
        for key in &self.parameters.content().keys {
            let (id, cohort) = (self.parameters.key_id(key), self.cohort_of(key)?.number);
            let Some(newest) = self.registry.newest_epoch(cohort).await? else { continue };
            let log = LogFolder::create(folder, &id)?;
            let start = match log.newest()? {
                None => 0,
                Some(published) => {
                    // A registry that was restored from an old copy: to go on from it would sign a second history.
                    let number = u64::from(published.epoch.0);
                    let stored = self.registry.epoch(cohort, EpochNumber(number)).await?.ok_or(FORKED)?;
                    if stored.head.digest.0 != published.digest().0 {
                        return Err(FORKED);
                    }
                    number + 1
                }
            };
            for number in start..=newest.number.0 {
                written += self.write_epoch(&log, cohort, number).await?;
                done(number + 1 - start, newest.number.0 + 1 - start);
            }
        }
        Ok(written)
    }

    async fn write_epoch(&self, log: &LogFolder, cohort: Cohort, number: u64) -> Result<usize, Error> {
        let content = self.content(cohort, number).await?;
        let head = EpochFile::from_bytes(&content).map_err(|_| MISSING)?.head().to_bytes();
        log.write(1, number, &content)?;
        let mut written = 1;
        for power in POWERS.into_iter().filter(|power| number > 0 && number.is_multiple_of(u64::from(*power))) {
            let first = number + 1 - u64::from(power);
            let mut all = Vec::new();
            for part in first..=number {
                all.extend_from_slice(&self.content(cohort, part).await?);
                if all.len() > MAX_CONCATENATION {
                    break;
                }
            }
            if all.len() <= MAX_CONCATENATION {
                log.write(power, number, &all)?;
                written += 1;
            }
        }
        log.write_head(&head)?;
        Ok(written)
    }

    async fn content(&self, cohort: Cohort, number: u64) -> Result<Vec<u8>, Error> {
        Ok(self.registry.epoch(cohort, EpochNumber(number)).await?.ok_or(MISSING)?.content)
    }
}

/// The folder of one signature key.
struct LogFolder(PathBuf);

impl LogFolder {
    fn create(folder: &Path, key: &IssuerKeyId) -> Result<Self, Error> {
        let folder = folder.join(key.to_string());
        create_public_folder(&folder)?;
        for power in [1].into_iter().chain(POWERS) {
            create_public_folder(&folder.join(power.to_string()))?;
        }
        Ok(Self(folder))
    }

    /// The newest head that is there.
    fn newest(&self) -> Result<Option<EpochHead>, Error> {
        let head = self.0.join("head");
        if !exists(&head)? {
            return Ok(None);
        }
        let head = SignedHead::from_bytes(&read_bytes(&head)?).map_err(|_| CHANGED)?;
        Ok(Some(head.unverified().clone()))
    }

    fn write(&self, power: u32, last: u64, content: &[u8]) -> Result<(), Error> {
        let path = self.0.join(power.to_string()).join(format!("{last:08}"));
        Ok(atomic_write(path, content, PUBLIC)?)
    }

    fn write_head(&self, head: &[u8]) -> Result<(), Error> {
        Ok(atomic_write(self.0.join("head"), head, PUBLIC)?)
    }
}

const CHANGED: Error = Error::Damaged { what: "a published head is changed" };
const FORKED: Error = Error::Damaged {
    what: "the published epochs are not the registry's: it is older than they are. Publish nothing from it; bring its newest copy back",
};
const MISSING: Error = Error::Damaged { what: "the registry lacks an epoch" };
