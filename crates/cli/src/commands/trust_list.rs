//! `milchglas trust-list …`
//!
//! The folder holds `key` (the Ed25519 seed, sealed) and `content.json` (what is to be signed next, for editing).

use std::path::Path;

use milchglas_credential::digest::{AuthorityFingerprint, IdentityKey, VerifierKey};
use milchglas_credential::encrypt_to::InspectorRef;
use milchglas_credential::error::Error as CredentialError;
use milchglas_credential::inspector::Inspector;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::profile::Profile;
use milchglas_credential::request::SigningKey;
use milchglas_credential::set::PublishedSet;
use milchglas_credential::text::{Label, Origin};
use milchglas_credential::trust_list::{
    Content, ListedAuthority, ListedInspector, ListedIssuer, ListedVerifier, TrustList, fingerprint,
};
use milchglas_sealed::{SealedFile, atomic_write};
use rand_core::{OsRng, RngCore as _};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Context, work};
use crate::args::{self, Deliver, TrustListAt};
use crate::failure::{Failure, Result};
use crate::output::{Delivery, Readers, Report};
use crate::{input, passphrase};

const KEY_KIND: &str = "authority-key";
const IDENTITY_FORMAT: &str = "verifier/1";
const INSPECTOR_FORMAT: &str = "inspector/1";
const SET_FORMAT: &str = "set/1";

/// A verifier's `identity.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    #[serde(rename = "milchglas")]
    _format: String,
    name: String,
    origin: Origin,
    key: VerifierKey,
}

/// Runs one trust-list command.
pub(crate) fn run(command: args::TrustList, context: Context) -> Result<Report> {
    match command {
        args::TrustList::Init { dir, name, lock } => init(&dir, name, &lock),
        args::TrustList::Add { file: Some(file), profiles, dir, .. } => {
            change(&dir, |content| add(content, &file, profiles))
        }
        args::TrustList::Add { publisher: Some(fingerprint), name: Some(name), dir, .. } => {
            change(&dir, |content| Ok(publisher(content, fingerprint, &name)))
        }
        args::TrustList::Add { .. } => Err(Failure::usage("a file, or a fingerprint and a name")),
        args::TrustList::Sign { out, force, at } => sign(out, force, &at, context),
    }
}

fn init(dir: &Path, name: String, lock: &args::Lock) -> Result<Report> {
    let profiles = Profile::all_shipped()?;
    let (issuers, verifiers, inspectors, authorities) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let content = Content { name, sequence: 1, issuers, verifiers, inspectors, authorities, profiles };
    let json = content.to_json()?;
    Content::from_json(&json)?;
    let work = work(lock.work)?;
    let passphrase = passphrase::new(lock.unlock.passphrase_file.as_deref(), "authority's key")?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| Failure::storage(error.to_string()).about(dir.display()))?;
    let mut seed = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *seed);
    let key = SigningKey::from_bytes(&seed);
    let made = SealedFile::create(dir.join("key"), &passphrase, KEY_KIND, &*seed, work);
    made.map_err(|error| Failure::from(error).about(dir.display()))?;
    save(dir, &json)?;
    let fingerprint = fingerprint(&IdentityKey(key.verifying_key().to_bytes()));
    let file = dir.join("content.json");
    let text = format!(
        "{} keeps a trust list now; what it will say is in {}, for editing.\n  fingerprint  {fingerprint}\nNext: milchglas \
         trust-list add, milchglas trust-list sign",
        content.name,
        file.display()
    );
    let fields = json!({"name": content.name, "fingerprint": fingerprint, "content": file.display().to_string()});
    Ok(Report::new(text, fields))
}

/// Adds whoever `add` puts into the content, and whose name it returns.
fn change(dir: &Path, add: impl FnOnce(&mut Content) -> Result<String>) -> Result<Report> {
    let mut content = load(dir)?;
    let name = add(&mut content)?;
    let json = content.to_json()?;
    Content::from_json(&json)?;
    save(dir, &json)?;
    let text = format!("{name} will be on the list.\nNext: milchglas trust-list sign");
    Ok(Report::new(text, json!({"added": name, "sequence": content.sequence})))
}

fn add(content: &mut Content, file: &Path, profiles: Vec<Label>) -> Result<String> {
    let text = input::text(file)?;
    let about = |error: CredentialError| Failure::from(error).about(file.display());
    let value: Value = serde_json::from_str(&text).map_err(|error| about(error.into()))?;
    let format = value.get("milchglas").and_then(Value::as_str);
    if format == Some(IDENTITY_FORMAT) {
        let identity: IdentityFile = serde_json::from_str(&text).map_err(|error| about(error.into()))?;
        let IdentityFile { name, origin, key, .. } = identity;
        content.verifiers.retain(|listed| listed.key != key);
        content.verifiers.push(ListedVerifier { name: name.clone(), origin, key, profiles });
        return Ok(name);
    }
    if !profiles.is_empty() {
        return Err(Failure::usage("profiles are for verifiers: give the verifier's identity.json"));
    }
    match format {
        Some(INSPECTOR_FORMAT) => {
            let InspectorRef { name, key, digest } = Inspector::from_json(&text).map_err(about)?.reference();
            // A new file under the old key takes the place of the old one.
            content.inspectors.retain(|listed| listed.key != key);
            content.inspectors.push(ListedInspector { name: name.clone(), key, digest });
            Ok(name)
        }
        Some(SET_FORMAT) => {
            let set = PublishedSet::from_json(&text).map_err(about)?;
            Ok(publisher(content, set.authority(), &set.content().name))
        }
        Some(_) | None => {
            let parameters = Parameters::from_json(&text).map_err(about)?;
            let (name, fingerprint) = (parameters.content().name.clone(), parameters.fingerprint());
            content.issuers.retain(|listed| listed.fingerprint != fingerprint);
            content.issuers.push(ListedIssuer { name: name.clone(), fingerprint });
            Ok(name)
        }
    }
}

/// Lists whoever publishes a set or list of a name.
fn publisher(content: &mut Content, fingerprint: AuthorityFingerprint, publication: &Label) -> String {
    let name = publication.as_str().to_owned();
    content.authorities.retain(|listed| listed.fingerprint != fingerprint);
    content.authorities.push(ListedAuthority { name: name.clone(), fingerprint });
    name
}

fn sign(out: std::path::PathBuf, force: bool, at: &TrustListAt, context: Context) -> Result<Report> {
    let to = Deliver { out: Some(out), qr: None, force };
    let delivery = Delivery::prepare(&to, context.as_json, Readers::Everyone)?;
    let mut content = load(&at.dir)?;
    let passphrase = passphrase::existing(at.unlock.passphrase_file.as_deref(), "authority's key")?;
    let opened = SealedFile::open(at.dir.join("key"), &passphrase, KEY_KIND);
    let (_file, seed) = opened.map_err(|error| Failure::from(error).about(at.dir.display()))?;
    let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| Failure::input("not a key of 32 bytes"))?;
    let list = TrustList::sign(content.clone(), &SigningKey::from_bytes(seed))?;
    let json = list.to_json()?;
    // The number is used up before the list is out: no second list may have it.
    content.sequence =
        content.sequence.checked_add(1).ok_or_else(|| Failure::usage("the last sequence number is used"))?;
    save(&at.dir, &content.to_json()?)?;
    let text = format!(
        "Number {} of the trust list, the same for everyone.\n  fingerprint  {}\nNext: milchglas wallet trust",
        list.content().sequence,
        list.fingerprint()
    );
    let fields = json!({
        "name": list.content().name, "fingerprint": list.fingerprint(), "digest": list.digest(),
        "sequence": list.content().sequence,
    });
    Ok(Report::new(text, fields).delivered(&delivery.write(json.as_bytes())?))
}

fn load(dir: &Path) -> Result<Content> {
    let path = dir.join("content.json");
    Content::from_json(&input::text(&path)?).map_err(|error| Failure::from(error).about(path.display()))
}

fn save(dir: &Path, json: &str) -> Result<()> {
    let path = dir.join("content.json");
    atomic_write(&path, json.as_bytes(), 0o644).map_err(|error| Failure::from(error).about(path.display()))
}
