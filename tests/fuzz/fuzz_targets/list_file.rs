//! Fuzzes list files.

#![no_main]

milchglas_fuzz::fuzz!(LIST_FILE);
