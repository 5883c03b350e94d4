-- Revocation, epochs, cohorts, and names that can be retired. The same tables for PostgreSQL: ../postgres/0002_revocation.sql.
-- The tables are made anew, because SQLite changes no constraint of a table that exists.

DROP INDEX credentials_by_person;
DROP INDEX credentials_one_active;
DROP INDEX invitations_open;
ALTER TABLE persons RENAME TO old_persons;
ALTER TABLE credentials RENAME TO old_credentials;
ALTER TABLE invitations RENAME TO old_invitations;

-- A person without a name had one that was retired, and has not applied since.
CREATE TABLE persons (
    tag  BLOB PRIMARY KEY NOT NULL CHECK (length(tag) = 32),
    name BLOB CHECK (length(name) = 48)
) STRICT;

-- Rows are never deleted: the primary key is what keeps a name from serving a second person, also after it was retired.
CREATE TABLE names (
    name       BLOB PRIMARY KEY NOT NULL CHECK (length(name) = 48),
    person     BLOB NOT NULL REFERENCES persons (tag),
    retired_at INTEGER
) STRICT;

-- Rows are never deleted: the primary key is what keeps a handle from being used twice.
CREATE TABLE credentials (
    handle          BLOB PRIMARY KEY NOT NULL CHECK (length(handle) = 16),
    person          BLOB NOT NULL REFERENCES persons (tag),
    cohort          INTEGER NOT NULL CHECK (cohort BETWEEN 0 AND 4294967295),
    commitment      BLOB NOT NULL CHECK (length(commitment) = 48),
    inspector_point BLOB NOT NULL UNIQUE CHECK (length(inspector_point) = 48),
    schema_digest   BLOB NOT NULL CHECK (length(schema_digest) = 32),
    issuer_key      BLOB NOT NULL CHECK (length(issuer_key) = 32),
    assurance       INTEGER NOT NULL CHECK (assurance IN (1, 2)),
    valid_until     INTEGER NOT NULL,
    issued_at       INTEGER NOT NULL,
    -- 1 active; 2 its revocation is pending; 3 revoked
    status          INTEGER NOT NULL CHECK (status IN (1, 2, 3))
) STRICT;

CREATE INDEX credentials_by_person ON credentials (person, issued_at);

CREATE UNIQUE INDEX credentials_one_active ON credentials (person, schema_digest) WHERE status = 1;

-- Open: person and payload are set. Answered: application, response and handle are set. Lapsed: none of them.
CREATE TABLE invitations (
    nonce         BLOB PRIMARY KEY NOT NULL CHECK (length(nonce) = 16),
    schema_digest BLOB NOT NULL CHECK (length(schema_digest) = 32),
    assurance     INTEGER NOT NULL CHECK (assurance IN (1, 2)),
    expires       INTEGER NOT NULL,
    person        BLOB CHECK (length(person) = 32),
    payload       BLOB,
    application   BLOB CHECK (length(application) = 32),
    response      BLOB,
    handle        BLOB UNIQUE REFERENCES credentials (handle),
    CHECK ((person IS NULL) = (payload IS NULL)),
    CHECK ((application IS NULL) = (response IS NULL)),
    CHECK ((application IS NULL) = (handle IS NULL)),
    CHECK (payload IS NULL OR response IS NULL)
) STRICT;

CREATE INDEX invitations_open ON invitations (expires) WHERE payload IS NOT NULL;

-- Rows are never deleted: the primary key is what keeps two epochs of one number apart.
CREATE TABLE epochs (
    cohort       INTEGER NOT NULL CHECK (cohort BETWEEN 0 AND 4294967295),
    number       INTEGER NOT NULL CHECK (number >= 0),
    digest       BLOB NOT NULL CHECK (length(digest) = 32),
    published_at INTEGER NOT NULL,
    -- in this cohort, up to and with this epoch
    revoked      INTEGER NOT NULL CHECK (revoked BETWEEN 0 AND 16777216),
    content      BLOB NOT NULL,
    PRIMARY KEY (cohort, number)
) STRICT;

-- One row for each credential of status 2 or 3. Rows are never deleted: the primary key is what keeps a handle from being revoked twice.
CREATE TABLE revocations (
    handle       BLOB PRIMARY KEY NOT NULL REFERENCES credentials (handle),
    cohort       INTEGER NOT NULL CHECK (cohort BETWEEN 0 AND 4294967295),
    -- 1 lost; 2 superseded; 3 upgraded; 4 expired; 5 withdrawn
    reason       INTEGER NOT NULL CHECK (reason BETWEEN 1 AND 5),
    requested_at INTEGER NOT NULL,
    -- the epoch that revokes it; none while it is pending
    epoch        INTEGER,
    FOREIGN KEY (cohort, epoch) REFERENCES epochs (cohort, number)
) STRICT;

CREATE INDEX revocations_pending ON revocations (cohort, requested_at, handle) WHERE epoch IS NULL;

INSERT INTO persons (tag, name) SELECT tag, name FROM old_persons;

INSERT INTO names (name, person) SELECT name, tag FROM old_persons;

-- No epoch could be published before, so nothing was revoked yet: all but the active credentials are pending now.
INSERT INTO credentials (handle, person, cohort, commitment, inspector_point, schema_digest, issuer_key, assurance, valid_until,
                         issued_at, status)
SELECT c.handle, p.tag, 0, c.commitment, c.inspector_point, c.schema_digest, c.issuer_key, c.assurance, c.valid_until,
       c.issued_at, min(c.status, 2)
FROM old_credentials c JOIN old_persons p ON p.id = c.person_id;

INSERT INTO revocations (handle, cohort, reason, requested_at)
SELECT handle, 0, CASE status WHEN 2 THEN 2 ELSE 5 END, unixepoch() FROM old_credentials WHERE status <> 1;

INSERT INTO invitations (nonce, schema_digest, assurance, expires, person, payload, application, response, handle)
SELECT nonce, schema_digest, assurance, expires, person_tag, payload, application, response, handle FROM old_invitations;

DROP TABLE old_invitations;
DROP TABLE old_credentials;
DROP TABLE old_persons;
