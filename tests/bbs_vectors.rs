//! The official vectors of the BBS drafts, every file of both ciphersuites, valid and invalid.
//!
//! They are read from the package `zkryptium` that Cargo.lock pins, which ships the drafts' fixture files. A missing file or
//! another number of files fails the suite.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use milchglas_bbs::{
    BlindInterface, Ciphersuite, CommitmentWithProof, Interface, Proof, PublicKey, SecretKey, SecretProverBlind,
    Signature,
};
use rand_core::{CryptoRng, RngCore};
use serde_json::Value;

const SUITES: [(Ciphersuite, &str); 2] =
    [(Ciphersuite::Bls12381Sha256, "bls12-381-sha-256"), (Ciphersuite::Bls12381Shake256, "bls12-381-shake-256")];

/// Asks cargo where it unpacked the package.
fn package_directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let run = |arguments: &[&str]| {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let output = Command::new(cargo)
                .args(arguments)
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .output()
                .expect("cargo can be run");
            assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("cargo prints UTF-8")
        };
        // Only packages for this machine are sure to be present without a network.
        let version = run(&["-vV"]);
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
        let metadata = run(&["metadata", "--locked", "--format-version", "1", "--filter-platform", host]);
        let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata is JSON");
        let package = metadata["packages"]
            .as_array()
            .expect("packages")
            .iter()
            .find(|package| package["name"] == "zkryptium")
            .expect("zkryptium is a dependency of the tests");
        Path::new(text(&package["manifest_path"])).parent().expect("a manifest lies in a directory").to_owned()
    })
}

fn read(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixture(set: &str, suite: &str, name: &str) -> Value {
    read(&package_directory().join("fixture_data").join(set).join(suite).join(name))
}

/// All files of a directory, with their number asserted.
fn fixtures(set: &str, suite: &str, directory: &str, expected: usize) -> BTreeMap<String, Value> {
    let path = package_directory().join("fixture_data").join(set).join(suite).join(directory);
    let entries = std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let files: BTreeMap<String, Value> = entries
        .map(|entry| entry.expect("a readable directory"))
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .map(|entry| (format!("{suite}/{directory}/{}", entry.file_name().to_string_lossy()), read(&entry.path())))
        .collect();
    assert_eq!(files.len(), expected, "{}", path.display());
    files
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

/// Hexadecimal octets; an absent value is empty, as the drafts have it.
fn octets(value: &Value) -> Vec<u8> {
    if value.is_null() { Vec::new() } else { hex::decode(text(value)).expect("hexadecimal") }
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap_or_else(|_| panic!("not {N} octets: {value}"))
}

fn octets_list(value: &Value) -> Vec<Vec<u8>> {
    if value.is_null() { Vec::new() } else { value.as_array().expect("an array").iter().map(octets).collect() }
}

fn indexes(value: &Value) -> Vec<usize> {
    value.as_array().expect("an array").iter().map(|i| i.as_u64().expect("an index") as usize).collect()
}

fn is_valid(case: &Value) -> bool {
    case["result"]["valid"].as_bool().expect("a verdict")
}

/// The drafts' `seeded_random_scalars`, as a random number generator: scalar i of `count` is the i-th 48 octets of
/// `expand_message(seed, dst, 48 * count)`, here preceded by the zeros that make it a 64-octet number.
struct MockedRng {
    okm: Vec<u8>,
}

impl MockedRng {
    fn new(suite: Ciphersuite, seed: &[u8], dst: &[u8], count: usize) -> Self {
        let mut okm = vec![0; 48 * count];
        suite.expander().expand(seed, dst, &mut okm);
        Self { okm }
    }

    fn of_suite(suite: Ciphersuite, api_tag: &str, count: usize) -> Self {
        let dst = format!("{}{api_tag}MOCK_RANDOM_SCALARS_DST_", suite.id());
        Self::new(suite, b"3.141592653589793238462643383279", dst.as_bytes(), count)
    }

    fn of_blind_fixture(suite: Ciphersuite, case: &Value, step: &str) -> Self {
        let parameters = &case["mockRngParameters"];
        let count = parameters[step]["count"].as_u64().expect("a count") as usize;
        Self::new(suite, text(&parameters["SEED"]).as_bytes(), text(&parameters[step]["DST"]).as_bytes(), count)
    }
}

impl RngCore for MockedRng {
    fn next_u32(&mut self) -> u32 {
        unreachable!("scalars are drawn as octets")
    }

    fn next_u64(&mut self) -> u64 {
        unreachable!("scalars are drawn as octets")
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        assert_eq!(out.len(), 64);
        assert!(self.okm.len() >= 48, "more scalars drawn than the fixture has");
        out[..16].fill(0);
        out[16..].copy_from_slice(&self.okm[..48]);
        self.okm.drain(..48);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for MockedRng {}

#[test]
fn matches_vector_keypair() {
    for (suite, name) in SUITES {
        let case = fixture("fixture_data", name, "keypair.json");
        let sk = SecretKey::key_gen(
            suite,
            &octets(&case["keyMaterial"]),
            &octets(&case["keyInfo"]),
            Some(&octets(&case["keyDst"])),
        )
        .unwrap();
        assert_eq!(sk.to_bytes().as_slice(), octets(&case["keyPair"]["secretKey"]));
        assert_eq!(sk.public_key().unwrap().to_bytes().as_slice(), octets(&case["keyPair"]["publicKey"]));
    }
}

#[test]
fn matches_vector_generators() {
    for (suite, name) in SUITES {
        let case = fixture("fixture_data", name, "generators.json");
        let expected = octets_list(&case["MsgGenerators"]);
        assert_eq!(expected.len(), 10);
        let generators = Interface::hm2s(suite).create_generators(expected.len()).unwrap();
        assert_eq!(generators.P1().to_bytes().as_slice(), octets(&case["P1"]));
        assert_eq!(generators.Q_1().to_bytes().as_slice(), octets(&case["Q1"]));
        let computed: Vec<_> = generators.H().iter().map(|point| point.to_bytes().to_vec()).collect();
        assert_eq!(computed, expected);
    }
}

#[test]
fn matches_vector_blind_generators() {
    for (suite, name) in SUITES {
        let case = fixture("fixture_data_blind", name, "generators.json");
        let blind = BlindInterface::blind_hm2s(suite);

        let signer = &case["generators"];
        assert_eq!(blind.interface().api_id(), text(&signer["api_id"]).as_bytes());
        let expected = octets_list(&signer["MsgGenerators"]);
        let generators = blind.create_generators(expected.len()).unwrap();
        assert_eq!(generators.Q_1().to_bytes().as_slice(), octets(&signer["Q1"]));
        assert_eq!(generators.H().iter().map(|point| point.to_bytes().to_vec()).collect::<Vec<_>>(), expected);

        let prover = &case["blindGenerators"];
        let mut expected = vec![octets(&prover["Q1"])];
        expected.extend(octets_list(&prover["MsgGenerators"]));
        let blind_generators = blind.create_blind_generators(expected.len() - 1).unwrap();
        let computed: Vec<_> = blind_generators.points().iter().map(|point| point.to_bytes().to_vec()).collect();
        assert_eq!(computed, expected);
    }
}

#[test]
fn matches_vector_hash_to_scalar() {
    for (suite, name) in SUITES {
        let case = fixture("fixture_data", name, "h2s.json");
        let scalar = suite.hash_to_scalar(&octets(&case["message"]), &octets(&case["dst"])).unwrap();
        assert_eq!(scalar.to_bytes().as_slice(), octets(&case["scalar"]));
    }
}

#[test]
fn matches_vector_map_message_to_scalar_as_hash() {
    for (suite, name) in SUITES {
        let case = fixture("fixture_data", name, "MapMessageToScalarAsHash.json");
        let bbs = Interface::hm2s(suite);
        let expected_dst = [bbs.api_id(), b"MAP_MSG_TO_SCALAR_AS_HASH_"].concat();
        assert_eq!(octets(&case["dst"]), expected_dst);
        let cases = case["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 10);
        for case in cases {
            let scalar = bbs.map_message_to_scalar_as_hash(&octets(&case["message"]));
            assert_eq!(scalar.to_bytes().as_slice(), octets(&case["scalar"]));
        }
    }
}

#[test]
fn matches_vector_mocked_scalars() {
    for (suite, name) in SUITES {
        let case = fixture("fixture_data", name, "mockedRng.json");
        let count = case["count"].as_u64().unwrap() as usize;
        let expected = octets_list(&case["mockedScalars"]);
        assert_eq!((count, expected.len()), (10, 10));
        // A secret key is one random scalar, drawn as all others are.
        let mut rng = MockedRng::new(suite, &octets(&case["seed"]), &octets(&case["dst"]), count);
        for scalar in expected {
            assert_eq!(SecretKey::random(&mut rng).unwrap().to_bytes().as_slice(), scalar);
        }
    }
}

#[test]
fn matches_vector_signatures() {
    for (suite, name) in SUITES {
        let bbs = Interface::hm2s(suite);
        let generators = bbs.create_generators(10).unwrap();
        let mut valid = 0;
        for (file, case) in fixtures("fixture_data", name, "signature", 10) {
            let sk = SecretKey::from_bytes(&array(&case["signerKeyPair"]["secretKey"])).unwrap();
            let pk = PublicKey::from_bytes(&array(&case["signerKeyPair"]["publicKey"])).unwrap();
            let header = octets(&case["header"]);
            let messages = octets_list(&case["messages"]);
            let signature = Signature::from_bytes(&octets(&case["signature"])).unwrap();
            assert_eq!(signature.to_bytes().as_slice(), octets(&case["signature"]), "{file}");

            let verdict = bbs.verify(&pk, &signature, &generators, &header, &messages);
            assert_eq!(verdict.is_ok(), is_valid(&case), "{file}: {verdict:?}");
            let computed = bbs.sign(&sk, &pk, &generators, &header, &messages).unwrap();
            assert_eq!(computed == signature, is_valid(&case), "{file}");
            valid += usize::from(is_valid(&case));
        }
        assert_eq!(valid, 3);
    }
}

#[test]
fn matches_vector_proofs() {
    for (suite, name) in SUITES {
        let bbs = Interface::hm2s(suite);
        let generators = bbs.create_generators(11).unwrap();
        let mut valid = 0;
        for (file, case) in fixtures("fixture_data", name, "proof", 15) {
            let pk = PublicKey::from_bytes(&array(&case["signerPublicKey"])).unwrap();
            let header = octets(&case["header"]);
            let ph = octets(&case["presentationHeader"]);
            let messages = octets_list(&case["messages"]);
            let disclosed_indexes = indexes(&case["disclosedIndexes"]);
            let expected = octets(&case["proof"]);
            let proof = Proof::from_bytes(&expected).unwrap();
            assert_eq!(proof.to_bytes(), expected, "{file}");

            let disclosed: Option<Vec<_>> = disclosed_indexes.iter().map(|i| messages.get(*i)).collect();
            let disclosed = disclosed.unwrap_or_else(|| panic!("{file}: an index without a message"));
            let verdict = bbs.proof_verify(&pk, &proof, &generators, &header, &ph, &disclosed, &disclosed_indexes);
            assert_eq!(verdict.is_ok(), is_valid(&case), "{file}: {verdict:?}");

            if is_valid(&case) {
                valid += 1;
                let signature = Signature::from_bytes(&octets(&case["signature"])).unwrap();
                let count = 5 + messages.len() - disclosed_indexes.len();
                let mut rng = MockedRng::of_suite(suite, "H2G_HM2S_", count);
                let computed = bbs
                    .proof_gen(&pk, &signature, &generators, &header, &ph, &messages, &disclosed_indexes, &mut rng)
                    .unwrap();
                assert_eq!(hex::encode(computed.to_bytes()), hex::encode(&expected), "{file}");
            }
        }
        assert_eq!(valid, 5);
    }
}

#[test]
fn matches_vector_commitments() {
    for (suite, name) in SUITES {
        let blind = BlindInterface::blind_hm2s(suite);
        let blind_generators = blind.create_blind_generators(5).unwrap();
        for (file, case) in fixtures("fixture_data_blind", name, "commit", 2) {
            let committed_messages = octets_list(&case["committedMessages"]);
            let mut rng = MockedRng::of_blind_fixture(suite, &case, "commit");
            let (commitment, secret) = blind.commit(&blind_generators, &committed_messages, &mut rng).unwrap();
            assert_eq!(commitment.to_bytes(), octets(&case["commitmentWithProof"]), "{file}");
            assert_eq!(secret.to_bytes().as_slice(), octets(&case["proverBlind"]), "{file}");

            let read = CommitmentWithProof::from_bytes(&octets(&case["commitmentWithProof"])).unwrap();
            assert_eq!(read, commitment, "{file}");
            assert_eq!(blind.core_commit_verify(&blind_generators, &read).is_ok(), is_valid(&case), "{file}");
        }
    }
}

#[test]
fn matches_vector_blind_signatures() {
    for (suite, name) in SUITES {
        let blind = BlindInterface::blind_hm2s(suite);
        let generators = blind.create_generators(10).unwrap();
        let blind_generators = blind.create_blind_generators(5).unwrap();
        for (file, case) in fixtures("fixture_data_blind", name, "signature", 5) {
            let sk = SecretKey::from_bytes(&array(&case["signerKeyPair"]["secretKey"])).unwrap();
            let pk = PublicKey::from_bytes(&array(&case["signerKeyPair"]["publicKey"])).unwrap();
            let header = octets(&case["header"]);
            let messages = octets_list(&case["messages"]);
            let committed_messages = octets_list(&case["committedMessages"]);
            let commitment = case["commitmentWithProof"]
                .as_str()
                .map(|octets| CommitmentWithProof::from_bytes(&hex::decode(octets).unwrap()).unwrap());
            let secret = case["proverBlind"]
                .is_string()
                .then(|| SecretProverBlind::from_bytes(&array(&case["proverBlind"])).unwrap());

            let signature = blind
                .blind_sign(&sk, &pk, &generators, &blind_generators, commitment.as_ref(), &header, &messages)
                .unwrap();
            assert_eq!(hex::encode(signature.to_bytes()), text(&case["signature"]), "{file}");
            assert!(is_valid(&case), "{file}");
            blind
                .verify_blind_sign(
                    &pk,
                    &signature,
                    &generators,
                    &blind_generators,
                    &header,
                    &messages,
                    &committed_messages,
                    secret.as_ref(),
                )
                .unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
}

#[test]
fn matches_vector_blind_proofs() {
    let all = read(&package_directory().join("fixture_data").join("fixture_data_blind").join("messages.json"));
    let messages = octets_list(&all["messages"]);
    let all_committed_messages = octets_list(&all["committedMessages"]);
    assert_eq!((messages.len(), all_committed_messages.len()), (10, 5));

    for (suite, name) in SUITES {
        let blind = BlindInterface::blind_hm2s(suite);
        let generators = blind.create_generators(10).unwrap();
        let blind_generators = blind.create_blind_generators(5).unwrap();
        for (file, case) in fixtures("fixture_data_blind", name, "proof", 8) {
            let pk = PublicKey::from_bytes(&array(&case["signerPublicKey"])).unwrap();
            let signature = Signature::from_bytes(&octets(&case["signature"])).unwrap();
            let header = octets(&case["header"]);
            let ph = octets(&case["presentationHeader"]);
            let secret = case["proverBlind"]
                .is_string()
                .then(|| SecretProverBlind::from_bytes(&array(&case["proverBlind"])).unwrap());
            let committed_messages = if secret.is_some() { all_committed_messages.as_slice() } else { &[] };
            let disclosed = revealed(&case["revealedMessages"], &messages);
            let disclosed_commitment = revealed(&case["revealedCommittedMessages"], committed_messages);

            let mut rng = MockedRng::of_blind_fixture(suite, &case, "proof");
            let proof = blind
                .blind_proof_gen(
                    &pk,
                    &signature,
                    &generators,
                    &blind_generators,
                    &header,
                    &ph,
                    &messages,
                    committed_messages,
                    &disclosed.0,
                    &disclosed_commitment.0,
                    secret.as_ref(),
                    &mut rng,
                )
                .unwrap();
            assert_eq!(hex::encode(proof.to_bytes()), text(&case["proof"]), "{file}");
            let verdict = blind.blind_proof_verify(
                &pk,
                &proof,
                &generators,
                &blind_generators,
                &header,
                &ph,
                case["L"].as_u64().unwrap() as usize,
                &disclosed.1,
                &disclosed_commitment.1,
                &disclosed.0,
                &disclosed_commitment.0,
            );
            assert_eq!(verdict.is_ok(), is_valid(&case), "{file}: {verdict:?}");
        }
    }
}

/// The indexes and messages of a fixture's map, which must agree with the list of all messages.
fn revealed(map: &Value, messages: &[Vec<u8>]) -> (Vec<usize>, Vec<Vec<u8>>) {
    let Some(map) = map.as_object() else {
        return Default::default();
    };
    let mut entries: Vec<_> = map.iter().map(|(i, m)| (i.parse::<usize>().unwrap(), octets(m))).collect();
    entries.sort();
    for (i, message) in &entries {
        assert_eq!(&messages[*i], message);
    }
    entries.into_iter().unzip()
}
