# SPDX-License-Identifier: Apache-2.0
"""Refresh, outage, death and deletion of grants.  Time is moved by restarting the engine with a clock that is ahead; the
simulated provider has a clock of its own."""
import concurrent.futures
import shutil

import pytest
from late import late_clock
from test_discord import authorize, connect
from world import Engine, Simulator, until

WEEK = 7 * 24 * 3600


class World:
    """An engine that can be restarted later in time, on the same folder, with the same key and port."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.sim = Simulator(binary, folder)
        self.late = 0
        self.engine = Engine(binary, folder, simulator=self.sim)
        self.engine.add_discord()

    def later(self, seconds):
        """Ends the engine and starts it again `seconds` later; the provider's clock goes along."""
        assert self.engine.stop() == 0
        self.late += seconds
        self.sim.control.post("/clock", json={"advance_s": seconds})
        self.start()

    def start(self):
        port = self.engine.url.rsplit(":", 1)[1]
        key = self.engine.key
        self.engine = Engine(self.binary, self.folder, simulator=self.sim, args=["--listen", f"127.0.0.1:{port}"], env=late_clock(self.binary, self.late))
        self.engine.key = key

    def close(self):
        self.engine.stop()
        self.sim.control.close()
        self.sim.stop()


@pytest.fixture()
def world(binary, tmp_path):
    w = World(binary, tmp_path)
    yield w
    w.close()


def made(world, user, who=None, scopes=("identify",)):
    with world.engine.client() as api:
        start, _ = connect(world.engine, world.sim, api, user, who or world.sim.person(), list(scopes))
    return start


def token_works(world, token):
    with world.sim.api(token) as discord:
        return discord.get("https://discord.com/api/v10/users/@me").status_code == 200


def test_sixty_four_readers_of_one_expired_grant_cause_one_refresh(world):
    start = made(world, "many@example.com")
    with world.engine.client() as api:
        old = authorize(api, "many@example.com", ["identify"]).json()["context"]["token"]
    world.later(WEEK + 60)

    def read(_):
        with world.engine.client() as api:
            return authorize(api, "many@example.com", ["identify"]).json()

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(read, range(64)))
    assert {a["status"] for a in answers} == {"completed"}, answers[0]
    tokens = {a["context"]["token"] for a in answers}
    assert len(tokens) == 1 and old not in tokens
    assert len(world.sim.calls(kind="refresh")) == 1
    assert token_works(world, tokens.pop())
    with world.engine.client() as api:
        assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "completed"


def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(world):
    made(world, "keep@example.com")
    world.later(WEEK + 60)
    world.sim.fault(on="refresh", times=1, status=200, content_type="application/json",
                    body='{"access_token":"handed-out-without-refresh-token","token_type":"Bearer","expires_in":600}')
    with world.engine.client() as api:
        assert authorize(api, "keep@example.com", ["identify"]).json()["context"]["token"] == "handed-out-without-refresh-token"
    world.later(700)
    with world.engine.client() as api:
        again = authorize(api, "keep@example.com", ["identify"]).json()
    assert again["status"] == "completed" and token_works(world, again["context"]["token"])


def test_a_dead_grant_says_why_and_asks_again(world):
    who = world.sim.person()
    start = made(world, "dead@example.com", who)
    world.sim.control.post("/grants/end", json={"user": who})  # the user removes the app at Discord
    world.later(WEEK + 60)
    with world.engine.client() as api:
        again = authorize(api, "dead@example.com", ["identify"]).json()
        assert again["status"] == "pending" and again["id"] != start["id"]
        status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
        assert status["status"] == "failed" and not status.get("context")
        item = api.get("/v1/admin/user_connections", params={"user_id": "dead@example.com"}).json()["items"][0]
        assert item["connection_status"] == "expired"
        gone = api.get("/v1/auth/status", params={"id": start["id"], "wait": 45})
        assert gone.status_code == 410
    assert len(world.sim.calls(kind="refresh")) == 1


def test_an_outage_kills_no_grant(world):
    start = made(world, "outage@example.com")
    world.later(WEEK + 60)
    world.sim.fault(on="refresh", status=503, body="<html>maintenance</html>", content_type="text/html")
    with world.engine.client() as api:
        down = authorize(api, "outage@example.com", ["identify"])
        assert down.status_code == 503 and down.json()["name"] == "provider_unavailable", down.text
        assert 1 <= int(down.headers["retry-after"]) <= 60
        status = api.get("/v1/auth/status", params={"id": start["id"]})
        assert status.status_code == 503
        world.sim.clear()

        def back():
            r = authorize(api, "outage@example.com", ["identify"])
            return r.json() if r.status_code == 200 else None

        answer = until("the provider to be asked again", back, 90)
    assert answer["status"] == "completed" and answer["id"] == start["id"]
    assert token_works(world, answer["context"]["token"])


def test_an_answer_lost_on_the_way_is_named(world):
    """The provider rotated the refresh token, and its answer never arrived: the old one is tried, refused, and the reason says so."""
    start = made(world, "lost@example.com")
    world.later(WEEK + 60)
    world.sim.fault(on="refresh", times=1, status=500, body="", after=True)
    with world.engine.client() as api:
        def ended():
            r = authorize(api, "lost@example.com", ["identify"])
            return r.json() if r.status_code == 200 else None

        again = until("the old token to be refused", ended, 90)
        assert again["status"] == "pending"
        shown = api.get(f"/tb/v1/authorizations/{start['id']}").json()
        assert shown["status"] == "failed" and shown["reason"]["code"] == "refresh_answer_lost", shown


def test_deletion_says_what_happened_at_the_provider(world):
    made(world, "delete@example.com")
    with world.engine.client() as api:
        token = authorize(api, "delete@example.com", ["identify"]).json()["context"]["token"]
        item = api.get("/v1/admin/user_connections", params={"user_id": "delete@example.com"}).json()["items"][0]
        r = api.delete(f"/v1/admin/user_connections/{item['id']}")
        assert r.status_code == 204 and r.content == b"" and r.headers["tokenbooth-revocation"] == "done"
        assert not token_works(world, token)
        assert api.delete(f"/v1/admin/user_connections/{item['id']}").status_code == 404
        assert authorize(api, "delete@example.com", ["identify"]).json()["status"] == "pending"
        assert api.get("/v1/admin/user_connections", params={"user_id": "delete@example.com"}).json()["items"] == []


def test_deletion_keeps_a_grant_that_another_connection_shares(world):
    who = world.sim.person()
    made(world, "shared-1@example.com", who)
    made(world, "shared-2@example.com", who)
    with world.engine.client() as api:
        other = authorize(api, "shared-2@example.com", ["identify"]).json()["context"]["token"]
        item = api.get("/v1/admin/user_connections", params={"user_id": "shared-1@example.com"}).json()["items"][0]
        r = api.delete(f"/v1/admin/user_connections/{item['id']}")
        assert r.headers["tokenbooth-revocation"] == "kept"
        assert authorize(api, "shared-2@example.com", ["identify"]).json()["context"]["token"] == other
    assert token_works(world, other) and world.sim.calls(kind="revoke") == []


def test_deletion_while_the_provider_is_down_is_queued_and_done_later(world):
    made(world, "queued@example.com")
    with world.engine.client() as api:
        token = authorize(api, "queued@example.com", ["identify"]).json()["context"]["token"]
        world.sim.fault(on="revoke", times=1, status=503, body="")
        item = api.get("/v1/admin/user_connections", params={"user_id": "queued@example.com"}).json()["items"][0]
        r = api.delete(f"/v1/admin/user_connections/{item['id']}")
        assert r.status_code == 204 and r.headers["tokenbooth-revocation"] == "queued"
    until("the queued revocation", lambda: not token_works(world, token), 120)


def test_a_restart_loses_nothing(world):
    made(world, "restart@example.com")
    with world.engine.client() as api:
        before = authorize(api, "restart@example.com", ["identify"]).json()
        pending = authorize(api, "restart-2@example.com", ["identify"]).json()
    world.engine.stop()
    world.start()
    with world.engine.client() as api:
        assert authorize(api, "restart@example.com", ["identify"]).json() == before
        assert authorize(api, "restart-2@example.com", ["identify"]).json() == pending


def test_an_expired_link_is_failed_and_the_next_call_makes_a_new_one(world):
    with world.engine.client() as api:
        start = authorize(api, "expire@example.com", ["identify"]).json()
    world.later(25 * 3600)
    with world.engine.client() as api:
        assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "failed"
        gone = api.get("/v1/auth/status", params={"id": start["id"], "wait": 10})
        assert gone.status_code == 410
        page = api.get(start["url"].replace(world.engine.url, ""), headers={"Accept": "text/html"})
        assert page.status_code in (404, 410) and "text/html" in page.headers["content-type"]
        fresh = authorize(api, "expire@example.com", ["identify"]).json()
        assert fresh["id"] != start["id"] and fresh["status"] == "pending"
