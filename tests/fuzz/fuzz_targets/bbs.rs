//! Fuzzes the objects of the BBS draft.

#![no_main]

milchglas_fuzz::fuzz!(BBS);
