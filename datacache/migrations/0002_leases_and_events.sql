-- Workers: how they find the next job, which providers rest, and what has been finished.

-- The next jobs: by status, urgency, data type and provider, the newest first. The last column
-- lets a claim pass over jobs that must wait without reading their rows.
CREATE INDEX pending_by_turn ON pending_requests
    (status, priority, data_type, provider, created_at DESC, request_id, run_at);

-- The jobs that have waited longest.
CREATE INDEX pending_by_age ON pending_requests (status, created_at, run_at, provider);

-- Providers whose jobs are not to be run at present.
CREATE TABLE resting_providers (
    provider   TEXT    NOT NULL PRIMARY KEY,
    -- Paused by a person until resumed, 1; or 0.
    is_paused  INTEGER NOT NULL DEFAULT 0,
    -- The provider has asked to be left alone until then.
    not_before INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The keys that were finished last, for those who wait for them, also in other processes.
CREATE TABLE finished_requests (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    url     TEXT NOT NULL,
    -- found, absent or failed.
    outcome TEXT NOT NULL CHECK (outcome IN ('found', 'absent', 'failed'))
) STRICT;
