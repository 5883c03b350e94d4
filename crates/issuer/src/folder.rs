//! The issuer's folder: where each file lies, and the public ones.
//!
//! ```text
//! keys                        sealed: all secrets, and the digest of the current parameters      0600
//! registry.sqlite             the registry, unless it is elsewhere                               0600
//! registry.url                where it is elsewhere: the URL of a PostgreSQL database            0600
//! epochs/                     what is published about revocations                                0644
//! parameters.json             the current parameters, to be published                            0644
//! parameters/DIGEST.json      every parameters file so far, for invitations made under it        0600
//! schemas/ID.DIGEST.json      copies of the schemas, for people; never read                      0644
//! ```
//!
//! Caution: public files are not trusted because they lie here. Parameters count if they have the digest that the keys file
//! names or that an encrypted invitation names.
//! Not here: what the files mean.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use milchglas_credential::digest::ParametersDigest;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::schema::Schema;
use milchglas_sealed::{Error as SealedError, Op, atomic_write};

use crate::Error;
use crate::registry::Registry;

const REGISTRY_URL: &str = "registry.url";
const PUBLIC: u32 = 0o644;
const PRIVATE: u32 = 0o600;
/// The most that is read of a parameters file; the decoder has its own limit below it.
const MAX_PARAMETERS: u64 = 8 << 20;

/// The paths in one issuer's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Creates the folder and those in it, mode 0700, where they are missing.
    pub(crate) fn create(&self) -> Result<(), Error> {
        for folder in [&self.0, &self.archive(), &self.schemas()] {
            create_folder(folder)?;
        }
        Ok(())
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    pub(crate) fn registry(&self) -> PathBuf {
        self.0.join("registry.sqlite")
    }

    /// Opens the registry: that of the URL where there is one, else the file.
    pub(crate) async fn open_registry(&self) -> Result<Registry, Error> {
        match read(&self.0.join(REGISTRY_URL)) {
            Ok(url) => connect(url.trim()).await,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Registry::open(&self.registry()).await?),
            Err(cause) => Err(io_error(Op::Read, &cause)),
        }
    }

    /// Says once and for all that the registry is at this URL.
    pub(crate) fn set_registry(&self, url: &str) -> Result<(), Error> {
        self.create()?;
        Ok(atomic_write(self.0.join(REGISTRY_URL), url.as_bytes(), PRIVATE)?)
    }

    /// What is published about revocations.
    pub(crate) fn epochs(&self) -> PathBuf {
        self.0.join("epochs")
    }

    pub(crate) fn parameters(&self) -> PathBuf {
        self.0.join("parameters.json")
    }

    fn archive(&self) -> PathBuf {
        self.0.join("parameters")
    }

    fn schemas(&self) -> PathBuf {
        self.0.join("schemas")
    }

    fn archived(&self, digest: &ParametersDigest) -> PathBuf {
        self.archive().join(format!("{digest}.json"))
    }

    /// Keeps parameters for good, before they become current.
    pub(crate) fn keep(&self, parameters: &Parameters) -> Result<(), Error> {
        Ok(atomic_write(self.archived(&parameters.digest()), parameters.to_json()?.as_bytes(), PRIVATE)?)
    }

    /// Parameters that were kept.
    pub(crate) fn kept(&self, digest: &ParametersDigest) -> Result<Parameters, Error> {
        let damaged = Error::Damaged { what: "a parameters file is missing or changed" };
        let text = match read(&self.archived(digest)) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(damaged),
            Err(cause) => return Err(io_error(Op::Read, &cause)),
        };
        match Parameters::from_json(&text) {
            Ok(parameters) if parameters.digest() == *digest => Ok(parameters),
            Ok(_) | Err(_) => Err(damaged),
        }
    }

    /// All parameters that were kept.
    pub(crate) fn all_kept(&self) -> Result<Vec<Parameters>, Error> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.archive()).map_err(|cause| io_error(Op::Read, &cause))? {
            let path = entry.map_err(|cause| io_error(Op::Read, &cause))?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            if let Some(digest) = name {
                all.push(self.kept(&digest)?);
            }
        }
        Ok(all)
    }

    /// Writes what the public sees, where it is not yet there.
    pub(crate) fn publish(&self, parameters: &Parameters) -> Result<(), Error> {
        for schema in &parameters.content().schemas {
            write_public(&self.schema(schema), &schema.to_json()?)?;
        }
        write_public(&self.parameters(), &parameters.to_json()?)
    }

    fn schema(&self, schema: &Schema) -> PathBuf {
        let digest: String = schema.digest().to_string().chars().take(16).collect();
        self.schemas().join(format!("{}.{digest}.json", schema.id()))
    }
}

#[cfg(feature = "postgres")]
async fn connect(url: &str) -> Result<Registry, Error> {
    Ok(Registry::connect(url).await?)
}

#[cfg(not(feature = "postgres"))]
async fn connect(_url: &str) -> Result<Registry, Error> {
    Err(Error::Misuse { what: "this program was built without PostgreSQL" })
}

fn write_public(path: &Path, text: &str) -> Result<(), Error> {
    if read(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    Ok(atomic_write(path, text.as_bytes(), PUBLIC)?)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_PARAMETERS).read_to_string(&mut text)?;
    Ok(text)
}

/// The bytes of a public file.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let result = File::open(path).and_then(|file| file.take(MAX_PARAMETERS).read_to_end(&mut bytes));
    result.map(|_| bytes).map_err(|cause| io_error(Op::Read, &cause))
}

/// Whether there is such a file.
pub(crate) fn exists(path: &Path) -> Result<bool, Error> {
    path.try_exists().map_err(|cause| io_error(Op::Read, &cause))
}

pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    create(path, 0o700)
}

/// Creates a folder that everybody may read.
pub(crate) fn create_public_folder(path: &Path) -> Result<(), Error> {
    create(path, 0o755)
}

#[cfg_attr(not(unix), allow(unused_variables, reason = "there are no modes"))]
fn create(path: &Path, mode: u32) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
    builder.create(path).map_err(|cause| io_error(Op::Create, &cause))?;
    // A folder that the next crash forgets would take the files in it along.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        Some(_) | None => sync(Path::new(".")),
    }
}

#[cfg(unix)]
fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| io_error(Op::SyncFolder, &cause))
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> Result<(), Error> {
    Ok(())
}

fn io_error(op: Op, cause: &io::Error) -> Error {
    Error::File(SealedError::Io { op, kind: cause.kind() })
}
