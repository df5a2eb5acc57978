-- Times are UTC microseconds; booleans 0/1; ids are text.  *_box: sealed (seal.h) and bound to table.column:project:row.
-- *_hash, *_mac: keyed hashes.  A merged migration never changes; the next change is a new file.
CREATE TABLE orgs(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE projects(
  id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES orgs(id), name TEXT NOT NULL,
  data_key BLOB NOT NULL, root_key_id TEXT NOT NULL,           -- AES-256 key of this project, wrapped by that root key
  is_default INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
CREATE UNIQUE INDEX projects_default ON projects(is_default) WHERE is_default = 1;
CREATE TABLE keys(                                             -- engine-wide MAC keys, wrapped
  purpose TEXT PRIMARY KEY, wrapped BLOB NOT NULL, root_key_id TEXT NOT NULL, created_at INTEGER NOT NULL);

CREATE TABLE accounts(
  id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE,             -- lower-cased
  password TEXT NOT NULL,                                      -- Argon2id, encoded form
  created_at INTEGER NOT NULL, last_sign_in_at INTEGER NOT NULL DEFAULT 0);
CREATE TABLE members(
  project_id TEXT NOT NULL REFERENCES projects(id), account_id TEXT NOT NULL REFERENCES accounts(id),
  role TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(project_id, account_id));
CREATE TABLE sessions(
  token_mac BLOB PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id),
  created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE INDEX sessions_account ON sessions(account_id);
CREATE TABLE api_keys(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), name TEXT NOT NULL,
  key_mac BLOB NOT NULL UNIQUE, last4 TEXT NOT NULL, created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0, revoked_at INTEGER NOT NULL DEFAULT 0, last_used_at INTEGER NOT NULL DEFAULT 0);
CREATE TABLE settings(
  project_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY(project_id, name));                              -- project_id '' = engine-wide

CREATE TABLE providers(
  id TEXT PRIMARY KEY,                                         -- pv_…; never shown: unique_id is
  project_id TEXT NOT NULL, unique_id TEXT NOT NULL, external_id TEXT NOT NULL,
  binding TEXT NOT NULL,                                       -- project | static (then project_id is '')
  type_id TEXT NOT NULL DEFAULT '',                            -- built-in definition; '' = fully custom
  description TEXT NOT NULL DEFAULT '', status TEXT NOT NULL,  -- active | inactive
  client_id TEXT NOT NULL, client_secret_box BLOB,             -- NULL: none, or static (then it comes from engine.yaml)
  config TEXT NOT NULL DEFAULT '{}',                           -- the oauth2 section as given, without secrets
  revision_id TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX providers_live ON providers(project_id, unique_id) WHERE deleted_at = 0;
CREATE UNIQUE INDEX providers_external ON providers(external_id) WHERE deleted_at = 0;
CREATE TABLE provider_revisions(
  id TEXT PRIMARY KEY, provider_id TEXT NOT NULL REFERENCES providers(id), number INTEGER NOT NULL,
  definition TEXT NOT NULL,                                    -- merged, JSON, without the secret
  client_id TEXT NOT NULL, created_at INTEGER NOT NULL, UNIQUE(provider_id, number));

CREATE TABLE authorizations(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), user_id TEXT NOT NULL,
  provider_id TEXT NOT NULL REFERENCES providers(id),
  asked_as TEXT NOT NULL,                                      -- provider_id to echo (contract 2.1)
  scopes TEXT NOT NULL,                                        -- JSON list, as asked, no duplicates
  scope_key TEXT NOT NULL,                                     -- sorted, for "the same scope set"
  next_uri TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL,                                        -- pending | succeeded | failed
  reason TEXT NOT NULL DEFAULT '',
  connection_id TEXT NOT NULL DEFAULT '',                      -- set when succeeded; shown completed while that row is live
  connect_hash BLOB NOT NULL UNIQUE, connect_box BLOB NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX authorizations_pending ON authorizations(project_id, user_id, provider_id, scope_key)
  WHERE status = 'pending';
CREATE INDEX authorizations_user ON authorizations(project_id, user_id, provider_id, created_at);
CREATE INDEX authorizations_expiry ON authorizations(expires_at) WHERE status = 'pending';

CREATE TABLE flows(
  id TEXT PRIMARY KEY, authorization_id TEXT NOT NULL DEFAULT '',   -- '' for a test of a custom verifier (contract 2.5)
  project_id TEXT NOT NULL, user_id TEXT NOT NULL, provider_id TEXT NOT NULL DEFAULT '', revision_id TEXT NOT NULL DEFAULT '',
  client_id TEXT NOT NULL DEFAULT '',                          -- of the revision
  ends_grant INTEGER NOT NULL DEFAULT 0, can_revoke INTEGER NOT NULL DEFAULT 0,   -- of the revision: the revoke rule needs them inside acts
  state_hash BLOB UNIQUE, cookie_mac BLOB,                     -- NULL for a test
  form_hash BLOB UNIQUE, form_box BLOB,                        -- a form_post callback, kept until its GET comes
  pkce_box BLOB, redirect_uri TEXT NOT NULL DEFAULT '',
  asked_scopes TEXT NOT NULL DEFAULT '[]', existing_scopes TEXT NOT NULL DEFAULT '[]',
  status TEXT NOT NULL,                                        -- started | redeeming | unverified | done | failed
  redeem_until INTEGER NOT NULL DEFAULT 0,
  flow_hash BLOB UNIQUE, flow_box BLOB,                        -- the flow_id handed to the verifier
  access_box BLOB, refresh_box BLOB, user_info_box BLOB, account_hash BLOB,
  granted_scopes TEXT NOT NULL DEFAULT '[]', scope_known INTEGER NOT NULL DEFAULT 0,
  token_expires_at INTEGER NOT NULL DEFAULT 0, refresh_expires_at INTEGER NOT NULL DEFAULT 0,
  stored TEXT NOT NULL DEFAULT '{}',                           -- kept callback/answer/lookup values that are not secret
  reason TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL DEFAULT 0);
CREATE INDEX flows_authorization ON flows(authorization_id);
CREATE INDEX flows_open ON flows(expires_at) WHERE status IN ('started', 'redeeming', 'unverified');
CREATE INDEX flows_account ON flows(account_hash) WHERE status = 'unverified';

CREATE TABLE connections(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, provider_id TEXT NOT NULL REFERENCES providers(id),
  label TEXT NOT NULL DEFAULT '', client_id TEXT NOT NULL, revision_id TEXT NOT NULL,
  status TEXT NOT NULL,                                        -- live | dead (expired, shown) | closed (gone)
  reason TEXT NOT NULL DEFAULT '',
  generation INTEGER NOT NULL,                                 -- grows at every new pair; the only right to write tokens
  access_box BLOB, refresh_box BLOB, user_info_box BLOB, account_hash BLOB,
  requested_scopes TEXT NOT NULL DEFAULT '[]', granted_scopes TEXT NOT NULL DEFAULT '[]', scope_known INTEGER NOT NULL DEFAULT 0,
  stored TEXT NOT NULL DEFAULT '{}',
  token_issued_at INTEGER NOT NULL DEFAULT 0, token_expires_at INTEGER NOT NULL DEFAULT 0,   -- 0 = does not expire
  refresh_expires_at INTEGER NOT NULL DEFAULT 0,
  has_refresh INTEGER NOT NULL DEFAULT 0,                      -- refresh_box holds a refresh token
  due_at INTEGER NOT NULL DEFAULT 0,                           -- when to renew; 0 = never (no expiry, or nothing to renew it with)
  authorization_id TEXT NOT NULL DEFAULT '',                   -- the one that last completed it
  lease_owner TEXT NOT NULL DEFAULT '', lease_until INTEGER NOT NULL DEFAULT 0,
  sent_generation INTEGER NOT NULL DEFAULT 0,                  -- "refresh sent with generation n"; 0 = none outstanding
  uncertain INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, next_try_at INTEGER NOT NULL DEFAULT 0,
  force_refresh INTEGER NOT NULL DEFAULT 0,
  refreshed_at INTEGER NOT NULL DEFAULT 0, last_used_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX connections_live ON connections(project_id, user_id, provider_id, label) WHERE status = 'live';
CREATE INDEX connections_list ON connections(project_id, status, created_at);
CREATE INDEX connections_provider ON connections(provider_id, status);
CREATE INDEX connections_account ON connections(account_hash) WHERE status = 'live';
CREATE INDEX connections_due ON connections(due_at, id)         -- read since the last refresh, or forced
  WHERE status = 'live' AND due_at > 0 AND (last_used_at > refreshed_at OR force_refresh = 1);
CREATE INDEX connections_end ON connections(refresh_expires_at) -- renewed before their refresh token ends, read or not
  WHERE status = 'live' AND due_at > 0 AND refresh_expires_at > 0;
CREATE INDEX connections_over ON connections(token_expires_at)  -- nothing to renew them with
  WHERE status = 'live' AND due_at = 0 AND token_expires_at > 0;
CREATE INDEX connections_sent ON connections(sent_generation) WHERE status = 'live' AND sent_generation > 0;
CREATE INDEX connections_leased ON connections(lease_until) WHERE status = 'live' AND lease_until > 0;

CREATE TABLE revocations(                                      -- tokens that must still be revoked at the provider
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, provider_id TEXT NOT NULL, revision_id TEXT NOT NULL,
  connection_id TEXT NOT NULL DEFAULT '', authorization_id TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL,
  client_id TEXT NOT NULL, access_box BLOB, refresh_box BLOB, stored TEXT NOT NULL DEFAULT '{}',
  sealed_as TEXT NOT NULL,                                     -- 'revocations', or 'connections': boxes moved as they were
  account_hash BLOB, ends_grant INTEGER NOT NULL DEFAULT 0,    -- revoking ends the whole grant: asked again before each try
  tries INTEGER NOT NULL DEFAULT 0, next_try_at INTEGER NOT NULL, give_up_at INTEGER NOT NULL,
  lease_owner TEXT NOT NULL DEFAULT '', lease_until INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
CREATE INDEX revocations_due ON revocations(next_try_at);
CREATE INDEX revocations_provider ON revocations(provider_id);

CREATE TABLE events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, project_id TEXT NOT NULL, kind TEXT NOT NULL,
  principal_type TEXT NOT NULL, principal_id TEXT NOT NULL, source TEXT NOT NULL, client_ip TEXT NOT NULL DEFAULT '',
  resource_type TEXT NOT NULL, resource_id TEXT NOT NULL, authorization_id TEXT NOT NULL DEFAULT '',
  step TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  data TEXT NOT NULL DEFAULT '{}');
CREATE INDEX events_authorization ON events(authorization_id, id) WHERE authorization_id <> '';
CREATE INDEX events_project ON events(project_id, id);
CREATE INDEX events_at ON events(at);
CREATE TABLE leases(name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL);
