//! Claims that wait for their application, encrypted in the registry.
//!
//! Source: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), a random nonce of 24 bytes in front of the ciphertext. Associated data: every other column
//! of the invitation, so that whoever can write the registry can not give one person's claims to another, nor raise an assurance.
//!
//! Secret: key and claims. Visible: their length.
//! Not here: the registry.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::claim::Claims;
use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::schema::Schema;
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::Error;
use crate::keys::random;
use crate::registry::Invitation;

const NONCE: usize = 24;
const DAMAGED: Error = Error::Damaged { what: "the claims of an invitation do not open" };

/// Claims, and the parameters under which they will be signed.
pub(crate) struct WaitingClaims {
    content: Zeroizing<Vec<u8>>,
    parameters: ParametersDigest,
}

/// Encrypts claims for the invitation, whose own payload does not count.
pub(crate) fn seal(
    key: &[u8; 32],
    parameters: &ParametersDigest,
    claims: &Claims,
    invitation: &Invitation,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, Error> {
    let mut out = Writer::new();
    out.array(2).object(parameters);
    claims.write(&mut out);
    let content = Zeroizing::new(out.into_bytes());
    let nonce = *random::<NONCE>(rng)?;
    let payload = Payload { msg: &content, aad: &associated(invitation) };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| Error::Misuse { what: "claims too long to encrypt" })?;
    Ok([&nonce, sealed.as_slice()].concat())
}

/// Decrypts the payload of the invitation.
pub(crate) fn open(key: &[u8; 32], invitation: &Invitation) -> Result<WaitingClaims, Error> {
    let (nonce, sealed) = invitation.payload.split_first_chunk::<NONCE>().ok_or(DAMAGED)?;
    let payload = Payload { msg: sealed, aad: &associated(invitation) };
    let content =
        XChaCha20Poly1305::new(key.into()).decrypt(XNonce::from_slice(nonce), payload).map_err(|_| DAMAGED)?;
    let content = Zeroizing::new(content);
    let mut input = Reader::new(&content);
    input.array(2, "waiting claims").map_err(|_| DAMAGED)?;
    let parameters = input.object().map_err(|_| DAMAGED)?;
    Ok(WaitingClaims { content, parameters })
}

impl WaitingClaims {
    /// The parameters of the invitation.
    pub(crate) fn parameters(&self) -> ParametersDigest {
        self.parameters
    }

    /// The claims.
    pub(crate) fn claims(&self, schema: &Schema) -> Result<Claims, Error> {
        let mut input = Reader::new(&self.content);
        input.array(2, "waiting claims").map_err(|_| DAMAGED)?;
        input.object::<ParametersDigest>().map_err(|_| DAMAGED)?;
        let claims = Claims::read(schema, &mut input).map_err(|_| DAMAGED)?;
        input.finish().map_err(|_| DAMAGED)?;
        Ok(claims)
    }
}

fn associated(invitation: &Invitation) -> Vec<u8> {
    let Invitation { nonce, person, assurance, schema, expires, payload: _ } = invitation;
    let mut out = Writer::new();
    out.array(6).text("milchglas waiting claims/1").bytes(&nonce.0).bytes(&person.0);
    out.uint(assurance.level().into()).bytes(&schema.0).uint(expires.0);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Assurance, InvitationNonce, PersonTag, SchemaDigest, UnixSeconds};
    use rand_core::OsRng;

    fn schema() -> Schema {
        let json = r#"{"milchglas": "schema/1", "id": "card", "title": "card",
            "claims": [{"name": "name", "title": "name", "type": "text"}]}"#;
        Schema::from_json(json).unwrap()
    }

    fn sealed() -> Invitation {
        let mut invitation = Invitation {
            nonce: InvitationNonce([1; 16]),
            person: PersonTag([2; 32]),
            assurance: Assurance::Light,
            schema: SchemaDigest([3; 32]),
            expires: UnixSeconds(4),
            payload: Vec::new(),
        };
        let claims = Claims::from_json(&schema(), r#"{"name": "Erika"}"#).unwrap();
        invitation.payload = seal(&[5; 32], &ParametersDigest([6; 32]), &claims, &invitation, &mut OsRng).unwrap();
        invitation
    }

    #[test]
    fn roundtrips() {
        let opened = open(&[5; 32], &sealed()).unwrap();
        assert_eq!(opened.parameters(), ParametersDigest([6; 32]));
        assert_eq!(opened.claims(&schema()).unwrap().to_json(&schema()).unwrap().as_str(), r#"{"name":"Erika"}"#);
    }

    #[test]
    fn rejects_another_key_or_column() {
        let good = sealed();
        assert!(open(&[4; 32], &good).is_err());
        for changed in [
            Invitation { nonce: InvitationNonce([0; 16]), ..good.clone() },
            Invitation { person: PersonTag([0; 32]), ..good.clone() },
            Invitation { assurance: Assurance::Full, ..good.clone() },
            Invitation { schema: SchemaDigest([0; 32]), ..good.clone() },
            Invitation { expires: UnixSeconds(5), ..good.clone() },
        ] {
            assert!(matches!(open(&[5; 32], &changed), Err(Error::Damaged { .. })));
        }
    }

    #[test]
    fn rejects_every_flipped_byte_and_every_length() {
        let good = sealed();
        for at in 0..good.payload.len() {
            let mut changed = good.clone();
            changed.payload[at] ^= 1;
            assert!(open(&[5; 32], &changed).is_err(), "byte {at}");
            changed.payload.truncate(at);
            assert!(open(&[5; 32], &changed).is_err(), "length {at}");
        }
    }
}
