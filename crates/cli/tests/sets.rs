//! Sets and lists through the compiled program: signed by an authority, taken by a wallet, asked for by a verifier.

mod program;

use program::World;
use serde_json::{Value, json};

const LIST_CARD: &str = r#"{
    "milchglas": "schema/1", "id": "list-card", "title": "list card",
    "claims": [
        {"name": "number", "title": "number", "type": "integer", "bits": 32},
        {"name": "country", "title": "country", "type": "code", "codes": ["AT", "CH", "DE", "LI"]},
        {"name": "list_key", "title": "list key", "type": "integer", "bits": 64}
    ], "number": "number"}"#;

/// Offices, a wallet with a card, and an authority's set and list.
struct Published {
    world: World,
    set: Value,
    list: Value,
}

fn published() -> Published {
    let world = World::new();
    world.write("list-card.json", LIST_CARD.as_bytes());
    world.ok("issuer schema list-card.json --passphrase-file secret");
    world.ok("issuer publish --out again.json --passphrase-file secret");
    world.ok("wallet issuer again.json --passphrase-file secret");
    world.ok("verifier trust again.json");
    world.write("claims.json", br#"{"number": 7, "country": "CH", "list_key": "18446744073709551615"}"#);
    world.issue_claims("wallet", "list-card", "claims.json");
    world.ok("authority init --passphrase-file secret --work 1");
    world.write("countries.txt", b"CH\nLI\n");
    let line = "authority set countries.txt --name small --title Small --schema list-card.json --claim country --out small.json";
    let set = world.ok(&format!("{line} --passphrase-file secret"));
    world.write("stolen.txt", b"5\n18446744073709551614\n5\n");
    let list = world.ok("authority list stolen.txt --name stolen --epoch 3 --out stolen.list --passphrase-file secret");
    assert_eq!(list["entries"], 2);
    Published { world, set: set["reference"].clone(), list: list["reference"].clone() }
}

fn ask(world: &World, prove: &Value) {
    let credential = json!({"name": "card", "schemas": ["list-card"], "prove": prove});
    let template = json!({"milchglas": "template/1", "purpose": "A test", "ask": {"credential": credential}});
    world.write("template.json", template.to_string().as_bytes());
    world.ok("verifier request template.json --out request --force --passphrase-file secret");
}

#[test]
fn proves_to_be_in_sets_and_not_on_a_list() {
    let Published { world, set, list } = published();
    let prove = json!([
        {"in": {"claim": "country", "set": set}},
        {"in": {"claim": "country", "values": ["AT", "CH"]}},
        {"not_in_list": {"claim": "list_key", "list": list}}
    ]);
    ask(&world, &prove);
    let refused = world.fails("wallet respond request --yes --out presentation --passphrase-file secret", 1);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("a set that this wallet does not have") && message.contains("a list"), "{message}");

    let added = world.ok("wallet add-set small.json --passphrase-file secret");
    assert_eq!((&added["name"], &added["len"]), (&json!("small"), &json!(2)));
    let fingerprint = added["authority"].as_str().unwrap();
    let added = world.ok(&format!("wallet add-list stolen.list --fingerprint {fingerprint} --passphrase-file secret"));
    assert_eq!((&added["number"], &added["len"]), (&json!(3), &json!(2)));
    let other = "00".repeat(32);
    world.fails(&format!("wallet add-list stolen.list --fingerprint {other} --passphrase-file secret"), 1);

    world.ok("wallet respond request --yes --out presentation --passphrase-file secret");
    let verdict = world.ok("verifier check presentation");
    let proved = verdict["proved"].as_array().unwrap();
    assert_eq!(proved.len(), 3);
    assert_eq!(proved[1], "country is one of “AT”, “CH”");
    let shown = world.ok("inspect template.json");
    assert_eq!(shown["object"], "template");
}

#[test]
fn refuses_who_is_on_the_list_and_what_can_not_be_read() {
    let Published { world, .. } = published();
    world.write("stolen.txt", b"18446744073709551615");
    let list = world.ok("authority list stolen.txt --name stolen --epoch 4 --out next.list --passphrase-file secret");
    world.ok("wallet add-list next.list --passphrase-file secret");
    world.fails("wallet add-list stolen.list --passphrase-file secret", 1);
    ask(&world, &json!([{"not_in_list": {"claim": "list_key", "list": list["reference"]}}]));
    let refused = world.fails("wallet respond request --yes --out presentation --passphrase-file secret", 1);
    assert!(refused["error"]["message"].as_str().unwrap().contains("is on the list “stolen”"));

    world.write("stolen.txt", b"5\n-1\n");
    let line = "authority list stolen.txt --name stolen --epoch 5 --out bad.list --passphrase-file secret";
    assert!(world.fails(line, 3)["error"]["message"].as_str().unwrap().contains("line 2"));
    world.fails("wallet add-list small.json --passphrase-file secret", 3);
    world.fails("wallet add-set stolen.list --passphrase-file secret", 3);
    world.write("countries.txt", b"XX");
    let line =
        "authority set countries.txt --name small --title Small --schema list-card.json --claim country --out bad.json";
    world.fails(&format!("{line} --passphrase-file secret"), 3);
    assert!(!world.has("bad.json") && !world.has("bad.list"));
}
