//! The noodle stall: a purchase may ask nothing, so the wallet refuses a request for the date of birth, and says why.

use serde_json::json;

use super::stage::ensure;
use super::town::{LENA, Town};
use crate::failure::Result;
use crate::output::Report;

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    town.person(LENA)?;
    town.story.chapter("THE STALL. Noodles for cash, and the stall's till asks when the guest was born.");
    let request = town.ask("stall", &Town::template("stall")?)?;
    town.story.send("stall", "Lena", "a signed request", &request);
    let why = town.wallet_refuses(LENA, &request)?;
    ensure(why.contains("purchase") && why.contains("date of birth"), "it was refused for another reason")?;
    town.story.say(&format!("Her wallet refuses: {why}"));
    ensure(town.visits.iter().all(|visit| visit.shop != "stall"), "the stall got an answer")?;
    Ok(town.report("stall", false, &json!({}), json!({"refused": {"beyond_profile": why}})))
}
