//! The office: an issuer that gives invented people their cards, so that wallet and kiosk have something to show.
//!
//! ```text
//! GET  /office             name, fingerprint, parameters, and what it offers
//! POST /office/invitation  {given_names, surname, date_of_birth, person?} ──► {person, invitation}
//! POST /office/answer      application ──► answer
//! ```
//!
//! `person` is 16 random bytes that stand for a person towards the page that enrolled it: with them that person, and nobody else, is enrolled again.
//! Bytes in JSON are hexadecimal.
//!
//! Caution: it checks nobody.
//! Not here: the issuer itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use milchglas_credential::date::{Date, Month, Timestamp};
use milchglas_issuer::{Assurance, Enrolment, Error as IssuerError, Issuer};
use rand_core::{OsRng, RngCore as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The kind of card that it gives.
const SCHEMA: &str = "national-id";
/// How long an invitation can be answered.
const VALID_FOR: Duration = Duration::from_secs(600);
/// How many people it takes.
const MAX_PEOPLE: usize = 10_000;
/// For how many months a card is valid.
const MONTHS: u32 = 120;

/// An issuer of `national-id`, for demonstrations.
pub struct Office {
    issuer: Issuer,
    /// The ID number of each person.
    people: Mutex<HashMap<String, String>>,
}

impl Office {
    /// The office that this issuer is. It must have the schema `national-id`.
    #[must_use]
    pub fn new(issuer: Issuer) -> Self {
        Self { issuer, people: Mutex::default() }
    }

    /// What it does for people, by the names that the page knows.
    fn offers(&self) -> &'static [&'static str] {
        &["enrol"]
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
        let claims = json!({
            "surname": asked.surname, "given_names": asked.given_names, "id_number": number, "date_of_birth": asked.date_of_birth,
            "sex": "X", "nationality": "DE", "address": "Lindengasse 4, Glasstadt", "portrait": random::<32>(),
            "valid_from": month.to_string(), "valid_until": until.to_string(),
        })
        .to_string();
        let enrolment = Enrolment {
            schema: SCHEMA,
            claims: &claims,
            person: None,
            assurance: Assurance::Full,
            valid_for: VALID_FOR,
        };
        let invitation = self.issuer.invite(&enrolment, now, &mut OsRng).await?;
        Ok(json!({"person": person, "invitation": hex::encode(invitation.to_bytes())}))
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

async fn answer(State(office): State<Arc<Office>>, application: Bytes) -> Result<Response, Failure> {
    let answer = office.issuer.answer(&application, now()?, &mut OsRng).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}

fn now() -> Result<Timestamp, Failure> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Timestamp::from_unix(seconds).ok_or(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "clock"))
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
