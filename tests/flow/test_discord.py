# SPDX-License-Identifier: Apache-2.0
"""From nothing to Alice's Discord token: the whole way with a custom verifier, over real HTTPS, as an app and a person go it."""
import concurrent.futures
import json
import subprocess
import sys
import threading

import pytest
from world import BOUND, Browser, query, until

ALL = ["identify", "email", "guilds", "guilds.join"]


def authorize(api, user, scopes=ALL, provider="discord", **more):
    return api.post("/v1/auth/authorize", json={
        "auth_requirement": {"provider_id": provider, "provider_type": "oauth2", "oauth2": {"scopes": scopes}}, "user_id": user, **more})


def connect(engine, simulator, api, user, as_user="alice", scopes=ALL, **more):
    """Consents as `as_user` for the app's user `user`; returns the confirm answer."""
    start = authorize(api, user, scopes, **more).json()
    with Browser(simulator) as b:
        flow = b.flow_id(start["url"], as_user)
    r = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user})
    assert r.status_code == 200, r.text
    return start, r.json()


def test_the_whole_way(engine, simulator, api, browser):
    r = authorize(api, "whole@example.com")
    assert r.status_code == 200, r.text
    start = r.json()
    assert start["status"] == "pending" and start["id"].startswith("ar_") and len(start["id"]) == 30
    assert start["url"].startswith(engine.url + "/connect/")
    assert start["scopes"] == ALL and start["provider_id"] == "discord" and start["user_id"] == "whole@example.com"
    assert "context" not in start or not start["context"]

    where = browser.to_provider(start["url"])
    q = query(where)
    assert where.startswith("https://discord.com/")
    assert q["response_type"] == "code" and q["scope"] == " ".join(ALL) and q["code_challenge_method"] == "S256"
    assert len(q["state"]) >= 43 and len(q["code_challenge"]) == 43

    back = browser.callback(browser.consent(where))
    assert back.status_code == 303 and back.headers["location"].startswith("http://127.0.0.1:9/verify?flow_id=")
    flow = query(back.headers["location"])["flow_id"]
    assert flow != q["state"]

    assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"  # unverified is not completed
    done = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "whole@example.com"})
    assert done.status_code == 200 and done.json()["auth_id"] == start["id"]
    assert done.json()["next_uri"] == engine.url + "/api/v1/oauth/callback_success"

    status = api.get("/v1/auth/status", params={"id": start["id"], "wait": 45}).json()
    assert status["status"] == "completed"
    token = status["context"]["token"]
    assert status["context"]["user_info"]["id"] == "80351110224678912"
    with simulator.api(token) as discord:
        assert discord.get("https://discord.com/api/v10/users/@me").json()["username"] == "alice"
        assert len(discord.get("https://discord.com/api/v10/users/@me/guilds").json()) == 2

    again = authorize(api, "whole@example.com").json()
    assert again["status"] == "completed" and again["context"]["token"] == token and again["id"] == start["id"]
    assert "url" not in again or not again["url"]


def test_the_link_is_the_same_while_it_lives_and_parallel_calls_share_it(engine, api):
    def ask(_):
        with engine.client() as own:
            return authorize(own, "parallel@example.com").json()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    assert len({a["id"] for a in answers}) == 1 and len({a["url"] for a in answers}) == 1
    other = authorize(api, "parallel@example.com", ["identify"]).json()
    assert other["id"] != answers[0]["id"]
    reordered = authorize(api, "parallel@example.com", list(reversed(ALL))).json()
    assert reordered["id"] == answers[0]["id"]


def test_a_parked_wait_ends_when_the_user_is_confirmed(engine, simulator, api):
    start = authorize(api, "parked@example.com").json()
    got = {}

    def wait():
        with engine.client() as c:
            got["answer"] = c.get("/v1/auth/status", params={"id": start["id"], "wait": 59}).json()

    t = threading.Thread(target=wait)
    t.start()
    with Browser(simulator) as b:
        flow = b.flow_id(start["url"])
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "parked@example.com"}).status_code == 200
    t.join(BOUND)
    assert not t.is_alive() and got["answer"]["status"] == "completed" and got["answer"]["context"]["token"]


def test_mismatched_user_fails_for_good_and_harms_nobody(engine, simulator, api):
    connect(engine, simulator, api, "owner@example.com", "bob")  # another user's live connection of the same Discord account
    before = authorize(api, "owner@example.com").json()["context"]["token"]

    start = authorize(api, "victim@example.com").json()
    with Browser(simulator) as b:
        flow = b.flow_id(start["url"], "bob")
        r = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "attacker@example.com"})
        assert r.status_code == 400
        assert r.json() == {"name": "user_mismatch", "message": "An error occurred during verification", "code": 400,
                            "error": "user_mismatch", "msg": "An error occurred during verification"}
        assert r.headers["x-should-retry"] == "false"
        # for good: the right user cannot use that flow any more, the authorization has failed, the link is over
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "victim@example.com"}).status_code in (400, 404)
        status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
        assert status["status"] == "failed" and not status.get("context")
        assert b.get(start["url"]).status_code in (400, 404, 410)
    gone = api.get("/v1/auth/status", params={"id": start["id"], "wait": 45})
    assert gone.status_code == 410 and gone.json()["name"] == "authorization_failed" and gone.headers["x-should-retry"] == "false"
    # Discord's revoke would have killed bob's other grant: it was not called
    still = authorize(api, "owner@example.com").json()
    assert still["status"] == "completed" and still["context"]["token"] == before
    with simulator.api(before) as discord:
        assert discord.get("https://discord.com/api/v10/users/@me").status_code == 200
    fresh = authorize(api, "victim@example.com").json()
    assert fresh["status"] == "pending" and fresh["id"] != start["id"]


def test_replayed_callback_redeems_once(engine, simulator, api, browser):
    start = authorize(api, "replay@example.com").json()
    url = browser.consent(browser.to_provider(start["url"]))
    redeemed = len(simulator.calls(kind="token"))
    first = browser.callback(url)
    second = browser.callback(url)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert len(simulator.calls(kind="token")) == redeemed + 1
    flow = query(first.headers["location"])["flow_id"]
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "replay@example.com"}).status_code == 200
    third = browser.callback(url)
    assert third.status_code in (200, 303) and len(simulator.calls(kind="token")) == redeemed + 1
    again = api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "replay@example.com"})
    assert again.status_code == 400 and again.json()["name"] == "malformed_request"


def test_of_two_parallel_callbacks_exactly_one_redeems(engine, simulator, api, browser):
    start = authorize(api, "race@example.com").json()
    url = browser.consent(browser.to_provider(start["url"]))
    redeemed = len(simulator.calls(kind="token"))
    cookies = browser.direct.cookies
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        import httpx

        answers = list(pool.map(lambda _: httpx.get(url, cookies=cookies, trust_env=False, timeout=BOUND), range(8)))
    assert len(simulator.calls(kind="token")) == redeemed + 1
    assert all(a.status_code in (200, 202, 303) for a in answers), [a.status_code for a in answers]
    assert any(a.status_code == 303 for a in answers)


def test_state_from_another_browser_changes_nothing(engine, simulator, api, browser):
    start = authorize(api, "cookie@example.com").json()
    url = browser.consent(browser.to_provider(start["url"]))
    redeemed = len(simulator.calls(kind="token"))
    with Browser(simulator) as stranger:
        r = stranger.callback(url)
        assert r.status_code == 400 and "text/html" in r.headers["content-type"]
        stranger.get(start["url"])  # with a cookie of its own it is still not the flow's browser
        assert stranger.callback(url).status_code == 400
    assert len(simulator.calls(kind="token")) == redeemed
    right = browser.callback(url)  # the right browser can still finish
    assert right.status_code == 303 and "flow_id=" in right.headers["location"]


def test_two_links_in_one_browser(engine, simulator, api, browser):
    one, two = authorize(api, "links-1@example.com").json(), authorize(api, "links-2@example.com", ["identify"]).json()
    a, b = browser.to_provider(one["url"]), browser.to_provider(two["url"])
    fb = query(browser.callback(browser.consent(b, "bob")).headers["location"])["flow_id"]
    fa = query(browser.callback(browser.consent(a, "alice")).headers["location"])["flow_id"]
    assert api.post("/v1/auth/confirm_user", json={"flow_id": fa, "user_id": "links-1@example.com"}).status_code == 200
    assert api.post("/v1/auth/confirm_user", json={"flow_id": fb, "user_id": "links-2@example.com"}).status_code == 200
    assert api.get("/v1/auth/status", params={"id": one["id"]}).json()["context"]["user_info"]["username"] == "alice"
    assert api.get("/v1/auth/status", params={"id": two["id"]}).json()["context"]["user_info"]["username"] == "bob"


def test_denied_consent_ends_the_authorization_with_its_reason(engine, simulator, api, browser):
    start = authorize(api, "denied@example.com", next_uri="https://app.example/after").json()
    r = browser.callback(browser.consent(browser.to_provider(start["url"]), decision="deny"))
    assert r.status_code == 400 and "text/html" in r.headers["content-type"]
    assert "https://app.example/after" in r.text
    assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "failed"
    gone = api.get("/v1/auth/status", params={"id": start["id"], "wait": 45})
    assert gone.status_code == 410 and gone.json()["name"] == "authorization_failed"
    shown = api.get(f"/tb/v1/authorizations/{start['id']}").json()
    assert shown["reason"]["code"] == "denied" and shown["reason"]["cause"] and shown["reason"]["fix"]
    assert [e["step"] for e in shown["events"]], "an empty timeline"


def test_narrower_scopes_than_asked_are_asked_again(engine, simulator, api, browser):
    start = authorize(api, "narrow@example.com").json()
    flow = browser.flow_id(start["url"], simulator.person(), scopes=["identify"])
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "narrow@example.com"}).status_code == 200
    again = authorize(api, "narrow@example.com").json()
    assert again["status"] == "pending" and again["id"] != start["id"]
    assert authorize(api, "narrow@example.com", ["identify"]).json()["status"] == "completed"
    assert authorize(api, "narrow@example.com", []).json()["status"] == "completed"  # no particular scopes


def test_wider_scopes_later_keep_the_earlier_ones(engine, simulator, api):
    who = simulator.person()
    connect(engine, simulator, api, "wider@example.com", who, scopes=["identify"])
    start = authorize(api, "wider@example.com", ["guilds"]).json()
    assert start["status"] == "pending"
    connect(engine, simulator, api, "wider@example.com", who, scopes=["guilds"])
    both = authorize(api, "wider@example.com", ["identify", "guilds"]).json()
    assert both["status"] == "completed"


def test_a_grant_without_identify_has_no_user_info_and_is_good(engine, simulator, api):
    start, _ = connect(engine, simulator, api, "guilds-only@example.com", simulator.person(), ["guilds"])
    status = api.get("/v1/auth/status", params={"id": start["id"]}).json()
    assert status["status"] == "completed" and status["context"]["user_info"] == {}


def test_next_uri_comes_back_from_confirm(engine, simulator, api):
    _, done = connect(engine, simulator, api, "next@example.com", next_uri="https://app.example/done?x=1")
    assert done["next_uri"] == "https://app.example/done?x=1"


@pytest.mark.parametrize("path", ["/v1/auth/confirm_user", "/api/v1/oauth/confirm_user"])
def test_confirm_needs_a_key_and_a_known_flow(engine, api, path):
    import httpx

    body = {"flow_id": "9b2c1c9e-0000-4000-8000-000000000000", "user_id": "x@example.com"}
    assert httpx.post(engine.url + path, json=body, trust_env=False).status_code == 401
    r = api.post(path, json=body)
    assert r.status_code == 404 and r.json()["name"] == "not_found"


def test_the_python_sdk_as_the_page_prints_it(engine, simulator, binary, tmp_path):
    """The calls of the page's Python sample, in a process of its own with nothing but address and key."""
    script = tmp_path / "sample.py"
    script.write_text(
        "from arcadepy import Arcade\n"
        "client = Arcade()\n"
        "auth = client.auth.start(user_id='sdk@example.com', provider='discord', scopes=['identify', 'email', 'guilds', 'guilds.join'])\n"
        "if auth.status != 'completed':\n"
        "    print(auth.url, flush=True)\n"
        "auth = client.auth.wait_for_completion(auth)\n"
        "print(auth.context.token, flush=True)\n")
    env = {"ARCADE_BASE_URL": engine.url, "ARCADE_API_KEY": engine.key, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    p = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    link = p.stdout.readline().strip()
    assert link.startswith(engine.url + "/connect/"), (link, p.stderr.read() if p.poll() is not None else "")
    with Browser(simulator) as b, engine.client() as api:
        flow = b.flow_id(link)
        assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "sdk@example.com"}).status_code == 200
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, err
    with simulator.api(out.strip()) as discord:
        assert discord.get("https://discord.com/api/v10/users/@me").json()["username"] == "alice"


def test_an_sdk_that_waits_for_a_failed_authorization_ends_with_the_reason(engine, simulator, api, browser):
    import arcadepy

    client = arcadepy.Arcade(base_url=engine.url, api_key=engine.key)
    start = client.auth.start(user_id="loop@example.com", provider="discord", scopes=["identify"])
    browser.callback(browser.consent(browser.to_provider(start.url), decision="deny"))
    with pytest.raises(arcadepy.APIStatusError) as e:
        client.auth.wait_for_completion(start)
    assert e.value.status_code == 410 and e.value.body["name"] == "authorization_failed"


def test_nothing_secret_is_in_the_log(engine, simulator, api, browser):
    start = authorize(api, "log@example.com").json()
    where = browser.to_provider(start["url"])
    url = browser.consent(where)
    flow = query(browser.callback(url).headers["location"])["flow_id"]
    api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "log@example.com"})
    token = api.get("/v1/auth/status", params={"id": start["id"]}).json()["context"]["token"]
    log = engine.log()
    for secret in (token, query(url)["code"], query(url)["state"], flow, start["url"].rsplit("/", 1)[1], engine.key,
                   simulator.CLIENT_SECRET):
        assert secret not in log
    with open(engine.data / "store.sqlite3", "rb") as f:
        store = f.read()
    wal = engine.data / "store.sqlite3-wal"
    store += wal.read_bytes() if wal.exists() else b""
    for secret in (token, query(url)["code"], flow, start["url"].rsplit("/", 1)[1], engine.key, simulator.CLIENT_SECRET):
        assert secret.encode() not in store
