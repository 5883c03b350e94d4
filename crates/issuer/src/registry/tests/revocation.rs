//! The rules of revoking and publishing.

use super::*;

on_each_database!(
    revokes_one_credential_once,
    revokes_all_credentials_of_a_person,
    revokes_for_a_name,
    retires_only_a_current_name,
    lists_the_oldest_requests_by_value,
    publishes_epochs_in_order,
    publishes_exactly_what_is_pending,
    keeps_cohorts_apart,
    stops_at_the_end_of_a_cohort,
    publishes_more_than_a_page,
    rejects_an_oversize_epoch,
    one_of_many_publishers_wins,
    one_of_many_revocations_wins,
    a_renewal_and_a_revocation_leave_nothing_active_behind,
);

/// An epoch whose content is its handles.
struct Draft {
    number: u64,
    previous: Option<EpochDigest>,
    digest: EpochDigest,
    handles: Vec<Handle>,
    content: Vec<u8>,
}

impl Draft {
    fn first(handles: &[Handle]) -> Self {
        let content = handles.iter().flat_map(|handle| handle.0).collect();
        Self { number: 0, previous: None, digest: EpochDigest(random()), handles: handles.to_vec(), content }
    }

    fn after(last: &Self, handles: &[Handle]) -> Self {
        Self { number: last.number + 1, previous: Some(last.digest), ..Self::first(handles) }
    }

    fn epoch(&self) -> NewEpoch<'_> {
        NewEpoch {
            cohort: Cohort(0),
            number: EpochNumber(self.number),
            previous: self.previous,
            digest: self.digest,
            handles: &self.handles,
            content: &self.content,
        }
    }
}

async fn issue(registry: &Registry, person: PersonTag, name: RegisteredName) -> Handle {
    Handle(enrol(registry, person, name).await[..16].try_into().unwrap())
}

async fn issue_to_anybody(registry: &Registry) -> Handle {
    issue(registry, PersonTag(random()), RegisteredName(random())).await
}

fn sorted(mut handles: Vec<Handle>) -> Vec<Handle> {
    handles.sort_unstable_by_key(|handle| handle.0);
    handles
}

async fn revocation(registry: &Registry, handle: &Handle) -> (Status, Option<Revocation>) {
    let credential = registry.credential(handle).await.unwrap().unwrap();
    (credential.status, credential.revocation)
}

async fn revokes_one_credential_once(store: Store) {
    let registry = store.open().await;
    let handle = issue_to_anybody(&registry).await;
    assert_eq!(revocation(&registry, &handle).await, (Status::Active, None));
    registry.revoke(&handle, Reason::Withdrawn, NOW).await.unwrap();
    let pending = Revocation { reason: Reason::Withdrawn, requested_at: NOW, epoch: None };
    assert_eq!(revocation(&registry, &handle).await, (Status::Pending, Some(pending)));

    let before = registry.counts().await.unwrap();
    let again = registry.revoke(&handle, Reason::Lost, EXPIRES).await;
    assert_eq!(refusal(again), Refusal::AlreadyRevoked);
    let unknown = registry.revoke(&Handle(random()), Reason::Lost, NOW).await;
    assert_eq!(refusal(unknown), Refusal::UnknownHandle);
    assert_eq!(registry.counts().await.unwrap(), before);
    assert_eq!(revocation(&registry, &handle).await, (Status::Pending, Some(pending)));

    registry.publish(&Draft::first(&[handle]).epoch(), NOW).await.unwrap();
    let revoked = Revocation { epoch: Some(EpochNumber(0)), ..pending };
    assert_eq!(revocation(&registry, &handle).await, (Status::Revoked, Some(revoked)));
    let again = registry.revoke(&handle, Reason::Lost, NOW).await;
    assert_eq!(refusal(again), Refusal::AlreadyRevoked);
    let counts = registry.counts().await.unwrap();
    assert_eq!((counts.active, counts.pending, counts.revoked), (0, 0, 1));
}

async fn revokes_all_credentials_of_a_person(store: Store) {
    let registry = store.open().await;
    let (person, name) = (PersonTag(random()), RegisteredName(random()));
    let others = issue_to_anybody(&registry).await;
    let mut handles = Vec::new();
    for schema in [SchemaDigest([2; 32]), SchemaDigest([3; 32])] {
        let invitation = Invitation { schema, ..invitation(person) };
        registry.invite(&invitation, NOW).await.unwrap();
        let (response, _) = submit(&registry, invitation.nonce, &application(name), NOW).await.unwrap();
        handles.push(Handle(response[..16].try_into().unwrap()));
    }
    let revoked = registry.revoke_all(Holder::Tag(person), Reason::Lost, NOW).await.unwrap();
    assert_eq!(sorted(revoked), sorted(handles.clone()));
    assert_eq!(registry.pending(Cohort(0), 10).await.unwrap(), sorted(handles));
    assert_eq!(revocation(&registry, &others).await, (Status::Active, None));

    let again = registry.revoke_all(Holder::Tag(person), Reason::Lost, NOW).await;
    assert_eq!(refusal(again), Refusal::NothingToRevoke);
    let unknown = registry.revoke_all(Holder::Tag(PersonTag(random())), Reason::Lost, NOW).await;
    assert_eq!(refusal(unknown), Refusal::UnknownPerson);
    // The same wallet may come back, and its new card supersedes nothing.
    let handle = issue(&registry, person, name).await;
    assert_eq!(revocation(&registry, &handle).await, (Status::Active, None));
    assert_eq!(registry.pending(Cohort(0), 10).await.unwrap().len(), 2);
}

async fn revokes_for_a_name(store: Store) {
    let registry = store.open().await;
    let (person, name) = (PersonTag(random()), RegisteredName(random()));
    let handle = issue(&registry, person, name).await;
    let unknown = registry.revoke_all(Holder::Name(RegisteredName(random())), Reason::Lost, NOW).await;
    assert_eq!(refusal(unknown), Refusal::UnknownPerson);
    assert_eq!(registry.revoke_all(Holder::Name(name), Reason::Lost, NOW).await.unwrap(), [handle]);
}

async fn retires_only_a_current_name(store: Store) {
    let registry = store.open().await;
    let (person, first, second) = (PersonTag(random()), RegisteredName(random()), RegisteredName(random()));
    let unknown = registry.retire_name(Holder::Tag(person), Reason::Lost, NOW).await;
    assert_eq!(refusal(unknown), Refusal::UnknownPerson);
    let handle = issue(&registry, person, first).await;
    assert_eq!(registry.retire_name(Holder::Name(first), Reason::Lost, NOW).await.unwrap(), [handle]);
    for holder in [Holder::Tag(person), Holder::Name(first)] {
        assert_eq!(refusal(registry.retire_name(holder, Reason::Lost, NOW).await), Refusal::NothingToRetire);
    }
    // The retired name does not stand for the person's new one.
    let handle = issue(&registry, person, second).await;
    let result = registry.retire_name(Holder::Name(first), Reason::Lost, NOW).await;
    assert_eq!(refusal(result), Refusal::NothingToRetire);
    assert_eq!(revocation(&registry, &handle).await, (Status::Active, None));
    // A name whose cards are all revoked can be retired too.
    registry.revoke(&handle, Reason::Lost, NOW).await.unwrap();
    assert_eq!(registry.retire_name(Holder::Tag(person), Reason::Lost, NOW).await.unwrap(), []);
    assert_eq!(registry.person(&person).await.unwrap().unwrap().name, None);
}

async fn lists_the_oldest_requests_by_value(store: Store) {
    let registry = store.open().await;
    let mut handles = Vec::new();
    for minute in [3, 1, 2, 1] {
        let handle = issue_to_anybody(&registry).await;
        registry.revoke(&handle, Reason::Lost, UnixSeconds(NOW.0 + 60 * minute)).await.unwrap();
        handles.push(handle);
    }
    let [third, first, second, also_first] = handles[..] else { unreachable!() };
    assert_eq!(registry.pending(Cohort(0), 0).await.unwrap(), []);
    assert_eq!(registry.pending(Cohort(0), 2).await.unwrap(), sorted(vec![first, also_first]));
    assert_eq!(registry.pending(Cohort(0), 3).await.unwrap(), sorted(vec![first, also_first, second]));
    for limit in [4, usize::MAX] {
        let all = sorted(vec![first, also_first, second, third]);
        assert_eq!(registry.pending(Cohort(0), limit).await.unwrap(), all);
    }
}

async fn publishes_epochs_in_order(store: Store) {
    let registry = store.open().await;
    assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap(), None);
    let first = Draft::first(&[]);
    // A first epoch has no number beyond 1, and no predecessor.
    let wrong = [
        NewEpoch { number: EpochNumber(2), ..first.epoch() },
        NewEpoch { number: EpochNumber(u64::MAX), ..first.epoch() },
        NewEpoch { previous: Some(EpochDigest(random())), ..first.epoch() },
    ];
    for epoch in wrong {
        assert_eq!(refusal(registry.publish(&epoch, NOW).await), Refusal::EpochOutOfOrder);
    }
    assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap(), None);
    registry.publish(&first.epoch(), NOW).await.unwrap();

    let handle = issue_to_anybody(&registry).await;
    registry.revoke(&handle, Reason::Lost, NOW).await.unwrap();
    let second = Draft::after(&first, &[handle]);
    let wrong = [
        (NewEpoch { number: EpochNumber(0), ..second.epoch() }, Refusal::EpochTaken),
        (NewEpoch { number: EpochNumber(2), ..second.epoch() }, Refusal::EpochOutOfOrder),
        (NewEpoch { previous: None, ..second.epoch() }, Refusal::EpochOutOfOrder),
        (NewEpoch { previous: Some(EpochDigest(random())), ..second.epoch() }, Refusal::EpochOutOfOrder),
    ];
    for (epoch, expected) in wrong {
        assert_eq!(refusal(registry.publish(&epoch, NOW).await), expected);
        assert_eq!(registry.pending(Cohort(0), 10).await.unwrap(), [handle]);
    }
    registry.publish(&second.epoch(), EXPIRES).await.unwrap();
    assert_eq!(refusal(registry.publish(&second.epoch(), EXPIRES).await), Refusal::EpochTaken);

    let head = EpochHead {
        cohort: Cohort(0),
        number: EpochNumber(1),
        digest: second.digest,
        published_at: EXPIRES,
        revoked: 1,
    };
    assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap(), Some(head));
    let epoch = registry.epoch(Cohort(0), EpochNumber(1)).await.unwrap().unwrap();
    assert_eq!(epoch, Epoch { head, content: second.content });
    let epoch = registry.epoch(Cohort(0), EpochNumber(0)).await.unwrap().unwrap();
    assert_eq!((epoch.head.digest, epoch.content), (first.digest, first.content));
    for missing in [2, u64::MAX] {
        assert_eq!(registry.epoch(Cohort(0), EpochNumber(missing)).await.unwrap(), None);
    }
}

async fn publishes_exactly_what_is_pending(store: Store) {
    let registry = store.open().await;
    let [one, two, active] =
        [issue_to_anybody(&registry).await, issue_to_anybody(&registry).await, issue_to_anybody(&registry).await];
    for handle in [&one, &two] {
        registry.revoke(handle, Reason::Lost, NOW).await.unwrap();
    }
    for wrong in [vec![one, active], vec![one, Handle(random())], vec![one, one]] {
        let result = registry.publish(&Draft::first(&wrong).epoch(), NOW).await;
        assert_eq!(refusal(result), Refusal::NotPending);
        assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap(), None);
        assert_eq!(registry.pending(Cohort(0), 10).await.unwrap(), sorted(vec![one, two]));
    }
    let first = Draft::first(&[one]);
    registry.publish(&first.epoch(), NOW).await.unwrap();
    assert_eq!(registry.pending(Cohort(0), 10).await.unwrap(), [two]);
    // What an epoch has revoked is not revoked by another.
    let result = registry.publish(&Draft::after(&first, &[two, one]).epoch(), NOW).await;
    assert_eq!(refusal(result), Refusal::NotPending);
    registry.publish(&Draft::after(&first, &[two]).epoch(), NOW).await.unwrap();
    assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap().unwrap().revoked, 2);
    assert_eq!(revocation(&registry, &active).await.0, Status::Active);
}

async fn keeps_cohorts_apart(store: Store) {
    let registry = store.open().await;
    let mut handles = Vec::new();
    for cohort in [Cohort(0), Cohort(u32::MAX)] {
        let invitation = invitation(PersonTag(random()));
        registry.invite(&invitation, NOW).await.unwrap();
        let issuance = open(&registry, invitation.nonce, &application(RegisteredName(random()))).await;
        let handle = issuance.handle();
        issuance.commit(Answer { cohort, ..answer(handle) }).await.unwrap();
        assert_eq!(registry.credential(&handle).await.unwrap().unwrap().cohort, cohort);
        handles.push(handle);
    }
    let schema = SchemaDigest([2; 32]);
    let tally = |cohort, active, pending, revoked| Tally { cohort, schema, active, pending, revoked };
    let expected = [tally(Cohort(0), 1, 0, 0), tally(Cohort(u32::MAX), 1, 0, 0)];
    assert_eq!(registry.tallies().await.unwrap(), expected);

    for handle in &handles {
        registry.revoke(handle, Reason::Lost, NOW).await.unwrap();
    }
    assert_eq!(registry.pending(Cohort(u32::MAX), 10).await.unwrap(), [handles[1]]);
    let wrong = registry.publish(&Draft::first(&handles[1..]).epoch(), NOW).await;
    assert_eq!(refusal(wrong), Refusal::NotPending);
    let draft = Draft::first(&handles[1..]);
    registry.publish(&NewEpoch { cohort: Cohort(u32::MAX), ..draft.epoch() }, NOW).await.unwrap();
    assert_eq!(registry.newest_epoch(Cohort(0)).await.unwrap(), None);
    assert_eq!(registry.newest_epoch(Cohort(u32::MAX)).await.unwrap().unwrap().digest, draft.digest);
    let expected = [tally(Cohort(0), 0, 1, 0), tally(Cohort(u32::MAX), 0, 0, 1)];
    assert_eq!(registry.tallies().await.unwrap(), expected);
}

async fn stops_at_the_end_of_a_cohort(store: Store) {
    let registry = store.open().await;
    let handles = [issue_to_anybody(&registry).await, issue_to_anybody(&registry).await];
    for handle in &handles {
        registry.revoke(handle, Reason::Lost, NOW).await.unwrap();
    }
    let first = Draft::first(&[]);
    registry.publish(&first.epoch(), NOW).await.unwrap();
    // As if all but one had been revoked.
    let mut transaction = registry.database.write().await.unwrap();
    let almost = [Value::Integer((1 << 24) - 1)];
    assert_eq!(transaction.execute("UPDATE epochs SET revoked = $1", &almost).await.unwrap(), 1);
    transaction.commit().await.unwrap();

    let result = registry.publish(&Draft::after(&first, &handles).epoch(), NOW).await;
    assert_eq!(refusal(result), Refusal::CohortExhausted);
    let last = Draft::after(&first, &handles[..1]);
    registry.publish(&last.epoch(), NOW).await.unwrap();
    let result = registry.publish(&Draft::after(&last, &handles[1..]).epoch(), NOW).await;
    assert_eq!(refusal(result), Refusal::CohortExhausted);
    registry.publish(&Draft::after(&last, &[]).epoch(), NOW).await.unwrap();
}

async fn publishes_more_than_a_page(store: Store) {
    const COUNT: usize = 4100;
    let registry = store.open().await;
    // A few persons have renewed their cards often.
    let persons: Vec<_> = (0..10).map(|_| (PersonTag(random()), RegisteredName(random()))).collect();
    for number in 0..=COUNT / 500 {
        let invitations: Vec<_> = (0..500).map(|i| invitation(persons[(number + i) % persons.len()].0)).collect();
        registry.invite_all(&invitations, NOW).await.unwrap();
        let prepared = invitations.iter().enumerate().map(|(i, invitation)| {
            let handle = Handle(random());
            let application = application(persons[(number + i) % persons.len()].1);
            Prepared { nonce: invitation.nonce, application, handle, answer: answer(handle) }
        });
        let answers = registry.answer_all(prepared.collect(), NOW).await.unwrap();
        assert!(answers.iter().all(Result::is_ok));
    }
    let all = registry.pending(Cohort(0), usize::MAX).await.unwrap();
    assert_eq!(all.len(), 4490);
    let handles = registry.pending(Cohort(0), COUNT).await.unwrap();
    assert_eq!(handles.len(), COUNT);
    assert!(handles.is_sorted_by(|one, next| one.0 < next.0));
    // The last one, on the second page, is wrong.
    let mut wrong = handles.clone();
    wrong[COUNT - 1] = Handle(random());
    let result = registry.publish(&Draft::first(&wrong).epoch(), NOW).await;
    assert_eq!(refusal(result), Refusal::NotPending);
    registry.publish(&Draft::first(&handles).epoch(), NOW).await.unwrap();
    let counts = registry.counts().await.unwrap();
    assert_eq!((counts.active, counts.pending, counts.revoked), (10, 390, 4100));
}

async fn rejects_an_oversize_epoch(store: Store) {
    let registry = store.open().await;
    let content = vec![1; MAX_EPOCH + 1];
    let first = Draft::first(&[]);
    let result = registry.publish(&NewEpoch { content: &content, ..first.epoch() }, NOW).await;
    assert!(matches!(result, Err(RegistryError::Misuse { .. })));
    registry.publish(&NewEpoch { content: &content[..1 << 24], ..first.epoch() }, NOW).await.unwrap();
    assert_eq!(registry.epoch(Cohort(0), EpochNumber(0)).await.unwrap().unwrap().content, content[..1 << 24]);
}

async fn one_of_many_publishers_wins(store: Store) {
    let registry = store.open().await;
    let mut last = Draft::first(&[]);
    registry.publish(&last.epoch(), NOW).await.unwrap();
    for _ in 0..5 {
        let handle = issue_to_anybody(&registry).await;
        registry.revoke(&handle, Reason::Lost, NOW).await.unwrap();
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (registry, draft) = (registry.clone(), Draft::after(&last, &[handle]));
                tokio::spawn(async move { (registry.publish(&draft.epoch(), NOW).await, draft) })
            })
            .collect();
        let mut winner = None;
        for task in tasks {
            match task.await.unwrap() {
                (Ok(()), draft) => assert!(winner.replace(draft).is_none(), "two epochs of one number"),
                (result, _) => assert_eq!(refusal(result), Refusal::EpochTaken),
            }
        }
        last = winner.unwrap();
        let head = registry.newest_epoch(Cohort(0)).await.unwrap().unwrap();
        assert_eq!((head.number.0, head.digest), (last.number, last.digest));
    }
}

async fn one_of_many_revocations_wins(store: Store) {
    let registry = store.open().await;
    for _ in 0..10 {
        let (person, name) = (PersonTag(random()), RegisteredName(random()));
        let handle = issue(&registry, person, name).await;
        let tasks: Vec<_> = (0..6)
            .map(|i| {
                let registry = registry.clone();
                tokio::spawn(async move {
                    match i % 3 {
                        0 => registry.revoke(&handle, Reason::Lost, NOW).await.map(|()| vec![handle]),
                        1 => registry.revoke_all(Holder::Tag(person), Reason::Withdrawn, NOW).await,
                        _ => registry.revoke_all(Holder::Name(name), Reason::Lost, NOW).await,
                    }
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(handles) => {
                    assert_eq!(handles, [handle]);
                    won += 1;
                }
                result => {
                    assert!(matches!(refusal(result), Refusal::AlreadyRevoked | Refusal::NothingToRevoke));
                }
            }
        }
        assert_eq!(won, 1);
    }
    assert_eq!(registry.pending(Cohort(0), 100).await.unwrap().len(), 10);
}

/// Whichever comes first: what the person had before is pending, and a card that the revocation has not seen is the only active one.
async fn a_renewal_and_a_revocation_leave_nothing_active_behind(store: Store) {
    let registry = store.open().await;
    let mut renewal_first = 0;
    for _ in 0..20 {
        let (person, name) = (PersonTag(random()), RegisteredName(random()));
        let old = issue(&registry, person, name).await;
        let renewal = invitation(person);
        registry.invite(&renewal, NOW).await.unwrap();
        let renewing = tokio::spawn({
            let registry = registry.clone();
            async move { submit(&registry, renewal.nonce, &application(name), NOW).await.unwrap().0 }
        });
        let revoked = registry.revoke_all(Holder::Tag(person), Reason::Lost, NOW).await.unwrap();
        let new = Handle(renewing.await.unwrap()[..16].try_into().unwrap());
        assert_eq!(revocation(&registry, &old).await.0, Status::Pending);
        let expected = if revoked == [new] {
            renewal_first += 1;
            Status::Pending
        } else {
            assert_eq!(revoked, [old]);
            Status::Active
        };
        assert_eq!(revocation(&registry, &new).await.0, expected);
    }
    println!("the renewal came first {renewal_first} times of 20");
}
