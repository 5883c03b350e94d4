//! Proofs of knowledge of a signature that disclose some messages and hide the others.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, `ProofGen`, `ProofVerify`, their core operations, `proof_to_octets`.
//! PoK{(e, r1, r3, m_j): B̄ = r1·D − e·Ā  ∧  P1 + Q_1·domain + Σ_disclosed H_i·m_i = r3·D − Σ_hidden H_j·m_j},
//! with D = r2·B, Ā = r1·r2·A, r3 = 1/r2, and e(Ā, W) = e(B̄, P2).
//! Public: the key, header, presentation header, disclosed messages and their indexes.  Sent: Ā, B̄, D, the responses, the challenge.
//! Secret: A, e, r1, r2, the hidden messages, every nonce.
//! Caution: a nonce used twice, or known, reveals what it hides.

use core::fmt;

use milchglas_curve::{
    DecodeError, FixedPoint, G1, G2Prepared, NonZeroG1, PublicSum, Scalar, SecretSum, pairing_product_is_one,
};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    generators::{Generators, MAX_MESSAGES, take},
    interface::{Interface, length},
    keys::{PublicKey, nonzero_scalar},
    random_scalars::calculate_random_scalars,
    signature::Signature,
};

/// A proof: three points that are not the identity, and scalars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    A_bar: NonZeroG1,
    B_bar: NonZeroG1,
    D: NonZeroG1,
    e_hat: Scalar,
    r1_hat: Scalar,
    r3_hat: Scalar,
    m_hat: Vec<Scalar>,
    challenge: Scalar,
}

impl Proof {
    /// The length of a proof that hides no message; each hidden one adds 32 octets.
    pub const MIN_LENGTH: usize = 3 * 48 + 4 * 32;

    /// `octets_to_proof`.
    ///
    /// # Errors
    /// [`Error::Decode`] if the length is none that a proof can have, a point is not in G1 or is the identity, or a scalar is zero or
    /// not below r.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        let U = response_count(octets.len(), Self::MIN_LENGTH, "proof length")?;
        let mut rest = octets;
        let mut point = || take(&mut rest, "proof").copied();
        let points = NonZeroG1::from_bytes_many(&[point()?, point()?, point()?])?;
        let [A_bar, B_bar, D] = <[NonZeroG1; 3]>::try_from(points).map_err(|_| DecodeError { what: "proof" })?;
        let mut scalar = || nonzero_scalar(take(&mut rest, "proof")?, "proof scalar");
        let (e_hat, r1_hat, r3_hat) = (scalar()?, scalar()?, scalar()?);
        let m_hat = (0..U).map(|_| scalar()).collect::<Result<_, _>>()?;
        Ok(Self { A_bar, B_bar, D, e_hat, r1_hat, r3_hat, m_hat, challenge: scalar()? })
    }

    /// `proof_to_octets`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(Self::MIN_LENGTH + 32 * self.m_hat.len());
        for point in [&self.A_bar, &self.B_bar, &self.D] {
            octets.extend_from_slice(&point.to_bytes());
        }
        let scalars = [&self.e_hat, &self.r1_hat, &self.r3_hat].into_iter().chain(&self.m_hat).chain([&self.challenge]);
        for scalar in scalars {
            octets.extend_from_slice(&scalar.to_bytes());
        }
        octets
    }

    /// U, the number of messages that the proof hides.
    #[must_use]
    pub fn undisclosed_count(&self) -> usize {
        self.m_hat.len()
    }
}

impl Interface {
    /// `ProofGen(PK, signature, header, ph, messages, disclosed_indexes)`. Indexes count from 0, strictly ascending. The
    /// generators may be those of more messages; the first are used.
    ///
    /// The signature is not checked; with a wrong one the proof will not verify. Constant time in signature and messages,
    /// except for the hashing of messages, whose time shows their length.
    ///
    /// # Errors
    /// [`Error::Indexes`], [`Error::GeneratorCount`], [`Error::TooManyMessages`] for input that does not fit together, [`Error::Randomness`]
    /// if the generator of random numbers fails.
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn proof_gen(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        ph: &[u8],
        messages: &[impl AsRef<[u8]>],
        disclosed_indexes: &[usize],
        rng: &mut (impl CryptoRngCore + ?Sized),
    ) -> Result<Proof, Error> {
        let scalars = Zeroizing::new(self.messages_to_scalars(messages)?);
        let generators = generators.first(scalars.len())?;
        self.core_proof_gen(pk, signature, &generators, header, ph, &scalars, disclosed_indexes, rng)
    }

    /// `ProofVerify(PK, proof, header, ph, disclosed_messages, disclosed_indexes)`. The total number of messages is that of
    /// hidden ones in the proof and disclosed ones. The generators may be those of more messages; the first are used.
    ///
    /// Variable time: all its input is public.
    ///
    /// # Errors
    /// [`Error::InvalidProof`] if it does not hold; [`Error::Indexes`], [`Error::DisclosedCount`], [`Error::GeneratorCount`],
    /// [`Error::TooManyMessages`] for input that does not fit together.
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn proof_verify(
        &self,
        pk: &PublicKey,
        proof: &Proof,
        generators: &Generators,
        header: &[u8],
        ph: &[u8],
        disclosed_messages: &[impl AsRef<[u8]>],
        disclosed_indexes: &[usize],
    ) -> Result<(), Error> {
        let scalars = self.messages_to_scalars(disclosed_messages)?;
        let generators = generators.first(proof.undisclosed_count() + disclosed_indexes.len())?;
        self.core_proof_verify(pk, proof, &generators, header, ph, &scalars, disclosed_indexes)
    }

    /// `CoreProofGen` on messages that already are scalars.
    ///
    /// Draws `5 + U` scalars, each from 64 octets of `rng` taken as a big-endian number modulo r, in the draft's order:
    /// r1, r2, ẽ, r̃1, r̃3, m̃_j.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`] if the generators are not exactly as many as the messages; otherwise as [`proof_gen`](Self::proof_gen).
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn core_proof_gen(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        ph: &[u8],
        messages: &[Scalar],
        disclosed_indexes: &[usize],
        rng: &mut (impl CryptoRngCore + ?Sized),
    ) -> Result<Proof, Error> {
        self.prepare_signature(pk, signature, generators, header, messages)?.proof_gen(ph, disclosed_indexes, rng)
    }

    /// What all proofs from one signature share, computed once. Constant time in signature and messages.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`] if the generators are not exactly as many as the messages; [`Error::Unsignable`] for messages whose
    /// point B is the identity, which nobody can find.
    pub fn prepare_signature(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<PreparedSignature, Error> {
        generators.check_count(messages.len())?;
        let domain = self.calculate_domain(pk, generators, header);
        let B = generators.sum(&domain, messages).to_nonzero().ok_or(Error::Unsignable)?;
        Ok(PreparedSignature {
            interface: self.clone(),
            generators: generators.clone(),
            A: FixedPoint::new(&signature.A),
            B: FixedPoint::new(&B),
            e: Zeroizing::new(signature.e),
            domain,
            messages: Zeroizing::new(messages.to_vec()),
        })
    }

    /// `CoreProofVerify` on disclosed messages that already are scalars.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`] if the generators are not exactly as many as hidden and disclosed messages; otherwise as
    /// [`proof_verify`](Self::proof_verify).
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn core_proof_verify(
        &self,
        pk: &PublicKey,
        proof: &Proof,
        generators: &Generators,
        header: &[u8],
        ph: &[u8],
        disclosed_messages: &[Scalar],
        disclosed_indexes: &[usize],
    ) -> Result<(), Error> {
        if disclosed_messages.len() != disclosed_indexes.len() {
            return Err(Error::DisclosedCount);
        }
        let L = proof.m_hat.len() + disclosed_indexes.len();
        generators.check_count(L)?;
        let undisclosed_indexes = undisclosed(L, disclosed_indexes)?;
        let domain = self.calculate_domain(pk, generators, header);
        let c = proof.challenge;

        let mut T1 = PublicSum::with_room(3);
        for (point, scalar) in [(&proof.B_bar, c), (&proof.A_bar, proof.e_hat), (&proof.D, proof.r1_hat)] {
            T1.add(point, scalar);
        }

        // T2 = c·(P1 + Q_1·domain + Σ_disclosed H_i·m_i) + r̂3·D + Σ_hidden H_j·m̂_j, as one sum.
        let mut scalars = vec![Scalar::ZERO; L];
        let disclosed = disclosed_indexes.iter().zip(disclosed_messages.iter().map(|m| *m * c));
        for (i, scalar) in disclosed.chain(undisclosed_indexes.iter().zip(proof.m_hat.iter().copied())) {
            *scalars.get_mut(*i).ok_or(Error::Indexes)? = scalar;
        }
        let (points, scalars) = generators.terms(c, &domain, &scalars);
        let mut T2 = PublicSum::with_room(points.len() + 1);
        points.iter().zip(&**scalars).for_each(|(point, scalar)| T2.add_fixed(point, *scalar));
        T2.add(&proof.D, proof.r3_hat);

        let [T1, T2] = G1::batch_to_nonzero(&PublicSum::finish_all_vartime(&[T1, T2]))[..] else {
            return Err(Error::InvalidProof);
        };
        let [T1, T2] = [T1, T2].map(|T| T.map_or_else(|| G1::identity().to_bytes(), |T| T.to_bytes()));
        let points = [proof.A_bar.to_bytes(), proof.B_bar.to_bytes(), proof.D.to_bytes(), T1, T2];
        if self.proof_challenge(disclosed_indexes, disclosed_messages, &points, &domain, ph) != c {
            return Err(Error::InvalidProof);
        }
        let terms = [(G1::from(proof.A_bar), pk.prepared()), (-G1::from(proof.B_bar), G2Prepared::generator())];
        if pairing_product_is_one(&terms) { Ok(()) } else { Err(Error::InvalidProof) }
    }

    /// `ProofChallengeCalculate` over the encoded Ā, B̄, D, T1, T2.
    fn proof_challenge(
        &self,
        disclosed_indexes: &[usize],
        disclosed_messages: &[Scalar],
        points: &[[u8; 48]; 5],
        domain: &Scalar,
        ph: &[u8],
    ) -> Scalar {
        let mut octets = Vec::with_capacity(8 + 40 * disclosed_indexes.len() + 5 * 48 + 32 + 8 + ph.len());
        octets.extend_from_slice(&length(disclosed_indexes.len()));
        for (i, m) in disclosed_indexes.iter().zip(disclosed_messages) {
            octets.extend_from_slice(&length(*i));
            octets.extend_from_slice(&m.to_bytes());
        }
        octets.extend_from_slice(points.as_flattened());
        octets.extend_from_slice(&domain.to_bytes());
        octets.extend_from_slice(&length(ph.len()));
        octets.extend_from_slice(ph);
        self.hash_to_scalar(&octets)
    }
}

/// A signature and what it signs, ready for many proofs.
///
/// Its two points build tables once a few proofs were made; see [`FixedPoint`]. Keep the object to keep that work. The scalars are
/// erased when it is dropped; the points of a signature are not.
pub struct PreparedSignature {
    interface: Interface,
    generators: Generators,
    A: FixedPoint,
    B: FixedPoint,
    e: Zeroizing<Scalar>,
    domain: Scalar,
    messages: Zeroizing<Vec<Scalar>>,
}

impl PreparedSignature {
    /// Builds now, in idle time, the tables for proving: its own, about 0.6 ms and 130 KiB, and those of the generators.
    pub fn prepare_for_proving(&self) {
        FixedPoint::prepare_for_proving([&self.A, &self.B]);
        self.generators.prepare_for_secrets();
    }

    /// `CoreProofGen`. Draws from `rng` as [`Interface::core_proof_gen`] does, and gives the same proof.
    ///
    /// # Errors
    /// [`Error::Indexes`] for indexes that are not ascending and below the number of messages; [`Error::Randomness`] if the generator
    /// of random numbers fails.
    pub fn proof_gen(
        &self,
        ph: &[u8],
        disclosed_indexes: &[usize],
        rng: &mut (impl CryptoRngCore + ?Sized),
    ) -> Result<Proof, Error> {
        let undisclosed_indexes = undisclosed(self.messages.len(), disclosed_indexes)?;
        let random_scalars = calculate_random_scalars(5 + undisclosed_indexes.len(), rng)?;
        let [r1, r2, e_tilde, r1_tilde, r3_tilde, m_tilde @ ..] = random_scalars.as_slice() else {
            return Err(Error::Randomness);
        };
        let r3 = Zeroizing::new(r2.invert().ok_or(Error::Randomness)?);

        // ProofInit, with Ā = r1·r2·A and D = r2·B put in wherever they are multiplied, so that only fixed points are.
        let r = Zeroizing::new(*r1 * *r2);
        let combine = |a: Option<Scalar>, b: Option<Scalar>| {
            let mut sum = SecretSum::with_room(2 + m_tilde.len());
            if let Some(a) = a {
                sum.add_fixed(&self.A, a);
            }
            if let Some(b) = b {
                sum.add_fixed(&self.B, b);
            }
            sum
        };
        let A_bar = combine(Some(*r), None).finish();
        let B_bar = combine(Some(-(*r * *self.e)), Some(*r)).finish();
        let D = combine(None, Some(*r2)).finish();
        let T1 = combine(Some(*e_tilde * *r), Some(*r1_tilde * *r2)).finish();
        let mut T2 = combine(None, Some(*r3_tilde * *r2));
        for (&j, m_tilde) in undisclosed_indexes.iter().zip(m_tilde) {
            T2.add_fixed(self.generators.fixed_points().get(j + 2).ok_or(Error::Indexes)?, *m_tilde);
        }
        let [Some(A_bar), Some(B_bar), Some(D), Some(T1), Some(T2)] =
            G1::batch_to_nonzero(&[A_bar, B_bar, D, T1, T2.finish()])[..]
        else {
            return Err(Error::Randomness);
        };

        let disclosed_messages = select(&self.messages, disclosed_indexes)?;
        let points = [A_bar, B_bar, D, T1, T2].map(|point| point.to_bytes());
        let challenge =
            self.interface.proof_challenge(disclosed_indexes, &disclosed_messages, &points, &self.domain, ph);

        // ProofFinalize
        let undisclosed_messages = Zeroizing::new(select(&self.messages, &undisclosed_indexes)?);
        let m_hat = m_tilde.iter().zip(undisclosed_messages.iter()).map(|(tilde, m)| *tilde + *m * challenge).collect();
        Ok(Proof {
            A_bar,
            B_bar,
            D,
            e_hat: *e_tilde + *self.e * challenge,
            r1_hat: *r1_tilde - *r1 * challenge,
            r3_hat: *r3_tilde - *r3 * challenge,
            m_hat,
            challenge,
        })
    }
}

impl fmt::Debug for PreparedSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedSignature(..)")
    }
}

/// The number of 32-octet responses beyond `floor` octets.
pub(crate) fn response_count(octets: usize, floor: usize, what: &'static str) -> Result<usize, DecodeError> {
    match octets.checked_sub(floor) {
        Some(responses) if responses % 32 == 0 && responses / 32 <= MAX_MESSAGES => Ok(responses / 32),
        Some(_) | None => Err(DecodeError { what }),
    }
}

/// The indexes below `L` that are not disclosed, in order.
fn undisclosed(L: usize, disclosed_indexes: &[usize]) -> Result<Vec<usize>, Error> {
    let ascending = disclosed_indexes.is_sorted_by(|a, b| a < b);
    if !ascending || disclosed_indexes.last().is_some_and(|last| *last >= L) {
        return Err(Error::Indexes);
    }
    let mut disclosed = disclosed_indexes.iter().copied().peekable();
    Ok((0..L).filter(|i| disclosed.next_if_eq(i).is_none()).collect())
}

/// The items at these indexes.
fn select<T: Copy>(items: &[T], indexes: &[usize]) -> Result<Vec<T>, Error> {
    indexes.iter().map(|i| items.get(*i).copied().ok_or(Error::Indexes)).collect()
}
