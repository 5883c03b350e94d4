//! Proof that a hidden handle has not been revoked by the epoch of an accumulator; and the accumulator.
//!
//! Spec: `spec/statements.md`, Non-revocation, and `spec/revocation.md` (the accumulator of Karantaidou–Baldimtsi 2021 that changes when
//! an element leaves and not when one joins; the proof is Member's).
//!
//! The issuer holds z and publishes `z·P2`. The accumulator of an epoch is one point Z; the holder of the handle h has `w = Z/(z+h)`. To revoke
//! h the issuer replaces Z by `Z/(z+h)`. With `V = r·w`, `V̄ = r·Z − h·V`:
//! ```text
//! PoK{(r, h): V̄ = r·Z − h·V}  ∧  e(V, z·P2) = e(V̄, P2)  ∧  V ≠ 0
//! ```
//! Public: Z and z·P2 ([`Accumulator`]). Sent: V, V̄. Secret: r and h (the input).
//!
//! Caution: h must be the same `Var` as in the signature statement, and z the key of the credentials under that signature key. A z serves at most
//! [`MAX_REVOCATIONS`]: each gives out one more power of 1/(z+h) (Cheon 2006).
//! Not here: epochs, files, who is revoked, updates of w (`credential`).

use std::sync::Arc;

use milchglas_curve::{Expander, G1, G2, NonZeroG1, NonZeroG2, Scalar};
use milchglas_sigma::{Commitment, Error, FixedPoint, PairingChecks, PairingKey, Statement, System, Var};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Member, MemberWitness, SetKey};

/// The most handles that may be revoked under one key.
pub const MAX_REVOCATIONS: u32 = 1 << 24;
const FIRST_DST: &[u8] = b"MILCHGLAS-V1-ACCUMULATOR";

/// The secret key z of an accumulator. Independent of every other key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct AccumulatorSecretKey(Scalar);

impl AccumulatorSecretKey {
    /// A fresh key.
    pub fn random(mut rng: &mut dyn CryptoRngCore) -> Self {
        Self(Scalar::random(&mut rng))
    }

    /// Decodes a key, 32 bytes big-endian, not zero.
    ///
    /// # Errors
    /// [`Error::Decode`] or [`Error::Misuse`] if it is none.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = Scalar::from_bytes(bytes)?;
        if key.is_zero() { Err(ZERO) } else { Ok(Self(key)) }
    }

    /// The key's encoding. A secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// `z·P2`.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a zero key.
    pub fn public_key(&self) -> Result<NonZeroG2, Error> {
        (G2::generator() * self.0).to_nonzero().ok_or(ZERO)
    }

    /// `w = Z/(z+h)`, in constant time.
    ///
    /// # Errors
    /// [`Error::Misuse`] for h = −z, which no honest key and handle are.
    pub fn witness(&self, accumulator: &FixedPoint, handle: &Scalar) -> Result<NonZeroG1, Error> {
        let inverse = Zeroizing::new((self.0 + *handle).invert().ok_or(NO_WITNESS)?);
        accumulator.mul(&inverse).to_nonzero().ok_or(NO_WITNESS)
    }

    /// The accumulators after each of these handles is revoked, one after the other: `Z_s = Z_{s−1}/(z+h_s)`. In constant time, with one
    /// inversion.
    ///
    /// # Errors
    /// As [`AccumulatorSecretKey::witness`].
    pub fn revoke(&self, accumulator: &FixedPoint, handles: &[Scalar]) -> Result<Vec<NonZeroG1>, Error> {
        // 1/Π over all, then multiplied back from the last to the first.
        let product = Zeroizing::new(handles.iter().fold(Scalar::ONE, |product, handle| product * (self.0 + *handle)));
        let mut inverse = Zeroizing::new(product.invert().ok_or(NO_WITNESS)?);
        let mut chain = Vec::with_capacity(handles.len());
        for handle in handles.iter().rev() {
            chain.push(accumulator.mul(&inverse));
            *inverse *= self.0 + *handle;
        }
        chain.reverse();
        G1::batch_to_nonzero(&chain).into_iter().collect::<Option<_>>().ok_or(NO_WITNESS)
    }
}

impl core::fmt::Debug for AccumulatorSecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("AccumulatorSecretKey(..)")
    }
}

/// The accumulator before anything is revoked: `Z_0 = H1(name ‖ z·P2; MILCHGLAS-V1-ACCUMULATOR)`, so that nobody knows its logarithm.
#[must_use]
pub fn first_accumulator(name: &[u8; 32], key: &NonZeroG2) -> NonZeroG1 {
    G1::hash(Expander::XmdSha256, &[&name[..], &key.to_bytes()].concat(), FIRST_DST)
}

/// What both sides of a proof know: the accumulator Z of one epoch, and the key z·P2.
#[derive(Clone, Debug)]
pub struct Accumulator(SetKey);

impl Accumulator {
    /// An accumulator under a key, which is prepared as `pairing`.
    #[must_use]
    pub fn new(base: FixedPoint, key: NonZeroG2, pairing: Arc<PairingKey>) -> Self {
        Self(SetKey::of_base(base, key, pairing))
    }

    /// Z.
    #[must_use]
    pub fn base(&self) -> &FixedPoint {
        self.0.base()
    }

    /// Checks that w is the witness of a handle: `e(w, z·P2) = e(Z − h·w, P2)`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not.
    pub fn check(&self, w: &NonZeroG1, handle: &Scalar, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let right = G1::from(*self.base().point()) - w * handle;
        let mut system = System::default();
        system.pairing(*w, self.0.pairing(), right.to_nonzero().ok_or(Error::Invalid)?);
        PairingChecks::of(system).check(rng)
    }
}

/// What the holder has: w, and its handle.
pub struct NonRevocationWitness(MemberWitness);

impl NonRevocationWitness {
    /// The witness for a handle.
    #[must_use]
    pub fn new(w: FixedPoint, handle: &Scalar) -> Self {
        Self(MemberWitness::under(w, handle))
    }
}

/// The one input is a handle that has not been revoked.
#[derive(Clone, Copy, Debug)]
pub struct NonRevocation<'a> {
    /// The accumulator of the epoch.
    pub accumulator: &'a Accumulator,
}

impl Statement for NonRevocation<'_> {
    type Witness = NonRevocationWitness;

    fn points(&self) -> usize {
        Member { set: &self.accumulator.0 }.points()
    }

    fn commit(&self, witness: &NonRevocationWitness, rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        Member { set: &self.accumulator.0 }.commit(&witness.0, rng)
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        Member { set: &self.accumulator.0 }.constrain(inputs, points, system)
    }
}

const ZERO: Error = Error::Misuse("an accumulator's key is not zero");
const NO_WITNESS: Error = Error::Misuse("an accumulator's key is not minus a handle");

#[cfg(test)]
mod tests {
    use super::*;
    use milchglas_sigma::{Prover, Transcript, Verifier};
    use rand_core::OsRng;

    struct Scene {
        secret: AccumulatorSecretKey,
        key: NonZeroG2,
    }

    impl Scene {
        fn new() -> Self {
            let secret = AccumulatorSecretKey::random(&mut OsRng);
            let key = secret.public_key().unwrap();
            Self { secret, key }
        }

        fn accumulator(&self, point: &NonZeroG1) -> Accumulator {
            Accumulator::new(FixedPoint::new(point), self.key, Arc::new(PairingKey::new(&self.key)))
        }

        fn first(&self) -> NonZeroG1 {
            first_accumulator(&[1; 32], &self.key)
        }

        fn proof(&self, point: &NonZeroG1, w: &NonZeroG1, h: u64) -> Result<(), Error> {
            let (accumulator, h) = (self.accumulator(point), Scalar::from(h));
            let mut prover = Prover::new(Transcript::new(b"test"), vec![h], b"", &mut OsRng);
            let inputs = prover.inputs();
            let statement = NonRevocation { accumulator: &accumulator };
            prover.add(&statement, &inputs, &NonRevocationWitness::new(FixedPoint::new(w), &h))?;
            let proof = prover.prove(&mut OsRng)?;
            let mut verifier = Verifier::new(Transcript::new(b"test"), 1, &proof);
            let inputs = verifier.inputs();
            verifier.add(&statement, &inputs)?;
            verifier.verify()?.check(&mut OsRng)
        }
    }

    #[test]
    fn follows_its_definition() {
        let scene = Scene::new();
        let z = Scalar::from_bytes(&scene.secret.to_bytes()).unwrap();
        let handles: Vec<Scalar> = (1..=3u64).map(Scalar::from).collect();
        let chain = scene.secret.revoke(&FixedPoint::new(&scene.first()), &handles).unwrap();
        let mut before = scene.first();
        for (handle, after) in handles.iter().zip(&chain) {
            assert_eq!((after * (z + *handle)).to_nonzero().unwrap(), before);
            before = *after;
        }
        assert_eq!(scene.secret.revoke(&FixedPoint::new(&before), &[]).unwrap(), []);
    }

    #[test]
    fn accepts_who_is_not_revoked_and_rejects_old_witnesses() {
        let scene = Scene::new();
        let first = FixedPoint::new(&scene.first());
        let now = scene.secret.revoke(&first, &[Scalar::from(7)]).unwrap()[0];
        let witness =
            |point: &NonZeroG1, h: u64| scene.secret.witness(&FixedPoint::new(point), &Scalar::from(h)).unwrap();
        scene.proof(first.point(), &witness(first.point(), 8), 8).unwrap();
        scene.proof(&now, &witness(&now, 8), 8).unwrap();
        // The revoked one has only its witness of before, which happens to be what is now accumulated.
        assert_eq!(witness(first.point(), 7), now);
        assert!(scene.proof(&now, &now, 7).is_err());
        assert!(scene.proof(&now, &witness(first.point(), 8), 8).is_err());
        assert!(scene.proof(&now, &witness(&now, 8), 9).is_err());
        assert!(scene.accumulator(&now).check(&witness(&now, 8), &Scalar::from(8), &mut OsRng).is_ok());
        assert!(scene.accumulator(&now).check(&witness(&now, 8), &Scalar::from(9), &mut OsRng).is_err());
        assert!(scene.accumulator(&now).check(&witness(first.point(), 8), &Scalar::from(8), &mut OsRng).is_err());
    }

    #[test]
    fn rejects_another_issuers_accumulator() {
        let (scene, other) = (Scene::new(), Scene::new());
        let point = scene.first();
        let w = other.secret.witness(&FixedPoint::new(&point), &Scalar::from(5)).unwrap();
        assert!(scene.proof(&point, &w, 5).is_err());
        assert_ne!(scene.first(), other.first());
        assert_ne!(scene.first(), first_accumulator(&[2; 32], &scene.key));
    }

    #[test]
    fn prints_no_key_and_refuses_zero() {
        assert_eq!(format!("{:?}", Scene::new().secret), "AccumulatorSecretKey(..)");
        assert!(AccumulatorSecretKey::from_bytes(&[0; 32]).is_err());
        let secret = Scene::new().secret;
        let minus = -Scalar::from_bytes(&secret.to_bytes()).unwrap();
        assert!(secret.witness(&FixedPoint::new(&NonZeroG1::generator()), &minus).is_err());
        assert!(secret.revoke(&FixedPoint::new(&NonZeroG1::generator()), &[Scalar::ONE, minus]).is_err());
    }
}
