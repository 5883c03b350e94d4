//! Fuzzes set files.

#![no_main]

milchglas_fuzz::fuzz!(SET_JSON);
