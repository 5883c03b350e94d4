//! Connecting to PostgreSQL: durable settings, bounded waits, TLS to servers elsewhere, migrations.
//!
//! Source: PostgreSQL 15's documentation of client connection defaults and of the write-ahead log.
//! Caution: a pooler between this program and the server must give each transaction a session of its own settings; one that shares sessions
//! between statements does not.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};

use super::database::storage;
use super::{RegistryError, StorageError, migration};

/// How long a statement waits for a lock of other transactions.
const LOCK_TIMEOUT: &str = "15s";

/// How long a transaction may stand idle, while a credential is signed, before the server ends it and frees its locks.
const IDLE_TIMEOUT: &str = "60s";

const CONNECTIONS: u32 = 8;

const NO_URL: &str = "its place is no URL like postgres://USER@HOST/DATABASE";

/// Connects to the database that `url` names, and brings its schema up to date.
pub(super) async fn connect(url: &str) -> Result<PgPool, RegistryError> {
    let options = options(url)?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await
        .map_err(storage)?;
    migrate(&pool).await?;
    Ok(pool)
}

fn options(url: &str) -> Result<PgConnectOptions, RegistryError> {
    // Not the cause, which may repeat what stands in the URL.
    let options = PgConnectOptions::from_str(url).map_err(|_| RegistryError::Storage(StorageError::new(NO_URL)))?;
    let opportunistic = matches!(options.get_ssl_mode(), PgSslMode::Allow | PgSslMode::Prefer);
    // Whether TLS is used would otherwise be for whoever stands in between to decide.
    let options = if opportunistic && is_remote(&options) { options.ssl_mode(PgSslMode::VerifyFull) } else { options };
    let options =
        if options.get_application_name().is_none() { options.application_name("milchglas issuer") } else { options };
    Ok(options.options([
        // A commit returns when it is on the server's disk, whatever the server's default is.
        ("synchronous_commit", "on"),
        ("lock_timeout", LOCK_TIMEOUT),
        ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
    ]))
}

/// Whether the connection leaves this machine.
fn is_remote(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let local = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    !local
}

/// Applies the migrations that the database lacks, each in a transaction, under a lock of the whole database.
async fn migrate(pool: &PgPool) -> Result<(), RegistryError> {
    let migrator = Migrator::with_migrations(vec![Migration::new(
        2,
        "revocation".into(),
        MigrationType::Simple,
        include_str!("../../migrations/postgres/0002_revocation.sql").into_sql_str(),
        false,
    )]);
    let mut connection = pool.acquire().await.map_err(storage)?;
    let migrated = migrator.run_direct(None, &mut *connection, false).await;
    if migrated.is_err() {
        // The lock goes with its connection.
        connection.close().await.map_err(storage)?;
    }
    migrated.map_err(migration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssl_mode(url: &str) -> String {
        format!("{:?}", options(url).unwrap().get_ssl_mode())
    }

    #[test]
    fn takes_no_plain_connection_to_another_machine_for_granted() {
        for local in [
            "postgres://issuer@localhost/registry",
            "postgres://issuer@127.0.0.1/registry",
            "postgres://issuer@[::1]/registry",
            "postgres://issuer@%2Fvar%2Frun%2Fpostgresql/registry",
            "postgres:///registry?host=/var/run/postgresql",
        ] {
            assert_eq!(ssl_mode(local), "Prefer", "{local}");
        }
        for remote in [
            "postgres://issuer@db.example/registry",
            "postgres://issuer@localhost.example/registry",
            "postgres://issuer@192.0.2.1/registry?sslmode=prefer",
            "postgres://issuer@db.example/registry?sslmode=allow",
        ] {
            assert_eq!(ssl_mode(remote), "VerifyFull", "{remote}");
        }
        // What the operator says in so many words holds.
        assert_eq!(ssl_mode("postgres://issuer@db.example/registry?sslmode=disable"), "Disable");
        assert_eq!(ssl_mode("postgres://issuer@db.example/registry?sslmode=verify-ca"), "VerifyCa");
    }

    #[test]
    fn errors_do_not_show_the_url() {
        for url in ["postgres://issuer:marker@[x/registry", "postgres://issuer:marker@db:port/registry", "marker"] {
            let error = options(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("marker"), "{url}");
            assert!(error.to_string().contains("no URL like"), "{error}");
        }
    }
}
