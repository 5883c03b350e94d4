//! The durable registry: who was invited, who was issued what, and under which name.
//!
//! Spec: the design's Credentials section (one secret a person, one person a secret). The store is SQLite, reached through `sqlx`.
//!
//! Kept per person: a keyed hash of the person's number ([`PersonTag`]) and the name of the holder secret
//! ([`RegisteredName`]). Kept per credential: handle, commitment, `h·G'`, schema, key, assurance, dates and status.
//! Never kept: claims or a person's number. The claims checked at the counter wait as a blob that the caller has
//! encrypted, and go when the invitation is answered or lapses; the answer is stored as the wallet receives it, encrypted.
//!
//! The rules, each enforced inside one transaction:
//!
//! - An invitation is answered to one application. The same application again gets the same bytes again, whenever it comes, so
//!   a lost reply or a killed process costs nothing; another application is refused.
//! - A name belongs to one person and a person has one name. A renewal under the same name adds a credential with a new
//!   handle and supersedes the active one of the same schema.
//! - A handle is never used twice. Credentials are never deleted.
//!
//! An answer is durable before [`Issuance::commit`] returns: write-ahead log, synchronised at every commit. Writers of any number of
//! processes take turns; a transaction takes the write lock when it begins.
//!
//! Many applications may share one transaction ([`Registry::answer_all`]): each is checked after what the earlier ones have stored,
//! as if they had come one by one, and all answers become durable together.
//!
//! Caution: the registry believes what it is told. The caller has verified the application (one secret behind name and commitment,
//! bound to the nonce), encrypted the payload and the answer, and encoded every point canonically, or one secret could
//! have two names.
//!
//! Not here: keys, signing, encryption, the hash of the person's number, revocation.
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
//!         };
//!         issuance.commit(answer).await?
//!     }
//! };
//! assert_eq!(response, b"sealed answer");
//! # Ok(())
//! # }
//! ```

mod error;
mod record;
mod sqlite;

#[cfg(test)]
mod tests;

use core::fmt;
use std::path::Path;

use rand_core::{CryptoRng, RngCore};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Row, Sqlite, Transaction};

pub use error::{Refusal, RegistryError, StorageError};
pub use record::{
    Answer, Application, ApplicationDigest, Assurance, Commitment, Counts, CredentialRecord, Handle, InspectorPoint,
    Invitation, InvitationNonce, IssuerKeyId, PersonRecord, PersonTag, RegisteredName, SchemaDigest, Status,
    UnixSeconds, ValidUntil,
};

/// The most bytes that a payload or a response may have.
pub const MAX_BLOB: usize = 1 << 20;

/// How often a handle is drawn before the random number generator is taken for broken.
const HANDLE_DRAWS: usize = 8;

/// The open registry. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Registry {
    /// One connection: writers of this process queue here instead of polling for the file's lock.
    writer: SqlitePool,
    reader: SqlitePool,
}

/// What [`Registry::begin`] found.
#[derive(Debug)]
#[must_use]
pub enum Begun {
    /// The same application was answered before; these are the bytes it got.
    Answered(Vec<u8>),
    /// The application may be answered.
    Open(Box<Issuance>),
}

/// What [`Registry::find`] found.
#[derive(Debug)]
#[must_use]
pub enum Found {
    /// The same application was answered before; these are the bytes it got.
    Answered(Vec<u8>),
    /// The invitation waits for an application.
    Open(Box<Invitation>),
}

/// One of several applications that are answered in one transaction.
///
/// Its answer was made beforehand, on a handle that the caller drew: what is refused is dropped, and its handle has never existed.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The invitation that it answers, as [`Registry::find`] found it open.
    pub nonce: InvitationNonce,
    /// The application.
    pub application: Application,
    /// A fresh random handle, which the credential certifies.
    pub handle: Handle,
    /// The answer.
    pub answer: Answer,
}

/// What an application got, durably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The bytes for the wallet.
    pub response: Vec<u8>,
    /// Whether this call issued the credential; not so where the same application was answered before.
    pub fresh: bool,
}

/// An application that is being answered, inside its transaction.
///
/// It holds the registry's only write lock: compute the answer, [`commit`](Self::commit), and do nothing else meanwhile. Dropped
/// without commit, it leaves no trace, and its handle has never existed.
#[must_use]
pub struct Issuance {
    transaction: Transaction<'static, Sqlite>,
    invitation: Invitation,
    application: Application,
    person_id: Option<i64>,
    handle: Handle,
    now: UnixSeconds,
}

impl Registry {
    /// Opens the registry in the SQLite file `path`, which is created with mode 0600 if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`RegistryError::Storage`], also when others may read or write the file, or when a newer program has changed its schema.
    pub async fn open(path: &Path) -> Result<Self, RegistryError> {
        let (writer, reader) = sqlite::open(path).await?;
        Ok(Self { writer, reader })
    }

    /// Stores an invitation. Invitations that have expired by `now` lapse first.
    ///
    /// # Errors
    /// [`Refusal::InvitationExists`], [`Refusal::InvitationExpired`] if it expires by `now`; misuse if the payload is longer than
    /// [`MAX_BLOB`].
    pub async fn invite(&self, invitation: &Invitation, now: UnixSeconds) -> Result<(), RegistryError> {
        self.invite_all(std::slice::from_ref(invitation), now).await
    }

    /// Stores invitations: all of them, in one transaction, or none.
    ///
    /// # Errors
    /// As [`invite`](Self::invite), where one of them runs into it.
    pub async fn invite_all(&self, invitations: &[Invitation], now: UnixSeconds) -> Result<(), RegistryError> {
        for invitation in invitations {
            check_blob(&invitation.payload)?;
            if invitation.expires <= now {
                return Err(refused(Refusal::InvitationExpired));
            }
        }
        let mut transaction = self.write().await?;
        lapse(&mut transaction, now).await?;
        for invitation in invitations {
            insert_invitation(&mut transaction, invitation).await?;
        }
        transaction.commit().await.map_err(storage)
    }

    /// How the invitation `nonce` stands towards an application of this digest: what the caller must know before it can verify the
    /// application. Takes no lock unless the invitation has just expired; [`begin`](Self::begin) decides.
    ///
    /// # Errors
    /// [`RegistryError::Refused`]: unknown or expired invitation, answered to another application. [`RegistryError::Storage`].
    pub async fn find(
        &self,
        nonce: InvitationNonce,
        application: &ApplicationDigest,
        now: UnixSeconds,
    ) -> Result<Found, RegistryError> {
        let row = sqlx::query(STANDING).bind(&nonce.0[..]).fetch_optional(&self.reader).await.map_err(storage)?;
        let found = standing(row, nonce, application)?;
        match &found {
            Found::Open(invitation) if invitation.expires <= now => {
                self.lapse(now).await?;
                Err(refused(Refusal::InvitationExpired))
            }
            Found::Open(_) | Found::Answered(_) => Ok(found),
        }
    }

    /// [`find`](Self::find) for several applications.
    ///
    /// # Errors
    /// For each what [`find`](Self::find) refuses; for all [`RegistryError::Storage`].
    pub async fn find_all(
        &self,
        applications: &[(InvitationNonce, ApplicationDigest)],
        now: UnixSeconds,
    ) -> Result<Vec<Result<Found, Refusal>>, RegistryError> {
        let mut all = Vec::with_capacity(applications.len());
        for (nonce, application) in applications {
            all.push(unless_refused(self.find(*nonce, application, now).await)?);
        }
        Ok(all)
    }

    /// Answers several applications in one transaction, one after the other, each by the rules of [`begin`](Self::begin) and
    /// [`Issuance::commit`]. What it returns may be sent: it is on disk.
    ///
    /// On an error it is not known whether the answers were stored: all of them or none. The same applications again tell.
    ///
    /// # Errors
    /// For each the rule that refuses it. For all: misuse if a response is longer than [`MAX_BLOB`]; [`RegistryError::Storage`], also
    /// where a handle exists already.
    pub async fn answer_all(
        &self,
        prepared: Vec<Prepared>,
        now: UnixSeconds,
    ) -> Result<Vec<Result<Answered, Refusal>>, RegistryError> {
        for Prepared { answer, .. } in &prepared {
            check_blob(&answer.response)?;
        }
        let mut transaction = self.write().await?;
        let mut all = Vec::with_capacity(prepared.len());
        let mut expired = false;
        for Prepared { nonce, application, handle, answer } in prepared {
            let permitted = unless_refused(permit(&mut transaction, nonce, &application, now).await)?;
            all.push(match permitted {
                Ok(Permitted::Answered(response)) => Ok(Answered { response, fresh: false }),
                Ok(Permitted::Open { invitation, person_id }) => {
                    if is_taken(&mut transaction, &handle).await? {
                        return Err(repeats_itself());
                    }
                    let issued = Issued { invitation: &invitation, application: &application, person_id, handle, now };
                    issued.store(&mut transaction, &answer).await?;
                    Ok(Answered { response: answer.response, fresh: true })
                }
                Err(refusal) => {
                    expired |= refusal == Refusal::InvitationExpired;
                    Err(refusal)
                }
            });
        }
        if expired {
            lapse(&mut transaction, now).await?;
        }
        transaction.commit().await.map_err(storage)?;
        Ok(all)
    }

    /// Begins to answer `application` to the invitation `nonce`: checks every rule and draws a fresh handle from `rng`.
    ///
    /// The caller has verified the application's proof. A refusal leaves the invitation open for a better application. Waits for
    /// other writers, so a task that still holds an [`Issuance`] must not call this.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] with the rule: unknown or expired invitation, answered to another application, name of another person,
    /// person with another name. [`RegistryError::Storage`] if `rng` keeps drawing handles that exist.
    pub async fn begin(
        &self,
        nonce: InvitationNonce,
        application: &Application,
        now: UnixSeconds,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Begun, RegistryError> {
        let mut transaction = self.write().await?;
        let (invitation, person_id) = match permit(&mut transaction, nonce, application, now).await {
            Ok(Permitted::Answered(response)) => return Ok(Begun::Answered(response)),
            Ok(Permitted::Open { invitation, person_id }) => (invitation, person_id),
            Err(RegistryError::Refused(Refusal::InvitationExpired)) => {
                lapse(&mut transaction, now).await?;
                transaction.commit().await.map_err(storage)?;
                return Err(refused(Refusal::InvitationExpired));
            }
            Err(error) => return Err(error),
        };
        let handle = draw_handle(&mut transaction, rng).await?;
        Ok(Begun::Open(Box::new(Issuance {
            transaction,
            invitation: *invitation,
            application: *application,
            person_id,
            handle,
            now,
        })))
    }

    /// Deletes payload and person of every invitation that has expired by `now` unanswered, and returns how many there were.
    ///
    /// Inviting and refusing an expired application do this too; call it regularly where invitations are rare.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn lapse(&self, now: UnixSeconds) -> Result<u64, RegistryError> {
        let mut transaction = self.write().await?;
        let lapsed = lapse(&mut transaction, now).await?;
        transaction.commit().await.map_err(storage)?;
        sqlite::empty_log(&self.writer).await?;
        Ok(lapsed)
    }

    /// The person behind `tag`, with all credentials.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn person(&self, tag: &PersonTag) -> Result<Option<PersonRecord>, RegistryError> {
        let mut snapshot = self.reader.begin().await.map_err(storage)?;
        let Some(row) = sqlx::query("SELECT id, name FROM persons WHERE tag = $1")
            .bind(&tag.0[..])
            .fetch_optional(&mut *snapshot)
            .await
            .map_err(storage)?
        else {
            return Ok(None);
        };
        let id: i64 = row.try_get("id").map_err(storage)?;
        let credentials = sqlx::query(
            "SELECT c.*, p.tag FROM credentials c JOIN persons p ON p.id = c.person_id
             WHERE c.person_id = $1 ORDER BY c.issued_at, c.status DESC, c.handle",
        )
        .bind(id)
        .fetch_all(&mut *snapshot)
        .await
        .map_err(storage)?;
        Ok(Some(PersonRecord {
            name: RegisteredName(fixed(&row, "name")?),
            credentials: credentials.iter().map(credential).collect::<Result<_, _>>()?,
        }))
    }

    /// The credential whose handle h gives `point = h·G'`: what an inspector's decryption opens to.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn by_inspector_point(&self, point: &InspectorPoint) -> Result<Option<CredentialRecord>, RegistryError> {
        sqlx::query(
            "SELECT c.*, p.tag FROM credentials c JOIN persons p ON p.id = c.person_id
             WHERE c.inspector_point = $1",
        )
        .bind(&point.0[..])
        .fetch_optional(&self.reader)
        .await
        .map_err(storage)?
        .as_ref()
        .map(credential)
        .transpose()
    }

    /// Counts persons, open invitations, and credentials by status, at one moment.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn counts(&self) -> Result<Counts, RegistryError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM persons) AS persons,
                    (SELECT COUNT(*) FROM invitations WHERE payload IS NOT NULL) AS open_invitations,
                    (SELECT COUNT(*) FROM credentials WHERE status = $1) AS active,
                    (SELECT COUNT(*) FROM credentials WHERE status = $2) AS superseded,
                    (SELECT COUNT(*) FROM credentials WHERE status = $3) AS revoked",
        )
        .bind(Status::Active.stored())
        .bind(Status::Superseded.stored())
        .bind(Status::Revoked.stored())
        .fetch_one(&self.reader)
        .await
        .map_err(storage)?;
        Ok(Counts {
            persons: natural(&row, "persons")?,
            open_invitations: natural(&row, "open_invitations")?,
            active: natural(&row, "active")?,
            superseded: natural(&row, "superseded")?,
            revoked: natural(&row, "revoked")?,
        })
    }

    /// Closes all connections, of clones too, and waits until they are closed. The last process to close empties the write-ahead log.
    pub async fn close(self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    async fn write(&self) -> Result<Transaction<'static, Sqlite>, RegistryError> {
        // A deferred transaction would take the lock at its first write, after its reads may have become stale.
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(storage)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry(..)")
    }
}

impl Issuance {
    /// The handle that the credential must certify: fresh, and reserved by this transaction.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// The checked claims as the caller encrypted them in [`Invitation::payload`].
    pub fn payload(&self) -> &[u8] {
        &self.invitation.payload
    }

    /// The schema that the person was invited for.
    pub fn schema(&self) -> SchemaDigest {
        self.invitation.schema
    }

    /// How the person was checked.
    pub fn assurance(&self) -> Assurance {
        self.invitation.assurance
    }

    /// The person who was invited.
    pub fn person(&self) -> PersonTag {
        self.invitation.person
    }

    /// Whether the person is registered already, under this application's name.
    pub fn is_renewal(&self) -> bool {
        self.person_id.is_some()
    }

    /// Stores the answer and everything that follows from it, deletes the payload, and returns the response, which may be sent now:
    /// it is on disk.
    ///
    /// On an error it is not known whether the answer was stored. The same application again tells, and gets it if it was.
    ///
    /// # Errors
    /// Misuse if the response is longer than [`MAX_BLOB`]; [`RegistryError::Storage`].
    pub async fn commit(self, answer: Answer) -> Result<Vec<u8>, RegistryError> {
        check_blob(&answer.response)?;
        let Self { mut transaction, invitation, application, person_id, handle, now } = self;
        let issued = Issued { invitation: &invitation, application: &application, person_id, handle, now };
        issued.store(&mut transaction, &answer).await?;
        transaction.commit().await.map_err(storage)?;
        Ok(answer.response)
    }
}

impl fmt::Debug for Issuance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuance(..)")
    }
}

/// A credential that the rules permit, to be stored with its answer.
struct Issued<'a> {
    invitation: &'a Invitation,
    application: &'a Application,
    person_id: Option<i64>,
    handle: Handle,
    now: UnixSeconds,
}

impl Issued<'_> {
    /// Writes the answer and everything that follows from it, and deletes the payload.
    async fn store(self, transaction: &mut Transaction<'static, Sqlite>, answer: &Answer) -> Result<(), RegistryError> {
        let Self { invitation, application, person_id, handle, now } = self;
        let person_id = match person_id {
            Some(id) => id,
            None => sqlx::query_scalar("INSERT INTO persons (tag, name) VALUES ($1, $2) RETURNING id")
                .bind(&invitation.person.0[..])
                .bind(&application.name.0[..])
                .fetch_one(&mut **transaction)
                .await
                .map_err(storage)?,
        };
        sqlx::query(
            "UPDATE credentials SET status = $1
             WHERE person_id = $2 AND schema_digest = $3 AND status = $4",
        )
        .bind(Status::Superseded.stored())
        .bind(person_id)
        .bind(&invitation.schema.0[..])
        .bind(Status::Active.stored())
        .execute(&mut **transaction)
        .await
        .map_err(storage)?;
        sqlx::query(
            "INSERT INTO credentials (handle, person_id, commitment, inspector_point, schema_digest,
                                      issuer_key, assurance, valid_until, issued_at, status)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&handle.0[..])
        .bind(person_id)
        .bind(&application.commitment.0[..])
        .bind(&answer.inspector_point.0[..])
        .bind(&invitation.schema.0[..])
        .bind(&answer.issuer_key.0[..])
        .bind(invitation.assurance.stored())
        .bind(i64::from(answer.valid_until.0))
        .bind(now.stored())
        .bind(Status::Active.stored())
        .execute(&mut **transaction)
        .await
        .map_err(storage)?;
        sqlx::query(
            "UPDATE invitations
             SET person_tag = NULL, payload = NULL, application = $1, response = $2, handle = $3
             WHERE nonce = $4",
        )
        .bind(&application.digest.0[..])
        .bind(&answer.response[..])
        .bind(&handle.0[..])
        .bind(&invitation.nonce.0[..])
        .execute(&mut **transaction)
        .await
        .map_err(storage)?;
        Ok(())
    }
}

/// What the rules say to an application.
enum Permitted {
    /// It was answered before.
    Answered(Vec<u8>),
    /// It may be answered, to the person registered under this id or to a new one.
    Open { invitation: Box<Invitation>, person_id: Option<i64> },
}

/// Checks every rule. Writes nothing.
async fn permit(
    transaction: &mut Transaction<'static, Sqlite>,
    nonce: InvitationNonce,
    application: &Application,
    now: UnixSeconds,
) -> Result<Permitted, RegistryError> {
    let row = sqlx::query(STANDING).bind(&nonce.0[..]).fetch_optional(&mut **transaction).await.map_err(storage)?;
    let invitation = match standing(row, nonce, &application.digest)? {
        Found::Answered(response) => return Ok(Permitted::Answered(response)),
        Found::Open(invitation) => invitation,
    };
    if invitation.expires <= now {
        return Err(refused(Refusal::InvitationExpired));
    }
    let person_id = registered_person(transaction, &invitation.person, &application.name).await?;
    Ok(Permitted::Open { invitation, person_id })
}

async fn insert_invitation(
    transaction: &mut Transaction<'static, Sqlite>,
    invitation: &Invitation,
) -> Result<(), RegistryError> {
    let inserted = sqlx::query(
        "INSERT INTO invitations (nonce, schema_digest, assurance, expires, person_tag, payload)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&invitation.nonce.0[..])
    .bind(&invitation.schema.0[..])
    .bind(invitation.assurance.stored())
    .bind(invitation.expires.stored())
    .bind(&invitation.person.0[..])
    .bind(&invitation.payload[..])
    .execute(&mut **transaction)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(refused(Refusal::InvitationExists)),
        Err(error) => Err(storage(error)),
    }
}

/// The row of an invitation, for [`standing`].
const STANDING: &str = "SELECT schema_digest, assurance, expires, person_tag, payload, application, response
    FROM invitations WHERE nonce = $1";

/// How an invitation stands towards an application. One that has expired but not lapsed is still open here.
fn standing(
    row: Option<SqliteRow>,
    nonce: InvitationNonce,
    application: &ApplicationDigest,
) -> Result<Found, RegistryError> {
    let row = row.ok_or_else(|| refused(Refusal::UnknownInvitation))?;
    if let Some(answered) = optional_bytes(&row, "application")? {
        if answered[..] != application.0[..] {
            return Err(refused(Refusal::AnsweredToAnother));
        }
        return optional_bytes(&row, "response")?.map(Found::Answered).ok_or_else(corrupt);
    }
    let Some(payload) = optional_bytes(&row, "payload")? else {
        return Err(refused(Refusal::InvitationExpired));
    };
    Ok(Found::Open(Box::new(Invitation {
        nonce,
        person: PersonTag(fixed(&row, "person_tag")?),
        assurance: assurance(&row)?,
        schema: SchemaDigest(fixed(&row, "schema_digest")?),
        expires: seconds(&row, "expires")?,
        payload,
    })))
}

/// The row of the person if registered under exactly this name, `None` if both person and name are new.
async fn registered_person(
    transaction: &mut Transaction<'static, Sqlite>,
    person: &PersonTag,
    name: &RegisteredName,
) -> Result<Option<i64>, RegistryError> {
    let known = sqlx::query("SELECT id, name FROM persons WHERE tag = $1")
        .bind(&person.0[..])
        .fetch_optional(&mut **transaction)
        .await
        .map_err(storage)?;
    if let Some(row) = known {
        if fixed::<48>(&row, "name")? != name.0 {
            return Err(refused(Refusal::PersonHasAnotherName));
        }
        return row.try_get("id").map(Some).map_err(storage);
    }
    let taken = sqlx::query("SELECT id FROM persons WHERE name = $1")
        .bind(&name.0[..])
        .fetch_optional(&mut **transaction)
        .await
        .map_err(storage)?;
    match taken {
        Some(_) => Err(refused(Refusal::NameOfAnotherPerson)),
        None => Ok(None),
    }
}

/// Draws until the handle is new. The write lock keeps it new until the commit.
async fn draw_handle(
    transaction: &mut Transaction<'static, Sqlite>,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Handle, RegistryError> {
    for _ in 0..HANDLE_DRAWS {
        let mut handle = [0; 16];
        rng.try_fill_bytes(&mut handle)
            .map_err(|_| RegistryError::Storage(StorageError::new("the random number generator failed")))?;
        if !is_taken(transaction, &Handle(handle)).await? {
            return Ok(Handle(handle));
        }
    }
    Err(repeats_itself())
}

async fn is_taken(transaction: &mut Transaction<'static, Sqlite>, handle: &Handle) -> Result<bool, RegistryError> {
    let taken = sqlx::query("SELECT handle FROM credentials WHERE handle = $1")
        .bind(&handle.0[..])
        .fetch_optional(&mut **transaction)
        .await
        .map_err(storage)?;
    Ok(taken.is_some())
}

fn repeats_itself() -> RegistryError {
    RegistryError::Storage(StorageError::new("the random number generator repeats itself"))
}

async fn lapse(transaction: &mut Transaction<'static, Sqlite>, now: UnixSeconds) -> Result<u64, RegistryError> {
    sqlx::query(
        "UPDATE invitations SET person_tag = NULL, payload = NULL
         WHERE payload IS NOT NULL AND expires <= $1",
    )
    .bind(now.stored())
    .execute(&mut **transaction)
    .await
    .map(|done| done.rows_affected())
    .map_err(storage)
}

fn credential(row: &SqliteRow) -> Result<CredentialRecord, RegistryError> {
    let status: i64 = row.try_get("status").map_err(storage)?;
    Ok(CredentialRecord {
        handle: Handle(fixed(row, "handle")?),
        person: PersonTag(fixed(row, "tag")?),
        commitment: Commitment(fixed(row, "commitment")?),
        inspector_point: InspectorPoint(fixed(row, "inspector_point")?),
        schema: SchemaDigest(fixed(row, "schema_digest")?),
        issuer_key: IssuerKeyId(fixed(row, "issuer_key")?),
        assurance: assurance(row)?,
        valid_until: ValidUntil(u32::try_from(natural(row, "valid_until")?).map_err(|_| corrupt())?),
        issued_at: seconds(row, "issued_at")?,
        status: Status::from_stored(status).ok_or_else(corrupt)?,
    })
}

fn assurance(row: &SqliteRow) -> Result<Assurance, RegistryError> {
    let value = row.try_get("assurance").map_err(storage)?;
    Assurance::from_stored(value).ok_or_else(corrupt)
}

fn seconds(row: &SqliteRow, column: &str) -> Result<UnixSeconds, RegistryError> {
    natural(row, column).map(UnixSeconds)
}

fn natural(row: &SqliteRow, column: &str) -> Result<u64, RegistryError> {
    let value: i64 = row.try_get(column).map_err(storage)?;
    u64::try_from(value).map_err(|_| corrupt())
}

fn fixed<const N: usize>(row: &SqliteRow, column: &str) -> Result<[u8; N], RegistryError> {
    let bytes: &[u8] = row.try_get(column).map_err(storage)?;
    bytes.try_into().map_err(|_| corrupt())
}

fn optional_bytes(row: &SqliteRow, column: &str) -> Result<Option<Vec<u8>>, RegistryError> {
    row.try_get(column).map_err(storage)
}

fn check_blob(blob: &[u8]) -> Result<(), RegistryError> {
    if blob.len() > MAX_BLOB {
        return Err(RegistryError::Misuse { what: "payloads and responses have at most MAX_BLOB bytes" });
    }
    Ok(())
}

/// Takes a refusal for a result: it concerns one of several, and the others go on.
fn unless_refused<T>(result: Result<T, RegistryError>) -> Result<Result<T, Refusal>, RegistryError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(RegistryError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error),
    }
}

fn refused(refusal: Refusal) -> RegistryError {
    RegistryError::Refused(refusal)
}

fn corrupt() -> RegistryError {
    RegistryError::Storage(StorageError::new("a stored row is not well formed"))
}

fn storage(error: sqlx::Error) -> RegistryError {
    RegistryError::Storage(StorageError::caused("the database reports an error", error))
}
