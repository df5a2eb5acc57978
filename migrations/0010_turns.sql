-- Each provider has its turn, whatever waits for the others: its own rows in order, and whether one has failed.
DROP INDEX revocations_provider;
CREATE INDEX revocations_provider ON revocations(provider_id, next_try_at);
CREATE INDEX revocations_failed ON revocations(provider_id) WHERE tries > 0;
