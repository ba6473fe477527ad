-- The entries and the queue. Names follow the Python design where the meaning is the same.
-- All times are milliseconds since 1970 UTC, all sizes bytes.

CREATE TABLE cached_data (
    entry_id         INTEGER PRIMARY KEY,
    -- The canonical URL without secrets.
    url              TEXT    NOT NULL UNIQUE,
    -- An opaque UUID that outlives refreshes, for web pages.
    cachekey         TEXT    NOT NULL UNIQUE,
    -- What the entry is about, normalised; '' for nothing in particular.
    identifier       TEXT    NOT NULL,
    data_type        TEXT    NOT NULL,
    provider         TEXT    NOT NULL,
    -- A number within (identifier, data_type), so that one entry can be picked at random without
    -- reading the others. Removed entries leave gaps.
    ordinal          INTEGER NOT NULL,
    -- 200 for an answer, 404 for "there is none".
    status_code      INTEGER NOT NULL,
    mime_type        TEXT    NOT NULL,
    data_size        INTEGER NOT NULL,
    -- SHA-256 of the bytes, hexadecimal; also the name of the blob file where there is one.
    content_checksum TEXT    NOT NULL,
    -- When these bytes came from the origin.
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    last_accessed    INTEGER NOT NULL,
    access_count     INTEGER NOT NULL DEFAULT 0,
    metadata         TEXT    NOT NULL,
    -- The bytes; NULL where they lie in a blob file. Last, so that the other columns are read
    -- without walking its overflow pages.
    data_value       BLOB
) STRICT;

-- Entries by what they are about, and the random pick.
CREATE UNIQUE INDEX cached_data_by_identifier ON cached_data (identifier, data_type, ordinal);

-- Entries by provider; covers the totals of `stats`.
CREATE INDEX cached_data_by_provider
    ON cached_data (provider, data_type, status_code, expires_at, data_size);

-- Which entries name a blob file.
CREATE INDEX cached_data_by_blob ON cached_data (content_checksum) WHERE data_value IS NULL;

-- The image shown last for an identifier and type, so that the next one differs, also in another
-- process.
CREATE TABLE last_picks (
    identifier TEXT NOT NULL,
    data_type  TEXT NOT NULL,
    cachekey   TEXT NOT NULL,
    PRIMARY KEY (identifier, data_type)
) STRICT, WITHOUT ROWID;

-- Requests that a worker is to make.
CREATE TABLE pending_requests (
    request_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The key of the entry to be; at most one row per key.
    url         TEXT    NOT NULL UNIQUE,
    identifier  TEXT    NOT NULL,
    data_type   TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    -- The rest of the request, as JSON. No secret is ever in it.
    params      TEXT    NOT NULL,
    -- 1 immediate, 2 batch.
    priority    INTEGER NOT NULL,
    -- pending until a worker leases it; dead once it has used up its attempts.
    status      TEXT    NOT NULL DEFAULT 'pending'
                        CHECK (status IN ('pending', 'leased', 'dead')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    -- Not before this moment.
    run_at      INTEGER NOT NULL,
    -- The lease, while there is one: its fencing token, its end, the session that holds it.
    lease_id    TEXT,
    lease_until INTEGER,
    session     TEXT,
    -- Why the last attempt failed.
    last_error  TEXT,
    CHECK ((status = 'leased') = (lease_id IS NOT NULL)),
    CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CHECK ((lease_id IS NULL) = (session IS NULL))
) STRICT;
