//! Fuzzes signed requests, as a wallet reviews and answers them.

#![no_main]

milchglas_fuzz::fuzz!(REVIEW);
