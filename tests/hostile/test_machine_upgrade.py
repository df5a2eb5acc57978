# SPDX-License-Identifier: Apache-2.0
"""A store made by the last version with another schema opens and upgrades: every grant is there and works, and the copy taken before is whole."""
import pathlib
import shutil
import subprocess

import pytest
from machine import World

ROOT = pathlib.Path(__file__).parents[2]


def git(*argv, cwd=ROOT):
    done = subprocess.run(["git", *argv], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"this test needs the repository's history: git {' '.join(argv)}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def previous():
    """The binary of the commit before the newest migration, built once a commit in build/previous."""
    newest = sorted(p.name for p in (ROOT / "migrations").glob("[0-9]*.sql"))[-1]
    if newest.startswith("0001_"):
        pytest.fail("there is one migration only: nothing upgrades")
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", f"migrations/{newest}")
    rev = git("rev-parse", f"{added}~1") if added else git("rev-parse", "HEAD")  # a migration that is not committed yet
    tree, mark = ROOT / "build" / "previous", ROOT / "build" / "previous.rev"
    binary = tree / "build" / "tokenbooth"
    if not binary.exists() or not mark.exists() or mark.read_text() != rev:
        shutil.rmtree(tree, ignore_errors=True)
        git("worktree", "prune")
        tree.mkdir(parents=True)
        archive = subprocess.Popen(["git", "archive", rev], cwd=ROOT, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(tree)], stdin=archive.stdout, check=True)
        assert archive.wait() == 0
        built = subprocess.run(["scripts/build", "build", "-Dtests=false"], cwd=tree, capture_output=True, text=True)
        assert built.returncode == 0 and binary.exists(), built.stdout + built.stderr
        mark.write_text(rev)
    return str(binary)


@pytest.mark.timeout(3000)  # it builds the version before: two minutes here
def test_a_store_of_the_version_before_upgrades(binary, previous, tmp_path):
    users = [f"user-{n}@example.com" for n in range(5)]
    with World(previous, tmp_path) as world:
        for user in users:
            world.connect(user)
        tokens = {user: world.token(user) for user in users}
        pending = world.ask("later@example.com").json()
        assert world.engine.stop() == 0

        world.binary = binary
        world.restart()
        for user in users:
            assert world.token(user) == tokens[user] and world.works(tokens[user])
        assert world.ask("later@example.com").json()["id"] == pending["id"]
        with world.engine.client() as api:
            assert [p["id"] for p in api.get("/v1/admin/auth_providers").json()["items"]] == ["my-discord"]
        world.connect("new@example.com")
        assert world.works(world.token("new@example.com")) and world.health().status_code == 200
        copies = list(world.engine.data.glob("store.sqlite3.before-[0-9]*"))
        assert len(copies) == 1

        # the old binary refuses what it does not know, and by version
        assert world.engine.stop() == 0
        old = subprocess.run([previous, "serve", "--listen", "127.0.0.1:0", "--data", str(world.engine.data)], capture_output=True, text=True, timeout=60)
        assert old.returncode == 3 and "newer Tokenbooth" in old.stderr, old.stderr

        # the copy from before is a backup like any other
        done = world.tool("restore", str(copies[0]), "--force")
        assert done.returncode == 0, done.stderr
        world.restart()
        for user in users:
            assert world.works(world.token(user))
