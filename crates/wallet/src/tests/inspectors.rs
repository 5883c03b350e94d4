//! Inspectors: pinned from their own files, and nobody else's word taken for them.

use milchglas_credential::encrypt_to::{EncryptAsk, InspectorKey};
use milchglas_credential::inspector::{Inspector, InspectorContent};

use super::*;

/// Two points whose logarithms are nobody's: the generators of the curve and of the BBS draft.
const POINTS: [&str; 2] = [
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
    "a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9",
];

fn court(name: &str, shareholders: u8, identity: u8) -> Inspector {
    let point = |text: &str| InspectorKey::try_from(text.to_owned()).unwrap().0;
    let content = InspectorContent { name: name.into(), shareholders, commitments: POINTS.map(point).to_vec() };
    Inspector::sign(content, &SigningKey::from_bytes(&[identity; 32])).unwrap()
}

fn encrypt(issuer: &Issuer, inspector: &Inspector) -> CredentialAsk {
    let encrypt_to = EncryptAsk {
        inspector: inspector.reference(),
        label: "stay 17".into(),
        purpose: "a crime in the house".into(),
    };
    CredentialAsk { encrypt_to: Some(encrypt_to), ..issuer.ask(&["surname"], &[]) }
}

#[test]
fn answers_for_a_pinned_inspector_and_says_who_can_open() {
    let (dir, mut wallet, issuer) = with_card();
    let inspector = court("Registry Court", 3, 1);
    let added = wallet.add_inspector(&inspector.to_json().unwrap(), Some(inspector.fingerprint())).unwrap();
    assert!(added.new);
    assert_eq!((added.threshold, added.shareholders, added.digest), (2, 3, inspector.digest()));
    assert!(!wallet.add_inspector(&inspector.to_json().unwrap(), None).unwrap().new);

    // The pin outlives the process.
    wallet.lock();
    let mut wallet = Wallet::open(place(&dir), &passphrase("p")).unwrap();
    assert_eq!(wallet.inspectors().len(), 1);
    assert_eq!(wallet.inspectors()[0].read().unwrap(), inspector);

    let ask = Ask::Credential(encrypt(&issuer, &inspector));
    let request = Request::new(fields(1, ask.clone())).unwrap();
    let consent = wallet.review(&cafe(1, ask), now(), &mut OsRng).unwrap();
    let text = consent.text(0).unwrap();
    let said = "A note of which card this is, encrypted, so that it can not read it. Any 2 of the 3 shareholders of “Registry \
                Court” together can, and the card's issuer then knows whose it is. The note is about “stay 17”, to be opened for: \
                “a crime in the house”";
    assert!(lines(&text).contains(&said), "{text:?}");
    let bytes = wallet.respond(consent, 0, now(), &mut OsRng).unwrap();
    let verified =
        Presentation::from_bytes(&bytes).unwrap().verify(&request, &[&issuer.parameters], &mut OsRng).unwrap();
    let (ask, _) = verified.credentials()[0].encrypted().unwrap();
    assert_eq!(ask.inspector, inspector.reference());
    assert!(lines(&wallet.history()[0].learned).contains(&said));
}

#[test]
fn refuses_inspectors_that_are_not_pinned_or_not_as_pinned() {
    let (_dir, mut wallet, issuer) = with_card();
    let inspector = court("Registry Court", 3, 1);
    let asks = |inspector: &Inspector| Ask::Credential(encrypt(&issuer, inspector));
    let unknown = |refusal: &Refusal| matches!(refusal, Refusal::UnknownInspector { .. });
    assert!(unknown(&refused(wallet.review(&cafe(1, asks(&inspector)), now(), &mut OsRng))));
    // Also in a branch that the wallet would not take.
    let any = Ask::Any(vec![named("plain", issuer.ask(&[], &[])), named("other", encrypt(&issuer, &inspector))]);
    assert!(unknown(&refused(wallet.review(&cafe(2, any.clone()), now(), &mut OsRng))));

    wallet.add_inspector(&inspector.to_json().unwrap(), None).unwrap();
    wallet.review(&cafe(1, asks(&inspector)), now(), &mut OsRng).unwrap();
    // The way without a ciphertext reveals less.
    let consent = wallet.review(&cafe(2, any), now(), &mut OsRng).unwrap();
    assert!(consent.choices()[0].credentials()[0].encrypted.is_none());
    assert!(consent.choices()[1].credentials()[0].encrypted.is_some());

    let change = |edit: &dyn Fn(&mut EncryptAsk)| {
        let mut ask = encrypt(&issuer, &inspector);
        edit(ask.encrypt_to.as_mut().unwrap());
        refused(wallet.review(&cafe(3, Ask::Credential(ask)), now(), &mut OsRng))
    };
    assert!(unknown(&change(&|ask| ask.inspector.key = InspectorKey::try_from(POINTS[1].to_owned()).unwrap())));
    assert!(unknown(&change(&|ask| ask.inspector.digest.0[0] ^= 1)));
    assert!(unknown(&change(&|ask| ask.inspector.name.push('!'))));
    assert!(unknown(&change(&|ask| ask.inspector = court("Registry Court", 2, 1).reference())));
}

#[test]
fn refuses_altered_and_exchanged_files() {
    let (_dir, mut wallet, _) = with_card();
    let inspector = court("Registry Court", 3, 1);
    let json = inspector.to_json().unwrap();
    let other = court("Other", 3, 2);
    let expected = refused(wallet.add_inspector(&json, Some(other.fingerprint())));
    assert_eq!(expected, Refusal::OtherInspector { found: inspector.fingerprint() });
    let altered = json.replace("\"shareholders\": 3", "\"shareholders\": 4");
    assert_ne!(altered, json);
    assert_eq!(refused(wallet.add_inspector(&altered, None)), Refusal::BadInspector);
    assert!(wallet.inspectors().is_empty());

    wallet.add_inspector(&json, None).unwrap();
    let changed = refused(wallet.add_inspector(&court("Registry Court", 4, 1).to_json().unwrap(), None));
    assert_eq!(changed, Refusal::InspectorChanged { fingerprint: inspector.fingerprint() });
    let same_name = wallet.add_inspector(&court("Registry Court", 3, 3).to_json().unwrap(), None).unwrap();
    assert_eq!(same_name.same_name, [inspector.fingerprint()]);
    assert_eq!(wallet.inspectors().len(), 2);
}
