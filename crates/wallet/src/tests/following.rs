//! Following the issuers' logs: what is fetched, what is kept, what is refused, and what the person is told.

use std::collections::BTreeMap;
use std::io;

use milchglas_credential::digest::{AccumulatorBytes, IssuerKeyId};
use milchglas_credential::revocation::{AcceptedEpochs, Epoch, EpochHead, Log, MAX_WINDOW};
use milchglas_credential::scope::PseudonymAsk;

use super::*;
use crate::vault::Witnesses;

/// What a server has, and what it was asked for.
#[derive(Default)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    asked: Vec<String>,
    unreachable: bool,
}

impl Served {
    fn get(&mut self, path: String) -> io::Result<Option<Vec<u8>>> {
        self.asked.push(path.clone());
        if self.unreachable { Err(io::ErrorKind::TimedOut.into()) } else { Ok(self.files.get(&path).cloned()) }
    }

    fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }
}

impl EpochSource for Served {
    fn head(&mut self, key: &IssuerKeyId) -> io::Result<Option<Vec<u8>>> {
        self.get(head_path(key))
    }

    fn epochs(&mut self, key: &IssuerKeyId, power: u8, last: Epoch) -> io::Result<Option<Vec<u8>>> {
        self.get(epochs_path(key, power, last))
    }
}

impl Issuer {
    fn key_id(&self) -> IssuerKeyId {
        self.epochs[0].head().unverified().key
    }

    fn after(&self, head: &EpochHead, handles: &[Handle]) -> EpochFile {
        let key = self.parameters.signing_key(&self.schema.digest()).unwrap();
        let issued = at(NOW + u64::from(head.epoch.0));
        EpochFile::revoke(head, key, handles, &self.secrets.last().unwrap().revoking, issued, &self.identity).unwrap()
    }

    fn revoke(&mut self, handles: &[Handle]) {
        let next = self.after(self.epochs.last().unwrap().head().unverified(), handles);
        self.epochs.push(next);
    }

    /// So many epochs, of which every seventh revokes somebody.
    fn pass(&mut self, epochs: u32) {
        for number in 0..epochs {
            let strangers: Vec<Handle> = (0..u32::from(number % 7 == 0)).map(|_| Handle::random(&mut OsRng)).collect();
            self.revoke(&strangers);
        }
    }

    fn serve(&self) -> Served {
        let (key, mut served) = (self.key_id(), Served::default());
        let last = self.epochs.len() - 1;
        served.files.insert(head_path(&key), self.epochs[last].head().to_bytes());
        for (number, file) in self.epochs.iter().enumerate() {
            served.files.insert(epochs_path(&key, 0, Epoch(number as u32)), file.to_bytes());
        }
        for power in 1..=4 {
            let length = 10_usize.pow(power.into());
            for last in (length..=last).step_by(length) {
                let all = self.epochs[last + 1 - length..=last].iter().flat_map(EpochFile::to_bytes).collect();
                served.files.insert(epochs_path(&key, power, Epoch(last as u32)), all);
            }
        }
        served
    }

    fn log_to(&self, epoch: usize) -> Log {
        Log::trust(self.epochs[epoch].head(), &self.parameters).unwrap()
    }

    /// Asks that the card has not been revoked, by epoch `newest` or up to `within` before.
    fn unrevoked(&self, newest: usize, within: u8) -> CredentialAsk {
        CredentialAsk { not_revoked: vec![self.log_to(newest).accepted(within)], ..self.ask(&[], &[ADULT]) }
    }

    /// The handle of a wallet's only card.
    fn handle_of<S: Store>(&self, wallet: &Wallet<S>) -> Handle {
        wallet.cards().unwrap()[0].credential.handle().clone()
    }
}

fn sync<S: Store>(wallet: &mut Wallet<S>, served: &mut dyn EpochSource) -> Result<SyncReport, Error> {
    wallet.sync(served, &mut |_| {}, &mut OsRng)
}

/// Syncs with everything that the issuer has published, and finds no trouble.
fn synced<S: Store>(wallet: &mut Wallet<S>, issuer: &Issuer) {
    let report = sync(wallet, &mut issuer.serve()).unwrap();
    assert_eq!(report.logs[0].outcome, LogOutcome::Current);
    assert_eq!(report.logs[0].now, Some(Epoch(issuer.epochs.len() as u32 - 1)));
    assert_eq!((report.revoked, report.broken), (vec![], vec![]));
}

fn proves<S: Store>(wallet: &mut Wallet<S>, issuer: &Issuer, nonce: u8, ask: CredentialAsk) -> Sentences {
    let ask = Ask::Credential(ask);
    let consent = wallet.review(&cafe(nonce, ask.clone()), now(), &mut OsRng).unwrap();
    let learned = consent.choices()[0].learned();
    let answer = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let request = Request::new(fields(nonce, ask)).unwrap();
    Presentation::from_bytes(&answer).unwrap().verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
    assert!(wallet.history().last().unwrap().learned == learned);
    learned
}

fn why_not<S: Store>(wallet: &Wallet<S>, ask: CredentialAsk) -> String {
    let refusal = refused(wallet.review(&cafe(200, Ask::Credential(ask)), now(), &mut OsRng));
    assert!(matches!(refusal, Refusal::NotSatisfiable(_)), "{refusal:?}");
    refusal.explanation().iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn follows_any_number_of_epochs_by_few_files() {
    let (_dir, mut wallet, mut issuer) = with_card();
    let (key, mut nonce) = (issuer.key_id(), 0);
    for (epochs, files) in [(0, vec!["1/00000000"]), (1, vec!["1/00000001"]), (14, vec![]), (100, vec![])] {
        issuer.pass(epochs);
        let mut served = issuer.serve();
        let mut last = None;
        let mut seen = |progress| last = Some(progress);
        let report = wallet.sync(&mut served, &mut seen, &mut OsRng).unwrap();
        let to = Epoch(issuer.epochs.len() as u32 - 1);
        assert_eq!(
            (report.logs.len(), &report.logs[0].outcome, report.logs[0].now),
            (1, &LogOutcome::Current, Some(to))
        );
        assert_eq!(report.logs[0].issuer_name, "State");
        let mut asked = served.asked();
        assert_eq!(asked.remove(0), head_path(&key));
        match epochs {
            0 | 1 => assert_eq!(asked, files.iter().map(|file| format!("{key}/{file}")).collect::<Vec<_>>()),
            // 2, …, 10, 11, …, 15: no ten begin at 1.
            14 => assert_eq!(asked.len(), 14),
            // 16, …, 20, then tens up to 110, then 111, …, 115.
            _ => assert_eq!(asked.len(), 5 + 9 + 5),
        }
        assert_eq!(last.map(|last| (last.read, last.newest)), (epochs > 0).then_some((to, to)));
        nonce += 1;
        let within = issuer.unrevoked(issuer.epochs.len() - 1, 0);
        let learned = proves(&mut wallet, &issuer, nonce, within);
        let sentence = format!("That it has not been revoked, by epoch {to}, the newest that the verifier knows.");
        assert!(lines(&learned).contains(&&*sentence), "{:?}", lines(&learned));
        assert_eq!(wallet.followed_to(&key).unwrap().epoch, to);
    }
}

#[test]
fn survives_ten_thousand_epochs_and_a_kill_at_every_save() {
    let (dir, wallet, mut issuer) = with_card();
    drop(wallet);
    issuer.pass(10_000);
    let mut served = issuer.serve();
    // Killed at the first, the second, … save: what was saved stays, and the next one goes on from there.
    let mut epoch = None;
    for saves in 0.. {
        let (mut wallet, _) = failing(&dir, saves.min(1));
        served.asked();
        let done = sync(&mut wallet, &mut served);
        let now = wallet.followed_to(&issuer.key_id()).map(|head| head.epoch);
        assert!(now >= epoch);
        match done {
            Ok(report) => {
                assert_eq!(report.logs[0].outcome, LogOutcome::Current);
                assert!(saves > 2, "several saves");
                break;
            }
            Err(Error::Vault(_)) => epoch = now,
            Err(other) => panic!("{other}"),
        }
        // On the disk, the log and the witness are of one epoch.
        drop(wallet);
        let wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
        assert_eq!(wallet.followed_to(&issuer.key_id()).map(|head| head.epoch), epoch);
        match &wallet.state.standings[0].witnesses {
            Witnesses::Unchecked(_) => assert_eq!(epoch, None),
            Witnesses::Checked(kept) => assert_eq!(Some(kept[0].epoch()), epoch),
            Witnesses::Revoked(_) | Witnesses::Broken => panic!("not revoked"),
        }
    }
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(10_000, 0));
    // One that was never killed takes five files.
    let (_dir, mut other) = folder();
    other.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    served.asked();
    sync(&mut other, &mut served).unwrap();
    assert_eq!(served.asked().len(), 3);
}

#[test]
fn merges_the_old_epochs_and_keeps_the_last_sixteen() {
    let (_dir, mut wallet, mut issuer) = with_card();
    issuer.pass(40);
    synced(&mut wallet, &issuer);
    let kept = |wallet: &Wallet| match &wallet.state.standings[0].witnesses {
        Witnesses::Checked(kept) => kept.iter().map(|witness| witness.epoch().0).collect::<Vec<_>>(),
        Witnesses::Unchecked(_) | Witnesses::Revoked(_) | Witnesses::Broken => panic!("checked"),
    };
    assert_eq!(kept(&wallet), (25..=40).rev().collect::<Vec<_>>());
    issuer.pass(3);
    synced(&mut wallet, &issuer);
    assert_eq!(kept(&wallet), (28..=43).rev().collect::<Vec<_>>());
    assert_eq!(kept(&wallet).len(), MAX_WINDOW);
}

#[test]
fn answers_verifiers_that_are_behind_and_ahead_and_says_when_it_can_not() {
    let (_dir, mut wallet, mut issuer) = with_card();
    issuer.pass(30);
    let unread = why_not(&wallet, issuer.unrevoked(30, 0));
    assert_eq!(unread, "This wallet has to read the list of what “State” has revoked first. Do a sync.");
    synced(&mut wallet, &issuer);
    issuer.pass(5);
    // Behind by up to 15; more is too much.
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(15, 0));
    assert_eq!(
        why_not(&wallet, issuer.unrevoked(14, 3)),
        "The verifier's list of what “State” has revoked is too old: it is of epoch 14, this wallet's of epoch 30. The verifier has to get \
         a newer one."
    );
    // Ahead.
    let learned = proves(&mut wallet, &issuer, 2, issuer.unrevoked(31, 1));
    assert_eq!(
        lines(&learned)[2],
        "That it has not been revoked, by epoch 30, the one before the newest that the verifier knows."
    );
    let learned = proves(&mut wallet, &issuer, 3, issuer.unrevoked(35, 5));
    assert!(lines(&learned)[2].starts_with("That it has not been revoked, by epoch 30, which is 5 before the newest"));
    assert_eq!(
        why_not(&wallet, issuer.unrevoked(35, 4)),
        "The verifier accepts only a newer list of what “State” has revoked: its own is of epoch 35, this wallet's of epoch 30. Do a sync."
    );
    // It names the list of another key only.
    let mut other = issuer.unrevoked(35, 4);
    other.not_revoked[0].key = IssuerKeyId([9; 32]);
    assert!(why_not(&wallet, other).contains("names no list of its issuer"));
    synced(&mut wallet, &issuer);
    proves(&mut wallet, &issuer, 4, issuer.unrevoked(35, 0));
}

#[test]
fn refuses_an_accumulator_that_stands_in_no_log() {
    let (_dir, mut wallet, mut issuer) = with_card();
    issuer.pass(20);
    synced(&mut wallet, &issuer);
    let mut marked = issuer.unrevoked(20, 3);
    let consent = wallet.review(&cafe(1, Ask::Credential(marked.clone())), now(), &mut OsRng).unwrap();
    marked.not_revoked[0].accumulators[2] = AccumulatorBytes([9; 48]);
    let unknown = Refusal::UnknownAccumulator { epoch: Epoch(20) };
    assert_eq!(refused(wallet.review(&cafe(2, Ask::Credential(marked.clone())), now(), &mut OsRng)), unknown);
    // Also in a branch that would not be taken.
    let either = Ask::Any(vec![named("one", issuer.ask(&[], &[])), named("other", marked)]);
    assert_eq!(refused(wallet.review(&cafe(2, either), now(), &mut OsRng)), unknown);
    assert!(unknown.to_string().contains("would mark that holder"));
    // One for this wallet alone, of a newer epoch, can not be told; it is not answered with.
    let AcceptedEpochs { key, newest, accumulators } = consent.request().ask().credentials()[0].not_revoked[0].clone();
    let mut ahead = issuer.unrevoked(20, 3);
    let accumulators = std::iter::once(AccumulatorBytes([9; 48])).chain(accumulators).collect();
    ahead.not_revoked = vec![AcceptedEpochs { key, newest: newest.next().unwrap(), accumulators }];
    let choices = wallet.review(&cafe(3, Ask::Credential(ahead)), now(), &mut OsRng).unwrap();
    assert_eq!(choices.choices()[0].credentials()[0].not_revoked, Some((Epoch(17), 4)));
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
}

#[test]
fn finds_its_card_revoked_and_shows_it_only_where_nobody_asks() {
    let (_dir, mut wallet, mut issuer) = with_card();
    issuer.pass(3);
    synced(&mut wallet, &issuer);
    let before = wallet.review(&cafe(1, Ask::Credential(issuer.unrevoked(3, 0))), now(), &mut OsRng).unwrap();
    let mine = issuer.handle_of(&wallet);
    issuer.revoke(&[Handle::random(&mut OsRng), mine]);
    issuer.pass(2);
    let report = sync(&mut wallet, &mut issuer.serve()).unwrap();
    let id = wallet.list().unwrap()[0].id;
    assert_eq!((report.revoked, report.broken), (vec![id], vec![]));
    assert_eq!(wallet.list().unwrap()[0].revoked, Some(Epoch(4)));
    for (newest, within) in [(6, 3), (3, 0)] {
        let why = why_not(&wallet, issuer.unrevoked(newest, within));
        assert_eq!(why, "Your national identity card has been revoked. Ask “State” for a new one.");
    }
    // What was consented to before is not answered either.
    assert!(matches!(refused(wallet.respond(before, 0, now(), &mut OsRng)), Refusal::NotSatisfiable(_)));
    let consent = wallet.review(&cafe(2, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).unwrap();
    let warning = Warning::Revoked { title: "national identity card".into() };
    assert_eq!(consent.choices()[0].warnings(), [warning]);
    // It is told once, and a new card is preferred.
    assert_eq!(sync(&mut wallet, &mut issuer.serve()).unwrap().revoked, []);
    let next = take_card(&mut wallet, &issuer, 9, &card_json("1990-01-31", "2033-12"));
    synced(&mut wallet, &issuer);
    let consent = wallet.review(&cafe(3, Ask::Credential(issuer.unrevoked(6, 0))), now(), &mut OsRng).unwrap();
    assert_eq!(consent.choices()[0].credentials()[0].id, next);
    let consent = wallet.review(&cafe(4, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).unwrap();
    assert_eq!(consent.choices().iter().map(|choice| choice.credentials()[0].id).collect::<Vec<_>>(), [next, id]);
    assert!(consent.choices()[0].warnings().is_empty());
}

#[test]
fn keeps_two_heads_as_evidence_and_stops() {
    let (dir, mut wallet, mut issuer) = with_card();
    issuer.pass(3);
    synced(&mut wallet, &issuer);
    let fork = issuer.after(issuer.epochs[2].head().unverified(), &[Handle::random(&mut OsRng)]);
    let key = issuer.key_id();
    // The newest head is another one for the same epoch; or continues another history.
    let forked_on = issuer.after(fork.head().unverified(), &[]);
    for (head, file) in [(&fork, None), (&forked_on, Some(&forked_on))] {
        let (_dir, mut wallet, served) = {
            let (dir, bytes) = (TempDir::new().unwrap(), wallet.backup(&passphrase("b"), quick()).unwrap());
            let place = dir.path().join("wallet");
            let copy = Wallet::restore(place, &bytes, &passphrase("b"), &passphrase("p"), quick(), &mut OsRng).unwrap();
            let mut served = issuer.serve();
            served.files.insert(head_path(&key), head.head().to_bytes());
            if let Some(file) = file {
                served.files.insert(epochs_path(&key, 0, Epoch(4)), file.to_bytes());
            }
            (dir, copy, served)
        };
        let mut served = served;
        let report = sync(&mut wallet, &mut served).unwrap();
        let [contradiction] = &wallet.contradictions()[..] else { panic!("one contradiction") };
        assert_eq!(report.logs[0].outcome, LogOutcome::TwoHeads(contradiction.clone()));
        assert_eq!((contradiction.issuer, contradiction.key), (issuer.parameters.fingerprint(), key));
        assert!(contradiction.heads.iter().all(|head| head.verify(&issuer.parameters).is_ok()));
        let bytes = contradiction.to_bytes();
        let ours = contradiction.heads[0].to_bytes();
        assert_eq!(bytes[4..][..ours.len()], ours[..]);
    }
    let mut served = issuer.serve();
    served.files.insert(head_path(&key), fork.head().to_bytes());
    sync(&mut wallet, &mut served).unwrap();
    drop(wallet);
    // It is remembered, and nothing more is fetched from or proven with that issuer's log until it is settled.
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    issuer.pass(1);
    let mut served = issuer.serve();
    assert!(matches!(sync(&mut wallet, &mut served).unwrap().logs[0].outcome, LogOutcome::TwoHeads(_)));
    assert_eq!(served.asked(), Vec::<String>::new());
    assert!(why_not(&wallet, issuer.unrevoked(3, 0)).contains("two different lists"));
    assert!(wallet.review(&cafe(1, Ask::Credential(issuer.ask(&[], &[ADULT]))), now(), &mut OsRng).is_ok());
    assert_eq!(wallet.settle_contradiction(&issuer.parameters.fingerprint()), Ok(true));
    assert_eq!(wallet.settle_contradiction(&issuer.parameters.fingerprint()), Ok(false));
    synced(&mut wallet, &issuer);
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(4, 0));
}

#[test]
fn takes_nothing_from_damaged_missing_and_foreign_files() {
    let (_dir, mut wallet, mut issuer) = with_card();
    let (key, other) = (issuer.key_id(), Issuer::new("State"));
    let outcome = |wallet: &mut Wallet, served: &mut Served| {
        let report = sync(wallet, served).unwrap();
        (report.logs[0].outcome.clone(), report.logs[0].now)
    };
    assert_eq!(outcome(&mut wallet, &mut Served::default()), (LogOutcome::NotPublished, None));
    let mut served = Served { unreachable: true, ..issuer.serve() };
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Unreachable(io::ErrorKind::TimedOut), None));
    // Another issuer's head and first epoch.
    let mut served = issuer.serve();
    served.files.insert(head_path(&key), other.epochs[0].head().to_bytes());
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Damaged { epoch: None }, None));
    let mut served = issuer.serve();
    served.files.insert(epochs_path(&key, 0, Epoch(0)), other.epochs[0].to_bytes());
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Damaged { epoch: Some(Epoch(0)) }, None));
    served.files.remove(&epochs_path(&key, 0, Epoch(0)));
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Missing { epoch: Epoch(0) }, None));

    issuer.pass(30);
    // A gap; a bit flipped in an epoch; two epochs in one file; a head that is too long.
    let path = |power, last| epochs_path(&key, power, Epoch(last));
    let mut served = issuer.serve();
    served.files.insert(head_path(&key), vec![0; MAX_HEAD_FILE + 1]);
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Damaged { epoch: None }, None));
    let mut served = issuer.serve();
    served.files.remove(&path(1, 10));
    served.files.remove(&path(0, 4));
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Missing { epoch: Epoch(4) }, Some(Epoch(3))));
    served.files.insert(path(0, 4), issuer.epochs[5].to_bytes());
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Damaged { epoch: Some(Epoch(4)) }, Some(Epoch(3))));
    let good = issuer.epochs[4].to_bytes();
    for at in (0..good.len()).step_by(11) {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        served.files.insert(path(0, 4), flipped);
        assert_eq!(outcome(&mut wallet, &mut served).1, Some(Epoch(3)), "byte {at}");
    }
    // What is good was kept, and proves.
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(3, 0));
    // A concatenation that is cut short, or that goes on with something else, is used as far as it is good; then the small files serve.
    let mut served = issuer.serve();
    let ten = served.files[&path(1, 20)].clone();
    served.files.insert(path(1, 20), ten[..ten.len() / 2].to_vec());
    served.files.insert(path(1, 30), vec![7; 100]);
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Current, Some(Epoch(30))));
    proves(&mut wallet, &issuer, 2, issuer.unrevoked(30, 0));
    // A server that is behind.
    let mut served = issuer.serve();
    served.files.insert(head_path(&key), issuer.epochs[28].head().to_bytes());
    assert_eq!(outcome(&mut wallet, &mut served), (LogOutcome::Behind { published: Epoch(28) }, Some(Epoch(30))));
}

#[test]
fn never_uses_a_witness_that_does_not_hold() {
    let (_dir, mut wallet) = folder();
    let mut issuer = Issuer::new("State");
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    let application = wallet.apply(&issuer.invite(1), now(), &mut OsRng).unwrap();
    let claims = card_json("1990-01-31", "2033-12");
    let (reply_to, mut issued) = issuer.sign(&application, &issuer.invitation(1), &claims);
    // Another card's witness.
    issued.witness = issuer.sign(&application, &issuer.invitation(1), &claims).1.witness;
    let id = wallet.accept(&seal_answer(1, &reply_to, &issued.to_bytes()), now()).unwrap().credential.id;
    issuer.pass(2);
    assert!(why_not(&wallet, issuer.unrevoked(0, 0)).contains("Do a sync"));
    let report = sync(&mut wallet, &mut issuer.serve()).unwrap();
    assert_eq!((report.revoked, report.broken), (vec![], vec![id]));
    assert!(why_not(&wallet, issuer.unrevoked(2, 2)).contains("does not fit your national identity card"));
}

#[test]
fn reads_again_what_a_late_card_needs() {
    let (_dir, mut wallet) = folder();
    let mut issuer = Issuer::new("State");
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    issuer.pass(3);
    let application = wallet.apply(&issuer.invite(1), now(), &mut OsRng).unwrap();
    let answer = issuer.answer(&application, 1, &card_json("1990-01-31", "2033-12"));
    issuer.pass(4);
    synced(&mut wallet, &issuer);
    wallet.accept(&answer, now()).unwrap();
    assert!(why_not(&wallet, issuer.unrevoked(7, 0)).contains("Do a sync"));
    let mut served = issuer.serve();
    sync(&mut wallet, &mut served).unwrap();
    // As a wallet that had looked at epoch 3 last.
    let expected: Vec<String> = (4..=7).map(|last| epochs_path(&issuer.key_id(), 0, Epoch(last))).collect();
    assert_eq!(served.asked()[1..], expected[..]);
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(7, 0));
    proves(&mut wallet, &issuer, 2, issuer.unrevoked(3, 0));
    sync(&mut wallet, &mut served).unwrap();
    assert_eq!(served.asked().len(), 1);
}

#[test]
fn asks_a_server_for_the_same_whatever_its_cards_are_and_were_shown() {
    let mut issuer = Issuer::new("State");
    let (_dirs, mut wallets): (Vec<_>, Vec<_>) = (0..4).map(|_| folder()).unzip();
    for (cards, wallet) in wallets.iter_mut().enumerate() {
        wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
        for card in 0..cards as u8 {
            take_card(wallet, &issuer, 10 * cards as u8 + card, &card_json("1990-01-31", "2033-12"));
        }
    }
    let mut traces = vec![Vec::new(); wallets.len()];
    for (round, epochs) in [7, 20, 1, 0, 113].into_iter().enumerate() {
        issuer.pass(epochs);
        // The third wallet's cards are revoked on the way.
        if round == 2 {
            let handle = issuer.handle_of(&wallets[2]);
            issuer.revoke(&[handle]);
        }
        for (wallet, trace) in wallets.iter_mut().zip(&mut traces) {
            let mut served = issuer.serve();
            sync(wallet, &mut served).unwrap();
            trace.push(served.asked());
        }
        for nonce in 0..round as u8 {
            proves(&mut wallets[3], &issuer, 10 * round as u8 + nonce, issuer.unrevoked(issuer.epochs.len() - 1, 0));
        }
    }
    assert!(traces.iter().all(|trace| *trace == traces[0]));
    assert!(traces[0].iter().flatten().count() > 30);
}

#[test]
fn answers_from_the_pool_until_a_new_epoch_comes() {
    let (_dir, mut wallet, mut issuer) = with_card();
    issuer.pass(20);
    synced(&mut wallet, &issuer);
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(20, 1));
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    let counter = wallet.state.counter;
    proves(&mut wallet, &issuer, 2, issuer.unrevoked(20, 1));
    assert_eq!((wallet.prepared(), wallet.state.counter), (1, counter));
    // Nothing new: they stay.
    synced(&mut wallet, &issuer);
    assert_eq!(wallet.prepared(), 1);
    issuer.pass(1);
    synced(&mut wallet, &issuer);
    assert_eq!(wallet.prepared(), 0);
    // The same kind of request, which is remembered once, is expected with the new epoch.
    assert_eq!(wallet.state.recent.len(), 1);
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(2));
    let counter = wallet.state.counter;
    proves(&mut wallet, &issuer, 3, issuer.unrevoked(21, 1));
    assert_eq!((wallet.prepared(), wallet.state.counter, wallet.state.recent.len()), (1, counter, 1));
    // A verifier that is behind gets another answer.
    proves(&mut wallet, &issuer, 4, issuer.unrevoked(20, 1));
    assert_eq!((wallet.prepared(), wallet.state.counter), (1, counter + 1));
}

#[test]
fn warns_of_names_tokens_and_joint_cards_without_the_question() {
    let (_dir, mut wallet, mut issuer) = with_card();
    issuer.pass(2);
    synced(&mut wallet, &issuer);
    let warned = |ask: Ask| {
        let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
        consent.choices()[0].warnings().contains(&Warning::NotAskedRevoked)
    };
    let pseudonym = Some(PseudonymAsk { scope: "customers".parse().unwrap() });
    let rate = Some(milchglas_credential::scope::RateAsk {
        scope: "accounts".parse().unwrap(),
        epoch: "2026".parse().unwrap(),
        limit: 1,
    });
    for (asked, expected) in [(issuer.ask(&[], &[ADULT]), true), (issuer.unrevoked(2, 0), false)] {
        let pair = vec![named("one", asked.clone()), named("other", asked.clone())];
        assert_eq!(warned(Ask::All(pair)), expected);
        assert_eq!(warned(Ask::Credential(CredentialAsk { pseudonym: pseudonym.clone(), ..asked.clone() })), expected);
        assert_eq!(warned(Ask::Credential(CredentialAsk { rate: rate.clone(), ..asked.clone() })), expected);
        assert!(!warned(Ask::Credential(asked)));
    }
    assert!(Warning::NotAskedRevoked.to_string().contains("Whoever steals your phone"));
}

#[test]
fn reads_the_published_folder_within_bounds() {
    let (dir, mut wallet, mut issuer) = with_card();
    issuer.pass(12);
    let root = dir.path().join("epochs");
    for (path, bytes) in issuer.serve().files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut source = EpochFolder::new(&root);
    assert_eq!(sync(&mut wallet, &mut source).unwrap().logs[0].outcome, LogOutcome::Current);
    proves(&mut wallet, &issuer, 1, issuer.unrevoked(12, 0));
    assert_eq!(epochs_path(&issuer.key_id(), 4, Epoch(20_000)), format!("{}/10000/00020000", issuer.key_id()));
    // Sizes are looked at before reading; a folder is no file; what is not there is nothing.
    let key = issuer.key_id();
    fs::write(root.join(head_path(&key)), vec![0; MAX_HEAD_FILE + 1]).unwrap();
    assert_eq!(source.head(&key).unwrap_err().kind(), io::ErrorKind::InvalidData);
    fs::File::create(root.join(epochs_path(&key, 1, Epoch(10))))
        .unwrap()
        .set_len(MAX_CONCATENATION as u64 + 1)
        .unwrap();
    assert_eq!(source.epochs(&key, 1, Epoch(10)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    fs::create_dir(root.join(epochs_path(&key, 0, Epoch(13)))).unwrap();
    assert_eq!(source.epochs(&key, 0, Epoch(13)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(source.epochs(&key, 0, Epoch(14)).unwrap(), None);
    assert_eq!(sync(&mut wallet, &mut source).unwrap().logs[0].outcome, LogOutcome::Damaged { epoch: None });
}

#[test]
fn keeps_logs_and_witnesses_in_the_one_encoding_and_within_bounds() {
    let (dir, mut wallet, mut issuer) = with_card();
    issuer.pass(20);
    synced(&mut wallet, &issuer);
    let fork = issuer.after(issuer.epochs[19].head().unverified(), &[Handle::random(&mut OsRng)]);
    drop(wallet);
    let (folder, bytes) = Folder::open(&place(&dir), &passphrase("p")).unwrap();
    drop(folder);
    let (root, mut state) = State::from_bytes(&bytes).unwrap();
    assert_eq!(*state.to_bytes(&root), *bytes);
    let reads = |state: &State| match State::from_bytes(&state.to_bytes(&root)) {
        Ok((_, read)) => {
            assert_eq!(*read.to_bytes(&root), *state.to_bytes(&root));
            true
        }
        Err(_) => false,
    };
    // Each kind of what is known of a card, a contradiction, a restored wallet.
    let Witnesses::Checked(kept) = state.standings[0].witnesses.clone() else { panic!("checked") };
    for witnesses in [Witnesses::Unchecked(kept[0].clone()), Witnesses::Revoked(Epoch(3)), Witnesses::Broken] {
        state.standings[0].witnesses = witnesses;
        assert!(reads(&state));
    }
    let heads = [issuer.epochs[20].head().clone(), fork.head().clone()];
    state.logs[0].contradiction = Some(Box::new(heads));
    assert!(reads(&state));
    state.mark_restored();
    assert!(reads(&state));
    // What was restored says so even if there is nothing else to say.
    state.logs.clear();
    state.standings.clear();
    let (_, read) = State::from_bytes(&state.to_bytes(&root)).unwrap();
    assert!(read.restored.is_some() && read.logs.is_empty() && read.standings.is_empty());
    // No witness at all, or more than sixteen.
    let (_, mut state) = State::from_bytes(&bytes).unwrap();
    for count in [0, MAX_WINDOW + 1] {
        state.standings[0].witnesses = Witnesses::Checked(kept.iter().cycle().take(count).cloned().collect());
        assert!(!reads(&state), "{count}");
    }
}
