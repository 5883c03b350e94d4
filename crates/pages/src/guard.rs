//! What every request must be, and what every answer says to the browser.
//!
//! A `Host` that is not ours is refused: a site whose name was pointed to this machine would otherwise be of one origin with the server. What changes
//! something must come from a page of ours, by `Origin`, or by `Sec-Fetch-Site` where a browser leaves that out.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::Address;

/// The most bytes of a request's body: an application has less than 2 KiB.
const MAX_BODY: usize = 1 << 14;

const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; media-src 'self'; \
         connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("permissions-policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
];

/// These routes behind the checks.
pub(crate) fn guarded(router: Router, address: &Address) -> Router {
    let hosts = address.hosts();
    let origins = hosts.iter().map(|host| format!("{}://{host}", address.scheme())).collect();
    let ours = Arc::new(Ours { hosts, origins });
    router.layer(DefaultBodyLimit::max(MAX_BODY)).layer(from_fn_with_state(ours, check))
}

/// What the server is called.
struct Ours {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Ours {
    fn refusal(&self, method: &Method, headers: &HeaderMap) -> Option<StatusCode> {
        let one = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            let first = values.next().map(|value| value.to_str().unwrap_or_default());
            (values.next().is_none(), first)
        };
        let (single, host) = one(header::HOST);
        if !single || !host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))) {
            return Some(StatusCode::MISDIRECTED_REQUEST);
        }
        if method == Method::GET || method == Method::HEAD {
            return None;
        }
        let (single, origin) = one(header::ORIGIN);
        let ours = match origin {
            Some(origin) => single && self.origins.iter().any(|own| own.eq_ignore_ascii_case(origin)),
            None => one(HeaderName::from_static("sec-fetch-site")) == (true, Some("same-origin")),
        };
        (!ours).then_some(StatusCode::FORBIDDEN)
    }
}

async fn check(State(ours): State<Arc<Ours>>, request: Request, next: Next) -> Response {
    let mut response = match ours.refusal(request.method(), request.headers()) {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
