//! Fuzzes genuine presentations with changes, as a verifier checks them.

#![no_main]

milchglas_fuzz::fuzz!(PRESENTATION_CHECK);
