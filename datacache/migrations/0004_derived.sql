-- Images: what is made from other entries, and how many requests wait for an artist.

-- For an entry that was made from another one: that one's key, and the checksum of the bytes it was
-- made from. It is removed with them.
ALTER TABLE cached_data ADD COLUMN source_url TEXT;
ALTER TABLE cached_data ADD COLUMN source_checksum TEXT;
CREATE INDEX cached_data_by_source ON cached_data (source_url) WHERE source_url IS NOT NULL;

-- Requests by what they are about, where they are about something.
CREATE INDEX pending_by_subject ON pending_requests (identifier, data_type)
    WHERE identifier <> '';
