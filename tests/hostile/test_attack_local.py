# SPDX-License-Identifier: Apache-2.0
"""On the engine's own machine: another user, a prepared folder, a simulator or a demo that somebody left running."""
import os
import socket
import stat
import subprocess

import httpx
import pytest
from attacker import address, Answers, dial, hear, listeners, raw, say
from world import BOUND, Engine, Process, free_port, until


def serve(binary, data, *more):
    return subprocess.run([binary, "serve", "--data", str(data), "--listen", "127.0.0.1:0", *more], capture_output=True, text=True, timeout=BOUND)


# ---- the data folder ----
@pytest.mark.parametrize("name", ["store.sqlite3", "root.key", "lock", "control.sock"])
def test_a_link_planted_in_the_folder_is_not_followed(binary, tmp_path, name):
    """Whoever could write there once must not have the engine write, or read a key, elsewhere."""
    data, target = tmp_path / "data", tmp_path / "target"
    data.mkdir(mode=0o700)
    target.write_text("")
    target.chmod(0o600)
    os.symlink(target, data / name)
    r = serve(binary, data)
    assert r.returncode != 0 and str(data) in r.stderr, r.stderr
    assert target.read_text() == ""


def test_a_folder_that_is_a_link_or_open_to_others_is_refused(binary, tmp_path):
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    os.symlink(real, tmp_path / "link")
    assert serve(binary, tmp_path / "link").returncode != 0
    for mode in (0o755, 0o770, 0o707, 0o701):
        real.chmod(mode)
        r = serve(binary, real)
        assert r.returncode != 0 and "chmod 700" in r.stderr, r.stderr
    assert list(real.iterdir()) == []
    if os.geteuid() == 0:
        real.chmod(0o700)
        os.chown(real, 65534, 65534)
        r = serve(binary, real)
        assert r.returncode != 0 and "belongs to user" in r.stderr, r.stderr


def test_what_the_engine_writes_is_its_users_alone(binary, tmp_path):
    """Whatever the umask of whoever started it."""
    with Engine(binary, tmp_path, prefix=("sh", "-c", 'umask 0; exec "$0" "$@"')) as eng:
        assert stat.S_IMODE(os.stat(eng.data).st_mode) == 0o700
        names = os.listdir(eng.data)
        assert {"store.sqlite3", "root.key", "control.sock", "lock"} <= set(names)
        for name in names:
            assert stat.S_IMODE(os.lstat(eng.data / name).st_mode) & 0o077 == 0, name


# ---- set-up ----
def test_guessing_the_set_up_link(binary, tmp_path):
    """A fresh engine on a network: without the printed link nobody becomes its owner, and guessing is slowed."""
    with Engine(binary, tmp_path) as eng, httpx.Client(base_url=eng.url, timeout=BOUND, trust_env=False) as c:
        name = f"tb_setup_{address(eng.url)[1]}"
        assert "<form" not in c.get("/setup").text
        said = []
        for i in range(12):
            token = f"{i:043d}"
            page = c.get("/setup", headers={"Cookie": f"{name}={token}"})
            csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
            r = c.post("/setup", data={"csrf": csrf, "email": "evil@example.com", "password": "a long password"}, headers={"Cookie": f"{name}={token}", "Origin": eng.url})
            said.append(r.status_code)
        assert set(said) <= {403, 429} and said[0] == 403 and said[-1] == 429, said
        r = c.post("/tb/v1/accounts", json={"email": "evil@example.com", "password": "a long password", "role": "owner"}, headers={"Authorization": eng.key})
        assert r.status_code == 403  # nor with an API key
        assert c.get("/setup", params={"token": eng.ready["setup_url"].split("token=")[1]}).status_code == 303


# ---- the simulator and the demo ----
def test_the_simulators_proxy_leads_nowhere_else(simulator):
    """It opens tunnels to the hosts it plays and to nothing else: no way into the network of whoever left it running."""
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(0.2)
        port = inside.getsockname()[1]
        for target in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "169.254.169.254:80", "example.com:443", "discord.com.evil.example:443", "evil.example#discord.com:443",
                       f"discord.com@127.0.0.1:{port}", "discord.com:22", f"discord.com:{port}", "DISCORD.COM.:443x", ":443", ""):
            a = Answers(raw(simulator.ready["proxy"], f"CONNECT {target} HTTP/1.1\r\nHost: discord.com:443\r\n\r\n".encode())) if target else None
            assert a is None or a.status[0] in (400, 403), (target, a.status)
        for method in ("GET http://127.0.0.1:%d/ HTTP/1.1" % port, "GET / HTTP/1.1", "POST http://discord.com/ HTTP/1.1"):
            assert Answers(raw(simulator.ready["proxy"], f"{method}\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())).status[0] in (400, 403, 405)
        with pytest.raises(TimeoutError):
            inside.accept()
    with dial(simulator.ready["proxy"]) as s:  # it does work for its own
        say(s, b"CONNECT discord.com:443 HTTP/1.1\r\nHost: discord.com:443\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 200 ")


LOOPBACKS = {"0100007F", "00000000000000000000000001000000"}


def test_nothing_listens_beyond_this_machine_unasked(binary, simulator, tmp_path):
    """Engine, simulator (with proxy and control) and demo, as started without a word about addresses."""
    assert {a for a, _ in listeners(simulator.p.pid)} <= LOOPBACKS
    argv = [binary, "serve", "--json", "--data", str(tmp_path / "d"), "--listen", f"localhost:{free_port()}"]
    with Process(argv, tmp_path / "log") as eng:
        at = {a for a, _ in listeners(eng.p.pid)}
        assert at and at <= LOOPBACKS
    argv = [binary, "demo", "--json", "--data", str(tmp_path / "demo"), "--listen", f"127.0.0.1:{free_port()}", "--sim-listen", f"127.0.0.1:{free_port()}"]
    with Process(argv, tmp_path / "demo.log") as demo:
        at = {a for a, _ in listeners(demo.p.pid)}
        assert at and at <= LOOPBACKS


def test_the_control_socket_speaks_to_its_user_alone(binary, tmp_path):
    """Its peer's uid is asked of the kernel: even with the folder and the socket opened by mistake, another user gets nothing."""
    if os.geteuid() != 0:
        pytest.skip("another user's attempt needs root")
    with Engine(binary, tmp_path) as eng:
        path = eng.data / "control.sock"
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(path))
            say(s, b"GET /tb/v1/api_keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert Answers(hear(s)).status == [200]
        opened = [p for p in (eng.data, *eng.data.parents) if p != p.parent and os.stat(p).st_mode & 0o005 != 0o005]
        before = [(p, os.stat(p).st_mode) for p in (path, *opened)]
        try:
            for p, _ in before:
                p.chmod(0o777)
            script = ("import os,socket,sys\nos.setgid(65534); os.setuid(65534)\ns=socket.socket(socket.AF_UNIX); s.settimeout(10)\n"
                      "s.connect(sys.argv[1]); print('connected')\ntry:\n s.sendall(b'GET /tb/v1/api_keys HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'); print(s.recv(9999))\n"
                      "except OSError as e: print(e)\n")
            out = subprocess.run(["python3", "-c", script, str(path)], capture_output=True, text=True, timeout=BOUND)
        finally:
            for p, mode in before:
                p.chmod(stat.S_IMODE(mode))
        assert "connected" in out.stdout and "200" not in out.stdout and "items" not in out.stdout, out
        until("the engine still there", lambda: httpx.get(eng.url + "/v1/health", trust_env=False).status_code == 200)
