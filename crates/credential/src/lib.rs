//! Schemas, claims, credentials, requests and presentations.
//!
//! A schema says which claims a credential carries; a request says which of them are to be disclosed and what is to be
//! proven about the others. Requests are JSON for people and one deterministic CBOR form for signatures, transcripts and
//! QR codes.
//!
//! The modules, in the order in which a card lives:
//!
//! | module | what it is |
//! |---|---|
//! | [`schema`], [`claim`], [`date`] | what a card can say, with types; the scalar of each value |
//! | [`issuer_key`], [`parameters`] | an issuer's keys, and what it publishes, signed |
//! | [`issuance`], [`credential`] | invitation, application, answer; the card |
//! | [`request`], [`predicate`], [`interval`] | what a verifier asks, and exactly what that means |
//! | [`revocation`] | epochs, their files, and the witness with which a card shows that it has not been revoked |
//! | [`set`], [`list`] | sets that a request asks membership in, and long lists that it asks absence from |
//! | [`scope`], [`document`] | names and tokens inside a verifier's scope; an answer as a signature |
//! | [`encrypt_to`], [`inspector`], [`case`] | what is encrypted for a t-of-n inspector; the inspector's file; what is kept to have it opened |
//! | [`selection`], [`compile`] | which way a wallet takes through a request; the statements that both sides build from it |
//! | [`presentation`] | answering, at once or from what was [made in idle time](presentation::Precomputed); checking, one or [many](presentation::verify_all) |
//! | [`profile`], [`trust_list`] | what a kind of verifier may ask; who vouches for whom |
//! | [`cbor`], [`digest`], [`number`], [`text`] | one encoding for each object |
//!
//! The roles are crates of their own, on top of this one: they keep secrets, clocks and policies. Here is all of it in memory:
//!
//! ```
//! use milchglas_credential::claim::Claims;
//! use milchglas_credential::compile::compile;
//! use milchglas_credential::credential::{Handle, HolderSecret, Holdings};
//! use milchglas_credential::date::{Date, Timestamp};
//! use milchglas_credential::digest::{InvitationNonce, RequestNonce, VerifierKey};
//! use milchglas_credential::issuance::{Application, Invitation};
//! use milchglas_credential::parameters::{Content, IssuerKey, Parameters, SecretKey, SetSecretKey, sign_digits};
//! use milchglas_credential::predicate::Predicate;
//! use milchglas_credential::presentation::Presentation;
//! use milchglas_credential::request::{
//!     Accept, Ask, CredentialAsk, Request, RequestFields, SchemaRef, SigningKey, VerifierIdentity,
//! };
//! use milchglas_credential::revocation::AccumulatorSecretKey;
//! use milchglas_credential::schema::Schema;
//! use milchglas_credential::selection::{Selection, ShownAs};
//! use rand_core::{OsRng, RngCore};
//!
//! let mut rng = OsRng;
//! let schema = Schema::from_json(
//!     r#"{"milchglas": "schema/1", "id": "library-card", "title": "library card", "claims": [
//!         {"name": "name", "title": "name", "type": "text"},
//!         {"name": "date_of_birth", "title": "date of birth", "type": "date"}]}"#,
//! )?;
//!
//! // The library publishes its parameters.
//! let secret = SecretKey::random(&mut rng)?;
//! let revoking = AccumulatorSecretKey::random(&mut rng);
//! let mut identity = [0; 32];
//! rng.fill_bytes(&mut identity);
//! let content = Content {
//!     name: "City library".into(),
//!     sequence: 1,
//!     keys: vec![IssuerKey { public: secret.public_key()?, accepted_until: Date::MAX, revocation: revoking.public_key()? }],
//!     digits: sign_digits(&SetSecretKey::random(&mut rng))?,
//!     schemas: vec![schema.clone()],
//! };
//! let parameters = Parameters::sign(content, &SigningKey::from_bytes(&identity))?;
//!
//! // Erika gets a card. The library never learns k.
//! let mut entropy = [0; 64];
//! rng.fill_bytes(&mut entropy);
//! let k = HolderSecret::from_uniform_bytes(&entropy)?;
//! let invitation = Invitation {
//!     issuer: parameters.fingerprint(),
//!     parameters: parameters.digest(),
//!     schema: schema.digest(),
//!     nonce: InvitationNonce([1; 16]),
//!     expires: "2026-11-24T00:00:00Z".parse::<Timestamp>()?,
//! };
//! let application = Application::create(&invitation, &parameters, &k, "an address", &mut rng)?;
//! let application = application.verify(&invitation, &parameters, &mut rng)?;
//! let claims = Claims::from_json(&schema, r#"{"name": "Erika Muster", "date_of_birth": "1990-01-31"}"#)?;
//! let handle = Handle::random(&mut rng);
//! let card = application.issue(&invitation, &parameters, &secret, handle, claims)?;
//!
//! // A reading room asks: at least 16 years old?
//! let request = Request::new(RequestFields {
//!     verifier: VerifierIdentity {
//!         name: "Reading room".into(),
//!         origin: "https://room.example".parse()?,
//!         key: VerifierKey(SigningKey::from_bytes(&[2; 32]).verifying_key().to_bytes()),
//!     },
//!     profile: None,
//!     purpose: "Entry".into(),
//!     nonce: RequestNonce([3; 16]),
//!     issued: "2026-11-23T09:00:00Z".parse()?,
//!     expires: "2026-11-23T09:05:00Z".parse()?,
//!     as_of: "2026-11-23".parse()?,
//!     ask: Ask::Credential(CredentialAsk {
//!         name: "card".parse()?,
//!         accept: vec![Accept { issuer: parameters.fingerprint(), parameters: parameters.digest() }],
//!         schemas: vec![SchemaRef { id: schema.id().clone(), digest: schema.digest() }],
//!         disclose: vec![],
//!         prove: vec![Predicate::AgeAtLeast { claim: "date_of_birth".parse()?, years: 16 }],
//!         not_revoked: vec![],
//!         pseudonym: None,
//!         rate: None,
//!         encrypt_to: None,
//!     }),
//!     document: None,
//! })?;
//!
//! // Her wallet answers, and the reading room learns that, and nothing else.
//! let selection = Selection { branches: vec![], shown: vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }] };
//! let plan = compile(&request, selection, &[&parameters])?;
//! let answer = Presentation::create(&plan, &Holdings::new(&k, &[&card]), b"", &mut rng)?.to_bytes();
//!
//! let verified = Presentation::from_bytes(&answer)?.verify(&request, &[&parameters], &mut rng)?;
//! assert!(verified.credentials()[0].disclosed().is_empty());
//! assert_eq!(
//!     verified.credentials()[0].proved(),
//!     ["date of birth is on or before 2010-11-23 (at least 16 years old on 2026-11-23)"]
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: input and output, clocks, randomness of its own.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod case;
pub mod cbor;
pub mod claim;
pub mod compile;
pub mod credential;
pub mod date;
pub mod digest;
pub mod document;
pub mod encrypt_to;
pub mod error;
pub mod inspector;
pub mod interval;
pub mod issuance;
pub mod issuer_key;
pub mod json;
pub mod list;
pub mod number;
pub mod parameters;
pub mod predicate;
pub mod presentation;
pub mod profile;
pub mod request;
pub mod revocation;
pub mod schema;
pub mod scope;
pub mod selection;
pub mod set;
pub mod sorted_map;
pub mod text;
pub mod trust_list;
mod type_file;
