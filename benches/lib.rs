//! What the suites share: inputs that are the same in every run, and how long to measure; and what the report on them is made of.
#![forbid(unsafe_code)]

pub mod additions;
pub mod cost_model;
pub mod environment;
pub mod measurements;
pub mod predictions;
pub mod primitives;
pub mod scene;
pub mod statements;
pub mod targets;

#[cfg(feature = "peers")]
pub mod peers;

use cpu_time::ThreadTime;
use criterion::Criterion;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use milchglas_curve::{Expander, G1, NonZeroG1, Scalar};
use std::time::Duration;

/// A suite that measures many small things: enough samples for steady medians, few enough for a run of one or two minutes.
#[must_use]
pub fn quick() -> Criterion<ThreadCpuTime> {
    Criterion::default()
        .with_measurement(ThreadCpuTime)
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args()
}

/// The processor time of the measuring thread, which is wall-clock time on an idle machine and hardly changes on a busy one. All that
/// is measured runs on one thread.
pub struct ThreadCpuTime;

impl Measurement for ThreadCpuTime {
    type Intermediate = ThreadTime;
    type Value = Duration;

    fn start(&self) -> ThreadTime {
        ThreadTime::now()
    }

    fn end(&self, start: ThreadTime) -> Duration {
        start.elapsed()
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A suite whose single measurements take milliseconds.
#[must_use]
pub fn slow() -> Criterion<ThreadCpuTime> {
    Criterion::default()
        .with_measurement(ThreadCpuTime)
        .without_plots()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(2000))
        .configure_from_args()
}

/// A scalar without structure, different for each number.
#[must_use]
pub fn scalar(number: u64) -> Scalar {
    let mut okm = [0; 48];
    Expander::XmdSha256.expand(&number.to_be_bytes(), b"benches scalar", &mut okm);
    Scalar::from_okm(&okm)
}

/// A weight of a batch, different for each number.
#[must_use]
pub fn weight(number: u64) -> Scalar {
    let bytes = scalar(number).to_bytes();
    let word = |place: usize| bytes[place..place + 8].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    Scalar::weight(word(16), word(24))
}

/// `count` points without known relations.
#[must_use]
pub fn points(count: usize) -> Vec<NonZeroG1> {
    (0..count).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"benches point")).collect()
}
