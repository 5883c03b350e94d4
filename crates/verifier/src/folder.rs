//! A verifier in a folder.
//!
//! ```text
//! key                       the Ed25519 seed, sealed with a passphrase
//! identity.json             name, origin, public key
//! trusted/DIGEST.json       parameters of issuers that are trusted
//! pending/NONCE             signed requests that wait for their answer
//! answered/NONCE            signed requests that have been answered
//! epochs/KEYID              the newest signed head of a signature key
//! tokens/SCOPE@EPOCH/TOKEN  empty files: the tokens that have been seen
//! lock                      held for the moment of a change
//! ```
//!
//! A request is consumed by moving its file from `pending` to `answered` under the lock; both folders are on the disk before the answer is
//! accepted. So a nonce is consumed once, by whatever process, and stays consumed after a crash or power failure. The tokens of an answer are
//! looked for and put down under the same lock, each on the disk before the nonce is consumed and the answer accepted: after a crash
//! between them a token may be seen whose answer never counted, and none counts twice.
//!
//! Caution: who can write in the folder can make this verifier trust anyone, or put an answered request back. The folder is the owner's alone
//! (mode 0700), and a backup of it that is restored must be restored whole, after its requests have expired.
//! Not here: checking.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{IssuerKeyId, ParametersDigest, RequestNonce};
use milchglas_credential::error::DecodeError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::request::{MAX_REQUEST, SignedRequest, SigningKey, VerifierIdentity};
use milchglas_credential::revocation::SignedHead;
use milchglas_credential::text::{Origin, ScopeText};
use milchglas_sealed::{Passphrase, SealedFile, Work, atomic_create_new, atomic_write};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::epochs::{Epochs, LearnedEpoch};
use crate::identity::{identity_from_json, identity_json};
use crate::store::{Consumed, DEFAULT_LIMIT, Lookup, RequestStore, ShownToken};
use crate::trust::{MAX_TRUSTED, Trust};
use crate::verifier::public_key;
use crate::{Checker, Error, StoreError, Verifier};

const KEY_KIND: &str = "verifier-key";
const MAX_IDENTITY: u64 = 1 << 12;
const MAX_PARAMETERS: u64 = 4 << 20;
const MAX_HEAD: u64 = 1 << 12;
const MAX_SIGNED: u64 = MAX_REQUEST as u64 + 128;
/// Seconds between two searches of a full store.
const SEARCH_PAUSE: u64 = 10;
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// A store in a folder, shared by all processes that open it.
#[derive(Debug)]
pub struct FolderStore {
    folder: PathBuf,
    limit: usize,
    /// When a search for expired requests last left the store full: searching reads every request, so it is not repeated at once.
    searched: Mutex<Option<Timestamp>>,
}

impl Verifier<FolderStore> {
    /// Makes a verifier in a folder, which is created if needed, with a fresh key.
    ///
    /// # Errors
    /// [`Error::Input`] where name or origin are not permitted, [`Error::File`] where the folder holds a verifier already or can not be written.
    pub fn init(
        folder: impl AsRef<Path>,
        name: &str,
        origin: Origin,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        let key = SigningKey::from_bytes(&seed);
        let identity = VerifierIdentity { name: name.to_owned(), origin, key: public_key(&key) };
        identity.check()?;
        let store = FolderStore::open(folder)?;
        // Two at once would leave the identity of one with the key of the other.
        let lock = store.lock()?;
        if key_path(folder).try_exists().map_err(StoreError::from)? {
            return Err(StoreError::Io(io::ErrorKind::AlreadyExists).into());
        }
        let json = identity_json(&identity)?;
        // The key comes last: only with it is there a verifier in the folder.
        atomic_write(identity_path(folder), json.as_bytes(), PUBLIC)?;
        SealedFile::create(key_path(folder), passphrase, KEY_KIND, &*seed, work)?;
        drop(lock);
        Self::with_key(Checker::from_parts(identity, Trust::default(), Epochs::default(), store), key)
    }

    /// Opens the verifier of a folder.
    ///
    /// # Errors
    /// [`Error::File`] for a wrong passphrase or a file that is missing, [`Error::Input`] and [`Error::Store`] for files that can not be read,
    /// [`Error::OtherKey`] where identity and key do not belong together.
    pub fn open(folder: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, Error> {
        let checker = Checker::open(&folder)?;
        let (_, seed) = SealedFile::open(key_path(folder.as_ref()), passphrase, KEY_KIND)?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| DecodeError { what: "a key of 32 bytes" })?;
        Self::with_key(checker, SigningKey::from_bytes(seed))
    }
}

/// Gives the key of a folder's verifier another passphrase.
///
/// # Errors
/// [`Error::File`] for a wrong passphrase, or where the file can not be written; the old passphrase then stays.
pub fn change_passphrase(
    folder: impl AsRef<Path>,
    old: &Passphrase,
    new: &Passphrase,
    work: Work,
) -> Result<(), Error> {
    let (mut file, seed) = SealedFile::open(key_path(folder.as_ref()), old, KEY_KIND)?;
    Ok(file.change_passphrase(new, &seed, work)?)
}

impl Checker<FolderStore> {
    /// Opens the checking half of a folder's verifier. It needs no passphrase.
    ///
    /// # Errors
    /// [`Error::Input`] and [`Error::Store`] for files that are missing or can not be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let identity = identity_from_json(&read_text(&identity_path(folder), MAX_IDENTITY)?)?;
        let store = FolderStore::open(folder)?;
        let trust = store.load_trust()?;
        let epochs = store.load_epochs(&trust)?;
        Ok(Self::from_parts(identity, trust, epochs, store))
    }

    /// Learns the newest heads of all trusted issuers from a folder of published epochs: of each of their signature keys, the file `KEYID/head`, where
    /// there is one. Nothing else is read.
    ///
    /// # Errors
    /// As [`Checker::learn_epoch`]; what was learned before stays learned.
    pub fn learn_epochs_from(&self, published: impl AsRef<Path>) -> Result<Vec<LearnedEpoch>, Error> {
        let mut learned = Vec::new();
        for key in self.keys() {
            match read(&published.as_ref().join(key.to_string()).join("head"), MAX_HEAD) {
                Ok(head) => learned.push(self.learn_epoch(&head)?),
                Err(StoreError::Io(io::ErrorKind::NotFound)) => (),
                Err(StoreError::Damaged) => return Err(DecodeError { what: "the signed head of an epoch" }.into()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(learned)
    }
}

impl FolderStore {
    /// Opens the store of a folder; folders that are missing are created, for their owner only.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = std::path::absolute(folder)?;
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for name in ["trusted", "epochs", "pending", "answered", "tokens"] {
            builder.create(folder.join(name))?;
        }
        sync_folder(&folder)?;
        Ok(Self { folder, limit: DEFAULT_LIMIT, searched: Mutex::default() })
    }

    /// The same store, keeping at most `limit` requests.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    fn pending(&self) -> PathBuf {
        self.folder.join("pending")
    }

    fn answered(&self) -> PathBuf {
        self.folder.join("answered")
    }

    fn trusted(&self, digest: ParametersDigest) -> PathBuf {
        self.folder.join("trusted").join(format!("{digest}.json"))
    }

    /// Where the tokens of an epoch are. The letters of scopes and epochs are all harmless in a path, and `@` is none of them.
    fn tokens(&self, scope: &ScopeText, epoch: &ScopeText) -> PathBuf {
        self.folder.join("tokens").join(format!("{scope}@{epoch}"))
    }

    /// Puts a token down as seen. Only under the lock.
    fn put_token(&self, shown: &ShownToken) -> Result<(), StoreError> {
        let folder = self.tokens(&shown.scope, &shown.epoch);
        if !folder.try_exists()? {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&folder)?;
            sync_folder(&self.folder.join("tokens"))?;
        }
        atomic_create_new(folder.join(shown.token.to_string()), b"", PRIVATE).map_err(store_error)
    }

    /// Keeps other threads and processes from changing anything until it is dropped.
    fn lock(&self) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
        let lock = options.open(self.folder.join("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn count(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        for folder in [self.pending(), self.answered()] {
            for entry in fs::read_dir(folder)? {
                count += usize::from(nonce_of(&entry?.path()).is_some());
            }
        }
        Ok(count)
    }

    /// Only under the lock.
    fn prune_locked(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut pruned = 0;
        // Pending ones first, so that nothing answered is ever forgotten while it could still be found pending.
        for folder in [self.pending(), self.answered()] {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if nonce_of(&path).is_none() {
                    if is_leftover(&path) {
                        fs::remove_file(&path)?;
                    }
                    continue;
                }
                // What can not be read can not be answered either.
                if expiry_of(&path)?.is_none_or(|expires| expires <= now) {
                    fs::remove_file(&path)?;
                    pruned += 1;
                }
            }
        }
        Ok(pruned)
    }

    fn load_trust(&self) -> Result<Trust, Error> {
        let mut trust = Trust::default();
        for entry in fs::read_dir(self.folder.join("trusted")).map_err(StoreError::from)? {
            let path = entry.map_err(StoreError::from)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
            let Some(digest) = name.and_then(|name| name.parse::<ParametersDigest>().ok()) else {
                continue;
            };
            if trust.all().len() >= MAX_TRUSTED {
                return Err(StoreError::Full.into());
            }
            let parameters = Parameters::from_json(&read_text(&path, MAX_PARAMETERS)?)?;
            if parameters.digest() != digest {
                return Err(StoreError::Damaged.into());
            }
            trust.add(parameters);
        }
        Ok(trust)
    }
}

impl FolderStore {
    fn epoch(&self, key: &IssuerKeyId) -> PathBuf {
        self.folder.join("epochs").join(key.to_string())
    }

    /// Heads of keys that nobody trusted has any more are left alone.
    fn load_epochs(&self, trust: &Trust) -> Result<Epochs, Error> {
        let mut epochs = Epochs::default();
        for entry in fs::read_dir(self.folder.join("epochs")).map_err(StoreError::from)? {
            let path = entry.map_err(StoreError::from)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let Some(key) = name.filter(|key| trust.of_key(key).is_some()) else { continue };
            let head = SignedHead::from_bytes(&read(&path, MAX_HEAD)?)?;
            if head.unverified().key != key {
                return Err(StoreError::Damaged.into());
            }
            if let (_, Some(log)) = epochs.learn(&head, trust)? {
                epochs.keep(log);
            }
        }
        Ok(epochs)
    }
}

impl RequestStore for FolderStore {
    fn put(&self, nonce: RequestNonce, request: &[u8], _expires: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let path = self.pending().join(nonce.to_string());
        if path.try_exists()? || self.answered().join(nonce.to_string()).try_exists()? {
            return Err(StoreError::NonceTaken);
        }
        if self.count()? >= self.limit {
            let mut searched = self.searched.lock().unwrap_or_else(PoisonError::into_inner);
            if searched.is_some_and(|then| now.as_unix().abs_diff(then.as_unix()) < SEARCH_PAUSE) {
                return Err(StoreError::Full);
            }
            self.prune_locked(now)?;
            if self.count()? >= self.limit {
                *searched = Some(now);
                return Err(StoreError::Full);
            }
        }
        atomic_create_new(path, request, PRIVATE).map_err(store_error)
    }

    fn get(&self, nonce: RequestNonce) -> Result<Lookup, StoreError> {
        match read(&self.pending().join(nonce.to_string()), MAX_SIGNED) {
            Ok(request) => Ok(Lookup::Pending(request)),
            Err(StoreError::Io(io::ErrorKind::NotFound)) => {
                let answered = self.answered().join(nonce.to_string()).try_exists()?;
                Ok(if answered { Lookup::Answered } else { Lookup::Unknown })
            }
            Err(error) => Err(error),
        }
    }

    fn consume(&self, nonce: RequestNonce, tokens: &[ShownToken]) -> Result<Consumed, StoreError> {
        let (pending, answered) = (self.pending().join(nonce.to_string()), self.answered().join(nonce.to_string()));
        {
            let _lock = self.lock()?;
            if answered.try_exists()? || !pending.try_exists()? {
                return Ok(Consumed::NotPending);
            }
            for shown in tokens {
                if self.tokens(&shown.scope, &shown.epoch).join(shown.token.to_string()).try_exists()? {
                    return Ok(Consumed::TokenSeen);
                }
            }
            // Tokens first: so an answered request's tokens are always seen.
            tokens.iter().try_for_each(|shown| self.put_token(shown))?;
            fs::rename(pending, &answered)?;
        }
        sync_folder(&self.answered())?;
        sync_folder(&self.pending())?;
        Ok(Consumed::Now)
    }

    fn forget_tokens(&self, scope: &ScopeText, epoch: &ScopeText) -> Result<usize, StoreError> {
        let _lock = self.lock()?;
        let folder = self.tokens(scope, epoch);
        let mut forgotten = 0;
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            fs::remove_file(entry?.path())?;
            forgotten += 1;
        }
        fs::remove_dir(&folder)?;
        sync_folder(&self.folder.join("tokens"))?;
        Ok(forgotten)
    }

    fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let _lock = self.lock()?;
        self.prune_locked(now)
    }

    fn keep_parameters(&self, digest: ParametersDigest, json: &str) -> Result<(), StoreError> {
        atomic_write(self.trusted(digest), json.as_bytes(), PUBLIC).map_err(store_error)
    }

    fn keep_head(&self, head: &SignedHead) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let path = self.epoch(&head.unverified().key);
        // Another process may have learned more.
        let known = match read(&path, MAX_HEAD) {
            Ok(known) => SignedHead::from_bytes(&known).ok(),
            Err(StoreError::Io(io::ErrorKind::NotFound) | StoreError::Damaged) => None,
            Err(error) => return Err(error),
        };
        if known.is_some_and(|known| known.unverified().epoch > head.unverified().epoch) {
            return Ok(());
        }
        atomic_write(path, &head.to_bytes(), PRIVATE).map_err(store_error)
    }

    fn forget_parameters(&self, digest: ParametersDigest) -> Result<(), StoreError> {
        match fs::remove_file(self.trusted(digest)) {
            Ok(()) => Ok(sync_folder(&self.folder.join("trusted"))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn key_path(folder: &Path) -> PathBuf {
    folder.join("key")
}

fn identity_path(folder: &Path) -> PathBuf {
    folder.join("identity.json")
}

fn nonce_of(path: &Path) -> Option<RequestNonce> {
    path.file_name()?.to_str()?.parse().ok()
}

/// Whether a killed writer left it; under the lock nobody is writing.
fn is_leftover(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.') && name.ends_with(".tmp"))
}

/// None where the file is no signed request.
fn expiry_of(path: &Path) -> Result<Option<Timestamp>, StoreError> {
    match read(path, MAX_SIGNED) {
        Ok(bytes) => Ok(SignedRequest::verify(&bytes).ok().map(|request| request.request().fields().expires)),
        Err(StoreError::Damaged) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The whole file, up to a limit.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(StoreError::Damaged) } else { Ok(bytes) }
}

fn read_text(path: &Path, limit: u64) -> Result<String, StoreError> {
    String::from_utf8(read(path, limit)?).map_err(|_| StoreError::Damaged)
}

fn store_error(error: milchglas_sealed::Error) -> StoreError {
    if let milchglas_sealed::Error::Io { kind, .. } = error { StoreError::Io(kind) } else { StoreError::Damaged }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
