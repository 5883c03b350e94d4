-- The registry's first schema, for SQLite. What each table is for: crates/issuer/src/registry/mod.rs.
-- No column holds a claim or a person's number in the clear.

CREATE TABLE persons (
    id   INTEGER PRIMARY KEY,
    tag  BLOB NOT NULL UNIQUE CHECK (length(tag) = 32),
    name BLOB NOT NULL UNIQUE CHECK (length(name) = 48)
) STRICT;

-- Rows are never deleted: the primary key is what keeps a handle from being used twice.
CREATE TABLE credentials (
    handle          BLOB PRIMARY KEY NOT NULL CHECK (length(handle) = 16),
    person_id       INTEGER NOT NULL REFERENCES persons (id),
    commitment      BLOB NOT NULL CHECK (length(commitment) = 48),
    inspector_point BLOB NOT NULL UNIQUE CHECK (length(inspector_point) = 48),
    schema_digest   BLOB NOT NULL CHECK (length(schema_digest) = 32),
    issuer_key      BLOB NOT NULL CHECK (length(issuer_key) = 32),
    assurance       INTEGER NOT NULL CHECK (assurance IN (1, 2)),
    valid_until     INTEGER NOT NULL,
    issued_at       INTEGER NOT NULL,
    -- 1 active, 2 superseded, 3 revoked
    status          INTEGER NOT NULL CHECK (status IN (1, 2, 3))
) STRICT;

CREATE INDEX credentials_by_person ON credentials (person_id, issued_at);

CREATE UNIQUE INDEX credentials_one_active ON credentials (person_id, schema_digest) WHERE status = 1;

-- Open: person_tag and payload are set. Answered: application, response and handle are set. Lapsed: none of them.
CREATE TABLE invitations (
    nonce         BLOB PRIMARY KEY NOT NULL CHECK (length(nonce) = 16),
    schema_digest BLOB NOT NULL CHECK (length(schema_digest) = 32),
    assurance     INTEGER NOT NULL CHECK (assurance IN (1, 2)),
    expires       INTEGER NOT NULL,
    person_tag    BLOB CHECK (length(person_tag) = 32),
    payload       BLOB,
    application   BLOB CHECK (length(application) = 32),
    response      BLOB,
    handle        BLOB UNIQUE REFERENCES credentials (handle),
    CHECK ((person_tag IS NULL) = (payload IS NULL)),
    CHECK ((application IS NULL) = (response IS NULL)),
    CHECK ((application IS NULL) = (handle IS NULL)),
    CHECK (payload IS NULL OR response IS NULL)
) STRICT;

CREATE INDEX invitations_open ON invitations (expires) WHERE payload IS NOT NULL;
