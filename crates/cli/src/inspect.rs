//! Any object in readable form.
//!
//! Objects say themselves what they are, and their decoders are strict, so at most one of them accepts the bytes.
//! Signatures are checked where the object carries its key. Values that a presentation discloses are not shown: before the
//! verifier's check they are claims of whoever made the file.
//!
//! Caution: what is shown is what the object says, not that it is true.

use milchglas_credential::case::Case;
use milchglas_credential::cbor::Reader;
use milchglas_credential::digest::RequestNonce;
use milchglas_credential::document::DocumentRef;
use milchglas_credential::encrypt_to::EncryptAsk;
use milchglas_credential::inspector::Inspector;
use milchglas_credential::issuance::{Answer, Application, SignedInvitation};
use milchglas_credential::list::PublishedList;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::presentation::Presentation;
use milchglas_credential::profile::Profile;
use milchglas_credential::request::{Ask, CredentialAsk, Request, SignedRequest};
use milchglas_credential::revocation::{EpochFile, RevocationRequest, SignedHead};
use milchglas_credential::schema::Schema;
use milchglas_credential::scope::{PseudonymAsk, RateAsk};
use milchglas_credential::selection::Selection;
use milchglas_credential::set::PublishedSet;
use milchglas_credential::text::ClaimName;
use milchglas_credential::trust_list::TrustList;
use milchglas_inspector::OpeningShare;
use milchglas_verifier::{NotRevokedAsk, Template, TemplateAsk};
use serde::Serialize;
use serde_json::{Value, json};

use crate::commands;
use crate::failure::{Failure, Result};
use crate::output::Report;

const SEALED: &[u8] = b"milchglas-sealed";
const LIST: &[u8] = b"milchglas list/1";
const UNKNOWN: &str = "not an object that this program knows";
const ALL: &str = "all of";
const ANY: &str = "any one of";

/// Reads the object and says what is in it.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Report> {
    if bytes.starts_with(SEALED) {
        let text = format!(
            "An encrypted file of {} bytes: an issuer's or verifier's keys, a wallet, or a share of an inspector's key.",
            bytes.len()
        );
        return Ok(Report::new(text, json!({"object": "sealed", "bytes": bytes.len()})));
    }
    if bytes.starts_with(LIST) {
        return list(bytes);
    }
    match bytes.first() {
        Some(b'{' | b' ' | b'\t' | b'\r' | b'\n') => {
            let text = std::str::from_utf8(bytes).map_err(|_| Failure::input("not a text in UTF-8"))?;
            from_json(text)
        }
        // The length of a head comes first.
        Some(0) => epoch_file(bytes),
        Some(_) => from_cbor(bytes),
        None => Err(Failure::input("empty")),
    }
}

fn from_json(text: &str) -> Result<Report> {
    let file: Value = serde_json::from_str(text).map_err(milchglas_credential::error::Error::from)?;
    match file.get("milchglas").and_then(Value::as_str) {
        Some("parameters/1") => parameters(text),
        Some("schema/1") => schema(&Schema::from_json(text)?),
        Some("request/1") => {
            let request = Request::from_json(text)?;
            Ok(report("A request, not signed.", "request", request_lines(&request), request_json(&request)?))
        }
        Some("inspector/1") => {
            let inspector = Inspector::from_json(text)?;
            let words = commands::inspector::described(&inspector);
            let lines = words.lines().map(|line| line.trim().to_owned()).collect();
            Ok(report("An inspector's public file.", "inspector", lines, commands::inspector::fields(&inspector)))
        }
        Some("template/1") => template(text, file),
        Some("profile/1") => {
            let profile = Profile::from_json(text)?;
            let lines = vec![format!("id     {}", profile.id), format!("title  {}", profile.title)];
            Ok(report("A profile: what a kind of verifier may ask.", "profile", lines, file))
        }
        Some("trust-list/1") => trust_list(text, file),
        Some("set/1") => set(text),
        Some("verifier/1") => {
            let identity = milchglas_verifier::identity_from_json(text).map_err(commands::verifier::failure)?;
            let lines = vec![
                format!("name    {}", identity.name),
                format!("origin  {}", identity.origin),
                format!("key     {}", identity.key),
            ];
            Ok(report("A verifier's name, origin and key.", "verifier", lines, json!(identity)))
        }
        _ => Err(Failure::input(UNKNOWN)),
    }
}

fn from_cbor(bytes: &[u8]) -> Result<Report> {
    // The head of each object: an array, then a text that names it. A signed request is two byte strings, a bare request an
    // array of nine that begins with the verifier.
    let mut input = Reader::new(bytes);
    let len = input.array_up_to(16, UNKNOWN).map_err(|_| Failure::input(UNKNOWN))?;
    match (len, input.text(32, UNKNOWN).unwrap_or_default()) {
        (3, "milchglas invitation/1") => invitation(bytes),
        (6, "milchglas application/1") => application(bytes),
        (3, "milchglas answer/1") => answer(bytes),
        (5, "P1") => presentation(bytes),
        (3, "milchglas case/1") => case(bytes),
        (7, "milchglas opening share/1") => opening_share(bytes),
        (3, "milchglas epoch/1") => {
            epoch_head(&SignedHead::from_bytes(bytes)?, "The head of an epoch: what is revoked.")
        }
        (5, "milchglas revocation request/1") => revocation_request(bytes),
        (2, "") => signed_request(bytes),
        (9, "") => {
            let request = Request::from_bytes(bytes)?;
            Ok(report("A request, not signed.", "request", request_lines(&request), request_json(&request)?))
        }
        _ => Err(Failure::input(UNKNOWN)),
    }
}

/// A text of a title and indented lines, and the object's fields with its name.
fn report(title: &str, object: &str, lines: Vec<String>, mut fields: Value) -> Report {
    let mut text = title.to_owned();
    for line in lines {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    if let Value::Object(fields) = &mut fields {
        fields.insert("object".into(), object.into());
    }
    Report::new(text, fields)
}

fn parameters(text: &str) -> Result<Report> {
    let parameters = Parameters::from_json(text)?;
    let content = parameters.content();
    let mut lines = vec![
        format!("issuer       {}", content.name),
        format!("fingerprint  {}", parameters.fingerprint()),
        format!("digest       {}", parameters.digest()),
        format!("publication  {}", content.sequence),
        "signature    holds, under the key with this fingerprint".to_owned(),
    ];
    let mut keys = Vec::new();
    for key in &content.keys {
        let id = parameters.key_id(key);
        lines.push(format!("key          {id}, accepted until {}", key.accepted_until));
        keys.push(json!({"id": id, "accepted_until": key.accepted_until}));
    }
    let mut schemas = Vec::new();
    for schema in &content.schemas {
        lines.push(format!("schema       {} ({}), {} claims", schema.id(), schema.title(), schema.claims().len()));
        schemas.push(json!({"id": schema.id(), "title": schema.title(), "digest": schema.digest()}));
    }
    lines.push(format!("digits       {} signed digits for ranges", content.digits.signatures().len()));
    let fields = json!({
        "name": content.name, "fingerprint": parameters.fingerprint(), "digest": parameters.digest(),
        "sequence": content.sequence, "signature_holds": true, "keys": keys, "schemas": schemas,
        "digits": content.digits.signatures().len(),
    });
    Ok(report("An issuer's public parameters.", "parameters", lines, fields))
}

fn schema(schema: &Schema) -> Result<Report> {
    let mut lines = vec![
        format!("id      {}", schema.id()),
        format!("title   {}", schema.title()),
        format!("digest  {}", schema.digest()),
    ];
    let mut claims = Vec::new();
    for claim in schema.claims() {
        let kind = kind(&claim.claim_type);
        let optional = if claim.optional { ", optional" } else { "" };
        lines.push(format!("claim   {} ({}): {kind}{optional}", claim.name, claim.title));
        claims.push(json!({"name": claim.name, "title": claim.title, "type": kind, "optional": claim.optional}));
    }
    let fields = json!({"id": schema.id(), "title": schema.title(), "digest": schema.digest(), "claims": claims});
    Ok(report("A schema: what a card of this kind says.", "schema", lines, fields))
}

fn trust_list(text: &str, mut file: Value) -> Result<Report> {
    let list = TrustList::from_json(text)?;
    let content = list.content();
    let mut lines = vec![
        format!("authority    {}", content.name),
        format!("fingerprint  {}", list.fingerprint()),
        format!("publication  {}", content.sequence),
        "signature    holds, under the key with this fingerprint".to_owned(),
    ];
    lines.extend(content.issuers.iter().map(|issuer| format!("issuer       {}, {}", issuer.name, issuer.fingerprint)));
    for verifier in &content.verifiers {
        let profiles: Vec<&str> = verifier.profiles.iter().map(AsRef::as_ref).collect();
        lines.push(format!("verifier     {} at {}, for {}", verifier.name, verifier.origin, profiles.join(", ")));
    }
    lines.extend(content.inspectors.iter().map(|inspector| format!("inspector    {}", inspector.name)));
    lines.extend(content.authorities.iter().map(|authority| format!("authority    {}", authority.name)));
    lines.extend(content.profiles.iter().map(|profile| format!("profile      {} ({})", profile.id, profile.title)));
    if let Value::Object(file) = &mut file {
        file.insert("fingerprint".into(), json!(list.fingerprint()));
        file.insert("signature_holds".into(), true.into());
    }
    Ok(report("A trust list: who is who, and who may ask what.", "trust_list", lines, file))
}

fn set(text: &str) -> Result<Report> {
    let set = PublishedSet::from_json(text)?;
    let content = set.content();
    let lines = vec![
        format!("name         {} ({})", content.name, content.title),
        format!("authority    {}", set.authority()),
        format!("publication  {}", content.sequence),
        format!("digest       {}", set.digest()),
        format!("values       {}, {}", content.values.len(), kind(&content.claim_type)),
        "signature    holds, under the authority's key; those of the values wallet add-set checks".to_owned(),
    ];
    let fields = json!({
        "name": content.name, "title": content.title, "authority": set.authority(), "sequence": content.sequence,
        "digest": set.digest(), "values": content.values.len(), "signature_holds": true,
    });
    Ok(report("A set of values, published for everyone.", "set", lines, fields))
}

fn list(bytes: &[u8]) -> Result<Report> {
    let list = PublishedList::from_bytes(bytes.to_vec())?;
    let named = list.reference();
    let lines = vec![
        format!("name         {}", named.name),
        format!("authority    {}", named.authority),
        format!("publication  {}", named.epoch),
        format!("digest       {}", list.digest()),
        format!("entries      {}", list.len()),
        "signature    holds, under the authority's key; those of the entries wallet add-list checks".to_owned(),
    ];
    let fields = json!({"list": named, "entries": list.len(), "signature_holds": true});
    Ok(report("A list of numbers, published for everyone.", "list", lines, fields))
}

fn epoch_file(bytes: &[u8]) -> Result<Report> {
    let (file, rest) = EpochFile::split_first(bytes).map_err(|_| Failure::input(UNKNOWN))?;
    let title = if rest.is_empty() {
        "The file of an epoch: what was revoked in it."
    } else {
        "The files of several epochs; this is the first."
    };
    epoch_head(file.head(), title)
}

fn epoch_head(signed: &SignedHead, title: &str) -> Result<Report> {
    let head = signed.unverified();
    let lines = vec![
        format!("key        {}", head.key),
        format!("epoch      {} of {}", head.epoch, head.issued),
        format!("revoked    {}, of all {}", head.revoked, head.total),
        "signature  not checked here: wallet sync and verifier sync check it under the pinned issuer".to_owned(),
    ];
    let fields = json!({
        "key": head.key, "epoch": head.epoch, "issued": head.issued, "revoked": head.revoked, "total": head.total,
    });
    Ok(report(title, "epoch", lines, fields))
}

fn revocation_request(bytes: &[u8]) -> Result<Report> {
    let request = RevocationRequest::from_bytes(bytes)?;
    let lines =
        vec![format!("issuer  {}", request.issuer()), "proof   not checked here: issuer revoke checks it".to_owned()];
    let fields = json!({"issuer": request.issuer(), "bytes": bytes.len()});
    Ok(report("A holder's request that an issuer revoke all its cards.", "revocation_request", lines, fields))
}

fn template(text: &str, file: Value) -> Result<Report> {
    let template = Template::from_json(text).map_err(crate::commands::verifier::failure)?;
    let mut lines =
        vec![format!("purpose    {}", template.purpose), format!("valid for  {} seconds", template.valid_for)];
    document_lines(template.document.as_ref(), &mut lines);
    lines.push("asks for".to_owned());
    template_lines(&template.ask, 1, &mut lines);
    Ok(report("A template: what a verifier asks, whatever the day.", "template", lines, file))
}

fn template_lines(ask: &TemplateAsk, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match ask {
        TemplateAsk::All(asks) | TemplateAsk::Any(asks) => {
            lines.push(format!("{indent}{}", if matches!(ask, TemplateAsk::All(_)) { ALL } else { ANY }));
            asks.iter().for_each(|ask| template_lines(ask, depth + 1, lines));
        }
        TemplateAsk::Credential(ask) => {
            let schemas: Vec<&str> = ask.schemas.iter().map(AsRef::as_ref).collect();
            lines.push(format!("{indent}“{}”: a card of kind {}", ask.name, schemas.join(" or ")));
            match &ask.issuers {
                None => lines.push(format!("{indent}  from any trusted issuer")),
                Some(issuers) => lines.extend(issuers.iter().map(|issuer| format!("{indent}  from issuer {issuer}"))),
            }
            claim_lines(&ask.disclose, &ask.prove, &indent, lines);
            if let Some(NotRevokedAsk { within }) = ask.not_revoked {
                lines.push(format!("{indent}  not revoked by the newest epoch{}", or_before(within.into())));
            }
            scope_lines(ask.pseudonym.as_ref(), ask.rate.as_ref(), &indent, lines);
            encrypt_line(ask.encrypt_to.as_ref(), &indent, lines);
        }
    }
}

fn claim_lines(disclose: &[ClaimName], prove: &[impl Serialize], indent: &str, lines: &mut Vec<String>) {
    for claim in disclose {
        lines.push(format!("{indent}  disclose {claim}"));
    }
    for predicate in prove {
        let predicate = serde_json::to_string(predicate).unwrap_or_default();
        lines.push(format!("{indent}  prove {predicate}"));
    }
}

/// The epochs before the newest that are accepted too.
fn or_before(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " or the one before".to_owned(),
        _ => format!(" or one of {count} before"),
    }
}

fn encrypt_line(ask: Option<&EncryptAsk>, indent: &str, lines: &mut Vec<String>) {
    if let Some(ask) = ask {
        lines.push(format!("{indent}  encrypt: {} (file {})", ask.sentence(), ask.inspector.digest));
    }
}

fn case(bytes: &[u8]) -> Result<Report> {
    let case = Case::from_bytes(bytes)?;
    let (request, answer) = (signed_request(&case.request)?, presentation(&case.presentation)?);
    let lines = [&request.text, &answer.text].into_iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
    let fields = json!({"digest": case.digest(), "request": request.json, "presentation": answer.json});
    Ok(report("A case, kept so that it can be opened. The answer is not checked here.", "case", lines, fields))
}

fn opening_share(bytes: &[u8]) -> Result<Report> {
    let share = OpeningShare::from_bytes(bytes).map_err(|_| Failure::input(UNKNOWN))?;
    let lines = vec![format!("shareholder  {}", share.index()), format!("case         {}", share.case())];
    let fields = json!({"shareholder": share.index(), "case": share.case(), "bytes": bytes.len()});
    Ok(report("A shareholder's share of the opening of a case, not checked.", "opening_share", lines, fields))
}

fn scope_lines(pseudonym: Option<&PseudonymAsk>, rate: Option<&RateAsk>, indent: &str, lines: &mut Vec<String>) {
    if let Some(PseudonymAsk { scope }) = pseudonym {
        lines.push(format!("{indent}  the holder's name in the scope {scope}"));
    }
    if let Some(RateAsk { scope, epoch, limit }) = rate {
        lines.push(format!("{indent}  one of at most {limit} tokens in the scope {scope}, epoch {epoch}"));
    }
}

fn document_lines(document: Option<&DocumentRef>, lines: &mut Vec<String>) {
    if let Some(DocumentRef { title, sha256 }) = document {
        lines.push(format!("signs      {title}"));
        lines.push(format!("  SHA-256  {sha256}"));
    }
}

fn kind(claim_type: &milchglas_credential::claim::ClaimType) -> String {
    use milchglas_credential::claim::ClaimType;
    match claim_type {
        ClaimType::Text => "text".into(),
        ClaimType::Integer { bits, signed: false } => format!("integer of {} bits", bits.bits()),
        ClaimType::Integer { bits, signed: true } => format!("integer of {} bits with a sign", bits.bits()),
        ClaimType::Date => "date".into(),
        ClaimType::Month => "month".into(),
        ClaimType::Boolean => "yes or no".into(),
        ClaimType::Code(codes) => format!("one of {} codes", codes.len()),
        ClaimType::Digest => "digest".into(),
    }
}

fn invitation(bytes: &[u8]) -> Result<Report> {
    let signed = SignedInvitation::from_bytes(bytes)?;
    let invitation = signed.unverified();
    let lines = vec![
        format!("issuer      {}", invitation.issuer),
        format!("parameters  {}", invitation.parameters),
        format!("schema      {}", invitation.schema),
        format!("nonce       {}", invitation.nonce),
        format!("expires     {}", invitation.expires),
        "signature   not checked here: wallet apply checks it under the pinned issuer".to_owned(),
    ];
    let fields = json!({
        "issuer": invitation.issuer, "parameters": invitation.parameters, "schema": invitation.schema,
        "nonce": invitation.nonce, "expires": invitation.expires, "bytes": bytes.len(),
    });
    Ok(report("An invitation to apply for a card. Whoever answers it gets the card.", "invitation", lines, fields))
}

fn application(bytes: &[u8]) -> Result<Report> {
    let application = Application::from_bytes(bytes)?;
    let lines = vec![
        format!("answers  the invitation with nonce {}", application.nonce()),
        "holds    a commitment to the holder's secret, its name in the issuer's registry, and a proof".to_owned(),
        format!("size     {} bytes", bytes.len()),
    ];
    let fields = json!({"nonce": application.nonce(), "bytes": bytes.len()});
    Ok(report("An application for a card.", "application", lines, fields))
}

fn answer(bytes: &[u8]) -> Result<Report> {
    let answer = Answer::from_bytes(bytes)?;
    let lines = vec![
        format!("answers  the invitation with nonce {}", answer.nonce),
        format!("holds    a card in {} encrypted bytes, for the wallet that applied", answer.ciphertext.len()),
    ];
    let fields = json!({"nonce": answer.nonce, "ciphertext_bytes": answer.ciphertext.len(), "bytes": bytes.len()});
    Ok(report("An issuer's answer.", "answer", lines, fields))
}

fn presentation(bytes: &[u8]) -> Result<Report> {
    let presentation = Presentation::from_bytes(bytes)?;
    // The decoder above has accepted the bytes; what follows reads the parts that are for showing.
    let mut input = Reader::new(bytes);
    input.array(5, UNKNOWN).map_err(|_| Failure::input(UNKNOWN))?;
    let parts = (|| {
        input.text(8, UNKNOWN)?;
        let _: RequestNonce = input.object()?;
        let selection: Selection = input.object()?;
        let mut disclosed = Vec::new();
        for _ in 0..input.array_up_to(16, UNKNOWN)? {
            disclosed.push(input.list::<milchglas_credential::claim::Value>(64, UNKNOWN)?.len());
        }
        Ok((selection, disclosed))
    })();
    let (selection, disclosed) = parts.map_err(milchglas_credential::error::Error::Decode)?;
    let values: usize = disclosed.iter().sum();
    let lines = vec![
        format!("answers    the request with nonce {}", presentation.nonce()),
        format!("shows      {} of the holder's cards", selection.shown.len()),
        format!("discloses  {values} values (verifier check shows them, once they are proven)"),
        format!("proof      {} bytes of {}", presentation.proof().len(), bytes.len()),
    ];
    let branches = &selection.branches;
    let fields = json!({
        "nonce": presentation.nonce(), "cards": selection.shown.len(), "branches": branches, "disclosed_values": values,
        "proof_bytes": presentation.proof().len(), "bytes": bytes.len(),
    });
    Ok(report("A presentation: a holder's answer to a request.", "presentation", lines, fields))
}

fn signed_request(bytes: &[u8]) -> Result<Report> {
    let signed = SignedRequest::verify(bytes)?;
    let mut lines = request_lines(signed.request());
    lines.push("signature  holds, under the key above".to_owned());
    let mut fields = request_json(signed.request())?;
    if let Value::Object(fields) = &mut fields {
        fields.insert("signature_holds".into(), true.into());
        fields.insert("bytes".into(), bytes.len().into());
    }
    Ok(report("A signed request.", "signed_request", lines, fields))
}

fn request_lines(request: &Request) -> Vec<String> {
    let fields = request.fields();
    let mut lines = vec![
        format!("from       {} ({})", fields.verifier.name, fields.verifier.origin),
        format!("key        {}", fields.verifier.key),
        format!("purpose    {}", fields.purpose),
        format!("nonce      {}", fields.nonce),
        format!("issued     {}", fields.issued),
        format!("expires    {}", fields.expires),
        format!("as of      {}", fields.as_of),
    ];
    document_lines(fields.document.as_ref(), &mut lines);
    lines.push("asks for".to_owned());
    ask_lines(request.ask(), 1, &mut lines);
    lines
}

fn ask_lines(ask: &Ask, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match ask {
        Ask::All(asks) | Ask::Any(asks) => {
            lines.push(format!("{indent}{}", if matches!(ask, Ask::All(_)) { ALL } else { ANY }));
            asks.iter().for_each(|ask| ask_lines(ask, depth + 1, lines));
        }
        Ask::Credential(ask) => credential_lines(ask, &indent, lines),
    }
}

fn credential_lines(ask: &CredentialAsk, indent: &str, lines: &mut Vec<String>) {
    let schemas: Vec<&str> = ask.schemas.iter().map(|schema| schema.id.as_str()).collect();
    lines.push(format!("{indent}“{}”: a card of kind {}", ask.name, schemas.join(" or ")));
    for accept in &ask.accept {
        lines.push(format!("{indent}  from issuer {}", accept.issuer));
    }
    claim_lines(&ask.disclose, &ask.prove, indent, lines);
    for accepted in &ask.not_revoked {
        let before = or_before(accepted.accumulators.len().saturating_sub(1));
        let (key, newest) = (accepted.key.to_string(), accepted.newest);
        lines.push(format!("{indent}  not revoked under key {key:.16} by epoch {newest}{before}"));
    }
    scope_lines(ask.pseudonym.as_ref(), ask.rate.as_ref(), indent, lines);
    encrypt_line(ask.encrypt_to.as_ref(), indent, lines);
}

fn request_json(request: &Request) -> Result<Value> {
    let mut file: Value =
        serde_json::from_str(&request.to_json()?).map_err(milchglas_credential::error::Error::from)?;
    if let Value::Object(file) = &mut file {
        file.remove("milchglas");
        file.insert("digest".into(), json!(request.digest()));
    }
    Ok(file)
}
