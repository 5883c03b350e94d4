//! Revoking: epochs, and the witness that goes with a new credential.
//!
//! Secret: z, the handles until they are published.

use milchglas_credential::credential::Credential;
use milchglas_credential::date::Timestamp;
use milchglas_credential::issuer_key::CredentialKey;
use milchglas_credential::revocation::{AccumulatorSecretKey, SignedHead, Witness};

use crate::{Error, Issuer};

impl Issuer {
    /// The witness of a credential at the newest epoch of its key.
    pub(crate) fn witness(&self, key: &CredentialKey, credential: &Credential) -> Result<Witness, Error> {
        let head = self.newest_head(key)?;
        Ok(Witness::issue(head.unverified(), key, credential.handle(), self.accumulator_of(key)?)?)
    }

    fn newest_head(&self, key: &CredentialKey) -> Result<SignedHead, Error> {
        let issued = Timestamp::from_unix(0).ok_or(Error::Misuse { what: "a time" })?;
        Ok(SignedHead::first(key, issued, &self.keys.identity))
    }

    /// The secret key of the accumulator that belongs to a signature key.
    fn accumulator_of(&self, key: &CredentialKey) -> Result<&AccumulatorSecretKey, Error> {
        let place = self.parameters.content().keys.iter().position(|listed| listed.revocation == *key.revocation());
        place
            .and_then(|place| self.keys.accumulators.get(place))
            .ok_or(Error::Misuse { what: "a key of the current parameters" })
    }
}
