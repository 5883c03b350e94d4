//! The verifier: requests, verdicts, replay protection.
//!
//! A verifier asks with a signed request and learns a verdict, nothing else.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod error;
#[cfg(not(target_family = "wasm"))]
mod folder;
mod store;
mod template;
mod trust;
mod verdict;
mod verifier;

pub use error::{Error, StoreError};
#[cfg(not(target_family = "wasm"))]
pub use folder::{FolderStore, change_passphrase};
pub use store::{DEFAULT_LIMIT, Lookup, MemoryStore, RequestStore};
pub use template::{Template, TemplateAsk, TemplateCredential};
pub use trust::TrustedIssuer;
pub use verdict::{Reason, Rejection, ShownCredential, Verdict};
pub use verifier::{Asked, Checker, Verifier};
