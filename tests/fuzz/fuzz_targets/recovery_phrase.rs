//! Fuzzes recovery phrases.

#![no_main]

milchglas_fuzz::fuzz!(RECOVERY_PHRASE);
