//! Signing and verifying.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, `Sign`, `Verify`, `CoreSign`, `CoreVerify`, `signature_to_octets`.
//! A = B/(SK + e),  B = P1 + Q_1·domain + Σ H_i·m_i;   checked as e(A, W)·e(e·A − B, P2) = 1.
//! Sent: A, e.  Secret: SK, and from the verifier the messages.
//! Caution: whoever knows signature and messages can prove with them; neither is ever published.

use core::fmt;

use milchglas_curve::{FixedPoint, G1, G2Prepared, NonZeroG1, PublicSum, Scalar, pairing_product_is_one};
use zeroize::Zeroizing;

use crate::{
    error::Error,
    generators::{Generators, take},
    interface::Interface,
    keys::{PublicKey, SecretKey, nonzero_scalar},
};

/// `(A, e)`: A is not the identity and e not zero.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    pub(crate) A: NonZeroG1,
    pub(crate) e: Scalar,
}

impl Signature {
    /// The length of an encoded signature.
    pub const LENGTH: usize = 80;

    /// `octets_to_signature`.
    ///
    /// # Errors
    /// [`Error::Decode`] if the length is not 80, A is not a point of G1 or is the identity, or e is zero or not below r.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        let octets: &[u8; Self::LENGTH] =
            octets.try_into().map_err(|_| milchglas_curve::DecodeError { what: "signature length" })?;
        let mut rest: &[u8] = octets;
        let A = NonZeroG1::from_bytes(take(&mut rest, "signature")?)?;
        let e = nonzero_scalar(take(&mut rest, "signature")?, "signature scalar")?;
        Ok(Self { A, e })
    }

    /// `signature_to_octets`.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut octets = [0; Self::LENGTH];
        octets[..48].copy_from_slice(&self.A.to_bytes());
        octets[48..].copy_from_slice(&self.e.to_bytes());
        octets
    }

    /// The point `A`.
    #[must_use]
    pub fn A(&self) -> &NonZeroG1 {
        &self.A
    }

    /// The scalar `e`.
    #[must_use]
    pub fn e(&self) -> &Scalar {
        &self.e
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl Interface {
    /// `Sign(SK, PK, header, messages)`. The generators may be those of more messages; the first are used.
    ///
    /// `pk` must be the public key of `sk`; with another one the signature will not verify.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`] if there are fewer generators than messages, [`Error::TooManyMessages`], and
    /// [`Error::Unsignable`] if SK = −e.
    pub fn sign(
        &self,
        sk: &SecretKey,
        pk: &PublicKey,
        generators: &Generators,
        header: &[u8],
        messages: &[impl AsRef<[u8]>],
    ) -> Result<Signature, Error> {
        let scalars = Zeroizing::new(self.messages_to_scalars(messages)?);
        self.core_sign(sk, pk, &generators.first(scalars.len())?, header, &scalars)
    }

    /// `Verify(PK, signature, header, messages)`. The generators may be those of more messages; the first are used.
    ///
    /// Variable time in signature and messages.
    ///
    /// # Errors
    /// [`Error::InvalidSignature`] if it does not hold, [`Error::GeneratorCount`] if there are fewer generators than messages, and
    /// [`Error::TooManyMessages`].
    pub fn verify(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[impl AsRef<[u8]>],
    ) -> Result<(), Error> {
        let scalars = self.messages_to_scalars(messages)?;
        self.core_verify_vartime(pk, signature, &generators.first(scalars.len())?, header, &scalars)
    }

    /// `CoreSign` on messages that already are scalars. Constant time in key and messages.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`] if the generators are not exactly as many as the messages, [`Error::Unsignable`] if SK = −e.
    pub fn core_sign(
        &self,
        sk: &SecretKey,
        pk: &PublicKey,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<Signature, Error> {
        generators.check_count(messages.len())?;
        let domain = self.calculate_domain(pk, generators, header);
        let mut e_octets = Zeroizing::new(Vec::with_capacity(32 * (messages.len() + 2)));
        e_octets.extend_from_slice(&*sk.to_bytes());
        for m in messages {
            e_octets.extend_from_slice(&m.to_bytes());
        }
        e_octets.extend_from_slice(&domain.to_bytes());
        let e = self.hash_to_scalar(&e_octets);

        // The division is taken into the scalars, so that one sum over fixed points gives A.
        let inverse = Zeroizing::new(sk.inverse_of_sum(&e)?);
        let mut scalars = Zeroizing::new(messages.to_vec());
        for scalar in scalars.iter_mut() {
            *scalar *= *inverse;
        }
        let (points, scalars) = generators.terms(*inverse, &domain, &scalars);
        signature(FixedPoint::msm(&points, &scalars), e)
    }

    /// The last step of signing a point whose messages the signer need not know: `A = B/(SK + e)` with
    /// `e = hash_to_scalar(SK || B)`, as `FinalizeBlindSign` derives it.
    ///
    /// # Security
    /// `B` must include `Q_1·domain` of the right key and header, and its unknown part must come with a proof that its
    /// sender knows the opening over the right generators. Signing an arbitrary point signs messages nobody checked.
    ///
    /// # Errors
    /// [`Error::Unsignable`] if B is the identity or SK = −e.
    pub fn sign_point(&self, sk: &SecretKey, B: &G1) -> Result<Signature, Error> {
        let e_octets = Zeroizing::new([&sk.to_bytes()[..], &B.to_bytes()[..]].concat());
        let e = self.hash_to_scalar(&e_octets);
        let inverse = Zeroizing::new(sk.inverse_of_sum(&e)?);
        signature(*B * *inverse, e)
    }

    /// `CoreVerify` on messages that already are scalars. Constant time in the messages: for whoever received a
    /// signature on secrets of its own.
    ///
    /// # Errors
    /// [`Error::InvalidSignature`] if it does not hold, [`Error::GeneratorCount`] if the generators are not exactly as many as the messages.
    pub fn core_verify(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<(), Error> {
        let expected = |domain: &Scalar| generators.sum(domain, messages) - signature.A * signature.e;
        self.core_verify_with(expected, pk, signature, generators, header, messages)
    }

    /// [`core_verify`](Self::core_verify) in variable time, for messages that are no secrets.
    ///
    /// # Errors
    /// As [`core_verify`](Self::core_verify).
    pub fn core_verify_vartime(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<(), Error> {
        let expected = |domain: &Scalar| {
            let (points, scalars) = generators.terms(Scalar::ONE, domain, messages);
            let mut sum = PublicSum::with_room(points.len() + 1);
            points.iter().zip(&**scalars).for_each(|(point, scalar)| sum.add_fixed(point, *scalar));
            sum.add(&signature.A, -signature.e);
            sum.finish_vartime()
        };
        self.core_verify_with(expected, pk, signature, generators, header, messages)
    }

    /// `expected` computes `B − e·A` from the domain.
    fn core_verify_with(
        &self,
        expected: impl FnOnce(&Scalar) -> G1,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<(), Error> {
        generators.check_count(messages.len())?;
        let domain = self.calculate_domain(pk, generators, header);
        let terms = [(signature.A.into(), pk.prepared()), (-expected(&domain), G2Prepared::generator())];
        if pairing_product_is_one(&terms) { Ok(()) } else { Err(Error::InvalidSignature) }
    }
}

/// A signature from its computed parts.
fn signature(A: G1, e: Scalar) -> Result<Signature, Error> {
    match A.to_nonzero() {
        Some(A) if !e.is_zero() => Ok(Signature { A, e }),
        Some(_) | None => Err(Error::Unsignable),
    }
}
