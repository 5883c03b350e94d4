//! Points, scalars, and the objects of the BBS draft.

use crate::{Target, bytes};
use milchglas_bbs::{
    BlindInterface, Ciphersuite, CommitmentWithProof, Interface, Proof, PublicKey, SecretKey, SecretProverBlind,
    Signature,
};
use milchglas_curve::{G1, G2, NonZeroG1, NonZeroG2, Scalar};
use milchglas_tests::SeededRng;
use std::sync::LazyLock;

/// Encodings of points and scalars, by their length.
pub const CURVE: Target = Target { name: "curve", seeds: curve_seeds, property: curve };

/// Keys, signatures, proofs and commitments. The first byte says which.
pub const BBS: Target = Target { name: "bbs", seeds: bbs_seeds, property: bbs };

fn curve_seeds() -> Vec<Vec<u8>> {
    let seven = Scalar::from(7);
    let minus = -Scalar::ONE;
    vec![
        seven.to_bytes().to_vec(),
        minus.to_bytes().to_vec(),
        G1::identity().to_bytes().to_vec(),
        (NonZeroG1::generator() * seven).to_bytes().to_vec(),
        (NonZeroG1::generator() * minus).to_bytes().to_vec(),
        G2::identity().to_bytes().to_vec(),
        (NonZeroG2::generator() * seven).to_bytes().to_vec(),
        (NonZeroG2::generator() * minus).to_bytes().to_vec(),
    ]
}

fn curve(input: &[u8]) -> bool {
    if let Ok(input) = <&[u8; 32]>::try_from(input) {
        let scalar = Scalar::from_bytes(input);
        if let Ok(scalar) = scalar {
            assert_eq!(scalar.to_bytes(), *input);
            assert_eq!(scalar.is_zero(), *input == [0; 32]);
        }
        return scalar.is_ok();
    }
    if let Ok(input) = <&[u8; 48]>::try_from(input) {
        let point = G1::from_bytes(input);
        if let Ok(point) = point {
            assert_eq!(point.to_bytes(), *input);
            assert_eq!(point + -point, G1::identity());
            assert_eq!(NonZeroG1::from_bytes(input).is_ok(), !point.is_identity());
        } else {
            assert!(NonZeroG1::from_bytes(input).is_err());
        }
        return point.is_ok();
    }
    if let Ok(input) = <&[u8; 96]>::try_from(input) {
        let point = G2::from_bytes(input);
        if let Ok(point) = point {
            assert_eq!(point.to_bytes(), *input);
            assert_eq!(point + -point, G2::identity());
            assert_eq!(NonZeroG2::from_bytes(input).is_ok(), !point.is_identity());
        } else {
            assert!(NonZeroG2::from_bytes(input).is_err());
        }
        return point.is_ok();
    }
    false
}

const HEADER: &[u8] = b"header";
const PH: &[u8] = b"nonce";
const MESSAGES: [&str; 3] = ["Ada", "Lovelace", "1815-12-10"];

struct Genuine {
    secret: SecretKey,
    public: PublicKey,
    signature: Vec<u8>,
    proof: Vec<u8>,
    commitment: Vec<u8>,
    blind: Vec<u8>,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let mut rng = SeededRng::new("bbs");
    let bbs = interface();
    let generators = bbs.create_generators(3).unwrap();
    let secret = SecretKey::random(&mut rng).unwrap();
    let public = secret.public_key().unwrap();
    let signature = bbs.sign(&secret, &public, &generators, HEADER, &MESSAGES).unwrap();
    let proof = bbs.proof_gen(&public, &signature, &generators, HEADER, PH, &MESSAGES, &[1], &mut rng).unwrap();
    let blind = BlindInterface::blind_hm2s(Ciphersuite::Bls12381Sha256);
    let of_blind = blind.create_blind_generators(2).unwrap();
    let (commitment, blind) = blind.commit(&of_blind, &["a", "b"], &mut rng).unwrap();
    Genuine {
        secret,
        public,
        signature: signature.to_bytes().to_vec(),
        proof: proof.to_bytes(),
        commitment: commitment.to_bytes(),
        blind: blind.to_bytes().to_vec(),
    }
});

fn interface() -> Interface {
    Interface::hm2s(Ciphersuite::Bls12381Sha256)
}

fn bbs_seeds() -> Vec<Vec<u8>> {
    let Genuine { secret, public, signature, proof, commitment, blind } = &*GENUINE;
    let (secret, public) = (secret.to_bytes(), public.to_bytes());
    let objects = [secret.as_slice(), public.as_slice(), signature, proof, commitment, blind];
    bytes(&objects.iter().zip(0..).map(|(object, kind)| [&[kind], *object].concat()).collect::<Vec<_>>())
}

fn bbs(input: &[u8]) -> bool {
    let Some((kind, input)) = input.split_first() else { return false };
    let bbs = interface();
    let generators = || bbs.create_generators(3).unwrap();
    match kind {
        0 => {
            let Ok(Ok(key)) = input.try_into().map(SecretKey::from_bytes) else { return false };
            assert_eq!(key.to_bytes().as_slice(), input);
        }
        1 => {
            let Ok(Ok(key)) = input.try_into().map(PublicKey::from_bytes) else { return false };
            assert_eq!(key.to_bytes().as_slice(), input);
        }
        2 => {
            let Ok(signature) = Signature::from_bytes(input) else { return false };
            assert_eq!(signature.to_bytes().as_slice(), input);
            let holds = bbs.verify(&GENUINE.public, &signature, &generators(), HEADER, &MESSAGES).is_ok();
            assert_eq!(holds, input == GENUINE.signature);
        }
        3 => {
            let Ok(proof) = Proof::from_bytes(input) else { return false };
            assert_eq!(proof.to_bytes(), input);
            let holds = bbs.proof_verify(&GENUINE.public, &proof, &generators(), HEADER, PH, &["Lovelace"], &[1]);
            assert_eq!(holds.is_ok(), input == GENUINE.proof);
        }
        4 => {
            let Ok(commitment) = CommitmentWithProof::from_bytes(input) else { return false };
            assert_eq!(commitment.to_bytes(), input);
            let blind = BlindInterface::blind_hm2s(Ciphersuite::Bls12381Sha256);
            let holds = blind.core_commit_verify(&blind.create_blind_generators(2).unwrap(), &commitment);
            assert_eq!(holds.is_ok(), input == GENUINE.commitment);
        }
        5 => {
            let Ok(Ok(blind)) = input.try_into().map(SecretProverBlind::from_bytes) else { return false };
            assert_eq!(blind.to_bytes().as_slice(), input);
        }
        _ => return false,
    }
    true
}
