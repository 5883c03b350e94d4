//! Fuzzes dates, names, origins, digests, numbers.

#![no_main]

milchglas_fuzz::fuzz!(TEXT_FORMS);
