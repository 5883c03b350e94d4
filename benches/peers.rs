//! Others' implementations, driven the way their documentation says, in their best configuration: one thread, assembly where the
//! build's target has it, keys and parameters prepared where their interface can keep them.

/// The crate `proof_system`: composite proofs on arkworks.
pub mod proof_system {
    use ark_bls12_381_04::{Bls12_381, Fr};
    use ark_serialize_04::{CanonicalDeserialize, CanonicalSerialize};
    use ark_std_04::rand::{SeedableRng, rngs::StdRng};
    use bbs_plus::prelude::{KeypairG2, SignatureParams23G1};
    use bbs_plus::signature_23::Signature23G1;
    use blake2::Blake2b512;
    use proof_system::prelude::bound_check_smc::SmcParamsAndCommitmentKey;
    use proof_system::prelude::{
        EqualWitnesses, MetaStatements, Proof, ProofSpec, SetupParams, Statements, VerifierConfig, Witness, Witnesses,
    };
    use proof_system::statement::bbs_23_ietf::{PoKBBSSignature23IETFG1Prover, PoKBBSSignature23IETFG1Verifier};
    use proof_system::statement::bound_check_smc::BoundCheckSmc;
    use proof_system::witness::PoKBBSSignature23G1;
    use std::collections::{BTreeMap, BTreeSet};

    /// A signature on messages of which the first are disclosed and the last are in ranges.
    pub struct Peer {
        prover: ProofSpec<Bls12_381>,
        verifier: ProofSpec<Bls12_381>,
        witnesses: Witnesses<Bls12_381>,
    }

    /// The base of the digits. Of those tried, the one with the fastest proof and check of 16 bits.
    const BASE: u16 = 256;

    fn rng() -> StdRng {
        StdRng::seed_from_u64(0)
    }

    impl Peer {
        /// `messages` in all; the i-th last message lies in the i-th of `ranges`, each from its first bound to before its second.
        #[must_use]
        pub fn new(messages: usize, disclosed: usize, ranges: &[(u64, u64)]) -> Self {
            let mut rng = rng();
            let params = SignatureParams23G1::<Bls12_381>::new::<Blake2b512>(b"bench", messages as u32);
            let keys = KeypairG2::<Bls12_381>::generate_using_rng_and_bbs23_params(&mut rng, &params);
            let values: Vec<Fr> = (0..messages as u64).map(|i| Fr::from(1001 + i)).collect();
            let signature = Signature23G1::new(&mut rng, &values, &keys.secret_key, &params).unwrap();
            let (digits, _) = SmcParamsAndCommitmentKey::new::<_, Blake2b512>(&mut rng, b"digits", BASE);
            let (shown, hidden): (BTreeMap<_, _>, BTreeMap<_, _>) =
                values.iter().copied().enumerate().partition(|(i, _)| *i < disclosed);

            let mut witnesses = Witnesses::new();
            witnesses.add(PoKBBSSignature23G1::new_as_witness(signature, hidden));
            let mut prover = Statements::new();
            prover.add(PoKBBSSignature23IETFG1Prover::new_statement_from_params(params.clone(), shown.clone()));
            let mut verifier = Statements::new();
            verifier.add(PoKBBSSignature23IETFG1Verifier::new_statement_from_params(
                params,
                keys.public_key.clone(),
                shown,
            ));
            let mut equal = MetaStatements::new();
            for (i, &(min, max)) in ranges.iter().enumerate() {
                let message = messages - 1 - i;
                witnesses.add(Witness::BoundCheckSmc(values[message]));
                for statements in [&mut prover, &mut verifier] {
                    statements.add(BoundCheckSmc::new_statement_from_params_ref(min, max, 0).unwrap());
                }
                equal.add_witness_equality(EqualWitnesses(BTreeSet::from([(0, message), (1 + i, 0)])));
            }
            let spec = |statements| {
                let setup = vec![SetupParams::SmcParamsAndCommKey(digits.clone())];
                ProofSpec::new(statements, equal.clone(), setup, None)
            };
            Self { prover: spec(prover), verifier: spec(verifier), witnesses }
        }

        /// What proving consumes.
        #[must_use]
        pub fn prover_input(&self) -> (ProofSpec<Bls12_381>, Witnesses<Bls12_381>) {
            (self.prover.clone(), self.witnesses.clone())
        }

        /// What verifying consumes.
        #[must_use]
        pub fn verifier_input(&self) -> ProofSpec<Bls12_381> {
            self.verifier.clone()
        }

        /// A proof's bytes.
        #[must_use]
        pub fn prove(&self, (spec, witnesses): (ProofSpec<Bls12_381>, Witnesses<Bls12_381>)) -> Vec<u8> {
            let mut rng = ark_std_04::rand::rngs::OsRng;
            let nonce = Some(b"a nonce".to_vec());
            let (proof, _) = Proof::new::<_, Blake2b512>(&mut rng, spec, witnesses, nonce, Default::default()).unwrap();
            let mut bytes = Vec::new();
            proof.serialize_compressed(&mut bytes).unwrap();
            bytes
        }

        /// Reads a proof.
        #[must_use]
        pub fn decode(&self, bytes: &[u8]) -> Proof<Bls12_381> {
            Proof::deserialize_compressed(bytes).unwrap()
        }

        /// Checks a proof, from its bytes.
        pub fn verify(&self, bytes: &[u8], spec: ProofSpec<Bls12_381>) {
            self.verify_decoded(self.decode(bytes), spec);
        }

        /// Checks a proof that was read before.
        pub fn verify_decoded(&self, proof: Proof<Bls12_381>, spec: ProofSpec<Bls12_381>) {
            let mut rng = ark_std_04::rand::rngs::OsRng;
            let config = VerifierConfig { use_lazy_randomized_pairing_checks: Some(true) };
            proof.verify::<_, Blake2b512>(&mut rng, spec, Some(b"a nonce".to_vec()), config).unwrap();
        }
    }
}

/// The crate `bbs_plus`: BBS with the proof that its fastest module makes, the one that the IETF draft's sends two points of.
pub mod bbs_plus {
    use ark_bls12_381_04::{Bls12_381, Fr};
    use ark_ff_04::PrimeField;
    use ark_serialize_04::{CanonicalDeserialize, CanonicalSerialize};
    use ark_std_04::rand::rngs::OsRng;
    use bbs_plus::prelude::{
        KeypairG2, PreparedPublicKeyG2, PreparedSignatureParams23G1, SecretKey, SignatureParams23G1,
    };
    use bbs_plus::proof_23_ietf::{PoKOfSignature23G1Proof, PoKOfSignature23G1Protocol};
    use bbs_plus::signature_23::Signature23G1;
    use blake2::{Blake2b512, Digest as _};
    use std::collections::BTreeMap;

    /// Keys, a signature, and what is disclosed of it.
    pub struct Peer {
        params: SignatureParams23G1<Bls12_381>,
        prepared: (PreparedPublicKeyG2<Bls12_381>, PreparedSignatureParams23G1<Bls12_381>),
        sk: SecretKey<Fr>,
        messages: Vec<Fr>,
        shown: BTreeMap<usize, Fr>,
        signature: Signature23G1<Bls12_381>,
    }

    /// What a verifier consumes.
    pub type Keys = (PreparedPublicKeyG2<Bls12_381>, PreparedSignatureParams23G1<Bls12_381>);

    impl Peer {
        /// A signature on `messages` messages; the first `disclosed` are disclosed.
        #[must_use]
        pub fn new(messages: usize, disclosed: usize) -> Self {
            let params = SignatureParams23G1::<Bls12_381>::new::<Blake2b512>(b"bench", messages as u32);
            let keys = KeypairG2::<Bls12_381>::generate_using_rng_and_bbs23_params(&mut OsRng, &params);
            let messages: Vec<Fr> = (0..messages)
                .map(|i| Fr::from_le_bytes_mod_order(&Blake2b512::digest(format!("message {i}"))))
                .collect();
            let signature = Signature23G1::new(&mut OsRng, &messages, &keys.secret_key, &params).unwrap();
            let shown = messages.iter().copied().enumerate().take(disclosed).collect();
            let prepared = (keys.public_key.clone().into(), params.clone().into());
            Self { params, prepared, sk: keys.secret_key.clone(), messages, shown, signature }
        }

        /// Signs.
        #[must_use]
        pub fn sign(&self) -> Signature23G1<Bls12_381> {
            Signature23G1::new(&mut OsRng, &self.messages, &self.sk, &self.params).unwrap()
        }

        /// What a verifier consumes, prepared.
        #[must_use]
        pub fn keys(&self) -> Keys {
            self.prepared.clone()
        }

        /// Checks the signature.
        pub fn verify(&self, (key, params): Keys) {
            self.signature.verify(&self.messages, key, params).unwrap();
        }

        /// A proof's bytes, followed by nothing: the verifier recomputes the challenge.
        #[must_use]
        pub fn prove(&self) -> Vec<u8> {
            use dock_crypto_utils::signature::MessageOrBlinding;

            let messages = self.messages.iter().enumerate().map(|(i, message)| {
                if self.shown.contains_key(&i) {
                    MessageOrBlinding::RevealMessage(message)
                } else {
                    MessageOrBlinding::BlindMessageRandomly(message)
                }
            });
            let protocol =
                PoKOfSignature23G1Protocol::init(&mut OsRng, &self.signature, &self.params, messages).unwrap();
            let mut transcript = Vec::new();
            protocol.challenge_contribution(&self.shown, &self.params, &mut transcript).unwrap();
            let proof = protocol.gen_proof(&challenge(&transcript)).unwrap();
            let mut bytes = Vec::new();
            proof.serialize_compressed(&mut bytes).unwrap();
            bytes
        }

        /// Reads a proof.
        #[must_use]
        pub fn decode(&self, bytes: &[u8]) -> PoKOfSignature23G1Proof<Bls12_381> {
            PoKOfSignature23G1Proof::deserialize_compressed(bytes).unwrap()
        }

        /// Checks a proof, from its bytes.
        pub fn check(&self, bytes: &[u8], keys: Keys) {
            self.check_decoded(self.decode(bytes), keys);
        }

        /// Checks a proof that was read before.
        pub fn check_decoded(&self, proof: PoKOfSignature23G1Proof<Bls12_381>, (key, params): Keys) {
            let mut transcript = Vec::new();
            proof.challenge_contribution(&self.shown, &self.params, &mut transcript).unwrap();
            proof.verify(&self.shown, &challenge(&transcript), key, params).unwrap();
        }
    }

    fn challenge(transcript: &[u8]) -> Fr {
        Fr::from_le_bytes_mod_order(&Blake2b512::digest(transcript))
    }
}

/// The crate `zkryptium`: the IETF draft.
pub mod zkryptium {
    use zkryptium::bbsplus::ciphersuites::Bls12381Sha256;
    use zkryptium::bbsplus::keys::{BBSplusPublicKey, BBSplusSecretKey};
    use zkryptium::keys::pair::KeyPair;
    use zkryptium::schemes::algorithms::BBSplus;
    use zkryptium::schemes::generics::{PoKSignature, Signature};

    type Suite = BBSplus<Bls12381Sha256>;

    /// Keys, a signature, and what is disclosed of it.
    pub struct Peer {
        sk: BBSplusSecretKey,
        pk: BBSplusPublicKey,
        messages: Vec<Vec<u8>>,
        disclosed: Vec<usize>,
        header: Vec<u8>,
        ph: Vec<u8>,
        signature: Signature<Suite>,
    }

    impl Peer {
        /// A signature on these messages.
        #[must_use]
        pub fn new(messages: Vec<Vec<u8>>, disclosed: &[usize], header: &[u8], ph: &[u8]) -> Self {
            let keys = KeyPair::<Suite>::generate(&[7; 32], None, None).unwrap();
            let (sk, pk) = (keys.private_key().clone(), keys.public_key().clone());
            let signature = Signature::<Suite>::sign(Some(&messages), &sk, &pk, Some(header)).unwrap();
            Self {
                sk,
                pk,
                messages,
                disclosed: disclosed.to_vec(),
                header: header.to_vec(),
                ph: ph.to_vec(),
                signature,
            }
        }

        /// Signs.
        #[must_use]
        pub fn sign(&self) -> Signature<Suite> {
            Signature::<Suite>::sign(Some(&self.messages), &self.sk, &self.pk, Some(&self.header)).unwrap()
        }

        /// Checks the signature.
        pub fn verify(&self) {
            self.signature.verify(&self.pk, Some(&self.messages), Some(&self.header)).unwrap();
        }

        /// A proof's bytes.
        #[must_use]
        pub fn prove(&self) -> Vec<u8> {
            PoKSignature::<Suite>::proof_gen(
                &self.pk,
                &self.signature.to_bytes(),
                Some(&self.header),
                Some(&self.ph),
                Some(&self.messages),
                Some(&self.disclosed),
            )
            .unwrap()
            .to_bytes()
        }

        /// Checks a proof, from its bytes.
        pub fn check(&self, proof: &[u8]) {
            let shown: Vec<Vec<u8>> = self.disclosed.iter().map(|&i| self.messages[i].clone()).collect();
            PoKSignature::<Suite>::from_bytes(proof)
                .unwrap()
                .proof_verify(&self.pk, Some(&shown), Some(&self.disclosed), Some(&self.header), Some(&self.ph))
                .unwrap();
        }
    }
}
