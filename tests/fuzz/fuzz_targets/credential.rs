//! Fuzzes credentials.

#![no_main]

milchglas_fuzz::fuzz!(CREDENTIAL);
