//! What the suites share: inputs that are the same in every run, and how long to measure.
#![forbid(unsafe_code)]

use criterion::Criterion;
use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use std::time::Duration;

/// A suite that measures many small things: enough samples for steady medians, few enough for a run of one or two minutes.
#[must_use]
pub fn quick() -> Criterion {
    Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args()
}

/// A scalar without structure, different for each number.
#[must_use]
pub fn scalar(number: u64) -> Scalar {
    let mut okm = [0; 48];
    Expander::XmdSha256.expand(&number.to_be_bytes(), b"benches scalar", &mut okm);
    Scalar::from_okm(&okm)
}

/// A scalar below 2^128, different for each number: a weight of a batch.
#[must_use]
pub fn weight(number: u64) -> Scalar {
    let mut bytes = scalar(number).to_bytes();
    bytes[..16].fill(0);
    Scalar::from_bytes(&bytes).unwrap_or_default()
}

/// `count` points without known relations.
#[must_use]
pub fn points(count: usize) -> Vec<NonZeroG1> {
    (0..count).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"benches point")).collect()
}
