//! The railway: the reduced fare, under 26 or from 60 without saying which, and one seat for each person on this train.

use serde_json::json;

use super::stage::ensure;
use super::town::{JONAS, LENA, OTTO, Town};
use crate::failure::Result;
use crate::output::Report;

/// Plays the errand.
pub(super) fn play(town: &mut Town) -> Result<Report> {
    for who in [LENA, OTTO, JONAS] {
        town.person(who)?;
    }
    town.story.chapter("THE TRAIN. A reduced fare for the young and for the old, and one seat for each person.");
    town.copy_wallet(LENA, "copy")?;
    let template = Town::template("train")?;
    let verdict = town.visit("train", LENA, &template, 0)?;
    let other = town.visit("train", OTTO, &template, 0)?;
    ensure(verdict.get("proved") == other.get("proved"), "the railway can tell the young from the old")?;
    ensure(verdict.get("tokens") != other.get("tokens"), "two persons have one token")?;
    town.story.say("Lena is 24, Otto 67. The railway hears one and the same sentence from both.");

    town.story.chapter("A second seat for the same person");
    let request = town.ask("train", &template)?;
    let second_seat = town.wallet_refuses(LENA, &request)?;
    town.story.say(&format!("Her wallet: {second_seat}"));
    let forced = town.answer_from_copy("copy", &request)?;
    let second_seat_from_a_copy = town.shop_refuses("train", &forced)?;
    town.story.say(&format!(
        "A copy of her wallet, made before, has not counted and answers.\nThe railway's log: {second_seat_from_a_copy}."
    ));
    ensure(second_seat_from_a_copy.contains("token"), "the second seat was refused for another reason")?;

    town.story.chapter("Jonas is 40");
    let request = town.ask("train", &template)?;
    let not_entitled = town.wallet_refuses(JONAS, &request)?;
    town.story.say(&format!("His wallet: {not_entitled}"));
    let refused = json!({
        "second_seat": second_seat, "second_seat_from_a_copy": second_seat_from_a_copy, "not_entitled": not_entitled,
    });
    Ok(town.report("train", true, &verdict, json!({"tokens": verdict.get("tokens"), "refused": refused})))
}
