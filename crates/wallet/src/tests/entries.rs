//! A wallet in memory: what changes is told, and the entries are those of a folder.

use milchglas_credential::sorted_map::SortedMap;

use super::*;

fn started() -> (Wallet<Entries>, Issuer) {
    let phrase = RecoveryPhrase::random(&mut OsRng);
    let create = |vault: &[u8]| Entries::create(&passphrase("a"), quick(), vault);
    let mut wallet = Wallet::start(&phrase, &mut OsRng, create).unwrap();
    let issuer = Issuer::new("State");
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    (wallet, issuer)
}

fn all(wallet: &Wallet<Entries>) -> SortedMap<String, Vec<u8>> {
    wallet.entries().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

fn open(entries: SortedMap<String, Vec<u8>>, text: &str) -> Result<Wallet<Entries>, Error> {
    let (entries, vault) = Entries::open(entries, &passphrase(text))?;
    Wallet::load(entries, &vault)
}

#[test]
fn tells_every_change_once() {
    let (mut wallet, issuer) = started();
    let changes: SortedMap<_, _> = wallet.take_changes().into_iter().collect();
    assert_eq!(
        changes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        [format!("parameters/{}.json", issuer.parameters.digest()).as_str(), "vault"]
    );
    let kept: SortedMap<_, _> = changes.into_iter().map(|(name, bytes)| (name, bytes.unwrap())).collect();
    assert_eq!(kept, all(&wallet));
    assert!(wallet.take_changes().is_empty());
    wallet.change_passphrase(&passphrase("b"), quick()).unwrap();
    assert_eq!(wallet.take_changes().len(), 1);
}

#[test]
fn opens_with_the_right_passphrase_only_and_as_a_folder() {
    let (mut wallet, issuer) = started();
    let fingerprint = issuer.parameters.fingerprint();
    let entries = all(&wallet);
    assert_eq!(open(entries.clone(), "a").unwrap().issuers()[0].fingerprint, fingerprint);
    let unopenable = Error::Vault(milchglas_sealed::Error::Unopenable);
    assert_eq!(open(entries.clone(), "b").map(|_| ()).unwrap_err(), unopenable);
    assert!(matches!(open(SortedMap::new(), "a").map(|_| ()), Err(Error::Input(_))));
    let mut changed = entries.clone();
    *changed.get_or_insert_with("vault".to_owned(), Vec::new).last_mut().unwrap() ^= 1;
    assert_eq!(open(changed, "a").map(|_| ()).unwrap_err(), unopenable);

    wallet.change_passphrase(&passphrase("b"), quick()).unwrap();
    assert!(open(all(&wallet), "a").is_err());
    assert!(open(all(&wallet), "b").is_ok());

    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in entries.iter() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let moved = Wallet::open(folder.path(), &passphrase("a")).unwrap();
    assert_eq!(moved.issuers()[0].fingerprint, fingerprint);
    assert!(moved.pinned(&issuer.parameters.digest()).unwrap().is_some());
}
