# SPDX-License-Identifier: Apache-2.0
"""A connection is deleted, or consented to again, while its refresh is on the way: by the provider's record no token lives on that nobody
holds, or it is on ours that it was left alive and why."""
import sqlite3
import threading

import pytest
from hostile import stored
from late import late_clock
from quick import Quick
from relay import ANSWERED, ASKED, OPEN, Relay
from test_refresh import WEEK
from world import Browser, Engine, Simulator, query, until

USER = "stray@example.com"
ORIGINS = {"discord": "https://discord.com", "oauth2": "https://oauth.simulated.example"}
# The same server as the definition's own; and that revoking a token there ends that token.
ENDS_TOKEN = """provider_definitions:
  oauth2:
    revoke: {url: "https://oauth.simulated.example/revoke", ends: token}
"""


class World:
    """provider: discord, where revoking one token ends the whole grant, or oauth2, where it ends that token."""

    def __init__(self, binary, folder, provider):
        self.binary, self.folder, self.provider = binary, folder, provider
        self.origin = ORIGINS[provider]
        self.sim = Simulator(binary, folder, providers=(provider,), plain=True)
        self.relay = Relay(folder, self.sim.ready["url"], self.origin.removeprefix("https://"))
        self.engine, self.key = None, None
        self.start(0)
        body = {"id": "it", "provider_id": provider, "oauth2": {"client_id": Simulator.CLIENT_ID, "client_secret": Simulator.CLIENT_SECRET}}
        if provider == "oauth2":
            body["oauth2"]["variables"] = {"authorize_url": self.origin + "/authorize", "token_url": self.origin + "/token"}
        with self.engine.client() as api:
            r = api.post("/v1/admin/auth_providers", json=body)
        assert r.status_code == 201, r.text
        self.sim.app(r.json()["oauth2"]["redirect_uri"])
        self.who = self.sim.person()
        self.id = self.consent()
        assert self.engine.stop() == 0
        assert self.sim.control.post("/clock", json={"advance_s": WEEK + 60}).status_code == 200
        self.start(WEEK + 60)
        self.relay.forget()

    def start(self, late):
        config = f"network:\n  connect_to: [\"{self.relay.ready['connect_to'][0]}\"]\n  ca_file: {self.relay.ready['ca_file']}\n"
        args = ["--listen", self.engine.url.removeprefix("http://")] if self.engine else []
        self.engine = Engine(self.binary, self.folder, config=config + (ENDS_TOKEN if self.provider == "oauth2" else ""), args=args, env=late_clock(self.binary, late))
        self.key = self.engine.key = self.key or self.engine.key

    def authorize(self, api, scopes):
        return api.authorize(USER, scopes, "it")

    def consent(self, scopes=("identify",)):
        with Quick(self.engine.url, self.key) as api, Browser() as b:
            status, _, a = self.authorize(api, scopes)
            assert status == 200 and a["status"] == "pending", a
            back = b.callback(b.consent(b.to_provider(a["url"]).replace(self.origin, self.sim.ready["url"]), self.who))
            assert back.status_code == 303, back.text[:2000]
            status, _, said = api.post("/v1/auth/confirm_user", {"flow_id": query(back.headers["location"])["flow_id"], "user_id": USER})
            assert status == 200, said
            return api.get("/v1/admin/user_connections", user_id=USER)[2]["items"][0]["id"]

    def refresh_stops_at(self, stage):
        """A reader's refresh, held back on the wire; returns what lets it go."""
        gate = self.relay.hold[stage] = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        until("the refresh to be under way", lambda: [c for c in self.relay.snapshot() if c.stage == stage])
        del self.relay.hold[stage]
        return gate

    def _read(self):
        with Quick(self.engine.url, self.key) as api:
            self.authorize(api, ["identify"])

    def delete(self):
        with Quick(self.engine.url, self.key) as api:
            status, headers, _ = api.call("DELETE", f"/v1/admin/user_connections/{self.id}")
            assert status == 204
            return headers["Tokenbooth-Revocation"]

    def settled(self):
        """Nothing is under way any more, here or on the wire."""
        def quiet():
            db = sqlite3.connect(f"file:{self.engine.data}/store.sqlite3?mode=ro", uri=True)
            try:
                told = db.execute("SELECT count(*) FROM events WHERE step = 'refresh'").fetchone()[0]  # how the refresh ended: a deletion takes its lease away
                leased = db.execute("SELECT count(*) FROM connections WHERE lease_until > 0").fetchone()[0]
                return told and not leased and not db.execute("SELECT count(*) FROM revocations").fetchone()[0] and self.relay.open == 0
            finally:
                db.close()

        until("all queues to be empty", quiet, 120)

    def alive(self):
        """Of each consent, newest first: access and refresh tokens that live at the provider."""
        g = [g for g in self.sim.control.get("/grants").json()["items"] if g["user"] == self.who]
        return [(c["access_tokens"], c["refresh_tokens"]) for x in g for c in x["consents"]]

    def given(self):
        return sum(c["pairs"] for g in self.sim.control.get("/grants").json()["items"] if g["user"] == self.who for c in g["consents"])

    def left_alive(self):
        """How often it was written down that a token was not revoked because it shares its grant."""
        return stored(self.engine, "SELECT count(*) FROM events WHERE reason = 'not_revoked_shared_grant' AND step = 'revoke'")[0]

    def close(self):
        for e in self.relay.hold.values():
            e.set()
        self.engine.stop()
        self.relay.close()
        self.sim.control.close()
        self.sim.stop()


@pytest.fixture(params=["discord", "oauth2"])
def world(binary, tmp_path, request):
    w = World(binary, tmp_path, request.param)
    yield w
    w.close()


@pytest.mark.parametrize("stage", [OPEN, ASKED, ANSWERED])
def test_a_deletion_during_a_refresh_leaves_no_token_alive(world, stage):
    gate = world.refresh_stops_at(stage)
    assert world.delete() == "queued"
    gate.set()
    world.settled()
    assert all(c == (0, 0) for c in world.alive()), world.alive()
    with Quick(world.engine.url, world.key) as api:
        assert world.authorize(api, ["identify"])[2]["status"] == "pending"


@pytest.mark.parametrize("stage", [ASKED, ANSWERED])
def test_a_consent_during_a_refresh_leaves_the_newer_pair_alone(world, stage):
    gate = world.refresh_stops_at(stage)
    assert world.consent(["identify", "email"]) == world.id
    gate.set()
    world.settled()
    newest, *older = world.alive()
    assert newest == (1, 1)
    with Quick(world.engine.url, world.key) as api:
        status, _, a = world.authorize(api, ["identify"])
    assert status == 200 and a["status"] == "completed"
    known = world.sim.control.post("/tokens", json={"tokens": [a["context"]["token"]]}).json()["items"][0]
    assert known["good"] and known["of"] == 1, known
    if world.provider == "oauth2":
        assert all(c == (0, 0) for c in older), older
    else:  # revoking a token of Discord's would end the newer pair as well
        assert world.left_alive() >= sum(c != (0, 0) for c in older) > 0, (older, world.left_alive())
