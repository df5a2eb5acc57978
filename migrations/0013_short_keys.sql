-- Hashes come at random, so each new grant changes a page of each of these indexes.  With eight bytes of a hash as key
-- three times as many rows share a page, and more of those that are committed together; the rest of it is compared in
-- the row.  Rows have their hashes from the first now, so none enters connections_unmarked any more.
DROP INDEX connections_access;
DROP INDEX connections_refresh;
DROP INDEX connections_account;
CREATE INDEX connections_access ON connections(substr(access_mac, 1, 8)) WHERE status = 'live' AND access_mac IS NOT NULL;
CREATE INDEX connections_refresh ON connections(substr(refresh_mac, 1, 8)) WHERE status = 'live' AND refresh_mac IS NOT NULL;
CREATE INDEX connections_account ON connections(substr(account_hash, 1, 8)) WHERE status = 'live' AND account_hash IS NOT NULL;
