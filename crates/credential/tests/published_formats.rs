//! The published JSON Schemas and vectors against this crate.
//!
//! The vectors of requests and claims were computed from `spec/` by a program that shares no code with this crate, so they show that
//! the formats are what the specification says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use jsonschema::Validator;
use milchglas_credential::cbor::{Reader, Writer};
use milchglas_credential::claim::Claims;
use milchglas_credential::request::{Request, SignedRequest, SigningKey};
use milchglas_credential::schema::{NATIONAL_ID_JSON, Schema};
use serde_json::{Value, json};

const REQUEST_SCHEMA: &str = include_str!("../../../spec/request.schema.json");
const SCHEMA_SCHEMA: &str = include_str!("../../../spec/schema.schema.json");
const REQUEST_VECTORS: &str = include_str!("../../../spec/vectors/requests.json");
const CLAIM_VECTORS: &str = include_str!("../../../spec/vectors/claims.json");

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn validator(text: &str) -> Validator {
    let schema = parse(text);
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn examples(text: &str) -> Vec<Value> {
    parse(text)["examples"].as_array().unwrap().clone()
}

fn change(document: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = document.clone();
    *changed.pointer_mut(pointer).expect("the pointer leads somewhere") = value;
    changed
}

#[test]
fn accepts_the_examples_and_the_shipped_schema() {
    let requests = validator(REQUEST_SCHEMA);
    for example in examples(REQUEST_SCHEMA) {
        assert!(requests.is_valid(&example));
        let request = Request::from_json(&example.to_string()).unwrap();
        assert!(requests.is_valid(&parse(&request.to_json().unwrap())));
    }
    let schemas = validator(SCHEMA_SCHEMA);
    for example in examples(SCHEMA_SCHEMA).into_iter().chain([parse(NATIONAL_ID_JSON)]) {
        assert!(schemas.is_valid(&example));
        let schema = Schema::from_json(&example.to_string()).unwrap();
        assert!(schemas.is_valid(&parse(&schema.to_json().unwrap())));
    }
}

#[test]
fn accepts_every_predicate_in_both_readers() {
    let requests = validator(REQUEST_SCHEMA);
    let mut example = examples(REQUEST_SCHEMA)[0].clone();
    let mut other = example["ask"].clone();
    *other.pointer_mut("/credential/name").unwrap() = json!("other");
    let prove = json!([
        {"not_equals": {"claim": "a", "value": "CH"}},
        {"not_in": {"claim": "a", "values": ["CH", true, -5]}},
        {"not_in": {"claim": "a", "values": (0..16).collect::<Vec<_>>()}},
        {"any_hidden": {"claim": "born", "of": [{"age_under": 26}, {"age_at_least": 60}]}},
        {"any_hidden": {"claim": "born", "of": [{"on_or_before": "2000-01-01"}, {"on_or_after": "2020-01-01"}]}},
        {"any_hidden": {"claim": "a", "of": [{"at_most": -7}, {"at_least": "18446744073709551615"}]}},
        {"any_hidden": {"claim": "a", "of": [{"between": {"min": 1, "max": 3}}, {"between": {"min": 3, "max": 5}}]}},
        {"same_as": {"claim": "a", "credential": "other", "other": "b.1"}},
    ]);
    *example.pointer_mut("/ask/credential/prove").unwrap() = prove.clone();
    example["ask"] = json!({"all": [example["ask"], other]});
    assert!(requests.is_valid(&example));
    let request = Request::from_json(&example.to_string()).unwrap();
    let written = parse(&request.to_json().unwrap());
    assert!(requests.is_valid(&written));
    assert_eq!(written.pointer("/ask/all/0/credential/prove").unwrap(), &prove);
    assert_eq!(Request::from_bytes(request.to_bytes()).unwrap(), request);
}

#[test]
fn reads_scopes_and_documents_alike_in_both_readers() {
    let requests = validator(REQUEST_SCHEMA);
    let mut example = examples(REQUEST_SCHEMA)[0].clone();
    example["document"] = json!({"title": "Contract", "sha256": "11".repeat(32)});
    example["ask"]["credential"]["pseudonym"] = json!({"scope": "customers"});
    example["ask"]["credential"]["rate"] = json!({"scope": "accounts", "epoch": "2026-11", "limit": 256});
    assert!(requests.is_valid(&example));
    let request = Request::from_json(&example.to_string()).unwrap();
    assert_eq!(Request::from_bytes(request.to_bytes()).unwrap(), request);
    assert!(requests.is_valid(&parse(&request.to_json().unwrap())));
    for (pointer, value) in [
        ("/document/title", json!("")),
        ("/document/title", json!("x".repeat(201))),
        ("/document/sha256", json!("11")),
        ("/document", json!({"title": "Contract"})),
        ("/ask/credential/pseudonym/scope", json!("Customers")),
        ("/ask/credential/pseudonym/scope", json!("customers-")),
        ("/ask/credential/pseudonym/scope", json!("x".repeat(65))),
        ("/ask/credential/pseudonym", json!({"scope": "customers", "epoch": "2026"})),
        ("/ask/credential/rate/limit", json!(0)),
        ("/ask/credential/rate/limit", json!(257)),
        ("/ask/credential/rate/epoch", json!("")),
        ("/ask/credential/rate", json!({"scope": "accounts", "limit": 3})),
    ] {
        let broken = change(&example, pointer, value.clone());
        assert!(!requests.is_valid(&broken), "{pointer}: {value}");
        assert!(Request::from_json(&broken.to_string()).is_err(), "{pointer}: {value}");
    }
}

#[test]
fn reads_accepted_epochs_alike_in_both_readers() {
    let requests = validator(REQUEST_SCHEMA);
    let mut example = examples(REQUEST_SCHEMA)[0].clone();
    let accepted = "/ask/credential/not_revoked/0";
    let accumulator = example.pointer(&format!("{accepted}/accumulators/0")).unwrap().clone();
    *example.pointer_mut(&format!("{accepted}/accumulators")).unwrap() = json!(vec![accumulator.clone(); 16]);
    assert!(requests.is_valid(&example));
    let request = Request::from_json(&example.to_string()).unwrap();
    assert_eq!(Request::from_bytes(request.to_bytes()).unwrap(), request);
    assert_eq!(parse(&request.to_json().unwrap()).pointer(accepted), example.pointer(accepted));
    for (pointer, value) in [
        ("/key", json!("33")),
        ("/key", json!(null)),
        ("/newest", json!(-1)),
        ("/newest", json!(1u64 << 32)),
        ("/newest", json!("4711")),
        ("/accumulators", json!([])),
        ("/accumulators", json!(vec![accumulator.clone(); 17])),
        ("/accumulators", json!(["97f1"])),
        ("/accumulators", json!([accumulator.as_str().unwrap().to_uppercase()])),
        ("", json!({"key": "33".repeat(32), "newest": 1, "accumulators": [accumulator], "within": 1})),
    ] {
        let broken = change(&example, &format!("{accepted}{pointer}"), value.clone());
        assert!(!requests.is_valid(&broken), "{pointer}: {value}");
        assert!(Request::from_json(&broken.to_string()).is_err(), "{pointer}: {value}");
    }
    // What a JSON Schema can not say: not more accumulators than there have been epochs, and each key once.
    let early = change(&example, &format!("{accepted}/newest"), json!(14));
    assert!(requests.is_valid(&early) && Request::from_json(&early.to_string()).is_err());
    let mut twice = example.clone();
    let mut again = example.pointer(accepted).unwrap().clone();
    again["newest"] = json!(99);
    twice.pointer_mut("/ask/credential/not_revoked").unwrap().as_array_mut().unwrap().push(again);
    assert!(requests.is_valid(&twice) && Request::from_json(&twice.to_string()).is_err());
}

#[test]
fn rejects_broken_requests_in_both_readers() {
    let requests = validator(REQUEST_SCHEMA);
    let example = &examples(REQUEST_SCHEMA)[0];
    for (pointer, value) in [
        ("/milchglas", json!("request/2")),
        ("/verifier/name", json!("")),
        ("/verifier/origin", json!("http://cafe.example")),
        ("/verifier/origin", json!("https://Cafe.example")),
        ("/verifier/origin", json!("https://cafe.example/path")),
        ("/verifier/key", json!("D75A")),
        ("/verifier", json!({})),
        ("/profile", json!("Cafe")),
        ("/purpose", json!("x".repeat(201))),
        ("/nonce", json!("00")),
        ("/issued", json!("2026-11-23 09:00")),
        ("/as_of", json!("23.11.2026")),
        ("/ask", json!({"all": []})),
        ("/ask", json!({"some": []})),
        ("/ask/credential/name", json!("Card")),
        ("/ask/credential/accept", json!([])),
        ("/ask/credential/schemas", json!([{"id": "national-id"}])),
        ("/ask/credential/prove", json!(["valid", "valid"])),
        ("/ask/credential/prove", json!(["invalid"])),
        ("/ask/credential/prove", json!([{"age_at_least": {"claim": "born", "years": 0}}])),
        ("/ask/credential/prove", json!([{"age_at_least": {"claim": "born", "years": 18, "more": 1}}])),
        ("/ask/credential/prove", json!([{"at_least": {"claim": "a", "value": 4_294_967_296_u64}}])),
        ("/ask/credential/prove", json!([{"at_least": {"claim": "a", "value": "007"}}])),
        ("/ask/credential/prove", json!([{"between": {"claim": "a", "min": 1}}])),
        ("/ask/credential/prove", json!([{"equals": {"claim": "a", "value": null}}])),
        ("/ask/credential/prove", json!([{"in": {"claim": "a", "values": ["b"]}}])),
        (
            "/ask/credential/prove",
            json!([{"in": {"claim": "a", "set": {"signed": {"key": "00", "values": ["b"], "signatures": []}}}}]),
        ),
        (
            "/ask/credential/prove",
            json!([{"in": {"claim": "a", "set": {"published": {"name": "eu", "digest": "00"}}}}]),
        ),
        ("/ask/credential/prove", json!([{"not_in_list": {"claim": "a", "list": {"name": "eu", "epoch": -1}}}])),
        ("/ask/credential/prove", json!([{"not_equals": {"claim": "a"}}])),
        ("/ask/credential/prove", json!([{"not_in": {"claim": "a", "values": [1]}}])),
        ("/ask/credential/prove", json!([{"not_in": {"claim": "a", "values": [1, 1]}}])),
        ("/ask/credential/prove", json!([{"not_in": {"claim": "a", "values": (0..17).collect::<Vec<_>>()}}])),
        ("/ask/credential/prove", json!([{"any_hidden": {"claim": "a", "of": [{"at_least": 1}]}}])),
        ("/ask/credential/prove", json!([{"any_hidden": {"claim": "a", "of": [{"at_least": 1}, {"at_least": 1}]}}])),
        ("/ask/credential/prove", json!([{"any_hidden": {"claim": "a", "of": [{"at_least": 1}, {"equals": 1}]}}])),
        (
            "/ask/credential/prove",
            json!([{"any_hidden": {"claim": "a", "of": [{"at_least": 1, "at_most": 2}, {"at_least": 3}]}}]),
        ),
        (
            "/ask/credential/prove",
            json!([{"any_hidden": {"claim": "a", "of": [{"age_under": 0}, {"age_at_least": 60}]}}]),
        ),
        (
            "/ask/credential/prove",
            json!([{"any_hidden": {"claim": "a", "of": [{"at_most": 1}, {"at_least": 3}, {"at_least": 9}]}}]),
        ),
        ("/ask/credential/prove", json!([{"same_as": {"claim": "a", "credential": "Card", "other": "b"}}])),
        ("/ask/credential/prove", json!([{"same_as": {"claim": "a", "credential": "card"}}])),
    ] {
        let broken = change(example, pointer, value.clone());
        assert!(!requests.is_valid(&broken), "{pointer}: {value}");
        assert!(Request::from_json(&broken.to_string()).is_err(), "{pointer}: {value}");
    }
}

#[test]
fn accepts_sets_and_lists_in_both_readers() {
    let requests = validator(REQUEST_SCHEMA);
    let example = &examples(REQUEST_SCHEMA)[0];
    let (authority, key) = ("ab".repeat(32), "cd".repeat(96));
    let signed = json!({"signed": {"key": key, "values": ["CH", 5, true], "signatures": vec!["ef".repeat(48); 3]}});
    let published = json!({"published": {"name": "eu", "authority": authority, "key": key, "digest": authority}});
    let list = json!({"name": "stolen", "authority": authority, "key": key, "epoch": 7, "digest": authority});
    let prove = json!([
        {"in": {"claim": "a", "set": signed}},
        {"in": {"claim": "a", "set": published}},
        {"not_in_list": {"claim": "a", "list": list}}
    ]);
    let request = change(example, "/ask/credential/prove", prove);
    assert!(requests.is_valid(&request));
    let read = Request::from_json(&request.to_string()).unwrap();
    assert!(requests.is_valid(&parse(&read.to_json().unwrap())));
    assert_eq!(Request::from_bytes(read.to_bytes()).unwrap(), read);
    let prove = "/ask/credential/prove";
    assert_eq!(parse(&read.to_json().unwrap()).pointer(prove), request.pointer(prove));
}

#[test]
fn rejects_broken_schemas_in_both_readers() {
    let schemas = validator(SCHEMA_SCHEMA);
    let example = &examples(SCHEMA_SCHEMA)[0];
    for (pointer, value) in [
        ("/milchglas", json!("schema/2")),
        ("/id", json!("Library")),
        ("/title", json!("")),
        ("/claims", json!([])),
        ("/claims/0/name", json!("handle")),
        ("/claims/0/name", json!("holder_secret")),
        ("/claims/0/name", json!("name.0")),
        ("/claims/0/type", json!("integer")),
        ("/claims/0/type", json!("code")),
        ("/claims/0/type", json!("words")),
        ("/claims/2/codes", json!([])),
        ("/claims/2/codes", json!(["north", "north"])),
        ("/claims/2/type", json!("text")),
        ("/claims/3/bits", json!(12)),
        ("/claims/3/type", json!("date")),
        ("/claims/4/count", json!(0)),
        ("/claims/4/count", json!(65)),
        ("/claims/4", json!({"name": "a", "title": "a", "type": "text", "count": 2, "optional": true})),
        ("/claims/4", json!({"name": "a", "title": "a", "type": "text", "more": 2})),
    ] {
        let broken = change(example, pointer, value.clone());
        assert!(!schemas.is_valid(&broken), "{pointer}: {value}");
        assert!(Schema::from_json(&broken.to_string()).is_err(), "{pointer}: {value}");
    }
}

#[test]
fn matches_the_request_vectors() {
    let file = parse(REQUEST_VECTORS);
    let secret = hex::decode(file["secret_key"].as_str().unwrap()).unwrap();
    let key = SigningKey::from_bytes(&secret.try_into().unwrap());
    let vectors = file["vectors"].as_array().unwrap();
    let examples = examples(REQUEST_SCHEMA);
    assert_eq!(vectors.len(), examples.len());
    for vector in vectors {
        let example = &examples[usize::try_from(vector["example"].as_u64().unwrap()).unwrap()];
        let request = Request::from_json(&example.to_string()).unwrap();
        assert_eq!(hex::encode(request.to_bytes()), vector["canonical"]);
        assert_eq!(request.digest().to_string(), vector["digest"]);
        let signed = request.sign(&key).unwrap().to_bytes();
        assert_eq!(hex::encode(&signed), vector["signed"]);
        assert_eq!(SignedRequest::verify(&signed).unwrap().request(), &request);
    }
}

#[test]
fn matches_the_claim_vectors() {
    let file = parse(CLAIM_VECTORS);
    let schemas = [parse(NATIONAL_ID_JSON), examples(SCHEMA_SCHEMA)[0].clone()];
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), schemas.len());
    for (vector, schema) in vectors.iter().zip(&schemas) {
        let schema = Schema::from_json(&schema.to_string()).unwrap();
        assert_eq!(schema.digest().to_string(), vector["schema_digest"]);
        let claims = Claims::from_json(&schema, &vector["claims"].to_string()).unwrap();
        assert_eq!(parse(&claims.to_json(&schema).unwrap()), vector["claims"]);
        let mut out = Writer::new();
        claims.write(&mut out);
        let wire = out.into_bytes();
        assert_eq!(hex::encode(&wire), vector["wire"]);
        assert_eq!(Claims::read(&schema, &mut Reader::new(&wire)).unwrap().values(), claims.values());
        let scalars: Vec<Value> =
            claims.to_scalars(&schema).unwrap().iter().map(|scalar| json!(hex::encode(scalar.to_bytes()))).collect();
        assert_eq!(Value::Array(scalars), vector["scalars"]);
    }
}
