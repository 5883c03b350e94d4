//! Made-up pairing equations, true and false. Whole presentations are in the package `tests`.

use std::sync::Arc;

use milchglas_curve::{G1, G2, G2Prepared, NonZeroG1, Scalar, pairing_product_is_one};
use milchglas_sigma::{PairingKey, System};
use rand_core::OsRng;

use super::super::VerifiedCredential;
use super::*;
use crate::digest::{IssuerFingerprint, SchemaDigest};

/// `y` and `y·P2`.
struct Key(Scalar, Arc<PairingKey>);

fn key() -> Key {
    let y = Scalar::random(&mut OsRng);
    Key(y, Arc::new(PairingKey::new(&(G2::generator() * y).to_nonzero().unwrap())))
}

fn point() -> G1 {
    G1::generator() * Scalar::random(&mut OsRng)
}

/// A presentation of this name with `e(L + error, y·P2) = e(y·L, P2)` and a true equation.
fn pending(name: usize, key: &Key, error: G1) -> Pending {
    let mut system = System::default();
    for error in [error, G1::identity()] {
        let left = point();
        let nonzero = |point: G1| -> NonZeroG1 { point.to_nonzero().unwrap() };
        system.pairing(nonzero(left + error), &key.1, nonzero(left * key.0));
    }
    let credential = VerifiedCredential {
        name: format!("card{name}").parse().unwrap(),
        issuer: IssuerFingerprint([0; 32]),
        issuer_name: String::new(),
        schema: SchemaDigest([0; 32]),
        disclosed: Vec::new(),
        proved: Vec::new(),
        epoch: None,
        pseudonym: None,
        token: None,
        encrypted: None,
    };
    Pending { pairings: PairingChecks::of(system), verified: Verified { credentials: vec![credential] } }
}

/// For each presentation its name, where it is accepted.
fn accepted(pendings: Vec<Pending>) -> Vec<Option<String>> {
    let results = finish_all(pendings, &mut OsRng).into_iter();
    let name = |result: Result<Verified, Error>| match result {
        Ok(verified) => Some(verified.credentials()[0].name().to_string()),
        Err(Error::Invalid) => None,
        Err(other) => panic!("{other}"),
    };
    results.map(name).collect()
}

#[test]
fn finds_the_bad_ones_wherever_they_are() {
    let keys = [key(), key(), key()];
    let mut cases: Vec<(usize, u32)> = (0..=4).flat_map(|count| (0..1 << count).map(move |bad| (count, bad))).collect();
    cases.extend([(13, 0), (13, 1), (13, 1 << 12), (13, 1 << 6 | 1 << 7), (13, (1 << 13) - 1), (13, 0b1010101010101)]);
    for (count, bad) in cases {
        let is_bad = |place: usize| bad >> place & 1 == 1;
        let error = |place| if is_bad(place) { point() } else { G1::identity() };
        let pendings = (0..count).map(|place| pending(place, &keys[place % 3], error(place))).collect();
        let expected: Vec<_> = (0..count).map(|place| (!is_bad(place)).then(|| format!("card{place}"))).collect();
        assert_eq!(accepted(pendings), expected, "{count} with {bad:b}");
    }
}

#[test]
fn rejects_errors_that_cancel_each_other() {
    let key = key();
    let error = point();
    // Without weights the two would pass as one: e(L1 + E + L2 - E, K) = e(R1 + R2, P2).
    let (left, other) = (point(), point());
    let lines: G2Prepared = (&(G2::generator() * key.0).to_nonzero().unwrap()).into();
    let unweighted = [(left + error + other - error, &lines), (-((left + other) * key.0), G2Prepared::generator())];
    assert!(pairing_product_is_one(&unweighted));

    for count in [2, 3, 8, 9] {
        for (first, second) in [(0, 1), (0, count - 1), (count - 2, count - 1)] {
            let errors = |place| match place {
                place if place == first => error,
                place if place == second => -error,
                _ => G1::identity(),
            };
            let pendings = (0..count).map(|place| pending(place, &key, errors(place))).collect();
            let names = (0..count).map(|place| (place != first && place != second).then(|| format!("card{place}")));
            assert_eq!(accepted(pendings), names.collect::<Vec<_>>());
        }
    }
}
