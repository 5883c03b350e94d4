//! The inspector: who can find out, under conditions fixed beforehand, which card was shown.
//!
//! A hotel must be able to say who stayed, if an authority with the right to know asks, and must not know it otherwise. So the guest's
//! wallet encrypts the card's handle to an inspector, whose key belongs to n shareholders; any t of them open together, for the purpose
//! and the occasion that stand in the request, and fewer learn nothing.
//!
//! ```text
//! shareholders  deal ───────────► the inspector's file (public: wallets pin it), a share for each
//! hotel         request ◄───────► presentation with the ciphertext; both kept as one case
//! shareholder   case ───────────► VerifiedCase ──► release ──► a share of the opening, with its proof
//! anybody       case, t shares ─► combine ──► h·G'
//! issuer        h·G' ───────────► the registry's entry
//! ```
//!
//! What holds, each by a test: what an accepted case opens to is the handle of the card that was shown; a share of one case, card
//! or inspector is of no use for another; a wrong share is found and named; t − 1 shares open nothing.
//!
//! Secret: the shares. Public: the inspector's file, cases (to whom they concern), shares of an opening once they are released.
//!
//! Caution: the key is made by a dealer, who must be believed to forget it (see [`deal`]). Shareholders decide by what they are
//! told; the program only sees to it that they open what they mean to.
//!
//! ```
//! use milchglas_inspector::deal;
//! use rand_core::OsRng;
//!
//! let (inspector, shares) = deal("Registry Court", 2, 3, &mut OsRng)?;
//! assert_eq!((inspector.threshold(), shares.len()), (2, 3));
//! # Ok::<(), milchglas_inspector::Error>(())
//! ```
//!
//! Not here: the ciphertext and its proof (`milchglas-statements`), the file (`milchglas-credential`), whose card it is (the issuer).

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod case;
mod dealer;
mod error;
mod opening;
mod polynomial;
mod share;

pub use case::VerifiedCase;
pub use dealer::deal;
pub use error::{Error, Refusal};
pub use milchglas_credential::inspector::Inspector;
pub use opening::{MAX_SHARE, Opened, OpeningShare, combine};
pub use share::SecretShare;
