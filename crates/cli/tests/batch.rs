//! Inviting and issuing by the hundred through the compiled program: lines in, lines out, a kill in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in a test a panic is a failure")]

mod program;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use milchglas_cli::qr;
use milchglas_credential::credential::{Credential, HolderSecret};
use milchglas_credential::issuance::{Answer, Application, Issued, SignedInvitation};
use milchglas_credential::parameters::Parameters;
use program::{NOW, World, person};
use rand_core::OsRng;
use serde_json::{Value, json};

/// Many wallets in one: each with a secret of its own, all with one address.
struct Wallets {
    parameters: Parameters,
    reply_to: age::x25519::Identity,
}

impl Wallets {
    fn of(world: &World) -> Self {
        let parameters = String::from_utf8(world.read("office.json")).unwrap();
        Self { parameters: Parameters::from_json(&parameters).unwrap(), reply_to: age::x25519::Identity::generate() }
    }

    fn secret(number: u16) -> HolderSecret {
        let mut seed = [7; 64];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        HolderSecret::from_uniform_bytes(&seed).unwrap()
    }

    fn apply(&self, number: u16, invitation: &str) -> Vec<u8> {
        let invitation = SignedInvitation::from_bytes(&qr::decode_text(invitation.as_bytes()).unwrap()).unwrap();
        let invitation = invitation.verify(&self.parameters).unwrap();
        let reply_to = self.reply_to.to_public().to_string();
        Application::create(invitation, &self.parameters, &Self::secret(number), &reply_to, &mut OsRng)
            .unwrap()
            .to_bytes()
    }

    /// The credential in an answer; it holds for the wallet's secret.
    fn accept(&self, number: u16, answer: &str) -> Credential {
        let answer = Answer::from_bytes(&qr::decode_text(answer.as_bytes()).unwrap()).unwrap();
        let plaintext = age::decrypt(&self.reply_to, &answer.ciphertext).unwrap();
        let credential = Issued::from_bytes(&plaintext, |_, schema| self.parameters.schema(schema)).unwrap().credential;
        let key = self.parameters.credential_key(&credential.key(), &credential.schema()).unwrap();
        let schema = self.parameters.schema(&credential.schema()).unwrap();
        credential.verify(&Self::secret(number), key, schema).unwrap();
        credential
    }
}

/// An office alone.
fn office() -> World {
    let world = World::empty();
    world.ok("issuer init --name Office --work 4 --passphrase-file secret");
    world.ok("issuer publish --out office.json --passphrase-file secret");
    world
}

fn claims(number: &str) -> Value {
    serde_json::from_str(&person(number, "1985-07-09")).unwrap()
}

fn write_lines(world: &World, name: &str, lines: impl IntoIterator<Item = Value>) {
    let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
    world.write(name, text.as_bytes());
}

fn read_lines(world: &World, name: &str) -> Vec<Value> {
    let text = String::from_utf8(world.read(name)).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const INVITE: &str =
    "issuer invite --batch people --schema national-id --assurance full --out invitations --passphrase-file secret";
const ISSUE: &str = "issuer issue --batch applications --out answers --passphrase-file secret";

/// Invites that many persons and writes the applications of their wallets.
fn apply_all(world: &World, wallets: &Wallets, count: u16) {
    write_lines(world, "people", (0..count).map(|n| json!({"id": n, "claims": claims(&format!("N{n}"))})));
    let report = world.ok(INVITE);
    assert_eq!((&report["invited"], &report["refused"]), (&count.into(), &0.into()));
    let invitations = read_lines(world, "invitations");
    assert_eq!(invitations.len(), usize::from(count));
    let applications = (0..count).zip(&invitations).map(|(n, line)| {
        assert_eq!((&line["line"], &line["id"]), (&(n + 1).into(), &n.into()));
        let application = wallets.apply(n, line["invitation"].as_str().unwrap());
        json!({"id": n, "application": qr::encode_text(&application)})
    });
    write_lines(world, "applications", applications);
}

fn start(world: &World, line: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_milchglas"))
        .args(line.split_whitespace())
        .args(["--now", NOW])
        .current_dir(world.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for something that must happen within half a minute.
fn wait_until(mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_secs(30), "it did not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn answers_every_line_once_although_killed_in_the_middle() {
    const COUNT: u16 = 400;
    let world = office();
    let wallets = Wallets::of(&world);
    apply_all(&world, &wallets, COUNT);

    let mut run = start(&world, ISSUE);
    let part = world.path(".answers.part");
    wait_until(|| part.metadata().is_ok_and(|about| about.len() > 0));
    run.kill().unwrap();
    assert!(!run.wait().unwrap().success(), "killed before it was done");
    assert!(!world.has("answers"));
    // What the killed run had written was durable before it was written.
    let written = std::fs::read_to_string(&part).unwrap();
    let written: Vec<Value> =
        written.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(!written.is_empty() && written.len() < usize::from(COUNT), "{}", written.len());

    let report = world.ok(ISSUE);
    assert!(!part.exists());
    let (new, before) = (report["issued"].as_u64().unwrap(), report["before"].as_u64().unwrap());
    assert_eq!(new + before, u64::from(COUNT));
    assert!(before >= written.len() as u64, "{report}");
    assert_eq!(report["refused"], 0);

    let answers = read_lines(&world, "answers");
    assert_eq!(answers[..written.len()], written[..]);
    let mut handles = HashSet::new();
    for (n, line) in (0..COUNT).zip(&answers) {
        assert_eq!((&line["line"], &line["id"]), (&(n + 1).into(), &n.into()));
        let credential = wallets.accept(n, line["answer"].as_str().unwrap());
        assert!(handles.insert(*credential.handle().as_bytes()), "a handle was used twice");
    }
    assert_eq!(handles.len(), usize::from(COUNT));

    // Once more: nothing new, the same bytes.
    world.fails(ISSUE, 4);
    let again = world.ok(&format!("{ISSUE} --force"));
    assert_eq!((&again["issued"], &again["before"]), (&0.into(), &COUNT.into()));
    assert_eq!(read_lines(&world, "answers"), answers);
}

#[test]
fn reports_bad_lines_by_number_and_goes_on() {
    let world = office();
    let wallets = Wallets::of(&world);
    let good = |n: u16| json!({"id": format!("p{n}"), "claims": claims(&format!("N{n}"))}).to_string();
    let mut expired = claims("N90");
    expired["valid_from"] = "2015-01".into();
    expired["valid_until"] = "2020-12".into();
    let mut surplus = claims("N91");
    surplus["shoe_size"] = 43.into();
    let light = json!({"assurance": "light", "claims": claims("N2")});
    let too_long = format!("{{\"claims\": \"{}\"}}", "x".repeat(200_000));
    let people = [
        &good(0),
        "{\"claims\": ",
        "[]",
        "",
        &too_long,
        &json!({"claims": claims("N92"), "colour": "red"}).to_string(),
        &json!({"schema": "no-such", "id": 7, "claims": claims("N93")}).to_string(),
        &json!({"claims": expired}).to_string(),
        &json!({"claims": surplus}).to_string(),
        &json!({"id": 10, "claims": claims("N94"), "person": {"space": "x", "number": "1"}}).to_string(),
        &good(1),
        &light.to_string(),
    ];
    world.write("people", people.join("\n").as_bytes());
    let object = world.fails(INVITE, 1);
    assert_eq!((&object["lines"], &object["invited"], &object["refused"]), (&11.into(), &3.into(), &8.into()));
    let listed: Vec<u64> =
        object["refused_lines"].as_array().unwrap().iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(listed, [2, 3, 5, 6, 7, 8, 9, 10]);

    let invitations = read_lines(&world, "invitations");
    let kinds: Vec<(u64, &str)> = invitations
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["error"]["kind"].as_str().unwrap_or("invited")))
        .collect();
    assert_eq!(
        kinds,
        [
            (1, "invited"),
            (2, "input"),
            (3, "input"),
            (5, "input"),
            (6, "input"),
            (7, "refused"),
            (8, "refused"),
            (9, "input"),
            (10, "refused"),
            (11, "invited"),
            (12, "invited")
        ]
    );
    assert_eq!(
        (&invitations[0]["id"], &invitations[4]["id"], &invitations[5]["id"]),
        (&"p0".into(), &Value::Null, &7.into())
    );

    // Applications: by hex, with claims said again, and everything that can be wrong.
    let applied: Vec<Vec<u8>> = [(0, 0), (1, 9), (2, 10)]
        .map(|(n, at): (u16, usize)| wallets.apply(n, invitations[at]["invitation"].as_str().unwrap()))
        .into();
    let second = wallets.apply(0, invitations[0]["invitation"].as_str().unwrap());
    let stolen = wallets.apply(1, invitations[10]["invitation"].as_str().unwrap());
    let mut forged = applied[2].clone();
    *forged.last_mut().unwrap() ^= 1;
    let base45 = |bytes: &[u8]| qr::encode_text(bytes);
    write_lines(
        &world,
        "applications",
        [
            json!({"application": hex::encode(&applied[0]), "claims": claims("N0"), "id": "zero"}),
            json!({"application": base45(&second)}),
            json!({"application": base45(&applied[1]), "claims": claims("N2")}),
            json!({"application": base45(&applied[1])}),
            json!({"application": base45(&stolen)}),
            json!({"application": base45(&forged)}),
            json!({"application": "not an application"}),
            json!({"claims": claims("N2")}),
            json!({"application": base45(&applied[2])}),
            json!({"application": base45(&applied[0])}),
        ],
    );
    let ran = world.run(&format!("{ISSUE} --json")).exits(1);
    for number in [2, 3, 5, 6, 7, 8] {
        assert!(ran.stderr.contains(&format!("line {number}: ")), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("Beispiel"), "no claims in reports: {}", ran.stderr);
    let object = ran.json();
    assert_eq!((&object["issued"], &object["before"], &object["refused"]), (&3.into(), &1.into(), &6.into()));
    assert_eq!(object["error"]["kind"], "refused");

    let answers = read_lines(&world, "answers");
    let reasons: Vec<&str> = answers.iter().map(|line| line["error"]["message"].as_str().unwrap_or_default()).collect();
    for (at, words) in [
        (1, "answered already"),
        (2, "not those that the person was invited with"),
        (4, "registered to another person"),
        (5, "proof does not hold"),
    ] {
        assert!(reasons[at].contains(words), "{}", reasons[at]);
    }
    assert_eq!([6, 7].map(|at: usize| &answers[at]["error"]["kind"]), ["input", "input"]);
    assert_eq!(answers[0]["id"], "zero");
    assert_eq!(answers[9]["answer"], answers[0]["answer"]);
    wallets.accept(0, answers[0]["answer"].as_str().unwrap());
    wallets.accept(1, answers[3]["answer"].as_str().unwrap());
    let light = wallets.accept(2, answers[8]["answer"].as_str().unwrap());
    let schema = wallets.parameters.schema(&light.schema()).unwrap();
    assert_eq!(light.claims().get(schema.assurance().unwrap()).unwrap().number(), Some(1));
}

#[test]
fn carries_text_between_batches_and_wallets() {
    let world = World::new();
    write_lines(&world, "people", [json!({"claims": claims("W1")})]);
    world.ok(INVITE);
    world.write("invitation.txt", read_lines(&world, "invitations")[0]["invitation"].as_str().unwrap().as_bytes());
    world.ok("wallet apply invitation.txt --out application --passphrase-file secret");
    write_lines(&world, "applications", [json!({"application": hex::encode(world.read("application"))})]);
    world.ok(ISSUE);
    world.write("answer.txt", read_lines(&world, "answers")[0]["answer"].as_str().unwrap().as_bytes());
    world.ok("wallet accept answer.txt --passphrase-file secret");
    assert_eq!(world.ok("wallet list --passphrase-file secret")["cards"].as_array().unwrap().len(), 1);

    #[cfg(unix)]
    for (file, mode) in [("invitations", 0o600), ("answers", 0o644)] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(world.path(file).metadata().unwrap().permissions().mode() & 0o777, mode, "{file}");
    }
}

#[test]
fn asks_for_what_a_batch_needs_and_for_no_more() {
    let world = office();
    world.write("people", b"");
    for line in [
        "issuer invite --batch people --claims people --out x --passphrase-file secret",
        "issuer invite --batch people --qr x --passphrase-file secret",
        "issuer invite --claims people --out x --passphrase-file secret",
        "issuer issue --out x --passphrase-file secret",
        "issuer issue people --batch people --out x --passphrase-file secret",
        "issuer issue --batch people --qr x --passphrase-file secret",
        "issuer issue --batch people --out - --passphrase-file secret",
    ] {
        world.fails(line, 2);
    }
    world.fails("issuer issue --batch missing --out x --passphrase-file secret", 4);
    world.fails("issuer issue --batch people --out people --passphrase-file secret", 4);
    assert!(!world.has("x"));
    let report = world.ok("issuer issue --batch people --out x --passphrase-file secret");
    assert_eq!(report["lines"], 0);
    assert!(world.read("x").is_empty());
    let line = "no schema, neither in the line nor by --schema";
    write_lines(&world, "people", [json!({"claims": {}})]);
    let object = world.fails("issuer invite --batch people --out y --passphrase-file secret", 1);
    assert_eq!(object["refused_lines"][0]["error"]["message"], line);
}

#[test]
fn answers_while_lines_still_come_and_keeps_none_of_them() {
    let world = office();
    let mut run = start(&world, "issuer issue --batch - --out - --passphrase-file secret");
    let mut input = run.stdin.take().unwrap();
    let mut output = BufReader::new(run.stdout.take().unwrap());
    let (count, last) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut line = String::new();
        while output.read_line(&mut line).unwrap() > 0 {
            let object: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(object["error"]["kind"], "input");
            count.send(object["line"].as_u64().unwrap()).unwrap();
            line.clear();
        }
    });
    // 3,000 lines of 60 KB: 180 MB, and then a line of 64 MB.
    let line = format!("{}\n", json!({"application": "Z".repeat(60_000)}));
    for _ in 0..3_000 {
        input.write_all(line.as_bytes()).unwrap();
    }
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        input.write_all(&piece).unwrap();
    }
    // The input is still open, and thousands of lines are answered.
    let answered = |at_least| {
        wait_until(|| last.try_iter().any(|number| number >= at_least));
    };
    answered(2_900);
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kibibytes: u64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
        assert!(kibibytes < 100 << 10, "{kibibytes} KiB");
    }
    drop(input);
    answered(3_001);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    reader.join().unwrap();
}
