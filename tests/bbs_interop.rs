//! Interoperability with the independent implementation `zkryptium`, both ways, on random inputs.
//!
//! Every signature, proof and commitment made here must be accepted there, and the reverse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use milchglas_bbs::{
    BlindInterface, Ciphersuite, CommitmentWithProof, Interface, Proof, PublicKey, SecretKey, SecretProverBlind,
    Signature,
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rand_core::OsRng;
use zkryptium::{
    bbsplus::{
        ciphersuites::{BbsCiphersuite, Bls12381Sha256, Bls12381Shake256},
        commitment::BlindFactor,
        keys::{BBSplusPublicKey, BBSplusSecretKey},
    },
    keys::pair::KeyPair,
    schemes::{
        algorithms::BBSplus,
        generics::{BlindSignature, Commitment, PoKSignature, Signature as PeerSignature},
    },
};

const MAX_COUNT: usize = 30;
const CASES: u32 = 12;

/// Which messages a proof shows.
#[derive(Clone, Copy, Debug)]
enum Disclosure {
    None,
    All,
    Some,
}

const DISCLOSURES: [Disclosure; 3] = [Disclosure::None, Disclosure::All, Disclosure::Some];

impl Disclosure {
    fn indexes(self, count: usize, mask: u32) -> Vec<usize> {
        (0..count)
            .filter(|i| match self {
                Self::None => false,
                Self::All => true,
                Self::Some => mask >> i & 1 == 1,
            })
            .collect()
    }
}

#[derive(Clone, Debug)]
struct Input {
    key_material: Vec<u8>,
    header: Vec<u8>,
    ph: Vec<u8>,
    messages: Vec<Vec<u8>>,
    mask: u32,
}

fn inputs(count: impl Strategy<Value = usize>) -> impl Strategy<Value = Input> {
    let octets = || prop_oneof![Just(Vec::new()), vec(any::<u8>(), 1..40), vec(any::<u8>(), 5_000..6_000)];
    let messages = count.prop_flat_map(|count| vec(vec(any::<u8>(), 0..100), count));
    (vec(any::<u8>(), 32..80), octets(), octets(), messages, any::<u32>())
        .prop_map(|(key_material, header, ph, messages, mask)| Input { key_material, header, ph, messages, mask })
}

/// Runs a check on the counts at both ends and on random ones.
fn for_inputs(check: impl Fn(&Input)) {
    for count in [0, 1, MAX_COUNT] {
        run(1, inputs(Just(count)), &check);
    }
    run(CASES, inputs(0..=MAX_COUNT), &check);
}

fn run(cases: u32, inputs: impl Strategy<Value = Input>, check: impl Fn(&Input)) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    TestRunner::new(config)
        .run(&inputs, |input| {
            check(&input);
            Ok(())
        })
        .unwrap();
}

fn select(messages: &[Vec<u8>], indexes: &[usize]) -> Vec<Vec<u8>> {
    indexes.iter().map(|i| messages[*i].clone()).collect()
}

/// Our key and the peer's, after showing that both derive the same one.
struct Keys {
    sk: SecretKey,
    pk: PublicKey,
    peer_sk: BBSplusSecretKey,
    peer_pk: BBSplusPublicKey,
}

fn keys<S: BbsCiphersuite>(suite: Ciphersuite, key_material: &[u8]) -> Keys {
    let dst = [suite.id(), "H2G_HM2S_", "KEYGEN_DST_"].concat().into_bytes();
    let sk = SecretKey::key_gen(suite, key_material, b"interop", Some(&dst)).unwrap();
    let pk = sk.public_key().unwrap();
    let peer = KeyPair::<BBSplus<S>>::generate(key_material, Some(b"interop"), Some(&dst)).unwrap();
    assert_eq!(sk.to_bytes().as_slice(), peer.private_key().to_bytes());
    assert_eq!(pk.to_bytes(), peer.public_key().to_bytes());
    Keys { sk, pk, peer_sk: peer.private_key().clone(), peer_pk: peer.public_key().clone() }
}

fn interoperates<S: BbsCiphersuite>(suite: Ciphersuite) {
    let bbs = Interface::hm2s(suite);
    let generators = bbs.create_generators(MAX_COUNT).unwrap();
    for_inputs(|input| {
        let Input { key_material, header, ph, messages, mask } = input;
        let Keys { sk, pk, peer_sk, peer_pk } = keys::<S>(suite, key_material);

        // Signing is deterministic, so both must give the same octets; each checks the other's.
        let signature = bbs.sign(&sk, &pk, &generators, header, messages).unwrap();
        let octets = signature.to_bytes();
        let peer = PeerSignature::<BBSplus<S>>::sign(Some(messages), &peer_sk, &peer_pk, Some(header)).unwrap();
        assert_eq!(octets, peer.to_bytes());
        PeerSignature::<BBSplus<S>>::from_bytes(&octets)
            .unwrap()
            .verify(&peer_pk, Some(messages), Some(header))
            .unwrap();
        bbs.verify(&pk, &Signature::from_bytes(&peer.to_bytes()).unwrap(), &generators, header, messages).unwrap();

        for disclosure in DISCLOSURES {
            let indexes = disclosure.indexes(messages.len(), *mask);
            let disclosed = select(messages, &indexes);

            let ours = bbs.proof_gen(&pk, &signature, &generators, header, ph, messages, &indexes, &mut OsRng).unwrap();
            PoKSignature::<BBSplus<S>>::from_bytes(&ours.to_bytes())
                .unwrap()
                .proof_verify(&peer_pk, Some(&disclosed), Some(&indexes), Some(header), Some(ph))
                .unwrap_or_else(|error| panic!("{disclosure:?}: {error}"));

            let theirs = PoKSignature::<BBSplus<S>>::proof_gen(
                &peer_pk,
                &octets,
                Some(header),
                Some(ph),
                Some(messages),
                Some(&indexes),
            )
            .unwrap();
            let theirs = Proof::from_bytes(&theirs.to_bytes()).unwrap();
            bbs.proof_verify(&pk, &theirs, &generators, header, ph, &disclosed, &indexes)
                .unwrap_or_else(|error| panic!("{disclosure:?}: {error}"));
        }
    });
}

/// The messages are split: the first go to the signer, the rest are committed.
fn blind_issuance_interoperates<S: BbsCiphersuite>(suite: Ciphersuite) {
    let blind = BlindInterface::blind_hm2s(suite);
    let generators = blind.create_generators(MAX_COUNT).unwrap();
    let blind_generators = blind.create_blind_generators(MAX_COUNT).unwrap();
    for_inputs(|input| {
        let Input { key_material, header, ph, messages, mask } = input;
        let Keys { sk, pk, peer_sk, peer_pk } = keys::<S>(suite, key_material);
        let (signers, committed) = messages.split_at(*mask as usize % (messages.len() + 1));

        // The peer commits, we sign, the peer checks.
        let (peer_commitment, peer_blind) = Commitment::<BBSplus<S>>::commit(Some(committed)).unwrap();
        let commitment = CommitmentWithProof::from_bytes(&peer_commitment.to_bytes()).unwrap();
        let signature =
            blind.blind_sign(&sk, &pk, &generators, &blind_generators, Some(&commitment), header, signers).unwrap();
        BlindSignature::<BBSplus<S>>::from_bytes(&signature.to_bytes())
            .unwrap()
            .verify_blind_sign(&peer_pk, Some(header), Some(signers), Some(committed), Some(&peer_blind))
            .unwrap();

        // We commit, the peer signs, we check.
        let (commitment, secret) = blind.commit(&blind_generators, committed, &mut OsRng).unwrap();
        let signature = BlindSignature::<BBSplus<S>>::blind_sign(
            &peer_sk,
            &peer_pk,
            Some(&commitment.to_bytes()),
            Some(header),
            Some(signers),
        )
        .unwrap()
        .to_bytes();
        let ours = Signature::from_bytes(&signature).unwrap();
        blind
            .verify_blind_sign(&pk, &ours, &generators, &blind_generators, header, signers, committed, Some(&secret))
            .unwrap();

        // Proofs from the blind signature, both ways.
        for disclosure in DISCLOSURES {
            let indexes = disclosure.indexes(signers.len(), *mask);
            let committed_indexes = disclosure.indexes(committed.len(), !*mask);
            let disclosed = select(signers, &indexes);
            let committed_disclosed = select(committed, &committed_indexes);

            let proof = blind
                .blind_proof_gen(
                    &pk,
                    &ours,
                    &generators,
                    &blind_generators,
                    header,
                    ph,
                    signers,
                    committed,
                    &indexes,
                    &committed_indexes,
                    Some(&secret),
                    &mut OsRng,
                )
                .unwrap();
            PoKSignature::<BBSplus<S>>::from_bytes(&proof.to_bytes())
                .unwrap()
                .blind_proof_verify(
                    &peer_pk,
                    Some(header),
                    Some(ph),
                    Some(signers.len()),
                    Some(&disclosed),
                    Some(&committed_disclosed),
                    Some(&indexes),
                    Some(&committed_indexes),
                )
                .unwrap_or_else(|error| panic!("{disclosure:?}: {error}"));

            let peer_secret = BlindFactor::from_bytes(&secret.to_bytes()).unwrap();
            let theirs = PoKSignature::<BBSplus<S>>::blind_proof_gen(
                &peer_pk,
                &signature,
                Some(header),
                Some(ph),
                Some(signers),
                Some(committed),
                Some(&indexes),
                Some(&committed_indexes),
                Some(&peer_secret),
            )
            .unwrap();
            blind
                .blind_proof_verify(
                    &pk,
                    &Proof::from_bytes(&theirs.to_bytes()).unwrap(),
                    &generators,
                    &blind_generators,
                    header,
                    ph,
                    signers.len(),
                    &disclosed,
                    &committed_disclosed,
                    &indexes,
                    &committed_indexes,
                )
                .unwrap_or_else(|error| panic!("{disclosure:?}: {error}"));
        }

        // The secret that hides the peer's commitment is a scalar that we read as the peer wrote it.
        let secret = SecretProverBlind::from_bytes(&peer_blind.to_bytes()).unwrap();
        assert_eq!(*secret.to_bytes(), peer_blind.to_bytes());
    });
}

#[test]
fn interoperates_with_zkryptium_sha_256() {
    interoperates::<Bls12381Sha256>(Ciphersuite::Bls12381Sha256);
}

#[test]
fn interoperates_with_zkryptium_shake_256() {
    interoperates::<Bls12381Shake256>(Ciphersuite::Bls12381Shake256);
}

#[test]
fn blind_issuance_interoperates_with_zkryptium_sha_256() {
    blind_issuance_interoperates::<Bls12381Sha256>(Ciphersuite::Bls12381Sha256);
}

#[test]
fn blind_issuance_interoperates_with_zkryptium_shake_256() {
    blind_issuance_interoperates::<Bls12381Shake256>(Ciphersuite::Bls12381Shake256);
}
