//! Everyday errands, played with real issuers, wallets and verifiers in temporary folders.
//!
//! A story goes as designed or it is a failure: what it tells it has checked.
//!
//! Caution: the passphrases of the temporary folders are cheap to guess, so that the story is not about waiting.
//! Not here: the errands themselves (a module each).

mod bank;
mod cafe;
mod collusion;
mod company;
mod hotel;
mod joins;
mod loss;
mod phone;
mod picture;
mod stage;
mod stall;
mod town;
mod train;
mod visa;

use std::path::Path;

use milchglas_credential::date::Timestamp;
use serde_json::Value;

use crate::args::DemoName;
use crate::failure::{Failure, Result};
use crate::output::Report;
use town::Town;

type Errand = fn(&mut Town) -> Result<Report>;

/// The errands of one person in one town, in the order of her day.
const ERRANDS: [Errand; 7] =
    [hotel::play, train::play, phone::play, bank::play, company::play, visa::play, stall::play];

/// Plays one errand, or all of them.
pub(crate) fn run(name: Option<DemoName>, show_qr: bool, svg: Option<&Path>, now: Timestamp) -> Result<Report> {
    let in_town = |errand: Errand| errand(&mut Town::new(now)?);
    match name {
        Some(DemoName::Collusion) | None => (),
        Some(_) if svg.is_some() => return Err(Failure::usage("--svg draws what the collusion joins")),
        Some(_) => (),
    }
    match name {
        Some(DemoName::Cafe) => cafe::play(show_qr, now),
        Some(DemoName::Hotel) => in_town(hotel::play),
        Some(DemoName::Train) => in_town(train::play),
        Some(DemoName::Bank) => in_town(bank::play),
        Some(DemoName::Company) => in_town(company::play),
        Some(DemoName::Phone) => in_town(phone::play),
        Some(DemoName::Visa) => in_town(visa::play),
        Some(DemoName::Stall) => in_town(stall::play),
        Some(DemoName::Loss) => loss::play(now),
        Some(DemoName::Collusion) => {
            let mut town = Town::new(now)?;
            for errand in ERRANDS {
                errand(&mut town)?;
            }
            collusion::play(&mut town, svg)
        }
        None => {
            let mut town = Town::new(now)?;
            let mut stories = vec![cafe::play(show_qr, now)?];
            for errand in ERRANDS {
                stories.push(errand(&mut town)?);
            }
            stories.push(collusion::play(&mut town, svg)?);
            stories.push(loss::play(now)?);
            let text = stories.iter().map(|story| story.text.as_str()).collect::<Vec<_>>().join("\n\n");
            let json = stories.into_iter().map(|story| story.json).collect();
            Ok(Report::new(text, Value::Array(json)))
        }
    }
}
