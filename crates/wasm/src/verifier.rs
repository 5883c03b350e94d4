//! The verifier.

use milchglas_credential::digest::{IssuerFingerprint, RequestNonce};
use milchglas_credential::request::SigningKey;
use milchglas_verifier::{Error, MemoryStore, Template, TrustedIssuer, Verifier, identity_json};
use milchglas_wallet::{MAX_HEAD_FILE, head_path};
use rand_core::{OsRng, RngCore as _};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::convert::{Kind, Result, Text, input, list, misuse, parse, parsed, passphrase, record, thrown, time, work};

/// Asks and checks.
#[wasm_bindgen]
pub struct VerifierCore {
    verifier: Verifier<MemoryStore>,
    /// The request that was made last, until it is taken.
    asked: Option<Vec<u8>>,
}

#[wasm_bindgen]
impl VerifierCore {
    /// A verifier with a fresh key.
    pub fn create(name: &str, origin: &str) -> Result<VerifierCore> {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *seed);
        let key = SigningKey::from_bytes(&seed);
        let origin = origin.parse().map_err(input)?;
        Ok(Self::of(Verifier::new(name, origin, key, [], MemoryStore::new()).map_err(failure)?))
    }

    /// The verifier that `seal` gave.
    pub fn open(sealed: &[u8], secret: &mut [u8]) -> Result<VerifierCore> {
        Ok(Self::of(Verifier::unseal(sealed, &passphrase(secret)?).map_err(failure)?))
    }

    /// Name, key and trusted issuers, encrypted.
    pub fn seal(&self, secret: &mut [u8], log_n: Option<u8>) -> Result<Vec<u8>> {
        self.verifier.seal(&passphrase(secret)?, work(log_n)?).map_err(failure)
    }

    /// Who it is.
    pub fn identity(&self) -> Result<JsValue> {
        parse(&identity_json(self.verifier.identity()).map_err(failure)?)
    }

    /// Trusts an issuer.
    pub fn trust(&self, json: &str, expected: Option<String>) -> Result<JsValue> {
        let expected: Option<IssuerFingerprint> = parsed(expected)?;
        Ok(trusted(&self.verifier.trust(json, expected.as_ref()).map_err(failure)?))
    }

    /// The issuers that are trusted.
    pub fn trusted(&self) -> JsValue {
        list(self.verifier.checker().trusted().iter().map(trusted))
    }

    /// Where the newest heads of the trusted issuers' keys lie among the files of epochs, and the most bytes that one may have.
    #[wasm_bindgen(js_name = headPaths)]
    pub fn head_paths(&self) -> JsValue {
        let keys = self.verifier.checker().keys();
        list(keys.iter().map(|key| record! {"path": head_path(key), "limit": MAX_HEAD_FILE}))
    }

    /// Learns the newest head of a key.
    #[wasm_bindgen(js_name = learnEpoch)]
    pub fn learn_epoch(&self, head: &[u8]) -> Result<JsValue> {
        let learned = self.verifier.learn_epoch(head).map_err(failure)?;
        Ok(record! {
            "issuer": Text(learned.issuer), "issuer_name": learned.issuer_name, "key": Text(learned.key),
            "epoch": learned.epoch.0, "new": learned.is_new,
        })
    }

    /// Makes a request; its bytes are taken with `takeRequest`.
    pub fn request(&mut self, template: &str, now: f64) -> Result<JsValue> {
        let json = Template::shipped_json(template).unwrap_or(template);
        let template = Template::from_json(json).map_err(failure)?;
        let asked = self.verifier.request(&template, time(now)?, &mut OsRng).map_err(failure)?;
        let shown = record! {
            "nonce": Text(asked.nonce()), "expires": Text(asked.request().fields().expires),
            "request": parse(&asked.request().to_json().map_err(input)?)?,
        };
        self.asked = Some(asked.into_bytes());
        Ok(shown)
    }

    /// The signed bytes of the request that was made last.
    #[wasm_bindgen(js_name = takeRequest)]
    pub fn take_request(&mut self) -> Result<Vec<u8>> {
        self.asked.take().ok_or_else(|| misuse("a request that was made before"))
    }

    /// Checks an answer.
    pub fn check(&self, presentation: &[u8], nonce: Option<String>, now: f64) -> Result<JsValue> {
        let now = time(now)?;
        let nonce: Option<RequestNonce> = parsed(nonce)?;
        let checked = match nonce {
            Some(nonce) => self.verifier.check_answer_to(nonce, presentation, now, &mut OsRng),
            None => self.verifier.check(presentation, now, &mut OsRng),
        };
        match checked {
            Ok(verdict) => parse(&verdict.to_json().map_err(failure)?),
            Err(rejection) => Ok(record! {
                "accepted": false, "message": Text(rejection), "reason": rejection.for_log().code(),
            }),
        }
    }

    /// Forgets requests that have expired.
    pub fn prune(&self, now: f64) -> Result<usize> {
        self.verifier.prune(time(now)?).map_err(failure)
    }

    fn of(verifier: Verifier<MemoryStore>) -> Self {
        Self { verifier, asked: None }
    }
}

/// The templates that ship: names and JSON.
#[wasm_bindgen]
pub fn templates() -> JsValue {
    let shipped = Template::shipped_names().filter_map(|name| Some((name, Template::shipped_json(name)?)));
    list(shipped.map(|(name, json)| record! {"name": name, "json": json}))
}

fn trusted(issuer: &TrustedIssuer) -> JsValue {
    record! {
        "fingerprint": Text(issuer.issuer), "name": issuer.name, "sequence": issuer.sequence,
        "digest": Text(issuer.parameters),
    }
}

fn failure(error: Error) -> JsValue {
    let message = error.to_string();
    match error {
        Error::Input(_) => input(message),
        Error::File(error) => crate::convert::sealed(error),
        Error::OtherIssuer { .. } => thrown(Kind::Refused, Some("other_issuer"), &message, &[&message]),
        Error::Superseded => thrown(Kind::Refused, Some("superseded"), &message, &[&message]),
        Error::Conflict => thrown(Kind::Refused, Some("conflict"), &message, &[&message]),
        Error::Epoch(_) => thrown(Kind::Refused, Some("bad_epoch"), &message, &[&message]),
        Error::NoEpoch(_) => thrown(Kind::Refused, Some("no_epoch"), &message, &[&message]),
        Error::UnknownIssuer(_)
        | Error::UnknownSchema(_)
        | Error::NoSuchCredential(_)
        | Error::Unfit { .. }
        | Error::AsOf
        | Error::OtherKey
        | Error::Store(_)
        | _ => misuse(&message),
    }
}
