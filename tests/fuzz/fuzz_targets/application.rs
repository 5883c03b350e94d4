//! Fuzzes applications.

#![no_main]

milchglas_fuzz::fuzz!(APPLICATION);
