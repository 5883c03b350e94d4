use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use milchglas_credential::date::Timestamp;
use milchglas_issuer::Issuer;
use milchglas_sealed::{Passphrase, Work};
use rand_core::OsRng;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use super::*;

/// A package whose files say no more than their names.
fn package(folder: &Path) -> Package {
    for name in ["client.js", "worker.js", "index.js", "storage.js", "milchglas.js", "milchglas_bg.wasm"] {
        std::fs::write(folder.join(name), name).unwrap();
    }
    Package::read(folder).unwrap()
}

struct Site {
    router: Router,
    address: Address,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::new(&Zeroizing::new("one".to_owned())).unwrap();
        let schemas = Office::schemas().unwrap();
        let work = Work::with_log_n(1).unwrap();
        let issuer = Issuer::init(folder.path().join("office"), "Office", schemas, &passphrase, work, &mut OsRng).await;
        let address = Listening::on_this_machine(0).await.unwrap().address().clone();
        let router = router(package(folder.path()), Office::open(issuer.unwrap()).await.unwrap(), &address);
        Self { router, address, _folder: folder }
    }

    fn host(&self) -> String {
        self.address.hosts().remove(0)
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, 1 << 24).await.unwrap().to_vec())
    }

    async fn get(&self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.call("GET", path, &[("host", &self.host())], Vec::new()).await
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let (host, origin) = (self.host(), format!("http://{}", self.host()));
        let (status, _, body) = self.call("POST", path, &[("host", &host), ("origin", &origin)], body).await;
        (status, body)
    }

    /// The version that the page names.
    async fn version(&self) -> String {
        let page = String::from_utf8(self.get("/").await.2).unwrap();
        page.split("/v/").nth(1).unwrap().split('/').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn gives_the_page_and_its_files_with_their_types_and_one_version() {
    let site = Site::new().await;
    for path in ["/", "/wallet", "/kiosk", "/issuer"] {
        let (status, headers, _) = site.get(path).await;
        assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &"text/html; charset=utf-8".parse().unwrap()));
        assert_eq!(headers["cache-control"], "no-cache");
        assert!(
            headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'; script-src 'self'")
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    let version = site.version().await;
    for (name, mime) in [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icons.svg", "image/svg+xml"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("wasm/worker.js", "text/javascript; charset=utf-8"),
        ("wasm/milchglas_bg.wasm", "application/wasm"),
    ] {
        let path = format!("/v/{version}/{name}");
        let (status, headers, _) = site.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{name}");
        assert_eq!(headers["content-type"], mime);
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        let known = [("host", site.host()), ("if-none-match", headers["etag"].to_str().unwrap().to_owned())];
        let known = known.each_ref().map(|(name, value)| (*name, value.as_str()));
        let (status, _, body) = site.call("GET", &path, &known, Vec::new()).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(site.get(&format!("/v/0{version}/{name}")).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(site.get(&format!("/v/{version}/../src/lib.rs")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_every_file_to_the_service_worker() {
    let site = Site::new().await;
    let worker = String::from_utf8(site.get("/service-worker.js").await.2).unwrap();
    let line = worker.lines().find(|line| line.starts_with("const FILES = ")).unwrap();
    let list = line.trim_start_matches("const FILES = ").trim_end_matches(';');
    let files: Vec<String> = serde_json::from_str(list).unwrap();
    assert!(files.len() > 20);
    for file in &files {
        assert_eq!(site.get(file).await.0, StatusCode::OK, "{file}");
    }
    // What the page imports is among them.
    for file in files.iter().filter(|file| file.ends_with(".js") && !file.contains("/wasm/")) {
        let text = String::from_utf8(site.get(file).await.2).unwrap();
        for import in text.lines().filter_map(|line| line.split(" from \"./").nth(1)) {
            let name = import.trim_end_matches("\";");
            assert!(files.iter().any(|file| file.ends_with(&format!("/{name}"))), "{file} imports {name}");
        }
    }
}

#[tokio::test]
async fn names_no_other_host_in_any_file() {
    let site = Site::new().await;
    let worker = String::from_utf8(site.get("/service-worker.js").await.2).unwrap();
    let list = worker.split("const FILES = [").nth(1).unwrap().split(']').next().unwrap();
    let mut files: Vec<&str> = list.split(", ").map(|name| name.trim_matches('"')).collect();
    files.extend(["/", "/service-worker.js"]);
    for file in files {
        let text = String::from_utf8(site.get(file).await.2).unwrap();
        for found in text.split("://").skip(1) {
            // Names of XML, and who asks in the demonstration: nobody is called there.
            let named =
                found.starts_with("www.w3.org/") || found.split(['"', '/']).next().unwrap().ends_with(".example");
            assert!(named, "{file} names {}", &found[..found.len().min(40)]);
        }
    }
}

#[tokio::test]
async fn refuses_other_names_and_other_origins() {
    let site = Site::new().await;
    let (host, origin) = (site.host(), format!("http://{}", site.host()));
    let other = format!("rebound.example:{}", host.rsplit_once(':').unwrap().1);
    assert_eq!(site.call("GET", "/", &[("host", &other)], Vec::new()).await.0, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(site.call("GET", "/", &[], Vec::new()).await.0, StatusCode::MISDIRECTED_REQUEST);
    let twice = [("host", host.as_str()), ("host", other.as_str())];
    assert_eq!(site.call("GET", "/", &twice, Vec::new()).await.0, StatusCode::MISDIRECTED_REQUEST);

    for headers in [
        vec![],
        vec![("origin", "https://elsewhere.example")],
        vec![("origin", "null")],
        vec![("origin", "https://elsewhere.example"), ("sec-fetch-site", "same-origin")],
        vec![("origin", origin.as_str()), ("origin", "https://elsewhere.example")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "none")],
    ] {
        let headers: Vec<_> = [("host", host.as_str())].into_iter().chain(headers).collect();
        for path in ["/office/invitation", "/office/answer", "/office/revocation", "/office/epoch"] {
            let (status, ..) = site.call("POST", path, &headers, b"{}".to_vec()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
        }
    }
    let ours = [("host", host.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(site.call("POST", "/office/answer", &ours, Vec::new()).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(site.post("/office/answer", vec![0; 1 << 15]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.post("/", Vec::new()).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

fn asked(changed: &[(&str, Value)]) -> Vec<u8> {
    let mut asked = json!({"given_names": "Erika", "surname": "Mustermann", "date_of_birth": "1990-01-31"});
    for (name, value) in changed {
        asked[*name] = value.clone();
    }
    serde_json::to_vec(&asked).unwrap()
}

#[tokio::test]
async fn invites_and_refuses_in_words() {
    let site = Site::new().await;
    let (status, office) = {
        let (status, _, body) = site.get("/office").await;
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    assert_eq!(status, StatusCode::OK);
    assert_eq!(office["offers"], json!(["enrol", "revoke", "epoch", "tax"]));
    let parameters = office["parameters"].as_str().unwrap();
    let parameters = milchglas_credential::parameters::Parameters::from_json(parameters).unwrap();

    let (status, body) = site.post("/office/invitation", asked(&[])).await;
    assert_eq!(status, StatusCode::OK);
    let invited: Value = serde_json::from_slice(&body).unwrap();
    let bytes = hex::decode(invited["invitation"].as_str().unwrap()).unwrap();
    let invitation = milchglas_credential::issuance::SignedInvitation::from_bytes(&bytes).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(invitation.verify(&parameters).unwrap().expires > Timestamp::from_unix(now).unwrap());

    // The same person again, for a card of the other kind too, and somebody whom nobody knows.
    let tax = asked(&[("person", invited["person"].clone()), ("kind", json!("tax-credential"))]);
    let (status, body) = site.post("/office/invitation", tax).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["person"], invited["person"]);
    assert_eq!(
        site.post("/office/invitation", asked(&[("person", invited["person"].clone())])).await.0,
        StatusCode::OK
    );
    let (status, body) = site.post("/office/invitation", asked(&[("person", json!("00"))])).await;
    let code = serde_json::from_slice::<Value>(&body).unwrap()["error"]["code"].clone();
    assert_eq!((status, code), (StatusCode::NOT_FOUND, json!("unknown_person")));

    for wrong in [
        asked(&[("date_of_birth", json!("2023-02-30"))]),
        asked(&[("date_of_birth", json!("9999-01-01"))]),
        asked(&[("surname", json!(""))]),
        asked(&[("surname", json!("x".repeat(2000)))]),
        asked(&[("more", json!(1))]),
        asked(&[("kind", json!("passport"))]),
        b"no json".to_vec(),
    ] {
        assert_eq!(site.post("/office/invitation", wrong).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn publishes_epochs_and_no_other_file() {
    let site = Site::new().await;
    let office: Value = serde_json::from_slice(&site.get("/office").await.2).unwrap();
    let parameters = milchglas_credential::parameters::Parameters::from_json(office["parameters"].as_str().unwrap());
    let parameters = parameters.unwrap();
    let key = parameters.key_id(&parameters.content().keys[0]);
    let epoch = |bytes: &[u8]| {
        let head = milchglas_credential::revocation::SignedHead::from_bytes(bytes).unwrap();
        head.verify(&parameters).unwrap();
        head.unverified().epoch.0
    };
    let (status, headers, head) = site.get(&format!("/epochs/{key}/head")).await;
    assert_eq!((status, epoch(&head)), (StatusCode::OK, 0));
    assert_eq!(headers["cache-control"], "no-cache");
    let (status, body) = site.post("/office/epoch", b"{}".to_vec()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({"epoch": 1, "revoked": 0}));
    assert_eq!(epoch(&site.get(&format!("/epochs/{key}/head")).await.2), 1);
    for number in ["00000000", "00000001"] {
        let (status, headers, file) = site.get(&format!("/epochs/{key}/1/{number}")).await;
        assert_eq!((status, file.is_empty()), (StatusCode::OK, false));
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    }
    let others =
        ["", "tail", "head/", "1/", "1/00000002", "1/00000001/x", "1/..", "1/../head", "1/%2e%2e", "..%2f..%2fkeys"];
    for path in others {
        assert_eq!(site.get(&format!("/epochs/{key}/{path}")).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/epochs/../keys", "/epochs/%2e%2e/keys", "/epochs/..%2fkeys", "/epochs/head", "/epochs/"] {
        assert_eq!(site.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, body) = site.post("/office/revocation", br#"{"person": "00"}"#.to_vec()).await;
    let code = serde_json::from_slice::<Value>(&body).unwrap()["error"]["code"].clone();
    assert_eq!((status, code), (StatusCode::NOT_FOUND, json!("unknown_person")));
    assert_eq!(site.post("/office/revocation", b"{}".to_vec()).await.0, StatusCode::BAD_REQUEST);
}

#[test]
fn names_the_command_that_builds_a_missing_package() {
    let folder = tempfile::tempdir().unwrap();
    let error = Package::read(folder.path()).err().unwrap();
    assert!(error.to_string().contains("cargo xtask wasm"), "{error}");
    package(folder.path());
    std::fs::remove_file(folder.path().join("milchglas_bg.wasm")).unwrap();
    assert!(matches!(Package::read(folder.path()), Err(Error::NoPackage { .. })));
}

#[tokio::test]
async fn says_how_it_is_called() {
    let listening = Listening::on_this_machine(0).await.unwrap();
    let url = listening.address().url();
    assert!(url.starts_with("http://localhost:"), "{url}");
    assert!(listening.address().hosts().iter().any(|host| url.ends_with(host)));
    assert_eq!(listening.address().fingerprint(), None);
}
