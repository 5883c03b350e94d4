//! Requests in their canonical form: `spec/encodings.md`, Request.
//!
//! The verifier's own request, so its texts are not checked again.

use super::cbor::{self, Item};
use super::curve::decode_g1;
use super::predicate::Predicate;
use ark_bls12_381::G1Affine;

/// What this verifier needs of a request.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
    pub(crate) as_of: i128,
    pub(crate) ask: Ask,
    /// The verifier's key and origin, each with its length: what every scope begins with.
    pub(crate) scope: Vec<u8>,
}

/// The tree of what is asked.
pub(crate) enum Ask {
    All(Vec<Ask>),
    Any(Vec<Ask>),
    Credential(Box<CredentialAsk>),
}

/// What is asked about one credential.
pub(crate) struct CredentialAsk {
    pub(crate) name: String,
    /// Fingerprints and digests of parameters.
    pub(crate) accept: Vec<([u8; 32], [u8; 32])>,
    pub(crate) schemas: Vec<[u8; 32]>,
    pub(crate) disclose: Vec<String>,
    pub(crate) prove: Vec<Predicate>,
    /// Key id, newest epoch, accumulators.
    pub(crate) not_revoked: Vec<([u8; 32], u64, Vec<[u8; 48]>)>,
    /// Scope.
    pub(crate) pseudonym: Option<String>,
    /// Scope, epoch, limit.
    pub(crate) rate: Option<(String, String, u64)>,
    /// The key of an inspector.
    pub(crate) encrypt_to: Option<G1Affine>,
}

/// `lp(x)`: the length in eight bytes, then x.
pub(crate) fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_be_bytes()[..], bytes].concat()
}

impl Request {
    /// Reads a canonical request.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let [verifier, _profile, _purpose, nonce, _issued, _expires, as_of, ask, _document] =
            cbor::decode(bytes)?.array()?.try_into().ok()?;
        let [_name, origin, key]: [Item<'_>; 3] = verifier.array()?.try_into().ok()?;
        Some(Self {
            bytes: bytes.to_vec(),
            nonce: nonce.bytes()?.to_vec(),
            as_of: as_of.int()?,
            ask: Ask::decode(ask)?,
            scope: [with_length(key.bytes()?), with_length(origin.text()?.as_bytes())].concat(),
        })
    }
}

impl Ask {
    fn decode(item: Item<'_>) -> Option<Self> {
        let [kind, content] = item.array()?.try_into().ok()?;
        let list = |content: Item<'_>| content.array()?.into_iter().map(Self::decode).collect::<Option<Vec<_>>>();
        Some(match kind.uint()? {
            0 => Self::All(list(content)?),
            1 => Self::Any(list(content)?),
            2 => Self::Credential(Box::new(CredentialAsk::decode(content)?)),
            _ => return None,
        })
    }
}

impl CredentialAsk {
    fn decode(item: Item<'_>) -> Option<Self> {
        let [name, accept, schemas, disclose, prove, not_revoked, pseudonym, rate, encrypt_to] =
            item.array()?.try_into().ok()?;
        let pseudonym = match pseudonym {
            Item::Null => None,
            item => {
                let [scope]: [Item<'_>; 1] = item.array()?.try_into().ok()?;
                Some(scope.text()?.to_owned())
            }
        };
        let rate = match rate {
            Item::Null => None,
            item => {
                let [scope, epoch, limit]: [Item<'_>; 3] = item.array()?.try_into().ok()?;
                Some((scope.text()?.to_owned(), epoch.text()?.to_owned(), limit.uint()?))
            }
        };
        let encrypt_to = match encrypt_to {
            Item::Null => None,
            item => {
                let [inspector, _label, _purpose]: [Item<'_>; 3] = item.array()?.try_into().ok()?;
                let [_name, key, _digest]: [Item<'_>; 3] = inspector.array()?.try_into().ok()?;
                Some(decode_g1(key.bytes()?)?)
            }
        };
        let bytes32 = |item: &Item<'_>| -> Option<[u8; 32]> { item.bytes()?.try_into().ok() };
        let pair = |item: Item<'_>| {
            let [issuer, parameters]: [Item<'_>; 2] = item.array()?.try_into().ok()?;
            Some((bytes32(&issuer)?, bytes32(&parameters)?))
        };
        let schema = |item: Item<'_>| {
            let [_id, digest]: [Item<'_>; 2] = item.array()?.try_into().ok()?;
            bytes32(&digest)
        };
        let accumulator = |item: &Item<'_>| -> Option<[u8; 48]> { item.bytes()?.try_into().ok() };
        let epochs = |item: Item<'_>| {
            let [key, newest, accumulators]: [Item<'_>; 3] = item.array()?.try_into().ok()?;
            let accumulators = accumulators.array()?.iter().map(accumulator).collect::<Option<_>>()?;
            Some((bytes32(&key)?, newest.uint()?, accumulators))
        };
        Some(Self {
            name: name.text()?.to_owned(),
            accept: accept.array()?.into_iter().map(pair).collect::<Option<_>>()?,
            schemas: schemas.array()?.into_iter().map(schema).collect::<Option<_>>()?,
            disclose: disclose.array()?.iter().map(|name| name.text().map(str::to_owned)).collect::<Option<_>>()?,
            prove: prove.array()?.into_iter().map(Predicate::decode).collect::<Option<_>>()?,
            not_revoked: not_revoked.array()?.into_iter().map(epochs).collect::<Option<_>>()?,
            pseudonym,
            rate,
            encrypt_to,
        })
    }
}
