//! The telephone company: a real person, at most three accounts a year, and nobody can tell which belong together.

use std::collections::BTreeSet;

use milchglas_verifier::TemplateAsk;
use serde_json::{Value, json};

use super::stage::ensure;
use super::town::{LENA, OTTO, Town};
use crate::failure::Result;
use crate::output::Report;

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    for who in [LENA, OTTO] {
        town.person(who)?;
    }
    town.story.chapter("THE PHONE. An account for a real person, three for each and year; its name is a token.");
    town.copy_wallet(LENA, "phonecopy")?;
    let template = Town::template("phone")?;
    let first = town.visit("phone", LENA, &template, 0)?;
    let mut accounts = vec![account(&first)];
    for who in [OTTO, LENA, LENA] {
        let verdict = town.visit("phone", who, &template, 0)?;
        ensure(verdict.get("proved") == first.get("proved"), "the operator can tell persons apart")?;
        accounts.push(account(&verdict));
    }
    let different: BTreeSet<&String> = accounts.iter().collect();
    ensure(different.len() == 4, "two accounts have one name")?;
    town.story.say("Three accounts of Lena and one of Otto: four names, and nothing tells whose is which.");

    town.story.chapter("A fourth account");
    let request = town.ask("phone", &template)?;
    let fourth = town.wallet_refuses(LENA, &request)?;
    town.story.say(&format!("Her wallet: {fourth}"));
    let forced = town.answer_from_copy("phonecopy", &request)?;
    let fourth_from_a_copy = town.shop_refuses("phone", &forced)?;
    ensure(fourth_from_a_copy.contains("token"), "the fourth account was refused for another reason")?;
    town.story.say(&format!("A copy of her wallet answers. The operator's log: {fourth_from_a_copy}."));

    town.story.chapter("The operator would like her name, too");
    let mut greedy = template.clone();
    if let TemplateAsk::Credential(card) = &mut greedy.ask {
        card.disclose = vec!["surname".parse().map_err(milchglas_credential::error::Error::Decode)?];
    }
    let request = town.ask("phone", &greedy)?;
    let beyond_profile = town.wallet_refuses(OTTO, &request)?;
    town.story.say(&format!("A wallet: {beyond_profile}"));
    let refused = json!({"fourth": fourth, "fourth_from_a_copy": fourth_from_a_copy, "beyond_profile": beyond_profile});
    Ok(town.report("phone", true, &first, json!({"accounts": accounts, "refused": refused})))
}

fn account(verdict: &Value) -> String {
    verdict.pointer("/tokens/card").and_then(Value::as_str).unwrap_or_default().to_owned()
}
