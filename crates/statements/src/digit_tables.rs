//! The signatures of one number's digits, kept with their tables for the next proof of the same range.
//!
//! Who proves the same fact about the same claim again and again multiplies the same few `S_d`. Kept as fixed points they cost a third.
//!
//! Caution: which signatures these are tells the number. Keep them where the number itself is kept. Whether they are used at all must
//! depend on what is asked only: one [`DigitTables`] serves one claim and one range.

use std::sync::{Mutex, PoisonError};

use milchglas_curve::Scalar;
use milchglas_sigma::{Error, FixedPoint};
use zeroize::Zeroizing;

/// The digits of one number in one range, from the first proof on.
#[derive(Default)]
pub struct DigitTables(Mutex<Vec<Kept>>);

struct Kept {
    digit: Zeroizing<Scalar>,
    signature: FixedPoint,
}

impl DigitTables {
    /// The signature of the digit at a place; `find` gives it the first time. In constant time as long as the number stays the same.
    pub(crate) fn signature(
        &self,
        place: usize,
        digit: &Scalar,
        find: impl FnOnce() -> Result<FixedPoint, Error>,
    ) -> Result<FixedPoint, Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get(place)
            && *kept.digit == *digit
        {
            return Ok(kept.signature.clone());
        }
        let signature = find()?;
        // Another number's, or the next place.
        kept.truncate(place);
        if kept.len() == place {
            kept.push(Kept { digit: Zeroizing::new(*digit), signature: signature.clone() });
        }
        Ok(signature)
    }

    /// Builds the tables of what is kept: about 0.3 ms and 66 KiB a digit.
    pub(crate) fn prepare(&self) {
        let kept: Vec<FixedPoint> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().map(|kept| kept.signature.clone()).collect()
        };
        FixedPoint::prepare_for_proving(&kept);
    }
}

impl core::fmt::Debug for DigitTables {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DigitTables(..)")
    }
}
