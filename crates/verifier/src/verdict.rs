//! What a verifier learns: a verdict or a rejection, and nothing between.
//!
//! A [`Verdict`] exists only where everything held: the request was this verifier's and pending, it had not expired, the proof is
//! complete, and this answer was the one that consumed the nonce. It is the only place of disclosed values.
//!
//! A [`Rejection`] says one fixed sentence to the outside, whatever the cause, so that who sends answers learns nothing by
//! trying. The cause is for the operator's log; it carries no claims.
//!
//! Caution: the time that a rejection takes depends on its cause.

use std::{error, fmt};

use milchglas_credential::claim::Literal;
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{IssuerFingerprint, Pseudonym, RequestNonce, Token};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::EncryptAsk;
use milchglas_credential::json::to_json;
use milchglas_credential::presentation::Verified;
use milchglas_credential::request::RequestFields;
use milchglas_credential::revocation::Epoch;
use milchglas_credential::sorted_map::SortedMap;
use milchglas_credential::text::{ClaimName, Label};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::trust::Trust;
use crate::{Error, StoreError};

/// An answer that held, completely and for the first time.
///
/// In JSON: `accepted` (always true), `nonce`, `time`, `as_of`, `issuers` (names), `learned` (an object of disclosed claims for each
/// credential that disclosed any; null stands for an absent value) and `proved` (sentences); and only where there are any, `not_revoked` (for each
/// credential of which that was asked, the epoch's number), `pseudonyms` and `tokens` (for each credential that showed one), `encrypted` (for each credential of which a ciphertext was asked: inspector, label,
/// purpose) and `document` (title and digest of what was signed). `Debug` shows no disclosed value.
#[derive(Clone)]
pub struct Verdict {
    nonce: RequestNonce,
    time: Timestamp,
    as_of: Date,
    credentials: Vec<ShownCredential>,
    document: Option<DocumentRef>,
}

/// What one credential showed. All credentials of a verdict have the same holder.
#[derive(Clone)]
pub struct ShownCredential {
    name: Label,
    issuer: IssuerFingerprint,
    issuer_name: String,
    learned: SortedMap<ClaimName, Option<Literal>>,
    proved: Vec<String>,
    not_revoked: Option<Epoch>,
    pseudonym: Option<Pseudonym>,
    token: Option<Token>,
    encrypted: Option<EncryptAsk>,
}

impl Verdict {
    /// None where a disclosed claim is not in a trusted schema, which a verified presentation rules out.
    pub(crate) fn new(request: &RequestFields, time: Timestamp, verified: &Verified, trust: &Trust) -> Option<Self> {
        let credentials = verified
            .credentials()
            .iter()
            .map(|shown| {
                let schema = trust.all().into_iter().find_map(|parameters| parameters.schema(&shown.schema()))?;
                let claim = |(name, value): &(ClaimName, milchglas_credential::claim::Value)| {
                    let claim_type = &schema.claim(schema.index_of(name.as_str())?)?.claim_type;
                    Some((name.clone(), value.literal(claim_type)))
                };
                Some(ShownCredential {
                    name: shown.name().clone(),
                    issuer: shown.issuer(),
                    issuer_name: shown.issuer_name().to_owned(),
                    learned: shown.disclosed().iter().map(claim).collect::<Option<_>>()?,
                    proved: shown.proved().to_vec(),
                    not_revoked: shown.epoch(),
                    pseudonym: shown.pseudonym(),
                    token: shown.token(),
                    encrypted: shown.encrypted().map(|(ask, _)| ask.clone()),
                })
            })
            .collect::<Option<_>>()?;
        let RequestFields { nonce, as_of, document, .. } = request;
        Some(Self { nonce: *nonce, time, as_of: *as_of, credentials, document: document.clone() })
    }

    /// The JSON form.
    ///
    /// # Errors
    /// None that can happen: a verdict has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        Ok(to_json(self)?)
    }

    /// The nonce of the request that was answered.
    #[must_use]
    pub fn nonce(&self) -> RequestNonce {
        self.nonce
    }

    /// When it was checked.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The day for which ages and validity hold.
    #[must_use]
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// What each credential showed, in the order of the request.
    #[must_use]
    pub fn credentials(&self) -> &[ShownCredential] {
        &self.credentials
    }

    /// The disclosed claims, for each credential that disclosed any.
    pub fn learned(&self) -> impl Iterator<Item = (&Label, &SortedMap<ClaimName, Option<Literal>>)> {
        let shown = self.credentials.iter().map(|shown| (&shown.name, &shown.learned));
        shown.filter(|(_, learned)| !learned.is_empty())
    }

    /// What was proven about claims that stayed hidden, in words.
    pub fn proved(&self) -> impl Iterator<Item = &str> {
        self.credentials.iter().flat_map(|shown| &shown.proved).map(String::as_str)
    }

    /// The epoch by which it has not been revoked, for each credential of which that was asked; proven like everything else.
    pub fn not_revoked(&self) -> impl Iterator<Item = (&Label, Epoch)> {
        self.credentials.iter().filter_map(|shown| Some((&shown.name, shown.not_revoked?)))
    }

    /// The holder's names, for each credential that showed one.
    pub fn pseudonyms(&self) -> impl Iterator<Item = (&Label, Pseudonym)> {
        self.credentials.iter().filter_map(|shown| Some((&shown.name, shown.pseudonym?)))
    }

    /// The holder's tokens, for each credential that showed one. None of them was seen before.
    pub fn tokens(&self) -> impl Iterator<Item = (&Label, Token)> {
        self.credentials.iter().filter_map(|shown| Some((&shown.name, shown.token?)))
    }

    /// The document that the holder signed with the answer. Whoever keeps request and answer can show that to others.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentRef> {
        self.document.as_ref()
    }

    /// The credentials whose handle the answer contains, encrypted for an inspector. Keep request and answer to have it opened.
    pub fn encrypted(&self) -> impl Iterator<Item = (&Label, &EncryptAsk)> {
        self.credentials.iter().filter_map(|shown| Some((&shown.name, shown.encrypted.as_ref()?)))
    }

    /// The names of the issuers, one for each credential.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.credentials.iter().map(|shown| shown.issuer_name.as_str())
    }
}

impl ShownCredential {
    /// The name that the request gave it.
    #[must_use]
    pub fn name(&self) -> &Label {
        &self.name
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> IssuerFingerprint {
        self.issuer
    }

    /// The issuer's name, as its parameters give it.
    #[must_use]
    pub fn issuer_name(&self) -> &str {
        &self.issuer_name
    }

    /// The disclosed claims; `None` stands for a value that is absent.
    #[must_use]
    pub fn learned(&self) -> &SortedMap<ClaimName, Option<Literal>> {
        &self.learned
    }

    /// What was proven about the others, in words.
    #[must_use]
    pub fn proved(&self) -> &[String] {
        &self.proved
    }

    /// The epoch by which it has not been revoked, where that was asked.
    #[must_use]
    pub fn not_revoked(&self) -> Option<Epoch> {
        self.not_revoked
    }

    /// The holder's name in the scope that was asked for.
    #[must_use]
    pub fn pseudonym(&self) -> Option<Pseudonym> {
        self.pseudonym
    }

    /// The holder's token in the scope and epoch that were asked for.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.token
    }

    /// For whom its handle stands encrypted in the answer, where that was asked.
    #[must_use]
    pub fn encrypted(&self) -> Option<&EncryptAsk> {
        self.encrypted.as_ref()
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pseudonyms: SortedMap<_, _> = self.pseudonyms().collect();
        let tokens: SortedMap<_, _> = self.tokens().collect();
        let encrypted: SortedMap<_, _> = self.encrypted().collect();
        let not_revoked: SortedMap<_, _> = self.not_revoked().collect();
        let more = [
            !not_revoked.is_empty(),
            !pseudonyms.is_empty(),
            !tokens.is_empty(),
            !encrypted.is_empty(),
            self.document.is_some(),
        ];
        let more = more.into_iter().filter(|more| *more).count();
        let mut out = serializer.serialize_struct("Verdict", 7 + more)?;
        out.serialize_field("accepted", &true)?;
        out.serialize_field("nonce", &self.nonce)?;
        out.serialize_field("time", &self.time)?;
        out.serialize_field("as_of", &self.as_of)?;
        out.serialize_field("issuers", &self.issuers().collect::<Vec<_>>())?;
        out.serialize_field("learned", &self.learned().collect::<SortedMap<_, _>>())?;
        out.serialize_field("proved", &self.proved().collect::<Vec<_>>())?;
        if !not_revoked.is_empty() {
            out.serialize_field("not_revoked", &not_revoked)?;
        }
        if !pseudonyms.is_empty() {
            out.serialize_field("pseudonyms", &pseudonyms)?;
        }
        if !tokens.is_empty() {
            out.serialize_field("tokens", &tokens)?;
        }
        if !encrypted.is_empty() {
            out.serialize_field("encrypted", &encrypted)?;
        }
        if let Some(document) = &self.document {
            out.serialize_field("document", document)?;
        }
        out.end()
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict")
            .field("nonce", &self.nonce)
            .field("time", &self.time)
            .field("as_of", &self.as_of)
            .field("credentials", &self.credentials)
            .finish()
    }
}

impl fmt::Debug for ShownCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShownCredential")
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// An answer that was not accepted. It prints the same sentence whatever the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection(Reason);

/// Why an answer was not accepted: for the operator's log, never for the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes are no presentation.
    Undecodable,
    /// It answers another request than the one expected in this session.
    OtherRequest,
    /// No request has that nonce: another verifier's, an invented one, or one long expired.
    UnknownRequest,
    /// The request was answered before.
    Answered,
    /// One of its tokens was seen before: the holder shows it a second time, or this answer is a copy. The request waits for another.
    TokenSeen,
    /// The request has expired.
    Expired,
    /// The proof does not hold for the request.
    NotProven,
    /// The proof can not be checked: an issuer that the request accepted is no longer trusted.
    Untrusted,
    /// The store failed. That is the operator's to repair.
    Store(StoreError),
}

impl Rejection {
    /// The cause. Do not send it to whoever sent the answer.
    #[must_use]
    pub fn for_log(&self) -> Reason {
        self.0
    }
}

impl Reason {
    /// A word for it that programs can rely on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::OtherRequest => "other_request",
            Self::UnknownRequest => "unknown_request",
            Self::Answered => "answered",
            Self::TokenSeen => "token_seen",
            Self::Expired => "expired",
            Self::NotProven => "not_proven",
            Self::Untrusted => "untrusted",
            Self::Store(_) => "store",
        }
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self(Reason::Store(error))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The answer was not accepted.")
    }
}

impl error::Error for Rejection {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable => f.write_str("the bytes are no presentation"),
            Self::OtherRequest => f.write_str("it answers another request than the one expected"),
            Self::UnknownRequest => f.write_str("no request with that nonce is known"),
            Self::Answered => f.write_str("the request was answered before"),
            Self::TokenSeen => f.write_str("a token in the answer was seen before"),
            Self::Expired => f.write_str("the request has expired"),
            Self::NotProven => f.write_str("the proof does not hold for the request"),
            Self::Untrusted => f.write_str("an issuer that the request accepted is no longer trusted"),
            Self::Store(error) => error.fmt(f),
        }
    }
}
