//! BLS12-381 for Milchglas: checked points, scalars, multi-scalar multiplication, pairing products, hash to curve.
//!
//! Validity is in the type. A [`G1`] or [`G2`] lies in the subgroup of prime order by construction; a [`NonZeroG1`] or
//! [`NonZeroG2`] is moreover not the identity; a [`Scalar`] is reduced. Decoding is where this is checked, once.
//!
//! Timing is in the name. What ends in `_vartime` is for public inputs; the rest takes a time that does not depend on secret
//! values, as far as the backend keeps its promise.
//!
//! Two backends stand behind the same types and give the same bytes: `blst` (the default feature; audited C and assembly) and
//! `portable` (the crate `bls12_381`, pure Rust). Where both features are on, `blst` serves and both are compiled.
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
compile_error!(
    "milchglas-curve needs a backend: enable the feature `blst` or the feature `portable`"
);

#[doc(hidden)]
pub mod backend;
mod error;
mod g1;
mod g2;
mod hash;
mod operators;
mod pairing;
mod scalar;

pub use error::DecodeError;
pub use g1::{G1, NonZeroG1};
pub use g2::{G2, NonZeroG2};
pub use hash::Expander;
pub use pairing::{G2Prepared, pairing_product_is_one};
pub use scalar::Scalar;
