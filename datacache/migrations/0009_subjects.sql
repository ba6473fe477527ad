-- Entries that are used without being asked for by their URL.

-- 1 for what was fetched from a URL of a stranger's: it is renewed as such.
ALTER TABLE cached_data ADD COLUMN is_untrusted INTEGER NOT NULL DEFAULT 0;
