-- Runs of tools put off until later (contract 3.11).  status: scheduled running completed failed cancelled; what runs belongs to `owner` until `until`.
-- input_box, output_box: sealed, since they are the user's.
CREATE TABLE schedules(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), status TEXT NOT NULL,
  toolkit TEXT NOT NULL, tool TEXT NOT NULL, version TEXT NOT NULL, pinned INTEGER NOT NULL, user_id TEXT NOT NULL,
  input_box BLOB NOT NULL, stacktrace INTEGER NOT NULL, by_type TEXT NOT NULL, by_id TEXT NOT NULL, source TEXT NOT NULL,
  run_at INTEGER NOT NULL, next_at INTEGER NOT NULL,                                              -- next_at: of the next attempt
  owner TEXT NOT NULL DEFAULT '', until INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL DEFAULT 0, finished_at INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
CREATE INDEX schedules_due ON schedules(next_at) WHERE status = 'scheduled';
CREATE INDEX schedules_running ON schedules(until) WHERE status = 'running';
CREATE INDEX schedules_project ON schedules(project_id, created_at);
-- sent_at 0: the tool certainly did not run; lost: nobody knows what became of it.
CREATE TABLE schedule_attempts(
  id TEXT PRIMARY KEY, schedule_id TEXT NOT NULL REFERENCES schedules(id) ON DELETE CASCADE, n INTEGER NOT NULL,
  started_at INTEGER NOT NULL, sent_at INTEGER NOT NULL DEFAULT 0, finished_at INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
  success INTEGER NOT NULL DEFAULT 0, output_box BLOB, error TEXT NOT NULL DEFAULT '');
CREATE INDEX schedule_attempts_of ON schedule_attempts(schedule_id, n);
