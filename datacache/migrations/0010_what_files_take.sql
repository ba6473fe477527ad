-- What the files take on disk, beside how long they are, and what lies among them that nobody needs.

-- More numbers in upkeep:
--   files        how many files entries name, each counted once
--   file_blocks  how many blocks of 4096 bytes they take
--   stray_bytes  what lies among them that no entry names, as far as is known; where this is missing,
--                somebody has to look first
INSERT INTO upkeep
    WITH files AS (SELECT MAX(disk_size) AS size FROM cached_data
                   WHERE file_checksum IS NOT NULL GROUP BY file_checksum)
    SELECT 'files', COUNT(*) FROM files
    UNION ALL SELECT 'file_blocks', COALESCE(SUM((size + 4095) / 4096), 0) FROM files
    -- What older programs have left is found by the maintenance.
    UNION ALL SELECT 'stray_bytes', 0 WHERE EXISTS (SELECT 1 FROM cached_data);

-- They count along with every program, also with those that know nothing of them.
CREATE TRIGGER cached_data_file_named AFTER INSERT ON cached_data
WHEN NEW.file_checksum IS NOT NULL BEGIN
    UPDATE upkeep SET value = value + iif(name = 'files', 1, (NEW.disk_size + 4095) / 4096)
        WHERE name IN ('files', 'file_blocks') AND NOT EXISTS
            (SELECT 1 FROM cached_data
             WHERE file_checksum = NEW.file_checksum AND entry_id <> NEW.entry_id);
END;

CREATE TRIGGER cached_data_file_forgotten AFTER DELETE ON cached_data
WHEN OLD.file_checksum IS NOT NULL BEGIN
    UPDATE upkeep SET value = value - iif(name = 'files', 1, (OLD.disk_size + 4095) / 4096)
        WHERE name IN ('files', 'file_blocks') AND NOT EXISTS
            (SELECT 1 FROM cached_data WHERE file_checksum = OLD.file_checksum);
END;

CREATE TRIGGER cached_data_file_changed
AFTER UPDATE OF data_size, content_checksum, stored_size, stored_checksum, data_value ON cached_data
WHEN (OLD.file_checksum, OLD.disk_size) IS NOT (NEW.file_checksum, NEW.disk_size) BEGIN
    UPDATE upkeep SET value = value - iif(name = 'files', 1, (OLD.disk_size + 4095) / 4096)
        WHERE name IN ('files', 'file_blocks') AND OLD.file_checksum IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM cached_data
             WHERE file_checksum = OLD.file_checksum AND entry_id <> NEW.entry_id);
    UPDATE upkeep SET value = value + iif(name = 'files', 1, (NEW.disk_size + 4095) / 4096)
        WHERE name IN ('files', 'file_blocks') AND NEW.file_checksum IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM cached_data
             WHERE file_checksum = NEW.file_checksum AND entry_id <> NEW.entry_id);
END;
