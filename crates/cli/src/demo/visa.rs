//! The embassy: the same facts from the passport or from the ID card, as the person chooses.

use milchglas_credential::date::{Date, Days};
use milchglas_credential::predicate::Predicate;
use milchglas_issuer::Assurance;
use milchglas_verifier::{Template, TemplateAsk, TemplatePredicate};
use serde_json::json;

use super::stage::ensure;
use super::town::{LENA, OTTO, Town};
use crate::failure::{Failure, Result};
use crate::output::Report;

/// Half a year.
const HALF_A_YEAR: u32 = 183;
/// What the passport lasts.
const TEN_YEARS: u32 = 3652;

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    town.person(OTTO)?;
    town.upgrade(LENA)?;
    town.story.chapter("THE VISA. From a passport that is valid for half a year, or from the ID card.");
    let today = town.now().date();
    let later = |days: u32| Date::from_days(Days(today.days().0.saturating_add(days)));
    let end = || Failure::usage("the calendar ends here");
    let mut claims = town.paper(LENA);
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|claim, _| !matches!(claim.as_str(), "id_number" | "address"));
        claims.insert("passport_number".to_owned(), json!("C01X00T47"));
        claims.insert("date_of_issue".to_owned(), json!(today));
        claims.insert("date_of_expiry".to_owned(), json!(later(TEN_YEARS).ok_or_else(end)?));
        claims.insert("list_key".to_owned(), json!("81985529216486895"));
    }
    town.issue(LENA, "passports", claims.to_string(), Assurance::Full)?;
    let template = asking(later(HALF_A_YEAR).ok_or_else(end)?)?;

    let request = town.ask("visa", &template)?;
    let consent = town.review(LENA, &request)?;
    let ways: Vec<String> =
        consent.choices().iter().flat_map(|way| way.credentials()).map(|card| card.title.clone()).collect();
    ensure(ways.len() == 2 && ways.contains(&"passport".to_owned()), "the wallet does not offer both documents")?;
    town.story.say(&format!("Lena's wallet offers two ways: {}. She takes the passport.", ways.join(", ")));
    let passport = ways.iter().position(|title| title == "passport").unwrap_or_default();
    let presentation = town.answer(LENA, &request, passport)?;
    let verdict = town.check("visa", LENA, request, presentation)?;
    ensure(verdict.pointer("/learned/passport").is_some(), "another document was shown")?;
    ensure(!verdict.to_string().contains("C01X00T47"), "the passport's number was told")?;

    town.story.chapter("Otto has a light ID card and no passport");
    let request = town.ask("visa", &template)?;
    let light_card = town.wallet_refuses(OTTO, &request)?;
    ensure(light_card.contains("needs a full"), "it was refused for another reason")?;
    town.story.say(&format!("His wallet: {light_card}"));
    let more = json!({"choices": ways, "refused": {"light_card": light_card}});
    Ok(town.report("visa", true, &verdict, more))
}

/// The shipped template, with the day until which a passport must last.
fn asking(until: Date) -> Result<Template> {
    let mut template = Town::template("visa")?;
    if let TemplateAsk::Any(ways) = &mut template.ask {
        for way in ways {
            if let TemplateAsk::Credential(card) = way {
                for predicate in &mut card.prove {
                    if let TemplatePredicate::As(Predicate::OnOrAfter { date, .. }) = predicate {
                        *date = until;
                    }
                }
            }
        }
    }
    Ok(template)
}
