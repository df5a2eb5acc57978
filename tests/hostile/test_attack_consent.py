# SPDX-License-Identifier: Apache-2.0
"""Consent phishing: Mallory has the engine make a link and lets Alice click it, or walks Alice's link himself.  With an app that has
users and a verifier of its own, written with the SDK as the documentation says, and with the built-in one."""
import http.cookies
import http.server
import sqlite3
import threading
import urllib.parse

import arcadepy
import pytest
from attacker import PASSWORD, Person
from hostile import Attempt, instance
from test_discord import authorize
from vendor import Vendor, slack
from world import Browser, Engine, query

MALLORY, ALICE = "mallory@example.com", "alice@example.com"


class App(http.server.ThreadingHTTPServer):
    """An app's verifier page: whoever is signed in at the app (a cookie) is who came back."""

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Page)
        self.sdk, self.asked = None, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        flow = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("flow_id", [""])[0]
        me = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get("app")
        if me is None:
            return self.answer(401, b"sign in first")
        self.server.asked.append(me.value)
        try:
            done = self.server.sdk.auth.confirm_user(flow_id=flow, user_id=me.value)
        except arcadepy.APIStatusError as e:
            return self.answer(e.status_code, b"this was not started by you")
        return self.answer(303, b"", done.next_uri)

    def answer(self, status, text, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *a):
        pass


@pytest.fixture(scope="module")
def app():
    a = App(0)
    yield a
    a.shutdown()


@pytest.fixture(scope="module")
def vendor():
    with Vendor() as v:
        yield v


@pytest.fixture(scope="module")
def engine(binary, simulator, app, vendor, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("app"), simulator=simulator, config=vendor.config(), verifier=f"http://127.0.0.1:{app.server_port}/verify") as eng:
        eng.add_discord()
        instance(eng, "my-slack", "slack")
        app.sdk = arcadepy.Arcade(base_url=eng.url, api_key=eng.key, max_retries=0)
        yield eng


def signed_in(simulator, who):
    b = Browser(simulator)
    b.direct.cookies.set("app", who, domain="127.0.0.1")
    return b


def connected(api, simulator, who):
    """Somebody's own, honest consent; returns his account at the provider and the token."""
    person = simulator.person()
    start = authorize(api, who, ["identify"]).json()
    with signed_in(simulator, who) as b:
        r = b.get(b.callback(b.consent(b.to_provider(start["url"]), person)).headers["location"])
        assert r.status_code == 303, r.text
    status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
    assert status["status"] == "completed"
    return person, status["context"]["token"]


def works(simulator, token):
    with simulator.api(token) as discord:
        return discord.get("https://discord.com/api/v10/users/@me").status_code == 200


def sealed_tokens_of(engine, authorization):
    with sqlite3.connect(engine.data / "store.sqlite3") as db:
        return db.execute("SELECT count(*) FROM flows WHERE authorization_id = ? AND (access_box IS NOT NULL OR refresh_box IS NOT NULL)", (authorization,)).fetchone()[0]


def test_a_forwarded_link_with_the_apps_own_verifier(engine, simulator, api, app):
    """Mallory starts, Alice clicks, is signed in at the app, and consents.  Mallory gets nothing, ever, and Alice loses nothing."""
    person, hers = connected(api, simulator, ALICE)
    start = authorize(api, MALLORY, ["identify", "guilds"]).json()
    revoked = len(simulator.calls(kind="revoke"))
    with signed_in(simulator, ALICE) as alice:
        back = alice.callback(alice.consent(alice.to_provider(start["url"]), person))
        flow = query(back.headers["location"])["flow_id"]
        assert alice.get(back.headers["location"]).status_code == 400 and app.asked[-1] == ALICE
        assert alice.get(back.headers["location"]).status_code == 400  # and again
    r = api.get("/v1/auth/status", params={"id": start["id"]})
    assert r.json().get("status", "failed") == "failed" and not r.json().get("context")
    for user in (MALLORY, ALICE):
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user}).status_code in (400, 404)
    assert sealed_tokens_of(engine, start["id"]) == 0
    assert not api.get("/v1/admin/user_connections", params={"user_id": MALLORY}).json()["items"]
    again = authorize(api, MALLORY, ["identify", "guilds"]).json()
    assert again["status"] == "pending" and again["id"] != start["id"] and again["url"] != start["url"]
    # Discord's revocation ends every token of that person and app: revoking Mallory's would have ended Alice's.
    assert len(simulator.calls(kind="revoke")) == revoked and works(simulator, hers)
    assert authorize(api, ALICE, ["identify"]).json()["status"] == "completed"


def test_a_forwarded_link_where_the_provider_gives_the_same_token_again(engine, vendor):
    """Slack without token rotation: what came by Mallory's link is the very token of Alice's connection, so it is wiped and not revoked."""
    vendor.codes = {"alice": slack(access_token="xoxp-alice", token_type="user")}
    hers, his = Attempt(engine, "my-slack", ALICE), Attempt(engine, "my-slack", MALLORY)
    hers.connect("alice")
    flow = query(his.back(code="alice").headers["location"])["flow_id"]
    for _ in range(2):
        assert his.api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": ALICE}).status_code == 400
    assert sealed_tokens_of(engine, his.id) == 0 and his.shown()["status"] == "failed"
    assert [(e["outcome"], e["reason"]) for e in his.events("revoke")] == [("ignored", "not_revoked_token_in_use")]
    with sqlite3.connect(engine.data / "store.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM revocations WHERE authorization_id = ?", (his.id,)).fetchone()[0] == 0
    assert vendor.revoked == [] and hers.authorize().json()["context"]["token"] == "xoxp-alice"
    hers.close()
    his.close()


def test_a_forwarded_link_to_somebody_who_is_not_signed_in(engine, simulator, api):
    """Nobody vouches for whoever came back: it stays unverified, and what Mallory can know does not verify it."""
    start = authorize(api, MALLORY, ["identify", "email"]).json()
    with Browser(simulator) as alice:
        where = alice.to_provider(start["url"])
        back = alice.callback(alice.consent(where, simulator.person()))
        assert alice.get(back.headers["location"]).status_code == 401
    token = start["url"].rsplit("/", 1)[1]
    for known in (token, query(where)["state"], start["id"], query(where)["code_challenge"]):
        assert api.post("/v1/auth/confirm_user", json={"flow_id": known, "user_id": MALLORY}).status_code in (400, 404)
    with signed_in(simulator, MALLORY) as mallory:  # the same link once more, in his own browser, brings him to the provider and not to her flow
        assert query(mallory.to_provider(start["url"]))["state"] != query(where)["state"]
    assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"


def test_a_link_walked_by_somebody_else(engine, simulator, api, app):
    """Mallory has Alice's own link and consents with his account: as himself he is refused at the app."""
    start = authorize(api, "alice-2@example.com", ["identify"]).json()
    with signed_in(simulator, MALLORY) as mallory:
        back = mallory.callback(mallory.consent(mallory.to_provider(start["url"]), simulator.person()))
        assert mallory.get(back.headers["location"]).status_code == 400 and app.asked[-1] == MALLORY
    r = authorize(api, "alice-2@example.com", ["identify"]).json()
    assert r["status"] == "pending" and not r.get("context")


def test_what_the_engine_cannot_see(engine, simulator, api, app):
    """The limit, kept as a test so that nobody thinks it away: Mallory walks Alice's own link with his account, stops before the
    verifier, and has Alice open the verifier's address.  The app says truthfully that Alice is there.  What is left to see is whose
    account it is: user_info names Mallory's."""
    person = simulator.person()
    start = authorize(api, "alice-3@example.com", ["identify"]).json()
    with signed_in(simulator, MALLORY) as mallory:
        verifier = mallory.callback(mallory.consent(mallory.to_provider(start["url"]), person)).headers["location"]
    with signed_in(simulator, "alice-3@example.com") as alice:
        assert alice.get(verifier).status_code == 303
    status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
    assert status["status"] == "completed" and status["context"]["user_info"]["username"] == person


def test_the_built_in_verifier_sees_it(binary, simulator, tmp_path):
    """The same two attacks where the engine itself asks who is there: it also knows which browser consented."""
    with Engine(binary, tmp_path, simulator=simulator, verifier=None) as eng, eng.client() as api:
        eng.add_discord()
        owner = Person(eng)
        owner.set_up(eng.ready["setup_url"], "owner@example.com")
        for who in (ALICE, MALLORY):
            assert owner.call("POST", "/tb/v1/accounts", {"email": who, "password": PASSWORD}).status_code == 201

        def walk(link, browser):
            return browser.callback(browser.consent(browser.to_provider(link), simulator.person())).headers["location"].replace(eng.url, "")

        def enter(who, browser=None):
            p = Person(eng)
            if browser is not None:
                p.http.cookies = browser.direct.cookies
            assert p.sign_in(who).status_code == 303
            return p

        # Mallory's link, Alice clicks.
        start = authorize(api, MALLORY, ["identify"]).json()
        with Browser(simulator) as b:
            verify = walk(start["url"], b)
            alice = enter(ALICE, b)
            page = alice.page(verify)
            assert page.status_code == 403 and "This is for another account" in page.text and "Yes, connect" not in page.text
            assert enter(MALLORY).page(verify).status_code == 400  # Mallory, with the address, in his own browser
        assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        # Alice's link, Mallory walks it and hands her the verifier's address.
        start = authorize(api, ALICE, ["identify"]).json()
        with Browser(simulator) as b:
            verify = walk(start["url"], b)
        assert enter(ALICE).page(verify).status_code == 400
        assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        # Her own, in her own browser.
        with Browser(simulator) as b:
            verify = walk(start["url"], b)
            alice = enter(ALICE, b)
            assert alice.send(alice.page(verify), "/api/v1/oauth/callback_verify").status_code in (200, 303)
        assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "completed"


def test_a_flow_id_that_was_used_is_nothing(engine, simulator, api):
    """Replay: a flow_id that was used, or that a log or a referrer gave away afterwards, opens nothing more."""
    start = authorize(api, "once@example.com", ["identify"]).json()
    with signed_in(simulator, "once@example.com") as b:
        back = b.callback(b.consent(b.to_provider(start["url"]), simulator.person())).headers["location"]
        flow = query(back)["flow_id"]
        assert b.get(back).status_code == 303
    for user in ("once@example.com", MALLORY):
        r = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user})
        assert r.status_code == 400, r.text
    assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "completed"  # a replay does not break it either
