# SPDX-License-Identifier: Apache-2.0
"""Starting the engine: what is refused says what is wrong and the mend; what is shown is shown once."""
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess

import httpx
import pytest
from world import BOUND, Engine


def serve(binary, *argv, cwd, env=None):
    """A start that is expected to end by itself."""
    return subprocess.run([binary, "serve", *map(str, argv)], capture_output=True, text=True, timeout=BOUND, cwd=cwd,
                          stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(cwd), "TOKENBOOTH_DATA": "", **(env or {})})


def test_first_run_shows_the_key_once_and_it_works(binary, tmp_path):
    with Engine(binary, tmp_path) as first:
        assert first.ready["event"] == "ready" and first.ready["first_run"] is True and first.ready["pid"] == first.p.pid
        assert first.ready["dashboard"] == first.url + "/dashboard" and first.ready["setup_url"].startswith(first.url + "/setup?")
        assert first.key.startswith("arc_")
        with first.client() as c:
            assert c.get("/v1/admin/auth_providers").status_code == 200
        for name, mode in ("", 0o700), ("root.key", 0o600), ("store.sqlite3", 0o600), ("control.sock", 0o600), ("lock", 0o600):
            assert stat.S_IMODE(os.lstat(first.data / name).st_mode) == mode, name
        assert first.key not in first.log() and first.ready["setup_url"] not in first.log()
    with Engine(binary, tmp_path) as again:
        assert again.ready["first_run"] is False
        assert "api_key" not in again.ready and "setup_url" not in again.ready
        with again.client() as c:
            assert c.get("/v1/admin/auth_providers").status_code == 200


def test_text_for_a_person(binary, tmp_path):
    p = subprocess.Popen([binary, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)})
    try:
        text = ""
        while "doctor" not in text:
            line = p.stdout.readline()
            assert line, text
            text += line
        exports = [line.strip().removeprefix("export ") for line in text.splitlines() if line.strip().startswith("export ")]
        env = dict(e.split("=", 1) for e in exports)
        assert set(env) == {"ARCADE_BASE_URL", "ARCADE_API_KEY"}
        r = httpx.get(env["ARCADE_BASE_URL"] + "/v1/admin/auth_providers", headers={"Authorization": env["ARCADE_API_KEY"]}, trust_env=False)
        assert r.status_code == 200
        p.send_signal(signal.SIGINT)
        assert p.wait(BOUND) == 0
    finally:
        p.kill()
        p.wait()


def test_never_into_the_journal(binary, tmp_path):
    read, write = os.pipe()
    where = os.fstat(write)
    p = subprocess.Popen([binary, "serve", "--json", "--data", tmp_path / "data", "--listen", "127.0.0.1:0"], stdout=write,
                         stderr=subprocess.DEVNULL, cwd=tmp_path,
                         env={**os.environ, "HOME": str(tmp_path), "JOURNAL_STREAM": f"{where.st_dev}:{where.st_ino}"})
    os.close(write)
    try:
        with os.fdopen(read) as out:
            ready = json.loads(out.readline())
        assert ready["first_run"] is True and "api_key" not in ready and "setup_url" not in ready
    finally:
        p.terminate()
        assert p.wait(BOUND) == 0


def test_taken_port_is_refused_and_does_not_swallow_the_first_key(binary, tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        r = serve(binary, "--data", tmp_path / "data", "--listen", f"127.0.0.1:{port}", cwd=tmp_path)
    assert r.returncode == 3 and str(port) in r.stderr and "--listen" in r.stderr and r.stdout == ""
    with Engine(binary, tmp_path) as engine:
        assert engine.ready["first_run"] is True and engine.key.startswith("arc_")


def test_folder_in_use_is_refused_by_pid(binary, tmp_path):
    with Engine(binary, tmp_path) as engine:
        r = serve(binary, "--data", engine.data, "--listen", "127.0.0.1:0", cwd=tmp_path)
        assert r.returncode == 3 and f"process {engine.p.pid}" in r.stderr


@pytest.mark.parametrize("name,mode", [("", 0o755), ("root.key", 0o644), ("store.sqlite3", 0o640)])
def test_what_others_can_read_is_refused_with_the_chmod(binary, tmp_path, name, mode):
    with Engine(binary, tmp_path) as engine:
        pass
    os.chmod(engine.data / name, mode)
    r = serve(binary, "--data", engine.data, "--listen", "127.0.0.1:0", cwd=tmp_path)
    assert r.returncode == 3 and f"chmod {'600' if name else '700'} {engine.data}" in r.stderr


def test_another_users_folder_is_refused(binary, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    r = serve(binary, "--data", folder, "--listen", "127.0.0.1:0", cwd=tmp_path)
    assert r.returncode == 3 and "65534" in r.stderr


def test_missing_root_key_beside_a_full_store_is_refused(binary, tmp_path):
    with Engine(binary, tmp_path) as engine:
        pass
    shutil.move(engine.data / "root.key", tmp_path / "kept.key")
    r = serve(binary, "--data", engine.data, "--listen", "127.0.0.1:0", cwd=tmp_path)
    assert r.returncode == 3 and "root.key" in r.stderr and "backup" in r.stderr
    assert not (engine.data / "root.key").exists()
    shutil.move(tmp_path / "kept.key", engine.data / "root.key")
    with Engine(binary, tmp_path) as again, again.client() as c:
        assert c.get("/v1/admin/auth_providers").status_code == 200


@pytest.mark.parametrize("yaml,says", [
    ("network:\n  conect_to: []\n", "engine.yaml:2: network.conect_to: unknown key"),
    ("api:\n  port: ninety\n", "engine.yaml:2: api.port: must be"),
    ("storage:\n  postgres: {host: x}\n", "engine.yaml:2: storage.postgres"),
    ("auth:\n  providers:\n    - {id: d, provider_id: nobody, client_id: x}\n", "engine.yaml:3: auth provider d: "),
    ("provider_definitions:\n  discord: {authorise: {}}\n", "authorise"),
])
def test_wrong_configuration_is_refused_by_line(binary, tmp_path, yaml, says):
    (tmp_path / "engine.yaml").write_text(yaml)
    r = serve(binary, "--config", "engine.yaml", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", cwd=tmp_path)
    assert r.returncode == 3 and says in r.stderr, r.stderr


def test_unknown_key_of_arcades_is_only_warned_of(binary, tmp_path):
    with Engine(binary, tmp_path, config="future_section:\n  a: 1\n") as engine:
        assert "future_section" in engine.log()


def test_plain_http_to_others_needs_development(binary, tmp_path):
    argv = ["--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--public-url", "http://engine.example.com"]
    r = serve(binary, *argv, cwd=tmp_path)
    assert r.returncode == 3 and "https" in r.stderr


def test_a_provider_that_cannot_be_understood_stops_nobody(binary, tmp_path):
    """One was made under api.development with an http endpoint, another's row is damaged: both are out of use, with cause and mend."""
    def endpoint(scheme, port):
        return {"authorize_request": {"endpoint": f"{scheme}://localhost:{port}/authorize"},
                "token_request": {"endpoint": f"{scheme}://localhost:{port}/token"}}

    with Engine(binary, tmp_path) as e, e.client() as c:
        for name, scheme in (("local", "http"), ("broken", "https"), ("good", "https")):
            made = c.post("/v1/admin/auth_providers", json={"id": name, "oauth2": {"client_id": "c", "client_secret": "hush", **endpoint(scheme, 9199)}})
            assert made.status_code == 201, made.text
    with sqlite3.connect(tmp_path / "data" / "store.sqlite3") as db:
        (row,) = db.execute("SELECT id FROM providers WHERE unique_id = 'broken'").fetchone()
        db.execute("UPDATE providers SET config = 'no json' WHERE id = ?", (row,))
        assert db.execute("UPDATE provider_revisions SET definition = 'no json' WHERE provider_id = ?", (row,)).rowcount == 1
    with Engine(binary, tmp_path, config="api:\n  development: false\n") as e, e.client() as c:
        want = {"local": ("authorize.url must be an https address", "api.development: true"), "broken": ("", "provider remove broken")}
        rows = {p["id"]: p for p in c.get("/v1/admin/auth_providers").json()["items"]}
        assert rows["good"]["status"] == "active" and "reason" not in rows["good"]
        for name, (cause, fix) in want.items():
            assert rows[name]["status"] == "inactive" and rows[name]["reason"]["code"] == "out_of_use", rows[name]
            assert cause in rows[name]["reason"]["cause"] and rows[name]["reason"]["cause"] and fix in rows[name]["reason"]["fix"]
            said = c.post("/v1/auth/authorize", json={"user_id": "alice", "auth_requirement": {"provider_id": name}})
            assert said.status_code == 400 and f"{name} is out of use" in said.json()["message"] and fix in said.json()["message"]
            tested = c.post(f"/tb/v1/providers/{name}/test").json()
            assert tested["ok"] is False and tested["checks"][0]["fix"] == rows[name]["reason"]["fix"]
        assert rows["local"]["oauth2"]["token_request"]["endpoint"] == "http://localhost:9199/token"
        asked = c.post("/v1/auth/authorize", json={"user_id": "alice", "auth_requirement": {"provider_id": "good"}})
        assert asked.status_code == 200 and asked.json()["url"]
        health = c.get("/v1/health")
        assert health.status_code == 200 and [k["status"] for k in health.json()["checks"] if k["name"] == "providers"] == ["warn"]
        log = e.log().splitlines()
        assert all(any("provider.out_of_use" in r and f'provider="{name}"' in r for r in log) for name in want), log
        assert all(any("provider.not_redefined" in r and f'provider="{name}"' in r for r in log) for name in want), log
        listed, shown, looked = e.cli("provider", "list"), e.cli("provider", "show", "local"), e.cli("doctor")
        assert listed.stdout.count("out_of_use") == 2 and "api.development: true" in shown.stdout
        assert looked.returncode == 1 and "provider local: it is out of use" in looked.stdout
        patched = c.patch("/v1/admin/auth_providers/local", json={"oauth2": {"client_secret": "hush", **endpoint("https", 9199)}})
        assert patched.status_code == 200 and patched.json()["status"] == "active" and "reason" not in patched.json(), patched.text
        again = c.patch("/v1/admin/auth_providers/broken", json={"oauth2": {"client_secret": "hush", **endpoint("https", 9200)}})
        assert again.status_code == 200 and again.json()["status"] == "active", again.text
        assert e.cli("provider", "remove", "broken").returncode == 0
        assert c.get("/v1/admin/auth_providers/broken").status_code == 404
    with Engine(binary, tmp_path, config="api:\n  development: false\n") as e, e.client() as c:
        assert {p["id"]: p["status"] for p in c.get("/v1/admin/auth_providers").json()["items"]} == {"good": "active", "local": "active"}
