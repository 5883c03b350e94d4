//! Issuing: invitation, application, answer. The issuer never learns the holder secret.
//!
//! ```text
//! issuer → wallet   invitation    a nonce, the schema, the parameters, signed by the issuer
//! wallet → issuer   application   K = k·H_1, N = k·H1(registry), PoK{k}, an address for the answer
//! issuer → wallet   answer        the credential, encrypted to that address (not here: transport is the roles')
//! ```
//!
//! Spec: `spec/issuance.md`. k is uniformly random, so K needs no further blinding. N is the name under which the issuer's
//! registry knows the holder: one secret a person, one person a secret.
//!
//! Caution: whoever answers an invitation gets the credential of the person it was made for. It is handed to that person.
//! Not here: who the person is, the registry, encryption.

use ed25519_dalek::{Signature as IdentitySignature, Signer, SigningKey, VerifyingKey};
use milchglas_bbs::SecretKey;
use milchglas_curve::{G1, NonZeroG1, SecretSum};
use milchglas_sigma::{Prover, Transcript, Verifier};
use milchglas_statements::Opening;
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::cbor::{self, Reader, Wire, Writer};
use crate::claim::{Claims, to_scalar};
use crate::credential::{Credential, Handle, HolderSecret};
use crate::date::Timestamp;
use crate::digest::{ApplicationDigest, InvitationNonce, IssuerFingerprint, ParametersDigest, SchemaDigest};
use crate::error::{DecodeError, Error};
use crate::issuer_key::CredentialKey;
use crate::parameters::Parameters;
use crate::revocation::Witness;
use crate::schema::{ClaimIndex, HANDLE_MESSAGE, Schema};

const INVITATION_TAG: &[u8] = b"milchglas invitation/1 signature";
const MAX_INVITATION: usize = 512;
const MAX_APPLICATION: usize = 2048;
const MAX_REPLY_TO: usize = 512;
const MAX_ANSWER: usize = 1 << 17;

/// An issuer's invitation to apply for one credential, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The issuer.
    pub issuer: IssuerFingerprint,
    /// The parameters under which the credential will be issued.
    pub parameters: ParametersDigest,
    /// The schema of the credential.
    pub schema: SchemaDigest,
    /// What makes it unique.
    pub nonce: InvitationNonce,
    /// When it ends.
    pub expires: Timestamp,
}

impl Wire for Invitation {
    fn write(&self, out: &mut Writer) {
        out.array(5).object(&self.issuer).object(&self.parameters).object(&self.schema);
        out.object(&self.nonce).object(&self.expires);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(5, "an invitation")?;
        Ok(Self {
            issuer: input.object()?,
            parameters: input.object()?,
            schema: input.object()?,
            nonce: input.object()?,
            expires: input.object()?,
        })
    }
}

/// An invitation with the issuer's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInvitation {
    invitation: Invitation,
    signature: [u8; 64],
}

impl Wire for SignedInvitation {
    fn write(&self, out: &mut Writer) {
        out.array(3).text("milchglas invitation/1").object(&self.invitation).bytes(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(3, "a signed invitation")?;
        if input.text(32, "a signed invitation")? != "milchglas invitation/1" {
            return Err(DecodeError { what: "a signed invitation" });
        }
        Ok(Self { invitation: input.object()?, signature: input.bytes("a signature of 64 bytes")? })
    }
}

impl SignedInvitation {
    /// Signs an invitation with the issuer's identity key.
    #[must_use]
    pub fn sign(invitation: Invitation, identity: &SigningKey) -> Self {
        let message = [INVITATION_TAG, &cbor::to_bytes(&invitation)].concat();
        let signature = identity.sign(&message).to_bytes();
        Self { invitation, signature }
    }

    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. The signature is not checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_INVITATION)?)
    }

    /// The invitation, still unauthenticated: good for finding the issuer's parameters.
    #[must_use]
    pub fn unverified(&self) -> &Invitation {
        &self.invitation
    }

    /// Checks that the issuer of these parameters signed it, for these parameters.
    ///
    /// # Errors
    /// [`Error::Invalid`] if not.
    pub fn verify(&self, parameters: &Parameters) -> Result<&Invitation, Error> {
        let invitation = &self.invitation;
        if invitation.issuer != parameters.fingerprint() || invitation.parameters != parameters.digest() {
            return Err(Error::Invalid);
        }
        let key = VerifyingKey::from_bytes(parameters.identity().as_bytes()).map_err(|_| Error::Invalid)?;
        let message = [INVITATION_TAG, &cbor::to_bytes(invitation)].concat();
        key.verify_strict(&message, &IdentitySignature::from_bytes(&self.signature)).map_err(|_| Error::Invalid)?;
        Ok(invitation)
    }
}

/// A wallet's application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    nonce: InvitationNonce,
    commitment: NonZeroG1,
    name: NonZeroG1,
    reply_to: String,
    proof: Vec<u8>,
}

impl Wire for Application {
    fn write(&self, out: &mut Writer) {
        out.array(6).text("milchglas application/1").object(&self.nonce);
        out.bytes(&self.commitment.to_bytes()).bytes(&self.name.to_bytes());
        out.text(&self.reply_to).bytes(&self.proof);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(6, "an application")?;
        if input.text(32, "an application")? != "milchglas application/1" {
            return Err(DecodeError { what: "an application" });
        }
        let nonce = input.object()?;
        let mut point = |what| NonZeroG1::from_bytes(&input.bytes(what)?).map_err(|_| DecodeError { what });
        Ok(Self {
            nonce,
            commitment: point("a commitment of 48 bytes")?,
            name: point("a registered name of 48 bytes")?,
            reply_to: input.text(MAX_REPLY_TO, "an address for the answer")?.to_owned(),
            proof: input.bytes::<64>("a proof of 64 bytes")?.to_vec(),
        })
    }
}

/// An application whose proof holds.
#[derive(Clone, Debug)]
pub struct VerifiedApplication {
    invitation: Invitation,
    application: Application,
}

impl Application {
    /// Answers an invitation with the commitment to k, the registered name, and a proof that both hold the same k.
    ///
    /// `invitation` must have been [verified](SignedInvitation::verify) and be unexpired. `reply_to` is where the answer shall be
    /// encrypted to.
    ///
    /// # Errors
    /// [`Error::Unfit`] if the parameters have no key for the schema.
    pub fn create(
        invitation: &Invitation,
        parameters: &Parameters,
        k: &HolderSecret,
        reply_to: &str,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        let key = key_of(invitation, parameters)?;
        let point =
            |base: &NonZeroG1| (base * k.scalar()).to_nonzero().ok_or(Error::Misuse("a holder secret is not zero"));
        let (commitment, name) = (point(key.holder_base()?)?, point(&parameters.registry_base())?);
        let mut prover = Prover::new(transcript(invitation, key, reply_to), vec![k.scalar()], b"", rng);
        for statement in statements(key, parameters, &commitment, &name)? {
            let inputs = prover.inputs();
            prover.add(&statement, &inputs, &())?;
        }
        let proof = prover.prove(rng)?;
        Ok(Self { nonce: invitation.nonce, commitment, name, reply_to: reply_to.to_owned(), proof })
    }

    /// The invitation that it answers.
    #[must_use]
    pub fn nonce(&self) -> InvitationNonce {
        self.nonce
    }

    /// The digest by which a repeated application is recognised.
    #[must_use]
    pub fn digest(&self) -> ApplicationDigest {
        let bytes = self.to_bytes();
        ApplicationDigest(
            Sha256::new().chain_update(b"milchglas application/1 digest").chain_update(bytes).finalize().into(),
        )
    }

    /// Checks the proof for the invitation that it answers.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it does not hold.
    pub fn verify(
        self,
        invitation: &Invitation,
        parameters: &Parameters,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<VerifiedApplication, Error> {
        if self.nonce != invitation.nonce {
            return Err(Error::Invalid);
        }
        let key = key_of(invitation, parameters)?;
        let mut verifier = Verifier::new(transcript(invitation, key, &self.reply_to), 1, &self.proof);
        for statement in statements(key, parameters, &self.commitment, &self.name)? {
            let inputs = verifier.inputs();
            verifier.add(&statement, &inputs)?;
        }
        verifier.finish(rng)?;
        Ok(VerifiedApplication { invitation: invitation.clone(), application: self })
    }

    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. The proof is not checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_APPLICATION)?)
    }
}

impl VerifiedApplication {
    /// K = k·H_1.
    #[must_use]
    pub fn commitment(&self) -> &NonZeroG1 {
        &self.application.commitment
    }

    /// N = k·H1(registry): the name under which the registry knows the holder.
    #[must_use]
    pub fn name(&self) -> &NonZeroG1 {
        &self.application.name
    }

    /// Where the answer is to be encrypted to.
    #[must_use]
    pub fn reply_to(&self) -> &str {
        &self.application.reply_to
    }

    /// The digest by which a repeated application is recognised.
    #[must_use]
    pub fn digest(&self) -> ApplicationDigest {
        self.application.digest()
    }

    /// Signs a credential on the applicant's commitment, in constant time.
    ///
    /// `secret` is the secret key of the parameters' [signing key](Parameters::signing_key) for this schema; `handle` is fresh and
    /// never used before. Keep parameters and secret for all credentials: their tables make a signature several times cheaper.
    ///
    /// # Errors
    /// [`Error::Unfit`] if the claims are not of the invitation's schema.
    pub fn issue(
        &self,
        invitation: &Invitation,
        parameters: &Parameters,
        secret: &SecretKey,
        handle: Handle,
        claims: Claims,
    ) -> Result<Credential, Error> {
        let key = key_of(invitation, parameters)?;
        let schema = parameters.schema(&invitation.schema).ok_or(UNKNOWN_SCHEMA)?;
        if secret.public_key()? != *key.public() {
            return Err(Error::Misuse("the secret key is not the one that signs under these parameters"));
        }
        if self.invitation != *invitation {
            return Err(Error::Misuse("the application was verified for another invitation"));
        }
        let known = known_point(key, schema, &handle, &claims)?;
        let signature = key
            .interface()
            .sign_point(secret, &(key.empty().point() + G1::from(self.application.commitment) + known))?;
        Ok(Credential::new(parameters.fingerprint(), key, handle, claims, signature))
    }
}

/// `H_2·h + Σ H_i·m_i`, in constant time. Claims whose type has few values take fewer steps.
fn known_point(key: &CredentialKey, schema: &Schema, handle: &Handle, claims: &Claims) -> Result<G1, Error> {
    schema.check(claims)?;
    let missing = Error::Misuse("one base and one value for each message");
    let base = |message: usize| key.bases().get(message).ok_or(missing);
    let mut sum = SecretSum::with_room(schema.messages());
    sum.add_fixed_u128(base(HANDLE_MESSAGE)?, u128::from_be_bytes(*handle.as_bytes()));
    for (place, claim) in schema.claims().iter().enumerate() {
        let index = ClaimIndex(place);
        let value = claims.get(index).ok_or(missing)?;
        match claim.short(value)? {
            Some(number) => sum.add_fixed_u32(base(index.message())?, number),
            None => sum.add_fixed(base(index.message())?, to_scalar(&claim.claim_type, value)?),
        }
    }
    Ok(sum.finish())
}

/// What an answer brings, once decrypted: the credential, and the witness that it has not been revoked at the epoch of its issue.
#[derive(Debug)]
pub struct Issued {
    /// The credential.
    pub credential: Credential,
    /// The witness; it is checked when the wallet has followed the log that far.
    pub witness: Witness,
}

impl Issued {
    /// The plaintext of an answer.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::new();
        out.array(2).bytes(&self.credential.to_bytes()).object(&self.witness);
        Zeroizing::new(out.into_bytes())
    }

    /// Reads the plaintext of an answer; `schema_of` finds a schema by its digest. Neither signature nor witness are checked.
    ///
    /// # Errors
    /// As [`Credential::from_bytes`].
    pub fn from_bytes<'s>(
        bytes: &[u8],
        schema_of: impl FnOnce(&IssuerFingerprint, &SchemaDigest) -> Option<&'s Schema>,
    ) -> Result<Self, Error> {
        let what = "a credential with its witness";
        let mut input = Reader::new(bytes);
        input.array(2, what)?;
        let credential = Credential::from_bytes(input.bytes_up_to(MAX_ANSWER, what)?, schema_of)?;
        let issued = Self { credential, witness: input.object()? };
        input.finish()?;
        if issued.to_bytes().as_slice() != bytes {
            return Err(Error::decode("not the deterministic encoding"));
        }
        Ok(issued)
    }
}

/// The issuer's answer: a credential that only the applicant can read.
///
/// The ciphertext is age's, to the X25519 recipient that the application names; its plaintext is [`Issued::to_bytes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The invitation that was answered.
    pub nonce: InvitationNonce,
    /// The encrypted credential and witness.
    pub ciphertext: Vec<u8>,
}

impl Wire for Answer {
    fn write(&self, out: &mut Writer) {
        out.array(3).text("milchglas answer/1").object(&self.nonce).bytes(&self.ciphertext);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "an issuer's answer";
        input.array(3, what)?;
        if input.text(32, what)? != "milchglas answer/1" {
            return Err(DecodeError { what });
        }
        Ok(Self { nonce: input.object()?, ciphertext: input.bytes_up_to(MAX_ANSWER, what)?.to_vec() })
    }
}

impl Answer {
    /// The wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// Reads the wire form. Nothing is checked.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(cbor::from_bytes(bytes, MAX_ANSWER + 64)?)
    }
}

const UNKNOWN_SCHEMA: Error = Error::unfit("the issuer's parameters have no such schema");

fn key_of<'p>(invitation: &Invitation, parameters: &'p Parameters) -> Result<&'p CredentialKey, Error> {
    if invitation.parameters != parameters.digest() {
        return Err(Error::Misuse("the parameters are not the invitation's"));
    }
    parameters.signing_key(&invitation.schema).ok_or(UNKNOWN_SCHEMA)
}

fn transcript(invitation: &Invitation, key: &CredentialKey, reply_to: &str) -> Transcript {
    let mut transcript = Transcript::new(b"milchglas application/1");
    transcript.append_message(b"invitation", &cbor::to_bytes(invitation));
    transcript.append_message(b"key", &key.public().to_bytes());
    transcript.append_message(b"schema", key.schema().as_bytes());
    transcript.append_message(b"reply-to", reply_to.as_bytes());
    transcript
}

fn statements(
    key: &CredentialKey,
    parameters: &Parameters,
    commitment: &NonZeroG1,
    name: &NonZeroG1,
) -> Result<[Opening; 2], Error> {
    Ok([
        Opening { label: "holder commitment", base: *key.holder_base()?, image: *commitment },
        Opening { label: "registered name", base: parameters.registry_base(), image: *name },
    ])
}
