//! Parameters and schemas from their JSON files: `spec/encodings.md`, Schema, Credential, Parameters.
//!
//! The issuer's signature is not checked: a verifier trusts the digest.

use super::calendar::parse_date;
use super::cbor::Item;
use super::curve::{decode_g1, decode_g2, digest, encode_g1, expand, hash_to_curve, hash_to_scalar};
use super::value::{Claim, Kind};
use ark_bls12_381::{G1Affine, G1Projective, G2Affine};
use serde_json::Value as Json;
use std::collections::BTreeMap;

const SUITE: &str = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_";
const P1: &str = "a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9";

/// One schema.
pub(crate) struct Schema {
    pub(crate) digest: [u8; 32],
    pub(crate) claims: Vec<Claim>,
    pub(crate) until: Option<usize>,
}

/// One issuer key with what credentials of one schema need.
pub(crate) struct CredentialKey {
    pub(crate) encoded: Vec<u8>,
    pub(crate) point: G2Affine,
    pub(crate) id: [u8; 32],
    /// z·P2.
    pub(crate) revocation: G2Affine,
    /// Z_0.
    pub(crate) first_accumulator: G1Affine,
    pub(crate) api_id: Vec<u8>,
    pub(crate) header: Vec<u8>,
    pub(crate) domain: ark_bls12_381::Fr,
    pub(crate) q: G1Affine,
    pub(crate) generators: Vec<G1Affine>,
    /// P1 + Q·domain.
    pub(crate) empty: G1Projective,
}

/// Parameters.
pub(crate) struct Parameters {
    pub(crate) canonical: Vec<u8>,
    pub(crate) digest: [u8; 32],
    pub(crate) identity: [u8; 32],
    pub(crate) fingerprint: [u8; 32],
    /// W as encoded, the last day on which it is accepted, and z·P2 as encoded.
    pub(crate) keys: Vec<(Vec<u8>, i128, Vec<u8>)>,
    pub(crate) schemas: Vec<Schema>,
    pub(crate) digit_key: G2Affine,
    pub(crate) digit_base: G1Affine,
    pub(crate) digit_signatures: Vec<G1Affine>,
    /// By the places of key and schema.
    pub(crate) credential_keys: BTreeMap<(usize, usize), CredentialKey>,
}

impl Parameters {
    /// Reads a parameters file.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let file: Json = serde_json::from_str(text).ok()?;
        let hex = |json: &Json| hex::decode(json.as_str()?).ok();
        (file["milchglas"] == "parameters/1").then_some(())?;
        let identity: [u8; 32] = hex(&file["identity"])?.try_into().ok()?;
        let mut keys = Vec::new();
        for key in file["keys"].as_array()? {
            let until = parse_date(key["accepted_until"].as_str()?)?;
            keys.push((hex(&key["public_key"])?, until, hex(&key["revocation_key"])?));
        }
        let digit_key = hex(&file["digits"]["public_key"])?;
        let signatures: Vec<Vec<u8>> =
            file["digits"]["signatures"].as_array()?.iter().map(hex).collect::<Option<_>>()?;
        (signatures.len() == 256).then_some(())?;
        let schemas: Vec<Schema> = file["schemas"].as_array()?.iter().map(Schema::from_json).collect::<Option<_>>()?;

        let array = |items: Vec<Item<'_>>| Item::Array(items).encode();
        let mut digits = vec![Item::Bytes(&digit_key)];
        digits.extend(signatures.iter().map(|signature| Item::Bytes(signature)));
        let canonical = array(vec![
            Item::Text(file["name"].as_str()?),
            Item::Bytes(&identity),
            Item::Uint(file["sequence"].as_u64()?),
            Item::Array(
                keys.iter()
                    .map(|(key, until, revocation)| {
                        Item::Array(vec![Item::Bytes(key), Item::Uint(*until as u64), Item::Bytes(revocation)])
                    })
                    .collect(),
            ),
            Item::Array(digits),
            Item::Array(schemas.iter().map(|schema| Item::Bytes(&schema.digest)).collect()),
        ]);
        let fingerprint = digest("milchglas issuer/1", &array(vec![Item::Bytes(&identity)]));

        let name = b"milchglas digits/1";
        let mut content = [&(name.len() as u64).to_be_bytes()[..], name, &digit_key, &256u64.to_be_bytes()].concat();
        for element in 0..256u16 {
            content.extend_from_slice(&[0; 30]);
            content.extend_from_slice(&element.to_be_bytes());
        }
        let mut credential_keys = BTreeMap::new();
        for (key_place, (key, _, revocation)) in keys.iter().enumerate() {
            for (schema_place, schema) in schemas.iter().enumerate() {
                credential_keys
                    .insert((key_place, schema_place), CredentialKey::new(&fingerprint, (key, revocation), schema)?);
            }
        }
        Some(Self {
            digest: digest("milchglas parameters/1", &canonical),
            canonical,
            identity,
            fingerprint,
            keys,
            schemas,
            digit_key: decode_g2(&digit_key)?,
            digit_base: hash_to_curve(&content, b"MILCHGLAS-V1-SET-BASE"),
            digit_signatures: signatures.iter().map(|bytes| decode_g1(bytes)).collect::<Option<_>>()?,
            credential_keys,
        })
    }

    /// The base of the names in the issuer's registry.
    pub(crate) fn registry_base(&self) -> G1Affine {
        hash_to_curve(&self.fingerprint, b"MILCHGLAS-V1-REGISTRY")
    }
}

impl CredentialKey {
    fn new(issuer: &[u8; 32], (encoded, revocation): (&[u8], &[u8]), schema: &Schema) -> Option<Self> {
        let named = vec![Item::Bytes(issuer), Item::Bytes(encoded), Item::Bytes(revocation)];
        let id = digest("milchglas issuer key/1", &Item::Array(named).encode());
        let api_id = format!("{SUITE}MILCHGLAS_V1_{}_", hex::encode(id)).into_bytes();
        let tag = |suffix: &[u8]| [&api_id, suffix].concat();
        let messages = schema.claims.len() + 2;

        let mut points = Vec::new();
        let mut v = expand(&tag(b"MESSAGE_GENERATOR_SEED"), &tag(b"SIG_GENERATOR_SEED_"), 48);
        for i in 1..=messages as u64 + 1 {
            v = expand(&[&v[..], &i.to_be_bytes()].concat(), &tag(b"SIG_GENERATOR_SEED_"), 48);
            points.push(hash_to_curve(&v, &tag(b"SIG_GENERATOR_DST_")));
        }
        let header = Item::Array(vec![Item::Text("milchglas credential/1"), Item::Bytes(&schema.digest)]).encode();
        let mut input = [encoded, &(messages as u64).to_be_bytes()].concat();
        input.extend(points.iter().flat_map(encode_g1));
        input.extend_from_slice(&api_id);
        input.extend_from_slice(&(header.len() as u64).to_be_bytes());
        input.extend_from_slice(&header);
        let domain = hash_to_scalar(&input, &tag(b"H2S_"));
        let q = points.remove(0);
        let empty = q * domain + decode_g1(&hex::decode(P1).ok()?)?;
        let point = decode_g2(encoded)?;
        let first_accumulator = hash_to_curve(&[&id[..], revocation].concat(), b"MILCHGLAS-V1-ACCUMULATOR");
        let (encoded, revocation) = (encoded.to_vec(), decode_g2(revocation)?);
        Some(Self {
            encoded,
            point,
            id,
            revocation,
            first_accumulator,
            api_id,
            header,
            domain,
            q,
            generators: points,
            empty,
        })
    }
}

impl Schema {
    /// Reads a schema file.
    pub(crate) fn from_json(file: &Json) -> Option<Self> {
        let mut claims: Vec<Claim> = Vec::new();
        let mut content = Vec::new();
        for declared in file["claims"].as_array()? {
            let (kind, encoded) = kind(declared)?;
            let name = declared["name"].as_str()?;
            let optional = declared["optional"].as_bool().unwrap_or(false);
            let count = declared["count"].as_u64();
            content.push(Item::Array(vec![
                Item::Text(name),
                Item::Text(declared["title"].as_str()?),
                encoded,
                Item::Bool(optional),
                count.map_or(Item::Null, Item::Uint),
            ]));
            match count {
                None => claims.push(Claim { name: name.to_owned(), kind, optional }),
                Some(count) => claims.extend((0..count).map(|place| Claim {
                    name: format!("{name}.{place}"),
                    kind: kind.clone(),
                    optional: true,
                })),
            }
        }
        let validity = match (file["validity"]["from"].as_str(), file["validity"]["until"].as_str()) {
            (Some(from), Some(until)) => Some([from, until]),
            _ => None,
        };
        let name = |role: &str| file[role].as_str().map_or(Item::Null, Item::Text);
        let canonical = Item::Array(vec![
            Item::Text(file["id"].as_str()?),
            Item::Text(file["title"].as_str()?),
            Item::Array(content),
            validity.map_or(Item::Null, |ends| Item::Array(ends.into_iter().map(Item::Text).collect())),
            name("assurance"),
            name("number"),
        ])
        .encode();
        let until = validity.and_then(|[_, until]| claims.iter().position(|claim| claim.name == until));
        Some(Self { digest: digest("milchglas schema/1", &canonical), claims, until })
    }

    /// The place of the claim of that name.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.claims.iter().position(|claim| claim.name == name)
    }
}

fn kind(declared: &Json) -> Option<(Kind, Item<'_>)> {
    let only = |number| Item::Array(vec![Item::Uint(number)]);
    Some(match declared["type"].as_str()? {
        "text" => (Kind::Text, only(0)),
        "integer" => {
            let bits = declared["bits"].as_u64()?;
            let signed = declared["signed"].as_bool().unwrap_or(false);
            let encoded = Item::Array(vec![Item::Uint(1), Item::Uint(bits), Item::Bool(signed)]);
            (Kind::Integer { bits: u32::try_from(bits).ok()?, signed }, encoded)
        }
        "date" => (Kind::Date, only(2)),
        "month" => (Kind::Month, only(3)),
        "boolean" => (Kind::Boolean, only(4)),
        "code" => {
            let codes: Vec<&str> = declared["codes"].as_array()?.iter().map(Json::as_str).collect::<Option<_>>()?;
            let encoded = codes.iter().map(|code| Item::Text(code)).collect();
            let encoded = Item::Array(vec![Item::Uint(5), Item::Array(encoded)]);
            (Kind::Code(codes.into_iter().map(str::to_owned).collect()), encoded)
        }
        "digest" => (Kind::Digest, only(6)),
        _ => return None,
    })
}
