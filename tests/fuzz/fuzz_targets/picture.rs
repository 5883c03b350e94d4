//! Fuzzes pixels in which a QR code is searched.

#![no_main]

milchglas_fuzz::fuzz!(PICTURE);
