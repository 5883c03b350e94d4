//! BBS signatures: one short signature over many messages, and proofs that disclose some of them and hide the rest.
//!
//! Source: [draft-irtf-cfrg-bbs-signatures](https://datatracker.ietf.org/doc/draft-irtf-cfrg-bbs-signatures/), byte for
//! byte and under the draft's own names, and blind issuance as in revision 02 of
//! [draft-irtf-cfrg-bbs-blind-signatures](https://datatracker.ietf.org/doc/draft-irtf-cfrg-bbs-blind-signatures/) (the
//! revision that its published test vectors belong to).
//!
//! The relation, with G additive: a signature on `m_1 … m_L` under the key `W = x·P2` is a pair `(A, e)` with
//! `(x + e)·A = B` and `B = P1 + Q_1·domain + Σ H_i·m_i`. It is checked as `e(A, W)·e(e·A − B, P2) = 1`. The `domain` is
//! a hash of the key, the generators, the interface and the header, so a signature fits one context only.
//!
//! Three parties use it:
//!
//! * a **signer** calls [`Interface::sign`], or [`BlindInterface::blind_sign`] where it must not see some messages;
//! * a **prover** holds signature and messages, and calls [`Interface::proof_gen`];
//! * a **verifier** calls [`Interface::proof_verify`] with the disclosed messages.
//!
//! An [`Interface`] is a ciphersuite with an identifier. Whoever maps messages to scalars in another way takes an
//! identifier of its own ([`Interface::new`]) and the core operations ([`Interface::core_sign`] and its neighbours).
//!
//! Caution: the proof's randomness is exactly what the given generator returns (so that the draft's vectors can be
//! reproduced). A generator that repeats itself reveals the messages and the signature.
//!
//! Not here: predicates on hidden messages, transcripts, credentials, JSON, any policy.
//!
//! # Example
//!
//! ```
//! use milchglas_bbs::{Ciphersuite, Interface, SecretKey};
//! use rand_core::OsRng;
//!
//! let bbs = Interface::hm2s(Ciphersuite::Bls12381Sha256);
//! let generators = bbs.create_generators(3)?;
//!
//! let sk = SecretKey::random(&mut OsRng)?;
//! let pk = sk.public_key()?;
//! let messages = ["Ada", "Lovelace", "1815-12-10"];
//! let signature = bbs.sign(&sk, &pk, &generators, b"header", &messages)?;
//!
//! // The prover shows the surname and nothing else.
//! let proof = bbs.proof_gen(&pk, &signature, &generators, b"header", b"nonce", &messages, &[1], &mut OsRng)?;
//! bbs.proof_verify(&pk, &proof, &generators, b"header", b"nonce", &["Lovelace"], &[1])?;
//! # Ok::<(), milchglas_bbs::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(non_snake_case)]

mod blind;
mod ciphersuite;
mod error;
mod generators;
mod interface;
mod keys;
mod proof;
mod random_scalars;
mod signature;

pub use blind::{BlindGenerators, BlindInterface, CommitmentWithProof, SecretProverBlind};
pub use ciphersuite::Ciphersuite;
pub use error::Error;
pub use generators::{Generators, MAX_MESSAGES};
pub use interface::Interface;
pub use keys::{PublicKey, SecretKey};
pub use milchglas_curve::{DecodeError, G1, NonZeroG1, Scalar};
pub use proof::{PreparedSignature, Proof};
pub use signature::Signature;
