//! Fuzzes signed heads of epochs.

#![no_main]

milchglas_fuzz::fuzz!(SIGNED_HEAD);
