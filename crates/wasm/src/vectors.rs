//! The objects of `spec/vectors`, judged: so that the tests can hold this module's verdicts to the native ones.

use std::rc::Rc;

use js_sys::Array;
use milchglas_credential::cbor;
use milchglas_credential::claim::Claims;
use milchglas_credential::credential::{Credential, HolderSecret};
use milchglas_credential::error::Error;
use milchglas_credential::issuance::{Application, SignedInvitation};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Request, SigningKey};
use milchglas_credential::schema::Schema;
use rand_core::OsRng;
use wasm_bindgen::prelude::*;

use crate::convert::{Result, Text, ToJs as _, bytes, input, list, misuse, record};

/// An issuer's published parameters.
#[wasm_bindgen]
pub struct VectorParameters(Rc<Parameters>);

#[wasm_bindgen]
impl VectorParameters {
    /// Reads them from JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(json: &str) -> Result<VectorParameters> {
        Parameters::from_json(json).map(|parameters| Self(Rc::new(parameters))).map_err(input)
    }

    /// Whether all of their digit signatures hold.
    pub fn check(&self) -> bool {
        self.0.check(&mut OsRng).is_ok()
    }

    /// The same parameters, for another owner.
    pub fn copy(&self) -> VectorParameters {
        Self(Rc::clone(&self.0))
    }

    /// Whether an invitation holds.
    #[wasm_bindgen(js_name = invitationHolds)]
    pub fn invitation_holds(&self, invitation: &[u8]) -> bool {
        SignedInvitation::from_bytes(invitation).is_ok_and(|signed| signed.verify(&self.0).is_ok())
    }

    /// The digest of an application to an invitation that holds; undefined where it does not.
    #[wasm_bindgen(js_name = applicationDigest)]
    pub fn application_digest(&self, application: &[u8], invitation: &[u8]) -> Result<Option<Vec<u8>>> {
        let signed = SignedInvitation::from_bytes(invitation).map_err(input)?;
        let invitation = signed.verify(&self.0).map_err(input)?;
        let read = Application::from_bytes(application);
        let verified = read.and_then(|read| read.verify(invitation, &self.0, &mut OsRng));
        Ok(verified.ok().map(|verified| verified.digest().as_bytes().to_vec()))
    }

    /// Whether a credential holds for a holder secret, which comes as 64 uniform bytes.
    #[wasm_bindgen(js_name = credentialHolds)]
    pub fn credential_holds(&self, credential: &[u8], uniform: &[u8]) -> Result<bool> {
        let uniform = uniform.try_into().map_err(|_| misuse("64 bytes"))?;
        let holder = HolderSecret::from_uniform_bytes(uniform).map_err(input)?;
        let read = Credential::from_bytes(credential, |_, digest| self.0.schema(digest));
        Ok(read.is_ok_and(|credential| {
            let key =
                self.0.credential_key(&credential.key(), &credential.schema()).zip(self.0.schema(&credential.schema()));
            key.is_some_and(|(key, schema)| credential.verify(&holder, key, schema).is_ok())
        }))
    }
}

/// The verdict on a presentation: the step that fails, or what each credential disclosed, as names and encoded values.
#[wasm_bindgen(js_name = vectorVerdict)]
pub fn verdict(trusted: Vec<VectorParameters>, request: &[u8], presentation: &[u8]) -> Result<JsValue> {
    let trusted: Vec<&Parameters> = trusted.iter().map(|parameters| &*parameters.0).collect();
    let request = Request::from_bytes(request).map_err(input)?;
    let rejected = |reason: &str| Ok(record! {"accepted": false, "reason": reason});
    let Ok(presentation) = Presentation::from_bytes(presentation) else { return rejected("encoding") };
    let pending = match presentation.check(&request, &trusted) {
        Ok(pending) => pending,
        Err(Error::Decode(_)) => return rejected("encoding"),
        Err(_) => return rejected("mismatch or proof"),
    };
    let Ok(verified) = pending.finish(&mut OsRng) else { return rejected("pairing") };
    let disclosed =
        verified.credentials().iter().map(|shown| {
            let claims = shown.disclosed().iter();
            list(claims.map(|(name, value)| {
                JsValue::from(Array::of2(&Text(name).to_js(), &bytes(&cbor::to_bytes(value)).into()))
            }))
        });
    Ok(record! {"accepted": true, "disclosed": list(disclosed)})
}

/// A request in JSON: its canonical form, its digest and, with a seed, its signed form.
#[wasm_bindgen(js_name = vectorRequest)]
pub fn request(json: &str, seed: &[u8]) -> Result<Array> {
    let request = Request::from_json(json).map_err(input)?;
    let seed = seed.try_into().map_err(|_| misuse("a seed of 32 bytes"))?;
    let signed = request.sign(&SigningKey::from_bytes(seed)).map_err(input)?;
    Ok(Array::of3(
        &bytes(request.to_bytes()).into(),
        &bytes(request.digest().as_bytes()).into(),
        &bytes(&signed.to_bytes()).into(),
    ))
}

/// Claims in JSON: the digest of their schema, their wire form and their scalars, 32 bytes each.
#[wasm_bindgen(js_name = vectorClaims)]
pub fn claims(schema: &str, claims: &str) -> Result<Array> {
    let schema = Schema::from_json(schema).map_err(input)?;
    let claims = Claims::from_json(&schema, claims).map_err(input)?;
    let mut wire = cbor::Writer::new();
    claims.write(&mut wire);
    let scalars = claims.to_scalars(&schema).map_err(input)?;
    let scalars: Vec<u8> = scalars.iter().flat_map(|scalar| scalar.to_bytes()).collect();
    Ok(Array::of3(
        &bytes(schema.digest().as_bytes()).into(),
        &bytes(&wire.into_bytes()).into(),
        &bytes(&scalars).into(),
    ))
}
