//! `milchglas inspector …`

use std::path::{Path, PathBuf};

use milchglas_credential::parameters::Parameters;
use milchglas_credential::text::{Label, quoted};
use milchglas_inspector::{Error, Inspector, OpeningShare, SecretShare, VerifiedCase, combine, deal};
use milchglas_sealed::Passphrase;
use rand_core::OsRng;
use serde_json::{Value, json};

use super::{Context, work};
use crate::failure::{Failure, Result};
use crate::inspector_args as args;
use crate::output::{Delivery, Readers, Report, free};
use crate::{input, passphrase};

/// Runs one inspector command.
pub(crate) fn run(command: args::Inspector, context: Context) -> Result<Report> {
    match command {
        args::Inspector::Init { dir, name, threshold, shareholders, passphrase_file, work: log_n } => {
            init(&dir, &name, threshold, shareholders, &passphrase_file, log_n)
        }
        args::Inspector::Show { file } => {
            let inspector = read(&file)?;
            Ok(Report::new(described(&inspector), fields(&inspector)))
        }
        args::Inspector::Share { case, share, issuers, label, purpose, card, to, unlock } => {
            let delivery = Delivery::prepare(&to, context.as_json, Readers::Owner)?;
            let bytes = input::object(&case)?;
            let issuers = parameters(&issuers)?;
            let secret = passphrase::existing(unlock.passphrase_file.as_deref(), "share")?;
            let secret = SecretShare::open(&share, &secret).map_err(|error| failure(error).about(share.display()))?;
            let opened = verify(&bytes, &case, secret.inspector(), &issuers, card.as_ref())?;
            let released = secret.release(&opened, &label, &purpose, &mut OsRng);
            let released = released.map_err(|error| failure(error).about(case.display()))?;
            let text = format!(
                "The share of shareholder {} in opening {}\n{}\nNext: milchglas inspector combine",
                secret.index(),
                case.display(),
                about(&opened)
            );
            let mut json = case_fields(&opened);
            if let Value::Object(json) = &mut json {
                json.insert("shareholder".into(), secret.index().into());
            }
            Ok(Report::new(text, json).delivered(&delivery.write(&released.to_bytes())?))
        }
        args::Inspector::Combine { shares, case, inspector, issuers, card } => {
            let bytes = input::object(&case)?;
            let inspector = read(&inspector)?;
            let opened = verify(&bytes, &case, &inspector, &parameters(&issuers)?, card.as_ref())?;
            let mut read = Vec::with_capacity(shares.len());
            for path in &shares {
                let share = OpeningShare::from_bytes(&input::object(path)?);
                read.push(share.map_err(|error| failure(error).about(path.display()))?);
            }
            let point = combine(&opened, &inspector, &read, &mut OsRng).map_err(failure)?.to_bytes();
            let point = hex::encode(point);
            let text = format!(
                "Opened, with {} shares.\n{}\n  point        {point}\nNext: the issuer runs milchglas issuer identify POINT",
                read.len(),
                about(&opened)
            );
            let mut json = case_fields(&opened);
            if let Value::Object(json) = &mut json {
                json.insert("point".into(), point.into());
                json.insert("shares".into(), read.iter().map(OpeningShare::index).collect());
            }
            Ok(Report::new(text, json))
        }
        args::Inspector::Passphrase { share, new_passphrase_file, work: log_n, unlock } => {
            let work = work(log_n)?;
            let old = passphrase::existing(unlock.passphrase_file.as_deref(), "share")?;
            let new = passphrase::new(new_passphrase_file.as_deref(), "share")?;
            let changed = SecretShare::change_passphrase(&share, &old, &new, work);
            changed.map_err(|error| failure(error).about(share.display()))?;
            Ok(Report::new("The passphrase is changed.", json!({"changed": true})))
        }
    }
}

fn init(
    dir: &Path,
    name: &str,
    threshold: u8,
    shareholders: u8,
    passphrase_files: &[PathBuf],
    log_n: u8,
) -> Result<Report> {
    let work = work(log_n)?;
    let (inspector, shares) = deal(name, threshold, shareholders, &mut OsRng).map_err(failure)?;
    let passphrases = passphrases(passphrase_files, shares.len())?;
    make_folder(dir)?;
    let public = dir.join("inspector.json");
    let files: Vec<PathBuf> = shares.iter().map(|share| dir.join(format!("share-{}", share.index()))).collect();
    for path in files.iter().chain([&public]) {
        free(path, false)?;
    }
    for ((share, passphrase), path) in shares.iter().zip(&passphrases).zip(&files) {
        share.create(path, passphrase, work).map_err(|error| failure(error).about(path.display()))?;
    }
    // The public file comes last: who finds it finds all shares.
    let written = milchglas_sealed::atomic_create_new(&public, inspector.to_json()?.as_bytes(), 0o644);
    written.map_err(|error| Failure::from(error).about(public.display()))?;
    let text = format!(
        "{}\nIts file is {}; give it to everybody. The shares are beside it: hand each to its shareholder and keep none.\nNext: \
         milchglas wallet inspector",
        described(&inspector),
        public.display()
    );
    let mut json = fields(&inspector);
    if let Value::Object(json) = &mut json {
        json.insert("file".into(), json!(public.display().to_string()));
        json.insert("shares".into(), files.iter().map(|path| json!(path.display().to_string())).collect());
    }
    Ok(Report::new(text, json))
}

/// A passphrase for each share.
fn passphrases(files: &[PathBuf], count: usize) -> Result<Vec<Passphrase>> {
    let place = |place: usize| match files {
        [] => Ok(None),
        [one] => Ok(Some(one.as_path())),
        many if many.len() == count => Ok(many.get(place).map(PathBuf::as_path)),
        _ => Err(Failure::usage("--passphrase-file is given once, or once for each share")),
    };
    let of = |n: usize| passphrase::new(place(n)?, &format!("share of shareholder {}", n + 1));
    (0..count).map(of).collect()
}

fn make_folder(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| Failure::storage(error.to_string()).about(dir.display()))
}

fn read(path: &Path) -> Result<Inspector> {
    Inspector::from_json(&input::text(path)?).map_err(|error| Failure::from(error).about(path.display()))
}

fn parameters(paths: &[PathBuf]) -> Result<Vec<Parameters>> {
    let read = |path: &PathBuf| {
        Parameters::from_json(&input::text(path)?).map_err(|error| Failure::from(error).about(path.display()))
    };
    paths.iter().map(read).collect()
}

fn verify(
    bytes: &[u8],
    path: &Path,
    inspector: &Inspector,
    issuers: &[Parameters],
    card: Option<&Label>,
) -> Result<VerifiedCase> {
    let issuers: Vec<&Parameters> = issuers.iter().collect();
    VerifiedCase::verify(bytes, inspector, &issuers, card, &mut OsRng)
        .map_err(|error| failure(error).about(path.display()))
}

/// What a case is about, for people.
fn about(case: &VerifiedCase) -> String {
    let verifier = case.verifier();
    format!(
        "  asked by     {}, at {}, key {}\n  at           {}\n  card         {} of {}\n  label        {}\n  purpose      {}\n  case         {}",
        quoted(&verifier.name),
        verifier.origin,
        verifier.key,
        case.issued(),
        case.credential(),
        quoted(case.issuer_name()),
        case.label(),
        case.purpose(),
        case.digest()
    )
}

fn case_fields(case: &VerifiedCase) -> Value {
    json!({
        "verifier": case.verifier(), "issued": case.issued(), "card": case.credential(), "issuer": case.issuer(),
        "issuer_name": case.issuer_name(), "label": case.label(), "purpose": case.purpose(), "case": case.digest(),
    })
}

/// An inspector in words.
pub(crate) fn described(inspector: &Inspector) -> String {
    format!(
        "{}: any {} of {} shareholders open together.\n  fingerprint  {}\n  digest       {}",
        inspector.name(),
        inspector.threshold(),
        inspector.shareholders(),
        inspector.fingerprint(),
        inspector.digest()
    )
}

/// An inspector as JSON.
pub(crate) fn fields(inspector: &Inspector) -> Value {
    json!({
        "name": inspector.name(), "fingerprint": inspector.fingerprint(), "digest": inspector.digest(),
        "threshold": inspector.threshold(), "shareholders": inspector.shareholders(), "inspector": inspector.reference(),
    })
}

/// The failure that an inspector's error is.
pub(crate) fn failure(error: Error) -> Failure {
    match error {
        Error::Input(error) => error.into(),
        Error::File(error) => error.into(),
        Error::Refused(refusal) => Failure::refused(refusal.to_string()),
        Error::Misuse(what) => Failure::usage(what),
        _ => Failure::storage(error.to_string()),
    }
}
