# SPDX-License-Identifier: Apache-2.0
"""Very many live grants: a data folder filled through the store's own acts (tests/bench/seed.c), a simulated provider that knows each of
their tokens, and readers of them in processes of their own."""
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

from late import late_clock, set_clock
from world import Engine, Simulator

SEED = pathlib.Path(os.environ.get("TB_SEED") or pathlib.Path(__file__).parents[2] / "build" / "tests" / "bench" / "bench_seed")
CLIENT = ("100000000000000001", "seeded-client-secret")
LIFE_S, LEAD_S = 3600, 300  # of the seeded tokens; how long before its end the engine renews such a token


def user(i):
    return f"user-{i}@example.com"


class Seeded:
    """n grants whose tokens end LIFE_S from now, the last `within` seconds after the first."""

    def __init__(self, binary, folder, n, within):
        self.binary, self.folder, self.n = binary, folder, n
        assert SEED.exists(), f"{SEED} is not built; run scripts/test-hostile"
        tokens = folder / "tokens"
        out = subprocess.run([SEED, str(n), folder / "data", str(LIFE_S), str(within), tokens], check=True, capture_output=True, text=True).stdout
        (folder / "key").write_text(re.search(r"ARCADE_API_KEY=(\S+)", out).group(1))
        self.sim = Simulator(binary, folder)
        self.sim.app("http://localhost/callback", *CLIENT)
        items = [{**json.loads(line), "scopes": ["identify", "email", "guilds"]} for line in tokens.read_text().splitlines()]
        for i in range(0, n, 1000):
            r = self.sim.control.post("/grants/adopt", json={"client_id": CLIENT[0], "items": items[i:i + 1000]})
            assert r.status_code == 200, r.text
        self.engine, self.late, self.clock = None, 0, None

    def start(self, late=0, clock=None):
        """The engine, `late` seconds ahead; with clock, a file that says so and may say something else later.  The provider goes along."""
        env = late_clock(self.binary, late)
        if clock is not None:
            clock.write_text(f"+{late}\n")
            env = set_clock(clock, both=True)
        self.clock = clock
        self._provider(late)
        self.engine = Engine(self.binary, self.folder, simulator=self.sim, env=env)

    def _provider(self, late):
        r = self.sim.control.post("/clock", json={"advance_s": late - self.late})
        assert r.status_code == 200, r.text
        self.late = late

    def later(self, seconds):
        self._provider(self.late + seconds)
        new = self.clock.with_suffix(".new")
        new.write_text(f"+{self.late}\n")
        os.replace(new, self.clock)

    def left(self):
        """How many grants still have their first pair; asking the provider would keep it from its work."""
        db = sqlite3.connect(f"file:{self.folder}/data/store.sqlite3?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM connections WHERE generation = 1").fetchone()[0]
        finally:
            db.close()

    def consents(self):
        """What the provider has on record of each user."""
        return {g["user"]: g["consents"][0] for g in self.sim.control.get("/grants").json()["items"]}

    def close(self):
        if self.engine is not None and self.engine.p.poll() is None:
            self.engine.stop()
        self.sim.control.close()
        self.sim.stop()


class Readers:
    """Processes that read random grants until they are told to stop; then they say how long each read took and what was wrong."""

    def __init__(self, engine, n, processes=2, rate=300, key=None):
        argv = [sys.executable, str(pathlib.Path(__file__).with_name("readers.py")), engine.url, str(n), str(rate)]
        self.p = [subprocess.Popen([*argv, str(k + 1), str(processes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "ARCADE_API_KEY": key or engine.key})
                  for k in range(processes)]
        for p in self.p:
            assert p.stdout.readline() == "reading\n"

    def read_each(self):
        """Waits until every grant was read once."""
        for p in self.p:
            assert p.stdout.readline() == "each was read\n"

    def stop(self):
        """(milliseconds of each read, sorted; users read; what was wrong)"""
        for p in self.p:
            p.stdin.close()
        said = [json.loads(p.stdout.read().removeprefix("each was read\n")) for p in self.p]
        assert [p.wait() for p in self.p] == [0] * len(self.p)
        return sorted(ms for s in said for ms in s["ms"]), set().union(*(s["users"] for s in said)), [w for s in said for w in s["wrong"]]


def at(sorted_ms, share):
    return sorted_ms[min(len(sorted_ms) - 1, int(len(sorted_ms) * share))]
