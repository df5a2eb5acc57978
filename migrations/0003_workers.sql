-- Tool workers (contract 3.5) and the catalogue each told last: it outlives a worker that is down.
CREATE TABLE workers(
  id TEXT PRIMARY KEY,                                         -- wk_…; never shown: unique_id is
  project_id TEXT NOT NULL REFERENCES projects(id), unique_id TEXT NOT NULL,
  type TEXT NOT NULL, enabled INTEGER NOT NULL, uri TEXT NOT NULL, timeout_s INTEGER NOT NULL, retry INTEGER NOT NULL,
  secret_box BLOB NOT NULL, hint TEXT NOT NULL DEFAULT '', catalogue TEXT NOT NULL DEFAULT '', told_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, UNIQUE(project_id, unique_id));
-- What was run for whom; neither inputs nor results, which are the user's.
CREATE TABLE executions(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, call_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
  toolkit TEXT NOT NULL, tool TEXT NOT NULL, version TEXT NOT NULL, worker_id TEXT NOT NULL, user_id TEXT NOT NULL,
  error_kind TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX executions_project ON executions(project_id, created_at);
