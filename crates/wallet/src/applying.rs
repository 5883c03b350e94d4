//! Getting a credential: apply to an invitation, accept the answer.
//!
//! ```text
//! invitation → apply   stored: the invitation, a fresh age identity, the application → application
//! answer     → accept  decrypted with that identity, its signature checked with k → credential
//! ```
//!
//! Spec: `spec/issuance.md`. Both steps may be repeated with the same bytes: a lost file costs nothing.
//! Caution: the reply identity comes from the operating system's random number generator; age has no parameter for it.

use milchglas_credential::date::Timestamp;
use milchglas_credential::issuance::{Answer, Application, Issued, SignedInvitation};
use milchglas_credential::parameters::Parameters;
use milchglas_sealed::ReplyIdentity;
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Refusal};
use crate::store::Store;
use crate::vault::{
    CardStanding, CredentialId, MAX_APPLICATIONS, MAX_CREDENTIALS, OpenApplication, Stage, State, StoredCredential,
    Witnesses,
};
use crate::wallet::{CredentialSummary, Wallet};

/// What accepting an answer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The credential.
    pub credential: CredentialSummary,
    /// Whether this answer brought it; not so where the same answer came before.
    pub new: bool,
}

impl<S: Store> Wallet<S> {
    /// Answers an issuer's invitation with an application. The same invitation again gives the same application.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no invitation; [`Error::Refused`] with [`Refusal::UnknownInviter`],
    /// [`Refusal::BadInvitation`], [`Refusal::InvitationExpired`] or [`Refusal::InvitationUsed`].
    pub fn apply(&mut self, invitation: &[u8], now: Timestamp, rng: &mut dyn CryptoRngCore) -> Result<Vec<u8>, Error> {
        let signed = SignedInvitation::from_bytes(invitation)?;
        let parameters = self.pinned(&signed.unverified().parameters)?.ok_or(Refusal::UnknownInviter)?.clone();
        let content = signed.verify(&parameters).map_err(|_| Refusal::BadInvitation)?;
        let mut known = self.state.applications.iter();
        if let Some(known) = known.find(|known| known.issuer == content.issuer && known.nonce == content.nonce) {
            return match &known.stage {
                Stage::Sent { application, .. } if known.invitation == invitation => Ok(application.clone()),
                Stage::Sent { .. } | Stage::Answered { .. } => Err(Refusal::InvitationUsed.into()),
            };
        }
        if now >= content.expires {
            return Err(Refusal::InvitationExpired { at: content.expires }.into());
        }
        let identity = ReplyIdentity::generate();
        let application =
            Application::create(content, &parameters, self.secret(), &identity.address(), rng)?.to_bytes();
        let stage = Stage::Sent { identity: identity.to_text(), application: application.clone() };
        let open = OpenApplication {
            issuer: content.issuer,
            parameters: content.parameters,
            schema: content.schema,
            nonce: content.nonce,
            invitation: invitation.to_vec(),
            stage,
        };
        self.commit(|state| state.add_application(open))?;
        Ok(application)
    }

    /// Opens an issuer's answer and keeps the credential, if it holds for this wallet's secret.
    ///
    /// An older credential of the same issuer and schema stays; the newest is preferred. The witness that it has not been revoked is kept, and
    /// used once a [sync](Wallet::sync) has checked it.
    ///
    /// # Errors
    /// [`Error::Input`] where it is no answer; [`Error::Refused`] with [`Refusal::ForeignAnswer`] or [`Refusal::BadAnswer`].
    pub fn accept(&mut self, answer: &[u8], now: Timestamp) -> Result<Accepted, Error> {
        let digest: [u8; 32] = Sha256::digest(answer).into();
        let answer = Answer::from_bytes(answer)?;
        let mut refusal = Refusal::ForeignAnswer;
        let mut found = None;
        for (place, open) in self.state.applications.iter().enumerate() {
            if open.nonce != answer.nonce {
                continue;
            }
            match &open.stage {
                Stage::Answered { answer, credential } if *answer == digest => {
                    let credential = self.show(*credential)?.0;
                    return Ok(Accepted { credential, new: false });
                }
                Stage::Answered { .. } => {}
                Stage::Sent { identity, .. } => {
                    refusal = Refusal::BadAnswer;
                    let parameters = self
                        .pinned(&open.parameters)?
                        .ok_or(Error::Misuse("an application's parameters are pinned"))?;
                    if let Some(issued) = self.open_answer(open, identity, parameters, &answer.ciphertext) {
                        found = Some((place, open.parameters, issued));
                        break;
                    }
                }
            }
        }
        let (place, parameters, issued) = found.ok_or(refusal)?;
        let bytes = issued.credential.to_bytes();
        let id = self.commit(|state| {
            if state.credentials.len() >= MAX_CREDENTIALS {
                return Err(Error::Full("credentials"));
            }
            let id = CredentialId(state.last_credential.checked_add(1).ok_or(Error::Full("credentials"))?);
            let open = state.applications.get_mut(place).ok_or(Error::Misuse("the application found"))?;
            open.stage = Stage::Answered { answer: digest, credential: id };
            state.last_credential = id.0;
            state.credentials.push(StoredCredential { id, parameters, added: now, bytes });
            state.standings.push(CardStanding { card: id, witnesses: Witnesses::Unchecked(issued.witness) });
            Ok(id)
        })?;
        self.added(id);
        Ok(Accepted { credential: self.show(id)?.0, new: true })
    }

    /// The credential in an answer, if this application's identity opens it and it is the one applied for.
    fn open_answer(
        &self,
        open: &OpenApplication,
        identity: &str,
        parameters: &Parameters,
        ciphertext: &[u8],
    ) -> Option<Issued> {
        let bytes = ReplyIdentity::parse(identity).ok()?.open(ciphertext).ok()?;
        let issued = Issued::from_bytes(&bytes, |issuer, schema| {
            let applied_for = *issuer == open.issuer && *schema == open.schema;
            if applied_for { parameters.schema(schema) } else { None }
        });
        let key = parameters.signing_key(&open.schema)?;
        let issued = issued.ok()?;
        issued.credential.verify(self.secret(), key, parameters.schema(&open.schema)?).ok()?;
        Some(issued)
    }
}

impl State {
    fn add_application(&mut self, open: OpenApplication) -> Result<(), Error> {
        if self.applications.len() >= MAX_APPLICATIONS {
            let answered = |application: &OpenApplication| matches!(application.stage, Stage::Answered { .. });
            let oldest = self.applications.iter().position(answered).ok_or(Error::Full("applications"))?;
            self.applications.remove(oldest);
        }
        self.applications.push(open);
        Ok(())
    }
}
