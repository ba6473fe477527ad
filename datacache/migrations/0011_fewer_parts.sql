-- Fewer parts: whoever opens a connection reads the whole schema, and the triggers were two fifths of
-- that. What they kept in step, the statements do that store and remove entries. What a program of
-- an older schema still changes until it ends is not counted: `verify` tells, and counts anew.

DROP TRIGGER cached_data_inserted;
DROP TRIGGER cached_data_deleted;
DROP TRIGGER cached_data_updated;
DROP TRIGGER cached_data_described;
DROP TRIGGER cached_data_described_anew;
DROP TRIGGER cached_data_forgotten;
DROP TRIGGER cached_data_file_named;
DROP TRIGGER cached_data_file_forgotten;
DROP TRIGGER cached_data_file_changed;

-- Entries are numbered in `subjects`; `ordinal` is 0 from now on.
DROP INDEX cached_data_by_identifier;

-- What a provider's entries take: their keys and their metadata too.
DELETE FROM provider_usage;
INSERT INTO provider_usage
    SELECT provider, SUM(disk_size + octet_length(url) + octet_length(metadata)) FROM cached_data
    GROUP BY provider;
