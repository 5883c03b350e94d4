//! One issuer, one holder with a wallet, one verifier: what decoded objects are checked against, and where seeds come from.
//!
//! Keys and cards follow from fixed seeds. What `age` encrypts does not, because it draws from the operating system.

use milchglas_credential::claim::{Claims, Literal};
use milchglas_credential::credential::{Credential, HolderSecret};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{InvitationNonce, ParametersDigest};
use milchglas_credential::issuance::{Answer, Application, Invitation, Issued, SignedInvitation};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::{Ask, Request};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::PseudonymAsk;
use milchglas_credential::set::{SetRef, SignedSet};
use milchglas_sealed::{Passphrase, SealedFile, Work};
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, present, request, today};
use milchglas_verifier::{Lookup, RequestStore, StoreError, Verifier};
use milchglas_wallet::{RecoveryPhrase, Store, Wallet};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use zeroize::Zeroizing;

/// Twenty-four words with the right checksum: those of an entropy of zeros.
pub const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art";

/// What a sealed file of the scene holds.
pub const SEALED_CONTENT: &[u8] = b"what the sealed file says";
/// Its kind.
pub const SEALED_KIND: &str = "fuzz";

/// Everybody and everything, made once.
pub static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

/// Everybody and everything.
pub struct Scene {
    /// When it takes place.
    pub now: Timestamp,
    /// The schema that ships.
    pub schema: Schema,
    /// The issuer.
    pub issuer: TestIssuer,
    /// Its parameters file.
    pub parameters: String,
    /// A holder whose card is not in the wallet.
    pub k: HolderSecret,
    /// That card.
    pub card: Credential,
    /// An invitation.
    pub invitation: Invitation,
    /// The same, signed.
    pub signed_invitation: Vec<u8>,
    /// The application of `k` for it.
    pub application: Vec<u8>,
    /// Requests, each with the answer of `k`.
    pub answered: Vec<(Request, Vec<u8>)>,
    /// The vault of a wallet that waits for [`Scene::answer`].
    pub waiting: Vec<u8>,
    /// The issuer's answer to that wallet.
    pub answer: Vec<u8>,
    /// The vault of the wallet once it has its card.
    pub vault: Vec<u8>,
    /// A sealed file, under [`passphrase`].
    pub sealed: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let mut rng = SeededRng::new("scene");
        let now = Timestamp::from_unix(1_795_424_500).unwrap();
        let schema = Schema::national_id().unwrap();
        let issuer = TestIssuer::new("state", vec![schema.clone(), library_card()]).unwrap();
        let k = holder("holder").unwrap();
        let claims = || Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
        let card = issuer.issue(&schema, &k, claims(), &mut rng).unwrap();
        let invitation = Invitation {
            issuer: issuer.parameters.fingerprint(),
            parameters: issuer.parameters.digest(),
            schema: schema.digest(),
            nonce: InvitationNonce([3; 16]),
            expires: Timestamp::from_unix(4_000_000_000).unwrap(),
        };
        let signed_invitation = SignedInvitation::sign(invitation.clone(), &issuer.identity).to_bytes();
        let application = Application::create(&invitation, &issuer.parameters, &k, "reply", &mut rng).unwrap();

        let answered = asks(&issuer, &schema)
            .into_iter()
            .enumerate()
            .map(|(place, ask)| {
                let credentials = vec![&card; ask.credentials().len()];
                let request = request(&format!("request {place}"), today(), ask).unwrap();
                let answer = present(&request, &[&issuer.parameters], &k, &credentials, &mut rng).unwrap();
                (request, answer.to_bytes())
            })
            .collect();

        let store = Memory::default();
        let phrase = RecoveryPhrase::parse(&Zeroizing::new(PHRASE.to_owned())).unwrap();
        let mut wallet = Wallet::start(&phrase, &mut rng, |vault| {
            let mut store = store.clone();
            store.save(vault)?;
            Ok(store)
        })
        .unwrap();
        let parameters = issuer.parameters.to_json().unwrap();
        wallet.add_issuer(&parameters, None, &mut rng).unwrap();
        let own_application = wallet.apply(&signed_invitation, now, &mut rng).unwrap();
        let waiting = store.vault();
        let own_application = Application::from_bytes(&own_application).unwrap();
        let verified = own_application.verify(&invitation, &issuer.parameters, &mut rng).unwrap();
        let handle = milchglas_credential::credential::Handle::random(&mut rng);
        let own_card = verified.issue(&invitation, &issuer.parameters, &issuer.secret, handle, claims()).unwrap();
        let recipient: age::x25519::Recipient = verified.reply_to().parse().unwrap();
        let witness = issuer.witness(&issuer.first_epoch().unwrap(), &own_card).unwrap();
        let issued = Issued { credential: own_card, witness };
        let ciphertext = age::encrypt(&recipient, &issued.to_bytes()).unwrap();
        let answer = Answer { nonce: invitation.nonce, ciphertext }.to_bytes();
        wallet.accept(&answer, now).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealed");
        let work = Work::with_log_n(1).unwrap();
        drop(SealedFile::create(&path, &passphrase(), SEALED_KIND, SEALED_CONTENT, work).unwrap());
        let sealed = std::fs::read(&path).unwrap();

        Self {
            now,
            schema,
            parameters,
            k,
            card,
            invitation,
            signed_invitation,
            application: application.to_bytes(),
            answered,
            waiting,
            answer,
            vault: store.vault(),
            sealed,
            issuer,
        }
    }

    /// A wallet with this vault.
    ///
    /// # Errors
    /// Where it is no vault.
    pub fn wallet(&self, vault: &[u8]) -> Result<Wallet<Memory>, milchglas_wallet::Error> {
        let mut store = Memory::default();
        store.put_parameters(&self.issuer.parameters.digest(), &self.parameters)?;
        Wallet::load(store, vault)
    }

    /// A verifier that trusts the issuer and forgets what it asks.
    #[must_use]
    pub fn verifier(&self) -> Verifier<Forgetful> {
        let origin = "https://cafe.example".parse().unwrap();
        let trusted = [self.issuer.parameters.clone()];
        Verifier::new("Café Glas", origin, milchglas_tests::verifier_key(), trusted, Forgetful).unwrap()
    }
}

/// The passphrase of the scene.
#[must_use]
pub fn passphrase() -> Passphrase {
    Passphrase::new(&Zeroizing::new("fuzz".to_owned())).unwrap()
}

/// A schema with every type, a list and something optional.
#[must_use]
pub fn library_card() -> Schema {
    let json = r#"{"milchglas": "schema/1", "id": "library", "title": "library card", "claims": [
        {"name": "member", "title": "member", "type": "text"},
        {"name": "points", "title": "points", "type": "integer", "bits": 64, "signed": true},
        {"name": "level", "title": "level", "type": "integer", "bits": 8},
        {"name": "until", "title": "until", "type": "month"},
        {"name": "from", "title": "from", "type": "month"},
        {"name": "born", "title": "born", "type": "date", "optional": true},
        {"name": "adult", "title": "adult", "type": "boolean"},
        {"name": "branch", "title": "branch", "type": "code", "codes": ["north", "south"]},
        {"name": "photo", "title": "photo", "type": "digest", "optional": true},
        {"name": "child", "title": "child", "type": "text", "count": 3}],
        "validity": {"from": "from", "until": "until"}, "assurance": "level", "number": "member"}"#;
    Schema::from_json(json).unwrap()
}

/// Asks without a choice that a card of the national identity answers by itself: without what a wallet must have pinned or counted.
fn asks(issuer: &TestIssuer, schema: &Schema) -> Vec<Ask> {
    let prove = |json: &str| -> Vec<Predicate> { serde_json::from_str(json).unwrap() };
    let ask = |name: &str, disclose: &[&str], predicates: &str| {
        Ask::Credential(issuer.ask(name, schema, disclose, prove(predicates)).unwrap())
    };
    let adult = r#"[{"age_at_least": {"claim": "date_of_birth", "years": 18}}, "valid"]"#;
    let nationality = schema.claim(schema.index_of("nationality").unwrap()).unwrap();
    let neighbours = ["AT", "DE"].map(|code| Literal::Text(code.to_owned())).to_vec();
    let set = SignedSet::sign(neighbours, &nationality.claim_type, &mut SeededRng::new("neighbours")).unwrap();
    let in_set = format!(
        r#"[{{"in": {{"claim": "nationality", "set": {}}}}}]"#,
        serde_json::to_string(&SetRef::Signed(set)).unwrap()
    );
    let mut known = issuer.ask("card", schema, &[], prove("[]")).unwrap();
    known.pseudonym = Some(PseudonymAsk { scope: "members".parse().unwrap() });
    vec![
        ask("card", &[], adult),
        ask("card", &["surname", "address", "portrait", "assurance", "valid_until", "sex"], "[]"),
        ask(
            "card",
            &["given_names"],
            r#"[{"age_under": {"claim": "date_of_birth", "years": 99}},
                {"between": {"claim": "assurance", "min": 1, "max": 3}},
                {"equals": {"claim": "nationality", "value": "DE"}}]"#,
        ),
        Ask::All(vec![
            ask("first", &["surname"], r#"[{"on_or_after": {"claim": "date_of_birth", "date": "1980-01-01"}}]"#),
            ask(
                "second",
                &[],
                r#"[{"on_or_before": {"claim": "date_of_birth", "date": "2000-01-01"}},
                    {"at_least": {"claim": "assurance", "value": 2}}, {"at_most": {"claim": "assurance", "value": 2}}]"#,
            ),
        ]),
        ask(
            "card",
            &[],
            r#"[{"not_equals": {"claim": "nationality", "value": "FR"}}, {"not_in": {"claim": "sex", "values": ["M", "X"]}},
                {"any_hidden": {"claim": "date_of_birth", "of": [{"age_under": 16}, {"age_at_least": 18}]}}]"#,
        ),
        ask("card", &[], &in_set),
        Ask::Credential(known),
        Ask::All(vec![
            ask("first", &[], "[]"),
            ask(
                "second",
                &[],
                r#"[{"same_as": {"claim": "date_of_birth", "credential": "first", "other": "date_of_birth"}}]"#,
            ),
        ]),
    ]
}

/// A wallet's store in memory. Copies share it.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    vault: Vec<u8>,
    parameters: BTreeMap<ParametersDigest, String>,
    published: BTreeMap<[u8; 32], Vec<u8>>,
}

impl Memory {
    /// What was last saved.
    #[must_use]
    pub fn vault(&self) -> Vec<u8> {
        self.0.lock().unwrap().vault.clone()
    }
}

impl Store for Memory {
    fn save(&mut self, vault: &[u8]) -> Result<(), milchglas_wallet::Error> {
        self.0.lock().unwrap().vault = vault.to_vec();
        Ok(())
    }

    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, milchglas_wallet::Error> {
        Ok(self.0.lock().unwrap().parameters.get(digest).cloned())
    }

    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), milchglas_wallet::Error> {
        self.0.lock().unwrap().parameters.insert(*digest, json.to_owned());
        Ok(())
    }

    fn published(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, milchglas_wallet::Error> {
        Ok(self.0.lock().unwrap().published.get(sha256).cloned())
    }

    fn put_published(&mut self, sha256: &[u8; 32], file: &[u8]) -> Result<(), milchglas_wallet::Error> {
        self.0.lock().unwrap().published.insert(*sha256, file.to_vec());
        Ok(())
    }

    fn remove_published(&mut self, sha256: &[u8; 32]) -> Result<(), milchglas_wallet::Error> {
        self.0.lock().unwrap().published.remove(sha256);
        Ok(())
    }
}

/// A verifier's store that keeps nothing.
pub struct Forgetful;

impl RequestStore for Forgetful {
    fn put(
        &self,
        _nonce: milchglas_credential::digest::RequestNonce,
        _request: &[u8],
        _expires: Timestamp,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn get(&self, _nonce: milchglas_credential::digest::RequestNonce) -> Result<Lookup, StoreError> {
        Ok(Lookup::Unknown)
    }

    fn consume(
        &self,
        _nonce: milchglas_credential::digest::RequestNonce,
        _tokens: &[milchglas_verifier::ShownToken],
    ) -> Result<milchglas_verifier::Consumed, StoreError> {
        Ok(milchglas_verifier::Consumed::NotPending)
    }

    fn prune(&self, _now: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
    }
}
