//! Files of authorities: sets and lists.

use std::sync::LazyLock;

use milchglas_credential::claim::{ClaimType, Value};
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::SetSecretKey;
use milchglas_credential::request::SigningKey;
use milchglas_credential::set::{PublishedSet, SetContent};
use milchglas_tests::SeededRng;

use crate::{Target, bytes, text};

/// A set file.
pub const SET_JSON: Target =
    Target { name: "set_json", seeds: || bytes(&[&*SET]), property: |input| text(input, set_json) };

/// A list file.
pub const LIST_FILE: Target = Target { name: "list_file", seeds: || bytes(&[&*LIST]), property: list_file };

/// The entries of a list, 8 bytes each, which the authority signs.
pub const LIST_SIGNED: Target =
    Target { name: "list_signed", seeds: || bytes(&[[7; 24], [0xff; 24]]), property: list_signed };

fn key() -> SetSecretKey {
    SetSecretKey::random(&mut SeededRng::new("fuzz authority"))
}

fn identity() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

static SET: LazyLock<String> = LazyLock::new(|| {
    let content = SetContent {
        name: "places".parse().unwrap(),
        title: "Places".into(),
        sequence: 1,
        claim_type: ClaimType::Text,
        values: vec![Value::Text("Bonn".into()), Value::Text("Köln".into())],
    };
    PublishedSet::sign(content, &key(), &identity()).unwrap().to_json().unwrap()
});

static LIST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let list = PublishedList::sign("stolen".parse().unwrap(), 1, vec![5, 10], &key(), &identity());
    list.unwrap().to_bytes().to_vec()
});

/// What is accepted is the genuine set, in whatever layout.
fn set_json(json: &str) -> bool {
    let Ok(set) = PublishedSet::from_json(json) else { return false };
    let genuine = PublishedSet::from_json(&SET).unwrap();
    assert_eq!((set.digest(), set.content()), (genuine.digest(), genuine.content()));
    set.check(&mut SeededRng::new("check")).unwrap();
    true
}

/// What is accepted is the genuine list, byte by byte.
fn list_file(file: &[u8]) -> bool {
    let Ok(list) = PublishedList::from_bytes(file.to_vec()) else { return false };
    assert_eq!(list.to_bytes(), &*LIST);
    true
}

fn list_signed(entries: &[u8]) -> bool {
    let (entries, rest) = entries.as_chunks::<8>();
    if entries.len() > 64 || !rest.is_empty() {
        return false;
    }
    let entries: Vec<u64> = entries.iter().map(|entry| u64::from_be_bytes(*entry)).collect();
    let list = PublishedList::sign("stolen".parse().unwrap(), 1, entries.clone(), &key(), &identity()).unwrap();
    list.check(&mut SeededRng::new("check")).unwrap();
    for entry in entries {
        assert!(list.contains(entry) && list.witness(entry).is_err());
        for near in [entry.wrapping_sub(1), entry.wrapping_add(1)] {
            assert_eq!(list.contains(near), list.witness(near).is_err());
        }
    }
    true
}
