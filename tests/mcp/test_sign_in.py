# SPDX-License-Identifier: Apache-2.0
"""People who sign in with another issuer: three of oidc-provider's, with other keys and ways to show a client."""
import contextlib
import json
import re
import urllib.parse

import httpx
import pytest
from conftest import HERE, NODE
from people import PASSWORD, Person
from serving import Handler, Server
from world import BOUND, Engine, Form, Process, Simulator, query


@pytest.fixture(scope="module")
def issuers(tmp_path_factory):
    p = Process([NODE, str(HERE / "sign_in_issuers.mjs")], tmp_path_factory.mktemp("issuers") / "issuers.log", cwd=HERE)
    p.of = {i["id"]: i for i in p.ready["issuers"]}
    yield p
    p.stop()


def settings(issuers):
    rows = []
    for i in issuers.of.values():
        secret = f"\n      client_secret: {i['secret']!r}" if i["secret"] else ""
        rows.append(f"    - id: {i['id']}\n      name: Issuer {i['id'].upper()}\n      issuer: {i['issuer']}\n      client_id: {i['client_id']}{secret}\n"
                    f"      allowed_domains: [Corp.example]\n      role: member\n")
    return "sign_in:\n  oidc:\n" + "".join(rows)


@pytest.fixture(scope="module")
def house(binary, issuers, tmp_path_factory):
    sim = Simulator(binary, tmp_path_factory.mktemp("simulator"))
    with Engine(binary, tmp_path_factory.mktemp("house"), simulator=sim, config=settings(issuers), verifier=None) as eng:
        for i in issuers.of.values():
            r = httpx.post(i["issuer"] + "/reg", json={"redirect_uris": [f"{eng.url}/sign-in/oidc/{i['id']}/callback"]}, trust_env=False, timeout=BOUND)
            assert r.status_code == 201 and r.json()["client_id"] == i["client_id"], r.text
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@corp.example")
        yield eng
        eng.owner.http.close()
    sim.stop()


def go(who, at, login):
    """Along the redirects and forms of an issuer, until the engine's answer to its callback."""
    for c in [c for c in who.http.cookies.jar if not c.name.startswith("tb")]:  # the issuers forget who was there before
        who.http.cookies.jar.clear(c.domain, c.path, c.name)
    for _ in range(15):
        r = who.http.get(at, headers={"Accept": "text/html"})
        if at.startswith(who.engine.url) and "/callback" in at:
            return r
        if r.status_code == 200:
            form = Form(r.text, at)
            form.fields.update({k: v for k, v in (("login", login), ("password", "x")) if k in form.fields})
            r = who.http.post(form.action, data=form.fields, headers={"Accept": "text/html"})
        assert r.status_code in (302, 303), (r.status_code, at, r.text[-600:])
        at = urllib.parse.urljoin(at, r.headers["location"])
    raise AssertionError("it goes round in circles")


def enter(house, id, login, back="/dashboard", who=None):
    who = who or Person(house)
    page = who.page("/sign-in?return=" + urllib.parse.quote(back, safe=""))
    link = f"/sign-in/oidc/{id}?return=" + urllib.parse.quote(back, safe="")
    if page.status_code == 200:
        assert link in page.text and "<script" not in page.text
    r = who.page(link)
    assert r.status_code == 303, r.text
    return who, go(who, r.headers["location"], login)


def me(who):
    return who.call("GET", "/tb/v1/sessions/current").json()


def words(r):
    return re.search(r'role="alert">([^<]+)<', r.text)[1]


@pytest.mark.parametrize("id", ["rs", "es", "ed"])
def test_somebody_of_an_allowed_domain_comes_in(house, id):
    who, r = enter(house, id, f"{id}@corp.example", back="/dashboard/secrets?x=1")
    assert r.status_code == 303 and r.headers["location"] == "/dashboard/secrets?x=1", r.text
    first = me(who)
    assert (first["email"], first["role"], first["account"]["has_password"]) == (f"{id}@corp.example", "member", False)
    kinds = {e["kind"]: e["data"] for e in house.owner.call("GET", f"/tb/v1/events?resource_id={first['account_id']}").json()["items"]}
    assert kinds["account.created"]["issuer"] == kinds["account.identity_linked"]["issuer"] and {"account.signed_in"} <= set(kinds)
    assert who.http.post("/tb/v1/sessions", json={"email": first["email"], "password": ""}, headers={"Origin": house.url}).status_code in (400, 401)
    again, r = enter(house, id, f"{id}@corp.example")
    assert r.status_code == 303 and me(again)["account_id"] == first["account_id"]
    assert who.call("DELETE", "/tb/v1/sessions").status_code == 204
    assert who.call("GET", "/tb/v1/sessions/current").status_code == again.call("GET", "/tb/v1/sessions/current").status_code == 401
    third, r = enter(house, id, f"{id}@corp.example")
    assert third.call("PUT", "/tb/v1/password", {"password": PASSWORD}).status_code == 204  # a first password, by a session that is fresh
    assert Person(house).sign_in(f"{id}@corp.example").status_code == 303 and me(enter(house, id, f"{id}@corp.example")[0])["account_id"] == first["account_id"]


def test_an_invitation_lets_in_and_nothing_else_does(house):
    who, r = enter(house, "es", "ada@elsewhere.example")
    assert r.status_code == 403 and "ada@elsewhere.example is not invited" in words(r) and who.call("GET", "/tb/v1/sessions/current").status_code == 401
    for sub in ("corp.example.evil.example", "sub.corp.example"):
        assert enter(house, "es", "x@" + sub)[1].status_code == 403
    url = house.owner.call("POST", "/tb/v1/invitations", {"email": "ada@elsewhere.example", "role": "admin"}).json()["url"]
    other = Person(house)
    assert other.page(url.replace(house.url, "")).status_code == 303 and "/sign-in/oidc/es?return=%2Finvite" in other.page("/invite").text
    assert enter(house, "es", "unproved-ada@elsewhere.example", back="/invite", who=other)[1].status_code == 403
    assert house.owner.call("GET", "/tb/v1/invitations").json()["total_count"] == 1
    r = enter(house, "es", "ada@elsewhere.example", back="/invite", who=Person(house))[1]
    assert r.status_code == 303 and r.headers["location"] == "/dashboard"
    assert house.owner.call("GET", "/tb/v1/invitations").json()["total_count"] == 0
    assert {m["email"]: m["role"] for m in house.owner.call("GET", "/tb/v1/members?limit=100").json()["items"]}["ada@elsewhere.example"] == "admin"
    assert not any(m["email"].startswith(("x@", "unproved")) for m in house.owner.call("GET", "/tb/v1/accounts?limit=100").json()["items"])


def test_an_account_that_is_there_is_not_taken_by_its_email(house):
    """The owner's own address, said by an issuer: only who is signed in as the owner here links the two."""
    thief, r = enter(house, "ed", "owner@corp.example")
    assert r.status_code == 409 and "There is an account" in words(r) and thief.call("GET", "/tb/v1/sessions/current").status_code == 401
    other, _ = enter(house, "ed", "other@corp.example")
    assert enter(house, "ed", "owner@corp.example", who=other)[1].status_code == 409 and me(other)["email"] == "other@corp.example"  # signed in, as somebody else
    assert enter(house, "ed", "owner@corp.example", who=house.owner)[1].status_code == 303 and me(house.owner)["role"] == "owner"
    again, r = enter(house, "ed", "owner@corp.example")
    assert r.status_code == 303 and (me(again)["email"], me(again)["role"]) == ("owner@corp.example", "owner")
    assert enter(house, "es", "owner@corp.example")[1].status_code == 409  # the other issuers are as strange as before


def test_what_is_linked_is_shown_to_its_owner_and_unlinked_but_never_the_last_way_in(house, issuers):
    who, _ = enter(house, "rs", "ways@corp.example")
    ways = who.call("GET", "/tb/v1/identities").json()
    (way,) = ways["items"]
    assert (way["issuer_id"], way["name"], way["issuer"], way["subject"]) == ("rs", "Issuer RS", issuers.of["rs"]["issuer"], "ways@corp.example")
    assert [(i["id"], i["linked"]) for i in ways["issuers"]] == [(i, i == "rs") for i in issuers.of]
    unlink = lambda person, id: person.call("DELETE", f"/tb/v1/identities/{id}")  # noqa: E731
    last = unlink(who, way["id"])
    assert last.status_code == 409 and "last way to sign in" in last.json()["message"]
    assert unlink(house.owner, way["id"]).status_code == 404 and unlink(who, "no-such-one").status_code == 404  # somebody else's, nobody's
    assert enter(house, "es", "ways@corp.example", who=who)[1].status_code == 303  # a second way
    assert len(who.call("GET", "/tb/v1/identities").json()["items"]) == 2
    assert unlink(who, way["id"]).status_code == 204 and unlink(who, way["id"]).status_code == 404
    (left,) = who.call("GET", "/tb/v1/identities").json()["items"]
    assert left["issuer_id"] == "es" and unlink(who, left["id"]).status_code == 409
    assert enter(house, "rs", "ways@corp.example")[1].status_code == 409  # it is a stranger again
    assert me(enter(house, "es", "ways@corp.example")[0])["account_id"] == me(who)["account_id"]
    told = [e for e in house.owner.call("GET", f"/tb/v1/events?resource_id={me(who)['account_id']}").json()["items"] if e["kind"] == "account.identity_unlinked"]
    assert [(e["data"], e["principal_id"]) for e in told] == [({"email": "ways@corp.example", "issuer": issuers.of["rs"]["issuer"]}, me(who)["account_id"])]
    fresh, _ = enter(house, "es", "ways@corp.example")
    assert fresh.call("PUT", "/tb/v1/password", {"password": PASSWORD}).status_code == 204
    who = Person(house)
    assert who.sign_in("ways@corp.example").status_code == 303
    assert unlink(who, left["id"]).status_code == 204 and who.call("GET", "/tb/v1/identities").json()["items"] == []  # the password leads in
    for stranger in (httpx.get(f"{house.url}/tb/v1/identities"), httpx.delete(f"{house.url}/tb/v1/identities/{left['id']}")):
        assert stranger.status_code == 401
    with house.client() as app:  # a key is no person
        assert app.get("/tb/v1/identities").status_code == 403


def test_a_browser_that_came_by_an_issuer_is_known_again(house):
    """Strangers who spend an account's tries shut out nobody who was here before, whichever way he came."""
    who, _ = enter(house, "rs", "known@corp.example")
    device = [c for c in who.http.cookies.jar if "device" in c.name]
    assert len(device) == 1 and device[0].value
    assert who.call("PUT", "/tb/v1/password", {"password": PASSWORD}).status_code == 204
    stranger = Person(house)
    while (r := stranger.sign_in("known@corp.example", "a wrong one of a stranger")).status_code == 401:
        pass
    assert r.status_code == 429 and Person(house).sign_in("known@corp.example").status_code == 429
    assert who.sign_in("known@corp.example").status_code == 303
    url = house.owner.call("POST", "/tb/v1/invitations", {"email": "new@elsewhere.example", "role": "viewer"}).json()["url"]
    guest = Person(house)
    guest.page(url.replace(house.url, ""))
    assert guest.send(guest.page("/invite"), "/invite", password=PASSWORD).status_code == 303
    assert [c for c in guest.http.cookies.jar if "device" in c.name]


def test_an_issuer_changes_its_keys(house, issuers):
    for id in ("rs", "es", "ed"):
        assert enter(house, id, f"keys-{id}@corp.example")[1].status_code == 303
        assert httpx.post(issuers.of[id]["issuer"] + "/rotate", trust_env=False).status_code == 200
        assert enter(house, id, f"keys-{id}@corp.example")[1].status_code == 303


def test_a_person_says_no_or_is_let_wait(house):
    who = Person(house)
    at = query(who.page("/sign-in/oidc/rs").headers["location"])
    r = who.page("/sign-in/oidc/rs/callback?" + urllib.parse.urlencode({"state": at["state"], "error": "access_denied", "iss": house_issuer(house, "rs")}))
    assert r.status_code == 403 and "did not sign you in (access_denied)" in words(r) and "name=\"password\"" in r.text
    assert house.owner.page("/sign-in/oidc/nobody").status_code == 404


def house_issuer(house, id):
    return re.search(rf"- id: {id}\n.*\n      issuer: (\S+)", house.config.read_text())[1]


def test_the_built_in_verifier_takes_the_same_accounts(house):
    """An app's user proves that he is himself by signing in at his issuer."""
    house.add_discord("signed")
    with house.client() as api:
        link = api.post("/v1/auth/authorize", json={"auth_requirement": {"provider_id": "signed", "oauth2": {"scopes": ["identify"]}}, "user_id": "user@corp.example"}).json()["url"]
    from world import Browser
    with Browser(house.simulator) as b:
        who = Person(house)
        who.http.close()
        who.http = httpx.Client(base_url=house.url, timeout=BOUND, trust_env=False, cookies=b.direct.cookies)
        back = b.consent(b.to_provider(link))
        who.http.cookies = b.direct.cookies
        r = who.page(back.replace(house.url, ""))
        verify = r.headers["location"].replace(house.url, "")
        page = who.page(verify)
        assert page.status_code == 200 and "/sign-in/oidc/ed?return=" in page.text
        there = re.search(r'href="(/sign-in/oidc/ed\?return=[^"]+)"', page.text)[1]
        r = go(who, who.page(there.replace("&amp;", "&")).headers["location"], "user@corp.example")
        assert r.status_code == 303 and r.headers["location"] == verify, r.text
        done = who.send(who.page(verify), verify)
        assert done.status_code in (200, 303), done.text
    with house.client() as api:
        assert [c["user_id"] for c in api.get("/v1/admin/user_connections").json()["items"]] == ["user@corp.example"]


class Strange(Handler):
    """Documents of issuers that are not set up well: no metadata, another's name, no keys."""

    def do_GET(self):
        kind, at = self.path.strip("/").split("/")[0], f"http://{self.headers['Host']}"
        if kind == "nothing":
            return self.raw(b"<h1>Welcome</h1>", type="text/html")
        if kind == "keys":
            return self.json({"keys": []})
        name = {"other": at + "/elsewhere", "nokeys": at + "/nokeys"}[kind]
        return self.json({"issuer": name, "authorization_endpoint": at + "/a", "token_endpoint": at + "/t", "jwks_uri": at + "/keys"})


def test_doctor_looks_at_every_issuer(house, issuers, tmp_path):
    with contextlib.closing(Server(Strange)) as strange:
        at = strange.origin
        wrong = {"nothing": at + "/nothing", "other": at + "/other", "nokeys": at + "/nokeys", "down": "http://127.0.0.1:9/issuer"}
        config = tmp_path / "engine.yaml"
        config.write_text(house.config.read_text() + "".join(f"    - {{id: {id}, issuer: '{url}', client_id: x}}\n" for id, url in wrong.items()))
        r = house.cli("doctor", "--config", str(config), "--json")
    found = {c["check"]: c for c in json.loads(r.stdout)["checks"]}
    for id in issuers.of:
        good = found[f"issuer {id}"]
        assert good["status"] == "ok" and f"{house.url}/sign-in/oidc/{id}/callback" in good["message"], found
    for id, words, mend in (("nothing", "is no JSON document", "before /.well-known"), ("other", f"it says issuer {at}/elsewhere", "letter for letter"),
                            ("nokeys", "holds no keys", "whoever runs the issuer"), ("down", "cannot be reached", "firewall")):
        bad = found[f"issuer {id}"]
        assert bad["status"] == "failed" and words in bad["message"] and mend in bad["mend"], bad
    assert r.returncode == 1


def test_nobody_comes_in_before_the_first_account(binary, issuers, tmp_path):
    with Engine(binary, tmp_path, config=settings(issuers), verifier=None) as eng:
        who = Person(eng)
        r = who.page("/sign-in/oidc/rs")
        assert r.status_code == 303 and r.headers["location"] == "/setup" and "oidc" not in str(r.headers.get("set-cookie"))
        assert who.page("/sign-in/oidc/rs/callback?code=x&state=y").status_code == 403
