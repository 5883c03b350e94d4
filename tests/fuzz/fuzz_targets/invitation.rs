//! Fuzzes invitations.

#![no_main]

milchglas_fuzz::fuzz!(INVITATION);
