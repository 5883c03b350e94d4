//! Wallet and verifier for JavaScript: the bindings below the npm package's `index.js`.
//!
//! Here is conversion only: bytes, numbers and strings to the types of `milchglas-wallet` and `milchglas-verifier`, and their results to plain
//! JavaScript objects, which `js/index.d.ts` describes. What is decided is decided in those crates.
//!
//! Time and randomness come from outside: a time is a number of seconds since 1970, randomness is the browser's or Node's
//! `crypto.getRandomValues`.
//!
//! Secret: passphrases and phrases come in as `&mut [u8]`, which is copied back to the caller's array when a call returns, so that erasing it
//! here erases it there. What is given out is copied once, from a buffer that is erased.
//!
//! Caution: a change is saved once `index.js` has written what `changes` gives; it hands nothing out before.
//! Not here: storage, workers (`js/`), the protocol.

#![deny(missing_docs)]
// What is exported to JavaScript is reachable from there alone.
#![allow(unreachable_pub)]

#[cfg(feature = "testing")]
mod bbs;
mod convert;
mod qr;
#[cfg(feature = "testing")]
mod vectors;
mod verifier;
mod wallet;
