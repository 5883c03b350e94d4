//! Fuzz targets for everything in Milchglas that reads input from outside.
//!
//! A [`Target`] is a property of any input, with seeds that the decoder accepts. The property panics where a promise is broken: what is
//! accepted is written as the same bytes again, nothing panics, memory is bounded, and nothing but the genuine object is ever taken
//! for authentic. Each file in `fuzz_targets` runs one target; `tests/scripts/fuzz.sh` runs them all.
//!
//! Where an object ends in a signature or a proof, no mutation gets past it. Behind these barriers the targets help the fuzzer: `review`
//! and `parameters_signed` sign what was mutated, `presentation_check` mutates genuine answers field by field.
//!
//! | target | input |
//! |---|---|
//! | `curve` | encodings of points and scalars, by their length |
//! | `bbs` | keys, signatures, proofs and commitments of the BBS draft |
//! | `text_forms` | dates, times, names, origins, digests, numbers |
//! | `schema_json`, `claims_json`, `request_json`, `template_json`, `parameters_json` | files that people write or publish |
//! | `parameters_signed` | the content of parameters, signed |
//! | `set_json`, `list_file`, `list_signed` | what authorities publish |
//! | `epoch_file`, `signed_head`, `witness` | what an issuer publishes of revocation, and what a wallet keeps |
//! | `request`, `signed_request`, `invitation`, `application`, `answer`, `credential`, `presentation` | the wire forms |
//! | `review` | a request, signed, as a wallet reviews and answers it |
//! | `presentation_check` | a genuine presentation with changes, as a verifier checks it |
//! | `sealed`, `vault`, `recovery_phrase` | what a wallet reads from its own disk and owner |
//! | `reply_address` | where the issuer encrypts its answer to |
//! | `base45`, `png`, `picture` | QR codes as text, as files, and as pixels |
//! | `inspect` | any object, through the program |
//!
//! Not here: timing, concurrency, the disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod edits;
mod files;
mod pictures;
mod points;
mod published;
mod revocation;
pub mod scene;
mod wallet;
mod wire;

pub use libfuzzer_sys;

use std::path::PathBuf;

pub use files::{
    CLAIMS_JSON, PARAMETERS_JSON, PARAMETERS_SIGNED, RECOVERY_PHRASE, REPLY_ADDRESS, REQUEST_JSON, SCHEMA_JSON, SEALED,
    TEMPLATE_JSON, TEXT_FORMS,
};
pub use pictures::{BASE45, INSPECT, PICTURE, PNG};
pub use points::{BBS, CURVE};
pub use published::{LIST_FILE, LIST_SIGNED, SET_JSON};
pub use revocation::{EPOCH_FILE, SIGNED_HEAD, WITNESS};
pub use wallet::{ANSWER, REVIEW, VAULT};
pub use wire::{APPLICATION, CREDENTIAL, INVITATION, PRESENTATION, PRESENTATION_CHECK, REQUEST, SIGNED_REQUEST};

/// The folder in which [`Target::plant`] puts seeds, in one folder for each target.
pub const CORPUS: &str = "MILCHGLAS_FUZZ_CORPUS";

/// One thing to fuzz.
pub struct Target {
    /// Its name, that of the file in `fuzz_targets`.
    pub name: &'static str,
    /// Inputs that are accepted, to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Panics where a promise is broken; otherwise says whether the input was accepted.
    pub property: fn(&[u8]) -> bool,
}

/// All targets.
pub const TARGETS: &[&Target] = &[
    &CURVE,
    &BBS,
    &TEXT_FORMS,
    &SCHEMA_JSON,
    &CLAIMS_JSON,
    &REQUEST_JSON,
    &TEMPLATE_JSON,
    &PARAMETERS_JSON,
    &PARAMETERS_SIGNED,
    &SET_JSON,
    &LIST_FILE,
    &LIST_SIGNED,
    &EPOCH_FILE,
    &SIGNED_HEAD,
    &WITNESS,
    &REQUEST,
    &SIGNED_REQUEST,
    &INVITATION,
    &APPLICATION,
    &ANSWER,
    &CREDENTIAL,
    &PRESENTATION,
    &PRESENTATION_CHECK,
    &REVIEW,
    &SEALED,
    &VAULT,
    &RECOVERY_PHRASE,
    &REPLY_ADDRESS,
    &BASE45,
    &PNG,
    &PICTURE,
    &INSPECT,
];

impl Target {
    /// Writes the seeds into the target's corpus, if [`CORPUS`] says where that is.
    ///
    /// # Panics
    /// Where they can not be written.
    pub fn plant(&self) {
        let Some(corpus) = std::env::var_os(CORPUS) else { return };
        let folder = PathBuf::from(corpus).join(self.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in (self.seeds)().into_iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}

/// The program of one target.
#[macro_export]
macro_rules! fuzz {
    ($target:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(
            init: {
                $crate::$target.plant();
            },
            |input: &[u8]| {
                ($crate::$target.property)(input);
            }
        );
    };
}

/// A property of text: bytes that are none are refused.
fn text(input: &[u8], property: impl FnOnce(&str) -> bool) -> bool {
    std::str::from_utf8(input).is_ok_and(property)
}

fn bytes(seeds: &[impl AsRef<[u8]>]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.as_ref().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_every_seed() {
        for target in TARGETS {
            let seeds = (target.seeds)();
            assert!(!seeds.is_empty(), "{} has no seed", target.name);
            for (number, seed) in seeds.iter().enumerate() {
                assert!((target.property)(seed), "{}, seed {number}", target.name);
            }
        }
    }

    #[test]
    fn survives_small_inputs() {
        for target in TARGETS {
            for input in [&[][..], &[0], &[0xff], b"{", b"{}", &[0; 32], &[0xff; 48]] {
                (target.property)(input);
            }
        }
    }

    #[test]
    fn has_a_program_for_every_target() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
        for target in TARGETS {
            let program = std::fs::read_to_string(folder.join(target.name).with_extension("rs")).unwrap();
            assert!(program.contains(&format!("fuzz!({})", target.name.to_uppercase())), "{}", target.name);
        }
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), TARGETS.len());
    }
}
