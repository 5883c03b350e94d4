//! Tests of the issuer over a whole folder: each rule, what a hostile applicant tries, what survives, what the files show.

mod revoking;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use milchglas_credential::claim::Value;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Handle, HolderSecret, Holdings};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{RequestNonce, VerifierKey};
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::issuance::{Answer, Application, Issued, SignedInvitation};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{
    Accept, Ask, CredentialAsk, Request, RequestFields, SchemaRef, SigningKey, VerifierIdentity,
};
use milchglas_credential::schema::Schema;
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_sealed::{Error as SealedError, Passphrase, Work};
use rand_core::{OsRng, RngCore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::registry::{self, InspectorPoint, Status};
use crate::{Answered, Assurance, Enrolment, Error, Issuer, PersonNumber, Refusal, Submission};

const HOUR: Duration = Duration::from_secs(3600);

/// A card without a number, without validity and without assurance.
const TICKET: &str = r#"{"milchglas": "schema/1", "id": "ticket", "title": "season ticket",
    "claims": [{"name": "zone", "title": "zone", "type": "integer", "bits": 8}]}"#;

struct Office {
    temporary: TempDir,
    issuer: Issuer,
}

/// A wallet's side: its secret, and where it wants its answer.
struct Applicant {
    k: HolderSecret,
    reply_to: age::x25519::Identity,
}

impl Office {
    async fn open() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let schema = Schema::national_id().unwrap();
        let folder = temporary.path().join("issuer");
        let issuer = Issuer::init(&folder, "State", vec![schema], &passphrase("a"), work(), &mut OsRng).await.unwrap();
        Self { temporary, issuer }
    }

    fn folder(&self) -> PathBuf {
        self.temporary.path().join("issuer")
    }

    async fn reopen(self) -> Self {
        let folder = self.folder();
        let Self { temporary, issuer } = self;
        issuer.close().await;
        Self { temporary, issuer: Issuer::open(&folder, &passphrase("a")).await.unwrap() }
    }

    async fn invite(&self, number: &str) -> SignedInvitation {
        self.issuer.invite(&card(&claims(number)), now(), &mut OsRng).await.unwrap()
    }

    async fn answer(&self, application: &[u8]) -> Result<Vec<u8>, Error> {
        self.issuer.answer(application, now(), &mut OsRng).await
    }

    /// Invites, applies, answers.
    async fn issue(&self, number: &str, applicant: &Applicant) -> Result<Vec<u8>, Error> {
        let invitation = self.invite(number).await;
        self.answer(&applicant.apply(&invitation, self.issuer.parameters())).await
    }

    async fn statuses(&self, number: &str) -> Vec<Status> {
        let person = PersonNumber { space: "id_number", number };
        let person = self.issuer.registry().person(&self.issuer.person(person).unwrap()).await.unwrap();
        person.unwrap().credentials.iter().map(|credential| credential.status).collect()
    }

    /// A connection of its own to the registry's file.
    async fn tamper(&self, statement: &'static str) -> u64 {
        let options = SqliteConnectOptions::new().filename(self.folder().join("registry.sqlite"));
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let done = sqlx::query(statement).execute(&pool).await.unwrap().rows_affected();
        pool.close().await;
        done
    }
}

impl Applicant {
    fn new(seed: u8) -> Self {
        Self { k: HolderSecret::from_uniform_bytes(&[seed; 64]).unwrap(), reply_to: age::x25519::Identity::generate() }
    }

    fn apply(&self, invitation: &SignedInvitation, parameters: &Parameters) -> Vec<u8> {
        self.apply_from(invitation, parameters, &self.reply_to.to_public().to_string())
    }

    fn apply_from(&self, invitation: &SignedInvitation, parameters: &Parameters, reply_to: &str) -> Vec<u8> {
        let invitation = SignedInvitation::from_bytes(&invitation.to_bytes()).unwrap();
        let invitation = invitation.verify(parameters).unwrap();
        Application::create(invitation, parameters, &self.k, reply_to, &mut OsRng).unwrap().to_bytes()
    }

    /// Opens an answer and checks the credential in it, as a wallet does.
    fn accept(&self, answer: &[u8], parameters: &Parameters) -> Credential {
        let answer = Answer::from_bytes(answer).unwrap();
        let plaintext = age::decrypt(&self.reply_to, &answer.ciphertext).unwrap();
        let credential = Issued::from_bytes(&plaintext, |_, schema| parameters.schema(schema)).unwrap().credential;
        let key = parameters.credential_key(&credential.key(), &credential.schema()).unwrap();
        credential.verify(&self.k, key, parameters.schema(&credential.schema()).unwrap()).unwrap();
        credential
    }
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap()
}

fn work() -> Work {
    Work::with_log_n(4).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    time("2026-11-23T09:00:00Z")
}

fn claims(number: &str) -> String {
    claims_with(number, "2024-01", "2033-12", "")
}

fn claims_with(number: &str, from: &str, until: &str, more: &str) -> String {
    format!(
        r#"{{"surname": "Mustermarker", "given_names": "Erika", "id_number": "{number}", "date_of_birth": "1990-01-31",
            "sex": "F", "nationality": "DE", "address": "Heidestraße 17, 51147 Köln", "portrait": "{}",
            "valid_from": "{from}", "valid_until": "{until}"{more}}}"#,
        "5a".repeat(32)
    )
}

fn card(claims: &str) -> Enrolment<'_> {
    Enrolment { schema: "national-id", claims, person: None, assurance: Assurance::Full, valid_for: HOUR }
}

fn ticket(person: Option<PersonNumber<'_>>) -> Enrolment<'_> {
    Enrolment { schema: "ticket", claims: r#"{"zone": 3}"#, person, assurance: Assurance::Light, valid_for: HOUR }
}

fn refusal<T>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => panic!("not a refusal: {error:?}"),
        Ok(_) => panic!("not refused"),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The bytes with the first occurrence of `old` replaced.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|window| window == old).expect("there is something to replace");
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[tokio::test]
async fn issues_a_card_that_only_the_applicant_can_read_and_use() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let parameters = office.issuer.parameters();
    let answer = office.issue("T22000129", &erika).await.unwrap();
    let credential = erika.accept(&answer, parameters);

    let schema = office.issuer.schema("national-id").unwrap();
    assert_eq!(credential.claims().get(schema.assurance().unwrap()), Some(&Value::Integer(2_u8.into())));
    assert_eq!(credential.claims().values()[0], Value::Text("Mustermarker".into()));
    assert_eq!(credential.issuer(), parameters.fingerprint());

    let point = InspectorPoint(credential.handle().inspector_point().to_bytes());
    let record = office.issuer.registry().by_inspector_point(&point).await.unwrap().unwrap();
    assert_eq!(record.handle.0, *credential.handle().as_bytes());
    assert_eq!(office.issuer.find_by_inspector_point(&point.0).await.unwrap(), Some(record.clone()));
    assert_eq!(office.issuer.find_by_inspector_point(&[7; 48]).await.unwrap(), None);
    assert_eq!(record.issuer_key.0, credential.key().0);
    assert_eq!(record.assurance, Assurance::Full);
    // December of year 2033, counted from January of year 1.
    assert_eq!(record.valid_until.0, 2032 * 12 + 11);

    let answer = Answer::from_bytes(&answer).unwrap();
    assert!(age::decrypt(&Applicant::new(1).reply_to, &answer.ciphertext).is_err());
    let other = HolderSecret::from_uniform_bytes(&[2; 64]).unwrap();
    let key = parameters.signing_key(&schema.digest()).unwrap();
    assert_eq!(credential.verify(&other, key, schema), Err(CredentialError::Invalid));
}

#[tokio::test]
async fn answers_the_same_application_with_the_same_bytes_for_ever() {
    let mut office = Office::open().await;
    let erika = Applicant::new(1);
    let invitation = office.invite("T22000129").await;
    let application = erika.apply(&invitation, office.issuer.parameters());
    let answer = office.answer(&application).await.unwrap();
    assert_eq!(office.answer(&application).await.unwrap(), answer);

    let later = time("2040-01-01T00:00:00Z");
    assert_eq!(office.issuer.answer(&application, later, &mut OsRng).await.unwrap(), answer);
    office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).unwrap();
    office = office.reopen().await;
    assert_eq!(office.answer(&application).await.unwrap(), answer);
    assert_eq!(office.statuses("T22000129").await, [Status::Active]);
}

#[tokio::test]
async fn answers_once_under_parallel_submissions() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let invitation = office.invite("T22000129").await;
    let application = erika.apply(&invitation, office.issuer.parameters());
    let issuer = std::sync::Arc::new(office.issuer);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (issuer, application) = (issuer.clone(), application.clone());
            // Spawning also shows that the future can move between threads.
            tokio::spawn(async move { issuer.answer(&application, now(), &mut OsRng).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(issuer.registry().counts().await.unwrap().active, 1);
}

#[tokio::test]
async fn refuses_what_comes_too_late_or_for_nothing() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let parameters = office.issuer.parameters();
    let invitation = office.invite("T22000129").await;
    let application = erika.apply(&invitation, parameters);
    let at_the_end = time("2026-11-23T10:00:00Z");
    let late = office.issuer.answer(&application, at_the_end, &mut OsRng).await;
    assert_eq!(refusal(late), Refusal::Registry(registry::Refusal::InvitationExpired));
    // What has lapsed is gone, whatever the clock says afterwards.
    assert_eq!(refusal(office.answer(&application).await), Refusal::Registry(registry::Refusal::InvitationExpired));

    let in_time = erika.apply(&office.invite("T22000129").await, parameters);
    let last_second = time("2026-11-23T09:59:59Z");
    assert!(office.issuer.answer(&in_time, last_second, &mut OsRng).await.is_ok());

    let elsewhere = Office::open().await;
    let unknown = refusal(elsewhere.answer(&application).await);
    assert_eq!(unknown, Refusal::Registry(registry::Refusal::UnknownInvitation));
}

#[tokio::test]
async fn refuses_a_second_application_to_one_invitation() {
    let office = Office::open().await;
    let invitation = office.invite("T22000129").await;
    let parameters = office.issuer.parameters();
    office.answer(&Applicant::new(1).apply(&invitation, parameters)).await.unwrap();
    for second in [Applicant::new(1), Applicant::new(2)] {
        let refused = refusal(office.answer(&second.apply(&invitation, parameters)).await);
        assert_eq!(refused, Refusal::Registry(registry::Refusal::AnsweredToAnother));
    }
}

#[tokio::test]
async fn rejects_every_changed_byte_of_an_application_and_then_takes_the_good_one() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let invitation = office.invite("T22000129").await;
    let application = erika.apply(&invitation, office.issuer.parameters());
    for at in 0..application.len() {
        let mut changed = application.clone();
        changed[at] ^= 1;
        assert!(office.answer(&changed).await.is_err(), "byte {at}");
    }
    for changed in [&application[..application.len() - 1], &[&application[..], &[0]].concat(), &[], &[0xff; 4096]] {
        assert!(matches!(office.answer(changed).await, Err(Error::Input(CredentialError::Decode(_)))));
    }
    assert_eq!(office.issuer.registry().counts().await.unwrap().persons, 0);
    office.answer(&application).await.unwrap();
}

#[tokio::test]
async fn rejects_a_proof_made_for_something_else() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let parameters = office.issuer.parameters();
    let (first, second) = (office.invite("T22000129").await, office.invite("T22000130").await);
    let application = erika.apply(&first, parameters);
    // Another invitation's nonce.
    let nonce = |invitation: &SignedInvitation| invitation.unverified().nonce.0;
    let swapped = replace(&application, &nonce(&first), &nonce(&second));
    assert!(matches!(office.answer(&swapped).await, Err(Error::Invalid)));
    // Another reader of the answer.
    let thief = Applicant::new(2);
    let addresses = [&erika, &thief].map(|applicant| applicant.reply_to.to_public().to_string());
    let redirected = replace(&application, addresses[0].as_bytes(), addresses[1].as_bytes());
    assert!(matches!(office.answer(&redirected).await, Err(Error::Invalid)));
    // Another proof, over the same fields.
    let foreign = thief.apply_from(&first, parameters, &addresses[0]);
    let spliced = [&application[..application.len() - 64], &foreign[foreign.len() - 64..]].concat();
    assert!(matches!(office.answer(&spliced).await, Err(Error::Invalid)));
    // A false proof of a registered name does not tell that the name is registered.
    office.issue("T22000131", &erika).await.unwrap();
    assert!(matches!(office.answer(&spliced).await, Err(Error::Invalid)));
}

#[tokio::test]
async fn rejects_reply_addresses_that_are_no_recipients_and_keeps_the_invitation_open() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let parameters = office.issuer.parameters();
    let invitation = office.invite("T22000129").await;
    let zero = bech32::encode::<bech32::Bech32>(bech32::Hrp::parse("age").unwrap(), &[0; 32]).unwrap();
    for address in ["", "erika@example.org", &zero, &"a".repeat(512)] {
        let application = erika.apply_from(&invitation, parameters, address);
        assert!(matches!(office.answer(&application).await, Err(Error::Input(_))), "{address}");
    }
    office.answer(&erika.apply(&invitation, parameters)).await.unwrap();
}

#[tokio::test]
async fn keeps_one_secret_to_one_person() {
    let office = Office::open().await;
    let (erika, other) = (Applicant::new(1), Applicant::new(2));
    let first = erika.accept(&office.issue("T22000129", &erika).await.unwrap(), office.issuer.parameters());

    let refused = refusal(office.issue("T22000130", &erika).await);
    assert_eq!(refused, Refusal::Registry(registry::Refusal::NameOfAnotherPerson));
    assert!(refused.sentence().contains("another person"));
    let refused = refusal(office.issue("T22000129", &other).await);
    assert_eq!(refused, Refusal::Registry(registry::Refusal::PersonHasAnotherName));
    assert!(refused.sentence().contains("another wallet"));

    // A renewal: the same secret for the same person, from a new installation of the wallet.
    let erika = Applicant::new(1);
    let renewed = erika.accept(&office.issue("T22000129", &erika).await.unwrap(), office.issuer.parameters());
    assert_ne!(renewed.handle(), first.handle());
    assert_eq!(office.statuses("T22000129").await, [Status::Pending, Status::Active]);
}

#[tokio::test]
async fn sets_the_assurance_itself() {
    let office = Office::open().await;
    let with =
        |assurance: &str| claims_with("T22000129", "2024-01", "2033-12", &format!(r#", "assurance": {assurance}"#));
    for contradicting in ["1", "0", "3", "255"] {
        let refused = office.issuer.invite(&card(&with(contradicting)), now(), &mut OsRng).await;
        assert_eq!(refusal(refused), Refusal::AssuranceContradicts);
    }
    for misfit in ["256", "-1", "\"2\"", "true", "null"] {
        let refused = office.issuer.invite(&card(&with(misfit)), now(), &mut OsRng).await;
        assert!(matches!(refused, Err(Error::Input(_))), "{misfit}");
    }
    office.issuer.invite(&card(&with("2")), now(), &mut OsRng).await.unwrap();

    let erika = Applicant::new(1);
    let claims = claims("T22000129");
    let light = Enrolment { assurance: Assurance::Light, ..card(&claims) };
    let invitation = office.issuer.invite(&light, now(), &mut OsRng).await.unwrap();
    let answer = office.answer(&erika.apply(&invitation, office.issuer.parameters())).await.unwrap();
    let credential = erika.accept(&answer, office.issuer.parameters());
    let index = office.issuer.schema("national-id").unwrap().assurance().unwrap();
    assert_eq!(credential.claims().get(index), Some(&Value::Integer(1_u8.into())));
}

#[tokio::test]
async fn issues_only_in_the_months_of_validity() {
    let office = Office::open().await;
    let invite = async |from, until, now: &str, valid_for| {
        let claims = claims_with("T22000129", from, until, "");
        let enrolment = Enrolment { valid_for, ..card(&claims) };
        office.issuer.invite(&enrolment, time(now), &mut OsRng).await
    };
    let november = "2026-11-23T09:00:00Z";
    assert_eq!(refusal(invite("2026-12", "2030-01", november, HOUR).await), Refusal::NotYetValid);
    assert_eq!(refusal(invite("2020-01", "2026-10", november, HOUR).await), Refusal::NoLongerValid);
    assert!(matches!(invite("2026-12", "2026-11", november, HOUR).await, Err(Error::Input(_))));
    invite("2026-11", "2026-11", november, HOUR).await.unwrap();

    // Invited in the last month of validity, answered after it, and with a clock that went back before it.
    let long = HOUR * 24 * 30;
    let invitation = invite("2026-11", "2026-11", "2026-11-30T23:59:59Z", long).await.unwrap();
    let application = Applicant::new(1).apply(&invitation, office.issuer.parameters());
    for (when, expected) in
        [("2026-12-01T00:00:00Z", Refusal::NoLongerValid), ("2026-10-31T23:59:59Z", Refusal::NotYetValid)]
    {
        assert_eq!(refusal(office.issuer.answer(&application, time(when), &mut OsRng).await), expected);
    }
    office.issuer.answer(&application, time("2026-11-30T23:59:59Z"), &mut OsRng).await.unwrap();
}

#[tokio::test]
async fn rejects_enrolments_that_do_not_fit() {
    let office = Office::open().await;
    let claims = claims("T22000129");
    let good = card(&claims);
    let unknown = Enrolment { schema: "passport", ..good };
    assert_eq!(refusal(office.issuer.invite(&unknown, now(), &mut OsRng).await), Refusal::UnknownSchema);
    for broken in ["", "{}", "[]", r#"{"surname": "Muster"}"#, &claims.replace("\"sex\"", "\"handle\"")] {
        let enrolment = Enrolment { claims: broken, ..good };
        assert!(matches!(office.issuer.invite(&enrolment, now(), &mut OsRng).await, Err(Error::Input(_))));
    }
    for valid_for in [Duration::ZERO, Duration::from_millis(999), Duration::MAX] {
        let enrolment = Enrolment { valid_for, ..good };
        assert!(matches!(office.issuer.invite(&enrolment, now(), &mut OsRng).await, Err(Error::Misuse { .. })));
    }
    assert_eq!(office.issuer.registry().counts().await.unwrap().open_invitations, 0);
}

#[tokio::test]
async fn knows_a_person_by_a_number_that_is_not_on_the_card() {
    let mut office = Office::open().await;
    office.issuer.add_schema(Schema::from_json(TICKET).unwrap()).unwrap();
    let (erika, other) = (Applicant::new(1), Applicant::new(2));
    office.issue("T22000129", &erika).await.unwrap();
    let long = "1".repeat(1025);
    let invite = async |person| office.issuer.invite(&ticket(person), now(), &mut OsRng).await;
    let number = PersonNumber { space: "id_number", number: "T22000129" };

    assert_eq!(refusal(invite(None).await), Refusal::PersonNumberMissing);
    for (space, number) in [("id_number", ""), ("id_number", " T1"), ("ID", "T1"), ("", "T1"), ("a", &long)] {
        assert!(matches!(invite(Some(PersonNumber { space, number })).await, Err(Error::Input(_))), "{space} {number}");
    }
    let claims = claims("T22000129");
    let twice = Enrolment { person: Some(number), ..card(&claims) };
    assert_eq!(refusal(office.issuer.invite(&twice, now(), &mut OsRng).await), Refusal::PersonNumberTwice);

    // The same person as on the identity card, so the same wallet and no other.
    let invitation = invite(Some(number)).await.unwrap();
    let parameters = office.issuer.parameters();
    let refused = refusal(office.answer(&other.apply(&invitation, parameters)).await);
    assert_eq!(refused, Refusal::Registry(registry::Refusal::PersonHasAnotherName));
    erika.accept(&office.answer(&erika.apply(&invitation, parameters)).await.unwrap(), parameters);
    assert_eq!(office.statuses("T22000129").await, [Status::Active, Status::Active]);

    // The same digits in another numbering are another person.
    let member = PersonNumber { space: "member", number: "T22000129" };
    let invitation = invite(Some(member)).await.unwrap();
    let refused = refusal(office.answer(&erika.apply(&invitation, parameters)).await);
    assert_eq!(refused, Refusal::Registry(registry::Refusal::NameOfAnotherPerson));
    office.answer(&other.apply(&invitation, parameters)).await.unwrap();
}

#[tokio::test]
async fn keeps_cards_of_an_old_key_valid_under_new_parameters() {
    let mut office = Office::open().await;
    let erika = Applicant::new(1);
    let old = erika.accept(&office.issue("T22000129", &erika).await.unwrap(), office.issuer.parameters());
    let waiting = office.invite("T22000130").await;
    let before = office.issuer.parameters().clone();

    office.issuer.rotate(day("2027-06-30"), now().date(), &mut OsRng).unwrap();
    office = office.reopen().await;
    let after = office.issuer.parameters().clone();
    assert_eq!(after.content().sequence, 2);
    assert_eq!(after.fingerprint(), before.fingerprint());
    assert_eq!(after.content().digits.key(), before.content().digits.key());
    let ends: Vec<_> = after.content().keys.iter().map(|key| key.accepted_until).collect();
    assert_eq!(ends, [day("2027-06-30"), Date::MAX]);

    // The old card is shown under the new parameters, up to its key's last day.
    for (as_of, accepted) in [("2026-11-23", true), ("2027-06-30", true), ("2027-07-01", false)] {
        assert_eq!(shows(&after, 0, &erika.k, &old, day(as_of)), accepted, "{as_of}");
    }
    assert!(!shows(&after, 1, &erika.k, &old, day("2026-11-23")));

    // What was invited for under the old key is not signed any more.
    let other = Applicant::new(2);
    assert_eq!(refusal(office.answer(&other.apply(&waiting, &before)).await), Refusal::KeyReplaced);

    // The new key signs, the same holder renews under the same name.
    let new = erika.accept(&office.issue("T22000129", &erika).await.unwrap(), &after);
    assert_ne!(new.key(), old.key());
    assert!(shows(&after, 1, &erika.k, &new, day("2028-01-01")));

    // After its last day the old key goes; before, publishing changes nothing.
    let digest = after.digest();
    assert_eq!(office.issuer.publish(day("2027-06-30")).unwrap().digest(), digest);
    let pruned = office.issuer.publish(day("2027-07-01")).unwrap();
    assert_eq!((pruned.content().sequence, pruned.content().keys.len()), (3, 1));
    assert_eq!(pruned.content().keys[0].public, after.content().keys[1].public);
}

#[tokio::test]
async fn drops_a_stolen_key_at_once_and_lists_at_most_sixteen() {
    let mut office = Office::open().await;
    let first = office.issuer.parameters().content().keys[0].public.to_bytes();
    let rotated = office.issuer.rotate(day("2026-11-22"), now().date(), &mut OsRng).unwrap();
    assert_eq!(rotated.content().keys.len(), 1);
    assert_ne!(rotated.content().keys[0].public.to_bytes(), first);
    for keys in 2..=16 {
        let rotated = office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).unwrap();
        assert_eq!(rotated.content().keys.len(), keys);
    }
    let digest = office.issuer.parameters().digest();
    let refused = office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).map(|_| ());
    assert!(matches!(refused, Err(Error::Misuse { .. })));
    office = office.reopen().await;
    assert_eq!(office.issuer.parameters().digest(), digest);
}

/// Whether an empty request is answered with this card under these parameters, and the answer accepted.
fn shows(parameters: &Parameters, key: u8, k: &HolderSecret, card: &Credential, as_of: Date) -> bool {
    let schema = parameters.schema(&card.schema()).unwrap();
    let ask = CredentialAsk {
        name: "card".parse().unwrap(),
        accept: vec![Accept { issuer: parameters.fingerprint(), parameters: parameters.digest() }],
        schemas: vec![SchemaRef { id: schema.id().clone(), digest: schema.digest() }],
        disclose: Vec::new(),
        prove: vec![Predicate::AgeAtLeast { claim: "date_of_birth".parse().unwrap(), years: 18 }],
        not_revoked: Vec::new(),
        pseudonym: None,
        rate: None,
        encrypt_to: None,
    };
    let mut nonce = [0; 16];
    OsRng.fill_bytes(&mut nonce);
    let request = Request::new(RequestFields {
        verifier: VerifierIdentity {
            name: "Café".into(),
            origin: "https://cafe.example".parse().unwrap(),
            key: VerifierKey(SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes()),
        },
        profile: None,
        purpose: "test".into(),
        nonce: RequestNonce(nonce),
        issued: now(),
        expires: time("2026-11-23T09:10:00Z"),
        as_of,
        ask: Ask::Credential(ask),
        document: None,
    })
    .unwrap();
    let selection = Selection { branches: Vec::new(), shown: vec![ShownAs { accept: 0, key, schema: 0, back: 0 }] };
    let Ok(plan) = compile(&request, selection, &[parameters]) else {
        return false;
    };
    let Ok(presentation) = Presentation::create(&plan, &Holdings::new(k, &[card]), b"", &mut OsRng) else {
        return false;
    };
    presentation.verify(&request, &[parameters], &mut OsRng).is_ok()
}

#[tokio::test]
async fn publishes_a_new_sequence_only_with_a_change_and_still_answers_what_came_before() {
    let mut office = Office::open().await;
    let erika = Applicant::new(1);
    let before = office.issuer.parameters().clone();
    let invitation = office.invite("T22000129").await;
    assert_eq!(office.issuer.publish(now().date()).unwrap().digest(), before.digest());

    let ticket = Schema::from_json(TICKET).unwrap();
    assert_eq!(office.issuer.add_schema(ticket.clone()).unwrap().content().sequence, 2);
    assert_eq!(office.issuer.add_schema(ticket).unwrap().content().sequence, 2);
    office = office.reopen().await;
    let after = office.issuer.parameters().clone();
    assert_eq!(after.content().sequence, 2);
    assert_eq!(fs::read_to_string(office.issuer.parameters_file()).unwrap(), after.to_json().unwrap());

    // The wallet applied under the parameters that it had been invited with; the key is the same.
    erika.accept(&office.answer(&erika.apply(&invitation, &before)).await.unwrap(), &after);

    // A new version of a schema has the old one's name; the newest is issued.
    let newer = TICKET.replace("\"zone\", \"type\"", "\"travel zone\", \"type\"");
    office
        .issuer
        .add_schema(Schema::from_json(&newer.replace("\"title\": \"zone\"", "\"title\": \"area\"")).unwrap())
        .unwrap();
    assert_eq!(office.issuer.parameters().content().schemas.len(), 3);
    assert_eq!(
        office.issuer.schema("ticket").unwrap().digest(),
        office.issuer.parameters().content().schemas[2].digest()
    );
}

#[tokio::test]
async fn mends_published_files_and_refuses_to_open_without_its_parameters() {
    let office = Office::open().await;
    let folder = office.folder();
    let digest = office.issuer.parameters().digest();
    let good = fs::read_to_string(office.issuer.parameters_file()).unwrap();
    office.issuer.close().await;

    // Parameters of another issuer, in place of its own.
    let other = Office::open().await;
    fs::copy(other.issuer.parameters_file(), folder.join("parameters.json")).unwrap();
    let issuer = Issuer::open(&folder, &passphrase("a")).await.unwrap();
    assert_eq!(issuer.parameters().digest(), digest);
    assert_eq!(fs::read_to_string(folder.join("parameters.json")).unwrap(), good);
    issuer.close().await;

    let kept = folder.join("parameters").join(format!("{digest}.json"));
    for content in [fs::read(other.issuer.parameters_file()).unwrap(), b"{}".to_vec(), vec![0xff; 10]] {
        fs::write(&kept, content).unwrap();
        assert!(matches!(Issuer::open(&folder, &passphrase("a")).await, Err(Error::Damaged { .. } | Error::File(_))));
    }
    fs::remove_file(&kept).unwrap();
    assert!(matches!(Issuer::open(&folder, &passphrase("a")).await, Err(Error::Damaged { .. })));
}

#[tokio::test]
async fn changes_nothing_where_the_keys_can_not_be_saved() {
    let mut office = Office::open().await;
    let digest = office.issuer.parameters().digest();
    // Saving needs this name for its temporary.
    let blocked = office.folder().join(".keys.tmp");
    fs::create_dir(&blocked).unwrap();
    assert!(matches!(office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng), Err(Error::File(_))));
    assert_eq!(office.issuer.parameters().digest(), digest);
    let erika = Applicant::new(1);
    erika.accept(&office.issue("T22000129", &erika).await.unwrap(), office.issuer.parameters());

    fs::remove_dir(&blocked).unwrap();
    office = office.reopen().await;
    assert_eq!(office.issuer.parameters().digest(), digest);
    office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).unwrap();
    assert_eq!(office.issuer.parameters().content().sequence, 2);
    erika.accept(&office.issue("T22000129", &erika).await.unwrap(), office.issuer.parameters());
}

#[tokio::test]
async fn creates_an_issuer_once_in_a_folder() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    office.issue("T22000129", &erika).await.unwrap();
    let folder = office.folder();
    let init =
        async |name: &str, schemas| Issuer::init(&folder, name, schemas, &passphrase("a"), work(), &mut OsRng).await;
    let national_id = || vec![Schema::national_id().unwrap()];
    let Err(Error::File(SealedError::Io { kind, .. })) = init("State", national_id()).await else { panic!("created") };
    assert_eq!(kind, std::io::ErrorKind::AlreadyExists);
    assert!(matches!(Issuer::open(&folder, &passphrase("a")).await, Err(Error::File(SealedError::Busy))));
    office.issuer.close().await;

    // A registry without the keys to its hashes is of no use to a new issuer.
    fs::remove_file(folder.join("keys")).unwrap();
    assert!(matches!(init("State", national_id()).await, Err(Error::Damaged { .. })));
    // An empty one is what a killed `init` leaves.
    for file in ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"] {
        let _ = fs::remove_file(folder.join(file));
    }
    registry::Registry::open(&folder.join("registry.sqlite")).await.unwrap().close().await;
    for (name, schemas) in [("", national_id()), ("a\u{202e}b", national_id())] {
        assert!(matches!(init(name, schemas).await, Err(Error::Input(_))));
    }
    assert!(matches!(init("State", Vec::new()).await, Err(Error::Misuse { .. })));
    let twice = [national_id(), national_id()].concat();
    assert_eq!(init("State", twice).await.unwrap().parameters().content().schemas.len(), 1);
}

#[tokio::test]
async fn opens_with_the_passphrase_only() {
    let mut office = Office::open().await;
    let folder = office.folder();
    let digest = office.issuer.parameters().digest();
    office.issuer.change_passphrase(&passphrase("b"), work()).unwrap();
    office.issuer.close().await;
    for wrong in ["a", "B", "b "] {
        let opened = Issuer::open(&folder, &passphrase(wrong)).await;
        assert!(matches!(opened, Err(Error::File(SealedError::Unopenable))));
    }
    assert_eq!(Issuer::open(&folder, &passphrase("b")).await.unwrap().parameters().digest(), digest);
}

#[tokio::test]
async fn rejects_every_changed_byte_of_the_keys_file() {
    let office = Office::open().await;
    let folder = office.folder();
    office.issuer.close().await;
    let keys = folder.join("keys");
    let good = fs::read(&keys).unwrap();
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(&keys, changed).unwrap();
        assert!(matches!(Issuer::open(&folder, &passphrase("a")).await, Err(Error::File(_))), "byte {at}");
    }
    fs::write(&keys, &good).unwrap();
    Issuer::open(&folder, &passphrase("a")).await.unwrap();
}

#[tokio::test]
async fn notices_a_changed_registry() {
    let office = Office::open().await;
    let (first, second) = (office.invite("T22000129").await, office.invite("T22000130").await);
    // One person's claims for the other.
    let swapped = office
        .tamper(
            "UPDATE invitations SET payload = other.payload FROM (SELECT nonce, payload FROM invitations) AS other
                WHERE other.nonce <> invitations.nonce",
        )
        .await;
    assert_eq!(swapped, 2);
    for (seed, invitation) in [(1, &first), (2, &second)] {
        let application = Applicant::new(seed).apply(invitation, office.issuer.parameters());
        assert!(matches!(office.answer(&application).await, Err(Error::Damaged { .. })));
    }

    // A better assurance.
    let claims = claims("T22000131");
    let light = Enrolment { assurance: Assurance::Light, ..card(&claims) };
    let invitation = office.issuer.invite(&light, now(), &mut OsRng).await.unwrap();
    assert_eq!(office.tamper("UPDATE invitations SET assurance = 2 WHERE assurance = 1").await, 1);
    let application = Applicant::new(3).apply(&invitation, office.issuer.parameters());
    assert!(matches!(office.answer(&application).await, Err(Error::Damaged { .. })));
}

#[tokio::test]
async fn keeps_claims_and_numbers_out_of_every_file() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let invitation = office.invite("T22000129").await;
    let portrait = [0x5a; 32];
    let secret: [&[u8]; 6] = [b"Mustermarker", b"Erika", b"T22000129", b"1990-01-31", b"Heidestra", &portrait];
    let search = |when: &str| {
        let files = files(&office.folder());
        assert!(files.len() >= 5, "{files:?}");
        for file in &files {
            let bytes = fs::read(file).unwrap();
            for secret in secret {
                assert!(!contains(&bytes, secret), "{when}: {} in {file:?}", String::from_utf8_lossy(secret));
            }
        }
    };
    search("while the claims wait");
    assert!(secret.iter().all(|secret| !contains(&invitation.to_bytes(), secret)));
    let answer = office.answer(&erika.apply(&invitation, office.issuer.parameters())).await.unwrap();
    search("when the application is answered");
    assert!(secret.iter().all(|secret| !contains(&answer, secret)));
    // The search finds what is there.
    let opened = age::decrypt(&erika.reply_to, &Answer::from_bytes(&answer).unwrap().ciphertext).unwrap();
    assert!(secret.iter().filter(|secret| contains(&opened, secret)).count() == 5);
}

#[cfg(unix)]
#[tokio::test]
async fn keeps_private_files_to_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let mut office = Office::open().await;
    office.issue("T22000129", &Applicant::new(1)).await.unwrap();
    office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in ["", "parameters", "schemas"] {
        assert_eq!(mode(&office.folder().join(folder)), 0o700, "{folder}");
    }
    let is_public = |path: &Path| path.ends_with("parameters.json") || path.parent().unwrap().ends_with("schemas");
    let files = files(&office.folder());
    assert_eq!(files.iter().filter(|path| is_public(path)).count(), 2);
    for file in &files {
        assert_eq!(mode(file), if is_public(file) { 0o644 } else { 0o600 }, "{file:?}");
    }
}

#[tokio::test]
async fn prints_no_claims_and_no_keys() {
    let office = Office::open().await;
    let claims = claims("T22000129");
    assert_eq!(format!("{:?}", office.issuer), r#"Issuer { name: "State", .. }"#);
    assert_eq!(format!("{:?}", card(&claims)), "Enrolment(..)");
    assert_eq!(format!("{:?}", PersonNumber { space: "a", number: "1" }), "PersonNumber(..)");
}

#[test]
fn makes_inspector_points_that_add_like_handles() {
    let point = |last: u8| {
        let mut bytes = [0; 16];
        bytes[15] = last;
        Handle::from_bytes(bytes).inspector_point()
    };
    assert!(point(0).is_identity());
    assert_eq!(point(1) + point(2), point(3));
    assert_ne!(point(1), point(2));
}

#[tokio::test]
async fn answers_a_group_as_if_its_members_came_one_by_one() {
    let office = Office::open().await;
    let parameters = office.issuer.parameters();
    let (erika, other) = (Applicant::new(1), Applicant::new(2));
    let [first, renewal, elses, otto] =
        [office.invite("A1").await, office.invite("A1").await, office.invite("A2").await, office.invite("A3").await];
    let applications = [
        erika.apply(&first, parameters),
        // The same bytes again, a second application to the same invitation, and noise.
        Vec::new(),
        erika.apply(&first, parameters),
        b"noise".to_vec(),
        // The same person again; another person with the first one's secret; somebody else.
        erika.apply(&renewal, parameters),
        erika.apply(&elses, parameters),
        other.apply(&otto, parameters),
    ];
    let mut group: Vec<Submission<'_>> =
        applications.iter().map(|application| Submission { application, claims: None }).collect();
    group[1] = group[0];
    let answers = office.issuer.answer_all(&group, now(), &mut OsRng).await.unwrap();

    let ok = |at: usize| answers[at].as_ref().unwrap();
    let refused = |at: usize| match &answers[at] {
        Err(Error::Refused(Refusal::Registry(refusal))) => *refusal,
        result => panic!("not a refusal: {result:?}"),
    };
    assert!(ok(0).fresh && !ok(1).fresh);
    assert_eq!(ok(1).response, ok(0).response);
    assert_eq!(refused(2), registry::Refusal::AnsweredToAnother);
    assert!(matches!(answers[3], Err(Error::Input(_))));
    assert_eq!(refused(5), registry::Refusal::NameOfAnotherPerson);
    let handles: Vec<Handle> = [(0, &erika), (4, &erika), (6, &other)]
        .map(|(at, applicant)| applicant.accept(&ok(at).response, parameters).handle().clone())
        .into();
    assert!(handles[0] != handles[1] && handles[1] != handles[2] && handles[0] != handles[2]);
    assert_eq!(office.statuses("A1").await, [Status::Pending, Status::Active]);
    assert_eq!(office.statuses("A3").await, [Status::Active]);

    // One by one they get what the group got; a refusal left its invitation open.
    assert_eq!(office.answer(&applications[0]).await.unwrap(), ok(0).response);
    assert_eq!(office.answer(&applications[4]).await.unwrap(), ok(4).response);
    office.answer(&Applicant::new(3).apply(&elses, parameters)).await.unwrap();
    let again = office.issuer.answer_all(&group, now(), &mut OsRng).await.unwrap();
    assert!(again.iter().flatten().all(|answered| !answered.fresh));
    assert_eq!(again[4].as_ref().unwrap(), &Answered { fresh: false, ..ok(4).clone() });
}

#[tokio::test]
async fn refuses_in_a_group_what_it_refuses_alone() {
    let mut office = Office::open().await;
    let erika = Applicant::new(1);
    let persons = ["B1", "B2", "B3", "B4"].map(claims);
    let short = Enrolment { valid_for: Duration::from_secs(1), ..card(&persons[0]) };
    let enrolments = [short, card(&persons[1]), card(&persons[2]), card("{}"), card(&persons[3])];
    let invited = office.issuer.invite_all(&enrolments, now(), &mut OsRng).await.unwrap();
    assert!(matches!(invited[3], Err(Error::Input(_))));
    assert_eq!(office.issuer.registry().counts().await.unwrap().open_invitations, 4);
    let parameters = office.issuer.parameters().clone();
    let apply = |at: usize, applicant: &Applicant| applicant.apply(invited[at].as_ref().unwrap(), &parameters);
    let (late, forged) = (apply(0, &erika), apply(1, &erika));
    let forged = [&forged[..forged.len() - 1], &[forged[forged.len() - 1] ^ 1]].concat();
    let (said, contradicts) = (apply(2, &Applicant::new(3)), apply(4, &Applicant::new(4)));
    let (right, wrong) = (claims("B3"), claims("B5"));
    let group = [
        Submission { application: &late, claims: None },
        Submission { application: &forged, claims: None },
        Submission { application: &said, claims: Some(&right) },
        Submission { application: &contradicts, claims: Some(&wrong) },
        Submission { application: &contradicts, claims: Some("{}") },
    ];
    let later = time("2026-11-23T09:00:01Z");
    let answers = office.issuer.answer_all(&group, later, &mut OsRng).await.unwrap();
    let expired = Refusal::Registry(registry::Refusal::InvitationExpired);
    assert!(matches!(answers[0], Err(Error::Refused(refusal)) if refusal == expired));
    assert!(matches!(answers[1], Err(Error::Invalid)));
    assert!(answers[2].as_ref().unwrap().fresh);
    assert!(matches!(answers[3], Err(Error::Refused(Refusal::ClaimsContradict))));
    assert!(matches!(answers[4], Err(Error::Input(_))));
    assert_eq!(format!("{:?}", group[2]), "Submission(..)");

    // Invitations from before a publication, in numbers.
    office.issuer.add_schema(Schema::from_json(TICKET).unwrap()).unwrap();
    let answers = office.issuer.answer_all(&group[3..4], later, &mut OsRng).await.unwrap();
    assert!(matches!(answers[0], Err(Error::Refused(Refusal::ClaimsContradict))));
    let good = Submission { application: &contradicts, claims: None };
    let answers = office.issuer.answer_all(&[good], later, &mut OsRng).await.unwrap();
    assert!(answers[0].as_ref().unwrap().fresh);
    // After a new key they are refused.
    office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).unwrap();
    let old = apply(1, &Applicant::new(5));
    let answers = office.issuer.answer_all(&[Submission { application: &old, claims: None }], later, &mut OsRng).await;
    assert!(matches!(answers.unwrap()[0], Err(Error::Refused(Refusal::KeyReplaced))));
}
