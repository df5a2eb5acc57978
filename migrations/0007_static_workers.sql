-- Whose a worker is: 'project', or 'static' when engine.yaml declares it.
ALTER TABLE workers ADD COLUMN binding TEXT NOT NULL DEFAULT 'project';
