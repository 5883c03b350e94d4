//! `not_equals`, `not_in`, `any_hidden` and `same_as`, from a request to a verified presentation: what holds is accepted, what does not
//! hold is refused when proving, and what was changed after proving is refused when verifying.

#[path = "second_verifier/mod.rs"]
#[allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "as in its own suite")]
mod second;

use std::sync::OnceLock;

use milchglas_credential::claim::{Claims, Literal, Value};
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HolderSecret, Holdings};
use milchglas_credential::date::Date;
use milchglas_credential::error::Error;
use milchglas_credential::interval::Interval;
use milchglas_credential::number::Number;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::{Precomputed, Presentation};
use milchglas_credential::request::{Ask, CredentialAsk, Request};
use milchglas_credential::schema::Schema;
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_credential::set::Published;
use milchglas_tests::{SeededRng, TestIssuer, holder, only_selection, present, request, today};
use proptest::prelude::*;

const CARD: &str = r#"{"milchglas": "schema/1", "id": "club-card", "title": "club card", "claims": [
    {"name": "name", "title": "name", "type": "text"},
    {"name": "nick", "title": "nickname", "type": "text", "optional": true},
    {"name": "level", "title": "level", "type": "integer", "bits": 8, "signed": true},
    {"name": "points", "title": "points", "type": "integer", "bits": 16, "optional": true},
    {"name": "balance", "title": "balance", "type": "integer", "bits": 64, "signed": true},
    {"name": "born", "title": "date of birth", "type": "date"},
    {"name": "branch", "title": "branch", "type": "code", "codes": ["north", "south", "west"]},
    {"name": "member", "title": "membership", "type": "boolean"},
    {"name": "photo", "title": "photograph", "type": "digest", "optional": true},
    {"name": "ends", "title": "last month", "type": "month"}]}"#;

/// The same person elsewhere: other names for claims, other types under the same names.
const PASS: &str = r#"{"milchglas": "schema/1", "id": "pass", "title": "pass", "claims": [
    {"name": "score", "title": "score", "type": "integer", "bits": 16, "optional": true},
    {"name": "owner", "title": "owner", "type": "text"},
    {"name": "alias", "title": "alias", "type": "text", "optional": true},
    {"name": "birth", "title": "date of birth", "type": "date", "optional": true},
    {"name": "level", "title": "level", "type": "integer", "bits": 8},
    {"name": "wide", "title": "wide", "type": "integer", "bits": 32, "signed": true},
    {"name": "branch", "title": "branch", "type": "code", "codes": ["south", "north", "west"]},
    {"name": "site", "title": "site", "type": "code", "codes": ["north", "south", "west"]}]}"#;

struct World {
    card: Schema,
    pass: Schema,
    club: TestIssuer,
    town: TestIssuer,
    /// What the second verifier trusts.
    known: [second::parameters::Parameters; 2],
    k: HolderSecret,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let [card, pass] = [CARD, PASS].map(|json| Schema::from_json(json).unwrap());
        let [club, town] =
            ["club", "town"].map(|name| TestIssuer::new(name, vec![card.clone(), pass.clone()]).unwrap());
        let known = [&club, &town]
            .map(|issuer| second::parameters::Parameters::from_json(&issuer.parameters.to_json().unwrap()).unwrap());
        World { card, pass, club, town, known, k: holder("erika").unwrap() }
    })
}

fn parameters() -> [&'static Parameters; 2] {
    [&world().club.parameters, &world().town.parameters]
}

/// The verdict of the first verifier, after the second one has come to the same.
fn verify(presentation: &Presentation, request: &Request) -> Result<(), Error> {
    let verdict = presentation.verify(request, &parameters(), &mut SeededRng::new("weights"));
    let second = second::verify(&presentation.to_bytes(), request.to_bytes(), &world().known.each_ref());
    assert_eq!(verdict.is_ok(), second.is_ok(), "{:?}, {:?}", verdict.err(), second.err());
    verdict.map(|_| ())
}

fn card(json: &str) -> Credential {
    let claims = Claims::from_json(&world().card, json).unwrap();
    world().club.issue(&world().card, &world().k, claims, &mut SeededRng::new(json)).unwrap()
}

fn pass(json: &str) -> Credential {
    let claims = Claims::from_json(&world().pass, json).unwrap();
    world().town.issue(&world().pass, &world().k, claims, &mut SeededRng::new(json)).unwrap()
}

const FULL: &str = r#"{"name": "Erika", "nick": "E", "level": -1, "points": 3, "balance": "-1", "born": "2000-02-29",
    "branch": "south", "member": true, "photo": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "ends": "2027-06"}"#;
const BARE: &str = r#"{"name": "Erika", "level": 0, "balance": "0", "born": "1990-01-31", "branch": "north", "member": false, "ends": "2027-06"}"#;

fn ask_card(disclose: &[&str], prove: &[&str]) -> CredentialAsk {
    let prove = prove.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
    world().club.ask("card", &world().card, disclose, prove).unwrap()
}

fn ask_pass(disclose: &[&str], prove: &[&str]) -> CredentialAsk {
    let prove = prove.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
    world().town.ask("pass", &world().pass, disclose, prove).unwrap()
}

/// Proves and verifies; what a dishonest wallet could do is tested elsewhere, so both must agree.
fn answer(ask: Ask, as_of: Date, credentials: &[&Credential]) -> Result<Presentation, Error> {
    let request = request("predicates", as_of, ask)?;
    let plan = compile(&request, only_selection(credentials.len()), &parameters())?;
    let claims: Vec<&Claims> = credentials.iter().map(|credential| credential.claims()).collect();
    let satisfied = plan.satisfied(&claims, &Published::default())?.iter().flatten().all(|holds| *holds);
    let mut rng = SeededRng::new("answer");
    let presentation = Presentation::create(&plan, &Holdings::new(&world().k, credentials), b"", &mut rng);
    assert_eq!(presentation.is_ok(), satisfied, "what the wallet is told is what can be proven");
    let presentation = presentation?;
    let presentation = Presentation::from_bytes(&presentation.to_bytes())?;
    verify(&presentation, &request).unwrap();
    Ok(presentation)
}

/// Whether a predicate about one card is accepted: the claim hidden, and the claim disclosed.
fn accepted(credential: &Credential, claim: &str, predicate: &str, as_of: Date) -> bool {
    let [hidden, disclosed] = [&[][..], &[claim]].map(|disclose| {
        match answer(Ask::Credential(ask_card(disclose, &[predicate])), as_of, &[credential]) {
            Ok(_) => true,
            Err(Error::Unsatisfied | Error::Invalid) => false,
            Err(other) => panic!("{predicate}: {other:?}"),
        }
    });
    assert_eq!(hidden, disclosed, "{predicate}");
    hidden
}

#[test]
fn other_values_pass_and_listed_ones_and_absence_do_not() {
    let (full, bare) = (card(FULL), card(BARE));
    let photo = format!("\"{}\"", "5a".repeat(32));
    let other_photo = format!("\"{}\"", "5b".repeat(32));
    for (claim, own, others) in [
        ("name", "\"Erika\"", ["\"Hans\"", "\"erika\""]),
        ("nick", "\"E\"", ["\"e\"", "\"F\""]),
        ("level", "-1", ["0", "1"]),
        ("points", "3", ["0", "65535"]),
        ("balance", "\"-1\"", ["\"9223372036854775807\"", "\"0\""]),
        ("born", "\"2000-02-29\"", ["\"2000-03-01\"", "\"0001-01-01\""]),
        ("branch", "\"south\"", ["\"north\"", "\"west\""]),
        ("member", "true", ["false", "false"]),
        ("photo", &photo, [&other_photo, &other_photo]),
    ] {
        let not_equals = |value: &str| format!(r#"{{"not_equals": {{"claim": "{claim}", "value": {value}}}}}"#);
        let not_in =
            |values: &[&str]| format!(r#"{{"not_in": {{"claim": "{claim}", "values": [{}]}}}}"#, values.join(", "));
        assert!(!accepted(&full, claim, &not_equals(own), today()));
        for other in others {
            assert!(accepted(&full, claim, &not_equals(other), today()), "{claim}");
            assert!(!accepted(&full, claim, &not_in(&[own, other]), today()));
            assert!(!accepted(&full, claim, &not_in(&[other, own]), today()));
        }
        let [one, two] = others;
        if one != two {
            assert!(accepted(&full, claim, &not_in(&[one, two]), today()));
        }
        // An absent claim is not "another value".
        let optional = ["nick", "points", "photo"].contains(&claim);
        assert_eq!(accepted(&bare, claim, &not_equals(own), today()), !optional && claim != "name", "{claim}");
    }
}

#[test]
fn excludes_sixteen_values_and_absence_at_once() {
    let values: Vec<String> = (0..16).map(|n| n.to_string()).collect();
    let not_in = format!(r#"{{"not_in": {{"claim": "points", "values": [{}]}}}}"#, values.join(", "));
    for (points, passes) in [("15", false), ("16", true), ("0", false), ("65535", true)] {
        let credential = card(&FULL.replace("\"points\": 3", &format!("\"points\": {points}")));
        assert_eq!(accepted(&credential, "points", &not_in, today()), passes, "{points}");
    }
    assert!(!accepted(&card(BARE), "points", &not_in, today()));
}

#[test]
fn either_range_passes_and_their_bounds_are_exact() {
    let of = |claim: &str, of: &str| format!(r#"{{"any_hidden": {{"claim": "{claim}", "of": {of}}}}}"#);
    let born = |day: &str| card(&FULL.replace("2000-02-29", day));
    let reduced = of("born", r#"[{"age_under": 26}, {"age_at_least": 60}]"#);
    for (day, passes) in [
        ("2000-11-24", true),
        ("2000-11-23", false),
        ("1990-01-31", false),
        ("1966-11-24", false),
        ("1966-11-23", true),
        ("1900-01-01", true),
        // The windows end after 65,536 days.
        ("1787-06-19", true),
        ("1787-06-18", false),
        ("2026-11-24", true),
        ("9999-12-31", false),
    ] {
        assert_eq!(accepted(&born(day), "born", &reduced, today()), passes, "{day}");
    }
    // Born on 29 February: 18 on 1 March, not on 28 February.
    let grown = of("born", r#"[{"age_at_least": 18}, {"on_or_after": "2020-01-01"}]"#);
    let leap = born("2008-02-29");
    for (as_of, passes) in [("2026-02-28", false), ("2026-03-01", true)] {
        assert_eq!(accepted(&leap, "born", &grown, as_of.parse().unwrap()), passes, "{as_of}");
    }
    // Numbers: apart, touching, overlapping; negative ones are numbers, not r − 1.
    let level = |level: i32| card(&FULL.replace("\"level\": -1", &format!("\"level\": {level}")));
    for (ranges, passing) in [
        (r#"[{"between": {"min": -3, "max": -1}}, {"between": {"min": 2, "max": 4}}]"#, [-3, -2, 2, 3].as_slice()),
        (r#"[{"between": {"min": -3, "max": 0}}, {"between": {"min": 0, "max": 2}}]"#, &[-3, -2, -1, 0, 1]),
        (r#"[{"between": {"min": -3, "max": 2}}, {"between": {"min": -2, "max": 4}}]"#, &[-3, -2, -1, 0, 1, 2, 3]),
        (r#"[{"at_most": -2}, {"at_least": 3}]"#, &[-5, -4, -3, -2, 3, 4]),
        (r#"[{"at_least": 3}, {"between": {"min": -1, "max": 0}}]"#, &[-1, 3, 4]),
        (r#"[{"at_least": 0}, {"at_least": 3}]"#, &[0, 1, 2, 3, 4]),
    ] {
        let predicate = of("level", ranges);
        for value in -5..5 {
            let passes = accepted(&level(value), "level", &predicate, today());
            assert_eq!(passes, passing.contains(&value), "{value} in {ranges}");
        }
    }
    // 64 bits, to the last value; and an absent claim lies in neither.
    let wide = of("balance", r#"[{"at_least": "9223372036854775807"}, {"at_most": "-9223372036854775808"}]"#);
    for (value, passes) in
        [("9223372036854775807", true), ("9223372036854775806", false), ("-9223372036854775808", true), ("-1", false)]
    {
        let credential = card(&FULL.replace("\"balance\": \"-1\"", &format!("\"balance\": \"{value}\"")));
        assert_eq!(accepted(&credential, "balance", &wide, today()), passes, "{value}");
    }
    // Months: a day stands for its month.
    let ends = |month: &str| card(&FULL.replace("2027-06", month));
    for (predicate, passing) in [
        (r#"{"on_or_after": {"claim": "ends", "date": "2027-06-30"}}"#, ["2027-06", "2027-07", "2048-09"]),
        (r#"{"on_or_before": {"claim": "ends", "date": "2027-06-01"}}"#, ["2027-06", "2027-05", "2006-03"]),
    ] {
        for month in ["2027-05", "2027-06", "2027-07", "2048-09", "2048-10", "2006-03", "2006-02"] {
            assert_eq!(accepted(&ends(month), "ends", predicate, today()), passing.contains(&month), "{month}");
        }
    }
    let any = of("points", r#"[{"at_least": 0}, {"at_most": 65535}]"#);
    assert!(accepted(&card(FULL), "points", &any, today()));
    assert!(!accepted(&card(BARE), "points", &any, today()));
}

#[test]
fn the_answer_is_as_long_for_the_one_range_as_for_the_other() {
    let reduced = r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 60}]}}"#;
    let length = |day: &str| {
        let credential = card(&FULL.replace("2000-02-29", day));
        answer(Ask::Credential(ask_card(&[], &[reduced])), today(), &[&credential]).unwrap().to_bytes().len()
    };
    assert_eq!(length("2010-01-01"), length("1950-01-01"));
}

/// Both credentials, in both orders, every claim of the comparison hidden or disclosed.
fn compared(card: &Credential, claim: &str, pass: &Credential, other: &str) -> bool {
    let forth = format!(r#"{{"same_as": {{"claim": "{claim}", "credential": "pass", "other": "{other}"}}}}"#);
    let back = format!(r#"{{"same_as": {{"claim": "{other}", "credential": "card", "other": "{claim}"}}}}"#);
    let mut outcomes = Vec::new();
    for disclosed in 0..4 {
        let of_card: &[&str] = if disclosed & 1 == 1 { &[claim] } else { &[] };
        let of_pass: &[&str] = if disclosed & 2 == 2 { &[other] } else { &[] };
        for (card_proves, pass_proves) in [(&[forth.as_str()][..], &[][..]), (&[], &[back.as_str()])] {
            let card_ask = Ask::Credential(ask_card(of_card, card_proves));
            let pass_ask = Ask::Credential(ask_pass(of_pass, pass_proves));
            for (asks, credentials) in
                [(vec![card_ask.clone(), pass_ask.clone()], [card, pass]), (vec![pass_ask, card_ask], [pass, card])]
            {
                outcomes.push(match answer(Ask::All(asks), today(), &credentials) {
                    Ok(_) => true,
                    Err(Error::Unsatisfied | Error::Invalid) => false,
                    Err(other) => panic!("{claim}: {other:?}"),
                });
            }
        }
    }
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{claim}, {other}: {outcomes:?}");
    outcomes[0]
}

const THE_PASS: &str = r#"{"score": 3, "owner": "Erika", "alias": "E", "birth": "2000-02-29", "level": 1, "wide": -1,
    "branch": "south", "site": "south"}"#;
const BARE_PASS: &str = r#"{"owner": "Hans", "level": 0, "wide": 0, "branch": "north", "site": "west"}"#;

#[test]
fn same_as_holds_for_equal_values_and_never_for_absence() {
    let [full, bare] = [FULL, BARE].map(card);
    let [with, without] = [THE_PASS, BARE_PASS].map(pass);
    for (claim, other) in
        [("name", "owner"), ("nick", "alias"), ("points", "score"), ("born", "birth"), ("branch", "site")]
    {
        assert!(compared(&full, claim, &with, other), "{claim}");
        assert!(!compared(&full, claim, &without, other), "{claim}");
        assert_eq!(compared(&bare, claim, &with, other), claim == "name", "{claim}");
        // Both absent, where both may be.
        assert!(!compared(&bare, claim, &without, other), "{claim}");
    }
}

#[test]
fn same_as_refuses_what_can_not_be_compared() {
    let [full, with] = [card(FULL), pass(THE_PASS)];
    let same = |claim: &str, credential: &str, other: &str| {
        format!(r#"{{"same_as": {{"claim": "{claim}", "credential": "{credential}", "other": "{other}"}}}}"#)
    };
    let both = |predicate: &str| {
        Ask::All(vec![Ask::Credential(ask_card(&[], &[predicate])), Ask::Credential(ask_pass(&[], &[]))])
    };
    for (claim, other) in [
        ("level", "level"),   // signed and not
        ("points", "wide"),   // 16 and 32 bits
        ("branch", "branch"), // another list of codes
        ("name", "birth"),    // text and date
        ("nobody", "owner"),
        ("name", "nobody"),
        ("handle", "owner"),
        ("name", "handle"),
        ("name", "holder_secret"),
    ] {
        let refused = answer(both(&same(claim, "pass", other)), today(), &[&full, &with]);
        assert!(matches!(refused, Err(Error::Unfit { .. })), "{claim}, {other}: {refused:?}");
    }
    // A credential that the request does not have, and the credential itself: no request.
    for credential in ["nobody", "card"] {
        let refused = request("predicates", today(), both(&same("name", credential, "name")));
        assert!(matches!(refused, Err(Error::Decode(_))), "{credential}");
    }
    // One that is not on the way.
    let pass_or_card = Ask::Any(vec![
        Ask::Credential(ask_pass(&[], &[])),
        Ask::Credential(world().club.ask("second", &world().card, &[], vec![]).unwrap()),
    ]);
    let ask = Ask::All(vec![Ask::Credential(ask_card(&[], &[&same("name", "pass", "owner")])), pass_or_card]);
    let request = request("predicates", today(), ask).unwrap();
    let shown = vec![ShownAs { accept: 0, key: 0, schema: 0, back: 0 }; 2];
    for (branch, fits) in [(0, true), (1, false)] {
        let plan = compile(&request, Selection { branches: vec![branch], shown: shown.clone() }, &parameters());
        match plan {
            Ok(_) => assert!(fits),
            Err(error) => assert!(!fits && matches!(error, Error::Unfit { .. }), "{error:?}"),
        }
    }
}

/// Credentials of two holders: what they agree in does not make them one person's.
#[test]
fn same_as_does_not_join_two_holders() {
    let world = world();
    let hans = holder("hans").unwrap();
    let claims = Claims::from_json(&world.pass, THE_PASS).unwrap();
    let his = world.town.issue(&world.pass, &hans, claims, &mut SeededRng::new("his")).unwrap();
    let same = r#"{"same_as": {"claim": "name", "credential": "pass", "other": "owner"}}"#;
    let ask = Ask::All(vec![Ask::Credential(ask_card(&[], &[same])), Ask::Credential(ask_pass(&[], &[]))]);
    let request = request("predicates", today(), ask).unwrap();
    let hers = card(FULL);
    for k in [&world.k, &hans] {
        let mut rng = SeededRng::new("two");
        let outcome = present(&request, &parameters(), k, &[&hers, &his], &mut rng)
            .and_then(|presentation| presentation.verify(&request, &parameters(), &mut rng));
        assert!(outcome.is_err());
    }
}

/// A proof for one request is none for a request that differs in any part of a predicate, under the same nonce.
#[test]
fn rejects_predicates_edited_after_proving() {
    let [hers, with] = [card(FULL), pass(THE_PASS)];
    let all =
        |prove: &[&str]| Ask::All(vec![Ask::Credential(ask_card(&[], prove)), Ask::Credential(ask_pass(&[], &[]))]);
    let proofs = [
        (
            r#"{"not_equals": {"claim": "level", "value": 5}}"#,
            vec![
                r#"{"not_equals": {"claim": "level", "value": 6}}"#,
                r#"{"not_equals": {"claim": "points", "value": 5}}"#,
                r#"{"not_in": {"claim": "level", "values": [5, 6]}}"#,
            ],
        ),
        (
            r#"{"not_in": {"claim": "nick", "values": ["a", "b"]}}"#,
            vec![
                r#"{"not_in": {"claim": "nick", "values": ["b", "a"]}}"#,
                r#"{"not_in": {"claim": "nick", "values": ["a", "c"]}}"#,
                r#"{"not_in": {"claim": "nick", "values": ["a", "b", "c"]}}"#,
                r#"{"not_in": {"claim": "name", "values": ["a", "b"]}}"#,
            ],
        ),
        (
            r#"{"any_hidden": {"claim": "points", "of": [{"between": {"min": 1, "max": 5}}, {"at_least": 100}]}}"#,
            vec![
                r#"{"any_hidden": {"claim": "points", "of": [{"at_least": 100}, {"between": {"min": 1, "max": 5}}]}}"#,
                r#"{"any_hidden": {"claim": "points", "of": [{"between": {"min": 1, "max": 4}}, {"at_least": 100}]}}"#,
                r#"{"any_hidden": {"claim": "points", "of": [{"between": {"min": 1, "max": 5}}, {"at_least": 101}]}}"#,
                r#"{"between": {"claim": "points", "min": 1, "max": 5}}"#,
            ],
        ),
        (
            r#"{"same_as": {"claim": "nick", "credential": "pass", "other": "alias"}}"#,
            vec![
                r#"{"same_as": {"claim": "nick", "credential": "pass", "other": "owner"}}"#,
                r#"{"same_as": {"claim": "name", "credential": "pass", "other": "alias"}}"#,
                r#"{"same_as": {"claim": "name", "credential": "pass", "other": "owner"}}"#,
            ],
        ),
    ];
    for (asked, edits) in proofs {
        let presentation = answer(all(&[asked]), today(), &[&hers, &with]).unwrap();
        let check = |ask: Ask| verify(&presentation, &request("predicates", today(), ask).unwrap());
        check(all(&[asked])).unwrap();
        for edit in edits {
            assert!(check(all(&[edit])).is_err(), "{asked} as {edit}");
        }
        assert!(check(all(&[])).is_err(), "{asked} left out");
        assert!(check(all(&[asked, r#"{"at_least": {"claim": "points", "value": 0}}"#])).is_err());
    }
}

#[test]
fn rejects_every_flipped_bit_of_such_proofs() {
    let [hers, with] = [card(FULL), pass(THE_PASS)];
    let ask = Ask::All(vec![
        Ask::Credential(ask_card(
            &[],
            &[
                r#"{"not_equals": {"claim": "points", "value": 5}}"#,
                r#"{"any_hidden": {"claim": "level", "of": [{"at_most": -1}, {"at_least": 1}]}}"#,
                r#"{"same_as": {"claim": "nick", "credential": "pass", "other": "alias"}}"#,
            ],
        )),
        Ask::Credential(ask_pass(&[], &[])),
    ]);
    let presentation = answer(ask.clone(), today(), &[&hers, &with]).unwrap();
    let request = request("predicates", today(), ask).unwrap();
    let bytes = presentation.to_bytes();
    let check =
        |bytes: &[u8]| Presentation::from_bytes(bytes)?.verify(&request, &parameters(), &mut SeededRng::new("weights"));
    check(&bytes).unwrap();
    for byte in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[byte] ^= 1 << (byte % 8);
        assert!(check(&bad).is_err(), "byte {byte}");
    }
    for len in (0..bytes.len()).step_by(7) {
        assert!(check(&bytes[..len]).is_err());
    }
    assert!(check(&[&bytes[..], &[0]].concat()).is_err());
}

/// Disclosed values that take part in a comparison, changed after proving.
#[test]
fn rejects_a_disclosed_side_changed_after_proving() {
    let [hers, with] = [card(FULL), pass(THE_PASS)];
    let same = r#"{"same_as": {"claim": "nick", "credential": "pass", "other": "alias"}}"#;
    let ask = Ask::All(vec![Ask::Credential(ask_card(&["nick"], &[same])), Ask::Credential(ask_pass(&[], &[]))]);
    let presentation = answer(ask.clone(), today(), &[&hers, &with]).unwrap();
    let request = request("predicates", today(), ask).unwrap();
    // [0, "E"] as a value of the text type.
    let bytes = presentation.to_bytes();
    let value = [0x82, 0x00, 0x61, b'E'];
    let at = bytes.windows(4).position(|window| window == value).unwrap();
    let mut other = bytes.clone();
    other[at + 3] = b'F';
    let mut absent = bytes.clone();
    absent.splice(at..at + 4, [0xf6]);
    for bad in [other, absent] {
        let bad = Presentation::from_bytes(&bad).unwrap();
        assert!(bad.verify(&request, &parameters(), &mut SeededRng::new("weights")).is_err());
    }
}

#[test]
fn precomputed_answers_prove_them_too() {
    let [hers, with] = [card(FULL), pass(THE_PASS)];
    let prove = [
        r#"{"not_in": {"claim": "nick", "values": ["a", "b"]}}"#,
        r#"{"any_hidden": {"claim": "born", "of": [{"age_under": 27}, {"age_at_least": 60}]}}"#,
        r#"{"same_as": {"claim": "born", "credential": "pass", "other": "birth"}}"#,
    ];
    let ask = Ask::All(vec![Ask::Credential(ask_card(&[], &prove)), Ask::Credential(ask_pass(&[], &[]))]);
    let [expected, real] = ["expected", "real"].map(|seed| request(seed, today(), ask.clone()).unwrap());
    let mut rng = SeededRng::new("precomputed");
    let holdings = [&hers, &with];
    let plan = compile(&expected, only_selection(2), &parameters()).unwrap();
    plan.prepare_for_proving(&world().k, &holdings).unwrap();
    let precomputed = Precomputed::create(&plan, &Holdings::new(&world().k, &holdings), b"1", &mut rng).unwrap();
    let answer = precomputed.answer(&compile(&real, only_selection(2), &parameters()).unwrap()).unwrap();
    answer.verify(&real, &parameters(), &mut rng).unwrap();
    assert!(answer.verify(&expected, &parameters(), &mut rng).is_err());
}

/// Two people's values, from a small world, so that they often agree.
#[derive(Clone, Debug)]
struct Person {
    name: &'static str,
    nick: Option<&'static str>,
    points: Option<u8>,
    level: i8,
    born: (u16, u8, u8),
}

fn person() -> impl Strategy<Value = Person> {
    let text = || prop_oneof![Just("a"), Just("b"), Just("c")];
    let day = (1960u16..2012, 1u8..=12, 1u8..=28);
    let day = prop_oneof![3 => day, 1 => Just((2008, 2, 29)), 1 => Just((2000, 11, 23))];
    (text(), prop::option::of(text()), prop::option::of(0u8..4), -3i8..4, day)
        .prop_map(|(name, nick, points, level, born)| Person { name, nick, points, level, born })
}

impl Person {
    fn card(&self, issuer: &TestIssuer, seed: &str) -> Credential {
        let (year, month, day) = self.born;
        let values = vec![
            Value::Text(self.name.to_owned()),
            self.nick.map_or(Value::Absent, |nick| Value::Text(nick.to_owned())),
            Value::Integer(i64::from(self.level).into()),
            self.points.map_or(Value::Absent, |points| Value::Integer(points.into())),
            Value::Integer(i64::from(self.level).into()),
            Value::Date(Date::from_ymd(year, month, day).unwrap()),
            Value::Code("north".to_owned()),
            Value::Boolean(true),
            Value::Absent,
            Value::Month(today().month()),
        ];
        let claims = Claims::new(&world().card, values).unwrap();
        issuer.issue(&world().card, &world().k, claims, &mut SeededRng::new(seed)).unwrap()
    }

    /// Full years on the day of the tests, as birthdays are counted.
    fn age(&self) -> u16 {
        let (year, month, day) = self.born;
        2026 - year - u16::from((11, 23) < (month, day))
    }
}

/// A predicate of the property test, with what it means said a second time.
#[derive(Clone, Debug)]
enum Asked {
    AgeAtLeast(u16),
    AgeUnder(u16),
    Level(i8, i8),
    LevelIs(i8),
    NickIsNot(&'static str),
    PointsAreNot(u8, u8),
    AgeUnderOrAtLeast(u16, u16),
    LevelBelowOrBetween(i8, i8, i8),
    SameName,
    SameNick,
    SamePoints,
    SameBirth,
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        (16u16..67).prop_map(Asked::AgeAtLeast),
        (16u16..67).prop_map(Asked::AgeUnder),
        (-5i8..3, 1i8..5).prop_map(|(lo, width)| Asked::Level(lo, lo + width)),
        (-3i8..4).prop_map(Asked::LevelIs),
        prop_oneof![Just("a"), Just("b"), Just("d")].prop_map(Asked::NickIsNot),
        (0u8..4, 1u8..4).prop_map(|(one, step)| Asked::PointsAreNot(one, one + step)),
        (16u16..40, 30u16..67).prop_map(|(young, old)| Asked::AgeUnderOrAtLeast(young, old)),
        (-4i8..4, -4i8..4, 1i8..4).prop_map(|(low, lo, width)| Asked::LevelBelowOrBetween(low, lo, lo + width)),
        Just(Asked::SameName),
        Just(Asked::SameNick),
        Just(Asked::SamePoints),
        Just(Asked::SameBirth),
    ]
}

impl Asked {
    fn predicate(&self) -> Predicate {
        let name = |claim: &str| claim.parse().unwrap();
        let number = |value: i8| Number::from(i64::from(value));
        let integer = |value: i8| Literal::Integer(number(value));
        let same =
            |claim| Predicate::SameAs { claim: name(claim), credential: "other".parse().unwrap(), other: name(claim) };
        match *self {
            Self::AgeAtLeast(years) => Predicate::AgeAtLeast { claim: name("born"), years },
            Self::AgeUnder(years) => Predicate::AgeUnder { claim: name("born"), years },
            Self::Level(min, max) => Predicate::Between { claim: name("level"), min: number(min), max: number(max) },
            Self::LevelIs(value) => Predicate::Equals { claim: name("level"), value: integer(value) },
            Self::NickIsNot(value) => {
                Predicate::NotEquals { claim: name("nick"), value: Literal::Text(value.to_owned()) }
            }
            Self::PointsAreNot(one, two) => Predicate::NotIn {
                claim: name("points"),
                values: [one, two].map(|value| Literal::Integer(value.into())).to_vec(),
            },
            Self::AgeUnderOrAtLeast(young, old) => {
                Predicate::AnyHidden { claim: name("born"), of: [Interval::AgeUnder(young), Interval::AgeAtLeast(old)] }
            }
            Self::LevelBelowOrBetween(low, min, max) => Predicate::AnyHidden {
                claim: name("level"),
                of: [Interval::AtMost(number(low)), Interval::Between { min: number(min), max: number(max) }],
            },
            Self::SameName => same("name"),
            Self::SameNick => same("nick"),
            Self::SamePoints => same("points"),
            Self::SameBirth => same("born"),
        }
    }

    fn holds(&self, person: &Person, other: &Person) -> bool {
        match *self {
            Self::AgeAtLeast(years) => person.age() >= years,
            Self::AgeUnder(years) => person.age() < years,
            Self::Level(min, max) => min <= person.level && person.level < max,
            Self::LevelIs(value) => person.level == value,
            Self::NickIsNot(value) => person.nick.is_some_and(|nick| nick != value),
            Self::PointsAreNot(one, two) => person.points.is_some_and(|points| points != one && points != two),
            Self::AgeUnderOrAtLeast(young, old) => person.age() < young || person.age() >= old,
            Self::LevelBelowOrBetween(low, min, max) => {
                person.level <= low || (min <= person.level && person.level < max)
            }
            Self::SameName => person.name == other.name,
            Self::SameNick => person.nick.is_some() && person.nick == other.nick,
            Self::SamePoints => person.points.is_some() && person.points == other.points,
            Self::SameBirth => person.born == other.born,
        }
    }
}

fn some_claims() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["name", "nick", "level", "points", "born"], 0..=3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn satisfiable_requests_are_answered_and_others_refused(
        people in prop::array::uniform2(person()),
        alike in any::<bool>(),
        asked in prop::collection::vec(asked(), 1..4),
        disclose in prop::array::uniform2(some_claims()),
        turned in any::<bool>(),
        // Whether only what holds is asked.
        kind in any::<bool>(),
    ) {
        let [one, mut other] = people;
        if alike {
            other = Person { level: other.level, ..one.clone() };
        }
        let mut predicates: Vec<Predicate> = Vec::new();
        let mut holds = true;
        for asked in &asked {
            let predicate = asked.predicate();
            let true_here = asked.holds(&one, &other);
            if predicate.check().is_ok() && !predicates.contains(&predicate) && (true_here || !kind) {
                holds &= true_here;
                predicates.push(predicate);
            }
        }
        let (first, second) = (one.card(&world().club, "first"), other.card(&world().town, "second"));
        let [of_first, of_second] = &disclose;
        let first_ask = Ask::Credential(world().club.ask("card", &world().card, of_first, predicates).unwrap());
        let second_ask = Ask::Credential(world().town.ask("other", &world().card, of_second, Vec::new()).unwrap());
        let (asks, credentials) =
            if turned { (vec![second_ask, first_ask], [&second, &first]) } else { (vec![first_ask, second_ask], [&first, &second]) };
        let outcome = answer(Ask::All(asks.clone()), today(), &credentials);
        prop_assert_eq!(outcome.is_ok(), holds, "{:?} {:?} {:?}: {:?}", asked, one, other, outcome);
        if let Ok(presentation) = outcome {
            let verify = |request: &Request| verify(&presentation, request);
            // Another nonce; another day with the same one; the credentials in another order.
            prop_assert!(verify(&request("other", today(), Ask::All(asks.clone())).unwrap()).is_err());
            let yesterday = Date::from_ymd(2026, 11, 22).unwrap();
            prop_assert!(verify(&request("predicates", yesterday, Ask::All(asks.clone())).unwrap()).is_err());
            let turned = asks.into_iter().rev().collect();
            prop_assert!(verify(&request("predicates", today(), Ask::All(turned)).unwrap()).is_err());
        }
    }
}
