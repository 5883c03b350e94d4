//! One issuer key, prepared for the credentials of one schema.
//!
//! Credentials are BBS signatures under an interface of our own (the BBS draft's "Defining New Interfaces"), because typed
//! claims map to scalars differently from hashed strings. Its identifier contains the digest of issuer and key, so each key of each issuer
//! has generators of its own: the commitment `K = k·H_1` that one issuer sees says nothing about what another sees.
//!
//! Spec: `spec/encodings.md`, Credential.
//! Not here: the secret key's storage, which keys are still accepted.

use std::sync::{Arc, Mutex, PoisonError};

use milchglas_bbs::{Ciphersuite, Generators, Interface, PublicKey};
use milchglas_curve::{G1, NonZeroG1, NonZeroG2, Scalar};
use milchglas_sigma::{FixedPoint, PairingKey};
use milchglas_statements::{Accumulator, first_accumulator};

use crate::cbor::Writer;
use crate::digest::{AccumulatorBytes, IssuerFingerprint, IssuerKeyId, SchemaDigest, tagged_digest};
use crate::error::Error;
use crate::parameters::IssuerKey;
use crate::schema::{HOLDER_SECRET_MESSAGE, Schema};

/// An issuer's public key with the generators, the domain and the Miller-loop lines that credentials of one schema need.
///
/// Making one hashes to the curve once for each message (about 0.1 ms each); keep it.
#[derive(Clone, Debug)]
pub struct CredentialKey {
    id: IssuerKeyId,
    schema: SchemaDigest,
    public: PublicKey,
    pairing: Arc<PairingKey>,
    interface: Interface,
    header: Vec<u8>,
    generators: Generators,
    empty: FixedPoint,
    revocation: NonZeroG2,
    revocation_pairing: Arc<PairingKey>,
    recent: Arc<Mutex<Vec<(AccumulatorBytes, FixedPoint)>>>,
}

/// How many accumulators a key keeps decoded, with their tables.
const MAX_RECENT: usize = 16;

/// The id of an issuer's public key and of the accumulator's key that belongs to it. It names the issuer too, so that nobody can take over
/// another's key, generators or signatures by publishing that key as its own.
#[must_use]
pub fn key_id(issuer: &IssuerFingerprint, key: &IssuerKey) -> IssuerKeyId {
    let mut out = Writer::new();
    out.array(3).object(issuer).bytes(&key.public.to_bytes()).bytes(&key.revocation.to_bytes());
    IssuerKeyId(tagged_digest("milchglas issuer key/1", &out.into_bytes()))
}

impl CredentialKey {
    /// Prepares a key for each of the issuer's schemas. Generators are hashed once, for the longest.
    ///
    /// # Errors
    /// None that can happen with a schema's limits.
    pub fn prepare(issuer: &IssuerFingerprint, key: &IssuerKey, schemas: &[Schema]) -> Result<Vec<Self>, Error> {
        let (id, public) = (key_id(issuer, key), &key.public);
        let suite = Ciphersuite::Bls12381Sha256;
        let interface = Interface::new(suite, format!("{}MILCHGLAS_V1_{id}_", suite.id()))?;
        let all = interface.create_generators(schemas.iter().map(Schema::messages).max().unwrap_or(0))?;
        let pairing = Arc::new(PairingKey::new(public.W()));
        let revocation_pairing = Arc::new(PairingKey::new(&key.revocation));
        let recent = Arc::default();
        let mut keys = Vec::with_capacity(schemas.len());
        for schema in schemas {
            let generators = all.first(schema.messages())?;
            let mut header = Writer::new();
            header.array(2).text("milchglas credential/1").object(&schema.digest());
            let header = header.into_bytes();
            let domain = interface.calculate_domain(public, &generators, &header);
            let empty = G1::from(*generators.P1()) + G1::from(*generators.Q_1()).mul_vartime(&domain);
            let empty = empty.to_nonzero().ok_or(Error::Misuse("generators without known relations"))?.into();
            keys.push(Self {
                id,
                schema: schema.digest(),
                public: public.clone(),
                pairing: Arc::clone(&pairing),
                interface: interface.clone(),
                header,
                generators,
                empty,
                revocation: key.revocation,
                revocation_pairing: Arc::clone(&revocation_pairing),
                recent: Arc::clone(&recent),
            });
        }
        Ok(keys)
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> IssuerKeyId {
        self.id
    }

    /// The schema that it is prepared for.
    #[must_use]
    pub fn schema(&self) -> SchemaDigest {
        self.schema
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Prepares the key, and the accumulator's, for pairings now.
    pub(crate) fn prepare_pairings(&self) {
        self.pairing.prepare();
        self.revocation_pairing.prepare();
    }

    /// The public key, for pairings.
    #[must_use]
    pub fn pairing(&self) -> &Arc<PairingKey> {
        &self.pairing
    }

    /// The accumulator's key z·P2, under which this key's cards are revoked.
    #[must_use]
    pub fn revocation(&self) -> &NonZeroG2 {
        &self.revocation
    }

    /// The accumulator of epoch 0, at which nothing is revoked.
    #[must_use]
    pub fn first_accumulator(&self) -> NonZeroG1 {
        first_accumulator(self.id.as_bytes(), &self.revocation)
    }

    /// An accumulator of this key, decoded: once, as long as it stays among the last few. Its tables are kept with it.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is no point of the group other than the identity.
    pub fn accumulator(&self, bytes: &AccumulatorBytes) -> Result<Accumulator, Error> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let base = match recent.iter().position(|(known, _)| known == bytes) {
            Some(place) => recent.remove(place).1,
            None => FixedPoint::new(&NonZeroG1::from_bytes(&bytes.0)?),
        };
        recent.truncate(MAX_RECENT - 1);
        recent.insert(0, (*bytes, base.clone()));
        Ok(Accumulator::new(base, self.revocation, Arc::clone(&self.revocation_pairing)))
    }

    /// The interface under which credentials are signed.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The header that every signature covers.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The generators.
    #[must_use]
    pub fn generators(&self) -> &Generators {
        &self.generators
    }

    /// The bases of the messages, which every proof multiplies.
    #[must_use]
    pub fn bases(&self) -> &[FixedPoint] {
        self.generators.fixed_points().get(2..).unwrap_or_default()
    }

    /// The base of the holder secret.
    ///
    /// # Errors
    /// None: every schema has this message.
    pub fn holder_base(&self) -> Result<&NonZeroG1, Error> {
        self.generators.H().get(HOLDER_SECRET_MESSAGE).ok_or(Error::Misuse("a key without generators"))
    }

    /// `P1 + Q·domain`, what is signed where there are no messages.
    #[must_use]
    pub fn empty(&self) -> &FixedPoint {
        &self.empty
    }

    /// `P1 + Q·domain + Σ H_i·m_i` over all messages, in constant time.
    ///
    /// # Errors
    /// [`Error::Misuse`] if there are not as many messages as the schema has.
    pub fn signed_point(&self, messages: &[Scalar]) -> Result<G1, Error> {
        if messages.len() != self.generators.H().len() {
            return Err(Error::Misuse("one scalar for each message"));
        }
        Ok(self.empty.point() + FixedPoint::msm(self.bases(), messages))
    }
}
