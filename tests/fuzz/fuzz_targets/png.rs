//! Fuzzes PNG files.

#![no_main]

milchglas_fuzz::fuzz!(PNG);
