CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  control INTEGER,
  run_seq INTEGER,
  event_id BLOB NOT NULL,
  run_id BLOB,
  leaf BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX entries_control ON entries (tenant, epoch, control) WHERE control IS NOT NULL;

CREATE UNIQUE INDEX entries_event ON entries (tenant, event_id);

CREATE UNIQUE INDEX entries_kind ON entries (tenant, epoch, kind, idx);

CREATE TRIGGER entries_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;

CREATE TRIGGER entries_never_updated BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;

CREATE UNIQUE INDEX entries_place ON entries (tenant, epoch, idx);

CREATE UNIQUE INDEX entries_run ON entries (tenant, run_id, run_seq) WHERE run_id IS NOT NULL;

CREATE TABLE heads (
  tenant INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  leaf BLOB NOT NULL,
  controls INTEGER NOT NULL,
  control_leaf BLOB NOT NULL,
  runs_size INTEGER NOT NULL,
  signed_size INTEGER NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (tenant, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
  tenant INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  level INTEGER NOT NULL,
  n INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (tenant, epoch, level, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  tenant INTEGER NOT NULL,
  run_id BLOB NOT NULL,
  events INTEGER NOT NULL,
  leaf BLOB NOT NULL,
  state TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX runs_id ON runs (tenant, run_id);

CREATE TABLE submission_index (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  indexed_row INTEGER NOT NULL
) STRICT;

CREATE TABLE submission_keys (
  hash INTEGER NOT NULL,
  row INTEGER NOT NULL,
  PRIMARY KEY (hash, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE submissions (
  row INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash BLOB NOT NULL,
  answer TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  first_idx INTEGER NOT NULL,
  count INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
  tenant INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  origin_host TEXT NOT NULL
) STRICT;
