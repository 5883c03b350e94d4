//! The rules of inviting and issuing.

use std::collections::{HashMap, HashSet};

use super::*;

on_each_database!(
    issues_what_was_invited_and_finds_it,
    answers_the_same_application_with_the_same_bytes,
    stores_a_group_whole_or_not_at_all,
    forgets_the_persons_of_a_group_that_comes_too_late,
    rejects_another_application_to_an_answered_invitation,
    rejects_an_unknown_invitation,
    accepts_an_application_in_the_last_second,
    rejects_an_expired_invitation_for_ever,
    lapses_exactly_the_expired,
    rejects_a_retired_name,
    upgrades_from_light_to_full,
    rejects_invitations_that_repeat_a_nonce_or_have_expired,
    rejects_the_name_of_another_person,
    rejects_a_second_name_for_a_person,
    renews_under_the_same_name_with_a_new_handle,
    leaves_no_trace_of_an_abandoned_issuance,
    rejects_an_oversize_payload,
    redraws_a_handle_that_exists_and_gives_up_on_a_broken_generator,
    one_hundred_parallel_submissions_issue_once,
    two_persons_racing_for_one_name_get_it_once,
    reads_while_an_issuance_is_open,
);

async fn issues_what_was_invited_and_finds_it(store: Store) {
    let registry = store.open().await;
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
        cohort: Cohort(0),
        status: Status::Active,
        revocation: None,
    };
    let found = registry.by_inspector_point(&answer.inspector_point).await;
    assert_eq!(found.unwrap().as_ref(), Some(&expected));
    let record = registry.person(&person).await.unwrap().unwrap();
    assert_eq!(record.name, Some(application.name));
    assert_eq!(record.credentials, [expected]);

    let stranger = InspectorPoint(random());
    assert_eq!(registry.by_inspector_point(&stranger).await.unwrap(), None);
    assert_eq!(registry.person(&PersonTag(random())).await.unwrap(), None);
}

async fn answers_the_same_application_with_the_same_bytes(store: Store) {
    let registry = store.open().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let application = application(RegisteredName(random()));
    let (first, issued) = submit(&registry, invitation.nonce, &application, NOW).await.unwrap();
    assert!(issued);

    // Also after the invitation's end, and in another process's place.
    registry.close().await;
    let registry = store.open().await;
    for now in [NOW, EXPIRES, UnixSeconds(u64::MAX)] {
        registry.lapse(now).await.unwrap();
        let again = submit(&registry, invitation.nonce, &application, now).await;
        assert_eq!(again.unwrap(), (first.clone(), false));
    }
    assert_eq!(registry.counts().await.unwrap().active, 1);
}

async fn stores_a_group_whole_or_not_at_all(store: Store) {
    let registry = store.open().await;
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

async fn forgets_the_persons_of_a_group_that_comes_too_late(store: Store) {
    let registry = store.open().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let handle = Handle(random());
    let application = application(RegisteredName(random()));
    let late = Prepared { nonce: invitation.nonce, application, handle, answer: answer(handle) };
    let answers = registry.answer_all(vec![late], EXPIRES).await.unwrap();
    assert_eq!(answers, [Err(Refusal::InvitationExpired)]);
    assert_eq!(registry.counts().await.unwrap().open_invitations, 0);
}

async fn rejects_another_application_to_an_answered_invitation(store: Store) {
    let registry = store.open().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let name = RegisteredName(random());
    submit(&registry, invitation.nonce, &application(name), NOW).await.unwrap();
    let second = submit(&registry, invitation.nonce, &application(name), NOW).await;
    assert_eq!(refusal(second), Refusal::AnsweredToAnother);
}

async fn rejects_an_unknown_invitation(store: Store) {
    let registry = store.open().await;
    let result = submit(&registry, InvitationNonce(random()), &application(RegisteredName(random())), NOW).await;
    assert_eq!(refusal(result), Refusal::UnknownInvitation);
}

async fn accepts_an_application_in_the_last_second(store: Store) {
    let registry = store.open().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let last = UnixSeconds(EXPIRES.0 - 1);
    let application = application(RegisteredName(random()));
    let result = submit(&registry, invitation.nonce, &application, last).await;
    assert!(result.unwrap().1);
}

async fn rejects_invitations_that_repeat_a_nonce_or_have_expired(store: Store) {
    let registry = store.open().await;
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

async fn rejects_the_name_of_another_person(store: Store) {
    let registry = store.open().await;
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

async fn rejects_a_second_name_for_a_person(store: Store) {
    let registry = store.open().await;
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
    assert_eq!((record.name, record.credentials.len()), (Some(name), 1));
}

async fn renews_under_the_same_name_with_a_new_handle(store: Store) {
    let registry = store.open().await;
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
    assert_eq!((counts.persons, counts.active, counts.pending, counts.revoked), (1, 2, 1, 0));
}

async fn leaves_no_trace_of_an_abandoned_issuance(store: Store) {
    let registry = store.open().await;
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

async fn rejects_an_oversize_payload(store: Store) {
    let registry = store.open().await;
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

async fn redraws_a_handle_that_exists_and_gives_up_on_a_broken_generator(store: Store) {
    let registry = store.open().await;
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

async fn one_hundred_parallel_submissions_issue_once(store: Store) {
    let registry = store.open().await;
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

async fn two_persons_racing_for_one_name_get_it_once(store: Store) {
    let registry = store.open().await;
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

async fn reads_while_an_issuance_is_open(store: Store) {
    let registry = store.open().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let application = application(RegisteredName(random()));
    let issuance = open(&registry, invitation.nonce, &application).await;
    assert_eq!(registry.counts().await.unwrap().open_invitations, 1);
    let answer = answer(issuance.handle());
    issuance.commit(answer).await.unwrap();
    assert_eq!(registry.counts().await.unwrap().open_invitations, 0);
}

async fn rejects_an_expired_invitation_for_ever(store: Store) {
    let registry = store.open().await;
    let invitation = invitation(PersonTag(random()));
    registry.invite(&invitation, NOW).await.unwrap();
    let application = application(RegisteredName(random()));
    // A clock that is set back does not bring it back.
    for now in [EXPIRES, NOW] {
        let late = submit(&registry, invitation.nonce, &application, now).await;
        assert_eq!(refusal(late), Refusal::InvitationExpired);
        assert_eq!(registry.counts().await.unwrap().open_invitations, 0);
    }
    assert_eq!(registry.person(&invitation.person).await.unwrap(), None);
}

async fn lapses_exactly_the_expired(store: Store) {
    let registry = store.open().await;
    let early = invitation(PersonTag(random()));
    let late = Invitation { expires: UnixSeconds(EXPIRES.0 + 1), ..invitation(PersonTag(random())) };
    registry.invite_all(&[early, late], NOW).await.unwrap();
    assert_eq!(registry.lapse(UnixSeconds(EXPIRES.0 - 1)).await.unwrap(), 0);
    assert_eq!(registry.lapse(EXPIRES).await.unwrap(), 1);
    assert_eq!(registry.counts().await.unwrap().open_invitations, 1);
}

async fn rejects_a_retired_name(store: Store) {
    let registry = store.open().await;
    let person = PersonTag(random());
    let (lost, new) = (RegisteredName(random()), RegisteredName(random()));
    enrol(&registry, person, lost).await;
    registry.retire_name(Holder::Tag(person), Reason::Lost, NOW).await.unwrap();
    assert_eq!(registry.person(&person).await.unwrap().unwrap().name, None);

    let stranger = invitation(PersonTag(random()));
    let own = invitation(person);
    registry.invite_all(&[stranger.clone(), own.clone()], NOW).await.unwrap();
    let result = submit(&registry, stranger.nonce, &application(lost), NOW).await;
    assert_eq!(refusal(result), Refusal::NameOfAnotherPerson);
    assert_eq!(registry.person(&stranger.person).await.unwrap(), None);
    let result = submit(&registry, own.nonce, &application(lost), NOW).await;
    assert_eq!(refusal(result), Refusal::NameRetired);

    let issuance = open(&registry, own.nonce, &application(new)).await;
    assert!(!issuance.is_renewal());
    let answer = answer(issuance.handle());
    issuance.commit(answer).await.unwrap();
    let record = registry.person(&person).await.unwrap().unwrap();
    assert_eq!(record.name, Some(new));
    let statuses: Vec<_> = record.credentials.iter().map(|credential| credential.status).collect();
    assert_eq!(statuses, [Status::Pending, Status::Active]);
}

async fn upgrades_from_light_to_full(store: Store) {
    let registry = store.open().await;
    let (person, name) = (PersonTag(random()), RegisteredName(random()));
    let mut handles = Vec::new();
    for assurance in [Assurance::Light, Assurance::Light, Assurance::Full, Assurance::Light] {
        let invitation = Invitation { assurance, ..invitation(person) };
        registry.invite(&invitation, NOW).await.unwrap();
        let (response, _) = submit(&registry, invitation.nonce, &application(name), NOW).await.unwrap();
        handles.push(Handle(response[..16].try_into().unwrap()));
    }
    let mut reasons = Vec::new();
    for handle in &handles {
        let credential = registry.credential(handle).await.unwrap().unwrap();
        assert_eq!(credential.status == Status::Active, credential.revocation.is_none());
        reasons.push(credential.revocation.map(|revocation| revocation.reason));
    }
    let expected = [Some(Reason::Superseded), Some(Reason::Upgraded), Some(Reason::Superseded), None];
    assert_eq!(reasons, expected);
    handles.pop();
    handles.sort_unstable_by_key(|handle| handle.0);
    assert_eq!(registry.pending(Cohort(0), 10).await.unwrap(), handles);
}
