# SPDX-License-Identifier: Apache-2.0
"""tokenbooth backup and restore: a round trip under load, what is refused and in which words, and what an old backup may not do."""
import base64
import itertools
import json
import os
import shutil
import sqlite3
import stat
import threading
import time

import machine
import pytest
from machine import SCOPES
from test_discord import authorize
from world import LONG, Engine, figure, until

class World(machine.World):
    def asked(self, user, engine=None):
        with (engine or self.engine).client() as api:
            return authorize(api, user, SCOPES).json()


@pytest.fixture()
def world(binary, tmp_path):
    w = World(binary, tmp_path)
    yield w
    w.close()


def left_over(data):
    return sorted(p.name for p in data.iterdir() if p.name not in ("store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm", "root.key", "control.sock", "lock"))


class Load:
    """Writers that make authorizations, confirm consents and refresh grants until they are stopped."""

    def __init__(self, world, churn):
        self.world, self.churn, self.stop, self.faults = world, churn, threading.Event(), []
        self.confirmed, self.asked, self.refreshed = [], 0, 0
        self.threads = [threading.Thread(target=self.run, args=(f,)) for f in (self.confirm, self.ask, self.refresh)]

    def run(self, act):
        for n in itertools.count():
            if self.stop.is_set():
                return
            try:
                act(n)
            except Exception as e:  # told to the test, which runs elsewhere
                self.faults.append(repr(e))
                return

    def confirm(self, n):
        user = f"loaded-{n}@example.com"
        self.world.connect(user)
        self.confirmed.append(user)  # acknowledged: confirm_user has answered

    def ask(self, n):
        assert self.world.asked(f"asked-{n}@example.com")["status"] == "pending"
        self.asked += 1

    def refresh(self, n):
        answer = self.world.asked(self.churn[n % len(self.churn)])
        assert answer["status"] == "completed", answer
        self.refreshed += 1

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.stop.set()
        for t in self.threads:
            t.join(60)


def test_a_round_trip_under_load(world, tmp_path):
    churn = [f"churn-{i}@example.com" for i in range(3)]
    world.sim.control.post("/knobs", json={"token_lifetime_s": 3})  # read all the time, they are refreshed all the time
    for user in churn:
        world.connect(user)
    world.sim.control.post("/clock", json={"advance_s": 0})
    copy = tmp_path / "copy.sqlite3"
    rounds = 20 if LONG else 2
    with Load(world, churn) as load:
        for n in range(rounds):
            until("more consents", lambda: load.faults or len(load.confirmed) >= 4 * (n + 1))
            until("more refreshes", lambda: load.faults or len(world.sim.calls(kind="refresh")) >= 2 * (n + 1))
            before = list(load.confirmed)
            done = world.tool("backup", str(copy), "--json", *(["--force"] if n else []))
            assert done.returncode == 0, done.stderr
        after = len(load.confirmed)
        until("consents after the backup", lambda: load.faults or len(load.confirmed) > after + 1)
    assert not load.faults, load.faults
    told = json.loads(done.stdout)
    assert told["file"] == str(copy) and told["bytes"] == copy.stat().st_size
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.glob("copy*")) == ["copy.sqlite3"]
    assert left_over(world.engine.data) == []
    figure("backup under load", f"{told['bytes']} bytes; {load.asked} asked, {len(load.confirmed)} confirmed, {load.refreshed} read meanwhile")

    # it opens by itself, and holds every grant that was acknowledged before it was begun
    db = sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    live = {u for (u,) in db.execute("SELECT user_id FROM connections WHERE status = 'live'")}
    db.close()
    assert set(before) | set(churn) <= live, (set(before) | set(churn)) - live

    # nothing of the root key
    key = (world.engine.data / "root.key").read_bytes().strip()
    raw = base64.urlsafe_b64decode(key + b"=")
    bytes_ = copy.read_bytes()
    for form in (key, raw, raw.hex().encode(), base64.b64encode(raw)[:-2]):
        assert form not in bytes_

    # on another machine, with the root key: a new folder
    assert world.engine.stop() == 0
    world.sim.control.post("/knobs", json={"token_lifetime_s": -1})
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "data").mkdir(mode=0o700)
    shutil.copy(world.engine.data / "root.key", other / "data" / "root.key")
    done = world.tool("restore", str(copy), "--json", data=other / "data")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["grants"] == len(live) and json.loads(done.stdout)["kept"] is None
    with Engine(world.binary, other, simulator=world.sim) as restored:
        restored.key = world.engine.key
        for user in before:
            answer = world.asked(user, restored)
            assert answer["status"] == "completed", (user, answer)
            assert world.works(answer["context"]["token"]), user
        for user in churn:  # refreshed after the copy was made: the truth, one way or the other
            answer = world.asked(user, restored)
            if answer["status"] == "completed":
                assert world.works(answer["context"]["token"]), user
                continue
            with restored.client() as api:
                items = api.get("/tb/v1/events", params={"limit": 100, "resource_type": "connection"}).json()["items"]
            assert any(e["reason"] == "refresh_answer_lost" for e in items)
        log = restored.cli("connection", "list", "--json")
        assert log.returncode == 0


def test_an_old_backup_serves_no_spent_token_and_signs_nobody_in(world, tmp_path):
    copy = tmp_path / "copy.sqlite3"
    world.connect("spent@example.com")
    world.connect("good@example.com")
    assert world.engine.cli("user", "add", "ops@example.com", "--role", "admin", "--password-file", "-", stdin="correct horse battery").returncode == 0
    with world.engine.client(key="") as c:
        r = c.post("/tb/v1/sessions", json={"email": "ops@example.com", "password": "correct horse battery"})
        assert r.status_code == 201, r.text
        cookies = dict(c.cookies)
    assert world.tool("backup", str(copy)).returncode == 0
    world.sim.control.post("/knobs", json={"token_lifetime_s": 2})

    # after the backup its refresh token is used: at Discord it works once
    db = sqlite3.connect(world.engine.data / "store.sqlite3")
    db.execute("UPDATE connections SET force_refresh = 1, due_at = 1 WHERE user_id = 'spent@example.com'")
    db.commit()
    db.close()
    until("the refresh", lambda: world.sim.calls(kind="refresh"))
    assert world.engine.stop() == 0
    world.sim.control.post("/knobs", json={"token_lifetime_s": -1})

    refused = world.tool("restore", str(copy))
    assert refused.returncode == 1 and "--force" in refused.stderr, refused.stderr
    done = world.tool("restore", str(copy), "--force", "--json")
    assert done.returncode == 0, done.stderr
    kept = json.loads(done.stdout)["kept"]
    assert kept and stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    world.restart()

    # each is renewed at its next use; what was spent ends with its reason, what was not goes on
    until("the end of the spent grant", lambda: world.asked("spent@example.com")["status"] == "pending")
    with world.engine.client() as api:
        items = api.get("/tb/v1/authorizations", params={"user_id": "spent@example.com"}).json()["items"]
        assert [a["reason"]["code"] for a in items if a["status"] == "failed"] == ["refresh_answer_lost"]
        assert "backup" in [a["reason"]["cause"] for a in items if a["status"] == "failed"][0]
        first = world.asked("good@example.com")["context"]["token"]
        until("the renewal of the other", lambda: world.asked("good@example.com")["context"]["token"] != first)
        assert world.works(world.asked("good@example.com")["context"]["token"])
        kinds = [e["kind"] for e in api.get("/tb/v1/events", params={"resource_type": "store"}).json()["items"]]
        assert kinds == ["store.restored", "store.backed_up"]
    with world.engine.client(key="") as c:
        assert c.get("/tb/v1/sessions/current", cookies=cookies).status_code == 401

    # and the one that was kept is whole: putting it back brings the newer state
    assert world.engine.stop() == 0
    assert world.tool("restore", kept, "--force").returncode == 0
    world.restart()
    until("the pair that was there", lambda: world.asked("spent@example.com")["status"] == "completed")


def test_backup_says_what_it_refuses(world, tmp_path):
    copy = tmp_path / "copy.sqlite3"
    copy.write_text("mine")
    done = world.tool("backup", str(copy))
    assert done.returncode == 1 and "--force" in done.stderr and copy.read_text() == "mine"
    done = world.tool("backup", str(tmp_path / "no" / "such" / "folder"))
    assert done.returncode == 1 and "No such file" in done.stderr, done.stderr
    done = world.tool("backup")
    assert done.returncode == 2 and "FILE" in done.stderr
    with world.engine.client() as api:  # the operator's alone
        assert api.post("/tb/v1/backup").status_code in (401, 403)
    assert world.engine.cli("backup", str(tmp_path / "x"), key=True).returncode == 1
    assert left_over(world.engine.data) == [] and not list(tmp_path.glob("*.part-*")) and not (tmp_path / "x").exists()
    assert world.engine.stop() == 0  # and without an engine it works as well
    assert world.tool("backup", str(copy), "--force").returncode == 0 and copy.read_bytes()[:6] == b"SQLite"
    world.restart()


def test_restore_says_what_it_refuses_and_changes_nothing(world, tmp_path):
    copy, data = tmp_path / "copy.sqlite3", world.engine.data
    world.connect("kept@example.com")
    assert world.tool("backup", str(copy)).returncode == 0
    good = copy.read_bytes()

    running = world.tool("restore", str(copy), "--force")
    assert running.returncode == 1 and str(world.engine.p.pid) in running.stderr, running.stderr
    assert world.asked("kept@example.com")["status"] == "completed"
    assert world.engine.stop() == 0
    before = (data / "store.sqlite3").read_bytes()

    bad = tmp_path / "bad.sqlite3"
    damaged = bytearray(good)
    for at in range(len(good) // 2, len(good) - 4096, 4096):
        damaged[at:at + 2048] = b"\xa5" * 2048
    newer = bytearray(good)
    newer[60:64] = (9999).to_bytes(4, "big")  # user_version in the header
    for content, word in ((b"not a database at all", "not a store"), (b"", "is not a backup"), (bytes(damaged), "damaged"), (good[:len(good) // 2], "damaged"),
                          (bytes(newer), "newer Tokenbooth")):
        bad.write_bytes(content)
        done = world.tool("restore", str(bad), "--force")
        assert done.returncode in (1, 3) and word in done.stderr, (word, done.stderr)
    assert world.tool("restore", str(tmp_path / "absent"), "--force").returncode == 1

    key = data / "root.key"
    mine = key.read_bytes()
    db = sqlite3.connect(f"file:{copy}?immutable=1", uri=True)
    (name,) = db.execute("SELECT DISTINCT root_key_id FROM keys").fetchone()
    db.close()
    key.write_bytes(base64.urlsafe_b64encode(b"another key of 32 random bytes!!").rstrip(b"=") + b"\n")
    done = world.tool("restore", str(copy), "--force")
    assert done.returncode == 3 and name in done.stderr, done.stderr
    key.unlink()
    done = world.tool("restore", str(copy), "--force")
    assert done.returncode == 3 and name in done.stderr and "root.key" in done.stderr, done.stderr
    assert not key.exists()  # a restore never makes a key
    key.write_bytes(mine)
    key.chmod(0o600)
    nowhere = world.tool("restore", str(copy), data=tmp_path / "nowhere")
    assert nowhere.returncode == 1 and "mkdir -m 700" in nowhere.stderr, nowhere.stderr

    assert (data / "store.sqlite3").read_bytes() == before and left_over(data) == []
    world.restart()
    assert world.works(world.asked("kept@example.com")["context"]["token"])
