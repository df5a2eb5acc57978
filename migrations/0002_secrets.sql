-- Values a tool asks for by key (contract 3.2).  value_box: sealed; folded: the key in lower case, since tools look keys up without case.
CREATE TABLE secrets(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), key TEXT NOT NULL, folded TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '', value_box BLOB NOT NULL, hint TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, last_accessed_at INTEGER NOT NULL DEFAULT 0,
  UNIQUE(project_id, folded));
