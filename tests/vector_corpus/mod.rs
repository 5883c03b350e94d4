//! What the generated files of `spec/vectors` hold, computed from fixed seeds.
//!
//! Nothing here draws from the operating system, so both backends of the curve give the same bytes.

pub(crate) mod issuance;
pub(crate) mod presentations;
pub(crate) mod revocation;
pub(crate) mod statements;

use milchglas_bbs::SecretKey;
use milchglas_credential::claim::Claims;
use milchglas_credential::credential::{Credential, Handle, HolderSecret};
use milchglas_credential::date::Date;
use milchglas_credential::parameters::{Content, IssuerKey, Parameters, sign_digits};
use milchglas_credential::request::SigningKey;
use milchglas_credential::revocation::{AccumulatorSecretKey, Epoch, EpochFile, Log, Witness};
use milchglas_credential::schema::Schema;
use milchglas_statements::{PublicSet, SetSecretKey};
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json};
use rand_core::RngCore;

/// Claims of every type.
pub(crate) const EVERYTHING: &str = r#"{
    "milchglas": "schema/1", "id": "everything", "title": "claims of every type",
    "claims": [
        {"name": "note", "title": "note", "type": "text"},
        {"name": "level", "title": "level", "type": "integer", "bits": 8},
        {"name": "height", "title": "height", "type": "integer", "bits": 16, "signed": true},
        {"name": "balance", "title": "balance", "type": "integer", "bits": 32, "signed": true},
        {"name": "serial", "title": "serial number", "type": "integer", "bits": 64},
        {"name": "offset", "title": "offset", "type": "integer", "bits": 64, "signed": true},
        {"name": "born", "title": "date of birth", "type": "date"},
        {"name": "renewed", "title": "renewed", "type": "date", "optional": true},
        {"name": "begins", "title": "begins", "type": "month"},
        {"name": "ends", "title": "ends", "type": "month"},
        {"name": "member", "title": "member", "type": "boolean"},
        {"name": "class", "title": "class", "type": "code", "codes": ["first", "second"]},
        {"name": "photo", "title": "digest of the photo", "type": "digest", "optional": true},
        {"name": "child", "title": "child", "type": "text", "count": 2}
    ],
    "validity": {"from": "begins", "until": "ends"}, "assurance": "level", "number": "serial"
}"#;

/// Everybody who takes part.
pub(crate) struct Cast {
    /// National identity cards and `everything`; three keys, of which the first is no longer accepted.
    /// One entry for each publication; the last has all keys.
    pub(crate) state: Vec<TestIssuer>,
    /// `everything` only.
    pub(crate) city: TestIssuer,
    /// National identity cards; the signatures of digits 7 and 8 are exchanged.
    pub(crate) careless: TestIssuer,
    pub(crate) state_digits: SetSecretKey,
    pub(crate) card: Schema,
    pub(crate) everything: Schema,
    pub(crate) erika: HolderSecret,
    pub(crate) other: HolderSecret,
    /// Erika's card that is revoked in epoch 2.
    pub(crate) revoked_card: Credential,
    /// Epochs 0, 1 and 2 of the state's newest key.
    pub(crate) epochs: Vec<EpochFile>,
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn identity(rng: &mut SeededRng) -> SigningKey {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    SigningKey::from_bytes(&seed)
}

fn issuer(name: &str, sequence: u32, secrets: &[&[u8; 32]], digits: PublicSet, schemas: &[&Schema]) -> TestIssuer {
    let identity = identity(&mut SeededRng::new(&format!("vectors: identity of {name}")));
    let until = [day("2026-06-30"), day("2027-12-31"), Date::MAX];
    let keys = secrets.iter().enumerate().map(|(place, secret)| IssuerKey {
        public: SecretKey::from_bytes(secret).unwrap().public_key().unwrap(),
        accepted_until: if secrets.len() == until.len() { until[place] } else { Date::MAX },
        revocation: accumulator(secret).public_key().unwrap(),
    });
    let content = Content {
        name: name.into(),
        sequence,
        keys: keys.collect(),
        digits,
        schemas: schemas.iter().map(|schema| (*schema).clone()).collect(),
    };
    let secret = SecretKey::from_bytes(secrets.last().unwrap()).unwrap();
    let accumulator = accumulator(secrets.last().unwrap());
    TestIssuer { parameters: Parameters::sign(content, &identity).unwrap(), secret, identity, accumulator }
}

/// In epoch 1 two cards of nobody here are revoked, in epoch 2 this one.
fn epochs(issuer: &TestIssuer, card: &Credential) -> Vec<EpochFile> {
    let first = issuer.first_epoch().unwrap();
    let issued = first.head().unverified().issued;
    let revoke = |newest: &EpochFile, handles: &[Handle]| {
        let key = issuer.signing_key().unwrap();
        EpochFile::revoke(newest.head().unverified(), key, handles, &issuer.accumulator, issued, &issuer.identity)
            .unwrap()
    };
    let one = revoke(&first, &[Handle::from_bytes([1; 16]), Handle::from_bytes([2; 16])]);
    let two = revoke(&one, &[Handle::from_bytes(*card.handle().as_bytes())]);
    vec![first, one, two]
}

/// The key z that belongs to a signature key.
fn accumulator(secret: &[u8; 32]) -> AccumulatorSecretKey {
    AccumulatorSecretKey::random(&mut SeededRng::new(&format!("vectors: revocation {}", hex::encode(secret))))
}

impl Cast {
    pub(crate) fn new() -> Self {
        let mut rng = SeededRng::new("vectors: keys");
        let card = Schema::national_id().unwrap();
        let everything = Schema::from_json(EVERYTHING).unwrap();
        let mut key = || *SecretKey::random(&mut rng).unwrap().to_bytes();
        let [old, middle, new, city, careless] = [key(), key(), key(), key(), key()];
        let mut set = || SetSecretKey::random(&mut rng);
        let [state_digits, city_digits, careless_digits] = [set(), set(), set()];

        let digits = sign_digits(&state_digits).unwrap();
        let generations: [&[&[u8; 32]]; 3] = [&[&old], &[&old, &middle], &[&old, &middle, &new]];
        let state = generations
            .iter()
            .zip(1..)
            .map(|(keys, sequence)| issuer("State of Glass", sequence, keys, digits.clone(), &[&card, &everything]));
        let state: Vec<TestIssuer> = state.collect();
        let city = issuer("City of Glass", 1, &[&city], sign_digits(&city_digits).unwrap(), &[&everything]);

        let good = sign_digits(&careless_digits).unwrap();
        let mut signatures = good.signatures().to_vec();
        signatures.swap(7, 8);
        let elements = (0..256u64).map(Into::into).collect();
        let bad = PublicSet::new(b"milchglas digits/1", good.key(), elements, signatures).unwrap();
        let careless = issuer("Careless", 1, &[&careless], bad, &[&card]);
        let [erika, other] = ["vectors: Erika", "vectors: another holder"].map(|seed| holder(seed).unwrap());
        let claims = Claims::from_json(&card, &national_id_json("1980-06-15")).unwrap();
        let revoked_card = state[2].issue(&card, &erika, claims, &mut SeededRng::new("vectors: revoked card")).unwrap();
        let epochs = epochs(&state[2], &revoked_card);
        Self { state, city, careless, state_digits, card, everything, erika, other, revoked_card, epochs }
    }

    /// The log of the state's newest key, followed up to an epoch.
    pub(crate) fn log(&self, epoch: usize) -> Log {
        let parameters = &self.state[2].parameters;
        let mut log = Log::begin(self.epochs[0].head(), parameters).unwrap();
        self.epochs[1..=epoch].iter().for_each(|file| log.follow(file, parameters).unwrap());
        log
    }

    /// The witness of a card of the state's newest key.
    pub(crate) fn witness(&self, card: &Credential, epoch: Epoch) -> Witness {
        self.state[2].witness(&self.epochs[epoch.0 as usize], card).unwrap()
    }

    /// The parameters by the name of their file.
    pub(crate) fn parameters(&self, name: &str) -> &Parameters {
        &match name {
            "state" => &self.state[2],
            "city" => &self.city,
            "careless" => &self.careless,
            _ => panic!("no such issuer: {name}"),
        }
        .parameters
    }

    pub(crate) fn issue(&self, issuer: &TestIssuer, schema: &Schema, k: &HolderSecret, claims: &str) -> Credential {
        let mut rng = SeededRng::new(&format!("vectors: issue {claims}"));
        issuer.issue(schema, k, Claims::from_json(schema, claims).unwrap(), &mut rng).unwrap()
    }
}

/// The claims of `everything`.
pub(crate) const EVERYTHING_CLAIMS: &str = r#"{
    "note": "Zoë", "level": 3, "height": -120, "balance": -2147483648, "serial": "18446744073709551615",
    "offset": "-9223372036854775808", "born": "2008-02-29", "begins": "2024-03", "ends": "2046-05", "member": true,
    "class": "second", "photo": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "child.0": "Ada"
}"#;
