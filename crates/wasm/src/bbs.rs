//! Plain BBS proofs, to measure this module beside others.

use milchglas_bbs::{Ciphersuite, Generators, Interface, PreparedSignature, Proof, PublicKey, SecretKey};
use rand_core::OsRng;
use wasm_bindgen::prelude::*;

use crate::convert::{Result, input, misuse};

const HEADER: &[u8] = b"milchglas bench";

/// A key, messages and a signature on them.
#[wasm_bindgen]
pub struct BbsBench {
    interface: Interface,
    generators: Generators,
    key: PublicKey,
    signature: PreparedSignature,
    messages: Vec<Vec<u8>>,
}

#[wasm_bindgen]
impl BbsBench {
    /// A fresh key and so many messages, signed.
    #[wasm_bindgen(constructor)]
    pub fn new(messages: usize) -> Result<BbsBench> {
        if messages > 1000 {
            return Err(misuse("at most 1,000 messages"));
        }
        let interface = Interface::hm2s(Ciphersuite::Bls12381Sha256);
        let secret = SecretKey::random(&mut OsRng).map_err(input)?;
        let key = secret.public_key().map_err(input)?;
        let generators = interface.create_generators(messages).map_err(input)?;
        let messages: Vec<Vec<u8>> = (0..messages).map(|place| format!("message {place}").into_bytes()).collect();
        let signature = interface.sign(&secret, &key, &generators, HEADER, &messages).map_err(input)?;
        let scalars = interface.messages_to_scalars(&messages).map_err(input)?;
        let signature = interface.prepare_signature(&key, &signature, &generators, HEADER, &scalars).map_err(input)?;
        signature.prepare_for_proving();
        Ok(Self { interface, generators, key, signature, messages })
    }

    /// `ProofGen`, disclosing these messages.
    #[wasm_bindgen(js_name = proofGen)]
    pub fn proof_gen(&self, nonce: &[u8], disclosed: Vec<usize>) -> Result<Vec<u8>> {
        Ok(self.signature.proof_gen(nonce, &disclosed, &mut OsRng).map_err(input)?.to_bytes())
    }

    /// `ProofVerify`.
    #[wasm_bindgen(js_name = proofVerify)]
    pub fn proof_verify(&self, proof: &[u8], nonce: &[u8], disclosed: Vec<usize>) -> Result<bool> {
        let proof = Proof::from_bytes(proof).map_err(input)?;
        let messages: Vec<&Vec<u8>> = disclosed.iter().filter_map(|place| self.messages.get(*place)).collect();
        let held =
            self.interface.proof_verify(&self.key, &proof, &self.generators, HEADER, nonce, &messages, &disclosed);
        Ok(held.is_ok())
    }
}
