-- Workers of kind mcp (contract 3.5, 4.8).  Their headers and secrets lie in secret_box.
ALTER TABLE workers ADD COLUMN era TEXT NOT NULL DEFAULT '';                -- revision of MCP that the server speaks; '': not known
ALTER TABLE workers ADD COLUMN external_id TEXT NOT NULL DEFAULT '';        -- callback segment of its OAuth client
ALTER TABLE workers ADD COLUMN client_id TEXT NOT NULL DEFAULT '';          -- given by the operator; '': found or registered
ALTER TABLE workers ADD COLUMN authorization_url TEXT NOT NULL DEFAULT '';  -- instead of the discovered one
ALTER TABLE workers ADD COLUMN auth TEXT NOT NULL DEFAULT '';               -- JSON: what was found out about its authorization
