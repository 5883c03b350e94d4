//! "Adult" as bare statements: a signature with all messages hidden, and a 16-bit range over one of them.
//!
//! The same equations as those of a presentation, without request and card around them. A card has at most 66 messages; a signature
//! may have more, and this is how they grow. Beside it non-revocation by itself.

use milchglas_bbs::{Ciphersuite, Generators, Interface, SecretKey};
use milchglas_credential::parameters::sign_digits;
use milchglas_curve::{G1, Scalar};
use milchglas_sigma::{FixedPoint, PairingKey, Prover, Transcript, Verifier};
use milchglas_statements::{
    Accumulator, AccumulatorSecretKey, DigitTables, NonRevocation, NonRevocationWitness, PublicSet, Range,
    SetSecretKey, Signature, SignatureWitness, first_accumulator,
};
use milchglas_tests::SeededRng;
use rand_core::OsRng;
use std::sync::Arc;

use crate::scalar;

/// Where in the signature the claim with the range stands.
const CLAIM: usize = 2;
/// The range: 256² numbers.
const FIRST: i128 = 650_000;
const END: i128 = FIRST + (1 << 16);

/// A signature on so many messages, and the signed digits.
pub struct Statements {
    key: Arc<PairingKey>,
    empty: FixedPoint,
    bases: Vec<FixedPoint>,
    digits: PublicSet,
    tables: DigitTables,
    witness: SignatureWitness,
    messages: Vec<Scalar>,
}

/// Non-revocation by itself, after some revocations, with all tables built.
pub struct Revocation {
    accumulator: Accumulator,
    w: FixedPoint,
    handle: Scalar,
}

impl Revocation {
    /// The holder of a handle, after one epoch with three revocations.
    #[must_use]
    pub fn new() -> Self {
        let secret = AccumulatorSecretKey::random(&mut SeededRng::new("bench revocation"));
        let key = secret.public_key().unwrap();
        let first = FixedPoint::new(&first_accumulator(&[1; 32], &key));
        let revoked: Vec<Scalar> = (1..=3u64).map(Scalar::from).collect();
        let now = FixedPoint::new(secret.revoke(&first, &revoked).unwrap().last().unwrap());
        // As large as handles are.
        let handle = Scalar::from(u64::MAX) * Scalar::from(u64::MAX);
        let w = FixedPoint::new(&secret.witness(&now, &handle).unwrap());
        FixedPoint::prepare_for_proving([&now, &w]);
        FixedPoint::prepare_for_verifying([&now]);
        Self { accumulator: Accumulator::new(now, key, Arc::new(PairingKey::new(&key))), w, handle }
    }

    /// A proof's bytes.
    #[must_use]
    pub fn prove(&self) -> Vec<u8> {
        let statement = NonRevocation { accumulator: &self.accumulator };
        let mut prover = Prover::new(Transcript::new(b"bench revocation"), vec![self.handle], b"", &mut OsRng);
        let inputs = prover.inputs();
        let witness = NonRevocationWitness::new(self.w.clone(), &self.handle);
        prover.add(&statement, &inputs, &witness).unwrap();
        prover.prove(&mut OsRng).unwrap()
    }

    /// Checks a proof, from its bytes.
    pub fn verify(&self, proof: &[u8]) {
        let mut verifier = Verifier::new(Transcript::new(b"bench revocation"), 1, proof);
        let inputs = verifier.inputs();
        verifier.add(&NonRevocation { accumulator: &self.accumulator }, &inputs).unwrap();
        verifier.verify().unwrap().check(&mut OsRng).unwrap();
    }
}

impl Default for Revocation {
    fn default() -> Self {
        Self::new()
    }
}

impl Statements {
    /// Everything prepared, with all tables built. There are at least three messages.
    #[must_use]
    pub fn new(messages: usize) -> Self {
        let mut rng = SeededRng::new("bench statements");
        let interface = Interface::hm2s(Ciphersuite::Bls12381Sha256);
        let generators: Generators = interface.create_generators(messages).unwrap();
        let sk = SecretKey::random(&mut rng).unwrap();
        let pk = sk.public_key().unwrap();
        let digits = sign_digits(&SetSecretKey::random(&mut rng)).unwrap();
        let mut messages: Vec<Scalar> = (0..messages as u64).map(scalar).collect();
        messages[CLAIM] = Scalar::from(FIRST as u64 + 12_345);

        let signature = interface.core_sign(&sk, &pk, &generators, b"", &messages).unwrap();
        let domain = interface.calculate_domain(&pk, &generators, b"");
        let empty = G1::from(*generators.P1()) + *generators.Q_1() * domain;
        let empty: FixedPoint = empty.to_nonzero().unwrap().into();
        let bases = generators.fixed_points()[2..].to_vec();
        let signed = empty.point() + FixedPoint::msm(&bases, &messages);
        let witness = SignatureWitness::new(signature.A(), signature.e(), &signed).unwrap();

        FixedPoint::prepare_for_proving(bases.iter().chain(witness.fixed_points()).chain([digits.base()]));
        FixedPoint::prepare_for_verifying(bases.iter().chain([&empty, digits.base()]));
        let key = Arc::new(PairingKey::new(pk.W()));
        let tables = DigitTables::default();
        let range = Range::new(&digits, FIRST, END).unwrap().with_tables(&tables);
        range.prepare(&messages[CLAIM]).unwrap();
        Self { key, empty, bases, digits, tables, witness, messages }
    }

    fn statements(&self) -> (Signature, Range<'_>) {
        let signature = Signature::new(&self.key, &self.empty, Vec::new(), self.bases.clone());
        (signature, Range::new(&self.digits, FIRST, END).unwrap().with_tables(&self.tables))
    }

    fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(b"bench statements");
        transcript.append_message(b"key", &self.key.to_bytes());
        transcript
    }

    /// A proof's bytes.
    #[must_use]
    pub fn prove(&self) -> Vec<u8> {
        let (signature, range) = self.statements();
        let mut prover = Prover::new(self.transcript(), self.messages.clone(), b"", &mut OsRng);
        let inputs = prover.inputs();
        prover.add(&signature, &inputs, &self.witness).unwrap();
        prover.add(&range, &[inputs[CLAIM]], &self.messages[CLAIM]).unwrap();
        prover.prove(&mut OsRng).unwrap()
    }

    /// Checks a proof, from its bytes.
    pub fn verify(&self, proof: &[u8]) {
        let (signature, range) = self.statements();
        let mut verifier = Verifier::new(self.transcript(), self.messages.len(), proof);
        let inputs = verifier.inputs();
        verifier.add(&signature, &inputs).unwrap();
        verifier.add(&range, &[inputs[CLAIM]]).unwrap();
        verifier.verify().unwrap().check(&mut OsRng).unwrap();
    }
}
