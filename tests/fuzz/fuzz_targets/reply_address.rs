//! Fuzzes addresses for an issuer's answer.

#![no_main]

milchglas_fuzz::fuzz!(REPLY_ADDRESS);
