//! Purpose profiles: what a kind of verifier may ask.
//!
//! A purchase may ask nothing, a café whether its guest is an adult, a bank what the law names. A profile lists, for each kind of credential by the
//! id of its schema, the claims that may be disclosed and the predicates that may be asked, where needed with the bounds that may be
//! asked. What a profile does not list it does not permit; a predicate that this version does not know is permitted to nobody.
//!
//! The profiles in `profiles/` ship with the crate ([`Profile::shipped`]). Others come in a signed [trust list](crate::trust_list).
//!
//! Spec: `spec/encodings.md`, Profile; `spec/request-language.md`, Profiles.
//! Caution: a request states ids of schemas for people to read; check under the id of the schema whose digest it names.
//! Not here: which profile holds for whom, and what to do with a request that goes beyond it (the wallet's policy).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cbor::{Reader, Wire, Writer};
use crate::claim::{Literal, MAX_TEXT};
use crate::date::Date;
use crate::error::{DecodeError, Error};
use crate::json::{from_json, to_json};
use crate::number::Number;
use crate::predicate::Predicate;
use crate::request::CredentialAsk;
use crate::set::SetRef;
use crate::text::{ClaimName, Label, is_readable, quoted};

const FORMAT: &str = "profile/1";
/// Most bytes of a profile file.
const MAX_JSON: usize = 1 << 16;
const MAX_TITLE: usize = 64;
/// Most rules of a profile, and schemas of a rule.
const MAX_RULES: usize = 16;
/// Most claims that a rule permits to be disclosed.
const MAX_DISCLOSE: usize = 64;
/// Most predicates that a rule permits.
const MAX_PROVE: usize = 64;
/// Most values of a limit.
const MAX_VALUES: usize = 16;
const MAX_YEARS: u16 = 150;
/// Furthest from the as-of date that a limit may say, in days: the window of a range of dates.
const MAX_DAYS: i32 = 65_536;

/// The files of the shipped profiles, by their ids.
const SHIPPED: [(&str, &str); 8] = [
    ("purchase", include_str!("../profiles/purchase.json")),
    ("cafe", include_str!("../profiles/cafe.json")),
    ("hotel", include_str!("../profiles/hotel.json")),
    ("train", include_str!("../profiles/train.json")),
    ("bank", include_str!("../profiles/bank.json")),
    ("company", include_str!("../profiles/company.json")),
    ("phone", include_str!("../profiles/phone.json")),
    ("visa", include_str!("../profiles/visa.json")),
];

/// What one kind of verifier may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, which requests give.
    pub id: Label,
    /// What people call the purpose, 1 to 64 readable characters.
    pub title: String,
    /// What may be asked about credentials; nothing about those that no rule names.
    pub permit: Vec<Rule>,
    /// Whether the verifier may recognise the holder in its own scope.
    #[serde(default)]
    pub pseudonym: bool,
    /// Whether it may count what one holder does.
    #[serde(default)]
    pub rate: bool,
    /// Whether it may ask for a ciphertext that inspectors can open.
    #[serde(default)]
    pub encrypt_to: bool,
    /// Whether the answer may be a signature over a document.
    #[serde(default)]
    pub document: bool,
}

/// What may be asked about credentials of some kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The ids of the schemas.
    pub schemas: Vec<Label>,
    /// The claims that may be disclosed. A list's name stands for all of its claims.
    #[serde(default)]
    pub disclose: Vec<ClaimName>,
    /// What may be asked about claims that stay hidden.
    #[serde(default)]
    pub prove: Vec<Permission>,
}

/// A predicate that may be asked, with any bounds or with some only.
///
/// A limit that does not belong to the predicate permits nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The predicate's name in the request language.
    pub predicate: Label,
    /// The claim; none for `valid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimName>,
    /// For ages: the years that may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<Vec<u16>>,
    /// For days: the first and the last that may be asked, counted from the as-of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<[i32; 2]>,
    /// For numbers and values: those that may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Literal>>,
}

/// What a request asks beyond a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// To be shown a credential of this kind.
    Credential(Label),
    /// To be told this claim.
    Disclosure(ClaimName),
    /// A proof by the predicate of this name, about this claim or about the validity.
    Proof(&'static str, Option<ClaimName>),
    /// Something besides claims.
    Extra(Extra),
}

/// What a request may ask besides claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// A name by which the verifier recognises the holder.
    Pseudonym,
    /// A token that counts what one holder does.
    Rate,
    /// A ciphertext that inspectors can open.
    EncryptTo,
    /// A signature over a document.
    Document,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    milchglas: String,
    id: Label,
    title: String,
    permit: Vec<Rule>,
    #[serde(default)]
    pseudonym: bool,
    #[serde(default)]
    rate: bool,
    #[serde(default)]
    encrypt_to: bool,
    #[serde(default)]
    document: bool,
}

impl Profile {
    /// The profiles that ship with the crate.
    ///
    /// # Errors
    /// None in a released version; a test reads the files.
    pub fn all_shipped() -> Result<Vec<Self>, Error> {
        SHIPPED.into_iter().map(|(_, json)| Self::from_json(json)).collect()
    }

    /// The shipped profile of that name.
    ///
    /// # Errors
    /// As [`Profile::all_shipped`].
    pub fn shipped(id: &Label) -> Result<Option<Self>, Error> {
        let file = SHIPPED.into_iter().find(|(shipped, _)| *shipped == id.as_str());
        file.map(|(_, json)| Self::from_json(json)).transpose()
    }

    /// Reads a profile file.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Decode`] where it is no profile.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_JSON {
            return Err(Error::decode("the profile file is too long"));
        }
        let file: ProfileFile = from_json(json)?;
        if file.milchglas != FORMAT {
            return Err(Error::decode("the format of a profile is profile/1"));
        }
        let ProfileFile { milchglas: _, id, title, permit, pseudonym, rate, encrypt_to, document } = file;
        let profile = Self { id, title, permit, pseudonym, rate, encrypt_to, document };
        profile.check()?;
        Ok(profile)
    }

    /// The profile file.
    ///
    /// # Errors
    /// None that can happen: a profile has a JSON form.
    pub fn to_json(&self) -> Result<String, Error> {
        let Self { id, title, permit, pseudonym, rate, encrypt_to, document } = self.clone();
        let milchglas = FORMAT.to_owned();
        let file = ProfileFile { milchglas, id, title, permit, pseudonym, rate, encrypt_to, document };
        to_json(&file)
    }

    /// Checks the rules of the format.
    ///
    /// # Errors
    /// [`DecodeError`] naming the rule that is broken.
    pub fn check(&self) -> Result<(), DecodeError> {
        if !is_readable(&self.title, MAX_TITLE) {
            return Err(DecodeError { what: "a profile's title of 1 to 64 readable characters" });
        }
        if self.permit.len() > MAX_RULES {
            return Err(DecodeError { what: "at most 16 rules of a profile" });
        }
        self.permit.iter().try_for_each(Rule::check)?;
        let schemas: Vec<&Label> = self.permit.iter().flat_map(|rule| &rule.schemas).collect();
        if !all_different(&schemas) {
            return Err(DecodeError { what: "a profile with at most one rule for a schema" });
        }
        Ok(())
    }

    /// Whether a credential of a schema may be asked for what is asked. The first thing that may not is the error: what is to be disclosed
    /// before what is to be proven, in the order of the request.
    ///
    /// # Errors
    /// [`Beyond`].
    pub fn permits(&self, ask: &CredentialAsk, schema: &Label, as_of: Date) -> Result<(), Beyond> {
        let rule = self.rule(schema);
        for claim in &ask.disclose {
            if !rule.is_some_and(|rule| rule.disclose.iter().any(|listed| names(listed, claim))) {
                return Err(Beyond::Disclosure(claim.clone()));
            }
        }
        for predicate in &ask.prove {
            if !rule.is_some_and(|rule| rule.permits(predicate, as_of)) {
                return Err(Beyond::Proof(predicate.name(), predicate.claim().cloned()));
            }
        }
        if rule.is_some() { Ok(()) } else { Err(Beyond::Credential(schema.clone())) }
    }

    /// Whether a claim may be compared with one of another credential: it may be disclosed, or `same_as` may be asked of it. A
    /// comparison tells of both its sides, so both are to be permitted.
    ///
    /// # Errors
    /// [`Beyond::Proof`].
    pub fn permits_comparison(&self, schema: &Label, claim: &ClaimName) -> Result<(), Beyond> {
        let permitted = self.rule(schema).is_some_and(|rule| {
            let compared = |listed: &Permission| {
                listed.predicate.as_str() == "same_as"
                    && listed.claim.as_ref().is_some_and(|listed| names(listed, claim))
            };
            rule.disclose.iter().any(|listed| names(listed, claim)) || rule.prove.iter().any(compared)
        });
        if permitted { Ok(()) } else { Err(Beyond::Proof("same_as", Some(claim.clone()))) }
    }

    /// Whether something besides claims may be asked.
    ///
    /// # Errors
    /// [`Beyond::Extra`].
    pub fn permits_extra(&self, extra: Extra) -> Result<(), Beyond> {
        let permitted = match extra {
            Extra::Pseudonym => self.pseudonym,
            Extra::Rate => self.rate,
            Extra::EncryptTo => self.encrypt_to,
            Extra::Document => self.document,
        };
        if permitted { Ok(()) } else { Err(Beyond::Extra(extra)) }
    }

    /// Whether a proof about a claim may be asked, so that it need not be disclosed.
    #[must_use]
    pub fn permits_a_proof(&self, schema: &Label, claim: &ClaimName) -> bool {
        let prove = self.rule(schema).map(|rule| &rule.prove[..]).unwrap_or_default();
        prove.iter().filter_map(|permission| permission.claim.as_ref()).any(|listed| names(listed, claim))
    }

    fn rule(&self, schema: &Label) -> Option<&Rule> {
        self.permit.iter().find(|rule| rule.schemas.contains(schema))
    }
}

impl Rule {
    /// Whether the predicate is listed. To be in one of two ranges says less than to be in either, so it may be asked where both may.
    fn permits(&self, predicate: &Predicate, as_of: Date) -> bool {
        let listed = |predicate: &Predicate| self.prove.iter().any(|listed| listed.permits(predicate, as_of));
        listed(predicate)
            || match predicate {
                Predicate::AnyHidden { claim, of } => of.iter().all(|range| listed(&range.of(claim))),
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
                | Predicate::SameAs { .. }
                | Predicate::In { .. }
                | Predicate::NotInList { .. } => false,
            }
    }

    fn check(&self) -> Result<(), DecodeError> {
        if self.schemas.is_empty() || self.schemas.len() > MAX_RULES {
            return Err(DecodeError { what: "a rule for 1 to 16 schemas" });
        }
        if self.disclose.len() > MAX_DISCLOSE || !all_different(&self.disclose) {
            return Err(DecodeError { what: "a rule with at most 64 different claims to disclose" });
        }
        if self.prove.len() > MAX_PROVE || !all_different(&self.prove) {
            return Err(DecodeError { what: "a rule with at most 64 different predicates" });
        }
        self.prove.iter().try_for_each(Permission::check)
    }
}

impl Permission {
    fn check(&self) -> Result<(), DecodeError> {
        let fits = |count: usize| (1..=MAX_VALUES).contains(&count);
        if let Some(years) = &self.years
            && !(fits(years.len()) && years.iter().all(|years| (1..=MAX_YEARS).contains(years)))
        {
            return Err(DecodeError { what: "a limit of 1 to 16 ages, each of 1 to 150 years" });
        }
        if let Some([first, last]) = self.days
            && !(-MAX_DAYS <= first && first <= last && last <= MAX_DAYS)
        {
            return Err(DecodeError { what: "a limit of days, the first not after the last, at most 65,536 away" });
        }
        let readable = |value: &Literal| match value {
            Literal::Text(text) => text.len() <= MAX_TEXT && is_readable(text, MAX_TEXT),
            Literal::Boolean(_) | Literal::Integer(_) => true,
        };
        if let Some(values) = &self.values
            && !(fits(values.len()) && values.iter().all(readable))
        {
            return Err(DecodeError { what: "a limit of 1 to 16 values that can be read" });
        }
        Ok(())
    }

    fn permits(&self, predicate: &Predicate, as_of: Date) -> bool {
        let same_claim = match (&self.claim, predicate.claim()) {
            (Some(listed), Some(claim)) => names(listed, claim),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.predicate.as_str() == predicate.name() && same_claim && self.covers(predicate, as_of)
    }

    /// Whether the predicate's bounds are among those that the limits name. A limit of another kind covers nothing.
    fn covers(&self, predicate: &Predicate, as_of: Date) -> bool {
        let Self { predicate: _, claim: _, years, days, values } = self;
        let unlimited = [years.is_some(), days.is_some(), values.is_some()] == [false; 3];
        let day = |date: &Date| i64::from(date.days().0) - i64::from(as_of.days().0);
        unlimited
            || match (predicate, years, days, values) {
                (Predicate::AgeAtLeast { years, .. } | Predicate::AgeUnder { years, .. }, Some(listed), None, None) => {
                    listed.contains(years)
                }
                (
                    Predicate::OnOrBefore { date, .. } | Predicate::OnOrAfter { date, .. },
                    None,
                    Some([first, last]),
                    None,
                ) => (i64::from(*first)..=i64::from(*last)).contains(&day(date)),
                (Predicate::AtLeast { value, .. } | Predicate::AtMost { value, .. }, None, None, Some(listed)) => {
                    listed.contains(&Literal::Integer(*value))
                }
                (Predicate::Equals { value, .. }, None, None, Some(listed)) => listed.contains(value),
                // Exactly those: a smaller set tells more.
                (Predicate::In { set: SetRef::Signed(set), .. }, None, None, Some(listed)) => {
                    set.values.len() == listed.len() && set.values.iter().all(|value| listed.contains(value))
                }
                (
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
                    | Predicate::In { .. }
                    | Predicate::NotInList { .. },
                    ..,
                ) => false,
            }
    }
}

impl Beyond {
    /// The claim that it is about.
    #[must_use]
    pub fn claim(&self) -> Option<&ClaimName> {
        match self {
            Self::Disclosure(claim) => Some(claim),
            Self::Proof(_, claim) => claim.as_ref(),
            Self::Credential(_) | Self::Extra(_) => None,
        }
    }

    /// What is asked, to go on after “asks for”, with a claim's title where it is known.
    #[must_use]
    pub fn sentence(&self, title: Option<&str>) -> String {
        let about = |claim: &ClaimName| title.map_or_else(|| quoted(claim.as_str()), quoted);
        match self {
            Self::Credential(schema) => format!("a credential of kind {}", quoted(schema.as_str())),
            Self::Disclosure(claim) => format!("the disclosure of {}", about(claim)),
            Self::Proof(predicate, Some(claim)) => {
                format!("the proof {} about {} with these bounds", quoted(predicate), about(claim))
            }
            Self::Proof(predicate, None) => format!("the proof {}", quoted(predicate)),
            Self::Extra(Extra::Pseudonym) => "a name by which you are recognised".to_owned(),
            Self::Extra(Extra::Rate) => "a token that counts what you do".to_owned(),
            Self::Extra(Extra::EncryptTo) => "a ciphertext by which inspectors find out who you are".to_owned(),
            Self::Extra(Extra::Document) => "your signature over a document".to_owned(),
        }
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(None))
    }
}

/// Whether a listed name stands for a claim: its own, or that of its list.
fn names(listed: &ClaimName, claim: &ClaimName) -> bool {
    listed == claim || claim.as_str().split_once('.').is_some_and(|(list, _)| list == listed.as_str())
}

fn all_different<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(place, item)| !items.iter().take(place).any(|earlier| earlier == item))
}

impl Wire for Profile {
    fn write(&self, out: &mut Writer) {
        out.array(7).object(&self.id).text(&self.title).list(self.permit.iter());
        out.bool(self.pseudonym).bool(self.rate).bool(self.encrypt_to).bool(self.document);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a profile";
        input.array(7, what)?;
        let profile = Self {
            id: input.object()?,
            title: input.text(4 * MAX_TITLE, what)?.to_owned(),
            permit: input.list(MAX_RULES, what)?,
            pseudonym: input.bool(what)?,
            rate: input.bool(what)?,
            encrypt_to: input.bool(what)?,
            document: input.bool(what)?,
        };
        profile.check()?;
        Ok(profile)
    }
}

impl Wire for Rule {
    fn write(&self, out: &mut Writer) {
        out.array(3).list(self.schemas.iter()).list(self.disclose.iter()).list(self.prove.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a rule of a profile";
        input.array(3, what)?;
        Ok(Self {
            schemas: input.list(MAX_RULES, what)?,
            disclose: input.list(MAX_DISCLOSE, what)?,
            prove: input.list(MAX_PROVE, what)?,
        })
    }
}

impl Wire for Permission {
    fn write(&self, out: &mut Writer) {
        out.array(5).object(&self.predicate);
        match &self.claim {
            Some(claim) => out.object(claim),
            None => out.null(),
        };
        match &self.years {
            Some(years) => years.iter().fold(out.array(years.len()), |out, years| out.uint((*years).into())),
            None => out.null(),
        };
        match &self.days {
            Some(days) => days.iter().fold(out.array(2), |out, day| out.int(Number::from(i64::from(*day)))),
            None => out.null(),
        };
        match &self.values {
            Some(values) => out.list(values.iter()),
            None => out.null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a predicate that a profile permits";
        let error = DecodeError { what };
        input.array(5, what)?;
        let predicate = input.object()?;
        let claim = if input.null(what)? { None } else { Some(input.object()?) };
        let years = if input.null(what)? {
            None
        } else {
            let mut years = Vec::new();
            for _ in 0..input.array_up_to(MAX_VALUES, what)? {
                years.push(u16::try_from(input.uint(what)?).map_err(|_| error)?);
            }
            Some(years)
        };
        let days = if input.null(what)? {
            None
        } else {
            input.array(2, what)?;
            let mut day = || i32::try_from(input.int(what)?.get()).map_err(|_| error);
            Some([day()?, day()?])
        };
        let values = if input.null(what)? { None } else { Some(input.list(MAX_VALUES, what)?) };
        Ok(Self { predicate, claim, years, days, values })
    }
}
