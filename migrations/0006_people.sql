-- What a project looks like on the engine's own pages, and when it and its members last changed.
ALTER TABLE projects ADD COLUMN color TEXT NOT NULL DEFAULT '';      -- '#rrggbb' or ''
ALTER TABLE projects ADD COLUMN logo BLOB;                           -- NULL: none
ALTER TABLE projects ADD COLUMN logo_type TEXT NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN logo_tag TEXT NOT NULL DEFAULT '';   -- of its content, for its address
ALTER TABLE projects ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
-- An invitation is good once, for one email, until it expires; its token is kept as a keyed hash.
CREATE TABLE invitations(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), email TEXT NOT NULL, role TEXT NOT NULL,
  token_mac BLOB NOT NULL UNIQUE, created_by TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  UNIQUE(project_id, email));
-- Second factors (RFC 6238): the secret is sealed; last_step: the newest time step a code of which was used.
CREATE TABLE second_factors(
  account_id TEXT PRIMARY KEY REFERENCES accounts(id), secret_box BLOB NOT NULL,
  confirmed_at INTEGER NOT NULL DEFAULT 0,                           -- 0: begun, not proved yet
  last_step INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
CREATE TABLE recovery_codes(
  account_id TEXT NOT NULL REFERENCES accounts(id), code_mac BLOB NOT NULL, PRIMARY KEY(account_id, code_mac));
-- Accounts as another issuer knows them (OpenID Connect).
CREATE TABLE identities(
  issuer TEXT NOT NULL, subject TEXT NOT NULL, account_id TEXT NOT NULL REFERENCES accounts(id),
  created_at INTEGER NOT NULL, PRIMARY KEY(issuer, subject));
-- Who changed this last; flows and refreshes, of which there are many, stay out of it.
CREATE INDEX events_resource ON events(project_id, resource_type, resource_id, id)
  WHERE resource_type IN ('provider', 'worker', 'secret', 'settings', 'project', 'account', 'api_key', 'invitation');
-- Searching and counting without touching the wide rows.
DROP INDEX connections_list;
CREATE INDEX connections_list ON connections(project_id, status, created_at, id, user_id, provider_id);
CREATE INDEX authorizations_list ON authorizations(project_id, created_at, id);
CREATE INDEX authorizations_failed ON authorizations(project_id, ended_at) WHERE status = 'failed';
