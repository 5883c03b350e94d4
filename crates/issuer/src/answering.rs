//! Issuing: one application, one answer, stored before it is returned.
//!
//! The order: the stored answer if there is one – proof – reply address – validity – the registry's rules and a fresh handle, in one
//! transaction with the answer. What is wrong with an application is found before the registry is locked, and a claim
//! about a registered name counts only after its proof.
//!
//! Secret: claims and credential, erased after use; the answer is encrypted to the wallet.
//! Not here: the transaction (`registry`), the signature (`milchglas-credential`).

use milchglas_credential::credential::Handle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{InvitationNonce, SchemaDigest};
use milchglas_credential::issuance::{Answer, Application, Invitation};
use milchglas_credential::parameters::Parameters;
use rand_core::{CryptoRng, RngCore};

use crate::enrolment::{check_validity, valid_until};
use crate::registry::{self, Begun, Found, UnixSeconds};
use crate::reply_address::ReplyAddress;
use crate::{Error, Issuer, Refusal, waiting_claims};

const DAMAGED: Error = Error::Damaged { what: "an invitation in the registry does not fit the parameters" };

impl Issuer {
    /// Answers an application: checks it, issues the credential and returns the answer for the wallet, an
    /// [`Answer`] in its wire form. The same application again gets the same bytes again.
    ///
    /// # Errors
    /// [`Error::Input`] if it is no application or names no age X25519 recipient; [`Error::Invalid`] if its proof does not hold for
    /// the invitation; [`Error::Refused`] with the rule that says no. The invitation then stays open for a better application.
    /// After [`Error::Storage`] it is not known whether the answer was stored; the same application again tells.
    pub async fn answer(
        &self,
        application: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Vec<u8>, Error> {
        let application = Application::from_bytes(application)?;
        let nonce = registry::InvitationNonce(application.nonce().0);
        let digest = registry::ApplicationDigest(application.digest().0);
        let seconds = UnixSeconds(now.as_unix());
        let open = match self.registry.find(nonce, &digest, seconds).await? {
            Found::Answered(response) => return Ok(response),
            Found::Open(open) => open,
        };

        let waiting = waiting_claims::open(&self.keys.claims, &open)?;
        let older = self.older(&waiting.parameters())?;
        let parameters = older.as_ref().unwrap_or(&self.parameters);
        if last_key(parameters) != last_key(&self.parameters) {
            return Err(Refusal::KeyReplaced.into());
        }
        let invitation = Invitation {
            issuer: parameters.fingerprint(),
            parameters: parameters.digest(),
            schema: SchemaDigest(open.schema.0),
            nonce: InvitationNonce(open.nonce.0),
            expires: Timestamp::from_unix(open.expires.0).ok_or(DAMAGED)?,
        };
        let verified = application.verify(&invitation, parameters, rng)?;
        let reply_address = ReplyAddress::read(verified.reply_to())?;
        let schema = parameters.schema(&invitation.schema).ok_or(DAMAGED)?;
        let issuer_key = parameters.signing_key(&invitation.schema).ok_or(DAMAGED)?.id();
        let claims = waiting.claims(schema)?;
        check_validity(schema, &claims, now)?;
        let valid_until = valid_until(schema, &claims).ok_or(DAMAGED)?;

        let facts = registry::Application {
            name: registry::RegisteredName(verified.name().to_bytes()),
            commitment: registry::Commitment(verified.commitment().to_bytes()),
            digest,
        };
        let issuance = match self.registry.begin(nonce, &facts, seconds, rng).await? {
            Begun::Answered(response) => return Ok(response),
            Begun::Open(issuance) => issuance,
        };
        let handle = Handle::from_bytes(issuance.handle().0);
        let inspector_point = handle.inspector_point().to_bytes();
        let credential = verified.issue(&invitation, parameters, &self.keys.signing, handle, claims)?;
        let ciphertext = reply_address.encrypt(&credential.to_bytes())?;
        let stored = registry::Answer {
            response: Answer { nonce: invitation.nonce, ciphertext }.to_bytes(),
            inspector_point: registry::InspectorPoint(inspector_point),
            issuer_key: registry::IssuerKeyId(issuer_key.0),
            valid_until: registry::ValidUntil(valid_until.index()),
        };
        Ok(issuance.commit(stored).await?)
    }
}

fn last_key(parameters: &Parameters) -> Option<[u8; 96]> {
    parameters.content().keys.last().map(|key| key.public.to_bytes())
}
