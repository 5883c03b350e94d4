//! The library behind the program `milchglas`: what the command line does that is not the business of issuer, wallet or
//! verifier.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod qr;
