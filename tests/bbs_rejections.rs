//! What a hostile signer, prover or wire sends to BBS, and the error that must answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, non_snake_case)]

use ark_serialize::CanonicalSerialize;
use milchglas_bbs::{
    BlindGenerators, BlindInterface, Ciphersuite, CommitmentWithProof, Error, G1, Generators, Interface, MAX_MESSAGES,
    NonZeroG1, Proof, PublicKey, Scalar, SecretKey, SecretProverBlind, Signature,
};
use milchglas_curve::NonZeroG2;
use rand_core::{CryptoRng, OsRng, RngCore};

const SUITES: [Ciphersuite; 2] = [Ciphersuite::Bls12381Sha256, Ciphersuite::Bls12381Shake256];
const HEADER: &[u8] = b"header";
const PH: &[u8] = b"presentation header";
const MESSAGES: [&str; 5] = ["zero", "one", "two", "three", "four"];
const DISCLOSED: [usize; 2] = [1, 3];

/// The group order, big-endian.
const R: [u8; 32] = [
    0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05, 0x53, 0xbd, 0xa4,
    0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
];

/// One signature and one proof from it.
struct Shown {
    bbs: Interface,
    generators: Generators,
    sk: SecretKey,
    pk: PublicKey,
    signature: Signature,
    proof: Proof,
}

impl Shown {
    fn new(suite: Ciphersuite) -> Self {
        let bbs = Interface::hm2s(suite);
        let generators = bbs.create_generators(8).unwrap();
        let sk = SecretKey::random(&mut OsRng).unwrap();
        let pk = sk.public_key().unwrap();
        let signature = bbs.sign(&sk, &pk, &generators, HEADER, &MESSAGES).unwrap();
        let proof = bbs.proof_gen(&pk, &signature, &generators, HEADER, PH, &MESSAGES, &DISCLOSED, &mut OsRng).unwrap();
        let shown = Self { bbs, generators, sk, pk, signature, proof };
        shown.verify(&MESSAGES, HEADER).unwrap();
        shown.proof_verify(&shown.proof, HEADER, PH, &["one", "three"], &DISCLOSED).unwrap();
        shown
    }

    fn verify(&self, messages: &[&str], header: &[u8]) -> Result<(), Error> {
        self.bbs.verify(&self.pk, &self.signature, &self.generators, header, messages)
    }

    fn proof_verify(
        &self,
        proof: &Proof,
        header: &[u8],
        ph: &[u8],
        messages: &[&str],
        indexes: &[usize],
    ) -> Result<(), Error> {
        self.bbs.proof_verify(&self.pk, proof, &self.generators, header, ph, messages, indexes)
    }

    fn proof_gen(&self, indexes: &[usize]) -> Result<Proof, Error> {
        self.bbs.proof_gen(&self.pk, &self.signature, &self.generators, HEADER, PH, &MESSAGES, indexes, &mut OsRng)
    }
}

/// One blind issuance: three messages of the signer's, two committed ones.
struct Issued {
    blind: BlindInterface,
    generators: Generators,
    blind_generators: BlindGenerators,
    sk: SecretKey,
    pk: PublicKey,
    commitment: CommitmentWithProof,
    secret: SecretProverBlind,
    signature: Signature,
}

const SIGNERS: [&str; 3] = ["a", "b", "c"];
const COMMITTED: [&str; 2] = ["x", "y"];

impl Issued {
    fn new(suite: Ciphersuite) -> Self {
        let blind = BlindInterface::blind_hm2s(suite);
        let generators = blind.create_generators(5).unwrap();
        let blind_generators = blind.create_blind_generators(4).unwrap();
        let sk = SecretKey::random(&mut OsRng).unwrap();
        let pk = sk.public_key().unwrap();
        let (commitment, secret) = blind.commit(&blind_generators, &COMMITTED, &mut OsRng).unwrap();
        let signature =
            blind.blind_sign(&sk, &pk, &generators, &blind_generators, Some(&commitment), HEADER, &SIGNERS).unwrap();
        let issued = Self { blind, generators, blind_generators, sk, pk, commitment, secret, signature };
        issued.verify(HEADER, &SIGNERS, &COMMITTED, Some(&issued.secret)).unwrap();
        issued
    }

    fn sign(&self, commitment: &CommitmentWithProof) -> Result<Signature, Error> {
        self.blind.blind_sign(
            &self.sk,
            &self.pk,
            &self.generators,
            &self.blind_generators,
            Some(commitment),
            HEADER,
            &SIGNERS,
        )
    }

    fn verify(
        &self,
        header: &[u8],
        signers: &[&str],
        committed: &[&str],
        secret: Option<&SecretProverBlind>,
    ) -> Result<(), Error> {
        self.blind.verify_blind_sign(
            &self.pk,
            &self.signature,
            &self.generators,
            &self.blind_generators,
            header,
            signers,
            committed,
            secret,
        )
    }

    fn proof_gen(&self, indexes: &[usize], committed_indexes: &[usize]) -> Result<Proof, Error> {
        self.blind.blind_proof_gen(
            &self.pk,
            &self.signature,
            &self.generators,
            &self.blind_generators,
            HEADER,
            PH,
            &SIGNERS,
            &COMMITTED,
            indexes,
            committed_indexes,
            Some(&self.secret),
            &mut OsRng,
        )
    }

    fn proof_verify(
        &self,
        proof: &Proof,
        L: usize,
        messages: (&[&str], &[&str]),
        indexes: (&[usize], &[usize]),
    ) -> Result<(), Error> {
        self.blind.blind_proof_verify(
            &self.pk,
            proof,
            &self.generators,
            &self.blind_generators,
            HEADER,
            PH,
            L,
            messages.0,
            messages.1,
            indexes.0,
            indexes.1,
        )
    }
}

fn is_decode(result: Result<impl Sized, Error>) -> bool {
    matches!(result, Err(Error::Decode(_)))
}

fn flipped(octets: &[u8], bit: usize) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[bit / 8] ^= 1 << (bit % 8);
    octets
}

fn replaced(octets: &[u8], offset: usize, part: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[offset..offset + part.len()].copy_from_slice(part);
    octets
}

/// Encodings of 32 octets that are no scalar, or zero; `scalar` gives s + r.
fn bad_scalars(scalar: &[u8]) -> Vec<[u8; 32]> {
    let mut sum = [0u8; 32];
    let mut carry = 0;
    for i in (0..32).rev() {
        let digit = u16::from(scalar[i]) + u16::from(R[i]) + carry;
        sum[i] = digit as u8;
        carry = digit >> 8;
    }
    assert_eq!(carry, 0);
    vec![[0; 32], R, sum, [0xff; 32]]
}

/// Encodings of 48 octets that are no point of G1, or the identity.
fn bad_points() -> Vec<[u8; 48]> {
    let off_subgroup = (1u64..)
        .find_map(|x| {
            let point = ark_bls12_381::G1Affine::get_point_from_x_unchecked(x.into(), false)?;
            (!point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
        })
        .unwrap();
    let mut encoded = [0; 48];
    off_subgroup.serialize_compressed(&mut encoded[..]).unwrap();
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    let mut dirty_infinity = infinity;
    dirty_infinity[47] = 1;
    let generator = NonZeroG1::generator().to_bytes();
    let mut uncompressed_flag = generator;
    uncompressed_flag[0] &= 0x7f;
    let mut infinity_flag = generator;
    infinity_flag[0] |= 0x40;
    let mut not_reduced = [0xff; 48];
    not_reduced[0] = 0x9f;
    vec![encoded, infinity, dirty_infinity, uncompressed_flag, infinity_flag, not_reduced, [0; 48]]
}

#[test]
fn rejects_a_changed_signature_input() {
    for suite in SUITES {
        let shown = Shown::new(suite);
        let verify = |messages: &[&str], header: &[u8]| shown.verify(messages, header).unwrap_err();
        for bit in 0..HEADER.len() * 8 {
            assert_eq!(verify(&MESSAGES, &flipped(HEADER, bit)), Error::InvalidSignature);
        }
        assert_eq!(verify(&MESSAGES, b""), Error::InvalidSignature);
        assert_eq!(verify(&MESSAGES[..4], HEADER), Error::InvalidSignature);
        assert_eq!(verify(&["zero", "one", "two", "three", "four", ""], HEADER), Error::InvalidSignature);
        assert_eq!(verify(&["one", "zero", "two", "three", "four"], HEADER), Error::InvalidSignature);
        assert_eq!(verify(&["zero", "one", "two", "three", "fous"], HEADER), Error::InvalidSignature);
        assert_eq!(verify(&["zeroo", "ne", "two", "three", "four"], HEADER), Error::InvalidSignature);
        assert_eq!(verify(&["m"; 9], HEADER), Error::GeneratorCount);

        let other = SecretKey::random(&mut OsRng).unwrap().public_key().unwrap();
        let verdict = shown.bbs.verify(&other, &shown.signature, &shown.generators, HEADER, &MESSAGES);
        assert_eq!(verdict.unwrap_err(), Error::InvalidSignature);
    }
}

#[test]
fn rejects_every_flipped_bit_of_a_signature() {
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let octets = shown.signature.to_bytes();
    for bit in 0..octets.len() * 8 {
        match Signature::from_bytes(&flipped(&octets, bit)) {
            Err(error) => assert!(matches!(error, Error::Decode(_)), "bit {bit}"),
            Ok(signature) => {
                let verdict = shown.bbs.verify(&shown.pk, &signature, &shown.generators, HEADER, &MESSAGES);
                assert_eq!(verdict.unwrap_err(), Error::InvalidSignature, "bit {bit}");
            }
        }
    }
}

#[test]
fn rejects_a_changed_proof_input() {
    for suite in SUITES {
        let shown = Shown::new(suite);
        let verify = |header: &[u8], ph: &[u8], messages: &[&str], indexes: &[usize]| {
            shown.proof_verify(&shown.proof, header, ph, messages, indexes).unwrap_err()
        };
        let disclosed = ["one", "three"];
        for bit in 0..HEADER.len() * 8 {
            assert_eq!(verify(&flipped(HEADER, bit), PH, &disclosed, &DISCLOSED), Error::InvalidProof);
        }
        for bit in 0..PH.len() * 8 {
            assert_eq!(verify(HEADER, &flipped(PH, bit), &disclosed, &DISCLOSED), Error::InvalidProof);
        }
        // An octet moved from one header to the other.
        assert_eq!(verify(b"headerp", b"resentation header", &disclosed, &DISCLOSED), Error::InvalidProof);

        assert_eq!(verify(HEADER, PH, &["three", "one"], &DISCLOSED), Error::InvalidProof);
        assert_eq!(verify(HEADER, PH, &["one", "thref"], &DISCLOSED), Error::InvalidProof);
        assert_eq!(verify(HEADER, PH, &disclosed, &[1, 2]), Error::InvalidProof);
        assert_eq!(verify(HEADER, PH, &["one"], &[1]), Error::InvalidProof);
        assert_eq!(verify(HEADER, PH, &["one", "three", "four"], &[1, 3, 4]), Error::InvalidProof);
        assert_eq!(verify(HEADER, PH, &["one", "three", "four"], &DISCLOSED), Error::DisclosedCount);
        assert_eq!(verify(HEADER, PH, &["one"], &DISCLOSED), Error::DisclosedCount);
    }
}

#[test]
fn rejects_every_flipped_bit_of_a_proof() {
    let shown = Shown::new(Ciphersuite::Bls12381Shake256);
    let octets = shown.proof.to_bytes();
    for bit in 0..octets.len() * 8 {
        match Proof::from_bytes(&flipped(&octets, bit)) {
            Err(error) => assert!(matches!(error, Error::Decode(_)), "bit {bit}"),
            Ok(proof) => {
                let verdict = shown.proof_verify(&proof, HEADER, PH, &["one", "three"], &DISCLOSED);
                assert_eq!(verdict.unwrap_err(), Error::InvalidProof, "bit {bit}");
            }
        }
    }
}

#[test]
fn rejects_another_number_of_responses() {
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let octets = shown.proof.to_bytes();
    let m_hat = Proof::MIN_LENGTH - 32;

    let fewer = Proof::from_bytes(&[&octets[..m_hat], &octets[m_hat + 32..]].concat()).unwrap();
    assert_eq!(fewer.undisclosed_count(), 2);
    let one = &octets[m_hat..m_hat + 32];
    let more = Proof::from_bytes(&[&octets[..m_hat], one, &octets[m_hat..]].concat()).unwrap();
    assert_eq!(more.undisclosed_count(), 4);
    for proof in [&fewer, &more] {
        let verdict = shown.proof_verify(proof, HEADER, PH, &["one", "three"], &DISCLOSED);
        assert_eq!(verdict.unwrap_err(), Error::InvalidProof);
    }
}

#[test]
fn rejects_bad_indexes() {
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    for indexes in [&[1, 1][..], &[3, 1], &[5], &[0, 5], &[usize::MAX], &[0, 1, 2, 3, 4, 4], &[0, 1, 2, 3, 4, 5]] {
        assert_eq!(shown.proof_gen(indexes).unwrap_err(), Error::Indexes, "{indexes:?}");
    }
    for indexes in [[1, 1], [3, 1], [1, 5], [1, usize::MAX]] {
        let verdict = shown.proof_verify(&shown.proof, HEADER, PH, &["one", "three"], &indexes);
        assert_eq!(verdict.unwrap_err(), Error::Indexes, "{indexes:?}");
    }
}

#[test]
fn rejects_a_proof_under_a_multiple_of_the_key() {
    for suite in SUITES {
        let shown = Shown::new(suite);
        let y = Scalar::from(7);
        let pk = PublicKey::from((NonZeroG2::from_bytes(&shown.pk.to_bytes()).unwrap() * y).to_nonzero().unwrap());
        let verify = |proof: &Proof| {
            shown.bbs.proof_verify(&pk, proof, &shown.generators, HEADER, PH, &["one", "three"], &DISCLOSED)
        };
        assert_eq!(verify(&shown.proof).unwrap_err(), Error::InvalidProof);

        // Repairing the pairing equation, by y on B_bar or by 1/y on A_bar, breaks the other relation.
        let octets = shown.proof.to_bytes();
        for (offset, factor) in [(48, y), (0, y.invert().unwrap())] {
            let point = G1::from_bytes(octets[offset..offset + 48].try_into().unwrap()).unwrap() * factor;
            let proof = Proof::from_bytes(&replaced(&octets, offset, &point.to_bytes())).unwrap();
            assert_eq!(verify(&proof).unwrap_err(), Error::InvalidProof);
        }
    }
}

#[test]
fn rejects_the_other_suite_and_another_interface() {
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let others = [
        Interface::hm2s(Ciphersuite::Bls12381Shake256),
        Interface::new(Ciphersuite::Bls12381Sha256, "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S").unwrap(),
        BlindInterface::blind_hm2s(Ciphersuite::Bls12381Sha256).interface().clone(),
    ];
    for other in others {
        for generators in [&shown.generators, &other.create_generators(5).unwrap()] {
            let verdict = other.verify(&shown.pk, &shown.signature, generators, HEADER, &MESSAGES);
            assert_eq!(verdict.unwrap_err(), Error::InvalidSignature);
            let verdict =
                other.proof_verify(&shown.pk, &shown.proof, generators, HEADER, PH, &["one", "three"], &DISCLOSED);
            assert_eq!(verdict.unwrap_err(), Error::InvalidProof);
        }
    }
}

#[test]
fn rejects_generators_that_do_not_fit_the_core_operations() {
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let scalars = shown.bbs.messages_to_scalars(&MESSAGES).unwrap();
    let Shown { bbs, generators, sk, pk, signature, proof } = &shown;
    for generators in [generators.clone(), generators.first(4).unwrap()] {
        let count = Error::GeneratorCount;
        assert_eq!(bbs.core_sign(sk, pk, &generators, HEADER, &scalars).unwrap_err(), count);
        assert_eq!(bbs.core_verify(pk, signature, &generators, HEADER, &scalars).unwrap_err(), count);
        assert_eq!(bbs.core_verify_vartime(pk, signature, &generators, HEADER, &scalars).unwrap_err(), count);
        let shown = bbs.core_proof_gen(pk, signature, &generators, HEADER, PH, &scalars, &DISCLOSED, &mut OsRng);
        assert_eq!(shown.unwrap_err(), count);
        let disclosed = [scalars[1], scalars[3]];
        let verdict = bbs.core_proof_verify(pk, proof, &generators, HEADER, PH, &disclosed, &DISCLOSED);
        assert_eq!(verdict.unwrap_err(), count);
    }
    assert_eq!(generators.first(9).unwrap_err(), Error::GeneratorCount);
    assert_eq!(generators.first(usize::MAX).unwrap_err(), Error::GeneratorCount);
}

#[test]
fn rejects_signing_the_identity() {
    let bbs = Interface::hm2s(Ciphersuite::Bls12381Sha256);
    let sk = SecretKey::random(&mut OsRng).unwrap();
    assert_eq!(bbs.sign_point(&sk, &G1::identity()).unwrap_err(), Error::Unsignable);
}

#[test]
fn rejects_bad_commitments() {
    for suite in SUITES {
        let issued = Issued::new(suite);
        let octets = issued.commitment.to_bytes();
        for bit in 0..octets.len() * 8 {
            match CommitmentWithProof::from_bytes(&flipped(&octets, bit)) {
                Err(error) => assert!(matches!(error, Error::Decode(_)), "bit {bit}"),
                Ok(changed) => assert_eq!(issued.sign(&changed).unwrap_err(), Error::InvalidCommitment, "bit {bit}"),
            }
        }

        // The commitment of one session under the proof of another.
        let (other, _) = issued.blind.commit(&issued.blind_generators, &COMMITTED, &mut OsRng).unwrap();
        let spliced = replaced(&octets, 0, &other.C().to_bytes());
        let spliced = CommitmentWithProof::from_bytes(&spliced).unwrap();
        assert_eq!(issued.sign(&spliced).unwrap_err(), Error::InvalidCommitment);

        // More or fewer messages than the proof was made for, and more than there are generators for.
        let response = &octets[80..112];
        let more = [&octets[..80], response, &octets[80..]].concat();
        let fewer = [&octets[..80], &octets[112..]].concat();
        for changed in [more, fewer] {
            let changed = CommitmentWithProof::from_bytes(&changed).unwrap();
            assert_eq!(issued.sign(&changed).unwrap_err(), Error::InvalidCommitment);
        }
        let many = [&octets[..80], &response.repeat(5)[..], &octets[octets.len() - 32..]].concat();
        let many = CommitmentWithProof::from_bytes(&many).unwrap();
        assert_eq!(issued.sign(&many).unwrap_err(), Error::GeneratorCount);
        let commit = issued.blind.commit(&issued.blind_generators, &["m"; 5], &mut OsRng);
        assert_eq!(commit.unwrap_err(), Error::GeneratorCount);
    }
}

#[test]
fn rejects_a_blind_signature_of_another_session() {
    for suite in SUITES {
        let issued = Issued::new(suite);
        let verify = |header: &[u8], signers: &[&str], committed: &[&str], secret: Option<&SecretProverBlind>| {
            issued.verify(header, signers, committed, secret).unwrap_err()
        };
        let secret = Some(&issued.secret);
        assert_eq!(verify(b"other", &SIGNERS, &COMMITTED, secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &["a", "b"], &COMMITTED, secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &["b", "a", "c"], &COMMITTED, secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &SIGNERS, &["x"], secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &SIGNERS, &["x", "y", "z"], secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &SIGNERS, &["y", "x"], secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &["a", "b", "c", "x"], &["y"], secret), Error::InvalidSignature);
        assert_eq!(verify(HEADER, &SIGNERS, &COMMITTED, None), Error::InvalidSignature);

        // The same messages committed to in another session: its signature opens with its own secret only.
        let (commitment, secret) = issued.blind.commit(&issued.blind_generators, &COMMITTED, &mut OsRng).unwrap();
        let signature = issued.sign(&commitment).unwrap();
        let check = |secret: &SecretProverBlind| {
            issued.blind.verify_blind_sign(
                &issued.pk,
                &signature,
                &issued.generators,
                &issued.blind_generators,
                HEADER,
                &SIGNERS,
                &COMMITTED,
                Some(secret),
            )
        };
        check(&secret).unwrap();
        assert_eq!(check(&issued.secret).unwrap_err(), Error::InvalidSignature);
    }
}

#[test]
fn rejects_bad_indexes_of_blind_proofs() {
    let issued = Issued::new(Ciphersuite::Bls12381Sha256);
    let proof = issued.proof_gen(&[0, 2], &[1]).unwrap();
    let messages: (&[&str], &[&str]) = (&["a", "c"], &["y"]);
    issued.proof_verify(&proof, 3, messages, (&[0, 2], &[1])).unwrap();

    // Index 3 among all messages is the secret prover blind; 4 and 5 are committed messages, named by 0 and 1.
    let bad: [(&[usize], &[usize]); 8] = [
        (&[0, 3], &[]),
        (&[0, 4], &[0]),
        (&[0, 5], &[1]),
        (&[0, 0], &[]),
        (&[2, 0], &[]),
        (&[], &[1, 1]),
        (&[], &[2]),
        (&[], &[usize::MAX]),
    ];
    for (indexes, committed_indexes) in bad {
        let result = issued.proof_gen(indexes, committed_indexes);
        assert_eq!(result.unwrap_err(), Error::Indexes, "{indexes:?} {committed_indexes:?}");
    }
    for indexes in [(&[0, 3], &[1]), (&[0, 0], &[1]), (&[2, 0], &[1]), (&[0, 2], &[2]), (&[0, 2], &[usize::MAX])] {
        let verdict = issued.proof_verify(&proof, 3, messages, (indexes.0, indexes.1));
        assert_eq!(verdict.unwrap_err(), Error::Indexes, "{indexes:?}");
    }
    for indexes in [(&[0, 1], &[1]), (&[0, 2], &[0])] {
        let verdict = issued.proof_verify(&proof, 3, messages, (indexes.0, indexes.1));
        assert_eq!(verdict.unwrap_err(), Error::InvalidProof, "{indexes:?}");
    }
    let counts = [issued.proof_verify(&proof, 3, (&["a"], &["c", "y"]), (&[0, 2], &[1]))];
    assert_eq!(counts[0].unwrap_err(), Error::DisclosedCount);
    // The same total, divided otherwise between signer and prover.
    assert_eq!(issued.proof_verify(&proof, 4, messages, (&[0, 2], &[0])).unwrap_err(), Error::InvalidProof);
    for L in [6, usize::MAX] {
        assert_eq!(issued.proof_verify(&proof, L, messages, (&[0, 2], &[1])).unwrap_err(), Error::Indexes, "{L}");
    }
}

#[test]
fn rejects_bad_encodings() {
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let issued = Issued::new(Ciphersuite::Bls12381Sha256);
    let signature = shown.signature.to_bytes().to_vec();
    let proof = shown.proof.to_bytes();
    let commitment = issued.commitment.to_bytes();

    fn check<T>(octets: &[u8], points: usize, decode: impl Fn(&[u8]) -> Result<T, Error>) {
        assert!(decode(octets).is_ok());
        assert!(is_decode(decode(&octets[..octets.len() - 1])), "one octet less");
        assert!(is_decode(decode(&[octets, &[0]].concat())), "one octet more");
        assert!(is_decode(decode(&octets[1..])), "without the first octet");
        assert!(is_decode(decode(&[])), "nothing");
        for slot in 0..points {
            for point in bad_points() {
                let changed = replaced(octets, 48 * slot, &point);
                assert!(is_decode(decode(&changed)), "point {slot}: {}", hex::encode(point));
            }
        }
        for offset in (48 * points..octets.len()).step_by(32) {
            for scalar in bad_scalars(&octets[offset..offset + 32]) {
                let changed = replaced(octets, offset, &scalar);
                assert!(is_decode(decode(&changed)), "scalar at {offset}: {}", hex::encode(scalar));
            }
        }
    }
    check(&signature, 1, Signature::from_bytes);
    check(&proof, 3, Proof::from_bytes);
    check(&commitment, 1, CommitmentWithProof::from_bytes);

    for scalar in bad_scalars(shown.sk.to_bytes().as_slice()) {
        assert!(is_decode(SecretKey::from_bytes(&scalar)));
        assert!(is_decode(SecretProverBlind::from_bytes(&scalar)));
    }
}

#[test]
fn rejects_bad_public_keys() {
    let off_subgroup = (1u64..)
        .find_map(|x| {
            let x = ark_bls12_381::Fq2::new(x.into(), 0u64.into());
            let point = ark_bls12_381::G2Affine::get_point_from_x_unchecked(x, false)?;
            (!point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
        })
        .unwrap();
    let mut encoded = [0; 96];
    off_subgroup.serialize_compressed(&mut encoded[..]).unwrap();
    let mut infinity = [0; 96];
    infinity[0] = 0xc0;
    let good = SecretKey::random(&mut OsRng).unwrap().public_key().unwrap().to_bytes();
    let mut uncompressed_flag = good;
    uncompressed_flag[0] &= 0x7f;
    let mut infinity_flag = good;
    infinity_flag[0] |= 0x40;
    let mut not_reduced = good;
    not_reduced[48..].fill(0xff);
    for octets in [encoded, infinity, uncompressed_flag, infinity_flag, not_reduced, [0; 96], [0xff; 96]] {
        assert!(is_decode(PublicKey::from_bytes(&octets)), "{}", hex::encode(octets));
    }
    assert_eq!(PublicKey::from_bytes(&good).unwrap().to_bytes(), good);
}

#[test]
fn rejects_more_messages_than_allowed() {
    let bbs = Interface::hm2s(Ciphersuite::Bls12381Sha256);
    assert_eq!(bbs.create_generators(MAX_MESSAGES + 1).unwrap_err(), Error::TooManyMessages);
    assert_eq!(bbs.create_generators(usize::MAX).unwrap_err(), Error::TooManyMessages);
    assert_eq!(bbs.messages_to_scalars(&vec![""; MAX_MESSAGES + 1]).unwrap_err(), Error::TooManyMessages);
    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let octets = shown.proof.to_bytes();
    let many = [&octets[..240], &[1].repeat(32 * (MAX_MESSAGES + 1)), &octets[240..]].concat();
    assert!(is_decode(Proof::from_bytes(&many)));
}

#[test]
fn rejects_bad_key_material_and_tags() {
    let suite = Ciphersuite::Bls12381Sha256;
    let key_gen = |material: &[u8], info: &[u8], dst| SecretKey::key_gen(suite, material, info, dst).map(|_| ());
    assert_eq!(key_gen(&[1; 31], b"", None), Err(Error::KeyMaterial));
    assert_eq!(key_gen(&[1; 32], &[0; 65_536], None), Err(Error::KeyMaterial));
    assert_eq!(key_gen(&[1; 32], &[0; 65_535], None), Ok(()));
    assert_eq!(key_gen(&[1; 32], b"", Some(b"")), Err(Error::DomainSeparation));
    assert_eq!(key_gen(&[1; 32], b"", Some(&[b'd'; 256])), Err(Error::DomainSeparation));
    assert_eq!(key_gen(&[1; 32], b"", Some(&[b'd'; 255])), Ok(()));

    assert_eq!(Interface::new(suite, "").unwrap_err(), Error::DomainSeparation);
    assert_eq!(Interface::new(suite, [b'i'; 224]).unwrap_err(), Error::DomainSeparation);
    let longest = BlindInterface::new(Interface::new(suite, [b'i'; 223]).unwrap());
    assert_eq!(longest.create_blind_generators(1).unwrap().message_count(), 1);
}

#[test]
fn rejects_a_broken_random_number_generator() {
    /// Returns zeros, or an error.
    struct Broken(bool);
    impl RngCore for Broken {
        fn next_u32(&mut self) -> u32 {
            0
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
        fn fill_bytes(&mut self, out: &mut [u8]) {
            out.fill(0);
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(out);
            if self.0 { Ok(()) } else { Err(rand_core::Error::from(core::num::NonZeroU32::MIN)) }
        }
    }
    impl CryptoRng for Broken {}

    let shown = Shown::new(Ciphersuite::Bls12381Sha256);
    let Shown { bbs, generators, pk, signature, .. } = &shown;
    let issued = Issued::new(Ciphersuite::Bls12381Sha256);
    for zeros in [true, false] {
        let mut rng = Broken(zeros);
        let proof = bbs.proof_gen(pk, signature, generators, HEADER, PH, &MESSAGES, &DISCLOSED, &mut rng);
        assert_eq!(proof.unwrap_err(), Error::Randomness);
        let commitment = issued.blind.commit(&issued.blind_generators, &COMMITTED, &mut rng);
        assert_eq!(commitment.unwrap_err(), Error::Randomness);
        assert_eq!(SecretKey::random(&mut rng).unwrap_err(), Error::Randomness);
    }
}
