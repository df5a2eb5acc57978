-- Whose a toolkit's name is: the worker that told of it first (toolbox_load.c).  toolkit: in lower case.
CREATE TABLE worker_toolkits(
  id INTEGER PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), toolkit TEXT NOT NULL,
  worker_id TEXT NOT NULL REFERENCES workers(id) ON DELETE CASCADE, created_at INTEGER NOT NULL, UNIQUE(worker_id, toolkit));
