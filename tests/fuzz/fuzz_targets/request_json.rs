//! Fuzzes request files.

#![no_main]

milchglas_fuzz::fuzz!(REQUEST_JSON);
