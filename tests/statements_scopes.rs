//! Pseudonyms and rate tokens: honest proofs hold, and what a dishonest holder could try does not.

#![allow(non_snake_case)]

use std::collections::BTreeSet;

use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Prover, Statement, System, Transcript, Var, Verifier};
use milchglas_statements::{Pseudonym, PublicSet, Range, Rate, RateWitness};
use milchglas_tests::anchored::{anchor, prove};
use milchglas_tests::{SeededRng, anchored};
use rand_core::CryptoRngCore;

fn digits() -> PublicSet {
    anchored::digits().unwrap()
}

fn secret(seed: &str) -> Scalar {
    Scalar::random(&mut SeededRng::new(seed))
}

/// Sends the points it likes, under another statement's equations.
struct Dishonest<'a, S> {
    inner: &'a S,
    points: Vec<NonZeroG1>,
}

impl<S: Statement> Statement for Dishonest<'_, S> {
    type Witness = ();
    fn points(&self) -> usize {
        self.points.len()
    }
    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok(Commitment { points: self.points.clone(), secrets: Vec::new(), multiples: Vec::new() })
    }
    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        self.inner.constrain(inputs, points, system)
    }
}

/// The point that was proven.
fn verify_one<S: Statement>(statement: &S, k: Scalar, proof: &[u8]) -> Result<NonZeroG1, Error> {
    let mut verifier = Verifier::new(Transcript::new(b"test"), 1, proof);
    let inputs = verifier.inputs();
    verifier.add(&anchor(k), &inputs)?;
    verifier.add(statement, &inputs)?;
    let point = verifier.points()[0];
    verifier.verify()?.check(&mut SeededRng::new("weights"))?;
    Ok(point)
}

/// A rate with the range of its counter.
struct Counted<'a> {
    rate: Rate,
    range: Option<Range<'a>>,
}

impl<'a> Counted<'a> {
    fn new(digits: &'a PublicSet, scope: &[u8], limit: u16) -> Self {
        let rate = Rate::new(scope, limit).unwrap();
        Self { rate, range: rate.counter(digits).unwrap() }
    }

    fn prove(&self, k: Scalar, i: u64) -> Result<Vec<u8>, Error> {
        let (mut rng, i) = (SeededRng::new("prove"), Scalar::from(i));
        let values = if self.range.is_some() { vec![k, i] } else { vec![k] };
        let mut prover = Prover::new(Transcript::new(b"test"), values, b"", &mut rng);
        let inputs = prover.inputs();
        prover.add(&anchor(k), &inputs[..1], &())?;
        prover.add(&self.rate, &inputs, &RateWitness { k, i })?;
        if let Some(range) = &self.range {
            prover.add(range, &inputs[1..], &i)?;
        }
        prover.prove(&mut rng)
    }

    /// The token.
    fn verify(&self, k: Scalar, proof: &[u8]) -> Result<NonZeroG1, Error> {
        let count = if self.range.is_some() { 2 } else { 1 };
        let mut verifier = Verifier::new(Transcript::new(b"test"), count, proof);
        let inputs = verifier.inputs();
        verifier.add(&anchor(k), &inputs[..1])?;
        verifier.add(&self.rate, &inputs)?;
        let token = verifier.points()[0];
        if let Some(range) = &self.range {
            verifier.add(range, &inputs[1..])?;
        }
        verifier.verify()?.check(&mut SeededRng::new("weights"))?;
        Ok(token)
    }
}

fn rate_base(scope: &[u8]) -> NonZeroG1 {
    G1::hash(Expander::XmdSha256, scope, b"MILCHGLAS-V1-RATE")
}

fn token_of(scope: &[u8], k: Scalar, i: u64) -> NonZeroG1 {
    (rate_base(scope) * (k + Scalar::from(i)).invert().unwrap()).to_nonzero().unwrap()
}

fn rejects_changed_bytes(proof: &[u8], verify: &dyn Fn(&[u8]) -> Result<NonZeroG1, Error>) {
    verify(proof).unwrap();
    for bit in 0..8 * proof.len() {
        // All bits of the points and the challenge, and some of each response.
        if bit / 8 < 48 || bit % 37 == 0 {
            let mut bad = proof.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&bad).is_err(), "bit {bit}");
        }
    }
    assert!(verify(&[proof, &[0]].concat()).is_err(), "a trailing byte");
    assert!(verify(&proof[..proof.len() - 1]).is_err(), "a byte missing");
    assert!(verify(&proof[48..]).is_err(), "a point missing");
    assert!(verify(&[&proof[..48], proof].concat()).is_err(), "a surplus point");
    let mut infinity = proof.to_vec();
    infinity[..48].fill(0);
    infinity[0] = 0xc0;
    assert!(verify(&infinity).is_err(), "infinity");
}

#[test]
fn names_a_holder_the_same_in_one_scope_and_differently_in_another() {
    let (k, other) = (secret("k"), secret("other"));
    let name = |k: Scalar, scope: &[u8]| {
        let statement = Pseudonym::new(scope);
        verify_one(&statement, k, &prove(&statement, &[k], &k).unwrap()).unwrap()
    };
    let base = G1::hash(Expander::XmdSha256, b"scope", b"MILCHGLAS-V1-PSEUDONYM");
    assert_eq!(name(k, b"scope"), (base * k).to_nonzero().unwrap());
    assert_eq!(name(k, b"scope"), name(k, b"scope"));
    let names: Vec<[u8; 48]> =
        [name(k, b"scope"), name(other, b"scope"), name(k, b"scope2"), name(k, b"Scope"), name(k, b"")]
            .iter()
            .map(NonZeroG1::to_bytes)
            .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn rejects_a_name_that_is_not_the_holders() {
    let (k, other) = (secret("k"), secret("other"));
    let statement = Pseudonym::new(b"scope");
    let base = G1::hash(Expander::XmdSha256, b"scope", b"MILCHGLAS-V1-PSEUDONYM");
    for forged in [base * other, base * (k + Scalar::ONE), base * -k, G1::from(base)] {
        let dishonest = Dishonest { inner: &statement, points: vec![forged.to_nonzero().unwrap()] };
        let proof = prove(&dishonest, &[k], &()).unwrap();
        assert_eq!(verify_one(&statement, k, &proof), Err(Error::Invalid));
    }
    let proof = prove(&statement, &[k], &k).unwrap();
    assert_eq!(proof.len(), 48 + 32 + 32);
    assert_eq!(verify_one(&statement, other, &proof), Err(Error::Invalid), "of another credential");
    assert_eq!(verify_one(&Pseudonym::new(b"scopf"), k, &proof), Err(Error::Invalid), "for another scope");
    assert_eq!(verify_one(&Rate::new(b"scope", 1).unwrap(), k, &proof), Err(Error::Invalid), "as a token");
    rejects_changed_bytes(&proof, &|proof| verify_one(&statement, k, proof));
    assert_eq!(prove(&statement, &[Scalar::ZERO], &Scalar::ZERO), Err(Error::Unsatisfied));
    for points in [vec![], vec![base, base]] {
        let dishonest = Dishonest { inner: &statement, points };
        assert!(matches!(prove(&dishonest, &[k], &()), Err(Error::Misuse(_))));
    }
}

#[test]
fn gives_exactly_as_many_tokens_as_the_limit() {
    let (digits, k) = (digits(), secret("k"));
    for limit in [1u16, 2, 3, 255, 256] {
        let counted = Counted::new(&digits, b"scope", limit);
        let mut tokens = BTreeSet::new();
        for i in [0, 1, 2, u64::from(limit) - 1].into_iter().filter(|i| *i < u64::from(limit)).collect::<BTreeSet<_>>()
        {
            let token = counted.verify(k, &counted.prove(k, i).unwrap()).unwrap();
            assert_eq!(token, token_of(b"scope", k, i), "{i} of {limit}");
            assert!(tokens.insert(token.to_bytes()));
        }
        for i in [u64::from(limit), u64::from(limit) + 1, 1 << 32] {
            assert_eq!(counted.prove(k, i), Err(Error::Unsatisfied), "{i} of {limit}");
        }
    }
    for limit in [0, 257, u16::MAX] {
        assert!(matches!(Rate::new(b"scope", limit), Err(Error::Misuse(_))));
    }
}

#[test]
fn sends_one_point_and_the_digits_of_its_counter() {
    let (digits, k) = (digits(), secret("k"));
    let size = |limit| Counted::new(&digits, b"scope", limit).prove(k, 0).unwrap().len();
    let anchored = 32 + 32; // the challenge, and the response of k
    assert_eq!(size(1), anchored + 48);
    assert_eq!(size(256), anchored + 48 + 2 * 48 + 2 * 32);
    assert_eq!(size(3), anchored + 48 + 4 * 48 + 3 * 32);
}

#[test]
fn rejects_tokens_beyond_the_limit_however_they_are_made() {
    let (digits, k, other) = (digits(), secret("k"), secret("other"));
    let three = Counted::new(&digits, b"scope", 3);
    // The counter of a wider limit.
    for limit in [1, 2, 4, 255, 256] {
        let proof = Counted::new(&digits, b"scope", limit).prove(k, u64::from(limit) - 1).unwrap();
        assert!(three.verify(k, &proof).is_err(), "made for a limit of {limit}");
    }
    // The fourth token in the place of a permitted one.
    let mut proof = three.prove(k, 2).unwrap();
    proof[..48].copy_from_slice(&token_of(b"scope", k, 3).to_bytes());
    assert!(three.verify(k, &proof).is_err());
    // Without the range: the counter is free, and any token has one.
    let free = Counted { rate: three.rate, range: None };
    let mut rng = SeededRng::new("prove");
    let far = other - k; // T = P/other
    let mut prover = Prover::new(Transcript::new(b"test"), vec![k, far], b"", &mut rng);
    let inputs = prover.inputs();
    prover.add(&anchor(k), &inputs[..1], &()).unwrap();
    prover.add(&free.rate, &inputs, &RateWitness { k, i: far }).unwrap();
    let proof = prover.prove(&mut rng).unwrap();
    assert!(three.verify(k, &proof).is_err());
    // With the range, that counter has no digits.
    let mut prover = Prover::new(Transcript::new(b"test"), vec![k, far], b"", &mut rng);
    prover.add(&three.rate, &inputs, &RateWitness { k, i: far }).unwrap();
    assert_eq!(prover.add(three.range.as_ref().unwrap(), &inputs[1..], &far), Err(Error::Unsatisfied));
    // With digits of a permitted one, they do not add up to it.
    let mut prover = Prover::new(Transcript::new(b"test"), vec![k, far], b"", &mut rng);
    prover.add(&three.rate, &inputs, &RateWitness { k, i: far }).unwrap();
    prover.add(three.range.as_ref().unwrap(), &inputs[1..], &Scalar::ONE).unwrap();
    assert_eq!(prover.prove(&mut rng), Err(Error::Unsatisfied));
}

#[test]
fn rejects_a_token_that_is_not_the_holders() {
    let (digits, k, other) = (digits(), secret("k"), secret("other"));
    let one = Rate::new(b"scope", 1).unwrap();
    for forged in
        [token_of(b"scope", k, 1), token_of(b"scope", other, 0), token_of(b"scopf", k, 0), rate_base(b"scope")]
    {
        let proof = prove(&Dishonest { inner: &one, points: vec![forged] }, &[k], &()).unwrap();
        assert_eq!(verify_one(&one, k, &proof), Err(Error::Invalid));
    }
    let counted = Counted::new(&digits, b"scope", 3);
    let proof = counted.prove(k, 1).unwrap();
    assert_eq!(counted.verify(other, &proof), Err(Error::Invalid), "of another credential");
    assert!(Counted::new(&digits, b"scopf", 3).verify(k, &proof).is_err(), "for another scope or epoch");
    rejects_changed_bytes(&proof, &|proof| counted.verify(k, proof));
    let single = prove(&one, &[k], &RateWitness { k, i: Scalar::ZERO }).unwrap();
    rejects_changed_bytes(&single, &|proof| verify_one(&one, k, proof));
    assert_eq!(verify_one(&Pseudonym::new(b"scope"), k, &single), Err(Error::Invalid), "as a name");
}

#[test]
fn has_no_token_where_secret_and_counter_cancel_out() {
    let digits = digits();
    let counted = Counted::new(&digits, b"scope", 3);
    assert_eq!(counted.prove(-Scalar::from(2), 2), Err(Error::Unsatisfied));
    counted.verify(-Scalar::from(2), &counted.prove(-Scalar::from(2), 1).unwrap()).unwrap();
    assert_eq!(Counted::new(&digits, b"scope", 1).prove(Scalar::ZERO, 0), Err(Error::Unsatisfied));
    // A public counter is 0.
    let one = Rate::new(b"scope", 1).unwrap();
    let k = secret("k");
    assert_eq!(prove(&one, &[k], &RateWitness { k, i: Scalar::ONE }), Err(Error::Unsatisfied));
}
