//! The wallet: opening it, whom it knows, what it holds.
//!
//! Every change is saved before the method returns; after an error the wallet is as it was.
//! Not here: getting a credential (`applying`), requests (`consent`, `answering`).

use std::fmt;
use std::sync::{Arc, OnceLock};

use milchglas_credential::claim::Value;
use milchglas_credential::credential::{Credential, HolderSecret};
use milchglas_credential::date::{Month, Timestamp};
use milchglas_credential::digest::{IssuerFingerprint, ParametersDigest, SchemaDigest, VerifierKey};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::revocation::Epoch;
use milchglas_credential::schema::Schema;
use milchglas_credential::sorted_map::SortedMap;
use milchglas_credential::text::Label;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::error::{Error, Refusal};
use crate::phrase::{RecoveryPhrase, holder_secret};
use crate::pool::Pool;
use crate::publications::Publications;
use crate::store::{Store, Usual};
use crate::trusting::Party;
use crate::vault::{
    CredentialId, HistoryEntry, KnownIssuer, KnownVerifier, MAX_ISSUERS, MAX_SEQUENCES, MAX_VAULT, Restored, Root,
    Stage, State, StoredCredential,
};

/// A holder's wallet, open.
pub struct Wallet<S = Usual> {
    pub(crate) store: S,
    pub(crate) root: Root,
    secret: HolderSecret,
    pub(crate) state: State,
    /// The pinned parameters, read when they are first needed.
    parameters: SortedMap<ParametersDigest, OnceLock<Arc<Parameters>>>,
    /// The credentials, opened when they are first needed; they keep what makes the next proof cheaper.
    opened: SortedMap<CredentialId, OnceLock<Arc<Card>>>,
    /// Answers made in idle time.
    pub(crate) pool: Pool,
    /// The published sets and lists that were used.
    pub(crate) publications: Publications,
}

/// What adding an issuer's file did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedIssuer {
    /// The issuer's fingerprint: what to compare with what the issuer gives out some other way.
    pub fingerprint: IssuerFingerprint,
    /// The issuer's name.
    pub name: String,
    /// The file's sequence number.
    pub sequence: u32,
    /// The digest that requests name.
    pub digest: ParametersDigest,
    /// What was known before.
    pub before: Before,
    /// Other issuers that this wallet knows under the same name.
    pub same_name: Vec<IssuerFingerprint>,
    /// The authorities whose trust lists have this issuer.
    pub listed_by: Vec<String>,
}

/// What a wallet knew of an issuer before a file was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing: from now on this issuer is pinned.
    Nothing,
    /// Parameters with lower sequence numbers.
    Older,
    /// These very parameters.
    Same,
}

/// One credential in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSummary {
    /// Its number.
    pub id: CredentialId,
    /// The schema's short name.
    pub kind: Label,
    /// What people call credentials of this schema.
    pub title: String,
    /// The schema's digest.
    pub schema: SchemaDigest,
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// The issuer's name.
    pub issuer_name: String,
    /// When the wallet accepted it.
    pub added: Timestamp,
    /// The last month of its validity, if its schema has one.
    pub valid_until: Option<Month>,
    /// Whether the wallet holds no newer one of the same issuer and schema.
    pub newest: bool,
    /// The epoch in which it was revoked, if the wallet has found it so.
    pub revoked: Option<Epoch>,
}

/// A credential, opened for use.
pub(crate) struct Card {
    pub(crate) id: CredentialId,
    pub(crate) added: Timestamp,
    pub(crate) credential: Credential,
    /// Parameters that have its schema.
    pub(crate) parameters: Arc<Parameters>,
}

impl<S: Store> Wallet<S> {
    /// Starts a wallet on any store, which `create` makes with the first content.
    ///
    /// # Errors
    /// Those of `create`.
    pub fn start(
        phrase: &RecoveryPhrase,
        rng: &mut dyn CryptoRngCore,
        create: impl FnOnce(&[u8]) -> Result<S, Error>,
    ) -> Result<Self, Error> {
        let mut root = Root { entropy: phrase.entropy(), id: [0; 16] };
        rng.fill_bytes(&mut root.id);
        let secret = holder_secret(&root.entropy)?;
        let restored = (!phrase.is_new()).then(Restored::default);
        let state = State { restored, ..State::default() };
        let store = create(&state.to_bytes(&root))?;
        let (parameters, opened) = (SortedMap::new(), SortedMap::new());
        let (pool, publications) = (Pool::default(), Publications::default());
        Ok(Self { store, root, secret, state, parameters, opened, pool, publications })
    }

    /// Opens a wallet on any store, given the content that was last saved there.
    ///
    /// # Errors
    /// [`Error::Input`] where it is not such a content.
    pub fn load(store: S, vault: &[u8]) -> Result<Self, Error> {
        let (root, state) = State::from_bytes(vault)?;
        let secret = holder_secret(&root.entropy)?;
        let pinned = state.issuers.iter().flat_map(|issuer| &issuer.parameters);
        let parameters = pinned.map(|(_, digest)| (*digest, OnceLock::new())).collect();
        let opened = state.credentials.iter().map(|stored| (stored.id, OnceLock::new())).collect();
        let (pool, mut publications) = (Pool::default(), Publications::default());
        publications.make_places(&state.published);
        Ok(Self { store, root, secret, state, parameters, opened, pool, publications })
    }

    /// Adds an issuer's published parameters, after checking every signature in them.
    ///
    /// The first file of an issuer pins its identity key; compare the fingerprint, or give the `expected` one. Later files of the
    /// same key are accepted with higher sequence numbers only.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no parameters file; [`Error::Refused`] with [`Refusal::BadParameters`],
    /// [`Refusal::OtherIssuer`], [`Refusal::MadeForOneHolder`] or [`Refusal::OlderParameters`].
    pub fn add_issuer(
        &mut self,
        json: &str,
        expected: Option<IssuerFingerprint>,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<AddedIssuer, Error> {
        let invalid = |error| Error::invalid_means(Refusal::BadParameters, error);
        let parameters = Parameters::from_json(json).map_err(invalid)?;
        let (fingerprint, digest) = (parameters.fingerprint(), parameters.digest());
        let (name, sequence) = (parameters.content().name.clone(), parameters.content().sequence);
        if expected.is_some_and(|expected| expected != fingerprint) {
            return Err(Refusal::OtherIssuer { found: fingerprint }.into());
        }
        let known = self.state.issuers.iter().find(|issuer| issuer.fingerprint == fingerprint);
        let before = match known {
            None if self.state.issuers.len() >= MAX_ISSUERS => return Err(Error::Full("issuers")),
            None => {
                if self.gives_to_others(&name, Party::Issuer(fingerprint)).is_some() {
                    return Err(Refusal::OtherIssuer { found: fingerprint }.into());
                }
                Before::Nothing
            }
            Some(known) => known.judge(sequence, digest)?,
        };
        if before != Before::Same {
            parameters.check(rng).map_err(invalid)?;
        }
        // The file goes first: a pin without its file would be an error, a file without its pin is nothing.
        self.store.put_parameters(&digest, json)?;
        if before != Before::Same {
            self.commit(|state| {
                match state.issuers.iter_mut().find(|issuer| issuer.fingerprint == fingerprint) {
                    Some(known) => {
                        known.name.clone_from(&name);
                        known.parameters.push((sequence, digest));
                    }
                    None => state.issuers.push(KnownIssuer {
                        fingerprint,
                        name: name.clone(),
                        parameters: vec![(sequence, digest)],
                    }),
                }
                Ok(())
            })?;
            self.discard_prepared();
        }
        // Where they are in use already, those stay, with their tables.
        self.parameters.get_or_insert_with(digest, OnceLock::new).get_or_init(|| Arc::new(parameters));
        let others = self.state.issuers.iter().filter(|other| other.name == name && other.fingerprint != fingerprint);
        let same_name = others.map(|other| other.fingerprint).collect();
        let listed_by = self.authorities_of(Party::Issuer(fingerprint));
        Ok(AddedIssuer { fingerprint, name, sequence, digest, before, same_name, listed_by })
    }

    /// The issuers that the wallet knows.
    #[must_use]
    pub fn issuers(&self) -> &[KnownIssuer] {
        &self.state.issuers
    }

    /// The verifiers that the wallet has answered.
    #[must_use]
    pub fn verifiers(&self) -> &[KnownVerifier] {
        &self.state.verifiers
    }

    /// Forgets a verifier's key, so that its origin may ask with another. Whether it was known.
    ///
    /// # Errors
    /// [`Error::Vault`] with the step that failed.
    pub fn forget_verifier(&mut self, key: &VerifierKey) -> Result<bool, Error> {
        if !self.state.verifiers.iter().any(|known| known.key == *key) {
            return Ok(false);
        }
        self.commit(|state| {
            state.verifiers.retain(|known| known.key != *key);
            Ok(true)
        })
    }

    /// The credentials, newest first.
    ///
    /// # Errors
    /// [`Error::ParametersLost`] where an issuer's file is missing.
    pub fn list(&self) -> Result<Vec<CredentialSummary>, Error> {
        let cards = self.cards()?;
        let mut list: Vec<CredentialSummary> = Vec::with_capacity(cards.len());
        for card in &cards {
            let (issuer, schema) = (card.credential.issuer(), card.credential.schema());
            let newest = !list.iter().any(|newer| newer.issuer == issuer && newer.schema == schema);
            list.push(self.summary(card, newest)?);
        }
        Ok(list)
    }

    /// A credential's claims as a JSON object, for the holder's eyes.
    ///
    /// # Errors
    /// [`Error::NoSuchCredential`], [`Error::ParametersLost`].
    pub fn show(&self, id: CredentialId) -> Result<(CredentialSummary, Zeroizing<String>), Error> {
        let summary = self.list()?.into_iter().find(|summary| summary.id == id).ok_or(Error::NoSuchCredential(id))?;
        let stored = self.state.credentials.iter().find(|stored| stored.id == id).ok_or(Error::NoSuchCredential(id))?;
        let card = self.open_card(stored)?;
        Ok((summary, card.credential.claims().to_json(card.schema()?)?))
    }

    /// Removes a credential for good. The issuer is not told.
    ///
    /// # Errors
    /// [`Error::NoSuchCredential`], [`Error::Vault`].
    pub fn remove(&mut self, id: CredentialId) -> Result<(), Error> {
        if !self.state.credentials.iter().any(|stored| stored.id == id) {
            return Err(Error::NoSuchCredential(id));
        }
        self.commit(|state| {
            state.credentials.retain(|stored| stored.id != id);
            state.standings.retain(|standing| standing.card != id);
            state.applications.retain(
                |application| !matches!(application.stage, Stage::Answered { credential, .. } if credential == id),
            );
            Ok(())
        })?;
        self.opened.remove(&id);
        self.discard_prepared();
        Ok(())
    }

    /// Makes room for a credential that was just saved. It may be preferred to those that answers are ready with.
    pub(crate) fn added(&mut self, id: CredentialId) {
        self.opened.insert(id, OnceLock::new());
        self.discard_prepared();
    }

    /// Closes the wallet: secrets and prepared answers are erased, and another process may open it.
    pub fn lock(self) {}

    /// What the wallet told whom, oldest first. The newest 4,096 answers are kept.
    #[must_use]
    pub fn history(&self) -> &[HistoryEntry] {
        &self.state.history
    }

    /// Changes the state and saves it; on any error nothing has changed.
    pub(crate) fn commit<T>(&mut self, change: impl FnOnce(&mut State) -> Result<T, Error>) -> Result<T, Error> {
        let mut next = self.state.clone();
        let result = change(&mut next)?;
        let bytes = next.to_bytes(&self.root);
        if bytes.len() > MAX_VAULT {
            return Err(Error::Full("data"));
        }
        self.store.save(&bytes)?;
        self.state = next;
        Ok(result)
    }

    /// What the vault holds.
    pub(crate) fn content(&self) -> Zeroizing<Vec<u8>> {
        self.state.to_bytes(&self.root)
    }

    /// The holder secret.
    pub(crate) fn secret(&self) -> &HolderSecret {
        &self.secret
    }

    /// The random name of this vault.
    pub(crate) fn id(&self) -> &[u8; 16] {
        &self.root.id
    }

    /// Pinned parameters; none if they are not pinned.
    pub(crate) fn pinned(&self, digest: &ParametersDigest) -> Result<Option<&Arc<Parameters>>, Error> {
        let Some(place) = self.parameters.get(digest) else { return Ok(None) };
        if let Some(parameters) = place.get() {
            return Ok(Some(parameters));
        }
        let lost = Error::ParametersLost(*digest);
        let Some(json) = self.store.parameters(digest)? else { return Err(lost) };
        match Parameters::from_json(&json) {
            // The digest covers all that was checked when they were pinned.
            Ok(parameters) if parameters.digest() == *digest => Ok(Some(place.get_or_init(|| Arc::new(parameters)))),
            Ok(_) | Err(_) => Err(lost),
        }
    }

    /// An issuer's name, if it is known.
    pub(crate) fn issuer_name(&self, fingerprint: &IssuerFingerprint) -> Option<&str> {
        let known = self.state.issuers.iter().find(|issuer| issuer.fingerprint == *fingerprint)?;
        Some(&known.name)
    }

    /// All credentials, opened, newest first.
    pub(crate) fn cards(&self) -> Result<Vec<Arc<Card>>, Error> {
        let mut cards =
            self.state.credentials.iter().map(|stored| self.open_card(stored)).collect::<Result<Vec<_>, _>>()?;
        cards.sort_by_key(|card| std::cmp::Reverse((card.added, card.id)));
        Ok(cards)
    }

    /// These credentials, opened.
    pub(crate) fn pick(&self, ids: &[CredentialId]) -> Result<Vec<Arc<Card>>, Error> {
        let stored = |id: &CredentialId| self.state.credentials.iter().find(|stored| stored.id == *id);
        ids.iter().map(|id| self.open_card(stored(id).ok_or(Error::NoSuchCredential(*id))?)).collect()
    }

    fn open_card(&self, stored: &StoredCredential) -> Result<Arc<Card>, Error> {
        let place = self.opened.get(&stored.id).ok_or(Error::Misuse("a place for each credential"))?;
        if let Some(card) = place.get() {
            return Ok(Arc::clone(card));
        }
        let parameters =
            self.pinned(&stored.parameters)?.ok_or(Error::Misuse("a credential's parameters are pinned"))?.clone();
        let credential = Credential::from_bytes(&stored.bytes, |_, schema| parameters.schema(schema))?;
        let card = Card { id: stored.id, added: stored.added, credential, parameters };
        Ok(Arc::clone(place.get_or_init(|| Arc::new(card))))
    }

    fn summary(&self, card: &Card, newest: bool) -> Result<CredentialSummary, Error> {
        let schema = card.schema()?;
        let issuer = card.credential.issuer();
        let until = schema.validity().and_then(|validity| card.credential.claims().get(validity.until));
        let valid_until = until.and_then(Value::number).and_then(|month| u32::try_from(month).ok());
        Ok(CredentialSummary {
            id: card.id,
            kind: schema.id().clone(),
            title: schema.title().to_owned(),
            schema: schema.digest(),
            issuer,
            issuer_name: self.issuer_name(&issuer).unwrap_or_default().to_owned(),
            added: card.added,
            valid_until: valid_until.and_then(Month::from_index),
            newest,
            revoked: self.revoked(card.id),
        })
    }
}

impl<S> fmt::Debug for Wallet<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wallet(..)")
    }
}

impl Card {
    pub(crate) fn schema(&self) -> Result<&Schema, Error> {
        let schema = self.parameters.schema(&self.credential.schema());
        schema.ok_or(Error::Misuse("a credential's parameters have its schema"))
    }
}

impl KnownIssuer {
    fn judge(&self, sequence: u32, digest: ParametersDigest) -> Result<Before, Error> {
        if self.parameters.iter().any(|(_, known)| *known == digest) {
            return Ok(Before::Same);
        }
        if self.parameters.iter().any(|(known, _)| *known == sequence) {
            return Err(Refusal::MadeForOneHolder { sequence }.into());
        }
        let latest = self.parameters.iter().map(|(known, _)| *known).max().unwrap_or_default();
        if sequence < latest {
            return Err(Refusal::OlderParameters { sequence, latest }.into());
        }
        if self.parameters.len() >= MAX_SEQUENCES {
            return Err(Error::Full("parameters of one issuer"));
        }
        Ok(Before::Older)
    }
}
