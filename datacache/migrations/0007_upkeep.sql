-- Upkeep: how much there is, what goes first, what must stay.

-- How the stored bytes are made from the content: '' for as they are, 'zstd'. Their number and the name
-- of their file, where these are not those of the content.
ALTER TABLE cached_data ADD COLUMN encoding TEXT NOT NULL DEFAULT '';
ALTER TABLE cached_data ADD COLUMN stored_size INTEGER;
ALTER TABLE cached_data ADD COLUMN stored_checksum TEXT;
ALTER TABLE cached_data ADD COLUMN disk_size INTEGER
    GENERATED ALWAYS AS (coalesce(stored_size, data_size)) VIRTUAL;
ALTER TABLE cached_data ADD COLUMN file_checksum TEXT GENERATED ALWAYS AS
    (CASE WHEN data_value IS NULL THEN coalesce(stored_checksum, content_checksum) END) VIRTUAL;

-- Which entries name a file, and how large it is.
DROP INDEX cached_data_by_blob;
CREATE INDEX cached_data_by_file ON cached_data (file_checksum, disk_size)
    WHERE file_checksum IS NOT NULL;

-- 1 for what is not to be removed to make room.
ALTER TABLE cached_data ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
-- How much an entry has been used, on a scale that rises as others are removed: an entry that was used
-- much long ago falls behind one that is used a little now.
ALTER TABLE cached_data ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
-- 0 for images and what was made from them, which are large and come again; 1 for the rest.
ALTER TABLE cached_data ADD COLUMN keep_class INTEGER GENERATED ALWAYS AS
    (CASE WHEN data_type IN ('artistthumbnail', 'artistlogo', 'artistbanner', 'artistfanart',
                             'front_cover', 'derived') THEN 0 ELSE 1 END) VIRTUAL;

-- What goes first.
CREATE INDEX cached_data_by_expiry ON cached_data (expires_at, provider) WHERE is_pinned = 0;
CREATE INDEX cached_data_by_rank ON cached_data (keep_class, rank, last_accessed, provider)
    WHERE is_pinned = 0;

-- What is remembered not to exist, which is worth nothing once its time has passed.
CREATE INDEX cached_data_absent ON cached_data (expires_at)
    WHERE status_code <> 200 AND is_pinned = 0;

-- About whom everything is kept.
CREATE TABLE pins (
    identifier TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The stored bytes of each provider's entries, rows and files; entries that share a file count each.
CREATE TABLE provider_usage (
    provider   TEXT    NOT NULL PRIMARY KEY,
    size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Single numbers:
--   file_bytes  the bytes of all files that entries name, each counted once
--   age         the rank of the entry that was removed last to make room
-- and how far each task of the maintenance has come, by its name.
CREATE TABLE upkeep (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO provider_usage SELECT provider, SUM(disk_size) FROM cached_data GROUP BY provider;
INSERT INTO upkeep VALUES ('age', 0), ('file_bytes', (SELECT COALESCE(SUM(size), 0) FROM
    (SELECT MAX(disk_size) AS size FROM cached_data WHERE file_checksum IS NOT NULL
     GROUP BY file_checksum)));

-- They count along with every program, also with those that know nothing of them.
CREATE TRIGGER cached_data_inserted AFTER INSERT ON cached_data BEGIN
    INSERT INTO provider_usage VALUES (NEW.provider, NEW.disk_size)
        ON CONFLICT (provider) DO UPDATE SET size_bytes = size_bytes + NEW.disk_size;
    UPDATE upkeep SET value = value + NEW.disk_size
        WHERE name = 'file_bytes' AND NEW.file_checksum IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM cached_data
             WHERE file_checksum = NEW.file_checksum AND entry_id <> NEW.entry_id);
END;

CREATE TRIGGER cached_data_deleted AFTER DELETE ON cached_data BEGIN
    UPDATE provider_usage SET size_bytes = size_bytes - OLD.disk_size
        WHERE provider = OLD.provider;
    UPDATE upkeep SET value = value - OLD.disk_size
        WHERE name = 'file_bytes' AND OLD.file_checksum IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM cached_data WHERE file_checksum = OLD.file_checksum);
END;

CREATE TRIGGER cached_data_updated
AFTER UPDATE OF provider, data_size, content_checksum, stored_size, stored_checksum, data_value
ON cached_data BEGIN
    UPDATE provider_usage SET size_bytes = size_bytes - OLD.disk_size
        WHERE provider = OLD.provider;
    INSERT INTO provider_usage VALUES (NEW.provider, NEW.disk_size)
        ON CONFLICT (provider) DO UPDATE SET size_bytes = size_bytes + NEW.disk_size;
    UPDATE upkeep SET value = value - OLD.disk_size
        WHERE name = 'file_bytes' AND OLD.file_checksum IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM cached_data
             WHERE file_checksum = OLD.file_checksum AND entry_id <> NEW.entry_id);
    UPDATE upkeep SET value = value + NEW.disk_size
        WHERE name = 'file_bytes' AND NEW.file_checksum IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM cached_data
             WHERE file_checksum = NEW.file_checksum AND entry_id <> NEW.entry_id);
END;
