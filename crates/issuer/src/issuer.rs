//! The issuer itself: opening its folder, and what changes its parameters.
//!
//! A publication becomes current when the sealed keys file names its digest. Before that the parameters are kept under their
//! digest, after that `parameters.json` is written; a crash between the steps leaves the old publication or the new, and
//! [`Issuer::open`] finishes what was left undone.
//!
//! Caution: a new signature key signs from the moment of its publication; wallets that apply need the new parameters.
//! Not here: inviting (`enrolment`), issuing (`answering`).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use milchglas_credential::date::Date;
use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::parameters::{Content, IssuerKey, Parameters, RevocationKey, SecretKey, sign_digits};
use milchglas_credential::revocation::AccumulatorSecretKey;
use milchglas_credential::schema::Schema;
use milchglas_sealed::{Error as SealedError, Op, Passphrase, SealedFile, Work};
use rand_core::{CryptoRng, RngCore};

use crate::Error;
use crate::folder::Folder;
use crate::keys::{self, Keys, signing_key};
use crate::registry::{Cohort, CredentialRecord, InspectorPoint, Registry};
use crate::revoking::Heads;

/// What the keys file is, inside its encryption.
const KIND: &str = "issuer-keys";
/// How many earlier publications are kept in memory, each with its tables.
const MAX_OLDER: usize = 4;

/// An open issuer. It keeps every other process out of its folder's keys until it is dropped.
///
/// Inviting and answering take `&self` and may run at the same time; what changes keys or parameters takes `&mut self`.
pub struct Issuer {
    pub(crate) folder: Folder,
    pub(crate) file: SealedFile,
    pub(crate) keys: Keys,
    pub(crate) parameters: Arc<Parameters>,
    /// Parameters of invitations made before the last publication.
    older: Mutex<Vec<Arc<Parameters>>>,
    pub(crate) registry: Registry,
    /// The newest epochs.
    pub(crate) heads: Heads,
}

impl Issuer {
    /// Creates an issuer in the folder, which is made (mode 0700) if it is missing, and publishes its first parameters.
    ///
    /// Takes one scrypt of `work`, on this thread.
    ///
    /// # Errors
    /// [`Error::File`] with [`std::io::ErrorKind::AlreadyExists`] if the folder has an issuer; [`Error::Input`] for a name that is
    /// not 1 to 64 readable characters; [`Error::Misuse`] without schemas or with more than 16; [`Error::Damaged`] if the folder
    /// has a registry with entries but no keys.
    pub async fn init(
        folder: impl AsRef<Path>,
        name: &str,
        schemas: Vec<Schema>,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, Error> {
        Self::init_on(folder, None, name, schemas, passphrase, work, rng).await
    }

    /// [`Issuer::init`] with the registry in a PostgreSQL database, at a URL that the folder keeps (mode 0600; it may have a password). Several
    /// processes, each with a copy of the folder, may then invite, issue and revoke at once; keys are changed while none of the others runs,
    /// and copied to them.
    ///
    /// # Errors
    /// As [`Issuer::init`]; [`Error::Storage`] where the database can not be reached.
    pub async fn init_on(
        folder: impl AsRef<Path>,
        registry: Option<&str>,
        name: &str,
        schemas: Vec<Schema>,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, Error> {
        let folder = Folder::new(folder.as_ref());
        if folder.keys().exists() {
            return Err(SealedError::Io { op: Op::Create, kind: std::io::ErrorKind::AlreadyExists }.into());
        }
        let mut keys = Keys::random(rng)?;
        let mut unique: Vec<Schema> = Vec::new();
        for schema in schemas {
            if !unique.contains(&schema) {
                unique.push(schema);
            }
        }
        let content = Content {
            name: name.to_owned(),
            sequence: 1,
            keys: vec![current(&keys.signing, keys.accumulators.last())?],
            digits: sign_digits(&keys.sets)?,
            schemas: unique,
        };
        let parameters = Parameters::sign(content, &keys.identity)?;
        keys.published = parameters.digest();

        folder.create()?;
        if let Some(url) = registry {
            folder.set_registry(url)?;
        }
        let registry = folder.open_registry().await?;
        let counts = registry.counts().await?;
        if counts.persons + counts.open_invitations > 0 {
            return Err(Error::Damaged { what: "a registry whose keys are gone" });
        }
        folder.keep(&parameters)?;
        let file = SealedFile::create(folder.keys(), passphrase, KIND, &keys.to_bytes(), work)?;
        folder.publish(&parameters)?;
        Ok(Self::assemble(folder, file, keys, parameters, registry))
    }

    /// Opens the issuer in the folder. Takes one scrypt, on this thread.
    ///
    /// # Errors
    /// [`Error::File`]: a wrong passphrase or a changed keys file ([`SealedError::Unopenable`]), no such file, or another process
    /// has it open ([`SealedError::Busy`]). [`Error::Damaged`] if the current parameters are gone. [`Error::Storage`].
    pub async fn open(folder: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Self, Error> {
        let folder = Folder::new(folder.as_ref());
        let (file, content) = SealedFile::open(folder.keys(), passphrase, KIND)?;
        let keys = Keys::from_bytes(&content)?;
        drop(content);
        let parameters = folder.kept(&keys.published)?;
        if !signs_under(&keys, &parameters)? {
            return Err(Error::Damaged { what: "the parameters are not of these keys" });
        }
        folder.publish(&parameters)?;
        let registry = folder.open_registry().await?;
        Ok(Self::assemble(folder, file, keys, parameters, registry))
    }

    fn assemble(folder: Folder, file: SealedFile, keys: Keys, parameters: Parameters, registry: Registry) -> Self {
        let (older, heads) = (Mutex::default(), Heads::default());
        Self { folder, file, keys, parameters: Arc::new(parameters), older, registry, heads }
    }

    /// The current parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Where the current parameters lie, to be published: the same file for everyone.
    #[must_use]
    pub fn parameters_file(&self) -> PathBuf {
        self.folder.parameters()
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The card behind what an inspector's shareholders have opened, `h·G'` in 48 bytes; none if it is not one of this registry.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn find_by_inspector_point(&self, point: &[u8; 48]) -> Result<Option<CredentialRecord>, Error> {
        Ok(self.registry.by_inspector_point(&InspectorPoint(*point)).await?)
    }

    /// The schema of that name; of several, the one added last.
    #[must_use]
    pub fn schema(&self, id: &str) -> Option<&Schema> {
        self.parameters.content().schemas.iter().rev().find(|schema| schema.id().as_str() == id)
    }

    /// Drops keys that are no longer accepted on this day, writes `parameters.json`, and returns what it says.
    ///
    /// The sequence number grows only if a key was dropped.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn publish(&mut self, today: Date) -> Result<&Parameters, Error> {
        let content = self.parameters.content();
        let kept = content.keys.len();
        let mut next = content.clone();
        drop_lapsed(&mut next.keys, today);
        if next.keys.len() < kept {
            let accumulators = self.accumulators_of(&next)?;
            self.adopt(next, None, Some(accumulators))?;
        } else {
            self.folder.publish(&self.parameters)?;
        }
        Ok(&self.parameters)
    }

    /// Adds a schema and publishes. A schema that is there already changes nothing.
    ///
    /// A new version of a schema is another schema of the same name; [`Issuer::invite`] takes the one added last.
    ///
    /// # Errors
    /// [`Error::Misuse`] if there are 16 schemas already; [`Error::File`].
    pub fn add_schema(&mut self, schema: Schema) -> Result<&Parameters, Error> {
        if !self.parameters.content().schemas.contains(&schema) {
            let mut next = self.parameters.content().clone();
            next.schemas.push(schema);
            self.adopt(next, None, None)?;
        }
        Ok(&self.parameters)
    }

    /// Replaces the signature key and publishes. Credentials under the old key stay accepted up to and including the given day.
    ///
    /// The old secret is erased: from now on nothing can be signed under it, and invitations made before are refused with
    /// [`Refusal::KeyReplaced`](crate::Refusal::KeyReplaced). A day before today drops the old key at once, as after a theft.
    ///
    /// # Errors
    /// [`Error::Misuse`] if 16 keys are accepted already; [`Error::File`].
    pub fn rotate(
        &mut self,
        accepted_until_for_old: Date,
        today: Date,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<&Parameters, Error> {
        let signing = signing_key(rng)?;
        let mut next = self.parameters.content().clone();
        if let Some(old) = next.keys.last_mut() {
            old.accepted_until = accepted_until_for_old;
        }
        let last = self.keys.accumulators.last().map_or(0, |cohort| cohort.number.0);
        let number = last.checked_add(1).map(Cohort).ok_or(Error::Misuse { what: "too many signature keys" })?;
        let accumulator = keys::Cohort { number, secret: AccumulatorSecretKey::random(rng) };
        next.keys.push(current(&signing, Some(&accumulator))?);
        drop_lapsed(&mut next.keys, today);
        let mut accumulators = self.accumulators_of(&next)?;
        accumulators.push(accumulator);
        self.adopt(next, Some(signing), Some(accumulators))?;
        Ok(&self.parameters)
    }

    /// Replaces the passphrase. Older copies of the keys file still open with the old one.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn change_passphrase(&mut self, new: &Passphrase, work: Work) -> Result<(), Error> {
        Ok(self.file.change_passphrase(new, &self.keys.to_bytes(), work)?)
    }

    /// Closes the registry and waits until it is closed. Dropping does the same, without the wait.
    pub async fn close(self) {
        self.registry.close().await;
    }

    /// Parameters by their digest, current or kept.
    pub(crate) fn parameters_of(&self, digest: &ParametersDigest) -> Result<Arc<Parameters>, Error> {
        if self.parameters.digest() == *digest {
            return Ok(Arc::clone(&self.parameters));
        }
        // Held while reading: others who want the same file wait for it.
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = older.iter().find(|parameters| parameters.digest() == *digest) {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(self.folder.kept(digest)?);
        if found.identity() != self.parameters.identity() {
            return Err(Error::Damaged { what: "an invitation under another issuer's parameters" });
        }
        if older.len() == MAX_OLDER {
            older.remove(0);
        }
        older.push(Arc::clone(&found));
        Ok(found)
    }

    /// Makes this content, under the next sequence number, the current parameters.
    fn adopt(
        &mut self,
        mut content: Content,
        mut signing: Option<SecretKey>,
        mut accumulators: Option<Vec<keys::Cohort>>,
    ) -> Result<(), Error> {
        content.sequence = content.sequence.checked_add(1).ok_or(Error::Misuse { what: "too many publications" })?;
        let next = Parameters::sign(content, &self.keys.identity)?;
        self.folder.keep(&next)?;
        let mut published = next.digest();
        self.keys.exchange(&mut signing, &mut accumulators, &mut published);
        let saved = self.file.save(&self.keys.to_bytes());
        if !matches!(saved, Ok(()) | Err(SealedError::Io { op: Op::SyncFolder, .. })) {
            self.keys.exchange(&mut signing, &mut accumulators, &mut published);
            return Ok(saved?);
        }
        // Also where only the last sync failed: the new file is in place, and what is saved next must go on from it.
        self.parameters = Arc::new(next);
        saved?;
        self.folder.publish(&self.parameters)
    }

    /// Copies of the accumulators' keys that this content still lists.
    fn accumulators_of(&self, content: &Content) -> Result<Vec<keys::Cohort>, Error> {
        let mut kept = Vec::with_capacity(self.keys.accumulators.len());
        for cohort in &self.keys.accumulators {
            let public = revocation_key(cohort)?;
            if content.keys.iter().any(|key| key.revocation == public) {
                kept.push(cohort.again()?);
            }
        }
        Ok(kept)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.parameters.content().name).finish_non_exhaustive()
    }
}

/// How parameters list the key that signs now: its end is set when it is replaced.
fn current(signing: &SecretKey, accumulator: Option<&keys::Cohort>) -> Result<IssuerKey, Error> {
    let public = signing.public_key().map_err(|_| Error::Misuse { what: "a signature key is not zero" })?;
    let revocation =
        revocation_key(accumulator.ok_or(Error::Damaged { what: "keys without that of an accumulator" })?)?;
    Ok(IssuerKey { public, accepted_until: Date::MAX, revocation })
}

/// z·P2.
pub(crate) fn revocation_key(cohort: &keys::Cohort) -> Result<RevocationKey, Error> {
    cohort.secret.public_key().map_err(|_| Error::Misuse { what: "an accumulator's key is not zero" })
}

/// Drops keys that are no longer accepted, except the last one, which signs.
fn drop_lapsed(keys: &mut Vec<IssuerKey>, today: Date) {
    let mut left = keys.len();
    keys.retain(|key| {
        left -= 1;
        left == 0 || key.accepted_until >= today
    });
}

/// Whether all keys are those of the parameters.
fn signs_under(keys: &Keys, parameters: &Parameters) -> Result<bool, Error> {
    let content = parameters.content();
    let signing = current(&keys.signing, keys.accumulators.last())?;
    let revoking = keys.accumulators.iter().map(revocation_key).collect::<Result<Vec<_>, _>>()?;
    let sets = keys.sets.public_key().map_err(|_| Error::Misuse { what: "a set key is not zero" })?;
    Ok(content.keys.last().is_some_and(|last| last.public == signing.public)
        && content.keys.iter().map(|key| key.revocation).eq(revoking)
        && content.digits.key().to_bytes() == sets.to_bytes()
        && *parameters.identity().as_bytes() == keys.identity.verifying_key().to_bytes())
}
