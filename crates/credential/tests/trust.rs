//! Profiles, trust lists and shipped schemas: their files against the published JSON Schemas and against each other.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use jsonschema::{Registry, Validator};
use milchglas_credential::cbor::{from_bytes, to_bytes};
use milchglas_credential::claim::ClaimType;
use milchglas_credential::date::Date;
use milchglas_credential::digest::VerifierKey;
use milchglas_credential::error::Error;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::profile::{Beyond, Extra, Profile};
use milchglas_credential::request::{CredentialAsk, SigningKey, VerifierIdentity};
use milchglas_credential::schema::{SHIPPED, Schema};
use milchglas_credential::text::Label;
use milchglas_credential::trust_list::{Content, MAX_TRUST_LIST, Regard, TrustList};
use serde_json::{Value, json};

const REQUEST_SCHEMA: &str = include_str!("../../../spec/request.schema.json");
const SCHEMA_SCHEMA: &str = include_str!("../../../spec/schema.schema.json");
const PROFILE_SCHEMA: &str = include_str!("../../../spec/profile.schema.json");
const TRUST_LIST_SCHEMA: &str = include_str!("../../../spec/trust-list.schema.json");
const GUIDE: &str = include_str!("../../../spec/writing-a-schema.md");
const STATEMENT_GUIDE: &str = include_str!("../../../spec/adding-a-statement.md");
const EXACTLY: &str = include_str!("../../statements/src/exactly.rs");
const COMPILE: &str = include_str!("../src/compile.rs");

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn with_validator(text: &str, check: impl FnOnce(&Validator)) {
    let schema = parse(text);
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let registry = Registry::new()
        .add("json-schema:///request.schema.json", parse(REQUEST_SCHEMA))
        .unwrap()
        .add("json-schema:///profile.schema.json", parse(PROFILE_SCHEMA))
        .unwrap();
    let registry = registry.prepare().unwrap();
    check(&jsonschema::draft202012::options().with_registry(&registry).build(&schema).unwrap());
}

fn examples(text: &str) -> Vec<Value> {
    parse(text)["examples"].as_array().unwrap().clone()
}

fn change(document: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = document.clone();
    *changed.pointer_mut(pointer).expect("the pointer leads somewhere") = value;
    changed
}

fn as_of() -> Date {
    "2026-11-23".parse().unwrap()
}

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

fn ask(disclose: &[&str], prove: &[Value]) -> CredentialAsk {
    CredentialAsk {
        name: label("card"),
        accept: Vec::new(),
        schemas: Vec::new(),
        disclose: disclose.iter().map(|name| name.parse().unwrap()).collect(),
        prove: prove.iter().map(|predicate| serde_json::from_value(predicate.clone()).unwrap()).collect(),
        not_revoked: Vec::new(),
        pseudonym: None,
        rate: None,
        encrypt_to: None,
    }
}

fn library() -> Profile {
    Profile::from_json(&examples(PROFILE_SCHEMA)[1].to_string()).unwrap()
}

fn content() -> Content {
    Content::from_json(&examples(TRUST_LIST_SCHEMA)[0].to_string()).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn signed() -> TrustList {
    TrustList::sign(content(), &key()).unwrap()
}

#[test]
fn reads_the_shipped_profiles_and_the_examples() {
    let shipped = Profile::all_shipped().unwrap();
    let ids: Vec<&str> = shipped.iter().map(|profile| profile.id.as_str()).collect();
    assert_eq!(ids, ["purchase", "cafe", "hotel", "train", "bank", "company", "phone", "visa"]);
    for profile in &shipped {
        assert_eq!(Profile::shipped(&profile.id).unwrap().as_ref(), Some(profile));
    }
    with_validator(PROFILE_SCHEMA, |profiles| {
        let written = shipped.iter().map(|profile| parse(&profile.to_json().unwrap()));
        for file in examples(PROFILE_SCHEMA).into_iter().chain(written) {
            assert!(profiles.is_valid(&file), "{file}");
            let profile = Profile::from_json(&file.to_string()).unwrap();
            assert_eq!(Profile::from_json(&profile.to_json().unwrap()).unwrap(), profile);
            let bytes = to_bytes(&profile);
            assert_eq!(from_bytes::<Profile>(&bytes, 1 << 16).unwrap(), profile);
            for cut in 0..bytes.len() {
                assert!(from_bytes::<Profile>(&bytes[..cut], 1 << 16).is_err());
            }
            assert!(from_bytes::<Profile>(&[&bytes[..], &[0]].concat(), 1 << 16).is_err());
        }
    });
    assert_eq!(Profile::shipped(&label("cafe")).unwrap().unwrap().title, "internet café");
    assert_eq!(Profile::shipped(&label("casino")).unwrap(), None);
}

#[test]
fn names_in_shipped_profiles_what_the_shipped_schemas_have() {
    for profile in Profile::all_shipped().unwrap() {
        for rule in &profile.permit {
            for id in &rule.schemas {
                let schema = Schema::shipped(id.as_str()).unwrap().expect("a shipped schema");
                for name in &rule.disclose {
                    assert!(schema.index_of(name.as_str()).is_some(), "{}: {id}.{name}", profile.id);
                }
                for permission in &rule.prove {
                    let claim = permission.claim.as_ref();
                    let body = match (
                        permission.predicate.as_str(),
                        &permission.years,
                        &permission.days,
                        &permission.values,
                    ) {
                        ("valid", None, None, None) => json!("valid"),
                        (name, Some(years), None, None) => json!({name: {"claim": claim, "years": years[0]}}),
                        (name, None, Some(_), None) => json!({name: {"claim": claim, "date": as_of()}}),
                        (name, None, None, Some(values)) => json!({name: {"claim": claim, "value": values[0]}}),
                        (name, ..) => unreachable!("{name}"),
                    };
                    let predicate: Predicate = serde_json::from_value(body.clone()).unwrap();
                    predicate.resolve(&schema, as_of()).unwrap_or_else(|error| unreachable!("{id} {body}: {error}"));
                    let asked = CredentialAsk { prove: vec![predicate], ..ask(&[], &[]) };
                    assert_eq!(profile.permits(&asked, id, as_of()), Ok(()), "{} {body}", profile.id);
                }
            }
        }
    }
}

#[test]
fn permits_what_is_listed_within_its_limits() {
    let profile = library();
    let card = label("library-card");
    let day = |days: i64| {
        let day = u32::try_from(i64::from(as_of().days().0) + days).unwrap();
        Date::from_days(milchglas_credential::date::Days(day)).unwrap()
    };
    for permitted in [
        json!({"age_at_least": {"claim": "born", "years": 12}}),
        json!({"age_at_least": {"claim": "born", "years": 18}}),
        json!({"on_or_before": {"claim": "born", "date": day(-6940)}}),
        json!({"on_or_before": {"claim": "born", "date": day(0)}}),
        json!({"at_least": {"claim": "balance", "value": 0}}),
        json!({"equals": {"claim": "branch", "value": "north"}}),
    ] {
        assert_eq!(profile.permits(&ask(&[], std::slice::from_ref(&permitted)), &card, as_of()), Ok(()), "{permitted}");
        let beyond = profile.permits(&ask(&[], &[permitted]), &label("national-id"), as_of());
        assert!(matches!(beyond, Err(Beyond::Proof(..))));
    }
    for beyond in [
        json!("valid"),
        json!({"age_at_least": {"claim": "born", "years": 17}}),
        json!({"age_at_least": {"claim": "name", "years": 12}}),
        json!({"age_under": {"claim": "born", "years": 12}}),
        json!({"on_or_after": {"claim": "born", "date": day(0)}}),
        json!({"on_or_before": {"claim": "born", "date": day(-6941)}}),
        json!({"on_or_before": {"claim": "born", "date": day(1)}}),
        json!({"at_least": {"claim": "balance", "value": 1}}),
        json!({"at_most": {"claim": "balance", "value": 0}}),
        json!({"between": {"claim": "balance", "min": 0, "max": 1}}),
        json!({"equals": {"claim": "branch", "value": "south"}}),
        json!({"equals": {"claim": "branch", "value": 0}}),
    ] {
        let found = profile.permits(&ask(&[], std::slice::from_ref(&beyond)), &card, as_of());
        assert!(matches!(found, Err(Beyond::Proof(..))), "{beyond}: {found:?}");
    }
    assert_eq!(profile.permits(&ask(&["name", "reservation.0", "reservation.2"], &[]), &card, as_of()), Ok(()));
    for claim in ["born", "names", "name2", "reservations.1", "branch.0"] {
        let beyond = profile.permits(&ask(&["name", claim], &[]), &card, as_of());
        assert_eq!(beyond, Err(Beyond::Disclosure(claim.parse().unwrap())));
    }
    let nothing = Profile::shipped(&label("purchase")).unwrap().unwrap();
    assert_eq!(nothing.permits(&ask(&[], &[]), &card, as_of()), Err(Beyond::Credential(card.clone())));
    for (extra, permitted) in
        [(Extra::Pseudonym, true), (Extra::Rate, false), (Extra::EncryptTo, false), (Extra::Document, false)]
    {
        let expected = if permitted { Ok(()) } else { Err(Beyond::Extra(extra)) };
        assert_eq!(profile.permits_extra(extra), expected);
        assert_eq!(nothing.permits_extra(extra), Err(Beyond::Extra(extra)));
    }
}

#[test]
fn permits_nothing_by_a_limit_of_another_kind_or_an_unknown_predicate() {
    let permission = |prove: Value| {
        let file = json!({"milchglas": "profile/1", "id": "a", "title": "a", "permit": [{"schemas": ["card"], "prove": [prove]}]});
        Profile::from_json(&file.to_string()).unwrap()
    };
    let adult = ask(&[], &[json!({"age_at_least": {"claim": "born", "years": 18}})]);
    let card = label("card");
    let named = |limits: Value| {
        let mut prove = json!({"predicate": "age_at_least", "claim": "born"});
        prove.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        permission(prove)
    };
    assert_eq!(named(json!({})).permits(&adult, &card, as_of()), Ok(()));
    for limits in [
        json!({"days": [-65536, 65536]}),
        json!({"values": [18]}),
        json!({"years": [18], "days": [-65536, 65536]}),
        json!({"years": [18], "values": [18]}),
    ] {
        assert!(named(limits.clone()).permits(&adult, &card, as_of()).is_err(), "{limits}");
    }
    let future = permission(json!({"predicate": "of_the_future", "claim": "born"}));
    assert!(future.permits(&adult, &card, as_of()).is_err());
    let valid = ask(&[], &[json!("valid")]);
    assert_eq!(permission(json!({"predicate": "valid"})).permits(&valid, &card, as_of()), Ok(()));
    assert!(permission(json!({"predicate": "valid", "claim": "born"})).permits(&valid, &card, as_of()).is_err());
}

#[test]
fn rejects_broken_profiles_in_both_readers() {
    let example = examples(PROFILE_SCHEMA)[1].clone();
    with_validator(PROFILE_SCHEMA, |profiles| {
        for (pointer, value) in [
            ("/milchglas", json!("profile/2")),
            ("/id", json!("Library")),
            ("/title", json!("")),
            ("/title", json!("x".repeat(65))),
            ("/permit", json!({})),
            ("/permit/0/schemas", json!([])),
            ("/permit/0/disclose", json!(["name", "name"])),
            ("/permit/0/disclose", json!(["Name"])),
            ("/permit/0/prove/0", json!({"claim": "born"})),
            ("/permit/0/prove/0/years", json!([])),
            ("/permit/0/prove/0/years", json!([0])),
            ("/permit/0/prove/0/years", json!([151])),
            ("/permit/0/prove/1/days", json!([0])),
            ("/permit/0/prove/1/days", json!([-65_537, 0])),
            ("/permit/0/prove/2/values", json!([])),
            ("/permit/0/prove/2/values", json!([4_294_967_296_u64])),
            ("/permit/0/prove/3/values", json!([""])),
            ("/pseudonym", json!("yes")),
        ] {
            let broken = change(&example, pointer, value.clone());
            assert!(!profiles.is_valid(&broken), "{pointer}: {value}");
            assert!(Profile::from_json(&broken.to_string()).is_err(), "{pointer}: {value}");
        }
    });
    for (pointer, value) in [
        ("/permit/0/prove/1/days", json!([1, 0])),
        ("/permit", json!([{"schemas": ["a"]}, {"schemas": ["b", "a"]}])),
        ("/title", json!("a\u{202e}b")),
    ] {
        assert!(Profile::from_json(&change(&example, pointer, value.clone()).to_string()).is_err(), "{value}");
    }
}

#[test]
fn signs_and_reads_a_trust_list() {
    let list = signed();
    let json = list.to_json().unwrap();
    with_validator(TRUST_LIST_SCHEMA, |lists| {
        assert!(lists.is_valid(&parse(&json)));
        for example in examples(TRUST_LIST_SCHEMA) {
            assert!(lists.is_valid(&example));
            let content = Content::from_json(&example.to_string()).unwrap();
            assert!(lists.is_valid(&parse(&content.to_json().unwrap())));
        }
    });
    let read = TrustList::from_json(&json).unwrap();
    assert_eq!(read, list);
    assert_eq!((read.digest(), read.fingerprint()), (list.digest(), list.fingerprint()));
    assert_eq!(read.content(), &content());

    let bytes = to_bytes(&list);
    assert_eq!(from_bytes::<TrustList>(&bytes, 2 * MAX_TRUST_LIST).unwrap(), list);
    assert!(from_bytes::<TrustList>(&[&bytes[..], &[0]].concat(), 2 * MAX_TRUST_LIST).is_err());
    for place in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1;
        assert!(from_bytes::<TrustList>(&flipped, 2 * MAX_TRUST_LIST).is_err(), "byte {place}");
    }
}

#[test]
fn rejects_a_trust_list_changed_after_signing() {
    let file = parse(&signed().to_json().unwrap());
    let other = hex::encode(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
    for (pointer, value) in [
        ("/name", json!("Glasstadu")),
        ("/sequence", json!(2)),
        ("/identity", json!(other)),
        ("/issuers", json!([])),
        ("/issuers/0/name", json!("City of Ice")),
        ("/issuers/0/fingerprint", json!("44".repeat(32))),
        ("/verifiers", json!([])),
        ("/verifiers/0/name", json!("Café Moster")),
        ("/verifiers/0/origin", json!("https://cafe.example:8443")),
        ("/verifiers/0/key", json!(other)),
        ("/verifiers/0/profiles", json!([])),
        ("/inspectors/0/name", json!("Court")),
        ("/inspectors/0/digest", json!("44".repeat(32))),
        ("/authorities", json!([])),
        ("/profiles/0/title", json!("internet bar")),
        ("/profiles/0/permit/0/prove", json!([{"predicate": "valid"}])),
        ("/profiles/0/permit/0/prove/0/years", json!([18, 19])),
        ("/profiles/0/rate", json!(true)),
    ] {
        let mut changed = file.clone();
        if pointer == "/profiles/0/rate" {
            changed["profiles"][0]["rate"] = value.clone();
        } else {
            changed = change(&file, pointer, value.clone());
        }
        assert_eq!(TrustList::from_json(&changed.to_string()).err(), Some(Error::Invalid), "{pointer}: {value}");
    }
    let mut signature: Vec<u8> = hex::decode(file["signature"].as_str().unwrap()).unwrap();
    signature[40] ^= 1;
    let changed = change(&file, "/signature", json!(hex::encode(signature)));
    assert_eq!(TrustList::from_json(&changed.to_string()).err(), Some(Error::Invalid));
}

#[test]
fn rejects_broken_trust_lists() {
    let example = examples(TRUST_LIST_SCHEMA)[0].clone();
    let doubled = |list: &str| Value::Array(vec![example[list][0].clone(), example[list][0].clone()]);
    for (pointer, value) in [
        ("/milchglas", json!("trust-list/1")),
        ("/name", json!("")),
        ("/name", json!("a\u{202e}b")),
        ("/sequence", json!(-1)),
        ("/sequence", json!(4_294_967_296_u64)),
        ("/issuers", doubled("issuers")),
        ("/issuers/0/name", json!(" x")),
        ("/verifiers", doubled("verifiers")),
        ("/verifiers/0/name", json!("x".repeat(65))),
        ("/verifiers/0/origin", json!("http://cafe.example")),
        ("/verifiers/0/key", json!("00".repeat(32))),
        ("/verifiers/0/profiles", json!(["bank"])),
        ("/verifiers/0/profiles", json!(["cafe", "cafe"])),
        ("/inspectors", doubled("inspectors")),
        ("/inspectors/0/key", json!(format!("c0{}", "00".repeat(47)))),
        ("/inspectors/0/key", json!("A8".repeat(48))),
        ("/authorities", doubled("authorities")),
        ("/profiles", doubled("profiles")),
        ("/profiles/0/title", json!("")),
        ("/profiles/0", json!({"id": "cafe", "title": "a", "permit": [], "more": 1})),
    ] {
        let broken = change(&example, pointer, value.clone());
        assert!(Content::from_json(&broken.to_string()).is_err(), "{pointer}: {value}");
    }
    let many: Vec<Value> =
        (0..257).map(|count| json!({"name": "Issuer", "fingerprint": format!("{count:064x}")})).collect();
    assert!(Content::from_json(&change(&example, "/issuers", Value::Array(many)).to_string()).is_err());
    assert!(TrustList::from_json(&" ".repeat(MAX_TRUST_LIST + 1)).is_err());
}

#[test]
fn knows_a_verifier_by_place_and_key_together() {
    let list = signed();
    let listed = &list.content().verifiers[0];
    let mut verifier = VerifierIdentity { name: "Anybody".to_owned(), origin: listed.origin.clone(), key: listed.key };
    assert_eq!(list.regard(&verifier), Regard::Listed(listed));
    verifier.key = VerifierKey(SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes());
    assert_eq!(list.regard(&verifier), Regard::Contradicted);
    verifier.origin = "https://cafe.example:8443".parse().unwrap();
    assert_eq!(list.regard(&verifier), Regard::Unlisted);
    verifier.key = listed.key;
    assert_eq!(list.regard(&verifier), Regard::Contradicted);
}

#[test]
fn reads_the_shipped_schemas_and_that_of_the_guide() {
    let guide = GUIDE.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let schemas = jsonschema::draft202012::new(&parse(SCHEMA_SCHEMA)).unwrap();
    for (id, json) in SHIPPED.into_iter().chain([("rail-pass", guide)]) {
        assert!(schemas.is_valid(&parse(json)), "{id}");
        let schema = Schema::from_json(json).unwrap();
        assert_eq!(schema.id().as_str(), id);
        assert!(schema.validity().is_some() && schema.assurance().is_some() && schema.number().is_some(), "{id}");
    }
    let shipped = |id: &str| Schema::shipped(id).unwrap().unwrap();
    assert_eq!(shipped("national-id"), Schema::national_id().unwrap());
    assert_eq!(Schema::shipped("shoe").unwrap(), None);
    // One person's claims can be compared across cards: same names, same types, same lists of codes.
    let claims = |id: &str| -> Vec<(String, ClaimType)> {
        let schema = shipped(id);
        schema.claims().iter().map(|claim| (claim.name.to_string(), claim.claim_type.clone())).collect()
    };
    for name in
        ["surname", "given_names", "date_of_birth", "sex", "nationality", "portrait", "assurance", "valid_until"]
    {
        let of = |id: &str| claims(id).into_iter().find(|(found, _)| found == name).unwrap();
        assert_eq!(of("national-id"), of("passport"));
    }
    let list_key = claims("passport").into_iter().find(|(name, _)| name == "list_key").unwrap().1;
    assert_eq!(list_key.integers(), Some(0..1 << 64));
}

#[test]
fn quotes_the_code_of_a_statement_as_it_is() {
    let blocks: Vec<&str> =
        STATEMENT_GUIDE.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [statement, registration @ ..] = &blocks[..] else { unreachable!("no code in the guide") };
    assert!(EXACTLY.contains(statement));
    assert_eq!(registration.len(), 2);
    for line in registration.iter().flat_map(|block| block.lines()) {
        assert!(COMPILE.lines().any(|found| found.trim() == line.trim()), "{line}");
    }
}
