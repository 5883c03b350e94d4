//! What the program says and how it ends: exit codes, JSON, files in the way, wrong passphrases, inspect, help.

mod program;

use program::{PASSPHRASE, World};

#[test]
fn explains_itself() {
    let world = World::empty();
    let help = world.run("--help").exits(0);
    for line in ["milchglas issuer init", "milchglas wallet respond request.png", "0  done, or accepted"] {
        assert!(help.text().contains(line), "{line}");
    }
    let help = world.run("wallet respond --help").exits(0);
    assert!(help.text().contains("Example: milchglas wallet respond"), "{}", help.text());
    assert!(world.run("--version").exits(0).text().starts_with("milchglas "));
}

#[test]
fn ends_with_the_documented_codes_and_one_object() {
    let world = World::new();
    world.write("noise", &[0x85, 1, 2, 3]);
    world.write("bad.json", b"{\"milchglas\": \"parameters/1\"}");
    for (line, code, kind) in [
        ("wallet juggle", 2, "usage"),
        ("wallet apply invitation", 2, "usage"),
        ("wallet list --now yesterday", 2, "usage"),
        ("wallet apply noise --out x --passphrase-file secret", 3, "input"),
        ("wallet accept noise --passphrase-file secret", 3, "input"),
        ("wallet issuer bad.json --passphrase-file secret", 3, "input"),
        ("wallet respond noise --yes --out x --passphrase-file secret", 3, "input"),
        ("issuer issue noise --out x --passphrase-file secret", 3, "input"),
        ("verifier trust bad.json", 3, "input"),
        ("verifier request bad.json --out x --passphrase-file secret", 3, "input"),
        ("verifier check noise", 3, "input"),
        ("issuer claims no-such", 2, "usage"),
        ("inspect noise", 3, "input"),
        ("inspect bad.json", 3, "input"),
        ("inspect missing", 4, "storage"),
        ("wallet list --dir nowhere --passphrase-file secret", 4, "storage"),
        ("issuer publish --dir nowhere --passphrase-file secret", 4, "storage"),
        ("verifier request cafe --out x --dir nowhere --passphrase-file secret", 4, "storage"),
        ("wallet list --passphrase-file missing", 4, "storage"),
        ("wallet list --passphrase-file other-secret", 5, "passphrase"),
        ("issuer publish --passphrase-file other-secret", 5, "passphrase"),
        ("verifier request cafe --out x --passphrase-file other-secret", 5, "passphrase"),
    ] {
        let line = format!("{line} --json");
        let object =
            program::run(&world.path("."), &line.split_whitespace().collect::<Vec<_>>(), b"").exits(code).json();
        assert_eq!(object["error"]["kind"], kind, "{line}: {object}");
    }
    assert!(!world.has("x"));
}

#[test]
fn says_errors_on_standard_error_only() {
    let world = World::empty();
    let ran = world.run("inspect missing").exits(4);
    assert!(ran.stdout.is_empty());
    assert!(ran.stderr.starts_with("milchglas: missing: "), "{}", ran.stderr);
}

#[test]
fn says_which_file_is_wrong_and_what_to_do() {
    let world = World::new();
    world.write("noise", &[0x85, 1, 2, 3]);
    world.write("bad.json", b"{}");
    world.ok("verifier init --name Bar --origin https://bar.example --dir bar --work 4 --passphrase-file secret");
    world.ok("verifier trust office.json --dir bar");
    for (line, code, said) in [
        (
            "wallet restore noise --dir new --work 4 --backup-passphrase-file secret --passphrase-file secret",
            3,
            "noise: ",
        ),
        (
            "issuer invite --schema national-id --claims bad.json --assurance full --out x --passphrase-file secret",
            3,
            "bad.json: ",
        ),
        ("verify-document noise bad.json secret --issuer office.json", 3, "noise with bad.json: "),
        ("issuer epoch --out office.json --passphrase-file secret", 4, "office.json: "),
        ("verifier request cafe --out x --dir bar --passphrase-file secret", 1, "milchglas verifier sync"),
    ] {
        let told = world.fails(line, code);
        assert!(told["error"]["message"].as_str().unwrap().contains(said), "{line}: {told}");
    }
    assert!(!world.has("new") && !world.has("x"));
}

#[test]
fn warns_of_a_rotation_that_ends_all_cards() {
    let world = World::new();
    let line = "issuer rotate --accepted-until 2026-11-22 --passphrase-file secret";
    assert!(world.run(line).exits(0).text().contains("That day is past"));
    let line = "issuer rotate --accepted-until 2026-11-23 --passphrase-file secret";
    assert!(!world.run(line).exits(0).text().contains("That day is past"));
}

#[test]
fn replaces_no_file_unasked() {
    let world = World::new();
    world.issue("wallet", "C1", "1985-07-09");
    world.write("taken", b"mine");
    for line in [
        "issuer publish --out taken --passphrase-file secret",
        "issuer invite --schema national-id --claims person.json --assurance full --out taken --passphrase-file secret",
        "issuer invite --schema national-id --claims person.json --assurance full --qr taken --passphrase-file secret",
        "wallet apply invitation --out taken --passphrase-file secret",
        "verifier request cafe --out taken --passphrase-file secret",
        "wallet init --dir wallet --work 4 --passphrase-file secret",
        "issuer init --name Office --work 4 --passphrase-file secret",
        "verifier init --name Café --origin https://cafe.example --work 4 --passphrase-file secret",
        "verifier request cafe --out no-such-folder/x --passphrase-file secret",
    ] {
        world.fails(line, 4);
    }
    // A folder is not replaced even when asked.
    world.fails("verifier request cafe --out wallet --force --passphrase-file secret", 4);

    // A request can be answered once: a file in the way must not use the answer up.
    world.ok("verifier request cafe --out request --passphrase-file secret");
    world.fails("wallet respond request --yes --out taken --passphrase-file secret", 4);
    assert_eq!(world.read("taken"), b"mine");
    world.ok("wallet respond request --yes --out taken --force --passphrase-file secret");
    world.ok("verifier check taken");
}

#[test]
fn keeps_the_wallet_behind_its_passphrase() {
    let world = World::new();
    world.write("new-secret", b"a new one\n");
    world.ok("wallet passphrase --passphrase-file secret --new-passphrase-file new-secret --work 4");
    world.fails("wallet list --passphrase-file secret", 5);
    world.ok("wallet list --passphrase-file new-secret");
    // Without a file it is asked for at the terminal, and where there is none the program says what to do.
    world.write("empty", b"\n");
    world.fails("wallet list --passphrase-file empty", 2);
}

#[test]
fn prints_no_secret_and_keeps_files_to_their_owner() {
    let world = World::new();
    world.issue("wallet", "Secret-Number-77", "1985-07-09");
    world.ok("verifier request cafe --out request --passphrase-file secret");
    let ran = world.run("wallet respond request --yes --out presentation --passphrase-file secret").exits(0);
    let printed = format!("{}{}", ran.text(), ran.stderr);
    for secret in [PASSPHRASE, "Secret-Number-77", "1985-07-09", "Beispiel"] {
        assert!(!printed.contains(secret), "{secret}: {printed}");
    }
    #[cfg(unix)]
    for name in ["invitation", "presentation", "wallet/vault"] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(world.path(name).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn inspects_every_object() {
    let world = World::new();
    world.issue("wallet", "C2", "1985-07-09");
    world.ok("verifier request cafe --out request --qr request.png --passphrase-file secret");
    world.ok("wallet respond request --yes --out presentation --passphrase-file secret");
    let template = world.run("verifier template cafe").exits(0);
    world.write("template", &template.stdout);
    world.write("schema", milchglas_credential::schema::NATIONAL_ID_JSON.as_bytes());
    world.write("values", b"AT\nDE\n");
    world.write("numbers", b"7\n99\n");
    world.ok("authority init --work 4 --passphrase-file secret");
    world.ok(
        "authority set values --name dach --title DACH --claim nationality --out set.json --passphrase-file secret",
    );
    world.ok("authority list numbers --name stolen --epoch 7 --out stolen.list --passphrase-file secret");
    let issuer = world.ok("inspect office.json")["fingerprint"].as_str().unwrap().to_owned();
    world.ok(&format!("wallet revoke {issuer} --out revocation --passphrase-file secret"));
    world.ok("issuer epoch --out epochs --passphrase-file secret");
    let key = world.ok("inspect office.json")["keys"][0]["id"].as_str().unwrap().to_owned();
    let (head, file) = (format!("epochs/{key}/head"), format!("epochs/{key}/1/00000001"));
    for (file, object) in [
        ("set.json", "set"),
        ("stolen.list", "list"),
        ("revocation", "revocation_request"),
        ("verifier/identity.json", "verifier"),
        (&*head, "epoch"),
        (&*file, "epoch"),
        ("office.json", "parameters"),
        ("schema", "schema"),
        ("template", "template"),
        ("invitation", "invitation"),
        ("application", "application"),
        ("answer", "answer"),
        ("request", "signed_request"),
        ("request.png", "signed_request"),
        ("presentation", "presentation"),
        ("wallet/vault", "sealed"),
    ] {
        assert_eq!(world.ok(&format!("inspect {file}"))["object"], object, "{file}");
        let text = world.run(&format!("inspect {file}")).exits(0);
        for secret in ["C2", "1985-07-09", "Beispiel"] {
            assert!(!text.text().contains(secret), "{file}: {}", text.text());
        }
    }
    for file in ["template", "request"] {
        let text = world.run(&format!("inspect {file}")).exits(0);
        assert!(text.text().contains("not revoked"), "{file}: {}", text.text());
        assert!(text.text().contains("or the one before"), "{file}: {}", text.text());
    }
    let request = world.ok("inspect request");
    assert_eq!(request["purpose"], world.ok("wallet history --passphrase-file secret")["entries"][0]["purpose"]);
    assert_eq!(world.ok("inspect presentation")["nonce"], request["nonce"]);
    assert_eq!(world.ok("inspect presentation")["disclosed_values"], 0);

    let mut forged = world.read("request");
    let last = forged.len() - 1;
    forged[last] ^= 1;
    world.write("forged", &forged);
    world.fails("inspect forged", 1);
    world.fails("wallet respond forged --yes --out x --passphrase-file secret", 1);
}

#[test]
fn shows_codes_in_the_terminal() {
    let world = World::new();
    let shown = world.run("verifier request cafe --qr - --passphrase-file secret").exits(0);
    assert!(shown.text().contains('▀') && shown.text().contains("QR code of version"), "{}", shown.text());
    let shown = world.run("verifier request cafe --qr - --json --passphrase-file secret").exits(0);
    assert!(shown.json()["qr_version"].is_u64());
    assert!(shown.stderr.contains('▀'));
    world.fails("verifier request cafe --out - --passphrase-file secret", 2);
}

#[test]
fn plays_the_cafe() {
    let world = World::empty();
    let story = program::run(&world.path("."), &["demo", "cafe", "--json"], b"").exits(0).json();
    assert_eq!(story["scenario"], "cafe");
    assert_eq!(story["accepted"], true);
    assert_eq!(story["learned"], serde_json::json!({}));
    assert_eq!(story["proved"].as_array().unwrap().len(), 2);
    assert!(story["presentation_bytes"].as_u64().unwrap() <= 1230);
    assert!(story["qr_version"].as_u64().unwrap() <= 25);
    for time in ["issue_ms", "prove_ms", "verify_ms"] {
        assert!(story[time].as_f64().unwrap() > 0.0, "{time}");
    }
    let all = program::run(&world.path("."), &["demo", "--json"], b"").exits(0).json();
    let all: Vec<_> =
        all.as_array().unwrap().iter().map(|one| (one["scenario"].clone(), one["accepted"].clone())).collect();
    let errands = ["cafe", "hotel", "train", "phone", "bank", "company", "visa", "stall", "collusion", "loss"];
    let expected: Vec<_> =
        errands.map(|errand| (serde_json::json!(errand), serde_json::json!(errand != "stall"))).into();
    assert_eq!(all, expected);
    let told = program::run(&world.path("."), &["demo", "cafe", "--show-qr"], b"").exits(0);
    for words in ["What the café learns", "What it does not learn", "You are not yet 18", "▀"] {
        assert!(told.text().contains(words), "{words}: {}", told.text());
    }
    // The program leaves nothing behind where it was started.
    assert_eq!(std::fs::read_dir(world.path(".")).unwrap().count(), 2);
}
