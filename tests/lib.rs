//! What several test suites share: an issuer, a holder and a verifier in memory, with keys from fixed seeds.
#![forbid(unsafe_code)]

pub mod anchored;

use milchglas_bbs::SecretKey;
use milchglas_credential::claim::Claims;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, Handle, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::date::{Date, Timestamp};
use milchglas_credential::digest::{InvitationNonce, RequestNonce, VerifierKey};
use milchglas_credential::error::Error;
use milchglas_credential::issuance::{Application, Invitation};
use milchglas_credential::issuer_key::CredentialKey;
use milchglas_credential::parameters::{Content, IssuerKey, Parameters, sign_digits};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{
    Accept, Ask, CredentialAsk, Request, RequestFields, SchemaRef, SigningKey, VerifierIdentity,
};
use milchglas_credential::revocation::{AccumulatorSecretKey, Accumulators, EpochFile, EpochHead, Witness};
use milchglas_credential::schema::Schema;
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_curve::NonZeroG1;
use milchglas_statements::SetSecretKey;
use rand_core::{CryptoRng, CryptoRngCore, RngCore};
use sha2::{Digest, Sha256};

/// A deterministic generator: SHA-256 of a seed and a counter. For tests only.
pub struct SeededRng {
    seed: Vec<u8>,
    counter: u64,
}

impl SeededRng {
    /// A generator that depends on the seed alone.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Self { seed: seed.as_bytes().to_vec(), counter: 0 }
    }
}

impl RngCore for SeededRng {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let block = Sha256::new().chain_update(&self.seed).chain_update(self.counter.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.counter += 1;
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for SeededRng {}

/// An issuer with its keys.
pub struct TestIssuer {
    /// Its published parameters.
    pub parameters: Parameters,
    /// The secret key of the parameters' signing key.
    pub secret: SecretKey,
    /// The identity key.
    pub identity: SigningKey,
    /// The key of the accumulator of the parameters' signing key.
    pub accumulator: AccumulatorSecretKey,
}

/// The day on which the tests take place.
#[must_use]
pub fn today() -> Date {
    Date::from_ymd(2026, 11, 23).unwrap_or(Date::MIN)
}

impl TestIssuer {
    /// An issuer of these schemas, with keys from a seed.
    ///
    /// # Errors
    /// None with fitting schemas.
    pub fn new(seed: &str, schemas: Vec<Schema>) -> Result<Self, Error> {
        let mut rng = SeededRng::new(seed);
        let secret = SecretKey::random(&mut rng)?;
        let mut identity = [0; 32];
        rng.fill_bytes(&mut identity);
        let identity = SigningKey::from_bytes(&identity);
        let digits = sign_digits(&SetSecretKey::random(&mut rng))?;
        let accumulator = AccumulatorSecretKey::random(&mut rng);
        let revocation = accumulator.public_key()?;
        let keys = vec![IssuerKey { public: secret.public_key()?, accepted_until: Date::MAX, revocation }];
        let content = Content { name: format!("Issuer {seed}"), sequence: 1, keys, digits, schemas };
        Ok(Self { parameters: Parameters::sign(content, &identity)?, secret, identity, accumulator })
    }

    /// Issues a credential over the whole blind protocol.
    ///
    /// # Errors
    /// If the claims do not fit the schema.
    pub fn issue(
        &self,
        schema: &Schema,
        k: &HolderSecret,
        claims: Claims,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Credential, Error> {
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        let invitation = Invitation {
            issuer: self.parameters.fingerprint(),
            parameters: self.parameters.digest(),
            schema: schema.digest(),
            nonce: InvitationNonce(nonce),
            expires: Timestamp::from_unix(4_000_000_000).ok_or(Error::Misuse("a time"))?,
        };
        let application = Application::create(&invitation, &self.parameters, k, "reply", rng)?;
        let application = Application::from_bytes(&application.to_bytes())?;
        let verified = application.verify(&invitation, &self.parameters, rng)?;
        verified.issue(&invitation, &self.parameters, &self.secret, Handle::random(rng), claims)
    }

    /// The file of epoch 0 of its signing key, at which nothing is revoked.
    ///
    /// # Errors
    /// None with a schema.
    pub fn first_epoch(&self) -> Result<EpochFile, Error> {
        let issued = Timestamp::from_unix(1_795_420_000).ok_or(Error::Misuse("a time"))?;
        Ok(EpochFile::first(self.signing_key()?, issued, &self.identity))
    }

    /// The file of the epoch after `newest`, in which these cards are revoked.
    ///
    /// # Errors
    /// If too many are.
    pub fn revoke(&self, newest: &EpochFile, cards: &[&Credential]) -> Result<EpochFile, Error> {
        let handles: Vec<Handle> = cards.iter().map(|card| Handle::from_bytes(*card.handle().as_bytes())).collect();
        let issued = newest.head().unverified().issued;
        let newest = newest.head().unverified();
        EpochFile::revoke(newest, self.signing_key()?, &handles, &self.accumulator, issued, &self.identity)
    }

    /// A card's witness at the epoch of a file, as the issuer gives it. For a revoked card this is what only the issuer could make.
    ///
    /// # Errors
    /// None that can happen.
    pub fn witness(&self, at: &EpochFile, card: &Credential) -> Result<Witness, Error> {
        Witness::issue(at.head().unverified(), self.signing_key()?, card.handle(), &self.accumulator)
    }

    /// The witness at the newest epoch that a request accepts of this issuer's signing key, where it asks.
    ///
    /// # Errors
    /// If the request's accumulator is no point.
    pub fn witness_asked(&self, ask: &CredentialAsk, card: &Credential) -> Result<Option<Witness>, Error> {
        let key = self.signing_key()?;
        let Some(accepted) = ask.not_revoked.iter().find(|accepted| accepted.key == key.id()) else { return Ok(None) };
        let newest = accepted.accumulators.first().ok_or(Error::Misuse("an accumulator"))?;
        let head = EpochHead {
            epoch: accepted.newest,
            accumulators: Accumulators::first(&NonZeroG1::from_bytes(&newest.0)?),
            ..self.first_epoch()?.head().unverified().clone()
        };
        Witness::issue(&head, key, card.handle(), &self.accumulator).map(Some)
    }

    /// The parameters' signing key, prepared for the first schema.
    ///
    /// # Errors
    /// None with a schema.
    pub fn signing_key(&self) -> Result<&CredentialKey, Error> {
        let schema = self.parameters.content().schemas.first().map(Schema::digest);
        schema.and_then(|schema| self.parameters.signing_key(&schema)).ok_or(Error::Misuse("a schema"))
    }

    /// What a request says to accept this issuer's credentials of a schema.
    #[must_use]
    pub fn ask(&self, name: &str, schema: &Schema, disclose: &[&str], prove: Vec<Predicate>) -> Option<CredentialAsk> {
        Some(CredentialAsk {
            name: name.parse().ok()?,
            accept: vec![Accept { issuer: self.parameters.fingerprint(), parameters: self.parameters.digest() }],
            schemas: vec![SchemaRef { id: schema.id().clone(), digest: schema.digest() }],
            disclose: disclose.iter().map(|name| name.parse().ok()).collect::<Option<_>>()?,
            prove,
            not_revoked: Vec::new(),
            pseudonym: None,
            rate: None,
            encrypt_to: None,
        })
    }
}

/// A holder secret from a seed.
///
/// # Errors
/// None.
pub fn holder(seed: &str) -> Result<HolderSecret, Error> {
    let mut bytes = [0; 64];
    SeededRng::new(seed).fill_bytes(&mut bytes);
    HolderSecret::from_uniform_bytes(&bytes)
}

/// A request of the test verifier, from a seed that also gives the nonce.
///
/// # Errors
/// If the ask is not permitted.
pub fn request(seed: &str, as_of: Date, ask: Ask) -> Result<Request, Error> {
    let mut nonce = [0; 16];
    SeededRng::new(seed).fill_bytes(&mut nonce);
    let time = |seconds| Timestamp::from_unix(seconds).ok_or(Error::Misuse("a time"));
    Request::new(RequestFields {
        verifier: VerifierIdentity {
            name: "Café Glas".into(),
            origin: "https://cafe.example".parse()?,
            key: VerifierKey(verifier_key().verifying_key().to_bytes()),
        },
        profile: None,
        purpose: "Log in at the internet café".into(),
        nonce: RequestNonce(nonce),
        issued: time(1_795_424_400)?,
        expires: time(1_795_425_000)?,
        as_of,
        ask,
        document: None,
    })
}

/// The test verifier's signing key.
#[must_use]
pub fn verifier_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The only selection of a request without choices for `credentials` credentials.
#[must_use]
pub fn only_selection(credentials: usize) -> Selection {
    Selection { branches: Vec::new(), shown: vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }; credentials] }
}

/// Answers a request without choices.
///
/// # Errors
/// If the credentials do not satisfy it.
pub fn present(
    request: &Request,
    parameters: &[&Parameters],
    k: &HolderSecret,
    credentials: &[&Credential],
    rng: &mut dyn CryptoRngCore,
) -> Result<Presentation, Error> {
    let plan = compile(request, only_selection(credentials.len()), parameters)?;
    Presentation::create(&plan, &Holdings::new(k, credentials), b"", rng)
}

/// Answers a request without choices, with the witnesses that it asks for.
///
/// # Errors
/// If the credentials do not satisfy it.
pub fn present_not_revoked(
    request: &Request,
    issuers: &[&TestIssuer],
    k: &HolderSecret,
    credentials: &[&Credential],
    rng: &mut dyn CryptoRngCore,
) -> Result<Presentation, Error> {
    let parameters: Vec<&Parameters> = issuers.iter().map(|issuer| &issuer.parameters).collect();
    let plan = compile(request, only_selection(credentials.len()), &parameters)?;
    let mut witnesses = Vec::new();
    for (place, (shown, card)) in plan.shown().iter().zip(credentials).enumerate() {
        let issuer = issuers.iter().find(|issuer| issuer.parameters.fingerprint() == card.issuer());
        if let Some(witness) = issuer.map(|issuer| issuer.witness_asked(shown.ask, card)).transpose()?.flatten() {
            witnesses.push((place, witness));
        }
    }
    let held: Vec<_> =
        witnesses.iter().map(|(credential, witness)| HeldWitness { credential: *credential, witness }).collect();
    Presentation::create(&plan, &Holdings::new(k, credentials).with_witnesses(&held), b"", rng)
}

/// The claims of the person of the examples, born on the given day.
#[must_use]
pub fn national_id_json(date_of_birth: &str) -> String {
    format!(
        r#"{{"surname": "Muster", "given_names": "Erika", "id_number": "T22000129", "date_of_birth": "{date_of_birth}",
            "sex": "F", "nationality": "DE", "address": "Heidestraße 17, 51147 Köln",
            "portrait": "{}", "assurance": 2, "valid_from": "2024-01", "valid_until": "2033-12"}}"#,
        "5a".repeat(32)
    )
}
