-- The registry's schema, for PostgreSQL: the tables, columns and constraints of SQLite's version 2 (../sqlite), in PostgreSQL's types. There
-- is no version 1 here. What each table is for: crates/issuer/src/registry/mod.rs. How to partition them: crates/issuer/notes/registry.md.
-- No column holds a claim or a person's number in the clear.

-- A person without a name had one that was retired, and has not applied since.
CREATE TABLE persons (
    tag  BYTEA PRIMARY KEY NOT NULL CHECK (length(tag) = 32),
    name BYTEA CHECK (length(name) = 48)
);

-- Rows are never deleted: the primary key is what keeps a name from serving a second person, also after it was retired.
CREATE TABLE names (
    name       BYTEA PRIMARY KEY NOT NULL CHECK (length(name) = 48),
    person     BYTEA NOT NULL REFERENCES persons (tag),
    retired_at BIGINT
);

-- Rows are never deleted: the primary key is what keeps a handle from being used twice.
CREATE TABLE credentials (
    handle          BYTEA PRIMARY KEY NOT NULL CHECK (length(handle) = 16),
    person          BYTEA NOT NULL REFERENCES persons (tag),
    cohort          BIGINT NOT NULL CHECK (cohort BETWEEN 0 AND 4294967295),
    commitment      BYTEA NOT NULL CHECK (length(commitment) = 48),
    inspector_point BYTEA NOT NULL UNIQUE CHECK (length(inspector_point) = 48),
    schema_digest   BYTEA NOT NULL CHECK (length(schema_digest) = 32),
    issuer_key      BYTEA NOT NULL CHECK (length(issuer_key) = 32),
    assurance       BIGINT NOT NULL CHECK (assurance IN (1, 2)),
    valid_until     BIGINT NOT NULL,
    issued_at       BIGINT NOT NULL,
    -- 1 active; 2 its revocation is pending; 3 revoked
    status          BIGINT NOT NULL CHECK (status IN (1, 2, 3))
);

CREATE INDEX credentials_by_person ON credentials (person, issued_at);

CREATE UNIQUE INDEX credentials_one_active ON credentials (person, schema_digest) WHERE status = 1;

-- Open: person and payload are set. Answered: application, response and handle are set. Lapsed: none of them.
CREATE TABLE invitations (
    nonce         BYTEA PRIMARY KEY NOT NULL CHECK (length(nonce) = 16),
    schema_digest BYTEA NOT NULL CHECK (length(schema_digest) = 32),
    assurance     BIGINT NOT NULL CHECK (assurance IN (1, 2)),
    expires       BIGINT NOT NULL,
    person        BYTEA CHECK (length(person) = 32),
    payload       BYTEA,
    application   BYTEA CHECK (length(application) = 32),
    response      BYTEA,
    handle        BYTEA UNIQUE REFERENCES credentials (handle),
    CHECK ((person IS NULL) = (payload IS NULL)),
    CHECK ((application IS NULL) = (response IS NULL)),
    CHECK ((application IS NULL) = (handle IS NULL)),
    CHECK (payload IS NULL OR response IS NULL)
);

CREATE INDEX invitations_open ON invitations (expires) WHERE payload IS NOT NULL;

-- Rows are never deleted: the primary key is what keeps two epochs of one number apart.
CREATE TABLE epochs (
    cohort       BIGINT NOT NULL CHECK (cohort BETWEEN 0 AND 4294967295),
    number       BIGINT NOT NULL CHECK (number >= 0),
    digest       BYTEA NOT NULL CHECK (length(digest) = 32),
    published_at BIGINT NOT NULL,
    -- in this cohort, up to and with this epoch
    revoked      BIGINT NOT NULL CHECK (revoked BETWEEN 0 AND 16777216),
    content      BYTEA NOT NULL,
    PRIMARY KEY (cohort, number)
);

-- One row for each credential of status 2 or 3. Rows are never deleted: the primary key is what keeps a handle from being revoked twice.
CREATE TABLE revocations (
    handle       BYTEA PRIMARY KEY NOT NULL REFERENCES credentials (handle),
    cohort       BIGINT NOT NULL CHECK (cohort BETWEEN 0 AND 4294967295),
    -- 1 lost; 2 superseded; 3 upgraded; 4 expired; 5 withdrawn
    reason       BIGINT NOT NULL CHECK (reason BETWEEN 1 AND 5),
    requested_at BIGINT NOT NULL,
    -- the epoch that revokes it; none while it is pending
    epoch        BIGINT,
    FOREIGN KEY (cohort, epoch) REFERENCES epochs (cohort, number)
);

CREATE INDEX revocations_pending ON revocations (cohort, requested_at, handle) WHERE epoch IS NULL;
