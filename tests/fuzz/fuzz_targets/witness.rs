//! Fuzzes witnesses of non-revocation.

#![no_main]

milchglas_fuzz::fuzz!(WITNESS);
