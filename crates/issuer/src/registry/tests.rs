//! Tests of the registry's rules, of races, and of what survives a killed process.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand_core::OsRng;
use tempfile::TempDir;

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const EXPIRES: UnixSeconds = UnixSeconds(1_800_003_600);

/// The database file that a child process of a test works on; see [`child`].
const CHILD: &str = "MILCHGLAS_REGISTRY_CHILD";
/// Which of several children this one is.
const CHILD_NUMBER: &str = "MILCHGLAS_REGISTRY_CHILD_NUMBER";

async fn fresh() -> (TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(&file(&folder)).await.unwrap();
    (folder, registry)
}

fn file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("registry.db")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

fn invitation(person: PersonTag) -> Invitation {
    Invitation {
        nonce: InvitationNonce(random()),
        person,
        assurance: Assurance::Full,
        schema: SchemaDigest([2; 32]),
        expires: EXPIRES,
        payload: b"sealed claims".to_vec(),
    }
}

fn application(name: RegisteredName) -> Application {
    Application { name, commitment: Commitment(random()), digest: ApplicationDigest(random()) }
}

/// A response that holds its own handle, so that a response tells which issuance it came from.
fn answer(handle: Handle) -> Answer {
    let mut response = handle.0.to_vec();
    response.extend_from_slice(&random::<32>());
    Answer {
        response,
        inspector_point: inspector_point(handle),
        issuer_key: IssuerKeyId([8; 32]),
        valid_until: ValidUntil(24_324),
    }
}

fn inspector_point(handle: Handle) -> InspectorPoint {
    let mut point = [0xaa; 48];
    point[..16].copy_from_slice(&handle.0);
    InspectorPoint(point)
}

async fn open(registry: &Registry, nonce: InvitationNonce, application: &Application) -> Box<Issuance> {
    match registry.begin(nonce, application, NOW, &mut OsRng).await.unwrap() {
        Begun::Open(issuance) => issuance,
        Begun::Answered(_) => panic!("answered before"),
    }
}

/// What a wallet gets, and whether this call issued it.
async fn submit(
    registry: &Registry,
    nonce: InvitationNonce,
    application: &Application,
    now: UnixSeconds,
) -> Result<(Vec<u8>, bool), RegistryError> {
    match registry.begin(nonce, application, now, &mut OsRng).await? {
        Begun::Answered(response) => Ok((response, false)),
        Begun::Open(issuance) => {
            let answer = answer(issuance.handle());
            Ok((issuance.commit(answer).await?, true))
        }
    }
}

async fn enrol(registry: &Registry, person: PersonTag, name: RegisteredName) -> Vec<u8> {
    let invitation = invitation(person);
    registry.invite(&invitation, NOW).await.unwrap();
    submit(registry, invitation.nonce, &application(name), NOW).await.unwrap().0
}

fn refusal<T: std::fmt::Debug>(result: Result<T, RegistryError>) -> Refusal {
    match result {
        Err(RegistryError::Refused(refusal)) => refusal,
        result => panic!("not a refusal: {result:?}"),
    }
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder)
        .unwrap()
        .any(|entry| fs::read(entry.unwrap().path()).unwrap().windows(needle.len()).any(|window| window == needle))
}

#[tokio::test]
async fn issues_what_was_invited_and_finds_it() {
    let (_folder, registry) = fresh().await;
    let person = PersonTag(random());
    let invitation = Invitation { assurance: Assurance::Light, ..invitation(person) };
    registry.invite(&invitation, NOW).await.unwrap();
    let application = application(RegisteredName(random()));

    let issuance = open(&registry, invitation.nonce, &application).await;
    assert_eq!(issuance.payload(), b"sealed claims");
    assert_eq!(issuance.schema(), invitation.schema);
    assert_eq!(issuance.assurance(), Assurance::Light);
    assert_eq!(issuance.person(), person);
    assert!(!issuance.is_renewal());
    let handle = issuance.handle();
    let answer = answer(handle);
    assert_eq!(issuance.commit(answer.clone()).await.unwrap(), answer.response);

    let expected = CredentialRecord {
        handle,
        person,
        commitment: application.commitment,
        inspector_point: answer.inspector_point,
        schema: invitation.schema,
        issuer_key: answer.issuer_key,
        assurance: Assurance::Light,
        valid_until: answer.valid_until,
        issued_at: NOW,
        status: Status::Active,
    };
    let found = registry.by_inspector_point(&answer.inspector_point).await;
    assert_eq!(found.unwrap().as_ref(), Some(&expected));
    let record = registry.person(&person).await.unwrap().unwrap();
    assert_eq!(record.name, application.name);
    assert_eq!(record.credentials, [expected]);

    let stranger = InspectorPoint(random());
    assert_eq!(registry.by_inspector_point(&stranger).await.unwrap(), None);
    assert_eq!(registry.person(&PersonTag(random())).await.unwrap(), None);
}

#[tokio::test]
async fn answers_the_same_application_with_the_same_bytes() {
    let (folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let application = application(RegisteredName(random()));
    let (first, issued) = submit(&registry, invitation.nonce, &application, NOW).await.unwrap();
    assert!(issued);

    // Also after the invitation's end, and in another process's place.
    registry.close().await;
    let registry = Registry::open(&file(&folder)).await.unwrap();
    for now in [NOW, EXPIRES, UnixSeconds(u64::MAX)] {
        registry.lapse(now).await.unwrap();
        let again = submit(&registry, invitation.nonce, &application, now).await;
        assert_eq!(again.unwrap(), (first.clone(), false));
    }
    assert_eq!(registry.counts().await.unwrap().active, 1);
}

#[tokio::test]
async fn stores_a_group_whole_or_not_at_all() {
    let (_folder, registry) = fresh().await;
    let invitations: Vec<Invitation> = (0..3).map(|_| invitation(PersonTag(random()))).collect();
    registry.invite_all(&invitations, NOW).await.unwrap();
    // One that exists: nobody is invited.
    let twice = [invitation(PersonTag(random())), invitations[0].clone()];
    assert_eq!(refusal(registry.invite_all(&twice, NOW).await), Refusal::InvitationExists);
    assert_eq!(registry.counts().await.unwrap().open_invitations, 3);

    let prepare = |invitation: &Invitation, handle: Handle| Prepared {
        nonce: invitation.nonce,
        application: application(RegisteredName(random())),
        handle,
        answer: answer(handle),
    };
    let group: Vec<Prepared> = invitations.iter().map(|invitation| prepare(invitation, Handle(random()))).collect();
    // The last one's handle is the first one's.
    let mut repeating = group.clone();
    repeating[2] = prepare(&invitations[2], group[0].handle);
    assert!(matches!(registry.answer_all(repeating, NOW).await, Err(RegistryError::Storage(_))));
    let counts = registry.counts().await.unwrap();
    assert_eq!((counts.persons, counts.active, counts.open_invitations), (0, 0, 3));

    // An unknown invitation and a second application do not hold up the others.
    let stranger = prepare(&invitation(PersonTag(random())), Handle(random()));
    let second = prepare(&invitations[1], Handle(random()));
    let all = [group.clone(), vec![stranger, second, group[2].clone()]].concat();
    let answers = registry.answer_all(all, NOW).await.unwrap();
    for (answered, prepared) in answers.iter().zip(&group) {
        assert_eq!(answered, &Ok(Answered { response: prepared.answer.response.clone(), fresh: true }));
    }
    assert_eq!(answers[3], Err(Refusal::UnknownInvitation));
    assert_eq!(answers[4], Err(Refusal::AnsweredToAnother));
    assert_eq!(answers[5], Ok(Answered { response: group[2].answer.response.clone(), fresh: false }));
    assert_eq!(registry.counts().await.unwrap().active, 3);
}

#[tokio::test]
async fn forgets_the_persons_of_a_group_that_comes_too_late() {
    let (_folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let handle = Handle(random());
    let application = application(RegisteredName(random()));
    let late = Prepared { nonce: invitation.nonce, application, handle, answer: answer(handle) };
    let answers = registry.answer_all(vec![late], EXPIRES).await.unwrap();
    assert_eq!(answers, [Err(Refusal::InvitationExpired)]);
    assert_eq!(registry.counts().await.unwrap().open_invitations, 0);
}

#[tokio::test]
async fn rejects_another_application_to_an_answered_invitation() {
    let (_folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let name = RegisteredName(random());
    submit(&registry, invitation.nonce, &application(name), NOW).await.unwrap();
    let second = submit(&registry, invitation.nonce, &application(name), NOW).await;
    assert_eq!(refusal(second), Refusal::AnsweredToAnother);
}

#[tokio::test]
async fn rejects_an_unknown_invitation() {
    let (_folder, registry) = fresh().await;
    let result = submit(&registry, InvitationNonce(random()), &application(RegisteredName(random())), NOW).await;
    assert_eq!(refusal(result), Refusal::UnknownInvitation);
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
async fn accepts_an_application_in_the_last_second() {
    let (_folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let last = UnixSeconds(EXPIRES.0 - 1);
    let application = application(RegisteredName(random()));
    let result = submit(&registry, invitation.nonce, &application, last).await;
    assert!(result.unwrap().1);
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

#[tokio::test]
async fn rejects_invitations_that_repeat_a_nonce_or_have_expired() {
    let (_folder, registry) = fresh().await;
    let first = invitation(PersonTag(random()));
    registry.invite(&first, NOW).await.unwrap();
    let second =
        Invitation { nonce: first.nonce, payload: b"other claims".to_vec(), ..invitation(PersonTag(random())) };
    assert_eq!(refusal(registry.invite(&second, NOW).await), Refusal::InvitationExists);
    let expired = invitation(PersonTag(random()));
    assert_eq!(refusal(registry.invite(&expired, EXPIRES).await), Refusal::InvitationExpired);
    // The first is untouched.
    let application = application(RegisteredName(random()));
    let issuance = open(&registry, first.nonce, &application).await;
    assert_eq!(issuance.payload(), b"sealed claims");
}

#[tokio::test]
async fn rejects_the_name_of_another_person() {
    let (_folder, registry) = fresh().await;
    let name = RegisteredName(random());
    enrol(&registry, PersonTag(random()), name).await;

    let other = invitation(PersonTag(random()));
    registry.invite(&other, NOW).await.unwrap();
    let result = submit(&registry, other.nonce, &application(name), NOW).await;
    assert_eq!(refusal(result), Refusal::NameOfAnotherPerson);
    assert_eq!(registry.person(&other.person).await.unwrap(), None);
    // The invitation is still open for the right wallet.
    let own = application(RegisteredName(random()));
    assert!(submit(&registry, other.nonce, &own, NOW).await.unwrap().1);
}

#[tokio::test]
async fn rejects_a_second_name_for_a_person() {
    let (_folder, registry) = fresh().await;
    let person = PersonTag(random());
    let name = RegisteredName(random());
    let others = RegisteredName(random());
    enrol(&registry, person, name).await;
    enrol(&registry, PersonTag(random()), others).await;

    let invitation = invitation(person);
    registry.invite(&invitation, NOW).await.unwrap();
    for wrong in [RegisteredName(random()), others] {
        let result = submit(&registry, invitation.nonce, &application(wrong), NOW).await;
        assert_eq!(refusal(result), Refusal::PersonHasAnotherName);
    }
    let record = registry.person(&person).await.unwrap().unwrap();
    assert_eq!((record.name, record.credentials.len()), (name, 1));
}

#[tokio::test]
async fn renews_under_the_same_name_with_a_new_handle() {
    let (_folder, registry) = fresh().await;
    let person = PersonTag(random());
    let name = RegisteredName(random());
    enrol(&registry, person, name).await;

    let renewal = invitation(person);
    registry.invite(&renewal, NOW).await.unwrap();
    let issuance = open(&registry, renewal.nonce, &application(name)).await;
    assert!(issuance.is_renewal());
    let answer_ = answer(issuance.handle());
    issuance.commit(answer_).await.unwrap();
    // Another schema has an active credential of its own.
    let library = Invitation { schema: SchemaDigest([3; 32]), ..invitation(person) };
    registry.invite(&library, NOW).await.unwrap();
    submit(&registry, library.nonce, &application(name), NOW).await.unwrap();

    let record = registry.person(&person).await.unwrap().unwrap();
    let mut seen: Vec<_> = record.credentials.iter().map(|c| (c.schema.0[0], c.status == Status::Active)).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(2, false), (2, true), (3, true)]);
    let handles: HashSet<_> = record.credentials.iter().map(|c| c.handle).collect();
    assert_eq!(handles.len(), 3);
    let counts = registry.counts().await.unwrap();
    assert_eq!((counts.persons, counts.active, counts.superseded, counts.revoked), (1, 2, 1, 0));
}

#[tokio::test]
async fn leaves_no_trace_of_an_abandoned_issuance() {
    let (_folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let before = registry.counts().await.unwrap();
    let first = application(RegisteredName(random()));
    drop(open(&registry, invitation.nonce, &first).await);
    assert_eq!(registry.counts().await.unwrap(), before);

    let oversize = open(&registry, invitation.nonce, &first).await;
    let answer = Answer { response: vec![0; MAX_BLOB + 1], ..answer(oversize.handle()) };
    assert!(matches!(oversize.commit(answer).await, Err(RegistryError::Misuse { .. })));
    assert_eq!(registry.counts().await.unwrap(), before);

    // Another application may still be answered.
    let second = application(RegisteredName(random()));
    assert!(submit(&registry, invitation.nonce, &second, NOW).await.unwrap().1);
}

#[tokio::test]
async fn rejects_an_oversize_payload() {
    let (_folder, registry) = fresh().await;
    let largest = Invitation { payload: vec![1; MAX_BLOB], ..invitation(PersonTag(random())) };
    registry.invite(&largest, NOW).await.unwrap();
    let larger = Invitation { payload: vec![1; MAX_BLOB + 1], ..invitation(PersonTag(random())) };
    assert!(matches!(registry.invite(&larger, NOW).await, Err(RegistryError::Misuse { .. })));
}

/// Gives each of its values `.1` times, and then the last one for ever.
struct Repeating(Vec<u8>, usize, usize);

impl RngCore for Repeating {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }
    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let index = (self.2 / self.1).min(self.0.len() - 1);
        self.2 += 1;
        bytes.fill(self.0[index]);
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Repeating {}

#[tokio::test]
async fn redraws_a_handle_that_exists_and_gives_up_on_a_broken_generator() {
    let (_folder, registry) = fresh().await;
    let mut rng = Repeating(vec![7, 9], 3, 0);
    let mut handles = Vec::new();
    for _ in 0..2 {
        let invitation = invitation(PersonTag(random()));
        registry.invite(&invitation, NOW).await.unwrap();
        let application = application(RegisteredName(random()));
        let begun = registry.begin(invitation.nonce, &application, NOW, &mut rng).await.unwrap();
        let Begun::Open(issuance) = begun else { panic!("answered before") };
        handles.push(issuance.handle());
        let answer = answer(issuance.handle());
        issuance.commit(answer).await.unwrap();
    }
    assert_eq!(handles, [Handle([7; 16]), Handle([9; 16])]);
    assert_eq!(rng.2, 4); // 7; then 7, 7, 9

    let last = invitation(PersonTag(random()));
    registry.invite(&last, NOW).await.unwrap();
    let result = registry.begin(last.nonce, &application(RegisteredName(random())), NOW, &mut rng).await;
    assert!(matches!(result, Err(RegistryError::Storage(_))));
    assert_eq!(registry.counts().await.unwrap().open_invitations, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_hundred_parallel_submissions_issue_once() {
    let (_folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let name = RegisteredName(random());
    let applications: Vec<_> = (0..4).map(|_| application(name)).collect();
    let tasks: Vec<_> = (0..100)
        .map(|i| {
            let (registry, nonce) = (registry.clone(), invitation.nonce);
            let application = applications[i % 4];
            tokio::spawn(async move { (i % 4, submit(&registry, nonce, &application, NOW).await) })
        })
        .collect();

    let mut responses = HashMap::new();
    let (mut issued, mut repeated, mut refused) = (0, 0, 0);
    for task in tasks {
        match task.await.unwrap() {
            (application, Ok((response, fresh))) => {
                issued += usize::from(fresh);
                repeated += usize::from(!fresh);
                responses.insert(application, response.clone());
                assert_eq!(responses[&application], response);
            }
            (_, result) => {
                assert_eq!(refusal(result), Refusal::AnsweredToAnother);
                refused += 1;
            }
        }
    }
    assert_eq!((issued, repeated, refused), (1, 24, 75));
    assert_eq!(responses.len(), 1);
    assert_eq!(registry.counts().await.unwrap().active, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_persons_racing_for_one_name_get_it_once() {
    let (_folder, registry) = fresh().await;
    for _ in 0..20 {
        let name = RegisteredName(random());
        let mut tasks = Vec::new();
        for _ in 0..2 {
            let invitation = invitation(PersonTag(random()));
            registry.invite(&invitation, NOW).await.unwrap();
            let registry = registry.clone();
            tasks.push(tokio::spawn(async move { submit(&registry, invitation.nonce, &application(name), NOW).await }));
        }
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                refused => assert_eq!(refusal(refused), Refusal::NameOfAnotherPerson),
            }
        }
        assert_eq!(won, 1);
    }
    assert_eq!(registry.counts().await.unwrap().persons, 20);
}

#[tokio::test]
async fn reads_while_an_issuance_is_open() {
    let (_folder, registry) = fresh().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let application = application(RegisteredName(random()));
    let issuance = open(&registry, invitation.nonce, &application).await;
    assert_eq!(registry.counts().await.unwrap().open_invitations, 1);
    let answer = answer(issuance.handle());
    issuance.commit(answer).await.unwrap();
    assert_eq!(registry.counts().await.unwrap().open_invitations, 0);
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
async fn rejects_a_file_with_a_newer_schema() {
    let (folder, registry) = fresh().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999, 'newer', TRUE, $1, 0)",
    )
    .bind(&[0u8; 48][..])
    .execute(&registry.writer)
    .await
    .unwrap();
    registry.close().await;
    assert!(matches!(Registry::open(&file(&folder)).await, Err(RegistryError::Storage(_))));
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
    enrol(&registry, PersonTag(random()), RegisteredName(random())).await;
    let open_one = invitation(PersonTag(random()));
    registry.invite(&open_one, NOW).await.unwrap();
    let before = registry.counts().await.unwrap();
    let large = Invitation { payload: vec![1; 100_000], ..invitation(PersonTag(random())) };
    let application = application(RegisteredName(random()));
    // SQLite reports a database that may not grow as it does a full disk. The limit ends with its connection at the latest.
    let writer = &registry.writer;
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
        assert_eq!(registry.counts().await.unwrap(), before);
    }
    grow_to("PRAGMA max_page_count = 1000000").await;
    registry.invite(&large, NOW).await.unwrap();
    let result = submit(&registry, open_one.nonce, &application, NOW).await;
    assert!(result.unwrap().1);
}

#[tokio::test]
async fn writes_with_full_durability() {
    let (_folder, registry) = fresh().await;
    let mut transaction = registry.write().await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(journal, "wal");
    for (pragma, expected) in [("PRAGMA synchronous", 2i64), ("PRAGMA foreign_keys", 1), ("PRAGMA secure_delete", 1)] {
        let value: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
}

#[tokio::test]
async fn debug_and_errors_show_no_values() {
    let tag = PersonTag(*b"person-number-marker-0123456789!");
    let shown = format!("{tag:?} {:?}", Handle([0x41; 16]));
    assert_eq!(shown, "PersonTag(..) Handle(..)");

    // A constraint that the database itself reports.
    let (_folder, registry) = fresh().await;
    let name = RegisteredName(random());
    enrol(&registry, tag, name).await;
    let error = sqlx::query("INSERT INTO persons (tag, name) VALUES ($1, $2)")
        .bind(&tag.0[..])
        .bind(&name.0[..])
        .execute(&registry.writer)
        .await
        .unwrap_err();
    let error = storage(error);
    assert!(!format!("{error} {error:?}").contains("marker"));
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
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

/// Starts this very test again as another process that works on `path`.
fn child(test: &str, path: &Path, number: u8) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("registry::tests::{test}"), "--nocapture"])
        .env(CHILD, path)
        .env(CHILD_NUMBER, number.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The fields of a complete line that a child printed after `mark`.
fn fields(line: &str, mark: &str) -> Option<Vec<Vec<u8>>> {
    line.strip_prefix(mark)?.split_whitespace().map(|field| hex::decode(field).ok()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_acknowledged_answer_when_killed() {
    const TEST: &str = "keeps_every_acknowledged_answer_when_killed";
    if let Some(path) = std::env::var_os(CHILD) {
        let registry = Registry::open(Path::new(&path)).await.unwrap();
        loop {
            let invitation = invitation(PersonTag(random()));
            registry.invite(&invitation, NOW).await.unwrap();
            let application = application(RegisteredName(random()));
            let (response, _) = submit(&registry, invitation.nonce, &application, NOW).await.unwrap();
            println!(
                "\nanswered {} {} {} {}",
                hex::encode(invitation.nonce.0),
                hex::encode(application.digest.0),
                hex::encode(application.name.0),
                hex::encode(response)
            );
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder);
    let mut acknowledged = Vec::new();
    for _ in 0..8 {
        let mut child = child(TEST, &path, 0);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (started, first) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let (mut all, mut line) = (Vec::new(), Vec::new());
            while lines.read_until(b'\n', &mut line).unwrap() > 0 {
                if line.ends_with(b"\n")
                    && let Some(fields) = fields(&String::from_utf8_lossy(&line), "answered ")
                {
                    all.push(fields);
                    let _ = started.send(());
                }
                line.clear();
            }
            all
        });
        // From its first answer on, the child lives 0 to 64 ms longer.
        first.recv_timeout(Duration::from_secs(30)).unwrap();
        let micros = u64::from(u16::from_le_bytes(random()));
        std::thread::sleep(Duration::from_micros(micros));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());
    }
    assert!(acknowledged.len() >= 8);

    let registry = Registry::open(&path).await.unwrap();
    let mut handles = HashSet::new();
    for fields in &acknowledged {
        let application = Application {
            name: RegisteredName(fields[2][..].try_into().unwrap()),
            commitment: Commitment([0; 48]),
            digest: ApplicationDigest(fields[1][..].try_into().unwrap()),
        };
        let nonce = InvitationNonce(fields[0][..].try_into().unwrap());
        let again = submit(&registry, nonce, &application, NOW).await.unwrap();
        assert_eq!(again, (fields[3].clone(), false));
        let handle = Handle(fields[3][..16].try_into().unwrap());
        assert!(handles.insert(handle), "a handle was used twice");
        let found = registry.by_inspector_point(&inspector_point(handle)).await;
        assert_eq!(found.unwrap().unwrap().handle, handle);
    }
    // An answer may be stored and not acknowledged, at most one a round; nothing is stored by halves.
    let counts = registry.counts().await.unwrap();
    assert_eq!(counts.persons, counts.active);
    let unacknowledged = counts.active - acknowledged.len() as u64;
    assert!(unacknowledged <= 8, "{unacknowledged}");
    let integrity: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&registry.reader).await.unwrap();
    assert_eq!(integrity, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_answer_each_invitation_once() {
    const TEST: &str = "two_processes_answer_each_invitation_once";
    const INVITATIONS: u8 = 40;
    if let Some(path) = std::env::var_os(CHILD) {
        let number: u8 = std::env::var(CHILD_NUMBER).unwrap().parse().unwrap();
        let path = Path::new(&path);
        let registry = Registry::open(path).await.unwrap();
        // Both start together.
        fs::write(path.with_extension(number.to_string()), "").unwrap();
        while !path.with_extension((1 - number).to_string()).exists() {
            std::thread::yield_now();
        }
        for i in 0..INVITATIONS {
            let application = Application {
                name: RegisteredName([i; 48]),
                commitment: Commitment([i; 48]),
                digest: ApplicationDigest([number; 32]),
            };
            match submit(&registry, InvitationNonce([i; 16]), &application, NOW).await {
                Ok((response, true)) => println!("\nwon {i:02x} {}", hex::encode(response)),
                Ok((_, false)) => panic!("answered before"),
                result => {
                    assert_eq!(refusal(result), Refusal::AnsweredToAnother);
                    println!("\nlost {i:02x}");
                }
            }
        }
        return;
    }

    let (folder, registry) = fresh().await;
    for i in 0..INVITATIONS {
        let invitation = Invitation { nonce: InvitationNonce([i; 16]), ..invitation(PersonTag([i; 32])) };
        registry.invite(&invitation, NOW).await.unwrap();
    }
    let path = file(&folder);
    let children = [child(TEST, &path, 0), child(TEST, &path, 1)];
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        won.extend(text.lines().filter_map(|line| fields(line, "won ")));
        lost.extend(text.lines().filter_map(|line| fields(line, "lost ")));
    }
    let distinct: HashSet<_> = won.iter().map(|fields| fields[0][0]).collect();
    assert_eq!((won.len(), distinct.len()), (40, 40));
    assert_eq!(lost.len(), 40);
    let handles: HashSet<_> = won.iter().map(|fields| fields[1][..16].to_vec()).collect();
    assert_eq!(handles.len(), 40);
    assert_eq!(registry.counts().await.unwrap().active, 40);
}
