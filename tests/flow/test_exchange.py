# SPDX-License-Identifier: Apache-2.0
"""What a provider can answer to a code: each is a page a person understands and a typed reason; nothing but a config error ends
more than the attempt, and the link works again."""
import pytest
from test_discord import authorize
from world import Browser

ATTEMPT = [
    ("500", dict(status=500, body="oops"), "provider_unavailable"),
    ("html", dict(status=200, body="<html>hello</html>", content_type="text/html"), "bad_answer"),
    ("empty", dict(status=200, body="", content_type="application/json"), "bad_answer"),
    ("not json", dict(status=200, body="{", content_type="application/json"), "bad_answer"),
    ("a list", dict(status=200, body="[1]", content_type="application/json"), "bad_answer"),
    ("no token", dict(status=200, body='{"token_type":"Bearer"}', content_type="application/json"), "bad_answer"),
    ("token of another type", dict(status=200, body='{"access_token":7,"token_type":"Bearer"}', content_type="application/json"), "bad_answer"),
    ("mac", dict(status=200, body='{"access_token":"a","token_type":"mac"}', content_type="application/json"), "bad_answer"),
    ("duplicate keys", dict(status=200, body='{"access_token":"a","access_token":"b","token_type":"Bearer"}', content_type="application/json"), "bad_answer"),
    ("invalid_grant", dict(status=400, body='{"error":"invalid_grant","error_description":"Invalid \\"code\\" in request."}', content_type="application/json"), "exchange_refused"),
    ("rate limit", dict(status=429, body='{"message":"slow down","retry_after":3}', content_type="application/json", retry_after_s=3), "rate_limited"),
    ("redirect", dict(status=302, body=""), "bad_answer"),
]
FINAL = [
    ("invalid_client", dict(status=401, body='{"error":"invalid_client"}', content_type="application/json")),
    ("unauthorized_client", dict(status=400, body='{"error":"unauthorized_client"}', content_type="application/json")),
]


@pytest.mark.parametrize("name,fault,reason", ATTEMPT, ids=[a[0] for a in ATTEMPT])
def test_a_bad_answer_ends_the_attempt_and_the_link_works_again(engine, simulator, api, name, fault, reason):
    user = f"exchange-{name.replace(' ', '-')}@example.com"
    start = authorize(api, user, ["identify"]).json()
    simulator.fault(on="token", times=1, **fault)
    with Browser(simulator) as b:
        page = b.callback(b.consent(b.to_provider(start["url"]), simulator.person()))
        assert page.status_code in (400, 502, 503) and "text/html" in page.headers["content-type"], (page.status_code, page.headers)
        assert start["url"] in page.text, "no way to try again"
        events = api.get(f"/tb/v1/authorizations/{start['id']}").json()["events"]
        assert any(reason in str(e) for e in events), events
        assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        flow = b.flow_id(start["url"], simulator.person())
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": user}).status_code == 200


@pytest.mark.parametrize("name,fault", FINAL, ids=[f[0] for f in FINAL])
def test_a_configuration_mistake_ends_the_authorization_so_that_nobody_waits_for_a_typo(engine, simulator, api, name, fault):
    start = authorize(api, f"final-{name}@example.com", ["identify"]).json()
    simulator.fault(on="token", times=1, **fault)
    with Browser(simulator) as b:
        page = b.callback(b.consent(b.to_provider(start["url"]), simulator.person()))
        assert page.status_code in (400, 502)
    shown = api.get(f"/tb/v1/authorizations/{start['id']}").json()
    assert shown["status"] == "failed" and shown["reason"]["code"] == "provider_misconfigured"
    assert api.get("/v1/auth/status", params={"id": start["id"], "wait": 45}).status_code == 410


def test_a_wrong_iss_ends_the_attempt(engine, simulator, api, browser):
    start = authorize(api, "iss@example.com", ["identify"]).json()
    url = browser.consent(browser.to_provider(start["url"]), simulator.person())
    assert "iss=https%3A%2F%2Fdiscord.com" in url
    redeemed = len(simulator.calls(kind="token"))
    r = browser.callback(url.replace("iss=https%3A%2F%2Fdiscord.com", "iss=https%3A%2F%2Fevil.example"))
    assert r.status_code == 400 and len(simulator.calls(kind="token")) == redeemed
    assert api.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"


def test_provider_words_are_escaped_and_secrets_taken_out(engine, simulator, api, browser):
    start = authorize(api, "words@example.com", ["identify"]).json()
    simulator.fault(on="token", times=1, status=400, content_type="application/json",
                    body='{"error":"invalid_grant","error_description":"<script>alert(1)</script> secret sim-client-secret-c0ffee"}')
    page = browser.callback(browser.consent(browser.to_provider(start["url"]), simulator.person()))
    assert "<script>" not in page.text and "sim-client-secret-c0ffee" not in page.text
    assert "sim-client-secret-c0ffee" not in str(api.get(f"/tb/v1/authorizations/{start['id']}").json())


def test_twenty_live_flows_at_most(engine, simulator, api):
    """Link previews open links too: the cap drops attempts without a callback, the link keeps working."""
    start = authorize(api, "previews@example.com", ["identify"]).json()
    for _ in range(25):
        with Browser(simulator) as preview:
            assert preview.get(start["url"]).status_code in (303, 429)
    with Browser(simulator) as b:
        flow = b.flow_id(start["url"], simulator.person())
    assert api.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "previews@example.com"}).status_code == 200
