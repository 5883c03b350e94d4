//! The holder's own request to revoke: proof of the secret k behind a registered name.
//!
//! ```text
//! N = k·H1(registry)      PoK{k: N = k·H1(registry)}, bound to issuer, parameters and time
//! ```
//! Whoever has k can make it, so the recovery phrase is enough, and a lost device is not needed. The issuer revokes the cards of that name that
//! it issued before the time in the request; cards issued later are another matter, so that a request that is kept back or repeated does
//! not reach a new card.
//!
//! Public: all of it. It tells the issuer the name, which is the issuer's own, and nobody else anything.
//! Caution: whoever has the phrase can revoke, too: a stolen phrase is worth more than that.
//! Not here: which cards belong to a name (registry), how the request travels.

use milchglas_curve::NonZeroG1;
use milchglas_sigma::{Prover, Transcript, Verifier};
use milchglas_statements::Opening;
use rand_core::CryptoRngCore;

use crate::cbor::{self, Reader, Wire, Writer};
use crate::credential::HolderSecret;
use crate::date::Timestamp;
use crate::digest::IssuerFingerprint;
use crate::error::{DecodeError, Error};
use crate::parameters::Parameters;

const FORMAT: &str = "milchglas revocation request/1";
const MAX_REQUEST: usize = 256;
/// How far, in seconds, the holder's clock may be ahead of the issuer's.
const SKEW: u64 = 300;

/// A holder's request that its cards from one issuer be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRequest {
    issuer: IssuerFingerprint,
    name: NonZeroG1,
    time: Timestamp,
    proof: Vec<u8>,
}

/// A request to revoke whose proof holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRevocation {
    name: NonZeroG1,
    time: Timestamp,
}

impl RevocationRequest {
    /// Asks the issuer of these parameters to revoke what it issued to the holder of k before `time`. `hedge` goes into the nonces, as in
    /// [`Presentation::create`](crate::presentation::Presentation::create).
    ///
    /// # Errors
    /// None that can happen: a holder secret is not zero.
    pub fn create(
        parameters: &Parameters,
        k: &HolderSecret,
        time: Timestamp,
        hedge: &[u8],
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        let name = parameters.registry_base() * k.scalar();
        let name = name.to_nonzero().ok_or(Error::Misuse("a holder secret is not zero"))?;
        let mut prover = Prover::new(transcript(parameters, time), vec![k.scalar()], hedge, rng);
        let inputs = prover.inputs();
        prover.add(&statement(parameters, &name), &inputs, &())?;
        let proof = prover.prove(rng)?;
        Ok(Self { issuer: parameters.fingerprint(), name, time, proof })
    }

    /// Whom it asks.
    #[must_use]
    pub fn issuer(&self) -> IssuerFingerprint {
        self.issuer
    }

    /// Checks the proof under the parameters that the wallet knew, and that the request is at most `max_age` seconds old.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the proof does not hold for these parameters, their issuer and this time; [`Error::Unfit`] if it does, and is too
    /// old, or made more than five minutes after `now`.
    pub fn verify(
        &self,
        parameters: &Parameters,
        now: Timestamp,
        max_age: u64,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<VerifiedRevocation, Error> {
        if self.issuer != parameters.fingerprint() {
            return Err(Error::Invalid);
        }
        let mut verifier = Verifier::new(transcript(parameters, self.time), 1, &self.proof);
        let inputs = verifier.inputs();
        verifier.add(&statement(parameters, &self.name), &inputs)?;
        verifier.verify()?.check(rng)?;
        let (made, now) = (self.time.as_unix(), now.as_unix());
        if made > now.saturating_add(SKEW) || now > made.saturating_add(max_age) {
            return Err(Error::unfit("the request to revoke is too old, or from the future"));
        }
        Ok(VerifiedRevocation { name: self.name, time: self.time })
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
        Ok(cbor::from_bytes(bytes, MAX_REQUEST)?)
    }
}

impl VerifiedRevocation {
    /// N = k·H1(registry): the name under which the registry knows the holder.
    #[must_use]
    pub fn name(&self) -> &NonZeroG1 {
        &self.name
    }

    /// Cards that were issued to that name before this time are to be revoked.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }
}

impl Wire for RevocationRequest {
    fn write(&self, out: &mut Writer) {
        out.array(5).text(FORMAT).object(&self.issuer).bytes(&self.name.to_bytes()).object(&self.time);
        out.bytes(&self.proof);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a request to revoke";
        input.array(5, what)?;
        if input.text(32, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        let issuer = input.object()?;
        let name = NonZeroG1::from_bytes(&input.bytes(what)?).map_err(|_| DecodeError { what })?;
        Ok(Self { issuer, name, time: input.object()?, proof: input.bytes::<64>("a proof of 64 bytes")?.to_vec() })
    }
}

/// The label is the purpose: no proof of another kind has it.
fn transcript(parameters: &Parameters, time: Timestamp) -> Transcript {
    let mut transcript = Transcript::new(b"milchglas revocation request/1");
    transcript.append_message(b"issuer", parameters.fingerprint().as_bytes());
    transcript.append_message(b"parameters", parameters.digest().as_bytes());
    transcript.append_message(b"time", &time.as_unix().to_be_bytes());
    transcript
}

fn statement(parameters: &Parameters, name: &NonZeroG1) -> Opening {
    Opening { label: "registered name", base: parameters.registry_base(), image: *name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;
    use crate::digest::InvitationNonce;
    use crate::issuance::{Application, Invitation};
    use crate::parameters::{Content, IssuerKey, SecretKey, SetSecretKey, sign_digits};
    use crate::revocation::AccumulatorSecretKey;
    use crate::schema::Schema;
    use ed25519_dalek::SigningKey;
    use rand_core::OsRng;

    const DAY: u64 = 86_400;

    fn parameters(identity: u8, sequence: u32) -> Parameters {
        let schema = r#"{"milchglas": "schema/1", "id": "card", "title": "card",
            "claims": [{"name": "name", "title": "name", "type": "text"}]}"#;
        let key = IssuerKey {
            public: SecretKey::random(&mut OsRng).unwrap().public_key().unwrap(),
            accepted_until: Date::MAX,
            revocation: AccumulatorSecretKey::random(&mut OsRng).public_key().unwrap(),
        };
        let content = Content {
            name: "Office".into(),
            sequence,
            keys: vec![key],
            digits: sign_digits(&SetSecretKey::random(&mut OsRng)).unwrap(),
            schemas: vec![Schema::from_json(schema).unwrap()],
        };
        Parameters::sign(content, &SigningKey::from_bytes(&[identity; 32])).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_795_424_400 + seconds).unwrap()
    }

    fn holder(byte: u8) -> HolderSecret {
        HolderSecret::from_uniform_bytes(&[byte; 64]).unwrap()
    }

    fn request(parameters: &Parameters) -> RevocationRequest {
        RevocationRequest::create(parameters, &holder(1), at(0), b"", &mut OsRng).unwrap()
    }

    #[test]
    fn names_the_holder_as_its_application_did() {
        let parameters = parameters(1, 1);
        let schema = parameters.content().schemas[0].digest();
        let invitation = Invitation {
            issuer: parameters.fingerprint(),
            parameters: parameters.digest(),
            schema,
            nonce: InvitationNonce([1; 16]),
            expires: at(60),
        };
        let application = Application::create(&invitation, &parameters, &holder(1), "", &mut OsRng).unwrap();
        let application = application.verify(&invitation, &parameters, &mut OsRng).unwrap();
        let bytes = request(&parameters).to_bytes();
        let read = RevocationRequest::from_bytes(&bytes).unwrap();
        assert_eq!((read.issuer(), read.to_bytes()), (parameters.fingerprint(), bytes));
        let verified = read.verify(&parameters, at(60), DAY, &mut OsRng).unwrap();
        assert_eq!((verified.name(), verified.time()), (application.name(), at(0)));
        let other = RevocationRequest::create(&parameters, &holder(2), at(0), b"", &mut OsRng).unwrap();
        assert_ne!(other.verify(&parameters, at(0), DAY, &mut OsRng).unwrap().name(), application.name());
    }

    #[test]
    fn rejects_what_was_changed_and_what_is_for_another() {
        let parameters = [parameters(1, 1), parameters(1, 2), parameters(2, 1)];
        let [issuer, later, another] = &parameters;
        let request = request(issuer);
        let verify = |request: &RevocationRequest, parameters| request.verify(parameters, at(1), DAY, &mut OsRng);
        assert!(verify(&request, issuer).is_ok());
        assert_eq!(verify(&request, later), Err(Error::Invalid));
        assert_eq!(verify(&request, another), Err(Error::Invalid));
        // In the name of another issuer, at another time, for another person.
        let other = RevocationRequest::create(issuer, &holder(2), at(0), b"", &mut OsRng).unwrap();
        for changed in [
            RevocationRequest { issuer: another.fingerprint(), ..request.clone() },
            RevocationRequest { time: at(1), ..request.clone() },
            RevocationRequest { name: other.name, ..request.clone() },
            RevocationRequest { proof: other.proof, ..request.clone() },
        ] {
            assert_eq!(verify(&changed, issuer), Err(Error::Invalid));
            assert_eq!(verify(&changed, another), Err(Error::Invalid));
        }
        let bytes = request.to_bytes();
        for end in 0..bytes.len() {
            assert!(RevocationRequest::from_bytes(&bytes[..end]).is_err());
        }
        assert!(RevocationRequest::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = RevocationRequest::from_bytes(&flipped) {
                assert!(verify(&read, issuer).is_err(), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_repeated_request_ends_with_its_age() {
        let issuer = parameters(1, 1);
        let request = request(&issuer);
        let verify = |now: Timestamp| request.verify(&issuer, now, DAY, &mut OsRng).map(|_| ());
        let before = |seconds| Timestamp::from_unix(at(0).as_unix() - seconds).unwrap();
        assert_eq!((verify(at(DAY)), verify(before(SKEW))), (Ok(()), Ok(())));
        assert!(matches!(verify(at(DAY + 1)), Err(Error::Unfit { .. })));
        assert!(matches!(verify(before(SKEW + 1)), Err(Error::Unfit { .. })));
    }
}
