//! Inviting a person whom an officer has checked.
//!
//! The registry knows the person by `HMAC-SHA-256(key, number space ‖ number)`, where the space is the name of the claim that numbers the
//! person, or what the officer says where the schema has no such claim: so two schemas can name the same person.
//!
//! Caution: numbers are compared byte by byte; `t1` and `T1` are two persons.
//! Not here: issuing.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, Mac};
use milchglas_credential::cbor::Writer;
use milchglas_credential::claim::{Claims, MAX_TEXT, Value};
use milchglas_credential::date::{Month, Timestamp};
use milchglas_credential::digest::InvitationNonce;
use milchglas_credential::error::{DecodeError, Error as CredentialError};
use milchglas_credential::issuance::{Invitation, SignedInvitation};
use milchglas_credential::number::Number;
use milchglas_credential::schema::Schema;
use milchglas_credential::text::ClaimName;
use rand_core::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::keys::random;
use crate::registry::{self, Assurance, PersonTag, UnixSeconds};
use crate::{Error, Issuer, Refusal, waiting_claims};

/// What the officer enters about a person.
#[derive(Clone, Copy)]
pub struct Enrolment<'a> {
    /// The name of the schema.
    pub schema: &'a str,
    /// The claims as a JSON object. The schema's assurance claim may be left out; it is set from `assurance`.
    pub claims: &'a str,
    /// The person's number, if and only if the schema has no claim for it.
    pub person: Option<PersonNumber<'a>>,
    /// How the person was checked.
    pub assurance: Assurance,
    /// How long the invitation can be answered, in whole seconds.
    pub valid_for: Duration,
}

/// A person's number that is not put on the card.
#[derive(Clone, Copy)]
pub struct PersonNumber<'a> {
    /// In which numbering it is unique, written like a claim's name. To be the same person as in another schema: the name of the claim that numbers persons there.
    pub space: &'a str,
    /// The number, as text.
    pub number: &'a str,
}

impl Issuer {
    /// Invites the person to apply for one credential, once. The claims wait, encrypted, until the invitation is answered or
    /// expires.
    ///
    /// Whoever has the invitation may apply in the person's place: it is handed to the person and to nobody else.
    ///
    /// # Errors
    /// [`Error::Input`] if the claims do not fit the schema, or the person's number is no number; [`Error::Refused`] with the rule that
    /// says no; [`Error::Misuse`] if the invitation would expire at once or after the year 9999; [`Error::Storage`].
    pub async fn invite(
        &self,
        enrolment: &Enrolment<'_>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<SignedInvitation, Error> {
        let (waiting, invitation) = self.prepare(enrolment, now, rng)?;
        self.registry.invite(&waiting, UnixSeconds(now.as_unix())).await?;
        Ok(SignedInvitation::sign(invitation, &self.keys.identity))
    }

    /// An invitation as the registry stores it, and as it will be signed.
    pub(crate) fn prepare(
        &self,
        enrolment: &Enrolment<'_>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<(registry::Invitation, Invitation), Error> {
        let schema = self.schema(enrolment.schema).ok_or(Refusal::UnknownSchema)?;
        let claims = read_claims(schema, enrolment.claims, enrolment.assurance)?;
        check_validity(schema, &claims, now)?;
        let person = self.person_tag(schema, &claims, enrolment.person)?;
        let expires = now
            .as_unix()
            .checked_add(enrolment.valid_for.as_secs())
            .and_then(Timestamp::from_unix)
            .filter(|expires| *expires > now)
            .ok_or(Error::Misuse { what: "an invitation ends after it begins, and by the year 9999" })?;
        let nonce = *random(rng)?;
        let mut waiting = registry::Invitation {
            nonce: registry::InvitationNonce(nonce),
            person,
            assurance: enrolment.assurance,
            schema: registry::SchemaDigest(schema.digest().0),
            expires: UnixSeconds(expires.as_unix()),
            payload: Vec::new(),
        };
        let parameters = self.parameters.digest();
        waiting.payload = waiting_claims::seal(&self.keys.claims, &parameters, &claims, &waiting, rng)?;
        let invitation = Invitation {
            issuer: self.parameters.fingerprint(),
            parameters,
            schema: schema.digest(),
            nonce: InvitationNonce(nonce),
            expires,
        };
        Ok((waiting, invitation))
    }

    /// How the registry knows the person with this number: for look-ups with [`registry::Registry::person`].
    ///
    /// # Errors
    /// [`Error::Input`] if the space is not written like a claim's name, or the number is empty, too long or has outer spaces.
    pub fn person(&self, person: PersonNumber<'_>) -> Result<PersonTag, Error> {
        let space: ClaimName = person.space.parse().map_err(CredentialError::Decode)?;
        let number = person.number;
        if number.is_empty() || number.trim() != number || number.len() > MAX_TEXT {
            return Err(decode("a person's number of 1 to 1,024 bytes without outer spaces"));
        }
        self.tag(&space, number)
    }

    fn person_tag(
        &self,
        schema: &Schema,
        claims: &Claims,
        person: Option<PersonNumber<'_>>,
    ) -> Result<PersonTag, Error> {
        let index = match (schema.number(), person) {
            (Some(index), None) => index,
            (None, Some(person)) => return self.person(person),
            (None, None) => return Err(Refusal::PersonNumberMissing.into()),
            (Some(_), Some(_)) => return Err(Refusal::PersonNumberTwice.into()),
        };
        let missing = Error::Misuse { what: "claims of the schema" };
        let claim = schema.claim(index).ok_or(missing)?;
        match claims.get(index) {
            Some(Value::Text(number)) => self.tag(&claim.name, number),
            Some(Value::Integer(number)) => self.tag(&claim.name, &Zeroizing::new(number.to_string())),
            Some(
                Value::Date(_)
                | Value::Month(_)
                | Value::Boolean(_)
                | Value::Code(_)
                | Value::Digest(_)
                | Value::Absent,
            )
            | None => Err(Error::Misuse { what: "a schema numbers persons with a text or an integer" }),
        }
    }

    fn tag(&self, space: &ClaimName, number: &str) -> Result<PersonTag, Error> {
        let mut out = Writer::new();
        out.array(3).text("milchglas person/1").object(space).text(number);
        let message = Zeroizing::new(out.into_bytes());
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(self.keys.persons.as_slice());
        let mac = mac.map_err(|_| Error::Misuse { what: "HMAC takes keys of any length" })?;
        Ok(PersonTag(mac.chain_update(&*message).finalize().into_bytes().into()))
    }
}

/// The claims, with the assurance that the officer says.
pub(crate) fn read_claims(schema: &Schema, claims: &str, assurance: Assurance) -> Result<Claims, Error> {
    let Some(index) = schema.assurance() else {
        return Ok(Claims::from_json(schema, claims)?);
    };
    let assurance = Value::Integer(Number::from(assurance.level()));
    let claims = Claims::from_json_with(schema, claims, &[(index, assurance.clone())])?;
    if claims.get(index) != Some(&assurance) {
        return Err(Refusal::AssuranceContradicts.into());
    }
    Ok(claims)
}

/// Claims are issued in the months in which they are valid, counted in UTC.
pub(crate) fn check_validity(schema: &Schema, claims: &Claims, now: Timestamp) -> Result<(), Error> {
    let month = i128::from(now.date().month().index());
    let Some(validity) = schema.validity() else {
        return Ok(());
    };
    let number = |index| claims.get(index).and_then(Value::number);
    match (number(validity.from), number(validity.until)) {
        (Some(from), _) if month < from => Err(Refusal::NotYetValid.into()),
        (_, Some(until)) if month > until => Err(Refusal::NoLongerValid.into()),
        (Some(_), Some(_)) => Ok(()),
        (None, _) | (_, None) => Err(Error::Misuse { what: "months of validity are never absent" }),
    }
}

/// The last month in which the claims are valid; the last of all where the schema has no such claim.
pub(crate) fn valid_until(schema: &Schema, claims: &Claims) -> Option<Month> {
    match schema.validity().map(|validity| claims.get(validity.until)) {
        Some(Some(Value::Month(month))) => Some(*month),
        None => Month::from_ym(9999, 12),
        Some(_) => None,
    }
}

fn decode(what: &'static str) -> Error {
    Error::Input(CredentialError::Decode(DecodeError { what }))
}

impl fmt::Debug for Enrolment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(..)")
    }
}

impl fmt::Debug for PersonNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonNumber(..)")
    }
}
