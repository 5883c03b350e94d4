//! Trust lists and purpose profiles: what the wallet refuses, and what it warns about.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use milchglas_credential::claim::{Claims, Literal};
use milchglas_credential::credential::Handle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{DocumentDigest, InvitationNonce, RequestNonce, VerifierKey};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey};
use milchglas_credential::inspector::{Inspector, InspectorContent};
use milchglas_credential::issuance::{Answer, Application, Invitation, Issued, SignedInvitation};
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::profile::{Beyond, Extra, Profile};
use milchglas_credential::request::{Ask, CredentialAsk, Request, RequestFields, SigningKey, VerifierIdentity};
use milchglas_credential::revocation::{SignedHead, Witness};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::set::{PublishedSet, SetContent, SetRef, SignedSet};
use milchglas_credential::trust_list::{
    Content, ListedAuthority, ListedInspector, ListedIssuer, ListedVerifier, TrustList,
};
use milchglas_sealed::{Passphrase, Work};
use milchglas_statements::SetSecretKey;
use milchglas_tests::{TestIssuer, national_id_json};
use milchglas_wallet::{Before, Consent, Error, Refusal, Wallet, Warning};
use rand_core::OsRng;
use serde_json::{Value, json};
use tempfile::TempDir;
use zeroize::Zeroizing;

const MEMBER_CARD: &str = r#"{
    "milchglas": "schema/1", "id": "member-card", "title": "member card",
    "claims": [
        {"name": "born", "title": "date of birth", "type": "date"},
        {"name": "points", "title": "points", "type": "integer", "bits": 16},
        {"name": "level", "title": "assurance", "type": "integer", "bits": 8},
        {"name": "city", "title": "city", "type": "code", "codes": ["north", "south"]}
    ],
    "assurance": "level"}"#;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new(&Zeroizing::new("p".to_owned())).unwrap()
}

/// A wallet with a national ID and a member card, and who issued them.
struct Scene {
    dir: TempDir,
    wallet: Wallet,
    issuer: TestIssuer,
}

impl Scene {
    fn new() -> Self {
        Self::with(Vec::new())
    }

    /// With schemas beside those two.
    fn with(more: Vec<Schema>) -> Self {
        let mut schemas = vec![Schema::national_id().unwrap(), Schema::from_json(MEMBER_CARD).unwrap()];
        schemas.extend(more);
        let issuer = TestIssuer::new("state", schemas).unwrap();
        let dir = TempDir::new().unwrap();
        let work = Work::with_log_n(1).unwrap();
        let (wallet, _) = Wallet::init(dir.path().join("wallet"), &passphrase(), work, &mut OsRng).unwrap();
        let mut scene = Self { dir, wallet, issuer };
        scene.wallet.add_issuer(&scene.issuer.parameters.to_json().unwrap(), None, &mut OsRng).unwrap();
        scene.take(0, &national_id_json("1990-01-31"));
        scene.take(1, r#"{"born": "1990-01-31", "points": 300, "level": 1, "city": "north"}"#);
        scene
    }

    fn reopen(self) -> Self {
        let Self { dir, wallet, issuer } = self;
        drop(wallet);
        let wallet = Wallet::open(dir.path().join("wallet"), &passphrase()).unwrap();
        Self { dir, wallet, issuer }
    }

    fn schema(&self, place: usize) -> &Schema {
        &self.issuer.parameters.content().schemas[place]
    }

    fn take(&mut self, place: usize, claims: &str) {
        let nonce = InvitationNonce([place as u8; 16]);
        let parameters: &Parameters = &self.issuer.parameters;
        let schema = self.schema(place).clone();
        let invitation = Invitation {
            issuer: parameters.fingerprint(),
            parameters: parameters.digest(),
            schema: schema.digest(),
            nonce,
            expires: "2026-11-23T12:00:00Z".parse().unwrap(),
        };
        let invite = SignedInvitation::sign(invitation.clone(), &self.issuer.identity).to_bytes();
        let application = self.wallet.apply(&invite, now(), &mut OsRng).unwrap();
        let application = Application::from_bytes(&application).unwrap();
        let application = application.verify(&invitation, parameters, &mut OsRng).unwrap();
        let claims = Claims::from_json(&schema, claims).unwrap();
        let handle = Handle::random(&mut OsRng);
        let key = parameters.signing_key(&schema.digest()).unwrap();
        let head = SignedHead::first(key, now(), &self.issuer.identity);
        let witness = Witness::issue(head.unverified(), key, &handle, &self.issuer.accumulator).unwrap();
        let credential = application.issue(&invitation, parameters, &self.issuer.secret, handle, claims).unwrap();
        let card = Issued { credential, witness };
        let recipient: age::x25519::Recipient = application.reply_to().parse().unwrap();
        let ciphertext = age::encrypt(&recipient, &card.to_bytes()).unwrap();
        self.wallet.accept(&Answer { nonce, ciphertext }.to_bytes(), now()).unwrap();
    }

    fn card(&self, place: usize, disclose: &[&str], prove: &[Value]) -> Ask {
        Ask::Credential(self.leaf("card", place, disclose, prove))
    }

    fn leaf(&self, name: &str, place: usize, disclose: &[&str], prove: &[Value]) -> CredentialAsk {
        let prove = prove.iter().map(|predicate| serde_json::from_value(predicate.clone()).unwrap()).collect();
        self.issuer.ask(name, self.schema(place), disclose, prove).unwrap()
    }

    fn review(&self, request: &[u8]) -> Result<Consent, Error> {
        self.wallet.review(request, now(), &mut OsRng)
    }

    fn refusal(&self, request: &[u8]) -> Refusal {
        refused(self.review(request))
    }

    /// The warnings about the first choice, beside those about who asks.
    fn choice_warnings(&self, ask: Ask) -> Vec<Warning> {
        let consent = self.review(&request(None, ask)).unwrap();
        let text = consent.text(0).unwrap();
        let warnings = consent.choices()[0].warnings().to_vec();
        assert!(warnings.iter().all(|warning| text.iter().any(|line| line == warning.to_string())));
        warnings
    }
}

fn refused<T>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(other) => panic!("expected a refusal, got {other}"),
        Ok(_) => panic!("expected a refusal"),
    }
}

fn cafe() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn public(key: &SigningKey) -> VerifierKey {
    VerifierKey(key.verifying_key().to_bytes())
}

fn adult(years: u16) -> Value {
    json!({"age_at_least": {"claim": "date_of_birth", "years": years}})
}

fn request_of(key: &SigningKey, origin: &str, profile: Option<&str>, ask: Ask) -> Vec<u8> {
    signed(key, fields_of(key, origin, profile, ask))
}

fn fields_of(key: &SigningKey, origin: &str, profile: Option<&str>, ask: Ask) -> RequestFields {
    let verifier = VerifierIdentity { name: "Café Glas".into(), origin: origin.parse().unwrap(), key: public(key) };
    RequestFields {
        verifier,
        profile: profile.map(|id| id.parse().unwrap()),
        purpose: "Log in".into(),
        nonce: RequestNonce([1; 16]),
        issued: now(),
        expires: "2026-11-23T10:05:00Z".parse().unwrap(),
        as_of: now().date(),
        ask,
        document: None,
    }
}

fn signed(key: &SigningKey, fields: RequestFields) -> Vec<u8> {
    Request::new(fields).unwrap().sign(key).unwrap().to_bytes()
}

fn request(profile: Option<&str>, ask: Ask) -> Vec<u8> {
    request_of(&cafe(), "https://cafe.example", profile, ask)
}

/// What the town lists: the café, for the profile `cafe`.
fn content(sequence: u32) -> Content {
    let verifier = ListedVerifier {
        name: "Café Glas".into(),
        origin: "https://cafe.example".parse().unwrap(),
        key: public(&cafe()),
        profiles: vec!["cafe".parse().unwrap()],
    };
    Content {
        name: "Glasstadt".into(),
        sequence,
        issuers: Vec::new(),
        verifiers: vec![verifier],
        inspectors: Vec::new(),
        authorities: Vec::new(),
        profiles: Profile::all_shipped().unwrap(),
    }
}

fn list_by(seed: u8, content: Content) -> String {
    TrustList::sign(content, &SigningKey::from_bytes(&[seed; 32])).unwrap().to_json().unwrap()
}

fn list(content: Content) -> String {
    list_by(1, content)
}

#[test]
fn refuses_what_a_purchase_may_not_ask() {
    let scene = Scene::new();
    let refusal = scene.refusal(&request(Some("purchase"), scene.card(0, &["date_of_birth"], &[])));
    assert!(
        matches!(&refusal, Refusal::BeyondProfile { beyond: Beyond::Disclosure(claim), .. } if claim.as_str() == "date_of_birth")
    );
    assert_eq!(
        refusal.to_string(),
        "The request says that it is for “purchase” (profile “purchase”). That does not permit asking for the disclosure of \
         “date of birth”, so this wallet does not answer."
    );
    for ask in [scene.card(0, &[], &[adult(18)]), scene.card(0, &[], &[]), scene.card(1, &[], &[])] {
        assert!(matches!(scene.refusal(&request(Some("purchase"), ask)), Refusal::BeyondProfile { .. }));
    }
    // Also to somebody who has no such card, so that a refusal does not tell.
    let empty = TempDir::new().unwrap();
    let work = Work::with_log_n(1).unwrap();
    let (wallet, _) = Wallet::init(empty.path().join("wallet"), &passphrase(), work, &mut OsRng).unwrap();
    let refusal =
        refused(wallet.review(&request(Some("purchase"), scene.card(0, &["date_of_birth"], &[])), now(), &mut OsRng));
    assert!(matches!(refusal, Refusal::BeyondProfile { .. }));
}

#[test]
fn keeps_a_request_to_the_profile_that_it_names() {
    let scene = Scene::new();
    let asks = |prove: &[Value]| request(Some("cafe"), scene.card(0, &[], prove));
    let consent = scene.review(&asks(&[adult(18), json!("valid")])).unwrap();
    assert_eq!(consent.warnings(), [Warning::FirstTime]);
    for prove in [vec![adult(21)], vec![adult(18), json!({"equals": {"claim": "sex", "value": "F"}})]] {
        assert!(matches!(scene.refusal(&asks(&prove)), Refusal::BeyondProfile { beyond: Beyond::Proof(..), .. }));
    }
    // In a branch that would not be taken, too.
    let any = Ask::Any(vec![
        Ask::Credential(scene.leaf("a", 0, &[], &[adult(18)])),
        Ask::Credential(scene.leaf("b", 0, &["surname"], &[])),
    ]);
    assert!(matches!(scene.refusal(&request(Some("cafe"), any)), Refusal::BeyondProfile { .. }));
    // The schema counts that the digest names, not the word in the request.
    let mut disguised = scene.leaf("card", 1, &[], &[]);
    disguised.schemas[0].id = "national-id".parse().unwrap();
    let refusal = scene.refusal(&request(Some("cafe"), Ask::Credential(disguised)));
    assert!(
        matches!(refusal, Refusal::BeyondProfile { beyond: Beyond::Credential(id), .. } if id.as_str() == "member-card")
    );

    let unknown = scene.review(&request(Some("casino"), scene.card(0, &["surname"], &[]))).unwrap();
    assert_eq!(
        unknown.warnings(),
        [Warning::FirstTime, Warning::UnknownProfile { profile: "casino".parse().unwrap() }]
    );
}

#[test]
fn keeps_a_request_to_what_its_profile_permits_besides_claims() {
    let mut scene = Scene::new();
    let inspector = court(1);
    scene.wallet.add_inspector(&inspector.to_json().unwrap(), None).unwrap();
    let leaf = || scene.leaf("card", 0, &[], &[adult(18)]);
    let fields = |ask: CredentialAsk| fields_of(&cafe(), "https://cafe.example", Some("cafe"), Ask::Credential(ask));
    assert!(scene.review(&signed(&cafe(), fields(leaf()))).is_ok());
    let scope = || "visits".parse().unwrap();
    let pseudonym = fields(CredentialAsk { pseudonym: Some(PseudonymAsk { scope: scope() }), ..leaf() });
    let rate = RateAsk { scope: scope(), epoch: "2026".parse().unwrap(), limit: 3 };
    let rate = fields(CredentialAsk { rate: Some(rate), ..leaf() });
    let (label, purpose) = ("stay 17".into(), "a crime in the house".into());
    let encrypt_to = EncryptAsk { inspector: inspector.reference(), label, purpose };
    let encrypt_to = fields(CredentialAsk { encrypt_to: Some(encrypt_to), ..leaf() });
    let document = DocumentRef { title: "A contract".into(), sha256: DocumentDigest([1; 32]) };
    let document = RequestFields { document: Some(document), ..fields(leaf()) };
    for (fields, extra) in [
        (pseudonym, Extra::Pseudonym),
        (rate, Extra::Rate),
        (encrypt_to, Extra::EncryptTo),
        (document, Extra::Document),
    ] {
        // Without the profile it is the holder's to decide.
        let unbound = RequestFields { profile: None, ..fields.clone() };
        assert!(scene.review(&signed(&cafe(), unbound)).is_ok(), "{extra:?}");
        let refusal = scene.refusal(&signed(&cafe(), fields));
        assert!(
            matches!(&refusal, Refusal::BeyondProfile { beyond: Beyond::Extra(what), .. } if *what == extra),
            "{refusal}"
        );
    }
}

#[test]
fn pins_an_authority_and_takes_only_newer_lists() {
    let mut scene = Scene::new();
    let first = list(content(5));
    let fingerprint = TrustList::from_json(&first).unwrap().fingerprint();
    let other = TrustList::from_json(&list_by(2, content(5))).unwrap().fingerprint();
    let wrong = scene.wallet.add_trust_list(&first, Some(other));
    assert_eq!(refused(wrong), Refusal::OtherAuthority { found: fingerprint });
    let altered = first.replace("Café Glas", "Café Eis");
    assert_eq!(refused(scene.wallet.add_trust_list(&altered, None)), Refusal::BadTrustList);
    assert!(matches!(scene.wallet.add_trust_list("{}", None), Err(Error::Input(_))));
    assert!(scene.wallet.trust_lists().is_empty());

    let added = scene.wallet.add_trust_list(&first, Some(fingerprint)).unwrap();
    assert_eq!((added.before, added.sequence, added.name.as_str()), (Before::Nothing, 5, "Glasstadt"));
    let mut scene = scene.reopen();
    assert_eq!(scene.wallet.add_trust_list(&first, None).unwrap().before, Before::Same);
    let marking = Content { verifiers: Vec::new(), ..content(5) };
    let refusal = refused(scene.wallet.add_trust_list(&list(marking), None));
    assert_eq!(refusal, Refusal::TrustListForOneHolder { sequence: 5 });
    let refusal = refused(scene.wallet.add_trust_list(&list(content(4)), None));
    assert_eq!(refusal, Refusal::OlderTrustList { sequence: 4, latest: 5 });
    let refusal = refused(scene.wallet.add_trust_list(&list_by(2, content(6)), None));
    assert_eq!(refusal, Refusal::AuthorityKeyChanged { known: fingerprint });
    assert_eq!(scene.wallet.trust_lists().len(), 1);
    assert_eq!(scene.wallet.trust_lists()[0].content().sequence, 5);

    assert_eq!(scene.wallet.add_trust_list(&list(content(7)), None).unwrap().before, Before::Older);
    let mut scene = scene.reopen();
    assert_eq!(scene.wallet.trust_lists()[0].content().sequence, 7);
    assert!(scene.wallet.forget_trust_list(&fingerprint).unwrap());
    assert!(!scene.wallet.forget_trust_list(&fingerprint).unwrap());
    assert!(scene.wallet.add_trust_list(&list_by(2, content(1)), None).is_ok());
    for seed in 3..10 {
        let name = format!("Town {seed}");
        assert!(scene.wallet.add_trust_list(&list_by(seed, Content { name, ..content(1) }), None).is_ok());
    }
    let one_more = Content { name: "One more".into(), ..content(1) };
    assert_eq!(scene.wallet.add_trust_list(&list_by(10, one_more), None), Err(Error::Full("trust lists")));
    assert_eq!(scene.reopen().wallet.trust_lists().len(), 8);
}

#[test]
fn says_who_vouches_and_refuses_what_a_list_contradicts() {
    let mut scene = Scene::new();
    let ask = scene.card(0, &[], &[adult(18), json!("valid")]);
    scene.wallet.add_trust_list(&list(content(1)), None).unwrap();
    let consent = scene.review(&request(Some("cafe"), ask.clone())).unwrap();
    assert!(consent.warnings().is_empty(), "{:?}", consent.warnings());
    let text = consent.text(0).unwrap();
    assert!(text.iter().any(|line| line == "“Glasstadt” vouches for it as “Café Glas”, for “internet café”."));

    let refusal = scene.refusal(&request(Some("bank"), ask.clone()));
    assert_eq!(
        refusal,
        Refusal::NotListedFor { authority: "Glasstadt".into(), profile: Some("bank".parse().unwrap()) }
    );
    // No way around its profiles by naming none.
    let refusal = scene.refusal(&request(None, ask.clone()));
    assert_eq!(refusal, Refusal::NotListedFor { authority: "Glasstadt".into(), profile: None });
    let other = SigningKey::from_bytes(&[8; 32]);
    let contradicted = |key: &SigningKey, origin: &str| {
        let refusal = scene.refusal(&request_of(key, origin, Some("cafe"), ask.clone()));
        assert!(matches!(refusal, Refusal::NotTheListedVerifier { .. }), "{refusal}");
    };
    contradicted(&other, "https://cafe.example");
    contradicted(&cafe(), "https://cafe.example:8443");

    // Somebody who is not listed is not vouched for, and keeps to the profile all the same.
    let stranger = |profile: Option<&str>, ask: Ask| request_of(&other, "https://bar.example", profile, ask);
    let consent = scene.review(&stranger(Some("cafe"), ask.clone())).unwrap();
    assert_eq!(consent.warnings(), [Warning::FirstTime, Warning::NobodyVouches]);
    assert!(consent.vouchers().is_empty());
    let beyond = stranger(Some("cafe"), scene.card(0, &["surname"], &[]));
    assert!(matches!(scene.refusal(&beyond), Refusal::BeyondProfile { .. }));
}

#[test]
fn takes_the_profile_of_the_list_that_vouches() {
    let mut scene = Scene::new();
    let mut town = content(1);
    let place = town.profiles.iter().position(|profile| profile.id.as_str() == "cafe").unwrap();
    let rule = &mut town.profiles[place].permit[0];
    rule.disclose = vec!["nationality".parse().unwrap()];
    scene.wallet.add_trust_list(&list(town), None).unwrap();
    let nationality = scene.card(0, &["nationality"], &[]);
    assert!(scene.review(&request(Some("cafe"), nationality.clone())).is_ok());
    let surname = request(Some("cafe"), scene.card(0, &["surname"], &[]));
    assert!(matches!(scene.refusal(&surname), Refusal::BeyondProfile { .. }));
    // Where two lists vouch, both profiles hold; where the second is silent, the first holds.
    let mut state = Content { name: "State".into(), ..content(1) };
    scene.wallet.add_trust_list(&list_by(2, state.clone()), None).unwrap();
    assert!(matches!(scene.refusal(&request(Some("cafe"), nationality.clone())), Refusal::BeyondProfile { .. }));
    state.sequence = 2;
    state.verifiers.clear();
    scene.wallet.add_trust_list(&list_by(2, state.clone()), None).unwrap();
    assert!(scene.review(&request(Some("cafe"), nationality)).is_ok());
    // A list with the verifier under another name.
    state.sequence = 3;
    state.verifiers = vec![ListedVerifier { name: "Bar".into(), ..content(1).verifiers[0].clone() }];
    scene.wallet.add_trust_list(&list_by(2, state), None).unwrap();
    let consent = scene.review(&request(Some("cafe"), scene.card(0, &[], &[adult(18)]))).unwrap();
    assert_eq!(consent.warnings(), [Warning::ListedAs { name: "Bar".into() }]);
    assert_eq!(consent.vouchers().len(), 2);
}

#[test]
fn asks_the_lists_again_before_it_answers() {
    let mut scene = Scene::new();
    let ask = scene.card(0, &[], &[adult(18)]);
    let bytes = request(Some("cafe"), ask);
    let consent = scene.review(&bytes).unwrap();
    let mut moved = content(1);
    moved.verifiers[0].origin = "https://other.example".parse().unwrap();
    scene.wallet.add_trust_list(&list(moved), None).unwrap();
    let refusal = refused(scene.wallet.respond(consent, 0, now(), &mut OsRng));
    assert!(matches!(refusal, Refusal::NotTheListedVerifier { .. }));
    assert!(scene.wallet.history().is_empty());
    scene.wallet.add_trust_list(&list(content(2)), None).unwrap();
    let consent = scene.review(&bytes).unwrap();
    scene.wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
}

#[test]
fn believes_a_list_about_a_new_issuer() {
    let mut scene = Scene::new();
    let town = TestIssuer::new("town", vec![Schema::national_id().unwrap()]).unwrap();
    let (name, fingerprint) = (town.parameters.content().name.clone(), town.parameters.fingerprint());
    let mut listing = content(1);
    listing.issuers = vec![ListedIssuer { name: name.clone(), fingerprint: scene.issuer.parameters.fingerprint() }];
    scene.wallet.add_trust_list(&list(listing.clone()), None).unwrap();
    let json = town.parameters.to_json().unwrap();
    let refusal = refused(scene.wallet.add_issuer(&json, None, &mut OsRng));
    assert_eq!(refusal, Refusal::OtherIssuer { found: fingerprint });
    listing.sequence = 2;
    listing.issuers = vec![ListedIssuer { name, fingerprint }];
    scene.wallet.add_trust_list(&list(listing), None).unwrap();
    let added = scene.wallet.add_issuer(&json, None, &mut OsRng).unwrap();
    assert_eq!(added.listed_by, ["Glasstadt"]);
}

/// Two points whose logarithms are nobody's: the generators of the curve and of the BBS draft.
const POINTS: [&str; 2] = [
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
    "a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9",
];

fn court(identity: u8) -> Inspector {
    let point = |text: &str| InspectorKey::try_from(text.to_owned()).unwrap().0;
    let commitments = POINTS.map(point).to_vec();
    let content = InspectorContent { name: "Court".into(), shareholders: 3, commitments };
    Inspector::sign(content, &SigningKey::from_bytes(&[identity; 32])).unwrap()
}

fn listed(inspector: &Inspector) -> ListedInspector {
    let named = inspector.reference();
    ListedInspector { name: named.name, key: named.key, digest: named.digest }
}

fn encrypted_for(scene: &Scene, inspector: &Inspector) -> Ask {
    let (label, purpose) = ("stay 17".into(), "a crime in the house".into());
    let encrypt_to = Some(EncryptAsk { inspector: inspector.reference(), label, purpose });
    Ask::Credential(CredentialAsk { encrypt_to, ..scene.leaf("card", 0, &[], &[]) })
}

#[test]
fn believes_a_list_about_a_new_inspector() {
    let mut scene = Scene::new();
    let (ours, theirs) = (court(1), court(2));
    let lists = |sequence, inspectors: Vec<ListedInspector>| Content { inspectors, ..content(sequence) };
    // The same key with another file, and the same file with another key, are others too.
    let mut other_key = listed(&ours);
    other_key.key = InspectorKey::try_from(POINTS[1].to_owned()).unwrap();
    assert_eq!((ours.key(), ours.digest() == theirs.digest()), (theirs.key(), false));
    let refusal = Refusal::NotTheListedInspector { authority: "Glasstadt".into(), name: "Court".into() };
    for (sequence, entry) in [(1, listed(&theirs)), (2, other_key)] {
        scene.wallet.add_trust_list(&list(lists(sequence, vec![entry])), None).unwrap();
        assert_eq!(refused(scene.wallet.add_inspector(&ours.to_json().unwrap(), None)), refusal);
        assert!(scene.wallet.inspectors().is_empty());
    }
    assert_eq!(
        refusal.to_string(),
        "The trust list of “Glasstadt” names another key or file for the inspector “Court”. Somebody may be posing as it."
    );
    // The list that has it decides, whatever another says.
    let state = Content { name: "State".into(), ..lists(1, vec![listed(&ours)]) };
    scene.wallet.add_trust_list(&list_by(2, state), None).unwrap();
    assert_eq!(scene.wallet.add_inspector(&ours.to_json().unwrap(), None).unwrap().listed_by, ["State"]);

    // Of a name that no list has, nothing is said.
    let mut scene = Scene::new();
    let elsewhere = ListedInspector { name: "Other Court".into(), ..listed(&theirs) };
    scene.wallet.add_trust_list(&list(lists(1, vec![elsewhere])), None).unwrap();
    assert!(scene.wallet.add_inspector(&ours.to_json().unwrap(), None).unwrap().listed_by.is_empty());
}

#[test]
fn asks_the_lists_about_the_inspector_that_a_request_names() {
    let mut scene = Scene::new();
    let inspector = court(1);
    scene.wallet.add_inspector(&inspector.to_json().unwrap(), None).unwrap();
    let asked =
        |scene: &Scene| request_of(&cafe(), "https://cafe.example", Some("hotel"), encrypted_for(scene, &inspector));
    let vouched = |scene: &Scene| {
        let text = scene.review(&asked(scene)).unwrap().text(0).unwrap();
        assert!(text.iter().any(|line| line.contains("shareholders of “Court”")));
        text.iter().any(|line| line.ends_with("This inspector is on the trust list of “Glasstadt”"))
    };
    let lists = |sequence, inspectors| Content { inspectors, verifiers: Vec::new(), ..content(sequence) };
    scene.wallet.add_trust_list(&list(lists(1, Vec::new())), None).unwrap();
    assert!(!vouched(&scene));
    scene.wallet.add_trust_list(&list(lists(2, vec![listed(&inspector)])), None).unwrap();
    assert!(vouched(&scene));

    // It is pinned, and refused all the same: before the holder sees the request, and after.
    let consent = scene.review(&asked(&scene)).unwrap();
    scene.wallet.add_trust_list(&list(lists(3, vec![listed(&court(2))])), None).unwrap();
    let refusal = Refusal::NotTheListedInspector { authority: "Glasstadt".into(), name: "Court".into() };
    assert_eq!(scene.refusal(&asked(&scene)), refusal);
    assert_eq!(refused(scene.wallet.respond(consent, 0, now(), &mut OsRng)), refusal);
    assert!(scene.wallet.history().is_empty());
}

#[test]
fn believes_a_list_about_who_publishes_sets_and_lists() {
    let key = SetSecretKey::from_bytes(&[5; 32]).unwrap();
    let publisher = |seed: u8| SigningKey::from_bytes(&[seed; 32]);
    let set = |scene: &Scene, seed: u8| {
        let claim_type = scene.schema(1).claims()[3].claim_type.clone();
        let values = vec![milchglas_credential::claim::Value::Code("north".to_owned())];
        let (name, title) = ("near".parse().unwrap(), "near".into());
        PublishedSet::sign(SetContent { name, title, sequence: 1, claim_type, values }, &key, &publisher(seed)).unwrap()
    };
    let stolen = |seed: u8| PublishedList::sign("stolen".parse().unwrap(), 1, vec![5], &key, &publisher(seed)).unwrap();
    let lists = |sequence, named: &[(&str, u8)]| {
        let fingerprint = |seed| stolen(seed).reference().authority;
        let entry =
            |(name, seed): &(&str, u8)| ListedAuthority { name: (*name).to_owned(), fingerprint: fingerprint(*seed) };
        list(Content { authorities: named.iter().map(entry).collect(), ..content(sequence) })
    };
    let mut scene = Scene::new();
    let (ours, theirs) = (set(&scene, 3), set(&scene, 4));
    let (our_list, their_list) = (stolen(3), stolen(4));
    let refusal = Refusal::OtherAuthority { found: ours.authority() };
    scene.wallet.add_trust_list(&lists(1, &[("near", 4), ("stolen", 6)]), None).unwrap();
    assert_eq!(refused(scene.wallet.add_set(&ours.to_json().unwrap(), None, &mut OsRng)), refusal);
    assert_eq!(refused(scene.wallet.add_list(our_list.to_bytes().to_vec(), None, &mut OsRng)), refusal);
    assert!(scene.wallet.publications().is_empty());
    let added = scene.wallet.add_set(&theirs.to_json().unwrap(), None, &mut OsRng).unwrap();
    assert_eq!(added.listed_by, ["Glasstadt"]);

    // Several may publish under one name; the authority of another name is listed all the same; of whom no list has, nothing is said.
    scene.wallet.add_trust_list(&lists(2, &[("near", 4), ("near", 3)]), None).unwrap();
    for (file, listed_by) in [(our_list, vec!["Glasstadt"]), (stolen(5), vec![]), (their_list, vec!["Glasstadt"])] {
        let added = scene.wallet.add_list(file.to_bytes().to_vec(), None, &mut OsRng).unwrap();
        assert_eq!(added.listed_by, listed_by);
    }
    let added = scene.wallet.add_set(&ours.to_json().unwrap(), None, &mut OsRng).unwrap();
    assert_eq!(added.listed_by, ["Glasstadt"]);
}

#[test]
fn warns_of_disclosures_where_a_proof_would_do() {
    let scene = Scene::new();
    let date = |title: &str| Warning::DateDisclosed { title: title.into() };
    assert_eq!(scene.choice_warnings(scene.card(0, &["surname", "date_of_birth"], &[])), [date("date of birth")]);
    assert_eq!(scene.choice_warnings(scene.card(0, &["surname", "nationality"], &[])), []);
    // The other way, which tells less, has nothing to warn of.
    let any = Ask::Any(vec![
        Ask::Credential(scene.leaf("told", 0, &["date_of_birth"], &[])),
        Ask::Credential(scene.leaf("proven", 0, &[], &[adult(18)])),
    ]);
    let consent = scene.review(&request(None, any)).unwrap();
    let warnings: Vec<&[Warning]> = consent.choices().iter().map(|choice| choice.warnings()).collect();
    assert_eq!(warnings, [&[][..], &[date("date of birth")][..]]);

    let mut scene = scene;
    let mut town = content(1);
    let profile = json!({"milchglas": "profile/1", "id": "club", "title": "club", "permit": [{
        "schemas": ["national-id"], "disclose": ["date_of_birth", "assurance"], "prove": [
            {"predicate": "age_at_least", "claim": "date_of_birth"}, {"predicate": "at_least", "claim": "assurance"}]}]});
    town.profiles.push(Profile::from_json(&profile.to_string()).unwrap());
    town.verifiers[0].profiles.push("club".parse().unwrap());
    scene.wallet.add_trust_list(&list(town), None).unwrap();
    let consent = scene.review(&request(Some("club"), scene.card(0, &["date_of_birth", "assurance"], &[]))).unwrap();
    let would_do = |title: &str| Warning::ProofWouldDo { title: title.into() };
    assert_eq!(consent.choices()[0].warnings(), [would_do("date of birth"), would_do("assurance (1 light, 2 full)")]);
}

#[test]
fn warns_of_bounds_that_pin_a_person_down() {
    let scene = Scene::new();
    let warns = |prove: &[Value]| scene.choice_warnings(scene.card(1, &[], prove));
    let pins = |title: &str, values: u64| Warning::PinsDown { title: title.into(), values };
    let from = |date: &str| json!({"on_or_after": {"claim": "born", "date": date}});
    let to = |date: &str| json!({"on_or_before": {"claim": "born", "date": date}});
    let born = "date of birth";
    assert_eq!(warns(&[from("1990-01-31")]), []);
    assert_eq!(warns(&[from("1990-01-31"), to("1990-01-31")]), [pins(born, 1)]);
    assert_eq!(warns(&[from("1990-01-01"), to("1990-12-31")]), [pins(born, 365)]);
    assert_eq!(warns(&[from("1990-01-01"), to("1991-01-01")]), []);
    let age = |name: &str, years: u16| json!({name: {"claim": "born", "years": years}});
    assert_eq!(warns(&[age("age_at_least", 36), age("age_under", 37)]), [pins(born, 365)]);
    assert_eq!(warns(&[age("age_at_least", 36), age("age_under", 38)]), []);
    assert_eq!(warns(&[age("age_at_least", 36), from("1989-11-23")]), []);
    assert_eq!(warns(&[age("age_at_least", 36), from("1989-11-24")]), [pins(born, 365)]);
    assert_eq!(warns(&[age("age_at_least", 36), from("1990-01-01")]), [pins(born, 327)]);
    let points = |min: i64, max: i64| json!({"between": {"claim": "points", "min": min, "max": max}});
    assert_eq!(warns(&[points(300, 301)]), [pins("points", 1)]);
    assert_eq!(warns(&[points(296, 304)]), [pins("points", 8)]);
    assert_eq!(warns(&[points(296, 305)]), []);
    assert_eq!(
        warns(&[
            json!({"at_least": {"claim": "points", "value": 299}}),
            json!({"at_most": {"claim": "points", "value": 301}})
        ]),
        [pins("points", 3)]
    );
    // Numbers that the claim can not have do not count.
    assert_eq!(warns(&[json!({"at_most": {"claim": "level", "value": 1}})]), [pins("assurance", 2)]);
    assert_eq!(warns(&[json!({"at_least": {"claim": "level", "value": 1}})]), []);
    // Disclosed anyway.
    let told = scene.card(1, &["points"], &[points(300, 301)]);
    assert_eq!(scene.choice_warnings(told), []);
    // Two cards of one person, each with one bound.
    let all = Ask::All(vec![
        Ask::Credential(scene.leaf("a", 1, &[], &[from("1990-01-31")])),
        Ask::Credential(scene.leaf("b", 1, &[], &[to("1990-01-31")])),
    ]);
    assert_eq!(scene.choice_warnings(all), [Warning::NotAskedRevoked, pins(born, 1)]);
}

#[test]
fn warns_of_two_ranges_and_of_sets_that_pin_a_person_down() {
    let scene = Scene::new();
    let warns = |prove: Value| scene.choice_warnings(scene.card(1, &[], &[prove]));
    let pins = |title: &str, values: u64| vec![Warning::PinsDown { title: title.into(), values }];
    let either = |claim: &str, one: Value, other: Value| json!({"any_hidden": {"claim": claim, "of": [one, other]}});
    let between = |min: u32, max: u32| json!({"between": {"min": min, "max": max}});
    assert_eq!(warns(either("points", between(300, 302), between(400, 406))), pins("points", 8));
    assert_eq!(warns(either("points", between(300, 302), between(400, 407))), []);
    // What is in both counts once, and numbers that the claim can not have do not count.
    assert_eq!(warns(either("points", between(300, 305), between(302, 308))), pins("points", 8));
    assert_eq!(warns(either("level", json!({"at_most": 1}), json!({"at_least": 250}))), pins("assurance", 8));
    assert_eq!(warns(either("level", json!({"at_most": 1}), json!({"at_least": 249}))), []);

    let warns = |claim: usize, values: Vec<Literal>| {
        let mut ask = scene.leaf("card", 1, &[], &[]);
        let claim = &scene.schema(1).claims()[claim];
        let set = SetRef::Signed(SignedSet::sign(values, &claim.claim_type, &mut OsRng).unwrap());
        ask.prove = vec![Predicate::In { claim: claim.name.clone(), set }];
        scene.choice_warnings(Ask::Credential(ask))
    };
    let numbers = |end: u32| (300..end).map(|n| serde_json::from_value(json!(n)).unwrap()).collect::<Vec<Literal>>();
    let texts = |texts: &[&str]| texts.iter().map(|text| Literal::Text((*text).to_owned())).collect::<Vec<_>>();
    assert_eq!(warns(1, numbers(308)), pins("points", 8));
    assert_eq!(warns(1, numbers(309)), []);
    assert_eq!(warns(0, texts(&["1990-01-31", "1991-01-31"])), pins("date of birth", 2));
    assert_eq!(warns(0, texts(&["1990-01-31"])), [Warning::TellsValue { title: "date of birth".into() }]);
    assert_eq!(warns(3, texts(&["north", "south"])), []);
}

#[test]
fn warns_that_equals_tells() {
    let scene = Scene::new();
    let equals = json!({"equals": {"claim": "city", "value": "north"}});
    let tells = [Warning::TellsValue { title: "city".into() }];
    assert_eq!(scene.choice_warnings(scene.card(1, &[], std::slice::from_ref(&equals))), tells);
    assert_eq!(scene.choice_warnings(scene.card(1, &["city"], &[equals])), []);
}

#[test]
fn says_that_a_light_card_can_be_upgraded() {
    let scene = Scene::new();
    let why = |predicate: Value| {
        let refusal = scene.refusal(&request(None, scene.card(1, &[], &[predicate])));
        let Refusal::NotSatisfiable(why) = refusal else { panic!("{refusal}") };
        why.iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let upgrade = ["This needs a full member card; yours is a light one. Upgrade it at a counter."];
    assert_eq!(why(json!({"equals": {"claim": "level", "value": 2}})), upgrade);
    assert_eq!(why(json!({"at_least": {"claim": "level", "value": 2}})), upgrade);
    assert_eq!(why(json!({"equals": {"claim": "level", "value": 3}})), ["Your assurance is 1; the request needs 3."]);

    // Of several ways, the one with the least in its way is told first.
    let any = Ask::Any(vec![
        Ask::Credential(scene.leaf("far", 0, &[], &[adult(40), json!({"equals": {"claim": "sex", "value": "M"}})])),
        Ask::Credential(scene.leaf("near", 1, &[], &[json!({"equals": {"claim": "level", "value": 2}})])),
    ]);
    let refusal = scene.refusal(&request(None, any));
    let Refusal::NotSatisfiable(why) = refusal else { panic!("{refusal}") };
    assert_eq!(why.iter().nth(1), Some(upgrade[0]));
    assert_eq!(why.len(), 4);
}

/// A profile that lets the city of the member card be disclosed and compared, and nothing be asked about another's.
fn comparing(second: Value) -> Profile {
    let profile = json!({
        "milchglas": "profile/1", "id": "cafe", "title": "internet café",
        "permit": [
            {"schemas": ["member-card"], "disclose": ["city"], "prove": [{"predicate": "same_as", "claim": "city"}]},
            second,
        ]
    });
    Profile::from_json(&profile.to_string()).unwrap()
}

#[test]
fn permits_a_comparison_only_where_both_sides_may_be_told() {
    let other = r#"{
        "milchglas": "schema/1", "id": "other-card", "title": "other card",
        "claims": [{"name": "town", "title": "town", "type": "code", "codes": ["north", "south"]}]}"#;
    let mut scene = Scene::with(vec![Schema::from_json(other).unwrap()]);
    scene.take(2, r#"{"town": "north"}"#);
    let same = json!({"same_as": {"claim": "city", "credential": "other", "other": "town"}});
    let ask = Ask::All(vec![
        Ask::Credential(scene.leaf("card", 1, &["city"], &[same])),
        Ask::Credential(scene.leaf("other", 2, &[], &[])),
    ]);
    let asked = request(Some("cafe"), ask.clone());
    let known = |sequence, second| Content { profiles: vec![comparing(second)], ..content(sequence) };

    let nothing = json!({"schemas": ["other-card"]});
    scene.wallet.add_trust_list(&list(known(1, nothing)), None).unwrap();
    let refusal = scene.refusal(&asked);
    assert!(
        matches!(&refusal, Refusal::BeyondProfile { beyond: Beyond::Proof("same_as", Some(claim)), .. } if claim.as_str() == "town"),
        "{refusal}"
    );
    for (sequence, second) in [
        (2, json!({"schemas": ["other-card"], "disclose": ["town"]})),
        (3, json!({"schemas": ["other-card"], "prove": [{"predicate": "same_as", "claim": "town"}]})),
    ] {
        scene.wallet.add_trust_list(&list(known(sequence, second)), None).unwrap();
        let consent = scene.review(&asked).unwrap();
        // The town is hidden, and told all the same: the city beside it is disclosed.
        assert!(consent.choices()[0].warnings().contains(&Warning::TellsValue { title: "town".into() }));
    }
}

#[test]
fn warns_where_an_exclusion_leaves_one_value() {
    let scene = Scene::new();
    let excluding = |prove: Value| scene.choice_warnings(scene.card(1, &[], &[prove]));
    let tells = [Warning::TellsValue { title: "city".into() }];
    assert_eq!(excluding(json!({"not_equals": {"claim": "city", "value": "south"}})), tells);
    let sexes = |values: Value| {
        let ask = scene.card(0, &[], &[json!({"not_in": {"claim": "sex", "values": values}})]);
        scene.choice_warnings(ask)
    };
    assert_eq!(sexes(json!(["M", "X"])), [Warning::TellsValue { title: "sex".into() }]);
    let one = scene.card(0, &[], &[json!({"not_equals": {"claim": "sex", "value": "X"}})]);
    assert!(scene.choice_warnings(one).is_empty());
}
