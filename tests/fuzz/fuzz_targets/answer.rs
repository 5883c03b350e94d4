//! Fuzzes an issuer's answers.

#![no_main]

milchglas_fuzz::fuzz!(ANSWER);
