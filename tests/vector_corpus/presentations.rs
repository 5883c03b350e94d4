//! `presentations.json`: requests with presentations that are accepted, and what must be refused.

use super::{Cast, EVERYTHING_CLAIMS, day};
use crate::second::cbor::{self, Item};
use crate::second::curve::encode_scalar;
use milchglas_credential::cbor::Writer;
use milchglas_credential::compile::compile;
use milchglas_credential::credential::{Credential, HeldWitness, HolderSecret, Holdings};
use milchglas_credential::date::Date;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Ask, CredentialAsk, Request};
use milchglas_credential::revocation::{Epoch, Witness};
use milchglas_credential::selection::{Selection, ShownAs};
use milchglas_tests::{SeededRng, national_id_json, only_selection, request, today};
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct File {
    pub(crate) about: String,
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) rejected: Vec<Rejected>,
}

/// A presentation that holds.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Accepted {
    pub(crate) name: String,
    /// Names of parameters files, without `parameters-` and `.json`.
    pub(crate) trusted: Vec<String>,
    pub(crate) request: String,
    pub(crate) presentation: String,
    /// For each credential shown, the epoch by which it has not been revoked, where that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) epochs: Vec<Option<u64>>,
    /// For each credential shown: names and wire forms of the disclosed claims.
    pub(crate) disclosed: Vec<Vec<(String, String)>>,
    pub(crate) challenge: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) system: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) announcements: Option<String>,
}

/// A presentation that does not.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Rejected {
    pub(crate) name: String,
    /// The accepted presentation that was changed.
    pub(crate) of: String,
    pub(crate) reason: String,
    /// Where it is not that of the accepted presentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trusted: Option<Vec<String>>,
    /// Where it is not that of the accepted presentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<String>,
    pub(crate) presentation: String,
}

/// A request with the answer to it.
pub(crate) struct Answer {
    pub(crate) name: &'static str,
    pub(crate) trusted: Vec<&'static str>,
    pub(crate) request: Request,
    pub(crate) presentation: Vec<u8>,
}

/// A changed answer.
pub(crate) struct Refusal {
    pub(crate) name: String,
    pub(crate) of: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) trusted: Option<Vec<&'static str>>,
    pub(crate) request: Option<Request>,
    pub(crate) presentation: Vec<u8>,
}

fn prove(json: &str) -> Vec<Predicate> {
    serde_json::from_str(json).unwrap()
}

fn answer(
    cast: &Cast,
    request: &Request,
    trusted: &[&str],
    selection: Selection,
    k: &HolderSecret,
    credentials: &[&Credential],
) -> Vec<u8> {
    let trusted: Vec<_> = trusted.iter().map(|name| cast.parameters(name)).collect();
    let plan = compile(request, selection, &trusted).unwrap();
    let mut rng = SeededRng::new(&format!("vectors: answer {}", request.digest()));
    let mut witnesses = Vec::new();
    for (credential, shown) in plan.shown().iter().enumerate() {
        witnesses.extend(shown.epoch().map(|epoch| (credential, cast.witness(credentials[credential], epoch))));
    }
    let held: Vec<_> =
        witnesses.iter().map(|(credential, witness)| HeldWitness { credential: *credential, witness }).collect();
    let holdings = Holdings::new(k, credentials).with_witnesses(&held);
    Presentation::create(&plan, &holdings, b"", &mut rng).unwrap().to_bytes()
}

/// The credentials of the holder.
pub(crate) struct Credentials {
    card: Credential,
    older_card: Credential,
    homeless_card: Credential,
    pass: Credential,
    state_pass: Credential,
}

impl Credentials {
    /// The card that most presentations show.
    pub(crate) fn card(&self) -> &Credential {
        &self.card
    }

    pub(crate) fn new(cast: &Cast) -> Self {
        let card = national_id_json("1990-01-31");
        let homeless = card.replace("\"address\": \"Heidestraße 17, 51147 Köln\",", "");
        assert_ne!(card, homeless);
        let erika = &cast.erika;
        Self {
            card: cast.issue(&cast.state[2], &cast.card, erika, &card),
            older_card: cast.issue(&cast.state[1], &cast.card, erika, &card),
            homeless_card: cast.issue(&cast.state[2], &cast.card, erika, &homeless),
            pass: cast.issue(&cast.city, &cast.everything, erika, EVERYTHING_CLAIMS),
            state_pass: cast.issue(&cast.state[2], &cast.everything, erika, EVERYTHING_CLAIMS),
        }
    }
}

/// What the state's newest key signed, as its first accepted issuer and schema.
pub(crate) fn newest() -> ShownAs {
    ShownAs { accept: 0, key: 2, schema: 0, back: 0 }
}

pub(crate) fn card_ask(cast: &Cast, disclose: &[&str], predicates: &str) -> CredentialAsk {
    cast.state[2].ask("card", &cast.card, disclose, prove(predicates)).unwrap()
}

pub(crate) fn pass_ask(cast: &Cast, name: &str, disclose: &[&str], predicates: &str) -> CredentialAsk {
    cast.city.ask(name, &cast.everything, disclose, prove(predicates)).unwrap()
}

/// The café's question with non-revocation by epoch 2 or one of so many before.
fn not_revoked_ask(cast: &Cast, within: u8) -> CredentialAsk {
    CredentialAsk { not_revoked: vec![cast.log(2).accepted(within)], ..card_ask(cast, &[], ADULT) }
}

const ADULT: &str = r#"[{"age_at_least": {"claim": "date_of_birth", "years": 18}}, "valid"]"#;

/// A proof of each kind of predicate, all on hidden claims.
const EVERY_PREDICATE: &str = r#"[
    {"age_at_least": {"claim": "born", "years": 16}},
    {"age_under": {"claim": "born", "years": 18}},
    {"on_or_before": {"claim": "born", "date": "2008-02-29"}},
    {"on_or_after": {"claim": "born", "date": "2008-02-29"}},
    {"at_least": {"claim": "level", "value": 3}},
    {"at_most": {"claim": "height", "value": -120}},
    {"at_least": {"claim": "balance", "value": "-2147483648"}},
    {"at_least": {"claim": "serial", "value": "18446744073709551615"}},
    {"between": {"claim": "offset", "min": "-9223372036854775808", "max": "9223372036854775807"}},
    {"at_most": {"claim": "offset", "value": -5}},
    {"between": {"claim": "level", "min": 1, "max": 200}},
    {"between": {"claim": "level", "min": 3, "max": 4}},
    {"between": {"claim": "level", "min": 0, "max": 256}},
    {"equals": {"claim": "level", "value": 3}},
    "valid"
]"#;

const EVERY_EQUALS: &str = r#"[
    {"equals": {"claim": "note", "value": "Zoë"}},
    {"equals": {"claim": "level", "value": 3}},
    {"at_least": {"claim": "level", "value": 2}},
    {"equals": {"claim": "height", "value": -120}},
    {"equals": {"claim": "balance", "value": -2147483648}},
    {"equals": {"claim": "serial", "value": "18446744073709551615"}},
    {"equals": {"claim": "offset", "value": "-9223372036854775808"}},
    {"equals": {"claim": "born", "value": "2008-02-29"}},
    {"equals": {"claim": "ends", "value": "2046-05"}},
    {"equals": {"claim": "member", "value": true}},
    {"equals": {"claim": "class", "value": "second"}},
    {"equals": {"claim": "photo", "value": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}
]"#;

const EVERY_CLAIM: [&str; 15] = [
    "child.1", "child.0", "photo", "class", "member", "ends", "begins", "renewed", "born", "offset", "serial",
    "balance", "height", "level", "note",
];

/// Everything that is accepted.
pub(crate) fn accepted(cast: &Cast, own: &Credentials) -> Vec<Answer> {
    let k = &cast.erika;
    let one = |credential: CredentialAsk| Ask::Credential(credential);
    let newest_one = || Selection { branches: vec![], shown: vec![newest()] };
    let mut answers = Vec::new();
    let mut add = |name, trusted: &[&'static str], as_of: Date, ask, selection, credentials: &[&Credential]| {
        let request = request(&format!("vectors: {name}"), as_of, ask).unwrap();
        let presentation = answer(cast, &request, trusted, selection, k, credentials);
        answers.push(Answer { name, trusted: trusted.to_vec(), request, presentation });
    };
    add("cafe", &["state"], today(), one(card_ask(cast, &[], ADULT)), newest_one(), &[&own.card]);
    let not_revoked = not_revoked_ask(cast, 1);
    add("not revoked", &["state"], today(), one(not_revoked.clone()), newest_one(), &[&own.card]);
    let earlier = Selection { branches: vec![], shown: vec![ShownAs { back: 1, ..newest() }] };
    add("not revoked by the epoch before", &["state"], today(), one(not_revoked), earlier, &[&own.card]);
    add("nothing asked", &["state"], today(), one(card_ask(cast, &[], "[]")), newest_one(), &[&own.card]);
    // Named in another order than that of the schema; one claim both disclosed and proven about.
    let hotel = card_ask(cast, &["nationality", "given_names", "surname", "date_of_birth"], ADULT);
    add("hotel", &["city", "state"], today(), one(hotel), newest_one(), &[&own.card]);
    let homeless = card_ask(cast, &["address", "surname"], "[]");
    add("absence disclosed", &["state"], today(), one(homeless), newest_one(), &[&own.homeless_card]);
    let all = pass_ask(cast, "pass", &EVERY_CLAIM, EVERY_EQUALS);
    add("everything disclosed", &["city"], day("2026-02-28"), one(all), only_selection(1), &[&own.pass]);
    // On 28 February who was born on 29 February 2008 is not yet 18.
    let hidden = pass_ask(cast, "pass", &[], EVERY_PREDICATE);
    add("every predicate", &["city"], day("2026-02-28"), one(hidden), only_selection(1), &[&own.pass]);
    let equal = pass_ask(cast, "pass", &[], EVERY_EQUALS);
    add("every equals", &["city"], day("2026-02-28"), one(equal), only_selection(1), &[&own.pass]);
    let birthday = pass_ask(cast, "pass", &[], r#"[{"age_at_least": {"claim": "born", "years": 18}}]"#);
    add("birthday of 29 February", &["city"], day("2026-03-01"), one(birthday), only_selection(1), &[&own.pass]);
    let leap = pass_ask(cast, "pass", &[], r#"[{"age_at_least": {"claim": "born", "years": 16}}]"#);
    add("leap day", &["city"], day("2024-02-29"), one(leap), only_selection(1), &[&own.pass]);

    // Two issuers accepted, two schemas; shown are the second ones under the key before the newest.
    let mut choice = card_ask(cast, &["surname"], r#"["valid"]"#);
    choice.accept.insert(0, pass_ask(cast, "pass", &[], "[]").accept[0]);
    choice.schemas.insert(0, pass_ask(cast, "pass", &[], "[]").schemas[0].clone());
    let second = ShownAs { accept: 1, key: 1, schema: 1, back: 0 };
    let chosen = Selection { branches: vec![], shown: vec![second] };
    // `surname` is not a claim of the other schema; only the one that is shown must have it.
    add("another key", &["state", "city"], today(), one(choice), chosen, &[&own.older_card]);

    let pair = Ask::All(vec![
        one(card_ask(cast, &["sex"], ADULT)),
        one(pass_ask(cast, "pass", &["class"], r#"["valid", {"at_least": {"claim": "level", "value": 2}}]"#)),
    ]);
    let selection =
        Selection { branches: vec![], shown: vec![newest(), ShownAs { accept: 0, key: 0, schema: 0, back: 0 }] };
    add("two credentials", &["state", "city"], today(), pair, selection, &[&own.card, &own.pass]);

    let mut again = card_ask(cast, &[], r#"[{"equals": {"claim": "sex", "value": "F"}}]"#);
    again.name = "again".parse().unwrap();
    let both = Ask::All(vec![one(card_ask(cast, &[], r#"["valid"]"#)), one(state_pass_ask(cast))]);
    let tree = Ask::All(vec![Ask::Any(vec![one(pass_ask(cast, "pass", &[], "[]")), both]), Ask::Any(vec![one(again)])]);
    let selection = Selection { branches: vec![1, 0], shown: vec![newest(); 3] };
    add("branches", &["state", "city"], today(), tree, selection, &[&own.card, &own.state_pass, &own.card]);
    answers
}

fn state_pass_ask(cast: &Cast) -> CredentialAsk {
    cast.state[2].ask("state-pass", &cast.everything, &["member"], prove(r#"["valid"]"#)).unwrap()
}

/// A presentation with its parts in reach.
pub(crate) struct Parts {
    nonce: Vec<u8>,
    branches: Vec<u64>,
    shown: Vec<[u64; 4]>,
    /// Encoded values.
    disclosed: Vec<Vec<Vec<u8>>>,
    pub(crate) proof: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let [_, nonce, selection, disclosed, proof] = cbor::decode(bytes).unwrap().array().unwrap().try_into().unwrap();
        let [branches, shown]: [Item<'_>; 2] = selection.array().unwrap().try_into().unwrap();
        let uints = |item: &Item<'_>| -> Vec<u64> {
            item.clone().array().unwrap().iter().map(|item| item.uint().unwrap()).collect()
        };
        let values = |item: &Item<'_>| item.clone().array().unwrap().iter().map(Item::encode).collect();
        Self {
            nonce: nonce.bytes().unwrap().to_vec(),
            branches: uints(&branches),
            shown: shown.array().unwrap().iter().map(|entry| uints(entry).try_into().unwrap()).collect(),
            disclosed: disclosed.array().unwrap().iter().map(values).collect(),
            proof: proof.bytes().unwrap().to_vec(),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let uints = |items: &[u64]| Item::Array(items.iter().map(|item| Item::Uint(*item)).collect());
        let shown = Item::Array(self.shown.iter().map(|entry| uints(entry)).collect());
        let disclosed = self
            .disclosed
            .iter()
            .map(|values| Item::Array(values.iter().map(|value| cbor::decode(value).unwrap()).collect()))
            .collect();
        Item::Array(vec![
            Item::Text("P1"),
            Item::Bytes(&self.nonce),
            Item::Array(vec![uints(&self.branches), shown]),
            Item::Array(disclosed),
            Item::Bytes(&self.proof),
        ])
        .encode()
    }
}

pub(crate) fn hex48(text: &str) -> Vec<u8> {
    let bytes = hex::decode(text).unwrap();
    assert_eq!(bytes.len(), 48);
    bytes
}

/// Everything that is refused.
pub(crate) fn rejected(cast: &Cast, own: &Credentials, answers: &[Answer]) -> Vec<Refusal> {
    let find = |name: &str| answers.iter().find(|answer| answer.name == name).unwrap();
    let mut refusals = Vec::new();
    let mut plain = |name: &str, of: &'static str, reason, presentation| {
        let name = name.to_owned();
        refusals.push(Refusal { name, of, reason, trusted: None, request: None, presentation });
    };
    let change = |of: &str, change: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::of(&find(of).presentation);
        change(&mut parts);
        parts.encode()
    };
    let raw = |of: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = find(of).presentation.clone();
        change(&mut bytes);
        bytes
    };
    let order = hex::decode("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").unwrap();
    let infinity = hex48(&format!("c0{}", "00".repeat(47)));

    // Bytes.
    plain(
        "one byte less",
        "cafe",
        "encoding",
        raw("cafe", &|bytes| {
            bytes.pop();
        }),
    );
    plain("one byte more", "cafe", "encoding", raw("cafe", &|bytes| bytes.push(0)));
    plain("no bytes", "cafe", "encoding", Vec::new());
    plain("another format", "cafe", "encoding", raw("cafe", &|bytes| bytes[3] = b'2'));
    plain(
        "an open array",
        "cafe",
        "encoding",
        raw("cafe", &|bytes| {
            bytes[0] = 0x9f;
            bytes.push(0xff);
        }),
    );
    plain(
        "a longer head of the nonce",
        "cafe",
        "encoding",
        raw("cafe", &|bytes| {
            bytes.splice(4..5, [0x58, 0x10]);
        }),
    );
    plain(
        "a number that is longer than needed",
        "cafe",
        "encoding",
        raw("cafe", &|bytes| {
            let at = bytes.windows(4).position(|window| window == [0x84, 0, 2, 0]).unwrap();
            bytes.splice(at + 2..at + 3, [0x18, 2]);
        }),
    );
    plain(
        "a nonce of 15 bytes",
        "cafe",
        "encoding",
        change("cafe", &|parts| {
            parts.nonce.pop();
        }),
    );
    plain("a choice above 255", "cafe", "encoding", change("cafe", &|parts| parts.shown[0][1] = 256));
    plain(
        "a value of no type",
        "hotel",
        "encoding",
        raw("hotel", &|bytes| {
            let at = bytes.windows(8).position(|window| window == b"\x00\x66Muster").unwrap();
            bytes[at] = 7;
        }),
    );

    // Points and scalars.
    plain(
        "the point at infinity",
        "cafe",
        "encoding",
        change("cafe", &|parts| parts.proof[..48].copy_from_slice(&infinity)),
    );
    plain(
        "infinity for a digit",
        "cafe",
        "encoding",
        change("cafe", &|parts| parts.proof[96..144].copy_from_slice(&infinity)),
    );
    plain(
        "a point outside the subgroup",
        "cafe",
        "encoding",
        change("cafe", &|parts| {
            parts.proof[..48].copy_from_slice(&outside_the_subgroup());
        }),
    );
    plain("a point that is not compressed", "cafe", "encoding", change("cafe", &|parts| parts.proof[48] &= 0x7f));
    plain(
        "a coordinate not reduced",
        "cafe",
        "encoding",
        change("cafe", &|parts| parts.proof[..48].copy_from_slice(&[0x9f; 48])),
    );
    plain(
        "a challenge not reduced",
        "cafe",
        "encoding",
        change("cafe", &|parts| add(&mut parts.proof[384..416], &order)),
    );
    plain(
        "a response not reduced",
        "cafe",
        "encoding",
        change("cafe", &|parts| {
            let last = parts.proof.len() - 32;
            add(&mut parts.proof[last..], &order);
        }),
    );
    plain("a response of 2^256 - 1", "cafe", "encoding", change("cafe", &|parts| parts.proof[416..448].fill(0xff)));
    plain("a response less", "cafe", "encoding", change("cafe", &|parts| parts.proof.truncate(992)));
    plain("a response more", "cafe", "encoding", change("cafe", &|parts| parts.proof.extend([0; 32])));
    plain("a digit less", "cafe", "encoding", change("cafe", &|parts| drop(parts.proof.drain(96..192))));
    plain("a proof of nothing", "cafe", "encoding", change("cafe", &|parts| parts.proof.clear()));

    // Another answer than the request asks for.
    plain("another nonce", "cafe", "mismatch", change("cafe", &|parts| parts.nonce[0] ^= 1));
    plain("a branch too many", "cafe", "mismatch", change("cafe", &|parts| parts.branches.push(0)));
    plain(
        "a branch too few",
        "branches",
        "mismatch",
        change("branches", &|parts| {
            parts.branches.pop();
        }),
    );
    plain("a branch that is not there", "branches", "mismatch", change("branches", &|parts| parts.branches[0] = 2));
    plain("the other branch", "branches", "mismatch", change("branches", &|parts| parts.branches[0] = 0));
    plain("an issuer that is not there", "cafe", "mismatch", change("cafe", &|parts| parts.shown[0][0] = 1));
    plain("a key that is not there", "cafe", "mismatch", change("cafe", &|parts| parts.shown[0][1] = 3));
    plain("a schema that is not there", "cafe", "mismatch", change("cafe", &|parts| parts.shown[0][2] = 1));
    plain("a key no longer accepted", "cafe", "mismatch", change("cafe", &|parts| parts.shown[0][1] = 0));
    plain(
        "a schema without the claims",
        "another key",
        "mismatch",
        change("another key", &|parts| parts.shown[0][2] = 0),
    );
    plain(
        "a credential left out",
        "two credentials",
        "mismatch",
        change("two credentials", &|parts| {
            parts.shown.pop();
        }),
    );
    plain("values of no credential", "cafe", "mismatch", change("cafe", &|parts| parts.disclosed.push(vec![])));
    plain("a value unasked", "cafe", "mismatch", change("cafe", &|parts| parts.disclosed[0].push(vec![0xf6])));
    plain("a value left out", "hotel", "mismatch", change("hotel", &|parts| drop(parts.disclosed[0].remove(1))));
    plain(
        "absence of a claim that is not optional",
        "hotel",
        "mismatch",
        change("hotel", &|parts| parts.disclosed[0][0] = vec![0xf6]),
    );
    plain(
        "a value of another type",
        "hotel",
        "mismatch",
        change("hotel", &|parts| parts.disclosed[0][0] = vec![0x82, 1, 5]),
    );
    plain(
        "a text that can not be shown",
        "hotel",
        "mismatch",
        change("hotel", &|parts| parts.disclosed[0][0] = vec![0x82, 0, 0x61, 0x0a]),
    );
    plain(
        "a code that is not listed",
        "hotel",
        "mismatch",
        change("hotel", &|parts| parts.disclosed[0][3] = vec![0x82, 5, 0x62, b'Q', b'Q']),
    );
    // 2010-01-17.
    plain(
        "a disclosed date that is too late",
        "hotel",
        "mismatch",
        change("hotel", &|parts| {
            parts.disclosed[0][2] = vec![0x82, 2, 0x1a, 0x00, 0x0b, 0x32, 0x5c];
        }),
    );
    plain(
        "a number outside its width",
        "everything disclosed",
        "mismatch",
        change("everything disclosed", &|parts| {
            parts.disclosed[0][1] = vec![0x82, 1, 0x19, 1, 0];
        }),
    );

    // Changed after proving.
    plain(
        "another surname",
        "hotel",
        "proof",
        change("hotel", &|parts| parts.disclosed[0][0] = b"\x82\x00\x66Mustar".to_vec()),
    );
    plain("texts exchanged", "hotel", "proof", change("hotel", &|parts| parts.disclosed[0].swap(0, 1)));
    plain(
        "an address instead of absence",
        "absence disclosed",
        "proof",
        change("absence disclosed", &|parts| {
            parts.disclosed[0][1] = b"\x82\x00\x61A".to_vec();
        }),
    );
    plain("another accepted key", "cafe", "proof", change("cafe", &|parts| parts.shown[0][1] = 1));
    plain("another accepted epoch", "not revoked", "proof", change("not revoked", &|parts| parts.shown[0][3] = 1));
    plain("an epoch out of range", "not revoked", "mismatch", change("not revoked", &|parts| parts.shown[0][3] = 2));
    plain("an epoch where none is asked", "cafe", "mismatch", change("cafe", &|parts| parts.shown[0][3] = 1));
    let earlier = Parts::of(&find("not revoked by the epoch before").presentation).proof;
    plain(
        "non-revocation of another presentation",
        "not revoked",
        "proof",
        change("not revoked", &|parts| parts.proof[96..192].copy_from_slice(&earlier[96..192])),
    );
    plain(
        "a digit in place of non-revocation",
        "not revoked",
        "proof",
        change("not revoked", &|parts| swap(&mut parts.proof, 96, 1, 2)),
    );
    plain("a flipped bit of the challenge", "cafe", "proof", change("cafe", &|parts| parts.proof[415] ^= 1));
    plain("a flipped bit of a response", "cafe", "proof", change("cafe", &|parts| parts.proof[447] ^= 1));
    plain("responses exchanged", "cafe", "proof", change("cafe", &|parts| swap(&mut parts.proof[416..], 32, 0, 1)));
    plain("points exchanged", "cafe", "proof", change("cafe", &|parts| swap(&mut parts.proof, 48, 0, 1)));
    plain("digits exchanged", "cafe", "proof", change("cafe", &|parts| swap(&mut parts.proof, 96, 1, 2)));
    let other = Parts::of(&find("leap day").presentation).proof;
    plain(
        "digits of another presentation",
        "cafe",
        "proof",
        change("cafe", &|parts| {
            parts.proof[96..288].copy_from_slice(&other[96..288]);
        }),
    );
    plain("credentials exchanged", "branches", "proof", change("branches", &|parts| swap(&mut parts.proof, 96, 0, 1)));

    // A proof under another request with the same nonce.
    let again = |of: &'static str, name: &str, reason, as_of: Date, ask: Ask| {
        let original = find(of);
        let mut fields = original.request.fields().clone();
        (fields.as_of, fields.ask) = (as_of, ask);
        let request = Some(Request::new(fields).unwrap());
        let name = name.to_owned();
        Refusal { name, of, reason, trusted: None, request, presentation: original.presentation.clone() }
    };
    let cafe_ask = |predicates: &str| Ask::Credential(card_ask(cast, &[], predicates));
    let younger = ADULT.replace("18", "17");
    refusals.push(again("cafe", "another age", "proof", today(), cafe_ask(&younger)));
    refusals.push(again("cafe", "another day", "proof", day("2026-11-24"), cafe_ask(ADULT)));
    refusals.push(again("cafe", "a key past its time", "mismatch", day("2028-01-01"), cafe_ask(ADULT)));
    let older_key = refusals.last_mut().unwrap();
    older_key.presentation = change("cafe", &|parts| parts.shown[0][1] = 1);
    refusals.push(again("cafe", "a predicate less", "encoding", today(), cafe_ask(r#"["valid"]"#)));
    let reversed = r#"["valid", {"age_at_least": {"claim": "date_of_birth", "years": 18}}]"#;
    refusals.push(again("cafe", "predicates in another order", "proof", today(), cafe_ask(reversed)));
    let revocation = |ask| Ask::Credential(ask);
    let mut other_epoch = not_revoked_ask(cast, 1);
    other_epoch.not_revoked[0].newest.0 += 1;
    refusals.push(again("not revoked", "another number of the epoch", "proof", today(), revocation(other_epoch)));
    let mut first = not_revoked_ask(cast, 1);
    first.not_revoked[0].accumulators.swap(0, 1);
    refusals.push(again("not revoked", "another accumulator", "proof", today(), revocation(first)));
    let mut fewer = not_revoked_ask(cast, 1);
    fewer.not_revoked[0].accumulators.pop();
    refusals.push(again("not revoked", "an accumulator less", "proof", today(), revocation(fewer.clone())));
    let of = "not revoked by the epoch before";
    refusals.push(again(of, "an epoch too old", "mismatch", today(), revocation(fewer)));
    let mut foreign = not_revoked_ask(cast, 1);
    foreign.not_revoked[0].key.0[0] ^= 1;
    refusals.push(again("not revoked", "no accumulator of the key", "mismatch", today(), revocation(foreign)));
    refusals.push(again(
        "cafe",
        "non-revocation asked, not shown",
        "encoding",
        today(),
        revocation(not_revoked_ask(cast, 1)),
    ));
    refusals.push(again("not revoked", "non-revocation shown, not asked", "encoding", today(), cafe_ask(ADULT)));
    refusals.push(again(of, "an epoch named, not asked", "mismatch", today(), cafe_ask(ADULT)));
    let unfit = r#"[{"at_least": {"claim": "surname", "value": 1}}]"#;
    refusals.push(again("cafe", "a range over a text", "mismatch", today(), cafe_ask(unfit)));
    let impossible =
        r#"[{"equals": {"claim": "assurance", "value": 1}}, {"equals": {"claim": "assurance", "value": 2}}]"#;
    refusals.push(again("cafe", "two different values of one claim", "mismatch", today(), cafe_ask(impossible)));
    let mut fields = find("cafe").request.fields().clone();
    fields.purpose = "Log in at the hotel".into();
    let request = Some(Request::new(fields).unwrap());
    let presentation = find("cafe").presentation.clone();
    refusals.push(Refusal {
        name: "another purpose".to_owned(),
        of: "cafe",
        reason: "proof",
        trusted: None,
        request,
        presentation: presentation.clone(),
    });
    refusals.push(Refusal {
        name: "parameters that are not trusted".to_owned(),
        of: "cafe",
        reason: "mismatch",
        trusted: Some(vec!["city"]),
        request: None,
        presentation,
    });

    refusals.extend(forged(cast, own));
    refusals
}

/// Presentations whose linear equations hold and whose pairings do not.
fn forged(cast: &Cast, own: &Credentials) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut add =
        |name: &str, trusted: &[&'static str], ask: CredentialAsk, key, k: &HolderSecret, credential: &Credential| {
            let request = request(&format!("vectors: {name}"), today(), Ask::Credential(ask)).unwrap();
            let selection = Selection { branches: vec![], shown: vec![ShownAs { accept: 0, key, schema: 0, back: 0 }] };
            let presentation = answer(cast, &request, trusted, selection, k, &[credential]);
            refusals.push(Refusal {
                name: name.to_owned(),
                of: "cafe",
                reason: "pairing",
                trusted: Some(trusted.to_vec()),
                request: Some(request),
                presentation,
            });
        };
    // A credential is [issuer, key, schema, handle, claims, signature].
    let edit = |credential: &Credential, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let bytes = credential.to_bytes();
        let mut items: Vec<Vec<u8>> = cbor::decode(&bytes).unwrap().array().unwrap().iter().map(Item::encode).collect();
        change(&mut items);
        let items = items.iter().map(|item| cbor::decode(item).unwrap()).collect();
        Credential::from_bytes(&Item::Array(items).encode(), |_, _| Some(&cast.card)).unwrap()
    };
    let adult = || card_ask(cast, &[], ADULT);
    let child = cast.issue(&cast.state[2], &cast.card, &cast.erika, &national_id_json("2008-11-24"));
    let aged = edit(&child, &|items| {
        let claims: Vec<u8> = cbor::decode(&own.card.to_bytes()).unwrap().array().unwrap()[4].encode();
        items[4] = claims;
    });
    add("a date of birth that was not signed", &["state"], adult(), 2, &cast.erika, &aged);
    let unsigned = edit(&own.card, &|items| {
        let generator = milchglas_curve::NonZeroG1::generator().to_bytes();
        items[5] = Item::Bytes(&[&generator[..], &encode_scalar(&5u64.into())].concat()).encode();
    });
    add("a signature that nobody made", &["state"], adult(), 2, &cast.erika, &unsigned);
    add("the credential of another holder", &["state"], adult(), 2, &cast.other, &own.card);
    let rekeyed = edit(&own.card, &|items| {
        items[1] = cbor::decode(&own.older_card.to_bytes()).unwrap().array().unwrap()[1].encode();
    });
    add("a credential under another key of its issuer", &["state"], adult(), 1, &cast.erika, &rekeyed);

    // Seven months before the end; the issuer exchanged the signatures of digits 7 and 8.
    let seventh = national_id_json("1990-01-31").replace("2033-12", "2027-06");
    let card = cast.issue(&cast.careless, &cast.card, &cast.erika, &seventh);
    let ask = cast.careless.ask("card", &cast.card, &[], prove(r#"["valid"]"#)).unwrap();
    add("a digit whose signature is wrong", &["careless"], ask, 0, &cast.erika, &card);

    // Revoked in epoch 2: its witness of epoch 1 does not fit any more.
    let gone = &cast.revoked_card;
    let request = request("vectors: revoked", today(), Ask::Credential(not_revoked_ask(cast, 0))).unwrap();
    let trusted = [cast.parameters("state")];
    let plan = compile(&request, Selection { branches: vec![], shown: vec![newest()] }, &trusted).unwrap();
    let old = cast.witness(gone, Epoch(1));
    // The same point, said to be of epoch 2.
    let mut relabelled = Writer::new();
    relabelled.array(2).uint(2).bytes(&super::revocation::point(&old));
    let old: Witness = milchglas_credential::cbor::from_bytes(&relabelled.into_bytes(), 128).unwrap();
    let held = [HeldWitness { credential: 0, witness: &old }];
    let cards = [gone];
    let holdings = Holdings::new(&cast.erika, &cards).with_witnesses(&held);
    let presentation = Presentation::create(&plan, &holdings, b"", &mut SeededRng::new("vectors: revoked")).unwrap();
    refusals.push(Refusal {
        name: "a revoked card with its witness of before".to_owned(),
        of: "not revoked",
        reason: "pairing",
        trusted: None,
        request: Some(request),
        presentation: presentation.to_bytes(),
    });
    refusals
}

/// A point of the curve that is not in the subgroup: the first x from 4 on that has one.
fn outside_the_subgroup() -> Vec<u8> {
    use ark_bls12_381::{Fq, G1Affine};
    (4u64..)
        .filter_map(|x| G1Affine::get_point_from_x_unchecked(Fq::from(x), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .map(|point| crate::second::curve::encode_g1(&point))
        .unwrap()
}

pub(crate) fn swap(bytes: &mut [u8], len: usize, one: usize, other: usize) {
    for at in 0..len {
        bytes.swap(len * one + at, len * other + at);
    }
}

/// Adds numbers of 32 bytes; the sum must fit.
fn add(number: &mut [u8], summand: &[u8]) {
    let mut carry = 0;
    for (byte, other) in number.iter_mut().zip(summand).rev() {
        let sum = u16::from(*byte) + u16::from(*other) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(carry, 0);
}
