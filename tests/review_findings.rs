//! Weaknesses that an independent reading of the proofs found, each as the test that its repair passes.

#![allow(non_snake_case, clippy::unwrap_used, reason = "tests; letters as in the specification")]

use milchglas_credential::claim::{Claims, Value};
use milchglas_credential::credential::Handle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::InvitationNonce;
use milchglas_credential::error::Error;
use milchglas_credential::issuance::{Application, Invitation};
use milchglas_credential::parameters::{Content, Parameters, sign_digits};
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Accept, Ask, SigningKey};
use milchglas_credential::schema::Schema;
use milchglas_curve::{NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error as ProofError, Prover, Statement, System, Transcript, Var, Verifier};
use milchglas_statements::{Member, PublicSet, SetSecretKey};
use milchglas_tests::{SeededRng, TestIssuer, holder, national_id_json, present, request, today};
use rand_core::{CryptoRng, CryptoRngCore, OsRng, RngCore};

fn invitation(parameters: &Parameters, schema: &Schema) -> Invitation {
    Invitation {
        issuer: parameters.fingerprint(),
        parameters: parameters.digest(),
        schema: schema.digest(),
        nonce: InvitationNonce([9; 16]),
        expires: Timestamp::from_unix(4_000_000_000).unwrap(),
    }
}

/// Another issuer's parameters that name the signature key of `issuer` as their own.
fn copycat(issuer: &TestIssuer) -> Parameters {
    let mut rng = SeededRng::new("copycat");
    let content = Content {
        name: "Copycat".into(),
        sequence: 1,
        keys: issuer.parameters.content().keys.clone(),
        digits: sign_digits(&SetSecretKey::random(&mut rng)).unwrap(),
        schemas: issuer.parameters.content().schemas.clone(),
    };
    Parameters::sign(content, &SigningKey::from_bytes(&[3; 32])).unwrap()
}

fn signed_64() -> Schema {
    Schema::from_json(
        r#"{"milchglas": "schema/1", "id": "account", "title": "account",
            "claims": [{"name": "balance", "title": "balance", "type": "integer", "bits": 64, "signed": true}]}"#,
    )
    .unwrap()
}

/// The range of `at_most` is 2^64 wide and ends at the bound, so below zero it begins under −2^64.
#[test]
fn proves_a_negative_upper_bound_on_64_bits() {
    let mut rng = SeededRng::new("R1");
    let schema = signed_64();
    let issuer = TestIssuer::new("bank", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::new(&schema, vec![Value::Integer((-10i64).into())]).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
    for bound in [-1i64, -2, -5, i64::MIN + 1000] {
        let at_most = Predicate::AtMost { claim: "balance".parse().unwrap(), value: bound.into() };
        let request =
            request("R1", today(), Ask::Credential(issuer.ask("a", &schema, &[], vec![at_most]).unwrap())).unwrap();
        let answer = present(&request, &[&issuer.parameters], &k, &[&credential], &mut rng);
        match answer {
            Ok(presentation) if bound >= -10 => {
                presentation.verify(&request, &[&issuer.parameters], &mut rng).unwrap();
            }
            Err(Error::Unsatisfied) if bound < -10 => {}
            other => panic!("at most {bound}: {other:?}"),
        }
    }
}

/// Two issuers that agree on it can give one holder's commitments the same base. Then the commitments are equal.
#[test]
fn commitments_for_two_issuers_share_no_base() {
    let schema = Schema::national_id().unwrap();
    let honest = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let copy = copycat(&honest);
    let k = holder("erika").unwrap();
    let commitment = |parameters: &Parameters| {
        let invitation = invitation(parameters, &schema);
        let application = Application::create(&invitation, parameters, &k, "reply", &mut OsRng).unwrap();
        *application.verify(&invitation, parameters, &mut OsRng).unwrap().commitment()
    };
    assert_ne!(commitment(&honest.parameters), commitment(&copy));
}

/// A credential of one issuer, shown as one of an issuer that published the same key.
#[test]
fn a_credential_can_not_be_shown_as_another_issuers() {
    let mut rng = SeededRng::new("R2");
    let schema = Schema::national_id().unwrap();
    let honest = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let copy = copycat(&honest);
    let k = holder("erika").unwrap();
    let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
    let credential = honest.issue(&schema, &k, claims, &mut rng).unwrap();
    let mut ask = honest.ask("card", &schema, &[], vec![Predicate::Valid]).unwrap();
    ask.accept = vec![Accept { issuer: copy.fingerprint(), parameters: copy.digest() }];
    let request = request("R2", today(), Ask::Credential(ask)).unwrap();
    let shown = present(&request, &[&copy], &k, &[&credential], &mut rng)
        .and_then(|presentation| presentation.verify(&request, &[&copy], &mut rng));
    assert!(
        shown.is_err(),
        "verified as a credential of {:?}",
        shown.map(|v| v.credentials()[0].issuer_name().to_owned())
    );
}

/// What the issuer signs must be what the application was verified for.
#[test]
fn issues_only_what_the_application_was_verified_for() {
    let mut rng = SeededRng::new("R3");
    let (card, account) = (Schema::national_id().unwrap(), signed_64());
    let issuer = TestIssuer::new("state", vec![card.clone(), account.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let applied_for = invitation(&issuer.parameters, &account);
    let application = Application::create(&applied_for, &issuer.parameters, &k, "reply", &mut rng).unwrap();
    let verified = application.verify(&applied_for, &issuer.parameters, &mut rng).unwrap();
    let other = invitation(&issuer.parameters, &card);
    let claims = Claims::from_json(&card, &national_id_json("1990-01-31")).unwrap();
    let issued = verified.issue(&other, &issuer.parameters, &issuer.secret, Handle::random(&mut rng), claims);
    assert!(issued.is_err());
}

/// Which version of an issuer's parameters a wallet has pinned is nobody's business.
#[test]
fn a_request_names_each_issuer_once() {
    let schema = Schema::national_id().unwrap();
    let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
    let mut content = issuer.parameters.content().clone();
    content.sequence += 1;
    let newer = Parameters::sign(content, &issuer.identity).unwrap();
    let mut ask = issuer.ask("card", &schema, &[], vec![Predicate::Valid]).unwrap();
    ask.accept.push(Accept { issuer: newer.fingerprint(), parameters: newer.digest() });
    assert!(request("R4", today(), Ask::Credential(ask)).is_err());
}

/// What a permitted request asks for must fit what a verifier reads.
#[test]
fn every_permitted_request_has_an_answer_that_can_be_read() {
    let mut rng = SeededRng::new("R5");
    let schema = signed_64();
    let issuer = TestIssuer::new("bank", vec![schema.clone()]).unwrap();
    let k = holder("erika").unwrap();
    let claims = Claims::new(&schema, vec![Value::Integer(5i64.into())]).unwrap();
    let credential = issuer.issue(&schema, &k, claims, &mut rng).unwrap();
    let between = |n: i64| Predicate::Between {
        claim: "balance".parse().unwrap(),
        min: (i64::MIN + n).into(),
        max: (i64::MAX - n).into(),
    };
    let ask = |name: &str| Ask::Credential(issuer.ask(name, &schema, &[], (0..16).map(between).collect()).unwrap());
    let request = match request("R5", today(), Ask::All(["a", "b", "c", "d"].map(ask).into())) {
        Ok(request) => request,
        Err(_) => return, // Not permitted any more: one way to repair it.
    };
    let answer = present(&request, &[&issuer.parameters], &k, &[&credential; 4], &mut rng).unwrap();
    let read = Presentation::from_bytes(&answer.to_bytes());
    assert!(read.is_ok(), "{} bytes: {:?}", answer.to_bytes().len(), read.err());
}

/// A generator that has failed: always zero.
struct Zeros;

impl RngCore for Zeros {
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(0);
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Zeros {}

/// A Member statement whose prover sends what it likes.
struct Forged<'a> {
    set: &'a PublicSet,
    points: [NonZeroG1; 2],
    r: Scalar,
}

impl Statement for Forged<'_> {
    type Witness = ();

    fn points(&self) -> usize {
        2
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, ProofError> {
        let mut commitment = Commitment::default();
        commitment.points.extend_from_slice(&self.points);
        commitment.secrets.push(self.r);
        Ok(commitment)
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), ProofError> {
        Member { set: self.set.set_key() }.constrain(inputs, points, system)
    }
}

/// Two Member proofs of 300 and 0 whose pairing equations are both false, by errors that cancel under the weights 1 and `weight`.
fn forge(set: &PublicSet, base: NonZeroG1, weight: Scalar) -> Vec<u8> {
    // V1 = α·S_1 and V2 = β·S_1, with d1 = 300, d2 = 0 and d1·α + w·d2·β = α + w·β: the two errors cancel under weights 1 and w.
    let S_1 = set.signatures()[1];
    let (alpha, d1, d2) = (Scalar::ONE, Scalar::from(300), Scalar::ZERO);
    let beta = Scalar::from(299) * weight.invert().unwrap();
    let forged = [(alpha, d1), (beta, d2)].map(|(factor, d)| {
        let V = (S_1 * factor).to_nonzero().unwrap();
        let V_bar = (base * factor - V * d).to_nonzero().unwrap();
        Forged { set, points: [V, V_bar], r: factor }
    });
    let mut prover = Prover::new(Transcript::new(b"review"), vec![d1, d2], b"", &mut OsRng);
    let inputs = prover.inputs();
    for (statement, input) in forged.iter().zip(&inputs) {
        prover.add(statement, &[*input], &()).unwrap();
    }
    prover.prove(&mut OsRng).unwrap()
}

fn verify_forgery(set: &PublicSet, proof: &[u8], rng: &mut dyn CryptoRngCore) -> Result<(), ProofError> {
    let mut verifier = Verifier::new(Transcript::new(b"review"), 2, proof);
    let inputs = verifier.inputs();
    for input in &inputs {
        verifier.add(&Member { set: set.set_key() }, &[*input])?;
    }
    verifier.verify()?.check(rng)
}

/// The weights of the pairing equations come from the verifier's generator alone: whoever can predict them can forge. With a
/// good generator the forgery fails, and it should with a bad one.
fn set_and_base() -> (PublicSet, NonZeroG1) {
    let key = SetSecretKey::from_bytes(&{
        let mut bytes = [0; 32];
        bytes[31] = 77;
        bytes
    })
    .unwrap();
    let set = key.sign(b"review", (0..256).map(Scalar::from).collect()).unwrap();
    // P_D = (y + 1)·S_1 with y = 77; an attacker computes it by hashing.
    let base = (set.signatures()[1] * Scalar::from(78)).to_nonzero().unwrap();
    (set, base)
}

#[test]
fn rejects_errors_that_cancel_between_pairing_equations() {
    let (set, base) = set_and_base();
    assert_eq!(verify_forgery(&set, &forge(&set, base, Scalar::ONE), &mut OsRng), Err(ProofError::Invalid));
}

#[test]
fn rejects_cancelling_errors_under_a_failed_generator_too() {
    let (set, base) = set_and_base();
    assert_eq!(verify_forgery(&set, &forge(&set, base, Scalar::ONE), &mut Zeros), Err(ProofError::Invalid));
}

/// A parameters file is small; what it makes a reader allocate should be of the same order.
#[cfg(target_os = "linux")]
#[test]
fn reading_parameters_takes_bounded_memory() {
    let codes: Vec<String> = (0..1024).map(|code| format!("\"{code}\"")).collect();
    let schema = format!(
        r#"{{"milchglas":"schema/1","id":"x","title":"x","claims":[{{"name":"x","title":"x","type":"code","codes":[{}],"count":64}}]}}"#,
        codes.join(",")
    );
    let schemas = vec![schema; 100].join(",");
    let json = format!(
        r#"{{"milchglas":"parameters/1","name":"x","identity":"{}","sequence":1,"keys":[],"digits":{{"public_key":"","signatures":[]}},"schemas":[{schemas}],"signature":""}}"#,
        "00".repeat(32)
    );
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
    };
    let before = peak();
    assert!(Parameters::from_json(&json).is_err());
    let grown = peak() - before;
    assert!(grown < 64, "{} KiB of input took {grown} MiB", json.len() / 1024);
}
