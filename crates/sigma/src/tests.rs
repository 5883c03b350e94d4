//! What the statements rely on: constraints, extraction, exact encodings, hedged randomness.

use std::sync::Arc;

use merlin::Transcript;
use milchglas_curve::{Expander, G1, G2, NonZeroG1, Scalar};
use proptest::prelude::*;
use rand_core::{CryptoRng, CryptoRngCore, OsRng, RngCore};

use crate::elimination::Elimination;
use crate::transcript::encode_all;
use crate::{
    Commitment, Error, PairingChecks, PairingKey, Prover, Statement, System, Term, TranscriptExt, Var, Verifier,
};

/// `I = a·G + b·H` and `c0 + a − 2·b = 0`.
struct Toy {
    image: G1,
    constant: Scalar,
}

fn bases() -> [NonZeroG1; 2] {
    [b"G", b"H"].map(|name| G1::hash(Expander::XmdSha256, name, b"MILCHGLAS-TEST"))
}

impl Statement for Toy {
    type Witness = ();

    fn points(&self) -> usize {
        0
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok(Commitment::default())
    }

    fn constrain(&self, inputs: &[Var], _: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let &[a, b] = inputs else { return Err(Error::Misuse("two inputs")) };
        let [g, h] = bases().map(|base| system.base(&base));
        let image = self.image.to_nonzero().map(|image| (Scalar::ONE, system.base(&image)));
        system.equation("toy", image.into_iter().collect(), vec![Term::plus(a, g), Term::plus(b, h)]);
        system.constrain(vec![(Scalar::ONE, a), (-Scalar::from(2), b)], self.constant)
    }
}

fn toy(a: Scalar, b: Scalar) -> Toy {
    let [g, h] = bases();
    Toy { image: g * a + h * b, constant: Scalar::from(2) * b - a }
}

fn prove(statement: &Toy, values: [Scalar; 2], rng: &mut dyn CryptoRngCore) -> Result<Vec<u8>, Error> {
    let mut prover = Prover::new(Transcript::new(b"test"), values.to_vec(), b"", rng);
    let inputs = prover.inputs();
    prover.add(statement, &inputs, &())?;
    prover.prove(rng)
}

fn verify(statement: &Toy, proof: &[u8]) -> Result<(), Error> {
    let verifier = || {
        let mut verifier = Verifier::new(Transcript::new(b"test"), 2, proof);
        let inputs = verifier.inputs();
        verifier.add(statement, &inputs)?;
        Ok::<_, Error>(verifier)
    };
    // All at once, and the pairing equations apart: both say the same.
    let result = verifier()?.finish(&mut OsRng);
    assert_eq!(verifier()?.verify().and_then(|pairings| pairings.check(&mut OsRng)).is_ok(), result.is_ok());
    result
}

#[test]
fn accepts_an_honest_proof_with_one_response_saved() {
    let [a, b] = [Scalar::from(5), Scalar::from(7)];
    let statement = toy(a, b);
    let proof = prove(&statement, [a, b], &mut OsRng).unwrap();
    assert_eq!(proof.len(), 32 + 32);
    verify(&statement, &proof).unwrap();
}

#[test]
fn rejects_every_flipped_bit_and_every_other_length() {
    let [a, b] = [Scalar::from(5), Scalar::from(7)];
    let statement = toy(a, b);
    let proof = prove(&statement, [a, b], &mut OsRng).unwrap();
    for bit in 0..8 * proof.len() {
        let mut bad = proof.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&statement, &bad).is_err(), "bit {bit}");
    }
    for len in 0..proof.len() {
        assert!(verify(&statement, &proof[..len]).is_err(), "{len} bytes");
    }
    assert!(verify(&statement, &[&proof[..], &[0]].concat()).is_err());
}

#[test]
fn rejects_a_witness_that_breaks_a_constraint_or_an_equation() {
    let [a, b] = [Scalar::from(5), Scalar::from(7)];
    let statement = toy(a, b);
    assert_eq!(prove(&statement, [a + Scalar::ONE, b], &mut OsRng), Err(Error::Unsatisfied));
    // Satisfies the constraint but not the equation: a proof comes out, and does not hold.
    let wrong = [a + Scalar::from(2), b + Scalar::ONE];
    let proof = prove(&statement, wrong, &mut OsRng).unwrap();
    assert_eq!(verify(&statement, &proof), Err(Error::Invalid));
}

#[test]
fn rejects_another_statement_and_another_transcript() {
    let [a, b] = [Scalar::from(5), Scalar::from(7)];
    let statement = toy(a, b);
    let proof = prove(&statement, [a, b], &mut OsRng).unwrap();
    assert!(verify(&toy(a, b + Scalar::ONE), &proof).is_err());
    let mut other = Verifier::new(Transcript::new(b"other"), 2, &proof);
    let inputs = other.inputs();
    other.add(&statement, &inputs).unwrap();
    assert!(matches!(other.verify(), Err(Error::Invalid)));
}

#[test]
fn rejects_a_variable_without_an_equation() {
    let verifier = Verifier::new(Transcript::new(b"test"), 1, &[]);
    assert!(matches!(verifier.verify(), Err(Error::Misuse(_))));
}

/// Sends so many points and says nothing of them.
struct Sends(usize);

impl Statement for Sends {
    type Witness = ();

    fn points(&self) -> usize {
        self.0
    }

    fn commit(&self, (): &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Err(Error::Unsatisfied)
    }

    fn constrain(&self, _: &[Var], _: &[NonZeroG1], _: &mut System) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn reads_ahead_without_effect_on_points_and_errors() {
    let points: Vec<[u8; 48]> =
        (1..6).map(|k| (G1::generator() * Scalar::from(k)).to_nonzero().unwrap().to_bytes()).collect();
    let whole = points.concat();
    let (mut broken, mut identity) = (whole.clone(), whole.clone());
    broken[2 * 48] ^= 0x80;
    identity[48..96].copy_from_slice(&G1::identity().to_bytes());
    for proof in [&whole[..], &whole[..239], &whole[..100], &broken, &identity, &[]] {
        let read = |ahead: usize| {
            let mut verifier = Verifier::new(Transcript::new(b"test"), 0, proof);
            verifier.read_ahead(ahead);
            let results: Vec<_> = [1, 3, 0, 1].map(|count| verifier.add(&Sends(count), &[])).into();
            (results, verifier.points().iter().map(NonZeroG1::to_bytes).collect::<Vec<_>>())
        };
        let (results, read_points) = read(0);
        assert_eq!(results.iter().all(Result::is_ok), read_points == points);
        for ahead in [1, 2, 4, 5, 6, usize::MAX] {
            assert_eq!(read(ahead), (results.clone(), read_points.clone()));
        }
    }
}

#[test]
fn splits_strings_unambiguously() {
    let challenge = |parts: [&[u8]; 2]| {
        let mut transcript = Transcript::new(b"test");
        for part in parts {
            transcript.append_message(b"part", part);
        }
        transcript.challenge_scalar(b"challenge")
    };
    assert_ne!(challenge([b"ab", b"c"]), challenge([b"a", b"bc"]));
}

/// Same nonces, two challenges: the difference of the responses opens the statement. That an extractor succeeds is what
/// soundness says.
#[test]
fn extracts_the_witness_from_two_challenges_on_the_same_announcement() {
    let [a, b] = [Scalar::random(&mut OsRng), Scalar::random(&mut OsRng)];
    let statement = toy(a, b);
    let mut system = System::with_inputs(2);
    let inputs = system.inputs();
    statement.constrain(&inputs, &[], &mut system).unwrap();

    let values = [a, b];
    let mut nonces = vec![Scalar::ZERO; 2];
    for var in system.free() {
        nonces[var] = Scalar::random(&mut OsRng);
    }
    system.complete(&mut nonces, Scalar::ZERO);
    let announcements = system.announce(&nonces);

    let responses = |challenge: Scalar| {
        let mut responses = vec![Scalar::ZERO; 2];
        for var in system.free() {
            responses[var] = nonces[var] + challenge * values[var];
        }
        system.complete(&mut responses, challenge);
        // The verification equation holds for the same announcements.
        assert_eq!(system.recompute(&responses, challenge, Vec::new()), (announcements.clone(), Vec::new()));
        responses
    };
    let [c, d] = [Scalar::from(3), Scalar::random(&mut OsRng)];
    let (first, second) = (responses(c), responses(d));
    let inverse = (c - d).invert().unwrap();
    let extracted: Vec<Scalar> = first.iter().zip(&second).map(|(s, t)| (*s - *t) * inverse).collect();
    assert_eq!(extracted, values);
}

/// A generator that always returns the same byte.
struct Broken(u8);

impl RngCore for Broken {
    fn next_u32(&mut self) -> u32 {
        u32::from(self.0)
    }
    fn next_u64(&mut self) -> u64 {
        u64::from(self.0)
    }
    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(self.0);
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Broken {}

#[test]
fn broken_randomness_never_repeats_a_nonce_under_another_challenge() {
    let [a, b] = [Scalar::from(5), Scalar::from(7)];
    let statement = toy(a, b);
    let proofs: Vec<Vec<u8>> = [(&b"one"[..], &b""[..]), (b"two", b""), (b"one", b"counter 1")]
        .iter()
        .map(|(request, hedge)| {
            let mut transcript = Transcript::new(b"test");
            transcript.append_message(b"request", request);
            let mut prover = Prover::new(transcript, vec![a, b], hedge, &mut Broken(0));
            let inputs = prover.inputs();
            prover.add(&statement, &inputs, &()).unwrap();
            prover.prove(&mut Broken(0)).unwrap()
        })
        .collect();
    // Were a nonce shared by two of them, s − c·x of the free variable would be equal.
    let scalar = |bytes: &[u8]| Scalar::from_bytes(bytes.try_into().unwrap()).unwrap();
    let free = 1; // `a` is solved for, `b` is free.
    let nonces: Vec<Scalar> = proofs.iter().map(|p| scalar(&p[32..]) - scalar(&p[..32]) * [a, b][free]).collect();
    assert!(nonces[0] != nonces[1] && nonces[0] != nonces[2] && nonces[1] != nonces[2]);
}

/// `e(L, y·P2) = e(y·L + error, P2)`, true for the error 0 only.
fn pairing_checks(number: u64, key: &Arc<PairingKey>, y: Scalar, error: G1) -> PairingChecks {
    let left = (G1::generator() * Scalar::from(number + 2)).to_nonzero().unwrap();
    let mut system = System::default();
    system.pairing(left, key, (left * y + error).to_nonzero().unwrap());
    PairingChecks::of(system)
}

#[test]
fn names_bad_pairing_checks_at_every_place_and_accepts_the_others() {
    let keys = [3, 5].map(|y| {
        let y = Scalar::from(y);
        (y, Arc::new(PairingKey::new(&(G2::generator() * y).to_nonzero().unwrap())))
    });
    let error = G1::generator() * Scalar::from(77);
    // Each number's binary digits say which of five members are bad; where two are, their errors cancel in an unweighted sum.
    for bad in 0_u32..32 {
        let mut sign = -Scalar::ONE;
        let checks: Vec<PairingChecks> = (0..5)
            .map(|i| {
                let (y, key) = &keys[i % 2];
                let is_bad = bad >> i & 1 == 1;
                if is_bad {
                    sign = -sign;
                }
                pairing_checks(i as u64, key, *y, if is_bad { error * sign } else { G1::identity() })
            })
            .collect();
        let verdicts = PairingChecks::check_each(&checks, &mut OsRng);
        let expected: Vec<_> = (0..5).map(|i| if bad >> i & 1 == 1 { Err(Error::Invalid) } else { Ok(()) }).collect();
        assert_eq!(verdicts, expected, "{bad:05b}");
        let mut merged = PairingChecks::default();
        checks.into_iter().for_each(|check| merged.merge(check));
        assert_eq!(merged.check(&mut OsRng).is_ok(), bad == 0);
    }
    assert_eq!(PairingChecks::check_each(&[], &mut OsRng), []);
}

#[test]
fn writes_infinity_as_the_identity() {
    let encoded: Vec<_> = encode_all(&[G1::identity(), G1::generator()]).collect();
    assert_eq!(encoded, [G1::identity().to_bytes(), G1::generator().to_bytes()]);
}

fn small() -> impl Strategy<Value = Scalar> {
    (-3i64..=3).prop_map(|n| if n < 0 { -Scalar::from(n.unsigned_abs()) } else { Scalar::from(n.unsigned_abs()) })
}

proptest! {
    /// Whatever rows over a common solution: the definitions hold for it, free and defined variables partition all, and no
    /// definition refers to a defined variable.
    #[test]
    fn elimination_keeps_the_solutions(
        solution in prop::collection::vec(small(), 6),
        rows in prop::collection::vec(prop::collection::vec((small(), 0u32..6), 1..5), 0..8),
    ) {
        let mut elimination = Elimination::default();
        for row in &rows {
            let listed: Vec<(Scalar, Var)> = row.iter().map(|&(c, v)| (c, Var(v))).collect();
            let constant = -listed.iter().map(|&(c, v)| c * solution[v.0 as usize]).sum::<Scalar>();
            prop_assert!(elimination.add(&listed, constant).is_ok());
            // The same left side with another constant contradicts it, now that it is known.
            prop_assert_eq!(elimination.add(&listed, constant + Scalar::ONE), Err(Error::Invalid));
        }
        for (var, definition) in elimination.iter() {
            prop_assert_eq!(solution[var as usize], definition.combine(&solution) + definition.constant);
            prop_assert!(definition.terms.iter().all(|&(free, _)| elimination.get(free).is_none()));
        }
    }
}
