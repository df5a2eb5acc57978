# SPDX-License-Identifier: Apache-2.0
"""Lists and jobs stay quick when tables are long: whatever the API is asked for, SQLite finds the rows by an index and sorts none, and what
the jobs write is found the same way: nobody else can write meanwhile.

The routes and their filters are taken from the OpenAPI, the statements from the running engine (statements.c), and the plans from SQLite
itself.  A statement that walks through a table that grows with users fails here, unless it stands below with the reason."""
import re
import sqlite3

import pytest
from late import noted_statements
from people import Person
from world import Engine, until

# Tables that grow with users, calls or time; all others hold what people set up by hand.
LONG = {"connections", "authorizations", "flows", "events", "executions", "schedules", "api_keys", "accounts", "members", "identities", "sessions", "revocations", "secrets",
        "recovery_codes", "second_factors"}
VALUES = {"q": "ada", "user_id": "ada@example.com", "provider_id": "my-discord", "kind": "provider.created", "since": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z", "cursor": "",
          "resource_id": "x", "resource_type": "provider", "source": "API", "authorization_id": "ar_x", "outcome": "ok", "reason": "none", "principal_id": "x", "tool_name": "Play.Greet"}
SORT = "USE TEMP B-TREE FOR ORDER BY"
# What a statement may do all the same: a part of its text, the steps, and why.
MAY = (
    ("$2 = '' AND $3 = '' AND ($4", [SORT], "a page's rows are sorted once more after they were found in order"),
    ("user_id = $2 AND ($3", [SORT, SORT], "the connections of one user"),
    ("= '' OR user_id = $2) AND id = $3", [SORT, SORT], "one connection"),
    ("FROM accounts WHERE ($1 = '' OR instr(lower(email), lower($1)) > 0) ORDER BY created_at, id LIMIT", ["SCAN accounts USING INDEX accounts_list"], "a page of all accounts, in that index's order"),
    ("FROM members WHERE role <> 'verify'", ["SCAN members USING INDEX members_in_charge"], "those in charge alone stand in that index"),
    ("ORDER BY id DESC LIMIT 20000", ["USE TEMP B-TREE FOR DISTINCT"], "the words of the newest events, so many at most"),
    ("SELECT id, project_id, key FROM secrets", ["SCAN secrets"], "read once, at the start"),
    ("last_used_at FROM api_keys ORDER BY created_at", ["SCAN api_keys", SORT], "read once, at the start"),
    ("JOIN provider_revisions r ON r.id = p.revision_id WHERE", [SORT], "all providers, at the start and after a change"),
)

# The same of jobs, which run or do not run while the lists are asked for.
JOBS = (
    ("FROM connections GROUP BY provider_id, status", ["SCAN connections USING COVERING INDEX connections_provider"], "the metrics count all, along that index"),
    ("(SELECT count(*) FROM schedules WHERE status = 'running'", ["SCAN schedules USING INDEX schedules_running"], "the scheduler: what runs now alone stands in that index"),
    ("FROM schedules s JOIN schedule_attempts a", ["SCAN s USING INDEX schedules_running"], "the same"),
    ("FROM flows WHERE status IN", ["SCAN flows USING INDEX flows_open"], "a job: what is open alone stands in that index, and it is read in its order"),
    ("DELETE FROM executions WHERE id IN (SELECT id FROM (SELECT", ["SCAN executions USING INDEX sqlite_autoindex_executions_1"], "the oldest ones, so many at most"),
    ("DELETE FROM sessions WHERE expires_at", ["SCAN sessions"], "one small row for each browser that is signed in"),
    ("WITH RECURSIVE p(id, turn)", [SORT], "a job: some rows of each provider are put in order"),
)


# A part of what a job writes, or looks for in order to write it.
WRITTEN = (b"DELETE FROM flows", b"FROM authorizations a WHERE a.ended_at", b"DELETE FROM events", b"DELETE FROM executions", b"DELETE FROM sessions",
           b"UPDATE providers SET client_secret_box = NULL", b"status = 'live' AND has_refresh = 0")


def lists(api):
    """(path, its query parameters) of every GET that can be asked without an id of something."""
    doc = api.get("/v1/swagger").json()["paths"]
    return [(at, ops["get"].get("parameters", [])) for at, ops in doc.items() if "get" in ops and "{" not in at]


def asked(params):
    """Without filters, with each alone, with all of them; the first page and a later one."""
    named = {}
    for p in params:
        if p["in"] == "query" and p["name"] not in ("limit", "offset"):
            named[p["name"]] = [*p["schema"].get("enum", [VALUES.get(p["name"], "x")])]
    yield {}
    yield {"limit": 5, "offset": 7}
    for name, values in named.items():
        for v in values:
            yield {name: v}
            yield {name: v, "offset": 7}
    yield {name: values[0] for name, values in named.items()}


@pytest.fixture(scope="module")
def statements(binary, simulator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plans")
    seen = folder / "statements"
    with Engine(binary, folder, simulator=simulator, env=noted_statements(binary, seen)) as eng, eng.client() as api:
        eng.add_discord()
        assert api.put("/v1/admin/secrets/KEY", json={"value": "v"}).status_code == 200
        api.post("/v1/auth/authorize", json={"auth_requirement": {"provider_id": "my-discord", "oauth2": {"scopes": ["identify"]}}, "user_id": "ada@example.com"})
        owner = Person(eng)
        owner.set_up(eng.ready["setup_url"], "ada@example.com")
        paths = lists(api)
        assert len(paths) > 20
        good = 0
        for at, params in paths:
            for query in asked(params):
                r = owner.http.get(at, params=query)
                assert r.status_code < 500, (at, query, r.text)
                good += r.status_code == 200
        assert good > 60
        until("the turn of each of these jobs", lambda: all(job in seen.read_bytes() for job in WRITTEN))
        for one in ("connections/uc_x", "authorizations/ar_x", "api_keys/x"):
            owner.http.get(f"/tb/v1/{one}")
        store = sqlite3.connect(f"file:{eng.data}/store.sqlite3?mode=ro", uri=True)
        yield store, sorted({t.decode() for t in seen.read_bytes().split(b"\0") if t})
        store.close()
        owner.http.close()


def plan(store, sql):
    names = sorted(set(re.findall(r"\$(\w+)", sql)))
    return [row[3] for row in store.execute("EXPLAIN QUERY PLAN " + sql, dict.fromkeys(names))]


def walks(store, sql):
    """What of a statement's plan takes longer the longer a table is: a table or index walked through, a sort of what was found.  A total
    is counted along an index that holds all it asks for; rows that came in order but for equal times are sorted among those only."""
    called = {alias: name for name, alias in re.findall(r"(?:FROM|JOIN) (\w+)(?: AS)? (\w+)", sql)}
    reads = LONG & set(re.findall(r"(?:FROM|JOIN|UPDATE) (\w+)", sql))
    steps = [s for s in plan(store, sql) if reads and (called.get(s.split()[1], s.split()[1]) in LONG if s.startswith("SCAN ") else "USE TEMP B-TREE" in s or "AUTOMATIC" in s)]
    for text, may, _ in MAY + JOBS:
        for step in may if text in sql else ():
            if step in steps:
                steps.remove(step)
    return [s for s in steps if "RIGHT PART" not in s and not (sql.startswith("SELECT count(") and "USING COVERING INDEX" in s)]


def test_no_job_stops_all_writes_longer_the_longer_a_table_is(statements):
    store, texts = statements
    looked = [t for t in texts if re.match(r"\s*(DELETE|UPDATE|INSERT)\b", t)]
    assert len(looked) > 20
    wrong = {t: bad for t in looked if (bad := walks(store, t))}
    assert not wrong, "\n".join(f"{bad}\n    {t}" for t, bad in wrong.items())


def test_no_list_walks_through_a_long_table(statements):
    store, texts = statements
    looked = [t for t in texts if re.match(r"\s*(SELECT|WITH)\b", t)]
    assert len(looked) > 60
    wrong = {t: bad for t in looked if (bad := walks(store, t))}
    assert not wrong, "\n".join(f"{bad}\n    {t}" for t, bad in wrong.items())
    for text, _, why in MAY:
        assert any(text in t for t in looked), f"nothing is asked like this any more: {text} ({why})"
