//! Schemas, claims, credentials, requests and presentations.
//!
//! A schema says which claims a credential carries; a request says which of them are to be disclosed and what is to be
//! proven about the others. Requests are JSON for people and one deterministic CBOR form for signatures, transcripts and
//! QR codes.
//!
//! Not here: input and output, clocks, randomness of its own.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cbor;
pub mod claim;
pub mod compile;
pub mod credential;
pub mod date;
pub mod digest;
pub mod error;
pub mod issuance;
pub mod issuer_key;
pub mod number;
pub mod parameters;
pub mod predicate;
pub mod presentation;
pub mod request;
pub mod schema;
pub mod selection;
pub mod text;
