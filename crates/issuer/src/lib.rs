//! The issuer: keys, published parameters, issuing, registry.
//!
//! An officer checks a person, writes down the claims and [invites](Issuer::invite) the person's wallet. The wallet applies with a
//! commitment to a secret that it never shows. The issuer [answers](Issuer::answer) with a credential that only this wallet
//! can read. Everything else here serves those two calls.
//!
//! ```text
//! officer  claims, assurance ──► invite ──► invitation   signed; the claims wait, encrypted, in the registry
//! wallet   invitation ─────────► apply ───► application  K, N, a proof that both hold one secret, an age recipient
//! issuer   application ────────► answer ──► answer       the credential, encrypted; stored before it is returned
//! ```
//!
//! Many persons at once: [`Issuer::invite_all`] and [`Issuer::answer_all`] take groups, under the same rules.
//!
//! What holds, each by a test:
//!
//! - One secret a person, one person a secret: the registered name N belongs to one person, and a person has one N.
//! - An answer outlives the process that made it. The same application gets the same bytes again, whenever it comes.
//! - A renewal under the same N is a new credential with a new handle.
//! - The assurance is the officer's word, not the claims file's. Claims are issued only in the months in which they are valid.
//! - No file of the folder holds a claim or a person's number in the clear.
//! - Published parameters never change unnoticed: each change has a new sequence number, and the sealed keys file says which
//!   publication counts.
//!
//! Secret: the keys (sealed under a passphrase), invitations (whoever has one may apply in the person's place). Public: the
//! parameters. The registry is neither: it joins persons' hashes to handles, and so to what inspectors open.
//!
//! Caution: one process at a time has an issuer's folder open; inside it, any number of tasks may invite and answer. "One per
//! person" is one per number that the officer enters, byte by byte.
//!
//! Not here: transport, what officers check, clocks and randomness of its own (but age, which
//! encrypts the answer and the keys file, draws from the operating system).
//!
//! ```
//! use milchglas_credential::credential::HolderSecret;
//! use milchglas_credential::date::Timestamp;
//! use milchglas_credential::issuance::Application;
//! use milchglas_credential::schema::Schema;
//! use milchglas_issuer::{Assurance, Enrolment, Issuer};
//! use milchglas_sealed::{Passphrase, Work};
//! # use rand_core::OsRng;
//! # use std::time::Duration;
//! # use zeroize::Zeroizing;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("state");
//! # let passphrase = Passphrase::new(&Zeroizing::new("correct horse battery staple".to_owned()))?;
//! # let work = Work::with_log_n(4)?; // Work::DEFAULT in earnest
//! let schema = Schema::from_json(
//!     r#"{"milchglas": "schema/1", "id": "library-card", "title": "library card", "number": "member", "claims": [
//!         {"name": "member", "title": "member number", "type": "text"},
//!         {"name": "born", "title": "date of birth", "type": "date"}]}"#,
//! )?;
//! let issuer = Issuer::init(&folder, "City Library", vec![schema], &passphrase, work, &mut OsRng).await?;
//! let now: Timestamp = "2026-11-23T09:00:00Z".parse()?;
//!
//! // At the counter: the person is checked, the wallet gets the invitation.
//! let enrolment = Enrolment {
//!     schema: "library-card",
//!     claims: r#"{"member": "L-1042", "born": "1990-01-31"}"#,
//!     person: None,
//!     assurance: Assurance::Full,
//!     valid_for: Duration::from_secs(3600),
//! };
//! let invitation = issuer.invite(&enrolment, now, &mut OsRng).await?;
//!
//! // In the wallet, which has the issuer's parameters.
//! # let k = HolderSecret::from_uniform_bytes(&[7; 64])?;
//! # let reply_to = age::x25519::Identity::generate();
//! let verified = invitation.verify(issuer.parameters())?;
//! let recipient = reply_to.to_public().to_string();
//! let application = Application::create(verified, issuer.parameters(), &k, &recipient, &mut OsRng)?;
//!
//! // At the issuer again: the answer is on disk when the call returns, so a lost reply costs nothing.
//! let answer = issuer.answer(&application.to_bytes(), now, &mut OsRng).await?;
//! assert_eq!(issuer.answer(&application.to_bytes(), now, &mut OsRng).await?, answer);
//! # issuer.close().await;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod answering;
mod authority;
mod enrolment;
mod error;
mod folder;
mod groups;
mod issuer;
mod keys;
mod publishing;
pub mod registry;
mod reply_address;
mod revoking;
mod waiting_claims;

#[cfg(test)]
mod tests;

pub use authority::Authority;
pub use enrolment::{Enrolment, PersonNumber};
pub use error::{Error, Refusal};
pub use groups::{GROUP, Submission};
pub use issuer::Issuer;
pub use registry::{Answered, Assurance};
#[doc(hidden)]
pub use reply_address::encrypt_to_reply_address;
pub use revoking::PublishedEpoch;
