//! Fuzzes presentations.

#![no_main]

milchglas_fuzz::fuzz!(PRESENTATION);
