//! Answers made in idle time: each used once, none kept where it should not be.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use milchglas_credential::compile::compile;
use milchglas_credential::credential::Holdings;
use milchglas_credential::presentation::Precomputed;
use milchglas_credential::selection::{Selection, ShownAs};

use super::*;
use crate::pool::{PER_KIND, Pool, this_process};
use crate::vault::MAX_RECENT;

const DAY: u64 = 24 * 60 * 60;

fn adult(issuer: &Issuer) -> Ask {
    Ask::Credential(issuer.ask(&[], &[ADULT, VALID]))
}

fn years(issuer: &Issuer, years: u8) -> Ask {
    let adult = format!(r#"{{"age_at_least": {{"claim": "date_of_birth", "years": {years}}}}}"#);
    Ask::Credential(issuer.ask(&[], &[&adult]))
}

fn respond<S: Store>(wallet: &mut Wallet<S>, request: &[u8], now: Timestamp) -> Vec<u8> {
    let consent = wallet.review(request, now, &mut OsRng).unwrap();
    wallet.respond(consent, 0, now, &mut OsRng).unwrap()
}

/// A wallet that has answered the café, with the counter at 1.
fn regular() -> (TempDir, Wallet, Issuer) {
    let (dir, mut wallet, issuer) = with_card();
    respond(&mut wallet, &cafe(1, adult(&issuer)), now());
    (dir, wallet, issuer)
}

/// The points of an answer, which show the nonces behind them.
fn points(answer: &[u8]) -> Vec<u8> {
    Presentation::from_bytes(answer).unwrap().proof()[..96].to_vec()
}

fn holds(answer: &[u8], fields: RequestFields, issuer: &Issuer) {
    let request = Request::new(fields).unwrap();
    Presentation::from_bytes(answer).unwrap().verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
}

#[test]
fn answers_from_the_pool_and_afresh_where_nothing_fits() {
    let (_dir, mut wallet, issuer) = with_card();
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(0), "nothing was answered yet");
    assert_eq!(wallet.state.counter, 0);
    respond(&mut wallet, &cafe(1, adult(&issuer)), now());
    assert_eq!((wallet.prepare(now(), &mut OsRng), wallet.state.counter), (Ok(2), 3));
    assert_eq!((wallet.prepare(now(), &mut OsRng), wallet.state.counter), (Ok(2), 3), "nothing was missing");

    let mut seen = BTreeSet::new();
    for (nonce, ready) in [(2, 1), (3, 0)] {
        let answer = respond(&mut wallet, &cafe(nonce, adult(&issuer)), now());
        holds(&answer, fields(nonce, adult(&issuer)), &issuer);
        assert_eq!((wallet.prepared(), wallet.state.counter), (ready, 3), "no counter was needed");
        assert!(seen.insert(points(&answer)));
    }
    // The pool is empty: proven afresh.
    let answer = respond(&mut wallet, &cafe(4, adult(&issuer)), now());
    holds(&answer, fields(4, adult(&issuer)), &issuer);
    assert_eq!(wallet.state.counter, 4);
    assert!(seen.insert(points(&answer)));
    assert_eq!((wallet.history().len(), wallet.verifiers()[0].answers), (4, 4));

    // Another ask, and another day than the wallet's own: no answer fits, and none is lost.
    assert_eq!((wallet.prepare(now(), &mut OsRng), wallet.state.counter), (Ok(2), 6));
    let answer = respond(&mut wallet, &cafe(5, years(&issuer, 18)), now());
    holds(&answer, fields(5, years(&issuer, 18)), &issuer);
    let yesterday = RequestFields { as_of: "2026-11-22".parse().unwrap(), ..fields(6, adult(&issuer)) };
    let answer = respond(&mut wallet, &signed(yesterday.clone(), &cafe_key()), now());
    holds(&answer, yesterday, &issuer);
    assert_eq!((wallet.prepared(), wallet.state.counter), (2, 8));
    // Another verifier with the same question: one fits.
    let key = SigningKey::from_bytes(&[8; 32]);
    let mut hotel = fields(7, adult(&issuer));
    hotel.verifier = VerifierIdentity {
        name: "Hotel".into(),
        origin: "https://hotel.example".parse().unwrap(),
        key: VerifierKey(key.verifying_key().to_bytes()),
    };
    let answer = respond(&mut wallet, &signed(hotel.clone(), &key), now());
    holds(&answer, hotel, &issuer);
    assert_eq!((wallet.prepared(), wallet.state.counter), (1, 8));
}

#[test]
fn discloses_the_same_from_the_pool() {
    let (_dir, mut wallet, issuer) = with_card();
    let ask = Ask::Credential(issuer.ask(&["surname", "address"], &[ADULT]));
    let told = |answer: &[u8], nonce| {
        let request = Request::new(fields(nonce, ask.clone())).unwrap();
        let presentation = Presentation::from_bytes(answer).unwrap();
        let verified = presentation.verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
        (verified.credentials()[0].disclosed().to_vec(), verified.credentials()[0].proved().to_vec())
    };
    let fresh = told(&respond(&mut wallet, &cafe(1, ask.clone()), now()), 1);
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    let ready = told(&respond(&mut wallet, &cafe(2, ask.clone()), now()), 2);
    assert_eq!(wallet.prepared(), 1);
    assert!(ready == fresh);
}

#[test]
fn remembers_the_kinds_that_were_asked_lately() {
    let (dir, mut wallet, issuer) = with_card();
    for years in 10..10 + MAX_RECENT as u8 + 2 {
        respond(&mut wallet, &cafe(years, self::years(&issuer, years)), now());
    }
    assert_eq!(wallet.state.recent.len(), MAX_RECENT);
    wallet.lock();
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(PER_KIND * MAX_RECENT));
    let before = wallet.state.counter;
    // The last four kinds fit, the two before them do not.
    for years in 10..10 + MAX_RECENT as u8 + 2 {
        respond(&mut wallet, &cafe(100 + years, self::years(&issuer, years)), now());
    }
    assert_eq!(wallet.state.counter, before + 2);
    // Asked again, a kind is not remembered twice.
    respond(&mut wallet, &cafe(99, years(&issuer, 15)), now());
    assert_eq!(wallet.state.recent.len(), MAX_RECENT);
    let first = |wallet: &Wallet| wallet.state.recent[0].ask.clone();
    assert!(first(&wallet) == years(&issuer, 15));
    // What is no longer expected gives way to what is.
    respond(&mut wallet, &cafe(98, years(&issuer, 30)), now());
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(PER_KIND * MAX_RECENT));
    let before = wallet.state.counter;
    respond(&mut wallet, &cafe(97, years(&issuer, 30)), now());
    assert_eq!(wallet.state.counter, before);
}

#[test]
fn uses_no_answer_twice_between_threads_and_after_panics() {
    fn shareable<T: Send + Sync>(_: &T) {}
    let (_dir, wallet, issuer) = regular();
    shareable(&wallet);
    let id = wallet.list().unwrap()[0].id;
    let cards = wallet.pick(&[id]).unwrap();
    let request = Request::new(fields(2, adult(&issuer))).unwrap();
    let shown = vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }];
    let plan = compile(&request, Selection { branches: vec![], shown }, &[&issuer.parameters]).unwrap();
    let mut pool = Pool::default();
    for counter in 0..12 {
        let hedge = wallet.hedge(counter);
        let made =
            Precomputed::create(&plan, &Holdings::new(wallet.secret(), &[&cards[0].credential]), &hedge, &mut OsRng)
                .unwrap();
        pool.put(vec![id], made);
    }
    let (pool, used) = (Mutex::new(pool), Mutex::new(Vec::new()));
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        let answer = pool.lock().unwrap().take(&plan, &[id]).unwrap().answer(&plan).unwrap();
        used.lock().unwrap().push(points(&answer.to_bytes()));
        let _pool = pool.lock().unwrap();
        panic!("in the middle of answering");
    }));
    assert!(interrupted.is_err() && pool.is_poisoned());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (plan, pool, used) = (&plan, &pool, &used);
            scope.spawn(move || {
                for turn in 0..3 {
                    let _ = catch_unwind(AssertUnwindSafe(|| {
                        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
                        let Some(taken) = pool.take(plan, &[id]) else { return };
                        // Some answers are made under the lock, and those of some threads end badly.
                        if (thread + turn) % 2 == 0 {
                            drop(pool);
                        }
                        let answer = taken.answer(plan).unwrap();
                        used.lock().unwrap_or_else(PoisonError::into_inner).push(points(&answer.to_bytes()));
                        assert!(thread % 4 != 1, "a panic in the middle of answering");
                    }));
                }
            });
        }
    });
    let used = used.into_inner().unwrap();
    let different: BTreeSet<_> = used.iter().collect();
    assert_eq!((used.len(), different.len()), (12, 12), "24 turns share 12 answers, each used once");
    assert!(pool.into_inner().unwrap_or_else(PoisonError::into_inner).len() == 0);
}

#[test]
fn answers_threads_that_share_a_wallet_from_one_pool() {
    let (_dir, mut wallet, issuer) = regular();
    for other in 10..13 {
        respond(&mut wallet, &cafe(other, years(&issuer, other)), now());
    }
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(8));
    let counter = wallet.state.counter;
    let wallet = Mutex::new(wallet);
    let answers: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (20..28)
            .map(|nonce| {
                let (wallet, issuer) = (&wallet, &issuer);
                scope.spawn(move || respond(&mut wallet.lock().unwrap(), &cafe(nonce, adult(issuer)), now()))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (nonce, answer) in (20..28).zip(&answers) {
        holds(answer, fields(nonce, adult(&issuer)), &issuer);
    }
    let different: BTreeSet<_> = answers.iter().map(|answer| points(answer)).collect();
    assert_eq!(different.len(), 8);
    let wallet = wallet.into_inner().unwrap();
    assert_eq!((wallet.state.counter, wallet.prepared()), (counter + 6, 6), "two from the pool, six afresh");
}

/// A store that shows what it is given, fails, or panics.
struct Watched {
    folder: Folder,
    seen: Rc<RefCell<Vec<Vec<u8>>>>,
    panics: Rc<Cell<bool>>,
}

impl Store for Watched {
    fn save(&mut self, vault: &[u8]) -> Result<(), Error> {
        assert!(!self.panics.get(), "the store panics");
        self.folder.save(vault)?;
        self.seen.borrow_mut().push(vault.to_vec());
        Ok(())
    }

    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error> {
        self.folder.parameters(digest)
    }

    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error> {
        self.seen.borrow_mut().push(json.as_bytes().to_vec());
        self.folder.put_parameters(digest, json)
    }

    fn published(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        self.folder.published(sha256)
    }

    fn put_published(&mut self, sha256: &[u8; 32], file: &[u8]) -> Result<(), Error> {
        self.folder.put_published(sha256, file)
    }

    fn remove_published(&mut self, sha256: &[u8; 32]) -> Result<(), Error> {
        self.folder.remove_published(sha256)
    }
}

type Saves = Rc<RefCell<Vec<Vec<u8>>>>;

fn watched(dir: &TempDir) -> (Wallet<Watched>, Saves, Rc<Cell<bool>>) {
    let (folder, vault) = Folder::open(&place(dir), &passphrase("p")).unwrap();
    let (seen, panics) = (Saves::default(), Rc::new(Cell::new(false)));
    (Wallet::load(Watched { folder, seen: seen.clone(), panics: panics.clone() }, &vault).unwrap(), seen, panics)
}

#[test]
fn loses_the_answer_that_a_panic_interrupts() {
    let (dir, wallet, issuer) = regular();
    drop(wallet);
    let (mut wallet, _, panics) = watched(&dir);
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    let consent = wallet.review(&cafe(2, adult(&issuer)), now(), &mut OsRng).unwrap();
    panics.set(true);
    let run = catch_unwind(AssertUnwindSafe(|| wallet.respond(consent, 0, now(), &mut OsRng)));
    assert!(run.is_err());
    assert_eq!((wallet.prepared(), wallet.history().len()), (1, 1), "the one that was used is gone, nothing was told");
    let prepare = catch_unwind(AssertUnwindSafe(|| wallet.prepare(now(), &mut OsRng)));
    assert!(prepare.is_err());
    assert_eq!(wallet.prepared(), 0);
    panics.set(false);
    let answer = respond(&mut wallet, &cafe(2, adult(&issuer)), now());
    holds(&answer, fields(2, adult(&issuer)), &issuer);
}

#[test]
fn loses_the_answer_that_can_not_be_recorded() {
    let (dir, wallet, issuer) = regular();
    drop(wallet);
    let (mut wallet, _) = failing(&dir, 1);
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    let consent = wallet.review(&cafe(2, adult(&issuer)), now(), &mut OsRng).unwrap();
    assert!(matches!(wallet.respond(consent, 0, now(), &mut OsRng), Err(Error::Vault(_))));
    assert_eq!((wallet.prepared(), wallet.history().len()), (1, 1));
}

/// A generator that notes the last counter on the disk whenever it is asked.
struct Noting(Saves, Vec<u64>);

impl RngCore for Noting {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        let saves = self.0.borrow();
        let saved = saves.last().map_or(0, |vault| State::from_bytes(vault).unwrap().1.counter);
        self.1.push(saved);
        OsRng.fill_bytes(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Noting {}

#[test]
fn saves_the_counters_before_it_announces_with_them() {
    let (dir, mut wallet, issuer) = regular();
    respond(&mut wallet, &cafe(2, years(&issuer, 18)), now());
    drop(wallet);
    let (mut wallet, seen, _) = watched(&dir);
    let mut rng = Noting(seen.clone(), Vec::new());
    assert_eq!(wallet.prepare(now(), &mut rng), Ok(4));
    assert_eq!(seen.borrow().len(), 1, "one save reserves them all");
    assert!(rng.1.len() >= 4 && rng.1.iter().all(|saved| *saved == 6), "{:?}", rng.1);
    drop(wallet);
    // Stopped before anything was answered: the numbers are spent all the same.
    let (mut wallet, saves_left) = failing(&dir, 0);
    assert_eq!(wallet.state.counter, 6);
    // Where they can not be saved, nothing is announced.
    let mut rng = Noting(Saves::default(), Vec::new());
    assert!(matches!(wallet.prepare(now(), &mut rng), Err(Error::Vault(_))));
    assert_eq!((rng.1.len(), wallet.prepared(), wallet.state.counter), (0, 0, 6));
    saves_left.set(1);
    assert_eq!((wallet.prepare(now(), &mut OsRng), wallet.state.counter), (Ok(4), 10));
}

#[test]
fn announces_differently_each_time_with_a_broken_generator() {
    let (dir, wallet, issuer) = regular();
    drop(wallet);
    let mut seen = BTreeSet::new();
    // Three starts, each with the same generator output; the answers are never recorded, so the request stays open.
    for _ in 0..3 {
        let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
        assert_eq!(wallet.prepare(now(), &mut Stuck), Ok(2));
        let request = Request::new(fields(2, adult(&issuer))).unwrap();
        let id = wallet.list().unwrap()[0].id;
        let shown = vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }];
        let plan = compile(&request, Selection { branches: vec![], shown }, &[&issuer.parameters]).unwrap();
        while let Some(precomputed) = wallet.pool.take(&plan, &[id]) {
            assert!(seen.insert(points(&precomputed.answer(&plan).unwrap().to_bytes())));
        }
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn forgets_at_lock_fork_and_another_day() {
    let (dir, mut wallet, issuer) = regular();
    let mut nonce = 10;
    // Each of these makes the next answer a fresh one, which costs a counter, and leaves nothing ready.
    let mut afresh = |wallet: &mut Wallet, now: Timestamp| {
        nonce += 1;
        let mut fields = fields(nonce, adult(&issuer));
        (fields.issued, fields.as_of) = (now, now.date());
        fields.expires = Timestamp::from_unix(now.as_unix() + 100).unwrap();
        let counter = wallet.state.counter;
        let answer = respond(wallet, &signed(fields.clone(), &cafe_key()), now);
        holds(&answer, fields, &issuer);
        assert_eq!((wallet.state.counter, wallet.prepared()), (counter + 1, 0));
    };

    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    wallet.discard_prepared();
    assert_eq!(wallet.prepared(), 0);
    afresh(&mut wallet, now());

    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    wallet.pool.wake_up_in_another_process();
    afresh(&mut wallet, now());
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    wallet.pool.wake_up_in_another_process();
    let before = wallet.state.counter;
    assert_eq!((wallet.prepare(now(), &mut OsRng), wallet.state.counter), (Ok(2), before + 2), "both were made anew");

    afresh(&mut wallet, at(NOW + DAY));
    assert_eq!(wallet.prepare(at(NOW + DAY), &mut OsRng), Ok(2));
    let before = wallet.state.counter;
    assert_eq!(wallet.prepare(at(NOW + 2 * DAY), &mut OsRng), Ok(2));
    assert_eq!(wallet.state.counter, before + 2);
    // Back to the day before.
    afresh(&mut wallet, at(NOW + DAY));

    assert_eq!(wallet.prepare(at(NOW + DAY), &mut OsRng), Ok(2));
    wallet.lock();
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert_eq!(wallet.prepared(), 0);
    afresh(&mut wallet, at(NOW + DAY));
}

#[test]
fn renews_the_pool_only_for_another_process_or_day() {
    let (_dir, mut wallet, _) = regular();
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    let mut pool = wallet.take_pool(now());
    assert_eq!(wallet.prepared(), 0, "taken out, not copied");
    pool.renew(this_process(), now().date());
    assert_eq!(pool.len(), 2);
    pool.renew(this_process() ^ 1, now().date());
    assert_eq!(pool.len(), 0);
}

#[test]
fn forgets_when_cards_or_parameters_change() {
    let (_dir, mut wallet, mut issuer) = regular();
    let ready = |wallet: &mut Wallet| wallet.prepare(now(), &mut OsRng).unwrap();
    assert_eq!(ready(&mut wallet), 2);
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    assert_eq!(wallet.prepared(), 2, "the same parameters change nothing");
    let second = take_card(&mut wallet, &issuer, 2, &card_json("1990-01-31", "2043-12"));
    assert_eq!(wallet.prepared(), 0);

    // Of two like cards, an answer that was made with one does not stand for the other.
    assert_eq!(ready(&mut wallet), 2);
    let consent = wallet.review(&cafe(2, adult(&issuer)), now(), &mut OsRng).unwrap();
    let cards: Vec<_> = consent.choices().iter().map(|choice| choice.credentials()[0].id).collect();
    assert_eq!((cards.len(), cards[0]), (2, second));
    let counter = wallet.state.counter;
    wallet.respond(consent, 1, now(), &mut OsRng).unwrap();
    assert_eq!((wallet.prepared(), wallet.state.counter), (2, counter + 1));
    let consent = wallet.review(&cafe(3, adult(&issuer)), now(), &mut OsRng).unwrap();
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    assert_eq!((wallet.prepared(), wallet.state.counter), (1, counter + 1));

    wallet.remove(second).unwrap();
    assert_eq!(wallet.prepared(), 0);
    assert_eq!(ready(&mut wallet), 2);
    let answer = respond(&mut wallet, &cafe(4, adult(&issuer)), now());
    holds(&answer, fields(4, adult(&issuer)), &issuer);
    assert_eq!(wallet.prepared(), 1);

    issuer.publish("State", 2, Date::MAX);
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    assert_eq!(wallet.prepared(), 0);
    // With the last card gone, there is nothing to prepare, and that is no error.
    let id = wallet.list().unwrap()[0].id;
    wallet.remove(id).unwrap();
    assert_eq!(ready(&mut wallet), 0);
}

#[test]
fn keeps_nothing_of_a_prepared_answer() {
    let (dir, wallet, issuer) = regular();
    drop(wallet);
    let (mut wallet, seen, _) = watched(&dir);
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    assert_eq!(format!("{wallet:?}"), "Wallet(..)");
    let answer = respond(&mut wallet, &cafe(2, adult(&issuer)), now());
    assert_eq!(wallet.prepared(), 1);
    let proof = Presentation::from_bytes(&answer).unwrap().proof().to_vec();
    let has = |saved: &[u8], part: &[u8]| saved.windows(part.len()).any(|window| window == part);
    assert_eq!(seen.borrow().len(), 2);
    for saved in seen.borrow().iter() {
        assert!(has(saved, b"date_of_birth"), "what was asked is remembered, so the search could find it");
        for part in proof.chunks_exact(16) {
            assert!(!has(saved, part));
        }
    }
    for path in files(dir.path()) {
        let saved = fs::read(&path).unwrap();
        assert!(proof.chunks_exact(16).all(|part| !has(&saved, part)), "{}", path.display());
    }
}

#[test]
fn reads_vaults_from_before_kinds_were_remembered() {
    let (dir, wallet, issuer) = with_card();
    drop(wallet);
    let (folder, bytes) = Folder::open(&place(&dir), &passphrase("p")).unwrap();
    let (root, mut state) = State::from_bytes(&bytes).unwrap();
    drop(folder);
    // Nor witnesses.
    state.standings.clear();
    let bytes = state.to_bytes(&root);
    let count = bytes.windows(16).position(|window| window == root.id).unwrap() + 16;
    assert_eq!(bytes[count], 0x88);
    // An empty list is not written, and not read.
    let mut empty = bytes.to_vec();
    empty[count] = 0x89;
    empty.push(0x80);
    assert!(State::from_bytes(&empty).is_err());
    for items in [0x87, 0x8a] {
        empty[count] = items;
        assert!(State::from_bytes(&empty).is_err());
    }
    let selection = Selection { branches: vec![], shown: vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }] };
    let kinds =
        (1..).map(|years| crate::vault::Recent { ask: self::years(&issuer, years), selection: selection.clone() });
    state.recent = kinds.take(MAX_RECENT).collect();
    let bytes = state.to_bytes(&root);
    assert_eq!(bytes[count], 0x89);
    assert!(State::from_bytes(&bytes).unwrap().1.recent == state.recent);
    let last = state.recent[0].clone();
    state.recent.push(crate::vault::Recent { ask: years(&issuer, 99), ..last });
    assert!(State::from_bytes(&state.to_bytes(&root)).is_err());
}
