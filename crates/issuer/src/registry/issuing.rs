//! Invitations, and the applications that answer them.
//!
//! On PostgreSQL a transaction locks, in this order: the invitation, the person, the person's credentials. Two transactions for one
//! person or one invitation follow each other; others do not meet. See the notes of [the module](super).

use core::fmt;

use rand_core::{CryptoRng, RngCore};

use super::database::{Locking, Row, Transaction, Value, corrupt, locking};
use super::{
    Answer, Application, ApplicationDigest, Assurance, Handle, Invitation, InvitationNonce, MAX_BLOB, PersonTag,
    Reason, Refusal, RegisteredName, Registry, RegistryError, SchemaDigest, Status, StorageError, UnixSeconds,
    assurance, lock_person, queue_revocation, refused, retried, seconds,
};

/// How often a handle is drawn before the random number generator is taken for broken.
const HANDLE_DRAWS: usize = 8;

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
/// It keeps other writers waiting, all of them on SQLite: compute the answer, [`commit`](Self::commit), and do nothing else meanwhile.
/// Dropped without commit, it leaves no trace, and its handle has never existed.
#[must_use]
pub struct Issuance {
    transaction: Transaction,
    invitation: Invitation,
    application: Application,
    is_renewal: bool,
    handle: Handle,
    now: UnixSeconds,
}

impl Registry {
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
        retried!(self.try_invite_all(invitations, now))
    }

    async fn try_invite_all(&self, invitations: &[Invitation], now: UnixSeconds) -> Result<(), RegistryError> {
        let mut transaction = self.database.write().await?;
        lapse(&mut transaction, now).await?;
        for invitation in invitations {
            insert_invitation(&mut transaction, invitation).await?;
        }
        transaction.commit().await
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
        let row = self.database.fetch_optional(STANDING.sqlite, &[Value::Bytes(&nonce.0)]).await?;
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
        let outcomes = retried!(self.try_answer_all(&prepared, now))?;
        if outcomes.contains(&Outcome::Refused(Refusal::InvitationExpired)) {
            self.lapse(now).await?;
        }
        let answers = prepared.into_iter().zip(outcomes).map(|(prepared, outcome)| match outcome {
            Outcome::Stored => Ok(Answered { response: prepared.answer.response, fresh: true }),
            Outcome::Before(response) => Ok(Answered { response, fresh: false }),
            Outcome::Refused(refusal) => Err(refusal),
        });
        Ok(answers.collect())
    }

    async fn try_answer_all(&self, prepared: &[Prepared], now: UnixSeconds) -> Result<Vec<Outcome>, RegistryError> {
        let mut transaction = self.database.write().await?;
        lock_group(&mut transaction, prepared).await?;
        let mut all = Vec::with_capacity(prepared.len());
        for Prepared { nonce, application, handle, answer } in prepared {
            all.push(match unless_refused(permit(&mut transaction, *nonce, application, now).await)? {
                Ok(Permitted::Answered(response)) => Outcome::Before(response),
                Ok(Permitted::Open { invitation, .. }) => {
                    if is_taken(&mut transaction, handle).await? {
                        return Err(repeats_itself());
                    }
                    let issued = Issued { invitation: &invitation, application, handle: *handle, now };
                    issued.store(&mut transaction, answer).await?;
                    Outcome::Stored
                }
                Err(refusal) => Outcome::Refused(refusal),
            });
        }
        transaction.commit().await?;
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
        retried!(self.try_begin(nonce, application, now, rng))
    }

    async fn try_begin(
        &self,
        nonce: InvitationNonce,
        application: &Application,
        now: UnixSeconds,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Begun, RegistryError> {
        let mut transaction = self.database.write().await?;
        let (invitation, is_renewal) = match permit(&mut transaction, nonce, application, now).await {
            Ok(Permitted::Answered(response)) => return Ok(Begun::Answered(response)),
            Ok(Permitted::Open { invitation, is_renewal }) => (invitation, is_renewal),
            Err(error) => {
                drop(transaction);
                if let RegistryError::Refused(Refusal::InvitationExpired) = error {
                    self.lapse(now).await?;
                }
                return Err(error);
            }
        };
        let handle = draw_handle(&mut transaction, rng).await?;
        Ok(Begun::Open(Box::new(Issuance {
            transaction,
            invitation: *invitation,
            application: *application,
            is_renewal,
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
        let lapsed = retried!(self.try_lapse(now))?;
        self.database.forget().await?;
        Ok(lapsed)
    }

    async fn try_lapse(&self, now: UnixSeconds) -> Result<u64, RegistryError> {
        let mut transaction = self.database.write().await?;
        let lapsed = lapse(&mut transaction, now).await?;
        transaction.commit().await?;
        Ok(lapsed)
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
        self.is_renewal
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
        let Self { mut transaction, invitation, application, is_renewal: _, handle, now } = self;
        let issued = Issued { invitation: &invitation, application: &application, handle, now };
        issued.store(&mut transaction, &answer).await?;
        transaction.commit().await?;
        Ok(answer.response)
    }
}

impl fmt::Debug for Issuance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuance(..)")
    }
}

/// What became of one application of several.
#[derive(PartialEq, Eq)]
enum Outcome {
    Stored,
    Before(Vec<u8>),
    Refused(Refusal),
}

/// A credential that the rules permit, to be stored with its answer.
struct Issued<'a> {
    invitation: &'a Invitation,
    application: &'a Application,
    handle: Handle,
    now: UnixSeconds,
}

impl Issued<'_> {
    /// Writes the answer and everything that follows from it, and deletes the payload.
    async fn store(self, transaction: &mut Transaction, answer: &Answer) -> Result<(), RegistryError> {
        let Self { invitation, application, handle, now } = self;
        self.supersede(transaction).await?;
        let credential = [
            Value::Bytes(&handle.0),
            Value::Bytes(&invitation.person.0),
            Value::Integer(answer.cohort.0.into()),
            Value::Bytes(&application.commitment.0),
            Value::Bytes(&answer.inspector_point.0),
            Value::Bytes(&invitation.schema.0),
            Value::Bytes(&answer.issuer_key.0),
            Value::Integer(invitation.assurance.stored()),
            Value::Integer(answer.valid_until.0.into()),
            Value::Integer(now.stored()),
            Value::Integer(Status::Active.stored()),
        ];
        transaction
            .execute(
                "INSERT INTO credentials (handle, person, cohort, commitment, inspector_point, schema_digest,
                                          issuer_key, assurance, valid_until, issued_at, status)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                &credential,
            )
            .await?;
        let answered = [
            Value::Bytes(&application.digest.0),
            Value::Bytes(&answer.response),
            Value::Bytes(&handle.0),
            Value::Bytes(&invitation.nonce.0),
        ];
        transaction
            .execute(
                "UPDATE invitations
                 SET person = NULL, payload = NULL, application = $1, response = $2, handle = $3
                 WHERE nonce = $4",
                &answered,
            )
            .await?;
        Ok(())
    }

    /// Queues the revocation of the person's active credential of the schema, if there is one.
    async fn supersede(&self, transaction: &mut Transaction) -> Result<(), RegistryError> {
        let replaced = transaction
            .fetch_all(
                "UPDATE credentials SET status = $1 WHERE person = $2 AND schema_digest = $3 AND status = $4
                 RETURNING handle, cohort, assurance",
                &[
                    Value::Integer(Status::Pending.stored()),
                    Value::Bytes(&self.invitation.person.0),
                    Value::Bytes(&self.invitation.schema.0),
                    Value::Integer(Status::Active.stored()),
                ],
            )
            .await?;
        for row in replaced {
            let reason =
                if assurance(&row)? < self.invitation.assurance { Reason::Upgraded } else { Reason::Superseded };
            queue_revocation(transaction, &row, reason, self.now).await?;
        }
        Ok(())
    }
}

/// Locks what the applications of a group are about, in an order that all groups share, so that two of them do not wait for each
/// other. Persons who are new can not be locked before they are stored; there the loser of such a pair tries again.
async fn lock_group(transaction: &mut Transaction, prepared: &[Prepared]) -> Result<(), RegistryError> {
    let nonces: Vec<u8> = prepared.iter().flat_map(|prepared| prepared.nonce.0).collect();
    let count = i64::try_from(prepared.len()).unwrap_or(i64::MAX);
    let listed = [Value::Bytes(&nonces), Value::Integer(count)];
    for query in [GROUP_INVITATIONS, GROUP_PERSONS] {
        transaction.lock_all(query, &listed).await?;
    }
    Ok(())
}

const GROUP_INVITATIONS: Locking = locking!(
    "WITH RECURSIVE place (i) AS (SELECT CAST(0 AS INTEGER) UNION ALL SELECT i + 1 FROM place WHERE i + 1 < $2)
     SELECT nonce FROM invitations WHERE nonce IN (SELECT substr($1, i * 16 + 1, 16) FROM place) ORDER BY nonce"
);

const GROUP_PERSONS: Locking = locking!(
    "WITH RECURSIVE place (i) AS (SELECT CAST(0 AS INTEGER) UNION ALL SELECT i + 1 FROM place WHERE i + 1 < $2)
     SELECT tag FROM persons WHERE tag IN (SELECT person FROM invitations
         WHERE nonce IN (SELECT substr($1, i * 16 + 1, 16) FROM place)) ORDER BY tag"
);

/// What the rules say to an application.
enum Permitted {
    /// It was answered before.
    Answered(Vec<u8>),
    /// It may be answered, to a person who is registered now, and was before if it is a renewal.
    Open { invitation: Box<Invitation>, is_renewal: bool },
}

/// Checks every rule, and registers person and name if they are new. Writes nothing if it refuses.
async fn permit(
    transaction: &mut Transaction,
    nonce: InvitationNonce,
    application: &Application,
    now: UnixSeconds,
) -> Result<Permitted, RegistryError> {
    let row = transaction.lock_optional(STANDING, &[Value::Bytes(&nonce.0)]).await?;
    let invitation = match standing(row, nonce, &application.digest)? {
        Found::Answered(response) => return Ok(Permitted::Answered(response)),
        Found::Open(invitation) => invitation,
    };
    if invitation.expires <= now {
        return Err(refused(Refusal::InvitationExpired));
    }
    let is_renewal = register(transaction, &invitation.person, &application.name).await?;
    Ok(Permitted::Open { invitation, is_renewal })
}

async fn insert_invitation(transaction: &mut Transaction, invitation: &Invitation) -> Result<(), RegistryError> {
    let values = [
        Value::Bytes(&invitation.nonce.0),
        Value::Bytes(&invitation.schema.0),
        Value::Integer(invitation.assurance.stored()),
        Value::Integer(invitation.expires.stored()),
        Value::Bytes(&invitation.person.0),
        Value::Bytes(&invitation.payload),
    ];
    let inserted = transaction
        .execute(
            "INSERT INTO invitations (nonce, schema_digest, assurance, expires, person, payload)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            &values,
        )
        .await?;
    if inserted == 0 { Err(refused(Refusal::InvitationExists)) } else { Ok(()) }
}

/// The row of an invitation, for [`standing`].
const STANDING: Locking = locking!(
    "SELECT schema_digest, assurance, expires, person, payload, application, response FROM invitations WHERE nonce = $1"
);

/// How an invitation stands towards an application. One that has expired but not lapsed is still open here.
fn standing(row: Option<Row>, nonce: InvitationNonce, application: &ApplicationDigest) -> Result<Found, RegistryError> {
    let row = row.ok_or_else(|| refused(Refusal::UnknownInvitation))?;
    if let Some(answered) = row.optional_bytes("application")? {
        if answered[..] != application.0[..] {
            return Err(refused(Refusal::AnsweredToAnother));
        }
        return row.optional_bytes("response")?.map(Found::Answered).ok_or_else(corrupt);
    }
    let Some(payload) = row.optional_bytes("payload")? else {
        return Err(refused(Refusal::InvitationExpired));
    };
    Ok(Found::Open(Box::new(Invitation {
        nonce,
        person: PersonTag(row.fixed("person")?),
        assurance: assurance(&row)?,
        schema: SchemaDigest(row.fixed("schema_digest")?),
        expires: seconds(&row, "expires")?,
        payload,
    })))
}

/// Registers the person under exactly this name, or finds that they are, which is when it returns true. Locks the person.
async fn register(
    transaction: &mut Transaction,
    person: &PersonTag,
    name: &RegisteredName,
) -> Result<bool, RegistryError> {
    let values = [Value::Bytes(&person.0), Value::Bytes(&name.0)];
    let is_new =
        transaction.execute("INSERT INTO persons (tag, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", &values).await?
            == 1;
    if !is_new {
        let row = lock_person(transaction, person).await?.ok_or_else(corrupt)?;
        match row.optional_bytes("name")? {
            Some(known) if known[..] == name.0[..] => return Ok(true),
            Some(_) => return Err(refused(Refusal::PersonHasAnotherName)),
            None => {}
        }
    }
    let is_free =
        transaction.execute("INSERT INTO names (name, person) VALUES ($2, $1) ON CONFLICT DO NOTHING", &values).await?
            == 1;
    if is_free {
        if !is_new {
            transaction.execute("UPDATE persons SET name = $2 WHERE tag = $1", &values).await?;
        }
        return Ok(false);
    }
    if is_new {
        // Others of a group may still be answered in this transaction.
        transaction.execute("DELETE FROM persons WHERE tag = $1", &values[..1]).await?;
    }
    let owner = transaction.fetch_optional("SELECT person FROM names WHERE name = $1", &values[1..]).await?;
    let owner: [u8; 32] = owner.ok_or_else(corrupt)?.fixed("person")?;
    Err(refused(if owner == person.0 { Refusal::NameRetired } else { Refusal::NameOfAnotherPerson }))
}

/// Draws until the handle is new. That it stays new is up to the lock on SQLite, and to the primary key on PostgreSQL.
async fn draw_handle(
    transaction: &mut Transaction,
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

async fn is_taken(transaction: &mut Transaction, handle: &Handle) -> Result<bool, RegistryError> {
    let taken = transaction
        .fetch_optional("SELECT handle FROM credentials WHERE handle = $1", &[Value::Bytes(&handle.0)])
        .await?;
    Ok(taken.is_some())
}

fn repeats_itself() -> RegistryError {
    RegistryError::Storage(StorageError::new("the random number generator repeats itself"))
}

async fn lapse(transaction: &mut Transaction, now: UnixSeconds) -> Result<u64, RegistryError> {
    transaction
        .execute(
            "UPDATE invitations SET person = NULL, payload = NULL WHERE payload IS NOT NULL AND expires <= $1",
            &[Value::Integer(now.stored())],
        )
        .await
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
