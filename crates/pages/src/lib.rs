//! Wallet, kiosk and a demonstration's issuer in the browser: the pages, and the server that gives them out.
//!
//! Wallet and kiosk run in the page, as WebAssembly; the server sees neither of them. It gives out files that are built in (`site/`), the npm package
//! that `cargo xtask wasm` makes, and one thing that is not a file: the *office*, an issuer that gives cards to invented people.
//!
//! ```text
//! GET  /  /wallet  /kiosk  /issuer           the page
//! GET  /v/VERSION/…                          its files and the package, immutable: VERSION is a digest of them all
//! GET  /service-worker.js                    keeps them, so that the page works offline
//! GET  /office                               the office's public parameters, and what it offers
//! POST /office/invitation  /office/answer    one person's card
//! POST /office/revocation  /office/epoch     the end of a person's cards, and the next epoch
//! GET  /epochs/…                             what is published about revocations
//! ```
//!
//! What holds, each by a test:
//!
//! - No file names another host, and the content security policy permits none.
//! - A request for another host's name is refused, so that no other site can reach the server by pointing its own name here (DNS rebinding).
//! - The office answers pages of this server only; bodies are bounded.
//!
//! Secret: the office's keys, in [`milchglas_issuer`]. Public: everything else that the server has.
//!
//! Caution: the office checks nobody. Whoever reaches it gets a card of whatever name and age; it is for demonstrations.
//! Not here: wallet and verifier (`crates/wasm`), the command line.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
mod error;
mod files;
mod guard;
mod office;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
#[cfg(feature = "lan")]
mod tls;

pub use address::{Address, Listening};
pub use error::Error;
pub use files::Package;
pub use office::Office;

use std::future::Future;

use axum::Router;

/// The pages and the office, as they are served at one address.
fn router(package: Package, office: Office, address: &Address) -> Router {
    let files = files::router(package);
    guard::guarded(files.merge(office::router(office)), address)
}

/// Serves until `stop` is done.
///
/// # Errors
/// [`Error::Io`] if connections can no longer be taken.
pub async fn serve(
    listening: Listening,
    package: Package,
    office: Office,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let router = router(package, office, listening.address());
    listening.serve(router, stop).await
}
