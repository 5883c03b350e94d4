//! Each everyday errand through the compiled program: what is accepted, what was learned, and what never stands in what was sent.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod program;

use program::World;
use serde_json::{Value, json};

fn play(line: &[&str]) -> Value {
    let world = World::empty();
    program::run(&world.path("."), &[&["demo"], line, &["--json"]].concat(), b"").exits(0).json()
}

/// Plays one errand and looks for what it must not tell.
fn errand(name: &str, accepted: bool, learned: &Value) -> Value {
    let story = play(&[name]);
    assert_eq!(story["scenario"], name);
    assert_eq!(story["accepted"], accepted);
    let mut told: Vec<&str> = Vec::new();
    for card in story["learned"].as_object().unwrap().values() {
        told.extend(card.as_object().unwrap().keys().map(String::as_str));
    }
    assert_eq!(json!(told), *learned);
    let never = story["never_learned"].as_object().unwrap();
    assert_eq!(never.len() + told.len(), 10, "{never:?}");
    let answers = story["presentations"].as_array().unwrap();
    assert_eq!(answers.is_empty(), !accepted);
    for answer in answers {
        let answer = hex::decode(answer.as_str().unwrap()).unwrap();
        // Shorter values stand anywhere by chance.
        for value in never.values().filter_map(Value::as_str).filter(|value| value.len() > 6) {
            assert!(!holds(&answer, value.as_bytes()), "{value}");
            if let Ok(bytes) = hex::decode(value) {
                assert!(!holds(&answer, &bytes), "{value}");
            }
        }
    }
    for refusal in story["refused"].as_object().unwrap().values() {
        assert!(!refusal.as_str().unwrap().is_empty());
    }
    story
}

fn holds(bytes: &[u8], value: &[u8]) -> bool {
    bytes.windows(value.len()).any(|window| window == value)
}

#[test]
fn checks_in_at_the_hotel() {
    let story = errand("hotel", true, &json!(["given_names", "surname"]));
    assert_eq!(story["registry_names_the_card"], true);
    assert!(story["refused"]["one_share"].as_str().unwrap().contains("2 shares are needed"));
}

#[test]
fn reserves_one_seat() {
    let story = errand("train", true, &json!([]));
    assert!(story["proved"][0].as_str().unwrap().contains("which of the two stays hidden"));
    assert!(story["refused"]["second_seat"].as_str().unwrap().contains("the one token"));
    assert!(story["refused"]["second_seat_from_a_copy"].as_str().unwrap().contains("seen before"));
}

#[test]
fn opens_a_bank_account() {
    let claims = json!(["address", "date_of_birth", "given_names", "id_number", "nationality", "surname"]);
    let story = errand("bank", true, &claims);
    assert_eq!(story["pseudonym"], story["pseudonym_at_next_visit"]);
    assert_ne!(story["pseudonym"], story["pseudonym_at_other_bank"]);
    assert_eq!(story["document"]["title"], "Account contract");
    assert!(story["refused"]["light_card"].as_str().unwrap().contains("needs a full"));
}

#[test]
fn registers_a_company() {
    let story = errand("company", true, &json!(["given_names", "surname"]));
    assert_eq!(story["issuers"].as_array().unwrap().len(), 2);
    assert!(story["refused"]["foreign_card"].as_str().unwrap().contains("no open application"));
}

#[test]
fn opens_three_phone_accounts() {
    let story = errand("phone", true, &json!([]));
    assert_eq!(story["accounts"].as_array().unwrap().len(), 4);
    assert!(story["refused"]["fourth"].as_str().unwrap().contains("all 3 tokens"));
    assert!(story["refused"]["beyond_profile"].as_str().unwrap().contains("does not permit"));
}

#[test]
fn applies_for_a_visa() {
    let story = errand("visa", true, &json!(["date_of_birth", "given_names", "nationality", "portrait", "surname"]));
    assert_eq!(story["choices"].as_array().unwrap().len(), 2);
    let why = story["refused"]["light_card_and_short_passport"].as_str().unwrap();
    assert!(why.contains("needs a full") && why.contains("or a later day"), "{why}");
}

#[test]
fn refuses_the_noodle_stall() {
    let story = errand("stall", false, &json!([]));
    assert!(story["refused"]["beyond_profile"].as_str().unwrap().contains("date of birth"));
}

#[test]
fn keeps_the_name_at_the_bank_when_the_phone_is_lost() {
    let world = World::empty();
    let story = program::run(&world.path("."), &["demo", "loss", "--json"], b"").exits(0).json();
    assert_eq!((&story["scenario"], &story["accepted"]), (&json!("loss"), &json!(true)));
    assert_eq!((&story["revoked"], &story["pseudonym_kept"]), (&json!(1), &json!(true)));
    assert!(story["lost_phone_offline"].as_str().unwrap().contains("newer list"));
    assert!(story["lost_phone_online"].as_str().unwrap().contains("has been revoked"));
}

#[test]
fn joins_nothing_but_what_was_disclosed() {
    let world = World::empty();
    let line = ["demo", "collusion", "--svg", "graphs.svg", "--json"];
    let story = program::run(&world.path("."), &line, b"").exits(0).json();
    assert_eq!(story["scenario"], "collusion");
    assert_eq!(story["plain"].as_array().unwrap().len() as u64, story["pairs"].as_u64().unwrap());
    let joins = story["milchglas"].as_array().unwrap();
    assert!(joins.iter().any(|join| join["between"] == json!(["bank", "hotel"])));
    for join in joins {
        for secretive in ["cafe", "train", "phone", "otherbank"] {
            assert!(!join["between"].as_array().unwrap().contains(&json!(secretive)), "{join}");
        }
    }
    assert!(String::from_utf8(world.read("graphs.svg")).unwrap().starts_with("<svg"));
}

#[test]
fn ships_a_template_for_each_errand() {
    let world = World::empty();
    for name in ["cafe", "hotel", "train", "bank", "company", "phone", "visa", "stall"] {
        assert_eq!(world.ok(&format!("verifier template {name}"))["milchglas"], "template/1", "{name}");
    }
    world.fails("verifier template loss", 2);
}
