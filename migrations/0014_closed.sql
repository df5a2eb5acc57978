-- A closed connection goes when its timeline has gone; these rows never change, so updated_at is when it was closed.
CREATE INDEX connections_closed ON connections(updated_at) WHERE status = 'closed';
