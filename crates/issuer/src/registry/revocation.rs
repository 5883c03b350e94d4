//! Revocations, from the request to the epoch that publishes them.
//!
//! A credential is active, then pending, then revoked, and never goes back. Whoever changes its status from active to pending queues the
//! revocation in the same transaction; the change happens in one statement, so only one transaction succeeds, and it queues
//! one row. An epoch takes rows from the queue in the transaction that stores its file.
//!
//! Publishing has one winner a number: the epoch's row is inserted first, and its primary key lets a second transaction wait for the
//! first, and then find the number taken. The winner has seen the epoch before it committed, so numbers have no gaps.
//!
//! Privacy: an epoch's handles are public. [`Registry::pending`] gives them by value, so that their order does not show which were
//! requested together; the reasons and times of requests stay here.
//!
//! Not here: the accumulator, the epoch's file.

use super::database::{Row, Transaction, Value, corrupt};
use super::{
    Cohort, Epoch, EpochDigest, EpochHead, EpochNumber, Handle, Holder, MAX_COHORT_REVOCATIONS, MAX_EPOCH, NewEpoch,
    PersonTag, Reason, Refusal, Registry, RegistryError, Status, UnixSeconds, cohort, lock_person, queue_revocation,
    refused, retried, seconds,
};

/// How many rows are fetched at a time.
const PAGE: usize = 4096;
const FAR_FUTURE: UnixSeconds = UnixSeconds(u64::MAX);

impl Registry {
    /// Requests the revocation of one credential: the next epoch of its cohort can contain it.
    ///
    /// # Errors
    /// [`Refusal::UnknownHandle`]; [`Refusal::AlreadyRevoked`], also if it is pending. Nothing has changed then.
    pub async fn revoke(&self, handle: &Handle, reason: Reason, now: UnixSeconds) -> Result<(), RegistryError> {
        retried!(self.try_revoke(handle, reason, now))
    }

    async fn try_revoke(&self, handle: &Handle, reason: Reason, now: UnixSeconds) -> Result<(), RegistryError> {
        let mut transaction = self.database.write().await?;
        let values = [
            Value::Integer(Status::Pending.stored()),
            Value::Bytes(&handle.0),
            Value::Integer(Status::Active.stored()),
        ];
        let changed = transaction
            .fetch_all(
                "UPDATE credentials SET status = $1 WHERE handle = $2 AND status = $3 RETURNING handle, cohort",
                &values,
            )
            .await?;
        let Some(row) = changed.first() else {
            let known = transaction
                .fetch_optional("SELECT handle FROM credentials WHERE handle = $1", &[Value::Bytes(&handle.0)])
                .await?;
            return Err(refused(if known.is_some() { Refusal::AlreadyRevoked } else { Refusal::UnknownHandle }));
        };
        queue_revocation(&mut transaction, row, reason, now).await?;
        transaction.commit().await
    }

    /// Requests the revocation of all active credentials of a person, and returns their handles.
    ///
    /// The person stays registered under the same name: whoever has the holder secret, say from the recovery phrase, may apply again
    /// on a new invitation, and keeps pseudonyms and spent rates. [`retire_name`](Self::retire_name) is for those who have lost it.
    ///
    /// # Errors
    /// [`Refusal::UnknownPerson`]; [`Refusal::NothingToRevoke`].
    pub async fn revoke_all(
        &self,
        holder: Holder,
        reason: Reason,
        now: UnixSeconds,
    ) -> Result<Vec<Handle>, RegistryError> {
        self.revoke_issued_before(holder, reason, FAR_FUTURE, now).await
    }

    /// [`revoke_all`](Self::revoke_all) for the credentials that were issued before a moment.
    ///
    /// # Errors
    /// As there.
    pub async fn revoke_issued_before(
        &self,
        holder: Holder,
        reason: Reason,
        before: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Vec<Handle>, RegistryError> {
        retried!(self.try_revoke_all(holder, reason, before, now))
    }

    async fn try_revoke_all(
        &self,
        holder: Holder,
        reason: Reason,
        before: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Vec<Handle>, RegistryError> {
        let mut transaction = self.database.write().await?;
        let person = find_holder(&mut transaction, holder).await?;
        lock_person(&mut transaction, &person).await?.ok_or_else(|| refused(Refusal::UnknownPerson))?;
        let handles = revoke_active(&mut transaction, &person, reason, before, now).await?;
        if handles.is_empty() {
            return Err(refused(Refusal::NothingToRevoke));
        }
        transaction.commit().await?;
        Ok(handles)
    }

    /// Lets a person have a new holder secret: retires the name of the old one, and requests the revocation of all their active
    /// credentials, whose handles it returns. The next application by the person registers its own name.
    ///
    /// The retired name serves nobody any more, neither another person nor this one.
    ///
    /// Caution: the new secret gives the person new pseudonyms and unspent rates. This is for the issuer's policy to decide, case by
    /// case; nothing else in the registry does it.
    ///
    /// # Errors
    /// [`Refusal::UnknownPerson`]; [`Refusal::NothingToRetire`] if the person's name was retired and they have not applied since.
    pub async fn retire_name(
        &self,
        holder: Holder,
        reason: Reason,
        now: UnixSeconds,
    ) -> Result<Vec<Handle>, RegistryError> {
        retried!(self.try_retire_name(holder, reason, now))
    }

    async fn try_retire_name(
        &self,
        holder: Holder,
        reason: Reason,
        now: UnixSeconds,
    ) -> Result<Vec<Handle>, RegistryError> {
        let mut transaction = self.database.write().await?;
        let person = find_holder(&mut transaction, holder).await?;
        let row = lock_person(&mut transaction, &person).await?.ok_or_else(|| refused(Refusal::UnknownPerson))?;
        let name = row.optional_bytes("name")?.ok_or_else(|| refused(Refusal::NothingToRetire))?;
        if let Holder::Name(named) = holder
            && named.0[..] != name[..]
        {
            // It is the name itself that is retired, and its person has another one by now.
            return Err(refused(Refusal::NothingToRetire));
        }
        let handles = revoke_active(&mut transaction, &person, reason, FAR_FUTURE, now).await?;
        transaction.execute("UPDATE persons SET name = NULL WHERE tag = $1", &[Value::Bytes(&person.0)]).await?;
        transaction
            .execute(
                "UPDATE names SET retired_at = $1 WHERE name = $2",
                &[Value::Integer(now.stored()), Value::Bytes(&name)],
            )
            .await?;
        transaction.commit().await?;
        Ok(handles)
    }

    /// The handles of the cohort whose revocation is pending: those requested first, at most `limit`, in ascending order of their bytes.
    ///
    /// Takes 16 bytes of memory a handle.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn pending(&self, cohort: Cohort, limit: usize) -> Result<Vec<Handle>, RegistryError> {
        let mut snapshot = self.database.snapshot().await?;
        let mut handles: Vec<Handle> = Vec::new();
        let mut last = (-1, [0; 16]);
        while handles.len() < limit {
            let page = PAGE.min(limit - handles.len());
            let values = [
                Value::Integer(cohort.0.into()),
                Value::Integer(last.0),
                Value::Bytes(&last.1),
                Value::Integer(i64::try_from(page).unwrap_or(i64::MAX)),
            ];
            let rows = snapshot
                .fetch_all(
                    "SELECT handle, requested_at FROM revocations
                     WHERE cohort = $1 AND epoch IS NULL AND (requested_at, handle) > ($2, $3)
                     ORDER BY requested_at, handle LIMIT $4",
                    &values,
                )
                .await?;
            for row in &rows {
                last = (row.integer("requested_at")?, row.fixed("handle")?);
                handles.push(Handle(last.1));
            }
            if rows.len() < page {
                break;
            }
        }
        handles.sort_unstable_by_key(|handle| handle.0);
        Ok(handles)
    }

    /// Stores an epoch and marks its handles revoked, in one transaction. When it returns, the epoch is durable and may be given out.
    ///
    /// On an error of the storage it is not known whether the epoch was stored; [`epoch`](Self::epoch) tells.
    ///
    /// # Errors
    /// Nothing has changed after: [`Refusal::EpochTaken`] if the number is stored already (perhaps this very epoch, before a kill: then
    /// [`epoch`](Self::epoch) has its digest); [`Refusal::EpochOutOfOrder`]; [`Refusal::NotPending`]; [`Refusal::CohortExhausted`];
    /// misuse if the content is longer than [`MAX_EPOCH`].
    pub async fn publish(&self, epoch: &NewEpoch<'_>, now: UnixSeconds) -> Result<(), RegistryError> {
        if epoch.content.len() > MAX_EPOCH {
            return Err(RegistryError::Misuse { what: "an epoch's content has at most MAX_EPOCH bytes" });
        }
        retried!(self.try_publish(epoch, now))
    }

    async fn try_publish(&self, epoch: &NewEpoch<'_>, now: UnixSeconds) -> Result<(), RegistryError> {
        let mut transaction = self.database.write().await?;
        let before = newest(&mut transaction, epoch.cohort).await?;
        let revoked = follow(before.as_ref(), epoch)?;
        let number = i64::try_from(epoch.number.0).map_err(|_| refused(Refusal::EpochOutOfOrder))?;
        let cohort = Value::Integer(epoch.cohort.0.into());
        let stored = transaction
            .execute(
                "INSERT INTO epochs (cohort, number, digest, published_at, revoked, content)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                &[
                    cohort,
                    Value::Integer(number),
                    Value::Bytes(&epoch.digest.0),
                    Value::Integer(now.stored()),
                    Value::Integer(i64::try_from(revoked).map_err(|_| corrupt())?),
                    Value::Bytes(epoch.content),
                ],
            )
            .await?;
        if stored == 0 {
            return Err(refused(Refusal::EpochTaken));
        }
        for handles in epoch.handles.chunks(PAGE) {
            let bytes: Vec<u8> = handles.iter().flat_map(|handle| handle.0).collect();
            let count = handles.len() as u64;
            let listed = [Value::Bytes(&bytes), Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))];
            let taken = transaction
                .execute(
                    "WITH RECURSIVE place (i) AS
                         (SELECT CAST(0 AS INTEGER) UNION ALL SELECT i + 1 FROM place WHERE i + 1 < $2)
                     UPDATE revocations SET epoch = $4 WHERE cohort = $3 AND epoch IS NULL
                         AND handle IN (SELECT substr($1, i * 16 + 1, 16) FROM place)",
                    &[listed[0], listed[1], cohort, Value::Integer(number)],
                )
                .await?;
            if taken != count {
                return Err(refused(Refusal::NotPending));
            }
            let changed = transaction
                .execute(
                    "WITH RECURSIVE place (i) AS
                         (SELECT CAST(0 AS INTEGER) UNION ALL SELECT i + 1 FROM place WHERE i + 1 < $2)
                     UPDATE credentials SET status = $4 WHERE status = $3
                         AND handle IN (SELECT substr($1, i * 16 + 1, 16) FROM place)",
                    &[
                        listed[0],
                        listed[1],
                        Value::Integer(Status::Pending.stored()),
                        Value::Integer(Status::Revoked.stored()),
                    ],
                )
                .await?;
            if changed != count {
                return Err(corrupt());
            }
        }
        transaction.commit().await
    }

    /// A published epoch, to give out again.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn epoch(&self, cohort: Cohort, number: EpochNumber) -> Result<Option<Epoch>, RegistryError> {
        let Ok(number) = i64::try_from(number.0) else { return Ok(None) };
        let row = self
            .database
            .fetch_optional(
                "SELECT cohort, number, digest, published_at, revoked, content FROM epochs
                 WHERE cohort = $1 AND number = $2",
                &[Value::Integer(cohort.0.into()), Value::Integer(number)],
            )
            .await?;
        row.map(|row| Ok(Epoch { head: head(&row)?, content: row.bytes("content")? })).transpose()
    }

    /// The newest epoch of a cohort.
    ///
    /// # Errors
    /// [`RegistryError::Storage`].
    pub async fn newest_epoch(&self, cohort: Cohort) -> Result<Option<EpochHead>, RegistryError> {
        let row = self.database.fetch_optional(NEWEST, &[Value::Integer(cohort.0.into())]).await?;
        row.as_ref().map(head).transpose()
    }
}

const NEWEST: &str = "SELECT cohort, number, digest, published_at, revoked FROM epochs
    WHERE cohort = $1 ORDER BY number DESC LIMIT 1";

async fn newest(transaction: &mut Transaction, cohort: Cohort) -> Result<Option<EpochHead>, RegistryError> {
    let row = transaction.fetch_optional(NEWEST, &[Value::Integer(cohort.0.into())]).await?;
    row.as_ref().map(head).transpose()
}

/// Checks that the epoch follows the newest one, and returns how many are revoked with it.
fn follow(newest: Option<&EpochHead>, epoch: &NewEpoch<'_>) -> Result<u64, RegistryError> {
    let revoked = match newest {
        None if epoch.number.0 > 1 || epoch.previous.is_some() => return Err(refused(Refusal::EpochOutOfOrder)),
        None => 0,
        Some(newest) if epoch.number <= newest.number => return Err(refused(Refusal::EpochTaken)),
        Some(newest) if epoch.number.0 - newest.number.0 > 1 || epoch.previous != Some(newest.digest) => {
            return Err(refused(Refusal::EpochOutOfOrder));
        }
        Some(newest) => newest.revoked,
    };
    let revoked = revoked.saturating_add(epoch.handles.len() as u64);
    if revoked > MAX_COHORT_REVOCATIONS {
        return Err(refused(Refusal::CohortExhausted));
    }
    Ok(revoked)
}

async fn find_holder(transaction: &mut Transaction, holder: Holder) -> Result<PersonTag, RegistryError> {
    match holder {
        Holder::Tag(tag) => Ok(tag),
        Holder::Name(name) => {
            let row = transaction
                .fetch_optional("SELECT person FROM names WHERE name = $1", &[Value::Bytes(&name.0)])
                .await?
                .ok_or_else(|| refused(Refusal::UnknownPerson))?;
            Ok(PersonTag(row.fixed("person")?))
        }
    }
}

/// Queues the revocation of all active credentials of the person, whom the transaction has locked.
async fn revoke_active(
    transaction: &mut Transaction,
    person: &PersonTag,
    reason: Reason,
    before: UnixSeconds,
    now: UnixSeconds,
) -> Result<Vec<Handle>, RegistryError> {
    let values = [
        Value::Integer(Status::Pending.stored()),
        Value::Bytes(&person.0),
        Value::Integer(Status::Active.stored()),
        Value::Integer(before.stored()),
    ];
    let changed = transaction
        .fetch_all(
            "UPDATE credentials SET status = $1 WHERE person = $2 AND status = $3 AND issued_at < $4
             RETURNING handle, cohort",
            &values,
        )
        .await?;
    let mut handles = Vec::with_capacity(changed.len());
    for row in &changed {
        handles.push(queue_revocation(transaction, row, reason, now).await?);
    }
    Ok(handles)
}

fn head(row: &Row) -> Result<EpochHead, RegistryError> {
    Ok(EpochHead {
        cohort: cohort(row)?,
        number: EpochNumber(row.natural("number")?),
        digest: EpochDigest(row.fixed("digest")?),
        published_at: seconds(row, "published_at")?,
        revoked: row.natural("revoked")?,
    })
}
