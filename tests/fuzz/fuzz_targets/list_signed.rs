//! Fuzzes lists that were signed.

#![no_main]

milchglas_fuzz::fuzz!(LIST_SIGNED);
