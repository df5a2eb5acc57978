# SPDX-License-Identifier: Apache-2.0
"""A damaged page of the store, a root key that is gone or another's: said in words, never a wrong answer, mended by `restore` or the key."""
import base64
import os
import sqlite3

import pytest
from machine import World
from world import until


@pytest.fixture()
def world(binary, tmp_path):
    with World(binary, tmp_path) as w:
        yield w


def pages_of(path, table):
    """The leaf pages of a table, from the file itself: a b-tree page tells its kind in its first byte."""
    db = sqlite3.connect(path)
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    size = db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    data, found, todo = path.read_bytes(), [], [root]
    while todo:
        n = todo.pop()
        page = data[(n - 1) * size:n * size]
        if page[0] == 0x0d:
            found.append(n)
        elif page[0] == 0x05:
            cells = int.from_bytes(page[3:5], "big")
            todo += [int.from_bytes(page[int.from_bytes(page[12 + 2 * i:14 + 2 * i], "big"):][:4], "big") for i in range(cells)]
            todo.append(int.from_bytes(page[8:12], "big"))
    return size, sorted(found)


def scribble(path, size, number):
    with open(path, "r+b") as f:
        f.seek((number - 1) * size)
        f.write(b"\x5a" * size)
        f.flush()
        os.fsync(f.fileno())


def test_a_damaged_page_is_told_and_mended_by_restore(world, tmp_path):
    users = [f"user-{n}@example.com" for n in range(4)]
    for user in users:
        world.connect(user)
    copy, store = tmp_path / "copy.sqlite3", world.engine.data / "store.sqlite3"
    assert world.tool("backup", str(copy)).returncode == 0
    assert world.engine.stop() == 0
    size, pages = pages_of(store, "connections")
    scribble(store, size, pages[0])
    world.restart()

    # never a silent wrong answer: an error, and not "pending, let the user consent again"
    answers = [world.ask(u) for u in users]
    assert any(a.status_code == 500 for a in answers), [a.text for a in answers]
    for a, user in zip(answers, users):
        assert a.status_code == 500 or (a.json()["status"] == "completed" and world.works(a.json()["context"]["token"])), a.text
    assert "damaged" in world.engine.log()
    health = until("health to say so", lambda: (h := world.health()).status_code == 503 and h)
    assert health.json()["healthy"] is False and "damaged" in health.json()["reason"]
    doctor = world.engine.cli("doctor")
    assert doctor.returncode == 1 and "damaged" in doctor.stdout and "restore" in doctor.stdout, doctor.stdout
    with world.engine.client() as api:  # what does not touch the page goes on
        assert api.get("/v1/admin/auth_providers").status_code == 200
    # a backup of it is refused, and the last good one not overwritten
    bad = world.tool("backup", str(copy), "--force")
    assert bad.returncode == 1 and "damaged" in bad.stderr, bad.stderr
    assert sorted(p.name for p in world.engine.data.glob("backup-*")) == []

    assert world.engine.stop() in (0, 1)
    done = world.tool("restore", str(copy), "--force")
    assert done.returncode == 0, done.stderr
    world.restart()
    assert world.health().status_code == 200
    for user in users:
        assert world.works(world.token(user))


def test_a_root_key_that_is_gone_or_anothers(world):
    world.connect("alice@example.com")
    data = world.engine.data
    key, mine = data / "root.key", (data / "root.key").read_bytes()
    assert world.engine.stop() == 0
    before = (data / "store.sqlite3").read_bytes()

    key.unlink()
    lost = world.tool("serve", "--listen", "127.0.0.1:0")
    assert lost.returncode == 3 and "root key" in lost.stderr and "missing" in lost.stderr, lost.stderr
    assert not key.exists()  # never a new key beside an old store

    key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=") + b"\n")
    key.chmod(0o600)
    wrong = world.tool("serve", "--listen", "127.0.0.1:0")
    assert wrong.returncode == 3 and "root key file-" in wrong.stderr and "missing" in wrong.stderr, wrong.stderr

    key.write_bytes(mine[:20] + b"\n")
    cut = world.tool("serve", "--listen", "127.0.0.1:0")
    assert cut.returncode == 3 and "damaged" in cut.stderr, cut.stderr

    # a key with the right name and another value, and keys of which none is the store's
    key.unlink()
    secret = base64.b64encode(os.urandom(32)).decode()
    plain = world.engine.config.read_text()
    world.engine.config.write_text(plain + f'security:\n  root_keys:\n    - id: other\n      default: true\n      value: "{secret}"\n')
    other = world.tool("serve", "--listen", "127.0.0.1:0")
    assert other.returncode == 3 and "root key file-" in other.stderr and secret not in other.stderr, other.stderr
    world.engine.config.write_text(plain)

    assert (data / "store.sqlite3").read_bytes() == before
    key.write_bytes(mine)
    key.chmod(0o600)
    world.restart()
    assert world.works(world.token("alice@example.com"))
