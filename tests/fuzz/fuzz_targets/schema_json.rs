//! Fuzzes schema files.

#![no_main]

milchglas_fuzz::fuzz!(SCHEMA_JSON);
