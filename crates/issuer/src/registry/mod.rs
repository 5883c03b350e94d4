//! The durable registry: who was invited, who was issued what, under which name, and what is revoked since.
//!
//! Spec: the design's Credentials section (one secret a person, one person a secret) and its Revocation section. The store is an SQLite file
//! ([`Registry::open`]) or, with the feature `postgres`, a PostgreSQL database that several processes share (`Registry::connect`);
//! both are reached through `sqlx`, with one schema and one set of statements.
//!
//! Kept per person: a keyed hash of the person's number ([`PersonTag`]) and the name of the holder secret
//! ([`RegisteredName`]), with names that were retired. Kept per credential: handle, commitment, `h·G'`, schema, key, cohort, assurance,
//! dates and status; why and when its revocation was requested. Kept per epoch: its file. Never kept: claims or a person's
//! number. The claims checked at the counter wait as a blob that the caller has encrypted, and go when the invitation is answered
//! or lapses; the answer is stored as the wallet receives it, encrypted.
//!
//! The rules, each enforced inside one transaction:
//!
//! - An invitation is answered to one application. The same application again gets the same bytes again, whenever it comes, so
//!   a lost reply or a killed process costs nothing; another application is refused.
//! - A name belongs to one person for ever, and a person has one name. Only [`Registry::retire_name`] lets a person have another.
//! - A handle is never used twice. Credentials are never deleted.
//! - A person has one active credential of a schema. A renewal under the same name adds a credential with a new handle, and requests
//!   the revocation of the active one; so does the upgrade from light to full assurance, which is a renewal.
//! - A credential is active, then its revocation is pending, then it is revoked by one epoch. It never goes back.
//! - The epochs of a cohort have consecutive numbers, each names the digest of the one before, and none is ever replaced.
//!
//! An answer is durable before [`Issuance::commit`] returns, and so is whatever else returns without an error: the write-ahead log is
//! synchronised at every commit, on PostgreSQL whatever the server's default is. On SQLite the writers of any number of processes
//! take turns. On PostgreSQL they only meet where they are about the same invitation, person, credential or epoch.
//!
//! Many applications may share one transaction ([`Registry::answer_all`]): each is checked after what the earlier ones have stored,
//! as if they had come one by one, and all answers become durable together.
//!
//! Caution: the registry believes what it is told. The caller has verified the application (one secret behind name and commitment,
//! bound to the nonce), encrypted the payload and the answer, and encoded every point canonically, or one secret could
//! have two names. An epoch's file and its digest are the caller's too.
//!
//! Not here: keys, signing, encryption, the hash of the person's number, the accumulator.
//!
//! ```
//! # use milchglas_issuer::registry::*;
//! # use rand_core::OsRng;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), RegistryError> {
//! # let folder = tempfile::tempdir().unwrap();
//! let registry = Registry::open(&folder.path().join("registry.db")).await?;
//! let now = UnixSeconds(1_800_000_000);
//! let invitation = Invitation {
//!     nonce: InvitationNonce([7; 16]), // random, in earnest
//!     person: PersonTag([1; 32]),
//!     assurance: Assurance::Full,
//!     schema: SchemaDigest([2; 32]),
//!     expires: UnixSeconds(now.0 + 3600),
//!     payload: b"sealed claims".to_vec(),
//! };
//! registry.invite(&invitation, now).await?;
//!
//! let application = Application {
//!     name: RegisteredName([3; 48]),
//!     commitment: Commitment([4; 48]),
//!     digest: ApplicationDigest([5; 32]),
//! };
//! let response = match registry.begin(invitation.nonce, &application, now, &mut OsRng).await? {
//!     Begun::Answered(response) => response,
//!     Begun::Open(issuance) => {
//!         // Here the issuer signs: issuance.handle(), issuance.payload(), …
//!         let answer = Answer {
//!             response: b"sealed answer".to_vec(),
//!             inspector_point: InspectorPoint([6; 48]),
//!             issuer_key: IssuerKeyId([8; 32]),
//!             valid_until: ValidUntil(24_324),
//!             cohort: Cohort::default(),
//!         };
//!         issuance.commit(answer).await?
//!     }
//! };
//! assert_eq!(response, b"sealed answer");
//!
//! // The phone is gone: the next epoch revokes its card.
//! let handles = registry.revoke_all(Holder::Tag(invitation.person), Reason::Lost, now).await?;
//! assert_eq!(registry.pending(Cohort::default(), 10_000).await?, handles);
//! let epoch = NewEpoch {
//!     cohort: Cohort::default(),
//!     number: EpochNumber(0),
//!     previous: None,
//!     digest: EpochDigest([9; 32]),
//!     handles: &handles,
//!     content: b"the epoch's file",
//! };
//! registry.publish(&epoch, now).await?;
//! // Now the file may be given out; a process that was killed here finds it again.
//! let newest = registry.newest_epoch(Cohort::default()).await?.unwrap();
//! assert_eq!(registry.epoch(newest.cohort, newest.number).await?.unwrap().content, epoch.content);
//! # Ok(())
//! # }
//! ```
#![doc = include_str!("../../notes/registry.md")]

mod database;
mod error;
mod issuing;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod revocation;
mod sqlite;

#[cfg(test)]
mod tests;

use core::fmt;
use std::path::Path;

use sqlx::migrate::MigrateError;

use database::{Database, Row, Transaction, Value, corrupt, locking};
pub use error::{Refusal, RegistryError, StorageError};
pub use issuing::{Answered, Begun, Found, Issuance, Prepared};
pub use record::{
    Answer, Application, ApplicationDigest, Assurance, Cohort, Commitment, Counts, CredentialRecord, Epoch,
    EpochDigest, EpochHead, EpochNumber, Handle, Holder, InspectorPoint, Invitation, InvitationNonce, IssuerKeyId,
    NewEpoch, PersonRecord, PersonTag, Reason, RegisteredName, Revocation, SchemaDigest, Status, Tally, UnixSeconds,
    ValidUntil,
};

/// The most bytes that a payload or a response may have.
pub const MAX_BLOB: usize = 1 << 20;

/// The most bytes that an epoch's file may have.
pub const MAX_EPOCH: usize = 1 << 26;

/// The most revocations that one cohort's accumulator key serves: its chain shows powers of the key.
pub const MAX_COHORT_REVOCATIONS: u64 = 1 << 24;

/// How often a transaction that was rolled back because of others is tried again.
const RETRIES: u32 = 8;

/// Evaluates the attempt until it ends in anything but a conflict with others, with growing pauses.
macro_rules! retried {
    ($attempt:expr) => {{
        let mut retries = 0;
        loop {
            match $attempt.await {
                Err(error) if error.is_conflict() && retries < crate::registry::RETRIES => {
                    tokio::time::sleep(std::time::Duration::from_millis(5 << retries)).await;
                    retries += 1;
                }
                result => break result,
            }
        }
    }};
}
use retried;

/// The open registry. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Registry {
    database: Database,
}

impl Registry {
    /// Opens the registry in the SQLite file `path`, which is created with mode 0600 if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`RegistryError::Storage`], also when others may read or write the file, or when a newer program has changed its schema.
    pub async fn open(path: &Path) -> Result<Self, RegistryError> {
        let (writer, reader) = sqlite::open(path).await?;
        Ok(Self { database: Database::Sqlite { writer, reader } })
    }

    /// Opens the registry in the PostgreSQL database that `url` names (`postgres://USER@HOST/DATABASE`, with the parameters that libpq
    /// knows), and brings its schema up to date. The user must be allowed to create tables.
    ///
    /// A password is better in `PGPASSWORD` or `~/.pgpass` than in the URL. A server on another machine must show a certificate
    /// that holds for its name, unless the URL says another `sslmode`; `sslrootcert` names an authority of one's own.
    ///
    /// # Errors
    /// [`RegistryError::Storage`], also when the URL is not well formed, or when a newer program has changed the schema.
    #[cfg(feature = "postgres")]
    pub async fn connect(url: &str) -> Result<Self, RegistryError> {
        Ok(Self { database: Database::Postgres(postgres::connect(url).await?) })
    }

    /// The person behind `tag`, with all credentials.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn person(&self, tag: &PersonTag) -> Result<Option<PersonRecord>, RegistryError> {
        let tag = [Value::Bytes(&tag.0)];
        let mut snapshot = self.database.snapshot().await?;
        let Some(person) = snapshot.fetch_optional("SELECT name FROM persons WHERE tag = $1", &tag).await? else {
            return Ok(None);
        };
        let credentials = snapshot
            .fetch_all(
                "SELECT c.*, r.reason, r.requested_at, r.epoch
                 FROM credentials c LEFT JOIN revocations r ON r.handle = c.handle
                 WHERE c.person = $1 ORDER BY c.issued_at, c.status DESC, c.handle",
                &tag,
            )
            .await?;
        let name = person.optional_bytes("name")?.map(|name| name.try_into().map_err(|_| corrupt())).transpose()?;
        Ok(Some(PersonRecord {
            name: name.map(RegisteredName),
            credentials: credentials.iter().map(credential).collect::<Result<_, _>>()?,
        }))
    }

    /// The credential of this handle.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn credential(&self, handle: &Handle) -> Result<Option<CredentialRecord>, RegistryError> {
        let row = self
            .database
            .fetch_optional(
                "SELECT c.*, r.reason, r.requested_at, r.epoch
                 FROM credentials c LEFT JOIN revocations r ON r.handle = c.handle WHERE c.handle = $1",
                &[Value::Bytes(&handle.0)],
            )
            .await?;
        row.as_ref().map(credential).transpose()
    }

    /// The credential whose handle h gives `point = h·G'`: what an inspector's decryption opens to.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn by_inspector_point(&self, point: &InspectorPoint) -> Result<Option<CredentialRecord>, RegistryError> {
        let row = self
            .database
            .fetch_optional(
                "SELECT c.*, r.reason, r.requested_at, r.epoch
                 FROM credentials c LEFT JOIN revocations r ON r.handle = c.handle WHERE c.inspector_point = $1",
                &[Value::Bytes(&point.0)],
            )
            .await?;
        row.as_ref().map(credential).transpose()
    }

    /// Counts persons, open invitations, and credentials by status, at one moment. Reads all of them.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn counts(&self) -> Result<Counts, RegistryError> {
        let row = self
            .database
            .fetch_optional(
                "SELECT (SELECT COUNT(*) FROM persons) AS persons,
                        (SELECT COUNT(*) FROM invitations WHERE payload IS NOT NULL) AS open_invitations,
                        (SELECT COUNT(*) FROM credentials WHERE status = $1) AS active,
                        (SELECT COUNT(*) FROM credentials WHERE status = $2) AS pending,
                        (SELECT COUNT(*) FROM credentials WHERE status = $3) AS revoked",
                &BY_STATUS,
            )
            .await?
            .ok_or_else(corrupt)?;
        Ok(Counts {
            persons: row.natural("persons")?,
            open_invitations: row.natural("open_invitations")?,
            active: row.natural("active")?,
            pending: row.natural("pending")?,
            revoked: row.natural("revoked")?,
        })
    }

    /// Counts credentials by cohort, schema and status, at one moment. Reads all of them. In the order of cohorts, then of schemas' digests.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn tallies(&self) -> Result<Vec<Tally>, RegistryError> {
        let rows = self
            .database
            .fetch_all(
                "SELECT cohort, schema_digest,
                        COUNT(CASE WHEN status = $1 THEN 1 END) AS active,
                        COUNT(CASE WHEN status = $2 THEN 1 END) AS pending,
                        COUNT(CASE WHEN status = $3 THEN 1 END) AS revoked
                 FROM credentials GROUP BY cohort, schema_digest ORDER BY cohort, schema_digest",
                &BY_STATUS,
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Tally {
                    cohort: cohort(row)?,
                    schema: SchemaDigest(row.fixed("schema_digest")?),
                    active: row.natural("active")?,
                    pending: row.natural("pending")?,
                    revoked: row.natural("revoked")?,
                })
            })
            .collect()
    }

    /// Closes all connections, of clones too, and waits until they are closed. The last process to close an SQLite file empties its
    /// write-ahead log.
    pub async fn close(self) {
        self.database.close().await;
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry(..)")
    }
}

const BY_STATUS: [Value<'static>; 3] = [
    Value::Integer(Status::Active.stored()),
    Value::Integer(Status::Pending.stored()),
    Value::Integer(Status::Revoked.stored()),
];

/// Locks the person until the transaction ends, and returns their row.
async fn lock_person(transaction: &mut Transaction, person: &PersonTag) -> Result<Option<Row>, RegistryError> {
    transaction.lock_optional(locking!("SELECT name FROM persons WHERE tag = $1"), &[Value::Bytes(&person.0)]).await
}

/// Queues the revocation of the credential of `row`, whose status this transaction has just changed from active to pending.
async fn queue_revocation(
    transaction: &mut Transaction,
    row: &Row,
    reason: Reason,
    now: UnixSeconds,
) -> Result<Handle, RegistryError> {
    let handle = Handle(row.fixed("handle")?);
    let values = [
        Value::Bytes(&handle.0),
        Value::Integer(row.integer("cohort")?),
        Value::Integer(reason.stored()),
        Value::Integer(now.stored()),
    ];
    transaction
        .execute("INSERT INTO revocations (handle, cohort, reason, requested_at) VALUES ($1, $2, $3, $4)", &values)
        .await?;
    Ok(handle)
}

fn credential(row: &Row) -> Result<CredentialRecord, RegistryError> {
    let revocation = match row.optional_integer("reason")? {
        None => None,
        Some(reason) => Some(Revocation {
            reason: Reason::from_stored(reason).ok_or_else(corrupt)?,
            requested_at: seconds(row, "requested_at")?,
            epoch: match row.optional_integer("epoch")? {
                None => None,
                Some(_) => Some(EpochNumber(row.natural("epoch")?)),
            },
        }),
    };
    Ok(CredentialRecord {
        handle: Handle(row.fixed("handle")?),
        person: PersonTag(row.fixed("person")?),
        commitment: Commitment(row.fixed("commitment")?),
        inspector_point: InspectorPoint(row.fixed("inspector_point")?),
        schema: SchemaDigest(row.fixed("schema_digest")?),
        issuer_key: IssuerKeyId(row.fixed("issuer_key")?),
        assurance: assurance(row)?,
        valid_until: ValidUntil(u32::try_from(row.natural("valid_until")?).map_err(|_| corrupt())?),
        issued_at: seconds(row, "issued_at")?,
        cohort: cohort(row)?,
        status: Status::from_stored(row.integer("status")?).ok_or_else(corrupt)?,
        revocation,
    })
}

fn assurance(row: &Row) -> Result<Assurance, RegistryError> {
    Assurance::from_stored(row.integer("assurance")?).ok_or_else(corrupt)
}

fn cohort(row: &Row) -> Result<Cohort, RegistryError> {
    u32::try_from(row.natural("cohort")?).map(Cohort).map_err(|_| corrupt())
}

fn seconds(row: &Row, column: &str) -> Result<UnixSeconds, RegistryError> {
    row.natural(column).map(UnixSeconds)
}

fn refused(refusal: Refusal) -> RegistryError {
    RegistryError::Refused(refusal)
}

fn migration(error: MigrateError) -> RegistryError {
    const WHAT: &str = "the database's schema does not fit this program";
    RegistryError::Storage(StorageError::caused(WHAT, error))
}
