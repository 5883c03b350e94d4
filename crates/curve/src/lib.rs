//! BLS12-381 for Milchglas: checked points, scalars, multi-scalar multiplication, pairing products, hash to curve.
//!
//! Validity is in the type. A [`G1`] or [`G2`] lies in the subgroup of prime order by construction; a [`NonZeroG1`] or
//! [`NonZeroG2`] is moreover not the identity; a [`Scalar`] is reduced. Decoding is where this is checked, once.
//!
//! Timing is in the name. What ends in `_vartime` is for public inputs; the rest takes a time that does not depend on secret
//! values, as far as the backend keeps its promise.
//!
//! What is multiplied again and again has a table: [`FixedBase`] for secret scalars, [`VartimeTable`] for public ones.
//!
//! Two backends stand behind the same types and give the same bytes: `blst` (the default feature; audited C and assembly) and
//! `portable` (the crate `bls12_381`, pure Rust). Where both features are on, `blst` serves and both are compiled. On x86-64 processors with
//! AVX-512 IFMA the first one computes what is public (sums, pairing products, several points that are read) by vector arithmetic of our
//! own, eight field elements at a time; what is secret stays with the library.
//!
//! Not here: protocol labels, transcripts, anything that knows what a point means.
//!
//! ```
//! use milchglas_curve::{Expander, G1, G2, G2Prepared, NonZeroG1, Scalar, pairing_product_is_one};
//!
//! // A signature of one message in the style of Boneh, Lynn and Shacham.
//! let secret = Scalar::random(&mut rand_core::OsRng);
//! let public = (G2::generator() * secret).to_nonzero().ok_or("zero key")?;
//! let message: NonZeroG1 = G1::hash(Expander::XmdSha256, b"hello", b"example-v1");
//! let signature = message * secret;
//!
//! // e(signature, P2) = e(message, public)
//! let public = G2Prepared::from(&public);
//! assert!(pairing_product_is_one(&[(signature, G2Prepared::generator()), ((-message).into(), &public)]));
//! # Ok::<(), &str>(())
//! ```

#![deny(missing_docs)]

#[cfg(not(any(feature = "blst", feature = "portable")))]
compile_error!("milchglas-curve needs a backend: enable the feature `blst` or the feature `portable`");

#[doc(hidden)]
pub mod backend;
mod curve_point;
mod error;
mod fixed_base;
mod fixed_point;
mod g1;
mod g2;
mod hash;
mod operators;
mod pairing;
mod scalar;

pub use curve_point::{CurvePoint, CurveSum};
pub use error::DecodeError;
pub use fixed_base::{FixedBase, VartimeTable};
pub use fixed_point::{FixedPoint, PublicSum, SecretSum};
pub use g1::{G1, NonZeroG1};
pub use g2::{G2, NonZeroG2};
pub use hash::Expander;
pub use pairing::{G2Prepared, pairing_product_is_one};
pub use scalar::Scalar;

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{CryptoRngCore, OsRng};
    use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
    use zeroize::Zeroize;

    #[test]
    fn prints_no_scalar() {
        assert_eq!(format!("{:?}", Scalar::from(42)), "Scalar(..)");
    }

    #[test]
    fn prints_points_as_their_encoding() {
        // The generators' encodings as in the pairing-friendly curves draft, section 4.2.1, compressed.
        assert!(format!("{:?}", NonZeroG1::generator()).starts_with("NonZeroG1(97f1d3a73197d7942695638c4fa9ac0f"));
        assert!(format!("{:?}", G2::generator()).starts_with("G2(93e02b6052719f607dacd3a088274f65"));
        assert_eq!(format!("{:?}", G1::identity()), format!("G1(c0{})", "00".repeat(47)));
    }

    #[test]
    fn erases() {
        let mut scalar = Scalar::from(42);
        scalar.zeroize();
        assert_eq!(scalar, Scalar::ZERO);
        let mut point = G1::generator();
        point.zeroize();
        assert!(point.is_identity());
        let mut point = G2::generator();
        point.zeroize();
        assert!(point.is_identity());
    }

    #[test]
    fn selects() {
        fn check<T: ConditionallySelectable + ConstantTimeEq + PartialEq + core::fmt::Debug>(a: T, b: T) {
            assert_eq!(T::conditional_select(&a, &b, Choice::from(0)), a);
            assert_eq!(T::conditional_select(&a, &b, Choice::from(1)), b);
            assert_ne!(a, b);
        }
        let two = Scalar::from(2);
        check(Scalar::ONE, two);
        check(G1::generator(), G1::generator() * two);
        check(G1::identity(), G1::generator());
        check(G2::generator(), G2::identity());
        check(NonZeroG1::generator(), -NonZeroG1::generator());
        check(NonZeroG2::generator(), -NonZeroG2::generator());
    }

    #[test]
    fn inverts_several_together_and_none_with_a_zero() {
        let scalars: Vec<Scalar> = (1..20_u64).map(|n| -Scalar::from(n * n)).collect();
        for n in [0, 1, 2, 19] {
            let inverses = Scalar::invert_all(&scalars[..n]).unwrap();
            assert_eq!(inverses.len(), n);
            assert!(inverses.iter().zip(&scalars).all(|(inverse, scalar)| *inverse * *scalar == Scalar::ONE));
        }
        for zero in 0..3 {
            let mut with_zero = scalars[..3].to_vec();
            with_zero[zero] = Scalar::ZERO;
            assert!(Scalar::invert_all(&with_zero).is_none());
        }
    }

    #[test]
    fn inverts_everything_but_zero() {
        assert_eq!(Scalar::ZERO.invert(), None);
        assert_eq!(Scalar::ONE.invert(), Some(Scalar::ONE));
        let scalar = Scalar::random(&mut OsRng);
        assert_eq!(scalar.invert().map(|inverse| inverse * scalar), Some(Scalar::ONE));
    }

    #[test]
    fn draws_scalars_from_any_generator() {
        let dynamic: &mut dyn CryptoRngCore = &mut OsRng;
        assert_ne!(Scalar::random(dynamic), Scalar::random(&mut OsRng));
    }

    #[test]
    fn names_what_did_not_decode() {
        let error = NonZeroG1::from_bytes(&G1::identity().to_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "not what it should be: G1 point other than the identity");
        let error = Scalar::from_bytes(&[0xff; 32]).unwrap_err();
        assert_eq!(error, DecodeError { what: "scalar" });
    }
}
