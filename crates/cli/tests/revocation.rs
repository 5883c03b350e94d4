//! Revocation through the program: epochs, a lost wallet, backups, a server that lies.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod program;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use program::{World, run};
use serde_json::{Value, json};

const EPOCH: &str = "issuer epoch --out epochs --passphrase-file secret";
/// Some minutes after the cards were issued.
const SOON: &str = "2026-11-23T09:05:00Z";
const NUMBER: &str = "issuer revoke --person-space id_number --person-file number --passphrase-file secret";

fn visit(world: &World, wallet: &str) -> Value {
    world.ok("verifier request cafe --out request --force --passphrase-file secret");
    world.ok(&format!("wallet respond request --yes --out reply --force --dir {wallet} --passphrase-file secret"));
    world.ok("verifier check reply")
}

fn refused(world: &World, wallet: &str) -> String {
    world.ok("verifier request cafe --out request --force --passphrase-file secret");
    let line = format!("wallet respond request --yes --out reply --force --dir {wallet} --passphrase-file secret");
    let refused = world.fails(&line, 1);
    refused["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn revokes_by_number_and_by_the_holders_own_request() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    world.wallet("other");
    world.issue("other", "A2", "1985-07-09");
    assert_eq!(visit(&world, "wallet")["not_revoked"], json!({"card": 1}));

    world.write("number", b"A1\n");
    assert_eq!(world.ok(NUMBER)["revoked"], 1);
    world.fails(NUMBER, 1);
    let status = world.ok("issuer status --passphrase-file secret");
    assert_eq!((&status["cards"], &status["pending"]), (&json!(1), &json!(1)));
    // Until the next epoch nobody knows.
    visit(&world, "wallet");
    let epochs = world.ok(EPOCH);
    assert_eq!(epochs["epochs"][0]["revoked"], 1);
    world.ok("verifier sync epochs");
    assert!(refused(&world, "wallet").contains("has been revoked"));
    visit(&world, "other");

    let office = world.ok("inspect office.json");
    let fingerprint = office["fingerprint"].as_str().unwrap();
    let revoke = "issuer revoke --request revoke --passphrase-file secret --json";
    world
        .run_at(SOON, &format!("wallet revoke {fingerprint} --out revoke --dir other --passphrase-file secret"), b"")
        .exits(0);
    assert_eq!(world.run_at(SOON, revoke, b"").exits(0).json()["revoked"], 1);
    world.run_at(SOON, revoke, b"").exits(1);
    world.run_at("2026-11-25T09:00:00Z", revoke, b"").exits(3);
    world.ok(EPOCH);
    world.ok("verifier sync epochs");
    assert!(refused(&world, "other").contains("has been revoked"));
    world.fails("issuer revoke --passphrase-file secret", 2);
    world.fails("issuer revoke --handle 00 --passphrase-file secret", 3);
    world.fails(&format!("issuer revoke --handle {} --passphrase-file secret", "00".repeat(16)), 1);
}

#[test]
fn a_verifier_asks_nothing_before_it_knows_an_epoch() {
    let world = World::new();
    world.ok("verifier init --dir new --name New --origin https://new.example --work 4 --passphrase-file secret");
    world.ok("verifier trust office.json --dir new");
    world.fails("verifier request cafe --out request --dir new --passphrase-file secret", 1);
    world.fails("verifier sync nowhere --dir new", 1);
    world.ok("verifier sync epochs --dir new");
    world.ok("verifier request cafe --out request --dir new --passphrase-file secret");
}

#[test]
fn restores_a_backup_that_gives_no_tokens_unasked() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    world.write("backup-secret", b"a passphrase for the backup\n");
    world.ok("wallet backup --out backup --work 4 --backup-passphrase-file backup-secret --passphrase-file secret");
    world.fails(
        "wallet restore backup --dir restored --work 4 --backup-passphrase-file secret --passphrase-file secret",
        5,
    );
    world.ok(
        "wallet restore backup --dir restored --work 4 --backup-passphrase-file backup-secret --passphrase-file secret",
    );
    world.ok("wallet sync epochs --dir restored --passphrase-file secret");
    visit(&world, "restored");
    world.ok("verifier request phone --out rate --passphrase-file secret");
    let line = "wallet respond rate --yes --out reply --force --dir restored --passphrase-file secret";
    world.fails(line, 1);
    assert_eq!(world.ok("wallet allow-tokens rate --dir restored --passphrase-file secret")["allowed"], true);
    world.ok(line);
    world.ok("verifier check reply");
}

#[test]
fn does_not_remember_a_folder_in_which_nothing_is_published() {
    let world = World::new();
    let told = world.fails("wallet sync epoch --passphrase-file secret", 1);
    assert!(told["error"]["message"].as_str().unwrap().starts_with("epoch: "), "{told}");
    assert_eq!(told["logs"][0]["outcome"], "not_published");
    let followed = world.ok("wallet sync --passphrase-file secret");
    assert_eq!(followed["logs"][0]["outcome"], "current");
}

#[test]
fn reports_two_histories_with_the_proof_and_shows_nothing_until_it_is_settled() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    // The office's folder as it was, from which another history is made.
    copy(&world.path("issuer"), &world.path("twin"));
    world.ok(EPOCH);
    world.ok("wallet sync --passphrase-file secret");
    world.ok("verifier sync epochs");
    world.write("number", b"A1\n");
    world.ok(&format!("{NUMBER} --dir twin"));
    world.ok("issuer epoch --out epochs-twin --dir twin --passphrase-file secret");
    let told = world.fails("wallet sync epochs-twin --passphrase-file secret", 1);
    assert_eq!(told["logs"][0]["outcome"], "two_heads");
    let proofs = std::fs::read_dir(world.path("wallet")).unwrap();
    let names = proofs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("contradiction-")).count(), 1);
    world.fails("verifier sync epochs-twin", 1);
    world.ok("verifier request cafe --out request --force --passphrase-file secret");
    world.fails("wallet respond request --yes --out reply --passphrase-file secret", 1);
    let office = world.ok("inspect office.json");
    let fingerprint = office["fingerprint"].as_str().unwrap();
    assert_eq!(world.ok(&format!("wallet settle {fingerprint} --passphrase-file secret"))["settled"], true);
    world.ok("wallet sync epochs --passphrase-file secret");
    visit(&world, "wallet");
}

#[test]
fn asks_a_web_server_for_the_same_files_whatever_the_cards_are() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    world.wallet("empty");
    for _ in 0..12 {
        world.ok(EPOCH);
    }
    let (address, asked) = serve(world.path("epochs"));
    let mut seen = Vec::new();
    for wallet in ["wallet", "empty"] {
        asked.lock().unwrap().clear();
        world.ok(&format!("wallet sync {address} --dir {wallet} --passphrase-file secret"));
        seen.push(asked.lock().unwrap().clone());
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].iter().any(|path| path.ends_with("/1/00000013")), "{:?}", seen[0]);
    // Ten epochs in one file, for who has slept from a multiple of ten on.
    assert!(
        world.has(&format!("epochs/{}/10/00000010", seen[0][0].trim_start_matches('/').split('/').next().unwrap()))
    );
    world.ok(&format!("verifier sync {address}"));
    visit(&world, "wallet");
}

/// Gives out a folder's files, and tells which were asked for.
fn serve(root: PathBuf) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, root, log) = (stream.unwrap(), root.clone(), Arc::clone(&log));
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
                let body = std::fs::read(root.join(path.trim_start_matches('/')));
                log.lock().unwrap().push(path);
                let (status, body) = body.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _closed = stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(&body));
            });
        }
    });
    (address, asked)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn publishes_again_what_a_kill_left_out() {
    let world = World::new();
    let epochs = world.path("epochs");
    let key = std::fs::read_dir(&epochs).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
    std::fs::remove_file(epochs.join(&key).join("head")).unwrap();
    std::fs::remove_file(epochs.join(&key).join("1/00000001")).unwrap();
    let written = run(
        &world.path("."),
        &["issuer", "epoch", "--only-files", "--out", "epochs", "--passphrase-file", "secret", "--json"],
        b"",
    );
    assert_eq!(written.exits(0).json()["files"], 2);
    world.ok("verifier sync epochs");
}
