//! Issuing: one application, one answer, stored before it is returned.
//!
//! The order: the stored answer if there is one – proof – reply address – validity – the registry's rules and a fresh handle, in one
//! transaction with the answer. What is wrong with an application is found before the registry is locked, and a claim
//! about a registered name counts only after its proof.
//!
//! Secret: claims and credential, erased after use; the answer is encrypted to the wallet.
//! Not here: the transaction (`registry`), the signature (`milchglas-credential`), many applications at once (`groups`).

use std::sync::Arc;

use milchglas_credential::claim::Claims;
use milchglas_credential::credential::Handle;
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{InvitationNonce, SchemaDigest};
use milchglas_credential::issuance::{Answer, Application, Invitation, Issued, VerifiedApplication};
use milchglas_credential::parameters::Parameters;
use rand_core::{CryptoRng, CryptoRngCore, RngCore};

use crate::enrolment::{check_validity, read_claims, valid_until};
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

        let checked = self.check(application, &open, None, now, rng)?;
        self.follow_epochs(now).await?;
        let issuance = match self.registry.begin(nonce, &checked.facts(), seconds, rng).await? {
            Begun::Answered(response) => return Ok(response),
            Begun::Open(issuance) => issuance,
        };
        let stored = self.sign(checked, issuance.handle())?;
        Ok(issuance.commit(stored).await?)
    }

    /// All that is checked before the registry is locked. `claims` are those that the officer says once more, if any.
    pub(crate) fn check(
        &self,
        application: Application,
        open: &registry::Invitation,
        claims: Option<&str>,
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Checked, Error> {
        let waiting = waiting_claims::open(&self.keys.claims, open)?;
        let parameters = self.parameters_of(&waiting.parameters())?;
        if last_key(&parameters) != last_key(&self.parameters) {
            return Err(Refusal::KeyReplaced.into());
        }
        let invitation = Invitation {
            issuer: parameters.fingerprint(),
            parameters: parameters.digest(),
            schema: SchemaDigest(open.schema.0),
            nonce: InvitationNonce(open.nonce.0),
            expires: Timestamp::from_unix(open.expires.0).ok_or(DAMAGED)?,
        };
        let application = application.verify(&invitation, &parameters, rng)?;
        let reply_address = ReplyAddress::read(application.reply_to())?;
        let schema = parameters.schema(&invitation.schema).ok_or(DAMAGED)?;
        let issuer_key = parameters.signing_key(&invitation.schema).ok_or(DAMAGED)?.id();
        let waiting = waiting.claims(schema)?;
        if let Some(claims) = claims
            && read_claims(schema, claims, open.assurance)?.values() != waiting.values()
        {
            return Err(Refusal::ClaimsContradict.into());
        }
        check_validity(schema, &waiting, now)?;
        let valid_until = registry::ValidUntil(valid_until(schema, &waiting).ok_or(DAMAGED)?.index());
        let issuer_key = registry::IssuerKeyId(issuer_key.0);
        Ok(Checked { application, invitation, parameters, claims: waiting, reply_address, issuer_key, valid_until })
    }

    /// Signs the credential and encrypts it to the wallet.
    pub(crate) fn sign(&self, checked: Checked, handle: registry::Handle) -> Result<registry::Answer, Error> {
        let Checked { application, invitation, parameters, claims, reply_address, issuer_key, valid_until } = checked;
        let handle = Handle::from_bytes(handle.0);
        let inspector_point = registry::InspectorPoint(handle.inspector_point().to_bytes());
        let credential = application.issue(&invitation, &parameters, &self.keys.signing, handle, claims)?;
        let key = parameters.signing_key(&invitation.schema).ok_or(DAMAGED)?;
        let (cohort, witness) = self.witness(key, &credential)?;
        let ciphertext = reply_address.encrypt(&Issued { credential, witness }.to_bytes())?;
        let response = Answer { nonce: invitation.nonce, ciphertext }.to_bytes();
        Ok(registry::Answer { response, inspector_point, issuer_key, valid_until, cohort })
    }
}

/// An application that the registry's rules may still refuse, and nothing else.
pub(crate) struct Checked {
    application: VerifiedApplication,
    invitation: Invitation,
    parameters: Arc<Parameters>,
    claims: Claims,
    reply_address: ReplyAddress,
    issuer_key: registry::IssuerKeyId,
    valid_until: registry::ValidUntil,
}

impl Checked {
    /// What the registry needs to know of it.
    pub(crate) fn facts(&self) -> registry::Application {
        registry::Application {
            name: registry::RegisteredName(self.application.name().to_bytes()),
            commitment: registry::Commitment(self.application.commitment().to_bytes()),
            digest: registry::ApplicationDigest(self.application.digest().0),
        }
    }
}

fn last_key(parameters: &Parameters) -> Option<[u8; 96]> {
    parameters.content().keys.last().map(|key| key.public.to_bytes())
}
