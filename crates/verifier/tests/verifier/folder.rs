//! A verifier in a folder: what survives, who can read it, and what it leaves behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use milchglas_credential::digest::RequestNonce;
use milchglas_sealed::{Passphrase, Work};
use milchglas_verifier::{Checker, Error, FolderStore, Reason, StoreError, Verifier, change_passphrase};
use rand_core::OsRng;
use zeroize::Zeroizing;

use crate::scene::{Scene, ask, later, now, reason, template};

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap()
}

fn init(folder: &Path) -> Result<Verifier<FolderStore>, Error> {
    let origin = "https://cafe.example".parse().unwrap();
    let work = Work::with_log_n(1).unwrap();
    Verifier::init(folder, "Café Glas", origin, &passphrase("one"), work, &mut OsRng)
}

fn opened(folder: &Path, scene: &Scene) -> Verifier<FolderStore> {
    let cafe = init(folder).unwrap();
    cafe.trust(&scene.issuer.parameters.to_json().unwrap(), None).unwrap();
    cafe.learn_epoch(&scene.head()).unwrap();
    cafe
}

/// All files under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn keeps_key_trust_and_requests_across_restarts() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    let identity = cafe.identity().clone();
    let (first, second) = (ask(&cafe), ask(&cafe));
    drop(cafe);

    let cafe = Verifier::open(folder.path(), &passphrase("one")).unwrap();
    assert_eq!(cafe.identity(), &identity);
    assert_eq!(cafe.checker().trusted().len(), 1);
    cafe.check(&scene.answer(&first), now(), &mut OsRng).unwrap();
    drop(cafe);

    // Checking needs no passphrase.
    let checker = Checker::open(folder.path()).unwrap();
    assert_eq!(checker.identity(), &identity);
    assert_eq!(reason(checker.check(&scene.answer(&first), now(), &mut OsRng)), Reason::Answered);
    checker.check(&scene.answer(&second), now(), &mut OsRng).unwrap();

    let newer = scene.parameters(2);
    checker.trust_issuer(&newer.to_json().unwrap(), None).unwrap();
    let cafe = Verifier::open(folder.path(), &passphrase("one")).unwrap();
    assert_eq!(cafe.checker().trusted()[0].sequence, 2);
    assert_eq!(cafe.checker().distrust(&newer.fingerprint()), Ok(true));
    assert_eq!(Checker::open(folder.path()).unwrap().trusted(), []);
}

#[test]
fn refuses_a_replay_after_restart_before_and_after_pruning() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    let answer = scene.answer(&ask(&cafe));
    cafe.check(&answer, now(), &mut OsRng).unwrap();
    for _ in 0..2 {
        let checker = Checker::open(folder.path()).unwrap();
        assert_eq!(checker.prune(later(299)), Ok(0));
        assert_eq!(reason(checker.check(&answer, later(299), &mut OsRng)), Reason::Answered);
    }
    let checker = Checker::open(folder.path()).unwrap();
    assert_eq!(checker.prune(later(300)), Ok(1));
    assert_eq!(reason(checker.check(&answer, later(300), &mut OsRng)), Reason::UnknownRequest);
}

/// A copy of a pending request that somebody puts back does not make it answerable again.
#[test]
fn refuses_a_replay_of_a_request_put_back() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    let asked = ask(&cafe);
    let answer = scene.answer(&asked);
    cafe.check(&answer, now(), &mut OsRng).unwrap();
    fs::write(folder.path().join("pending").join(asked.nonce().to_string()), asked.bytes()).unwrap();
    assert_eq!(reason(cafe.check(&answer, now(), &mut OsRng)), Reason::Answered);
}

#[test]
fn refuses_a_damaged_or_foreign_request_file() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    let asked = ask(&cafe);
    let answer = scene.answer(&asked);
    let path = folder.path().join("pending").join(asked.nonce().to_string());
    let other = ask(&cafe);
    let mut flipped = asked.bytes().to_vec();
    flipped[40] ^= 1;
    let foreign = ask(&scene.cafe());
    for damaged in [&flipped[..], other.bytes(), foreign.bytes(), b"", &[0; 1 << 15]] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(reason(cafe.check(&answer, now(), &mut OsRng)), Reason::Store(StoreError::Damaged));
    }
    fs::write(&path, asked.bytes()).unwrap();
    cafe.check(&answer, now(), &mut OsRng).unwrap();
}

#[test]
fn refuses_a_second_init_and_finishes_one_that_was_cut_short() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    assert_eq!(init(folder.path()).unwrap_err(), Error::Store(StoreError::Io(io::ErrorKind::AlreadyExists)));
    assert_eq!(Checker::open(folder.path()).unwrap().identity(), cafe.identity());

    // Cut short before the key was written: there is no verifier yet.
    fs::remove_file(folder.path().join("key")).unwrap();
    assert!(Verifier::open(folder.path(), &passphrase("one")).is_err());
    let again = init(folder.path()).unwrap();
    assert_ne!(again.identity().key, cafe.identity().key);

    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(Checker::open(nowhere.path()).unwrap_err(), Error::Store(StoreError::Io(io::ErrorKind::NotFound)));
    // Looking leaves nothing behind.
    assert_eq!(fs::read_dir(nowhere.path()).unwrap().count(), 0);
}

#[test]
fn seals_the_key() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    let wrong = Verifier::open(folder.path(), &passphrase("two"));
    assert_eq!(wrong.unwrap_err(), Error::File(milchglas_sealed::Error::Unopenable));
    change_passphrase(folder.path(), &passphrase("one"), &passphrase("two"), Work::with_log_n(1).unwrap()).unwrap();
    assert!(Verifier::open(folder.path(), &passphrase("one")).is_err());
    assert_eq!(Verifier::open(folder.path(), &passphrase("two")).unwrap().identity(), cafe.identity());

    // A key that is not the identity's.
    let other = tempfile::tempdir().unwrap();
    init(other.path()).unwrap();
    fs::copy(other.path().join("key"), folder.path().join("key")).unwrap();
    assert_eq!(Verifier::open(folder.path(), &passphrase("one")).unwrap_err(), Error::OtherKey);

    let path = other.path().join("key");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(Verifier::open(other.path(), &passphrase("one")).is_err());
}

#[test]
fn refuses_changed_identity_and_parameters() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    drop(opened(folder.path(), &scene));
    let trusted = files(&folder.path().join("trusted")).remove(0);
    let identity = folder.path().join("identity.json");
    for path in [&trusted, &identity] {
        let good = fs::read(path).unwrap();
        let text = String::from_utf8(good.clone()).unwrap();
        for bad in [
            text.replace("Issuer state", "Issuer stato").replace("verifier/1", "verifier/2"),
            text[..text.len() / 2].to_owned(),
            text.replacen('{', "{\"more\": 1,", 1),
            " ".repeat(5 << 20),
        ] {
            fs::write(path, bad).unwrap();
            assert!(Checker::open(folder.path()).is_err());
        }
        fs::write(path, good).unwrap();
    }
    // Authentic parameters under another name.
    let other = trusted.with_file_name(format!("{}.json", "00".repeat(32)));
    fs::rename(&trusted, &other).unwrap();
    assert_eq!(Checker::open(folder.path()).unwrap_err(), Error::Store(StoreError::Damaged));
}

/// Nobody but the owner reads what is private, and no file holds what was disclosed.
#[test]
fn keeps_files_private_and_free_of_claims() {
    let scene = Scene::new();
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("verifier");
    let cafe = opened(&folder, &scene);
    let asked = cafe.request(&template(&["surname", "address"], "[]"), now(), &mut OsRng).unwrap();
    let verdict = cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
    assert_eq!(verdict.credentials()[0].learned().iter().len(), 2);
    ask(&cafe);

    let all = files(&folder);
    assert!(all.iter().any(|path| path.starts_with(folder.join("pending"))));
    assert!(all.iter().any(|path| path.starts_with(folder.join("answered"))));
    for path in &all {
        let bytes = fs::read(path).unwrap();
        for word in ["Muster", "Heidestra"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{}", path.display());
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for path in &all {
            let public = path.extension().is_some_and(|extension| extension == "json");
            assert_eq!(mode(path), if public { 0o644 } else { 0o600 }, "{}", path.display());
        }
        for name in ["", "pending", "answered", "trusted"] {
            assert_eq!(mode(&folder.join(name)), 0o700, "{name}");
        }
    }
}

#[test]
fn clears_what_a_killed_writer_left() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = opened(folder.path(), &scene);
    let asked = ask(&cafe);
    let pending = folder.path().join("pending");
    fs::write(pending.join(".00.1-0.tmp"), b"half a requ").unwrap();
    fs::write(pending.join(RequestNonce([1; 16]).to_string()), b"").unwrap();
    fs::write(pending.join("notes"), b"somebody's own").unwrap();
    // The one that can not be read goes, the one that waits stays.
    assert_eq!(cafe.prune(now()), Ok(1));
    let mut left: Vec<_> = files(&pending).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    left.sort();
    let mut expected = vec![asked.nonce().to_string().into(), std::ffi::OsString::from("notes")];
    expected.sort();
    assert_eq!(left, expected);
    cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
}

#[test]
fn one_of_many_made_at_once_stands() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| init(folder.path()).is_ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
    // Identity and key are those of the same one.
    Verifier::open(folder.path(), &passphrase("one")).unwrap();
}
