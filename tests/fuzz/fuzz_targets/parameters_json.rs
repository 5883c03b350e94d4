//! Fuzzes parameters files.

#![no_main]

milchglas_fuzz::fuzz!(PARAMETERS_JSON);
