//! Tests of the registry: its rules, races, and what survives a killed process.
//!
//! Each test of the rules runs on both databases. Those on PostgreSQL are ignored unless asked for, because they need a server, in
//! which they make schemas of their own: `tests/scripts/postgres.sh` starts one and runs them.

mod issuing;
#[cfg(feature = "postgres")]
mod postgres_server;
mod processes;
mod revocation;
mod schema;
mod sqlite_file;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rand_core::{CryptoRng, OsRng, RngCore};
use sqlx::sqlite::SqlitePool;
use tempfile::TempDir;

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const EXPIRES: UnixSeconds = UnixSeconds(1_800_003_600);

/// The URL of the PostgreSQL database for tests.
#[cfg(feature = "postgres")]
const POSTGRES: &str = "MILCHGLAS_TEST_POSTGRES";
/// The registry that a child process of a test works on; see `processes`.
const CHILD: &str = "MILCHGLAS_REGISTRY_CHILD";

/// Makes a test on each database of each of the functions.
macro_rules! on_each_database {
    ($($name:ident,)*) => {
        mod sqlite {
            use super::Store;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$name(Store::sqlite()).await;
                }
            )*
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            use super::Store;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                #[ignore = "needs a server: tests/scripts/postgres.sh"]
                async fn $name() {
                    super::$name(Store::postgres().await).await;
                }
            )*
        }
    };
}
use on_each_database;

/// Where a test's registry is: fresh for each test, and the parent's in a child process.
enum Store {
    Sqlite(TempDir),
    #[cfg(feature = "postgres")]
    Postgres(String),
    Parents(String),
}

impl Store {
    fn sqlite() -> Self {
        match std::env::var(CHILD) {
            Ok(address) => Self::Parents(address),
            Err(_) => Self::Sqlite(tempfile::tempdir().unwrap()),
        }
    }

    /// A new schema of the database for tests.
    #[cfg(feature = "postgres")]
    async fn postgres() -> Self {
        use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
        if let Ok(address) = std::env::var(CHILD) {
            return Self::Parents(address);
        }
        let url =
            std::env::var(POSTGRES).expect("the URL of a PostgreSQL database for tests in MILCHGLAS_TEST_POSTGRES");
        let schema = format!("registry_{}", hex::encode(random::<8>()));
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
        connection.close().await.unwrap();
        let separator = if url.contains('?') { '&' } else { '?' };
        Self::Postgres(format!("{url}{separator}options[search_path]={schema}&application_name={schema}"))
    }

    /// Opens the registry, again if it is open.
    async fn open(&self) -> Registry {
        let address = self.address();
        #[cfg(feature = "postgres")]
        if address.starts_with("postgres") {
            return Registry::connect(&address).await.unwrap();
        }
        Registry::open(Path::new(&address)).await.unwrap()
    }

    fn address(&self) -> String {
        match self {
            Self::Sqlite(folder) => file(folder).to_str().unwrap().to_owned(),
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => url.clone(),
            Self::Parents(address) => address.clone(),
        }
    }

    /// A fresh one on the same database.
    async fn another(&self) -> Self {
        #[cfg(feature = "postgres")]
        if let Self::Postgres(_) = self {
            return Self::postgres().await;
        }
        Self::sqlite()
    }

    /// The name of the module that [`on_each_database`] makes.
    fn module(&self) -> &'static str {
        if self.address().starts_with("postgres") { "postgres" } else { "sqlite" }
    }

    fn is_parents(&self) -> bool {
        matches!(self, Self::Parents(_))
    }
}

/// How many more kill points this process passes; none if it is never killed.
static LIFE: AtomicU32 = AtomicU32::new(u32::MAX);

/// Kills the process, as `kill -9` does, where its life ends. Stands before every write and before and after every commit.
pub(super) fn kill_point() {
    if LIFE.load(Ordering::SeqCst) != u32::MAX && LIFE.fetch_sub(1, Ordering::SeqCst) == 0 {
        let own = std::process::id().to_string();
        std::process::Command::new("kill").args(["-KILL", &own]).status().unwrap();
        std::thread::park();
    }
}

fn file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("registry.db")
}

/// The connection that writes to an SQLite file.
fn writer(registry: &Registry) -> &SqlitePool {
    match &registry.database {
        Database::Sqlite { writer, .. } => writer,
        #[cfg(feature = "postgres")]
        Database::Postgres(_) => panic!("not SQLite"),
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

fn invitation(person: PersonTag) -> Invitation {
    Invitation {
        nonce: InvitationNonce(random()),
        person,
        assurance: Assurance::Full,
        schema: SchemaDigest([2; 32]),
        expires: EXPIRES,
        payload: b"sealed claims".to_vec(),
    }
}

fn application(name: RegisteredName) -> Application {
    Application { name, commitment: Commitment(random()), digest: ApplicationDigest(random()) }
}

/// A response that holds its own handle, so that a response tells which issuance it came from.
fn answer(handle: Handle) -> Answer {
    let mut response = handle.0.to_vec();
    response.extend_from_slice(&random::<32>());
    Answer {
        response,
        inspector_point: inspector_point(handle),
        issuer_key: IssuerKeyId([8; 32]),
        valid_until: ValidUntil(24_324),
        cohort: Cohort(0),
    }
}

fn inspector_point(handle: Handle) -> InspectorPoint {
    let mut point = [0xaa; 48];
    point[..16].copy_from_slice(&handle.0);
    InspectorPoint(point)
}

async fn open(registry: &Registry, nonce: InvitationNonce, application: &Application) -> Box<Issuance> {
    match registry.begin(nonce, application, NOW, &mut OsRng).await.unwrap() {
        Begun::Open(issuance) => issuance,
        Begun::Answered(_) => panic!("answered before"),
    }
}

/// What a wallet gets, and whether this call issued it.
async fn submit(
    registry: &Registry,
    nonce: InvitationNonce,
    application: &Application,
    now: UnixSeconds,
) -> Result<(Vec<u8>, bool), RegistryError> {
    match registry.begin(nonce, application, now, &mut OsRng).await? {
        Begun::Answered(response) => Ok((response, false)),
        Begun::Open(issuance) => {
            let answer = answer(issuance.handle());
            Ok((issuance.commit(answer).await?, true))
        }
    }
}

async fn enrol(registry: &Registry, person: PersonTag, name: RegisteredName) -> Vec<u8> {
    let invitation = invitation(person);
    registry.invite(&invitation, NOW).await.unwrap();
    submit(registry, invitation.nonce, &application(name), NOW).await.unwrap().0
}

fn refusal<T: std::fmt::Debug>(result: Result<T, RegistryError>) -> Refusal {
    match result {
        Err(RegistryError::Refused(refusal)) => refusal,
        result => panic!("not a refusal: {result:?}"),
    }
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder)
        .unwrap()
        .any(|entry| fs::read(entry.unwrap().path()).unwrap().windows(needle.len()).any(|window| window == needle))
}
