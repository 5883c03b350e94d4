//! Fuzzes a wallet's vault, decrypted.

#![no_main]

milchglas_fuzz::fuzz!(VAULT);
