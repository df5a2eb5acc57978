-- Pages of long lists come out of an index in their order; none is sorted.
DROP INDEX connections_list;
CREATE INDEX connections_count ON connections(project_id, status, user_id, provider_id, id); -- totals, sought ones too
CREATE INDEX connections_shown ON connections(project_id, created_at, id, user_id, provider_id, status)
  WHERE status IN ('live', 'dead');                                  -- the words of store_connection_list.c
CREATE INDEX accounts_list ON accounts(created_at, id);
CREATE INDEX members_list ON members(project_id, created_at, account_id);
CREATE INDEX members_in_charge ON members(account_id) WHERE role <> 'verify'; -- asked at each sign-in page
CREATE INDEX api_keys_list ON api_keys(project_id, created_at, id);
-- An account's issuers are listed on its own page.
CREATE INDEX identities_account ON identities(account_id, created_at, issuer, subject);
