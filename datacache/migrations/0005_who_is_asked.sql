-- Who is asked by a queued request, by whose rest a claim passes over it: its host, or the provider
-- that the host belongs to. NULL where an older program queued it; then it is the provider.
ALTER TABLE pending_requests ADD COLUMN origin TEXT;

-- As before, with that.
DROP INDEX pending_by_age;
CREATE INDEX pending_by_age ON pending_requests (status, created_at, run_at, provider, origin);
