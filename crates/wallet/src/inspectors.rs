//! The inspectors that the wallet knows: for whom a request may have a card's handle encrypted.
//!
//! An inspector is pinned from its own file, by the holder's decision; a request that names one which is not pinned, or names it with
//! another key or file, is refused. So no verifier can make the wallet encrypt to a key of the verifier's choice. Where trust lists give the
//! name to others only, adding the file is refused, and so is a request that names the inspector, even if it was pinned before the list.
//! Not here: the ciphertext and its proof (the credential crate).

use milchglas_credential::cbor::{Reader, Wire, Writer};
use milchglas_credential::digest::{InspectorDigest, InspectorFingerprint};
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorRef};
use milchglas_credential::error::DecodeError;
use milchglas_credential::inspector::{Inspector, MAX_INSPECTOR};
use milchglas_credential::request::Request;
use milchglas_credential::text::quoted;

use crate::error::{Error, Refusal};
use crate::store::Store;
use crate::trusting::Party;
use crate::wallet::Wallet;

/// Most inspectors.
pub(crate) const MAX_INSPECTORS: usize = 256;

/// An inspector that the wallet has pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownInspector {
    /// The digest of its identity key.
    pub fingerprint: InspectorFingerprint,
    /// The digest of its file, which requests name.
    pub digest: InspectorDigest,
    /// The file.
    json: String,
}

/// What adding an inspector's file did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedInspector {
    /// What to compare with what the inspector gives out some other way.
    pub fingerprint: InspectorFingerprint,
    /// The digest that requests name.
    pub digest: InspectorDigest,
    /// The inspector's name.
    pub name: String,
    /// How many shareholders open together.
    pub threshold: u8,
    /// How many there are.
    pub shareholders: u8,
    /// Whether it was pinned now.
    pub new: bool,
    /// Other inspectors that this wallet knows under the same name.
    pub same_name: Vec<InspectorFingerprint>,
    /// The authorities whose trust lists have this inspector, with this key and file.
    pub listed_by: Vec<String>,
}

impl KnownInspector {
    /// What its file says.
    ///
    /// # Errors
    /// [`Error::Input`] if the vault holds what is no such file, which opening it rules out.
    pub fn read(&self) -> Result<Inspector, Error> {
        Ok(Inspector::from_json(&self.json)?)
    }
}

impl<S: Store> Wallet<S> {
    /// Pins an inspector by its file. Compare the fingerprint, or give the `expected` one.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no such file; [`Error::Refused`] with [`Refusal::BadInspector`], [`Refusal::OtherInspector`],
    /// [`Refusal::NotTheListedInspector`] or [`Refusal::InspectorChanged`]; [`Error::Full`].
    pub fn add_inspector(
        &mut self,
        json: &str,
        expected: Option<InspectorFingerprint>,
    ) -> Result<AddedInspector, Error> {
        let inspector =
            Inspector::from_json(json).map_err(|error| Error::invalid_means(Refusal::BadInspector, error))?;
        let (fingerprint, digest, named) = (inspector.fingerprint(), inspector.digest(), inspector.reference());
        if expected.is_some_and(|expected| expected != fingerprint) {
            return Err(Refusal::OtherInspector { found: fingerprint }.into());
        }
        let known = self.state.inspectors.iter().find(|known| known.fingerprint == fingerprint);
        let new = match known {
            Some(known) if known.digest == digest => false,
            Some(_) => return Err(Refusal::InspectorChanged { fingerprint }.into()),
            None if self.state.inspectors.len() >= MAX_INSPECTORS => return Err(Error::Full("inspectors")),
            None => {
                self.admit_inspector(&named)?;
                true
            }
        };
        let mut same_name = Vec::new();
        for known in self.state.inspectors.iter().filter(|known| known.fingerprint != fingerprint) {
            if known.read()?.name() == inspector.name() {
                same_name.push(known.fingerprint);
            }
        }
        if new {
            // As this program writes it, whatever the spacing of the file was.
            let json = inspector.to_json()?;
            self.commit(|state| {
                state.inspectors.push(KnownInspector { fingerprint, digest, json });
                Ok(())
            })?;
        }
        let listed_by = self.authorities_of(Party::Inspector(&named));
        let (name, threshold, shareholders) = (named.name, inspector.threshold(), inspector.shareholders());
        Ok(AddedInspector { fingerprint, digest, name, threshold, shareholders, new, same_name, listed_by })
    }

    /// The inspectors that the wallet knows.
    #[must_use]
    pub fn inspectors(&self) -> &[KnownInspector] {
        &self.state.inspectors
    }

    /// Refuses a request that names an inspector which is not pinned, or which trust lists contradict, in whatever branch.
    pub(crate) fn admit_inspectors(&self, request: &Request) -> Result<(), Refusal> {
        let asks = request.ask().credentials();
        asks.iter().filter_map(|ask| ask.encrypt_to.as_ref()).try_for_each(|ask| {
            self.admit_inspector(&ask.inspector)?;
            self.inspector(ask).map(|_| ())
        })
    }

    /// What the holder must know of a ciphertext, if it is for a pinned inspector and all that the request says of it is so.
    pub(crate) fn ciphertext_in_words(&self, ask: &EncryptAsk) -> Result<String, Refusal> {
        let mut sentence = sentence(ask, &self.inspector(ask)?);
        for authority in self.authorities_of(Party::Inspector(&ask.inspector)) {
            sentence.push_str(&format!(". This inspector is on the trust list of {}", quoted(&authority)));
        }
        Ok(sentence)
    }

    /// Refuses an inspector whose name trust lists give to others only.
    fn admit_inspector(&self, named: &InspectorRef) -> Result<(), Refusal> {
        self.gives_to_others(&named.name, Party::Inspector(named)).map_or(Ok(()), |authority| {
            Err(Refusal::NotTheListedInspector { authority: authority.to_owned(), name: named.name.clone() })
        })
    }

    /// The pinned inspector that is meant, if all that the request says of it is so.
    fn inspector(&self, ask: &EncryptAsk) -> Result<Inspector, Refusal> {
        let known = self.state.inspectors.iter().find(|known| known.digest == ask.inspector.digest);
        let inspector = known.and_then(|known| known.read().ok());
        let unknown = || Refusal::UnknownInspector { name: ask.inspector.name.clone(), digest: ask.inspector.digest };
        inspector.filter(|inspector| inspector.reference() == ask.inspector).ok_or_else(unknown)
    }
}

/// What the holder must know of a ciphertext.
fn sentence(ask: &EncryptAsk, inspector: &Inspector) -> String {
    format!(
        "A note of which card this is, encrypted, so that it can not read it. Any {} of the {} shareholders of {} together can, \
         and the card's issuer then knows whose it is. The note is about {}, to be opened for: {}",
        inspector.threshold(),
        inspector.shareholders(),
        quoted(inspector.name()),
        quoted(&ask.label),
        quoted(&ask.purpose)
    )
}

impl Wire for KnownInspector {
    fn write(&self, out: &mut Writer) {
        out.array(3).object(&self.fingerprint).object(&self.digest).text(&self.json);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a known inspector";
        input.array(3, what)?;
        Ok(Self {
            fingerprint: input.object()?,
            digest: input.object()?,
            json: input.text(MAX_INSPECTOR, what)?.to_owned(),
        })
    }
}
