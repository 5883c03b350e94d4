//! The program `milchglas`.
fn main() {}
