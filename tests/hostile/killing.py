# SPDX-License-Identifier: Apache-2.0
"""An engine that is killed with -9 again and again while it redeems codes and renews grants at a provider whose refresh tokens are good
for one use; and the comparison of the provider's record with the engine's store after each kill."""
import collections
import concurrent.futures
import os
import random
import shutil
import signal
import sqlite3
import threading
import time

import httpx
from late import late_clock
from quick import GONE, Quick
from relay import ANSWERED, ASKED, AT_PROVIDER, OPEN, SENT, Relay
from world import BOUND, Browser, Engine, Simulator, query, until

GRANTS, READERS, CONSENTS = 16, 8, 3  # kept alive; threads that read them; consents under way at each kill
LIFETIME_S = 2  # of a token: a reader waits for a new one in its second half
LEFT_ALONE_S = 2.0  # a round whose trap does not spring ends by itself

# Where the kill is aimed: (weight, kind of call, stage, most seconds after it).
TRAPS = [
    (25, None, None, 0.4),              # any moment
    (10, "any", OPEN, 0.002),           # the call is claimed, and nothing can be sent yet
    (8, "refresh", ASKED, 0.002),       # sent, not yet at the provider
    (8, "refresh", AT_PROVIDER, 0.004),
    (8, "refresh", ANSWERED, 0.002),    # the answer is on the wire
    (16, "refresh", SENT, 0.004),       # between the answer and COMMIT, or right after
    (6, "token", ASKED, 0.002),
    (5, "token", ANSWERED, 0.002),
    (7, "token", SENT, 0.004),
    (7, "api", ASKED, 0.002),           # the tokens are stored, no flow id is minted yet
    (5, "served", None, 0.002),         # a reader has a token of a new pair
]


# How far the call of a grant whose lease is held had come.
REFRESH_MET = {
    OPEN: "refresh: claimed, nothing sent",
    ASKED: "refresh: sent, not at the provider",
    AT_PROVIDER: "refresh: at the provider",
    ANSWERED: "refresh: answer on the wire",
    SENT: "refresh: answer arrived, not committed",
}


class Grant:
    """One user of the app, who is one person at the provider."""

    def __init__(self, number, who):
        self.user, self.who = f"user-{number}@example.com", who
        self.id = self.link = self.callback = self.code = None
        self.browser = Browser()
        self.live = False
        self.lost = None    # the typed reason
        self.stored = False  # its flow held tokens when the engine was killed
        self.seen = []      # tokens that were served since the last look


class Killing:
    def __init__(self, binary, folder, seed):
        self.binary, self.folder, self.seed = binary, folder, seed
        self.sim = Simulator(binary, folder, plain=True)
        self.relay = Relay(folder, self.sim.ready["url"])
        self.relay.watch = self._watch
        strict = random.Random(f"{seed}").random() < 0.5
        self.control("/knobs", token_lifetime_s=LIFETIME_S, rate_limit=0, reuse_ends_family=strict)
        self.late, self.engine, self.key, self.port = 0, None, None, None
        self.grants, self.made = [], 0
        self.trap, self.trap_lock, self.down, self.timer = None, threading.Lock(), threading.Event(), None
        self.at_kill = []
        self.met, self.lost_refreshes, self.lost_codes = collections.Counter(), 0, 0
        self.start()
        self.sim.app(self.engine.add_discord()["oauth2"]["redirect_uri"])

    def control(self, path, **body):
        return self._told("POST", path, body)

    def _told(self, method, path, body=None):
        """Any thread: a client of its own, since one httpx client shared by threads may close a connection that another is about to read."""
        with Quick(self.sim.ready["control"]) as control:
            status, _, said = control.call(method, path, body)
        assert status == 200, said
        return said

    # ---- the engine ----
    def start(self):
        config = f"network:\n  connect_to: [\"{self.relay.ready['connect_to'][0]}\"]\n  ca_file: {self.relay.ready['ca_file']}\n"
        args = ["--listen", f"127.0.0.1:{self.port}"] if self.port else []
        self.engine = Engine(self.binary, self.folder, config=config, args=args, env=late_clock(self.binary, self.late))
        self.key = self.key or self.engine.key
        self.engine.key = self.key
        self.port = int(self.engine.url.rsplit(":", 1)[1])
        self.down.clear()

    def kill(self):
        """-9; and how far each call had come in that moment.  Any thread; once."""
        with self.trap_lock:
            if self.down.is_set():
                return
            os.kill(self.engine.p.pid, signal.SIGKILL)
            self.at_kill = self.relay.snapshot()
            self.trap = None
            self.down.set()

    def buried(self):
        assert self.engine.p.wait() == -signal.SIGKILL, f"the engine ended by itself:\n{self.engine.log()[-6000:]}"
        self.engine._log.close()

    def close(self):
        if self.engine.p.poll() is None:
            self.engine.stop()
        self.relay.close()
        self.sim.control.close()
        self.sim.stop()

    # ---- the trap ----
    def _watch(self, call):
        self._spring(call.kind or "any", call.stage)

    def _spring(self, kind, stage):
        with self.trap_lock:
            t = self.trap
            if t is None or t["kind"] != kind or t["stage"] != stage:
                return
            t["skip"] -= 1
            if t["skip"] >= 0:
                return
            self.trap = None
        end = time.monotonic() + t["after"]
        while time.monotonic() < end:
            pass
        self.kill()

    def aim(self, rng):
        _, kind, stage, most = rng.choices(TRAPS, [t[0] for t in TRAPS])[0]
        after = rng.uniform(0, most)
        if kind is None:
            self.timer = threading.Timer(after, self.kill)
            self.timer.start()
        else:
            self.trap = {"kind": kind, "stage": stage, "skip": rng.randrange(3), "after": after}

    # ---- people ----
    def consent(self, g, api):
        """As far as the user gets; from where he was when the engine died."""
        try:
            while not g.live:
                self._attempt(g, api)
        except (*GONE, httpx.TransportError):
            assert self.down.wait(BOUND), "a connection broke and the engine lives"

    def _attempt(self, g, api):
        if g.id is None:
            _, _, a = api.authorize(g.user)
            g.id, g.link = a["id"], a["url"]
        elif self._completed(g, api):
            return
        if g.callback is None:
            where = g.browser.to_provider(g.link).replace("https://discord.com", self.relay.upstream.geturl())
            g.callback = g.browser.consent(where, g.who)
            g.code = query(g.callback)["code"]
        r = g.browser.callback(g.callback)
        if r.status_code != 303:
            assert not g.stored, (r.status_code, r.text[:500])  # what is stored is handed on without a second redemption
            g.callback = None  # the page says: open the link again
            return
        flow = query(r.headers["location"])["flow_id"]
        status, _, said = api.post("/v1/auth/confirm_user", {"flow_id": flow, "user_id": g.user})
        assert status == 200, said
        g.live = True

    def _completed(self, g, api):
        status, _, a = api.get("/v1/auth/status", id=g.id)
        if status == 503:
            return False
        assert status == 200, a
        g.live = a["status"] == "completed"
        return g.live

    def read(self, g, api):
        status, _, a = api.authorize(g.user)
        if status == 503:
            assert a["name"] == "provider_unavailable", a
            return None
        assert status == 200, a
        if a["status"] == "completed":
            fresh = a["context"]["token"] not in g.seen
            g.seen.append(a["context"]["token"])
            if fresh:
                self._spring("served", None)
        return a

    def _reader(self, grants, seed):
        rng = random.Random(seed)
        with Quick(self.engine.url, self.key) as api:
            try:
                while not self.down.is_set():
                    self.read(rng.choice(grants), api)
            except GONE:
                pass

    # ---- one round ----
    def round(self, k):
        rng = random.Random(f"{self.seed}/{k}")
        live = [g for g in self.grants if g.live and not g.lost]
        if len(live) >= GRANTS:
            for g in rng.sample(live, min(2, len(live))):
                live.remove(g)  # idle from now on, until the end
        fresh = [self._person() for _ in range(max(CONSENTS, min(GRANTS - len(live), 6)))]
        self.relay.forget()
        slow, pace = rng.uniform(0, 0.03), random.Random(f"{self.seed}/{k}/wire")
        self.relay.delay = lambda stage: pace.uniform(0, slow)
        self.relay.loses = lambda call: self.down.is_set() and pace.random() < 0.5
        self.sim.clear()
        for kind in ("refresh", "token"):
            self.sim.fault(on=kind, times=4, delay_ms=rng.randrange(1, 40))
        with concurrent.futures.ThreadPoolExecutor(READERS + len(fresh)) as pool:
            self.aim(rng)
            ends = time.monotonic() + LEFT_ALONE_S
            work = [pool.submit(self._consenting, g) for g in fresh]
            work += [pool.submit(self._reader, live or fresh[:1], f"{self.seed}/{k}/{i}") for i in range(READERS if live else 0)]
            self.down.wait(max(0, ends - time.monotonic()))
            self.kill()
            for w in work:
                w.result()
        if self.timer is not None:
            self.timer.join()  # one that is late must not kill the next engine
        self.buried()
        self.relay.delay = lambda stage: 0.0
        self.relay.quiet()
        self.relay.loses = lambda call: False
        self.examine()
        self.start()
        self.resolve(live + fresh)

    def _person(self):
        self.made += 1
        g = Grant(self.made, self.sim.person())
        self.grants.append(g)
        return g

    def _consenting(self, g):
        with Quick(self.engine.url, self.key) as api:
            self.consent(g, api)

    # ---- the provider's record beside ours, before anything has mended it ----
    def store(self):
        """A copy of the dead engine's store: reading the store itself would do its recovery for it."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for f in self.engine.data.glob("store.sqlite3*"):
            if not f.name.endswith("-shm"):
                shutil.copy(f, copy / f.name)
        db = sqlite3.connect(copy / "store.sqlite3")
        db.row_factory = sqlite3.Row
        return db

    def record(self):
        return {g["user"]: g["consents"] for g in self._told("GET", "/grants")["items"]}

    def tokens(self, texts):
        return dict(zip(texts, self.control("/tokens", tokens=list(texts))["items"])) if texts else {}

    def examine(self):
        db, record = self.store(), self.record()
        rows = {r["user_id"]: r for r in db.execute("SELECT * FROM connections")}
        flows = {f["authorization_id"]: f for f in db.execute("SELECT *, flow_hash IS NOT NULL AS named FROM flows ORDER BY created_at")}
        tokens = self.tokens({c.key for c in self.at_kill if c.key} | {t for g in self.grants for t in g.seen} | {g.code for g in self.grants if g.code})
        calls = {}
        for c in self.at_kill:
            if c.kind == "refresh" and tokens[c.key]["known"]:
                calls[tokens[c.key]["user"], tokens[c.key]["nth"]] = c
        met = collections.Counter()
        for g in self.grants:
            row = rows.get(g.user)
            if row is not None:
                met[self._renewal(g, row, record[g.who][0]["pairs"], calls, tokens)] += 1
            if not g.live:
                met[self._exchange(g, row, flows.get(g.id), tokens)] += 1
            g.seen = []
        del met[None]
        self.met.update(met or {"nothing under way": 1})
        db.close()

    def _renewal(self, g, row, given, calls, tokens):
        """What the kill met of this grant; `given`: pairs that the provider gave since the consent."""
        n = row["generation"]
        marked = row["sent_generation"] == n
        if row["status"] != "live":
            return None
        assert n <= given <= n + 1, f"{g.user}: the provider gave {given} pairs, the store is at {n}"
        assert given == n or marked or row["uncertain"], f"{g.user}: a refresh was sent that the store did not mark"
        served = max((tokens[t]["nth"] for t in g.seen), default=0)
        assert served <= n, f"{g.user}: a token of pair {served} was handed out, and {n} is durable"
        if marked:
            call = calls.get((g.who, n))
            stage = call.stage if call else OPEN
            assert given > n or stage not in (ANSWERED, SENT) or call.status != 200
            if stage == OPEN and given > n and not row["uncertain"]:
                stage = ASKED  # it had left the engine, and had not reached the wire's other end
            return REFRESH_MET[stage]
        before = calls.get((g.who, n - 1))
        if before is None:
            return None
        return "refresh: committed, read" if served == n else "refresh: committed, nobody was told"

    def _exchange(self, g, row, flow, tokens):
        g.stored = False
        if flow is None:
            return None
        spent = g.code is not None and not tokens[g.code]["good"]
        if flow["status"] == "started":
            assert not spent or g.code is None or flow["ended_at"] or g.callback is None, f"{g.user}: a code was spent before it was marked"
            return "exchange: not redeemed yet"
        if flow["status"] == "redeeming":
            self.lost_codes += spent
            return "exchange: redeeming, spent" if spent else "exchange: redeeming, not spent"
        if flow["status"] == "unverified":
            g.stored = True
            return "exchange: flow id minted" if flow["named"] else "exchange: tokens stored, no flow id"
        if flow["status"] == "done":
            assert row is not None and row["status"] == "live", f"{g.user}: confirmed and without a connection"
            return "exchange: confirmed, nobody was told"
        return None

    # ---- after the restart: every grant works, or says why not ----
    def resolve(self, grants):
        def one(g):
            with Quick(self.engine.url, self.key) as api:
                self.consent(g, api)
                g.browser.close()  # it was needed until here; each holds sockets
                try:
                    until(f"{g.user} to be live or to say why not", lambda: self._settled(g, api), 90)
                except AssertionError as e:
                    raise AssertionError(f"{e}\n{self._story(g, api)}") from e

        with concurrent.futures.ThreadPoolExecutor(READERS) as pool:
            list(pool.map(one, grants))

    def _story(self, g, api):
        """What is known of a grant that does not come to rest: its row without the tokens, what the engine answers, its timeline."""
        db = sqlite3.connect(f"file:{self.engine.data}/store.sqlite3?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        rows = [{k: r[k] for k in r.keys() if not k.endswith("_box")} for r in db.execute("SELECT * FROM connections WHERE user_id = ?", [g.user])]
        db.close()
        status, _, answer = api.authorize(g.user)
        answer = {k: v for k, v in answer.items() if k != "context"}
        return f"{rows}\n{status} {answer}\n{api.get(f'/tb/v1/authorizations/{g.id}')[2]}\nnow {time.time()} + {self.late}"

    def _settled(self, g, api):
        a = self.read(g, api)
        if a is None:
            return False
        if a["status"] == "completed":
            return self._works(g, a["context"]["token"])
        self._says_why(g, api)
        return True

    def _works(self, g, token):
        with Quick(self.relay.upstream.geturl(), f"Bearer {token}") as provider:
            status, _, me = provider.call("GET", "/api/v10/users/@me", headers={"User-Agent": "test"})
        if status == 200:
            assert me["username"] == g.who
            return True
        what = self.tokens([token])[token]
        assert what["known"] and what["left_s"] <= 0, f"{g.user}: a token was served that does not work: {what}"
        return False  # it ended between the two reads

    def _says_why(self, g, api):
        _, _, shown = api.get(f"/tb/v1/authorizations/{g.id}")
        assert shown["status"] == "failed" and shown["reason"]["code"] == "refresh_answer_lost", shown
        assert shown["reason"]["cause"] and shown["reason"]["fix"]
        steps = [(e["step"], e["outcome"]) for e in shown["events"]]
        assert ("refresh", "unknown") in steps and ("refresh", "refused") in steps, steps
        item = api.get("/v1/admin/user_connections", user_id=g.user)[2]["items"][0]
        assert item["connection_status"] == "expired" and item["reason"] == "refresh_answer_lost", item
        db = sqlite3.connect(f"file:{self.engine.data}/store.sqlite3?mode=ro", uri=True)
        n = db.execute("SELECT generation FROM connections WHERE user_id = ?", [g.user]).fetchone()[0]
        db.close()
        consent = self.record()[g.who][0]
        assert consent["pairs"] == n + 1 and consent["reused"] >= 1, f"{g.user}: given up at pair {n}, and the provider says {consent}"
        g.lost = shown["reason"]["code"]
        self.lost_refreshes += 1

    # ---- the end ----
    def finish(self):
        """An hour later: no attempt is left half done, and every grant there ever was works or has said why not."""
        assert self.engine.stop() == 0
        self.late = 3600
        self.control("/clock", advance_s=self.late)
        self.start()
        with Quick(self.engine.url, self.key) as api:
            until("interrupted exchanges to be named", lambda: not self._half_done(), 60)
            self._interrupted_say_so(api)
        assert all(g.live for g in self.grants)
        self.resolve([g for g in self.grants if not g.lost])
        record = self.record()
        for g in self.grants:  # the one pair that lives there of the last consent is ours
            held = record[g.who][0]["refresh_tokens"]
            assert g.lost or held == 1, f"{g.user}: {record[g.who]}"

    def _half_done(self):
        db = sqlite3.connect(f"file:{self.engine.data}/store.sqlite3?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM flows WHERE status IN ('redeeming', 'unverified', 'started')").fetchone()[0]
        finally:
            db.close()

    def _interrupted_say_so(self, api):
        db = sqlite3.connect(f"file:{self.engine.data}/store.sqlite3?mode=ro", uri=True)
        cut = db.execute("SELECT authorization_id FROM flows WHERE reason = 'exchange_interrupted'").fetchall()
        left = db.execute("SELECT count(*) FROM flows WHERE status NOT IN ('done', 'failed') OR (status = 'failed' AND reason = '')").fetchone()[0]
        db.close()
        assert left == 0
        for (id,) in cut:
            events = api.get(f"/tb/v1/authorizations/{id}")[2]["events"]
            assert any(e["reason"] == "exchange_interrupted" for e in events), events
        return len(cut)
