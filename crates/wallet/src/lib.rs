//! The holder's wallet: vault, consent, presenting.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod answering;
mod applying;
mod consent;
mod error;
mod phrase;
mod sentences;
mod shortfall;
mod store;
mod vault;
mod wallet;
mod ways;

pub use applying::Accepted;
pub use consent::{CardShown, Choice, Consent, Disclosed, Standing, Warning};
pub use error::{Error, Refusal};
pub use phrase::RecoveryPhrase;
pub use sentences::Sentences;
pub use store::{Folder, Store};
pub use vault::{CredentialId, HistoryEntry, KnownIssuer, KnownVerifier};
pub use wallet::{AddedIssuer, Before, CredentialSummary, Wallet};
