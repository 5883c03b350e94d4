//! Templates: what can be asked, and what is refused at once.

use jsonschema::{Registry, Validator};
use milchglas_credential::digest::IssuerFingerprint;
use milchglas_credential::request::SignedRequest;
use milchglas_credential::schema::Schema;
use milchglas_tests::TestIssuer;
use milchglas_verifier::{Error, Template};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::scene::{Scene, later, now, template};

const REQUEST_SCHEMA: &str = include_str!("../../../../spec/request.schema.json");
const TEMPLATE_SCHEMA: &str = include_str!("../../../../spec/template.schema.json");

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn with_validator(check: impl FnOnce(&Validator)) {
    let schema = parse(TEMPLATE_SCHEMA);
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let registry = Registry::new().add("json-schema:///request.schema.json", parse(REQUEST_SCHEMA)).unwrap();
    let registry = registry.prepare().unwrap();
    check(&jsonschema::draft202012::options().with_registry(&registry).build(&schema).unwrap());
}

#[test]
fn accepts_the_shipped_template_and_the_examples() {
    with_validator(|templates| {
        let examples = parse(TEMPLATE_SCHEMA)["examples"].as_array().unwrap().clone();
        assert_eq!(examples.len(), 2);
        for example in examples.into_iter().chain([parse(Template::CAFE_JSON)]) {
            assert!(templates.is_valid(&example));
            let read = Template::from_json(&example.to_string()).unwrap();
            let written = read.to_json().unwrap();
            assert!(templates.is_valid(&parse(&written)));
            assert_eq!(Template::from_json(&written).unwrap(), read);
        }
    });
}

#[test]
fn rejects_broken_templates() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    with_validator(|templates| {
        for (pointer, value) in [
            ("/milchglas", json!("request/1")),
            ("/purpose", json!("")),
            ("/purpose", json!("x".repeat(201))),
            ("/profile", json!("Cafe")),
            ("/valid_for", json!(0)),
            ("/valid_for", json!(86_401)),
            ("/valid_for", json!(-1)),
            ("/valid_for", json!("300")),
            ("/ask", json!({"all": []})),
            ("/ask", json!({"some": []})),
            ("/ask/credential", json!({"name": "card", "schemas": ["national-id"], "accept": []})),
            ("/ask/credential/name", json!("Card")),
            ("/ask/credential/schemas", json!([])),
            ("/ask/credential/schemas", json!("national-id")),
            ("/ask/credential/prove", json!(["valid", "valid"])),
            ("/ask/credential/not_revoked", json!({})),
            ("/ask/credential/not_revoked", json!({"within": 16})),
            ("/ask/credential/not_revoked", json!({"within": -1})),
            ("/ask/credential/not_revoked", json!(1)),
            ("/ask/credential/prove/0", json!({"age_at_least": {"claim": "date_of_birth", "years": 0}})),
        ] {
            let mut broken = parse(Template::CAFE_JSON);
            *broken.pointer_mut(pointer).unwrap() = value.clone();
            assert!(!templates.is_valid(&broken), "{pointer}: {value}");
            let asked = Template::from_json(&broken.to_string())
                .and_then(|template| cafe.request(&template, now(), &mut OsRng));
            assert!(asked.is_err(), "{pointer}: {value}");
        }
    });
    let padded = format!("{}{}", " ".repeat(1 << 16), Template::CAFE_JSON);
    assert!(Template::from_json(&padded).is_err());
    let nested = format!("{}{}{}", r#"{"all":["#.repeat(50_000), "1", "]}".repeat(50_000));
    assert!(Template::from_json(&nested).is_err());
    let deep = format!("{}{}{}", r#"{"all":["#.repeat(20), "1", "]}".repeat(20));
    assert!(Template::from_json(&Template::CAFE_JSON.replace(r#"{"age"#, &deep)).is_err());
}

#[test]
fn fills_in_what_changes_each_time() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let mut template = Template::cafe().unwrap();
    let asked = cafe.request(&template, now(), &mut OsRng).unwrap();
    let authenticated = SignedRequest::verify(asked.bytes()).unwrap();
    assert_eq!(authenticated.request(), asked.request());
    assert_eq!(authenticated.verifier(), cafe.identity());
    let fields = asked.request().fields();
    assert_eq!((fields.issued, fields.expires, fields.as_of), (now(), later(300), now().date()));
    assert_eq!(
        (fields.purpose.as_str(), fields.profile.as_ref().unwrap().as_str()),
        (template.purpose.as_str(), "cafe")
    );
    let again = cafe.request(&template, now(), &mut OsRng).unwrap();
    assert_ne!(again.nonce(), asked.nonce());

    template.valid_for = 86_400;
    assert_eq!(cafe.request(&template, now(), &mut OsRng).unwrap().request().fields().expires, later(86_400));
    template.valid_for = 86_401;
    assert!(matches!(cafe.request(&template, now(), &mut OsRng), Err(Error::Input(_))));
}

#[test]
fn refuses_comparisons_that_no_wallet_could_answer() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let ask = |claim: &str, credential: &str, other: &str| {
        let same_as = json!({"same_as": {"claim": claim, "credential": credential, "other": other}});
        let card = json!({"credential": {"name": "card", "schemas": ["national-id"], "prove": [same_as],
            "not_revoked": {"within": 0}}});
        let second = json!({"credential": {"name": "second", "schemas": ["national-id"],
            "not_revoked": {"within": 15}}});
        let template = json!({"milchglas": "template/1", "purpose": "Compare", "ask": {"all": [card, second]}});
        cafe.request(&Template::from_json(&template.to_string()).unwrap(), now(), &mut OsRng)
    };
    assert!(ask("surname", "second", "surname").is_ok());
    assert!(ask("surname", "second", "given_names").is_ok());
    for (claim, other) in
        [("surname", "sex"), ("valid_from", "date_of_birth"), ("surname", "nobody"), ("nobody", "surname")]
    {
        assert!(matches!(ask(claim, "second", other), Err(Error::Unfit { .. })), "{claim}, {other}");
    }
    for credential in ["card", "third"] {
        assert!(ask("surname", credential, "surname").is_err(), "{credential}");
    }
}

#[test]
fn refuses_what_no_wallet_could_answer() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let refused = |template: &Template| cafe.request(template, now(), &mut OsRng).unwrap_err();
    for (disclose, prove) in [
        (&["shoe_size"][..], "[]"),
        (&[], r#"[{"age_at_least": {"claim": "shoe_size", "years": 18}}]"#),
        (&[], r#"[{"age_at_least": {"claim": "surname", "years": 18}}]"#),
        (&[], r#"[{"at_least": {"claim": "assurance", "value": 256}}]"#),
        (&[], r#"[{"equals": {"claim": "nationality", "value": "XX"}}]"#),
        (&[], r#"["valid", {"between": {"claim": "assurance", "min": 2, "max": 2}}]"#),
    ] {
        let error = refused(&template(disclose, prove));
        assert!(matches!(&error, Error::Unfit { schema, .. } if schema.as_str() == "national-id"), "{prove}: {error}");
    }

    let changed = |pointer: &str, value: Value| {
        let mut json = parse(Template::CAFE_JSON);
        json["ask"]["credential"][pointer] = value;
        Template::from_json(&json.to_string()).unwrap()
    };
    let stranger = IssuerFingerprint([1; 32]);
    assert_eq!(refused(&changed("issuers", json!([stranger]))), Error::UnknownIssuer(stranger));
    assert_eq!(
        refused(&changed("schemas", json!(["national-id", "rail-pass"]))),
        Error::UnknownSchema("rail-pass".parse().unwrap())
    );
    let own = scene.issuer.parameters.fingerprint();
    let mut foreign = changed("issuers", json!([own]));
    assert!(cafe.request(&foreign, now(), &mut OsRng).is_ok());
    if let milchglas_verifier::TemplateAsk::Credential(ask) = &mut foreign.ask {
        ask.schemas = vec!["rail-pass".parse().unwrap()];
    }
    assert_eq!(refused(&foreign), Error::NoSuchCredential(own));
    assert!(matches!(refused(&changed("issuers", json!([]))), Error::UnknownSchema(_)));
    assert!(matches!(refused(&changed("issuers", json!([own, own]))), Error::Input(_)));
}

/// Two issuers may give one id to different schemas; what is asked must fit both.
#[test]
fn accepts_all_trusted_issuers_and_checks_all_their_schemas() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let other: Value = {
        let mut json = parse(&scene.schema.to_json().unwrap());
        json["claims"].as_array_mut().unwrap().retain(|claim| claim["name"] != "address");
        json
    };
    let other = Schema::from_json(&other.to_string()).unwrap();
    let library = r#"{"milchglas": "schema/1", "id": "library", "title": "library card",
        "claims": [{"name": "branch", "title": "branch", "type": "text"}]}"#;
    let library = Schema::from_json(library).unwrap();
    for (seed, schema) in [("neighbour", &other), ("library", &library)] {
        let issuer = TestIssuer::new(seed, vec![schema.clone()]).unwrap();
        cafe.trust(&issuer.parameters.to_json().unwrap(), None).unwrap();
    }
    let asked = cafe.request(&template(&["surname"], "[]"), now(), &mut OsRng).unwrap();
    let [ask] = asked.request().ask().credentials()[..] else { panic!("one credential") };
    // The library issues no such card.
    assert_eq!(ask.accept.len(), 2);
    assert!(ask.accept.is_sorted_by_key(|accept| accept.issuer));
    let mut digests = [scene.schema.digest(), other.digest()];
    digests.sort_unstable();
    let mut found: Vec<_> = ask.schemas.iter().map(|schema| schema.digest).collect();
    found.sort_unstable();
    assert_eq!(found, digests);
    cafe.check(&answer(&scene, &asked), now(), &mut OsRng).unwrap();

    // The neighbour's cards have no address.
    let error = cafe.request(&template(&["address"], "[]"), now(), &mut OsRng).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error}");
}

/// Answers with the scene's card, wherever its issuer and schema stand in the lists.
fn answer(scene: &Scene, asked: &milchglas_verifier::Asked) -> Vec<u8> {
    let request = asked.request();
    let ask = request.ask().credentials()[0];
    let accept = ask.accept.iter().position(|accept| accept.issuer == scene.issuer.parameters.fingerprint()).unwrap();
    let schema = ask.schemas.iter().position(|schema| schema.digest == scene.schema.digest()).unwrap();
    let mut selection = milchglas_tests::only_selection(1);
    selection.shown[0].accept = accept.try_into().unwrap();
    selection.shown[0].schema = schema.try_into().unwrap();
    scene.present(request, selection, &scene.issuer.parameters)
}
