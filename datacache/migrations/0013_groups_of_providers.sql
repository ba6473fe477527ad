-- A group of jobs has one provider too: those of one that is paused are passed over as a whole, whoever
-- is asked.
DROP INDEX pending_by_group;
CREATE INDEX pending_by_group ON pending_requests
    (status, priority, data_type, asked, provider, due_at, created_at DESC, request_id);
