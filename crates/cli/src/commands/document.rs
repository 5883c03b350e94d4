//! `milchglas verify-document`

use std::path::{Path, PathBuf};

use milchglas_credential::digest::DocumentDigest;
use milchglas_credential::document::verify_document;
use milchglas_credential::error::Error;
use milchglas_credential::parameters::Parameters;
use rand_core::OsRng;
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::input;
use crate::output::Report;

/// Checks a kept pair of request and answer as a signature over a document.
pub(crate) fn verify(request: &Path, presentation: &Path, document: &Path, issuers: &[PathBuf]) -> Result<Report> {
    let read = |path: &PathBuf| {
        Parameters::from_json(&input::text(path)?).map_err(|error| Failure::from(error).about(path.display()))
    };
    let parameters = issuers.iter().map(read).collect::<Result<Vec<_>>>()?;
    let digest = DocumentDigest::of(&input::file(document)?);
    let pair = format!("{} with {}", request.display(), presentation.display());
    let (request, presentation) = (input::object(request)?, input::object(presentation)?);
    let parameters: Vec<&Parameters> = parameters.iter().collect();
    let signature = verify_document(&request, &presentation, digest, &parameters, &mut OsRng);
    let signature = signature.map_err(|error| {
        if let Error::Unfit { what } = error {
            Failure::refused(what)
        } else if matches!(error, Error::Invalid) {
            Failure::refused("this is no signature over the document by cards of these issuers")
        } else {
            Failure::from(error).about(pair)
        }
    })?;
    let fields = signature.request().request().fields();
    let title = fields.document.as_ref().map_or("", |document| &document.title);
    let verifier = &fields.verifier;
    let mut text = format!(
        "Signed: {title} (SHA-256 {digest}).\nAsked for by {} ({}) with the key {}, in a request issued at {}.",
        verifier.name, verifier.origin, verifier.key, fields.issued
    );
    let mut signers = Vec::new();
    for shown in signature.verified().credentials() {
        text.push_str(&format!("\nBy the holder of a card of {}.", shown.issuer_name()));
        for sentence in shown.proved() {
            text.push_str(&format!("\n  proved   {sentence}"));
        }
        let mut claims = serde_json::Map::new();
        for (name, value) in shown.disclosed() {
            let schema = parameters.iter().find_map(|parameters| parameters.schema(&shown.schema()));
            let claim = schema.and_then(|schema| schema.claim(schema.index_of(name.as_str())?));
            let literal = json!(claim.and_then(|claim| value.literal(&claim.claim_type)));
            text.push_str(&format!("\n  learned  {name}: {literal}"));
            claims.insert(name.to_string(), literal);
        }
        if let Some(name) = shown.pseudonym() {
            text.push_str(&format!("\n  named    {name}"));
        }
        signers.push(json!({
            "card": shown.name(), "issuer": shown.issuer(), "issuer_name": shown.issuer_name(), "learned": claims,
            "proved": shown.proved(), "pseudonym": shown.pseudonym(),
        }));
    }
    let fields = json!({
        "signed": true, "document": fields.document, "verifier": verifier, "purpose": fields.purpose, "issued": fields.issued,
        "signers": signers,
    });
    Ok(Report::new(text, fields))
}
