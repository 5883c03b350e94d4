//! Fuzzes files of epochs.

#![no_main]

milchglas_fuzz::fuzz!(EPOCH_FILE);
