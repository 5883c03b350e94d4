//! Blind issuance: a signature on messages of which the signer sees some only as a commitment.
//!
//! Source: draft-irtf-cfrg-bbs-blind-signatures-02, `Commit`, `BlindSign`, `VerifyBlindSign`, `BlindProofGen`,
//! `BlindProofVerify`.   PoK{(s, m_i): C = Q_2·s + Σ J_i·m_i};   A = B/(SK + e) with B = P1 + Q_1·domain + Σ H_i·m_i + C.
//! Sent by the prover: C and its proof; by the signer: A, e.  Secret: the committed messages and `secret_prover_blind` s.
//! The signed messages are, in this order: the signer's, s, the committed ones.
//! Caution: a commitment's proof names no session. A replayed commitment yields a signature that only the one who made
//! it can use, but the signer that wants to know with whom it speaks must bind the exchange itself.

use core::fmt;

use milchglas_curve::{G1, NonZeroG1, Scalar};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    ciphersuite::Ciphersuite,
    error::Error,
    generators::{Generators, take},
    interface::{Interface, length},
    keys::{PublicKey, SecretKey, nonzero_scalar},
    proof::{Proof, response_count},
    random_scalars::calculate_random_scalars,
    signature::Signature,
};

/// The interface for blind signatures: an [`Interface`] for the signer's side and, under `"BLIND_" || api_id`, the
/// generators of the prover's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindInterface {
    interface: Interface,
}

/// `Q_2` and `J_1 … J_M`, the points of a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindGenerators {
    /// `Q_2, J_1, …, J_M`: never empty.
    points: Vec<NonZeroG1>,
}

impl BlindGenerators {
    /// M, the number of committed messages that these generators serve.
    #[must_use]
    pub fn message_count(&self) -> usize {
        self.points.len() - 1
    }

    /// `Q_2, J_1, …, J_M`.
    #[must_use]
    pub fn points(&self) -> &[NonZeroG1] {
        &self.points
    }

    /// The points for the first `M` committed messages only.
    fn first(&self, M: usize) -> Result<&[NonZeroG1], Error> {
        self.points.get(..M.saturating_add(1)).ok_or(Error::GeneratorCount)
    }
}

/// `secret_prover_blind`, the scalar that hides a commitment's content. Erased when dropped.
pub struct SecretProverBlind(Scalar);

impl SecretProverBlind {
    /// Reads 32 octets, big-endian.
    ///
    /// # Errors
    /// [`Error::Decode`] if the value is zero or not below r.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, Error> {
        Ok(Self(nonzero_scalar(octets, "secret prover blind")?))
    }

    /// The scalar as 32 octets, big-endian; erased when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl Drop for SecretProverBlind {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretProverBlind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretProverBlind(..)")
    }
}

/// A commitment and the proof that its maker can open it: what the prover sends to the signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentWithProof {
    C: NonZeroG1,
    s_hat: Scalar,
    m_hat: Vec<Scalar>,
    challenge: Scalar,
}

impl CommitmentWithProof {
    /// The length of a commitment to no message; each message adds 32 octets.
    pub const MIN_LENGTH: usize = 48 + 2 * 32;

    /// `octets_to_commitment_with_proof`. The proof is not checked yet.
    ///
    /// # Errors
    /// [`Error::Decode`] if the length is none that a commitment can have, the point is not in G1 or is the identity, or a scalar is
    /// zero or not below r.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        let M = response_count(octets.len(), Self::MIN_LENGTH, "commitment length")?;
        let mut rest = octets;
        let C = NonZeroG1::from_bytes(take(&mut rest, "commitment")?)?;
        let mut scalar = || nonzero_scalar(take(&mut rest, "commitment")?, "commitment scalar");
        let s_hat = scalar()?;
        let m_hat = (0..M).map(|_| scalar()).collect::<Result<_, _>>()?;
        Ok(Self { C, s_hat, m_hat, challenge: scalar()? })
    }

    /// `commitment_with_proof_to_octets`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(Self::MIN_LENGTH + 32 * self.m_hat.len());
        octets.extend_from_slice(&self.C.to_bytes());
        for scalar in [&self.s_hat].into_iter().chain(&self.m_hat).chain([&self.challenge]) {
            octets.extend_from_slice(&scalar.to_bytes());
        }
        octets
    }

    /// M, the number of committed messages. A signer that expects a certain number compares it before signing.
    #[must_use]
    pub fn message_count(&self) -> usize {
        self.m_hat.len()
    }

    /// The commitment `C` itself.
    #[must_use]
    pub fn C(&self) -> &NonZeroG1 {
        &self.C
    }
}

impl BlindInterface {
    /// The draft's interface, `api_id = ciphersuite_id || "BLIND_H2G_HM2S_"`.
    #[must_use]
    pub fn blind_hm2s(suite: Ciphersuite) -> Self {
        let api_id = [suite.id(), "BLIND_H2G_HM2S_"].concat();
        Self { interface: Interface::with_known_id(suite, api_id.into_bytes()) }
    }

    /// Blind issuance under an interface with an identifier of the caller's.
    #[must_use]
    pub fn new(interface: Interface) -> Self {
        Self { interface }
    }

    /// The interface of the signer's messages, whose core operations also serve the finished signature.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// `Q_1` and one generator for each of the signer's `L` messages.
    ///
    /// # Errors
    /// [`Error::TooManyMessages`].
    pub fn create_generators(&self, L: usize) -> Result<Generators, Error> {
        self.interface.create_generators(L)
    }

    /// `Q_2` and one generator for each of `M` committed messages.
    ///
    /// # Errors
    /// [`Error::TooManyMessages`].
    pub fn create_blind_generators(&self, M: usize) -> Result<BlindGenerators, Error> {
        let api_id = [b"BLIND_", self.interface.api_id()].concat();
        let generators = Generators::create(self.interface.suite(), &api_id, M)?;
        Ok(BlindGenerators { points: generators.points().get(1..).unwrap_or_default().to_vec() })
    }

    /// `Commit(committed_messages)`: what to send to the signer, and the secret to keep. The generators may be those of
    /// more messages.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`], [`Error::TooManyMessages`], [`Error::Randomness`].
    pub fn commit(
        &self,
        blind_generators: &BlindGenerators,
        committed_messages: &[impl AsRef<[u8]>],
        rng: &mut (impl CryptoRngCore + ?Sized),
    ) -> Result<(CommitmentWithProof, SecretProverBlind), Error> {
        let scalars = Zeroizing::new(self.interface.messages_to_scalars(committed_messages)?);
        self.core_commit(blind_generators, &scalars, rng)
    }

    /// `CoreCommit` on messages that already are scalars. Constant time in them.
    ///
    /// Draws `M + 2` scalars in the draft's order: `secret_prover_blind`, s̃, m̃_i.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`], [`Error::Randomness`].
    pub fn core_commit(
        &self,
        blind_generators: &BlindGenerators,
        committed_messages: &[Scalar],
        rng: &mut (impl CryptoRngCore + ?Sized),
    ) -> Result<(CommitmentWithProof, SecretProverBlind), Error> {
        let points = blind_generators.first(committed_messages.len())?;
        let random_scalars = calculate_random_scalars(committed_messages.len() + 2, rng)?;
        let [secret_prover_blind, nonces @ ..] = random_scalars.as_slice() else {
            return Err(Error::Randomness);
        };
        let secrets = Zeroizing::new([&[*secret_prover_blind], committed_messages].concat());
        let C = G1::msm(points, &secrets).to_nonzero().ok_or(Error::Randomness)?;
        let C_bar = G1::msm(points, nonces);
        let challenge = self.calculate_blind_challenge(points, &C, &C_bar);
        let mut responses = nonces.iter().zip(secrets.iter()).map(|(tilde, secret)| *tilde + *secret * challenge);
        let s_hat = responses.next().ok_or(Error::Randomness)?;
        let commitment = CommitmentWithProof { C, s_hat, m_hat: responses.collect(), challenge };
        Ok((commitment, SecretProverBlind(*secret_prover_blind)))
    }

    /// `CoreCommitVerify`: checks that whoever made the commitment can open it. Variable time: its input is public.
    ///
    /// # Errors
    /// [`Error::InvalidCommitment`] if the proof does not hold, [`Error::GeneratorCount`] if there are fewer generators than committed
    /// messages.
    pub fn core_commit_verify(
        &self,
        blind_generators: &BlindGenerators,
        commitment: &CommitmentWithProof,
    ) -> Result<(), Error> {
        let points = blind_generators.first(commitment.message_count())?;
        let mut scalars = vec![commitment.s_hat];
        scalars.extend_from_slice(&commitment.m_hat);
        scalars.push(-commitment.challenge);
        let C_bar = G1::msm_vartime(&[points, &[commitment.C]].concat(), &scalars);
        if self.calculate_blind_challenge(points, &commitment.C, &C_bar) == commitment.challenge {
            Ok(())
        } else {
            Err(Error::InvalidCommitment)
        }
    }

    /// `BlindSign(SK, PK, commitment_with_proof, header, messages)`: checks the commitment's proof, then signs.
    ///
    /// Both kinds of generators may be those of more messages; the first are used. `pk` must be the public key of `sk`.
    ///
    /// # Errors
    /// [`Error::InvalidCommitment`] if the commitment's proof does not hold; [`Error::GeneratorCount`], [`Error::TooManyMessages`],
    /// [`Error::Unsignable`].
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn blind_sign(
        &self,
        sk: &SecretKey,
        pk: &PublicKey,
        generators: &Generators,
        blind_generators: &BlindGenerators,
        commitment: Option<&CommitmentWithProof>,
        header: &[u8],
        messages: &[impl AsRef<[u8]>],
    ) -> Result<Signature, Error> {
        let mut M = 0;
        let mut C = G1::identity();
        if let Some(commitment) = commitment {
            self.core_commit_verify(blind_generators, commitment)?;
            M = commitment.message_count();
            C = G1::from(commitment.C);
        }
        let scalars = Zeroizing::new(self.interface.messages_to_scalars(messages)?);
        let generators = generators.first(scalars.len())?;
        let all_generators = generators.append(blind_generators.first(M)?);

        let domain = self.interface.calculate_domain(pk, &all_generators, header);
        let B = generators.sum(&domain, &scalars) + C;
        self.interface.sign_point(sk, &B)
    }

    /// `VerifyBlindSign`: the prover's check of what it received. Without a commitment, no committed messages and no
    /// `secret_prover_blind`. Constant time in the messages' scalars.
    ///
    /// # Errors
    /// [`Error::InvalidSignature`] if it does not hold; [`Error::GeneratorCount`], [`Error::TooManyMessages`].
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn verify_blind_sign(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        blind_generators: &BlindGenerators,
        header: &[u8],
        messages: &[impl AsRef<[u8]>],
        committed_messages: &[impl AsRef<[u8]>],
        secret_prover_blind: Option<&SecretProverBlind>,
    ) -> Result<(), Error> {
        let (all_generators, scalars) =
            self.prepare(generators, blind_generators, messages, committed_messages, secret_prover_blind)?;
        self.interface.core_verify(pk, signature, &all_generators, header, &scalars)
    }

    /// `BlindProofGen`: a proof from a blind signature. Indexes count from 0 among the signer's messages and among the
    /// committed ones, each strictly ascending; `secret_prover_blind` is never disclosed.
    ///
    /// # Errors
    /// As [`Interface::proof_gen`].
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn blind_proof_gen(
        &self,
        pk: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        blind_generators: &BlindGenerators,
        header: &[u8],
        ph: &[u8],
        messages: &[impl AsRef<[u8]>],
        committed_messages: &[impl AsRef<[u8]>],
        disclosed_indexes: &[usize],
        disclosed_commitment_indexes: &[usize],
        secret_prover_blind: Option<&SecretProverBlind>,
        rng: &mut (impl CryptoRngCore + ?Sized),
    ) -> Result<Proof, Error> {
        let (all_generators, scalars) =
            self.prepare(generators, blind_generators, messages, committed_messages, secret_prover_blind)?;
        let indexes = combine(messages.len(), disclosed_indexes, disclosed_commitment_indexes)?;
        self.interface.core_proof_gen(pk, signature, &all_generators, header, ph, &scalars, &indexes, rng)
    }

    /// `BlindProofVerify`, with `L` the number of the signer's messages.
    ///
    /// # Errors
    /// As [`Interface::proof_verify`].
    #[allow(clippy::too_many_arguments)] // the draft's own inputs
    pub fn blind_proof_verify(
        &self,
        pk: &PublicKey,
        proof: &Proof,
        generators: &Generators,
        blind_generators: &BlindGenerators,
        header: &[u8],
        ph: &[u8],
        L: usize,
        disclosed_messages: &[impl AsRef<[u8]>],
        disclosed_committed_messages: &[impl AsRef<[u8]>],
        disclosed_indexes: &[usize],
        disclosed_commitment_indexes: &[usize],
    ) -> Result<(), Error> {
        if disclosed_messages.len() != disclosed_indexes.len()
            || disclosed_committed_messages.len() != disclosed_commitment_indexes.len()
        {
            return Err(Error::DisclosedCount);
        }
        let indexes = combine(L, disclosed_indexes, disclosed_commitment_indexes)?;
        // All messages are L of the signer's, secret_prover_blind, and M committed ones.
        let total = proof.undisclosed_count() + indexes.len();
        let M = total.checked_sub(L).and_then(|rest| rest.checked_sub(1)).ok_or(Error::Indexes)?;
        let all_generators = generators.first(L)?.append(blind_generators.first(M)?);
        let mut scalars = self.interface.messages_to_scalars(disclosed_messages)?;
        scalars.extend(self.interface.messages_to_scalars(disclosed_committed_messages)?);
        self.interface.core_proof_verify(pk, proof, &all_generators, header, ph, &scalars, &indexes)
    }

    /// `prepare_parameters`: all generators, and all messages as scalars with `secret_prover_blind` between the signer's and the committed.
    fn prepare(
        &self,
        generators: &Generators,
        blind_generators: &BlindGenerators,
        messages: &[impl AsRef<[u8]>],
        committed_messages: &[impl AsRef<[u8]>],
        secret_prover_blind: Option<&SecretProverBlind>,
    ) -> Result<(Generators, Zeroizing<Vec<Scalar>>), Error> {
        let all_generators =
            generators.first(messages.len())?.append(blind_generators.first(committed_messages.len())?);
        let signers = Zeroizing::new(self.interface.messages_to_scalars(messages)?);
        let committed = Zeroizing::new(self.interface.messages_to_scalars(committed_messages)?);
        let blind = Zeroizing::new([secret_prover_blind.map_or(Scalar::ZERO, |blind| blind.0)]);
        Ok((all_generators, Zeroizing::new([&signers[..], &blind[..], &committed[..]].concat())))
    }

    /// `calculate_blind_challenge`.
    fn calculate_blind_challenge(&self, points: &[NonZeroG1], C: &NonZeroG1, C_bar: &G1) -> Scalar {
        let mut octets = Vec::with_capacity(8 + 48 * (points.len() + 2));
        octets.extend_from_slice(&length(points.len() - 1));
        for point in points.iter().chain([C]) {
            octets.extend_from_slice(&point.to_bytes());
        }
        octets.extend_from_slice(&C_bar.to_bytes());
        self.interface.hash_to_scalar(&octets)
    }
}

/// The indexes among all signed messages: the signer's `L` come first, then `secret_prover_blind`, then the committed.
fn combine(L: usize, disclosed: &[usize], disclosed_commitment: &[usize]) -> Result<Vec<usize>, Error> {
    if disclosed.iter().any(|i| *i >= L) {
        return Err(Error::Indexes);
    }
    let offset = L.checked_add(1).ok_or(Error::Indexes)?;
    let committed = disclosed_commitment.iter().map(|j| offset.checked_add(*j).ok_or(Error::Indexes));
    disclosed.iter().copied().map(Ok).chain(committed).collect()
}
