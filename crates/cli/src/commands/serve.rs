//! `milchglas serve`: wallet, kiosk and an office in the browser.
//!
//! Not here: the pages and their server (`milchglas-pages`).

use milchglas_credential::date::Timestamp;
use milchglas_issuer::Issuer;
use milchglas_pages::{Error, Listening, Office, Package};
use milchglas_sealed::{Passphrase, Work};
use rand_core::{OsRng, RngCore as _};
use serde_json::json;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::Context;
use super::issuer::{failure, finish};
use crate::args::Serve;
use crate::failure::{Failure, Result};
use crate::output::{Report, print};
use crate::passphrase;

/// What the office is called where no other is named.
const OFFICE: &str = "Residents' Office of Glasstadt";
/// The kind of card that it must be able to give.
const SCHEMA: &str = "national-id";

/// Serves until it is interrupted.
pub(crate) fn run(serve: Serve, pretended: Option<Timestamp>, context: Context) -> Result<Report> {
    if pretended.is_some() {
        return Err(Failure::usage("browsers have clocks of their own: serve takes no --now"));
    }
    let package = Package::read(&serve.wasm).map_err(reason)?;
    // Dropped last: the office's registry is in it.
    let (_temporary, issuer) = office(&serve)?;
    finish(async {
        let listening = match serve.lan {
            None => Listening::on_this_machine(serve.port).await,
            Some(ip) => Listening::in_the_network(ip, serve.port, context.now.date()).await,
        };
        let listening = listening.map_err(reason)?;
        announce(&listening, context.as_json)?;
        let office = Office::open(issuer).await.map_err(failure)?;
        milchglas_pages::serve(listening, package, office, interrupted()).await.map_err(reason)
    })??;
    Ok(Report::said())
}

/// The issuer of the folder that is named, or a new one in a temporary folder.
fn office(serve: &Serve) -> Result<(Option<TempDir>, Issuer)> {
    if let Some(folder) = &serve.office {
        let passphrase = passphrase::existing(serve.unlock.passphrase_file.as_deref(), "issuer's keys")?;
        let issuer =
            finish(Issuer::open(folder, &passphrase))?.map_err(|error| failure(error).about(folder.display()))?;
        if issuer.schema(SCHEMA).is_none() {
            return Err(Failure::usage("the office gives identity cards; this issuer has no schema national-id")
                .about(folder.display()));
        }
        return Ok((None, issuer));
    }
    let folder = tempfile::Builder::new().prefix("milchglas-serve-").tempdir();
    let folder = folder.map_err(|error| Failure::storage(format!("no temporary folder: {error}")))?;
    let mut random = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(random.as_mut());
    let passphrase = Passphrase::new(&Zeroizing::new(hex::encode(*random)))?;
    // 256 random bits need no work to be out of reach.
    let (path, work) = (folder.path().join("office"), Work::with_log_n(1)?);
    let issuer =
        finish(Issuer::init(path, OFFICE, Office::schemas()?, &passphrase, work, &mut OsRng))?.map_err(failure)?;
    Ok((Some(folder), issuer))
}

fn announce(listening: &Listening, as_json: bool) -> Result<()> {
    let (url, fingerprint) = (listening.address().url(), listening.address().fingerprint());
    if as_json {
        return print(&json!({"address": url, "certificate_sha256": fingerprint}).to_string());
    }
    let mut text = format!("Open {url} in a browser. Ctrl-C ends it.");
    if let Some(fingerprint) = fingerprint {
        text.push_str(&format!(
            "\nThe browser will warn of the certificate, which nobody vouches for. It is the right one if its SHA-256 fingerprint is\n{fingerprint}"
        ));
    }
    print(&text)
}

/// Waits for Ctrl-C, or for the signal that asks a process to end.
async fn interrupted() {
    let asked = async {
        #[cfg(unix)]
        if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => (),
        () = asked => (),
    }
}

fn reason(error: Error) -> Failure {
    match error {
        Error::NoTls => Failure::usage(error.to_string()),
        Error::NoPackage { .. } | Error::Io(_) | Error::NoNetwork | Error::Certificate | _ => {
            Failure::storage(error.to_string())
        }
    }
}
