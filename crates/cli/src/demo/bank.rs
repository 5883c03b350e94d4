//! The bank: what the law names in clear, a signed contract, and a name by which the bank alone knows its customer again.

use milchglas_credential::digest::DocumentDigest;
use milchglas_credential::document::verify_document;
use milchglas_credential::parameters::Parameters;
use milchglas_verifier::{Template, TemplateAsk};
use rand_core::OsRng;
use serde_json::json;

use super::stage::ensure;
use super::town::{JONAS, LENA, Town};
use crate::failure::{Failure, Result};
use crate::output::Report;

const CONTRACT: &[u8] = b"Account contract of Glasbank, edition 7.";

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    town.person(LENA)?;
    town.story.chapter("THE BANK. To open an account the law wants names, number, birth, nationality and address.");
    let template = Town::contract("bank", "Account contract", CONTRACT)?;
    let mut refused = json!({});
    if !town.is_full(LENA) {
        let request = town.ask("bank", &template)?;
        let light = town.wallet_refuses(LENA, &request)?;
        ensure(light.contains("needs a full"), "a light card was refused for another reason")?;
        town.story.say(&format!("Lena has a light card. Her wallet: {light}"));
        refused = json!({"light_card": light});
    }
    town.upgrade(LENA)?;
    let verdict = town.visit("bank", LENA, &template, 0)?;
    signed(town)?;
    town.story.say("The contract is signed: request and answer prove that to anybody, under its digest and no other.");

    town.story.chapter("The next visit, and another bank");
    let again = town.visit("bank", LENA, &recognise(&template), 0)?;
    let name = |verdict: &serde_json::Value| verdict.pointer("/pseudonyms/card").cloned();
    ensure(name(&verdict).is_some() && name(&verdict) == name(&again), "the bank does not know her again")?;
    ensure(again.get("learned") == Some(&json!({})), "the next visit told more than the name")?;
    let other = town.visit("otherbank", LENA, &recognise(&template), 0)?;
    ensure(name(&other).is_some() && name(&other) != name(&verdict), "two banks know her by one name")?;
    town.upgrade(JONAS)?;
    let stranger = town.visit("otherbank", JONAS, &recognise(&template), 0)?;
    ensure(name(&stranger) != name(&other), "two customers have one name")?;
    town.story
        .say("The bank knows her again by its pseudonym, and nothing more is told. The other bank has another one.");
    let more = json!({
        "pseudonym": name(&verdict), "pseudonym_at_next_visit": name(&again), "pseudonym_at_other_bank": name(&other),
        "document": verdict.get("document"), "refused": refused,
    });
    Ok(town.report("bank", true, &verdict, more))
}

/// The same customer, and a valid card; nothing else.
fn recognise(template: &Template) -> Template {
    let mut template = template.clone();
    template.purpose = "Recognise the customer".to_owned();
    template.document = None;
    if let TemplateAsk::Credential(card) = &mut template.ask {
        card.disclose.clear();
    }
    template
}

/// Anybody can check the contract's signature later; another document's it is not.
fn signed(town: &Town) -> Result<()> {
    let visit = town.visits.last().ok_or_else(|| Failure::usage("no visit"))?;
    let parameters = town.offices.iter().map(|office| Parameters::from_json(&office.json));
    let parameters = parameters.collect::<std::result::Result<Vec<_>, _>>()?;
    let parameters: Vec<&Parameters> = parameters.iter().collect();
    let check = |document: &[u8]| {
        let digest = DocumentDigest::of(document);
        verify_document(&visit.request, &visit.presentation, digest, &parameters, &mut OsRng)
    };
    check(CONTRACT)?;
    ensure(check(b"another contract").is_err(), "the signature fits another contract")
}
