CREATE TABLE bucket (
    name TEXT PRIMARY KEY,
    versioned INTEGER NOT NULL,
    object_lock_days INTEGER,
    cors_origins TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The number of the last change.
CREATE TABLE counter (value INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (0);

-- An event stays until the subscribers have had it.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    version_id TEXT,
    time INTEGER NOT NULL
) STRICT;

-- content and object are null for a delete marker.
CREATE TABLE version (
    seq INTEGER PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES bucket (name),
    key TEXT NOT NULL,
    version_id TEXT NOT NULL,
    is_latest INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    content TEXT,
    object TEXT
) STRICT;
CREATE UNIQUE INDEX version_of_key ON version (bucket, key, version_id);
CREATE INDEX version_by_age ON version (bucket, key, seq DESC);
CREATE UNIQUE INDEX version_latest ON version (bucket, key) WHERE is_latest;
CREATE INDEX version_content ON version (content) WHERE content IS NOT NULL;

CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES bucket (name),
    key TEXT NOT NULL,
    initiated INTEGER NOT NULL,
    request TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_of_key ON upload (bucket, key, id);

CREATE TABLE part (
    upload TEXT NOT NULL REFERENCES upload (id),
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    part TEXT NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_content ON part (content);

PRAGMA user_version = 1;
