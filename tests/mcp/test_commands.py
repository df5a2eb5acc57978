# SPDX-License-Identifier: Apache-2.0
"""Remote MCP servers by command line: tokenbooth server add --type mcp, test, list, show, authorize, remove."""
import re

import pytest
from odd import Odd
from world import until

SECRET = "header-secret-by-command-77aa"


@pytest.fixture()
def odd():
    o = Odd()
    yield o
    o.close()


def test_a_remote_server_by_command(api, engine, odd, tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    assert engine.cli("server", "test", odd.uri, "--type", "mcp").stdout == f"An MCP server answers at {odd.uri}.\n"
    added = engine.cli("server", "add", "remote", odd.uri, "--type", "mcp", "--timeout", "20", "--header", "X-Key: Key ${secret:OWN}", "--header", "X-Plain:a: b",
                       "--header-secret-file", f"OWN={file}")
    assert added.returncode == 0 and added.stdout == "Added the server remote.  It answers; tools found: 1 (tokenbooth tool list).\n", added.stderr
    until("its tools", lambda: api.get("/v1/tools").json()["total_count"] == 1)
    assert engine.cli("tool", "run", "Odd.do").stdout.strip() == "done"
    sent = [a[3] for a in odd.asked if a[2] == "tools/call"][-1]
    assert (sent["X-Key"], sent["X-Plain"]) == ("Key " + SECRET, "a: b")
    assert re.search(r"remote +mcp +yes +project +" + re.escape(odd.uri), engine.cli("server", "list").stdout)
    shown = engine.cli("server", "show", "remote").stdout
    assert odd.uri in shown and "Key ${secret:OWN}" in shown and SECRET not in shown
    by_hand = engine.cli("server", "add", "second", odd.uri, "--type", "mcp", "--header-secret-file", "OWN=-", stdin=SECRET)
    assert by_hand.returncode == 0, by_hand.stderr
    for name in ("remote", "second"):
        assert engine.cli("server", "remove", name).returncode == 0
    assert SECRET not in engine.log()


@pytest.mark.parametrize("more,says", [
    (("--type", "smtp"), "--type must be http"),
    (("--type", "mcp", "--header", "Authorization Bearer hush-hush"), '--header must be "NAME: VALUE"'),
    (("--type", "mcp", "--header", ": hush-hush"), '--header must be "NAME: VALUE"'),
    (("--type", "mcp", "--header-secret-file", "hush-hush"), "KEY=FILE"),
    (("--type", "mcp", "--secret-file", "-"), "--header-secret-file"),
    (("--header", "X: hush-hush"), "--type mcp only"),
])
def test_wrong_usage_is_told_and_says_nothing_back(engine, odd, more, says):
    r = engine.cli("server", "add", "remote", odd.uri, *more, stdin="x")
    assert r.returncode == 2 and says in r.stderr and "hush-hush" not in r.stderr + r.stdout


def test_what_the_engine_refuses_is_said(engine, odd):
    r = engine.cli("server", "add", "remote", odd.uri, "--type", "mcp", "--header", "X Key: a")
    assert r.returncode == 1 and "mcp.headers must have names of" in r.stderr


def test_server_authorize_needs_to_know_who(engine):
    r = engine.cli("server", "authorize", "remote")
    assert r.returncode == 2 and "--user" in r.stderr
    r = engine.cli("server", "authorize", "none", "--user", "u@example.com")
    assert r.returncode == 1 and "none" in r.stderr
