//! Sets and lists: pinned once, checked before, refused where they could mark the holder.

use milchglas_credential::claim::Literal;
use milchglas_credential::list::PublishedList;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::set::{PublishedSet, SetContent, SetRef, SignedSet};

use super::*;

const CARD: &str = r#"{
    "milchglas": "schema/1", "id": "card", "title": "list card",
    "claims": [
        {"name": "country", "title": "country", "type": "code", "codes": ["AT", "CH", "DE", "LI"]},
        {"name": "list_key", "title": "list key", "type": "integer", "bits": 64}
    ]}"#;

fn issuer() -> Issuer {
    let regular = Issuer::new("State");
    let schema = Schema::from_json(CARD).unwrap();
    let parameters = publish("State", 1, &regular.identity, &regular.secrets, &[Date::MAX], &regular.digits, &schema);
    Issuer { schema, parameters, ..regular }
}

/// A wallet with a card of Switzerland and the list key 20.
fn with_list_card() -> (TempDir, Wallet, Issuer) {
    let (dir, mut wallet) = folder();
    let issuer = issuer();
    wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
    take_card(&mut wallet, &issuer, 1, r#"{"country": "CH", "list_key": "20"}"#);
    (dir, wallet, issuer)
}

fn authority() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn set_key() -> SetSecretKey {
    SetSecretKey::from_bytes(&[5; 32]).unwrap()
}

fn set(issuer: &Issuer, sequence: u32, values: &[&str]) -> PublishedSet {
    let claim_type = issuer.schema.claims()[0].claim_type.clone();
    let values = values.iter().map(|value| Value::Code((*value).to_owned())).collect();
    let content =
        SetContent { name: "small".parse().unwrap(), title: "Small countries".into(), sequence, claim_type, values };
    PublishedSet::sign(content, &set_key(), &authority()).unwrap()
}

fn list(epoch: u32, entries: &[u64]) -> PublishedList {
    PublishedList::sign("stolen".parse().unwrap(), epoch, entries.to_vec(), &set_key(), &authority()).unwrap()
}

fn proving(issuer: &Issuer, nonce: u8, predicate: Predicate) -> Vec<u8> {
    let ask = CredentialAsk { prove: vec![predicate], ..issuer.ask(&[], &[]) };
    cafe(nonce, Ask::Credential(ask))
}

fn is_in(set: SetRef) -> Predicate {
    Predicate::In { claim: "country".parse().unwrap(), set }
}

fn not_on(list: &PublishedList) -> Predicate {
    Predicate::NotInList { claim: "list_key".parse().unwrap(), list: list.reference().clone() }
}

fn signed_set(issuer: &Issuer, values: &[&str]) -> SignedSet {
    let values = values.iter().map(|value| Literal::Text((*value).to_owned())).collect();
    SignedSet::sign(values, &issuer.schema.claims()[0].claim_type, &mut OsRng).unwrap()
}

fn answers<S: Store>(wallet: &mut Wallet<S>, issuer: &Issuer, request: &[u8]) {
    let consent = wallet.review(request, now(), &mut OsRng).unwrap();
    let asked = consent.request().clone();
    let answer = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    Presentation::from_bytes(&answer).unwrap().verify(&asked, &[&issuer.parameters], &mut OsRng).unwrap();
}

fn explained(result: Result<Consent, Error>) -> String {
    lines(&refused(result).explanation()).join(" ")
}

#[test]
fn answers_about_sets_and_lists_that_it_has_also_after_it_was_closed() {
    let (dir, mut wallet, issuer) = with_list_card();
    let (set, list) = (set(&issuer, 1, &["CH", "LI"]), list(3, &[10, 30]));
    let [in_set, off_list] = [(1, is_in(set.reference())), (2, not_on(&list))].map(|(n, p)| proving(&issuer, n, p));
    for (request, what) in
        [(&in_set, "a set that this wallet does not have"), (&off_list, "a list that this wallet does not have")]
    {
        assert!(explained(wallet.review(request, now(), &mut OsRng)).contains(what));
    }
    let added = wallet.add_set(&set.to_json().unwrap(), Some(set.authority()), &mut OsRng).unwrap();
    assert_eq!((added.len, added.before, added.publication.number), (2, Before::Nothing, 1));
    let added = wallet.add_list(list.to_bytes().to_vec(), None, &mut OsRng).unwrap();
    assert_eq!((added.len, added.before, added.publication.number), (2, Before::Nothing, 3));
    assert_eq!(wallet.add_list(list.to_bytes().to_vec(), None, &mut OsRng).unwrap().before, Before::Same);
    answers(&mut wallet, &issuer, &in_set);
    drop(wallet);
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert_eq!(wallet.publications().len(), 2);
    answers(&mut wallet, &issuer, &off_list);
    // Answers can be made ready for such requests too.
    assert_eq!(wallet.prepare(now(), &mut OsRng), Ok(4));
    answers(&mut wallet, &issuer, &proving(&issuer, 3, not_on(&list)));
}

#[test]
fn says_what_is_missing() {
    let (_dir, mut wallet, issuer) = with_list_card();
    let (set, list) = (set(&issuer, 1, &["AT", "LI"]), list(3, &[10, 20]));
    wallet.add_set(&set.to_json().unwrap(), None, &mut OsRng).unwrap();
    wallet.add_list(list.to_bytes().to_vec(), None, &mut OsRng).unwrap();
    let signed = SetRef::Signed(signed_set(&issuer, &["AT", "LI"]));
    for (nonce, predicate, said) in [
        (1, is_in(set.reference()), "Your country is CH, which is not in the set “small”."),
        (2, is_in(signed), "Your country is CH, which is not among the values that the request permits."),
        (
            3,
            not_on(&list),
            "Your list key is 20, which is on the list “stolen”. If it is not meant for you, ask who publishes the list.",
        ),
    ] {
        assert_eq!(explained(wallet.review(&proving(&issuer, nonce, predicate), now(), &mut OsRng)), said);
    }
    // A request that calls a known set by another name, or another authority's.
    let SetRef::Published(named) = set.reference() else { panic!("a published set") };
    let mut other = named.clone();
    other.name = "large".parse().unwrap();
    let said = explained(wallet.review(&proving(&issuer, 4, is_in(SetRef::Published(other))), now(), &mut OsRng));
    assert!(said.contains("does not have, “large”"), "{said}");
    // Also where the holder would be in it: the person would consent to another name.
    let known = super::publications::set(&issuer, 2, &["CH", "LI"]);
    wallet.add_set(&known.to_json().unwrap(), None, &mut OsRng).unwrap();
    let SetRef::Published(named) = known.reference() else { panic!("a published set") };
    let mut other = named.clone();
    other.name = "large".parse().unwrap();
    let mut foreign = named;
    foreign.authority.0[0] ^= 1;
    for (nonce, other) in [(5, other), (6, foreign)] {
        let request = proving(&issuer, nonce, is_in(SetRef::Published(other)));
        assert!(explained(wallet.review(&request, now(), &mut OsRng)).contains("does not have"));
    }
    answers(&mut wallet, &issuer, &proving(&issuer, 7, is_in(known.reference())));
}

#[test]
fn warns_of_a_set_of_one_value_and_shows_all_values() {
    let (_dir, mut wallet, issuer) = with_list_card();
    let one = proving(&issuer, 1, is_in(SetRef::Signed(signed_set(&issuer, &["CH"]))));
    let consent = wallet.review(&one, now(), &mut OsRng).unwrap();
    let warned = |consent: &Consent| consent.choices()[0].warnings.clone();
    assert_eq!(warned(&consent), [Warning::TellsValue { title: "country".to_owned() }]);
    let two = proving(&issuer, 2, is_in(SetRef::Signed(signed_set(&issuer, &["CH", "LI"]))));
    let consent = wallet.review(&two, now(), &mut OsRng).unwrap();
    assert_eq!(warned(&consent), []);
    let learned = consent.choices()[0].learned();
    assert!(lines(&learned).contains(&"That its country is one of “CH”, “LI”."), "{:?}", lines(&learned));
    answers(&mut wallet, &issuer, &two);
}

#[test]
fn refuses_a_signed_set_with_a_bad_signature_whichever_it_is() {
    let (_dir, wallet, issuer) = with_list_card();
    let honest = signed_set(&issuer, &["AT", "CH", "LI"]);
    for bad in 0..3 {
        let mut set = honest.clone();
        set.signatures[bad] = honest.signatures[(bad + 1) % 3];
        let request = proving(&issuer, 1, is_in(SetRef::Signed(set)));
        assert!(explained(wallet.review(&request, now(), &mut OsRng)).contains("not signed as it must be"), "{bad}");
    }
    assert!(wallet.history().is_empty());
}

#[test]
fn a_bad_set_closes_its_branch_to_every_card_of_the_kind_and_no_other() {
    for values in [&["AT", "LI"][..], &["CH", "LI"]] {
        let (_dir, mut wallet, issuer) = with_list_card();
        let good = signed_set(&issuer, values);
        let mut bad = good.clone();
        bad.signatures.swap(0, 1);
        let ask = |name: &str, prove: Vec<Predicate>| {
            Ask::Credential(CredentialAsk { name: name.parse().unwrap(), prove, ..issuer.ask(&[], &[]) })
        };
        let in_bad = || is_in(SetRef::Signed(bad.clone()));
        // The reason is the same for a holder who is in the set and for one who is not, and the other branch stays open to both.
        let alone = cafe(1, ask("bad", vec![in_bad()]));
        assert!(
            explained(wallet.review(&alone, now(), &mut OsRng)).ends_with("Whether you answer could tell who you are.")
        );
        let either = cafe(2, Ask::Any(vec![ask("bad", vec![in_bad()]), ask("other", vec![])]));
        let consent = wallet.review(&either, now(), &mut OsRng).unwrap();
        assert_eq!(consent.choices().len(), 1);
        answers(&mut wallet, &issuer, &either);
        // Neither is a good set taken for a bad one with the same key and values, nor the reverse.
        for both in [vec![is_in(SetRef::Signed(good.clone())), in_bad()], vec![in_bad(), is_in(SetRef::Signed(good))]] {
            let request = cafe(3, ask("both", both));
            assert!(explained(wallet.review(&request, now(), &mut OsRng)).contains("not signed as it must be"));
        }
    }
}

#[test]
fn answers_about_two_signed_sets_at_once() {
    let (_dir, mut wallet, issuer) = with_list_card();
    let sets = [signed_set(&issuer, &["CH", "DE"]), signed_set(&issuer, &["AT", "CH"])];
    let numbers = ["20", "1000"].map(|number| Literal::Text(number.to_owned())).to_vec();
    let numbers = SignedSet::sign(numbers, &issuer.schema.claims()[1].claim_type, &mut OsRng).unwrap();
    let mut prove: Vec<Predicate> = sets.into_iter().map(|set| is_in(SetRef::Signed(set))).collect();
    prove.push(Predicate::In { claim: "list_key".parse().unwrap(), set: SetRef::Signed(numbers) });
    let request = cafe(1, Ask::Credential(CredentialAsk { prove, ..issuer.ask(&[], &[]) }));
    answers(&mut wallet, &issuer, &request);
}

#[test]
fn refuses_publications_that_are_altered_of_somebody_else_older_or_made_for_one_holder() {
    let (_dir, mut wallet, issuer) = with_list_card();
    let second = set(&issuer, 2, &["CH", "LI"]);
    wallet.add_set(&second.to_json().unwrap(), None, &mut OsRng).unwrap();
    let altered = second.to_json().unwrap().replace("Small", "Large");
    assert_eq!(refused(wallet.add_set(&altered, None, &mut OsRng)), Refusal::BadSet);
    let other = set(&issuer, 2, &["CH", "AT"]).to_json().unwrap();
    assert_eq!(refused(wallet.add_set(&other, None, &mut OsRng)), Refusal::SetMadeForOneHolder { number: 2 });
    let older = set(&issuer, 1, &["CH", "AT"]).to_json().unwrap();
    assert_eq!(refused(wallet.add_set(&older, None, &mut OsRng)), Refusal::OlderSet { number: 1, latest: 2 });
    let mut somebody = second.authority();
    somebody.0[0] ^= 1;
    let next = set(&issuer, 3, &["CH"]).to_json().unwrap();
    let found = second.authority();
    assert_eq!(refused(wallet.add_set(&next, Some(somebody), &mut OsRng)), Refusal::OtherAuthority { found });
    assert_eq!(wallet.publications().len(), 1);

    let mut file = list(1, &[10]).to_bytes().to_vec();
    *file.last_mut().unwrap() ^= 1;
    assert_eq!(refused(wallet.add_list(file, None, &mut OsRng)), Refusal::BadSet);
    assert!(matches!(wallet.add_list(b"milchglas list/1".to_vec(), None, &mut OsRng), Err(Error::Input(_))));
}

#[test]
fn keeps_the_two_newest_epochs_and_their_files() {
    let (dir, mut wallet, issuer) = with_list_card();
    let epochs = [1, 2, 5].map(|epoch| list(epoch, &[u64::from(epoch)]));
    for list in &epochs {
        wallet.add_list(list.to_bytes().to_vec(), None, &mut OsRng).unwrap();
    }
    let numbers: Vec<u32> = wallet.publications().iter().map(|known| known.number).collect();
    assert_eq!(numbers, [2, 5]);
    assert_eq!(fs::read_dir(place(&dir).join("published")).unwrap().count(), 2);
    assert!(
        explained(wallet.review(&proving(&issuer, 1, not_on(&epochs[0])), now(), &mut OsRng)).contains("does not have")
    );
    answers(&mut wallet, &issuer, &proving(&issuer, 2, not_on(&epochs[1])));
    answers(&mut wallet, &issuer, &proving(&issuer, 3, not_on(&epochs[2])));
}

#[test]
fn notices_that_a_pinned_file_was_changed_or_is_gone() {
    let (dir, mut wallet, issuer) = with_list_card();
    let list = list(1, &[10]);
    wallet.add_list(list.to_bytes().to_vec(), None, &mut OsRng).unwrap();
    let file = fs::read_dir(place(&dir).join("published")).unwrap().next().unwrap().unwrap().path();
    drop(wallet);
    // Two signatures exchanged: proving with them would fail, or not, by the holder's number.
    let mut bytes = list.to_bytes().to_vec();
    let end = bytes.len() - 96;
    bytes[end..].rotate_left(48);
    fs::write(&file, bytes).unwrap();
    let request = proving(&issuer, 1, not_on(&list));
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert!(
        matches!(wallet.review(&request, now(), &mut OsRng), Err(Error::PublicationLost(digest)) if digest == list.digest().0)
    );
    fs::remove_file(&file).unwrap();
    assert!(matches!(wallet.review(&request, now(), &mut OsRng), Err(Error::PublicationLost(_))));
    wallet.review(&cafe(2, Ask::Credential(issuer.ask(&["country"], &[]))), now(), &mut OsRng).unwrap();
    assert_eq!(wallet.add_list(list.to_bytes().to_vec(), None, &mut OsRng).unwrap().before, Before::Same);
    answers(&mut wallet, &issuer, &request);
}
