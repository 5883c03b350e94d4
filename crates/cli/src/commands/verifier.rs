//! `milchglas verifier …`

use std::path::Path;

use milchglas_credential::digest::DocumentDigest;
use milchglas_credential::document::DocumentRef;
use milchglas_sealed::Error as SealedError;
use milchglas_verifier::{Checker, Error, Reason, Rejection, StoreError, Template, Verdict, Verifier};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::{Context, work};
use crate::args::{self, Deliver};
use crate::failure::{Failure, IN_THE_WAY, Kind, NOTHING_HERE, Result};
use crate::output::{Delivery, Readers, Report};
use crate::{epochs, input, passphrase};

/// Runs one verifier command.
pub(crate) fn run(command: args::Verifier, context: Context) -> Result<Report> {
    match command {
        args::Verifier::Init { dir, name, origin, lock } => {
            let passphrase = passphrase::new(lock.unlock.passphrase_file.as_deref(), "verifier's key")?;
            let made = Verifier::init(&dir, &name, origin, &passphrase, work(lock.work)?, &mut OsRng);
            let verifier = made.map_err(|error| failure(error).about(dir.display()))?;
            let identity = verifier.identity();
            let text = format!(
                "{} asks in the name of {}, with the key {}.\nNext: milchglas verifier trust",
                identity.name, identity.origin, identity.key
            );
            Ok(Report::new(text, json!(identity)))
        }
        args::Verifier::Trust { parameters, fingerprint, dir } => {
            let json = input::text(&parameters)?;
            let checker = Checker::open(&dir).map_err(|error| failure(error).about(dir.display()))?;
            let trusted = checker.trust_issuer(&json, fingerprint.as_ref());
            let trusted = trusted.map_err(|error| failure(error).about(parameters.display()))?;
            let text = format!(
                "{} is trusted, with publication {}.\n  fingerprint  {}\nCompare the fingerprint with one that you got some other \
                 way.\nNext: milchglas verifier sync",
                trusted.name, trusted.sequence, trusted.issuer
            );
            let fields = json!({
                "name": trusted.name, "fingerprint": trusted.issuer, "digest": trusted.parameters,
                "sequence": trusted.sequence,
            });
            Ok(Report::new(text, fields))
        }
        args::Verifier::Sync { from, dir } => sync(&from, &dir),
        args::Verifier::Request { template, document, title, to, at } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
            let mut template = read_template(&template)?;
            if let Some((path, title)) = document.zip(title) {
                let sha256 = DocumentDigest::of(&input::file(&path)?);
                template.document = Some(DocumentRef { title, sha256 });
            }
            let passphrase = passphrase::existing(at.unlock.passphrase_file.as_deref(), "verifier's key")?;
            let verifier = Verifier::open(&at.dir, &passphrase);
            let verifier = verifier.map_err(|error| failure(error).about(at.dir.display()))?;
            let asked = verifier.request(&template, context.now, &mut OsRng).map_err(failure)?;
            let fields = asked.request().fields();
            let text =
                format!("{}: one answer until {}.\nNext: milchglas wallet respond", fields.purpose, fields.expires);
            let json = json!({"nonce": fields.nonce, "purpose": fields.purpose, "expires": fields.expires});
            Ok(Report::new(text, json).delivered(&delivery.write(asked.bytes())?))
        }
        args::Verifier::Template { name } => match shipped(Path::new(&name)) {
            Some(json) => {
                let value: Value = serde_json::from_str(json).map_err(milchglas_credential::error::Error::from)?;
                Ok(Report::new(json, value))
            }
            None => {
                let names = Template::shipped_names().collect::<Vec<_>>().join(", ");
                Err(Failure::usage(format!("no template {name} ships with the program; these do: {names}")))
            }
        },
        args::Verifier::Check { presentation, keep, dir } => {
            let to = Deliver { out: keep, qr: None, force: false };
            if to.out.as_deref().is_some_and(input::is_standard) {
                return Err(Failure::usage("--keep names a file"));
            }
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Owner)?;
            let bytes = input::object(&presentation)?;
            let checker = Checker::open(&dir).map_err(|error| failure(error).about(dir.display()))?;
            match checker.check_for_keeping(&bytes, context.now, &mut OsRng) {
                Ok((verdict, case)) => {
                    let report = Report::new(words(&verdict), json!(verdict));
                    if to.out.is_some() { Ok(report.delivered(&delivery.write(&case.to_bytes())?)) } else { Ok(report) }
                }
                Err(rejection) => Err(rejected(rejection)),
            }
        }
    }
}

/// Learns the newest head of every key of the trusted issuers.
fn sync(from: &str, dir: &Path) -> Result<Report> {
    let checker = Checker::open(dir).map_err(|error| failure(error).about(dir.display()))?;
    let mut source = epochs::open(from);
    let (mut lines, mut learned) = (Vec::new(), Vec::new());
    for key in checker.keys() {
        let head = source.head(&key).map_err(|error| Failure::storage(error.to_string()).about(from))?;
        let Some(head) = head else { continue };
        let epoch = checker.learn_epoch(&head).map_err(|error| failure(error).about(from))?;
        let new = if epoch.is_new { "new" } else { "known already" };
        lines.push(format!("{}, key {:.16}: epoch {}, {new}", epoch.issuer_name, key.to_string(), epoch.epoch));
        learned.push(json!({"issuer": epoch.issuer, "key": epoch.key, "epoch": epoch.epoch, "new": epoch.is_new}));
    }
    if learned.is_empty() {
        return Err(Failure::refused("no epoch of a trusted issuer is published there").about(from));
    }
    lines.push("Next: milchglas verifier request".to_owned());
    Ok(Report::new(lines.join("\n"), json!({"epochs": learned})))
}

/// The verdict in words.
pub(crate) fn words(verdict: &Verdict) -> String {
    let issuers: Vec<&str> = verdict.issuers().collect();
    let mut text = format!("Accepted. A card of {}, checked at {}.", issuers.join(" and one of "), verdict.time());
    for sentence in verdict.proved() {
        text.push_str(&format!("\n  proved   {sentence}"));
    }
    for (card, epoch) in verdict.not_revoked() {
        text.push_str(&format!("\n  proved   {card} has not been revoked, by epoch {epoch}"));
    }
    for (card, claims) in verdict.learned() {
        for (name, value) in claims.iter() {
            text.push_str(&format!("\n  learned  {card}.{name}: {}", json!(value)));
        }
    }
    for (card, name) in verdict.pseudonyms() {
        text.push_str(&format!("\n  named    {card}: {name}"));
    }
    for (card, token) in verdict.tokens() {
        text.push_str(&format!("\n  token    {card}: {token}, not seen before"));
    }
    for (card, ask) in verdict.encrypted() {
        text.push_str(&format!("\n  encrypted  {card}: {}", ask.sentence()));
    }
    if let Some(document) = verdict.document() {
        text.push_str(&format!("\n  signed   {} (SHA-256 {})", document.title, document.sha256));
    }
    text.push_str("\nNothing else.");
    text
}

/// A rejection: to the person at the counter it looks the same whatever the reason, which is the operator's.
fn rejected(rejection: Rejection) -> Failure {
    let reason = rejection.for_log();
    let kind = match reason {
        Reason::Store(_) => Kind::Storage,
        Reason::Undecodable => Kind::Input,
        Reason::OtherRequest
        | Reason::UnknownRequest
        | Reason::Answered
        | Reason::TokenSeen
        | Reason::Expired
        | Reason::NotProven
        | Reason::Untrusted
        | _ => Kind::Refused,
    };
    let fields = json!({"accepted": false, "for_log": reason.to_string()});
    Failure::new(kind, format!("{rejection} (For your log: {reason}.)")).with(fields)
}

fn read_template(path: &Path) -> Result<Template> {
    let json = match shipped(path) {
        Some(json) => json.to_owned(),
        None => input::text(path)?,
    };
    Template::from_json(&json).map_err(|error| failure(error).about(path.display()))
}

fn shipped(name: &Path) -> Option<&'static str> {
    Template::shipped_json(name.to_str()?)
}

/// The failure that a verifier's error is.
pub(crate) fn failure(error: Error) -> Failure {
    match error {
        Error::Input(error) => error.into(),
        Error::Store(StoreError::Io(std::io::ErrorKind::NotFound)) => Failure::storage(NOTHING_HERE),
        Error::Store(StoreError::Io(std::io::ErrorKind::AlreadyExists)) => Failure::storage(IN_THE_WAY),
        Error::File(SealedError::Io { .. }) | Error::Store(StoreError::Io(_)) => Failure::storage(error.to_string()),
        Error::File(error) => error.into(),
        Error::NoEpoch(issuer) => Failure::refused(format!(
            "No epoch of {issuer} is known, so nobody could show a card as not revoked. Run milchglas verifier sync first."
        )),
        Error::OtherIssuer { .. } | Error::Superseded | Error::Conflict | Error::Epoch(_) => {
            Failure::refused(error.to_string())
        }
        Error::UnknownIssuer(_)
        | Error::UnknownSchema(_)
        | Error::NoSuchCredential(_)
        | Error::MustAskNotRevoked(_)
        | Error::Unfit { .. } => Failure::input(error.to_string()),
        Error::AsOf | Error::OtherKey | Error::Store(_) | _ => Failure::storage(error.to_string()),
    }
}
