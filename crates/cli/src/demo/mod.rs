//! Everyday errands, played with real issuers, wallets and verifiers in temporary folders.
//!
//! A story goes as designed or it is a failure: what it tells it has checked.
//!
//! Caution: the passphrases of the temporary folders are cheap to guess, so that the story is not about waiting.
//! Not here: the errands themselves (a module each).

mod cafe;
mod stage;

use milchglas_credential::date::Timestamp;
use serde_json::Value;

use crate::args::DemoName;
use crate::failure::Result;
use crate::output::Report;

/// Plays one errand, or all of them.
pub(crate) fn run(name: Option<DemoName>, show_qr: bool, now: Timestamp) -> Result<Report> {
    match name {
        Some(DemoName::Cafe) => cafe::play(show_qr, now),
        None => {
            let stories = [cafe::play(show_qr, now)?];
            let text = stories.iter().map(|story| story.text.as_str()).collect::<Vec<_>>().join("\n\n");
            let json = stories.into_iter().map(|story| story.json).collect();
            Ok(Report::new(text, Value::Array(json)))
        }
    }
}
