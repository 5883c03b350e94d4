//! Each statement: honest proofs hold, and what a dishonest prover could try does not.

#![allow(non_snake_case)]

use milchglas_curve::{Expander, G1, NonZeroG1, NonZeroG2, Scalar};
use milchglas_sigma::{Commitment, Error, Prover, Statement, System, Transcript, Var, Verifier};
use milchglas_statements::{DIGIT_BASE, Exactly, Member, PublicSet, Range, SetSecretKey};
use milchglas_tests::anchored::anchor;
use milchglas_tests::{SeededRng, anchored};
use proptest::prelude::*;
use rand_core::CryptoRngCore;

fn digits() -> PublicSet {
    anchored::digits().unwrap()
}

fn prove<S: Statement>(statement: &S, value: Scalar, witness: &S::Witness) -> Result<Vec<u8>, Error> {
    anchored::prove(statement, &[value], witness)
}

fn verify<S: Statement>(statement: &S, value: Scalar, proof: &[u8]) -> Result<(), Error> {
    anchored::verify(statement, &[value], proof)
}

fn scalar(n: i128) -> Scalar {
    let magnitude = n.unsigned_abs();
    let shift = Scalar::from(1 << 32);
    let s = Scalar::from((magnitude >> 64) as u64) * shift * shift + Scalar::from(magnitude as u64);
    if n < 0 { -s } else { s }
}

fn in_range(digits: &PublicSet, lo: i128, hi: i128, m: Scalar) -> Result<usize, Error> {
    let statement = Range::new(digits, lo, hi)?;
    let proof = prove(&statement, m, &m)?;
    verify(&statement, m, &proof)?;
    Ok(proof.len())
}

#[test]
fn accepts_exactly_the_numbers_inside_a_range() {
    let digits = digits();
    for (lo, hi) in
        [(18, 26), (0, 256), (-5, 3), (1000, 1000 + 65_536), (100, 1_000_000), (0, 1), (-(1 << 63), 1 << 63)]
    {
        for m in [lo, hi - 1] {
            in_range(&digits, lo, hi, scalar(m)).unwrap();
        }
        for m in [lo - 1, hi] {
            assert_eq!(in_range(&digits, lo, hi, scalar(m)), Err(Error::Unsatisfied), "{m} in {lo}..{hi}");
        }
        assert_eq!(in_range(&digits, lo, hi, -Scalar::ONE - scalar(1 << 100)), Err(Error::Unsatisfied));
    }
    assert_eq!(in_range(&digits, 0, 256, -Scalar::ONE), Err(Error::Unsatisfied), "r − 1");
}

#[test]
fn spends_two_points_and_two_responses_a_digit_less_one_a_side() {
    let digits = digits();
    let anchored = 32 + 32; // the challenge, and the response of m
    let digit = 2 * 48 + 2 * 32;
    assert_eq!(in_range(&digits, 0, 256, scalar(7)).unwrap(), anchored + digit - 32);
    assert_eq!(in_range(&digits, 0, 65_536, scalar(7)).unwrap(), anchored + 2 * digit - 32);
    assert_eq!(in_range(&digits, 0, 200, scalar(7)).unwrap(), anchored + 2 * (digit - 32));
    assert_eq!(in_range(&digits, 0, 70_000, scalar(7)).unwrap(), anchored + 2 * (3 * digit - 32));
}

#[test]
fn rejects_empty_wide_and_far_ranges_and_sets_that_are_not_digits() {
    let digits = digits();
    for (lo, hi) in
        [(5, 5), (6, 5), (0, (1 << 64) + 1), (-(1 << 64) - 1, 0), (1 << 65, (1 << 65) + 1), (i128::MIN, i128::MAX)]
    {
        assert!(matches!(Range::new(&digits, lo, hi), Err(Error::Misuse(_))), "{lo}..{hi}");
    }
    let key = SetSecretKey::random(&mut SeededRng::new("bits"));
    let bits = key.sign(b"bits", vec![Scalar::ZERO, Scalar::ONE]).unwrap();
    assert!(Range::new(&bits, 0, 2).is_err(), "a smaller base");
}

/// Sends what it likes, under another statement's equations.
struct Dishonest<'a, S> {
    inner: &'a S,
    commitment: &'a dyn Fn(&mut dyn CryptoRngCore) -> Commitment,
}

impl<S: Statement> Statement for Dishonest<'_, S> {
    type Witness = ();
    fn points(&self) -> usize {
        self.inner.points()
    }
    fn commit(&self, (): &(), rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Ok((self.commitment)(rng))
    }
    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        self.inner.constrain(inputs, points, system)
    }
}

/// What an honest member statement would send for d, computed from a signature given by hand.
fn member_commitment(set_base: NonZeroG1, signature: NonZeroG1, d: Scalar, r: Scalar) -> Commitment {
    let V = signature * r;
    let V_bar = set_base * r - V * d;
    Commitment {
        points: vec![V.to_nonzero().unwrap(), V_bar.to_nonzero().unwrap()],
        secrets: vec![r],
        multiples: Vec::new(),
    }
}

/// The base of a set, as the specification computes it.
fn set_base(name: &[u8], key: &NonZeroG2, elements: &[Scalar]) -> NonZeroG1 {
    let mut content = Vec::new();
    content.extend_from_slice(&(name.len() as u64).to_be_bytes());
    content.extend_from_slice(name);
    content.extend_from_slice(&key.to_bytes());
    content.extend_from_slice(&(elements.len() as u64).to_be_bytes());
    for element in elements {
        content.extend_from_slice(&element.to_bytes());
    }
    G1::hash(Expander::XmdSha256, &content, b"MILCHGLAS-V1-SET-BASE")
}

#[test]
fn rejects_a_digit_that_is_the_base_itself() {
    let digits = digits();
    let elements: Vec<Scalar> = (0..DIGIT_BASE).map(Scalar::from).collect();
    let P_D = set_base(b"digits", digits.key(), &elements);
    let member = Member { set: digits.set_key() };
    let honest = |rng: &mut dyn CryptoRngCore| {
        member_commitment(P_D, digits.signatures()[255], Scalar::from(255), Scalar::random(rng))
    };
    // The forging tool itself is right: with a real element it makes proofs that hold.
    let value = Scalar::from(255);
    let statement = Dishonest { inner: &member, commitment: &honest };
    verify(&member, value, &prove(&statement, value, &()).unwrap()).unwrap();
    // 256 with the signature of another digit: the linear part can be met, the pairing can not.
    let value = Scalar::from(256);
    let forged = |rng: &mut dyn CryptoRngCore| {
        member_commitment(P_D, digits.signatures()[255], Scalar::from(256), Scalar::random(rng))
    };
    let statement = Dishonest { inner: &member, commitment: &forged };
    let proof = prove(&statement, value, &()).unwrap();
    assert_eq!(verify(&member, value, &proof), Err(Error::Invalid));
    assert!(matches!(digits.witness(&value), Err(Error::Unsatisfied)));
}

#[test]
fn rejects_the_degenerate_member_witness_with_r_zero() {
    let digits = digits();
    let member = Member { set: digits.set_key() };
    let value = Scalar::from(300);
    // r = 0: V̄ = −d·V for any V. Only y = −d would make the pairing equation true.
    let forged = |rng: &mut dyn CryptoRngCore| {
        let V = NonZeroG1::generator() * Scalar::random(rng);
        let V_bar = V * -value;
        Commitment {
            points: vec![V.to_nonzero().unwrap(), V_bar.to_nonzero().unwrap()],
            secrets: vec![Scalar::ZERO],
            multiples: Vec::new(),
        }
    };
    let proof = prove(&Dishonest { inner: &member, commitment: &forged }, value, &()).unwrap();
    assert_eq!(verify(&member, value, &proof), Err(Error::Invalid));
}

#[test]
fn rejects_members_of_another_set_under_the_same_key() {
    let key = SetSecretKey::random(&mut SeededRng::new("authority"));
    let [small, large] = [vec![1u64, 2, 3], vec![1, 2, 3, 4]]
        .map(|set| key.sign(b"numbers", set.into_iter().map(Scalar::from).collect()).unwrap());
    let renamed = key.sign(b"letters", [1u64, 2, 3].map(Scalar::from).to_vec()).unwrap();
    let value = Scalar::from(2);
    let proof = prove(&Member { set: large.set_key() }, value, &large.witness(&value).unwrap()).unwrap();
    verify(&Member { set: large.set_key() }, value, &proof).unwrap();
    assert!(verify(&Member { set: small.set_key() }, value, &proof).is_err());
    assert!(verify(&Member { set: renamed.set_key() }, value, &proof).is_err());
    // Nor does a signature of the larger set serve under the smaller one's equations.
    let four = Scalar::from(4);
    let P_D = set_base(b"numbers", small.key(), &[1u64, 2, 3].map(Scalar::from));
    let forged = |rng: &mut dyn CryptoRngCore| member_commitment(P_D, large.signatures()[3], four, Scalar::random(rng));
    let proof = prove(&Dishonest { inner: &Member { set: small.set_key() }, commitment: &forged }, four, &()).unwrap();
    assert_eq!(verify(&Member { set: small.set_key() }, four, &proof), Err(Error::Invalid));
}

#[test]
fn rejects_published_sets_with_one_bad_signature_and_empty_ones() {
    let digits = digits();
    let elements: Vec<Scalar> = (0..DIGIT_BASE).map(Scalar::from).collect();
    let mut rng = SeededRng::new("check");
    let honest = PublicSet::new(b"digits", digits.key(), elements.clone(), digits.signatures().to_vec()).unwrap();
    honest.check(&mut rng).unwrap();
    for bad in [0, 17, 255] {
        let mut signatures = digits.signatures().to_vec();
        signatures[bad] = signatures[(bad + 1) % 256];
        let set = PublicSet::new(b"digits", digits.key(), elements.clone(), signatures).unwrap();
        assert_eq!(set.check(&mut rng), Err(Error::Invalid), "signature {bad}");
    }
    let renamed = PublicSet::new(b"other", digits.key(), elements.clone(), digits.signatures().to_vec()).unwrap();
    assert_eq!(renamed.check(&mut rng), Err(Error::Invalid));
    assert!(PublicSet::new(b"digits", digits.key(), Vec::new(), Vec::new()).is_err());
    assert!(PublicSet::new(b"digits", digits.key(), elements, digits.signatures()[..255].to_vec()).is_err());
}

#[test]
fn rejects_a_range_proof_for_other_bounds_or_another_number_of_digits() {
    let digits = digits();
    let m = scalar(30);
    let asked = Range::new(&digits, 18, 18 + 256).unwrap();
    let proof = prove(&asked, m, &m).unwrap();
    verify(&asked, m, &proof).unwrap();
    for (lo, hi) in [(19, 19 + 256), (17, 17 + 256), (18, 18 + 65_536), (18, 100), (0, 256)] {
        assert!(verify(&Range::new(&digits, lo, hi).unwrap(), m, &proof).is_err(), "{lo}..{hi}");
    }
    // A prover that uses one digit more than was asked reaches further, and is not believed.
    let far = scalar(18 + 256);
    let wider = Range::new(&digits, 18, 18 + 65_536).unwrap();
    let proof = prove(&wider, far, &far).unwrap();
    assert!(verify(&asked, far, &proof).is_err());
}

#[test]
fn rejects_digits_that_do_not_add_up() {
    let digits = digits();
    let m = scalar(500);
    let asked = Range::new(&digits, 0, 65_536).unwrap();
    // Digits of 499: every digit is a member, the sum is not m. The honest prover refuses to lie …
    let other = scalar(499);
    assert_eq!(prove(&asked, m, &other), Err(Error::Unsatisfied));
    // … and a proof for 499 does not stand for 500.
    let proof = prove(&asked, other, &other).unwrap();
    assert!(verify(&asked, m, &proof).is_err());
}

#[test]
fn several_ranges_on_one_claim_all_bind() {
    let digits = digits();
    let ranges = [(0, 256), (10, 10 + 256), (20, 40)].map(|(lo, hi)| Range::new(&digits, lo, hi).unwrap());
    let run = |m: Scalar| -> Result<(), Error> {
        let mut rng = SeededRng::new("several");
        let mut prover = Prover::new(Transcript::new(b"test"), vec![m], b"", &mut rng);
        let inputs = prover.inputs();
        prover.add(&anchor(m), &inputs, &())?;
        for range in &ranges {
            prover.add(range, &inputs, &m)?;
        }
        let proof = prover.prove(&mut rng)?;
        let mut verifier = Verifier::new(Transcript::new(b"test"), 1, &proof);
        let inputs = verifier.inputs();
        verifier.add(&anchor(m), &inputs)?;
        for range in &ranges {
            verifier.add(range, &inputs)?;
        }
        verifier.verify()?.check(&mut rng)
    };
    run(scalar(20)).unwrap();
    run(scalar(39)).unwrap();
    for m in [19, 40, 9, 256] {
        assert_eq!(run(scalar(m)), Err(Error::Unsatisfied), "{m}");
    }
}

#[test]
fn exactly_binds_and_contradictions_have_no_proof() {
    let value = Scalar::from(4);
    let proof = prove(&Exactly { value }, value, &()).unwrap();
    assert_eq!(proof.len(), 32, "the response of the input is saved");
    verify(&Exactly { value }, value, &proof).unwrap();
    assert!(verify(&Exactly { value: Scalar::from(5) }, value, &proof).is_err());
    assert_eq!(prove(&Exactly { value: Scalar::from(5) }, value, &()), Err(Error::Unsatisfied));

    let mut verifier = Verifier::new(Transcript::new(b"test"), 1, &proof);
    let inputs = verifier.inputs();
    verifier.add(&anchor(value), &inputs).unwrap();
    verifier.add(&Exactly { value }, &inputs).unwrap();
    assert_eq!(verifier.add(&Exactly { value: Scalar::from(5) }, &inputs), Err(Error::Invalid));
}

#[test]
fn rejects_every_flipped_bit_of_a_range_proof() {
    let digits = digits();
    let m = scalar(30);
    let statement = Range::new(&digits, 18, 18 + 256).unwrap();
    let proof = prove(&statement, m, &m).unwrap();
    for bit in 0..8 * proof.len() {
        let mut bad = proof.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&statement, m, &bad).is_err(), "bit {bit}");
    }
    for len in (0..proof.len()).step_by(16) {
        assert!(verify(&statement, m, &proof[..len]).is_err());
    }
    assert!(verify(&statement, m, &[&proof[..], &[0]].concat()).is_err());
}

#[test]
fn rejects_points_at_infinity_off_the_subgroup_and_scalars_not_reduced() {
    let digits = digits();
    let m = scalar(30);
    let statement = Range::new(&digits, 18, 18 + 256).unwrap();
    let proof = prove(&statement, m, &m).unwrap();
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    // x = 4 is on the curve, outside the subgroup of order r.
    let mut off_subgroup = [0; 48];
    off_subgroup[0] = 0x80;
    off_subgroup[47] = 4;
    for bad in [infinity, off_subgroup] {
        for slot in 0..2 {
            let mut proof = proof.clone();
            proof[48 * slot..][..48].copy_from_slice(&bad);
            assert!(matches!(verify(&statement, m, &proof), Err(Error::Decode(_))), "slot {slot}");
        }
    }
    let order = hex::decode("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").unwrap();
    let scalars = (proof.len() - 96) / 32;
    for slot in 0..scalars {
        let place = 96 + 32 * slot;
        for bad in [order.clone(), vec![0xff; 32], add(&proof[place..place + 32], &order)] {
            let mut proof = proof.clone();
            proof[place..place + 32].copy_from_slice(&bad);
            assert!(matches!(verify(&statement, m, &proof), Err(Error::Decode(_))), "scalar {slot}");
        }
    }
}

/// Big-endian addition of 32-byte numbers, the carry dropped.
fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(x, y)| {
            let digit = u16::from(*x) + u16::from(*y) + carry;
            carry = digit >> 8;
            digit as u8
        })
        .collect();
    sum.reverse();
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any range, any number: a proof exists exactly if the number is inside, and then it holds.
    #[test]
    fn proves_exactly_what_is_true(lo in -(1i128 << 40)..(1i128 << 40), width in 1i128..(1 << 24), place in -300i128..300, low in any::<bool>()) {
        let digits = digits();
        let hi = lo + width;
        let m = if low { lo + place } else { hi + place };
        let result = in_range(&digits, lo, hi, scalar(m));
        if (lo..hi).contains(&m) {
            prop_assert!(result.is_ok());
        } else {
            prop_assert_eq!(result, Err(Error::Unsatisfied));
        }
    }
}
