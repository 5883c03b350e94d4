//! Sigma protocols for systems of linear relations over G1 and pairing equations.
//!
//! A proof shows knowledge of secret scalars `x` such that, for points that both sides know,
//!
//! ```text
//! I_k = Σ_j ± x_j·B_kj                    every linear equation k
//! 0   = c_i + Σ_j a_ij·x_j                every affine constraint i
//! e(L_p, K_p) = e(R_p, P2)                every pairing equation p (no secrets)
//! ```
//!
//! all under one [`merlin`] transcript and one challenge (Maurer 2009, "Unifying zero-knowledge proofs of knowledge"; compact
//! Fiat–Shamir form: challenge and responses travel, the verifier recomputes the announcements). Two hidden values are shown
//! equal by using one [`Var`] for both.
//!
//! The code that commits, challenges, responds and checks exists once, here. What makes one fact provable is a [`Statement`]:
//! it randomises a witness ([`Statement::commit`], prover only) and writes equations ([`Statement::constrain`], both sides, the
//! same code). Prover and verifier add the same statements in the same order:
//!
//! ```
//! use milchglas_curve::{G1, NonZeroG1, Scalar};
//! use milchglas_sigma::{Commitment, Error, Prover, Statement, System, Term, Transcript, Var, Verifier};
//! use rand_core::{CryptoRngCore, OsRng};
//!
//! /// Knowledge of x with I = x·B.
//! struct DiscreteLog { image: NonZeroG1, base: NonZeroG1 }
//!
//! impl Statement for DiscreteLog {
//!     type Witness = ();
//!     fn points(&self) -> usize { 0 }
//!     fn commit(&self, _: &(), _: &mut dyn CryptoRngCore) -> Result<Commitment, Error> { Ok(Commitment::default()) }
//!     fn constrain(&self, inputs: &[Var], _: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
//!         let [x] = inputs else { return Err(Error::Misuse("one input")) };
//!         let (image, base) = (system.base(&self.image), system.base(&self.base));
//!         system.equation("discrete log", vec![(Scalar::ONE, image)], vec![Term::plus(*x, base)]);
//!         Ok(())
//!     }
//! }
//!
//! let x = Scalar::random(&mut OsRng);
//! let base = NonZeroG1::generator();
//! let image = (&base * &x).to_nonzero().ok_or(Error::Misuse("x = 0"))?;
//! let statement = DiscreteLog { image, base };
//!
//! let mut prover = Prover::new(Transcript::new(b"example"), vec![x], b"", &mut OsRng);
//! let vars = prover.inputs();
//! prover.add(&statement, &vars, &())?;
//! let proof = prover.prove(&mut OsRng)?;
//!
//! let mut verifier = Verifier::new(Transcript::new(b"example"), 1, &proof);
//! let vars = verifier.inputs();
//! verifier.add(&statement, &vars)?;
//! verifier.finish(&mut OsRng)?;
//! # Ok::<(), Error>(())
//! ```
//!
//! Caution: a statement that lets a public value stand outside the transcript is broken. What the statements do not write into
//! the system (the request, parameters, disclosed values) the caller absorbs into the transcript that it hands over.
//!
//! Not here: BBS, credentials, any particular statement.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(non_snake_case)]

mod elimination;
mod error;
mod pairing;
mod prover;
mod system;
mod transcript;
mod verifier;

pub use error::Error;
pub use merlin::Transcript;
pub use milchglas_curve::FixedPoint;
pub use pairing::{PairingChecks, PairingKey};
pub use prover::{Announced, Prover};
pub use system::{Base, Commitment, Multiple, Statement, System, Term, Var};
pub use transcript::TranscriptExt;
pub use verifier::Verifier;

#[cfg(test)]
mod tests;
