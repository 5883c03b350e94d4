//! The embassy: the same facts from the passport or from the ID card, as the person chooses.

use milchglas_credential::date::{Date, Days};
use milchglas_issuer::Assurance;
use serde_json::json;

use super::stage::ensure;
use super::town::{LENA, OTTO, Town};
use crate::failure::{Failure, Result};
use crate::output::Report;

/// Less than half a year.
const FIVE_MONTHS: u32 = 150;
/// What the passport lasts.
const TEN_YEARS: u32 = 3652;

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    town.person(OTTO)?;
    town.upgrade(LENA)?;
    town.story.chapter("THE VISA. From a passport that is valid for half a year, or from the ID card.");
    passport(town, LENA, "C01X00T47", TEN_YEARS)?;
    let template = Town::template("visa")?;

    let request = town.ask("visa", &template)?;
    let consent = town.review(LENA, &request)?;
    let ways: Vec<String> =
        consent.choices().iter().flat_map(|way| way.credentials()).map(|card| card.title.clone()).collect();
    ensure(ways.len() == 2 && ways.contains(&"passport".to_owned()), "the wallet does not offer both documents")?;
    town.story.say(&format!("Lena's wallet offers two ways: {}. She takes the passport.", ways.join(", ")));
    let from_passport = ways.iter().position(|title| title == "passport").unwrap_or_default();
    let presentation = town.answer(LENA, &request, from_passport)?;
    let verdict = town.check("visa", LENA, request, presentation)?;
    ensure(verdict.pointer("/learned/passport").is_some(), "another document was shown")?;
    ensure(!verdict.to_string().contains("C01X00T47"), "the passport's number was told")?;

    town.story.chapter("The same from the ID card");
    let request = town.ask("visa", &template)?;
    let from_card = ways.iter().position(|title| title != "passport").unwrap_or_default();
    let presentation = town.answer(LENA, &request, from_card)?;
    let again = town.check("visa", LENA, request, presentation)?;
    ensure(again.pointer("/learned/card").is_some(), "another document was shown")?;

    town.story.chapter("Otto has a light ID card, and a passport that expires in five months");
    passport(town, OTTO, "C01X00T48", FIVE_MONTHS)?;
    let request = town.ask("visa", &template)?;
    let why = town.wallet_refuses(OTTO, &request)?;
    ensure(why.contains("needs a full") && why.contains("or a later day"), "it was refused for another reason")?;
    town.story.say(&format!("His wallet: {why}"));
    let more = json!({"choices": ways, "refused": {"light_card_and_short_passport": why}});
    Ok(town.report("visa", true, &verdict, more))
}

/// Issues a passport that lasts so many days.
fn passport(town: &mut Town, who: &'static str, number: &str, days: u32) -> Result<()> {
    let today = town.now().date();
    let expiry = Date::from_days(Days(today.days().0.saturating_add(days)));
    let expiry = expiry.ok_or_else(|| Failure::usage("the calendar ends here"))?;
    let mut claims = town.paper(who);
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|claim, _| !matches!(claim.as_str(), "id_number" | "address"));
        claims.insert("passport_number".to_owned(), json!(number));
        claims.insert("date_of_issue".to_owned(), json!(today));
        claims.insert("date_of_expiry".to_owned(), json!(expiry));
        claims.insert("list_key".to_owned(), json!("81985529216486895"));
    }
    town.issue(who, "passports", claims.to_string(), Assurance::Full)
}
