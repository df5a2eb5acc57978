-- What ended long ago, oldest first: the prune looks at nothing else.
CREATE INDEX authorizations_ended ON authorizations(ended_at, id) WHERE ended_at > 0;
CREATE INDEX flows_ended ON flows(ended_at) WHERE ended_at > 0;
CREATE INDEX schedules_finished ON schedules(finished_at) WHERE finished_at > 0;
-- Read in pages, so that rows whose provider cannot be reached do not stand before the others.
DROP INDEX connections_end;
CREATE INDEX connections_end ON connections(refresh_expires_at, id)
  WHERE status = 'live' AND due_at > 0 AND refresh_expires_at > 0;
-- A token that is renewed with itself ends for good when it is over, and is renewed before, read or not.
DROP INDEX connections_over;
CREATE INDEX connections_over ON connections(token_expires_at)
  WHERE status = 'live' AND has_refresh = 0 AND token_expires_at > 0;
UPDATE connections SET refresh_expires_at = token_expires_at WHERE status = 'live' AND has_refresh = 0 AND due_at > 0;
