//! A hotel keeps what it can not read, and a court opens it: the whole errand through the compiled program.

mod program;

use program::World;
use serde_json::{Value, json};

const STAY: &str = "stay-17";
const CRIME: &str = "a-crime-in-the-house";

/// A world in which a guest has shown her card to the hotel, encrypted for a court that her wallet has pinned.
fn hotel() -> World {
    let world = World::new();
    world.issue("wallet", "H1", "1985-07-09");
    for n in 1..=3 {
        world.write(&format!("secret-{n}"), format!("passphrase of shareholder {n}\n").as_bytes());
    }
    let made = world.ok(
        "inspector init --name Court --threshold 2 --of 3 --work 4 --passphrase-file secret-1 --passphrase-file secret-2 \
         --passphrase-file secret-3",
    );
    assert_eq!((&made["threshold"], &made["shareholders"]), (&json!(2), &json!(3)));
    template(&world, "template.json", &world.ok("inspector show inspector/inspector.json")["inspector"]);
    world
}

fn template(world: &World, name: &str, inspector: &Value) {
    let template = json!({
        "milchglas": "template/1", "purpose": "Check in",
        "ask": {"credential": {
            "name": "guest", "schemas": ["national-id"], "disclose": ["surname", "given_names"],
            "encrypt_to": {"inspector": inspector, "label": STAY, "purpose": CRIME}
        }}
    });
    world.write(name, template.to_string().as_bytes());
}

fn check_in(world: &World, case: &str) -> Value {
    world.ok("verifier request template.json --out request --force --passphrase-file secret");
    world.ok("wallet respond request --yes --out presentation --force --passphrase-file secret");
    world.ok(&format!("verifier check presentation --keep {case}"))
}

fn share(n: u8, case: &str, out: &str) -> String {
    format!(
        "inspector share {case} --share inspector/share-{n} --issuer office.json --label {STAY} --purpose {CRIME} --out {out} \
         --passphrase-file secret-{n}"
    )
}

fn combine(shares: &str, case: &str) -> String {
    format!("inspector combine {shares} --case {case} --inspector inspector/inspector.json --issuer office.json")
}

#[test]
fn opens_a_stay_by_two_of_three_shareholders() {
    let world = hotel();
    // Before the guest has pinned the court, her wallet refuses.
    world.ok("verifier request template.json --out request --passphrase-file secret");
    let refused = world.fails("wallet respond request --yes --out presentation --passphrase-file secret", 1);
    assert!(refused["error"]["message"].as_str().unwrap().contains("whom this wallet does not know"), "{refused}");
    assert!(!world.has("presentation"));
    assert_eq!(world.ok("wallet inspector inspector/inspector.json --passphrase-file secret")["first_time"], true);
    assert_eq!(world.ok("wallet inspector inspector/inspector.json --passphrase-file secret")["first_time"], false);

    let shown = world.run("wallet respond request --yes --out presentation --passphrase-file secret").exits(0);
    for words in ["Any 2 of the 3 shareholders of “Court” together", "can not read it", STAY, CRIME] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    let verdict = world.ok("verifier check presentation --keep case");
    assert_eq!(verdict["accepted"], true);
    assert_eq!(verdict["encrypted"]["guest"]["label"], STAY);
    assert_eq!(verdict["encrypted"]["guest"]["inspector"]["name"], "Court");
    assert_eq!(verdict["learned"]["guest"]["surname"], "Beispiel");

    for line in [share(1, "case", "part-1"), share(3, "case", "part-3")] {
        let released = world.ok(&line);
        assert_eq!(released["verifier"]["origin"], "https://cafe.example");
        assert_eq!(released["label"], STAY);
    }
    let opened = world.ok(&combine("part-3 part-1", "case"));
    assert_eq!(opened["shares"], json!([3, 1]));
    let point = opened["point"].as_str().unwrap();
    let card = world.ok(&format!("issuer identify {point} --passphrase-file secret"));
    assert_eq!(
        (&card["kind"], &card["status"], &card["assurance"]),
        (&"national-id".into(), &"active".into(), &2.into())
    );

    // Another stay of the same guest is another case, and opens to the same card.
    check_in(&world, "case-2");
    assert_ne!(world.read("case"), world.read("case-2"));
    world.ok(&share(2, "case-2", "part-2-of-2"));
    world.ok(&share(1, "case-2", "part-1-of-2"));
    assert_eq!(world.ok(&combine("part-1-of-2 part-2-of-2", "case-2"))["point"], point);
    let mixed = world.fails(&combine("part-1 part-2-of-2", "case"), 1);
    assert!(mixed["error"]["message"].as_str().unwrap().contains("shareholder 2 is of another case"), "{mixed}");

    for (name, object) in [
        ("inspector/inspector.json", "inspector"),
        ("case", "case"),
        ("part-1", "opening_share"),
        ("inspector/share-1", "sealed"),
    ] {
        assert_eq!(world.ok(&format!("inspect {name}"))["object"], object, "{name}");
    }
}

#[test]
fn refuses_what_should_not_be_opened() {
    let world = hotel();
    world.ok("wallet inspector inspector/inspector.json --passphrase-file secret");
    check_in(&world, "case");
    world.ok(&share(1, "case", "part-1"));
    world.ok(&share(2, "case", "part-2"));

    let fails = |line: String, code: i32, words: &str| {
        let failed = world.fails(&line, code);
        assert!(failed["error"]["message"].as_str().unwrap().contains(words), "{words}: {failed}");
    };
    let third = share(3, "case", "none");
    fails(third.replace(STAY, "stay-18"), 1, "another label");
    fails(third.replace(CRIME, "curiosity"), 1, "another purpose");
    fails(third.replace("secret-3", "secret-1"), 5, "passphrase");
    fails(third.replace("share-3", "inspector.json"), 3, "not a sealed file");
    fails(third.replace("share case", "share presentation"), 3, "a case");
    fails(combine("part-1", "case"), 1, "2 shares are needed, and 1 are here");
    fails(combine("part-1 part-1", "case"), 1, "shareholder 1 has given a share already");
    let mut forged = world.read("part-2");
    *forged.last_mut().unwrap() ^= 1;
    world.write("forged", &forged);
    fails(combine("part-1 forged", "case"), 1, "the proof in the share of shareholder 2 does not hold");
    // The case altered after the fact.
    let mut altered = world.read("case");
    *altered.last_mut().unwrap() ^= 1;
    world.write("altered", &altered);
    fails(share(3, "altered", "none"), 1, "does not hold for the request");
    assert!(!world.has("none"));

    // Another court's shareholders have no part in it.
    world.ok("inspector init --dir other --name Court --threshold 2 --of 2 --work 4 --passphrase-file secret");
    fails(
        format!(
            "inspector share case --share other/share-1 --issuer office.json --label {STAY} --purpose {CRIME} --out none --passphrase-file secret"
        ),
        1,
        "nothing in the case is encrypted for this inspector",
    );
    // A point that no card of the registry has; and what is no point.
    fails(format!("issuer identify {} --passphrase-file secret", "a1".repeat(48)), 1, "no card of this registry");
    fails("issuer identify a1 --passphrase-file secret".into(), 3, "96 hexadecimal digits");
}

#[test]
fn pins_an_inspector_and_keeps_its_files() {
    let world = hotel();
    let fingerprint = world.ok("inspector show inspector/inspector.json")["fingerprint"].as_str().unwrap().to_owned();
    let zeros = "00".repeat(32);
    world
        .fails(&format!("wallet inspector inspector/inspector.json --fingerprint {zeros} --passphrase-file secret"), 1);
    world
        .ok(&format!("wallet inspector inspector/inspector.json --fingerprint {fingerprint} --passphrase-file secret"));
    // A verifier that puts its own key under the court's name.
    world.ok("inspector init --dir hotel --name Court --threshold 2 --of 2 --work 4 --passphrase-file secret");
    let court = world.ok("inspector show inspector/inspector.json")["inspector"].clone();
    let mut forged = court.clone();
    forged["key"] = world.ok("inspector show hotel/inspector.json")["inspector"]["key"].clone();
    template(&world, "forged.json", &forged);
    world.ok("verifier request forged.json --out forged --passphrase-file secret");
    world.fails("wallet respond forged --yes --out none --passphrase-file secret", 1);

    // Nothing is replaced, and rules hold.
    world.fails("inspector init --name Court --threshold 2 --of 3 --work 4 --passphrase-file secret", 4);
    for (line, code) in [
        ("inspector init --dir new --name Court --threshold 1 --of 3 --work 4 --passphrase-file secret", 2),
        ("inspector init --dir new --name Court --threshold 4 --of 3 --work 4 --passphrase-file secret", 2),
        ("inspector init --dir new --name Court --threshold 2 --of 17 --work 4 --passphrase-file secret", 2),
        (
            "inspector init --dir new --name Court --threshold 2 --of 3 --work 4 --passphrase-file secret --passphrase-file secret",
            2,
        ),
        ("inspector show office.json", 3),
    ] {
        world.fails(line, code);
    }
    world.ok(
        "inspector passphrase inspector/share-1 --passphrase-file secret-1 --new-passphrase-file other-secret --work 4",
    );
    world.fails(
        "inspector passphrase inspector/share-1 --passphrase-file secret-1 --new-passphrase-file secret --work 4",
        5,
    );
}
