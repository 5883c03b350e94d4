//! A secret polynomial over the scalars, and interpolation at 0 (Shamir 1979; commitments: Feldman 1987).
//!
//! `f(X) = f_0 + f_1·X + … + f_{t−1}·X^{t−1}`. Share: `f(j)`, j from 1. Public: `C_k = f_k·G`.
//! Secret: the coefficients, erased on drop.

use milchglas_curve::{NonZeroG1, Scalar};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::Error;

/// A polynomial with random coefficients, none of them zero.
pub(crate) struct Polynomial(Zeroizing<Vec<Scalar>>);

impl Polynomial {
    pub(crate) fn random(threshold: u8, mut rng: &mut dyn CryptoRngCore) -> Self {
        // At its full size from the start, so that growing leaves no copy behind.
        let mut coefficients = Zeroizing::new(Vec::with_capacity(threshold.into()));
        for _ in 0..threshold {
            coefficients.push(Scalar::random(&mut rng));
        }
        Self(coefficients)
    }

    /// `f(j)`.
    pub(crate) fn at(&self, index: u8) -> Zeroizing<Scalar> {
        let at = Scalar::from(u64::from(index));
        let mut sum = Zeroizing::new(Scalar::ZERO);
        for coefficient in self.0.iter().rev() {
            *sum = *sum * at + *coefficient;
        }
        sum
    }

    /// The commitments to the coefficients.
    pub(crate) fn commitments(&self) -> Result<Vec<NonZeroG1>, Error> {
        let commit = |coefficient: &Scalar| (NonZeroG1::generator() * coefficient).to_nonzero();
        self.0.iter().map(commit).collect::<Option<_>>().ok_or(Error::Misuse("a random coefficient is not zero"))
    }
}

/// The weight `λ_j = Π_{m ≠ j} m/(m − j)` with which `f(j)` goes into `f(0)`, for different points, each above 0.
pub(crate) fn weight(index: u8, points: &[u8]) -> Option<Scalar> {
    let scalar = |n: u8| Scalar::from(u64::from(n));
    let others = points.iter().copied().filter(|other| *other != index);
    let (mut above, mut below) = (Scalar::ONE, Scalar::ONE);
    for other in others {
        above *= scalar(other);
        below *= scalar(other) - scalar(index);
    }
    below.invert().map(|inverse| above * inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use milchglas_tests::SeededRng;
    use proptest::prelude::*;

    fn interpolate(polynomial: &Polynomial, points: &[u8]) -> Scalar {
        points.iter().map(|&index| *polynomial.at(index) * weight(index, points).unwrap()).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn gives_the_secret_to_t_shares_and_another_value_to_fewer(
            seed in any::<u64>(),
            threshold in 2u8..=16,
            points in Just((1..=16u8).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let polynomial = Polynomial::random(threshold, &mut SeededRng::new(&seed.to_string()));
            let secret = *polynomial.at(0);
            let t = usize::from(threshold);
            prop_assert_eq!(interpolate(&polynomial, &points[..t]), secret);
            prop_assert_eq!(interpolate(&polynomial, &points), secret);
            prop_assert_ne!(interpolate(&polynomial, &points[..t - 1]), secret);
        }
    }

    #[test]
    fn commits_to_the_coefficients_of_its_shares() {
        let polynomial = Polynomial::random(3, &mut SeededRng::new("commit"));
        let commitments = polynomial.commitments().unwrap();
        // f(2) = f_0 + 2·f_1 + 4·f_2
        let sum = commitments[0] + commitments[1] * Scalar::from(2) + commitments[2] * Scalar::from(4);
        assert_eq!(sum, NonZeroG1::generator() * *polynomial.at(2));
    }
}
