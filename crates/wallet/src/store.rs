//! Where a wallet keeps its vault and the public files of issuers and authorities.
//!
//! Caution: a store sees the vault's content in the clear and must encrypt it, replace it whole or not at all, and keep other
//! processes out while it is open.
//! Not here: the stores (`folder`, `entries`), what the content means (`vault`), the encryption (the crate `milchglas-sealed`).

use milchglas_credential::digest::ParametersDigest;

use crate::error::Error;

/// Where a wallet is kept unless said otherwise.
#[cfg(not(target_family = "wasm"))]
pub type Usual = crate::folder::Folder;

/// Where a wallet is kept unless said otherwise.
#[cfg(target_family = "wasm")]
pub type Usual = crate::entries::Entries;

/// What a wallet needs of a disk, or of a browser.
pub trait Store {
    /// Replaces the vault's content, durably, before it returns.
    ///
    /// # Errors
    /// The step that failed; the old content is then intact.
    fn save(&mut self, vault: &[u8]) -> Result<(), Error>;

    /// A parameters file that was put here, if it still is. The wallet checks it again.
    ///
    /// # Errors
    /// The step that failed.
    fn parameters(&self, digest: &ParametersDigest) -> Result<Option<String>, Error>;

    /// Keeps a public parameters file.
    ///
    /// # Errors
    /// The step that failed.
    fn put_parameters(&mut self, digest: &ParametersDigest, json: &str) -> Result<(), Error>;

    /// A published set or list that was put here under its SHA-256, if it still is. The wallet checks it again.
    ///
    /// # Errors
    /// The step that failed.
    fn published(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, Error>;

    /// Keeps the public file of a set or a list.
    ///
    /// # Errors
    /// The step that failed.
    fn put_published(&mut self, sha256: &[u8; 32], file: &[u8]) -> Result<(), Error>;

    /// Gives up such a file, if it is here.
    ///
    /// # Errors
    /// The step that failed.
    fn remove_published(&mut self, sha256: &[u8; 32]) -> Result<(), Error>;
}
