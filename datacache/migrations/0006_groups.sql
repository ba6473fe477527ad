-- Workers: their next jobs found group by group, past those that cannot run.

-- 0 for a request that was never put off, so that it may run at any time, whatever the clock says;
-- else the moment before which it may not.
ALTER TABLE pending_requests ADD COLUMN due_at INTEGER
    GENERATED ALWAYS AS (CASE run_at WHEN created_at THEN 0 ELSE run_at END) VIRTUAL;

-- Who is asked, in any row.
ALTER TABLE pending_requests ADD COLUMN asked TEXT
    GENERATED ALWAYS AS (coalesce(origin, provider)) VIRTUAL;

-- The next jobs: by status, urgency, data type and who is asked; within those, first the ones that were
-- never put off, the newest first, then the others by their time.
DROP INDEX pending_by_turn;
CREATE INDEX pending_by_group ON pending_requests
    (status, priority, data_type, asked, due_at, created_at DESC, request_id, provider);

-- The jobs that were put off.
CREATE INDEX pending_put_off ON pending_requests (status, run_at) WHERE run_at <> created_at;
