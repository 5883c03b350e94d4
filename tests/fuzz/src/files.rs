//! Files and texts: schemas, claims, requests, templates, parameters, sealed files, single values.

use crate::scene::{SCENE, SEALED_CONTENT, SEALED_KIND, library_card, passphrase};
use crate::{Target, bytes, scene, text};
use bech32::{Bech32, Hrp};
use milchglas_credential::claim::Claims;
use milchglas_credential::date::{Date, Month, Timestamp};
use milchglas_credential::digest::{IssuerFingerprint, RequestNonce};
use milchglas_credential::number::Number;
use milchglas_credential::parameters::{Content, IssuerKey, Parameters, SecretKey};
use milchglas_credential::request::{Request, SignedRequest};
use milchglas_credential::revocation::AccumulatorSecretKey;
use milchglas_credential::schema::{NATIONAL_ID_JSON, Schema};
use milchglas_credential::text::{ClaimName, Label, Origin};
use milchglas_sealed::{Error as SealedError, SealedFile};
use milchglas_tests::{SeededRng, national_id_json};
use milchglas_verifier::{Template, Verifier};
use milchglas_wallet::{CredentialId, RecoveryPhrase};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// Dates, months, times, names, origins, digests, numbers. The first byte says which.
pub const TEXT_FORMS: Target =
    Target { name: "text_forms", seeds: text_form_seeds, property: |input| text(input, text_form) };

/// A schema file.
pub const SCHEMA_JSON: Target = Target {
    name: "schema_json",
    seeds: || vec![NATIONAL_ID_JSON.into(), library_card().to_json().unwrap().into_bytes()],
    property: |input| text(input, schema_json),
};

/// A claims file, for the national identity card and for a card with every type.
pub const CLAIMS_JSON: Target =
    Target { name: "claims_json", seeds: claims_seeds, property: |input| text(input, claims_json) };

/// A request file.
pub const REQUEST_JSON: Target = Target {
    name: "request_json",
    seeds: || SCENE.answered.iter().map(|(request, _)| request.to_json().unwrap().into_bytes()).collect(),
    property: |input| text(input, request_json),
};

/// A verifier's template, also made into a request.
pub const TEMPLATE_JSON: Target =
    Target { name: "template_json", seeds: template_seeds, property: |input| text(input, template_json) };

/// A parameters file.
pub const PARAMETERS_JSON: Target = Target {
    name: "parameters_json",
    seeds: || bytes(&[&SCENE.parameters]),
    property: |input| text(input, parameters_json),
};

/// Name, sequence, keys' days and schemas of parameters, which the issuer signs.
pub const PARAMETERS_SIGNED: Target = Target {
    name: "parameters_signed",
    seeds: parameters_signed_seeds,
    property: |input| text(input, parameters_signed),
};

/// A sealed file, opened with its passphrase.
pub const SEALED: Target = Target { name: "sealed", seeds: || bytes(&[&SCENE.sealed]), property: sealed };

/// The words that restore a wallet.
pub const RECOVERY_PHRASE: Target = Target {
    name: "recovery_phrase",
    seeds: || bytes(&[scene::PHRASE, &scene::PHRASE.to_uppercase()]),
    property: |input| text(input, recovery_phrase),
};

/// The address that an application names, as text, or as 32 bytes whose text is made here.
pub const REPLY_ADDRESS: Target = Target { name: "reply_address", seeds: reply_seeds, property: reply_address };

fn text_form_seeds() -> Vec<Vec<u8>> {
    let digest = "5a".repeat(32);
    bytes(&[
        "02026-11-23",
        "12026-11",
        "22026-11-23T09:00:00Z",
        "3child.12",
        "4national-id",
        "5https://cafe.example:8443",
        "5milchglas:night-train",
        &format!("6{digest}"),
        &format!("7{}", &digest[..32]),
        "8-18446744073709551616",
        "94294967295",
    ])
}

fn text_form(input: &str) -> bool {
    /// A value has one spelling, but for a few that the type reads more generously.
    fn exact<T: FromStr + Display>(text: &str) -> bool {
        let Ok(value) = text.parse::<T>() else { return false };
        assert_eq!(value.to_string(), text);
        true
    }
    let Some((kind, text)) = input.split_at_checked(1) else { return false };
    match kind {
        "0" => exact::<Date>(text),
        "1" => exact::<Month>(text),
        "2" => exact::<Timestamp>(text),
        "3" => exact::<ClaimName>(text),
        "4" => exact::<Label>(text),
        "5" => exact::<Origin>(text),
        "6" => exact::<IssuerFingerprint>(text),
        "7" => exact::<RequestNonce>(text),
        "8" => exact::<Number>(text),
        "9" => text.parse::<CredentialId>().is_ok(),
        _ => false,
    }
}

fn schema_json(json: &str) -> bool {
    let Ok(schema) = Schema::from_json(json) else { return false };
    let again = Schema::from_json(&schema.to_json().unwrap()).unwrap();
    assert_eq!(again, schema);
    assert!((1..=64).contains(&schema.claims().len()));
    for claim in schema.claims() {
        let index = schema.index_of(claim.name.as_str()).unwrap();
        assert_eq!(schema.claim(index), Some(claim));
    }
    true
}

static LIBRARY: LazyLock<Schema> = LazyLock::new(library_card);

fn claims_seeds() -> Vec<Vec<u8>> {
    let library = r#"{"member": "Zoë", "points": "-9223372036854775808", "level": 255, "until": "2030-12", "from": "2026-01",
        "born": "1990-01-31", "adult": true, "branch": "south", "photo": "PHOTO", "child.0": "Anna", "child.2": "Ben"}"#;
    bytes(&[national_id_json("1990-01-31"), library.replace("PHOTO", &"00".repeat(32))])
}

fn claims_json(json: &str) -> bool {
    let mut accepted = false;
    for schema in [&SCENE.schema, &*LIBRARY] {
        let Ok(claims) = Claims::from_json(schema, json) else { continue };
        let again = Claims::from_json(schema, &claims.to_json(schema).unwrap()).unwrap();
        assert_eq!(again.values(), claims.values());
        assert_eq!(claims.to_scalars(schema).unwrap().len(), schema.claims().len());
        accepted = true;
    }
    accepted
}

fn request_json(json: &str) -> bool {
    let Ok(request) = Request::from_json(json) else { return false };
    assert_eq!(Request::from_json(&request.to_json().unwrap()).unwrap(), request);
    assert_eq!(Request::from_bytes(request.to_bytes()).unwrap(), request);
    true
}

fn template_seeds() -> Vec<Vec<u8>> {
    let every = r#"{"milchglas": "template/1", "purpose": "All of it", "profile": "test", "valid_for": 60, "ask": {"any": [
        {"credential": {"name": "card", "schemas": ["national-id"], "issuers": ["ISSUER"], "disclose": ["surname"],
            "prove": ["valid", {"age_under": {"claim": "date_of_birth", "years": 26}}]}},
        {"all": [{"credential": {"name": "library", "schemas": ["library"], "prove": [
            {"between": {"claim": "level", "min": 1, "max": 3}}, {"at_least": {"claim": "points", "value": "5"}},
            {"equals": {"claim": "branch", "value": "north"}}]}}]}]}}"#;
    let issuer = SCENE.issuer.parameters.fingerprint().to_string();
    bytes(&[Template::CAFE_JSON, &every.replace("ISSUER", &issuer)])
}

fn template_json(json: &str) -> bool {
    static ASKING: LazyLock<Verifier<scene::Forgetful>> = LazyLock::new(|| SCENE.verifier());
    let Ok(template) = Template::from_json(json) else { return false };
    assert_eq!(Template::from_json(&template.to_json().unwrap()).unwrap(), template);
    if let Ok(asked) = ASKING.request(&template, SCENE.now, &mut SeededRng::new("template")) {
        assert_eq!(SignedRequest::verify(asked.bytes()).unwrap().request(), asked.request());
    }
    true
}

fn parameters_json(json: &str) -> bool {
    let Ok(parameters) = Parameters::from_json(json) else { return false };
    // Only the scene's issuer signs, and it signs once.
    assert_eq!(parameters.digest(), SCENE.issuer.parameters.digest());
    assert_eq!(Parameters::from_json(&parameters.to_json().unwrap()).unwrap().digest(), parameters.digest());
    true
}

fn parameters_signed_seeds() -> Vec<Vec<u8>> {
    let schema = |schema: &Schema| serde_json::from_str::<serde_json::Value>(&schema.to_json().unwrap()).unwrap();
    let content = serde_json::json!({
        "name": "State", "sequence": 7, "until": ["2030-01-01", "9999-12-31"], "schemas": [schema(&LIBRARY)],
    });
    bytes(&[content.to_string()])
}

fn parameters_signed(json: &str) -> bool {
    let of_scene = SCENE.issuer.parameters.content();
    // All keys of an issuer are different.
    let key = |(place, accepted_until): (usize, Date)| {
        let mut rng = SeededRng::new(&format!("key {place}"));
        let public = SecretKey::random(&mut rng).ok()?.public_key().ok()?;
        let revocation = AccumulatorSecretKey::random(&mut rng).public_key().ok()?;
        Some(IssuerKey { public, accepted_until, revocation })
    };
    let content = || {
        let value: serde_json::Value = serde_json::from_str(json).ok()?;
        let until: Vec<Date> = serde_json::from_value(value.get("until")?.clone()).ok()?;
        Some(Content {
            name: value.get("name")?.as_str()?.to_owned(),
            sequence: value.get("sequence")?.as_u64()?.try_into().ok()?,
            keys: until.into_iter().take(18).enumerate().map(key).collect::<Option<_>>()?,
            digits: of_scene.digits.clone(),
            schemas: serde_json::from_value(value.get("schemas")?.clone()).ok()?,
        })
    };
    let Some(content) = content() else { return false };
    // Each key is prepared for each schema; without a bound here an input would take minutes.
    if content.keys.len() > 17 || content.schemas.len() > 17 {
        return false;
    }
    let Ok(parameters) = Parameters::sign(content, &SCENE.issuer.identity) else { return false };
    let again = Parameters::from_json(&parameters.to_json().unwrap()).unwrap();
    assert_eq!(again.digest(), parameters.digest());
    assert_eq!(again.content().schemas, parameters.content().schemas);
    true
}

fn sealed(input: &[u8]) -> bool {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    // One wrong digit and the work is that of a passphrase that is guessed: seconds, and 256 MiB.
    if input.windows(10).any(|window| window == b"-> scrypt ") && !is_quick(input) {
        return false;
    }
    let path = FOLDER.path().join("sealed");
    std::fs::write(&path, input).unwrap();
    match SealedFile::open(&path, &passphrase(), SEALED_KIND) {
        Ok((mut file, content)) => {
            assert_eq!(content.as_slice(), SEALED_CONTENT);
            file.save(&content).unwrap();
            drop(file);
            assert_eq!(SealedFile::open(&path, &passphrase(), SEALED_KIND).unwrap().1.as_slice(), SEALED_CONTENT);
            true
        }
        Err(SealedError::Decode { .. } | SealedError::Unopenable) => {
            assert_eq!(std::fs::read(&path).unwrap(), input, "a file that does not open was changed");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// Whether every scrypt stanza asks for at most 2⁹ rounds.
fn is_quick(input: &[u8]) -> bool {
    input.split(|byte| *byte == b'\n').filter(|line| line.windows(8).any(|window| window == b"> scrypt")).all(|line| {
        let factor = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        matches!(factor, [digit] if digit.is_ascii_digit())
    })
}

fn recovery_phrase(words: &str) -> bool {
    let Ok(phrase) = RecoveryPhrase::parse(&Zeroizing::new(words.to_owned())) else { return false };
    let one_way: Vec<String> = words.split_whitespace().map(str::to_ascii_lowercase).collect();
    assert_eq!(*phrase.expose(), one_way.join(" "));
    true
}

fn reply_seeds() -> Vec<Vec<u8>> {
    // Basepoint of Curve25519: RFC 7748, section 4.1.
    let mut nine = vec![0; 32];
    nine[0] = 9;
    vec![address(&nine).into_bytes(), nine]
}

fn address(point: &[u8]) -> String {
    bech32::encode::<Bech32>(Hrp::parse("age").unwrap(), point).unwrap()
}

fn reply_address(input: &[u8]) -> bool {
    let made = if input.len() == 32 { Some(address(input)) } else { None };
    let Some(text) = made.as_deref().or_else(|| std::str::from_utf8(input).ok()) else { return false };
    let Ok(sealed) = milchglas_issuer::encrypt_to_reply_address(text, b"credential") else { return false };
    assert!(sealed.starts_with(b"age-encryption.org/v1\n"));
    true
}
