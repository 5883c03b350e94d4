//! Backups, restored wallets, and the holder's own request to revoke.

use std::collections::BTreeSet;

use milchglas_credential::digest::Token;
use milchglas_credential::revocation::RevocationRequest;
use milchglas_credential::scope::RateAsk;

use super::*;

fn counted(issuer: &Issuer, scope: &str, epoch: &str) -> Ask {
    let rate = Some(RateAsk { scope: scope.parse().unwrap(), epoch: epoch.parse().unwrap(), limit: 3 });
    Ask::Credential(CredentialAsk { rate, ..issuer.ask(&[], &[]) })
}

fn token<S: Store>(wallet: &mut Wallet<S>, issuer: &Issuer, nonce: u8, ask: Ask) -> Result<Token, String> {
    let request = Request::new(fields(nonce, ask.clone())).unwrap();
    let answer = wallet
        .review(&cafe(nonce, ask), now(), &mut OsRng)
        .and_then(|consent| wallet.respond(consent, 0, now(), &mut OsRng));
    match answer {
        Ok(answer) => {
            let presentation = Presentation::from_bytes(&answer).unwrap();
            let verified = presentation.verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
            Ok(verified.credentials()[0].token().unwrap())
        }
        Err(Error::Refused(refusal)) => Err(refusal.explanation().iter().collect()),
        Err(other) => panic!("{other}"),
    }
}

fn restore(dir: &TempDir, name: &str, backup: &[u8]) -> Wallet {
    let place = dir.path().join(name);
    Wallet::restore(place, backup, &passphrase("b"), &passphrase("r"), quick(), &mut OsRng).unwrap()
}

#[test]
fn a_restored_wallet_has_everything_but_its_passphrase_and_id() {
    let (dir, mut wallet, issuer) = with_card();
    let ask = Ask::Credential(issuer.ask(&[], &[ADULT]));
    let consent = wallet.review(&cafe(1, ask.clone()), now(), &mut OsRng).unwrap();
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    wallet.prepare(now(), &mut OsRng).unwrap();
    let backup = wallet.backup(&passphrase("b"), quick()).unwrap();
    let mut restored = restore(&dir, "restored", &backup);
    assert_eq!((restored.list(), restored.issuers()), (wallet.list(), wallet.issuers()));
    assert!(restored.history() == wallet.history() && restored.verifiers() == wallet.verifiers());
    assert_ne!(restored.id(), wallet.id());
    assert_eq!(restored.prepared(), 0);
    assert_ne!(restored.hedge(1), wallet.hedge(1));
    // It is a wallet like every other, under its own passphrase.
    let consent = restored.review(&cafe(2, ask.clone()), now(), &mut OsRng).unwrap();
    restored.respond(consent, 0, now(), &mut OsRng).unwrap();
    assert_eq!(refused(restored.review(&cafe(1, ask), now(), &mut OsRng)), Refusal::AlreadyAnswered);
    drop(restored);
    let place = dir.path().join("restored");
    assert!(Wallet::open(&place, &passphrase("p")).is_err() && Wallet::open(&place, &passphrase("b")).is_err());
    let again = Wallet::open(&place, &passphrase("r")).unwrap();
    assert_eq!(again.history().len(), 2);
    // No two restored wallets are the same one.
    let other = restore(&dir, "other", &backup);
    assert_ne!(other.id(), again.id());
    // Where there is a wallet, nothing is overwritten.
    let taken = Wallet::restore(&place, &backup, &passphrase("b"), &passphrase("x"), quick(), &mut OsRng);
    assert!(matches!(taken, Err(Error::Vault(_))));
    drop(again);
    assert_eq!(Wallet::open(&place, &passphrase("r")).unwrap().history().len(), 2);
}

#[test]
fn a_backup_is_no_vault_and_a_vault_no_backup() {
    let (dir, wallet, _) = with_card();
    let backup = wallet.backup(&passphrase("b"), quick()).unwrap();
    assert!(!backup.windows(4).any(|window| window == &SURNAME.as_bytes()[..4]));
    drop(wallet);
    let vault = fs::read(place(&dir).join("vault")).unwrap();
    let open = |bytes: &[u8], secret: &str, name: &str| {
        let place = dir.path().join(name);
        let result = Wallet::restore(&place, bytes, &passphrase(secret), &passphrase("r"), quick(), &mut OsRng);
        assert!(result.is_ok() || !place.exists());
        result.map(|_| ())
    };
    let kind = milchglas_sealed::Error::Decode { what: "a sealed file of another kind" };
    assert_eq!(open(&vault, "p", "1"), Err(Error::Vault(kind)));
    assert!(matches!(open(&backup, "p", "2"), Err(Error::Vault(_))));
    for at in (0..backup.len()).step_by(backup.len() / 60) {
        let mut flipped = backup.clone();
        flipped[at] ^= 1;
        assert!(open(&flipped, "b", "3").is_err(), "byte {at}");
    }
    assert!(open(&backup[..backup.len() - 1], "b", "4").is_err());
    fs::create_dir(dir.path().join("5")).unwrap();
    fs::write(dir.path().join("5/vault"), &backup).unwrap();
    assert!(matches!(Wallet::open(dir.path().join("5"), &passphrase("b")), Err(Error::Vault(_))));
    // Sealed as one, and yet none.
    let other = milchglas_sealed::seal(&passphrase("b"), "wallet backup", b"\x80", quick()).unwrap();
    assert_eq!(open(&other, "b", "6"), Err(Error::Refused(Refusal::BadBackup)));
    assert_eq!(open(&backup, "b", "7"), Ok(()));
}

#[test]
fn an_old_backup_gives_no_token_twice() {
    let (dir, mut wallet, issuer) = with_card();
    let mut used = BTreeSet::new();
    used.insert(token(&mut wallet, &issuer, 1, counted(&issuer, "accounts", "2026")).unwrap());
    let backup = wallet.backup(&passphrase("b"), quick()).unwrap();
    // After the backup: more of the same, and of another scope.
    used.insert(token(&mut wallet, &issuer, 2, counted(&issuer, "accounts", "2026")).unwrap());
    used.insert(token(&mut wallet, &issuer, 3, counted(&issuer, "votes", "2026")).unwrap());
    assert_eq!(used.len(), 3);
    let mut restored = restore(&dir, "restored", &backup);
    let known = token(&mut restored, &issuer, 4, counted(&issuer, "accounts", "2026")).unwrap_err();
    assert!(known.contains("can not know how many of your tokens for “accounts” in “2026”"), "{known}");
    for (scope, epoch) in [("votes", "2026"), ("accounts", "2027"), ("reviews", "2026")] {
        let unknown = token(&mut restored, &issuer, 4, counted(&issuer, scope, epoch)).unwrap_err();
        assert!(unknown.contains("can not know whether tokens"), "{unknown}");
    }
    // The holder allows a scope: not what the backup knows of, and no other scope.
    let allow =
        |wallet: &mut Wallet, scope: &str| wallet.allow_tokens(&cafe(5, counted(&issuer, scope, "2027")), now());
    assert_eq!((allow(&mut restored, "accounts"), allow(&mut restored, "accounts")), (Ok(true), Ok(false)));
    drop(restored);
    let mut restored = Wallet::open(dir.path().join("restored"), &passphrase("r")).unwrap();
    assert!(used.insert(token(&mut restored, &issuer, 6, counted(&issuer, "accounts", "2027")).unwrap()));
    assert!(token(&mut restored, &issuer, 7, counted(&issuer, "accounts", "2026")).is_err());
    assert!(token(&mut restored, &issuer, 7, counted(&issuer, "votes", "2026")).is_err());
    // Restored once more, all of it is closed again.
    let backup = restored.backup(&passphrase("b"), quick()).unwrap();
    let mut again = restore(&dir, "again", &backup);
    for (scope, epoch) in [("accounts", "2026"), ("accounts", "2027"), ("accounts", "2028")] {
        assert!(token(&mut again, &issuer, 8, counted(&issuer, scope, epoch)).is_err());
    }
    // A wallet that was not restored has nothing to allow.
    assert_eq!(allow(&mut wallet, "votes"), Ok(false));
}

#[test]
fn a_wallet_from_its_phrase_gives_no_tokens_until_it_is_told() {
    let dir = TempDir::new().unwrap();
    let (_, phrase) = Wallet::init(dir.path().join("1"), &passphrase("p"), quick(), &mut OsRng).unwrap();
    let read = RecoveryPhrase::parse(&phrase.expose()).unwrap();
    let mut wallet =
        Wallet::init_from_phrase(dir.path().join("2"), &read, &passphrase("p"), quick(), &mut OsRng).unwrap();
    let issuer = Issuer::new("State");
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    take_card(&mut wallet, &issuer, 1, &card_json("1990-01-31", "2033-12"));
    drop(wallet);
    let mut wallet = Wallet::open(dir.path().join("2"), &passphrase("p")).unwrap();
    let ask = counted(&issuer, "accounts", "2026");
    assert!(token(&mut wallet, &issuer, 1, ask.clone()).is_err());
    // Also where somebody had consented before.
    assert_eq!(wallet.allow_tokens(&cafe(1, ask.clone()), now()), Ok(true));
    let consent = wallet.review(&cafe(1, ask.clone()), now(), &mut OsRng).unwrap();
    wallet.state.mark_restored();
    assert!(matches!(refused(wallet.respond(consent, 0, now(), &mut OsRng)), Refusal::NotSatisfiable(_)));
    assert_eq!(wallet.allow_tokens(&cafe(1, ask.clone()), now()), Ok(true));
    token(&mut wallet, &issuer, 1, ask).unwrap();
}

#[test]
fn asks_for_its_own_revocation_with_the_phrase_alone() {
    let issuer = Issuer::new("State");
    let dir = TempDir::new().unwrap();
    let (mut lost, phrase) = Wallet::init(dir.path().join("1"), &passphrase("p"), quick(), &mut OsRng).unwrap();
    lost.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    let application = lost.apply(&issuer.invite(1), now(), &mut OsRng).unwrap();
    let application = Application::from_bytes(&application).unwrap();
    let application = application.verify(&issuer.invitation(1), &issuer.parameters, &mut OsRng).unwrap();
    drop(lost);
    let read = RecoveryPhrase::parse(&phrase.expose()).unwrap();
    let mut wallet =
        Wallet::init_from_phrase(dir.path().join("2"), &read, &passphrase("q"), quick(), &mut OsRng).unwrap();
    let fingerprint = issuer.parameters.fingerprint();
    assert_eq!(
        refused(wallet.request_revocation(&fingerprint, now(), &mut OsRng)),
        Refusal::UnknownIssuer { fingerprint }
    );
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    let bytes = wallet.request_revocation(&fingerprint, now(), &mut OsRng).unwrap();
    assert_eq!(wallet.state.counter, 1);
    let request = RevocationRequest::from_bytes(&bytes).unwrap();
    assert_eq!(request.issuer(), fingerprint);
    let verified = request.verify(&issuer.parameters, at(NOW + 60), 3600, &mut OsRng).unwrap();
    assert_eq!((verified.name(), verified.time()), (application.name(), now()));
    assert!(request.verify(&Issuer::new("State").parameters, now(), 3600, &mut OsRng).is_err());
}
