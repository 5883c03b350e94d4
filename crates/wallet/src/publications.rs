//! Published sets and lists: which the wallet has, and which a request needs.
//!
//! The vault pins each by the SHA-256 of its file, which stands beside the vault: it is public. Of one authority's publications under one name
//! the two newest are kept, so that a request which names the one before the newest can be answered.
//!
//! Every signature is checked once, when a file is added; the pin covers what was checked. A set that a verifier signed inside its request is
//! checked when the request is reviewed.
//!
//! A publication does not say what its authority is called. So it is its own name that trust lists are asked about: where they have authorities of that
//! name, and not its own, a first publication is refused.
//!
//! Caution: which sets and lists are here may tell where their holder goes; adding them all alike tells nothing. No look-up in a list leaves the
//! device.
//! Not here: what membership means (the credential crate).

use std::sync::{Arc, OnceLock};

use milchglas_credential::cbor::{Reader, Wire, Writer};
use milchglas_credential::digest::AuthorityFingerprint;
use milchglas_credential::error::{DecodeError, Error as CredentialError};
use milchglas_credential::list::PublishedList;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::Request;
use milchglas_credential::schema::Schema;
use milchglas_credential::set::{CheckedSet, Membership, Published, PublishedSet, SetRef};
use milchglas_credential::sorted_map::SortedMap;
use milchglas_credential::text::Label;
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Refusal};
use crate::store::Store;
use crate::trusting::Party;
use crate::vault::MAX_PUBLISHED;
use crate::wallet::{Before, Wallet};

/// How many publications of one name are kept.
const KEPT: usize = 2;

/// Which kind of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicationKind {
    /// A set that a claim may be in.
    Set,
    /// A list that a claim may not be on.
    List,
}

/// A set or list that the wallet has pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPublication {
    /// Which of the two.
    pub kind: PublicationKind,
    /// Who published it.
    pub authority: AuthorityFingerprint,
    /// What its authority calls it.
    pub name: Label,
    /// The sequence number of a set, the epoch of a list.
    pub number: u32,
    /// The digest that requests name.
    pub digest: [u8; 32],
    /// The SHA-256 of the file.
    file: [u8; 32],
}

/// What adding a set or a list did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedPublication {
    /// What was added.
    pub publication: KnownPublication,
    /// How many values or entries it has.
    pub len: usize,
    /// What was known before.
    pub before: Before,
    /// The authorities whose trust lists have its authority.
    pub listed_by: Vec<String>,
}

/// The publications in use, read when they are first needed.
#[derive(Default)]
pub(crate) struct Publications {
    sets: SortedMap<[u8; 32], OnceLock<Arc<PublishedSet>>>,
    lists: SortedMap<[u8; 32], OnceLock<Arc<PublishedList>>>,
}

/// What one request needs of them.
#[derive(Default)]
pub(crate) struct Contents {
    sets: Vec<Arc<PublishedSet>>,
    lists: Vec<Arc<PublishedList>>,
}

impl Contents {
    pub(crate) fn published(&self) -> Published<'_> {
        self.published_with(&[])
    }

    /// With sets of the request that were checked before.
    pub(crate) fn published_with<'a>(&'a self, checked: &'a [CheckedSet]) -> Published<'a> {
        Published { sets: &self.sets, lists: &self.lists, checked }
    }
}

impl<S: Store> Wallet<S> {
    /// Adds a published set, after checking every signature in it. Compare the authority's fingerprint, or give the `expected` one.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no set file; [`Error::Refused`] with [`Refusal::BadSet`], [`Refusal::OtherAuthority`],
    /// [`Refusal::SetMadeForOneHolder`] or [`Refusal::OlderSet`]; [`Error::Full`]; [`Error::Vault`].
    pub fn add_set(
        &mut self,
        json: &str,
        expected: Option<AuthorityFingerprint>,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<AddedPublication, Error> {
        let set = PublishedSet::from_json(json).map_err(bad_set)?;
        let publication = KnownPublication {
            kind: PublicationKind::Set,
            authority: set.authority(),
            name: set.content().name.clone(),
            number: set.content().sequence,
            digest: set.digest().0,
            file: sha256(json.as_bytes()),
        };
        let before = self.pin(&publication, expected, json.as_bytes(), || set.check(rng))?;
        let len = set.content().values.len();
        self.publications.sets.insert(publication.file, OnceLock::from(Arc::new(set)));
        let listed_by = self.authorities_of(Party::Publisher(publication.authority));
        Ok(AddedPublication { publication, len, before, listed_by })
    }

    /// Adds a published list, after checking every signature in it: about a minute of work for a million entries.
    ///
    /// # Errors
    /// As [`Wallet::add_set`].
    pub fn add_list(
        &mut self,
        file: Vec<u8>,
        expected: Option<AuthorityFingerprint>,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<AddedPublication, Error> {
        let list = PublishedList::from_bytes(file).map_err(bad_set)?;
        let named = list.reference();
        let publication = KnownPublication {
            kind: PublicationKind::List,
            authority: named.authority,
            name: named.name.clone(),
            number: named.epoch,
            digest: named.digest.0,
            file: sha256(list.to_bytes()),
        };
        let before = self.pin(&publication, expected, list.to_bytes(), || list.check(rng))?;
        let len = list.len();
        self.publications.lists.insert(publication.file, OnceLock::from(Arc::new(list)));
        let listed_by = self.authorities_of(Party::Publisher(publication.authority));
        Ok(AddedPublication { publication, len, before, listed_by })
    }

    /// The sets and lists that the wallet has.
    #[must_use]
    pub fn publications(&self) -> &[KnownPublication] {
        &self.state.published
    }

    /// Pins a publication whose signatures hold, keeps its file, and gives up older ones.
    fn pin(
        &mut self,
        new: &KnownPublication,
        expected: Option<AuthorityFingerprint>,
        file: &[u8],
        check: impl FnOnce() -> Result<(), CredentialError>,
    ) -> Result<Before, Error> {
        if expected.is_some_and(|expected| expected != new.authority) {
            return Err(Refusal::OtherAuthority { found: new.authority }.into());
        }
        let before = new.judge(&self.state.published)?;
        let publisher = Party::Publisher(new.authority);
        if before == Before::Nothing && self.gives_to_others(new.name.as_str(), publisher).is_some() {
            return Err(Refusal::OtherAuthority { found: new.authority }.into());
        }
        // The same content in another spelling is another file.
        let same_file = self.state.published.contains(new);
        if !same_file {
            check().map_err(bad_set)?;
        }
        // The file goes first: a pin without its file would be an error, a file without its pin is nothing.
        self.store.put_published(&new.file, file)?;
        if same_file {
            return Ok(before);
        }
        let mut same_name: Vec<_> = self.state.published.iter().filter(|known| known.same_name(new)).cloned().collect();
        same_name.sort_by_key(|known| std::cmp::Reverse(known.number));
        let keep = if before == Before::Same { same_name.len() } else { KEPT - 1 };
        let mut gone: Vec<KnownPublication> = same_name.split_off(keep.min(same_name.len()));
        gone.extend(same_name.into_iter().filter(|known| known.digest == new.digest));
        self.commit(|state| {
            state.published.retain(|known| !gone.contains(known));
            if state.published.len() >= MAX_PUBLISHED {
                return Err(Error::Full("sets and lists"));
            }
            state.published.push(new.clone());
            Ok(())
        })?;
        self.discard_prepared();
        for old in &gone {
            self.publications.sets.remove(&old.file);
            self.publications.lists.remove(&old.file);
            // What can not be removed is left behind, and nothing: it has no pin.
            let _left_behind = self.store.remove_published(&old.file);
        }
        self.publications.make_places(&self.state.published);
        Ok(before)
    }

    /// The pinned sets and lists that a request names.
    pub(crate) fn contents(&self, request: &Request) -> Result<Contents, Error> {
        let mut contents = Contents::default();
        for predicate in predicates(request) {
            let (kind, digest) = match predicate {
                Predicate::In { set: SetRef::Published(set), .. } => (PublicationKind::Set, set.digest.0),
                Predicate::NotInList { list, .. } => (PublicationKind::List, list.digest.0),
                Predicate::Valid
                | Predicate::AgeAtLeast { .. }
                | Predicate::AgeUnder { .. }
                | Predicate::OnOrBefore { .. }
                | Predicate::OnOrAfter { .. }
                | Predicate::AtLeast { .. }
                | Predicate::AtMost { .. }
                | Predicate::Between { .. }
                | Predicate::Equals { .. }
                | Predicate::NotEquals { .. }
                | Predicate::NotIn { .. }
                | Predicate::AnyHidden { .. }
                | Predicate::SameAs { .. }
                | Predicate::In { set: SetRef::Signed(_), .. } => continue,
            };
            let known = self.state.published.iter().find(|known| known.kind == kind && known.digest == digest);
            let Some(known) = known else { continue };
            match kind {
                PublicationKind::Set => {
                    contents.sets.push(self.read(known, self.publications.sets.get(&known.file), |file| {
                        PublishedSet::from_json(std::str::from_utf8(&file).ok()?).ok()
                    })?)
                }
                PublicationKind::List => {
                    contents.lists.push(self.read(known, self.publications.lists.get(&known.file), |file| {
                        PublishedList::from_bytes(file).ok()
                    })?)
                }
            }
        }
        Ok(contents)
    }

    /// The sets of the request that are signed as they must be, for every kind of card that the wallet has. One that is not is none of them, and no card of
    /// that kind answers about it, whatever its values.
    pub(crate) fn check_signed_sets(
        &self,
        request: &Request,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<CheckedSet>, Error> {
        let mut checked = Vec::new();
        if !signs_sets(request) {
            return Ok(checked);
        }
        let cards = self.cards()?;
        let mut schemas: Vec<&Schema> = Vec::new();
        for card in &cards {
            let schema = card.schema()?;
            if !schemas.iter().any(|known| known.digest() == schema.digest()) {
                schemas.push(schema);
            }
        }
        for ask in request.ask().credentials() {
            for schema in &schemas {
                if ask.schemas.iter().any(|named| named.digest == schema.digest()) {
                    for membership in ask.prove.iter().filter_map(|predicate| signed_membership(predicate, schema)) {
                        // What can not be checked is not among them.
                        let _missing = membership.check(&mut checked, rng);
                    }
                }
            }
        }
        Ok(checked)
    }

    /// The content of a pinned file. Its SHA-256 covers all that was checked when it was pinned.
    fn read<T>(
        &self,
        known: &KnownPublication,
        place: Option<&OnceLock<Arc<T>>>,
        read: impl FnOnce(Vec<u8>) -> Option<T>,
    ) -> Result<Arc<T>, Error> {
        if let Some(content) = place.and_then(OnceLock::get) {
            return Ok(Arc::clone(content));
        }
        let lost = || Error::PublicationLost(known.digest);
        let file = self.store.published(&known.file)?.filter(|file| sha256(file) == known.file).ok_or_else(lost)?;
        let content = Arc::new(read(file).ok_or_else(lost)?);
        Ok(place.map_or(Arc::clone(&content), |place| Arc::clone(place.get_or_init(|| content))))
    }
}

impl Publications {
    /// A place for the content of each that is pinned.
    pub(crate) fn make_places(&mut self, pinned: &[KnownPublication]) {
        for known in pinned {
            match known.kind {
                PublicationKind::Set => {
                    self.sets.get_or_insert_with(known.file, OnceLock::new);
                }
                PublicationKind::List => {
                    self.lists.get_or_insert_with(known.file, OnceLock::new);
                }
            }
        }
    }
}

impl KnownPublication {
    fn same_name(&self, other: &Self) -> bool {
        self.kind == other.kind && self.authority == other.authority && self.name == other.name
    }

    /// What is known of a new publication's name.
    fn judge(&self, known: &[Self]) -> Result<Before, Error> {
        let same_name = || known.iter().filter(|known| known.same_name(self));
        if same_name().any(|known| known.digest == self.digest) {
            return Ok(Before::Same);
        }
        if same_name().any(|known| known.number == self.number) {
            return Err(Refusal::SetMadeForOneHolder { number: self.number }.into());
        }
        match same_name().map(|known| known.number).max() {
            None => Ok(Before::Nothing),
            Some(latest) if latest > self.number => Err(Refusal::OlderSet { number: self.number, latest }.into()),
            Some(_) => Ok(Before::Older),
        }
    }
}

impl Wire for KnownPublication {
    fn write(&self, out: &mut Writer) {
        let kind = match self.kind {
            PublicationKind::Set => 0,
            PublicationKind::List => 1,
        };
        out.array(6).uint(kind).object(&self.authority).object(&self.name).uint(self.number.into());
        out.bytes(&self.digest).bytes(&self.file);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a set or a list";
        input.array(6, what)?;
        let kind = match input.uint(what)? {
            0 => PublicationKind::Set,
            1 => PublicationKind::List,
            _ => return Err(DecodeError { what }),
        };
        let (authority, name, number) = (input.object()?, input.object()?, input.uint32(what)?);
        Ok(Self { kind, authority, name, number, digest: input.bytes(what)?, file: input.bytes(what)? })
    }
}

fn predicates(request: &Request) -> impl Iterator<Item = &Predicate> {
    request.ask().credentials().into_iter().flat_map(|ask| &ask.prove)
}

/// Whether a request contains a set that its verifier signed.
pub(crate) fn signs_sets(request: &Request) -> bool {
    predicates(request).any(|predicate| matches!(predicate, Predicate::In { set: SetRef::Signed(_), .. }))
}

/// The membership in a set that the verifier signed, for cards of a schema; none where this is not about one, or does not fit the claim.
pub(crate) fn signed_membership(predicate: &Predicate, schema: &Schema) -> Option<Membership> {
    let Predicate::In { claim, set } = predicate else { return None };
    let claim = schema.claim(schema.index_of(claim.as_str())?)?;
    set.resolve(&claim.claim_type).ok().filter(|_| matches!(set, SetRef::Signed(_)))
}

/// A signature that does not hold is a refusal; everything else is unreadable input.
pub(crate) fn bad_set(error: CredentialError) -> Error {
    Error::invalid_means(Refusal::BadSet, error)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
