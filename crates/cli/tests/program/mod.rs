//! The compiled program, run in separate processes on separate folders.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]
#![allow(dead_code, unreachable_pub, reason = "each suite uses its part")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The time at which the tests take place.
pub const NOW: &str = "2026-11-23T09:00:00Z";
/// A passphrase that stands in no file but its own.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// What one run of the program left.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// The text on standard output.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// The one JSON object on standard output; what follows it would be an error.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.text(), self.stderr))
    }

    /// Expects this exit code.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard output:\n{}\nstandard error:\n{}", self.text(), self.stderr);
        self
    }
}

/// A folder with the parties' folders in it.
pub struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// An empty folder with passphrase files.
    pub fn empty() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        world.write("secret", format!("{PASSPHRASE}\n").as_bytes());
        world.write("other-secret", b"another passphrase\n");
        world
    }

    /// An issuer with the national ID card, a wallet that has pinned it, and a café that trusts it.
    pub fn new() -> Self {
        let world = Self::empty();
        world.ok("issuer init --name Office --work 4 --passphrase-file secret");
        world.ok("issuer publish --out office.json --passphrase-file secret");
        world.ok("issuer epoch --out epochs --passphrase-file secret");
        world.wallet("wallet");
        world.ok("verifier init --name Café --origin https://cafe.example --work 4 --passphrase-file secret");
        world.ok("verifier trust office.json");
        world.ok("verifier sync epochs");
        world
    }

    /// One more wallet that has pinned the issuer.
    pub fn wallet(&self, dir: &str) {
        self.ok(&format!("wallet init --dir {dir} --work 4 --passphrase-file secret"));
        self.ok(&format!("wallet issuer office.json --dir {dir} --passphrase-file secret"));
        // From now on it looks into the folder before each answer.
        self.ok(&format!("wallet sync epochs --dir {dir} --passphrase-file secret"));
    }

    /// Issues a card for a person born on that day to the wallet in that folder.
    pub fn issue(&self, wallet: &str, number: &str, born: &str) {
        self.write("person.json", person(number, born).as_bytes());
        self.issue_claims(wallet, "national-id", "person.json");
    }

    /// Issues a card of a schema with the claims in a file.
    pub fn issue_claims(&self, wallet: &str, schema: &str, claims: &str) {
        self.ok(&format!(
            "issuer invite --schema {schema} --claims {claims} --assurance full --out invitation --force \
             --passphrase-file secret"
        ));
        self.ok(&format!("wallet apply invitation --out application --force --dir {wallet} --passphrase-file secret"));
        self.ok("issuer issue application --out answer --force --passphrase-file secret");
        self.ok(&format!("wallet accept answer --dir {wallet} --passphrase-file secret"));
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file's bytes.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Runs the program at [`NOW`], with words separated by white space.
    pub fn run(&self, line: &str) -> Ran {
        self.run_at(NOW, line, b"")
    }

    /// Runs it with `--json` and expects success.
    pub fn ok(&self, line: &str) -> Value {
        self.run(&format!("{line} --json")).exits(0).json()
    }

    /// Runs it with `--json`, expects this exit code, and gives the error.
    pub fn fails(&self, line: &str, code: i32) -> Value {
        let object = self.run(&format!("{line} --json")).exits(code).json();
        assert!(object["error"]["message"].is_string(), "{object}");
        object
    }

    /// Runs it at another time, with standard input.
    pub fn run_at(&self, now: &str, line: &str, stdin: &[u8]) -> Ran {
        let mut arguments: Vec<&str> = line.split_whitespace().collect();
        arguments.extend(["--now", now]);
        run(self.folder.path(), &arguments, stdin)
    }
}

/// Runs the program in a folder.
pub fn run(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_milchglas"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // A program that does not read its input closes it, which is no failure of the test.
    let writer = std::thread::spawn(move || drop(input.write_all(&stdin)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The claims of a person.
pub fn person(number: &str, born: &str) -> String {
    format!(
        r#"{{"surname": "Beispiel", "given_names": "Ada Zoë", "id_number": "{number}", "date_of_birth": "{born}", "sex": "F",
             "nationality": "AT", "address": "Ringstraße 1, 1010 Wien", "portrait": "{}",
             "valid_from": "2024-01", "valid_until": "2033-12"}}"#,
        "a5".repeat(32)
    )
}
