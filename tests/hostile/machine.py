# SPDX-License-Identifier: Apache-2.0
"""A machine that fails on demand: a process under faults.c, a disk of a few megabytes, a clock that is set while the engine runs."""
import mmap
import os
import pathlib
import shutil
import struct
import subprocess

from late import set_clock
from test_discord import authorize, connect
from world import Engine, Simulator, until

SCOPES = ["identify"]


class Faults:
    """The library of faults.c and the numbers it goes by."""
    RATE, WRITE_ERRNO, REFUSED, UNWRITTEN, HANGS = range(5)

    def __init__(self, folder):
        source = pathlib.Path(__file__).parent / "faults.c"
        self.lib = folder / "faults.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self.lib), str(source), "-ldl"], check=True)
        self.path = folder / "faults"
        self.path.write_bytes(bytes(5 * 8))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 40)
        self.env = {"LD_PRELOAD": str(self.lib), "TB_FAULTS": str(self.path)}

    def __getitem__(self, i):
        return struct.unpack_from("<Q", self.map, 8 * i)[0]

    def __setitem__(self, i, v):
        struct.pack_into("<Q", self.map, 8 * i, v)


class Disk:
    """A tmpfs of its own for the data folder, in a mount namespace, with a helper in there that fills and frees it."""

    def __init__(self, folder, megabytes=4):
        self.folder, self.data = folder, folder / "data"
        self.data.mkdir(mode=0o700)
        self.orders, self.done = folder / "orders", folder / "done"
        os.mkfifo(self.orders)
        script = (f'mount -t tmpfs -o size={megabytes}m,mode=700 tmpfs "{self.data}" || exit 1; '
                  f'(while :; do read -r order <"{self.orders}" || continue; [ "$order" = end ] && exit; '
                  f'sh -c "$order"; echo "$order" >>"{self.done}"; done) >/dev/null 2>&1 & exec "$@"')
        self.prefix = ["unshare", "-rm", "sh", "-c", script, "sh"]

    def order(self, text):
        before = self.count()
        self.orders.write_text(text + "\n")
        until(f"the disk to {text}", lambda: self.count() > before)

    def count(self):
        return len(self.done.read_text().splitlines()) if self.done.exists() else 0

    def fill(self):
        self.order(f"cat /dev/zero >{self.data}/filler")

    def free(self):
        self.order(f"rm {self.data}/filler")

    def end(self):
        self.orders.write_text("end\n")


class World:
    def __init__(self, binary, folder, env=None, prefix=(), config=""):
        self.binary, self.folder, self.env = binary, folder, env or {}
        self.sim = Simulator(binary, folder)
        self.engine = Engine(binary, folder, simulator=self.sim, env=self.env, prefix=prefix, config=config)
        self.engine.add_discord()

    def lifetime(self, seconds=-1):
        """Of the access tokens the provider hands out from now on; -1: as the definition says."""
        assert self.sim.control.post("/knobs", json={"token_lifetime_s": seconds}).status_code == 200

    def connect(self, user):
        with self.engine.client() as api:
            return connect(self.engine, self.sim, api, user, self.sim.person(), SCOPES)

    def ask(self, user):
        """The answer, whatever it is."""
        with self.engine.client() as api:
            return authorize(api, user, SCOPES)

    def token(self, user):
        answer = self.ask(user)
        assert answer.status_code == 200 and answer.json()["status"] == "completed", answer.text
        return answer.json()["context"]["token"]

    def works(self, token):
        with self.sim.api(token) as discord:
            return discord.get("https://discord.com/api/v10/users/@me").status_code == 200

    def refreshes(self):
        return len(self.sim.calls(kind="refresh"))

    def health(self):
        with self.engine.client(key="") as api:
            return api.get("/v1/health")

    def restart(self, **kw):
        port, key = self.engine.url.rsplit(":", 1)[1], self.engine.key
        self.engine = Engine(self.binary, self.folder, simulator=self.sim, args=["--listen", f"127.0.0.1:{port}"], **kw)
        self.engine.key = key

    def tool(self, *argv, data=None):
        """A command on the folder, whether or not an engine runs."""
        env = {**os.environ, "TOKENBOOTH_DATA": ""}
        return subprocess.run([self.binary, *argv, "--data", str(data or self.engine.data), "--config", str(self.engine.config)],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, env=env)

    def close(self):
        self.engine.stop()
        self.sim.control.close()
        self.sim.stop()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def clock(folder):
    """Environment of a process whose wall clock is read from a file that the test rewrites, and the function that sets it (seconds ahead)."""
    path = folder / "clock"

    def ahead(seconds):
        fresh = folder / "clock.new"
        fresh.write_text(f"{seconds:+d}\n")
        os.replace(fresh, path)

    ahead(0)
    return set_clock(path), ahead
