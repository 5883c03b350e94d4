//! Tables come once they pay, and not before.
#![allow(missing_docs, clippy::unwrap_used)]

use milchglas_curve::{FixedPoint, G1, NonZeroG1, PublicSum, Scalar};

fn k(i: u64) -> Scalar {
    Scalar::from(i).invert().unwrap()
}

#[test]
fn builds_a_table_after_a_few_uses_and_multiplies_alike_before_and_after() {
    let fixed = FixedPoint::new(&NonZeroG1::generator());
    let clone = fixed.clone();
    let mut sizes = Vec::new();
    for i in 2..30 {
        assert_eq!(fixed.mul(&k(i)), G1::generator() * k(i));
        sizes.push(fixed.table_bytes());
    }
    // What proves once or twice builds nothing.
    assert!(sizes[..5].iter().all(|bytes| *bytes == 0), "{sizes:?}");
    let built = *sizes.last().unwrap();
    assert!((1..=90 << 10).contains(&built), "{built}");
    assert!(sizes.iter().all(|bytes| [0, built].contains(bytes)));
    assert_eq!(clone.table_bytes(), built);
}

#[test]
fn keeps_tables_for_secrets_and_for_public_scalars_apart() {
    let fixed = FixedPoint::new(&NonZeroG1::generator());
    for i in 2..30 {
        let mut sum = PublicSum::with_room(1);
        sum.add_fixed(&fixed, k(i));
        assert_eq!(sum.finish_vartime(), G1::generator() * k(i));
    }
    let public = fixed.table_bytes();
    assert!((1..=50 << 10).contains(&public), "{public}");
    FixedPoint::prepare_for_verifying([&fixed]);
    assert_eq!(fixed.table_bytes(), public);
    FixedPoint::prepare_for_proving([&fixed, &fixed.clone()]);
    assert!((1..=90 << 10).contains(&(fixed.table_bytes() - public)));
    assert_eq!(fixed.mul(&k(7)), G1::generator() * k(7));
}
