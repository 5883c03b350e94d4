//! Pairing equations, checked together.

use std::sync::Arc;

use merlin::{Transcript, TranscriptRng};
use milchglas_curve::{G1, G2Prepared, NonZeroG1, NonZeroG2, Scalar, pairing_product_is_one};
use rand_core::{CryptoRngCore, RngCore};

use crate::system::PairingEquation;
use crate::{Error, System};

/// A public key in G2 with its Miller-loop lines precomputed.
#[derive(Clone, Debug)]
pub struct PairingKey {
    bytes: [u8; 96],
    prepared: G2Prepared,
}

impl PairingKey {
    /// Prepares a key.
    #[must_use]
    pub fn new(point: &NonZeroG2) -> Self {
        Self { bytes: point.to_bytes(), prepared: point.into() }
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

    /// Checks many proofs together and says of each whether its equations hold. Where all do, that is one product; each bad one
    /// costs about twice as many more as the binary logarithm of their number, of ever fewer proofs.
    pub fn check_each(all: &[PairingChecks], rng: &mut dyn CryptoRngCore) -> Vec<Result<(), Error>> {
        let mut verdicts = vec![Ok(()); all.len()];
        find_bad(all, &mut verdicts, false, rng);
        verdicts
    }
}

/// Halves until the bad ones are alone. `known` says that one of these is bad, so that they need not be asked again.
fn find_bad(
    checks: &[PairingChecks],
    verdicts: &mut [Result<(), Error>],
    known: bool,
    rng: &mut dyn CryptoRngCore,
) -> bool {
    if !known && hold(checks, rng) {
        return false;
    }
    if let [verdict] = verdicts {
        *verdict = Err(Error::Invalid);
        return true;
    }
    let half = checks.len() / 2;
    let ((left, right), (left_verdicts, right_verdicts)) = (checks.split_at(half), verdicts.split_at_mut(half));
    let left_is_bad = find_bad(left, left_verdicts, false, rng);
    find_bad(right, right_verdicts, !left_is_bad, rng);
    true
}

/// Whether all equations of all these checks hold.
fn hold(checks: &[PairingChecks], rng: &mut dyn CryptoRngCore) -> bool {
    let equations = || checks.iter().flat_map(|check| &check.equations);
    let mut groups: Vec<(&Arc<PairingKey>, Vec<NonZeroG1>, Vec<Scalar>)> = Vec::new();
    let (mut right, mut weights) = (Vec::new(), Vec::new());
    let mut rng = weight_rng(equations(), rng);
    for equation in equations() {
        let weight = if weights.is_empty() { Scalar::ONE } else { random_weight(&mut rng) };
        weights.push(weight);
        right.push(equation.right);
        let same = |key: &Arc<PairingKey>| Arc::ptr_eq(key, &equation.key) || key.bytes == equation.key.bytes;
        match groups.iter_mut().find(|(key, _, _)| same(key)) {
            Some((_, points, scalars)) => {
                points.push(equation.left);
                scalars.push(weight);
            }
            None => groups.push((&equation.key, vec![equation.left], vec![weight])),
        }
    }
    let generator = G2Prepared::generator();
    let mut product: Vec<(G1, &G2Prepared)> = vec![(-G1::msm_vartime(&right, &weights), generator)];
    for (key, points, scalars) in &groups {
        product.push((G1::msm_vartime(points, scalars), &key.prepared));
    }
    pairing_product_is_one(&product)
}

/// A generator keyed with all equations and 32 bytes of `rng`: were `rng` broken, a prover would still have to fix its
/// points before it learns the weights.
fn weight_rng<'e>(
    equations: impl Iterator<Item = &'e PairingEquation>,
    mut rng: &mut dyn CryptoRngCore,
) -> TranscriptRng {
    let mut transcript = Transcript::new(b"milchglas pairing weights/1");
    for equation in equations {
        transcript.append_message(b"left", &equation.left.to_bytes());
        transcript.append_message(b"key", &equation.key.bytes);
        transcript.append_message(b"right", &equation.right.to_bytes());
    }
    transcript.build_rng().finalize(&mut rng)
}

/// A nonzero weight of 128 bits.
fn random_weight(rng: &mut TranscriptRng) -> Scalar {
    let mut wide = [0; 64];
    rng.fill_bytes(&mut wide[48..]);
    let weight = Scalar::from_wide(&wide);
    if weight.is_zero() { Scalar::ONE } else { weight }
}
