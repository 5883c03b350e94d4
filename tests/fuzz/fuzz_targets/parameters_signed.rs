//! Fuzzes the content of parameters, signed.

#![no_main]

milchglas_fuzz::fuzz!(PARAMETERS_SIGNED);
