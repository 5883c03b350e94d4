//! Revoking over a whole folder: who is revoked when, what the public sees, what survives.

use super::*;
use crate::registry::{Epoch, EpochNumber, Holder, Reason, RegistryError};
use milchglas_credential::credential;
use milchglas_credential::revocation::{EpochFile, Log, SignedHead, Update, Witness};

const NUMBERS: [&str; 3] = ["T22000129", "T22000130", "T22000131"];

impl Applicant {
    /// What an answer brought.
    fn open(&self, answer: &[u8], parameters: &Parameters) -> Issued {
        let answer = Answer::from_bytes(answer).unwrap();
        let plaintext = age::decrypt(&self.reply_to, &answer.ciphertext).unwrap();
        Issued::from_bytes(&plaintext, |_, schema| parameters.schema(schema)).unwrap()
    }
}

impl Office {
    fn log_folder(&self) -> PathBuf {
        let parameters = self.issuer.parameters();
        let key = parameters.key_id(parameters.content().keys.last().unwrap());
        self.issuer.epochs_folder().join(key.to_string())
    }

    fn published(&self, power: u32, last: u32) -> Vec<u8> {
        fs::read(self.log_folder().join(power.to_string()).join(format!("{last:08}"))).unwrap()
    }

    async fn epoch(&self) -> SignedHead {
        let mut published = self.issuer.publish_epochs(now(), |_, _| ()).await.unwrap();
        assert!(published.iter().all(|epoch| !epoch.waiting));
        published.pop().unwrap().head
    }

    async fn publish_epochs(&self, count: usize) {
        for _ in 0..count {
            self.epoch().await;
        }
        self.issuer.write_epochs(&self.issuer.epochs_folder(), |_, _| ()).await.unwrap();
    }

    fn epochs(&self, numbers: std::ops::RangeInclusive<u32>) -> Vec<EpochFile> {
        numbers.map(|number| EpochFile::from_bytes(&self.published(1, number)).unwrap()).collect()
    }

    /// The witness after these epochs, in which the card was not revoked.
    fn updated(&self, issued: &Issued, files: &[EpochFile]) -> Option<Witness> {
        let parameters = self.issuer.parameters();
        let card = &issued.credential;
        let key = parameters.credential_key(&card.key(), &card.schema()).unwrap();
        match issued.witness.update(card.handle(), files, key, &mut OsRng).unwrap() {
            Update::Current(witness) => Some(witness),
            Update::Revoked => None,
        }
    }

    async fn person(&self, number: &str) -> Holder {
        Holder::Tag(self.issuer.person(PersonNumber { space: "id_number", number }).unwrap())
    }
}

#[tokio::test]
async fn revokes_one_and_leaves_the_others_their_witnesses() {
    let office = Office::open().await;
    let people = [Applicant::new(1), Applicant::new(2), Applicant::new(3)];
    let mut cards = Vec::new();
    for (person, number) in people.iter().zip(NUMBERS) {
        cards.push(person.open(&office.issue(number, person).await.unwrap(), office.issuer.parameters()));
    }
    assert_eq!(office.issuer.revoke_all(office.person(NUMBERS[1]).await, Reason::Lost, now()).await.unwrap(), 1);
    office.publish_epochs(1).await;
    let files = office.epochs(1..=1);
    assert_eq!(files[0].revoked(), 1);
    assert_eq!(files[0].handles().next().unwrap(), cards[1].credential.handle().as_bytes());
    assert!(office.updated(&cards[0], &files).is_some());
    assert!(office.updated(&cards[1], &files).is_none());
    assert!(office.updated(&cards[2], &files).is_some());
    assert_eq!(office.statuses(NUMBERS[1]).await, [Status::Revoked]);

    // A card issued after it has a witness of that epoch.
    let late = Applicant::new(4);
    let card = late.open(&office.issue("T22000132", &late).await.unwrap(), office.issuer.parameters());
    assert_eq!(card.witness.epoch().0, 1);
    office.issuer.revoke_all(office.person(NUMBERS[0]).await, Reason::Withdrawn, now()).await.unwrap();
    office.publish_epochs(1).await;
    assert!(office.updated(&card, &office.epochs(2..=2)).is_some());
    assert!(office.updated(&cards[2], &office.epochs(1..=2)).is_some());
    assert!(office.updated(&cards[0], &office.epochs(1..=2)).is_none());
}

#[tokio::test]
async fn refuses_to_revoke_twice_or_what_it_does_not_know() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let card = erika.open(&office.issue(NUMBERS[0], &erika).await.unwrap(), office.issuer.parameters());
    let handle = registry::Handle(*card.credential.handle().as_bytes());
    let registry = Refusal::Registry;
    let unknown = registry::Handle([9; 16]);
    office.issuer.revoke(&handle, Reason::Lost, now()).await.unwrap();
    assert_eq!(
        refusal(office.issuer.revoke(&handle, Reason::Lost, now()).await),
        registry(registry::Refusal::AlreadyRevoked)
    );
    office.epoch().await;
    assert_eq!(
        refusal(office.issuer.revoke(&handle, Reason::Lost, now()).await),
        registry(registry::Refusal::AlreadyRevoked)
    );
    assert_eq!(
        refusal(office.issuer.revoke(&unknown, Reason::Lost, now()).await),
        registry(registry::Refusal::UnknownHandle)
    );
    let again = office.issuer.revoke_all(office.person(NUMBERS[0]).await, Reason::Lost, now()).await;
    assert_eq!(refusal(again), registry(registry::Refusal::NothingToRevoke));
    assert_eq!(office.epoch().await.unverified().total, 1);
}

#[tokio::test]
async fn issuing_changes_nothing_public() {
    let office = Office::open().await;
    office.publish_epochs(2).await;
    let public = |office: &Office| -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = files(&office.issuer.epochs_folder());
        all.push(office.issuer.parameters_file());
        all.sort();
        all.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let before = public(&office);
    office.issue(NUMBERS[0], &Applicant::new(1)).await.unwrap();
    office.issuer.write_epochs(&office.issuer.epochs_folder(), |_, _| ()).await.unwrap();
    assert_eq!(public(&office), before);
}

#[tokio::test]
async fn publishes_files_that_make_one_log_and_concatenations_of_them() {
    let office = Office::open().await;
    office.issue(NUMBERS[0], &Applicant::new(1)).await.unwrap();
    office.issuer.revoke_all(office.person(NUMBERS[0]).await, Reason::Lost, now()).await.unwrap();
    office.publish_epochs(20).await;
    let parameters = office.issuer.parameters();
    let files = office.epochs(0..=20);
    let mut log = Log::begin(files[0].head(), parameters).unwrap();
    for file in &files[1..] {
        log.follow(file, parameters).unwrap();
    }
    let head = SignedHead::from_bytes(&fs::read(office.log_folder().join("head")).unwrap()).unwrap();
    assert_eq!(log.signed_head(), &head);
    for last in [10, 20] {
        let parts: Vec<u8> = (last - 9..=last).flat_map(|number| office.published(1, number)).collect();
        assert_eq!(office.published(10, last), parts);
    }
    assert!(!office.log_folder().join("10/00000000").exists());
    assert!(!office.log_folder().join("100/00000020").exists());
}

#[tokio::test]
async fn writes_again_what_a_kill_left_out() {
    let office = Office::open().await;
    office.publish_epochs(10).await;
    let complete: Vec<_> = files(&office.log_folder());
    let bytes = |path: &PathBuf| fs::read(path).unwrap();
    let expected: Vec<_> = complete.iter().map(|path| (path.clone(), bytes(path))).collect();
    // Killed before the epoch's files, between them, and before the head; the registry has the epoch in every case.
    for left in 0..3 {
        fs::write(
            office.log_folder().join("head"),
            EpochFile::from_bytes(&office.published(1, 9)).unwrap().head().to_bytes(),
        )
        .unwrap();
        if left < 2 {
            fs::remove_file(office.log_folder().join("10/00000010")).unwrap();
        }
        if left < 1 {
            fs::remove_file(office.log_folder().join("1/00000010")).unwrap();
        }
        office.issuer.write_epochs(&office.issuer.epochs_folder(), |_, _| ()).await.unwrap();
        assert!(expected.iter().all(|(path, old)| bytes(path) == *old));
    }
}

#[tokio::test]
async fn a_renewal_and_an_upgrade_revoke_the_old_card_with_the_new_one() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let claims = claims(NUMBERS[0]);
    let light = Enrolment { assurance: Assurance::Light, ..card(&claims) };
    let invitation = office.issuer.invite(&light, now(), &mut OsRng).await.unwrap();
    let answer = office.answer(&erika.apply(&invitation, office.issuer.parameters())).await.unwrap();
    let old = erika.open(&answer, office.issuer.parameters());
    let new = erika.open(&office.issue(NUMBERS[0], &erika).await.unwrap(), office.issuer.parameters());
    assert_ne!(old.credential.handle(), new.credential.handle());
    assert_eq!(office.statuses(NUMBERS[0]).await, [Status::Pending, Status::Active]);
    office.publish_epochs(1).await;
    assert!(office.updated(&old, &office.epochs(1..=1)).is_none());
    assert!(office.updated(&new, &office.epochs(1..=1)).is_some());
    let tag = office.issuer.person(PersonNumber { space: "id_number", number: NUMBERS[0] }).unwrap();
    let person = office.issuer.registry().person(&tag).await.unwrap().unwrap();
    assert_eq!(person.credentials[0].revocation.unwrap().reason, Reason::Upgraded);
}

#[tokio::test]
async fn the_same_secret_comes_back_after_a_loss_and_a_new_one_only_by_decision() {
    let office = Office::open().await;
    let (erika, stranger) = (Applicant::new(1), Applicant::new(2));
    office.issue(NUMBERS[0], &erika).await.unwrap();
    let person = office.person(NUMBERS[0]).await;
    office.issuer.revoke_all(person, Reason::Lost, now()).await.unwrap();
    // Whoever found the phone has another secret.
    let other = office.issue(NUMBERS[0], &stranger).await;
    assert_eq!(refusal(other), Refusal::Registry(registry::Refusal::PersonHasAnotherName));
    office.issue(NUMBERS[0], &erika).await.unwrap();
    assert_eq!(office.statuses(NUMBERS[0]).await, [Status::Pending, Status::Active]);
    assert_eq!(office.issuer.retire(person, Reason::Lost, now()).await.unwrap(), 1);
    assert_eq!(refusal(office.issue(NUMBERS[0], &erika).await), Refusal::Registry(registry::Refusal::NameRetired));
    office.issue(NUMBERS[0], &stranger).await.unwrap();
    assert!(matches!(refusal(office.issue(NUMBERS[0], &erika).await), Refusal::Registry(_)));
}

#[tokio::test]
async fn each_signature_key_has_its_own_epochs() {
    let mut office = Office::open().await;
    let erika = Applicant::new(1);
    let old = erika.open(&office.issue(NUMBERS[0], &erika).await.unwrap(), office.issuer.parameters());
    office.issuer.rotate(day("2030-01-01"), now().date(), &mut OsRng).unwrap();
    office = office.reopen().await;
    let max = Applicant::new(2);
    let new = max.open(&office.issue(NUMBERS[1], &max).await.unwrap(), office.issuer.parameters());
    assert_ne!(old.credential.key(), new.credential.key());
    office.issuer.revoke_all(office.person(NUMBERS[0]).await, Reason::Lost, now()).await.unwrap();
    let published = office.issuer.publish_epochs(now(), |_, _| ()).await.unwrap();
    let totals: Vec<_> = published.iter().map(|epoch| epoch.head.unverified().total).collect();
    assert_eq!(totals, [1, 0]);
    let keys: Vec<_> = published.iter().map(|epoch| epoch.head.unverified().key).collect();
    assert_eq!(keys, [old.credential.key(), new.credential.key()]);
    // The old key's accumulator goes with the key.
    office.issuer.publish(day("2030-01-02")).unwrap();
    office = office.reopen().await;
    assert_eq!(office.issuer.publish_epochs(now(), |_, _| ()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn many_who_publish_at_once_make_one_log() {
    let office = Office::open().await;
    for (seed, number) in (1..).zip(NUMBERS) {
        office.issue(number, &Applicant::new(seed)).await.unwrap();
    }
    let revoke_and_publish = |number: &'static str| {
        let office = &office;
        async move {
            office.issuer.revoke_all(office.person(number).await, Reason::Lost, now()).await.unwrap();
            office.epoch().await
        }
    };
    let (one, two, three) =
        tokio::join!(revoke_and_publish(NUMBERS[0]), revoke_and_publish(NUMBERS[1]), revoke_and_publish(NUMBERS[2]));
    let mut epochs: Vec<u32> = [one, two, three].iter().map(|head| head.unverified().epoch.0).collect();
    epochs.sort_unstable();
    assert_eq!(epochs, [1, 2, 3]);
    office.issuer.write_epochs(&office.issuer.epochs_folder(), |_, _| ()).await.unwrap();
    let files = office.epochs(0..=3);
    let mut log = Log::begin(files[0].head(), office.issuer.parameters()).unwrap();
    for file in &files[1..] {
        log.follow(file, office.issuer.parameters()).unwrap();
    }
    let mut handles: Vec<_> = files.iter().flat_map(EpochFile::handles).collect();
    handles.sort_unstable();
    handles.dedup();
    assert_eq!(handles.len(), 3);
}

#[tokio::test]
async fn a_changed_registry_is_noticed() {
    let office = Office::open().await;
    office.epoch().await;
    office.tamper("UPDATE epochs SET content = x'00' WHERE number = 1").await;
    let office = office.reopen().await;
    assert!(matches!(office.issuer.publish_epochs(now(), |_, _| ()).await, Err(Error::Damaged { .. })));
    let stored: Result<Option<Epoch>, RegistryError> =
        office.issuer.registry().epoch(registry::Cohort(0), EpochNumber(1)).await;
    assert_eq!(stored.unwrap().unwrap().content, [0]);
    assert!(matches!(
        office.issuer.write_epochs(&office.issuer.epochs_folder(), |_, _| ()).await,
        Err(Error::Damaged { .. })
    ));
}

#[tokio::test]
async fn a_registry_from_an_old_copy_publishes_nothing_over_what_is_published() {
    let office = Office::open().await;
    office.publish_epochs(3).await;
    assert_eq!(office.tamper("DELETE FROM epochs WHERE number > 1").await, 2);
    let office = office.reopen().await;
    let folder = office.issuer.epochs_folder();
    let write = || office.issuer.write_epochs(&folder, |_, _| ());
    assert!(matches!(write().await, Err(Error::Damaged { .. })));
    // Nor once it has signed other epochs of the same numbers.
    office.issuer.publish_epochs(time("2026-11-24T09:00:00Z"), |_, _| ()).await.unwrap();
    office.issuer.publish_epochs(time("2026-11-25T09:00:00Z"), |_, _| ()).await.unwrap();
    assert!(matches!(write().await, Err(Error::Damaged { .. })));
}

#[tokio::test]
async fn no_witness_or_handle_stands_in_a_file_before_it_is_revoked() {
    let office = Office::open().await;
    let erika = Applicant::new(1);
    let card = erika.open(&office.issue(NUMBERS[0], &erika).await.unwrap(), office.issuer.parameters());
    office.publish_epochs(3).await;
    let handle: &credential::Handle = card.credential.handle();
    for path in files(&office.issuer.epochs_folder()) {
        assert!(!contains(&fs::read(path).unwrap(), handle.as_bytes()));
    }
}
