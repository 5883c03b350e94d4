//! `milchglas issuer …`

use std::borrow::Cow;
use std::fmt::Write as _;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use milchglas_credential::claim::{ClaimType, IntegerBits};
use milchglas_credential::date::{Month, Timestamp};
use milchglas_credential::parameters::Parameters;
use milchglas_credential::text::Label;
use milchglas_issuer::registry::{Handle, Holder, Reason, Status};
use milchglas_issuer::{Assurance, Enrolment, Error, GROUP, Issuer, PersonNumber, Submission};
use rand_core::OsRng;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{Context, schema, work};
use crate::args::{self, AssuranceArg, Deliver, IssuerAt, ReasonArg};
use crate::batch::{self, Id, Line, Outcome, Words, progress};
use crate::failure::{Failure, Kind, Result};
use crate::output::{Delivery, Readers, Report};
use crate::{input, passphrase, qr};

/// Runs one issuer command.
pub(crate) fn run(command: args::Issuer, context: Context) -> Result<Report> {
    match command {
        args::Issuer::Init { dir, name, schemas, registry_file, lock } => {
            let schemas = schemas.iter().map(|path| schema(path)).collect::<Result<Vec<_>>>()?;
            let passphrase = passphrase::new(lock.unlock.passphrase_file.as_deref(), "issuer's keys")?;
            let work = work(lock.work)?;
            let url = registry_file.map(|file| passphrase::secret_line(Some(&file), "")).transpose()?;
            let registry = url.as_deref().map(String::as_str);
            let issuer = finish(Issuer::init_on(&dir, registry, &name, schemas, &passphrase, work, &mut OsRng))?
                .map_err(|error| failure(error).about(dir.display()))?;
            let text = format!("{name} is an issuer now, in {}.\nNext: milchglas issuer publish", dir.display());
            Ok(described(&text, &issuer))
        }
        args::Issuer::Schema { schema: path, at } => {
            let schema = schema(&path)?;
            let text = format!("Cards of kind {} can be issued.\nNext: milchglas issuer publish", schema.id());
            let mut issuer = open(&at)?;
            issuer.add_schema(schema).map_err(failure)?;
            Ok(described(&text, &issuer))
        }
        args::Issuer::Publish { out, force, at } => publish(Deliver { out, qr: None, force }, &at, context),
        args::Issuer::Claims { schema, dir } => claims(&schema, &dir, context),
        args::Issuer::Invite { schema, assurance, valid_for, batch: Some(file), to, at, .. } => {
            let defaults = Defaults { schema, assurance, valid_for: minutes(valid_for) };
            invite_all(&file, &defaults, &to, &at, context)
        }
        args::Issuer::Invite {
            schema: Some(schema),
            claims: Some(claims),
            person_space,
            person_file,
            assurance: Some(assurance),
            valid_for,
            batch: None,
            to,
            at,
        } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Owner)?;
            let path = claims;
            let claims = Zeroizing::new(input::text(&path)?);
            let number = person_file.map(|file| passphrase::secret_line(Some(&file), "")).transpose()?;
            let person = person_space.as_deref().zip(number.as_deref());
            let enrolment = Enrolment {
                schema: schema.as_str(),
                claims: &claims,
                person: person.map(|(space, number)| PersonNumber { space, number }),
                assurance: assurance.into(),
                valid_for: minutes(valid_for),
            };
            let issuer = open(&at)?;
            let invitation =
                finish(issuer.invite(&enrolment, context.now, &mut OsRng))?.map_err(|error| match failure(error) {
                    unreadable @ Failure { kind: Kind::Input, .. } => unreadable.about(path.display()),
                    other => other,
                })?;
            let expires = invitation.unverified().expires;
            let text = format!(
                "An invitation to apply for a card of kind {schema}, until {expires}. Whoever answers it gets the card: hand it \
                 to the person.\nNext: milchglas wallet apply"
            );
            let fields = json!({"schema": schema, "expires": expires, "nonce": invitation.unverified().nonce});
            Ok(Report::new(text, fields).delivered(&delivery.write(&invitation.to_bytes())?))
        }
        args::Issuer::Invite { .. } => {
            Err(Failure::usage("invite needs --schema, --claims and --assurance, or --batch"))
        }
        args::Issuer::Issue { batch: Some(file), to, at, .. } => issue_all(&file, &to, &at, context),
        args::Issuer::Issue { application: Some(application), batch: None, to, at } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
            let bytes = input::object(&application)?;
            let issuer = open(&at)?;
            let answer = finish(issuer.answer(&bytes, context.now, &mut OsRng))?
                .map_err(|error| failure(error).about(application.display()))?;
            let text = "The card is issued, encrypted for the wallet that applied.\nNext: milchglas wallet accept";
            Ok(Report::new(text, json!({"issued": true})).delivered(&delivery.write(&answer)?))
        }
        args::Issuer::Issue { application: None, .. } => Err(Failure::usage("issue needs an application, or --batch")),
        args::Issuer::Identify { point, at } => identify(&point, &at),
        args::Issuer::Revoke { handle, person_space, person_file, request, new_secret, reason, at } => {
            let whom = match (handle, person_space.zip(person_file), request) {
                (Some(handle), None, None) => Whom::Card(handle),
                (None, Some((space, file)), None) => {
                    Whom::Person { space, number: passphrase::secret_line(Some(&file), "")?, new_secret }
                }
                (None, None, Some(request)) => Whom::Holder { request },
                _ => return Err(Failure::usage("revoke needs one of --handle, --person-space and --request")),
            };
            revoke(whom, reason.into(), &at, context)
        }
        args::Issuer::Epoch { out, only_files, at } => epoch(out, only_files, &at, context),
        args::Issuer::Status { at } => status(&at, context),
        args::Issuer::Rotate { accepted_until, at } => {
            let mut issuer = open(&at)?;
            issuer.rotate(accepted_until, context.now.date(), &mut OsRng).map_err(failure)?;
            let old = if accepted_until < context.now.date() {
                format!(
                    "That day is past: once this is published, no card under the old one is accepted ({accepted_until})"
                )
            } else {
                format!("Cards under the old one are accepted until {accepted_until}")
            };
            let text = format!(
                "A new key signs from now on. {old}; invitations made before must be made again.\nNext: milchglas issuer \
                 publish"
            );
            Ok(described(&text, &issuer))
        }
    }
}

/// Looks up what an inspector's shareholders have opened.
fn identify(point: &str, at: &IssuerAt) -> Result<Report> {
    let mut bytes = [0; 48];
    hex::decode_to_slice(point, &mut bytes).map_err(|_| Failure::input("a point has 96 hexadecimal digits"))?;
    let issuer = open(at)?;
    let found = finish(issuer.find_by_inspector_point(&bytes))?.map_err(failure)?;
    let record = found.ok_or_else(|| Failure::refused("no card of this registry has that point"))?;
    let issued = Timestamp::from_unix(record.issued_at.0).map(|time| time.to_string()).unwrap_or_default();
    let until = Month::from_index(record.valid_until.0).map(|month| month.to_string()).unwrap_or_default();
    let status = match record.status {
        Status::Active => "active",
        Status::Pending => "revocation pending",
        Status::Revoked => "revoked",
    };
    let schema = issuer.parameters().content().schemas.iter().find(|schema| schema.digest().0 == record.schema.0);
    let kind = schema.map_or_else(|| hex::encode(record.schema.0), |schema| schema.id().to_string());
    let (handle, person) = (hex::encode(record.handle.0), hex::encode(record.person.0));
    let text = format!(
        "A card of kind {kind}, {status}.\n  person       {person}\n  handle       {handle}\n  issued       {issued}\n  valid until  \
         {until}\nThe person is the keyed hash of the number in the registry; no claims are kept."
    );
    let fields = json!({
        "kind": kind, "status": status, "person": person, "handle": handle, "issued": issued, "valid_until": until,
        "assurance": record.assurance.level(),
    });
    Ok(Report::new(text, fields))
}

/// Whose cards are to be revoked.
enum Whom {
    Card(String),
    Person { space: String, number: Zeroizing<String>, new_secret: bool },
    Holder { request: PathBuf },
}

fn revoke(whom: Whom, reason: Reason, at: &IssuerAt, context: Context) -> Result<Report> {
    let issuer = open(at)?;
    let all = |holder, new_secret: bool| -> Result<usize> {
        let now = context.now;
        if new_secret {
            return finish(issuer.retire(holder, reason, now))?.map_err(failure);
        }
        finish(issuer.revoke_all(holder, reason, now))?.map_err(failure)
    };
    let count = match whom {
        Whom::Card(handle) => {
            let mut bytes = [0; 16];
            hex::decode_to_slice(&handle, &mut bytes)
                .map_err(|_| Failure::input("a handle has 32 hexadecimal digits"))?;
            finish(issuer.revoke(&Handle(bytes), reason, context.now))?.map_err(failure)?;
            1
        }
        Whom::Person { space, number, new_secret } => {
            let person = PersonNumber { space: &space, number: &number };
            all(Holder::Tag(issuer.person(person).map_err(failure)?), new_secret)?
        }
        Whom::Holder { request } => {
            let bytes = input::object(&request)?;
            finish(issuer.revoke_on_request(&bytes, context.now, &mut OsRng))?
                .map_err(|error| failure(error).about(request.display()))?
        }
    };
    let cards = if count == 1 { "One card".to_owned() } else { format!("{count} cards") };
    let text = format!("{cards} will be revoked with the next epoch.\nNext: milchglas issuer epoch");
    Ok(Report::new(text, json!({"revoked": count})))
}

fn epoch(out: Option<PathBuf>, only_files: bool, at: &IssuerAt, context: Context) -> Result<Report> {
    let issuer = open(at)?;
    let folder = out.unwrap_or_else(|| issuer.epochs_folder());
    let mut published = Vec::new();
    if !only_files {
        // What an earlier run left out; and whether registry and folder are of one history.
        finish(issuer.write_epochs(&folder, |_, _| ()))?.map_err(|error| failure(error).about(folder.display()))?;
        published = finish(issuer.publish_epochs(context.now, |_, _| ()))?.map_err(failure)?;
    }
    let bar = progress(Some(0));
    let written = finish(issuer.write_epochs(&folder, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    }))?;
    bar.finish_and_clear();
    let written = written.map_err(|error| failure(error).about(folder.display()))?;
    let files = if written == 1 { "1 file".to_owned() } else { format!("{written} files") };
    let mut lines = Vec::with_capacity(published.len());
    let mut epochs = Vec::with_capacity(published.len());
    for epoch in &published {
        let head = epoch.head.unverified();
        lines.push(format!(
            "  key {:.16}  epoch {}  revoked {}, of all {}",
            head.key.to_string(),
            head.epoch,
            head.revoked,
            head.total
        ));
        if epoch.waiting {
            lines.push("  more wait for the next epoch: publish again".to_owned());
        }
        epochs.push(json!({
            "key": head.key, "epoch": head.epoch, "revoked": head.revoked, "total": head.total, "waiting": epoch.waiting,
        }));
    }
    let text = format!(
        "{files} written to {}, the same for everyone.\n{}\nNext: milchglas wallet sync, milchglas verifier sync",
        folder.display(),
        lines.join("\n")
    );
    let fields = json!({"folder": folder.display().to_string(), "files": written, "epochs": epochs});
    Ok(Report::new(text, fields))
}

fn status(at: &IssuerAt, context: Context) -> Result<Report> {
    let issuer = open(at)?;
    let counts = finish(issuer.registry().counts())?.map_err(|error| failure(error.into()))?;
    let heads = finish(issuer.newest_epochs(context.now))?.map_err(failure)?;
    let mut text = format!(
        "  persons             {}\n  open invitations    {}\n  cards               {}\n  to be revoked       {}\n  revoked             {}",
        counts.persons, counts.open_invitations, counts.active, counts.pending, counts.revoked
    );
    let mut epochs = Vec::with_capacity(heads.len());
    for head in heads.iter().map(|head| head.unverified()) {
        let _cannot_fail = write!(
            text,
            "\n  key {:.16}  epoch {} of {}, {} revoked",
            head.key.to_string(),
            head.epoch,
            head.issued,
            head.total
        );
        epochs.push(json!({"key": head.key, "epoch": head.epoch, "issued": head.issued, "total": head.total}));
    }
    let fields = json!({
        "persons": counts.persons, "open_invitations": counts.open_invitations, "cards": counts.active,
        "pending": counts.pending, "revoked": counts.revoked, "epochs": epochs,
    });
    Ok(described_with(&text, &fields, &issuer))
}

/// What holds for a line that does not say it.
struct Defaults {
    schema: Option<Label>,
    assurance: Option<AssuranceArg>,
    valid_for: Duration,
}

/// A line of `invite --batch`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonLine<'a> {
    id: Option<Id>,
    schema: Option<Label>,
    assurance: Option<AssuranceArg>,
    #[serde(borrow)]
    claims: &'a RawValue,
    person: Option<NumberLine<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberLine<'a> {
    space: String,
    #[serde(borrow)]
    number: Cow<'a, str>,
}

/// A line of `issue --batch`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationLine<'a> {
    id: Option<Id>,
    application: String,
    #[serde(borrow)]
    claims: Option<&'a RawValue>,
}

fn invite_all(file: &Path, defaults: &Defaults, to: &Deliver, at: &IssuerAt, context: Context) -> Result<Report> {
    let issuer = open(at)?;
    let words =
        Words { done: "invited", count: "invited", next: "hand each invitation to its person: milchglas wallet apply" };
    batch::run(file, to, Readers::Owner, context.as_json, GROUP, &words, |lines| {
        let read: Vec<Result<PersonLine<'_>>> = lines.iter().map(Line::parse).collect();
        let mut enrolments = Vec::with_capacity(lines.len());
        let mut outcomes = Vec::with_capacity(lines.len());
        for line in &read {
            let enrolment = match line {
                Ok(line) => enrolment(line, defaults),
                Err(failure) => Err(failure.again()),
            };
            outcomes.push(enrolment.map(|enrolment| enrolments.push(enrolment)));
        }
        let invited = finish(issuer.invite_all(&enrolments, context.now, &mut OsRng))?.map_err(failure)?;
        Ok(outcomes_of(
            read,
            outcomes,
            invited,
            |line| line.id.clone(),
            |invitation| {
                let text = qr::encode_text(&invitation.to_bytes());
                (fields([("invitation", json!(text)), ("expires", json!(invitation.unverified().expires))]), true)
            },
        ))
    })
}

fn enrolment<'a>(line: &'a PersonLine<'_>, defaults: &'a Defaults) -> Result<Enrolment<'a>> {
    let schema = line.schema.as_ref().or(defaults.schema.as_ref());
    let schema = schema.ok_or_else(|| Failure::input("no schema, neither in the line nor by --schema"))?;
    let assurance = line.assurance.or(defaults.assurance);
    let assurance = assurance.ok_or_else(|| Failure::input("no assurance, neither in the line nor by --assurance"))?;
    Ok(Enrolment {
        schema: schema.as_str(),
        claims: line.claims.get(),
        person: line.person.as_ref().map(|person| PersonNumber { space: &person.space, number: &person.number }),
        assurance: assurance.into(),
        valid_for: defaults.valid_for,
    })
}

fn issue_all(file: &Path, to: &Deliver, at: &IssuerAt, context: Context) -> Result<Report> {
    let issuer = open(at)?;
    let words =
        Words { done: "issued", count: "issued", next: "send each answer to its wallet: milchglas wallet accept" };
    batch::run(file, to, Readers::Everyone, context.as_json, GROUP, &words, |lines| {
        let read: Vec<Result<(ApplicationLine<'_>, Vec<u8>)>> = lines
            .iter()
            .map(|line| {
                let line: ApplicationLine<'_> = line.parse()?;
                let bytes = application(&line.application);
                Ok((line, bytes))
            })
            .collect();
        let mut submissions = Vec::with_capacity(lines.len());
        let mut outcomes = Vec::with_capacity(lines.len());
        for line in &read {
            outcomes.push(match line {
                Ok((line, bytes)) => {
                    let claims = line.claims.map(RawValue::get);
                    submissions.push(Submission { application: bytes, claims });
                    Ok(())
                }
                Err(failure) => Err(failure.again()),
            });
        }
        let answered = finish(issuer.answer_all(&submissions, context.now, &mut OsRng))?.map_err(failure)?;
        Ok(outcomes_of(
            read,
            outcomes,
            answered,
            |(line, _)| line.id.clone(),
            |answered| (fields([("answer", json!(qr::encode_text(&answered.response)))]), answered.fresh),
        ))
    })
}

/// An application in a line. What is neither text form is handed on as no application.
fn application(text: &str) -> Vec<u8> {
    let hex = hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == text);
    hex.or_else(|| qr::decode_text(text.as_bytes()).ok()).unwrap_or_default()
}

/// Brings together the lines that could be read, those that could not, and what the issuer said.
fn outcomes_of<L, T>(
    read: Vec<Result<L>>,
    outcomes: Vec<Result<()>>,
    said: Vec<std::result::Result<T, Error>>,
    id: impl Fn(&L) -> Option<Id>,
    done: impl Fn(T) -> (Map<String, Value>, bool),
) -> Vec<Outcome> {
    let mut said = said.into_iter();
    let lines = read.iter().zip(outcomes).map(|(line, outcome)| {
        let id = line.as_ref().ok().and_then(&id);
        let done = outcome.and_then(|()| {
            let said = said.next().ok_or_else(|| Failure::storage("the issuer left a line out"))?;
            said.map(&done).map_err(failure)
        });
        Outcome { id, done }
    });
    lines.collect()
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(60 * u64::from(count))
}

fn publish(to: Deliver, at: &IssuerAt, context: Context) -> Result<Report> {
    let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
    let mut issuer = open(at)?;
    let parameters = issuer.publish(context.now.date()).map_err(failure)?.to_json()?;
    let file = issuer.parameters_file();
    let text = format!(
        "The public parameters, the same for everyone, are in {}. People compare the fingerprint.\nNext: milchglas issuer \
         epoch, milchglas wallet issuer, milchglas verifier trust",
        file.display()
    );
    let report = described(&text, &issuer);
    if to.out.is_none() { Ok(report) } else { Ok(report.delivered(&delivery.write(parameters.as_bytes())?)) }
}

/// Claims of a schema that one can edit: the first value that fits each claim.
fn claims(id: &Label, dir: &Path, context: Context) -> Result<Report> {
    let path = dir.join("parameters.json");
    let parameters =
        Parameters::from_json(&input::text(&path)?).map_err(|error| Failure::from(error).about(path.display()))?;
    let schema = parameters.content().schemas.iter().rev().find(|schema| schema.id() == id);
    let schema = schema.ok_or_else(|| Failure::usage(format!("this issuer has no schema {id}")))?;
    let month = context.now.date().month();
    let mut claims = Map::new();
    for (place, claim) in schema.claims().iter().enumerate() {
        if schema.assurance().is_some_and(|assurance| assurance.get() == place) {
            continue;
        }
        let until = schema.validity().is_some_and(|validity| validity.until.get() == place);
        let value = match &claim.claim_type {
            ClaimType::Text => json!(claim.title),
            ClaimType::Integer { bits: IntegerBits::B64, .. } => json!("1"),
            ClaimType::Integer { .. } => json!(1),
            ClaimType::Date => json!("1990-01-31"),
            ClaimType::Month if until => json!(Month::from_index(month.index() + 119).unwrap_or(month)),
            ClaimType::Month => json!(month),
            ClaimType::Boolean => json!(true),
            ClaimType::Code(codes) => json!(codes.first()),
            ClaimType::Digest => json!("00".repeat(32)),
        };
        claims.insert(claim.name.to_string(), value);
    }
    let claims = Value::Object(claims);
    Ok(Report::new(format!("{claims:#}"), claims))
}

/// The same, with more fields.
fn described_with(text: &str, fields: &Value, issuer: &Issuer) -> Report {
    let mut report = described(text, issuer);
    if let (Some(all), Some(more)) = (report.json.as_object_mut(), fields.as_object()) {
        all.extend(more.clone());
    }
    report
}

/// A report that says which issuer it is, and under which parameters.
fn described(text: &str, issuer: &Issuer) -> Report {
    let parameters = issuer.parameters();
    let content = parameters.content();
    let text = format!(
        "{text}\n  name         {}\n  fingerprint  {}\n  publication  {}",
        content.name,
        parameters.fingerprint(),
        content.sequence
    );
    let fields = json!({
        "name": content.name, "fingerprint": parameters.fingerprint(), "digest": parameters.digest(),
        "sequence": content.sequence, "parameters": issuer.parameters_file().display().to_string(),
    });
    Report::new(text, fields)
}

fn open(at: &IssuerAt) -> Result<Issuer> {
    let passphrase = passphrase::existing(at.unlock.passphrase_file.as_deref(), "issuer's keys")?;
    finish(Issuer::open(&at.dir, &passphrase))?.map_err(|error| failure(error).about(at.dir.display()))
}

/// Waits for the registry, which is asynchronous.
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> Result<T> {
    RUNTIME.with(|runtime| match runtime {
        Ok(runtime) => Ok(runtime.block_on(future)),
        Err(error) => Err(Failure::storage(format!("no runtime for the registry: {error}"))),
    })
}

thread_local! {
    /// One for the whole run: connections belong to the runtime in which they were made.
    static RUNTIME: std::io::Result<tokio::runtime::Runtime> =
        tokio::runtime::Builder::new_current_thread().enable_all().build();
}

/// The failure that an issuer's error is.
pub(crate) fn failure(error: Error) -> Failure {
    match error {
        Error::Input(error) => error.into(),
        Error::File(error) => error.into(),
        Error::Invalid => Failure::refused(error.to_string()),
        Error::Refused(refusal) => Failure::refused(refusal.sentence()),
        Error::Misuse { what } => Failure::usage(what),
        Error::Damaged { .. } | Error::Storage(_) | _ => Failure::storage(error.to_string()),
    }
}

impl From<ReasonArg> for Reason {
    fn from(reason: ReasonArg) -> Self {
        match reason {
            ReasonArg::Lost => Self::Lost,
            ReasonArg::Expired => Self::Expired,
            ReasonArg::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<AssuranceArg> for Assurance {
    fn from(assurance: AssuranceArg) -> Self {
        match assurance {
            AssuranceArg::Light => Self::Light,
            AssuranceArg::Full => Self::Full,
        }
    }
}
