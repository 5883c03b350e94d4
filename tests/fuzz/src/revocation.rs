//! What an issuer publishes about revocation, and what a wallet keeps of it.

use crate::Target;
use crate::scene::SCENE;
use milchglas_credential::cbor;
use milchglas_credential::revocation::{EpochFile, Log, LogError, SignedHead, Update, Witness};
use milchglas_tests::SeededRng;
use std::sync::LazyLock;

/// Epoch files one behind the other, also followed from the first epoch on, and by a witness.
pub const EPOCH_FILE: Target = Target { name: "epoch_file", seeds: epoch_file_seeds, property: epoch_file };

/// A signed head, also learned by who knows the first.
pub const SIGNED_HEAD: Target = Target { name: "signed_head", seeds: signed_head_seeds, property: signed_head };

/// A witness at rest, also checked under the first accumulator and updated.
pub const WITNESS: Target = Target { name: "witness", seeds: witness_seeds, property: witness };

/// Epochs 0 to 3: in 1 and 3 cards of nobody in the scene are revoked.
static EPOCHS: LazyLock<Vec<EpochFile>> = LazyLock::new(|| {
    let issuer = &SCENE.issuer;
    let claims = SCENE.card.claims().to_json(&SCENE.schema).unwrap();
    let mut cards = (0..3).map(|place| {
        let claims = milchglas_credential::claim::Claims::from_json(&SCENE.schema, &claims).unwrap();
        let mut rng = SeededRng::new(&format!("revoked {place}"));
        issuer.issue(&SCENE.schema, &SCENE.k, claims, &mut rng).unwrap()
    });
    let cards: [_; 3] = std::array::from_fn(|_| cards.next().unwrap());
    let mut files = vec![issuer.first_epoch().unwrap()];
    for revoked in [&[&cards[0], &cards[1]][..], &[], &[&cards[2]]] {
        files.push(issuer.revoke(files.last().unwrap(), revoked).unwrap());
    }
    files
});

fn first() -> Log {
    Log::begin(EPOCHS[0].head(), &SCENE.issuer.parameters).unwrap()
}

fn epoch_file_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = EPOCHS.iter().map(EpochFile::to_bytes).collect();
    seeds.push(seeds[1..].concat());
    seeds
}

fn epoch_file(input: &[u8]) -> bool {
    let (mut rest, mut files) = (input, Vec::new());
    while !rest.is_empty() {
        let Ok((file, more)) = EpochFile::split_first(rest) else { return false };
        assert_eq!(file.to_bytes(), rest[..rest.len() - more.len()]);
        assert_eq!(file.handles().len(), file.revoked());
        (rest, files) = (more, [files, vec![file]].concat());
    }
    let mut log = first();
    let mut followed = 0;
    for file in &files {
        match log.follow(file, &SCENE.issuer.parameters) {
            // Nobody but the issuer signs, and it signs these only.
            Ok(()) => assert!(EPOCHS.contains(file)),
            Err(LogError::TwoHeads(heads)) => panic!("the issuer signed one history: {heads:?}"),
            Err(_) => break,
        }
        followed += 1;
    }
    let start = SCENE.issuer.witness(&EPOCHS[0], &SCENE.card).unwrap();
    let rng = &mut SeededRng::new("update");
    let key = SCENE.issuer.signing_key().unwrap();
    let updated = start.update(SCENE.card.handle(), &files[..followed], key, rng).unwrap();
    assert!(matches!(updated, Update::Current(_)));
    // Files that nobody signed: an error, or a witness that holds under what they say.
    let _ = start.update(SCENE.card.handle(), &files, key, rng);
    !files.is_empty()
}

fn signed_head_seeds() -> Vec<Vec<u8>> {
    EPOCHS.iter().map(|file| file.head().to_bytes()).collect()
}

fn signed_head(input: &[u8]) -> bool {
    let Ok(head) = SignedHead::from_bytes(input) else { return false };
    assert_eq!(head.to_bytes(), input);
    let known = EPOCHS.iter().any(|file| *file.head() == head);
    assert_eq!(Log::trust(&head, &SCENE.issuer.parameters).is_ok(), known);
    let mut log = first();
    match log.advance(&head, &SCENE.issuer.parameters) {
        Ok(()) => assert!(known && log.signed_head() == &head),
        Err(LogError::TwoHeads(heads)) => panic!("the issuer signed one history: {heads:?}"),
        Err(_) => assert_eq!(log, first()),
    }
    true
}

fn witness_seeds() -> Vec<Vec<u8>> {
    EPOCHS.iter().map(|file| cbor::to_bytes(&SCENE.issuer.witness(file, &SCENE.card).unwrap())).collect()
}

fn witness(input: &[u8]) -> bool {
    let Ok(witness) = cbor::from_bytes::<Witness>(input, 128) else { return false };
    assert_eq!(cbor::to_bytes(&witness), input);
    let rng = &mut SeededRng::new("witness");
    let key = SCENE.issuer.signing_key().unwrap();
    for file in &*EPOCHS {
        let head = file.head().unverified();
        let accumulator = key.accumulator(head.accumulators.newest().unwrap()).unwrap();
        let right = SCENE.issuer.witness(file, &SCENE.card).unwrap();
        let same = cbor::to_bytes(&right)[1..].ends_with(&input[input.len() - 48..]);
        assert_eq!(witness.check(SCENE.card.handle(), &accumulator, rng).is_ok(), same);
    }
    let next = usize::try_from(witness.epoch().0).unwrap_or(usize::MAX).saturating_add(1);
    let files = EPOCHS.get(next..).unwrap_or_default();
    let updated = witness.update(SCENE.card.handle(), files, key, rng);
    if let Ok(Update::Current(updated)) = updated
        && !files.is_empty()
    {
        assert_eq!(cbor::to_bytes(&updated), witness_seeds()[3]);
    }
    true
}
