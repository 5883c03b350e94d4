//! `milchglas wallet …`

use std::io::{BufRead as _, Write as _};
use std::path::Path;

use milchglas_credential::digest::{AuthorityFingerprint, DocumentDigest};
use milchglas_credential::document::DocumentRef;
use milchglas_credential::list::MAX_LIST_FILE;
use milchglas_credential::text::quoted;
use milchglas_sealed::{MAX_FILE_BYTES as MAX_BACKUP, atomic_write};
use milchglas_wallet::{
    AddedPublication, Before, Choice, Consent, CredentialSummary, Error, KnownPublication, LogOutcome, RecoveryPhrase,
    Sentences, Standing, SyncProgress, Wallet,
};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::{Context, work};
use crate::args::{self, Deliver, WalletAt};
use crate::batch::progress;
use crate::failure::{Failure, Kind, Result};
use crate::output::{Delivery, Readers, Report};
use crate::{epochs, input, output, passphrase};

/// Runs one wallet command.
pub(crate) fn run(command: args::Wallet, context: Context) -> Result<Report> {
    match command {
        args::Wallet::Init { dir, recover, phrase_file, lock } => init(&dir, recover, phrase_file.as_deref(), &lock),
        args::Wallet::Issuer { parameters, fingerprint, at } => {
            let json = input::text(&parameters)?;
            let added = open(&at)?.add_issuer(&json, fingerprint, &mut OsRng);
            let added = added.map_err(|error| failure(error).about(parameters.display()))?;
            let before = match added.before {
                Before::Nothing => {
                    "is pinned from now on. Compare the fingerprint with one that you got some other way"
                }
                Before::Older => "has published anew",
                Before::Same => "is known already, with these parameters",
            };
            let mut text = format!(
                "{} {before}.\n  fingerprint  {}\n  publication  {}",
                added.name, added.fingerprint, added.sequence
            );
            text.push_str(&listed(&added.listed_by));
            for other in &added.same_name {
                text.push_str(&format!("\nCaution: this wallet knows another issuer of the same name, {other}."));
            }
            let fields = json!({
                "name": added.name, "fingerprint": added.fingerprint, "digest": added.digest, "sequence": added.sequence,
                "first_time": added.before == Before::Nothing, "same_name": added.same_name,
                "listed_by": added.listed_by,
            });
            Ok(Report::new(text, fields))
        }
        args::Wallet::AddSet { set, fingerprint, at } => {
            let json = input::text(&set)?;
            let added = open(&at)?.add_set(&json, fingerprint, &mut OsRng);
            Ok(publication(&added.map_err(|error| failure(error).about(set.display()))?, "set", "values"))
        }
        args::Wallet::AddList { list, fingerprint, at } => {
            let file = input::large(&list, MAX_LIST_FILE)?;
            let added = open(&at)?.add_list(file, fingerprint, &mut OsRng);
            Ok(publication(&added.map_err(|error| failure(error).about(list.display()))?, "list", "entries"))
        }
        args::Wallet::Inspector { file, fingerprint, at } => {
            let json = input::text(&file)?;
            let added = open(&at)?.add_inspector(&json, fingerprint);
            let added = added.map_err(|error| failure(error).about(file.display()))?;
            let what = if added.new {
                "is pinned from now on. Compare the fingerprint with one that you got some other way"
            } else {
                "is known already, with this file"
            };
            let mut text = format!(
                "{} {what}.\n  fingerprint  {}\n  opens        any {} of {} shareholders together",
                added.name, added.fingerprint, added.threshold, added.shareholders
            );
            text.push_str(&listed(&added.listed_by));
            for other in &added.same_name {
                text.push_str(&format!("\nCaution: this wallet knows another inspector of the same name, {other}."));
            }
            let fields = json!({
                "name": added.name, "fingerprint": added.fingerprint, "digest": added.digest, "threshold": added.threshold,
                "shareholders": added.shareholders, "first_time": added.new, "same_name": added.same_name,
                "listed_by": added.listed_by,
            });
            Ok(Report::new(text, fields))
        }
        args::Wallet::Trust { list, fingerprint, at } => trust(&list, fingerprint, &at),
        args::Wallet::Distrust { fingerprint, at } => {
            let known = open(&at)?.forget_trust_list(&fingerprint).map_err(failure)?;
            let what = if known { "is forgotten" } else { "was not known" };
            Ok(Report::new(format!("The authority {fingerprint} {what}."), json!({"forgotten": known})))
        }
        args::Wallet::Apply { invitation, to, at } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
            let bytes = input::object(&invitation)?;
            let application = open(&at)?.apply(&bytes, context.now, &mut OsRng);
            let application = application.map_err(|error| failure(error).about(invitation.display()))?;
            let text = "An application for the card.\nNext: milchglas issuer issue";
            Ok(Report::new(text, json!({})).delivered(&delivery.write(&application)?))
        }
        args::Wallet::Accept { answer, at } => {
            let bytes = input::object(&answer)?;
            let accepted = open(&at)?.accept(&bytes, context.now);
            let accepted = accepted.map_err(|error| failure(error).about(answer.display()))?;
            let what = if accepted.new { "is in the wallet" } else { "was in the wallet already" };
            let text = format!("The card {what}: {}", line(&accepted.credential));
            let mut fields = summary(&accepted.credential);
            if let Value::Object(fields) = &mut fields {
                fields.insert("new".into(), accepted.new.into());
            }
            Ok(Report::new(text, fields))
        }
        args::Wallet::List { at } => {
            let cards = open(&at)?.list().map_err(failure)?;
            let lines: Vec<String> = cards.iter().map(line).collect();
            let text = if lines.is_empty() { "No cards.".to_owned() } else { lines.join("\n") };
            Ok(Report::new(text, json!({"cards": cards.iter().map(summary).collect::<Vec<_>>()})))
        }
        args::Wallet::Show { id, at } => {
            let (card, claims) = open(&at)?.show(id).map_err(failure)?;
            let claims: Value = serde_json::from_str(&claims).map_err(milchglas_credential::error::Error::from)?;
            let mut text = line(&card);
            for (name, value) in claims.as_object().into_iter().flatten() {
                text.push_str(&format!("\n  {name}: {value}"));
            }
            let mut fields = summary(&card);
            if let Value::Object(fields) = &mut fields {
                fields.insert("claims".into(), claims);
            }
            Ok(Report::new(text, fields))
        }
        args::Wallet::Remove { id, at } => {
            open(&at)?.remove(id).map_err(failure)?;
            Ok(Report::new(format!("Card {id} is removed."), json!({"removed": id.get()})))
        }
        args::Wallet::Respond { request, document, choice, yes, to, at } => {
            respond(&request, document.as_deref(), choice, yes, &to, &at, context)
        }
        args::Wallet::Sync { from, at } => {
            let source = from.clone().or_else(|| epochs::remembered(&at.dir));
            let source = source.ok_or_else(|| Failure::usage("say where the epochs are: a folder or https://…"))?;
            let report = sync(&mut open(&at)?, &source, &at.dir)?;
            if from.is_some() {
                epochs::remember(&at.dir, &source).map_err(|error| Failure::storage(error.to_string()))?;
            }
            Ok(report)
        }
        args::Wallet::Settle { fingerprint, at } => {
            let known = open(&at)?.settle_contradiction(&fingerprint).map_err(failure)?;
            let what =
                if known { "is trusted again; sync to follow its epochs" } else { "has not contradicted itself" };
            Ok(Report::new(format!("The issuer {fingerprint} {what}."), json!({"settled": known})))
        }
        args::Wallet::Revoke { fingerprint, to, at } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Owner)?;
            let request = open(&at)?.request_revocation(&fingerprint, context.now, &mut OsRng).map_err(failure)?;
            let text = "A request to revoke all your cards of this issuer, good for a day.\nNext: milchglas issuer revoke --request";
            Ok(Report::new(text, json!({"issuer": fingerprint})).delivered(&delivery.write(&request)?))
        }
        args::Wallet::Backup { out, force, backup_passphrase_file, work: log_n, at } => {
            let to = Deliver { out: Some(out), qr: None, force };
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Owner)?;
            let work = work(log_n)?;
            let wallet = open(&at)?;
            let secret = passphrase::new(backup_passphrase_file.as_deref(), "backup")?;
            let backup = wallet.backup(&secret, work).map_err(failure)?;
            Ok(Report::new("A copy of the wallet.", json!({"bytes": backup.len()}))
                .delivered(&delivery.write(&backup)?))
        }
        args::Wallet::Restore { backup, backup_passphrase_file, dir, lock } => {
            let work = work(lock.work)?;
            let bytes = input::large(&backup, MAX_BACKUP)?;
            let old = passphrase::existing(backup_passphrase_file.as_deref(), "backup")?;
            let new = passphrase::new(lock.unlock.passphrase_file.as_deref(), "wallet")?;
            let restored = Wallet::restore(&dir, &bytes, &old, &new, work, &mut OsRng);
            restored.map_err(|error| match failure(error) {
                in_the_folder @ Failure { kind: Kind::Storage, .. } => in_the_folder.about(dir.display()),
                of_the_backup => of_the_backup.about(backup.display()),
            })?;
            let text = format!(
                "The wallet is in {}. It gives no limited tokens until you allow them.\nNext: milchglas wallet sync",
                dir.display()
            );
            Ok(Report::new(text, json!({"dir": dir.display().to_string()})))
        }
        args::Wallet::AllowTokens { request, at } => {
            let bytes = input::object(&request)?;
            let new = open(&at)?.allow_tokens(&bytes, context.now).map_err(failure)?;
            let what = if new { "are allowed from now on" } else { "needed no permission" };
            Ok(Report::new(format!("The tokens that this request counts {what}."), json!({"allowed": new})))
        }
        args::Wallet::History { at } => {
            let wallet = open(&at)?;
            let mut text = Vec::new();
            let mut entries = Vec::new();
            for entry in wallet.history() {
                text.push(format!("{}  {} ({}): {}", entry.time, entry.name, entry.origin, entry.purpose));
                text.extend(entry.learned.iter().map(|sentence| format!("  {sentence}")));
                entries.push(json!({
                    "time": entry.time, "name": entry.name, "origin": entry.origin, "key": entry.key,
                    "purpose": entry.purpose, "learned": entry.learned.iter().collect::<Vec<_>>(),
                }));
            }
            let text = if text.is_empty() { "Nothing was answered yet.".to_owned() } else { text.join("\n") };
            Ok(Report::new(text, json!({"entries": entries})))
        }
        args::Wallet::Forget { origin, at } => {
            let mut wallet = open(&at)?;
            let known: Vec<_> = wallet.verifiers().iter().filter(|known| known.origin == origin).cloned().collect();
            for verifier in &known {
                wallet.forget_verifier(&verifier.key).map_err(failure)?;
            }
            let what = if known.is_empty() { "was not known" } else { "is forgotten" };
            Ok(Report::new(format!("{origin} {what}."), json!({"forgotten": known.len()})))
        }
        args::Wallet::Passphrase { new_passphrase_file, work: log_n, at } => {
            let work = work(log_n)?;
            let mut wallet = open(&at)?;
            let new = passphrase::new(new_passphrase_file.as_deref(), "wallet")?;
            wallet.change_passphrase(&new, work).map_err(failure)?;
            Ok(Report::new("The passphrase is changed.", json!({"changed": true})))
        }
    }
}

/// What became of a set or a list.
fn publication(added: &AddedPublication, what: &str, items: &str) -> Report {
    let AddedPublication { publication, len, before, listed_by } = added;
    let before = match before {
        Before::Nothing => "is known from now on. Compare the fingerprint with one that you got some other way",
        Before::Older => "has been published anew",
        Before::Same => "is known already",
    };
    let KnownPublication { name, number, authority, .. } = publication;
    let mut text = format!(
        "The {what} “{name}” {before}.\n  authority    {authority}\n  publication  {number}\n  {items:<11}  {len}"
    );
    if !listed_by.is_empty() {
        text.push_str(&format!("\nIts authority is on the trust list of {}.", listed_by.join(", ")));
    }
    let fields = json!({"name": name, "authority": authority, "number": number, "len": len, "listed_by": listed_by});
    Report::new(text, fields)
}

/// Who vouches for an issuer or an inspector: a line each.
fn listed(listed_by: &[String]) -> String {
    listed_by.iter().map(|authority| format!("\nIt is on the trust list of {authority}.")).collect()
}

fn trust(list: &Path, fingerprint: Option<AuthorityFingerprint>, at: &WalletAt) -> Result<Report> {
    let json = input::text(list)?;
    let added = open(at)?.add_trust_list(&json, fingerprint);
    let added = added.map_err(|error| failure(error).about(list.display()))?;
    let before = match added.before {
        Before::Nothing => "is pinned from now on. Compare the fingerprint with one that you got some other way",
        Before::Older => "has published anew",
        Before::Same => "is known already, with this trust list",
    };
    let text =
        format!("{} {before}.\n  fingerprint  {}\n  publication  {}", added.name, added.fingerprint, added.sequence);
    let fields = json!({
        "name": added.name, "fingerprint": added.fingerprint, "sequence": added.sequence,
        "first_time": added.before == Before::Nothing,
    });
    Ok(Report::new(text, fields))
}

fn init(dir: &Path, recover: bool, phrase_file: Option<&Path>, lock: &args::Lock) -> Result<Report> {
    let work = work(lock.work)?;
    let phrase = if recover {
        let words = passphrase::secret_line(phrase_file, "Recovery phrase: ")?;
        let wrong = "the recovery phrase is not 24 words of the list with the right checksum";
        Some(RecoveryPhrase::parse(&words).map_err(|_| Failure::input(wrong))?)
    } else {
        None
    };
    let secret = passphrase::new(lock.unlock.passphrase_file.as_deref(), "wallet")?;
    let about = |error| failure(error).about(dir.display());
    let next = "Next: milchglas wallet issuer";
    let dir_field = dir.display().to_string();
    if let Some(phrase) = phrase {
        Wallet::init_from_phrase(dir, &phrase, &secret, work, &mut OsRng).map_err(about)?;
        let text = format!("A wallet with the earlier one's secret is in {dir_field}. Cards are issued anew.\n{next}");
        return Ok(Report::new(text, json!({"dir": dir_field, "recovered": true})));
    }
    let (_, phrase) = Wallet::init(dir, &secret, work, &mut OsRng).map_err(about)?;
    let words = phrase.expose();
    let text = format!(
        "A wallet is in {dir_field}. Write these words down and keep them apart; they are shown this once:\n\n{}\n\nThey \
         bring the wallet's secret back if the device is lost, and whoever has them can pretend to be you.\n{next}",
        numbered(&words)
    );
    Ok(Report::new(text, json!({"dir": dir_field, "recovered": false, "recovery_phrase": words.as_str()})))
}

/// The words in lines of six.
fn numbered(words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let lines = words.chunks(6).map(|line| format!("  {}", line.join(" ")));
    lines.collect::<Vec<_>>().join("\n")
}

fn respond(
    request: &Path,
    document: Option<&Path>,
    choice: usize,
    yes: bool,
    to: &Deliver,
    at: &WalletAt,
    context: Context,
) -> Result<Report> {
    let delivery = Delivery::prepare(to, context.as_json, Readers::Owner)?;
    let bytes = input::object(request)?;
    let mut wallet = open(at)?;
    if let Some(folder) = epochs::remembered(&at.dir).filter(|source| !epochs::is_url(source)) {
        // Trouble with it shows in the answer, if the request asks for what is missing.
        wallet.sync(&mut *epochs::open(&folder), &mut |_| (), &mut OsRng).map_err(failure)?;
    }
    let consent = wallet.review(&bytes, context.now, &mut OsRng).map_err(|error| match failure(error) {
        unreadable @ Failure { kind: Kind::Input, .. } => unreadable.about(request.display()),
        other => other,
    })?;
    check_document(consent.document(), document)?;
    let count = consent.choices().len();
    let place = choice.checked_sub(1).filter(|place| *place < count);
    let place = place.ok_or_else(|| Failure::usage(format!("--choice is 1 to {count} for this request")))?;
    let text = consent_text(&consent, place);
    let fields = consent_fields(&consent, place);
    if !yes {
        output::note(&text);
        if !consents(request)? {
            return Err(Failure::refused("not shown: you did not consent").with(fields));
        }
    }
    let presentation = wallet.respond(consent, place, context.now, &mut OsRng).map_err(failure)?;
    let done = "The answer is made.\nNext: milchglas verifier check";
    let text = if yes { format!("{text}\n{done}") } else { done.to_owned() };
    Ok(Report::new(text, fields).delivered(&delivery.write(&presentation)?))
}

/// Whether what would be signed is what the holder has before them.
fn check_document(asked: Option<&DocumentRef>, document: Option<&Path>) -> Result<()> {
    match (asked, document) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Failure::refused("the request is about no document")),
        (Some(asked), None) => Err(Failure::usage(format!(
            "the answer signs a document, {} (SHA-256 {}): give the file with --document, so that it can be compared",
            quoted(&asked.title),
            asked.sha256
        ))),
        (Some(asked), Some(path)) => {
            if DocumentDigest::of(&input::file(path)?) == asked.sha256 {
                return Ok(());
            }
            let other = format!("this is not the document {} that the request names", quoted(&asked.title));
            Err(Failure::refused(other).about(path.display()))
        }
    }
}

/// Follows the logs, and says how far each came.
fn sync(wallet: &mut Wallet, source: &str, dir: &Path) -> Result<Report> {
    let bar = progress(Some(0));
    let mut told = |at: SyncProgress| {
        bar.set_length(at.newest.0.into());
        bar.set_position(at.read.0.into());
    };
    let report = wallet.sync(&mut *epochs::open(source), &mut told, &mut OsRng);
    bar.finish_and_clear();
    let report = report.map_err(failure)?;
    let (mut lines, mut logs, mut failed) = (Vec::new(), Vec::new(), false);
    for log in &report.logs {
        let (word, how) = (log.outcome.code(), outcome(&log.outcome));
        failed |= !matches!(log.outcome, LogOutcome::Current | LogOutcome::NotPublished);
        let now = log.now.map_or_else(|| "none".to_owned(), |epoch| epoch.to_string());
        lines.push(format!("{}, key {:.16}: epoch {now}, {how}", log.issuer_name, log.key.to_string()));
        if let LogOutcome::TwoHeads(contradiction) = &log.outcome {
            let path = dir.join(format!("contradiction-{:.16}.bin", contradiction.key.to_string()));
            atomic_write(&path, &contradiction.to_bytes(), 0o600)
                .map_err(|error| Failure::from(error).about(path.display()))?;
            lines.push(format!("  Both signed heads, for anybody to see: {}", path.display()));
        }
        logs.push(json!({"issuer": log.issuer, "key": log.key, "before": log.before, "now": log.now, "outcome": word}));
    }
    let nowhere = !logs.is_empty() && report.logs.iter().all(|log| matches!(log.outcome, LogOutcome::NotPublished));
    for card in &report.revoked {
        lines.push(format!("Card {card} has been revoked."));
    }
    for card in &report.broken {
        lines.push(format!("Card {card} can not be shown as not revoked: its issuer has to replace it."));
    }
    if lines.is_empty() {
        lines.push("No issuer is pinned.".to_owned());
    }
    let fields = json!({
        "logs": logs, "revoked": report.revoked.iter().map(|card| card.get()).collect::<Vec<_>>(),
        "broken": report.broken.iter().map(|card| card.get()).collect::<Vec<_>>(),
    });
    let text = lines.join("\n");
    if nowhere {
        // Not a place to remember: a slip in its name would end the wallet's following.
        return Err(Failure::refused(text).about(source).with(fields));
    }
    if failed { Err(Failure::refused(text).with(fields)) } else { Ok(Report::new(text, fields)) }
}

/// How following a log ended, in words.
fn outcome(outcome: &LogOutcome) -> String {
    match outcome {
        LogOutcome::Current => "the newest".to_owned(),
        LogOutcome::Behind { published } => format!("newer than the published epoch {published}"),
        LogOutcome::NotPublished => "nothing is published there".to_owned(),
        LogOutcome::Missing { epoch } => format!("the file of epoch {epoch} is missing"),
        LogOutcome::Damaged { epoch } => {
            let file = epoch.map_or_else(|| "the head".to_owned(), |epoch| format!("the file of epoch {epoch}"));
            format!("{file} is not the issuer's")
        }
        LogOutcome::Unreachable(kind) => format!("it can not be reached: {kind}"),
        LogOutcome::TwoHeads(_) => {
            "THE ISSUER HAS SIGNED TWO HISTORIES. Its cards are not shown as not revoked until you settle it".to_owned()
        }
        #[allow(clippy::wildcard_enum_match_arm, reason = "there may be more one day")]
        _ => "it could not be followed".to_owned(),
    }
}

/// What the person reads before consenting: the wallet's own text, with what will be learned set off.
pub(crate) fn consent_text(consent: &Consent, place: usize) -> String {
    let learned: Vec<String> = learned(consent, place);
    let mut lines = Vec::new();
    for sentence in consent.text(place).iter().flat_map(Sentences::iter) {
        let indent = if learned.iter().any(|learned| learned == sentence) { "  · " } else { "" };
        lines.push(format!("{indent}{sentence}"));
    }
    for other in (0..consent.choices().len()).filter(|other| *other != place) {
        lines.push(format!(
            "Another way to answer is --choice {}: {}",
            other + 1,
            self::learned(consent, other).join(" ")
        ));
    }
    lines.join("\n")
}

fn learned(consent: &Consent, place: usize) -> Vec<String> {
    let learned = consent.choices().get(place).map(Choice::learned).unwrap_or_default();
    learned.iter().map(str::to_owned).collect()
}

fn consent_fields(consent: &Consent, place: usize) -> Value {
    let mut disclosed = serde_json::Map::new();
    let (mut proved, mut encrypted) = (Vec::new(), Vec::new());
    for card in consent.choices().get(place).map(Choice::credentials).unwrap_or_default() {
        let values = card.disclosed.iter();
        let values =
            values.map(|claim| (claim.claim.to_string(), json!(claim.value.as_ref().map(|value| value.as_str()))));
        disclosed.insert(card.name.to_string(), Value::Object(values.collect()));
        proved.extend(card.proved.iter().cloned());
        encrypted.extend(card.encrypted.iter().cloned());
    }
    let vouchers = consent.vouchers().iter();
    let vouchers: Vec<Value> = vouchers
        .map(
            |voucher| json!({"authority": voucher.authority, "verifier": voucher.verifier, "purpose": voucher.purpose}),
        )
        .collect();
    let warnings = consent.choices().get(place).map(Choice::warnings).unwrap_or_default();
    let warnings: Vec<String> = consent.warnings().iter().chain(warnings).map(ToString::to_string).collect();
    json!({
        "verifier": consent.verifier(), "vouchers": vouchers, "purpose": consent.purpose(),
        "first_time": consent.standing() == Standing::FirstTime,
        "choice": place + 1, "choices": consent.choices().len(), "learned": learned(consent, place),
        "disclosed": disclosed, "proved": proved, "encrypted": encrypted, "document": consent.document(),
        "warnings": warnings,
    })
}

/// Asks at the terminal. Anything but y or yes is no.
fn consents(request: &Path) -> Result<bool> {
    let mut error = std::io::stderr();
    write!(error, "Show this? [y/N] ")
        .and_then(|()| error.flush())
        .map_err(|error| Failure::storage(format!("standard error: {error}")))?;
    let mut line = String::new();
    let read = if input::is_standard(request) {
        // Standard input was the request: the terminal itself is asked.
        let terminal = std::fs::File::open("/dev/tty")
            .map_err(|_| Failure::usage("no terminal to ask at; give the request as a file, or consent with --yes"))?;
        std::io::BufReader::new(terminal).read_line(&mut line)
    } else {
        std::io::stdin().lock().read_line(&mut line)
    };
    read.map_err(|error| Failure::storage(format!("the terminal can not be read: {error}")))?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn open(at: &WalletAt) -> Result<Wallet> {
    let passphrase = passphrase::existing(at.unlock.passphrase_file.as_deref(), "wallet")?;
    Wallet::open(&at.dir, &passphrase).map_err(|error| failure(error).about(at.dir.display()))
}

fn line(card: &CredentialSummary) -> String {
    let until = card.valid_until.map(|month| format!(", valid until {month}")).unwrap_or_default();
    let renewed = if card.newest { "" } else { ", renewed since" };
    let revoked = card.revoked.map(|epoch| format!(", REVOKED in epoch {epoch}")).unwrap_or_default();
    format!("{}  {} of {}{until}{renewed}{revoked}", card.id, card.title, card.issuer_name)
}

fn summary(card: &CredentialSummary) -> Value {
    json!({
        "id": card.id.get(), "kind": card.kind, "title": card.title, "schema": card.schema, "issuer": card.issuer,
        "issuer_name": card.issuer_name, "added": card.added, "valid_until": card.valid_until, "newest": card.newest,
        "revoked": card.revoked,
    })
}

/// The failure that a wallet's error is. A refusal comes with what helps the holder: it goes to the holder's own screen.
pub(crate) fn failure(error: Error) -> Failure {
    match error {
        Error::Input(error) => error.into(),
        Error::Vault(error) => error.into(),
        Error::Refused(refusal) => {
            let sentences = refusal.explanation();
            Failure::refused(sentences.iter().collect::<Vec<_>>().join(" "))
        }
        Error::SelfCheck => Failure::refused(error.to_string()),
        Error::NoSuchCredential(_) => Failure::usage(error.to_string()),
        Error::Misuse(what) => Failure::usage(what),
        Error::ParametersLost(_) | Error::Full(_) | _ => Failure::storage(error.to_string()),
    }
}
