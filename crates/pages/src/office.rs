//! The office: an issuer that gives invented people their cards, so that wallet and kiosk have something to show.
//!
//! ```text
//! GET  /office             name, fingerprint, parameters, and what it offers
//! POST /office/invitation  {given_names, surname, date_of_birth, person?} ──► {person, invitation}
//! POST /office/answer      application ──► answer
//! POST /office/revocation  {person}  ──► {revoked}    the cards of that person, with the next epoch
//! POST /office/epoch       {}  ──► {epoch, revoked}
//! GET  /epochs/KEY/head    /epochs/KEY/1/00000007     what is published about revocations, the same for everybody
//! ```
//!
//! `person` is 16 random bytes that stand for a person towards the page that enrolled it: with them that person, and nobody else, is enrolled again
//! or has cards revoked. Bytes in JSON are hexadecimal.
//!
//! Caution: it checks nobody.
//! Not here: the issuer itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use milchglas_credential::date::{Date, Month, Timestamp};
use milchglas_credential::digest::IssuerKeyId;
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::schema::Schema;
use milchglas_issuer::registry::{Holder, Reason};
use milchglas_issuer::{Assurance, Enrolment, Error as IssuerError, Issuer, PersonNumber};
use rand_core::{OsRng, RngCore as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long an invitation can be answered.
const VALID_FOR: Duration = Duration::from_secs(600);
/// How many people it takes.
const MAX_PEOPLE: usize = 10_000;
/// For how many months a card is valid.
const MONTHS: u32 = 120;
/// The claim of identity cards by which the office tells persons apart.
const NUMBERED_BY: &str = "id_number";

/// The kinds of cards that it gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    NationalId,
    /// Where the issuer has that schema, without a number of its own for persons: to the office they are those with the identity cards.
    TaxCredential,
}

impl Kind {
    fn schema(self) -> &'static str {
        match self {
            Self::NationalId => "national-id",
            Self::TaxCredential => "tax-credential",
        }
    }
}

/// An issuer of `national-id`, and of `tax-credential` where it has that schema, for demonstrations.
pub struct Office {
    issuer: Issuer,
    /// The ID number of each person.
    people: Mutex<HashMap<String, String>>,
    /// One at a time writes files of epochs.
    publishing: tokio::sync::Mutex<()>,
}

impl Office {
    /// The schemas of an issuer that gives both kinds of cards: those that ship, the tax credential's without a number of its own for persons.
    ///
    /// # Errors
    /// None with the schemas that ship.
    pub fn schemas() -> Result<Vec<Schema>, CredentialError> {
        let mut tax = serde_json::to_value(Schema::shipped(Kind::TaxCredential.schema())?)?;
        if let Some(fields) = tax.as_object_mut() {
            fields.remove("number");
        }
        Ok(vec![Schema::national_id()?, serde_json::from_value(tax)?])
    }

    /// The office that this issuer is. It must have the schema `national-id`. What it has not yet published about revocations it publishes.
    ///
    /// # Errors
    /// Those of [`Issuer::write_epochs`].
    pub async fn open(issuer: Issuer) -> Result<Self, IssuerError> {
        let office = Self { issuer, people: Mutex::default(), publishing: tokio::sync::Mutex::default() };
        let now =
            Timestamp::from_unix(unix_now()).ok_or(IssuerError::Misuse { what: "a clock before the year 10,000" })?;
        office.issuer.newest_epochs(now).await?;
        office.issuer.write_epochs(&office.issuer.epochs_folder(), |_, _| ()).await?;
        Ok(office)
    }

    /// What it does for people, by the names that the page knows.
    fn offers(&self) -> Vec<&'static str> {
        let tax = self.issuer.schema(Kind::TaxCredential.schema()).filter(|schema| schema.number().is_none());
        ["enrol", "revoke", "epoch"].into_iter().chain(tax.map(|_| "tax")).collect()
    }

    fn description(&self) -> Result<Value, Failure> {
        let parameters = self.issuer.parameters();
        Ok(json!({
            "name": parameters.content().name,
            "fingerprint": parameters.fingerprint(),
            "parameters": parameters.to_json().map_err(|error| Failure::input(&error))?,
            "offers": self.offers(),
        }))
    }

    async fn invite(&self, asked: &Asked, now: Timestamp) -> Result<Value, Failure> {
        let (person, number) = self.person(asked.person.as_deref())?;
        let month = now.date().month();
        let until = Month::from_index(month.index() + MONTHS).unwrap_or(month);
        let mut claims = match asked.kind {
            Kind::NationalId => json!({
                "id_number": number, "date_of_birth": asked.date_of_birth, "sex": "X", "nationality": "DE",
                "address": "Lindengasse 4, Glasstadt", "portrait": random::<32>(),
            }),
            Kind::TaxCredential => json!({
                "tax_number": number, "residence": "resident", "registered": now.date(), "in_good_standing": true,
            }),
        };
        for (claim, value) in [
            ("surname", &asked.surname),
            ("given_names", &asked.given_names),
            ("valid_from", &month.to_string()),
            ("valid_until", &until.to_string()),
        ] {
            claims[claim] = json!(value);
        }
        let holder = PersonNumber { space: NUMBERED_BY, number: &number };
        let enrolment = Enrolment {
            schema: asked.kind.schema(),
            claims: &claims.to_string(),
            person: (asked.kind == Kind::TaxCredential).then_some(holder),
            assurance: Assurance::Full,
            valid_for: VALID_FOR,
        };
        let invitation = self.issuer.invite(&enrolment, now, &mut OsRng).await?;
        Ok(json!({"person": person, "invitation": hex::encode(invitation.to_bytes())}))
    }

    /// All cards of the person, of both kinds.
    async fn revoke(&self, person: &str, now: Timestamp) -> Result<Value, Failure> {
        let (_, number) = self.person(Some(person))?;
        let person = self.issuer.person(PersonNumber { space: NUMBERED_BY, number: &number })?;
        let revoked = self.issuer.revoke_all(Holder::Tag(person), Reason::Lost, now).await?;
        Ok(json!({"revoked": revoked}))
    }

    async fn publish(&self, now: Timestamp) -> Result<Value, Failure> {
        let _alone = self.publishing.lock().await;
        let folder = self.issuer.epochs_folder();
        self.issuer.write_epochs(&folder, |_, _| ()).await?;
        let published = self.issuer.publish_epochs(now, |_, _| ()).await?;
        self.issuer.write_epochs(&folder, |_, _| ()).await?;
        let heads = || published.iter().map(|epoch| epoch.head.unverified());
        let newest = heads().map(|head| head.epoch.0).max();
        Ok(json!({"epoch": newest, "revoked": heads().map(|head| head.revoked).sum::<u32>()}))
    }

    /// A file that is published, if there is one under this name.
    async fn published(&self, path: &str) -> Option<Vec<u8>> {
        let (key, name) = path.split_once('/')?;
        key.parse::<IssuerKeyId>().ok()?;
        if let Some((power, epoch)) = name.split_once('/') {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if !digits(power) || !digits(epoch) {
                return None;
            }
        } else if name != "head" {
            return None;
        }
        let path = self.issuer.epochs_folder().join(path);
        tokio::task::spawn_blocking(|| std::fs::read(path)).await.ok()?.ok()
    }

    /// The person and its number; a new one where none is named.
    fn person(&self, known: Option<&str>) -> Result<(String, String), Failure> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known {
            let number = people.get(known).ok_or(Failure::new(StatusCode::NOT_FOUND, "unknown_person"))?;
            return Ok((known.to_owned(), number.clone()));
        }
        if people.len() >= MAX_PEOPLE {
            return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "full"));
        }
        let (person, number) = (random::<16>(), format!("T{}", random::<6>().to_uppercase()));
        people.insert(person.clone(), number.clone());
        Ok((person, number))
    }
}

pub(crate) fn router(office: Office) -> Router {
    Router::new()
        .route("/office", get(describe))
        .route("/office/invitation", post(invite))
        .route("/office/answer", post(answer))
        .route("/office/revocation", post(revoke))
        .route("/office/epoch", post(publish))
        .route("/epochs/{*path}", get(published))
        .with_state(Arc::new(office))
}

/// Who wants a card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    given_names: String,
    surname: String,
    date_of_birth: Date,
    person: Option<String>,
    #[serde(default)]
    kind: Kind,
}

async fn describe(State(office): State<Arc<Office>>) -> Result<Response, Failure> {
    Ok(as_json(StatusCode::OK, &office.description()?))
}

async fn invite(State(office): State<Arc<Office>>, body: Bytes) -> Result<Response, Failure> {
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| Failure::input(&error))?;
    let now = now()?;
    if asked.date_of_birth > now.date() {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not_born_yet"));
    }
    Ok(as_json(StatusCode::OK, &office.invite(&asked, now).await?))
}

/// Whose cards are to be revoked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    person: String,
}

async fn revoke(State(office): State<Arc<Office>>, body: Bytes) -> Result<Response, Failure> {
    let lost: Lost = serde_json::from_slice(&body).map_err(|error| Failure::input(&error))?;
    Ok(as_json(StatusCode::OK, &office.revoke(&lost.person, now()?).await?))
}

async fn publish(State(office): State<Arc<Office>>) -> Result<Response, Failure> {
    Ok(as_json(StatusCode::OK, &office.publish(now()?).await?))
}

async fn published(State(office): State<Arc<Office>>, UrlPath(path): UrlPath<String>) -> Response {
    let caching = if path.ends_with("/head") { "no-cache" } else { "public, max-age=31536000, immutable" };
    match office.published(&path).await {
        Some(bytes) => {
            let described = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, caching)];
            (described, bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn answer(State(office): State<Arc<Office>>, application: Bytes) -> Result<Response, Failure> {
    let answer = office.issuer.answer(&application, now()?, &mut OsRng).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn now() -> Result<Timestamp, Failure> {
    Timestamp::from_unix(unix_now()).ok_or(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "clock"))
}

/// Fresh random bytes, in hexadecimal.
fn random<const N: usize>() -> String {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

fn as_json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_string(body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Why the office does not: a word for the page, and a sentence.
struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, message: String::new() }
    }

    fn input(error: &impl ToString) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "input", message: error.to_string() }
    }
}

impl From<IssuerError> for Failure {
    fn from(error: IssuerError) -> Self {
        let (status, code, message) = match &error {
            IssuerError::Input(error) => (StatusCode::BAD_REQUEST, "input", error.to_string()),
            IssuerError::Invalid => (StatusCode::BAD_REQUEST, "invalid", error.to_string()),
            IssuerError::Refused(refusal) => (StatusCode::CONFLICT, "refused", refusal.sentence().to_owned()),
            IssuerError::Misuse { .. }
            | IssuerError::File(_)
            | IssuerError::Damaged { .. }
            | IssuerError::Storage(_)
            | _ => (StatusCode::INTERNAL_SERVER_ERROR, "storage", "The office can not work at present.".to_owned()),
        };
        Self { status, code, message }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        as_json(self.status, &json!({"error": {"code": self.code, "message": self.message}}))
    }
}
