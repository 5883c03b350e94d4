//! `revocation.json`: epochs of the state's newest key, a witness that follows them, and what must be refused.

use super::{Cast, presentations::Credentials};
use milchglas_credential::cbor;
use milchglas_credential::date::Timestamp;
use milchglas_credential::revocation::{EpochFile, Witness};
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct File {
    pub(crate) about: String,
    pub(crate) parameters: String,
    /// The secret key.
    pub(crate) z: String,
    /// The files of epochs 0, 1 and 2.
    pub(crate) epochs: Vec<String>,
    /// The handle of the credential of `issuance.json`'s holder that the presentations show.
    pub(crate) handle: String,
    /// Its witnesses at epochs 0, 1 and 2.
    pub(crate) witnesses: Vec<String>,
    pub(crate) revoked_handle: String,
    pub(crate) rejected: Vec<Rejected>,
}

/// A file that must be refused after those before `epoch`.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Rejected {
    pub(crate) name: String,
    pub(crate) epoch: usize,
    pub(crate) bytes: String,
}

/// The point of a witness.
pub(crate) fn point(witness: &Witness) -> Vec<u8> {
    let bytes = cbor::to_bytes(witness);
    bytes[bytes.len() - 48..].to_vec()
}

pub(crate) fn file(cast: &Cast, own: &Credentials) -> File {
    let issuer = &cast.state[2];
    let files = &cast.epochs;
    let bytes: Vec<Vec<u8>> = files.iter().map(EpochFile::to_bytes).collect();
    let flipped = |epoch: usize, back: usize| {
        let mut changed = bytes[epoch].clone();
        let at = changed.len() - back;
        changed[at] ^= 1;
        changed
    };
    let mut later = files[1].head().unverified().clone();
    later.issued = Timestamp::from_unix(later.issued.as_unix() + 1).unwrap();
    let stranger = files[1].head().unverified().clone().sign(&cast.city.identity).to_bytes();
    let with_head = |head: &[u8]| {
        let body = &bytes[1][bytes[1].len() - 128..];
        [&(head.len() as u32).to_be_bytes()[..], head, body].concat()
    };
    let fork = EpochFile::revoke(
        &later,
        issuer.signing_key().unwrap(),
        &[],
        &issuer.accumulator,
        files[2].head().unverified().issued,
        &issuer.identity,
    )
    .unwrap();
    let rejected = [
        ("a handle that was not revoked", 1, flipped(1, 64)),
        ("another accumulator", 1, flipped(1, 48)),
        ("one byte more", 1, [&bytes[1][..], &[0]].concat()),
        ("one byte less", 1, bytes[1][..bytes[1].len() - 1].to_vec()),
        ("signed by another issuer", 1, with_head(&stranger)),
        ("an epoch left out", 1, bytes[2].clone()),
        ("the epoch before again", 2, bytes[1].clone()),
        ("it continues another epoch", 2, fork.to_bytes()),
    ];
    File {
        about: "The epochs of the newest key of parameters-state.json. A log that begins with epoch 0 accepts each file after the one before; \
                witnesses are those of handle at each epoch, and revoked_handle is revoked in epoch 2. Each rejected file is refused by a log \
                that has followed the epochs before its own."
            .to_owned(),
        parameters: "state".to_owned(),
        z: hex::encode(*issuer.accumulator.to_bytes()),
        epochs: bytes.iter().map(hex::encode).collect(),
        handle: hex::encode(own.card().handle().as_bytes()),
        witnesses: files.iter().map(|file| hex::encode(point(&issuer.witness(file, own.card()).unwrap()))).collect(),
        revoked_handle: hex::encode(cast.revoked_card.handle().as_bytes()),
        rejected: rejected
            .into_iter()
            .map(|(name, epoch, bytes)| Rejected { name: name.to_owned(), epoch, bytes: hex::encode(bytes) })
            .collect(),
    }
}
