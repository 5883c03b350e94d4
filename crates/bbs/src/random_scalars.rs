//! The draft's `calculate_random_scalars`.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, "Random Scalars", with 64 octets a scalar where the draft asks for at least
//! 48. Each scalar is 64 octets of the generator, big-endian, modulo r; tests rely on this to reproduce the draft's
//! mocked scalars.
//! Secret: every value returned.

use milchglas_curve::Scalar;
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;

/// Draws `count` scalars, none of them zero.
///
/// # Errors
/// [`Error::Randomness`] if the generator fails or yields zero.
pub(crate) fn calculate_random_scalars(
    count: usize,
    rng: &mut (impl CryptoRngCore + ?Sized),
) -> Result<Zeroizing<Vec<Scalar>>, Error> {
    let mut scalars = Zeroizing::new(Vec::with_capacity(count));
    let mut wide = [0u8; 64];
    for _ in 0..count {
        rng.try_fill_bytes(&mut wide).map_err(|_| Error::Randomness)?;
        let scalar = Scalar::from_wide(&wide);
        if scalar.is_zero() {
            return Err(Error::Randomness);
        }
        scalars.push(scalar);
    }
    wide.zeroize();
    Ok(scalars)
}
