//! Where published epochs come from: a folder, or a web server.
//!
//! Both have the same static files. What is fetched does not depend on the wallet's cards (see the wallet crate's `sync`); a server learns
//! the address that asks and the time. The files are signed, so whoever serves them needs no trust.

use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use milchglas_credential::digest::IssuerKeyId;
use milchglas_credential::revocation::Epoch;
use milchglas_wallet::{EpochFolder, EpochSource, MAX_HEAD_FILE, epochs_limit, epochs_path, head_path};

/// How long one file may take.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The file in a wallet's folder that says where its epochs come from.
const REMEMBERED: &str = "epochs-from";

/// Whether this is the address of a web server, and not a folder.
pub(crate) fn is_url(source: &str) -> bool {
    source.starts_with("https://") || source.starts_with("http://")
}

/// Opens a folder or the address of a web server.
pub(crate) fn open(source: &str) -> Box<dyn EpochSource> {
    if is_url(source) { Box::new(WebServer::new(source)) } else { Box::new(EpochFolder::new(source)) }
}

/// The source that a wallet was last synchronised from.
pub(crate) fn remembered(wallet: &Path) -> Option<String> {
    let text = std::fs::read_to_string(wallet.join(REMEMBERED)).ok()?;
    let source = text.trim_end();
    (!source.is_empty()).then(|| source.to_owned())
}

/// Remembers a source. A folder is remembered by its full path.
pub(crate) fn remember(wallet: &Path, source: &str) -> io::Result<()> {
    let source = if is_url(source) { source.to_owned() } else { std::path::absolute(source)?.display().to_string() };
    milchglas_sealed::atomic_write(wallet.join(REMEMBERED), source.as_bytes(), 0o600)
        .map_err(|error| io::Error::other(error.to_string()))
}

struct WebServer {
    root: String,
    agent: ureq::Agent,
}

impl WebServer {
    fn new(root: &str) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).user_agent("milchglas").build();
        Self { root: root.trim_end_matches('/').to_owned(), agent: config.into() }
    }

    fn get(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut answer = match self.agent.get(format!("{}/{path}", self.root)).call() {
            Ok(answer) => answer,
            Err(ureq::Error::StatusCode(404 | 410)) => return Ok(None),
            Err(error) => return Err(error.into_io()),
        };
        let mut bytes = Vec::new();
        answer.body_mut().as_reader().take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit { Err(io::ErrorKind::InvalidData.into()) } else { Ok(Some(bytes)) }
    }
}

impl EpochSource for WebServer {
    fn head(&mut self, key: &IssuerKeyId) -> io::Result<Option<Vec<u8>>> {
        self.get(&head_path(key), MAX_HEAD_FILE)
    }

    fn epochs(&mut self, key: &IssuerKeyId, power: u8, last: Epoch) -> io::Result<Option<Vec<u8>>> {
        self.get(&epochs_path(key, power, last), epochs_limit(power))
    }
}
