//! Statements about single values: none of a list, either of two ranges, a bit, equality. Honest proofs hold, and what a dishonest
//! prover could try does not.

#![allow(non_snake_case)]

use std::sync::OnceLock;

use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Prover, Statement, System, Transcript, Var, Verifier};
use milchglas_statements::{
    Bit, DIGIT_BASE, EitherRange, Exactly, Generators, Member, NotIn, PublicSet, Range, Same, SetSecretKey,
};
use milchglas_tests::SeededRng;
use milchglas_tests::anchored::{anchor, prove, verify};
use proptest::prelude::*;
use rand_core::CryptoRngCore;

fn digits() -> &'static PublicSet {
    static DIGITS: OnceLock<PublicSet> = OnceLock::new();
    DIGITS.get_or_init(|| {
        let key = SetSecretKey::random(&mut SeededRng::new("digits"));
        key.sign(b"digits", (0..DIGIT_BASE).map(Scalar::from).collect()).unwrap()
    })
}

/// Proves and verifies about one value; the length of the proof.
fn holds<S: Statement<Witness = Scalar>>(statement: &S, m: Scalar) -> Result<usize, Error> {
    let proof = prove(statement, &[m], &m)?;
    verify(statement, &[m], &proof)?;
    Ok(proof.len())
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

fn scalar(n: i128) -> Scalar {
    let magnitude = n.unsigned_abs();
    let shift = Scalar::from(1 << 32);
    let s = Scalar::from((magnitude >> 64) as u64) * shift * shift + Scalar::from(magnitude as u64);
    if n < 0 { -s } else { s }
}

fn not_in(values: &[i128]) -> NotIn {
    NotIn::new(values.iter().copied().map(scalar).collect()).unwrap()
}

const ANCHORED: usize = 32 + 32; // the challenge, and the response of m
const POINT: usize = 48;
const SCALAR: usize = 32;
const DIGIT: usize = 2 * (POINT + SCALAR);

#[test]
fn generators_are_those_of_the_specification() {
    let Generators { G, H } = Generators::get();
    for (point, dst) in [(G, &b"MILCHGLAS-V1-COMMITMENT-G"[..]), (H, b"MILCHGLAS-V1-COMMITMENT-H")] {
        assert_eq!(*point.point(), G1::hash(Expander::XmdSha256, b"", dst));
    }
}

#[test]
fn accepts_every_value_that_is_not_listed_and_no_other() {
    let listed: Vec<i128> = (0..17).map(|n| 3 * n - 9).collect();
    for count in [1, 2, 17] {
        let statement = not_in(&listed[..count]);
        for m in [-10, -8, 0, 1, 2, 1 << 64] {
            let outcome = holds(&statement, scalar(m));
            match listed[..count].contains(&m) {
                false => assert_eq!(outcome, Ok(ANCHORED + POINT + SCALAR * (1 + 2 * count)), "{m}"),
                true => assert_eq!(outcome, Err(Error::Unsatisfied), "{m}"),
            }
        }
        // r − 1 is −1, and a value like any other.
        assert!(holds(&statement, -Scalar::ONE).is_ok());
    }
    assert_eq!(holds(&not_in(&[-1]), -Scalar::ONE), Err(Error::Unsatisfied));
    assert_eq!(holds(&not_in(&[0]), Scalar::ZERO), Err(Error::Unsatisfied));
    assert!(holds(&not_in(&[0]), Scalar::ONE).is_ok());
}

#[test]
fn rejects_lists_that_are_empty_too_long_or_repeat() {
    for values in [vec![], vec![1, 1], vec![1, 2, 1], (0..18).collect()] {
        let values: Vec<Scalar> = values.into_iter().map(scalar).collect();
        assert!(matches!(NotIn::new(values), Err(Error::Misuse(_))));
    }
}

/// What an honest not-in statement would send, with t, a, w as given.
fn not_in_commitment(m: Scalar, s: Scalar, rest: &[Scalar]) -> Commitment {
    let Generators { G, H } = Generators::get();
    let K = (G.mul(&m) + H.mul(&s)).to_nonzero().unwrap();
    Commitment { points: vec![K], secrets: [&[s], rest].concat(), multiples: Vec::new() }
}

#[test]
fn rejects_forged_inverses_for_a_listed_value() {
    let five = Scalar::from(5);
    let statement = not_in(&[5]);
    // The forging tool itself is right: with a real inverse it makes proofs that hold.
    let six = Scalar::from(6);
    let honest = |rng: &mut dyn CryptoRngCore| {
        let s = Scalar::random(&mut { rng });
        not_in_commitment(six, s, &[Scalar::ONE, Scalar::ONE + five, s])
    };
    let proof = prove(&Dishonest { inner: &statement, commitment: &honest }, &[six], &()).unwrap();
    verify(&statement, &[six], &proof).unwrap();
    // m = v: whatever t and w are, with a = 1 + v·t the equation misses by G.
    for t in [Scalar::ZERO, Scalar::ONE, five] {
        let forged = |rng: &mut dyn CryptoRngCore| {
            let s = Scalar::random(&mut { rng });
            not_in_commitment(five, s, &[t, Scalar::ONE + five * t, s * t])
        };
        let proof = prove(&Dishonest { inner: &statement, commitment: &forged }, &[five], &()).unwrap();
        assert_eq!(verify(&statement, &[five], &proof), Err(Error::Invalid));
        // With a = v·t the equation would hold; that breaks the constraint.
        let forged = |rng: &mut dyn CryptoRngCore| {
            let s = Scalar::random(&mut { rng });
            not_in_commitment(five, s, &[t, five * t, s * t])
        };
        let proof = prove(&Dishonest { inner: &statement, commitment: &forged }, &[five], &());
        assert_eq!(proof, Err(Error::Unsatisfied));
    }
    // A commitment to another number than the input.
    let forged = |rng: &mut dyn CryptoRngCore| {
        let s = Scalar::random(&mut { rng });
        not_in_commitment(six, s, &[Scalar::ONE, Scalar::ONE + five, s])
    };
    let proof = prove(&Dishonest { inner: &statement, commitment: &forged }, &[five], &()).unwrap();
    assert_eq!(verify(&statement, &[five], &proof), Err(Error::Invalid));
}

#[test]
fn rejects_not_in_proofs_for_other_lists() {
    let m = scalar(30);
    let proof = prove(&not_in(&[1, 2]), &[m], &m).unwrap();
    verify(&not_in(&[1, 2]), &[m], &proof).unwrap();
    for other in [&[2, 1][..], &[1, 3], &[1], &[1, 2, 3], &[1, 30]] {
        assert!(verify(&not_in(other), &[m], &proof).is_err(), "{other:?}");
    }
    assert!(verify(&not_in(&[1, 2]), &[scalar(31)], &proof).is_err());
}

#[test]
fn a_bit_is_zero_or_one() {
    for (s, is_bit) in [(0, true), (1, true), (2, false), (-1, false)] {
        let s = scalar(s);
        let expected = if is_bit { Ok(ANCHORED + POINT + 2 * SCALAR) } else { Err(Error::Unsatisfied) };
        assert_eq!(holds(&Bit, s), expected);
        // Forged: the honest formulas without the check.
        let Generators { G, H } = Generators::get();
        for w in [Scalar::ZERO, Scalar::ONE] {
            let forged = |rng: &mut dyn CryptoRngCore| {
                let t = Scalar::random(&mut { rng });
                let C = (G.mul(&s) + H.mul(&t)).to_nonzero().unwrap();
                let w = if w.is_zero() { t * (Scalar::ONE - s) } else { w };
                Commitment { points: vec![C], secrets: vec![t, w], multiples: Vec::new() }
            };
            let proof = prove(&Dishonest { inner: &Bit, commitment: &forged }, &[s], &()).unwrap();
            let expected = if is_bit && w.is_zero() { Ok(()) } else { Err(Error::Invalid) };
            assert_eq!(verify(&Bit, &[s], &proof), expected);
        }
    }
    // A proof for one bit is none for the other.
    let proof = prove(&Bit, &[Scalar::ONE], &Scalar::ONE).unwrap();
    assert!(verify(&Bit, &[Scalar::ZERO], &proof).is_err());
}

/// Hints on how a point came about save multiplications; they change nothing in the proof.
#[test]
fn hints_do_not_change_the_proof() {
    struct Unhinted<S>(S);
    impl<S: Statement> Statement for Unhinted<S> {
        type Witness = S::Witness;
        fn points(&self) -> usize {
            self.0.points()
        }
        fn commit(&self, witness: &S::Witness, rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
            let mut commitment = self.0.commit(witness, rng)?;
            assert_eq!(commitment.multiples.len(), 2);
            commitment.multiples.clear();
            Ok(commitment)
        }
        fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
            self.0.constrain(inputs, points, system)
        }
    }
    for m in [scalar(0), scalar(1), -Scalar::ONE] {
        let list = not_in(&[7, 8, 9]);
        assert_eq!(prove(&list, &[m], &m), prove(&Unhinted(list.clone()), &[m], &m));
    }
    for s in [Scalar::ZERO, Scalar::ONE] {
        assert_eq!(prove(&Bit, &[s], &s), prove(&Unhinted(Bit), &[s], &s));
    }
}

/// Pairs of ranges: apart, touching, overlapping, nested, equal, negative, of unlike widths, and as wide as can be.
const PAIRS: [[(i128, i128); 2]; 12] = [
    [(0, 26), (60, 100)],
    [(60, 100), (0, 26)],
    [(0, 26), (26, 60)],
    [(0, 30), (20, 60)],
    [(0, 100), (40, 50)],
    [(3, 9), (3, 9)],
    [(0, 256), (1000, 1256)],
    [(0, 256), (1000, 66_536)],
    [(-70_000, -70_000 + 65_536), (5, 5 + 65_536)],
    [(5, 6), (-1_000_000, -3)],
    [(-(1 << 65), -(1 << 65) + (1 << 64)), ((1 << 65) - 1, 1 << 65)],
    [(-(1 << 63), 1 << 63), (1 << 64, 1 << 65)],
];

#[test]
fn accepts_exactly_the_numbers_of_both_ranges() {
    for ranges in PAIRS {
        let statement = EitherRange::new(digits(), ranges).unwrap();
        for m in ranges.iter().flat_map(|(lo, hi)| [lo - 1, *lo, hi - 1, *hi]) {
            let inside = ranges.iter().any(|(lo, hi)| (*lo..*hi).contains(&m));
            let outcome = holds(&statement, scalar(m));
            assert_eq!(outcome.is_ok(), inside, "{m} in {ranges:?}: {outcome:?}");
        }
        for far in [-Scalar::ONE - scalar(1 << 100), scalar(1 << 100), one_half()] {
            assert_eq!(holds(&statement, far), Err(Error::Unsatisfied));
        }
    }
    let positive = EitherRange::new(digits(), [(0, 256), (1000, 1256)]).unwrap();
    assert_eq!(holds(&positive, -Scalar::ONE), Err(Error::Unsatisfied), "r − 1");
}

/// A scalar far from every integer: 1/2.
fn one_half() -> Scalar {
    Scalar::from(2).invert().unwrap()
}

#[test]
fn spends_a_point_three_responses_and_the_digits_of_the_wider_range() {
    let bit = POINT + 3 * SCALAR;
    for (ranges, digits_sent, sides) in [
        ([(0, 256), (1000, 1256)], 1, 1),
        ([(0, 65_536), (100_000, 165_536)], 2, 1),
        ([(0, 256), (1000, 1255)], 2, 2),
        ([(0, 255), (1000, 1255)], 2, 2),
        ([(0, 256), (0, 65_536)], 4, 2),
        ([(0, 2), (0, 1 << 64)], 16, 2),
    ] {
        let statement = EitherRange::new(digits(), ranges).unwrap();
        let length = ANCHORED + bit + digits_sent * DIGIT - sides * SCALAR;
        // The same for both ranges: nothing in the length tells which.
        for (lo, _) in ranges {
            assert_eq!(holds(&statement, scalar(lo)), Ok(length), "{ranges:?}");
        }
    }
}

#[test]
fn rejects_pairs_of_ranges_that_can_not_be_proven() {
    let good = (0, 10);
    for bad in
        [(5, 5), (6, 5), (0, (1 << 64) + 1), (-(1 << 65) - 1, 0), (1 << 65, (1 << 65) + 1), (i128::MIN, i128::MAX)]
    {
        for ranges in [[good, bad], [bad, good]] {
            assert!(matches!(EitherRange::new(digits(), ranges), Err(Error::Misuse(_))), "{ranges:?}");
        }
    }
    let bits =
        SetSecretKey::random(&mut SeededRng::new("bits")).sign(b"bits", vec![Scalar::ZERO, Scalar::ONE]).unwrap();
    assert!(EitherRange::new(&bits, [(0, 2), (4, 6)]).is_err(), "a smaller base");
}

/// What an honest either-range would send, with a bit and the digits of values given by hand.
fn either_commitment(s: Scalar, sides: &[u64], rng: &mut dyn CryptoRngCore) -> Commitment {
    let Generators { G, H } = Generators::get();
    let t = Scalar::random(&mut { &mut *rng });
    let C = (G.mul(&s) + H.mul(&t)).to_nonzero().unwrap();
    let mut all = Commitment { points: vec![C], secrets: vec![s, t, t * (Scalar::ONE - s)], multiples: Vec::new() };
    for digit in sides {
        let d = Scalar::from(*digit);
        let member = Member { set: digits().set_key() }.commit(&digits().witness(&d).unwrap(), rng).unwrap();
        all.secrets.push(d);
        all.append(&member);
    }
    all
}

#[test]
fn rejects_a_selector_that_is_no_bit_and_mixed_bounds() {
    // [0, 256) or [1000, 1256). With s = 1/2 the window would begin at 500.
    let statement = EitherRange::new(digits(), [(0, 256), (1000, 1256)]).unwrap();
    let attempt = |s: Scalar, m: i128, digit: u64| {
        let forged = |rng: &mut dyn CryptoRngCore| either_commitment(s, &[digit], rng);
        let proof = prove(&Dishonest { inner: &statement, commitment: &forged }, &[scalar(m)], &())?;
        verify(&statement, &[scalar(m)], &proof)
    };
    attempt(Scalar::ZERO, 7, 7).unwrap();
    attempt(Scalar::ONE, 1007, 7).unwrap();
    assert_eq!(attempt(one_half(), 507, 7), Err(Error::Invalid));
    assert_eq!(attempt(Scalar::from(2), 2007, 7), Err(Error::Invalid));
    assert_eq!(attempt(Scalar::ZERO, 1007, 7), Err(Error::Unsatisfied), "the digits do not add up");
    // [0, 10) or [100, 110): the lower bound of one with the upper bound of the other. 50 needs 50 and 59 as digits.
    let statement = EitherRange::new(digits(), [(0, 10), (100, 110)]).unwrap();
    let attempt = |s: Scalar, m: i128, digits: [u64; 2]| {
        let forged = |rng: &mut dyn CryptoRngCore| either_commitment(s, &digits, rng);
        let proof = prove(&Dishonest { inner: &statement, commitment: &forged }, &[scalar(m)], &())?;
        verify(&statement, &[scalar(m)], &proof)
    };
    attempt(Scalar::ONE, 103, [3, 6]).unwrap();
    for s in [Scalar::ZERO, Scalar::ONE] {
        assert_eq!(attempt(s, 50, [50, 59]), Err(Error::Unsatisfied));
    }
}

#[test]
fn rejects_either_range_proofs_for_other_bounds() {
    let m = scalar(30);
    let asked = EitherRange::new(digits(), [(18, 274), (1000, 1256)]).unwrap();
    let proof = prove(&asked, &[m], &m).unwrap();
    verify(&asked, &[m], &proof).unwrap();
    for other in [
        [(1000, 1256), (18, 274)],
        [(19, 275), (1000, 1256)],
        [(18, 274), (1001, 1257)],
        [(18, 273), (1000, 1256)],
        [(18, 274), (1000, 66_536)],
    ] {
        assert!(verify(&EitherRange::new(digits(), other).unwrap(), &[m], &proof).is_err(), "{other:?}");
    }
    assert!(verify(&asked, &[scalar(31)], &proof).is_err());
    // A range is no either-range, and the reverse.
    let range = Range::new(digits(), 18, 274).unwrap();
    assert!(verify(&range, &[m], &proof).is_err());
    assert!(verify(&asked, &[m], &prove(&range, &[m], &m).unwrap()).is_err());
}

#[test]
fn same_binds_two_inputs() {
    let [one, other] = [scalar(7), scalar(8)];
    let proof = prove(&Same, &[one, one], &()).unwrap();
    assert_eq!(proof.len(), 32 + 32, "one response for both");
    verify(&Same, &[one, one], &proof).unwrap();
    assert!(verify(&Same, &[one, other], &proof).is_err());
    assert_eq!(prove(&Same, &[one, other], &()), Err(Error::Unsatisfied));
}

/// Several statements on one claim: each constraint is solved for a variable of its own, and all bind.
#[test]
fn statements_on_one_claim_all_bind() {
    let range = Range::new(digits(), 0, 256).unwrap();
    let either = EitherRange::new(digits(), [(10, 20), (40, 300)]).unwrap();
    let both = EitherRange::new(digits(), [(0, 256), (1 << 20, (1 << 20) + 256)]).unwrap();
    let list = not_in(&[15, 45]);
    let run = |m: [Scalar; 2], order: &[u8]| -> Result<(), Error> {
        let mut rng = SeededRng::new("several");
        let mut prover = Prover::new(Transcript::new(b"test"), m.to_vec(), b"", &mut rng);
        let inputs = prover.inputs();
        for (value, input) in m.iter().zip(&inputs) {
            prover.add(&anchor(*value), &[*input], &())?;
        }
        for statement in order {
            match statement {
                0 => prover.add(&range, &inputs[..1], &m[0])?,
                1 => prover.add(&either, &inputs[..1], &m[0])?,
                2 => prover.add(&both, &inputs[1..], &m[1])?,
                3 => prover.add(&list, &inputs[1..], &m[1])?,
                _ => prover.add(&Same, &inputs, &())?,
            }
        }
        let proof = prover.prove(&mut rng)?;
        let mut verifier = Verifier::new(Transcript::new(b"test"), 2, &proof);
        let inputs = verifier.inputs();
        for (value, input) in m.iter().zip(&inputs) {
            verifier.add(&anchor(*value), &[*input])?;
        }
        for statement in order {
            match statement {
                0 => verifier.add(&range, &inputs[..1])?,
                1 => verifier.add(&either, &inputs[..1])?,
                2 => verifier.add(&both, &inputs[1..])?,
                3 => verifier.add(&list, &inputs[1..])?,
                _ => verifier.add(&Same, &inputs)?,
            }
        }
        verifier.verify()?.check(&mut rng)
    };
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [1, 4, 0, 2, 3], [2, 0, 4, 3, 1]] {
        for (m, good) in
            [(10, true), (15, false), (19, true), (20, false), (40, true), (45, false), (255, true), (256, false)]
        {
            let outcome = run([scalar(m); 2], &order);
            assert_eq!(outcome, if good { Ok(()) } else { Err(Error::Unsatisfied) }, "{m} {order:?}");
        }
        assert_eq!(run([scalar(11), scalar(12)], &order), Err(Error::Unsatisfied));
    }
}

#[test]
fn rejects_every_flipped_bit_every_length_and_points_at_infinity() {
    let m = scalar(30);
    let either = EitherRange::new(digits(), [(18, 274), (1000, 1256)]).unwrap();
    let list = not_in(&[1, 2]);
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    fn attack<S: Statement>(statement: &S, m: Scalar, proof: &[u8], infinity: &[u8]) {
        verify(statement, &[m], proof).unwrap();
        for bit in 0..8 * proof.len() {
            let mut bad = proof.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(statement, &[m], &bad).is_err(), "bit {bit}");
        }
        for len in 0..proof.len() {
            assert!(verify(statement, &[m], &proof[..len]).is_err());
        }
        for surplus in [1, 32, 48] {
            assert!(verify(statement, &[m], &[proof, &vec![0; surplus][..]].concat()).is_err());
        }
        for slot in 0..statement.points() {
            let mut bad = proof.to_vec();
            bad[48 * slot..48 * slot + 48].copy_from_slice(infinity);
            assert!(matches!(verify(statement, &[m], &bad), Err(Error::Decode(_))));
        }
    }
    attack(&either, m, &prove(&either, &[m], &m).unwrap(), &infinity);
    attack(&list, m, &prove(&list, &[m], &m).unwrap(), &infinity);
    attack(&Bit, Scalar::ONE, &prove(&Bit, &[Scalar::ONE], &Scalar::ONE).unwrap(), &infinity);
    assert!(verify(&Exactly { value: m }, &[m], &prove(&list, &[m], &m).unwrap()).is_err());
}

#[test]
fn rejects_other_numbers_of_inputs_and_points() {
    let mut system = System::default();
    let [one, other] = [system.secret(), system.secret()];
    let point = NonZeroG1::generator();
    let either = EitherRange::new(digits(), [(0, 256), (300, 556)]).unwrap();
    let list = not_in(&[1]);
    for (inputs, points) in [(&[one, other][..], 1), (&[], 1), (&[one], 0), (&[one], 2)] {
        let points = vec![point; points];
        assert!(matches!(list.constrain(inputs, &points, &mut system), Err(Error::Misuse(_))));
        assert!(matches!(Bit.constrain(inputs, &points, &mut system), Err(Error::Misuse(_))));
        assert!(matches!(either.constrain(inputs, &points, &mut system), Err(Error::Misuse(_))));
    }
    assert!(either.constrain(&[one], &[point; 4], &mut system).is_err());
    assert!(Same.constrain(&[one], &[], &mut system).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn holds_exactly_for_what_is_true(
        m in -300i128..700,
        starts in prop::array::uniform2(-300i128..400),
        widths in prop::array::uniform2(prop_oneof![Just(256i128), 1i128..300]),
        values in prop::collection::btree_set(-300i128..700, 1..6),
        listed in any::<bool>(),
    ) {
        let ranges = [0, 1].map(|i| (starts[i], starts[i] + widths[i]));
        let inside = ranges.iter().any(|(lo, hi)| (*lo..*hi).contains(&m));
        let outcome = holds(&EitherRange::new(digits(), ranges).unwrap(), scalar(m));
        prop_assert_eq!(outcome.is_ok(), inside);
        let values: Vec<i128> = values.into_iter().collect();
        let m = if listed { values[0] } else { m };
        prop_assert_eq!(holds(&not_in(&values), scalar(m)).is_ok(), !values.contains(&m));
    }
}
