//! A back end that asks and checks, over HTTP.
//!
//! `GET /request` gives a signed request, for the wallet; `POST /response` takes the wallet's answer and gives the verdict as JSON.
//! Make a verifier folder first (`milchglas verifier init`), then:
//!
//! ```text
//! cargo run -p milchglas-verifier --example axum -- FOLDER < PASSPHRASE-FILE
//! ```
//!
//! Where a browser shows the request and a phone answers it, remember the request's nonce in the browser's session and check with
//! [`Verifier::check_answer_to`]; TLS stands in front of this server.

use std::error::Error;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use milchglas_credential::date::Timestamp;
use milchglas_sealed::Passphrase;
use milchglas_verifier::{FolderStore, Template, Verdict, Verifier};
use rand_core::OsRng;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

type Cafe = Arc<(Verifier<FolderStore>, Template)>;
type Failure = (StatusCode, String);

fn router(verifier: Verifier<FolderStore>, template: Template) -> Router {
    Router::new()
        .route("/request", get(request))
        .route("/response", post(response))
        .layer(DefaultBodyLimit::max(1 << 17))
        .with_state(Arc::new((verifier, template)))
}

async fn request(State(cafe): State<Cafe>) -> Result<Vec<u8>, Failure> {
    let asked = blocking(move || cafe.0.request(&cafe.1, now(), &mut OsRng)).await?;
    asked.map(|asked| asked.into_bytes()).map_err(|error| {
        eprintln!("can not ask: {error}");
        (StatusCode::SERVICE_UNAVAILABLE, "Try again later.".to_owned())
    })
}

async fn response(State(cafe): State<Cafe>, answer: Bytes) -> Result<Json<Verdict>, Failure> {
    let verdict = blocking(move || cafe.0.check(&answer, now(), &mut OsRng)).await?;
    verdict.map(Json).map_err(|rejection| {
        eprintln!("refused: {}", rejection.for_log());
        (StatusCode::FORBIDDEN, rejection.to_string())
    })
}

/// Asking and checking compute, and wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, String::new()))
}

fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Timestamp::from_unix(seconds).unwrap_or_else(|| unreachable!("the clock is past the year 9999"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: axum FOLDER < PASSPHRASE-FILE")?;
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line)?;
    let passphrase = Passphrase::new(&Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))?;
    let router = router(Verifier::open(folder, &passphrase)?, Template::cafe()?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use milchglas_credential::claim::Claims;
    use milchglas_credential::request::SignedRequest;
    use milchglas_credential::schema::Schema;
    use milchglas_sealed::Work;
    use milchglas_tests::{TestIssuer, holder, national_id_json, present_not_revoked};
    use tower::ServiceExt;

    use super::*;

    async fn call(router: &Router, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn asks_and_accepts_once() {
        let schema = Schema::national_id().unwrap();
        let issuer = TestIssuer::new("state", vec![schema.clone()]).unwrap();
        let k = holder("erika").unwrap();
        let claims = Claims::from_json(&schema, &national_id_json("1990-01-31")).unwrap();
        let card = issuer.issue(&schema, &k, claims, &mut OsRng).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::new(&Zeroizing::new("one".to_owned())).unwrap();
        let (origin, work) = ("https://cafe.example".parse().unwrap(), Work::with_log_n(1).unwrap());
        let cafe = Verifier::init(folder.path(), "Café Glas", origin, &passphrase, work, &mut OsRng).unwrap();
        cafe.trust(&issuer.parameters.to_json().unwrap(), None).unwrap();
        cafe.learn_epoch(&issuer.first_epoch().unwrap().head().to_bytes()).unwrap();
        let router = router(cafe, Template::cafe().unwrap());

        let (status, bytes) = call(&router, "GET", "/request", Vec::new()).await;
        assert_eq!(status, StatusCode::OK);
        let asked = SignedRequest::verify(&bytes).unwrap();
        let answer = present_not_revoked(asked.request(), &[&issuer], &k, &[&card], &mut OsRng).unwrap().to_bytes();

        let refusal = (StatusCode::FORBIDDEN, b"The answer was not accepted.".to_vec());
        assert_eq!(call(&router, "POST", "/response", answer[1..].to_vec()).await, refusal);
        let (status, verdict) = call(&router, "POST", "/response", answer.clone()).await;
        assert_eq!(status, StatusCode::OK);
        let verdict: serde_json::Value = serde_json::from_slice(&verdict).unwrap();
        assert_eq!(verdict["accepted"], true);
        assert_eq!(verdict["learned"], serde_json::json!({}));
        assert_eq!(verdict["proved"].as_array().unwrap().len(), 2);
        assert_eq!(call(&router, "POST", "/response", answer).await, refusal);
        assert_eq!(call(&router, "POST", "/response", vec![0; 1 << 18]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
