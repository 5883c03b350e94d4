//! Fuzzes claims files.

#![no_main]

milchglas_fuzz::fuzz!(CLAIMS_JSON);
