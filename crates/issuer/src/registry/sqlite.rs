//! Opening the SQLite file: creation with mode 0600, durable settings, migrations.
//!
//! Source: SQLite's documentation of write-ahead logging and of its pragmas.
//! Caution: closing any descriptor of a database file drops the locks that the process has on it (POSIX advisory locks), so
//! the file is opened here only at the moment of its creation, when no connection can have it open.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlSafeStr};

use super::database::storage;
use super::{RegistryError, StorageError, migration};

/// How long a writer waits for the writers of other processes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

const READERS: u32 = 4;

/// Serialises the creation of files within the process: see the module's caution.
static CREATION: Mutex<()> = Mutex::new(());

/// Opens or creates the database and returns its pools: one connection that writes, several that read.
pub(super) async fn open(path: &Path) -> Result<(SqlitePool, SqlitePool), RegistryError> {
    let path = private_file(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("trusted_schema", "OFF");
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        // Deleted payloads are overwritten, not just unlinked.
        .pragma("secure_delete", "ON");
    let reading = options.pragma("query_only", "ON");

    let writer = writer(&writing).await?;
    migrate(&writer).await?;
    let reader = pool(READERS).connect_lazy_with(reading);
    Ok((writer, reader))
}

/// Moves the write-ahead log into the database and truncates it, so that what was deleted is in neither. Left for later while
/// another connection reads.
pub(super) async fn empty_log(writer: &SqlitePool) -> Result<(), RegistryError> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await.map(|_| ()).map_err(storage)
}

/// The absolute path of a file that only its owner can read and write, created empty if it is missing.
fn private_file(path: &Path) -> Result<PathBuf, RegistryError> {
    let created = {
        let _serial = CREATION.lock().unwrap_or_else(PoisonError::into_inner);
        create_private(path)
    };
    match created {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file_error("the file can not be created", error)),
    }
    // Absolute, so that SQLite takes no path for a URI or for a database in memory.
    let path = fs::canonicalize(path).map_err(|error| file_error("the file's path can not be resolved", error))?;
    check_private(&path)?;
    Ok(path)
}

fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)?.sync_all()?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
        _ => sync_folder(Path::new(".")),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), RegistryError> {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        fs::metadata(path).map_err(|error| file_error("the file can not be examined", error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(RegistryError::Storage(StorageError::new(
            "others may read or write the file; set its mode to 0600",
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<(), RegistryError> {
    Ok(())
}

/// A pool that throws away connections on which sqlx has lost count of the transaction: SQLite itself rolls back when, say, the disk
/// is full, sqlx believes the transaction open, and every later one on that connection would fail.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(2 * BUSY_TIMEOUT).before_acquire(
        |connection, _| {
            let idle = !connection.is_in_transaction();
            Box::pin(async move { Ok(idle) })
        },
    )
}

/// Connects, again if need be: SQLite does not wait for the lock under which a new file is switched to write-ahead logging.
async fn writer(options: &SqliteConnectOptions) -> Result<SqlitePool, RegistryError> {
    let started = Instant::now();
    loop {
        match pool(1).connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if is_busy(&error) && started.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(storage(error)),
        }
    }
}

/// SQLITE_BUSY (5) or SQLITE_LOCKED (6), in any extended form.
fn is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// The versions of the schema, oldest first: version, description, statements.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "registry", include_str!("../../migrations/sqlite/0001_registry.sql")),
    (2, "revocation", include_str!("../../migrations/sqlite/0002_revocation.sql")),
];

/// Applies the migrations that the file lacks. All of them or none: for SQLite, sqlx takes no lock of its own.
async fn migrate(writer: &SqlitePool) -> Result<(), RegistryError> {
    migrate_to(writer, None).await
}

/// Applies the migrations up to the version `last`.
pub(super) async fn migrate_to(writer: &SqlitePool, last: Option<i64>) -> Result<(), RegistryError> {
    let migrations = MIGRATIONS.map(|(version, description, statements)| {
        Migration::new(version, description.into(), MigrationType::Simple, statements.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(migrations.into());
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(storage)?;
    migrator.run_direct(last, &mut *transaction, false).await.map_err(migration)?;
    transaction.commit().await.map_err(storage)
}

fn file_error(what: &'static str, error: io::Error) -> RegistryError {
    RegistryError::Storage(StorageError::caused(what, error))
}
