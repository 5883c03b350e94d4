//! Fuzzes encodings of points and scalars.

#![no_main]

milchglas_fuzz::fuzz!(CURVE);
