//! What the vault remembers, and its bytes.
//!
//! The bytes are deterministic CBOR with a version in front; the [store](crate::store) encrypts them. Everything secret or personal
//! that a wallet keeps is in here; outside there are only issuers' public files.
//!
//! Secret: the entropy, the reply identities, the credentials. Personal: all of it.
//! Caution: an older copy of the whole file can be put back; the hedge counter then counts again from there. Proofs are safe while
//! the random number generator or the counter is good. The counters of tokens count again too: the verifier refuses those that it has seen, so
//! that such a wallet answers in vain until it has passed them. A wallet that is restored from a backup or its phrase knows that it is, and
//! refuses: see `counting`.
//! Not here: when anything changes (`wallet`, `applying`, `answering`, `following`).

use std::fmt;
use std::str::FromStr;

use milchglas_credential::cbor::{self, Reader, Wire, Writer};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{
    AccumulatorBytes, InvitationNonce, IssuerFingerprint, ParametersDigest, RequestNonce, SchemaDigest, VerifierKey,
};
use milchglas_credential::error::DecodeError;
use milchglas_credential::request::{Ask, CredentialAsk};
use milchglas_credential::revocation::{AcceptedEpochs, Epoch, Log, MAX_WINDOW, SignedHead, Witness};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_credential::text::{Origin, ScopeText};
use milchglas_credential::trust_list::TrustList;
use zeroize::Zeroizing;

use crate::inspectors::{KnownInspector, MAX_INSPECTORS};
use crate::phrase::Entropy;
use crate::publications::KnownPublication;
use crate::sentences::Sentences;

const FORMAT: &str = "milchglas wallet/1";
pub(crate) const MAX_VAULT: usize = 48 << 20;
const MAX_NAME: usize = 256;
const MAX_PURPOSE: usize = 800;
const MAX_BLOB: usize = 1 << 17;
/// Most issuers.
pub(crate) const MAX_ISSUERS: usize = 1024;
/// Most parameters of one issuer.
pub(crate) const MAX_SEQUENCES: usize = 1024;
/// Most trust lists.
pub(crate) const MAX_TRUST_LISTS: usize = 8;
/// Most verifiers.
pub(crate) const MAX_VERIFIERS: usize = 1 << 16;
/// Most applications, open and closed.
pub(crate) const MAX_APPLICATIONS: usize = 1024;
/// Most credentials.
pub(crate) const MAX_CREDENTIALS: usize = 1024;
/// Most answered requests that are remembered as not yet expired.
pub(crate) const MAX_ANSWERED: usize = 1 << 16;
/// Most kinds of request that are remembered to prepare answers for; the oldest give way.
pub(crate) const MAX_RECENT: usize = 4;
/// Most published sets and lists.
pub(crate) const MAX_PUBLISHED: usize = 256;
/// Most counters of tokens. None is ever dropped: a counter that began again would show a token twice.
pub(crate) const MAX_RATES: usize = 1 << 14;
/// Most logs of epochs: one for each signature key of each issuer.
pub(crate) const MAX_LOGS: usize = 1 << 12;
/// Most history entries; the oldest give way.
pub(crate) const MAX_HISTORY: usize = 4096;

/// The number by which a wallet's owner names one credential. It means nothing to anybody else and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(pub(crate) u32);

impl CredentialId {
    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CredentialId {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        text.parse().map(Self).map_err(|_| DecodeError { what: "the number of a credential" })
    }
}

/// What does not change in the life of a vault.
pub(crate) struct Root {
    pub(crate) entropy: Entropy,
    /// Random; keeps the counters of two wallets with one recovery phrase apart.
    pub(crate) id: [u8; 16],
}

/// What changes.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The last hedge counter that was reserved.
    pub(crate) counter: u64,
    pub(crate) last_credential: u32,
    pub(crate) issuers: Vec<KnownIssuer>,
    pub(crate) verifiers: Vec<KnownVerifier>,
    pub(crate) applications: Vec<OpenApplication>,
    pub(crate) credentials: Vec<StoredCredential>,
    pub(crate) answered: Vec<Answered>,
    pub(crate) history: Vec<HistoryEntry>,
    /// Kinds of request that were answered lately, the last one first.
    pub(crate) recent: Vec<Recent>,
    /// How many tokens were used, for each verifier's scope and epoch.
    pub(crate) rates: Vec<RateCounter>,
    /// The newest trust list of each authority that the wallet has pinned.
    pub(crate) trust_lists: Vec<TrustList>,
    /// The inspectors that the wallet has pinned.
    pub(crate) inspectors: Vec<KnownInspector>,
    /// The published sets and lists that the wallet has pinned.
    pub(crate) published: Vec<KnownPublication>,
    /// The logs of revocations that the wallet follows.
    pub(crate) logs: Vec<FollowedLog>,
    /// What the wallet can say about the revocation of each credential.
    pub(crate) standings: Vec<CardStanding>,
    /// Set in a wallet that was restored, from a backup or from its phrase.
    pub(crate) restored: Option<Restored>,
}

/// The log of one signature key, as far as it was followed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct FollowedLog {
    pub(crate) issuer: IssuerFingerprint,
    pub(crate) log: Log,
    /// Two heads that the issuer has signed and that can not both be true.
    pub(crate) contradiction: Option<Box<[SignedHead; 2]>>,
}

/// A credential and what is known of its revocation.
#[derive(Clone)]
pub(crate) struct CardStanding {
    pub(crate) card: CredentialId,
    pub(crate) witnesses: Witnesses,
}

/// What is known of a credential's revocation.
#[derive(Clone)]
pub(crate) enum Witnesses {
    /// As it came with the credential. It is never used.
    Unchecked(Witness),
    /// Checked, of successive epochs, the newest first; at least one.
    Checked(Vec<Witness>),
    /// It was revoked in this epoch.
    Revoked(Epoch),
    /// The issuer's epochs and the credential do not belong together.
    Broken,
}

/// What a wallet that was restored knows beside its state: for which scopes its holder permits tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Restored {
    pub(crate) allowed: Vec<AllowedScope>,
}

/// A verifier's scope whose tokens were not used between a backup and the loss, in the holder's word.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AllowedScope {
    pub(crate) key: VerifierKey,
    pub(crate) origin: Origin,
    pub(crate) scope: ScopeText,
}

/// An issuer that the wallet has pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIssuer {
    /// The digest of its identity key.
    pub fingerprint: IssuerFingerprint,
    /// The name that its latest parameters give it.
    pub name: String,
    /// Its parameters by sequence number, ascending.
    pub parameters: Vec<(u32, ParametersDigest)>,
}

/// A verifier that the wallet has pinned, when it first answered it.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownVerifier {
    /// Its key.
    pub key: VerifierKey,
    /// Where it asks.
    pub origin: Origin,
    /// The name it last went by.
    pub name: String,
    /// When the wallet first answered it.
    pub since: Timestamp,
    /// How many times the wallet has answered it.
    pub answers: u32,
}

impl fmt::Debug for KnownVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownVerifier(..)")
    }
}

/// What the wallet once told whom.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub time: Timestamp,
    /// Who asked.
    pub name: String,
    /// Where it asked.
    pub origin: Origin,
    /// Its key.
    pub key: VerifierKey,
    /// What for.
    pub purpose: String,
    /// What it learned.
    pub learned: Sentences,
}

impl fmt::Debug for HistoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HistoryEntry(..)")
    }
}

/// An application, from the invitation until well after its answer.
#[derive(Clone)]
pub(crate) struct OpenApplication {
    pub(crate) issuer: IssuerFingerprint,
    pub(crate) parameters: ParametersDigest,
    pub(crate) schema: SchemaDigest,
    pub(crate) nonce: InvitationNonce,
    /// The signed invitation, to recognise it.
    pub(crate) invitation: Vec<u8>,
    pub(crate) stage: Stage,
}

#[derive(Clone)]
pub(crate) enum Stage {
    /// The age identity for the answer, and the application as it was sent.
    Sent { identity: Zeroizing<String>, application: Vec<u8> },
    /// The digest of the answer, and what it brought.
    Answered { answer: [u8; 32], credential: CredentialId },
}

#[derive(Clone)]
pub(crate) struct StoredCredential {
    pub(crate) id: CredentialId,
    /// The parameters under which it was issued; they have its schema.
    pub(crate) parameters: ParametersDigest,
    pub(crate) added: Timestamp,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// A request that was answered, until it expires.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) key: VerifierKey,
    pub(crate) nonce: RequestNonce,
    pub(crate) expires: Timestamp,
}

/// A kind of request: what was asked and which way was taken, without who asked, when and why.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Recent {
    pub(crate) ask: Ask,
    pub(crate) selection: Selection,
}

/// How many of the tokens of a scope and epoch were used: they are those with the counters below that.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RateCounter {
    pub(crate) key: VerifierKey,
    pub(crate) origin: Origin,
    pub(crate) scope: ScopeText,
    pub(crate) epoch: ScopeText,
    pub(crate) used: u16,
}

impl Recent {
    /// Whether two are one kind. Which epochs they accept changes by the day and does not count; how many does.
    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        let key = |accepted: &AcceptedEpochs| AcceptedEpochs {
            key: accepted.key,
            newest: Epoch(0),
            accumulators: vec![AccumulatorBytes([0; 48]); accepted.accumulators.len()],
        };
        self.same_way(&other.selection) && with_epochs(&self.ask, &key) == with_epochs(&other.ask, &key)
    }

    /// Whether the way through the request is this one, whatever the epoch.
    pub(crate) fn same_way(&self, selection: &Selection) -> bool {
        let shown = |selection: &Selection| -> Vec<ShownAs> {
            selection.shown.iter().map(|shown| ShownAs { back: 0, ..*shown }).collect()
        };
        self.selection.branches == selection.branches && shown(&self.selection) == shown(selection)
    }
}

/// An ask with other epochs. The depth of the recursion is that of the ask, at most 4.
pub(crate) fn with_epochs(ask: &Ask, epochs: &impl Fn(&AcceptedEpochs) -> AcceptedEpochs) -> Ask {
    match ask {
        Ask::All(asks) => Ask::All(asks.iter().map(|ask| with_epochs(ask, epochs)).collect()),
        Ask::Any(asks) => Ask::Any(asks.iter().map(|ask| with_epochs(ask, epochs)).collect()),
        Ask::Credential(ask) => {
            let not_revoked = ask.not_revoked.iter().map(epochs).collect();
            Ask::Credential(CredentialAsk { not_revoked, ..ask.clone() })
        }
    }
}

impl State {
    pub(crate) fn to_bytes(&self, root: &Root) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::new();
        write_vault(root, self, &mut out);
        Zeroizing::new(out.into_bytes())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<(Root, Self), DecodeError> {
        let vault: Vault = cbor::from_bytes(bytes, MAX_VAULT)?;
        Ok((vault.root, vault.state))
    }
}

struct Vault {
    root: Root,
    state: State,
}

fn write_vault(root: &Root, state: &State, out: &mut Writer) {
    out.array(3).text(FORMAT).array(2).bytes(root.entropy.as_slice()).bytes(&root.id);
    // Of the items from the ninth on only those up to the last that says something are there, so vaults from before them exist in one
    // encoding too.
    let later = [
        state.recent.is_empty(),
        state.rates.is_empty(),
        state.trust_lists.is_empty(),
        state.inspectors.is_empty(),
        state.published.is_empty(),
        state.logs.is_empty(),
        state.standings.is_empty(),
        state.restored.is_none(),
    ];
    let items = 8 + later.iter().rposition(|empty| !empty).map_or(0, |last| last + 1);
    out.array(items).uint(state.counter).uint(state.last_credential.into());
    out.list(state.issuers.iter()).list(state.verifiers.iter()).list(state.applications.iter());
    out.list(state.credentials.iter()).list(state.answered.iter()).list(state.history.iter());
    if items > 8 {
        out.list(state.recent.iter());
    }
    if items > 9 {
        out.list(state.rates.iter());
    }
    if items > 10 {
        out.list(state.trust_lists.iter());
    }
    if items > 11 {
        out.list(state.inspectors.iter());
    }
    if items > 12 {
        out.list(state.published.iter());
    }
    if items > 13 {
        out.list(state.logs.iter());
    }
    if items > 14 {
        out.list(state.standings.iter());
    }
    if let Some(restored) = &state.restored {
        out.list(restored.allowed.iter());
    }
}

impl Wire for Vault {
    fn write(&self, out: &mut Writer) {
        write_vault(&self.root, &self.state, out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a wallet's vault of version 1";
        input.array(3, what)?;
        if input.text(32, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        input.array(2, what)?;
        let entropy = Zeroizing::new(input.bytes(what)?);
        let root = Root { entropy, id: input.bytes(what)? };
        let items = input.array_up_to(16, what)?;
        if items < 8 {
            return Err(DecodeError { what });
        }
        let state = State {
            counter: input.uint(what)?,
            last_credential: input.uint32(what)?,
            issuers: input.list(MAX_ISSUERS, "the issuers")?,
            verifiers: input.list(MAX_VERIFIERS, "the verifiers")?,
            applications: input.list(MAX_APPLICATIONS, "the applications")?,
            credentials: input.list(MAX_CREDENTIALS, "the credentials")?,
            answered: input.list(MAX_ANSWERED, "the answered requests")?,
            history: input.list(MAX_HISTORY, "the history")?,
            recent: if items > 8 { input.list(MAX_RECENT, "the kinds of request")? } else { Vec::new() },
            rates: if items > 9 { input.list(MAX_RATES, "the counters of tokens")? } else { Vec::new() },
            trust_lists: if items > 10 { input.list(MAX_TRUST_LISTS, "the trust lists")? } else { Vec::new() },
            inspectors: if items > 11 { input.list(MAX_INSPECTORS, "the inspectors")? } else { Vec::new() },
            published: if items > 12 { input.list(MAX_PUBLISHED, "the sets and lists")? } else { Vec::new() },
            logs: if items > 13 { input.list(MAX_LOGS, "the logs of revocations")? } else { Vec::new() },
            standings: if items > 14 { input.list(MAX_CREDENTIALS, "the witnesses")? } else { Vec::new() },
            restored: if items > 15 {
                Some(Restored { allowed: input.list(MAX_RATES, "the scopes with tokens")? })
            } else {
                None
            },
        };
        Ok(Self { root, state })
    }
}

impl Wire for FollowedLog {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.issuer).object(&self.log);
        match &self.contradiction {
            Some(heads) => out.list(heads.iter()),
            None => out.null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a log of revocations";
        input.array(3, what)?;
        let (issuer, log) = (input.object()?, input.object()?);
        let contradiction = if input.null(what)? {
            None
        } else {
            input.array(2, what)?;
            Some(Box::new([input.object()?, input.object()?]))
        };
        Ok(Self { issuer, log, contradiction })
    }
}

impl Wire for CardStanding {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.card);
        match &self.witnesses {
            Witnesses::Unchecked(witness) => out.uint(0).object(witness),
            Witnesses::Checked(witnesses) => out.uint(1).list(witnesses.iter()),
            Witnesses::Revoked(epoch) => out.uint(2).object(epoch),
            Witnesses::Broken => out.uint(3).null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "the witnesses of a credential";
        input.array(3, what)?;
        let card = input.object()?;
        let witnesses = match input.uint(what)? {
            0 => Witnesses::Unchecked(input.object()?),
            1 => Witnesses::Checked(input.list(MAX_WINDOW, what)?),
            2 => Witnesses::Revoked(input.object()?),
            3 if input.null(what)? => Witnesses::Broken,
            _ => return Err(DecodeError { what }),
        };
        if matches!(&witnesses, Witnesses::Checked(checked) if checked.is_empty()) {
            return Err(DecodeError { what });
        }
        Ok(Self { card, witnesses })
    }
}

impl Wire for AllowedScope {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.key).object(&self.origin).object(&self.scope);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(3, "a scope with tokens")?;
        Ok(Self { key: input.object()?, origin: input.object()?, scope: input.object()? })
    }
}

impl Wire for Recent {
    fn write(&self, out: &mut Writer) {
        out.array(2).object(&self.ask).object(&self.selection);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(2, "a kind of request")?;
        Ok(Self { ask: input.object()?, selection: input.object()? })
    }
}

impl Wire for RateCounter {
    fn write(&self, out: &mut Writer) {
        out.array(5).object(&self.key).object(&self.origin).object(&self.scope).object(&self.epoch);
        out.uint(self.used.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a counter of tokens";
        input.array(5, what)?;
        Ok(Self {
            key: input.object()?,
            origin: input.object()?,
            scope: input.object()?,
            epoch: input.object()?,
            used: u16::try_from(input.uint(what)?).map_err(|_| DecodeError { what })?,
        })
    }
}

impl Wire for CredentialId {
    fn write(&self, out: &mut Writer) {
        out.uint(self.0.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.uint32("the number of a credential").map(Self)
    }
}

impl Wire for KnownIssuer {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.fingerprint).text(&self.name).array(self.parameters.len());
        for (sequence, digest) in &self.parameters {
            out.array(2).uint((*sequence).into()).object(digest);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an issuer";
        input.array(3, what)?;
        let (fingerprint, name) = (input.object()?, input.text(MAX_NAME, what)?.to_owned());
        let mut parameters = Vec::new();
        for _ in 0..input.array_up_to(MAX_SEQUENCES, what)? {
            input.array(2, what)?;
            parameters.push((input.uint32(what)?, input.object()?));
        }
        Ok(Self { fingerprint, name, parameters })
    }
}

impl Wire for KnownVerifier {
    fn write(&self, out: &mut Writer) {
        out.array(5).object(&self.key).object(&self.origin).text(&self.name);
        out.object(&self.since).uint(self.answers.into());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a verifier";
        input.array(5, what)?;
        Ok(Self {
            key: input.object()?,
            origin: input.object()?,
            name: input.text(MAX_NAME, what)?.to_owned(),
            since: input.object()?,
            answers: input.uint32(what)?,
        })
    }
}

impl Wire for OpenApplication {
    fn write(&self, out: &mut Writer) {
        out.array(8).object(&self.issuer).object(&self.parameters).object(&self.schema).object(&self.nonce);
        out.bytes(&self.invitation);
        match &self.stage {
            Stage::Sent { identity, application } => out.uint(0).text(identity).bytes(application),
            Stage::Answered { answer, credential } => out.uint(1).bytes(answer).object(credential),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an application";
        input.array(8, what)?;
        let (issuer, parameters, schema, nonce) = (input.object()?, input.object()?, input.object()?, input.object()?);
        let invitation = input.bytes_up_to(MAX_BLOB, what)?.to_vec();
        let stage = match input.uint(what)? {
            0 => Stage::Sent {
                identity: Zeroizing::new(input.text(MAX_NAME, what)?.to_owned()),
                application: input.bytes_up_to(MAX_BLOB, what)?.to_vec(),
            },
            1 => Stage::Answered { answer: input.bytes(what)?, credential: input.object()? },
            _ => return Err(DecodeError { what }),
        };
        Ok(Self { issuer, parameters, schema, nonce, invitation, stage })
    }
}

impl Wire for StoredCredential {
    fn write(&self, out: &mut Writer) {
        out.array(4).object(&self.id).object(&self.parameters).object(&self.added).bytes(&self.bytes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a stored credential";
        input.array(4, what)?;
        Ok(Self {
            id: input.object()?,
            parameters: input.object()?,
            added: input.object()?,
            bytes: Zeroizing::new(input.bytes_up_to(MAX_BLOB, what)?.to_vec()),
        })
    }
}

impl Wire for Answered {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.key).object(&self.nonce).object(&self.expires);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(3, "an answered request")?;
        Ok(Self { key: input.object()?, nonce: input.object()?, expires: input.object()? })
    }
}

impl Wire for HistoryEntry {
    fn write(&self, out: &mut Writer) {
        out.array(6).object(&self.time).text(&self.name).object(&self.origin).object(&self.key);
        out.text(&self.purpose).object(&self.learned);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an entry of the history";
        input.array(6, what)?;
        Ok(Self {
            time: input.object()?,
            name: input.text(MAX_NAME, what)?.to_owned(),
            origin: input.object()?,
            key: input.object()?,
            purpose: input.text(MAX_PURPOSE, what)?.to_owned(),
            learned: input.object()?,
        })
    }
}
