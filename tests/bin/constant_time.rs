//! One operation of the curve on scalars from standard input, for the checks in `scripts/constant_time.sh`.
//!
//! Usage: `constant-time OPERATION < SCALARS`, with 128 hexadecimal digits in lower case for each scalar, reduced modulo r, and nothing
//! between them. Under the script's shim memcheck takes every byte of standard input for a secret, so nothing here may branch on
//! one, and the result goes nowhere.
//!
//! `mul_vartime` is the control: it leaks by design, and a check that does not catch it checks nothing.

#![forbid(unsafe_code)]

use milchglas_curve::{Expander, FixedBase, FixedPoint, G1, NonZeroG1, Scalar, SecretSum};
use std::hint::black_box;
use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let operation = std::env::args().nth(1).unwrap_or_default();
    let mut digits = Vec::new();
    if std::io::stdin().read_to_end(&mut digits).is_err() {
        return ExitCode::FAILURE;
    }
    let scalars: Vec<Scalar> =
        digits.chunks_exact(128).filter_map(|digits| digits.try_into().ok()).map(read_scalar).collect();
    let points: Vec<NonZeroG1> =
        (0..scalars.len()).map(|i| G1::hash(Expander::XmdSha256, &i.to_be_bytes(), b"constant time")).collect();
    let ([scalar, ..], [point, ..]) = (scalars.as_slice(), points.as_slice()) else {
        return ExitCode::FAILURE;
    };
    let tables = FixedBase::batch(&points);
    let tables: Vec<&FixedBase> = tables.iter().collect();
    let Some(table) = tables.first() else { return ExitCode::FAILURE };

    match operation.as_str() {
        "fixed_base_mul" => measured(|| table.mul(scalar)),
        "fixed_base_msm" => measured(|| FixedBase::msm(&tables, &scalars)),
        "g1_mul" => measured(|| point * scalar),
        "fixed_base_short" => {
            let fixed: Vec<FixedPoint> = points.iter().map(FixedPoint::new).collect();
            FixedPoint::prepare_for_proving(&fixed);
            measured(|| {
                let mut sum = SecretSum::with_room(fixed.len());
                for (point, scalar) in fixed.iter().zip(&scalars) {
                    let [.., a, b, c, d] = scalar.to_bytes();
                    sum.add_fixed_u32(point, u32::from_be_bytes([a, b, c, d]));
                    sum.add_fixed_u128(point, u128::from(u32::from_be_bytes([d, b, c, a])) << 77);
                }
                sum.finish()
            })
        }
        // The lowest bits of the scalar, as a digit would come.
        "g1_mul_byte" => measured(|| G1::from(point).mul_byte(scalar.to_bytes()[31])),
        "g1_msm" => measured(|| G1::msm(&points, &scalars)),
        "mul_vartime" => measured(|| G1::from(point).mul_vartime(scalar)),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

/// The scalar of 128 digits, without a branch.
fn read_scalar(digits: &[u8; 128]) -> Scalar {
    let value = |digit: u8| (digit & 15) + 9 * (digit >> 6);
    let mut bytes = [0; 64];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit));
    }
    Scalar::from_wide(&bytes)
}

/// What callgrind counts: it finds this function by name.
#[inline(never)]
fn measured(operation: impl FnOnce() -> G1) {
    black_box(operation());
}
