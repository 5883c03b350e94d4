//! The files that the page is made of: those of `site/`, built in, and those of the npm package, read at the start.
//!
//! All have one version, a digest of them all, that stands in their addresses; so a browser may keep them for ever, and never mixes two versions.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::Error;

macro_rules! site {
    ($($name:literal),* $(,)?) => { [$(($name, include_bytes!(concat!("../site/", $name)).as_slice())),*] };
}

/// The page itself, one for all its addresses.
const PAGE: &str = include_str!("../site/index.html");
const SERVICE_WORKER: &str = include_str!("../site/service-worker.js");
/// What else it is made of.
const SITE: [(&str, &[u8]); 17] = site![
    "style.css",
    "icons.svg",
    "icon.svg",
    "manifest.webmanifest",
    "app.js",
    "dom.js",
    "language.js",
    "en.js",
    "de.js",
    "words.js",
    "engine.js",
    "exchange.js",
    "camera.js",
    "reader.js",
    "wallet.js",
    "kiosk.js",
    "issuer.js",
];
/// What the page uses of the npm package, under `wasm/`.
const PACKAGE: [&str; 6] = ["client.js", "worker.js", "index.js", "storage.js", "milchglas.js", "milchglas_bg.wasm"];

/// The npm package of wallet and verifier, as `cargo xtask wasm` makes it.
pub struct Package(Vec<(String, Vec<u8>)>);

impl Package {
    /// Reads the package from its folder.
    ///
    /// # Errors
    /// [`Error::NoPackage`] if a file is missing; [`Error::Io`] if one can not be read.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => Ok((format!("wasm/{name}"), bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::NoPackage { missing: path }),
                Err(error) => Err(Error::Io(error)),
            }
        };
        PACKAGE.iter().map(|name| read(name)).collect::<Result<_, _>>().map(Self)
    }
}

struct Files {
    version: String,
    page: File,
    service_worker: File,
    versioned: HashMap<String, File>,
}

struct File {
    bytes: Bytes,
    mime: &'static str,
    tag: String,
}

impl File {
    fn new(name: &str, bytes: Vec<u8>) -> Self {
        let tag = format!("\"{}\"", digest(&bytes));
        Self { bytes: bytes.into(), mime: mime(name), tag }
    }

    fn response(&self, headers: &HeaderMap, caching: &'static str) -> Response {
        let described = [(header::ETAG, self.tag.as_str()), (header::CACHE_CONTROL, caching)];
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == self.tag.as_bytes());
        if known {
            return (StatusCode::NOT_MODIFIED, described).into_response();
        }
        (described, [(header::CONTENT_TYPE, self.mime)], self.bytes.clone()).into_response()
    }
}

pub(crate) fn router(package: Package) -> Router {
    let page = get(|State(files): State<Arc<Files>>, headers: HeaderMap| async move {
        files.page.response(&headers, "no-cache")
    });
    Router::new()
        .route("/", page.clone())
        .route("/wallet", page.clone())
        .route("/kiosk", page.clone())
        .route("/issuer", page)
        .route("/service-worker.js", get(service_worker))
        .route("/v/{version}/{*name}", get(versioned))
        .with_state(Arc::new(Files::new(package)))
}

async fn service_worker(State(files): State<Arc<Files>>, headers: HeaderMap) -> Response {
    files.service_worker.response(&headers, "no-cache")
}

async fn versioned(
    State(files): State<Arc<Files>>,
    UrlPath((version, name)): UrlPath<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match files.versioned.get(&name).filter(|_| version == files.version) {
        Some(file) => file.response(&headers, "public, max-age=31536000, immutable"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Files {
    fn new(package: Package) -> Self {
        let site = SITE.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
        let all: Vec<(String, Vec<u8>)> = site.chain(package.0).collect();
        let mut hash = Sha256::new();
        for text in [PAGE, SERVICE_WORKER] {
            hash.update(Sha256::digest(text));
        }
        for (name, bytes) in &all {
            hash.update(Sha256::digest(name));
            hash.update(Sha256::digest(bytes));
        }
        let version = hex::encode(&hash.finalize()[..8]);
        let names: Vec<String> = all.iter().map(|(name, _)| format!("\"/v/{version}/{name}\"")).collect();
        let filled = |text: &str| text.replace("{{version}}", &version).replace("\"{{files}}\"", &names.join(", "));
        Self {
            page: File::new("index.html", filled(PAGE).into_bytes()),
            service_worker: File::new("service-worker.js", filled(SERVICE_WORKER).into_bytes()),
            versioned: all.into_iter().map(|(name, bytes)| (name.clone(), File::new(&name, bytes))).collect(),
            version,
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..16])
}

fn mime(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("webmanifest") => "application/manifest+json",
        Some(_) | None => "application/octet-stream",
    }
}
