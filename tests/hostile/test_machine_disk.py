# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, read-only or broken: said in words, nothing lost, and serving again when it is mended, without a restart."""
import concurrent.futures
import errno
import os
import signal
import subprocess

import pytest
from hostile import stored
from machine import Disk, Faults, World
from world import until


@pytest.fixture()
def faulty(binary, tmp_path):
    faults = Faults(tmp_path)
    with World(binary, tmp_path, env=faults.env) as w:
        w.faults = faults
        yield w
        faults[faults.WRITE_ERRNO] = 0


def refused(world, user):
    """A request that must be stored, at a disk that cannot: its answer, or None while the store still has room."""
    answer = world.ask(user)
    if answer.status_code == 200:
        return None
    assert answer.status_code in (500, 503), answer.text
    return answer


def under_way(world):
    """How many refreshes were claimed and have no outcome yet."""
    return stored(world.engine, "SELECT count(*) FROM connections WHERE sent_generation > 0")[0]


@pytest.mark.parametrize("code, status, words", [(errno.ENOSPC, 503, "full"), (errno.EROFS, 503, None), (errno.EIO, 500, None)])
def test_a_disk_that_cannot_be_written(faulty, code, status, words):
    faulty.connect("alice@example.com")
    faulty.faults[faulty.faults.WRITE_ERRNO] = code
    answer = refused(faulty, "new@example.com")
    assert answer is not None
    if words:
        assert answer.status_code == status and words in answer.json()["message"] and int(answer.headers["retry-after"]) >= 1, answer.text
    for _ in range(3):  # what is only read goes on
        assert faulty.works(faulty.token("alice@example.com"))
        assert refused(faulty, "new@example.com") is not None
    assert any(w in faulty.engine.log() for w in ("full", "read-only", "reports an error"))
    sick = until("health to say so", lambda: (h := faulty.health()).status_code == 503 and h)
    assert sick.json()["healthy"] is False and sick.json()["reason"], sick.text
    store = next(c for c in sick.json()["checks"] if c["name"] == "store")
    assert store["status"] == "fail" and store["reason"]["cause"] == sick.json()["reason"] and store["reason"]["fix"], sick.text
    faulty.faults[faulty.faults.WRITE_ERRNO] = 0
    until("the disk to be used again", lambda: faulty.ask("new@example.com").status_code == 200)
    until("health to say so", lambda: faulty.health().status_code == 200)
    faulty.connect("bob@example.com")
    assert faulty.works(faulty.token("bob@example.com")) and faulty.works(faulty.token("alice@example.com"))


def test_a_pair_that_comes_while_the_disk_is_full_is_kept_until_it_is_stored(faulty):
    """The provider takes a refresh token once: the answer that cannot be stored is the only copy of the grant."""
    faulty.lifetime(4)
    faulty.connect("alice@example.com")
    old = faulty.token("alice@example.com")
    faulty.lifetime()
    before = faulty.refreshes()  # on a slow machine the read above may have renewed it
    os.kill(faulty.sim.p.pid, signal.SIGSTOP)  # it takes its time

    def renewed():
        answer = faulty.ask("alice@example.com")
        token = answer.json()["context"]["token"] if answer.status_code == 200 else None
        return token if token != old else None

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        reader = pool.submit(until, "a new token", renewed, 150)
        until("the refresh to be claimed", lambda: under_way(faulty) == 1)
        faulty.faults[faulty.faults.WRITE_ERRNO] = errno.ENOSPC
        os.kill(faulty.sim.p.pid, signal.SIGCONT)
        until("a pair that cannot be stored", lambda: "refresh.not_stored" in faulty.engine.log())
        for _ in range(5):
            assert refused(faulty, "new@example.com") is not None
        faulty.faults[faulty.faults.WRITE_ERRNO] = 0
        assert faulty.works(reader.result())
    until("a word that it is stored", lambda: "refresh.stored" in faulty.engine.log())
    assert faulty.refreshes() == before + 1
    assert faulty.works(faulty.token("alice@example.com"))


def test_a_full_disk(binary, tmp_path):
    disk = Disk(tmp_path)
    with World(binary, tmp_path, prefix=disk.prefix) as world:
        try:
            world.connect("alice@example.com")
            disk.fill()
            users = (f"more-{n}@example.com" for n in range(100000))
            answer = until("the room to be used up", lambda: refused(world, next(users)), 60)
            assert answer.status_code == 503 and "full" in answer.json()["message"], answer.text
            kept = [u["user_id"] for u in all_pending(world)]
            for _ in range(20):
                assert world.works(world.token("alice@example.com"))
                assert world.ask(next(users)).status_code in (200, 503)  # a small one may still find room
            assert "SQLITE" not in world.engine.log()
            disk.free()
            until("the disk to be used again", lambda: world.ask(next(users)).status_code == 200)
            world.connect("bob@example.com")
            assert world.works(world.token("bob@example.com")) and world.works(world.token("alice@example.com"))
            assert set(kept) <= {u["user_id"] for u in all_pending(world)}  # what was acknowledged is there
        finally:
            disk.end()


def all_pending(world):
    items = []
    with world.engine.client() as api:
        while True:
            page = api.get("/tb/v1/authorizations", params={"limit": 100, "offset": len(items)}).json()["items"]
            items += page
            if not page:
                return items


def test_a_folder_that_cannot_be_written_is_refused_at_start(binary, tmp_path):
    with World(binary, tmp_path) as world:
        world.connect("alice@example.com")
        assert world.engine.stop() == 0
        script = f'mount --bind "{world.engine.data}" "{world.engine.data}" && mount -o remount,bind,ro "{world.engine.data}" && exec "$@"'
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", binary, "serve", "--data", str(world.engine.data), "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 3 and "Read-only file system" in done.stderr, done.stderr
        world.restart()
        assert world.works(world.token("alice@example.com"))
