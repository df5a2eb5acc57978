# SPDX-License-Identifier: Apache-2.0
"""What the dashboard asks of the engine, as a person's browser asks it."""
import re

import pytest

from people import Person
from world import Engine, Simulator


@pytest.fixture(scope="module")
def house(binary, simulator, tmp_path_factory):
    """An engine with its owner signed in and a provider that works."""
    with Engine(binary, tmp_path_factory.mktemp("house"), simulator=simulator) as eng:
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@example.com")
        eng.add_discord()
        yield eng
        eng.owner.http.close()


@pytest.fixture()
def owner(house):
    return house.owner


# ---- the session ----
def test_the_session_tells_who_where_and_what_is_allowed(house, owner):
    r = owner.call("GET", "/tb/v1/sessions/current").json()
    assert r["email"] == r["account"]["email"] == "owner@example.com" and r["account"]["id"] == r["account_id"]
    (p,) = r["projects"]
    assert p["role"] == r["role"] == "owner" and p["is_default"] and p["id"] == r["project_id"]
    assert {"providers:write", "members:write", "auth:self", "projects:create"} <= set(r["may"]) and r["may_create_projects"] is True
    assert r["expires_at"] > r["account"]["last_sign_in_at"]
    long = owner.call("GET", f"/tb/v1/orgs/{p['org_id']}/projects/{p['id']}/sessions/current").json()
    assert {k: long[k] for k in ("role", "csrf", "project_id")} == {k: r[k] for k in ("role", "csrf", "project_id")}


def test_somebody_in_no_project_still_has_a_session(house, owner):
    made = owner.call("POST", "/tb/v1/accounts", {"email": "gone@example.com", "password": "correct horse battery"}).json()
    gone = Person(house)
    assert gone.sign_in("gone@example.com").status_code == 303
    assert owner.call("DELETE", f"/tb/v1/members/{made['id']}").status_code == 204
    r = gone.call("GET", "/tb/v1/sessions/current").json()
    assert (r["role"], r["projects"], r["project_id"]) == ("none", [], "") and r["may"] == ["auth:self", "projects:list"]
    assert gone.call("GET", "/tb/v1/projects").json()["items"] == []
    assert gone.call("GET", "/v1/admin/auth_providers").status_code == 403
    assert gone.call("DELETE", "/tb/v1/sessions/current").status_code == 204
    assert gone.call("GET", "/tb/v1/sessions/current").json()["name"] == "invalid_authorization"


def test_a_session_stands_where_there_is_something_to_do(house, owner):
    """Who may only confirm himself in Default, and is an admin elsewhere, comes in there; asked for by name, Default is told as it is."""
    owner.call("POST", "/tb/v1/accounts", {"email": "helper@example.com", "password": "correct horse battery"})
    helper = Person(house)
    helper.sign_in("helper@example.com")
    default = helper.call("GET", "/tb/v1/sessions/current").json()
    assert default["role"] == "verify" and len(default["projects"]) == 1
    x = owner.call("POST", "/tb/v1/projects", {"name": "X"}).json()
    invited = owner.call("POST", f"/tb/v1/orgs/default/projects/{x['id']}/invitations", {"email": "helper@example.com", "role": "admin"}).json()
    helper.page(invited["url"].replace(house.url, ""))
    assert helper.send(helper.page("/invite"), "/invite").headers["location"].endswith("/dashboard")
    now = helper.call("GET", "/tb/v1/sessions/current").json()
    assert (now["project_id"], now["role"], now["may_create_projects"]) == (x["id"], "admin", False) and "providers:write" in now["may"]
    assert [p["role"] for p in now["projects"]] == ["verify", "admin"]
    named = helper.call("GET", f"/tb/v1/orgs/default/projects/{default['project_id']}/sessions/current").json()
    assert (named["project_id"], named["role"]) == (default["project_id"], "verify")
    owner.call("PUT", f"/tb/v1/members/{now['account_id']}", {"role": "viewer"})
    assert helper.call("GET", "/tb/v1/sessions/current").json()["project_id"] == default["project_id"]  # of several the default one


# ---- Add OAuth Provider ----
def test_included_providers_say_what_a_form_needs(owner):
    types = {t["id"]: t for t in owner.call("GET", "/tb/v1/provider_types").json()["items"]}
    assert "oauth2" not in types and len(types) >= 6
    d = types["discord"]
    assert (d["name"], d["pkce"], d["revoke"], d["secret_required"], d["variables"]) == ("Discord", True, True, False, [])
    assert d["console"].startswith("https://discord.com/") and {"name": "guilds", "meaning": "list the servers the user is in", "approval": None} in d["scopes"]
    host = {v["name"]: v for v in types["github"]["variables"]}["host"]
    assert host["default"] == "github.com" and host["required"] is False and host["pattern"]
    assert types["github"]["secret_required"] is True and types["github"]["default_scopes"] == ["read:user", "user:email"]


def test_the_redirect_url_is_known_before_saving(house, simulator, owner):
    known = owner.call("POST", "/tb/v1/redirect_uris").json()
    other = owner.call("POST", "/tb/v1/redirect_uris").json()
    assert re.fullmatch(r"ap_[A-Za-z0-9]{12}", known["external_id"]) and known != other
    assert known["redirect_uri"] == f"{house.url}/api/v1/oauth/{known['external_id']}/callback"
    body = {"id": "known-before", "provider_id": "discord", "external_id": known["external_id"], "oauth2": {"client_id": "1", "client_secret": "s"}}
    made = owner.call("POST", "/v1/admin/auth_providers", body)
    assert made.status_code == 201 and made.json()["oauth2"]["redirect_uri"] == known["redirect_uri"]
    late = owner.call("POST", "/v1/admin/auth_providers", {**body, "id": "too-late"})
    assert late.status_code == 409 and "external_id" in late.json()["message"]
    assert owner.call("GET", "/v1/admin/auth_providers/too-late").status_code == 404


def checks(owner, id):
    r = owner.call("POST", f"/tb/v1/providers/{id}/test")
    assert r.status_code == 200, r.text
    return r.json()["ok"], {c["name"]: c for c in r.json()["checks"]}


def test_a_provider_is_tried_without_a_user(house, simulator, owner):
    ok, c = checks(owner, "my-discord")
    assert ok and {n: x["outcome"] for n, x in c.items()} == {**dict.fromkeys(("status", "authorize_url", "token_url", "credentials"), "passed"), "redirect_uri": "unknown"}, c
    assert "first consent" in c["redirect_uri"]["cause"] and c["redirect_uri"]["asked"] in c["redirect_uri"]["fix"]
    assert "invalid_grant" in str(simulator.calls(path="/api/oauth2/token")) or c["credentials"]["answered"].startswith("400")
    log = owner.call("GET", "/tb/v1/events?kind=provider.tested").json()["items"]
    assert log[0]["resource_id"] == "my-discord" and log[0]["outcome"] == "ok"


def test_a_wrong_secret_is_told_from_a_wrong_code(house, owner):
    body = {"id": "wrong-secret", "provider_id": "discord", "oauth2": {"client_id": Simulator.CLIENT_ID, "client_secret": "not-the-secret"}}
    assert owner.call("POST", "/v1/admin/auth_providers", body).status_code == 201
    ok, c = checks(owner, "wrong-secret")
    assert not ok and c["credentials"]["outcome"] == "failed" and c["credentials"]["cause"] and c["credentials"]["fix"]
    assert c["token_url"]["outcome"] == "passed" and "not-the-secret" not in str(c)


def test_a_provider_that_is_down_or_off_is_told(house, owner):
    body = {"id": "nowhere", "status": "inactive", "oauth2": {"client_id": "x", "client_secret": "y", "authorize_request": {"endpoint": "http://127.0.0.1:9/a"},
                                                               "token_request": {"endpoint": "http://127.0.0.1:9/t"}}}
    assert owner.call("POST", "/v1/admin/auth_providers", body).status_code == 201
    ok, c = checks(owner, "nowhere")
    assert not ok and {n: x["outcome"] for n, x in c.items()} == {"status": "failed", "redirect_uri": "unknown", "authorize_url": "failed", "token_url": "failed", "credentials": "unknown"}
    assert all(x["cause"] and x["fix"] for x in c.values() if x["outcome"] != "passed")
    assert owner.call("POST", "/tb/v1/providers/nobody/test").status_code == 404
