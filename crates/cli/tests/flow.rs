//! Whole errands through the compiled program: separate folders, separate processes, by files, pictures and pipes.

mod program;

use program::{NOW, World};

const LIBRARY_CARD: &str = r#"{
    "milchglas": "schema/1", "id": "library-card", "title": "library card",
    "claims": [
        {"name": "reader", "title": "reader's number", "type": "integer", "bits": 32},
        {"name": "name", "title": "name", "type": "text"},
        {"name": "born", "title": "date of birth", "type": "date"},
        {"name": "branch", "title": "branch", "type": "code", "codes": ["north", "south"]},
        {"name": "level", "title": "assurance", "type": "integer", "bits": 8},
        {"name": "from", "title": "valid from", "type": "month"},
        {"name": "until", "title": "valid until", "type": "month"}
    ],
    "validity": {"from": "from", "until": "until"}, "assurance": "level", "number": "reader"
}"#;

#[test]
fn logs_a_guest_in_by_files() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    let request = world.ok("verifier request cafe --out request --passphrase-file secret");
    assert_eq!(request["expires"], "2026-11-23T09:05:00Z");

    let shown = world.run("wallet respond request --yes --out presentation --passphrase-file secret").exits(0);
    for words in ["Café", "https://cafe.example", "at least 18 years old on 2026-11-23", "nothing else"] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    let verdict = world.ok("verifier check presentation");
    assert_eq!(verdict["accepted"], true);
    assert_eq!(verdict["learned"], serde_json::json!({}));
    let proved: Vec<&str> = verdict["proved"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect();
    assert_eq!(proved.len(), 2);
    assert!(proved[0].contains("at least 18 years old on 2026-11-23"), "{proved:?}");
    assert!(proved[1].contains("valid on 2026-11-23"), "{proved:?}");
    assert!(world.read("presentation").len() <= 1230);

    let history = world.ok("wallet history --passphrase-file secret");
    assert_eq!(history["entries"].as_array().unwrap().len(), 1);
    assert_eq!(history["entries"][0]["origin"], "https://cafe.example");
    assert_eq!(history["entries"][0]["time"], NOW);
}

#[test]
fn logs_a_guest_in_by_pictures() {
    let world = World::new();
    world.write("person.json", program::person("A2", "2000-02-29").as_bytes());
    world.ok("issuer invite --schema national-id --claims person.json --assurance light --qr invitation.png --passphrase-file secret");
    world.ok("wallet apply invitation.png --qr application.png --passphrase-file secret");
    world.ok("issuer issue application.png --qr answer.png --passphrase-file secret");
    world.ok("wallet accept answer.png --passphrase-file secret");
    world.ok("verifier request cafe --qr request.png --passphrase-file secret");
    let made =
        world.ok("wallet respond request.png --yes --qr presentation.png --out presentation --passphrase-file secret");
    assert!(made["qr_version"].as_u64().unwrap() <= 25, "{made}");
    let verdict = world.ok("verifier check presentation.png");
    assert_eq!(verdict["accepted"], true);

    // The same picture, read by the library alone, holds the same bytes as the file.
    let read = milchglas_cli::qr::from_png(&world.read("presentation.png")).unwrap();
    assert_eq!(read, world.read("presentation"));
}

#[test]
fn logs_a_guest_in_through_pipes_and_scanned_text() {
    let world = World::new();
    world.issue("wallet", "A3", "1985-07-09");
    let request = world.run("verifier request cafe --out - --passphrase-file secret").exits(0);
    assert!(request.stderr.contains("bytes"), "the text went elsewhere: {}", request.stderr);
    let line = "wallet respond - --yes --out - --passphrase-file secret";
    let presentation = world.run_at(NOW, line, &request.stdout).exits(0);
    // As a scanner types it.
    let text = format!("{}\n", milchglas_cli::qr::encode_text(&presentation.stdout));
    let verdict = world.run_at(NOW, "verifier check - --json", text.as_bytes()).exits(0);
    assert_eq!(verdict.json()["accepted"], true);
}

#[test]
fn serves_a_schema_and_a_template_of_ones_own() {
    let world = World::empty();
    world.write("library.json", LIBRARY_CARD.as_bytes());
    world.ok("issuer init --name Library --schema library.json --work 4 --passphrase-file secret");
    world.ok("issuer publish --out office.json --passphrase-file secret");
    world.ok("issuer epoch --out epochs --passphrase-file secret");
    world.wallet("reader");
    world.write(
        "claims.json",
        r#"{"reader": 4711, "name": "Noor", "born": "1999-03-01", "branch": "south", "from": "2026-01", "until": "2027-12"}"#
            .as_bytes(),
    );
    world.issue_claims("reader", "library-card", "claims.json");
    let cards = world.ok("wallet list --dir reader --passphrase-file secret");
    assert_eq!(cards["cards"][0]["title"], "library card");
    let id = cards["cards"][0]["id"].to_string();
    let card = world.ok(&format!("wallet show {id} --dir reader --passphrase-file secret"));
    assert_eq!(card["claims"]["reader"], 4711);
    assert_eq!(card["claims"]["level"], 2);

    world.ok("verifier init --name Shelf --origin https://shelf.example --work 4 --passphrase-file secret");
    world.ok("verifier trust office.json");
    world.write(
        "template.json",
        r#"{"milchglas": "template/1", "purpose": "Borrow a book at the south branch", "ask": {"credential": {
            "name": "card", "schemas": ["library-card"], "disclose": ["branch"],
            "prove": ["valid", {"age_under": {"claim": "born", "years": 30}}]}}}"#
            .as_bytes(),
    );
    world.ok("verifier request template.json --out request --passphrase-file secret");
    world.ok("wallet respond request --yes --out presentation --dir reader --passphrase-file secret");
    let verdict = world.ok("verifier check presentation");
    assert_eq!(verdict["learned"], serde_json::json!({"card": {"branch": "south"}}));
    assert_eq!(verdict["proved"].as_array().unwrap().len(), 2);
}

#[test]
fn offers_the_least_revealing_way_first_and_takes_another_on_demand() {
    let world = World::new();
    world.issue("wallet", "B3", "1985-07-09");
    world.write(
        "template.json",
        r#"{"milchglas": "template/1", "purpose": "Age check", "ask": {"any": [
            {"credential": {"name": "told", "schemas": ["national-id"], "disclose": ["date_of_birth"]}},
            {"credential": {"name": "proved", "schemas": ["national-id"],
                "prove": [{"age_at_least": {"claim": "date_of_birth", "years": 18}}]}}]}}"#
            .as_bytes(),
    );
    world.ok("verifier request template.json --out first --passphrase-file secret");
    world.ok("verifier request template.json --out second --passphrase-file secret");
    world.fails("wallet respond first --yes --choice 3 --out none --passphrase-file secret", 2);
    world.fails("wallet respond first --yes --choice 0 --out none --passphrase-file secret", 2);

    let consent = world.ok("wallet respond first --yes --out answer-1 --passphrase-file secret");
    assert_eq!((&consent["choice"], &consent["choices"]), (&1.into(), &2.into()));
    let verdict = world.ok("verifier check answer-1");
    assert_eq!(verdict["learned"], serde_json::json!({}));
    assert_eq!(verdict["proved"].as_array().unwrap().len(), 1);

    let shown = world.run("wallet respond second --yes --choice 2 --out answer-2 --passphrase-file secret").exits(0);
    assert!(shown.text().contains("1985-07-09"), "what is disclosed is said: {}", shown.text());
    let verdict = world.ok("verifier check answer-2");
    assert_eq!(verdict["learned"], serde_json::json!({"told": {"date_of_birth": "1985-07-09"}}));
    // Before the check a disclosed value is not shown as anything known.
    assert!(!world.run("inspect answer-2").exits(0).text().contains("1985-07-09"));
}

#[test]
fn offers_claims_to_start_from() {
    let world = World::new();
    let claims = world.run("issuer claims national-id").exits(0);
    world.write("claims.json", &claims.stdout);
    world.issue_claims("wallet", "national-id", "claims.json");
    world.ok("verifier request cafe --out request --passphrase-file secret");
    world.ok("wallet respond request --yes --out presentation --passphrase-file secret");
    assert_eq!(world.ok("verifier check presentation")["accepted"], true);
}

#[test]
fn adds_a_schema_later() {
    let world = World::new();
    world.write("library.json", LIBRARY_CARD.as_bytes());
    world.ok("issuer schema library.json --passphrase-file secret");
    let published = world.ok("issuer publish --out office.json --force --passphrase-file secret");
    assert_eq!(published["sequence"], 2);
    world.ok("wallet issuer office.json --passphrase-file secret");
    world.write(
        "claims.json",
        r#"{"reader": 1, "name": "Noor", "born": "1999-03-01", "branch": "north", "from": "2026-01", "until": "2027-12"}"#
            .as_bytes(),
    );
    world.issue_claims("wallet", "library-card", "claims.json");
}

#[test]
fn rejects_who_is_too_young_by_one_day() {
    let world = World::new();
    world.issue("wallet", "A4", "2008-11-24");
    world.ok("verifier request cafe --out request --passphrase-file secret");
    let error = world.fails("wallet respond request --yes --out presentation --passphrase-file secret", 1);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("18") && message.contains("2026-11-24"), "{message}");
    assert!(!world.has("presentation"));

    // The same person is an adult on the next day.
    let tomorrow = "2026-11-24T09:00:00Z";
    let line = "verifier request cafe --out request --force --passphrase-file secret";
    world.run_at(tomorrow, line, b"").exits(0);
    let line = "wallet respond request --yes --out presentation --passphrase-file secret";
    world.run_at(tomorrow, line, b"").exits(0);
    world.run_at(tomorrow, "verifier check presentation", b"").exits(0);
}

#[test]
fn rejects_a_presentation_shown_twice_or_altered_or_to_another() {
    let world = World::new();
    world.issue("wallet", "A5", "1985-07-09");
    world.ok("verifier request cafe --out request --passphrase-file secret");
    world.ok("wallet respond request --yes --out presentation --passphrase-file secret");

    world.ok("verifier init --name Bar --origin https://bar.example --work 4 --dir bar --passphrase-file secret");
    world.ok("verifier trust office.json --dir bar");
    let verdict = world.fails("verifier check presentation --dir bar", 1);
    assert_eq!(verdict["accepted"], false);

    let mut altered = world.read("presentation");
    let last = altered.len() - 1;
    altered[last] ^= 1;
    world.write("altered", &altered);
    assert_eq!(world.fails("verifier check altered", 1)["accepted"], false);

    assert_eq!(world.ok("verifier check presentation")["accepted"], true);
    assert_eq!(world.fails("verifier check presentation", 1)["accepted"], false);
    world.fails("wallet respond request --yes --out again --passphrase-file secret", 1);
}

#[test]
fn rejects_what_has_ended() {
    let world = World::new();
    world.issue("wallet", "A6", "1985-07-09");
    world.ok("verifier request cafe --out request --passphrase-file secret");
    let late = "2026-11-23T09:10:00Z";
    let line = "wallet respond request --yes --out presentation --passphrase-file secret";
    let refused = world.run_at(late, line, b"").exits(1);
    assert!(refused.stderr.contains("ended at 2026-11-23T09:05:00Z"), "{}", refused.stderr);
    world.run(line).exits(0);
    let verdict = world.run_at(late, "verifier check presentation --json", b"").exits(1);
    assert_eq!(verdict.json()["accepted"], false);

    world.write("person.json", program::person("A7", "1985-07-09").as_bytes());
    world.ok("issuer invite --schema national-id --claims person.json --assurance full --valid-for 5 --out invitation --force --passphrase-file secret");
    world.run_at(late, "wallet apply invitation --out application --force --passphrase-file secret", b"").exits(1);
}

#[test]
fn asks_for_consent_and_takes_no_for_an_answer() {
    let world = World::new();
    world.issue("wallet", "A8", "1985-07-09");
    world.ok("verifier request cafe --out request --passphrase-file secret");
    let line = "wallet respond request --out presentation --passphrase-file secret";
    for answer in [&b"n\n"[..], b"", b"\n", b"yessir\n"] {
        let refused = world.run_at(NOW, line, answer).exits(1);
        assert!(refused.stderr.contains("at least 18 years old"), "{}", refused.stderr);
        assert!(!world.has("presentation"));
    }
    world.run_at(NOW, line, b"y\n").exits(0);
    assert!(world.has("presentation"));
}

#[test]
fn keeps_cards_through_renewal_rotation_and_removal() {
    let world = World::new();
    world.issue("wallet", "A9", "1985-07-09");
    world.ok("issuer rotate --accepted-until 2027-06-30 --passphrase-file secret");
    world.ok("issuer publish --out office.json --force --passphrase-file secret");
    world.ok("wallet issuer office.json --passphrase-file secret");
    world.ok("verifier trust office.json");
    let showing = |world: &World| {
        world.ok("verifier request cafe --out request --force --passphrase-file secret");
        world.ok("wallet respond request --yes --out presentation --force --passphrase-file secret");
        assert_eq!(world.ok("verifier check presentation")["accepted"], true);
    };
    showing(&world);
    world.issue("wallet", "A9", "1985-07-09");
    let cards = world.ok("wallet list --passphrase-file secret");
    let ids: Vec<String> = cards["cards"].as_array().unwrap().iter().map(|card| card["id"].to_string()).collect();
    assert_eq!(ids.len(), 2);
    showing(&world);
    for id in &ids {
        world.ok(&format!("wallet remove {id} --passphrase-file secret"));
    }
    assert_eq!(world.ok("wallet list --passphrase-file secret")["cards"], serde_json::json!([]));
    world.fails(&format!("wallet show {} --passphrase-file secret", ids[0]), 2);
    world.ok("verifier request cafe --out request --force --passphrase-file secret");
    world.fails("wallet respond request --yes --out none --passphrase-file secret", 1);
}

#[test]
fn refuses_a_second_secret_for_one_person() {
    let world = World::new();
    world.issue("wallet", "B1", "1985-07-09");
    world.wallet("second");
    world.write("person.json", program::person("B1", "1985-07-09").as_bytes());
    world.ok("issuer invite --schema national-id --claims person.json --assurance full --out invitation --force --passphrase-file secret");
    world.ok("wallet apply invitation --dir second --out application --force --passphrase-file secret");
    world.fails("issuer issue application --out refused --passphrase-file secret", 1);
    assert!(!world.has("refused"));
}

#[test]
fn recovers_the_holder_from_the_phrase() {
    let world = World::empty();
    world.ok("issuer init --name Office --work 4 --passphrase-file secret");
    world.ok("issuer publish --out office.json --passphrase-file secret");
    let made = world.ok("wallet init --work 4 --passphrase-file secret");
    let phrase = made["recovery_phrase"].as_str().unwrap();
    assert_eq!(phrase.split(' ').count(), 24);
    world.ok("wallet issuer office.json --passphrase-file secret");
    world.issue("wallet", "B2", "1985-07-09");

    world.write("phrase", phrase.as_bytes());
    let again = world.ok("wallet init --recover --phrase-file phrase --dir new --work 4 --passphrase-file secret");
    assert!(again.get("recovery_phrase").is_none(), "{again}");
    world.ok("wallet issuer office.json --dir new --passphrase-file secret");
    // The registry knows the person by the same name, so the card is renewed and not refused.
    world.issue("new", "B2", "1985-07-09");

    world.write("phrase", phrase.rsplit_once(' ').unwrap().0.as_bytes());
    world.fails("wallet init --recover --phrase-file phrase --dir bad --work 4 --passphrase-file secret", 3);
    assert!(!world.has("bad/vault"));
}
