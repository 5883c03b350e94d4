//! Requests that compare claims of several credentials, or hide in which of two ranges one lies.

use super::*;

const SAME_BIRTH: &str = r#"{"same_as": {"claim": "date_of_birth", "credential": "town", "other": "date_of_birth"}}"#;
const SAME_ADDRESS: &str = r#"{"same_as": {"claim": "address", "credential": "town", "other": "address"}}"#;

/// A wallet with cards of two issuers, born on these days.
fn with_cards(state_births: &[&str], town_births: &[&str]) -> (TempDir, Wallet, [Issuer; 2]) {
    let (dir, mut wallet) = folder();
    let issuers = ["State", "Town"].map(Issuer::new);
    for (issuer, births) in issuers.iter().zip([state_births, town_births]) {
        wallet.add_issuer(&issuer.json(), None, &mut OsRng).unwrap();
        for (nonce, born) in (1..).zip(births) {
            take_card(&mut wallet, issuer, nonce, &card_json(born, "2033-12"));
        }
    }
    (dir, wallet, issuers)
}

fn both(issuers: &[Issuer; 2], predicate: &str) -> Ask {
    let [state, town] = issuers;
    Ask::All(vec![named("state", state.ask(&[], &[predicate])), named("town", town.ask(&[], &[]))])
}

#[test]
fn picks_the_credentials_that_agree() {
    // Ten cards each, of which the oldest of one and a middle one of the other agree.
    let births: Vec<String> = (0..10).map(|year| format!("{}-01-31", 1950 + year)).collect();
    let mut births: Vec<&str> = births.iter().map(String::as_str).collect();
    let state = births.clone();
    births.iter_mut().for_each(|born| *born = "1980-05-05");
    births[4] = state[0];
    let (_dir, mut wallet, issuers) = with_cards(&state, &births);
    let ask = both(&issuers, SAME_BIRTH);
    let request = Request::new(fields(1, ask.clone())).unwrap();
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    assert_eq!(consent.choices().len(), 1);
    let learned = consent.choices()[0].learned();
    let sentence = "That its date of birth is the same as “date_of_birth” of the credential “town”.";
    assert!(lines(&learned).contains(&sentence), "{:?}", lines(&learned));
    let bytes = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let parameters = issuers.each_ref().map(|issuer| &issuer.parameters);
    Presentation::from_bytes(&bytes).unwrap().verify(&request, &parameters, &mut OsRng).unwrap();
}

#[test]
fn says_that_no_credentials_agree() {
    let (_dir, wallet, issuers) = with_cards(&["1990-01-31", "1990-02-01"], &["1990-02-02"]);
    let refusal = refused(wallet.review(&cafe(1, both(&issuers, SAME_BIRTH)), now(), &mut OsRng));
    assert!(matches!(refusal, Refusal::NotSatisfiable(_)));
    assert_eq!(
        lines(&refusal.explanation()),
        [
            "The request needs “date_of_birth” of the credential “state” to be the same as “date_of_birth” of the credential \
          “town”; none of your credentials agree in that."
        ]
    );
    // Two cards without an address do not agree in it.
    let refusal = refused(wallet.review(&cafe(2, both(&issuers, SAME_ADDRESS)), now(), &mut OsRng));
    assert_eq!(lines(&refusal.explanation()), ["Your national identity card has no address."]);
}

#[test]
fn takes_the_way_on_which_the_other_credential_is_shown() {
    let (_dir, wallet, issuers) = with_cards(&["1990-01-31"], &["1990-01-31"]);
    let [state, town] = &issuers;
    let first = named("state", state.ask(&[], &[SAME_BIRTH]));
    let town_or_nothing = Ask::Any(vec![named("none", state.ask(&[], &[])), named("town", town.ask(&[], &[]))]);
    let consent = wallet.review(&cafe(1, Ask::All(vec![first.clone(), town_or_nothing])), now(), &mut OsRng).unwrap();
    let ways: Vec<_> = consent.choices().iter().map(|choice| choice.credentials()[1].name.to_string()).collect();
    assert_eq!(ways, ["town"]);
    // Never shown together, of another type, or unknown: refused, not an error.
    let apart = Ask::Any(vec![first.clone(), named("town", town.ask(&[], &[]))]);
    assert_eq!(wallet.review(&cafe(2, apart), now(), &mut OsRng).unwrap().choices().len(), 1);
    for other in ["surname", "nowhere"] {
        let unlike = SAME_BIRTH.replace(r#""other": "date_of_birth""#, &format!(r#""other": "{other}""#));
        let refusal = refused(wallet.review(&cafe(3, both(&issuers, &unlike)), now(), &mut OsRng));
        assert!(matches!(refusal, Refusal::NotSatisfiable(_)), "{other}");
    }
}

#[test]
fn says_which_ranges_it_hides_between() {
    const REDUCED: &str =
        r#"{"any_hidden": {"claim": "date_of_birth", "of": [{"age_under": 26}, {"age_at_least": 60}]}}"#;
    for (born, entitled) in [("2000-11-24", true), ("2000-11-23", false), ("1966-11-24", false), ("1966-11-23", true)] {
        let (_dir, mut wallet, [issuer, _]) = with_cards(&[born], &[]);
        let ask = Ask::Credential(issuer.ask(&[], &[REDUCED]));
        let request = Request::new(fields(1, ask.clone())).unwrap();
        let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng);
        let sentence = "date of birth is after 2000-11-23 (under 26 years old on 2026-11-23), or is on or before 1966-11-23 (at \
                        least 60 years old on 2026-11-23); which of the two stays hidden";
        if !entitled {
            let expected = format!("Your date of birth is {born}; the request needs that {sentence}.");
            assert_eq!(lines(&refused(consent).explanation()), [expected]);
            continue;
        }
        let consent = consent.unwrap();
        assert_eq!(lines(&consent.choices()[0].learned())[1], format!("That its {sentence}."));
        let bytes = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
        let presentation = Presentation::from_bytes(&bytes).unwrap();
        let verified = presentation.verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
        assert_eq!(verified.credentials()[0].proved(), [sentence]);
    }
}

/// The history keeps the sentences; a long list of values must not make it unreadable.
#[test]
fn opens_again_after_answering_the_longest_list() {
    let (dir, mut wallet, issuer) = with_card();
    let values: Vec<String> = (0..15).map(|n| format!("{n:02}{}", "'".repeat(1000))).collect();
    let values = serde_json::to_string(&values).unwrap().replace('\'', "\\\"");
    let not_in = format!(r#"{{"not_in": {{"claim": "surname", "values": {values}}}}}"#);
    let ask = Ask::Credential(issuer.ask(&[], &[&not_in]));
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    drop(wallet);
    let wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert!(wallet.history().iter().any(|entry| entry.learned.iter().any(|line| line.len() > 40_000)));
}
