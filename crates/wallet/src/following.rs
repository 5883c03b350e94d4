//! Following the logs of revocations, and keeping the witnesses of the wallet's cards up to date.
//!
//! ```text
//! for each signature key of each pinned issuer:
//!   head → epochs, as large files as fit → Log::follow, each → witnesses updated, saved → … → the same head
//! ```
//!
//! **What is fetched** is the log of every signature key in every pinned parameters file, whether or not the wallet has a card under it, and
//! which files of a log depends on the last epoch followed only: a server learns which issuers a wallet knows and when it last looked, not which
//! cards it has, whether it has any, or when it shows them. One exception: a card whose answer was made before the wallet's last sync
//! and arrived after it needs the epochs since its issue once more; they are then fetched as if the wallet had last looked at that time.
//! So fetch at regular times, not before or after showing a card.
//!
//! **What is kept.** Up to 2^16 revocations go into one update of a witness; of the last 16 epochs each leaves a witness, so that a verifier
//! that is behind can be answered. After each such step everything is saved: a sync that is killed goes on from there.
//!
//! **Two heads.** Where the issuer has signed two histories, both heads are kept as a proof, and no card of that issuer is shown as not revoked until
//! the holder [settles](Wallet::settle_contradiction) it.
//!
//! Not here: the update itself (the credential crate), downloads ([`EpochSource`]).

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use milchglas_credential::compile::Plan;
use milchglas_credential::credential::HeldWitness;
use milchglas_credential::digest::{IssuerFingerprint, IssuerKeyId};
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::request::{CredentialAsk, Request};
use milchglas_credential::revocation::{
    AcceptedEpochs, Epoch, EpochFile, EpochHead, Log, LogError, MAX_WINDOW, SignedHead, Update, Witness,
};
use milchglas_credential::text::quoted;
use rand_core::CryptoRngCore;

use crate::epoch_source::{EpochSource, MAX_HEAD_FILE, MAX_POWER, epochs_limit};
use crate::error::{Error, Refusal};
use crate::sentences::Sentences;
use crate::store::Store;
use crate::vault::{CredentialId, FollowedLog, MAX_LOGS, State, Witnesses};
use crate::wallet::{Card, Wallet};

/// So many revocations, or a few more, go into one update.
const MAX_MERGED: usize = 1 << 16;
/// So many epochs are read before they are worked in and saved, however few revocations they have.
const MAX_EPOCHS: usize = 1 << 12;

/// How far a sync is with one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncProgress {
    /// The signature key whose log it is.
    pub key: IssuerKeyId,
    /// The last epoch that was read.
    pub read: Epoch,
    /// The newest.
    pub newest: Epoch,
}

/// What a sync did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncReport {
    /// Each log that was to be followed.
    pub logs: Vec<LogReport>,
    /// Cards that were found to be revoked, now.
    pub revoked: Vec<CredentialId>,
    /// Cards whose witness does not fit what the issuer has published, found now. The issuer has to replace them.
    pub broken: Vec<CredentialId>,
}

/// What a sync did with one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// The issuer's name.
    pub issuer_name: String,
    /// The signature key.
    pub key: IssuerKeyId,
    /// The epoch up to which it was followed before.
    pub before: Option<Epoch>,
    /// The epoch up to which it is followed now.
    pub now: Option<Epoch>,
    /// How it ended.
    pub outcome: LogOutcome,
}

/// How following a log ended.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOutcome {
    /// At the newest head of the source.
    Current,
    /// The source has an older head than the wallet.
    Behind {
        /// That head's epoch.
        published: Epoch,
    },
    /// The source has no head of this key.
    NotPublished,
    /// The source lacks the file of an epoch.
    Missing {
        /// Which.
        epoch: Epoch,
    },
    /// The source's head or the file of an epoch is not the issuer's, or damaged.
    Damaged {
        /// Which epoch; none where it is the head.
        epoch: Option<Epoch>,
    },
    /// The source can not be reached.
    Unreachable(io::ErrorKind),
    /// The issuer has signed two histories.
    TwoHeads(Contradiction),
}

impl LogOutcome {
    /// A word for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Behind { .. } => "behind",
            Self::NotPublished => "not_published",
            Self::Missing { .. } => "missing",
            Self::Damaged { .. } => "damaged",
            Self::Unreachable(_) => "unreachable",
            Self::TwoHeads(_) => "two_heads",
        }
    }
}

/// Two heads that an issuer has signed and that can not both be true: somebody is shown another list of revocations than the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// The signature key.
    pub key: IssuerKeyId,
    /// The heads. With the issuer's parameters, they prove it to anybody.
    pub heads: Box<[SignedHead; 2]>,
}

impl Contradiction {
    /// The bytes to give away: each head with its length in 4 bytes before it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let part = |head: &SignedHead| {
            let head = head.to_bytes();
            // A head has at most 2,048 bytes.
            [&(head.len() as u32).to_be_bytes()[..], &head].concat()
        };
        self.heads.iter().flat_map(part).collect()
    }
}

/// A log that is to be followed.
struct Followed {
    issuer: IssuerFingerprint,
    key: IssuerKeyId,
    parameters: Arc<Parameters>,
}

/// Why the reading of a log stops before its end.
enum Stop {
    Outcome(LogOutcome),
    TwoHeads(Box<[SignedHead; 2]>),
}

/// One log, being read.
struct Reading<'f> {
    followed: &'f Followed,
    /// What the wallet had followed before.
    known: Option<Log>,
    /// What is read, which may begin before the end of `known`.
    log: Option<Log>,
    /// The last epoch read.
    at: Epoch,
    /// Where it ends.
    newest: Epoch,
    /// What was read and is not worked in.
    files: Vec<EpochFile>,
    revocations: usize,
}

impl<S: Store> Wallet<S> {
    /// Follows the logs of revocations of all pinned issuers to their newest heads, and updates what the cards need to show that they have not been
    /// revoked.
    ///
    /// Trouble with one log does not stop the others; the report tells it. Call it at regular times: see the crate's documentation for what
    /// the source learns.
    ///
    /// # Errors
    /// [`Error::Vault`], [`Error::ParametersLost`], [`Error::Full`]. What was saved until then stays, and the next sync goes on from there.
    pub fn sync(
        &mut self,
        source: &mut dyn EpochSource,
        progress: &mut dyn FnMut(SyncProgress),
        rng: &mut dyn CryptoRngCore,
    ) -> Result<SyncReport, Error> {
        let before = self.state.standings.clone();
        let mut logs = Vec::new();
        for followed in self.followed()? {
            let epoch = |wallet: &Self| wallet.log(&followed.key).map(|known| known.log.head().epoch);
            let was = epoch(self);
            let outcome = self.follow(&followed, source, progress, rng)?;
            logs.push(LogReport {
                issuer: followed.issuer,
                issuer_name: self.issuer_name(&followed.issuer).unwrap_or_default().to_owned(),
                key: followed.key,
                before: was,
                now: epoch(self),
                outcome,
            });
        }
        let mut report = SyncReport { logs, revoked: Vec::new(), broken: Vec::new() };
        for (standing, before) in self.state.standings.iter().zip(&before) {
            match (&standing.witnesses, &before.witnesses) {
                (Witnesses::Revoked(_), Witnesses::Unchecked(_) | Witnesses::Checked(_)) => {
                    report.revoked.push(standing.card);
                }
                (Witnesses::Broken, Witnesses::Unchecked(_) | Witnesses::Checked(_)) => {
                    report.broken.push(standing.card);
                }
                (Witnesses::Unchecked(_) | Witnesses::Checked(_) | Witnesses::Revoked(_) | Witnesses::Broken, _) => {}
            }
        }
        Ok(report)
    }

    /// The contradictions in which issuers were found.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let contradiction = |followed: &FollowedLog| {
            let (issuer, key) = (followed.issuer, followed.log.head().key);
            followed.contradiction.clone().map(|heads| Contradiction { issuer, key, heads })
        };
        self.state.logs.iter().filter_map(contradiction).collect()
    }

    /// Forgets the logs of an issuer that was found in a contradiction, once that has been explained: the next sync reads them from the start.
    /// Whether there was one.
    ///
    /// # Errors
    /// [`Error::Vault`] with the step that failed.
    pub fn settle_contradiction(&mut self, issuer: &IssuerFingerprint) -> Result<bool, Error> {
        if !self.contradicts_itself(issuer) {
            return Ok(false);
        }
        let cards = self.cards()?;
        let cards: Vec<CredentialId> =
            cards.iter().filter(|card| card.credential.issuer() == *issuer).map(|card| card.id).collect();
        self.commit(|state| {
            state.logs.retain(|followed| followed.issuer != *issuer);
            for standing in state.standings.iter_mut().filter(|standing| cards.contains(&standing.card)) {
                if let Witnesses::Checked(witnesses) = &standing.witnesses
                    && let Some(oldest) = witnesses.last()
                {
                    // The oldest: the two histories may have had it in common.
                    standing.witnesses = Witnesses::Unchecked(oldest.clone());
                }
            }
            Ok(())
        })?;
        self.discard_prepared();
        Ok(true)
    }

    /// The epoch up to which the log of a signature key was followed, and when that epoch was made.
    #[must_use]
    pub fn followed_to(&self, key: &IssuerKeyId) -> Option<&EpochHead> {
        self.log(key).map(|followed| followed.log.head())
    }

    /// Every signature key of every pinned issuer, with parameters that have it.
    fn followed(&self) -> Result<Vec<Followed>, Error> {
        let mut all: Vec<Followed> = Vec::new();
        for issuer in &self.state.issuers {
            for (_, digest) in issuer.parameters.iter().rev() {
                let parameters = self.pinned(digest)?.ok_or(Error::Misuse("pinned parameters"))?;
                for key in &parameters.content().keys {
                    let key = parameters.key_id(key);
                    if !all.iter().any(|followed| followed.key == key) {
                        all.push(Followed { issuer: issuer.fingerprint, key, parameters: Arc::clone(parameters) });
                    }
                }
            }
        }
        Ok(all)
    }

    fn follow(
        &mut self,
        followed: &Followed,
        source: &mut dyn EpochSource,
        progress: &mut dyn FnMut(SyncProgress),
        rng: &mut dyn CryptoRngCore,
    ) -> Result<LogOutcome, Error> {
        let key = followed.key;
        if let Some(known) = self.contradictions().into_iter().find(|known| known.issuer == followed.issuer) {
            return Ok(LogOutcome::TwoHeads(known));
        }
        let cards: Vec<Arc<Card>> = self.cards()?.into_iter().filter(|card| card.credential.key() == key).collect();
        let head = match newest_head(followed, source) {
            Ok(head) => head,
            Err(outcome) => return Ok(outcome),
        };
        let mut reading = match self.begin(followed, &cards, source) {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        if let Some(heads) = reading.known.as_ref().and_then(|known| disagree(known, &head)) {
            return self.keep_contradiction(followed, heads);
        }
        let published = head.unverified().epoch;
        // What the wallet knows to exist the source should have, even if its head is older.
        reading.newest = published.max(reading.at);
        let mut stop = None;
        while reading.at < reading.newest && stop.is_none() {
            stop = self.read_one(&mut reading, &cards, source, rng)?;
            progress(SyncProgress { key, read: reading.at, newest: reading.newest });
        }
        self.work_in(&mut reading, &cards, rng)?;
        let reached = reading.log.as_ref().filter(|log| log.head().epoch == published && stop.is_none());
        if let Some(heads) = reached.and_then(|log| disagree(log, &head)) {
            stop = Some(Stop::TwoHeads(heads));
        }
        match stop {
            Some(Stop::TwoHeads(heads)) => self.keep_contradiction(followed, heads),
            Some(Stop::Outcome(outcome)) => Ok(outcome),
            None if reading.known.is_some_and(|known| known.head().epoch > published) => {
                Ok(LogOutcome::Behind { published })
            }
            None => Ok(LogOutcome::Current),
        }
    }

    /// Where reading a log begins: at the last epoch followed, or at the witness of a card that came late.
    fn begin<'f>(
        &self,
        followed: &'f Followed,
        cards: &[Arc<Card>],
        source: &mut dyn EpochSource,
    ) -> Result<Reading<'f>, LogOutcome> {
        let known = self.log(&followed.key).map(|followed| followed.log.clone());
        let (log, at) = match &known {
            Some(log) => {
                let last = log.head().epoch;
                let witnesses = cards.iter().filter_map(|card| self.newest_witness(card.id));
                match witnesses.map(Witness::epoch).filter(|epoch| *epoch < last).min() {
                    Some(earlier) => (None, earlier),
                    None => (Some(log.clone()), last),
                }
            }
            None => {
                let epoch = Epoch(0);
                let bytes = fetched(source.epochs(&followed.key, 0, epoch), epochs_limit(0))?;
                let first = EpochFile::from_bytes(&bytes.ok_or(LogOutcome::Missing { epoch })?).ok();
                let log = first.and_then(|first| Log::begin(first.head(), &followed.parameters).ok());
                let log = log.filter(|log| log.head().key == followed.key);
                (Some(log.ok_or(LogOutcome::Damaged { epoch: Some(epoch) })?), epoch)
            }
        };
        Ok(Reading { followed, known, log, at, newest: at, files: Vec::new(), revocations: 0 })
    }

    /// Reads the largest file that begins here and does not go too far, or the next smaller one that is there and holds.
    fn read_one(
        &mut self,
        reading: &mut Reading<'_>,
        cards: &[Arc<Card>],
        source: &mut dyn EpochSource,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Option<Stop>, Error> {
        let start = reading.at;
        let mut outcome = LogOutcome::Damaged { epoch: start.next() };
        for power in (0..=MAX_POWER).rev() {
            let length = 10_u32.pow(power.into());
            let last =
                start.0.checked_add(length).filter(|last| start.0.is_multiple_of(length) && *last <= reading.newest.0);
            let Some(last) = last.map(Epoch) else { continue };
            // A file that is too long, cut short or damaged is as good as none, as long as there are smaller ones.
            let bytes = match fetched(source.epochs(&reading.followed.key, power, last), epochs_limit(power)) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    outcome = LogOutcome::Missing { epoch: last };
                    continue;
                }
                Err(LogOutcome::Damaged { .. }) => {
                    outcome = LogOutcome::Damaged { epoch: start.next() };
                    continue;
                }
                Err(unreachable) => return Ok(Some(Stop::Outcome(unreachable))),
            };
            let mut rest = &bytes[..];
            while reading.at < last {
                match reading.read(rest) {
                    Ok(Some(more)) => rest = more,
                    Ok(None) => break,
                    Err(heads) => return Ok(Some(Stop::TwoHeads(heads))),
                }
                if reading.revocations >= MAX_MERGED || reading.files.len() >= MAX_EPOCHS {
                    self.work_in(reading, cards, rng)?;
                }
            }
            if reading.at > start {
                return Ok(None);
            }
            outcome = LogOutcome::Damaged { epoch: start.next() };
        }
        Ok(Some(Stop::Outcome(outcome)))
    }

    /// Updates the witnesses of these cards over what was read, and saves how far that is.
    fn work_in(
        &mut self,
        reading: &mut Reading<'_>,
        cards: &[Arc<Card>],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<(), Error> {
        let files = std::mem::take(&mut reading.files);
        reading.revocations = 0;
        let Some(log) = &reading.log else { return Ok(()) };
        let mut changed = Vec::new();
        for card in cards {
            let standing = self.state.standings.iter().find(|standing| standing.card == card.id);
            if let Some(standing) = standing
                && let Some(witnesses) = updated(card, &standing.witnesses, &files, log, reading.newest, rng)?
            {
                changed.push((card.id, witnesses));
            }
        }
        let further = reading.known.as_ref().is_none_or(|known| known.head().epoch < log.head().epoch);
        if changed.is_empty() && !further {
            return Ok(());
        }
        let (issuer, log) = (reading.followed.issuer, log.clone());
        self.commit(|state| {
            if further {
                state.keep_log(issuer, log.clone())?;
            }
            for (card, witnesses) in changed {
                if let Some(standing) = state.standings.iter_mut().find(|standing| standing.card == card) {
                    standing.witnesses = witnesses;
                }
            }
            Ok(())
        })?;
        if further {
            reading.known = Some(log);
        }
        self.discard_prepared();
        Ok(())
    }

    fn keep_contradiction(&mut self, followed: &Followed, heads: Box<[SignedHead; 2]>) -> Result<LogOutcome, Error> {
        let (issuer, key) = (followed.issuer, followed.key);
        let [first, _] = &*heads;
        let log = Log::trust(first, &followed.parameters).map_err(|_| Error::Misuse("heads that the issuer signed"))?;
        self.commit(|state| {
            if !state.logs.iter().any(|known| known.log.head().key == key) {
                state.keep_log(issuer, log)?;
            }
            if let Some(known) = state.logs.iter_mut().find(|known| known.log.head().key == key) {
                known.contradiction = Some(heads.clone());
            }
            Ok(())
        })?;
        self.discard_prepared();
        Ok(LogOutcome::TwoHeads(Contradiction { issuer, key, heads }))
    }

    fn log(&self, key: &IssuerKeyId) -> Option<&FollowedLog> {
        self.state.logs.iter().find(|followed| followed.log.head().key == *key)
    }

    fn contradicts_itself(&self, issuer: &IssuerFingerprint) -> bool {
        self.state.logs.iter().any(|followed| followed.issuer == *issuer && followed.contradiction.is_some())
    }

    fn witnesses(&self, card: CredentialId) -> Option<&Witnesses> {
        self.state.standings.iter().find(|standing| standing.card == card).map(|standing| &standing.witnesses)
    }

    fn newest_witness(&self, card: CredentialId) -> Option<&Witness> {
        match self.witnesses(card)? {
            Witnesses::Unchecked(witness) => Some(witness),
            Witnesses::Checked(witnesses) => witnesses.first(),
            Witnesses::Revoked(_) | Witnesses::Broken => None,
        }
    }

    /// The epoch in which a card was revoked, if it is known to be.
    pub(crate) fn revoked(&self, card: CredentialId) -> Option<Epoch> {
        match self.witnesses(card)? {
            Witnesses::Revoked(epoch) => Some(*epoch),
            Witnesses::Unchecked(_) | Witnesses::Checked(_) | Witnesses::Broken => None,
        }
    }

    /// Refuses a request that accepts an accumulator which is not the one in the wallet's own log, in whatever branch.
    pub(crate) fn admit_epochs(&self, request: &Request) -> Result<(), Refusal> {
        for accepted in request.ask().credentials().iter().flat_map(|ask| &ask.not_revoked) {
            if let Some(followed) = self.log(&accepted.key)
                && followed.log.contradicts(accepted)
            {
                return Err(Refusal::UnknownAccumulator { epoch: accepted.newest });
            }
        }
        Ok(())
    }

    /// Which of the accepted epochs a card is shown by; 0 where none is asked for. Or why it can not be shown.
    pub(crate) fn back(&self, ask: &CredentialAsk, card: &Card, title: &str) -> Result<u8, String> {
        if ask.not_revoked.is_empty() {
            return Ok(0);
        }
        let key = card.credential.key();
        let issuer = quoted(self.issuer_name(&card.credential.issuer()).unwrap_or_default());
        let Some(accepted) = ask.not_revoked.iter().find(|accepted| accepted.key == key) else {
            return Err(format!(
                "The request asks whether your {title} has been revoked, and names no list of its issuer."
            ));
        };
        let sync = format!("This wallet has to read the list of what {issuer} has revoked first. Do a sync.");
        let newest = match self.witnesses(card.id) {
            Some(Witnesses::Checked(witnesses)) => witnesses.first().map(Witness::epoch),
            Some(Witnesses::Unchecked(_)) => None,
            Some(Witnesses::Revoked(_)) => {
                return Err(format!("Your {title} has been revoked. Ask {issuer} for a new one."));
            }
            Some(Witnesses::Broken) => {
                return Err(format!(
                    "What {issuer} has published about revocations does not fit your {title}. Ask it for a new one."
                ));
            }
            None => {
                return Err(format!(
                    "Your {title} came without what it takes to show that it has not been revoked. Ask {issuer} for a new one."
                ));
            }
        };
        if self.contradicts_itself(&card.credential.issuer()) {
            return Err(format!(
                "{issuer} has signed two different lists of what it has revoked. Until that is explained, this wallet uses neither."
            ));
        }
        let (Some(followed), Some(newest)) = (self.log(&key), newest) else { return Err(sync) };
        match followed.log.choose(accepted, |epoch| self.witness(card.id, epoch).is_some()) {
            Ok((back, _)) => Ok(back),
            Err(CredentialError::Unsatisfied) if newest < accepted.newest => Err(format!(
                "The verifier accepts only a newer list of what {issuer} has revoked: its own is of epoch {}, this wallet's of epoch \
                 {newest}. Do a sync.",
                accepted.newest
            )),
            Err(_) => Err(format!(
                "The verifier's list of what {issuer} has revoked is too old: it is of epoch {}, this wallet's of epoch {newest}. \
                 The verifier has to get a newer one.",
                accepted.newest
            )),
        }
    }

    fn witness(&self, card: CredentialId, epoch: Epoch) -> Option<&Witness> {
        match self.witnesses(card)? {
            Witnesses::Checked(witnesses) => witnesses.iter().find(|witness| witness.epoch() == epoch),
            Witnesses::Unchecked(_) | Witnesses::Revoked(_) | Witnesses::Broken => None,
        }
    }

    /// The witnesses that an answer needs.
    ///
    /// # Errors
    /// [`Error::Refused`] where a sync since the consent has changed what can be shown.
    pub(crate) fn held(&self, plan: &Plan<'_>, cards: &[CredentialId]) -> Result<Vec<HeldWitness<'_>>, Error> {
        let mut held = Vec::new();
        for (credential, (shown, card)) in plan.shown().iter().zip(cards).enumerate() {
            let Some(epoch) = shown.epoch() else { continue };
            let usable = !self.contradicts_itself(&shown.parameters.fingerprint());
            match self.witness(*card, epoch).filter(|_| usable) {
                Some(witness) => held.push(HeldWitness { credential, witness }),
                None => {
                    let mut why_not = Sentences::default();
                    why_not.push(
                        "What this wallet knows of revocations has changed. Ask for the request again.".to_owned(),
                    );
                    return Err(Refusal::NotSatisfiable(why_not).into());
                }
            }
        }
        Ok(held)
    }

    /// What a verifier would accept that follows the same log as this wallet.
    pub(crate) fn newest(&self, accepted: &AcceptedEpochs) -> AcceptedEpochs {
        let within = u8::try_from(accepted.accumulators.len().saturating_sub(1)).unwrap_or(u8::MAX);
        self.log(&accepted.key).map_or_else(|| accepted.clone(), |followed| followed.log.accepted(within))
    }
}

impl Reading<'_> {
    /// Follows the first epoch in a file, and returns what is behind it; nothing where it is not the next epoch of this log, or damaged.
    fn read<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b [u8]>, Box<[SignedHead; 2]>> {
        let Ok((file, rest)) = EpochFile::split_first(bytes) else { return Ok(None) };
        let head = file.head().unverified();
        let epoch = head.epoch;
        if head.key != self.followed.key || Some(epoch) != self.at.next() {
            return Ok(None);
        }
        let parameters = &self.followed.parameters;
        let followed = match &mut self.log {
            Some(log) => log.follow(&file, parameters),
            None => Log::trust(file.head(), parameters).map(|log| self.log = Some(log)),
        };
        match followed {
            Ok(()) => {}
            Err(LogError::TwoHeads(heads)) => return Err(heads),
            Err(_) => return Ok(None),
        }
        if let Some(heads) = self.known.as_ref().and_then(|known| disagree(known, file.head())) {
            return Err(heads);
        }
        self.at = epoch;
        self.revocations = self.revocations.saturating_add(file.revoked());
        self.files.push(file);
        Ok(Some(rest))
    }
}

impl State {
    fn keep_log(&mut self, issuer: IssuerFingerprint, log: Log) -> Result<(), Error> {
        let key = log.head().key;
        let full = self.logs.len() >= MAX_LOGS;
        match self.logs.iter_mut().find(|followed| followed.log.head().key == key) {
            Some(followed) => followed.log = log,
            None if full => return Err(Error::Full("logs of revocations")),
            None => self.logs.push(FollowedLog { issuer, log, contradiction: None }),
        }
        Ok(())
    }
}

/// What the verifier learns where it asks whether a card was revoked.
pub(crate) fn learned_by_epoch(epoch: Epoch, back: u8) -> String {
    match back {
        0 => format!("That it has not been revoked, by epoch {epoch}, the newest that the verifier knows."),
        1 => format!(
            "That it has not been revoked, by epoch {epoch}, the one before the newest that the verifier knows."
        ),
        _ => format!(
            "That it has not been revoked, by epoch {epoch}, which is {back} before the newest that the verifier knows."
        ),
    }
}

/// What a source gave, if it is not too long.
fn fetched(got: io::Result<Option<Vec<u8>>>, limit: usize) -> Result<Option<Vec<u8>>, LogOutcome> {
    match got {
        Ok(Some(bytes)) if bytes.len() > limit => Err(LogOutcome::Damaged { epoch: None }),
        Ok(bytes) => Ok(bytes),
        Err(cause) if cause.kind() == io::ErrorKind::InvalidData => Err(LogOutcome::Damaged { epoch: None }),
        Err(cause) => Err(LogOutcome::Unreachable(cause.kind())),
    }
}

fn newest_head(followed: &Followed, source: &mut dyn EpochSource) -> Result<SignedHead, LogOutcome> {
    let bytes = fetched(source.head(&followed.key), MAX_HEAD_FILE)?.ok_or(LogOutcome::NotPublished)?;
    let head = SignedHead::from_bytes(&bytes).ok();
    let head = head.filter(|head| head.verify(&followed.parameters).is_ok_and(|head| head.key == followed.key));
    head.ok_or(LogOutcome::Damaged { epoch: None })
}

/// The two heads, if a head that the issuer has signed and this log can not both be true.
fn disagree(log: &Log, head: &SignedHead) -> Option<Box<[SignedHead; 2]>> {
    let (known, other) = (log.head(), head.unverified());
    let same = match known.epoch.cmp(&other.epoch) {
        std::cmp::Ordering::Equal => known.digest() == other.digest(),
        // All accumulators that both of them name.
        std::cmp::Ordering::Greater | std::cmp::Ordering::Less => {
            let (newer, older) = if known.epoch > other.epoch { (known, other) } else { (other, known) };
            let back = usize::try_from(newer.epoch.0.saturating_sub(older.epoch.0)).unwrap_or(usize::MAX);
            let both = newer.accumulators.as_slice().iter().skip(back).zip(older.accumulators.as_slice());
            newer.total >= older.total && both.into_iter().all(|(one, other)| one == other)
        }
    };
    (!same).then(|| Box::new([log.signed_head().clone(), head.clone()]))
}

/// What becomes of a card's witnesses over these epochs, at whose end the log is; nothing where they do not change.
fn updated(
    card: &Card,
    witnesses: &Witnesses,
    files: &[EpochFile],
    log: &Log,
    newest: Epoch,
    rng: &mut dyn CryptoRngCore,
) -> Result<Option<Witnesses>, Error> {
    let mut kept: VecDeque<Witness> = match witnesses {
        Witnesses::Unchecked(witness) => VecDeque::from([witness.clone()]),
        Witnesses::Checked(witnesses) => witnesses.iter().cloned().collect(),
        Witnesses::Revoked(_) | Witnesses::Broken => return Ok(None),
    };
    let Some(start) = kept.front().map(Witness::epoch) else { return Ok(None) };
    let (credential, parameters) = (&card.credential, &card.parameters);
    let (handle, key) = (credential.handle(), parameters.credential_key(&credential.key(), &credential.schema()));
    let key = key.ok_or(Error::Misuse("a credential's parameters have its key"))?;
    let epoch = |file: &EpochFile| file.head().unverified().epoch;
    let after = files.iter().position(|file| epoch(file) > start).map_or(&[][..], |at| files.get(at..).unwrap_or(&[]));
    if after.first().is_some_and(|file| Some(epoch(file)) != start.next()) {
        return Ok(None);
    }
    let holds = |result: Result<(), CredentialError>| match result {
        Ok(()) => Ok(true),
        Err(CredentialError::Invalid | CredentialError::Decode(_)) => Ok(false),
        Err(other) => Err(Error::from(other)),
    };
    if matches!(witnesses, Witnesses::Unchecked(_)) {
        // The accumulator of its epoch stands in the head of the next one too.
        let following = after.first().and_then(|file| file.head().unverified().accumulators.as_slice().get(1));
        let Some(accumulator) = following.or_else(|| log.accumulator(start)) else { return Ok(None) };
        let accumulator = key.accumulator(accumulator);
        let checked = accumulator.and_then(|accumulator| match kept.front() {
            Some(witness) => witness.check(handle, &accumulator, rng),
            None => Err(CredentialError::Invalid),
        });
        if !holds(checked)? {
            return Ok(Some(Witnesses::Broken));
        }
    } else if after.is_empty() {
        return Ok(None);
    }
    // Those that no verifier can ask for go into one update, the last ones one by one.
    let first_kept = newest.0.saturating_sub(MAX_WINDOW as u32 - 1);
    let merged = after.iter().take_while(|file| epoch(file).0 <= first_kept).count();
    let (merged, single) = after.split_at(merged);
    let steps = std::iter::once(merged).filter(|merged| !merged.is_empty()).chain(single.chunks(1));
    for step in steps {
        let Some(front) = kept.front() else { return Ok(None) };
        match front.update(handle, step, key, rng) {
            Ok(Update::Current(witness)) => kept.push_front(witness),
            Ok(Update::Revoked) => {
                let revoking = step.iter().find(|file| file.handles().any(|other| other == handle.as_bytes()));
                return Ok(revoking.map(|file| Witnesses::Revoked(epoch(file))));
            }
            Err(error) => {
                holds(Err(error))?;
                return Ok(Some(Witnesses::Broken));
            }
        }
    }
    kept.truncate(MAX_WINDOW);
    Ok(Some(Witnesses::Checked(kept.into())))
}
