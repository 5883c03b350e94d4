//! The facts that a Milchglas presentation can prove, one per file.
//!
//! | statement | proves | sends | responses |
//! |---|---|---|---|
//! | [`Signature`] | an issuer signed these messages, some of them hidden | 2 points | 2 + hidden messages |
//! | [`Member`] | a hidden scalar is in a signed set | 2 points | 1 |
//! | [`NonRevocation`] | a hidden handle has not been revoked | 2 points | 1 |
//! | [`Range`] | `lo ≤ m < hi` for a hidden integer | 2 points a digit | 2 a digit, less one for each side |
//! | [`Gap`] | a hidden 64-bit integer is not on a long list | 34 points | 33 |
//! | [`EitherRange`] | a hidden integer is in one of two ranges, not which | 1 point, and 2 a digit | 3, and 2 a digit, less one for each side |
//! | [`Bit`] | a hidden scalar is 0 or 1 | 1 point | 2 |
//! | [`NotIn`] | a hidden scalar is none of a few public ones | 1 point | 1, and 2 a value |
//! | [`Same`] | two hidden scalars are equal | – | −1 |
//! | [`Opening`] | a public point is a hidden scalar times a public base | – | – |
//! | [`Exactly`] | a hidden scalar is a public one | – | −1 |
//! | [`Pseudonym`] | a point is the holder's name in a scope | 1 point | – |
//! | [`Rate`] | a point is one of the holder's n tokens in a scope and epoch | 1 point | those of its counter's range |
//! | [`Encryption`] | a ciphertext for an inspector opens to a hidden scalar times G' | 3 points | 1 |
//!
//! Each implements [`milchglas_sigma::Statement`]: `commit` (prover) and `constrain` (both sides). The relations and the
//! arguments for their soundness and zero knowledge are in `spec/statements.md`.
//!
//! ```
//! use milchglas_curve::Scalar;
//! use milchglas_sigma::{Prover, Transcript, Verifier};
//! use milchglas_statements::{DIGIT_BASE, Opening, Range, SetSecretKey};
//! use milchglas_curve::NonZeroG1;
//! use rand_core::OsRng;
//!
//! // An authority signs the digits, once.
//! let digits = SetSecretKey::random(&mut OsRng).sign(b"digits", (0..DIGIT_BASE).map(Scalar::from).collect())?;
//! digits.check(&mut OsRng)?;
//!
//! // "I know the m in I = m·G, and 1000 ≤ m < 2000."
//! let m = Scalar::from(1789);
//! let base = NonZeroG1::generator();
//! let image = (base * m).to_nonzero().ok_or("m is not zero")?;
//! let opening = Opening { label: "example", base, image };
//! let range = Range::new(&digits, 1000, 2000)?;
//!
//! let mut prover = Prover::new(Transcript::new(b"example"), vec![m], b"", &mut OsRng);
//! let inputs = prover.inputs();
//! prover.add(&opening, &inputs, &())?;
//! prover.add(&range, &inputs, &m)?;
//! let proof = prover.prove(&mut OsRng)?;
//!
//! let mut verifier = Verifier::new(Transcript::new(b"example"), 1, &proof);
//! let inputs = verifier.inputs();
//! verifier.add(&opening, &inputs)?;
//! verifier.add(&range, &inputs)?;
//! verifier.finish(&mut OsRng)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: nonces, challenges and responses (in `sigma`), what a claim is (in `credential`).
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(non_snake_case)]

mod bit;
mod digit_tables;
mod digits;
mod either_range;
mod encryption;
mod exactly;
mod gap;
mod generators;
mod member;
mod non_revocation;
mod not_in;
mod opening;
mod pseudonym;
mod range;
mod rate;
mod same;
mod signature;

pub use bit::Bit;
pub use digit_tables::DigitTables;
pub use either_range::EitherRange;
pub use encryption::{Ciphertext, Encryption, inspector_base};
pub use exactly::Exactly;
pub use gap::{Gap, GapWitness, Neighbours};
pub use generators::Generators;
pub use member::{Member, MemberWitness, PublicSet, SetCheck, SetKey, SetSecretKey};
pub use non_revocation::{
    Accumulator, AccumulatorSecretKey, MAX_REVOCATIONS, NonRevocation, NonRevocationWitness, first_accumulator,
};
pub use not_in::NotIn;
pub use opening::Opening;
pub use pseudonym::Pseudonym;
pub use range::{DIGIT_BASE, Range};
pub use rate::{Rate, RateWitness};
pub use same::Same;
pub use signature::{Signature, SignatureWitness};
