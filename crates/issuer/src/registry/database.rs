//! The two databases behind one face: statements are written once, in the SQL that SQLite and PostgreSQL share.
//!
//! Every column is an integer of 64 bits or bytes, parameters are `$1`, `$2`, …, and rows are read by the names of their columns. What
//! differs is how a transaction begins and how it keeps others away. On SQLite it takes the one write lock when it begins. On
//! PostgreSQL it runs at READ COMMITTED and locks the rows that its rules depend on: [`locking!`] marks the statements
//! that do, and the module's notes say why that is enough.
//!
//! Caution: a statement that fails ends a transaction on PostgreSQL, and its COMMIT then rolls back without an error. So a failed statement
//! must end the call; where a conflict is expected, the statement says `ON CONFLICT DO NOTHING` and its count is read.

use std::fmt;

use sqlx::Row as _;
#[cfg(feature = "postgres")]
use sqlx::postgres::{PgPool, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool, SqliteRow};

use super::{RegistryError, StorageError, sqlite};

/// The pools of connections to a registry's database.
#[derive(Clone)]
pub(super) enum Database {
    Sqlite {
        /// One connection: writers of this process queue here instead of polling for the file's lock.
        writer: SqlitePool,
        reader: SqlitePool,
    },
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// A transaction. Dropped without commit, it leaves no trace.
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A row of a result.
pub(super) enum Row {
    Sqlite(SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
}

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

/// A query of one table that also locks the rows it finds, until the transaction ends.
#[derive(Clone, Copy)]
pub(super) struct Locking {
    /// On SQLite the transaction has locked everything.
    pub(super) sqlite: &'static str,
    #[cfg(feature = "postgres")]
    pub(super) postgres: &'static str,
}

/// Makes a query of one table [`Locking`].
macro_rules! locking {
    ($sql:literal) => {
        crate::registry::database::Locking {
            sqlite: $sql,
            #[cfg(feature = "postgres")]
            postgres: concat!($sql, " FOR UPDATE"),
        }
    };
}
pub(super) use locking;

/// The statement with its parameters.
macro_rules! bound {
    ($sql:expr, $values:expr) => {
        $values.iter().fold(sqlx::query($sql), |query, value| match *value {
            Value::Integer(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
    };
}

impl Database {
    /// Begins a transaction that writes.
    pub(super) async fn write(&self) -> Result<Transaction, RegistryError> {
        match self {
            // A deferred transaction would take the lock at its first write, after its reads may have become stale.
            Self::Sqlite { writer, .. } => writer.begin_with("BEGIN IMMEDIATE").await.map(Transaction::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE").await.map(Transaction::Postgres)
            }
        }
        .map_err(storage)
    }

    /// Begins a transaction that reads, and sees the database as it is at its first query.
    pub(super) async fn snapshot(&self) -> Result<Transaction, RegistryError> {
        match self {
            Self::Sqlite { reader, .. } => reader.begin().await.map(Transaction::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map(Transaction::Postgres)
            }
        }
        .map_err(storage)
    }

    /// The row that one query finds, if any, outside of a transaction.
    pub(super) async fn fetch_optional(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, RegistryError> {
        match self {
            Self::Sqlite { reader, .. } => {
                bound!(sql, values).fetch_optional(reader).await.map(|row| row.map(Row::Sqlite))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => bound!(sql, values).fetch_optional(pool).await.map(|row| row.map(Row::Postgres)),
        }
        .map_err(storage)
    }

    /// The rows that one query finds, outside of a transaction.
    pub(super) async fn fetch_all(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, RegistryError> {
        match self {
            Self::Sqlite { reader, .. } => {
                bound!(sql, values).fetch_all(reader).await.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                bound!(sql, values).fetch_all(pool).await.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        }
        .map_err(storage)
    }

    /// Removes what was deleted from the disk, as far as the database can be told to.
    pub(super) async fn forget(&self) -> Result<(), RegistryError> {
        match self {
            Self::Sqlite { writer, .. } => sqlite::empty_log(writer).await,
            // The server removes it in its own time: vacuum, and the archive of its log.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Closes all connections and waits until they are closed.
    pub(super) async fn close(self) {
        match self {
            Self::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// Executes a statement and returns how many rows it has changed.
    pub(super) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, RegistryError> {
        #[cfg(test)]
        super::tests::kill_point();
        match self {
            Self::Sqlite(transaction) => {
                bound!(sql, values).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => {
                bound!(sql, values).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
        }
        .map_err(storage)
    }

    /// The row that a query finds, if any.
    pub(super) async fn fetch_optional(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, RegistryError> {
        match self {
            Self::Sqlite(transaction) => {
                bound!(sql, values).fetch_optional(&mut **transaction).await.map(|row| row.map(Row::Sqlite))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => {
                bound!(sql, values).fetch_optional(&mut **transaction).await.map(|row| row.map(Row::Postgres))
            }
        }
        .map_err(storage)
    }

    /// The row that a query finds, if any, as it is when this transaction has locked it.
    pub(super) async fn lock_optional(
        &mut self,
        query: Locking,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, RegistryError> {
        let sql = query.on(self);
        self.fetch_optional(sql, values).await
    }

    /// Locks the rows that a query finds, in its order.
    pub(super) async fn lock_all(&mut self, query: Locking, values: &[Value<'_>]) -> Result<(), RegistryError> {
        if matches!(self, Self::Sqlite(_)) {
            return Ok(());
        }
        let sql = query.on(self);
        self.fetch_all(sql, values).await.map(|_| ())
    }

    /// The rows that a query finds, or a statement returns.
    pub(super) async fn fetch_all(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, RegistryError> {
        #[cfg(test)]
        super::tests::kill_point();
        match self {
            Self::Sqlite(transaction) => bound!(sql, values)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => bound!(sql, values)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(storage)
    }

    /// Commits. What the transaction wrote is durable when this returns.
    pub(super) async fn commit(self) -> Result<(), RegistryError> {
        #[cfg(test)]
        super::tests::kill_point();
        let committed = match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => transaction.commit().await,
        };
        #[cfg(test)]
        super::tests::kill_point();
        committed.map_err(storage)
    }
}

impl Locking {
    fn on(self, transaction: &Transaction) -> &'static str {
        match transaction {
            Transaction::Sqlite(_) => self.sqlite,
            #[cfg(feature = "postgres")]
            Transaction::Postgres(_) => self.postgres,
        }
    }
}

impl Row {
    pub(super) fn integer(&self, column: &str) -> Result<i64, RegistryError> {
        self.get(column)
    }

    pub(super) fn optional_integer(&self, column: &str) -> Result<Option<i64>, RegistryError> {
        self.get(column)
    }

    pub(super) fn natural(&self, column: &str) -> Result<u64, RegistryError> {
        u64::try_from(self.integer(column)?).map_err(|_| corrupt())
    }

    pub(super) fn fixed<const N: usize>(&self, column: &str) -> Result<[u8; N], RegistryError> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map_err(|_| corrupt())
    }

    pub(super) fn bytes(&self, column: &str) -> Result<Vec<u8>, RegistryError> {
        self.get(column)
    }

    pub(super) fn optional_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        self.get(column)
    }

    #[cfg(feature = "postgres")]
    fn get<'r, T>(&'r self, column: &str) -> Result<T, RegistryError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(storage)
    }

    #[cfg(not(feature = "postgres"))]
    fn get<'r, T>(&'r self, column: &str) -> Result<T, RegistryError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
        }
        .map_err(storage)
    }
}

/// What a database reports, without the values that PostgreSQL adds in its details.
#[derive(Debug)]
struct Reported {
    code: Option<String>,
    message: String,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} (code {code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Reported {}

pub(super) fn storage(error: sqlx::Error) -> RegistryError {
    const WHAT: &str = "the database reports an error";
    let sqlx::Error::Database(error) = error else {
        return RegistryError::Storage(StorageError::caused(WHAT, error));
    };
    let code = error.code().map(|code| code.into_owned());
    // serialization_failure, deadlock_detected; SQLite has other codes.
    let conflict = matches!(code.as_deref(), Some("40001" | "40P01"));
    let error = StorageError::caused(WHAT, Reported { code, message: error.message().to_owned() });
    RegistryError::Storage(if conflict { error.of_a_conflict() } else { error })
}

pub(super) fn corrupt() -> RegistryError {
    RegistryError::Storage(StorageError::new("a stored row is not well formed"))
}
