use super::*;
use crate::cbor::tests::assert_strict;
use crate::claim::IntegerBits;
use crate::claim::tests::literal;
use crate::list::ListRef;
use proptest::prelude::*;

fn array<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    prop::collection::vec(any::<u8>(), N).prop_map(|bytes| bytes.try_into().unwrap())
}

fn name() -> impl Strategy<Value = Label> {
    "[a-z][a-z0-9_-]{0,12}".prop_map(|name| name.parse().unwrap())
}

pub(crate) fn set_ref() -> impl Strategy<Value = SetRef> {
    let published = (name(), array(), array(), array()).prop_map(|(name, authority, key, digest)| {
        let (authority, key, digest) = (AuthorityFingerprint(authority), SetPublicKey(key), SetDigest(digest));
        SetRef::Published(PublishedSetRef { name, authority, key, digest })
    });
    let signed =
        (array(), prop::collection::vec((literal(), array()), 1..8)).prop_filter_map("values twice", |(key, pairs)| {
            let (values, signatures): (Vec<Literal>, Vec<[u8; 48]>) = pairs.into_iter().unzip();
            let signatures = signatures.into_iter().map(ElementSignature).collect();
            let set = SignedSet { key: SetPublicKey(key), values, signatures };
            set.check().is_ok().then_some(SetRef::Signed(set))
        });
    prop_oneof![published, signed]
}

pub(crate) fn list_ref() -> impl Strategy<Value = ListRef> {
    (name(), array(), array(), any::<u32>(), array()).prop_map(|(name, authority, key, epoch, digest)| ListRef {
        name,
        authority: AuthorityFingerprint(authority),
        key: SetPublicKey(key),
        epoch,
        digest: ListDigest(digest),
    })
}

#[test]
fn gives_another_base_to_another_type_key_or_content() {
    let integer = |bits| ClaimType::Integer { bits, signed: false };
    let codes = |codes: &[&str]| ClaimType::Code(codes.iter().map(|code| (*code).to_owned()).collect());
    let base = |digest, key, claim_type| set_base(&SetDigest([digest; 32]), &SetPublicKey([key; 96]), claim_type);
    let bases = [
        base(1, 1, &ClaimType::Text),
        base(2, 1, &ClaimType::Text),
        base(1, 2, &ClaimType::Text),
        base(1, 1, &ClaimType::Digest),
        base(1, 1, &integer(IntegerBits::B8)),
        base(1, 1, &integer(IntegerBits::B16)),
        base(1, 1, &codes(&["a", "b"])),
        base(1, 1, &codes(&["b", "a"])),
    ];
    for (place, one) in bases.iter().enumerate() {
        assert!(bases.iter().skip(place + 1).all(|other| other != one));
    }
}

#[test]
fn names_every_value_so_that_none_ends_its_quotation() {
    let signed = |values: &[&str]| {
        let values: Vec<Literal> = values.iter().map(|value| Literal::Text((*value).to_owned())).collect();
        let signatures = vec![ElementSignature([0; 48]); values.len()];
        SetRef::Signed(SignedSet { key: SetPublicKey([0; 96]), values, signatures })
    };
    assert_eq!(signed(&["CH", "LI"]).words(), "one of “CH”, “LI”");
    assert_eq!(signed(&["CH"]).words(), "“CH”");
    assert_eq!(signed(&["a”, “b", "c"]).words(), "one of “a’, ‘b”, “c”");
    // The longest sentence fits into a history that keeps 4,096 bytes.
    let texts: Vec<String> = (0..64).map(|place| format!("{place:02}{}", "\"".repeat(14))).collect();
    let longest = signed(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    longest.check().unwrap();
    assert!(longest.words().len() < 4096, "{}", longest.words().len());
}

proptest! {
    #[test]
    fn roundtrips(set in set_ref(), list in list_ref()) {
        assert_strict(&set);
        assert_strict(&list);
        let json = serde_json::to_string(&set).unwrap();
        prop_assert_eq!(serde_json::from_str::<SetRef>(&json).unwrap(), set);
        let json = serde_json::to_string(&list).unwrap();
        prop_assert_eq!(serde_json::from_str::<ListRef>(&json).unwrap(), list);
    }
}
