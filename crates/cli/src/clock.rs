//! The time: the system's, or the one that `--now` pretends.

use std::time::{SystemTime, UNIX_EPOCH};

use milchglas_credential::date::Timestamp;

use crate::failure::{Failure, Result};

/// The time now.
pub(crate) fn now(pretended: Option<Timestamp>) -> Result<Timestamp> {
    if let Some(time) = pretended {
        return Ok(time);
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.ok().map(|since| since.as_secs());
    seconds.and_then(Timestamp::from_unix).ok_or_else(|| Failure::storage("the system's clock is not set"))
}
