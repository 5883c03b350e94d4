//! Sets by digest, and gaps in long lists: honest proofs hold, and what a dishonest prover could try does not.

#![allow(non_snake_case)]

use milchglas_credential::claim::absent_scalar;
use milchglas_curve::{G1, NonZeroG1, Scalar};
use milchglas_sigma::{Commitment, Error, Statement, System, Var};
use milchglas_statements::{
    Gap, GapWitness, Member, MemberWitness, Neighbours, PublicSet, SetCheck, SetKey, SetSecretKey,
};
use milchglas_tests::{SeededRng, anchored};
use proptest::prelude::*;
use rand_core::CryptoRngCore;

fn prove<S: Statement>(statement: &S, value: Scalar, witness: &S::Witness) -> Result<Vec<u8>, Error> {
    anchored::prove(statement, &[value], witness)
}

fn verify<S: Statement>(statement: &S, value: Scalar, proof: &[u8]) -> Result<(), Error> {
    anchored::verify(statement, &[value], proof)
}

/// A list with its signed pairs.
struct List {
    entries: Vec<u64>,
    signed: PublicSet,
}

fn authority() -> SetSecretKey {
    SetSecretKey::random(&mut SeededRng::new("authority"))
}

fn digits() -> PublicSet {
    anchored::digits().unwrap()
}

fn pairs(entries: &[u64]) -> Vec<Neighbours> {
    (0..=entries.len())
        .map(|place| Neighbours {
            below: place.checked_sub(1).map(|place| entries[place]),
            above: entries.get(place).copied(),
        })
        .collect()
}

impl List {
    fn new(digest: u8, entries: &[u64]) -> Self {
        let elements = pairs(entries).iter().map(|pair| pair.element()).collect();
        let signed = authority().sign_under(&[digest; 32], elements).unwrap();
        Self { entries: entries.to_vec(), signed }
    }

    fn witness(&self, m: u64) -> GapWitness {
        let place = self.entries.partition_point(|entry| *entry < m);
        GapWitness::new(m, pairs(&self.entries)[place], self.signed.signatures()[place])
    }

    fn shows(&self, digits: &PublicSet, m: u64) -> Result<usize, Error> {
        let gap = Gap::new(digits, self.signed.set_key())?;
        let proof = prove(&gap, Scalar::from(m), &self.witness(m))?;
        verify(&gap, Scalar::from(m), &proof)?;
        Ok(proof.len())
    }
}

const LAST: u64 = u64::MAX;

#[test]
fn proves_exactly_what_is_not_on_a_list() {
    let digits = digits();
    for entries in [
        vec![],
        vec![0],
        vec![LAST],
        vec![0, LAST],
        vec![5, 6, 8, 1000],
        vec![1 << 32, 1 << 63, LAST - 1],
        vec![0, 1, 2, LAST - 2, LAST - 1, LAST],
    ] {
        let list = List::new(1, &entries);
        let around = entries.iter().flat_map(|entry| [entry.saturating_sub(1), *entry, entry.saturating_add(1)]);
        for m in around.chain([0, 1, 7, 1 << 40, LAST - 1, LAST]) {
            let result = list.shows(&digits, m);
            if entries.contains(&m) {
                assert_eq!(result, Err(Error::Unsatisfied), "{m} of {entries:?}");
            } else {
                // The challenge and the response of m, 34 points, and 33 responses.
                assert_eq!(result, Ok(64 + 34 * 48 + 33 * 32), "{m} of {entries:?}");
            }
        }
    }
}

/// Sends what it likes, under another statement's equations.
struct Dishonest<'a, S> {
    inner: &'a S,
    commitment: &'a dyn Fn(&mut dyn CryptoRngCore) -> Result<Commitment, Error>,
}

impl<S: Statement> Statement for Dishonest<'_, S> {
    type Witness = ();
    fn points(&self) -> usize {
        self.inner.points()
    }
    fn commit(&self, (): &(), rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        (self.commitment)(rng)
    }
    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        self.inner.constrain(inputs, points, system)
    }
}

/// What an honest gap statement would send for a pair (a, b) of places, with digits of any t and t' that the forger likes.
fn gap_commitment(
    digits: &PublicSet,
    list: &SetKey,
    (d, signature): (Scalar, NonZeroG1),
    [t, t_prime]: [u64; 2],
    rng: &mut dyn CryptoRngCore,
) -> Result<Commitment, Error> {
    let mut commitment = Commitment::default();
    commitment.secrets.push(d);
    commitment.append(&Member { set: list }.commit(&MemberWitness::new(signature, d), rng)?);
    for value in [t, t_prime] {
        for digit in value.to_le_bytes() {
            let digit = Scalar::from(u64::from(digit));
            commitment.secrets.push(digit);
            commitment.append(&Member { set: digits.set_key() }.commit(&digits.witness(&digit)?, rng)?);
        }
    }
    Ok(commitment)
}

#[test]
fn rejects_who_is_on_the_list_whatever_pair_and_digits_are_sent() {
    let digits = digits();
    let list = List::new(1, &[10, 20, 30]);
    let gap = Gap::new(&digits, list.signed.set_key()).unwrap();
    let run = |m: u64, pair: (Scalar, NonZeroG1), sides: [u64; 2]| {
        let make = |rng: &mut dyn CryptoRngCore| gap_commitment(&digits, list.signed.set_key(), pair, sides, rng);
        let proof = prove(&Dishonest { inner: &gap, commitment: &make }, Scalar::from(m), &())?;
        verify(&gap, Scalar::from(m), &proof)
    };
    let signed = |place: usize| (pairs(&list.entries)[place].element(), list.signed.signatures()[place]);
    // The forging tool itself is right: for 15 between 10 and 20, t = 15 − 11 and t' = 21 − 15 − 2.
    run(15, signed(1), [4, 4]).unwrap();
    // 20 is the lower or the upper end of two pairs: one of the sides would have to be −1.
    for (place, sides) in [(1, [9, LAST]), (1, [9, 0]), (2, [LAST, 8]), (2, [0, 8]), (2, [0, 9]), (1, [10, 0])] {
        assert_eq!(run(20, signed(place), sides), Err(Error::Unsatisfied), "pair {place}, {sides:?}");
    }
    // Neighbours that are none, 10 and 30, with the signature of another pair: the constraint holds, the pairing does not.
    let skipping = Neighbours { below: Some(10), above: Some(30) }.element();
    for place in 0..4 {
        assert_eq!(run(20, (skipping, list.signed.signatures()[place]), [9, 9]), Err(Error::Invalid));
    }
    // Ends in the wrong order.
    let turned = Neighbours { below: Some(20), above: Some(10) }.element();
    assert!(run(15, (turned, list.signed.signatures()[1]), [4, 4]).is_err());
    // A number of more than 64 bits, which no credential certifies, has no proof either.
    let huge = integer(1 << 65);
    let make = |rng: &mut dyn CryptoRngCore| gap_commitment(&digits, list.signed.set_key(), signed(3), [0, 0], rng);
    assert_eq!(prove(&Dishonest { inner: &gap, commitment: &make }, huge, &()), Err(Error::Unsatisfied));
}

fn integer(n: u128) -> Scalar {
    let mut wide = [0; 64];
    wide[48..].copy_from_slice(&n.to_be_bytes());
    Scalar::from_wide(&wide)
}

/// (1 + 2^66)·m = (a + t) + 2^66·(b − t' − 2) has its right side within 2^132 of 0: for absence no list, digits or pair can meet it.
#[test]
fn has_absence_out_of_reach_of_every_list() {
    let image = absent_scalar() * (Scalar::ONE + integer(1 << 66));
    for scalar in [image, -image] {
        assert!(scalar.to_bytes()[..15] != [0; 15]);
    }
}

#[test]
fn rejects_signatures_of_another_list_epoch_or_set() {
    let digits = digits();
    let [asked, earlier] = [List::new(1, &[10, 20, 30]), List::new(2, &[10, 30])];
    let gap = Gap::new(&digits, asked.signed.set_key()).unwrap();
    let m = Scalar::from(20);
    // An earlier epoch did not have 20. Its proof is for it only …
    let before = Gap::new(&digits, earlier.signed.set_key()).unwrap();
    let proof = prove(&before, m, &earlier.witness(20)).unwrap();
    verify(&before, m, &proof).unwrap();
    assert!(verify(&gap, m, &proof).is_err());
    // … and its signature of the pair (10, 30) does not serve under the later one's equations, though the key is the same.
    let pair = (pairs(&earlier.entries)[1].element(), earlier.signed.signatures()[1]);
    let make = |rng: &mut dyn CryptoRngCore| gap_commitment(&digits, asked.signed.set_key(), pair, [9, 9], rng);
    let proof = prove(&Dishonest { inner: &gap, commitment: &make }, m, &()).unwrap();
    assert_eq!(verify(&gap, m, &proof), Err(Error::Invalid));
    // Nor does a digit stand for a pair, or a pair for a digit.
    let digit = (Scalar::from(7), digits.signatures()[7]);
    let make = |rng: &mut dyn CryptoRngCore| {
        let mut commitment = gap_commitment(&digits, digits.set_key(), digit, [0, 0], rng)?;
        commitment.secrets[0] = Scalar::from(7);
        Ok(commitment)
    };
    assert!(prove(&Dishonest { inner: &gap, commitment: &make }, m, &()).is_err());
    let member = Member { set: digits.set_key() };
    let element = pairs(&asked.entries)[0].element();
    let witness = MemberWitness::new(asked.signed.signatures()[0], element);
    let proof = prove(&member, element, &witness).unwrap();
    assert_eq!(verify(&member, element, &proof), Err(Error::Invalid));
    let member = Member { set: asked.signed.set_key() };
    let witness = MemberWitness::new(digits.signatures()[7], Scalar::from(7));
    let proof = prove(&member, Scalar::from(7), &witness).unwrap();
    assert_eq!(verify(&member, Scalar::from(7), &proof), Err(Error::Invalid));
}

#[test]
fn rejects_a_gap_proof_with_flipped_bits_or_another_length_or_number() {
    let digits = digits();
    let list = List::new(1, &[10, 20, 30]);
    let gap = Gap::new(&digits, list.signed.set_key()).unwrap();
    let m = Scalar::from(25);
    let proof = prove(&gap, m, &list.witness(25)).unwrap();
    verify(&gap, m, &proof).unwrap();
    assert!(verify(&gap, Scalar::from(26), &proof).is_err());
    // Each byte once, at another bit.
    for (place, bit) in (0..proof.len()).zip((0..8).cycle()) {
        let mut bad = proof.clone();
        bad[place] ^= 1 << bit;
        assert!(verify(&gap, m, &bad).is_err(), "byte {place}");
    }
    for len in (0..proof.len()).step_by(16) {
        assert!(verify(&gap, m, &proof[..len]).is_err());
    }
    assert!(verify(&gap, m, &[&proof[..], &[0]].concat()).is_err());
}

#[test]
fn rejects_sets_that_are_not_digits_and_elements_of_another_key() {
    let list = List::new(1, &[10]);
    assert!(matches!(Gap::new(&list.signed, list.signed.set_key()), Err(Error::Misuse(_))));
    let other = SetSecretKey::random(&mut SeededRng::new("other"));
    assert!(matches!(other.sign_elements(list.signed.set_key(), &[Scalar::ONE]), Err(Error::Misuse(_))));
    let wrong = GapWitness::new(11, pairs(&[10])[0], list.signed.signatures()[0]);
    let digits = digits();
    let gap = Gap::new(&digits, list.signed.set_key()).unwrap();
    assert_eq!(prove(&gap, Scalar::from(11), &wrong), Err(Error::Unsatisfied));
}

#[test]
fn signs_together_what_it_signs_one_by_one() {
    let key = authority();
    let elements: Vec<Scalar> = (0..40u64).map(|n| Scalar::from(n * n + 1)).collect();
    let together = key.sign_under(&[3; 32], elements.clone()).unwrap();
    for (d, S) in elements.iter().zip(together.signatures()) {
        assert_eq!(key.sign_elements(together.set_key(), &[*d]).unwrap(), [*S]);
    }
    assert_eq!(key.sign_elements(together.set_key(), &[]).unwrap(), []);
    // y = −d has no signature.
    let secret = Scalar::from_bytes(&key.to_bytes()).unwrap();
    assert!(matches!(key.sign_elements(together.set_key(), &[Scalar::ONE, -secret]), Err(Error::Misuse(_))));
}

#[test]
fn proves_elements_of_every_size() {
    let key = authority();
    let sets: [&[u64]; 7] = [&[0], &[255], &[255, 256], &[200, 3], &[300], &[65_535, 255], &[1 << 40, 7]];
    for elements in sets {
        let elements: Vec<Scalar> = elements.iter().copied().map(Scalar::from).collect();
        let set = key.sign_under(&[3; 32], elements.clone()).unwrap();
        set.check(&mut SeededRng::new("check")).unwrap();
        let member = Member { set: set.set_key() };
        for d in elements {
            let proof = prove(&member, d, &set.witness(&d).unwrap()).unwrap();
            verify(&member, d, &proof).unwrap();
        }
    }
    assert!(matches!(key.sign_under(&[3; 32], Vec::new()), Err(Error::Misuse(_))));
}

#[test]
fn finds_one_bad_signature_in_any_part_of_a_set() {
    let key = authority();
    let elements: Vec<Scalar> = (0..600u64).map(Scalar::from).collect();
    let set = key.sign_under(&[3; 32], elements.clone()).unwrap();
    let mut rng = SeededRng::new("check");
    let check = |signatures: &[NonZeroG1], rng: &mut SeededRng| {
        let mut whole = SetCheck::default();
        for (number, (d, S)) in elements.chunks(300).zip(signatures.chunks(300)).enumerate() {
            let mut part = SetCheck::default();
            part.add(d, S, &[number as u8; 32])?;
            whole.merge(part);
        }
        whole.finish(set.set_key(), rng)
    };
    check(set.signatures(), &mut rng).unwrap();
    for bad in [0, 255, 256, 299, 300, 599] {
        let mut signatures = set.signatures().to_vec();
        signatures[bad] = signatures[(bad + 1) % 600];
        assert_eq!(check(&signatures, &mut rng), Err(Error::Invalid), "signature {bad}");
    }
    // Two errors that cancel each other without weights: (y + d)·S_d is off by X for one and by −X for the other.
    let secret = Scalar::from_bytes(&key.to_bytes()).unwrap();
    let off = |d: u64, by: Scalar| {
        let share = (secret + Scalar::from(d)).invert().unwrap() * by;
        (G1::from(set.signatures()[d as usize]) + G1::generator() * share).to_nonzero().unwrap()
    };
    for (one, other) in [(5, 6), (0, 599)] {
        let mut signatures = set.signatures().to_vec();
        signatures[one as usize] = off(one, Scalar::ONE);
        signatures[other as usize] = off(other, -Scalar::ONE);
        assert_eq!(check(&signatures, &mut rng), Err(Error::Invalid));
        let whole = PublicSet::from_parts(set.set_key().clone(), elements.clone(), signatures).unwrap();
        assert_eq!(whole.check(&mut rng), Err(Error::Invalid));
    }
    set.check(&mut rng).unwrap();
    assert!(SetCheck::default().finish(set.set_key(), &mut rng).is_err());
    assert!(SetCheck::default().add(&elements, &set.signatures()[1..], &[0; 32]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn agrees_with_the_list(mut entries in prop::collection::vec(any::<u64>(), 0..6), m in any::<u64>(), near in any::<usize>(), off in 0..3u64) {
        entries.sort_unstable();
        entries.dedup();
        let digits = digits();
        let list = List::new(1, &entries);
        let close = entries.get(near % 6).map_or(m, |entry| entry.saturating_sub(1).saturating_add(off));
        for m in [m, close] {
            prop_assert_eq!(list.shows(&digits, m).is_ok(), !entries.contains(&m));
        }
    }
}
