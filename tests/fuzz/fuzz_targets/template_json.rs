//! Fuzzes a verifier's templates.

#![no_main]

milchglas_fuzz::fuzz!(TEMPLATE_JSON);
