//! The issuer's secret keys, as the sealed file `keys` holds them.
//!
//! Independent keys: the Ed25519 identity that signs parameters, invitations and epochs; x, which signs credentials; y, which signs
//! sets; z, under which credentials are revoked, one for each signature key; the key of the hash of persons' numbers; the key under which claims
//! wait for their application. Beside them stands the digest of the parameters that are current, so that the file says which published parameters
//! count.
//!
//! Secret: everything here but the digest.
//! Caution: of the signature keys only the current one is kept. A retired key signs nothing any more; its secret is erased. Its z
//! stays as long as its credentials are accepted, and may have to be revoked.
//! Not here: the file and its encryption (`milchglas-sealed`), public keys (the parameters).

use std::fmt;
use std::mem;

use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::parameters::{SecretKey, SetSecretKey};
use milchglas_credential::request::SigningKey;
use milchglas_credential::revocation::AccumulatorSecretKey;
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{Error, registry};

const FORMAT: &str = "milchglas issuer keys/2";
/// Most signature keys that are accepted at a time.
const MAX_KEYS: usize = 16;
const DAMAGED: Error = Error::Damaged { what: "the keys file holds no issuer's keys" };

/// The key of an accumulator, with the number under which the registry knows its credentials.
pub(crate) struct Cohort {
    /// Counted from 0, and never used again.
    pub(crate) number: registry::Cohort,
    pub(crate) secret: AccumulatorSecretKey,
}

impl Cohort {
    /// A copy, for keys that are about to be saved.
    pub(crate) fn again(&self) -> Result<Self, Error> {
        let secret = AccumulatorSecretKey::from_bytes(&self.secret.to_bytes()).map_err(|_| DAMAGED)?;
        Ok(Self { number: self.number, secret })
    }
}

/// All secrets of an issuer.
pub(crate) struct Keys {
    /// Signs parameters and invitations.
    pub(crate) identity: SigningKey,
    /// x: signs credentials, now.
    pub(crate) signing: SecretKey,
    /// y: signs sets.
    pub(crate) sets: SetSecretKey,
    /// z: revokes credentials, for each signature key that is accepted, in the order of the parameters.
    pub(crate) accumulators: Vec<Cohort>,
    /// Keys the hash of persons' numbers.
    pub(crate) persons: Zeroizing<[u8; 32]>,
    /// Encrypts claims that wait for their application.
    pub(crate) claims: Zeroizing<[u8; 32]>,
    /// The current parameters.
    pub(crate) published: ParametersDigest,
}

impl Keys {
    /// Fresh keys, with no parameters published.
    pub(crate) fn random(rng: &mut (impl CryptoRng + RngCore)) -> Result<Self, Error> {
        Ok(Self {
            identity: SigningKey::from_bytes(&*random(rng)?),
            signing: signing_key(rng)?,
            sets: SetSecretKey::random(rng),
            accumulators: vec![Cohort { number: registry::Cohort(0), secret: AccumulatorSecretKey::random(rng) }],
            persons: random(rng)?,
            claims: random(rng)?,
            published: ParametersDigest([0; 32]),
        })
    }

    /// Exchanges what a new publication changes. A second call with the same arguments takes the first back.
    pub(crate) fn exchange(
        &mut self,
        signing: &mut Option<SecretKey>,
        accumulators: &mut Option<Vec<Cohort>>,
        published: &mut ParametersDigest,
    ) {
        if let Some(signing) = signing {
            mem::swap(&mut self.signing, signing);
        }
        if let Some(accumulators) = accumulators {
            mem::swap(&mut self.accumulators, accumulators);
        }
        mem::swap(&mut self.published, published);
    }

    /// The content of the sealed file.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let identity = Zeroizing::new(self.identity.to_bytes());
        let mut out = Writer::new();
        out.array(8).text(FORMAT).bytes(&*identity).bytes(&*self.signing.to_bytes()).bytes(&*self.sets.to_bytes());
        out.array(self.accumulators.len());
        for cohort in &self.accumulators {
            out.array(2).uint(cohort.number.0.into()).bytes(&*cohort.secret.to_bytes());
        }
        out.bytes(&*self.persons).bytes(&*self.claims).object(&self.published);
        Zeroizing::new(out.into_bytes())
    }

    /// Reads the content of the sealed file.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Reader::new(bytes);
        let damaged = |_| DAMAGED;
        input.array(8, FORMAT).map_err(damaged)?;
        if input.text(64, FORMAT).map_err(damaged)? != FORMAT {
            return Err(DAMAGED);
        }
        let mut key = || input.bytes(FORMAT).map(Zeroizing::new).map_err(damaged);
        let (identity, signing, sets) = (key()?, key()?, key()?);
        let mut accumulators = Vec::new();
        for _ in 0..input.array_up_to(MAX_KEYS, FORMAT).map_err(damaged)? {
            input.array(2, FORMAT).map_err(damaged)?;
            let number = registry::Cohort(input.uint32(FORMAT).map_err(damaged)?);
            let bytes = input.bytes(FORMAT).map(Zeroizing::new).map_err(damaged)?;
            accumulators
                .push(Cohort { number, secret: AccumulatorSecretKey::from_bytes(&bytes).map_err(|_| DAMAGED)? });
        }
        let mut key = || input.bytes(FORMAT).map(Zeroizing::new).map_err(damaged);
        let (persons, claims) = (key()?, key()?);
        let published = input.object().map_err(damaged)?;
        input.finish().map_err(damaged)?;
        Ok(Self {
            identity: SigningKey::from_bytes(&identity),
            signing: SecretKey::from_bytes(&signing).map_err(|_| DAMAGED)?,
            sets: SetSecretKey::from_bytes(&sets).map_err(|_| DAMAGED)?,
            accumulators,
            persons,
            claims,
            published,
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// A fresh signature key.
pub(crate) fn signing_key(rng: &mut (impl CryptoRng + RngCore)) -> Result<SecretKey, Error> {
    SecretKey::random(rng).map_err(|_| RANDOMNESS)
}

/// Random bytes, erased when dropped.
pub(crate) fn random<const N: usize>(rng: &mut (impl CryptoRng + RngCore)) -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    rng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| RANDOMNESS)?;
    Ok(bytes)
}

const RANDOMNESS: Error = Error::Misuse { what: "the random number generator failed" };

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    #[test]
    fn roundtrips_and_prints_nothing() {
        let keys = Keys::random(&mut OsRng).unwrap();
        let bytes = keys.to_bytes();
        assert_eq!(Keys::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        assert_eq!(format!("{keys:?}"), "Keys(..)");
    }

    #[test]
    fn rejects_other_lengths_and_zero_keys() {
        let bytes = Keys::random(&mut OsRng).unwrap().to_bytes();
        assert!(Keys::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        assert!(Keys::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
        // The signature key follows the head, the format's text (one byte of head) and the identity (two bytes of head).
        let start = 1 + 1 + FORMAT.len() + 34 + 2;
        let mut zero = bytes.to_vec();
        zero[start..start + 32].fill(0);
        assert!(Keys::from_bytes(&zero).is_err());
    }

    #[test]
    fn draws_different_keys() {
        let keys = Keys::random(&mut OsRng).unwrap();
        let mut all = [
            keys.identity.to_bytes(),
            *keys.signing.to_bytes(),
            *keys.sets.to_bytes(),
            *keys.accumulators[0].secret.to_bytes(),
            *keys.persons,
            *keys.claims,
        ];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
