//! Fuzzes signed requests.

#![no_main]

milchglas_fuzz::fuzz!(SIGNED_REQUEST);
