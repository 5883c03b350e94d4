//! Several processes on one registry, some of them killed.
//!
//! A test starts itself again as child processes. They say what the registry has acknowledged, one line each, before they go on; the
//! parent holds the registry to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::*;

on_each_database!(
    keeps_every_acknowledged_answer_when_killed,
    two_processes_answer_each_invitation_once,
    four_processes_lose_and_double_nothing,
    four_processes_lose_and_double_nothing_when_killed,
    shows_the_old_state_or_the_new_when_killed_at_any_point,
);

/// Which of several children this one is, or what it is to do.
const TASK: &str = "MILCHGLAS_REGISTRY_CHILD_TASK";
/// How many kill points the child passes before one kills it.
const LIFE_TIME: &str = "MILCHGLAS_REGISTRY_CHILD_LIFE";

/// Starts this very test again as another process on the same registry.
fn child(store: &Store, test: &str, task: &str, life: u32) -> Child {
    let test = format!("registry::tests::processes::{}::{test}", store.module());
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture", "--include-ignored"])
        .env(CHILD, store.address())
        .env(TASK, task)
        .env(LIFE_TIME, life.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The child's task, once its life may end.
fn task() -> String {
    LIFE.store(std::env::var(LIFE_TIME).unwrap().parse().unwrap(), Ordering::SeqCst);
    std::env::var(TASK).unwrap()
}

/// Acknowledges by a line of its own, whatever the test harness has printed before.
fn say(mark: &str, fields: &[&[u8]]) {
    let fields: Vec<_> = fields.iter().map(hex::encode).collect();
    println!("\n{mark} {}", fields.join(" "));
}

/// What a child has said: its mark and fields.
type Said = (String, Vec<Vec<u8>>);

/// Reads what a child says until it ends, or until a random moment soon after it has begun to speak, when it is killed.
fn listen(mut child: Child, kill: bool) -> (Vec<Said>, ExitStatus) {
    const MARKS: [&str; 6] = ["answered", "won", "lost", "issued", "revoked", "published"];
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (started, first) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let (mut all, mut line) = (Vec::new(), Vec::new());
        while lines.read_until(b'\n', &mut line).unwrap() > 0 {
            // What a kill has cut off was not said.
            if let Some(complete) = line.strip_suffix(b"\n") {
                let text = String::from_utf8_lossy(complete);
                let mut words = text.split(' ');
                let mark = words.next().unwrap();
                if MARKS.contains(&mark) {
                    let fields: Option<Vec<_>> = words.map(|word| hex::decode(word).ok()).collect();
                    all.push((mark.to_owned(), fields.unwrap()));
                    let _ = started.send(());
                }
            }
            line.clear();
        }
        all
    });
    if kill {
        // From its first word on, the child lives 0 to 64 ms longer.
        first.recv_timeout(Duration::from_secs(60)).unwrap();
        std::thread::sleep(Duration::from_micros(u16::from_le_bytes(random()).into()));
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    (reader.join().unwrap(), status)
}

async fn keeps_every_acknowledged_answer_when_killed(store: Store) {
    const TEST: &str = "keeps_every_acknowledged_answer_when_killed";
    let registry = store.open().await;
    if store.is_parents() {
        task();
        loop {
            let invitation = invitation(PersonTag(random()));
            registry.invite(&invitation, NOW).await.unwrap();
            let application = application(RegisteredName(random()));
            let (response, _) = submit(&registry, invitation.nonce, &application, NOW).await.unwrap();
            say("answered", &[&invitation.nonce.0, &application.digest.0, &application.name.0, &response]);
        }
    }
    let mut acknowledged = Vec::new();
    for _ in 0..8 {
        acknowledged.extend(listen(child(&store, TEST, "", u32::MAX), true).0);
    }
    assert!(acknowledged.len() >= 8);
    settle(&registry).await;

    let mut handles = HashSet::new();
    for (_, fields) in &acknowledged {
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
    check_file(&registry).await;
}

/// Waits until the server has done what killed processes still told it.
async fn settle(registry: &Registry) {
    match &registry.database {
        Database::Sqlite { .. } => {}
        #[cfg(feature = "postgres")]
        Database::Postgres(pool) => loop {
            let busy: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()
                     AND application_name = current_setting('application_name')",
            )
            .fetch_one(pool)
            .await
            .unwrap();
            if busy == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        },
    }
}

async fn check_file(registry: &Registry) {
    match &registry.database {
        Database::Sqlite { reader, .. } => {
            let integrity: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(reader).await.unwrap();
            assert_eq!(integrity, "ok");
        }
        #[cfg(feature = "postgres")]
        Database::Postgres(_) => {}
    }
}

async fn two_processes_answer_each_invitation_once(store: Store) {
    const TEST: &str = "two_processes_answer_each_invitation_once";
    const INVITATIONS: u8 = 40;
    let registry = store.open().await;
    if store.is_parents() {
        let number: u8 = task().parse().unwrap();
        for i in 0..INVITATIONS {
            let application = Application {
                name: RegisteredName([i; 48]),
                commitment: Commitment([i; 48]),
                digest: ApplicationDigest([number; 32]),
            };
            match submit(&registry, InvitationNonce([i; 16]), &application, NOW).await {
                Ok((response, true)) => say("won", &[&[i], &response]),
                Ok((_, false)) => panic!("answered before"),
                result => {
                    assert_eq!(refusal(result), Refusal::AnsweredToAnother);
                    say("lost", &[&[i]]);
                }
            }
        }
        return;
    }

    for i in 0..INVITATIONS {
        let invitation = Invitation { nonce: InvitationNonce([i; 16]), ..invitation(PersonTag([i; 32])) };
        registry.invite(&invitation, NOW).await.unwrap();
    }
    let children = ["0", "1"].map(|number| child(&store, TEST, number, u32::MAX));
    let listeners = children.map(|child| std::thread::spawn(|| listen(child, false)));
    let (mut won, mut lost) = (Vec::new(), 0);
    for listener in listeners {
        let (said, status) = listener.join().unwrap();
        assert!(status.success());
        for (mark, fields) in said {
            if mark == "won" {
                won.push(fields);
            } else {
                lost += 1;
            }
        }
    }
    let distinct: HashSet<_> = won.iter().map(|fields| fields[0][0]).collect();
    assert_eq!((won.len(), distinct.len()), (40, 40));
    assert_eq!(lost, 40);
    let handles: HashSet<_> = won.iter().map(|fields| fields[1][..16].to_vec()).collect();
    assert_eq!(handles.len(), 40);
    assert_eq!(registry.counts().await.unwrap().active, 40);
}

/// The persons whom the children of [`work`] quarrel about.
const PERSONS: u8 = 6;

/// Issues, renews, revokes and publishes at random, until the rounds are over, and says what the registry has acknowledged.
async fn work(registry: &Registry, rounds: u32) {
    let mut known = Vec::new();
    for round in 0..rounds {
        let [action, choice] = random();
        let number = choice % PERSONS;
        let (person, name) = (PersonTag([number; 32]), RegisteredName([number; 48]));
        match action % 8 {
            0..4 => {
                let handle = Handle(enrol(registry, person, name).await[..16].try_into().unwrap());
                say("issued", &[&handle.0]);
                known.push(handle);
            }
            4 if !known.is_empty() => {
                let handle = known[usize::from(choice) % known.len()];
                match registry.revoke(&handle, Reason::Withdrawn, NOW).await {
                    Ok(()) => say("revoked", &[&handle.0]),
                    result => assert_eq!(refusal(result), Refusal::AlreadyRevoked),
                }
            }
            5 => match registry.revoke_all(Holder::Name(name), Reason::Lost, NOW).await {
                Ok(handles) => handles.iter().for_each(|handle| say("revoked", &[&handle.0])),
                result => assert!(matches!(refusal(result), Refusal::UnknownPerson | Refusal::NothingToRevoke)),
            },
            _ => {
                let head = registry.newest_epoch(Cohort(0)).await.unwrap();
                let handles = registry.pending(Cohort(0), 5).await.unwrap();
                publish(registry, head, &handles).await;
            }
        }
        if round % 8 == 7 {
            // Groups whose persons come in different orders, which PostgreSQL may find in each other's way.
            let mut numbers: Vec<u8> = (0..PERSONS).collect();
            if choice % 2 == 0 {
                numbers.reverse();
            }
            answer_group(registry, &numbers).await;
        }
    }
}

async fn answer_group(registry: &Registry, numbers: &[u8]) {
    let invitations: Vec<_> = numbers.iter().map(|number| invitation(PersonTag([*number; 32]))).collect();
    registry.invite_all(&invitations, NOW).await.unwrap();
    let prepared: Vec<_> = invitations
        .iter()
        .zip(numbers)
        .map(|(invitation, number)| {
            let handle = Handle(random());
            let application = application(RegisteredName([*number; 48]));
            Prepared { nonce: invitation.nonce, application, handle, answer: answer(handle) }
        })
        .collect();
    for answered in registry.answer_all(prepared, NOW).await.unwrap() {
        say("issued", &[&answered.unwrap().response[..16]]);
    }
}

/// Publishes the handles in the next epoch, whose digest tells the whole chain, and says so if the registry took it.
async fn publish(registry: &Registry, head: Option<EpochHead>, handles: &[Handle]) -> bool {
    let content: Vec<u8> = handles.iter().flat_map(|handle| handle.0).collect();
    let number = head.map_or(0, |head| head.number.0 + 1);
    let previous = head.map(|head| head.digest);
    let digest = chained(previous, number, &content);
    let epoch =
        NewEpoch { cohort: Cohort(0), number: EpochNumber(number), previous, digest, handles, content: &content };
    match registry.publish(&epoch, NOW).await {
        Ok(()) => {
            say("published", &[&number.to_be_bytes(), &digest.0]);
            true
        }
        // The handles were read after the newest epoch, so they are still pending or the number is taken.
        result => {
            assert_eq!(refusal(result), Refusal::EpochTaken);
            false
        }
    }
}

fn chained(previous: Option<EpochDigest>, number: u64, content: &[u8]) -> EpochDigest {
    let previous = previous.map_or([0; 32], |digest| digest.0);
    EpochDigest(
        Sha256::new().chain_update(previous).chain_update(number.to_be_bytes()).chain_update(content).finalize().into(),
    )
}

/// Holds the registry to what the children said, and to its own rules.
async fn check(registry: &Registry, said: &[Said]) {
    let (mut issued, mut revoked, mut published) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for (mark, fields) in said {
        let fresh = match &mark[..] {
            "issued" => issued.insert(fields[0].clone()),
            "revoked" => revoked.insert(fields[0].clone()),
            _ => {
                let number = u64::from_be_bytes(fields[0][..].try_into().unwrap());
                published.insert(number, fields[1].clone()).is_none()
            }
        };
        assert!(fresh, "{mark} twice");
    }

    // Every epoch follows the one before, and no handle is in two.
    let (mut in_epoch, mut previous) = (HashMap::new(), None);
    let newest = registry.newest_epoch(Cohort(0)).await.unwrap();
    for number in 0..newest.map_or(0, |head| head.number.0 + 1) {
        let epoch = registry.epoch(Cohort(0), EpochNumber(number)).await.unwrap().unwrap();
        assert_eq!(epoch.head.digest, chained(previous, number, &epoch.content));
        if let Some(digest) = published.remove(&number) {
            assert_eq!(digest, epoch.head.digest.0, "another epoch than was acknowledged");
        }
        for handle in epoch.content.chunks(16) {
            assert!(in_epoch.insert(handle.to_vec(), number).is_none(), "revoked twice");
        }
        assert_eq!(epoch.head.revoked, in_epoch.len() as u64);
        previous = Some(epoch.head.digest);
    }
    assert!(published.is_empty(), "a lost epoch");

    // Every credential is in the state that queue and epochs give it; every person has one active credential at most.
    let pending: HashSet<_> = registry.pending(Cohort(0), usize::MAX).await.unwrap().into_iter().collect();
    let mut all = BTreeSet::new();
    for number in 0..PERSONS {
        let Some(record) = registry.person(&PersonTag([number; 32])).await.unwrap() else { continue };
        for credential in &record.credentials {
            let expected = match in_epoch.get(&credential.handle.0[..]) {
                Some(_) => Status::Revoked,
                None if pending.contains(&credential.handle) => Status::Pending,
                None => Status::Active,
            };
            assert_eq!(credential.status, expected);
            let epoch = credential.revocation.and_then(|revocation| revocation.epoch);
            assert_eq!(epoch.map(|epoch| epoch.0), in_epoch.get(&credential.handle.0[..]).copied());
            assert_eq!(credential.revocation.is_none(), expected == Status::Active);
            assert!(expected != Status::Active || !revoked.contains(&credential.handle.0[..]), "a lost revocation");
            assert!(all.insert(credential.handle.0.to_vec()), "a handle was used twice");
        }
        let active = record.credentials.iter().filter(|credential| credential.status == Status::Active);
        assert!(active.count() <= 1);
    }
    assert!(issued.is_subset(&all), "a lost credential");
    let counts = registry.counts().await.unwrap();
    assert_eq!(counts.active + counts.pending + counts.revoked, all.len() as u64);
    assert_eq!((counts.pending, counts.revoked), (pending.len() as u64, in_epoch.len() as u64));
    check_file(registry).await;
}

async fn four_processes_lose_and_double_nothing(store: Store) {
    const TEST: &str = "four_processes_lose_and_double_nothing";
    let registry = store.open().await;
    if store.is_parents() {
        task();
        work(&registry, 48).await;
        return;
    }
    let children = [(); 4].map(|()| child(&store, TEST, "", u32::MAX));
    let listeners = children.map(|child| std::thread::spawn(|| listen(child, false)));
    let mut said = Vec::new();
    for listener in listeners {
        let (words, status) = listener.join().unwrap();
        assert!(status.success());
        said.extend(words);
    }
    for mark in ["issued", "revoked", "published"] {
        assert!(said.iter().any(|(said, _)| said == mark), "{mark}");
    }
    check(&registry, &said).await;
    // What is left goes into one more epoch, and then all but the active are revoked.
    let rest = registry.pending(Cohort(0), usize::MAX).await.unwrap();
    assert!(publish(&registry, registry.newest_epoch(Cohort(0)).await.unwrap(), &rest).await);
    check(&registry, &said).await;
    assert_eq!(registry.counts().await.unwrap().pending, 0);
}

async fn four_processes_lose_and_double_nothing_when_killed(store: Store) {
    const TEST: &str = "four_processes_lose_and_double_nothing_when_killed";
    let registry = store.open().await;
    if store.is_parents() {
        task();
        work(&registry, u32::MAX).await;
        return;
    }
    let mut said = Vec::new();
    for _ in 0..4 {
        let children = [(); 4].map(|()| child(&store, TEST, "", u32::MAX));
        let listeners = children.map(|child| std::thread::spawn(|| listen(child, true)));
        for listener in listeners {
            said.extend(listener.join().unwrap().0);
        }
        settle(&registry).await;
        check(&registry, &said).await;
    }
}

/// What a child does once, and may be killed at.
const OPERATIONS: [&str; 6] = ["renew", "renew in a group", "revoke", "revoke all", "retire", "publish"];

async fn shows_the_old_state_or_the_new_when_killed_at_any_point(store: Store) {
    const TEST: &str = "shows_the_old_state_or_the_new_when_killed_at_any_point";
    let (person, name, nonce) = (PersonTag([1; 32]), RegisteredName([1; 48]), InvitationNonce([1; 16]));
    let registry = store.open().await;
    if store.is_parents() {
        let operation = task();
        let application = Application { digest: ApplicationDigest([1; 32]), ..application(name) };
        match &operation[..] {
            "renew" => drop(submit(&registry, nonce, &application, NOW).await.unwrap()),
            "renew in a group" => {
                let handle = Handle(random());
                let prepared = Prepared { nonce, application, handle, answer: answer(handle) };
                let answers = registry.answer_all(vec![prepared], NOW).await.unwrap();
                assert!(answers[0].is_ok());
            }
            "revoke" => {
                let record = registry.person(&person).await.unwrap().unwrap();
                registry.revoke(&record.credentials[0].handle, Reason::Lost, NOW).await.unwrap();
            }
            "revoke all" => drop(registry.revoke_all(Holder::Tag(person), Reason::Lost, NOW).await.unwrap()),
            "retire" => drop(registry.retire_name(Holder::Tag(person), Reason::Lost, NOW).await.unwrap()),
            _ => {
                let handles = registry.pending(Cohort(0), 10).await.unwrap();
                publish(&registry, None, &handles).await;
            }
        }
        say("won", &[]);
        return;
    }

    registry.close().await;
    for operation in OPERATIONS {
        let (mut killed, mut kept, mut changed) = (0, 0, 0);
        for life in 0.. {
            let store = store.another().await;
            let registry = store.open().await;
            enrol(&registry, person, name).await;
            let renewal = Invitation { nonce, ..invitation(person) };
            registry.invite(&renewal, NOW).await.unwrap();
            let lost = enrol(&registry, PersonTag([2; 32]), RegisteredName([2; 48])).await;
            registry.revoke(&Handle(lost[..16].try_into().unwrap()), Reason::Lost, NOW).await.unwrap();
            let old = state(&registry, &person).await;
            // As another process would: with nothing left in this one's memory.
            registry.close().await;

            let (said, status) = listen(child(&store, TEST, operation, life), false);
            let registry = store.open().await;
            settle(&registry).await;
            let new = state(&registry, &person).await;
            check_file(&registry).await;
            let finished = status.success();
            assert_eq!(finished, said.iter().any(|(mark, _)| mark == "won"));
            if new == old {
                assert!(!finished, "{operation}: acknowledged and lost");
                kept += 1;
            } else {
                let expected = match operation {
                    "renew" | "renew in a group" => "name true, open 0, active 1, pending 2, revoked 0, epoch false",
                    "revoke" | "revoke all" => "name true, open 1, active 0, pending 2, revoked 0, epoch false",
                    "retire" => "name false, open 1, active 0, pending 2, revoked 0, epoch false",
                    _ => "name true, open 1, active 1, pending 0, revoked 1, epoch true",
                };
                assert_eq!(new, expected, "{operation}: by halves, killed at {life}");
                changed += 1;
            }
            if finished {
                break;
            }
            killed += 1;
        }
        // Before each write and before the commit: the old state. After the commit: the new one, though it was not acknowledged.
        assert!(kept >= 3 && changed >= 2 && killed == kept + changed - 1, "{operation}: {kept}, {changed}, {killed}");
    }
}

/// All that the operations change, in words.
async fn state(registry: &Registry, person: &PersonTag) -> String {
    let counts = registry.counts().await.unwrap();
    let record = registry.person(person).await.unwrap().unwrap();
    let pending = registry.pending(Cohort(0), 10).await.unwrap().len();
    assert_eq!(pending as u64, counts.pending);
    let epoch = registry.newest_epoch(Cohort(0)).await.unwrap();
    format!(
        "name {}, open {}, active {}, pending {}, revoked {}, epoch {}",
        record.name.is_some(),
        counts.open_invitations,
        counts.active,
        counts.pending,
        counts.revoked,
        epoch.is_some()
    )
}
