-- Keyed hashes of the tokens, beside their boxes: a token that a live connection or an unverified flow still holds is
-- never revoked, and that is asked without opening a box.  NULL: there is no such token; for rows made before this, not
-- yet known (store_held.c fills those of live connections in at the next start).
ALTER TABLE connections ADD COLUMN access_mac BLOB;
ALTER TABLE connections ADD COLUMN refresh_mac BLOB;
ALTER TABLE flows ADD COLUMN access_mac BLOB;
ALTER TABLE flows ADD COLUMN refresh_mac BLOB;
ALTER TABLE revocations ADD COLUMN access_mac BLOB;
ALTER TABLE revocations ADD COLUMN refresh_mac BLOB;
-- The refresh token was sent and the answer never came: that it is refused now proves nothing.
ALTER TABLE revocations ADD COLUMN uncertain INTEGER NOT NULL DEFAULT 0;
CREATE INDEX connections_access ON connections(access_mac) WHERE status = 'live' AND access_mac IS NOT NULL;
CREATE INDEX connections_refresh ON connections(refresh_mac) WHERE status = 'live' AND refresh_mac IS NOT NULL;
CREATE INDEX connections_unmarked ON connections(id) WHERE status = 'live' AND access_mac IS NULL;
CREATE INDEX flows_access ON flows(access_mac) WHERE status = 'unverified' AND access_mac IS NOT NULL;
CREATE INDEX flows_refresh ON flows(refresh_mac) WHERE status = 'unverified' AND refresh_mac IS NOT NULL;
CREATE INDEX revocations_uncertain ON revocations(connection_id) WHERE uncertain = 1;
