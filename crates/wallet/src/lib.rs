//! The holder's wallet: it keeps credentials, says what a request would learn, and answers what the holder consents to.
//!
//! ```text
//! issuer's file → add_issuer      signatures checked, identity key pinned
//! set or list   → add_set, add_list                the same
//! trust list    → add_trust_list  signature checked, authority pinned
//! invitation    → apply           → application
//! answer        → accept          → credential
//! request       → review          → Consent, in words, or a Refusal with a sentence that helps
//! Consent       → respond         → presentation
//! epochs        → sync            → the issuers' logs of revocations followed, the cards' witnesses up to date
//! passphrase    → backup          → a file that restore makes a wallet of
//! secret        → request_revocation → what the issuer revokes the holder's cards by
//! ```
//!
//! **What it refuses.** Requests that are altered, unsigned, expired, from the future, about another day than today, from a known
//! origin with another key, or answered before; issuers' parameters that are not published to everybody under one sequence
//! number; credentials that are not signed on this wallet's secret. A trust list adds: verifiers that it contradicts, requests
//! for a profile for which their verifier is not listed, and issuers, inspectors and publications in whose names it has others only. Requests that ask for more than the profile they name permits are refused
//! with and without a trust list.
//!
//! **What it keeps.** One encrypted vault, which holds everything personal, and the issuers' public files. Every change is on the disk
//! before a method returns; after an error or a crash the old state stands. The counter that goes into every proof's nonces is
//! saved before the proof is made, and the wallet checks its proof before it hands it out. Where there is no disk, [`Entries`] hold the
//! same, for the caller to save.
//!
//! **What it prepares.** A wallet that stays open may call [`Wallet::prepare`] in idle time: it then has answers to the kinds of request
//! that it answered last, but for what depends on the verifier's nonce. Each is used once, is in memory only, and is gone when the wallet is
//! dropped, on another day and in a forked process; [`Wallet::discard_prepared`] says when to erase them.
//!
//! **What a server of epochs learns.** [`Wallet::sync`] reads the log of every signature key of every pinned issuer, whether or not there is
//! a card under it. Which files it asks for follows from the last epoch that was read. So the server learns which issuers the wallet knows
//! and when it last looked; call it at regular times, and it learns nothing of cards and showings.
//!
//! **What a restored wallet does.** It has a new random id, so that its nonces repeat none of the old one's, and it gives no tokens of which it can
//! not know that they are unused: none, ever, of a scope and epoch of which the backup has a counter, and none of other scopes until the
//! holder [allows](Wallet::allow_tokens) them. The same holds for a wallet that is made from its recovery phrase.
//!
//! **What is random.** The generator is a parameter, with two exceptions: the encryption of the vault and the address for an
//! issuer's answer come from age, which uses the operating system's.
//!
//! Caution: [`Sentences`], [`Wallet::show`] and [`Refusal::explanation`] contain the holder's claims; print them on the holder's screen
//! only. `Debug` and `Display` of everything else are fit for a log.
//!
//! Not here: clocks (the time is a parameter), the network, group arithmetic, what a profile permits (the credential crate).
//!
//! ```
//! # use milchglas_bbs::SecretKey;
//! # use milchglas_credential::claim::Claims;
//! # use milchglas_credential::credential::Handle;
//! # use milchglas_credential::date::{Date, Timestamp};
//! # use milchglas_credential::digest::{InvitationNonce, RequestNonce, VerifierKey};
//! # use milchglas_credential::issuance::{Answer, Application, Invitation, Issued, SignedInvitation};
//! # use milchglas_credential::parameters::{Content, IssuerKey, Parameters, sign_digits};
//! # use milchglas_credential::request::*;
//! # use milchglas_credential::predicate::Predicate;
//! # use milchglas_credential::revocation::{AccumulatorSecretKey, SignedHead, Witness};
//! # use milchglas_credential::schema::Schema;
//! # use milchglas_statements::SetSecretKey;
//! # use rand_core::OsRng;
//! use milchglas_sealed::{Passphrase, Work};
//! use milchglas_wallet::{Error, Refusal, Wallet};
//! # use zeroize::Zeroizing;
//! # let now: Timestamp = "2026-11-23T10:00:00Z".parse()?;
//! # let later: Timestamp = "2026-11-23T10:05:00Z".parse()?;
//! # let schema = Schema::national_id()?;
//! # let (identity, secret) = (SigningKey::from_bytes(&[1; 32]), SecretKey::random(&mut OsRng)?);
//! # let digits = sign_digits(&SetSecretKey::random(&mut OsRng))?;
//! # let revoking = AccumulatorSecretKey::random(&mut OsRng);
//! # let keys = vec![IssuerKey { public: secret.public_key()?, accepted_until: Date::MAX, revocation: revoking.public_key()? }];
//! # let content = Content { name: "State".into(), sequence: 1, keys, digits, schemas: vec![schema.clone()] };
//! # let parameters = Parameters::sign(content, &identity)?;
//! # let (issuer_file, fingerprint) = (parameters.to_json()?, parameters.fingerprint());
//! # let nonce = InvitationNonce([1; 16]);
//! # let invitation = Invitation { issuer: fingerprint, parameters: parameters.digest(), schema: schema.digest(), nonce, expires: later };
//! # let invitation_file = SignedInvitation::sign(invitation.clone(), &identity).to_bytes();
//! # let issue = |application: &[u8]| -> Result<Vec<u8>, Box<dyn std::error::Error>> {
//! #     let application = Application::from_bytes(application)?.verify(&invitation, &parameters, &mut OsRng)?;
//! #     let claims = format!(r#"{{"surname": "Muster", "given_names": "Erika", "id_number": "1", "date_of_birth": "1990-01-31",
//! #         "sex": "F", "nationality": "DE", "portrait": "{}", "assurance": 2, "valid_from": "2024-01",
//! #         "valid_until": "2033-12"}}"#, "5a".repeat(32));
//! #     let claims = Claims::from_json(&schema, &claims)?;
//! #     let key = parameters.signing_key(&schema.digest()).ok_or("a key")?;
//! #     let (handle, head) = (Handle::random(&mut OsRng), SignedHead::first(key, now, &identity));
//! #     let witness = Witness::issue(head.unverified(), key, &handle, &revoking)?;
//! #     let credential = application.issue(&invitation, &parameters, &secret, handle, claims)?;
//! #     let issued = Issued { credential, witness };
//! #     let recipient: age::x25519::Recipient = application.reply_to().parse()?;
//! #     Ok(Answer { nonce, ciphertext: age::encrypt(&recipient, &issued.to_bytes())? }.to_bytes())
//! # };
//! # let cafe = SigningKey::from_bytes(&[2; 32]);
//! # let request = Request::new(RequestFields {
//! #     verifier: VerifierIdentity {
//! #         name: "Café Glas".into(), origin: "https://cafe.example".parse()?, key: VerifierKey(cafe.verifying_key().to_bytes()),
//! #     },
//! #     profile: None, purpose: "Log in".into(), nonce: RequestNonce([1; 16]), issued: now, expires: later, as_of: now.date(),
//! #     ask: Ask::Credential(CredentialAsk {
//! #         name: "card".parse()?,
//! #         accept: vec![Accept { issuer: fingerprint, parameters: parameters.digest() }],
//! #         schemas: vec![SchemaRef { id: schema.id().clone(), digest: schema.digest() }],
//! #         disclose: vec![],
//! #         prove: vec![Predicate::AgeAtLeast { claim: "date_of_birth".parse()?, years: 18 }],
//! #         not_revoked: vec![],
//! #         pseudonym: None,
//! #         rate: None,
//! #         encrypt_to: None,
//! #     }),
//! #     document: None,
//! # })?;
//! # let request_file = request.sign(&cafe)?.to_bytes();
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path().join("wallet");
//! # let passphrase = Passphrase::new(&Zeroizing::new("correct horse battery staple".to_owned()))?;
//! # let work = Work::with_log_n(4)?;
//! # let _ = Work::DEFAULT; // what the program uses; the example is quicker
//! let (mut wallet, phrase) = Wallet::init(&dir, &passphrase, work, &mut OsRng)?;
//! assert_eq!(phrase.expose().split(' ').count(), 24); // shown once, on paper
//!
//! wallet.add_issuer(&issuer_file, Some(fingerprint), &mut OsRng)?;
//! let application = wallet.apply(&invitation_file, now, &mut OsRng)?;
//! let answer = issue(&application)?;
//! wallet.accept(&answer, now)?;
//!
//! let consent = wallet.review(&request_file, now, &mut OsRng)?;
//! for sentence in consent.text(0).unwrap_or_default().iter() {
//!     println!("{sentence}");
//! }
//! let presentation = wallet.respond(consent, 0, now, &mut OsRng)?;
//! # let verified = milchglas_credential::presentation::Presentation::from_bytes(&presentation)?;
//! # verified.verify(&request, &[&parameters], &mut OsRng)?;
//!
//! assert_eq!(wallet.history().len(), 1);
//! let again = wallet.review(&request_file, now, &mut OsRng);
//! assert!(matches!(again, Err(Error::Refused(Refusal::AlreadyAnswered))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod answering;
mod applying;
mod backup;
mod consent;
mod counting;
mod entries;
mod epoch_source;
mod error;
#[cfg(not(target_family = "wasm"))]
mod folder;
mod following;
mod inspectors;
mod phrase;
mod policy;
mod pool;
mod preparing;
mod publications;
mod sentences;
mod shortfall;
mod store;
mod trusting;
mod vault;
mod wallet;
mod ways;

#[cfg(test)]
mod tests;

pub use applying::Accepted;
pub use consent::{CardShown, Choice, Consent, Disclosed, Standing, Warning};
pub use entries::Entries;
pub use epoch_source::{
    EpochFolder, EpochSource, MAX_CONCATENATION, MAX_HEAD_FILE, epochs_limit, epochs_path, head_path,
};
pub use error::{Error, Refusal};
#[cfg(not(target_family = "wasm"))]
pub use folder::Folder;
pub use following::{Contradiction, LogOutcome, LogReport, SyncProgress, SyncReport};
pub use inspectors::{AddedInspector, KnownInspector};
pub use phrase::RecoveryPhrase;
pub use policy::Voucher;
pub use publications::{AddedPublication, KnownPublication, PublicationKind};
pub use sentences::Sentences;
pub use store::{Store, Usual};
pub use trusting::AddedTrustList;
pub use vault::{CredentialId, HistoryEntry, KnownIssuer, KnownVerifier};
pub use wallet::{AddedIssuer, Before, CredentialSummary, Wallet};
