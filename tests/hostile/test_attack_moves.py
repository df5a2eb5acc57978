# SPDX-License-Identifier: Apache-2.0
"""An edit of a provider that would send what is stored for one host to another: its client secret, which nobody can read, the tokens of
its users, and what an attempt brings that was begun before."""
import base64
import itertools
import json
import urllib.parse

import pytest
from hostile import Attempt, definition
from peer import Peer, answer
from world import Engine, query, until

ID, SECRET, NEW = "client-of-the-test", "written-once-client-secret-7f3a", "the-secret-of-the-new-host-91c2"
ACCESS, REFRESH = "at-of-the-old-host", "rt-of-the-old-host"
COUNT = itertools.count()


def tokens(c, request):
    """Each its own: a token that another connection holds is not revoked."""
    n = next(COUNT)
    return answer(body={"access_token": f"{ACCESS}-{n}", "refresh_token": f"{REFRESH}-{n}", "token_type": "Bearer", "expires_in": 3600})(c, request)


def seen(peer, *what):
    """What of this the host was told, in clear, percent-encoded or as Basic."""
    told = [" ".join((c.path, str(c.headers), c.body.decode())) for c in peer.calls]
    spelled = {w: (w, urllib.parse.quote(w), base64.b64encode(f"{ID}:{w}".encode()).decode()) for w in what}
    return {w for w, forms in spelled.items() for t in told if any(f in t for f in forms)}


@pytest.fixture(scope="module")
def world(binary, tmp_path_factory):
    """Two hosts, a definition that is at the old one or, as another environment, at the new one, and the engine."""
    with Peer() as old, Peer() as new:
        for peer in (old, new):
            peer.rules = {"/token": tokens, "/me": answer(body={"id": "7"}), "/revoke": answer(503, {"error": "busy"})}
        there = definition(new, revoke={"url": f"{new.url}/revoke", "ends": "token"})
        acme = definition(old, revoke={"url": f"{old.url}/revoke", "ends": "token"}, environments={"new": {k: there[k] for k in ("authorize", "token", "revoke")}})
        config = f"api:\n  development: true\nprovider_definitions: {json.dumps({'acme': acme})}\n"
        with Engine(binary, tmp_path_factory.mktemp("moves"), config=config) as engine, engine.client() as api:
            yield old, new, engine, api


def custom(api, id, at, **more):
    r = api.post("/v1/admin/auth_providers", json={"id": id, "oauth2": {
        "client_id": ID, "client_secret": SECRET, "authorize_request": {"endpoint": f"{at.url}/authorize"},
        "token_request": {"endpoint": f"{at.url}/token", "auth_method": "client_secret_basic"}, **more}})
    assert r.status_code == 201, r.text


def edit(api, id, **oauth2):
    return api.patch(f"/v1/admin/auth_providers/{id}", json={"oauth2": oauth2})


MOVES = {
    "token": lambda host: {"token_request": {"endpoint": f"{host.url}/token"}},
    "refresh": lambda host: {"refresh_request": {"endpoint": f"{host.url}/token"}},
    "introspection": lambda host: {"token_introspection_request": {"endpoint": f"{host.url}/me", "enabled": True}},
    "user info": lambda host: {"user_info_request": {"endpoint": f"{host.url}/me"}},
    "user info with the secret": lambda host: {"user_info_request": {"endpoint": f"{host.url}/me", "params": {"s": "{{client_secret}}"}}},
    "user info as the client": lambda host: {"user_info_request": {"endpoint": f"{host.url}/me", "auth_method": "client_secret_basic"}},
}


@pytest.mark.parametrize("what", MOVES)
def test_attack_a_secret_nobody_can_read_is_not_moved(world, what):
    """Whoever may edit a provider cannot read its secret; so he cannot have it, or tokens it earns, sent to a host of his own."""
    old, new, engine, api = world
    id = "unread-" + what.replace(" ", "-")
    custom(api, id, old, user_info_request={"endpoint": f"{old.url}/me"})
    r = edit(api, id, **MOVES[what](new))
    assert r.status_code == 400 and "oauth2.client_secret must be sent again" in r.text, r.text
    user = Attempt(engine, id, "alice@example.com")
    user.connect()
    assert not seen(new, SECRET, ACCESS)
    assert edit(api, id, **MOVES[what](old)).status_code == 200  # on its own host all of it may change
    # Brought again it is its owner who asks.  Where what is stored goes elsewhere the grants end, with their reason; user info only sees new ones.
    assert edit(api, id, client_secret=SECRET, **MOVES[what](new)).status_code == 200
    there = api.get("/v1/admin/user_connections", params={"provider_id": id}).json()["items"]
    assert [c["connection_status"] for c in there] == (["active"] if what.startswith("user info") else ["expired"]), there
    user.close()


@pytest.mark.parametrize("stage", ["at the provider", "before who it was is known"])
def test_attack_an_attempt_does_not_outlive_a_move(world, stage):
    """A link was clicked, then the provider moves to another host with a new secret: the old host must not get the new secret, nor the
    new one what the old one gives; the user is told to begin again, and can."""
    old, new, engine, api = world
    id = f"moved-{stage.split()[0]}"
    r = api.post("/v1/admin/auth_providers", json={"id": id, "provider_id": "acme", "oauth2": {"client_id": ID, "client_secret": SECRET}})
    assert r.status_code == 201, r.text
    user = Attempt(engine, id, "alice@example.com")
    asked = query(user.click())
    back = f"{asked['redirect_uri']}?{urllib.parse.urlencode({'state': asked['state'], 'code': 'good'})}"
    if stage == "before who it was is known":
        flow = query(user.browser.get(back).headers["location"])["flow_id"]
    r = edit(api, id, client_secret=NEW, environment="new")
    assert r.status_code == 200, r.text
    if stage == "at the provider":
        page = user.browser.get(back)
        assert page.status_code == 400 and "location" not in page.headers, page.text
    else:
        r = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user.user})
        assert r.status_code == 400, r.text
        until("the end of its tokens", lambda: [e for e in user.events("revoke") if "moved" in json.dumps(e)])
    assert not seen(old, NEW) and not seen(new, SECRET, ACCESS, REFRESH), (old.calls, new.calls)
    assert any(e["reason"] == "provider_changed" for e in user.shown()["events"]), user.shown()
    user.connect()  # the same link, at the new host
    assert seen(new, NEW) and user.authorize().json()["status"] == "completed"
    user.close()
