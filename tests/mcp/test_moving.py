# SPDX-License-Identifier: Apache-2.0
"""What was found out about one address, what was given for it and to whom: none of it is another address's; and a client that its issuer dropped."""
import base64
import threading
import time

import pytest
from conftest import body, execute, register
from odd import Odd, lives
from test_discovery import Guarded, agree, ask, through
from world import Browser, until

MINE = {"client_id": "mine", "client_secret": "the-operators-secret-123456"}


class Clients(Guarded):
    """Registers clients whose secrets end, and forgets clients."""

    def __init__(self):
        super().__init__()
        self.forgotten, self.lives, self.lifetime, self.tries = set(), 0, 3600, []
        self.handle = self.answers

    def answers(self, h):
        if h.path == "/register":
            self.registered.append(h.message)
            n = len(self.registered)
            ends = int(time.time()) + self.lives if self.lives else 0
            return h.json({"client_id": f"client-{n}", "client_secret": f"the-client-secret-{n}", "client_secret_expires_at": ends, **h.message}, 201) or True
        if h.path == "/token":
            client = base64.b64decode(h.headers["Authorization"].removeprefix("Basic ")).decode().split(":")[0]
            self.tries.append((client, "refresh" if b"grant_type=refresh_token" in h.body else "code"))
            if client in self.forgotten:
                return h.json({"error": "invalid_client"}, 401) or True
            return h.json({"access_token": "token-1", "refresh_token": f"refresh-{len(self.tries)}", "token_type": "Bearer", "expires_in": self.lifetime}) or True
        return self.guard(h)


@pytest.fixture()
def odd(api):
    yield from lives(Guarded(), api)


@pytest.fixture()
def other(api):
    yield from lives(Guarded(), api)


@pytest.fixture()
def clients(api):
    yield from lives(Clients(), api)


def held(server):
    """Holds the server's metadata back: (somebody waits for it, let it go)."""
    asked, go, usual = threading.Event(), threading.Event(), server.handle

    def handle(h):
        if h.path.startswith("/.well-known/oauth-authorization-server") and not go.is_set():
            asked.set()
            assert go.wait(60)
        return usual(h)
    server.handle = handle
    return asked, go


def bearers(server):
    return {a[3].get("Authorization") for a in server.asked if a[1] == "/mcp"} - {None}


@pytest.mark.parametrize("wants", [False, True])
def test_what_is_found_out_for_an_address_that_is_left_meanwhile_is_nobodys(api, engine, odd, wants):
    """PATCH moves the worker while the metadata of where it was is under way: a user's consent there is not used here."""
    to = Guarded() if wants else Odd()
    to.good = {"token-2"}
    asked, go = held(odd)
    made = []

    def make():
        with engine.client() as c:
            made.append(c.post("/v1/workers", json=body(odd.uri)))
    thread = threading.Thread(target=make)
    thread.start()
    assert asked.wait(60)
    moved = []

    def move():
        with engine.client() as c:
            moved.append(c.patch("/v1/workers/remote", json={"mcp": {"uri": to.uri}}))
    mover = threading.Thread(target=move)
    mover.start()  # when the new address wants tokens too, it is found out about in turn
    until("the move", lambda: api.get("/v1/workers/remote").json()["mcp"]["uri"] == to.uri)
    go.set()
    thread.join()
    mover.join()
    assert made[0].status_code == 201 and moved[0].status_code == 200, (made[0].text, moved[0].text)
    link = ask(api).json()
    if wants:
        assert agree(api, link["url"]) is None
        assert ask(api).json()["status"] == "completed"
    else:
        assert link["status"] == "completed" and api.get("/v1/workers/remote").json()["requirements"]["met"] is True
    assert execute(api, "Odd.do", user="alice@example.com")["success"] is True
    assert odd.redeemed == [] and bearers(to) == ({"Bearer token-2"} if wants else set())
    to.close()


def test_a_consent_to_where_it_was_is_not_completed_for_where_it_is(api, odd, other):
    other.good = {"token-2"}
    register(api, odd.uri)
    link = ask(api).json()["url"]
    assert api.patch("/v1/workers/remote", json={"mcp": {"uri": other.uri}}).status_code == 200
    with Browser() as b:
        page = b.get(link)
    assert page.status_code >= 400 and odd.redeemed == []
    assert ask(api).json()["status"] == "pending" and "Bearer token-1" not in bearers(other)


def test_an_operators_secret_does_not_move_to_another_address(api, odd, other):
    register(api, odd.uri, oauth2=MINE)
    through(api)
    for change in ({"uri": other.uri}, {"uri": odd.origin + "/mcp?tenant=b"}, {"oauth2": {"client_id": "another"}}, {"uri": other.uri, "oauth2": {"client_id": "another"}}):
        r = api.patch("/v1/workers/remote", json={"mcp": change})
        assert r.status_code == 400 and "mcp.oauth2.client_secret must be given again" in r.json()["message"], r.text
    assert api.get("/v1/workers/remote").json()["mcp"]["uri"] == odd.uri and ask(api).json()["status"] == "completed"  # nothing has changed
    r = api.patch("/v1/workers/remote", json={"mcp": {"uri": other.uri, "oauth2": {"client_id": "theirs", "client_secret": "another-secret-of-length"}}})
    assert r.status_code == 200, r.text
    through(api)
    sent = [base64.b64decode(a[3]["Authorization"].removeprefix("Basic ")).decode() for a in other.asked if a[1] == "/token"]
    assert sent == ["theirs:another-secret-of-length"]
    assert api.patch("/v1/workers/remote", json={"mcp": {"oauth2": {"client_id": ""}}}).status_code == 200  # and its secret goes with it
    through(api)
    assert len(other.registered) == 1


def test_a_version_of_the_worker_is_not_taken_for_one_of_its_tokens(api, odd):
    """If-Match names the worker's version; the provider that ends with it has one of its own."""
    register(api, odd.uri)
    through(api)
    old = api.get("/v1/workers/remote")
    assert api.patch("/v1/workers/remote", json={"mcp": {"timeout": 21}}).status_code == 200
    late = api.delete("/v1/workers/remote", headers={"If-Match": old.headers["ETag"]})
    assert late.status_code == 412 and ask(api).json()["status"] == "completed"
    late = api.patch("/v1/workers/remote", json={"mcp": {"uri": odd.uri + "?x=1"}}, headers={"If-Match": old.headers["ETag"]})
    assert late.status_code == 412 and ask(api).json()["status"] == "completed"  # refused, and nobody's consent is gone
    now = api.get("/v1/workers/remote").headers["ETag"]
    assert api.delete("/v1/workers/remote", headers={"If-Match": now}).status_code == 204


def test_a_registration_whose_secret_has_ended_is_made_anew(api, clients):
    clients.lives = 1
    register(api, clients.uri)
    until("the registration", lambda: len(clients.registered) == 1)
    clients.lives = 0
    until("another client", lambda: ask(api).json()["status"] == "pending" and len(clients.registered) == 2)
    through(api)
    assert {c for c, _ in clients.tries} == {"client-2"} and len(clients.registered) == 2


def test_a_client_that_its_issuer_forgot_is_registered_anew(api, clients):
    register(api, clients.uri)
    clients.forgotten = {"client-1"}
    page = agree(api, ask(api).json()["url"])
    assert page is not None and clients.tries == [("client-1", "code")]
    through(api)
    assert len(clients.registered) == 2 and clients.tries[-1] == ("client-2", "code")


def test_a_client_that_is_forgotten_between_refreshes_gives_a_new_link(api, clients):
    """The link of a tool asks the server nothing: the engine has registered again by itself."""
    clients.lifetime = 1
    register(api, clients.uri)
    through(api)
    clients.forgotten = {"client-1"}
    until("a refused refresh", lambda: ("client-1", "refresh") in clients.tries, bound=90)
    until("another client", lambda: len(clients.registered) == 2, bound=90)
    clients.lifetime = 3600

    def link():
        r = api.post("/v1/tools/authorize", json={"tool_name": "Odd.do", "user_id": "alice@example.com"})
        return r.json().get("url") if r.status_code == 200 else None
    assert agree(api, until("a link", link)) is None
    assert execute(api, "Odd.do", user="alice@example.com")["success"] is True
    assert clients.tries[-1] == ("client-2", "code")
