//! Fuzzes the text of QR codes.

#![no_main]

milchglas_fuzz::fuzz!(BASE45);
