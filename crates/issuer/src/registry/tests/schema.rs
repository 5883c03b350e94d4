//! The two databases have one schema, and it is guarded.

use super::*;

on_each_database!(rejects_a_newer_schema, opens_in_parallel_without_change, errors_show_no_values,);

async fn rejects_a_newer_schema(store: Store) {
    let registry = store.open().await;
    let mut transaction = registry.database.write().await.unwrap();
    transaction
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (999, 'newer', TRUE, $1, 0)",
            &[Value::Bytes(&[0; 48])],
        )
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    registry.close().await;
    assert!(matches!(try_open(&store).await, Err(RegistryError::Storage(_))));
}

async fn try_open(store: &Store) -> Result<Registry, RegistryError> {
    let address = store.address();
    #[cfg(feature = "postgres")]
    if address.starts_with("postgres") {
        return Registry::connect(&address).await;
    }
    Registry::open(Path::new(&address)).await
}

async fn opens_in_parallel_without_change(store: Store) {
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let address = store.address();
            tokio::spawn(async move { Store::Parents(address).open().await.close().await })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap();
    }
    let registry = store.open().await;
    enrol(&registry, PersonTag(random()), RegisteredName(random())).await;
    let counts = registry.counts().await.unwrap();
    registry.close().await;
    assert_eq!(store.open().await.counts().await.unwrap(), counts);
}

async fn errors_show_no_values(store: Store) {
    let tag = PersonTag(*b"person-number-marker-0123456789!");
    let shown = format!("{tag:?} {:?}", Handle([0x41; 16]));
    assert_eq!(shown, "PersonTag(..) Handle(..)");

    // A constraint that the database itself reports, with the value in PostgreSQL's details.
    let registry = store.open().await;
    let name = RegisteredName(random());
    enrol(&registry, tag, name).await;
    let mut transaction = registry.database.write().await.unwrap();
    let repeated = [Value::Bytes(&tag.0), Value::Bytes(&name.0)];
    let result = transaction.execute("INSERT INTO persons (tag, name) VALUES ($1, $2)", &repeated).await;
    let error = result.unwrap_err();
    let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
    assert!(shown.contains("persons"));
    assert!(!shown.contains("marker") && !shown.contains(&hex::encode(b"marker")));
}

#[cfg(feature = "postgres")]
mod compared {
    use super::*;

    /// Table, column, whether it is of integers, whether it may be null, and its place in the primary key.
    type Column = (String, String, bool, bool, i64);

    async fn columns(registry: &Registry) -> Vec<Column> {
        match &registry.database {
            Database::Sqlite { writer, .. } => {
                sqlx::query_as(
                    "SELECT m.name, c.name, c.type = 'INTEGER', NOT c.\"notnull\", c.pk
                     FROM sqlite_master m, pragma_table_info(m.name) c
                     WHERE m.type = 'table' AND m.name <> '_sqlx_migrations' ORDER BY m.name, c.cid",
                )
                .fetch_all(writer)
                .await
            }
            Database::Postgres(pool) => {
                sqlx::query_as(
                    "SELECT c.table_name::text, c.column_name::text, c.data_type = 'bigint', c.is_nullable = 'YES',
                            coalesce(k.ordinal_position::bigint, 0)
                     FROM information_schema.columns c
                     LEFT JOIN information_schema.table_constraints t
                         ON t.table_schema = c.table_schema AND t.table_name = c.table_name
                         AND t.constraint_type = 'PRIMARY KEY'
                     LEFT JOIN information_schema.key_column_usage k
                         ON k.constraint_schema = t.constraint_schema AND k.constraint_name = t.constraint_name
                         AND k.column_name = c.column_name
                     WHERE c.table_schema = current_schema() AND c.table_name <> '_sqlx_migrations'
                     ORDER BY c.table_name COLLATE \"C\", c.ordinal_position",
                )
                .fetch_all(pool)
                .await
            }
        }
        .unwrap()
    }

    /// The names of the indices that are made by name.
    async fn indices(registry: &Registry) -> Vec<String> {
        match &registry.database {
            Database::Sqlite { writer, .. } => {
                sqlx::query_scalar(
                    "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
                )
                .fetch_all(writer)
                .await
            }
            Database::Postgres(pool) => {
                sqlx::query_scalar(
                    "SELECT indexname::text FROM pg_indexes
                     WHERE schemaname = current_schema() AND indexname NOT SIMILAR TO '%(key|pkey)'
                     ORDER BY indexname COLLATE \"C\"",
                )
                .fetch_all(pool)
                .await
            }
        }
        .unwrap()
    }

    #[tokio::test]
    #[ignore = "needs a server: tests/scripts/postgres.sh"]
    async fn postgres_has_the_same_tables() {
        let (sqlite, postgres) = (Store::sqlite(), Store::postgres().await);
        let (sqlite, postgres) = (sqlite.open().await, postgres.open().await);
        let expected = columns(&sqlite).await;
        assert_eq!(expected.len(), 36);
        assert_eq!(columns(&postgres).await, expected);
        let expected = indices(&sqlite).await;
        assert_eq!(expected.len(), 4);
        assert_eq!(indices(&postgres).await, expected);
    }

    #[tokio::test]
    #[ignore = "needs a server: tests/scripts/postgres.sh"]
    async fn postgres_writes_with_full_durability() {
        let registry = Store::postgres().await.open().await;
        let Database::Postgres(pool) = &registry.database else { panic!("not PostgreSQL") };
        for (setting, expected) in [
            ("SHOW synchronous_commit", "on"),
            ("SHOW fsync", "on"),
            ("SHOW full_page_writes", "on"),
            ("SHOW lock_timeout", "15s"),
            ("SHOW idle_in_transaction_session_timeout", "1min"),
        ] {
            let value: String = sqlx::query_scalar(setting).fetch_one(pool).await.unwrap();
            assert_eq!(value, expected, "{setting}");
        }
    }
}
