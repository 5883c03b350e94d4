//! Each request is answered once, whoever else is answering.

use std::process::Command;
use std::sync::{Arc, Barrier};

use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::RequestNonce;
use milchglas_sealed::{Passphrase, Work};
use milchglas_verifier::{
    Checker, Consumed, Error, FolderStore, Lookup, MemoryStore, Reason, Rejection, RequestStore, StoreError, Template,
    Verdict, Verifier,
};
use rand_core::{CryptoRng, OsRng, RngCore};
use zeroize::Zeroizing;

use crate::scene::{Scene, ask, later, now};

const SUBMISSIONS: usize = 100;

/// Submits one answer many times at once; how many of them were accepted and how many came too late.
fn submit<'c, S: RequestStore + Sync + 'c>(checkers: &[&'c Checker<S>], answer: &[u8], times: usize) -> [usize; 2] {
    let barrier = Barrier::new(times);
    let results: Vec<Result<Verdict, Rejection>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..times)
            .map(|number| {
                let (checker, barrier) = (checkers[number % checkers.len()], &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    checker.check(answer, now(), &mut OsRng)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut counts = [0; 2];
    for result in results {
        match result.map_err(|rejection| rejection.for_log()) {
            Ok(_) => counts[0] += 1,
            Err(Reason::Answered) => counts[1] += 1,
            Err(reason) => panic!("{reason}"),
        }
    }
    counts
}

#[test]
fn accepts_one_of_a_hundred_submissions_in_memory() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let answer = scene.answer(&ask(&cafe));
    assert_eq!(submit(&[cafe.checker()], &answer, SUBMISSIONS), [1, SUBMISSIONS - 1]);
}

fn folder_verifier(scene: &Scene, folder: &std::path::Path) -> Verifier<FolderStore> {
    let passphrase = Passphrase::new(&Zeroizing::new("a passphrase".to_owned())).unwrap();
    let origin = "https://cafe.example".parse().unwrap();
    let work = Work::with_log_n(1).unwrap();
    let cafe = Verifier::init(folder, "Café Glas", origin, &passphrase, work, &mut OsRng).unwrap();
    cafe.trust(&scene.issuer.parameters.to_json().unwrap(), None).unwrap();
    cafe.learn_epoch(&scene.head()).unwrap();
    cafe
}

#[test]
fn accepts_one_of_a_hundred_submissions_to_two_openings_of_one_folder() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let cafe = folder_verifier(&scene, folder.path());
    let answer = scene.answer(&ask(&cafe));
    let again = Checker::open(folder.path()).unwrap();
    assert_eq!(submit(&[cafe.checker(), &again], &answer, SUBMISSIONS), [1, SUBMISSIONS - 1]);
    // After a restart, and in every later one.
    let later = Checker::open(folder.path()).unwrap();
    assert_eq!(submit(&[&later], &answer, 1), [0, 1]);
}

const FOLDER: &str = "MILCHGLAS_TEST_FOLDER";

#[test]
fn accepts_one_submission_of_several_processes() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("verifier");
    let cafe = folder_verifier(&scene, &place);
    std::fs::write(folder.path().join("answer"), scene.answer(&ask(&cafe))).unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "once::child_of_the_test_with_several_processes", "--ignored", "--nocapture"])
                .env(FOLDER, folder.path())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut totals = [0, 0];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.split_once("counts ")).unwrap().1;
        let (accepted, late) = line.split_once(' ').unwrap();
        totals[0] += accepted.parse::<usize>().unwrap();
        totals[1] += late.parse::<usize>().unwrap();
    }
    assert_eq!(totals, [1, 99]);
}

#[test]
#[ignore = "run by accepts_one_submission_of_several_processes"]
fn child_of_the_test_with_several_processes() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).expect("a folder to check in"));
    let answer = std::fs::read(folder.join("answer")).unwrap();
    let checker = Checker::open(folder.join("verifier")).unwrap();
    let [accepted, late] = submit(&[&checker], &answer, 25);
    println!("counts {accepted} {late}");
}

/// A generator that has broken down.
struct Stuck;

impl RngCore for Stuck {
    fn next_u32(&mut self) -> u32 {
        7
    }

    fn next_u64(&mut self) -> u64 {
        7
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(7);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        out.fill(7);
        Ok(())
    }
}

impl CryptoRng for Stuck {}

fn never_asks_twice_under_one_nonce<S: RequestStore>(scene: &Scene, cafe: &Verifier<S>) {
    let template = Template::cafe().unwrap();
    let taken = Some(Error::Store(StoreError::NonceTaken));
    let asked = cafe.request(&template, now(), &mut Stuck).unwrap();
    assert_eq!(cafe.request(&template, later(1), &mut Stuck).err(), taken);
    cafe.check(&scene.answer(&asked), now(), &mut OsRng).unwrap();
    assert_eq!(cafe.request(&template, later(2), &mut Stuck).err(), taken);
}

#[test]
fn never_asks_twice_under_one_nonce_with_a_broken_generator() {
    let scene = Scene::new();
    never_asks_twice_under_one_nonce(&scene, &scene.cafe());
    let folder = tempfile::tempdir().unwrap();
    never_asks_twice_under_one_nonce(&scene, &folder_verifier(&scene, folder.path()));
}

fn put(store: &impl RequestStore, scene: &Scene, nonce: u8, valid_for: u32, now: Timestamp) -> Result<(), StoreError> {
    let mut template = Template::cafe().unwrap();
    template.valid_for = valid_for;
    // Signed requests of a verifier of its own, so that their nonces are free.
    let asked = scene.cafe().request(&template, now, &mut OsRng).unwrap();
    store.put(RequestNonce([nonce; 16]), asked.bytes(), asked.request().fields().expires, now)
}

fn keeps_its_limit(store: &impl RequestStore, scene: &Scene) {
    let nonce = |nonce| RequestNonce([nonce; 16]);
    put(store, scene, 1, 100, now()).unwrap();
    put(store, scene, 2, 1_000, now()).unwrap();
    assert_eq!(put(store, scene, 3, 1_000, now()), Err(StoreError::Full));
    // An answered one counts until it expires.
    assert_eq!(store.consume(nonce(1), &[]), Ok(Consumed::Now));
    assert_eq!(store.consume(nonce(1), &[]), Ok(Consumed::NotPending));
    assert_eq!(store.consume(nonce(3), &[]), Ok(Consumed::NotPending));
    assert_eq!(put(store, scene, 3, 1_000, later(99)), Err(StoreError::Full));
    assert_eq!(store.get(nonce(1)), Ok(Lookup::Answered));
    put(store, scene, 3, 1_000, later(120)).unwrap();
    assert_eq!(store.get(nonce(1)), Ok(Lookup::Unknown));
    assert!(matches!(store.get(nonce(2)), Ok(Lookup::Pending(_))));
    assert_eq!(put(store, scene, 4, 1_000, later(120)), Err(StoreError::Full));
    assert_eq!(store.prune(later(10_000)), Ok(2));
    assert_eq!(store.get(nonce(2)), Ok(Lookup::Unknown));
}

#[test]
fn keeps_no_more_requests_than_its_limit() {
    let scene = Scene::new();
    keeps_its_limit(&MemoryStore::with_limit(2), &scene);
    let folder = tempfile::tempdir().unwrap();
    keeps_its_limit(&FolderStore::open(folder.path()).unwrap().with_limit(2), &scene);
}

#[test]
fn shares_one_verifier_between_threads() {
    fn shareable<T: Send + Sync + 'static>(_: &T) {}
    shareable(&Arc::new(Scene::new().cafe()));
}
