//! What only a PostgreSQL server shows: that it has SQLite's tables, that it is told to be durable, whom TLS lets in,
//! and what becomes of a deadlock.

use std::time::Duration;

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
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
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

#[tokio::test]
#[ignore = "needs a server: tests/scripts/postgres.sh"]
async fn takes_only_a_certificate_that_holds() {
    let port = std::env::var("MILCHGLAS_TEST_POSTGRES_PORT").expect("the server's port, with TLS");
    let authority = std::env::var("MILCHGLAS_TEST_POSTGRES_AUTHORITY").expect("the authority of its certificate");
    let connect = |host: &str, authority: &str| {
        let url = format!("postgres://registry@{host}:{port}/postgres?sslmode=verify-full{authority}");
        async move { Registry::connect(&url).await }
    };
    let authority = format!("&sslrootcert={authority}");
    let registry = connect("localhost", &authority).await.unwrap();
    let Database::Postgres(pool) = &registry.database else { panic!("not PostgreSQL") };
    let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert!(sqlx::query_scalar::<_, bool>(encrypted).fetch_one(pool).await.unwrap());
    // Another name, and an authority that nobody knows.
    for (host, authority) in [("127.0.0.1", &authority[..]), ("localhost", "")] {
        assert!(matches!(connect(host, authority).await, Err(RegistryError::Storage(_))), "{host}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: tests/scripts/postgres.sh"]
async fn a_group_that_falls_to_a_deadlock_tries_again() {
    let registry = Store::postgres().await.open().await;
    let [first, second] = [invitation(PersonTag(random())), invitation(PersonTag(random()))];
    registry.invite_all(&[first.clone(), second.clone()], NOW).await.unwrap();
    let prepared = [&first, &second].map(|invitation| {
        let handle = Handle(random());
        let application = application(RegisteredName(random()));
        Prepared { nonce: invitation.nonce, application, handle, answer: answer(handle) }
    });

    // Somebody else stores the same new persons in the other order, and gives up in the end.
    const STORE: &str = "INSERT INTO persons (tag) VALUES ($1) ON CONFLICT DO NOTHING";
    let mut other = registry.database.write().await.unwrap();
    other.execute(STORE, &[Value::Bytes(&second.person.0)]).await.unwrap();
    let group = tokio::spawn({
        let registry = registry.clone();
        async move { registry.answer_all(prepared.into(), NOW).await }
    });
    wait_for_a_lock(&registry).await;
    // The group has waited longer, so the server looks for a deadlock on its behalf first, and ends it.
    assert_eq!(other.execute(STORE, &[Value::Bytes(&first.person.0)]).await.unwrap(), 1);
    assert!(!group.is_finished());
    drop(other);
    let answers = group.await.unwrap().unwrap();
    assert!(answers.iter().all(|answered| answered.as_ref().is_ok_and(|answered| answered.fresh)));
    let counts = registry.counts().await.unwrap();
    assert_eq!((counts.persons, counts.active), (2, 2));
}

async fn wait_for_a_lock(registry: &Registry) {
    let Database::Postgres(pool) = &registry.database else { panic!("not PostgreSQL") };
    let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                       AND application_name = current_setting('application_name'))";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(pool).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
