//! The file by which others know a verifier: `identity.json`.
//!
//! Not here: its key.

use milchglas_credential::digest::VerifierKey;
use milchglas_credential::error::DecodeError;
use milchglas_credential::json::{from_json, to_json};
use milchglas_credential::request::VerifierIdentity;
use milchglas_credential::text::Origin;
use serde::{Deserialize, Serialize};

use crate::Error;

const FORMAT: &str = "verifier/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    milchglas: String,
    name: String,
    origin: Origin,
    key: VerifierKey,
}

/// A verifier's name, origin and key as the JSON file that wallets' trust lists take.
///
/// # Errors
/// None that can happen: an identity has a JSON form.
pub fn identity_json(identity: &VerifierIdentity) -> Result<String, Error> {
    let VerifierIdentity { name, origin, key } = identity.clone();
    let file = IdentityFile { milchglas: FORMAT.to_owned(), name, origin, key };
    Ok(to_json(&file)?)
}

/// Reads such a file.
///
/// # Errors
/// [`Error::Input`] where it is none.
pub fn identity_from_json(json: &str) -> Result<VerifierIdentity, Error> {
    let file: IdentityFile = from_json(json)?;
    if file.milchglas != FORMAT {
        return Err(DecodeError { what: "the format of a verifier's identity is verifier/1" }.into());
    }
    let identity = VerifierIdentity { name: file.name, origin: file.origin, key: file.key };
    identity.check()?;
    Ok(identity)
}
