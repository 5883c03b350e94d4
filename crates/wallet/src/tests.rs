//! The wallet's rules, each shown on a folder of its own; issuers and verifiers are played with the credential crate.

mod backups;
mod comparing;
mod counting;
mod entries;
mod following;
mod inspectors;
mod pool;
mod publications;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use milchglas_bbs::SecretKey;
use milchglas_credential::claim::{Claims, Value};
use milchglas_credential::credential::{Handle, HolderSecret};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{InvitationNonce, ParametersDigest, RequestNonce, VerifierKey};
use milchglas_credential::issuance::{Answer, Application, Invitation, Issued, SignedInvitation};
use milchglas_credential::parameters::{Content, IssuerKey, Parameters, sign_digits};
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{
    Accept, Ask, CredentialAsk, Request, RequestFields, SchemaRef, SigningKey, VerifierIdentity,
};
use milchglas_credential::revocation::{AccumulatorSecretKey, EpochFile, Witness};
use milchglas_credential::schema::Schema;
use milchglas_sealed::{Op, Passphrase, Work};
use milchglas_statements::{PublicSet, SetSecretKey};
use rand_core::{CryptoRng, OsRng, RngCore};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::vault::State;
use crate::*;

const NOW: u64 = 1_795_428_000; // 2026-11-23T10:00:00Z

/// Values of the card that must stand in no file.
const SURNAME: &str = "Musterfrau-Markierung";
const NUMBER: &str = "T22000129";

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn now() -> Timestamp {
    at(NOW)
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap()
}

fn quick() -> Work {
    Work::with_log_n(1).unwrap()
}

fn card_json(born: &str, until: &str) -> String {
    format!(
        r#"{{"surname": "{SURNAME}", "given_names": "Erika", "id_number": "{NUMBER}", "date_of_birth": "{born}",
            "sex": "F", "nationality": "DE", "portrait": "{}", "assurance": 2, "valid_from": "2024-01",
            "valid_until": "{until}"}}"#,
        "5a".repeat(32)
    )
}

struct Issuer {
    identity: SigningKey,
    secrets: Vec<Keys>,
    digits: PublicSet,
    schema: Schema,
    parameters: Parameters,
    /// The epochs of the newest key.
    epochs: Vec<EpochFile>,
}

/// A signature key, and the key of its accumulator.
struct Keys {
    signing: SecretKey,
    revoking: AccumulatorSecretKey,
}

impl Keys {
    fn random() -> Self {
        Self { signing: SecretKey::random(&mut OsRng).unwrap(), revoking: AccumulatorSecretKey::random(&mut OsRng) }
    }
}

impl Issuer {
    fn new(name: &str) -> Self {
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        let identity = SigningKey::from_bytes(&seed);
        let digits = sign_digits(&SetSecretKey::random(&mut OsRng)).unwrap();
        let secrets = vec![Keys::random()];
        let schema = Schema::national_id().unwrap();
        let parameters = publish(name, 1, &identity, &secrets, &[Date::MAX], &digits, &schema);
        let key = parameters.signing_key(&schema.digest()).unwrap();
        let epochs = vec![EpochFile::first(key, now(), &identity)];
        Self { identity, secrets, digits, schema, parameters, epochs }
    }

    /// Publishes again; earlier keys are accepted until the given day.
    fn publish(&mut self, name: &str, sequence: u32, old_until: Date) {
        let mut until = vec![old_until; self.secrets.len()];
        *until.last_mut().unwrap() = Date::MAX;
        self.parameters = publish(name, sequence, &self.identity, &self.secrets, &until, &self.digits, &self.schema);
        let key = self.parameters.signing_key(&self.schema.digest()).unwrap();
        if self.epochs[0].head().unverified().key != key.id() {
            self.epochs = vec![EpochFile::first(key, now(), &self.identity)];
        }
    }

    fn json(&self) -> String {
        self.parameters.to_json().unwrap()
    }

    fn invitation(&self, nonce: u8) -> Invitation {
        Invitation {
            issuer: self.parameters.fingerprint(),
            parameters: self.parameters.digest(),
            schema: self.schema.digest(),
            nonce: InvitationNonce([nonce; 16]),
            expires: at(NOW + 600),
        }
    }

    fn invite(&self, nonce: u8) -> Vec<u8> {
        SignedInvitation::sign(self.invitation(nonce), &self.identity).to_bytes()
    }

    fn sign(&self, application: &[u8], invitation: &Invitation, claims: &str) -> (String, Issued) {
        let application = Application::from_bytes(application).unwrap();
        let verified = application.verify(invitation, &self.parameters, &mut OsRng).unwrap();
        let claims = Claims::from_json(&self.schema, claims).unwrap();
        let handle = Handle::random(&mut OsRng);
        let Keys { signing, revoking } = self.secrets.last().unwrap();
        let key = self.parameters.signing_key(&self.schema.digest()).unwrap();
        let head = self.epochs.last().unwrap().head().unverified();
        let witness = Witness::issue(head, key, &handle, revoking).unwrap();
        let credential = verified.issue(invitation, &self.parameters, signing, handle, claims).unwrap();
        (verified.reply_to().to_owned(), Issued { credential, witness })
    }

    fn answer(&self, application: &[u8], nonce: u8, claims: &str) -> Vec<u8> {
        let (reply_to, credential) = self.sign(application, &self.invitation(nonce), claims);
        seal_answer(nonce, &reply_to, &credential.to_bytes())
    }

    fn ask(&self, disclose: &[&str], prove: &[&str]) -> CredentialAsk {
        CredentialAsk {
            name: "card".parse().unwrap(),
            accept: vec![Accept { issuer: self.parameters.fingerprint(), parameters: self.parameters.digest() }],
            schemas: vec![SchemaRef { id: self.schema.id().clone(), digest: self.schema.digest() }],
            disclose: disclose.iter().map(|name| name.parse().unwrap()).collect(),
            prove: prove.iter().map(|predicate| serde_json::from_str(predicate).unwrap()).collect(),
            not_revoked: Vec::new(),
            pseudonym: None,
            rate: None,
            encrypt_to: None,
        }
    }
}

fn publish(
    name: &str,
    sequence: u32,
    identity: &SigningKey,
    secrets: &[Keys],
    until: &[Date],
    digits: &PublicSet,
    schema: &Schema,
) -> Parameters {
    let keys = secrets.iter().zip(until);
    let keys = keys
        .map(|(keys, until)| IssuerKey {
            public: keys.signing.public_key().unwrap(),
            accepted_until: *until,
            revocation: keys.revoking.public_key().unwrap(),
        })
        .collect();
    let schemas = vec![schema.clone()];
    let content = Content { name: name.to_owned(), sequence, keys, digits: digits.clone(), schemas };
    Parameters::sign(content, identity).unwrap()
}

fn seal_answer(nonce: u8, reply_to: &str, plaintext: &[u8]) -> Vec<u8> {
    let recipient: age::x25519::Recipient = reply_to.parse().unwrap();
    let ciphertext = age::encrypt(&recipient, plaintext).unwrap();
    Answer { nonce: InvitationNonce([nonce; 16]), ciphertext }.to_bytes()
}

const ADULT: &str = r#"{"age_at_least": {"claim": "date_of_birth", "years": 18}}"#;
const VALID: &str = r#""valid""#;

fn cafe_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn fields(nonce: u8, ask: Ask) -> RequestFields {
    RequestFields {
        verifier: VerifierIdentity {
            name: "Café Glas".into(),
            origin: "https://cafe.example".parse().unwrap(),
            key: VerifierKey(cafe_key().verifying_key().to_bytes()),
        },
        profile: None,
        purpose: "Log in at the internet café".into(),
        nonce: RequestNonce([nonce; 16]),
        issued: at(NOW - 10),
        expires: at(NOW + 290),
        as_of: now().date(),
        ask,
        document: None,
    }
}

fn signed(fields: RequestFields, key: &SigningKey) -> Vec<u8> {
    Request::new(fields).unwrap().sign(key).unwrap().to_bytes()
}

fn cafe(nonce: u8, ask: Ask) -> Vec<u8> {
    signed(fields(nonce, ask), &cafe_key())
}

fn named(name: &str, ask: CredentialAsk) -> Ask {
    Ask::Credential(CredentialAsk { name: name.parse().unwrap(), ..ask })
}

fn folder() -> (TempDir, Wallet) {
    let dir = TempDir::new().unwrap();
    let (wallet, _) = Wallet::init(dir.path().join("wallet"), &passphrase("p"), quick(), &mut OsRng).unwrap();
    (dir, wallet)
}

fn place(dir: &TempDir) -> PathBuf {
    dir.path().join("wallet")
}

fn take_card<S: Store>(wallet: &mut Wallet<S>, issuer: &Issuer, nonce: u8, claims: &str) -> CredentialId {
    let application = wallet.apply(&issuer.invite(nonce), now(), &mut OsRng).unwrap();
    wallet.accept(&issuer.answer(&application, nonce, claims), now()).unwrap().credential.id
}

/// A wallet that knows one issuer and has a card of an adult.
fn with_card() -> (TempDir, Wallet, Issuer) {
    let (dir, mut wallet) = folder();
    let issuer = Issuer::new("State");
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    take_card(&mut wallet, &issuer, 1, &card_json("1990-01-31", "2033-12"));
    (dir, wallet, issuer)
}

fn refused<T>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(other) => panic!("expected a refusal, got {other}"),
        Ok(_) => panic!("expected a refusal"),
    }
}

fn lines(sentences: &Sentences) -> Vec<&str> {
    sentences.iter().collect()
}

#[test]
fn a_name_from_outside_can_not_end_its_quotation() {
    let (_dir, wallet, issuer) = with_card();
    let mut hostile = fields(1, Ask::Credential(issuer.ask(&[], &[ADULT])));
    hostile.verifier.name = "Bank” asks, at https://bank.example. “Bank".into();
    let consent = wallet.review(&signed(hostile, &cafe_key()), now(), &mut OsRng).unwrap();
    let first = "“Bank’ asks, at https://bank.example. ‘Bank” asks, at https://cafe.example.";
    assert_eq!(consent.text(0).unwrap().iter().next(), Some(first));

    let equals = r#"{"equals": {"claim": "surname", "value": "X”. Nothing is learned. “X"}}"#;
    let why =
        refused(wallet.review(&cafe(2, Ask::Credential(issuer.ask(&[], &[equals]))), now(), &mut OsRng)).explanation();
    assert!(lines(&why)[0].ends_with("the request needs “X’. Nothing is learned. ‘X”."), "{why:?}");
}

#[test]
fn answers_the_cafe_and_remembers_it() {
    let (dir, mut wallet, issuer) = with_card();
    let ask = Ask::Credential(issuer.ask(&[], &[ADULT, VALID]));
    let request = Request::new(fields(1, ask.clone())).unwrap();
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    assert_eq!((consent.standing(), consent.warnings()), (Standing::FirstTime, &[Warning::FirstTime][..]));
    let [choice] = consent.choices() else { panic!("one choice") };
    let learned = choice.learned();
    assert_eq!(
        lines(&learned),
        [
            "That you have a national identity card from “State”.",
            "That its date of birth is on or before 2008-11-23 (at least 18 years old on 2026-11-23).",
            "That its valid until is 2026-11 or later (valid on 2026-11-23).",
        ]
    );
    let text = consent.text(0).unwrap();
    assert!(text.iter().any(|line| line == "“Café Glas” asks, at https://cafe.example."));
    assert!(text.iter().any(|line| line == "Purpose, in its words: Log in at the internet café"));
    assert!(text.iter().any(|line| line.contains(&consent.verifier().key.to_string())));
    assert!(text.iter().any(|line| line.contains("has not answered it before")));
    assert!(learned.iter().all(|sentence| text.iter().any(|line| line == sentence)));
    assert!(consent.text(1).is_none());

    let bytes = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let verified =
        Presentation::from_bytes(&bytes).unwrap().verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
    assert!(verified.credentials()[0].disclosed().is_empty());
    assert_eq!(verified.credentials()[0].proved().len(), 2);

    drop(wallet);
    let wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    let [entry] = wallet.history() else { panic!("one entry") };
    assert_eq!((entry.time, entry.name.as_str(), &entry.learned), (now(), "Café Glas", &learned));
    let [known] = wallet.verifiers() else { panic!("one verifier") };
    assert_eq!((known.answers, known.origin.as_str()), (1, "https://cafe.example"));
    let ask = Ask::Credential(issuer.ask(&[], &[ADULT]));
    let consent = wallet.review(&cafe(2, ask.clone()), now(), &mut OsRng).unwrap();
    assert_eq!(consent.standing(), Standing::Known { since: now(), answers: 1 });
    assert!(consent.warnings().is_empty());
    assert_eq!(refused(wallet.review(&cafe(1, ask), now(), &mut OsRng)), Refusal::AlreadyAnswered);
}

#[test]
fn discloses_exactly_what_the_consent_shows() {
    let (_dir, mut wallet, issuer) = with_card();
    let ask = Ask::Credential(issuer.ask(&["surname", "address", "date_of_birth"], &[]));
    let request = Request::new(fields(1, ask.clone())).unwrap();
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    let learned = consent.choices()[0].learned();
    assert_eq!(
        lines(&learned)[1..],
        [&format!("Its surname: {SURNAME}"), "Its date of birth: 1990-01-31", "That it has no address."]
    );
    let bytes = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let verified =
        Presentation::from_bytes(&bytes).unwrap().verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
    let told: BTreeMap<_, _> =
        verified.credentials()[0].disclosed().iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let day = Value::Date("1990-01-31".parse().unwrap());
    let expected = [("surname", Value::Text(SURNAME.into())), ("date_of_birth", day), ("address", Value::Absent)];
    assert_eq!(told, BTreeMap::from(expected));
}

#[test]
fn restores_the_holder_secret_from_the_phrase() {
    let issuer = Issuer::new("State");
    let name = |wallet: &mut Wallet| {
        wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
        let application = wallet.apply(&issuer.invite(1), now(), &mut OsRng).unwrap();
        let application = Application::from_bytes(&application).unwrap();
        *application.verify(&issuer.invitation(1), &issuer.parameters, &mut OsRng).unwrap().name()
    };
    let dir = TempDir::new().unwrap();
    let (mut first, phrase) = Wallet::init(dir.path().join("1"), &passphrase("p"), quick(), &mut OsRng).unwrap();
    let words = phrase.expose();
    assert_eq!(words.split(' ').count(), 24);
    let read = RecoveryPhrase::parse(&words).unwrap();
    let mut second =
        Wallet::init_from_phrase(dir.path().join("2"), &read, &passphrase("q"), quick(), &mut OsRng).unwrap();
    let (mut third, _) = Wallet::init(dir.path().join("3"), &passphrase("p"), quick(), &mut OsRng).unwrap();
    let original = name(&mut first);
    assert_eq!(name(&mut second), original);
    assert_ne!(name(&mut third), original);
}

#[test]
fn matches_an_independent_derivation_of_the_holder_secret() {
    // HKDF-SHA-512 written out with Python's hmac and hashlib, for the entropy 00 01 .. 1f.
    const K: &str = "e76a01617301f63391c4a3f2a0f3209d44da92c5a98fcc1221dadd572af7b15d\
                     1a0466605c29c17c8a7c6956a55b9219cde7224279eba465d6861333e3058238";
    let bytes: Vec<u8> = (0..64).map(|at| u8::from_str_radix(&K[2 * at..2 * at + 2], 16).unwrap()).collect();
    let expected = HolderSecret::from_uniform_bytes(&bytes.try_into().unwrap()).unwrap();
    let entropy = Zeroizing::new(std::array::from_fn(|at| at as u8));
    let ours = crate::phrase::holder_secret(&entropy).unwrap();
    let issuer = Issuer::new("State");
    let commitment = |k: &HolderSecret| {
        let application = Application::create(&issuer.invitation(1), &issuer.parameters, k, "", &mut OsRng).unwrap();
        *application.verify(&issuer.invitation(1), &issuer.parameters, &mut OsRng).unwrap().commitment()
    };
    assert_eq!(commitment(&ours), commitment(&expected));
}

#[test]
fn pins_issuers_and_takes_only_newer_parameters() {
    let (dir, mut wallet) = folder();
    let mut issuer = Issuer::new("State");
    let other = Issuer::new("State");
    let fingerprint = issuer.parameters.fingerprint();
    let wrong = wallet.add_issuer(&other.json(), Some(fingerprint), &mut OsRng);
    assert_eq!(refused(wrong), Refusal::OtherIssuer { found: other.parameters.fingerprint() });
    assert!(wallet.issuers().is_empty());

    issuer.publish("State", 3, Date::MAX);
    let third = issuer.json();
    let added = wallet.add_issuer(&third, Some(fingerprint), &mut OsRng).unwrap();
    assert_eq!((added.before, added.sequence, added.same_name.len()), (Before::Nothing, 3, 0));
    let mut for_one = Issuer { schema: issuer.schema.clone(), ..Issuer::new("State") };
    for_one.identity = issuer.identity.clone();
    for_one.publish("State", 3, Date::MAX);
    let marking = wallet.add_issuer(&for_one.json(), None, &mut OsRng);
    assert_eq!(refused(marking), Refusal::MadeForOneHolder { sequence: 3 });
    for_one.publish("State", 2, Date::MAX);
    let older = wallet.add_issuer(&for_one.json(), None, &mut OsRng);
    assert_eq!(refused(older), Refusal::OlderParameters { sequence: 2, latest: 3 });

    issuer.publish("State of Glass", 7, Date::MAX);
    assert_eq!(wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap().before, Before::Older);
    assert_eq!(wallet.add_issuer(&third, None, &mut OsRng).unwrap().before, Before::Same);
    let [known] = wallet.issuers() else { panic!("one issuer") };
    assert_eq!((known.name.as_str(), known.parameters.len()), ("State of Glass", 2));

    let added = wallet.add_issuer(&other.json(), None, &mut OsRng).unwrap();
    assert_eq!(added.same_name, []);
    let third_state = Issuer::new("State");
    let added = wallet.add_issuer(&third_state.json(), None, &mut OsRng).unwrap();
    assert_eq!(added.same_name, [other.parameters.fingerprint()]);
    drop(wallet);
    assert_eq!(Wallet::open(place(&dir), &passphrase("p")).unwrap().issuers().len(), 3);
}

#[test]
fn rejects_parameters_with_a_bad_signature_or_a_bad_digit() {
    let (dir, mut wallet) = folder();
    let issuer = Issuer::new("State");
    let altered = issuer.json().replace("\"State\"", "\"Stale\"");
    assert_eq!(refused(wallet.add_issuer(&altered, None, &mut OsRng)), Refusal::BadParameters);
    // Signed by the issuer, but two digits stand for each other.
    let mut signatures = issuer.digits.signatures().to_vec();
    signatures.swap(3, 200);
    let digits = PublicSet::new(
        b"milchglas digits/1",
        issuer.digits.key(),
        (0..256u64).map(milchglas_curve::Scalar::from).collect(),
        signatures,
    )
    .unwrap();
    let marking = publish("State", 1, &issuer.identity, &issuer.secrets, &[Date::MAX], &digits, &issuer.schema);
    let result = wallet.add_issuer(&marking.to_json().unwrap(), None, &mut OsRng);
    assert_eq!(refused(result), Refusal::BadParameters);
    assert!(matches!(wallet.add_issuer("{}", None, &mut OsRng), Err(Error::Input(_))));
    assert!(wallet.issuers().is_empty());
    assert_eq!(fs::read_dir(place(&dir).join("parameters")).unwrap().count(), 0);
}

#[test]
fn applies_once_and_repeats_itself() {
    let (dir, mut wallet) = folder();
    let issuer = Issuer::new("State");
    let invitation = issuer.invite(1);
    assert_eq!(refused(wallet.apply(&invitation, now(), &mut OsRng)), Refusal::UnknownInviter);
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();

    let forged = SignedInvitation::sign(issuer.invitation(1), &cafe_key()).to_bytes();
    assert_eq!(refused(wallet.apply(&forged, now(), &mut OsRng)), Refusal::BadInvitation);
    for at in 0..invitation.len() {
        let mut flipped = invitation.clone();
        flipped[at] ^= 1;
        assert!(wallet.apply(&flipped, now(), &mut OsRng).is_err(), "byte {at}");
    }
    let late = wallet.apply(&invitation, at(NOW + 600), &mut OsRng);
    assert_eq!(refused(late), Refusal::InvitationExpired { at: at(NOW + 600) });

    let application = wallet.apply(&invitation, at(NOW + 599), &mut OsRng).unwrap();
    drop(wallet);
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    // Also when the invitation has ended: the issuer may have answered in time.
    assert_eq!(wallet.apply(&invitation, at(NOW + 10_000), &mut OsRng).unwrap(), application);
    let same_nonce = Invitation { expires: at(NOW + 601), ..issuer.invitation(1) };
    let same_nonce = SignedInvitation::sign(same_nonce, &issuer.identity).to_bytes();
    assert_eq!(refused(wallet.apply(&same_nonce, now(), &mut OsRng)), Refusal::InvitationUsed);
    // Another invitation has another address for its answer.
    let other = Application::from_bytes(&wallet.apply(&issuer.invite(2), now(), &mut OsRng).unwrap()).unwrap();
    let other = other.verify(&issuer.invitation(2), &issuer.parameters, &mut OsRng).unwrap();
    let first = Application::from_bytes(&application).unwrap();
    let first = first.verify(&issuer.invitation(1), &issuer.parameters, &mut OsRng).unwrap();
    assert_ne!(first.reply_to(), other.reply_to());
}

#[test]
fn accepts_an_answer_once_and_rejects_every_other() {
    let (_dir, mut wallet) = folder();
    let (_other_dir, mut stranger) = folder();
    let issuer = Issuer::new("State");
    let claims = card_json("1990-01-31", "2033-12");
    for wallet in [&mut wallet, &mut stranger] {
        wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    }
    let application = wallet.apply(&issuer.invite(1), now(), &mut OsRng).unwrap();
    let invitation = issuer.invitation(1);
    let (reply_to, credential) = issuer.sign(&application, &invitation, &claims);
    let good = seal_answer(1, &reply_to, &credential.to_bytes());

    // To nobody here; to another wallet with the same invitation.
    assert_eq!(refused(stranger.accept(&good, now())), Refusal::ForeignAnswer);
    let theirs = stranger.apply(&issuer.invite(1), now(), &mut OsRng).unwrap();
    assert_eq!(refused(stranger.accept(&good, now())), Refusal::BadAnswer);
    // A credential on another secret, sent here.
    let (_, on_their_secret) = issuer.sign(&theirs, &invitation, &claims);
    let bad = seal_answer(1, &reply_to, &on_their_secret.to_bytes());
    assert_eq!(refused(wallet.accept(&bad, now())), Refusal::BadAnswer);
    // A claim, the handle, the signature changed; cut; more behind.
    let bytes = credential.to_bytes();
    // The witness behind it, 52 bytes, is checked when the log is followed.
    let end = bytes.len() - 52;
    for at in (0..end).step_by(7).chain(end - 80..end) {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1;
        assert_eq!(refused(wallet.accept(&seal_answer(1, &reply_to, &flipped), now())), Refusal::BadAnswer, "{at}");
    }
    for bytes in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), b""] {
        assert_eq!(refused(wallet.accept(&seal_answer(1, &reply_to, bytes), now())), Refusal::BadAnswer);
    }
    // The ciphertext changed.
    for at in (0..good.len()).step_by(5) {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert!(wallet.accept(&flipped, now()).is_err(), "byte {at}");
    }
    assert!(wallet.list().unwrap().is_empty());

    let accepted = wallet.accept(&good, now()).unwrap();
    assert!(accepted.new);
    let again = wallet.accept(&good, at(NOW + 5)).unwrap();
    assert_eq!((again.new, again.credential), (false, accepted.credential.clone()));
    assert_eq!(wallet.list().unwrap(), [accepted.credential]);
    // The same credential in a new envelope is another answer, and there is no open application for it.
    let sealed_again = seal_answer(1, &reply_to, &credential.to_bytes());
    assert_eq!(refused(wallet.accept(&sealed_again, now())), Refusal::ForeignAnswer);
    assert_eq!(refused(wallet.apply(&issuer.invite(1), now(), &mut OsRng)), Refusal::InvitationUsed);
}

#[test]
fn lists_shows_and_removes() {
    let (dir, mut wallet, issuer) = with_card();
    let renewed = take_card(&mut wallet, &issuer, 2, &card_json("1990-01-31", "2043-12"));
    let list = wallet.list().unwrap();
    let view: Vec<_> =
        list.iter().map(|card| (card.id.get(), card.newest, card.valid_until.unwrap().to_string())).collect();
    assert_eq!(view, [(2, true, "2043-12".to_owned()), (1, false, "2033-12".to_owned())]);
    assert_eq!((list[0].kind.as_str(), list[0].issuer_name.as_str()), ("national-id", "State"));
    let (summary, json) = wallet.show(renewed).unwrap();
    assert_eq!(summary, list[0]);
    let shown: serde_json::Value = serde_json::from_str(&json).unwrap();
    let given: serde_json::Value = serde_json::from_str(&card_json("1990-01-31", "2043-12")).unwrap();
    assert_eq!(shown, given);

    wallet.remove(renewed).unwrap();
    assert_eq!(wallet.remove(renewed), Err(Error::NoSuchCredential(renewed)));
    assert!(matches!(wallet.show(renewed), Err(Error::NoSuchCredential(_))));
    assert_eq!("2".parse::<CredentialId>().unwrap(), renewed);
    assert!("x".parse::<CredentialId>().is_err());
    // A number is never used again.
    assert_eq!(take_card(&mut wallet, &issuer, 3, &card_json("1990-01-31", "2043-12")).get(), 3);
    drop(wallet);
    let wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert_eq!(wallet.list().unwrap().len(), 2);
}

#[test]
fn rejects_requests_against_its_policy() {
    let (_dir, mut wallet, issuer) = with_card();
    let ask = || Ask::Credential(issuer.ask(&[], &[ADULT]));
    let review = |wallet: &Wallet, change: &dyn Fn(&mut RequestFields)| {
        let mut fields = fields(9, ask());
        change(&mut fields);
        wallet.review(&signed(fields, &cafe_key()), now(), &mut OsRng)
    };
    assert!(review(&wallet, &|_| {}).is_ok());
    assert_eq!(refused(review(&wallet, &|fields| fields.expires = now())), Refusal::Expired { at: now() });
    assert!(review(&wallet, &|fields| fields.expires = at(NOW + 1)).is_ok());
    let future = |seconds| {
        move |fields: &mut RequestFields| {
            (fields.issued, fields.expires) = (at(NOW + seconds), at(NOW + seconds + 60));
        }
    };
    assert!(review(&wallet, &future(300)).is_ok());
    assert_eq!(refused(review(&wallet, &future(301))), Refusal::NotYetIssued { at: at(NOW + 301) });
    for (day, permitted) in [
        ("2026-11-21", false),
        ("2026-11-22", true),
        ("2026-11-24", true),
        ("2026-11-25", false),
        ("2008-11-23", false),
    ] {
        let as_of: Date = day.parse().unwrap();
        let result = review(&wallet, &|fields| fields.as_of = as_of);
        if permitted {
            assert!(result.is_ok(), "{day}");
        } else {
            assert_eq!(refused(result), Refusal::OtherDay { as_of, today: now().date() });
        }
    }

    let request = cafe(1, ask());
    for at in 0..request.len() {
        for bit in [1, 0x80] {
            let mut flipped = request.clone();
            flipped[at] ^= bit;
            let result = wallet.review(&flipped, now(), &mut OsRng);
            assert!(matches!(result, Err(Error::Input(_) | Error::Refused(Refusal::BadRequest))), "byte {at}");
        }
    }
    let last = request.len() - 1;
    let flipped = [&request[..last], &[request[last] ^ 1]].concat();
    assert_eq!(refused(wallet.review(&flipped, now(), &mut OsRng)), Refusal::BadRequest);

    // Once answered, key and origin belong together.
    let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    assert_eq!(refused(wallet.review(&request, now(), &mut OsRng)), Refusal::AlreadyAnswered);
    let mut moved = fields(2, ask());
    moved.verifier.origin = "https://bar.example".parse().unwrap();
    let refusal = refused(wallet.review(&signed(moved, &cafe_key()), now(), &mut OsRng));
    assert!(matches!(refusal, Refusal::VerifierMoved { .. }));
    let impostor = SigningKey::from_bytes(&[8; 32]);
    let mut posing = fields(2, ask());
    posing.verifier.key = VerifierKey(impostor.verifying_key().to_bytes());
    let posing = signed(posing, &impostor);
    let refusal = refused(wallet.review(&posing, now(), &mut OsRng));
    assert_eq!(refusal, Refusal::VerifierKeyChanged { origin: "https://cafe.example".parse().unwrap() });

    // Another verifier of the same name, and a known one with a new name, are worth a warning.
    let mut namesake = fields(2, ask());
    namesake.verifier.key = VerifierKey(impostor.verifying_key().to_bytes());
    namesake.verifier.origin = "https://cafe2.example".parse().unwrap();
    let consent = wallet.review(&signed(namesake, &impostor), now(), &mut OsRng).unwrap();
    let same_name = Warning::SameName { origin: "https://cafe.example".parse().unwrap() };
    assert_eq!(consent.warnings(), [Warning::FirstTime, same_name]);
    let mut renamed = fields(2, ask());
    renamed.verifier.name = "Bar Glas".into();
    let consent = wallet.review(&signed(renamed, &cafe_key()), now(), &mut OsRng).unwrap();
    assert_eq!(consent.warnings(), [Warning::NewName { before: "Café Glas".into() }]);

    // A changed key is taken only after the old one is forgotten.
    let key = VerifierKey(cafe_key().verifying_key().to_bytes());
    assert!(wallet.forget_verifier(&key).unwrap());
    assert!(!wallet.forget_verifier(&key).unwrap());
    assert_eq!(wallet.review(&posing, now(), &mut OsRng).unwrap().standing(), Standing::FirstTime);
    assert_eq!(refused(wallet.review(&request, now(), &mut OsRng)), Refusal::AlreadyAnswered);
}

#[test]
fn checks_again_before_it_answers() {
    let (_dir, mut wallet, issuer) = with_card();
    let request = cafe(1, Ask::Credential(issuer.ask(&[], &[ADULT])));
    let review = |wallet: &Wallet| wallet.review(&request, now(), &mut OsRng).unwrap();
    let late = review(&wallet);
    assert!(matches!(refused(wallet.respond(late, 0, at(NOW + 290), &mut OsRng)), Refusal::Expired { .. }));
    let no_such = review(&wallet);
    assert!(matches!(wallet.respond(no_such, 1, now(), &mut OsRng), Err(Error::Misuse(_))));
    let (first, second) = (review(&wallet), review(&wallet));
    wallet.respond(first, 0, now(), &mut OsRng).unwrap();
    assert_eq!(refused(wallet.respond(second, 0, now(), &mut OsRng)), Refusal::AlreadyAnswered);
    let next = cafe(2, Ask::Credential(issuer.ask(&[], &[ADULT])));
    let consent = wallet.review(&next, now(), &mut OsRng).unwrap();
    let id = wallet.list().unwrap()[0].id;
    wallet.remove(id).unwrap();
    assert_eq!(wallet.respond(consent, 0, now(), &mut OsRng), Err(Error::NoSuchCredential(id)));
    assert_eq!(wallet.history().len(), 1);
}

#[test]
fn says_what_helps_where_nothing_satisfies() {
    let (_dir, mut wallet) = folder();
    let issuer = Issuer::new("State");
    let request = |ask| cafe(1, ask);
    let adult = || issuer.ask(&[], &[ADULT]);
    // Whether the parameters are known, and the sentences.
    let explain = |wallet: &Wallet, ask: Ask| {
        let refusal = refused(wallet.review(&request(ask), now(), &mut OsRng));
        let known = matches!(refusal, Refusal::NotSatisfiable(_));
        assert!(known || matches!(refusal, Refusal::UnknownParameters(_)), "{refusal:?}");
        (known, refusal.explanation().iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let (known, why) = explain(&wallet, Ask::Credential(adult()));
    assert!(!known);
    let digest = issuer.parameters.digest().to_string();
    assert!(why[0].contains("that this wallet does not know") && why[0].contains(&digest), "{why:?}");

    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    let none = "You have no national identity card from “State”.";
    assert_eq!(explain(&wallet, Ask::Credential(adult())), (true, vec![none.to_owned()]));

    take_card(&mut wallet, &issuer, 1, &card_json("2008-11-24", "2026-10"));
    let young = "You are not yet 18 on 2026-11-23: your date of birth is after 2008-11-23. You reach 18 on 2026-11-24.";
    let expired =
        "Your national identity card was valid until 2026-10, and the request is about 2026-11-23. Have it renewed.";
    assert_eq!(explain(&wallet, Ask::Credential(adult())), (true, vec![young.to_owned()]));
    let both = issuer.ask(&[], &[ADULT, VALID]);
    assert_eq!(explain(&wallet, Ask::Credential(both.clone())).1, [young, expired]);
    // With a renewed card only age is in the way: of two cards the one that comes closest speaks.
    take_card(&mut wallet, &issuer, 2, &card_json("2008-11-24", "2036-10"));
    assert_eq!(explain(&wallet, Ask::Credential(both)).1, [young]);
    let refusal = refused(wallet.review(&request(Ask::Credential(adult())), now(), &mut OsRng));
    assert!(!refusal.to_string().contains("2008") && !format!("{refusal:?}").contains("2008"));
    assert_eq!(refusal.explanation().iter().collect::<Vec<_>>(), [young]);

    // What a schema does not have.
    let unfit = issuer.ask(&["shoe_size"], &[r#"{"age_at_least": {"claim": "surname", "years": 18}}"#]);
    let why = explain(&wallet, Ask::Credential(unfit)).1;
    assert!(why[0].contains("“shoe_size”, which no national identity card has"));
    assert!(why[1].contains("a proof that no national identity card can give"));

    // Of `any`, every way; of `all`, only what fails.
    let german = r#"{"equals": {"claim": "nationality", "value": "DE"}}"#;
    let swiss = r#"{"equals": {"claim": "nationality", "value": "CH"}}"#;
    let any = Ask::Any(vec![named("a", adult()), named("b", issuer.ask(&[], &[swiss]))]);
    let all = Ask::All(vec![named("c", issuer.ask(&[], &[german])), any]);
    let ways = "The request permits 2 ways, and none of them is open to you:";
    let country = "Your nationality is DE; the request needs “CH”.";
    assert_eq!(explain(&wallet, all).1, [ways, young, country]);

    // Parameters that the issuer never showed.
    let mut marking = adult();
    marking.accept[0].parameters = ParametersDigest([1; 32]);
    let (known, why) = explain(&wallet, Ask::Credential(marking));
    assert!(!known && why[0].contains("“State”") && why[0].contains("they would mark you"), "{why:?}");
}

#[test]
fn prefers_the_way_that_reveals_least() {
    let (_dir, mut wallet, issuer) = with_card();
    let renewed = take_card(&mut wallet, &issuer, 2, &card_json("1990-01-31", "2043-12"));
    let swiss = r#"{"equals": {"claim": "nationality", "value": "CH"}}"#;
    let ask = Ask::Any(vec![
        named("name", issuer.ask(&["surname"], &[])),
        named("two", issuer.ask(&[], &[ADULT, VALID])),
        named("closed", issuer.ask(&[], &[swiss])),
        named("one", issuer.ask(&[], &[ADULT])),
        named("also_one", issuer.ask(&[], &[VALID])),
    ]);
    let request = Request::new(fields(1, ask.clone())).unwrap();
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    let order: Vec<_> = consent
        .choices()
        .iter()
        .map(|choice| (choice.credentials()[0].name.to_string(), choice.credentials()[0].id == renewed))
        .collect();
    let expected = ["one", "also_one", "two", "name"].map(|name| [(name.to_owned(), true), (name.to_owned(), false)]);
    assert_eq!(order, expected.concat());
    let learned = consent.choices()[0].learned();
    assert!(lines(&learned).contains(&"That you answer in this way, which is number 4 of the 5 that it permits."));

    let bytes = wallet.respond(consent, 4, now(), &mut OsRng).unwrap();
    let presentation = Presentation::from_bytes(&bytes).unwrap();
    let verified = presentation.verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
    assert_eq!(verified.credentials()[0].name().as_str(), "two");
}

#[test]
fn shows_credentials_of_two_issuers_together() {
    let (_dir, mut wallet, state) = with_card();
    let town = Issuer::new("Town");
    wallet.add_issuer(&town.json(), None, &mut OsRng).unwrap();
    take_card(&mut wallet, &town, 1, &card_json("1990-01-31", "2033-12"));
    let either = CredentialAsk {
        accept: vec![town.ask(&[], &[]).accept[0], state.ask(&[], &[]).accept[0]],
        ..state.ask(&["sex"], &[])
    };
    let ask = Ask::All(vec![named("state", state.ask(&[], &[ADULT])), named("either", either)]);
    let request = Request::new(fields(1, ask.clone())).unwrap();
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    assert_eq!(consent.choices().len(), 2);
    let learned = consent.choices()[0].learned();
    assert!(lines(&learned).contains(&"That you have a national identity card from “Town”."));
    assert!(lines(&learned).contains(&"That all of these are credentials of one person."));
    let bytes = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let presentation = Presentation::from_bytes(&bytes).unwrap();
    let verified = presentation.verify(&request, &[&state.parameters, &town.parameters], &mut OsRng).unwrap();
    assert_eq!(verified.credentials()[1].issuer_name(), "Town");
}

#[test]
fn follows_an_issuers_change_of_keys() {
    let (_dir, mut wallet, mut issuer) = with_card();
    let yesterday: Date = "2026-11-22".parse().unwrap();
    issuer.secrets.push(Keys::random());
    issuer.publish("State", 2, Date::MAX);
    let review = |wallet: &Wallet, issuer: &Issuer| {
        wallet.review(&cafe(1, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng)
    };
    assert!(matches!(refused(review(&wallet, &issuer)), Refusal::UnknownParameters(_)));
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    let consent = review(&wallet, &issuer).unwrap();
    let learned = consent.choices()[0].learned();
    assert_eq!(
        lines(&learned)[0],
        "That you have a national identity card from “State”. It is signed with the issuer's key 1 of 2, accepted until \
         9999-12-31."
    );
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();

    issuer.publish("State", 3, yesterday);
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    let ask = Ask::Credential(issuer.ask(&[], &[ADULT]));
    let refusal = refused(wallet.review(&cafe(2, ask), now(), &mut OsRng));
    assert_eq!(
        lines(&refusal.explanation()),
        ["Your national identity card is signed with a key that is accepted until 2026-11-22 only. Have it renewed."]
    );
    take_card(&mut wallet, &issuer, 2, &card_json("1990-01-31", "2043-12"));
    assert!(wallet.review(&cafe(2, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).is_ok());
}

/// A store whose disk fails at a given save: every change before it is on the disk, nothing after.
struct Failing {
    folder: Folder,
    saves_left: Rc<Cell<usize>>,
}

impl Store for Failing {
    fn save(&mut self, vault: &[u8]) -> Result<(), Error> {
        match self.saves_left.get().checked_sub(1) {
            Some(left) => {
                self.saves_left.set(left);
                self.folder.save(vault)
            }
            None => Err(milchglas_sealed::Error::Io { op: Op::Write, kind: std::io::ErrorKind::StorageFull }.into()),
        }
    }

    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error> {
        self.folder.parameters(digest)
    }

    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error> {
        self.folder.put_parameters(digest, json)
    }

    fn published(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        self.folder.published(sha256)
    }

    fn put_published(&mut self, sha256: &[u8; 32], file: &[u8]) -> Result<(), Error> {
        self.folder.put_published(sha256, file)
    }

    fn remove_published(&mut self, sha256: &[u8; 32]) -> Result<(), Error> {
        self.folder.remove_published(sha256)
    }
}

fn failing(dir: &TempDir, saves_left: usize) -> (Wallet<Failing>, Rc<Cell<usize>>) {
    let (folder, vault) = Folder::open(&place(dir), &passphrase("p")).unwrap();
    let saves_left = Rc::new(Cell::new(saves_left));
    (Wallet::load(Failing { folder, saves_left: saves_left.clone() }, &vault).unwrap(), saves_left)
}

#[test]
fn never_uses_a_counter_twice_after_a_crash() {
    let (dir, wallet, issuer) = with_card();
    assert_eq!(wallet.state.counter, 0);
    drop(wallet);
    let request = cafe(1, Ask::Credential(issuer.ask(&[], &[ADULT])));
    // Stopped before the reservation: nothing was proven, nothing has changed.
    let (mut wallet, _) = failing(&dir, 0);
    let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
    assert!(matches!(wallet.respond(consent, 0, now(), &mut OsRng), Err(Error::Vault(_))));
    assert_eq!((wallet.state.counter, wallet.history().len()), (0, 0));
    drop(wallet);
    // Stopped between reservation and answer: the number is spent, nothing came out, the request can still be answered.
    for expected in 1..4 {
        let (mut wallet, _) = failing(&dir, 1);
        let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
        assert!(matches!(wallet.respond(consent, 0, now(), &mut OsRng), Err(Error::Vault(_))));
        drop(wallet);
        let wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
        assert_eq!((wallet.state.counter, wallet.history().len(), wallet.verifiers().len()), (expected, 0, 0));
    }
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    assert_eq!((wallet.state.counter, wallet.history().len()), (4, 1));
}

#[test]
fn keeps_the_old_state_where_saving_fails() {
    let (dir, wallet, issuer) = with_card();
    drop(wallet);
    let newcomer = Issuer::new("Town");
    let (mut wallet, saves_left) = failing(&dir, 0);
    assert!(wallet.add_issuer(&newcomer.json(), None, &mut OsRng).is_err());
    assert!(wallet.apply(&issuer.invite(2), now(), &mut OsRng).is_err());
    let id = wallet.list().unwrap()[0].id;
    assert!(wallet.remove(id).is_err());
    assert_eq!((wallet.issuers().len(), wallet.list().unwrap().len()), (1, 1));
    let town = Ask::Credential(newcomer.ask(&[], &[ADULT]));
    assert!(matches!(refused(wallet.review(&cafe(1, town), now(), &mut OsRng)), Refusal::UnknownParameters(_)));

    saves_left.set(1);
    let application = wallet.apply(&issuer.invite(3), now(), &mut OsRng).unwrap();
    let answer = issuer.answer(&application, 3, &card_json("1990-01-31", "2043-12"));
    assert!(wallet.accept(&answer, now()).is_err());
    assert_eq!(wallet.list().unwrap().len(), 1);
    drop(wallet);
    // The application survived, so the answer still brings the credential.
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert!(wallet.accept(&answer, now()).unwrap().new);
    assert_eq!(wallet.list().unwrap().len(), 2);
}

/// A broken generator, which always gives the same.
struct Stuck;

impl RngCore for Stuck {
    fn next_u32(&mut self) -> u32 {
        0x5a5a_5a5a
    }

    fn next_u64(&mut self) -> u64 {
        0x5a5a_5a5a_5a5a_5a5a
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(0x5a);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Stuck {}

#[test]
fn proves_differently_each_time_with_a_broken_generator() {
    let (dir, wallet, issuer) = with_card();
    drop(wallet);
    // One request, answered in three copies of the folder, one of which has lost an answer before.
    let (same, spent) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    copy_folder(&place(&dir), &place(&same));
    copy_folder(&place(&dir), &place(&spent));
    let request = cafe(1, Ask::Credential(issuer.ask(&[], &[ADULT])));
    let (mut wallet, _) = failing(&spent, 1);
    let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
    assert!(wallet.respond(consent, 0, now(), &mut Stuck).is_err());
    drop(wallet);
    let respond = |dir: &TempDir| {
        let mut wallet = Wallet::open(place(dir), &passphrase("p")).unwrap();
        let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
        wallet.respond(consent, 0, now(), &mut Stuck).unwrap()
    };
    let (first, control, hedged) = (respond(&dir), respond(&same), respond(&spent));
    assert_eq!(first, control, "with generator and counter both repeating, so do the bytes");
    assert_ne!(first, hedged);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("parameters")).unwrap();
    fs::copy(from.join("vault"), to.join("vault")).unwrap();
    for entry in fs::read_dir(from.join("parameters")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join("parameters").join(entry.file_name())).unwrap();
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[test]
fn leaves_no_claim_and_no_secret_in_any_file() {
    let (dir, mut wallet, issuer) = with_card();
    let request = cafe(1, Ask::Credential(issuer.ask(&["surname", "id_number"], &[])));
    let consent = wallet.review(&request, now(), &mut OsRng).unwrap();
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    wallet.apply(&issuer.invite(2), now(), &mut OsRng).unwrap();
    let bytes = wallet.state.to_bytes(&crate::vault::Root { entropy: Zeroizing::new([0; 32]), id: [0; 16] });
    let markers: [&[u8]; 6] =
        [SURNAME.as_bytes(), NUMBER.as_bytes(), b"Erika", b"AGE-SECRET-KEY", b"cafe.example", "Café".as_bytes()];
    let has = |bytes: &[u8], marker: &[u8]| bytes.windows(marker.len()).any(|window| window == marker);
    for marker in markers {
        assert!(has(&bytes, marker), "the vault's content has it, so the search could find it");
    }
    let paths = files(dir.path());
    assert_eq!(paths.len(), 3, "vault, its lock, one parameters file: {paths:?}");
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        for marker in markers {
            assert!(!has(&bytes, marker), "{}", path.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn keeps_its_files_to_the_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, mut wallet, _) = with_card();
    wallet.change_passphrase(&passphrase("q"), quick()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place(&dir)), 0o700);
    assert_eq!(mode(&place(&dir).join("parameters")), 0o700);
    for path in files(&place(&dir)) {
        let public = path.extension().is_some_and(|extension| extension == "json");
        assert_eq!(mode(&path), if public { 0o644 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn rejects_a_vault_with_any_byte_changed() {
    let (dir, wallet, _) = with_card();
    drop(wallet);
    let vault = place(&dir).join("vault");
    let good = fs::read(&vault).unwrap();
    for at in 0..good.len() {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        fs::write(&vault, &flipped).unwrap();
        assert!(Wallet::open(place(&dir), &passphrase("p")).is_err(), "byte {at} of {}", good.len());
    }
    fs::write(&vault, &good).unwrap();
    assert!(Wallet::open(place(&dir), &passphrase("p")).is_ok());
}

#[test]
fn reads_only_the_one_encoding_of_a_vault() {
    let (dir, wallet, _) = with_card();
    drop(wallet);
    let (_folder, bytes) = Folder::open(&place(&dir), &passphrase("p")).unwrap();
    let (root, state) = State::from_bytes(&bytes).unwrap();
    assert_eq!(*state.to_bytes(&root), *bytes);
    for cut in 0..bytes.len() {
        assert!(State::from_bytes(&bytes[..cut]).is_err());
    }
    assert!(State::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    let version = bytes.windows(9).position(|window| window == b"wallet/1\x82").unwrap() + 7;
    let mut later = bytes.to_vec();
    later[version] = b'2';
    assert!(State::from_bytes(&later).is_err());
}

#[test]
fn opens_for_one_and_with_the_right_passphrase() {
    let (dir, mut wallet, _) = with_card();
    let busy = Wallet::open(place(&dir), &passphrase("p"));
    assert!(matches!(busy, Err(Error::Vault(milchglas_sealed::Error::Busy))));
    assert!(Wallet::init(place(&dir), &passphrase("p"), quick(), &mut OsRng).is_err());
    wallet.change_passphrase(&passphrase("new"), quick()).unwrap();
    drop(wallet);
    let wrong = Wallet::open(place(&dir), &passphrase("p"));
    assert!(matches!(wrong, Err(Error::Vault(milchglas_sealed::Error::Unopenable))));
    assert_eq!(Wallet::open(place(&dir), &passphrase("new")).unwrap().list().unwrap().len(), 1);
    assert!(Wallet::open(dir.path().join("none"), &passphrase("p")).is_err());
}

#[test]
fn notices_and_repairs_a_lost_parameters_file() {
    let (dir, wallet, issuer) = with_card();
    drop(wallet);
    let digest = issuer.parameters.digest();
    let path = place(&dir).join("parameters").join(format!("{digest}.json"));
    let good = fs::read(&path).unwrap();
    let other = Issuer::new("Other").json().into_bytes();
    let cut = good[..good.len() - 2].to_vec();
    for content in [Some(other), Some(cut), Some(vec![0xff; 10]), None] {
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
        assert_eq!(wallet.list(), Err(Error::ParametersLost(digest)));
        assert!(wallet.review(&cafe(1, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).is_err());
        assert_eq!(wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap().before, Before::Same);
        assert_eq!(wallet.list().unwrap().len(), 1);
    }
    assert_eq!(fs::read(&path).unwrap(), good);
}

#[test]
fn prints_nothing_personal_in_debug_output() {
    let (_dir, mut wallet, issuer) = with_card();
    let consent =
        wallet.review(&cafe(1, Ask::Credential(issuer.ask(&["surname"], &[ADULT]))), now(), &mut OsRng).unwrap();
    let choice = &consent.choices()[0];
    let card = &choice.credentials()[0];
    let mut printed = vec![
        format!("{consent:?}"),
        format!("{choice:?}"),
        format!("{card:?}"),
        format!("{:?}", card.disclosed),
        format!("{:?}", choice.learned()),
        format!("{:?}", consent.text(0)),
    ];
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    printed.push(format!("{wallet:?}"));
    printed.push(format!("{:?}", wallet.history()));
    printed.push(format!("{:?}", wallet.verifiers()));
    let (_, phrase) = Wallet::init(TempDir::new().unwrap().path(), &passphrase("p"), quick(), &mut OsRng).unwrap();
    printed.push(format!("{phrase:?}"));
    for text in printed {
        assert!(!text.contains(SURNAME) && !text.contains("2008") && !text.contains("cafe.example"), "{text}");
        assert!(text.len() < 60, "{text}");
    }
}
