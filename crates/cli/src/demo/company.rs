//! The company register: an ID card and a tax credential, of two offices and one person, and a signed filing.

use milchglas_issuer::Assurance;
use serde_json::json;

use super::stage::ensure;
use super::town::{LENA, OTTO, Town};
use crate::failure::Result;
use crate::output::Report;

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    town.person(OTTO)?;
    town.upgrade(LENA)?;
    town.story.chapter("THE COMPANY. The register needs a director's names, and that she is known to the tax office.");
    let template = Town::contract("company", "Articles of Glas & Co.", b"The articles of Glas & Co.")?;

    town.story.chapter("Otto's tax credential in Lena's hands");
    let claims = tax_claims(town, OTTO, "93-815-1111");
    town.issue(OTTO, "taxes", claims, Assurance::Full)?;
    let foreign_card = town.accept_foreign(LENA)?;
    town.story.say(&format!("He gives her what the tax office sent him. Her wallet: {foreign_card}"));
    let request = town.ask("company", &template)?;
    let without_tax_credential = town.wallet_refuses(LENA, &request)?;
    ensure(without_tax_credential.contains("tax credential"), "it was refused for another reason")?;
    town.story.say(&format!("So she can not answer: {without_tax_credential}"));
    let light_director = town.wallet_refuses(OTTO, &request)?;
    ensure(light_director.contains("needs a full"), "it was refused for another reason")?;
    town.story.say(&format!("Nor can Otto, who has a light card: {light_director}"));

    town.story.chapter("Her own");
    let claims = tax_claims(town, LENA, "93-815-2222");
    town.issue(LENA, "taxes", claims, Assurance::Full)?;
    let verdict = town.visit("company", LENA, &template, 0)?;
    ensure(
        verdict.get("issuers").and_then(|all| all.as_array()).is_some_and(|all| all.len() == 2),
        "one card was shown",
    )?;
    ensure(verdict.get("document").is_some(), "the filing is not signed")?;
    let refused = json!({
        "foreign_card": foreign_card, "without_tax_credential": without_tax_credential, "light_director": light_director,
    });
    let more = json!({"document": verdict.get("document"), "issuers": verdict.get("issuers"), "refused": refused});
    Ok(town.report("company", true, &verdict, more))
}

fn tax_claims(town: &Town, who: &str, number: &str) -> String {
    let paper = town.paper(who);
    json!({
        "surname": paper.get("surname"), "given_names": paper.get("given_names"), "tax_number": number,
        "residence": "resident", "registered": "2015-04-01", "in_good_standing": true,
        "valid_from": paper.get("valid_from"), "valid_until": paper.get("valid_until"),
    })
    .to_string()
}
