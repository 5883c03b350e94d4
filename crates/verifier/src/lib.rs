//! The verifier: it asks, checks, and learns a verdict.
//!
//! ```text
//! template ──request──▶ signed request ──▶ wallet ──▶ presentation ──check──▶ Verdict, or Rejection
//!                             └── kept in the store until answered or expired ──┘
//! ```
//!
//! A [`Template`] says in plain names what is asked each time: that the holder is an adult with a valid card, say.
//! [`Verifier::request`] makes a request of it, with a fresh nonce, signed, and stored before it leaves. [`Verifier::check`] takes
//! what a wallet answered, and returns a [`Verdict`] only if all of this holds:
//!
//! - the nonce is that of a request which this verifier signed and stored, and which has not expired;
//! - the proof holds for the stored request, under parameters of an issuer that is trusted;
//! - of all answers to the request, this is the first that held.
//!
//! So a verdict is worth one admission. An answer that fails does not use up the request, and says nothing about why: the outside
//! hears one sentence, the operator's log the [`Reason`], without claims.
//!
//! Many answers at once cost about half as much each: [`Verifier::check_many`] puts the pairing equations of all into one product, finds
//! the bad ones and accepts the others. With the feature `parallel` the rest is spread over all cores.
//!
//! A template may ask that a card has not been revoked. For that the verifier knows the newest head of each issuer's epochs, a file of less than two
//! kilobytes that the issuer publishes: [`Verifier::learn_epoch`]. Requests carry the accumulators that they accept, so a check, also a later one of a
//! kept answer, needs nothing else.
//!
//! What is public: name, origin and key (`identity.json`), the requests. What is secret: the key's seed. What a verdict has disclosed is the
//! holder's; this crate writes it nowhere.
//!
//! Where things are kept is a [`RequestStore`]'s business: [`MemoryStore`] lives with the process, `FolderStore` survives it and
//! is shared between processes. Checking needs no secret, so a [`Checker`] opens a folder without a passphrase.
//!
//! Caution: a server that shows its request in a browser and takes the answer from a phone binds the two with
//! [`Verifier::check_answer_to`]; otherwise one visitor's answer opens another's session. Time is a parameter everywhere: a clock that
//! is set back revives requests that have expired and were not yet [pruned](Verifier::prune).
//! Not here: transport, QR codes, the mathematics of a proof (`milchglas-credential` and below), what a verdict entitles to.
//!
//! # Example
//!
//! `examples/axum.rs` does this over HTTP.
//!
//! ```
//! use milchglas_credential::request::SigningKey;
//! use milchglas_verifier::{MemoryStore, Reason, Template, Verifier};
//! use rand_core::{OsRng, RngCore};
//! # use milchglas_credential::{claim::Claims, request::SignedRequest, schema::Schema};
//! # use milchglas_tests::{TestIssuer, holder, national_id_json, present_not_revoked};
//! # let schema = Schema::national_id()?;
//! # let issuer = TestIssuer::new("state", vec![schema.clone()])?;
//! # let parameters_json = issuer.parameters.to_json()?;
//! # let fingerprint = issuer.parameters.fingerprint();
//! # let newest_head = issuer.first_epoch()?.head().to_bytes();
//! # let k = holder("erika")?;
//! # let claims = Claims::from_json(&schema, &national_id_json("1990-01-31"))?;
//! # let card = issuer.issue(&schema, &k, claims, &mut OsRng)?;
//! # let wallet = |bytes: &[u8]| {
//! #     let asked = SignedRequest::verify(bytes)?;
//! #     Ok::<_, milchglas_credential::error::Error>(
//! #         present_not_revoked(asked.request(), &[&issuer], &k, &[&card], &mut OsRng)?.to_bytes())
//! # };
//! let mut seed = [0; 32];
//! OsRng.fill_bytes(&mut seed);
//! let key = SigningKey::from_bytes(&seed);
//! let cafe = Verifier::new("Café Glas", "https://cafe.example".parse()?, key, [], MemoryStore::new())?;
//! cafe.trust(&parameters_json, Some(&fingerprint))?;
//! cafe.learn_epoch(&newest_head)?;
//!
//! let now = "2026-11-23T09:00:00Z".parse()?;
//! let asked = cafe.request(&Template::cafe()?, now, &mut OsRng)?;
//! let answer = wallet(asked.bytes())?;
//!
//! let verdict = cafe.check(&answer, now, &mut OsRng)?;
//! assert_eq!(verdict.learned().count(), 0);
//! assert_eq!(verdict.proved().next(),
//!     Some("date of birth is on or before 2008-11-23 (at least 18 years old on 2026-11-23)"));
//! assert_eq!(verdict.not_revoked().count(), 1);
//!
//! let again = cafe.check(&answer, now, &mut OsRng).unwrap_err();
//! assert_eq!(again.to_string(), "The answer was not accepted.");
//! assert_eq!(again.for_log(), Reason::Answered);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod comparisons;
mod epochs;
mod error;
#[cfg(not(target_family = "wasm"))]
mod folder;
mod identity;
mod sealed;
mod store;
mod template;
mod trust;
mod verdict;
mod verifier;

pub use epochs::LearnedEpoch;
pub use error::{Error, StoreError};
#[cfg(not(target_family = "wasm"))]
pub use folder::{FolderStore, change_passphrase};
pub use identity::{identity_from_json, identity_json};
pub use store::{Consumed, DEFAULT_LIMIT, Lookup, MemoryStore, RequestStore, ShownToken};
pub use template::{
    ClaimInDays, ClaimValues, FromNow, NotRevokedAsk, OneOf, Template, TemplateAsk, TemplateCredential,
    TemplatePredicate,
};
pub use trust::TrustedIssuer;
pub use verdict::{Reason, Rejection, ShownCredential, Verdict};
pub use verifier::{Asked, Checker, Verifier};
