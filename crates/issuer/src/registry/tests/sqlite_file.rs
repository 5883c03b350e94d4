//! What only the SQLite file shows: its privacy, its durability, its migration, a full disk.

use super::*;

async fn fresh() -> (TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(&file(&folder)).await.unwrap();
    (folder, registry)
}

#[tokio::test]
async fn rejects_an_expired_invitation_and_forgets_its_person() {
    let (folder, registry) = fresh().await;
    let person = PersonTag(random());
    let payload = random::<64>();
    let invitation = Invitation { payload: payload.to_vec(), ..invitation(person) };
    registry.invite(&invitation, NOW).await.unwrap();
    // The search does find what is there.
    assert!(contains(folder.path(), &payload) && contains(folder.path(), &person.0));

    let application = application(RegisteredName(random()));
    let late = submit(&registry, invitation.nonce, &application, EXPIRES).await;
    assert_eq!(refusal(late), Refusal::InvitationExpired);
    assert_eq!(registry.counts().await.unwrap().open_invitations, 0);
    // A clock that is set back does not bring it back.
    let again = submit(&registry, invitation.nonce, &application, NOW).await;
    assert_eq!(refusal(again), Refusal::InvitationExpired);

    registry.close().await;
    assert!(!contains(folder.path(), &payload) && !contains(folder.path(), &person.0));
}

#[tokio::test]
async fn lapses_exactly_the_expired_and_empties_the_log() {
    let (folder, registry) = fresh().await;
    let payload = random::<64>();
    let early = Invitation { payload: payload.to_vec(), ..invitation(PersonTag(random())) };
    let late = Invitation { expires: UnixSeconds(EXPIRES.0 + 1), ..invitation(PersonTag(random())) };
    registry.invite(&early, NOW).await.unwrap();
    registry.invite(&late, NOW).await.unwrap();
    assert_eq!(registry.lapse(UnixSeconds(EXPIRES.0 - 1)).await.unwrap(), 0);
    assert!(contains(folder.path(), &payload));
    assert_eq!(registry.lapse(EXPIRES).await.unwrap(), 1);
    // While the registry is still open.
    assert!(!contains(folder.path(), &payload));
    assert_eq!(registry.counts().await.unwrap().open_invitations, 1);
    // A new invitation lets the other lapse.
    let now = UnixSeconds(EXPIRES.0 + 1);
    let next = Invitation { expires: UnixSeconds(now.0 + 1), ..invitation(PersonTag(random())) };
    registry.invite(&next, now).await.unwrap();
    assert_eq!(registry.counts().await.unwrap().open_invitations, 1);
}

#[tokio::test]
async fn answering_deletes_the_payload() {
    let (folder, registry) = fresh().await;
    let payload = random::<5000>(); // more than one page
    let invitation = Invitation { payload: payload.to_vec(), ..invitation(PersonTag(random())) };
    registry.invite(&invitation, NOW).await.unwrap();
    assert!(contains(folder.path(), &payload[..64]));
    let application = application(RegisteredName(random()));
    let (response, _) = submit(&registry, invitation.nonce, &application, NOW).await.unwrap();
    registry.close().await;
    assert!(!contains(folder.path(), &payload[..64]));
    assert!(!contains(folder.path(), &payload[4900..4964]));
    assert!(contains(folder.path(), &response));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn opens_again_and_in_parallel_without_change() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let path = folder.path().join(format!("{round}.db"));
                tokio::spawn(async move { Registry::open(&path).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
    let registry = Registry::open(&file(&folder)).await.unwrap();
    enrol(&registry, PersonTag(random()), RegisteredName(random())).await;
    let counts = registry.counts().await.unwrap();
    registry.close().await;
    let registry = Registry::open(&file(&folder)).await.unwrap();
    assert_eq!(registry.counts().await.unwrap(), counts);
}

#[tokio::test]
async fn rejects_a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let text = "not a database, but long enough to have a header ".repeat(100);
    fs::write(file(&folder), &text).unwrap();
    #[cfg(unix)]
    set_mode(&file(&folder), 0o600);
    assert!(matches!(Registry::open(&file(&folder)).await, Err(RegistryError::Storage(_))));
    assert_eq!(fs::read_to_string(file(&folder)).unwrap(), text);
}

#[tokio::test]
async fn keeps_the_old_state_when_the_disk_is_full() {
    let (_folder, registry) = fresh().await;
    let lost = enrol(&registry, PersonTag(random()), RegisteredName(random())).await;
    let lost = Handle(lost[..16].try_into().unwrap());
    registry.revoke(&lost, Reason::Lost, NOW).await.unwrap();
    let content = vec![1; 100_000];
    let epoch = NewEpoch {
        cohort: Cohort(0),
        number: EpochNumber(0),
        previous: None,
        digest: EpochDigest(random()),
        handles: &[lost],
        content: &content,
    };
    let open_one = invitation(PersonTag(random()));
    registry.invite(&open_one, NOW).await.unwrap();
    let before = registry.counts().await.unwrap();
    let large = Invitation { payload: vec![1; 100_000], ..invitation(PersonTag(random())) };
    let application = application(RegisteredName(random()));
    // SQLite reports a database that may not grow as it does a full disk. The limit ends with its connection at the latest.
    let writer = writer(&registry);
    let grow_to = |limit: &'static str| async move {
        sqlx::query(limit).execute(writer).await.unwrap();
    };
    let fill = || grow_to("PRAGMA max_page_count = 1");
    for _ in 0..2 {
        fill().await;
        assert!(matches!(registry.invite(&large, NOW).await, Err(RegistryError::Storage(_))));
        fill().await;
        let issuance = open(&registry, open_one.nonce, &application).await;
        let answer = Answer { response: vec![1; 100_000], ..answer(issuance.handle()) };
        assert!(matches!(issuance.commit(answer).await, Err(RegistryError::Storage(_))));
        fill().await;
        assert!(matches!(registry.publish(&epoch, NOW).await, Err(RegistryError::Storage(_))));
        assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap(), None);
        assert_eq!(registry.counts().await.unwrap(), before);
    }
    grow_to("PRAGMA max_page_count = 1000000").await;
    registry.invite(&large, NOW).await.unwrap();
    registry.publish(&epoch, NOW).await.unwrap();
    let result = submit(&registry, open_one.nonce, &application, NOW).await;
    assert!(result.unwrap().1);
}

#[tokio::test]
async fn writes_with_full_durability() {
    let (_folder, registry) = fresh().await;
    let mut connection = writer(&registry).acquire().await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(journal, "wal");
    for (pragma, expected) in [("PRAGMA synchronous", 2i64), ("PRAGMA foreign_keys", 1), ("PRAGMA secure_delete", 1)] {
        let value: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *connection).await.unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn keeps_all_its_files_private() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, registry) = fresh().await;
    enrol(&registry, PersonTag(random()), RegisteredName(random())).await;
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["registry.db", "registry.db-shm", "registry.db-wal"]);
    registry.close().await;

    set_mode(&file(&folder), 0o640);
    assert!(matches!(Registry::open(&file(&folder)).await, Err(RegistryError::Storage(_))));
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn migrates_a_file_of_version_1_without_loss() {
    const ACTIVE: [u8; 16] = [1; 16];
    const SUPERSEDED: [u8; 16] = [2; 16];
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder);
    fs::write(&path, "").unwrap();
    #[cfg(unix)]
    set_mode(&path, 0o600);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).foreign_keys(true);
    let old = SqlitePool::connect_with(options).await.unwrap();
    sqlite::migrate_to(&old, Some(1)).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .fetch_all(&old)
        .await
        .unwrap();
    assert_eq!(tables, ["_sqlx_migrations", "credentials", "invitations", "persons"]);
    let statements = "
        INSERT INTO persons (id, tag, name) VALUES (7, zeroblob(32), zeroblob(48)),
            (9, CAST('the tag of the second person ...' AS BLOB), CAST(printf('%48d', 9) AS BLOB));
        INSERT INTO credentials (handle, person_id, commitment, inspector_point, schema_digest, issuer_key, assurance,
                                 valid_until, issued_at, status)
        VALUES (X'01010101010101010101010101010101', 9, CAST(printf('%48d', 1) AS BLOB), CAST(printf('%48d', 2) AS BLOB),
                CAST(printf('%32d', 3) AS BLOB), CAST(printf('%32d', 4) AS BLOB), 2, 24324, 1800000001, 1),
               (X'02020202020202020202020202020202', 9, CAST(printf('%48d', 5) AS BLOB), CAST(printf('%48d', 6) AS BLOB),
                CAST(printf('%32d', 3) AS BLOB), CAST(printf('%32d', 8) AS BLOB), 1, 24325, 1800000002, 2);
        INSERT INTO invitations (nonce, schema_digest, assurance, expires, person_tag, payload, application, response,
                                 handle)
        VALUES (X'0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A', CAST(printf('%32d', 3) AS BLOB), 2, 1800003600,
                zeroblob(32), X'ABCD', NULL, NULL, NULL),
               (X'0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B', CAST(printf('%32d', 3) AS BLOB), 2, 1800003600,
                NULL, NULL, zeroblob(32), X'EF', X'01010101010101010101010101010101'),
               (X'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C', CAST(printf('%32d', 3) AS BLOB), 1, 1700000000,
                NULL, NULL, NULL, NULL, NULL);";
    sqlx::raw_sql(statements).execute(&old).await.unwrap();
    old.close().await;

    let registry = Registry::open(&path).await.unwrap();
    let number = |width: usize, number: u8| format!("{number:width$}").into_bytes();
    let person = PersonTag(*b"the tag of the second person ...");
    let record = registry.person(&person).await.unwrap().unwrap();
    assert_eq!(record.name, Some(RegisteredName(number(48, 9).try_into().unwrap())));
    let active = CredentialRecord {
        handle: Handle(ACTIVE),
        person,
        commitment: Commitment(number(48, 1).try_into().unwrap()),
        inspector_point: InspectorPoint(number(48, 2).try_into().unwrap()),
        schema: SchemaDigest(number(32, 3).try_into().unwrap()),
        issuer_key: IssuerKeyId(number(32, 4).try_into().unwrap()),
        assurance: Assurance::Full,
        valid_until: ValidUntil(24_324),
        issued_at: UnixSeconds(1_800_000_001),
        cohort: Cohort(0),
        status: Status::Active,
        revocation: None,
    };
    let revocation = record.credentials[1].revocation.unwrap();
    let superseded = CredentialRecord {
        handle: Handle(SUPERSEDED),
        commitment: Commitment(number(48, 5).try_into().unwrap()),
        inspector_point: InspectorPoint(number(48, 6).try_into().unwrap()),
        issuer_key: IssuerKeyId(number(32, 8).try_into().unwrap()),
        assurance: Assurance::Light,
        valid_until: ValidUntil(24_325),
        issued_at: UnixSeconds(1_800_000_002),
        status: Status::Pending,
        revocation: Some(Revocation { reason: Reason::Superseded, epoch: None, ..revocation }),
        ..active
    };
    assert_eq!(record.credentials, [active, superseded]);
    assert_eq!(registry.pending(Cohort(0), 10).await.unwrap(), [Handle(SUPERSEDED)]);
    let counts = registry.counts().await.unwrap();
    assert_eq!((counts.persons, counts.open_invitations), (2, 1));

    // The invitations go on.
    let first = PersonTag([0; 32]);
    let issuance = open(&registry, InvitationNonce([0xa; 16]), &application(RegisteredName([0; 48]))).await;
    assert_eq!((issuance.person(), issuance.payload(), issuance.is_renewal()), (first, &[0xab, 0xcd][..], true));
    let answer = answer(issuance.handle());
    issuance.commit(answer).await.unwrap();
    let again = Application { digest: ApplicationDigest([0; 32]), ..application(RegisteredName([0; 48])) };
    let answered = submit(&registry, InvitationNonce([0xb; 16]), &again, NOW).await.unwrap();
    assert_eq!(answered, (vec![0xef], false));
    let lapsed = submit(&registry, InvitationNonce([0xc; 16]), &again, NOW).await;
    assert_eq!(refusal(lapsed), Refusal::InvitationExpired);
    let violations = sqlx::query("PRAGMA foreign_key_check").fetch_all(writer(&registry)).await.unwrap();
    assert!(violations.is_empty());
}
