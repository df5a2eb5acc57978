# SPDX-License-Identifier: Apache-2.0
"""What an operator reads and types: help, start messages, accounts of every role, the set-up link, the same answers every way."""
import contextlib
import json
import os
import signal
import subprocess

import httpx
import pytest
from test_command_line import WAYS, caller, own, run  # noqa: F401
from world import BOUND, Browser, Engine, Form


@pytest.mark.parametrize("group,names", [
    ("key", ["key create", "key list", "key revoke"]), ("provider", ["provider add", "provider set", "provider list", "provider show", "provider remove"]),
    ("connection", ["connection list", "connection show", "connection delete"]), ("user", ["user add"]),
])
def test_help_of_a_group_of_commands(binary, group, names):
    r = run(binary, group, "--help")
    assert r.returncode == 0 and r.stderr == ""
    listed = [line[2:].split("  ")[0] for line in r.stdout.splitlines() if line.startswith("  ")]
    assert [" ".join(name.split()[:2]) for name in listed] == names
    assert run(binary, "nothing", "--help").returncode == 2


def test_every_default_that_help_names_is_of_that_command(binary):
    assert "127.0.0.1:8443" in run(binary, "simulate", "--help").stdout
    assert "localhost:9099" in run(binary, "serve", "--help").stdout
    assert "127.0.0.1:9199" in run(binary, "demo", "--help").stdout


def message(binary, folder, until, *argv):
    """The start message of an engine that is told to end as soon as it was printed."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ARCADE_", "TOKENBOOTH_"))}
    p = subprocess.Popen([binary, "serve", "--listen", "127.0.0.1:0", *argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                         cwd=folder, env={**clean, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "share")})
    try:
        text = ""
        while until not in text:
            line = p.stdout.readline()
            assert line, text
            text += line
        p.send_signal(signal.SIGTERM)
        assert p.wait(BOUND) == 0
        return text
    finally:
        p.kill()
        p.wait()


def test_the_commands_a_start_names_find_this_engine(binary, tmp_path):
    first = message(binary, tmp_path, "doctor")
    assert "/dashboard" in first and "/setup?token=" in first and f"{binary} provider add" in first and "--data" not in first
    again = message(binary, tmp_path, "doctor")
    assert "ARCADE_API_KEY" not in again and "/setup" not in again and f"{binary} key create NAME" in again
    other = message(binary, tmp_path, "doctor", "--data", "here")
    named = [line.strip() for line in other.splitlines() if " provider add " in line][0]
    assert named.endswith("--client-id YOUR_CLIENT_ID --data here") and "doctor --data here" in other


def add(binary, engine, email, *argv):
    return run(binary, "user", "add", email, "--password-file", "-", "--data", engine.data, *argv, stdin="a long enough password\n")


@contextlib.contextmanager
def signed_in(engine, email, password="a long enough password"):
    """A client with the cookie of a new session."""
    with httpx.Client(base_url=engine.url, trust_env=False, timeout=BOUND) as c:
        assert c.post("/tb/v1/sessions", json={"email": email, "password": password}).status_code == 201
        yield c


def test_an_account_is_made_with_the_role_that_is_named(binary, own):  # noqa: F811
    plain = add(binary, own, "alice@example.com")
    assert plain.returncode == 0 and "nothing else" in plain.stdout
    owner = add(binary, own, "owner@example.com", "--role", "owner")
    assert owner.returncode == 0 and "owner" in owner.stdout
    wrong = add(binary, own, "carol@example.com", "--role", "king")
    assert wrong.returncode == 1 and "role must be one of verify, viewer, member, admin, owner" in wrong.stderr
    with signed_in(own, "owner@example.com") as c:
        assert c.get("/tb/v1/sessions/current").json()["role"] == "owner"
        assert {m["email"]: m["role"] for m in c.get("/tb/v1/members").json()["items"]} == {"alice@example.com": "verify", "owner@example.com": "owner"}
    with signed_in(own, "alice@example.com") as c:
        assert c.get("/tb/v1/sessions/current").json()["role"] == "verify"
        assert c.get("/tb/v1/api_keys").status_code == 403


def test_a_key_makes_no_accounts_of_any_role(binary, own):  # noqa: F811
    r = caller(binary, own, "network")("user", "add", "carol@example.com", "--password-file", "-", "--role", "owner", stdin="a long enough password\n")
    assert r.returncode == 1 and "--data" in r.stderr


def set_up(engine, email):
    """Opens the one-time link and makes an account; the answer after the form."""
    with Browser() as b:
        r = b.get(engine.ready["setup_url"])
        while r.status_code == 303:
            r = b.get(str(r.next_request.url))
        if "<form" not in r.text:
            return r
        form = Form(r.text, str(r.url))
        form.fields |= {"email": email, "password": "a long enough password"}
        return b.post(form.action, form.fields)


def test_accounts_that_only_verify_leave_the_set_up_link_open(binary, own):  # noqa: F811
    """Alice's account may be made before the operator opened his link; he must still get in."""
    assert add(binary, own, "alice@example.com").returncode == 0
    r = set_up(own, "owner@example.com")
    assert r.status_code == 303 and r.headers["location"].endswith("/dashboard"), r.text
    with signed_in(own, "owner@example.com") as c:
        assert c.get("/tb/v1/sessions/current").json()["role"] == "owner"
    assert "is set up" in set_up(own, "second@example.com").text


def test_whoever_lost_the_link_reads_what_to_type(binary, own):  # noqa: F811
    page = httpx.get(own.url + "/setup", trust_env=False)
    assert page.status_code == 403 and "tokenbooth user add EMAIL --role owner" in page.text
    assert add(binary, own, "owner@example.com", "--role", "owner").returncode == 0
    assert "is set up" in set_up(own, "late@example.com").text


@pytest.mark.parametrize("way", WAYS)
def test_the_same_answers_every_way(binary, own, way):  # noqa: F811
    call = caller(binary, own, way)
    key = json.loads(call("key", "create", "app", "--json").stdout)
    assert list(key) == ["id", "name", "key", "created_at"]
    assert json.loads(call("provider", "list", "--json").stdout)["items"] == []
    assert "provider add" in call("provider", "list").stdout and "No connections" in call("connection", "list").stdout
    assert json.loads(call("connection", "list", "--json").stdout)["total_count"] == 0
    for argv in ("provider", "show", "none"), ("provider", "remove", "none"), ("connection", "show", "none"), ("connection", "delete", "none"):
        r = call(*argv)
        assert r.returncode == 1 and "not found" in r.stderr and r.stdout == "", argv
    until = json.loads(call("key", "create", "short", "--expires-at", "2999-01-31T00:00:00Z", "--json").stdout)
    assert until["expires_at"] == "2999-01-31T00:00:00Z"
    past = call("key", "create", "late", "--expires-at", "2020-01-31T00:00:00Z")
    assert past.returncode == 1 and past.stderr.count("expires_at") == 1


def test_a_client_secret_is_never_asked_for_twice_nor_taken_from_the_command_line(binary, own, tmp_path):  # noqa: F811
    (tmp_path / "secret").write_text("from-a-file-secret\n")
    r = run(binary, "provider", "add", "d", "--type", "discord", "--client-id", "1", "--client-secret-file", tmp_path / "secret", "--data", own.data)
    assert r.returncode == 0 and "from-a-file" not in r.stdout + r.stderr
    for argv in ["--client-secret", "hush-hush"], ["--client-secret=hush-hush"]:
        abbreviated = run(binary, "provider", "add", "x", "--type", "discord", "--client-id", "1", *argv, "--data", own.data)
        assert abbreviated.returncode == 2 and "no option --client-secret;" in abbreviated.stderr and "hush" not in abbreviated.stderr
    public = run(binary, "provider", "add", "p", "--type", "discord", "--client-id", "1", "--public-client", "--data", own.data)
    assert public.returncode == 0, public.stderr
    shown = json.loads(run(binary, "provider", "show", "p", "--json", "--data", own.data).stdout)
    assert shown["oauth2"]["client_secret"]["exists"] is False
    missing = run(binary, "provider", "add", "x", "--type", "discord", "--client-id", "1", "--client-secret-file", tmp_path / "none", "--data", own.data)
    assert missing.returncode in (1, 2) and "none" in missing.stderr


def test_a_folder_that_is_none_and_a_path_that_is_too_long(binary, tmp_path):
    (tmp_path / "file").write_text("x")
    deep = tmp_path / ("a" * 110)
    for folder, says in (tmp_path / "file", "is not a folder"), (deep, "107"):
        r = run(binary, "serve", "--data", folder, "--listen", "127.0.0.1:0")
        assert r.returncode == 3 and says in r.stderr, r.stderr
    assert not deep.exists()


def test_demo_says_what_to_press_and_ends_on_ctrl_c(binary, tmp_path):
    p = subprocess.Popen([binary, "demo", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)})
    try:
        text = ""
        while "Ctrl-C" not in text:
            line = p.stdout.readline()
            assert line, p.stderr.read()
            text += line
        link = [w for w in text.split() if "/connect/" in w][0]
        assert "simulation" in text and 'Press "Authorize"' in text
        with Browser() as b:
            page = b.get(b.to_provider(link))
        assert "SIMULATION" in page.text and ">Authorize<" in page.text
        p.send_signal(signal.SIGINT)
        assert p.wait(BOUND) == 0
        assert p.stderr.read() == ""
    finally:
        p.kill()
        p.wait()
    assert [f for f in os.listdir(tmp_path) if f.startswith("tokenbooth-demo")] == []


def test_the_port_of_another_program_is_named(binary, own, tmp_path):  # noqa: F811
    port = own.url.rsplit(":", 1)[1]
    r = run(binary, "serve", "--data", tmp_path / "other", "--listen", f"127.0.0.1:{port}")
    assert r.returncode == 3 and f"port {port}" in r.stderr and "--listen" in r.stderr


def test_a_second_start_shows_no_secret_and_keeps_the_first(binary, tmp_path):
    with Engine(binary, tmp_path) as first:
        key = first.key
    with Engine(binary, tmp_path) as again:
        assert "api_key" not in again.ready
        r = httpx.get(again.url + "/v1/admin/auth_providers", headers={"Authorization": "Bearer " + key}, trust_env=False)
        assert r.status_code == 200
