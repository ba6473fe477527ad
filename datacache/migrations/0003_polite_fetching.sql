-- Polite fetching: budgets and circuits shared by all processes, revalidation, single flight.

-- Why a provider has asked to be left alone, or was found to need it.
ALTER TABLE resting_providers ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- What is left of each provider's budget, and how well it has answered.
CREATE TABLE provider_budgets (
    provider TEXT    NOT NULL PRIMARY KEY,
    -- For each window, as it is written in the settings, when it will have forgotten what was
    -- booked: a JSON object.
    windows  TEXT    NOT NULL DEFAULT '{}',
    -- When the last request was sent.
    sent_at  INTEGER NOT NULL DEFAULT 0,
    -- When this was noted; in the future, it tells that the clock was set back.
    noted_at INTEGER NOT NULL DEFAULT 0,
    -- Failures since the last success.
    failures INTEGER NOT NULL DEFAULT 0,
    -- How often in a row the circuit was opened, and how many good probes it takes to close it; 0
    -- while it is closed.
    openings INTEGER NOT NULL DEFAULT 0,
    probes   INTEGER NOT NULL DEFAULT 0,
    -- Until when a probe under way makes the provider rest for the others.
    probed_until INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What a conditional request is made with.
ALTER TABLE cached_data ADD COLUMN etag TEXT;
ALTER TABLE cached_data ADD COLUMN last_modified TEXT;
-- Fingerprints of the request headers that the answer depends on; '' for none.
ALTER TABLE cached_data ADD COLUMN varies_on TEXT NOT NULL DEFAULT '';
-- 0 for an entry that must be validated before it is used after its time.
ALTER TABLE cached_data ADD COLUMN may_be_stale INTEGER NOT NULL DEFAULT 1;

-- 0 for a request that is there only while somebody waits for it; 1 once it is left to workers.
ALTER TABLE pending_requests ADD COLUMN is_left INTEGER NOT NULL DEFAULT 1;
