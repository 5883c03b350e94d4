//! Revocation without tracking: epochs, their signed files, and the witness that each holder keeps up to date alone.
//!
//! Each of an issuer's signature keys has an accumulator of its own (statement
//! [`NonRevocation`](milchglas_statements::NonRevocation)); the cards under one key are a *cohort*. Epochs are counted from 0, at which nothing is
//! revoked. For each later epoch the issuer publishes one [`EpochFile`], the same bytes for everyone: a signed [`EpochHead`], then handle and
//! accumulator for each card revoked since. Heads are chained by digest. Issuing changes nothing public.
//!
//! | who | needs |
//! |---|---|
//! | verifier | the newest head: it has the accumulators of up to 16 epochs, which requests name |
//! | wallet | the files since it last looked, for [`Witness::update`]; then the same heads |
//! | issuer | the secret key, the newest head, the handles |
//!
//! A wallet answers only under accumulators that stand in the log it has followed itself ([`Log`]), so an issuer that shows one holder an
//! accumulator of its own does not thereby mark that holder; two heads of one epoch are a [proof of it](LogError::TwoHeads).
//!
//! A holder who has lost the wallet asks for revocation with a proof of its secret: [`RevocationRequest`].
//!
//! Spec: `spec/revocation.md`.
//! Not here: downloads, storage, who is revoked.

mod ask;
mod epoch;
mod log;
mod request;
mod witness;

#[cfg(test)]
mod tests;

pub use ask::{AcceptedEpochs, MAX_WINDOW};
pub use epoch::{Accumulators, Epoch, EpochDigest, EpochFile, EpochHead, MAX_FILE, SignedHead};
pub use log::{Log, LogError};
pub use milchglas_statements::{AccumulatorSecretKey, MAX_REVOCATIONS};
pub use request::{RevocationRequest, VerifiedRevocation};
pub use witness::{Update, Witness};
