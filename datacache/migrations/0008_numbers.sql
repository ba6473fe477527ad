-- How the cache has done: sums that only ever grow, by hour, by day, and for all time.

-- What the sums are about. What is beyond the most groups that are told apart is about group 0.
CREATE TABLE number_groups (
    group_id  INTEGER PRIMARY KEY,
    provider  TEXT NOT NULL,
    data_type TEXT NOT NULL,
    UNIQUE (provider, data_type)
) STRICT;

INSERT INTO number_groups VALUES (0, 'other', 'other');

-- One row for each number that is not 0. Hours are rolled up to days, and days to one sum that begins
-- at 0; `period` says which it is. What a number is, its name says, and its label where the name stands
-- for several: the kind of an error, the bound of a bucket in microseconds.
CREATE TABLE numbers (
    period    TEXT    NOT NULL,
    starts_at INTEGER NOT NULL,
    group_id  INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    label     TEXT    NOT NULL,
    value     INTEGER NOT NULL,
    PRIMARY KEY (period, starts_at, group_id, name, label)
) STRICT, WITHOUT ROWID;
