//! The facts that a Milchglas presentation can prove, one per file.
//!
//! | statement | proves | sends | responses |
//! |---|---|---|---|
//! | [`Signature`] | an issuer signed these messages, some of them hidden | 2 points | 2 + hidden messages |
//! | [`Member`] | a hidden scalar is in a signed set | 2 points | 1 |
//! | [`Range`] | `lo ≤ m < hi` for a hidden integer | 2 points a digit | 2 a digit, less one for each side |
//! | [`Opening`] | a public point is a hidden scalar times a public base | – | – |
//! | [`Exactly`] | a hidden scalar is a public one | – | −1 |
//!
//! Each implements [`milchglas_sigma::Statement`]: `commit` (prover) and `constrain` (both sides). The relations and the
//! arguments for their soundness and zero knowledge are in `spec/statements.md`.
//!
//! Not here: nonces, challenges and responses (in `sigma`), what a claim is (in `credential`).
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(non_snake_case)]

mod exactly;
mod member;
mod opening;
mod range;
mod signature;

pub use exactly::Exactly;
pub use member::{Member, MemberWitness, PublicSet, SetSecretKey};
pub use opening::Opening;
pub use range::{DIGIT_BASE, Range};
pub use signature::{Signature, SignatureWitness};
