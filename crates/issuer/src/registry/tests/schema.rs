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
