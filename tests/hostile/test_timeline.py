# SPDX-License-Identifier: Apache-2.0
"""Twenty faults, each switched on by its name in the simulator, and each found again from the timeline alone.  The classifier below was
written from the words of docs/ERRORS.md: it gets the text that `tokenbooth authorization show` or `connection show` prints, and nothing
else.  Exactly one of its rules must fit."""
import re

import pytest

from test_discord import authorize
from world import Browser, Engine, Simulator, query, until


def step(name, outcome, reason=None):
    """Is there a line `time  step  outcome  reason`?"""
    return rf"(?m)^\S+ +{name} +{outcome}" + (rf" +{reason}$" if reason else "")


def field(name, words):
    return rf"(?m)^ +{name} +.*{words}"


# what an operator would look for; all expressions of a rule must be found
RULES = {
    "user_denied": [step("callback", "refused", "denied"), field("cause", "said no on the provider's consent page")],
    "admin_wanted": [step("callback", "refused", "account_action_needed"), field("cause", "administrator's consent"), field("fix", "administrator .* allow the app")],
    "scope_refused": [step("callback", "refused", "provider_misconfigured"), field("error", "invalid_scope"), field("fix", "Ask only for scopes")],
    "wrong_iss": [step("callback", "refused", "issuer_mismatch"), field("note", "expected https://discord.com"), field("cause", "another authorization server")],
    "wrong_client_secret": [step("code_exchange", "failed", "provider_misconfigured"), field("cause", "client secret is wrong"), field("status", "401")],
    "wrong_redirect": [step("code_exchange", "failed", "provider_misconfigured"), field("cause", "redirect address"), field("asked", "redirect_uri=http")],
    "code_expired": [step("code_exchange", "failed", "exchange_refused"), field("cause", "too old when it was redeemed")],
    "code_used": [step("code_exchange", "failed", "exchange_refused"), field("cause", "code was used before")],
    "pkce_mismatch": [step("code_exchange", "failed", "exchange_refused"), field("cause", "PKCE verifier")],
    "provider_down": [step("code_exchange", "failed", "provider_unavailable"), field("status", "503")],
    "rate_limited": [step("code_exchange", "failed", "rate_limited"), field("retry_after_s", "30")],
    "answer_cut": [step("code_exchange", "failed", "provider_unavailable"), field("result", "uncertain"), field("detail", "(?:partial file|reset|closed)")],
    "html_answer": [step("code_exchange", "failed", "bad_answer"), field("answered", "text/html")],
    "wrong_token_type": [step("code_exchange", "failed", "bad_answer"), field("detail", "token_type is not bearer")],
    "no_refresh_token": [step("notice", "ok", "no_refresh_token"), field("cause", "gave no refresh token"), field("note", "the access token ends at")],
    "fewer_scopes": [step("notice", "ok", "fewer_scopes"), field("note", "not granted: guilds")],
    "clock_skew": [step("notice", "ok", "clock_skew"), field("note", "7[12]\\d\\d s ahead of ours")],
    "other_account": [step("notice", "ok", "account_changed"), field("cause", "another account at the provider")],
    "identity_down": [step("user_info", "failed", "provider_unavailable"), field("asked", "GET https://discord.com/api/v10/users/@me"), field("status", "503")],
    "refresh_revoked": [step("refresh", "refused", "revoked_or_expired"), field("cause", "took the app's access away")],
    "refresh_used": [step("refresh", "refused", "revoked_or_expired"), field("cause", "another program has its successor")],
}
LATER = {"refresh_revoked", "refresh_used"}
CONNECTED = {"no_refresh_token", "fewer_scopes", "clock_skew", "other_account", "identity_down"} | LATER  # has a connection to show


def classify(text):
    return [name for name, rules in RULES.items() if all(re.search(r, text) for r in rules)]


@pytest.fixture(scope="module")
def home(binary, tmp_path_factory):
    with Simulator(binary, tmp_path_factory.mktemp("sim")) as sim, Engine(binary, tmp_path_factory.mktemp("engine"), simulator=sim) as eng:
        eng.add_discord()
        yield sim, eng


def consent(sim, api, start, user, person, confirm):
    with Browser(sim) as b:
        at = b.to_provider(start["url"])
        page = b.get(at)
        back = page.headers["location"] if page.status_code in (302, 303) else b.consent(at, person)
        came = b.callback(back)
    if confirm:
        assert came.status_code == 303, (came.status_code, came.text[:1500])
        r = api.post("/v1/auth/confirm_user", json={"flow_id": query(came.headers["location"])["flow_id"], "user_id": user})
        assert r.status_code == 200, r.text
    else:
        assert came.status_code == 400, came.status_code


def live(home, name):
    """One fault, from the link to what the command line says of it."""
    sim, eng = home
    user, person = f"{name}@example.com", sim.person()
    with eng.client() as api:
        if name == "other_account":
            consent(sim, api, authorize(api, user, ["identify"]).json(), user, person, True)
        if name in LATER:
            sim.control.post("/knobs", json={"token_lifetime_s": 3})
        sim.fault(name=name, times=1)
        start = authorize(api, user, ["identify", "guilds"]).json()
        consent(sim, api, start, user, person, name in CONNECTED)
        sim.control.post("/knobs", json={"token_lifetime_s": -1})
        shown = lambda: api.get(f"/tb/v1/authorizations/{start['id']}").json()  # noqa: E731
        if name in LATER:
            until("the refresh", lambda: authorize(api, user, ["identify", "guilds"]).status_code and any(e["step"] == "refresh" for e in shown()["events"]))
        text = eng.cli("authorization", "show", start["id"]).stdout
        if name in CONNECTED:
            connection = api.get("/v1/admin/user_connections", params={"user_id": user}).json()["items"][0]
            again = eng.cli("connection", "show", connection["id"]).stdout
            assert text.split("Timeline")[1] in again.split("Timeline")[1] or name == "other_account"
            text = again
        sim.clear()
        return text, shown()


@pytest.fixture(scope="module")
def stories(home):
    return {name: live(home, name) for name in RULES}


@pytest.mark.parametrize("name", RULES)
def test_the_fault_is_found_from_the_timeline_alone(stories, name):
    text, _ = stories[name]
    assert classify(text) == [name], (classify(text), text)


def test_the_simulator_knows_these_faults_and_at_least_twenty(home):
    sim, _ = home
    named = {f["name"] for f in sim.control.get("/faults/named").json()["items"]}
    assert named == set(RULES) and len(named) >= 20
    assert sim.control.post("/faults", json={"name": "nothing-of-the-kind"}).status_code == 400


def test_every_story_differs_and_has_a_cause_and_a_fix(stories):
    tellings = set()
    for name, (text, shown) in stories.items():
        bad = [e for e in shown["events"] if e["reason"] and (e["outcome"] != "ok" or e["step"] == "notice")]
        assert bad and all(e["cause"] and e["fix"] for e in bad), (name, bad)
        e = bad[0]
        assert e["cause"] in text and e["fix"] in text, (name, e, text)
        tellings.add((e["step"], e["outcome"], e["reason"], e["cause"], e["data"].get("status"), e["data"].get("detail")))
    assert len(tellings) == len(stories)


def test_a_day_without_faults_is_none_of_them(home):
    sim, eng = home
    with eng.client() as api:
        start = authorize(api, "fine@example.com", ["identify", "guilds"]).json()
        consent(sim, api, start, "fine@example.com", sim.person(), True)
        text = eng.cli("authorization", "show", start["id"]).stdout
    assert classify(text) == [] and "cause" not in text.split("Timeline")[1], text
