# SPDX-License-Identifier: Apache-2.0
"""Sign-in, sessions and roles: forged requests, and people who want more than they may."""
import json
import re

import pytest
from attacker import PASSWORD, Person, as_role, home  # noqa: F401
from test_discord import authorize
from world import Browser, Form, query


def test_login_csrf(home):
    """Another site makes a victim's browser sign in as the attacker."""
    fields = {"email": "viewer@example.com", "password": PASSWORD}
    attacker, victim = Person(home), Person(home)
    his = Form(attacker.page("/sign-in").text, home.url + "/sign-in").fields
    victim.page("/sign-in")
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}, {"Origin": home.url + "0"}, {}):
        r = victim.http.post("/sign-in", data={**his, **fields}, headers=headers)
        assert r.status_code == 403 and not any("session" in c for c in r.headers.get_list("set-cookie")), headers
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert victim.http.post("/tb/v1/sessions", json=fields, headers=headers).status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        r = victim.http.post("/tb/v1/sessions", content=json.dumps(fields), headers={"Content-Type": kind})
        assert r.status_code == 415


def test_request_forgery_with_a_session(home, as_role):
    admin = as_role("admin")
    body = {"name": "forged"}
    for o in ("http://evil.example", "null", home.url.replace("127.0.0.1", "localhost"), home.url + ".evil.example", None):
        assert admin.call("POST", "/tb/v1/api_keys", body, origin_is=o).status_code == 403, o
    assert admin.call("POST", "/tb/v1/api_keys", body, origin_is=None, **{"Sec-Fetch-Site": "same-site"}).status_code == 403
    for wrong in ({"Tokenbooth-CSRF": ""}, {"Tokenbooth-CSRF": "A" * 43}, {"Tokenbooth-CSRF": as_role("viewer").csrf()["Tokenbooth-CSRF"]}):
        r = admin.call("POST", "/tb/v1/api_keys", body, **wrong)
        assert r.status_code == 403 and r.json()["name"] == "csrf_failed", wrong
    assert "forged" not in admin.call("GET", "/tb/v1/api_keys").text
    assert admin.call("POST", "/tb/v1/api_keys", body).status_code == 201
    assert "forged" in admin.call("GET", "/tb/v1/api_keys").text
    r = admin.http.options("/tb/v1/api_keys", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
    assert not any(h.startswith("access-control-allow") for h in r.headers)
    r = admin.call("GET", "/tb/v1/api_keys", origin_is="http://evil.example")
    assert not any(h.startswith("access-control-allow") for h in r.headers)


READS = {"verify": ["/tb/v1/projects", "/tb/v1/sessions/current"], "viewer": ["/v1/admin/auth_providers", "/v1/admin/user_connections", "/v1/admin/settings/session_verification", "/tb/v1/provider_types"],
         "member": ["/tb/v1/authorizations", "/tb/v1/events", "/tb/v1/members"],
         "admin": ["/tb/v1/api_keys", "/tb/v1/accounts"]}
WRITES = [("POST", "/v1/auth/authorize", {"auth_requirement": {"provider_id": "discord"}, "user_id": "x"}), ("GET", "/v1/auth/status?id=ar_x", None),
          ("POST", "/v1/auth/confirm_user", {"flow_id": "x", "user_id": "x"}), ("POST", "/v1/auth/validate_custom_verifier", {"user_id": "x", "verifier_url": "https://x"}),
          ("POST", "/v1/admin/auth_providers", {"id": "x"}), ("PATCH", "/v1/admin/auth_providers/my-discord", {"description": "x"}),
          ("DELETE", "/v1/admin/auth_providers/my-discord", None), ("DELETE", "/v1/admin/user_connections/uc_x", None),
          ("PUT", "/v1/admin/settings/session_verification", {"verifier_url": None}), ("POST", "/tb/v1/api_keys", {"name": "x"}), ("DELETE", "/tb/v1/api_keys/key_x", None),
          ("POST", "/tb/v1/accounts", {"email": "x@example.com", "password": PASSWORD}), ("PUT", "/tb/v1/accounts/acc_x/password", {"password": PASSWORD}),
          ("PUT", "/tb/v1/members/acc_x", {"role": "owner"}), ("DELETE", "/tb/v1/members/acc_x", None)]


@pytest.mark.parametrize("role", ["verify", "viewer", "member"])
def test_a_lower_role_can_do_nothing_more(home, as_role, role):
    p, rank = as_role(role), ["verify", "viewer", "member", "admin"]
    for least, paths in READS.items():
        for path in paths:
            assert p.call("GET", path).status_code == (200 if rank.index(role) >= rank.index(least) else 403), (role, path)
    for method, path, body in WRITES:
        r = p.call(method, path, body)
        assert r.status_code == 403, (role, method, path, r.text)
    assert p.call("GET", "/tb/v1/sessions/current").json()["role"] == role
    shown = p.page("/dashboard").text  # the app itself, the same for everybody: what it shows it asks for as this member
    assert "my-discord" not in shown and shown == home.owner.page("/dashboard").text


# Who may what, written down a second time: the least role that may, and whether an API key may.
LEAST = {"auth:self": ("none", False), "projects:list": ("none", True),
         **dict.fromkeys(("providers:read", "connections:read", "settings:read", "projects:read", "tools:read"), ("viewer", True)),
         **dict.fromkeys(("authorizations:read", "events:read", "members:read", "secrets:read", "workers:read"), ("member", True)),
         **dict.fromkeys(("auth:use", "tools:use", "providers:write", "connections:delete", "settings:write", "secrets:write", "workers:write", "keys:read", "keys:write",
                          "projects:write", "metrics:read"), ("admin", True)),
         **dict.fromkeys(("accounts:read", "accounts:write", "members:write"), ("admin", False)), "projects:create": ("owner", False)}
ENDS = {("DELETE", "/tb/v1/sessions"), ("DELETE", "/tb/v1/sessions/current"), ("POST", "/tb/v1/members/leave")}  # would end the walk


def test_every_route_and_every_role(home, as_role):
    """Each row of the route table, asked by each role and by a key: below its action's least role it is 403 and nothing else, at it never."""
    doc = home.client().get("/v1/swagger").json()
    rows = [(m.upper(), p, o["x-tokenbooth-needs"], {k for s in o["security"] for k in s}) for p, ops in doc["paths"].items() for m, o in ops.items()
            if "x-tokenbooth-needs" in o and "{project_id}" not in p and o["security"]]
    unknown = {needs for _, _, needs, _ in rows} - set(LEAST)
    assert not unknown, f"say in LEAST who may {unknown}"
    ranks, tried = ["none", "verify", "viewer", "member", "admin", "owner"], 0
    people = {r: as_role(r) for r in ranks[1:]}
    with home.client() as key:
        for method, path, needs, who in rows:
            at = re.sub(r"\{[a-z_]+\}", "nobody", path) + ("?id=ar_x" if path.endswith("/status") else "")
            body = {} if method in ("POST", "PUT", "PATCH") else None
            least, by_key = LEAST[needs]
            r = key.request(method, at, json=body)
            assert (r.status_code == 403) == (not by_key or "Bearer" not in who), ("key", method, path, r.text)
            for role, p in people.items():
                may = ranks.index(role) >= ranks.index(least)
                if "Session" not in who or (may and (method, path) in ENDS):
                    continue
                r = p.call(method, at, body)
                assert r.status_code != 401 and (r.status_code == 403) == (not may), (role, method, path, needs, r.status_code, r.text)
                tried += 1
    assert tried > 250


def test_an_admin_does_not_rise(home, as_role):
    admin = as_role("admin")
    accounts = {a["email"]: a["id"] for a in admin.call("GET", "/tb/v1/accounts").json()["items"]}
    owner, me, viewer = accounts["owner@example.com"], accounts["admin@example.com"], accounts["viewer@example.com"]
    assert admin.call("PUT", f"/tb/v1/members/{me}", {"role": "owner"}).status_code == 403
    assert admin.call("PUT", f"/tb/v1/members/{viewer}", {"role": "owner"}).status_code == 403
    assert admin.call("PUT", f"/tb/v1/members/{owner}", {"role": "viewer"}).status_code in (403, 409)
    assert admin.call("DELETE", f"/tb/v1/members/{owner}").status_code in (403, 409)
    assert admin.call("PUT", f"/tb/v1/accounts/{owner}/password", {"password": PASSWORD}).status_code == 403
    assert admin.call("POST", "/tb/v1/accounts", {"email": "new-owner@example.com", "password": PASSWORD, "role": "owner"}).status_code == 403
    assert Person(home).sign_in("owner@example.com").status_code == 303
    assert home.owner.call("DELETE", f"/tb/v1/members/{owner}").status_code in (400, 403, 409)  # the last owner stays


def test_attack_an_account_in_somebody_elses_name(home):
    """A project's admin makes an account for an address that is not his, and waits until another project trusts the address."""
    owner, base, admins = home.owner, {}, {}
    for name in ("mallorys", "bobs"):
        base[name] = f"/tb/v1/orgs/default/projects/{owner.call('POST', '/tb/v1/projects', {'name': name}).json()['id']}"
        assert owner.call("POST", base[name] + "/accounts", {"email": f"admin@{name}.example", "password": PASSWORD, "role": "admin"}).status_code == 201
        admins[name] = Person(home)
        admins[name].sign_in(f"admin@{name}.example")
    carol, known = "carol@names.example", "known to mallory"
    made = admins["mallorys"].call("POST", base["mallorys"] + "/accounts", {"email": carol, "password": known}).json()
    r = admins["bobs"].call("PUT", f"{base['bobs']}/members/{made['id']}", {"role": "admin"})
    assert r.status_code == 403 and "invite" in r.json()["message"], r.text
    link = admins["bobs"].call("POST", base["bobs"] + "/invitations", {"email": carol, "role": "admin"}).json()["url"].replace(home.url, "")
    mallory, bob = Person(home), Person(home)
    mallory.sign_in(carol, known)  # the password, and not the link
    assert mallory.call("GET", base["bobs"] + "/members").status_code == 403
    bob.page(link)  # the link, and not the password: it makes him nobody else
    page = bob.page("/invite")
    assert "/sign-in" in page.text and "<form" not in page.text and bob.call("GET", base["mallorys"] + "/members").status_code == 401
    # whoever has both is in, and Mallory can set that password no more
    mallory.page(link)
    assert mallory.send(mallory.page("/invite"), "/invite").status_code == 303
    assert mallory.call("GET", base["bobs"] + "/members").status_code == 200
    assert admins["mallorys"].call("PUT", f"{base['mallorys']}/accounts/{made['id']}/password", {"password": PASSWORD}).status_code == 403


def test_a_key_is_not_a_person(home):
    with home.client() as c:
        for method, path, body in (("GET", "/tb/v1/accounts", None), ("POST", "/tb/v1/accounts", {"email": "k@example.com", "password": PASSWORD}),
                                   ("PUT", "/tb/v1/members/acc_x", {"role": "owner"}), ("GET", "/tb/v1/sessions/current", None), ("DELETE", "/tb/v1/sessions", None)):
            assert c.request(method, path, json=body).status_code in (401, 403), path


def test_scopes_of_another_project(home, as_role):
    p = as_role("admin")
    other = "11111111-2222-4333-8444-555555555555"
    with home.client() as c:
        for base in (f"/v1/orgs/default/projects/{other}", f"/v1/orgs/{other}/projects/default", "/v1/orgs/..%2f/projects/default", "/v1/orgs/default/projects/default%00"):
            assert c.get(base + "/admin/auth_providers").status_code in (400, 403, 404), base
            assert p.call("GET", base + "/admin/auth_providers").status_code in (400, 403, 404), base
        assert c.get("/v1/orgs/default/projects/default/admin/auth_providers").status_code == 200


def test_the_set_up_link_is_good_once(home):
    for url in (home.setup, home.url + "/setup?token=" + "a" * 43):
        late = Person(home)
        r = late.page(url.replace(home.url, ""))
        assert r.status_code == 200 and "<form" not in r.text
        assert late.http.post("/setup", data={"email": "late@example.com", "password": PASSWORD}, headers={"Origin": home.url}).status_code in (400, 403)


def test_the_built_in_verifier(home, simulator):
    """A forwarded link: the victim consents, is signed in as himself, and is told that it was somebody else's."""
    with home.client() as c, Browser(simulator) as b:
        start = authorize(c, "viewer@example.com").json()
        r = b.callback(b.consent(b.to_provider(start["url"]), simulator.person()))
        assert r.status_code == 303 and r.headers["location"].startswith(home.url + "/api/v1/oauth/callback_verify?flow_id=")
        verify = r.headers["location"]
        stranger = Person(home)
        stranger.sign_in("viewer@example.com")
        assert stranger.page(verify.replace(home.url, "")).status_code == 400  # the right person, not the flow's browser
        victim = Person(home)
        victim.http.cookies = b.direct.cookies
        page = victim.page(verify.replace(home.url, ""))
        assert "/sign-in" in page.text
        assert victim.send(page, "/sign-in", email="member@example.com", password=PASSWORD).headers["location"] == verify.replace(home.url, "")
        page = victim.page(verify.replace(home.url, ""))
        assert page.status_code == 403 and "callback_verify\"" not in page.text
        csrf = Form(page.text, home.url).fields["csrf"]
        assert victim.http.post("/api/v1/oauth/callback_verify", data={"csrf": csrf, "flow_id": query(verify)["flow_id"]}, headers={"Origin": home.url}).status_code == 403
        assert c.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        victim.send(page, "/sign-out")
        page = victim.page(verify.replace(home.url, ""))
        victim.send(page, "/sign-in", email="viewer@example.com", password=PASSWORD)
        page = victim.page(verify.replace(home.url, ""))
        assert page.status_code == 200
        form = Form(page.text, home.url).fields
        for headers, fields in (({"Origin": "http://evil.example"}, form), ({"Origin": home.url}, {**form, "csrf": csrf}), ({"Origin": home.url}, {**form, "csrf": ""})):
            assert victim.http.post("/api/v1/oauth/callback_verify", data=fields, headers=headers).status_code == 403
        assert c.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "pending"
        assert victim.send(page, "/api/v1/oauth/callback_verify").status_code in (200, 303)
        assert c.get("/v1/auth/status", params={"id": start["id"]}).json()["status"] == "completed"


def test_password_guessing_is_slowed(home):
    p, seen = Person(home), []
    page = p.page("/sign-in")
    for i in range(9):
        seen.append(p.send(page, "/sign-in", email="guessed@example.com", password=f"wrong-guess-{i}").status_code)
    assert seen[0] == 401 and seen[-1] == 429
    again = p.http.post("/sign-in", data={**Form(page.text, home.url).fields, "email": "GUESSED@example.com ", "password": "x"},
                        headers={"Origin": home.url, "X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    assert again.status_code == 429
