//! Fuzzes any object, through the program.

#![no_main]

milchglas_fuzz::fuzz!(INSPECT);
