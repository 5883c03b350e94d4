//! The program `milchglas`.
#![forbid(unsafe_code)]

fn main() {}
