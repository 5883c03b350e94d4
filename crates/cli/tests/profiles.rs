//! Trust lists, purpose profiles and shipped schemas through the compiled program.

mod program;

use program::World;
use serde_json::json;

fn stall(world: &World) {
    world.write(
        "stall.json",
        br#"{"milchglas": "template/1", "purpose": "A bowl of noodles", "profile": "purchase", "ask": {"credential": {
            "name": "card", "schemas": ["national-id"], "disclose": ["date_of_birth"]}}}"#,
    );
}

#[test]
fn refuses_a_stall_that_asks_for_a_date_of_birth() {
    let world = World::new();
    world.issue("wallet", "P1", "1985-07-09");
    stall(&world);
    world.ok("verifier request stall.json --out request --passphrase-file secret");
    let error = world.fails("wallet respond request --yes --out presentation --passphrase-file secret", 1);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("“date of birth”") && message.contains("“purchase”"), "{message}");
    assert!(!message.contains("1985"), "{message}");
    assert!(!world.has("presentation"));
}

#[test]
fn believes_a_trust_list_and_nothing_that_contradicts_it() {
    let world = World::new();
    world.issue("wallet", "P2", "1985-07-09");
    let made = world.ok("trust-list init --name Glasstadt --work 4 --passphrase-file secret");
    let fingerprint = made["fingerprint"].as_str().unwrap();
    world.ok("trust-list add office.json");
    world.ok("trust-list add verifier/identity.json --profile cafe");
    world.fails("trust-list add office.json --profile cafe", 2);
    world.fails("trust-list add verifier/identity.json --profile casino", 3);
    let signed = world.ok("trust-list sign --out list.json --passphrase-file secret");
    assert_eq!((&signed["sequence"], signed["fingerprint"].as_str()), (&json!(1), Some(fingerprint)));
    let seen = world.ok("inspect list.json");
    assert_eq!((&seen["object"], &seen["signature_holds"]), (&json!("trust_list"), &json!(true)));
    assert_eq!(seen["verifiers"][0]["profiles"], json!(["cafe"]));

    let zero = "0".repeat(64);
    world.fails(&format!("wallet trust list.json --fingerprint {zero} --passphrase-file secret"), 1);
    let added = world.ok(&format!("wallet trust list.json --fingerprint {fingerprint} --passphrase-file secret"));
    assert_eq!(added["first_time"], true);
    assert_eq!(world.ok("wallet trust list.json --passphrase-file secret")["first_time"], false);
    assert_eq!(world.ok("wallet issuer office.json --passphrase-file secret")["listed_by"], json!(["Glasstadt"]));

    // The café for its profile: vouched for.
    world.ok("verifier request cafe --out request --passphrase-file secret");
    let consent = world.ok("wallet respond request --yes --out presentation --passphrase-file secret");
    assert_eq!(consent["vouchers"][0]["authority"], "Glasstadt");
    assert_eq!(consent["warnings"], json!([]));
    assert_eq!(world.ok("verifier check presentation")["accepted"], true);

    // For another purpose: refused, however little it asks.
    world.write(
        "bank.json",
        br#"{"milchglas": "template/1", "purpose": "Account", "profile": "bank", "ask": {"credential": {
            "name": "card", "schemas": ["national-id"], "prove": ["valid"]}}}"#,
    );
    world.ok("verifier request bank.json --out request --force --passphrase-file secret");
    let error = world.fails("wallet respond request --yes --out none --passphrase-file secret", 1);
    assert!(error["error"]["message"].as_str().unwrap().contains("“bank”"), "{error}");

    // Another key in the café's place.
    world.ok("verifier init --name Café --origin https://cafe.example --work 4 --dir fake --passphrase-file secret");
    world.ok("verifier trust office.json --dir fake");
    world.ok("verifier sync epochs --dir fake");
    world.ok("verifier request cafe --out request --force --dir fake --passphrase-file secret");
    world.ok("wallet forget https://cafe.example --passphrase-file secret");
    let error = world.fails("wallet respond request --yes --out none --passphrase-file secret", 1);
    assert!(error["error"]["message"].as_str().unwrap().contains("“Glasstadt”"), "{error}");

    // Somebody whom nobody lists.
    world.ok("verifier init --name Bar --origin https://bar.example --work 4 --dir bar --passphrase-file secret");
    world.ok("verifier trust office.json --dir bar");
    world.ok("verifier sync epochs --dir bar");
    world.ok("verifier request cafe --out request --force --dir bar --passphrase-file secret");
    let consent = world.ok("wallet respond request --yes --out none --passphrase-file secret");
    let warnings = consent["warnings"].to_string();
    assert!(warnings.contains("No trust list of yours vouches"), "{warnings}");

    // The next list is taken, the first is then an older one, an altered one is none.
    assert_eq!(world.ok("trust-list sign --out next.json --passphrase-file secret")["sequence"], 2);
    world.ok("wallet trust next.json --passphrase-file secret");
    world.fails("wallet trust list.json --passphrase-file secret", 1);
    let altered = String::from_utf8(world.read("next.json")).unwrap().replace("\"sequence\": 2", "\"sequence\": 3");
    world.write("altered.json", altered.as_bytes());
    world.fails("wallet trust altered.json --passphrase-file secret", 1);
    world.fails("inspect altered.json", 1);
    world.fails("trust-list init --name Glasstadt --work 4 --passphrase-file secret", 4);
    world.fails("trust-list sign --out other.json --passphrase-file other-secret", 5);
    assert_eq!(world.ok(&format!("wallet distrust {fingerprint} --passphrase-file secret"))["forgotten"], true);
    world.ok("wallet trust list.json --passphrase-file secret");
}

#[test]
fn lists_inspectors_and_who_publishes_sets_and_lists() {
    let world = World::new();
    for n in 1..=3 {
        world.write(&format!("secret-{n}"), format!("passphrase of shareholder {n}\n").as_bytes());
    }
    let inspector = |dir: &str| {
        world.ok(&format!(
            "inspector init --name Court --threshold 2 --of 3 --work 4 --dir {dir} --passphrase-file secret-1 --passphrase-file \
             secret-2 --passphrase-file secret-3"
        ))
    };
    inspector("court");
    inspector("fake-court");
    world.write("countries.txt", b"DE\n");
    world.write("numbers.txt", b"5\n");
    let publisher = |dir: &str, set: &str| {
        let made = world.ok(&format!("authority init --dir {dir} --work 1 --passphrase-file secret"));
        let line = "authority set countries.txt --name home --title Home --schema national-id --claim nationality";
        world.ok(&format!("{line} --dir {dir} --out {set}.json --passphrase-file secret"));
        let line = "authority list numbers.txt --name stolen --epoch 1";
        world.ok(&format!("{line} --dir {dir} --out {set}.list --passphrase-file secret"));
        made["fingerprint"].as_str().unwrap().to_owned()
    };
    let police = publisher("police", "police");
    publisher("fake-police", "fake");

    world.ok("trust-list init --name Glasstadt --work 4 --passphrase-file secret");
    assert_eq!(world.ok("trust-list add court/inspector.json")["added"], "Court");
    assert_eq!(world.ok("trust-list add police.json")["added"], "home");
    world.fails("trust-list add court/inspector.json --profile cafe", 2);
    world.fails("trust-list add police.json --profile cafe", 2);
    world.fails("trust-list add", 2);
    world.fails(&format!("trust-list add --publisher {police}"), 2);
    world.fails(&format!("trust-list add police.json --publisher {police} --name stolen"), 2);
    let sign = |out: &str| {
        world.ok(&format!("trust-list sign --out {out} --passphrase-file secret"));
        world.ok(&format!("wallet trust {out} --passphrase-file secret"));
        world.ok(&format!("inspect {out}"))
    };
    let seen = sign("first.json");
    assert_eq!(seen["inspectors"].as_array().unwrap().len(), 1);
    assert_eq!(seen["authorities"], json!([{"name": "home", "fingerprint": police}]));

    world.fails("wallet inspector fake-court/inspector.json --passphrase-file secret", 1);
    world.fails("wallet add-set fake.json --passphrase-file secret", 1);
    let listed = json!(["Glasstadt"]);
    assert_eq!(world.ok("wallet inspector court/inspector.json --passphrase-file secret")["listed_by"], listed);
    assert_eq!(world.ok("wallet add-set police.json --passphrase-file secret")["listed_by"], listed);
    // Listed under the name of its list instead, by its fingerprint.
    assert_eq!(world.ok(&format!("trust-list add --publisher {police} --name stolen"))["added"], "stolen");
    assert_eq!(sign("second.json")["authorities"], json!([{"name": "stolen", "fingerprint": police}]));
    world.fails("wallet add-list fake.list --passphrase-file secret", 1);
    assert_eq!(world.ok("wallet add-list police.list --passphrase-file secret")["listed_by"], listed);
    assert_eq!(world.ok("wallet add-set fake.json --passphrase-file secret")["listed_by"], json!([]));
}

#[test]
fn issues_every_card_that_ships() {
    let world = World::empty();
    world.ok(
        "issuer init --name Office --schema passport --schema tax-credential --schema student-card --work 4 --passphrase-file \
         secret",
    );
    world.ok("issuer publish --out office.json --passphrase-file secret");
    world.ok("issuer epoch --out epochs --passphrase-file secret");
    // One person each: the office's registry would take one secret under three numbers for three persons in one wallet.
    for schema in ["passport", "tax-credential", "student-card"] {
        world.wallet(schema);
        let claims = world.run(&format!("issuer claims {schema}")).exits(0);
        world.write("claims.json", &claims.stdout);
        world.issue_claims(schema, schema, "claims.json");
        let cards = world.ok(&format!("wallet list --dir {schema} --passphrase-file secret"));
        assert_eq!(cards["cards"][0]["kind"], schema);
    }
}
