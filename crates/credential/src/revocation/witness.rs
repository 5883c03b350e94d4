//! The holder's witness, and how it follows the epochs.
//!
//! After the revocations `(h_1, Z_1), …, (h_n, Z_n)` the witness of h is
//! ```text
//! w' = w/Π_j (h_j − h) − Σ_s Z_s/Π_{j≥s} (h_j − h)
//! ```
//! which is one multi-scalar multiplication and one inversion however many epochs lie between. For h among the h_j it does not exist.
//!
//! Caution: the sum is in variable time over scalars that follow from h. They are multiplied by a random scalar first, and the sum by its inverse
//! afterwards in constant time, so that each scalar is uniform by itself.

use std::fmt;

use milchglas_curve::{CurvePoint, CurveSum, G1, NonZeroG1, Scalar};
use milchglas_sigma::FixedPoint;
use milchglas_statements::{Accumulator, AccumulatorSecretKey};
use rand_core::CryptoRngCore;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use super::epoch::{Epoch, EpochFile, EpochHead};
use crate::cbor::{Reader, Wire, Writer};
use crate::credential::Handle;
use crate::error::{DecodeError, Error};
use crate::issuer_key::CredentialKey;

/// How many points one multi-scalar multiplication takes.
#[cfg(feature = "parallel")]
const PART: usize = 1 << 13;

/// `w = Z/(z+h)` for one card at one epoch. A secret of the holder: with the epochs' files it tells which card it is of.
#[derive(Clone)]
pub struct Witness {
    epoch: Epoch,
    w: FixedPoint,
}

/// What became of a witness.
#[derive(Debug)]
pub enum Update {
    /// It is up to date.
    Current(Witness),
    /// The card has been revoked, in one of these epochs.
    Revoked,
}

impl Witness {
    /// The witness that an issuer gives with a card, at the epoch of a head: `w = Z/(z+h)`, in constant time.
    ///
    /// # Errors
    /// [`Error::Misuse`] where head or `secret` are another key's.
    pub fn issue(
        head: &EpochHead,
        key: &CredentialKey,
        handle: &Handle,
        secret: &AccumulatorSecretKey,
    ) -> Result<Self, Error> {
        if head.key != key.id() || secret.public_key()? != *key.revocation() {
            return Err(Error::Misuse("the accumulator is another key's"));
        }
        let accumulator = key.accumulator(head.accumulators.newest()?)?;
        Ok(Self::new(head.epoch, &secret.witness(accumulator.base(), &Zeroizing::new(handle.to_scalar()))?))
    }

    pub(super) fn new(epoch: Epoch, w: &NonZeroG1) -> Self {
        Self { epoch, w: FixedPoint::new(w) }
    }

    /// Its epoch.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// w, which every proof at this epoch multiplies.
    pub(crate) fn point(&self) -> &FixedPoint {
        &self.w
    }

    /// Builds now, in idle time, the table that showings at this epoch win from: about 0.3 ms and 66 KiB.
    pub fn prepare(&self) {
        FixedPoint::prepare_for_proving([&self.w]);
    }

    /// Checks that it is the witness of a handle under an accumulator.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not.
    pub fn check(&self, handle: &Handle, accumulator: &Accumulator, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        Ok(accumulator.check(self.w.point(), &Zeroizing::new(handle.to_scalar()), rng)?)
    }

    /// Follows consecutive epochs, the first of them the one after the witness's own. The files have been [followed](super::Log::follow) by a
    /// log, which makes them the issuer's. About 25 µs a revocation, of which all cores take a part with the feature `parallel`.
    ///
    /// The points of the chain are not checked one by one: the result is, by the equation that defines it.
    ///
    /// # Errors
    /// [`Error::Misuse`] where epochs are missing; [`Error::Decode`] where an accumulator is no point of the curve; [`Error::Invalid`] where
    /// the result is no witness, because the chain or the witness was bad.
    pub fn update(
        &self,
        handle: &Handle,
        files: &[EpochFile],
        key: &CredentialKey,
        mut rng: &mut dyn CryptoRngCore,
    ) -> Result<Update, Error> {
        let mut epoch = self.epoch;
        for file in files {
            epoch = epoch.next().filter(|next| *next == file.head().unverified().epoch).ok_or(GAP)?;
        }
        let newest = match files.last() {
            Some(file) => file.head().unverified().accumulators.newest()?,
            None => return Ok(Update::Current(self.clone())),
        };
        let mine = handle.as_bytes();
        let revoked =
            files.iter().flat_map(EpochFile::handles).fold(Choice::from(0), |found, other| found | mine.ct_eq(other));
        if revoked.into() {
            return Ok(Update::Revoked);
        }
        let h = Zeroizing::new(handle.to_scalar());
        let mut differences = Zeroizing::new(Vec::with_capacity(files.iter().map(EpochFile::revoked).sum()));
        differences
            .extend(files.iter().flat_map(EpochFile::handles).map(|other| Handle::from_bytes(*other).to_scalar() - *h));
        let w = if differences.is_empty() {
            *self.w.point()
        } else {
            let mut chain = Vec::with_capacity(differences.len());
            for file in files {
                chain.extend(file.chain()?);
            }
            let blind = Zeroizing::new(Scalar::random(&mut rng));
            let scalars = Zeroizing::new(coefficients(&differences, &blind)?);
            let first = Zeroizing::new(*scalars.first().ok_or(GAP)?);
            let moved = G1::from(*self.w.point()) * *first;
            let sum = sum(&chain, &scalars).to_subgroup().map_err(|_| Error::Invalid)?;
            let unblind = Zeroizing::new(blind.invert().ok_or(RANDOMNESS)?);
            ((moved - sum) * *unblind).to_nonzero().ok_or(Error::Invalid)?
        };
        let updated = Self::new(epoch, &w);
        updated.check(handle, &key.accumulator(newest)?, rng)?;
        Ok(Update::Current(updated))
    }
}

/// `b/Π_{j≥s} d_j` for each s.
fn coefficients(differences: &[Scalar], blind: &Scalar) -> Result<Vec<Scalar>, Error> {
    let product = Zeroizing::new(differences.iter().fold(Scalar::ONE, |product, difference| product * difference));
    let mut next = Zeroizing::new(product.invert().ok_or(Error::Invalid)? * blind);
    let mut all = Vec::with_capacity(differences.len());
    for difference in differences {
        all.push(*next);
        *next *= difference;
    }
    Ok(all)
}

#[cfg(feature = "parallel")]
fn sum(points: &[CurvePoint], scalars: &[Scalar]) -> CurveSum {
    use rayon::prelude::*;
    let parts: Vec<CurveSum> = points
        .par_chunks(PART)
        .zip(scalars.par_chunks(PART))
        .map(|(points, scalars)| CurveSum::msm_vartime(points, scalars))
        .collect();
    parts.into_iter().fold(CurveSum::default(), |mut sum, part| {
        sum += part;
        sum
    })
}

#[cfg(not(feature = "parallel"))]
fn sum(points: &[CurvePoint], scalars: &[Scalar]) -> CurveSum {
    CurveSum::msm_vartime(points, scalars)
}

impl Wire for Witness {
    fn write(&self, out: &mut Writer) {
        out.array(2).object(&self.epoch).bytes(&self.w.point().to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a witness of non-revocation";
        input.array(2, what)?;
        let epoch = input.object()?;
        let w = NonZeroG1::from_bytes(&input.bytes(what)?).map_err(|_| DecodeError { what })?;
        Ok(Self::new(epoch, &w))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

const GAP: Error = Error::Misuse("the epochs do not follow the witness's own one by one");
const RANDOMNESS: Error = Error::Misuse("the random number generator returned an unusable value");
