//! Templates: what a verifier asks again and again, written by people.
//!
//! A template is a request without what changes each time (nonce, times) and with plain names: schemas by their id, issuers
//! by fingerprint or not at all, which means every trusted one, sets by their values alone, and days by how far ahead they are. [`Verifier::request`](crate::Verifier::request)
//! turns it into a request, and refuses at once what no wallet could answer.
//!
//! The JSON form has a published JSON Schema, `spec/template.schema.json`.
//!
//! Not here: nonces, clocks, signatures.

use milchglas_credential::claim::Literal;
use milchglas_credential::date::{Date, Days};
use milchglas_credential::digest::IssuerFingerprint;
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::EncryptAsk;
use milchglas_credential::error::{DecodeError, Error as CredentialError};
use milchglas_credential::json::{Json, from_json, to_json};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::{Accept, Ask, CredentialAsk, SchemaRef};
use milchglas_credential::revocation::MAX_WINDOW;
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::set::{SetRef, SignedSet};
use milchglas_credential::text::{ClaimName, Label};
use rand_core::CryptoRngCore;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Error;
use crate::epochs::Epochs;
use crate::trust::Trust;

/// Most bytes of a template file.
const MAX_TEMPLATE: usize = 1 << 16;
/// Longest time to answer, in seconds.
const MAX_VALID_FOR: u32 = 24 * 60 * 60;
/// Time to answer where the template names none.
const DEFAULT_VALID_FOR: u32 = 300;
/// Furthest day ahead that a template names by its distance: ten years.
const MAX_DAYS_FROM_NOW: u32 = 3652;
/// The first field of a template file.
const FORMAT: &str = "template/1";
/// The templates of everyday errands.
const SHIPPED: [(&str, &str); 8] = [
    ("cafe", Template::CAFE_JSON),
    ("hotel", include_str!("../templates/hotel.json")),
    ("train", include_str!("../templates/train.json")),
    ("bank", include_str!("../templates/bank.json")),
    ("company", include_str!("../templates/company.json")),
    ("phone", include_str!("../templates/phone.json")),
    ("visa", include_str!("../templates/visa.json")),
    ("stall", include_str!("../templates/stall.json")),
];

/// What to ask, for whatever day and holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What the answer is for, in words.
    pub purpose: String,
    /// The named profile that the purpose belongs to, where there is one.
    pub profile: Option<Label>,
    /// How long an answer is awaited, in seconds: 1 to 86,400.
    pub valid_for: u32,
    /// What is asked.
    pub ask: TemplateAsk,
    /// The document that the answer signs, where there is one.
    pub document: Option<DocumentRef>,
}

/// What is asked: a credential, all of several asks, or any one of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "an ask has at most 16 nodes")]
pub enum TemplateAsk {
    /// Every one of these.
    All(Vec<TemplateAsk>),
    /// One of these; which one shows.
    Any(Vec<TemplateAsk>),
    /// Something about one credential.
    Credential(TemplateCredential),
}

/// What is asked about one credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateCredential {
    /// Its name inside the request.
    pub name: Label,
    /// The issuers that are accepted; where absent, every trusted one that has such credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<IssuerFingerprint>>,
    /// The ids of the schemas that are accepted.
    pub schemas: Vec<Label>,
    /// The claims to disclose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclose: Vec<ClaimName>,
    /// What to prove about claims that stay hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prove: Vec<TemplatePredicate>,
    /// That the card has not been revoked, where that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_revoked: Option<NotRevokedAsk>,
    /// The holder's name in a scope, where it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<PseudonymAsk>,
    /// One of the holder's tokens in a scope and epoch, where it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateAsk>,
    /// For which inspector the card's handle is to be encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypt_to: Option<EncryptAsk>,
}

/// That a card has not been revoked by the newest epoch that the verifier knows of, or by a few before: `{"within": 1}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotRevokedAsk {
    /// How many epochs before the newest are accepted too, 0 to 15. With 0 a wallet that has not yet fetched the newest can not answer.
    pub within: u8,
}

/// One thing to prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TemplatePredicate {
    /// That a claim has one of several values, which the verifier signs as a set for each request.
    OneOf(OneOf),
    /// That a date or month is at least so many days after the day on which it is asked.
    FromNow(FromNow),
    /// As it stands in the request.
    As(Predicate),
}

/// `{"on_or_after": {"claim": …, "in_days": …}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromNow {
    /// Which claim, and how many days.
    pub on_or_after: ClaimInDays,
}

/// A claim and a number of days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimInDays {
    /// The claim.
    pub claim: ClaimName,
    /// How many days after the day on which it is asked: 0 to 3,652.
    pub in_days: u32,
}

/// `{"in": {"claim": …, "values": […]}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    /// Which claim, and which values.
    #[serde(rename = "in")]
    pub values: ClaimValues,
}

/// A claim and values of its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimValues {
    /// The claim.
    pub claim: ClaimName,
    /// The values, 1 to 64 different ones. With one only, wallets warn their holders.
    pub values: Vec<Literal>,
}

impl<'de> Deserialize<'de> for TemplatePredicate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let has = |predicate: &str, field: &str| json.get(predicate).is_some_and(|of| of.get(field).is_some());
        let (is_one_of, is_from_now) = (has("in", "values"), has("on_or_after", "in_days"));
        let read = if is_one_of {
            OneOf::deserialize(json).map(Self::OneOf)
        } else if is_from_now {
            FromNow::deserialize(json).map(Self::FromNow)
        } else {
            Predicate::deserialize(json).map(Self::As)
        };
        read.map_err(|_| D::Error::custom("no predicate of a template"))
    }
}

impl From<Predicate> for TemplatePredicate {
    fn from(predicate: Predicate) -> Self {
        Self::As(predicate)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateFile {
    milchglas: String,
    purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Label>,
    #[serde(default = "default_valid_for")]
    valid_for: u32,
    ask: TemplateAsk,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<DocumentRef>,
}

fn default_valid_for() -> u32 {
    DEFAULT_VALID_FOR
}

impl Template {
    /// What an internet café asks: adult, and a card that is valid and not revoked. It learns nothing else.
    pub const CAFE_JSON: &str = include_str!("../templates/cafe.json");

    /// The template of an everyday errand that ships with the crate, by its name; `hotel` still lacks the inspector, whose file
    /// only the verifier has.
    #[must_use]
    pub fn shipped_json(name: &str) -> Option<&'static str> {
        SHIPPED.into_iter().find(|(shipped, _)| *shipped == name).map(|(_, json)| json)
    }

    /// The names of the templates that ship with the crate.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.into_iter().map(|(name, _)| name)
    }

    /// The café's template, [`Template::CAFE_JSON`].
    ///
    /// # Errors
    /// None: the shipped file is a template.
    pub fn cafe() -> Result<Self, Error> {
        Self::from_json(Self::CAFE_JSON)
    }

    /// Reads a template file.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no template. Whether what it asks can be asked shows when it is used.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_TEMPLATE {
            return Err(DecodeError { what: "the template file is too long" }.into());
        }
        let file: TemplateFile = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(DecodeError { what: "the format of a template is template/1" }.into());
        }
        let TemplateFile { milchglas: _, purpose, profile, valid_for, ask, document } = file;
        let template = Self { purpose, profile, valid_for, ask, document };
        template.check()?;
        Ok(template)
    }

    /// The template file.
    ///
    /// # Errors
    /// None that can happen: a template has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let Self { purpose, profile, valid_for, ask, document } = self.clone();
        let file = TemplateFile { milchglas: FORMAT.to_owned(), purpose, profile, valid_for, ask, document };
        Ok(to_json(&file)?)
    }

    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if !(1..=MAX_VALID_FOR).contains(&self.valid_for) {
            return Err(DecodeError { what: "a time to answer of 1 to 86,400 seconds" });
        }
        if self.ask.credentials().any(|ask| ask.not_revoked.is_some_and(|ask| usize::from(ask.within) >= MAX_WINDOW)) {
            return Err(DecodeError { what: "0 to 15 epochs before the newest" });
        }
        Ok(())
    }
}

impl TemplateAsk {
    /// Replaces names by digests, under the newest parameters of the trusted issuers and the newest epochs known.
    pub(crate) fn resolve(
        &self,
        trust: &Trust,
        epochs: &Epochs,
        as_of: Date,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Ask, Error> {
        let mut each =
            |asks: &[Self]| asks.iter().map(|ask| ask.resolve(trust, epochs, as_of, rng)).collect::<Result<_, _>>();
        Ok(match self {
            Self::All(asks) => Ask::All(each(asks)?),
            Self::Any(asks) => Ask::Any(each(asks)?),
            Self::Credential(credential) => Ask::Credential(credential.resolve(trust, epochs, as_of, rng)?),
        })
    }

    /// Whoever shows a name, a token or several cards at once proves that none of them has been revoked.
    ///
    /// # Errors
    /// [`Error::MustAskNotRevoked`] naming a credential of which that is not asked.
    pub(crate) fn check_not_revoked(&self) -> Result<(), Error> {
        let joined = self.most_shown() > 1;
        let unasked = self
            .credentials()
            .find(|ask| ask.not_revoked.is_none() && (joined || ask.pseudonym.is_some() || ask.rate.is_some()));
        unasked.map_or(Ok(()), |ask| Err(Error::MustAskNotRevoked(ask.name.clone())))
    }

    /// Everything that is asked about one credential, on all ways. The depth is that of a JSON file, which the parser bounds.
    fn credentials(&self) -> Box<dyn Iterator<Item = &TemplateCredential> + '_> {
        match self {
            Self::All(asks) | Self::Any(asks) => Box::new(asks.iter().flat_map(Self::credentials)),
            Self::Credential(ask) => Box::new(std::iter::once(ask)),
        }
    }

    /// How many credentials an answer shows at most.
    fn most_shown(&self) -> usize {
        match self {
            Self::All(asks) => asks.iter().map(Self::most_shown).fold(0, usize::saturating_add),
            Self::Any(asks) => asks.iter().map(Self::most_shown).max().unwrap_or(0),
            Self::Credential(_) => 1,
        }
    }
}

impl TemplateCredential {
    fn resolve(
        &self,
        trust: &Trust,
        epochs: &Epochs,
        as_of: Date,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<CredentialAsk, Error> {
        let has_one = |parameters: &Parameters| self.schemas_of(parameters).next().is_some();
        let mut issuers: Vec<&Parameters> = Vec::new();
        match &self.issuers {
            None => issuers.extend(trust.all_current().into_iter().map(AsRef::as_ref).filter(|it| has_one(it))),
            Some(named) => {
                for issuer in named {
                    let parameters = trust.current(issuer).ok_or(Error::UnknownIssuer(*issuer))?;
                    if !has_one(parameters) {
                        return Err(Error::NoSuchCredential(*issuer));
                    }
                    issuers.push(parameters);
                }
            }
        }
        let mut schemas: Vec<SchemaRef> = Vec::new();
        let mut found: Vec<&Schema> = Vec::new();
        for id in &self.schemas {
            let mut known = false;
            for schema in issuers.iter().flat_map(|parameters| &parameters.content().schemas) {
                if schema.id() != id {
                    continue;
                }
                known = true;
                let named = SchemaRef { id: id.clone(), digest: schema.digest() };
                if !schemas.contains(&named) {
                    schemas.push(named);
                    found.push(schema);
                }
            }
            if !known {
                return Err(Error::UnknownSchema(id.clone()));
            }
        }
        let accept = issuers
            .iter()
            .map(|parameters| Accept { issuer: parameters.fingerprint(), parameters: parameters.digest() })
            .collect();
        let prove =
            self.prove.iter().map(|predicate| predicate.resolve(&found, as_of, rng)).collect::<Result<Vec<_>, _>>()?;
        for schema in found {
            self.fits(&prove, schema, as_of)?;
        }
        let mut not_revoked = Vec::new();
        if let Some(NotRevokedAsk { within }) = self.not_revoked {
            for parameters in issuers {
                not_revoked.extend(epochs.accepted(parameters, within, as_of)?);
            }
        }
        let Self { name, disclose, pseudonym, rate, encrypt_to, .. } = self.clone();
        Ok(CredentialAsk { name, accept, schemas, disclose, prove, not_revoked, pseudonym, rate, encrypt_to })
    }

    fn schemas_of<'p>(&self, parameters: &'p Parameters) -> impl Iterator<Item = &'p Schema> {
        parameters.content().schemas.iter().filter(|schema| self.schemas.contains(schema.id()))
    }

    /// Whether a credential of this schema can answer.
    fn fits(&self, prove: &[Predicate], schema: &Schema, as_of: Date) -> Result<(), Error> {
        let unfit = |what| Error::Unfit { schema: schema.id().clone(), what };
        if self.disclose.iter().any(|name| schema.index_of(name.as_str()).is_none()) {
            return Err(unfit("it has no claim of a name that is to be disclosed"));
        }
        let disclosed: Vec<_> = self.disclose.iter().filter_map(|name| schema.index_of(name.as_str())).collect();
        for predicate in prove {
            match predicate.resolve(schema, as_of) {
                Ok(fact) if fact.needs_published() && disclosed.contains(&fact.claim) => {
                    return Err(unfit(
                        "a claim that is disclosed is not asked to be in a published set or not on a list",
                    ));
                }
                Ok(_) => (),
                Err(CredentialError::Unfit { what } | CredentialError::Decode(DecodeError { what })) => {
                    return Err(unfit(what));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl TemplatePredicate {
    /// The predicate for credentials of these schemas, a set signed with a key of its own.
    fn resolve(&self, schemas: &[&Schema], as_of: Date, rng: &mut dyn CryptoRngCore) -> Result<Predicate, Error> {
        let ClaimValues { claim, values } = match self {
            Self::As(predicate) => return Ok(predicate.clone()),
            Self::FromNow(FromNow { on_or_after: ClaimInDays { claim, in_days } }) => {
                let days = Some(*in_days).filter(|days| *days <= MAX_DAYS_FROM_NOW);
                let date = days.and_then(|days| Date::from_days(Days(as_of.days().0.saturating_add(days))));
                let date = date.ok_or(DecodeError { what: "0 to 3,652 days, in the calendar" })?;
                return Ok(Predicate::OnOrAfter { claim: claim.clone(), date });
            }
            Self::OneOf(OneOf { values }) => values,
        };
        let mut types = schemas.iter().map(|schema| {
            let unfit = |what| Error::Unfit { schema: schema.id().clone(), what };
            let index = schema.index_of(claim.as_str());
            let index = index.ok_or_else(|| unfit("it has no claim of a name that is to be in a set"))?;
            Ok::<_, Error>((*schema, &schema.claim(index).ok_or_else(|| unfit("it has no such claim"))?.claim_type))
        });
        let (first, claim_type) = types.next().ok_or(DecodeError { what: "at least one schema to accept" })??;
        for other in types {
            let (schema, other) = other?;
            if other != claim_type {
                let what = "one set serves claims of one type, and this schema gives the claim another than the first";
                return Err(Error::Unfit { schema: schema.id().clone(), what });
            }
        }
        match SignedSet::sign(values.clone(), claim_type, rng) {
            Ok(set) => Ok(Predicate::In { claim: claim.clone(), set: SetRef::Signed(set) }),
            Err(CredentialError::Unfit { what } | CredentialError::Decode(DecodeError { what })) => {
                Err(Error::Unfit { schema: first.id().clone(), what })
            }
            Err(error) => Err(error.into()),
        }
    }
}
