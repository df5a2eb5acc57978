# SPDX-License-Identifier: Apache-2.0
"""/v1/health under real faults: each check goes false with a cause and a fix, comes back by itself, and only the store's
makes the engine unhealthy; it answers while the disk hangs and the lane to the store is full."""
import concurrent.futures
import contextlib
import os
import sqlite3
import threading

import pytest
from machine import Disk, Faults, World
from world import LONG, until

NAMES = ["serving", "lanes", "store", "root_key", "jobs", "disk", "providers"]


@pytest.fixture()
def world(binary, tmp_path):
    with World(binary, tmp_path) as w:
        yield w


def look(world):
    """{name: check}; the answer's own promises are held on the way."""
    answer = world.health()
    body = answer.json()
    checks = {c["name"]: c for c in body["checks"]}
    assert list(checks) == NAMES
    failed = [c for c in body["checks"] if c["status"] == "fail"]
    assert (answer.status_code, body["healthy"]) == ((503, False) if failed else (200, True)), answer.text
    assert body.get("reason") == (failed[0]["reason"]["cause"] if failed else None)
    for c in body["checks"]:
        if c["status"] == "ok":
            assert c["reason"] is None
        else:
            assert c["reason"]["cause"] and c["reason"]["fix"], c
    assert world.folder.name not in answer.text and "discord" not in answer.text  # anybody may read it
    return checks


def becomes(world, name, status):
    return until(f"{name} to be {status}", lambda: (c := look(world)[name])["status"] == status and c)


def test_all_is_well(world):
    assert {c["status"] for c in look(world).values()} == {"ok"}


def test_a_root_key_that_the_next_start_would_not_find(world):
    path = world.engine.data / "root.key"
    kept = path.read_bytes()
    path.rename(path.with_suffix(".away"))
    assert "Put it back" in becomes(world, "root_key", "warn")["reason"]["fix"]
    until("a word about it", lambda: "health.root_key_gone" in world.engine.log())
    path.with_suffix(".away").rename(path)
    becomes(world, "root_key", "ok")
    path.chmod(0o644)
    becomes(world, "root_key", "warn")
    path.chmod(0o600)
    becomes(world, "root_key", "ok")
    path.write_bytes(kept[:1].swapcase() + kept[1:] if kept[:1].isalpha() else b"A" + kept[1:])  # another key
    becomes(world, "root_key", "warn")
    path.write_bytes(kept)
    becomes(world, "root_key", "ok")
    assert kept.strip().decode() not in world.engine.log()


def test_a_disk_with_little_room(binary, tmp_path):
    disk = Disk(tmp_path, megabytes=288)
    try:
        with World(binary, tmp_path, prefix=disk.prefix) as w:
            becomes(w, "disk", "ok")
            disk.order(f"head -c 220000000 /dev/zero >{disk.data}/filler")
            assert "room" in becomes(w, "disk", "warn")["reason"]["fix"]
            w.connect("alice@example.com")  # there is still enough
            disk.free()
            becomes(w, "disk", "ok")
    finally:
        disk.end()


def test_a_provider_that_is_not_reached(world):
    users = [f"u{i}@example.com" for i in range(8)]
    world.lifetime(2)
    for u in users:
        world.connect(u)
    world.lifetime()
    world.sim.fault(on="refresh", status=503, body="down", content_type="text/plain")

    def held_back():
        for u in users:
            world.ask(u)
        return look(world)["providers"]["status"] == "warn"

    until("its calls to be held back", held_back)
    world.sim.clear()

    def reached():
        for u in users:
            world.ask(u)
        return look(world)["providers"]["status"] == "ok"

    until("it to be reached again", reached)


def test_a_disk_that_hangs_and_a_full_lane(binary, tmp_path):
    """Nobody gets through to the store any more; who asks for the health does, at once."""
    faults = Faults(tmp_path)
    with World(binary, tmp_path, env=faults.env, config="limits: {pool: 1}\n") as w:
        w.connect("alice@example.com")
        over = threading.Event()

        def keep_asking(n):
            with contextlib.suppress(Exception):
                while not over.is_set():
                    if w.ask(f"new-{n}-{os.urandom(4).hex()}@example.com").status_code == 503:
                        over.wait(0.2)

        faults[faults.HANGS] = 1
        with concurrent.futures.ThreadPoolExecutor(80) as pool:
            try:
                for n in range(80):
                    pool.submit(keep_asking, n)
                full = becomes(w, "lanes", "warn")
                assert full["reason"]["about"] == "pool", full
                assert "disk" in becomes(w, "store", "fail")["reason"]["cause"]
                assert w.works(w.token("alice@example.com"))  # from memory
            finally:
                over.set()
                faults[faults.HANGS] = 0
        becomes(w, "store", "ok")
        becomes(w, "lanes", "ok")
        w.connect("bob@example.com")


if LONG:  # a job is late after three of its turns: two and a half minutes
    def test_jobs_that_cannot_run(world):
        """Another process holds the store for itself, so no job can take its turn."""
        db = sqlite3.connect(world.engine.data / "store.sqlite3", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        try:
            becomes(world, "store", "fail")
            late = until("a job to be late", lambda: (c := look(world)["jobs"])["status"] == "warn" and c, 400)
            assert "job.failed" in late["reason"]["fix"] and late["reason"]["about"]
        finally:
            db.execute("ROLLBACK")
            db.close()
        becomes(world, "store", "ok")
        becomes(world, "jobs", "ok")
