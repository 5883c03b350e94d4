//! Fuzzes sealed files.

#![no_main]

milchglas_fuzz::fuzz!(SEALED);
