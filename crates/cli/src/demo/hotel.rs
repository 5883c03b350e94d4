//! The hotel: names and adult in clear, and which card it was encrypted for the town's court, of whose three judges two open it together.

use milchglas_credential::case::Case;
use milchglas_credential::encrypt_to::EncryptAsk;
use milchglas_credential::parameters::Parameters;
use milchglas_inspector::{OpeningShare, SecretShare, VerifiedCase, combine};
use milchglas_verifier::TemplateAsk;
use rand_core::OsRng;
use serde_json::json;

use super::stage::ensure;
use super::town::{LENA, Town};
use crate::commands::inspector::failure;
use crate::commands::issuer::{self, finish};
use crate::failure::{Failure, Result};
use crate::output::Report;

const STAY: &str = "Room 12, two nights";
const PURPOSE: &str = "a crime under investigation, on a judge's order";

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    town.person(LENA)?;
    town.story.chapter("THE HOTEL. The law wants a register of guests, for the court and not for the hotel.");
    let mut template = Town::template("hotel")?;
    if let TemplateAsk::Credential(card) = &mut template.ask {
        let inspector = town.inspector.reference();
        card.encrypt_to = Some(EncryptAsk { inspector, label: STAY.to_owned(), purpose: PURPOSE.to_owned() });
    }
    let verdict = town.visit("hotel", LENA, &template, 0)?;
    let visit = town.visits.last().ok_or_else(|| Failure::usage("no visit"))?;
    let case = Case { request: visit.request.clone(), presentation: visit.presentation.clone() }.to_bytes();

    town.story.chapter("A judge orders that the register is opened");
    let parameters = town.offices.iter().map(|office| Parameters::from_json(&office.json));
    let parameters = parameters.collect::<std::result::Result<Vec<_>, _>>()?;
    let parameters: Vec<&Parameters> = parameters.iter().collect();
    let checked = VerifiedCase::verify(&case, &town.inspector, &parameters, None, &mut OsRng).map_err(failure)?;
    let [first, .., last] = town.shares.as_slice() else { return Err(Failure::usage("no shareholders")) };
    let release = |share: &SecretShare| share.release(&checked, STAY, PURPOSE, &mut OsRng).map_err(failure);
    let open = |shares: &[OpeningShare]| combine(&checked, &town.inspector, shares, &mut OsRng);
    let one_share = open(&[release(first)?]).err();
    let one_share = one_share.ok_or_else(|| Failure::refused("the story did not go as designed: one share opened"))?;
    let other_purpose = first.release(&checked, STAY, "advertising", &mut OsRng).err();
    let other_purpose =
        other_purpose.ok_or_else(|| Failure::refused("the story did not go as designed: opened for anything"))?;
    let point = open(&[release(first)?, release(last)?]).map_err(failure)?.to_bytes();

    let residents = town.offices.first().ok_or_else(|| Failure::usage("no office"))?;
    let record = finish(residents.issuer.find_by_inspector_point(&point))?.map_err(issuer::failure)?;
    let record = record.ok_or_else(|| Failure::refused("the story did not go as designed: no such card"))?;
    ensure(record.inspector_point.0 == point, "the registry named another card")?;
    ensure(!visit.presentation.windows(16).any(|run| run == record.handle.0), "the hotel got the handle")?;
    ensure(!visit.presentation.windows(48).any(|run| run == point), "the hotel got what opens")?;
    let (one_share, other_purpose) = (one_share.to_string(), other_purpose.to_string());
    town.story.say(&format!("One judge alone: {one_share}"));
    town.story.say(&format!("One judge, asked to open it for advertising: {other_purpose}"));
    town.story.say("Two judges check request and answer, and open it: the office's registry names the card.");
    town.story.say("The hotel has no share of the key, and nothing in the answer that names the card.");
    ensure(verdict.pointer("/encrypted/card/label") == Some(&json!(STAY)), "the verdict does not name the stay")?;
    let more = json!({
        "encrypted": verdict.get("encrypted"),
        "opened_by": 2, "registry_names_the_card": true,
        "refused": {"one_share": one_share, "other_purpose": other_purpose},
    });
    Ok(town.report("hotel", true, &verdict, more))
}
