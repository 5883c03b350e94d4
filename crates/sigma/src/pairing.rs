//! Pairing equations, checked together.

use merlin::{Transcript, TranscriptRng};
use milchglas_curve::{G1, G2Prepared, NonZeroG2, PublicSum, Scalar, pairing_product_is_one};
use rand_core::{CryptoRngCore, RngCore};

use crate::system::PairingEquation;
use crate::{Error, System};

/// A public key in G2, whose Miller-loop lines are computed once: when they are first needed, or before.
#[derive(Clone, Debug)]
pub struct PairingKey {
    bytes: [u8; 96],
    prepared: G2Prepared,
}

impl PairingKey {
    /// A key, not prepared yet.
    #[must_use]
    pub fn new(point: &NonZeroG2) -> Self {
        Self { bytes: point.to_bytes(), prepared: point.into() }
    }

    /// Computes the lines now, in idle time.
    pub fn prepare(&self) {
        self.prepared.prepare();
    }

    /// The key's compressed encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 96] {
        self.bytes
    }
}

/// Pairing equations that are still to be checked. A proof holds only once [`PairingChecks::check`] says so.
///
/// Checks of several proofs may be [merged](PairingChecks::merge): the whole costs one product.
#[derive(Debug, Default)]
#[must_use = "a proof holds only once its pairing equations are checked"]
pub struct PairingChecks {
    equations: Vec<PairingEquation>,
}

impl PairingChecks {
    /// The pairing equations of a system that has nothing else to prove.
    pub fn of(system: System) -> Self {
        Self::new(system.pairings)
    }

    pub(crate) fn new(equations: Vec<PairingEquation>) -> Self {
        Self { equations }
    }

    /// Joins the equations of another proof.
    pub fn merge(&mut self, other: PairingChecks) {
        self.equations.extend(other.equations);
    }

    /// Checks every `e(L_i, K_i) = e(R_i, P2)` in one product: `Π_K e(Σ ρ_i·L_i, K) · e(−Σ ρ_i·R_i, P2) = 1`, the sums taken
    /// per key, with 128-bit weights ρ that the prover can not foresee:
    /// random, and hedged with the equations themselves. A false equation survives with probability at most 2⁻¹²⁷
    /// (small-exponents test, Bellare–Garay–Rabin 1998; all points are in the prime-order subgroup by type).
    ///
    /// # Errors
    /// [`Error::Invalid`] if one of them does not hold.
    pub fn check(self, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        if hold(&[self], rng) { Ok(()) } else { Err(Error::Invalid) }
    }

    /// Checks the equations of several proofs, and says of each whether all of its equations hold.
    ///
    /// All go into one product with weights of their own, as in [`PairingChecks::check`], so errors in several proofs do not cancel.
    /// Where it fails, the bad ones are found by halving: one bad proof among n costs about 2·log2(n) smaller products more, and
    /// if all are bad it is about two for each proof.
    pub fn check_each(proofs: &[PairingChecks], rng: &mut dyn CryptoRngCore) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(proofs.len());
        search(proofs, Known::Nothing, &mut results, rng);
        results
    }
}

/// What is known of some proofs before they are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    /// One of them is bad.
    Bad,
}

/// Appends a result for each proof, and says whether all hold. The depth of the recursion is the logarithm of their number.
fn search(
    proofs: &[PairingChecks],
    known: Known,
    results: &mut Vec<Result<(), Error>>,
    rng: &mut dyn CryptoRngCore,
) -> bool {
    if known == Known::Nothing && hold(proofs, rng) {
        results.extend(proofs.iter().map(|_| Ok(())));
        return true;
    }
    if proofs.len() <= 1 {
        results.extend(proofs.iter().map(|_| Err(Error::Invalid)));
        return false;
    }
    let (left, right) = proofs.split_at(proofs.len() / 2);
    let left_holds = search(left, Known::Nothing, results, rng);
    // If the left ones hold, what is wrong is on the right.
    let known = if left_holds { Known::Bad } else { Known::Nothing };
    search(right, known, results, rng);
    false
}

/// Whether all equations of all proofs hold.
fn hold(proofs: &[PairingChecks], rng: &mut dyn CryptoRngCore) -> bool {
    let equations: Vec<&PairingEquation> = proofs.iter().flat_map(|proof| &proof.equations).collect();
    let product = Product::new(&equations, rng);
    product.is_one(PublicSum::finish_all_vartime(&product.sums))
}

/// The product that is one if some equations hold, its sums still to be computed.
pub(crate) struct Product<'e> {
    keys: Vec<&'e PairingKey>,
    /// The left sides of each key, then all right sides; none where there is no equation.
    sums: Vec<PublicSum<'static>>,
}

impl<'e> Product<'e> {
    /// Draws the weights.
    pub(crate) fn new(equations: &[&'e PairingEquation], rng: &mut dyn CryptoRngCore) -> Self {
        let mut product = Self { keys: Vec::new(), sums: Vec::new() };
        if equations.is_empty() {
            // The empty product is one; its final exponentiation would cost as much as any other.
            return product;
        }
        let mut rng = weight_rng(equations, rng);
        let mut right = PublicSum::with_room(equations.len());
        for (i, equation) in equations.iter().enumerate() {
            let weight = if i == 0 { Scalar::ONE } else { random_weight(&mut rng) };
            right.add(&equation.right, weight);
            match product.keys.iter().zip(&mut product.sums).find(|(key, _)| key.bytes == equation.key.bytes) {
                Some((_, sum)) => sum.add(&equation.left, weight),
                None => {
                    let mut sum = PublicSum::with_room(1);
                    sum.add(&equation.left, weight);
                    product.keys.push(&equation.key);
                    product.sums.push(sum);
                }
            }
        }
        product.sums.push(right);
        product
    }

    /// Moves the sums out, for somebody who computes them with others.
    pub(crate) fn take_sums(&mut self) -> Vec<PublicSum<'static>> {
        core::mem::take(&mut self.sums)
    }

    /// Whether the product is one, given its sums.
    pub(crate) fn is_one(&self, mut sums: Vec<G1>) -> bool {
        let Some(right) = sums.pop() else {
            return self.keys.is_empty();
        };
        let prepared = self.keys.iter().map(|key| &key.prepared);
        let product: Vec<(G1, &G2Prepared)> =
            sums.into_iter().zip(prepared).chain([(-right, G2Prepared::generator())]).collect();
        pairing_product_is_one(&product)
    }
}

/// A generator keyed with all equations and 32 bytes of `rng`: were `rng` broken, a prover would still have to fix its
/// points before it learns the weights.
fn weight_rng(equations: &[&PairingEquation], mut rng: &mut dyn CryptoRngCore) -> TranscriptRng {
    let mut transcript = Transcript::new(b"milchglas pairing weights/1");
    for equation in equations {
        transcript.append_message(b"left", &equation.left.to_bytes());
        transcript.append_message(b"key", &equation.key.bytes);
        transcript.append_message(b"right", &equation.right.to_bytes());
    }
    transcript.build_rng().finalize(&mut rng)
}

/// One of 2^128 weights, and not 0.
fn random_weight(rng: &mut TranscriptRng) -> Scalar {
    let weight = Scalar::weight(rng.next_u64(), rng.next_u64());
    if weight.is_zero() { Scalar::ONE } else { weight }
}
