# SPDX-License-Identifier: Apache-2.0
"""tokenbooth server, tool and secret, as a person types them; the prompts at a real terminal (pty)."""
import json
import os
import pty
import re
import select
import signal
import threading
import time

import pytest
from conftest import SECRET
from test_tools import consent
from world import BOUND, free_port, until


@pytest.fixture()
def server(engine, worker):
    added = engine.cli("server", "add", "custom", worker.uri, "--secret-file", "-", "--timeout", "20", stdin=SECRET + "\n")
    assert added.returncode == 0 and re.search(r"Added the server custom\.  It answers; tools found: [1-9]", added.stdout) and SECRET not in added.stdout, added.stderr
    yield
    removed = engine.cli("server", "remove", "custom")
    assert removed.returncode == 0 and "Removed the server custom" in removed.stdout, removed.stderr


def at_terminal(engine, argv, answers, bound=BOUND):
    """Types each answer when its prompt has come; returns (status, everything that was on the screen)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(engine.binary, [engine.binary, *argv, "--data", str(engine.data)])
    screen, waiting, end = b"", list(answers), time.monotonic() + bound
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try:
                piece = os.read(fd, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            screen += piece
        if waiting and waiting[0][0].encode() in screen:
            os.write(fd, waiting.pop(0)[1].encode() + b"\n")
    if time.monotonic() >= end:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    assert not waiting, (waiting, screen)
    return os.waitstatus_to_exitcode(status), screen.decode()


def test_servers(engine, server, worker):
    listed = engine.cli("server", "list")
    assert listed.returncode == 0 and re.search(r"custom +http +(yes|true) +project +" + re.escape(worker.uri), listed.stdout), listed.stdout
    assert json.loads(engine.cli("server", "list", "--json").stdout)["items"][0]["id"] == "custom"
    shown = engine.cli("server", "show", "custom")
    assert worker.uri in shown.stdout and SECRET not in shown.stdout
    assert re.search(r"answers +yes\nstate +ok\ntools +[1-9]", shown.stdout), shown.stdout
    assert "Server " not in engine.cli("tool", "list").stdout
    assert "ok       server custom: it answers" in engine.cli("doctor").stdout
    wrong = engine.cli("server", "add", "wrong", worker.uri, "--secret-file", "-", stdin="another-secret\n")
    assert wrong.returncode == 0 and "Added the server wrong.  It answers, but its tools could not be read: " in wrong.stdout, wrong.stdout
    assert "Server wrong: " in engine.cli("tool", "list").stdout and "warning  server wrong: " in engine.cli("doctor").stdout
    assert engine.cli("server", "remove", "wrong").returncode == 0
    assert json.loads(engine.cli("server", "show", "custom", "--json", key=True).stdout)["http"]["timeout"] == 20
    assert engine.cli("server", "test", worker.uri).returncode == 0
    dead = engine.cli("server", "test", "http://127.0.0.1:%d" % free_port())
    assert dead.returncode == 1 and dead.stdout == "" and dead.stderr.startswith("tokenbooth: ")
    assert json.loads(engine.cli("server", "test", "http://127.0.0.1:%d" % free_port(), "--json").stdout)["success"] is False
    again = engine.cli("server", "add", "custom", worker.uri, "--secret-file", "-", stdin="x\n")
    assert again.returncode == 1 and "is there already" in again.stderr
    assert engine.cli("server", "show", "nobody").returncode == 1 and engine.cli("server", "remove", "nobody").returncode == 1


@pytest.mark.parametrize("argv,status,words", [
    (["server", "add", "x"], 2, "server add"), (["server", "add", "x", "http://127.0.0.1:1", "--timeout", "soon", "--secret-file", "-"], 2, "--timeout"),
    (["server", "add", "x", "http://127.0.0.1:1"], 2, "secret"), (["tool", "run"], 2, "tool run"), (["secret", "set"], 2, "secret set"), (["secret", "set", "K"], 2, "secret"),
    (["tool", "show", "Custom.Nothing"], 1, "not found"), (["tool", "run", "Custom.Nothing"], 1, "not found"), (["secret", "remove", "NOBODY"], 1, "not found"),
    (["tool", "run", "Custom.Add"], 2, "input a is missing: --input a=..."), (["tool", "run", "Custom.Add", "--input", "a"], 2, "NAME=VALUE"),
    (["tool", "run", "Custom.Add", "--input", "z=1"], 2, "NAME=VALUE"), (["tool", "run", "Custom.Add", "--input", "a=one"], 2, "must be JSON of type integer"),
    (["tool", "run", "Custom.Crash"], 1, "the tool failed"), (["tool", "run", "Custom.SecretLength"], 1, "secret not found: SEARCH_KEY"),
    (["tool", "run", "Custom.ListGuilds"], 1, "user_id"),
])
def test_what_is_refused(engine, server, argv, status, words):
    r = engine.cli(*argv, stdin="")
    assert r.returncode == status and words in r.stderr and r.stdout == "", (r.returncode, r.stdout, r.stderr)


@pytest.mark.parametrize("command", ["server add", "server test", "server list", "server show", "server remove", "tool list", "tool show", "tool run", "secret set", "secret list", "secret remove"])
def test_help(engine, command):
    r = engine.cli(*command.split(), "--help")
    assert r.returncode == 0 and command in r.stdout and "--json" in r.stdout


def test_tools(engine, server):
    listed = engine.cli("tool", "list", "--toolkit", "custom")
    assert listed.returncode == 0 and "Custom.Add" in listed.stdout and "Adds two numbers." in listed.stdout
    assert engine.cli("tool", "list", "--toolkit", "other").stdout.startswith("No tools")
    shown = engine.cli("tool", "show", "custom_add")
    assert "Custom.Add@0.0.0" in shown.stdout and re.search(r"a \(integer, required\) +One number", shown.stdout) and "b (integer)" in shown.stdout
    assert json.loads(engine.cli("tool", "show", "Custom.Add", "--json").stdout)["name"] == "Add"
    run = engine.cli("tool", "run", "Custom.Add", "--input", "a=40", "--input", "b=4")
    assert run.returncode == 0 and run.stdout == "44\n", (run.stdout, run.stderr)
    assert engine.cli("tool", "run", "custom.add", "--input", "a=40", key=True).stdout == "42\n"
    assert json.loads(engine.cli("tool", "run", "Custom.Add", "--input", "a=1", "--json").stdout)["output"]["value"] == 3
    failed = engine.cli("tool", "run", "Custom.Crash", "--json")
    assert failed.returncode == 1 and json.loads(failed.stdout)["success"] is False


def test_secrets(engine, server, tmp_path):
    value = "a-canary-value-of-a-secret"
    (tmp_path / "value").write_text(value + "\n")
    made = engine.cli("secret", "set", "SEARCH_KEY", "--value-file", str(tmp_path / "value"), "--description", "search")
    assert made.returncode == 0 and made.stdout == "Set the secret SEARCH_KEY.\n", made.stderr
    listed = engine.cli("secret", "list")
    assert "SEARCH_KEY" in listed.stdout and "search" in listed.stdout and value not in listed.stdout
    run = engine.cli("tool", "run", "Custom.SecretLength", "--json")
    assert json.loads(run.stdout)["output"]["value"]["length"] == len(value)
    assert engine.cli("secret", "set", "SEARCH_KEY", "--value-file", "-", stdin="short").returncode == 0
    assert engine.cli("secret", "remove", "search_key").returncode == 0 and engine.cli("secret", "list").stdout.startswith("No secrets")


def test_prompts_at_a_terminal(engine, server):
    status, screen = at_terminal(engine, ["tool", "run", "Custom.Add"], [("a (One number): ", "40")])
    assert status == 0 and screen.rstrip().endswith("42"), screen
    status, screen = at_terminal(engine, ["secret", "set", "SEARCH_KEY"], [("Value: ", "never-on-the-screen")])
    assert status == 0 and "Set the secret SEARCH_KEY." in screen and "never-on-the-screen" not in screen
    assert engine.cli("secret", "remove", "SEARCH_KEY").returncode == 0


def test_a_link_is_shown_and_the_run_waits_for_the_consent(engine, simulator, server):
    user, done = simulator.person() + "@terminal.example", {}
    thread = threading.Thread(target=lambda: done.update(zip(("status", "screen"), at_terminal(engine, ["tool", "run", "Custom.ListGuilds", "--user", user], []))))
    thread.start()
    with engine.client() as c:
        pending = until("the authorization", lambda: [a for a in c.get("/tb/v1/authorizations", params={"user_id": user}).json()["items"] if a["status"] == "pending"])
        link = c.post("/v1/tools/authorize", json={"tool_name": "Custom.ListGuilds", "user_id": user}).json()
        assert link["id"] == pending[0]["id"] and thread.is_alive()
    consent(engine, simulator, link["url"], user)
    thread.join(BOUND)
    assert done["status"] == 0 and user + " has to agree first" in done["screen"] and link["url"] in done["screen"]
    assert '"id"' in done["screen"].split("Waiting ...")[1]
