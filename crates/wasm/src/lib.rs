//! Wallet and verifier for JavaScript.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
