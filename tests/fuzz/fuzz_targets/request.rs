//! Fuzzes the canonical form of requests.

#![no_main]

milchglas_fuzz::fuzz!(REQUEST);
