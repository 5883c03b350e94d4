//! One function for each command: open the folder, call the role, say what happened.
//!
//! Not here: decisions; they are the roles'.

pub(crate) mod authority;
pub(crate) mod document;
pub(crate) mod inspector;
pub(crate) mod issuer;
pub(crate) mod serve;
pub(crate) mod trust_list;
pub(crate) mod verifier;
pub(crate) mod wallet;

use std::path::Path;

use milchglas_credential::date::Timestamp;
use milchglas_credential::schema::Schema;
use milchglas_sealed::Work;

use crate::failure::{Failure, Result};
use crate::input;

/// What every command is given besides its own arguments.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    pub(crate) now: Timestamp,
    pub(crate) as_json: bool,
}

/// The work factor of a new encrypted file.
pub(crate) fn work(log_n: u8) -> Result<Work> {
    Ok(Work::with_log_n(log_n)?)
}

/// A schema file, or the schema that ships with the program.
fn schema(path: &Path) -> Result<Schema> {
    if let Some(shipped) = path.to_str().map(Schema::shipped).transpose()?.flatten() {
        return Ok(shipped);
    }
    Schema::from_json(&input::text(path)?).map_err(|error| Failure::from(error).about(path.display()))
}
