-- What entries are about, and whose idea their URLs were.

-- 1 for what was fetched from a URL of a stranger's: it is renewed as such.
ALTER TABLE cached_data ADD COLUMN is_untrusted INTEGER NOT NULL DEFAULT 0;

-- What entries are about, each numbered within its identifier and data type, so that one can be picked
-- at random without reading the others; removed entries leave gaps. The row of an entry names one
-- subject; a picture may have more, as one of two artists.
CREATE TABLE subjects (
    identifier TEXT    NOT NULL,
    data_type  TEXT    NOT NULL,
    ordinal    INTEGER NOT NULL,
    entry_id   INTEGER NOT NULL,
    PRIMARY KEY (identifier, data_type, ordinal)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX subjects_by_entry ON subjects (entry_id, identifier, data_type);

INSERT INTO subjects SELECT identifier, data_type, ordinal, entry_id FROM cached_data
    WHERE identifier <> '';

-- They come and go with every program, also with those that know nothing of them.
CREATE TRIGGER cached_data_described AFTER INSERT ON cached_data WHEN NEW.identifier <> '' BEGIN
    INSERT INTO subjects VALUES (NEW.identifier, NEW.data_type,
        (SELECT COALESCE(MAX(ordinal) + 1, 0) FROM subjects
         WHERE identifier = NEW.identifier AND data_type = NEW.data_type),
        NEW.entry_id);
END;

CREATE TRIGGER cached_data_described_anew AFTER UPDATE OF identifier, data_type ON cached_data
WHEN (OLD.identifier, OLD.data_type) <> (NEW.identifier, NEW.data_type) BEGIN
    -- What becomes a picture, or ceases to be one, is something else.
    DELETE FROM subjects WHERE entry_id = NEW.entry_id AND OLD.keep_class <> NEW.keep_class;
    INSERT INTO subjects SELECT NEW.identifier, NEW.data_type,
        (SELECT COALESCE(MAX(ordinal) + 1, 0) FROM subjects
         WHERE identifier = NEW.identifier AND data_type = NEW.data_type),
        NEW.entry_id
        WHERE NEW.identifier <> '' ON CONFLICT (entry_id, identifier, data_type) DO NOTHING;
END;

CREATE TRIGGER cached_data_forgotten AFTER DELETE ON cached_data BEGIN
    DELETE FROM subjects WHERE entry_id = OLD.entry_id;
END;
