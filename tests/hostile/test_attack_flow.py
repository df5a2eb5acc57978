# SPDX-License-Identifier: Apache-2.0
"""The way through the browser: callbacks, codes, cookies and flow ids that belong to somebody else, or come twice."""
import concurrent.futures
import urllib.parse

import httpx
import pytest
from test_discord import authorize
from world import Browser, query


def test_callback_fixation(engine, simulator, api, browser):
    """The attacker consents with his own account and lures the victim's browser through his callback."""
    start = authorize(api, "fixation@example.com").json()
    with Browser(simulator) as attacker:
        his = attacker.consent(attacker.to_provider(start["url"]), simulator.person())
    browser.to_provider(start["url"])  # the victim has the same link open: a flow, and a cookie, of its own
    redeemed = len(simulator.calls(kind="token"))
    assert browser.callback(his).status_code == 400
    assert len(simulator.calls(kind="token")) == redeemed
    assert authorize(api, "fixation@example.com").json()["status"] == "pending"


def test_code_injection(engine, simulator, api, browser):
    """A stolen code of another flow is put under the attacker's own state: PKCE does not fit."""
    victim = authorize(api, "injected@example.com").json()
    mine = authorize(api, "injector@example.com").json()
    with Browser(simulator) as v:
        stolen = query(v.consent(v.to_provider(victim["url"]), simulator.person()))["code"]
    back = browser.consent(browser.to_provider(mine["url"]), simulator.person())
    forged = back.replace(urllib.parse.quote(query(back)["code"]), stolen)
    assert stolen in forged
    r = browser.callback(forged)
    assert r.status_code == 400 and "location" not in r.headers
    assert authorize(api, "injector@example.com").json()["status"] == "pending"


def test_mix_up_of_two_providers(engine, simulator, api, browser):
    """The answer for one provider brought to the other's address is nobody's, and the right address still works."""
    other = engine.add_discord("mixed-up", **{"oauth2": {"client_id": "2299990000000000002", "client_secret": "another-secret-entirely"}})
    try:
        r = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": "mixed-up", "oauth2": {"scopes": ["identify"]}}, "user_id": "mix@example.com"})
        back = browser.consent(browser.to_provider(r.json()["url"]), simulator.person())
        first = api.get("/v1/admin/auth_providers/my-discord").json()["oauth2"]["redirect_uri"]
        redeemed = len(simulator.calls(kind="token"))
        for wrong in (first, engine.url + "/oauth/callback", engine.url + "/api/v1/oauth/callback", engine.url + "/api/v1/oauth/my-discord/callback"):
            assert browser.callback(wrong + "?" + urllib.parse.urlsplit(back).query).status_code == 400
        assert len(simulator.calls(kind="token")) == redeemed
        assert back.startswith(other["oauth2"]["redirect_uri"]) and browser.callback(back).status_code == 303
    finally:
        api.delete("/v1/admin/auth_providers/mixed-up")


@pytest.mark.parametrize("more", ["&state=other", "&code=other", "&error=access_denied", "&iss=https://evil.example"])
def test_a_tampered_callback_is_not_redeemed(engine, simulator, api, browser, more):
    """RFC 6749 section 3.1: a parameter given twice could be meant for two readers."""
    start = authorize(api, "tampered@example.com").json()
    back = browser.consent(browser.to_provider(start["url"]), simulator.person())
    redeemed = len(simulator.calls(kind="token"))
    r = browser.callback(back + more)
    assert r.status_code in (400, 404) and "location" not in r.headers and len(simulator.calls(kind="token")) == redeemed


def test_cookie_tossing(engine, simulator, api, browser):
    """Of two cookies of one name neither counts; a value that is not ours is never taken over."""
    start = authorize(api, "tossed@example.com").json()
    back = browser.consent(browser.to_provider(start["url"]), simulator.person())
    (name, value), = [(c.name, c.value) for c in browser.direct.cookies.jar if c.name.startswith("tb_")]
    for cookie in (f"{name}=x; {name}={value}", f"{name}={value}; {name}=x", f"{name}={value}x", f"{name}=", f"{name.upper()}={value}"):
        assert httpx.get(back, headers={"Cookie": cookie}, trust_env=False).status_code == 400, cookie
    for planted in ("evil", "a" * 44, "a" * 42 + "!", "a" * 4000):
        r = httpx.get(start["url"], headers={"Cookie": f"{name}={planted}"}, trust_env=False)
        assert r.status_code == 303 and planted not in r.headers["set-cookie"]
    assert browser.callback(back).status_code == 303


def test_replayed_and_foreign_flow_ids(engine, simulator, api, browser):
    start = authorize(api, "flow@example.com").json()
    flow = browser.flow_id(start["url"], simulator.person())
    with engine.client() as c:
        me = c.get("/tb/v1/projects").json()["items"][0]
    state = query(browser.to_provider(authorize(api, "flow-2@example.com").json()["url"]))["state"]
    for bad in (flow.upper() if flow.upper() != flow else flow[::-1], flow + " ", " " + flow, flow + "\u0000", flow[:-1], state, start["id"], "%", "'" * 40, "a" * 100000):
        r = api.post("/v1/auth/confirm_user", json={"flow_id": bad, "user_id": "flow@example.com"})
        assert r.status_code in (400, 404), (bad[:50], r.text)
    for scope in (f"/v1/orgs/{me['org_id']}/projects/11111111-2222-4333-8444-555555555555", f"/v1/orgs/default/projects/{me['org_id']}"):
        assert api.post(f"{scope}/auth/confirm_user", json={"flow_id": flow, "user_id": "flow@example.com"}).status_code == 403
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "flow@example.com"}).status_code == 200
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "flow@example.com"}).status_code == 400


@pytest.mark.parametrize("as_user", ["Tricky@example.com", "tricky@EXAMPLE.com", "tricky@example.com\u200b", "tr\u0131cky@example.com",
                                     "\u202etricky@example.com", "tricky@example.com.", "tricky@example.co\u043c", "\u00a0tricky@example.com"])
def test_a_user_id_that_only_looks_the_same_is_another(engine, simulator, api, as_user):
    start = authorize(api, "tricky@example.com").json()
    with Browser(simulator) as b:
        flow = b.flow_id(start["url"], simulator.person())
    r = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": as_user})
    assert r.status_code == 400 and r.json()["name"] == "user_mismatch", r.text


@pytest.mark.parametrize("user", ["", " ", "\u0000", "a\u0000b", "a\nb", "a" * 257, "\u20ac" * 86, "\u0085x"])
def test_a_user_id_that_cannot_be_one(api, user):
    r = authorize(api, user)
    assert r.status_code == 400 and ("user_id" in r.text or "U+0000" in r.text)




# ---- races ----
def test_confirming_while_everything_is_deleted(engine, simulator, api):
    """Whoever is first, nothing live and nothing unrevoked stays behind a deleted provider."""
    for i in range(4):
        made = engine.add_discord("race", **{"oauth2": {"client_id": f"33999900000000000{i}", "client_secret": "race-secret-of-the-app"}})
        user = f"race-{i}@example.com"
        start = api.post("/v1/auth/authorize", json={"auth_requirement": {"id": made["id"], "oauth2": {"scopes": ["identify"]}}, "user_id": user}).json()
        with Browser(simulator) as b:
            flow = b.flow_id(start["url"], simulator.person())
        with engine.client() as one, engine.client() as two, concurrent.futures.ThreadPoolExecutor(2) as pool:
            confirmed = pool.submit(one.post, "/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user})
            deleted = pool.submit(two.delete, "/v1/admin/auth_providers/race")
            assert deleted.result().status_code == 200 and confirmed.result().status_code in (200, 400, 404), confirmed.result().text
        status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
        assert status["status"] == "failed" and not status.get("context"), status
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user}).status_code in (400, 404)
        assert not [x for x in api.get("/v1/admin/user_connections", params={"user_id": user}).json()["items"] if x["connection_status"] == "active"]


def test_a_changed_client_ends_open_flows_and_live_grants(engine, simulator, api):
    made = engine.add_discord("turned", **{"oauth2": {"client_id": "4499990000000000004", "client_secret": "turned-secret-of-the-app"}})
    ask = {"auth_requirement": {"id": "turned", "oauth2": {"scopes": ["identify"]}}}
    try:
        live = api.post("/v1/auth/authorize", json={**ask, "user_id": "turned-1@example.com"}).json()
        with Browser(simulator) as b:
            flow = b.flow_id(live["url"], simulator.person())
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "turned-1@example.com"}).status_code == 200
        start = api.post("/v1/auth/authorize", json={**ask, "user_id": "turned-2@example.com"}).json()
        with Browser(simulator) as b:
            flow = b.flow_id(start["url"], simulator.person())
            r = api.patch("/v1/admin/auth_providers/turned", json={"oauth2": {"client_id": "5599990000000000005"}})
            assert r.status_code == 200, r.text
            assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "turned-2@example.com"}).status_code == 400
            simulator.app(made["oauth2"]["redirect_uri"], "5599990000000000005", "turned-secret-of-the-app")
            assert b.to_provider(start["url"])  # only the attempt has ended
        status = api.get("/v1/auth/status", params={"id": live["id"]}).json()
        assert status["status"] == "failed" and not status.get("context")
    finally:
        api.delete("/v1/admin/auth_providers/turned")
