//! The people of the suites: an issuer, a holder with a card, a verifier that asks.

use milchglas_credential::claim::Claims;
use milchglas_credential::compile::{Plan, compile};
use milchglas_credential::credential::{Credential, HolderSecret, Holdings};
use milchglas_credential::date::Date;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Presentation, verify_all};
use milchglas_credential::request::{Ask, Request};
use milchglas_credential::schema::Schema;
use milchglas_tests::{SeededRng, TestIssuer, holder, only_selection, request, today};
use rand_core::OsRng;

/// The messages of the card that is compared with others: holder secret, handle and eight claims.
pub const MESSAGES: usize = 10;
/// The claims that it discloses.
pub const DISCLOSED: [&str; 3] = ["surname", "given_names", "id_number"];

/// One holder with one card.
pub struct Scene {
    /// The issuer.
    pub issuer: TestIssuer,
    /// The card's schema.
    pub schema: Schema,
    /// The holder's secret.
    pub k: HolderSecret,
    /// The card.
    pub credential: Credential,
}

/// "At least 18 years old today": a range of 16 bits.
#[must_use]
pub fn adult() -> Predicate {
    Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 18 }
}

/// "Within its validity": a range of 8 bits.
#[must_use]
pub fn valid() -> Predicate {
    Predicate::Valid
}

/// A schema of `messages` messages in all, from 8 on.
#[must_use]
pub fn schema(messages: usize) -> Schema {
    let fillers: String =
        (8..messages).map(|i| format!(r#", {{"name": "filler_{i}", "title": "filler", "type": "text"}}"#)).collect();
    let json = format!(
        r#"{{"milchglas": "schema/1", "id": "bench-{messages}", "title": "bench card", "claims": [
            {{"name": "surname", "title": "surname", "type": "text"}},
            {{"name": "given_names", "title": "given names", "type": "text"}},
            {{"name": "id_number", "title": "ID number", "type": "text"}},
            {{"name": "date_of_birth", "title": "date of birth", "type": "date"}},
            {{"name": "valid_from", "title": "valid from", "type": "month"}},
            {{"name": "valid_until", "title": "valid until", "type": "month"}}{fillers}],
            "validity": {{"from": "valid_from", "until": "valid_until"}}}}"#
    );
    Schema::from_json(&json).unwrap()
}

/// Claims for [`schema`].
#[must_use]
pub fn claims(schema: &Schema, messages: usize) -> Claims {
    let fillers: String = (8..messages).map(|i| format!(r#", "filler_{i}": "something {i}""#)).collect();
    let json = format!(
        r#"{{"surname": "Muster", "given_names": "Erika", "id_number": "T22000129", "date_of_birth": "1990-01-31",
            "valid_from": "2024-01", "valid_until": "2033-12"{fillers}}}"#
    );
    Claims::from_json(schema, &json).unwrap()
}

/// A card of nothing but `dates` dates, and the claims on it.
#[must_use]
pub fn dates(dates: usize) -> (Schema, Claims) {
    let list = |item: fn(usize) -> String| (0..dates).map(item).collect::<Vec<_>>().join(", ");
    let declared = list(|i| format!(r#"{{"name": "date_{i}", "title": "date", "type": "date"}}"#));
    let json =
        format!(r#"{{"milchglas": "schema/1", "id": "bench-dates", "title": "bench card", "claims": [{declared}]}}"#);
    let schema = Schema::from_json(&json).unwrap();
    let claims = list(|i| format!(r#""date_{i}": "2020-01-{:02}""#, i + 1));
    let claims = Claims::from_json(&schema, &format!("{{{claims}}}")).unwrap();
    (schema, claims)
}

/// "From the year 2000 on": a range of 16 bits over one claim of [`dates`].
#[must_use]
pub fn recent(date: usize) -> Predicate {
    let first = Date::from_ymd(2000, 1, 1).unwrap();
    Predicate::OnOrAfter { claim: format!("date_{date}").parse().unwrap(), date: first }
}

impl Scene {
    /// A card of `messages` messages, with all tables built.
    #[must_use]
    pub fn new(messages: usize) -> Self {
        Self::cold(messages).prepared()
    }

    /// A card of nothing but dates, with all tables built.
    #[must_use]
    pub fn with_dates(count: usize) -> Self {
        let (schema, claims) = dates(count);
        Self::issue(schema, claims).prepared()
    }

    fn prepared(self) -> Self {
        let scene = self;
        scene.issuer.parameters.prepare_for_proving();
        scene.issuer.parameters.prepare_for_verifying();
        let key = scene.issuer.parameters.signing_key(&scene.schema.digest()).unwrap();
        scene.credential.prepare(&scene.k, key, &scene.schema).unwrap();
        scene
    }

    /// A card of `messages` messages, without tables.
    #[must_use]
    pub fn cold(messages: usize) -> Self {
        let schema = schema(messages);
        let claims = claims(&schema, messages);
        Self::issue(schema, claims)
    }

    fn issue(schema: Schema, claims: Claims) -> Self {
        let issuer = TestIssuer::new("bench issuer", vec![schema.clone()]).unwrap();
        let k = holder("bench holder").unwrap();
        let credential = issuer.issue(&schema, &k, claims, &mut SeededRng::new("bench card")).unwrap();
        Self { issuer, schema, k, credential }
    }

    /// The verifier's `number`-th request.
    #[must_use]
    pub fn request(&self, number: usize, disclose: &[&str], prove: Vec<Predicate>) -> Request {
        let ask = self.issuer.ask("card", &self.schema, disclose, prove).unwrap();
        request(&format!("bench request {number}"), today(), Ask::Credential(ask)).unwrap()
    }

    /// The plan that answers a request.
    #[must_use]
    pub fn plan<'r>(&'r self, request: &'r Request) -> Plan<'r> {
        compile(request, only_selection(1), &[&self.issuer.parameters]).unwrap()
    }

    /// Answers a request, from the request to the bytes.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Vec<u8> {
        let plan = self.plan(request);
        Presentation::create(&plan, &Holdings::new(&self.k, &[&self.credential]), b"", &mut OsRng).unwrap().to_bytes()
    }

    /// Checks an answer, from the bytes to the verdict.
    pub fn check(&self, request: &Request, answer: &[u8]) {
        let presentation = Presentation::from_bytes(answer).unwrap();
        presentation.verify(request, &[&self.issuer.parameters], &mut OsRng).unwrap();
    }

    /// Answers to `count` different requests, all for the same.
    #[must_use]
    pub fn answers(&self, count: usize, disclose: &[&str], prove: &[Predicate]) -> Vec<(Request, Vec<u8>)> {
        let requests = (0..count).map(|number| self.request(number, disclose, prove.to_vec()));
        requests.map(|request| (request.clone(), self.answer(&request))).collect()
    }

    /// Checks many answers together, from the bytes to the verdicts.
    pub fn check_all(&self, answers: &[&(Request, Vec<u8>)]) {
        let read: Vec<Presentation> =
            answers.iter().map(|(_, answer)| Presentation::from_bytes(answer).unwrap()).collect();
        let pairs: Vec<(&Presentation, &Request)> =
            read.iter().zip(answers).map(|(presentation, (request, _))| (presentation, request)).collect();
        let verdicts = verify_all(&pairs, &[&self.issuer.parameters], &mut OsRng);
        assert!(verdicts.iter().all(Result::is_ok), "what fails is not measured");
    }
}
