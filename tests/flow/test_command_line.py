# SPDX-License-Identifier: Apache-2.0
"""The command line as a client of the API: over the control socket, over the network, and with no engine running."""
import json
import os
import pty
import select
import signal
import subprocess

import pytest
from test_discord import connect
from world import BOUND, Engine, free_port

WAYS = ["socket", "network", "here"]


@pytest.fixture()
def own(binary, tmp_path):
    with Engine(binary, tmp_path) as engine:
        yield engine


def run(binary, *argv, stdin=None, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ARCADE_", "TOKENBOOTH_"))}
    return subprocess.run([binary, *map(str, argv)], capture_output=True, text=True, input=stdin if stdin is not None else "",
                          timeout=BOUND * 2, env={**clean, **(env or {})})


def caller(binary, engine, way):
    """A function that runs a command this way, and the folder or address it goes to."""
    if way == "here":
        engine.stop()
    return {
        "socket": lambda *a, **k: run(binary, *a, "--data", engine.data, **k),
        "here": lambda *a, **k: run(binary, *a, "--data", engine.data, **k),
        "network": lambda *a, **k: run(binary, *a, env={"ARCADE_BASE_URL": engine.url, "ARCADE_API_KEY": engine.key}, **k),
    }[way]


@pytest.mark.parametrize("way", WAYS)
def test_keys_come_and_go(binary, own, way):
    call = caller(binary, own, way)
    made = call("key", "create", "app", "--json")
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)
    assert key["name"] == "app" and key["key"].startswith("arc_") and key["id"] and key["created_at"].endswith("Z")
    listed = call("key", "list")
    assert key["id"] in listed.stdout and key["key"] not in listed.stdout
    assert call("key", "revoke", key["id"]).returncode == 0
    missing = call("key", "revoke", "key_nobody")
    assert missing.returncode == 1 and "not found" in missing.stderr and missing.stdout == ""


@pytest.mark.parametrize("way", WAYS)
def test_providers_come_and_go(binary, own, way):
    call = caller(binary, own, way)
    made = call("provider", "add", "my-discord", "--type", "discord", "--client-id", "123", "--client-secret-file", "-", "--external-id",
                "disc", stdin="hush-hush\n")
    assert made.returncode == 0, made.stderr
    assert "/api/v1/oauth/disc/callback" in made.stdout and "hush" not in made.stdout
    again = call("provider", "add", "my-discord", "--type", "discord", "--client-id", "123", "--client-secret-file", "-", stdin="x\n")
    assert again.returncode == 1 and again.stderr.startswith("tokenbooth: ")
    shown = json.loads(call("provider", "show", "my-discord", "--json").stdout)
    assert shown["oauth2"]["client_id"] == "123" and shown["oauth2"]["client_secret"]["exists"] is True
    assert "my-discord" in call("provider", "list").stdout
    assert call("provider", "remove", "my-discord").returncode == 0
    assert call("provider", "show", "my-discord").returncode == 1


def at_a_terminal(argv, typed):
    """Types a line as soon as the prompt stands; what a person saw, and the exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(argv[0], argv)
    seen, said = b"", False
    try:
        while select.select([fd], [], [], BOUND)[0]:
            try:
                more = os.read(fd, 4096)
            except OSError:  # the terminal is gone: so is the command
                break
            seen += more
            if seen.endswith(b": ") and not said:
                os.write(fd, typed.encode() + b"\n")
                said = True
    finally:
        if not said:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    return seen.decode(), os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("argv", [
    ["provider", "add", "my-discord", "--type", "discord", "--client-id", "1", "--client-secret-file"],
    ["user", "add", "alice@example.com", "--password-file"],
    ["secret", "set", "KEY", "--value-file"],
    ["server", "add", "box", "https://tools.example.com", "--secret-file"],
    ["server", "add", "remote", "https://tools.example.com/mcp", "--type", "mcp", "--header", "X-Key: ${secret:KEY}", "--header-secret-file"],
], ids=lambda a: " ".join(a[:2]))
def test_a_dash_at_a_terminal_asks_and_shows_nothing(binary, own, argv):
    last = "KEY=-" if argv[-1] == "--header-secret-file" else "-"
    seen, status = at_a_terminal([binary, *argv, last, "--data", str(own.data)], "hush-hush-hush")
    assert status == 0 and "hush" not in seen, seen


def test_accounts_are_the_operators(binary, own):
    made = run(binary, "user", "add", "alice@example.com", "--password-file", "-", "--data", own.data, stdin="a long enough password\n")
    assert made.returncode == 0, made.stderr
    short = run(binary, "user", "add", "bob@example.com", "--password-file", "-", "--data", own.data, stdin="short\n")
    assert short.returncode == 1 and "password" in short.stderr
    by_key = caller(binary, own, "network")("user", "add", "carol@example.com", "--password-file", "-", stdin="a long enough password\n")
    assert by_key.returncode == 1 and "--data" in by_key.stderr


@pytest.mark.parametrize("argv", [
    [], ["nothing"], ["key"], ["key", "create"], ["key", "create", "a", "b"], ["key", "create", "a", "--limit", "3"], ["serve", "--bogus"],
    ["key", "list", "--limit"], ["provider", "add", "x", "--type", "discord"], ["user", "add", "a@example.com"], ["docs", "nothing"],
    ["simulate", "discord", "--app", "a:b"],
])
def test_wrong_usage_is_2(binary, tmp_path, argv):
    r = run(binary, *argv, env={"TOKENBOOTH_DATA": str(tmp_path), "HOME": str(tmp_path)})
    assert r.returncode == 2, (r.stdout, r.stderr)
    assert r.stderr or argv == []


def test_help_of_every_command(binary):
    listed = run(binary, "--help").stdout
    names = [line[2:33].split("  ")[0] for line in listed.splitlines() if line.startswith("  ")]
    assert len(names) > 15
    for name in names:
        words = [w for w in name.split() if w.islower() and "|" not in w]
        r = run(binary, *words, "--help")
        assert r.returncode == 0 and r.stdout.startswith("usage: tokenbooth " + " ".join(words)), name


def commands(binary):
    """Every command as its own help names it: its words, and what it takes."""
    lines = [line[2:].split("  ")[0].split() for line in run(binary, "--help").stdout.splitlines() if line.startswith("  ")]
    return [([w for w in words if w.islower() and "|" not in w], [w for w in words if w.isupper()]) for words in lines]


def test_an_argument_that_names_nothing_is_named(binary, tmp_path):
    """It would be part of a path: of another path, when it is empty or has a slash."""
    alone = {"TOKENBOOTH_DATA": str(tmp_path / "none"), "HOME": str(tmp_path)}
    naming = [(words, takes) for words, takes in commands(binary) if takes and takes[0] in ("ID", "KEY", "TOOL")]
    assert len(naming) >= 15, naming
    for words, takes in naming:
        for bad, says in ("", f"{takes[0]} is empty"), ("a/b", f'{takes[0]} cannot be "a/b"'), ("..", f'{takes[0]} cannot be ".."'):
            r = run(binary, *words, bad, *takes[1:], env=alone)
            assert r.returncode == 2 and says in r.stderr and r.stdout == "", (words, bad, r.stderr)
    r = run(binary, "key", "list", "--project", "a/b", env=alone)
    assert r.returncode == 2 and '--project cannot be "a/b"' in r.stderr


def test_every_list_is_read_to_its_end(binary, own):
    for id in "one", "two":
        r = own.cli("provider", "add", id, "--type", "discord", "--client-id", "1", "--client-secret-file", "-", stdin="hush-hush\n")
        assert r.returncode == 0, r.stderr
    lists = [words for words, _ in commands(binary) if words[-1] == "list"]
    assert len(lists) >= 7, lists
    for words in lists:
        r = own.cli(*words, "--limit", "1", "--offset", "1")
        assert r.returncode == 0, (words, r.stderr)
    first, rest = (own.cli("provider", "list", "--limit", "1", *more).stdout for more in ([], ["--offset", "1"]))
    assert "one" in first and "two" not in first and "(1 of 2; see --limit and --offset)" in first and "two" in rest and "one" not in rest


def test_nobody_there_is_4(binary, tmp_path):
    gone = run(binary, "key", "list", "--data", tmp_path / "none")
    assert gone.returncode == 4 and "none" in gone.stderr and not (tmp_path / "none").exists()
    net = run(binary, "key", "list", "--url", "http://127.0.0.1:9", "--key", "x")
    assert net.returncode == 4 and "127.0.0.1:9" in net.stderr


def test_wrong_key_is_1_and_told(binary, own):
    r = run(binary, "key", "list", "--url", own.url, "--key", "arc_wrong-and-secret")
    assert r.returncode == 1 and "API key" in r.stderr and "arc_wrong" not in r.stderr


def test_secrets_are_never_echoed(binary, own, tmp_path):
    (tmp_path / "oauth2.json").write_text('{"client_id": "1", "client_secret": "from-the-file-secret", "authorize_request": 3}')
    r = run(binary, "provider", "add", "bad", "--oauth2-file", tmp_path / "oauth2.json", "--data", own.data)
    assert r.returncode == 1 and "from-the-file" not in r.stderr + r.stdout + own.log()


def test_init_makes_the_folder_once(binary, tmp_path):
    first = run(binary, "init", "--json", "--data", tmp_path / "d")
    assert first.returncode == 0, first.stderr
    ready = json.loads(first.stdout)
    assert ready["first_run"] is True and ready["api_key"].startswith("arc_") and "/setup?" in ready["setup_url"]
    again = run(binary, "init", "--data", tmp_path / "d")
    assert again.returncode == 1 and "already" in again.stderr


def checks(r):
    return {c["check"]: c for c in json.loads(r.stdout)["checks"]}


def test_doctor_is_content_with_a_good_set_up(binary, engine):
    r = engine.cli("doctor", "--config", str(engine.config), "--json")
    found = checks(r)
    assert found["provider my-discord"]["status"] == "ok" and found["clock"]["status"] == "ok", found
    assert found["data folder"]["status"] == "ok" and found["version"]["status"] == "ok" and found["store"]["status"] == "ok"
    # Nobody listens at the verifier of this world, and doctor says so.
    assert found["verifier"]["status"] == "failed" and found["verifier"]["mend"] and r.returncode == 1


def test_doctor_names_what_is_wrong(binary, own):
    own.add_discord()
    os.chmod(own.data / "root.key", 0o644)
    config = own.folder / "other.yaml"
    config.write_text("network:\n  connect_to: ['discord.com:443:127.0.0.1:9']\n")
    r = run(binary, "doctor", "--json", "--data", own.data, "--config", config)
    found = checks(r)
    assert r.returncode == 1 and json.loads(r.stdout)["ok"] is False
    assert found["provider my-discord"]["status"] == "failed" and "discord.com" in found["provider my-discord"]["message"]
    assert found["data folder"]["mend"] == f"chmod 600 {own.data}/root.key"
    config.write_text("network:\n  nothing: 1\n")
    found = checks(run(binary, "doctor", "--json", "--data", own.data, "--config", config))
    assert found["configuration"]["status"] == "failed" and "other.yaml:2" in found["configuration"]["message"]


def test_doctor_over_the_network_says_what_it_did_not_look_at(binary, own):
    own.add_discord()
    r = caller(binary, own, "network")("doctor")
    first, last = r.stdout.splitlines()[0], r.stdout.split("\n\n")[-1]
    assert r.returncode == 0 and first.startswith("skipped  configuration: ") and "ARCADE_BASE_URL" in first, r.stdout
    for check in ("data folder", "public address", "provider my-discord", "credentials", "issuers", "clock", "verifier"):
        assert f"skipped  {check}: " in r.stdout, (check, r.stdout)
    assert own.cli("provider", "list").stdout.split("http://")[1].split()[0] in r.stdout, "the redirect address to register"
    assert "Nothing is wrong in what was looked at." in last and "8 checks were not made" in last, r.stdout


def test_doctor_says_first_which_configuration_it_looked_at(binary, own):
    other = run(binary, "doctor", "--data", own.data, env={"HOME": str(own.folder)})
    assert "configuration: no file" in other.stdout.splitlines()[0] and str(own.data) in other.stdout.splitlines()[0], other.stdout
    assert f"the engine that runs goes by {own.url}, and this configuration says http://localhost:9099" in other.stdout
    same = run(binary, "doctor", "--data", own.data, "--config", own.config)
    assert str(own.config) in same.stdout.splitlines()[0], same.stdout


def test_doctor_leaves_no_finding_out(binary, own):
    config = own.folder / "other.yaml"
    config.write_text("network:\n  connect_to: ['discord.com:443:127.0.0.1:9']\n")
    for i in range(90):
        own.add_discord(f"discord-{i}")
    r = run(binary, "doctor", "--json", "--data", own.data, "--config", config)
    found = checks(r)
    assert all(found[f"provider discord-{i}"]["status"] == "failed" for i in range(90)) and "clock" in found
    assert json.loads(r.stdout)["skipped"] == len([c for c in found.values() if c["status"] == "skipped"]) > 0


def test_doctor_tries_credentials_when_it_is_told_to(binary, engine, simulator):
    engine.add_discord("believed")
    engine.add_discord("not-believed")
    assert engine.cli("provider", "set", "not-believed", "--client-secret-file", "-", stdin="not-the-secret\n").returncode == 0
    untried = engine.cli("doctor", "--config", str(engine.config))
    assert "skipped  credentials: " in untried.stdout and "--try-credentials" in untried.stdout and "believed: credentials" not in untried.stdout
    tried = engine.cli("doctor", "--config", str(engine.config), "--try-credentials").stdout
    assert "ok       provider believed: credentials" in tried and "skipped  credentials" not in tried, tried
    assert "failed   provider not-believed: credentials" in tried and "tokenbooth provider set" in tried, tried
    assert "not-the-secret" not in tried
    for id in ("believed", "not-believed"):
        assert engine.cli("provider", "remove", id).returncode == 0


def test_a_server_that_does_not_answer_is_told_of_wherever_it_is_shown(binary, own):
    added = own.cli("server", "add", "gone", f"http://127.0.0.1:{free_port()}", "--secret-file", "-", stdin="worker-secret\n")
    assert added.returncode == 0 and "Added the server gone, but it does not answer: " in added.stdout and "worker-secret" not in added.stdout
    assert "answers  no" in own.cli("server", "show", "gone").stdout
    assert "Server gone: " in own.cli("tool", "list").stdout
    found = checks(own.cli("doctor", "--json", "--config", str(own.config)))
    assert found["server gone"]["status"] == "failed" and found["server gone"]["mend"], found


@pytest.mark.parametrize("way", WAYS)
def test_a_provider_is_changed(binary, own, way):
    call = caller(binary, own, way)
    made = call("provider", "add", "mine", "--type", "discord", "--client-id", "123", "--client-secret-file", "-", stdin="secret-of-then\n")
    assert made.returncode == 0, made.stderr
    before = json.loads(call("provider", "show", "mine", "--json").stdout)
    changed = call("provider", "set", "mine", "--client-id", "456", "--client-secret-file", "-", "--description", "Ours", stdin="secret-of-now2\n")
    assert changed.returncode == 0 and "Changed the provider mine" in changed.stdout and "secret" not in changed.stdout, changed.stderr
    after = json.loads(call("provider", "show", "mine", "--json").stdout)
    assert (after["oauth2"]["client_id"], after["description"]) == ("456", "Ours")
    assert after["oauth2"]["client_secret"] != before["oauth2"]["client_secret"], "the hint is the new secret's"
    assert after["oauth2"]["redirect_uri"] == before["oauth2"]["redirect_uri"]
    assert call("provider", "set", "mine", "--status", "inactive").returncode == 0
    shown = json.loads(call("provider", "show", "mine", "--json").stdout)
    assert shown["status"] == "inactive" and shown["oauth2"]["client_secret"] == after["oauth2"]["client_secret"]
    for argv, status, words in ((["mine"], 2, "say what to set"), (["nobody", "--status", "active"], 1, "not found"), (["mine", "--status", "off"], 1, "status")):
        wrong = call("provider", "set", *argv)
        assert wrong.returncode == status and words in wrong.stderr, wrong.stderr


def test_an_unknown_type_of_provider_names_the_known_ones(binary, own):
    r = own.cli("provider", "add", "x", "--type", "dicsord", "--client-id", "1", "--public-client")
    assert r.returncode == 1 and all(f in r.stderr for f in ("clickup", "discord", "dropbox", "github", "google", "oauth2", "slack", "oauth2.authorize_request")), r.stderr


def test_a_proxy_that_is_not_trusted_is_told_of_once_in_the_log(binary, own):
    with own.client() as c:
        for i in range(20):
            assert c.get("/v1/health", headers={"X-Forwarded-For": f"198.51.100.{i}"}).status_code == 200
    lines = [line for line in own.log().splitlines() if "http.forwarded_for_ignored" in line]
    assert len(lines) == 1 and 'peer="127.0.0.1"' in lines[0] and "api.trusted_proxies" in lines[0] and "198.51" not in lines[0], lines


def test_a_new_client_secret_is_asked_for_and_not_shown(binary, own):
    own.add_discord()
    seen, status = at_a_terminal([binary, "provider", "set", "my-discord", "--client-secret-file", "-", "--data", str(own.data)], "hush-hush-hush")
    assert status == 0 and "hush" not in seen, seen


def test_connections_are_shown_and_deleted(binary, engine, simulator, api):
    from test_discord import connect

    connect(engine, simulator, api, "command-line@example.com", as_user="alice")
    listed = json.loads(engine.cli("connection", "list", "--user", "command-line@example.com", "--json").stdout)
    assert listed["total_count"] == 1
    one = listed["items"][0]["id"]
    shown = engine.cli("connection", "show", one)
    assert shown.returncode == 0 and "command-line@example.com" in shown.stdout and "identify" in shown.stdout
    gone = engine.cli("connection", "delete", one)
    assert gone.returncode == 0 and "Disconnected" in gone.stdout
    assert engine.cli("connection", "show", one).returncode == 1


def test_the_story_of_a_connection_and_of_an_authorization(binary, engine, simulator, api):
    """Every way to ask gives the same steps; --json is the API's answer."""
    start, _ = connect(engine, simulator, api, "story@example.com", simulator.person(), ["identify"])
    connection = next(c for c in api.get("/v1/admin/user_connections", params={"user_id": "story@example.com"}).json()["items"])
    text = engine.cli("connection", "show", connection["id"])
    assert text.returncode == 0, text.stderr
    for word in ("link_opened", "callback", "code_exchange", "verified", "completed", "asked", "POST https://discord.com/api/oauth2/token",
                 "grant_type=authorization_code", "answered", "access_token", "expires_in=604800"):
        assert word in text.stdout, (word, text.stdout)
    shown = json.loads(engine.cli("connection", "show", connection["id"], "--json").stdout)
    own = api.get(f"/tb/v1/authorizations/{start['id']}").json()
    assert shown["events"] == own["events"] and shown["connection_status"] == "active" and shown["reason"] is None
    again = engine.cli("authorization", "show", start["id"])
    assert again.stdout.split("Timeline")[1] == text.stdout.split("Timeline")[1]
    assert start["id"] in engine.cli("authorization", "list", "--user", "story@example.com").stdout
    assert engine.cli("connection", "delete", connection["id"]).returncode == 0
    assert "disconnect" in engine.cli("authorization", "show", start["id"]).stdout
    for command in ("connection", "authorization"):
        r = engine.cli(command, "show", "nothing-of-the-kind")
        assert r.returncode == 1 and "not found" in r.stderr
