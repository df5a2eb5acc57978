# SPDX-License-Identifier: Apache-2.0
"""Two people at one thing; lists that search; a project's look, its people, and how they are invited."""
import base64
import re

import httpx
import pytest

from people import PASSWORD, Person
from world import BOUND, Engine

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()


@pytest.fixture(scope="module")
def office(binary, simulator, tmp_path_factory):
    with Engine(binary, tmp_path_factory.mktemp("office"), simulator=simulator, verifier=None) as eng:
        eng.owner = Person(eng)
        eng.owner.set_up(eng.ready["setup_url"], "owner@example.com")
        eng.add_discord()
        made = eng.owner.call("POST", "/tb/v1/accounts", {"email": "admin@example.com", "password": PASSWORD, "role": "admin"})
        eng.admin_id = made.json()["id"]
        eng.admin = Person(eng)
        assert eng.admin.sign_in("admin@example.com").status_code == 303
        yield eng
        eng.owner.http.close()
        eng.admin.http.close()


# ---- ETag, If-Match ----
def secret(who, method="GET", **kw):
    if method == "GET":
        return next(s for s in who.call("GET", "/v1/admin/secrets").json()["items"] if s["key"] == "TOKEN")
    return who.call(method, "/v1/admin/secrets/TOKEN", {"value": "v"} if method == "PUT" else None, **kw)


def test_a_stale_write_is_told_who_came_first(office):
    """For each thing that is edited: the second of two who read the same state is refused, by name, and has changed nothing."""
    owner, admin = office.owner, office.admin
    owner.call("PUT", "/v1/admin/secrets/TOKEN", {"value": "first"})
    things = [("PATCH", "/v1/admin/auth_providers/my-discord", {"description": "mine"}, lambda w: w.call("GET", "/v1/admin/auth_providers/my-discord").json()["etag"]),
              ("PUT", "/v1/admin/secrets/TOKEN", {"value": "mine"}, lambda w: secret(w)["etag"]),
              ("PUT", "/v1/admin/settings/session_verification", {"verifier_url": "https://mine.example/"}, lambda w: w.call("GET", "/v1/admin/settings/session_verification").json()["etag"]),
              ("PATCH", "/tb/v1/projects/current", {"name": "Mine"}, lambda w: w.call("GET", "/tb/v1/projects/current").json()["etag"]),
              ("PUT", f"/tb/v1/members/{office.admin_id}", {"role": "admin"}, lambda w: next(m for m in w.call("GET", "/tb/v1/members").json()["items"] if m["account_id"] == office.admin_id)["etag"])]
    for method, path, body, tag in things:
        seen = tag(owner)
        first = admin.call(method, path, body, **{"If-Match": seen})
        assert first.status_code == 200 and first.headers["etag"] == first.json()["etag"] != seen, (path, first.text)
        late = owner.call(method, path, body, **{"If-Match": seen})
        assert late.status_code == 412 and late.json()["name"] == "precondition_failed", (path, late.text)
        assert "admin@example.com" in late.json()["message"] and "read it again" in late.json()["message"], late.text
        assert tag(owner) == first.json()["etag"]
        for wrong in ('"0"', "W/" + first.json()["etag"], "x", '""'):
            assert owner.call(method, path, body, **{"If-Match": wrong}).status_code == 412, (path, wrong)
        assert owner.call(method, path, body, **{"If-Match": first.json()["etag"]}).status_code == 200, path
        assert owner.call(method, path, body, **{"If-Match": "*"}).status_code == 200 and owner.call(method, path, body).status_code == 200  # without a condition all is as before


def test_a_stale_delete_deletes_nothing(office):
    owner = office.owner
    office.add_discord("to-go")
    seen = owner.call("GET", "/v1/admin/auth_providers/to-go").headers["etag"]
    assert owner.call("PATCH", "/v1/admin/auth_providers/to-go", {"description": "changed"}).status_code == 200
    assert owner.call("DELETE", "/v1/admin/auth_providers/to-go", **{"If-Match": seen}).status_code == 412
    now = owner.call("GET", "/v1/admin/auth_providers/to-go").headers["etag"]
    assert owner.call("DELETE", "/v1/admin/auth_providers/to-go", **{"If-Match": now}).status_code == 200
    owner.call("PUT", "/v1/admin/secrets/TOKEN", {"value": "a"})
    seen = secret(owner)["etag"]
    owner.call("PUT", "/v1/admin/secrets/TOKEN", {"value": "b"})
    assert secret(owner, "DELETE", **{"If-Match": seen}).status_code == 412
    assert owner.call("PUT", "/v1/admin/secrets/TOKEN", {"value": "c"}, **{"If-None-Match": "*"}).status_code == 412
    assert secret(owner, "DELETE", **{"If-Match": secret(owner)["etag"]}).status_code == 204
    assert owner.call("PUT", "/v1/admin/secrets/TOKEN", {"value": "c"}, **{"If-None-Match": "*"}).status_code == 200


def test_a_change_of_what_is_gone_does_not_bring_it_back(office):
    """RFC 9110 section 13.1.1: whoever saw a thing, or says that it is there, makes no new one."""
    owner = office.owner
    who = owner.call("POST", "/tb/v1/accounts", {"email": "gone@example.com", "password": PASSWORD, "role": "viewer"}).json()["id"]
    seen = next(m for m in owner.call("GET", "/tb/v1/members").json()["items"] if m["account_id"] == who)["etag"]
    assert owner.call("DELETE", f"/tb/v1/members/{who}").status_code == 204
    made = owner.call("PUT", "/v1/admin/secrets/GONE", {"value": "a"}).json()
    assert owner.call("DELETE", "/v1/admin/secrets/GONE").status_code == 204
    for match in (seen, made["etag"], "*", '"0000000000000000"', f'"0000000000000000", {seen}'):
        for path, body in ((f"/tb/v1/members/{who}", {"role": "admin"}), ("/v1/admin/secrets/GONE", {"value": "b"})):
            r = owner.call("PUT", path, body, **{"If-Match": match})
            assert r.status_code == 412 and "is not there" in r.json()["message"], (path, match, r.text)
    r = owner.call("PUT", f"/tb/v1/members/{who}", {"role": "admin"}, **{"If-Match": seen})
    assert "owner@example.com" in r.json()["message"] and "member.removed" in r.json()["message"]
    assert not any(m["account_id"] == who for m in owner.call("GET", "/tb/v1/members").json()["items"])
    assert not any(s["key"] == "GONE" for s in owner.call("GET", "/v1/admin/secrets").json()["items"])
    assert owner.call("PUT", f"/tb/v1/members/{who}", {"role": "viewer"}, **{"If-None-Match": "*"}).status_code == 200
    assert owner.call("DELETE", "/v1/admin/secrets/GONE", **{"If-Match": "*"}).status_code == 404  # no change is asked for that could be made


def test_conditions_are_lists(office):
    owner, path = office.owner, "/tb/v1/projects/current"
    old = owner.call("GET", path).headers["etag"]
    assert owner.call("PATCH", path, {"name": "Listed"}).status_code == 200
    for match, status in ((f'{old}, NOW', 200), (f'"a,b" ,, NOW,{old}', 200), (f'{old}, W/NOW', 412), (f'{old},"x"', 412), (f'{old} NOW', 412), (f'*, NOW', 412), ('NOW", "', 412)):
        r = owner.call("PATCH", path, {"name": "Listed"}, **{"If-Match": match.replace("NOW", owner.call("GET", path).headers["etag"])})
        assert r.status_code == status, (match, r.text)
    now = owner.call("GET", path).headers["etag"]
    for none, status in ((f'{old}, {now}', 412), (f'W/{now}', 412), ("*", 412), (f'{old}, "x"', 200)):  # weak ones count here (13.1.2)
        assert owner.call("PATCH", path, {"name": "Listed"}, **{"If-None-Match": none}).status_code == status, none
    lines = [("If-Match", old), ("If-Match", owner.call("GET", path).headers["etag"]), ("Origin", office.url), *owner.csrf().items()]
    assert owner.http.patch(path, json={"name": "Listed"}, headers=lines).status_code == 200
    many = ", ".join('"%016x"' % n for n in range(9))
    assert owner.call("PATCH", path, {"name": "Listed"}, **{"If-Match": many}).status_code == 400


# ---- what changed, and by whose hand ----
def test_the_log_names_the_fields_that_changed_and_no_value(office):
    owner = office.owner
    office.add_discord("logged")
    owner.call("PUT", "/v1/admin/secrets/LOGGED", {"value": "canary-one-two-three", "description": "old"})
    made = owner.call("POST", "/tb/v1/accounts", {"email": "logged@example.com", "password": PASSWORD, "role": "viewer"}).json()["id"]
    steps = [("PATCH", "/v1/admin/auth_providers/logged", {"description": "canary-text", "oauth2": {"client_secret": "canary-secret"}}, "provider.updated", ["description", "oauth2.client_secret"]),
             ("PATCH", "/v1/admin/auth_providers/logged", {"description": "canary-text", "oauth2": {"authorize_request": {"params": {"canary": "value"}}, "pkce": {"enabled": True}}}, "provider.updated",
              ["oauth2.authorize_request.params", "oauth2.pkce.enabled"]),
             ("PATCH", "/v1/admin/auth_providers/logged", {"oauth2": {"authorize_request": None}, "status": "inactive"}, "provider.updated", ["status", "oauth2.authorize_request.params"]),
             ("PUT", "/v1/admin/secrets/LOGGED", {"value": "canary-four-five-six"}, "secret.updated", ["value"]),
             ("PUT", "/v1/admin/secrets/LOGGED", {"description": "canary-new"}, "secret.updated", ["description"]),
             ("PUT", "/v1/admin/secrets/logged", {"description": "canary-new"}, "secret.updated", ["key"]),
             ("PATCH", "/tb/v1/projects/current", {"name": "Canary", "color": "#123456", "logo": None}, "project.updated", ["name", "color"])]
    for method, path, body, kind, names in steps:
        r = owner.call(method, path, body)
        assert r.status_code == 200, (path, r.text)
        e = owner.call("GET", f"/tb/v1/events?kind={kind}&limit=1").json()["items"][0]
        assert e["data"]["changed"] == names and "canary" not in str(e["data"]).lower().replace("logged", ""), (body, e)
    assert owner.call("PUT", f"/tb/v1/members/{made}", {"role": "member"}).status_code == 200
    assert owner.call("DELETE", f"/tb/v1/members/{made}").status_code == 204
    e = owner.call("GET", "/tb/v1/events?kind=member.set,member.removed&limit=2").json()["items"]
    assert [x["data"] for x in e] == [{"email": "logged@example.com", "role": None, "was": "member"}, {"email": "logged@example.com", "role": "member", "was": "viewer"}]


def test_a_description_is_changed_without_the_value(office):
    owner = office.owner
    first = owner.call("PUT", "/v1/admin/secrets/DESCRIBED", {"value": "a long secret value", "description": "old"}).json()
    second = owner.call("PUT", "/v1/admin/secrets/DESCRIBED", {"description": "new"}, **{"If-Match": first["etag"]})
    assert second.status_code == 200 and second.json() == first | {"description": "new", "updated_at": second.json()["updated_at"], "etag": second.json()["etag"]}
    assert second.json()["etag"] != first["etag"] and second.json()["hint"] == "...alue"
    for body in ({}, {"value": "", "description": "x"}):
        assert owner.call("PUT", "/v1/admin/secrets/DESCRIBED", body).json()["field_errors"][0]["field"] == "value"
    none = owner.call("PUT", "/v1/admin/secrets/NOT_THERE", {"description": "new"})
    assert none.status_code == 400 and none.json()["field_errors"][0]["field"] == "value" and "no secret NOT_THERE" in none.text


def test_ones_own_password(office):
    """With any role; who sits at a session left open does not know it, whichever address he tries."""
    made = office.owner.call("POST", "/tb/v1/accounts", {"email": "own@example.com", "password": PASSWORD, "role": "admin"}).json()
    assert made["has_password"] is True
    who, elsewhere = Person(office), Person(office)
    assert who.sign_in("own@example.com").status_code == elsewhere.sign_in("own@example.com").status_code == 303
    new = "another long sentence"
    for path in ("/tb/v1/password", f"/tb/v1/accounts/{made['id']}/password"):
        for body, field in (({"password": new}, "current_password"), ({"password": new, "current_password": new}, "current_password"), ({"password": "short", "current_password": PASSWORD}, "password")):
            r = who.call("PUT", path, body)
            assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == field, (path, r.text)
    assert office.owner.call("PUT", f"/tb/v1/members/{made['id']}", {"role": "verify"}).status_code == 200
    assert who.call("PUT", f"/tb/v1/accounts/{made['id']}/password", {"password": new, "current_password": PASSWORD}).status_code == 403
    assert who.call("PUT", "/tb/v1/password", {"password": new, "current_password": PASSWORD}).status_code == 204
    assert who.call("GET", "/tb/v1/sessions/current").status_code == elsewhere.call("GET", "/tb/v1/sessions/current").status_code == 401
    assert Person(office).sign_in("own@example.com").status_code == 401
    assert (r := Person(office).sign_in("own@example.com", new)).status_code == 303, r.text
    assert office.owner.call("PUT", f"/tb/v1/accounts/{made['id']}/password", {"password": PASSWORD}).status_code == 204  # somebody in charge needs no other's


# ---- lists ----
def test_lists_are_searched_on_the_server(office):
    owner = office.owner
    for key in ("ALPHA_ONE", "alpha_two", "BETA"):
        owner.call("PUT", f"/v1/admin/secrets/{key}", {"value": "x", "description": f"about {key}"})
    r = owner.call("GET", "/v1/admin/secrets?q=Alpha&limit=1").json()
    assert r["total_count"] == 2 and [s["key"] for s in r["items"]] == ["ALPHA_ONE"]
    assert owner.call("GET", "/v1/admin/auth_providers?q=DISC").json()["total_count"] >= 1
    assert owner.call("GET", "/v1/admin/auth_providers?q=nothing-like-it").json() | {"limit": 0} == {"items": [], "limit": 0, "offset": 0, "page_count": 0, "total_count": 0}
    assert [m["email"] for m in owner.call("GET", "/tb/v1/members?q=ADMIN@").json()["items"]] == ["admin@example.com"]
    assert owner.call("GET", "/tb/v1/members?q=%25").json()["total_count"] == 0  # no pattern: text
    assert owner.call("GET", "/tb/v1/members?q=" + "x" * 257).json()["field_errors"][0]["field"] == "q"


def test_authorizations_are_found_by_user_and_state(office):
    with office.client() as c:
        for user in ("anna@example.com", "anton@example.com", "berta@example.com"):
            assert c.post("/v1/auth/authorize", json={"auth_requirement": {"provider_id": "my-discord", "oauth2": {"scopes": ["identify"]}}, "user_id": user}).status_code == 200
    r = office.owner.call("GET", "/tb/v1/authorizations?q=AN&status=pending").json()
    assert r["total_count"] == 2 and {a["user_id"] for a in r["items"]} == {"anna@example.com", "anton@example.com"}
    assert office.owner.call("GET", "/tb/v1/authorizations?status=completed").json()["total_count"] == 0
    assert office.owner.call("GET", "/tb/v1/authorizations?status=nope").status_code == 400
    assert office.owner.call("GET", "/v1/admin/user_connections?status=nope").status_code == 400


def test_the_audit_log_is_filtered_and_goes_on_where_it_was(office):
    owner = office.owner
    for i in range(7):
        assert owner.call("POST", "/tb/v1/api_keys", {"name": f"log-{i}"}).status_code == 201
    seen, cursor = [], ""
    while cursor is not None:
        r = owner.call("GET", f"/tb/v1/events?kind=api_key.created,nothing&source=DASHBOARD&limit=3&cursor={cursor}").json()
        assert r["total_count"] is None and len(r["items"]) <= 3
        seen += r["items"]
        owner.call("POST", "/tb/v1/api_keys", {"name": "meanwhile"})  # new ones do not move the rest
        cursor = r["next_cursor"]
    ids = [e["id"] for e in seen]
    assert ids == sorted(set(ids), reverse=True) and len(ids) == 7, ids
    assert {e["principal_name"] for e in seen} == {"owner@example.com"} and {e["kind"] for e in seen} == {"api_key.created"}
    all_of = owner.call("GET", "/tb/v1/events?limit=1").json()
    assert isinstance(all_of["total_count"], int) and all_of["total_count"] > 7
    words = owner.call("GET", "/tb/v1/event_kinds").json()
    assert "api_key.created" in words["kinds"] and "provider" in words["resource_types"] and "DASHBOARD" in words["sources"]
    at = all_of["items"][0]["at"]
    assert owner.call("GET", f"/tb/v1/events?until={at[:4]}-01-01T00:00:00Z").json()["total_count"] == 0
    assert owner.call("GET", "/tb/v1/events?since=1999-01-01T00:00:00Z&resource_type=api_key&q=api_key").json()["total_count"] >= 7
    for wrong in ("since=yesterday", "cursor=abc", "cursor=-1"):
        assert owner.call("GET", "/tb/v1/events?" + wrong).status_code == 400, wrong


def test_the_overview_counts_and_knows_the_first_steps(office):
    r = office.owner.call("GET", "/tb/v1/overview").json()
    assert r["health"]["healthy"] is True and r["counts"]["providers"] >= 1 and r["counts"]["members"] >= 2 and r["counts"]["workers"] == 0
    done = {s["id"]: s["done"] for s in r["first_steps"]}
    assert done["api_key"] and done["provider"] and not done["worker"] and not done["tool_run"]
    made = office.owner.call("POST", "/tb/v1/accounts", {"email": "viewer@example.com", "password": PASSWORD, "role": "viewer"})
    assert made.status_code == 201
    viewer = Person(office)
    viewer.sign_in("viewer@example.com")
    counts = viewer.call("GET", "/tb/v1/overview").json()["counts"]
    assert counts["providers"] >= 1 and counts["api_keys"] is None and counts["secrets"] is None


# ---- projects ----
def test_projects_are_made_named_and_shown(office, binary):
    owner = office.owner
    assert office.admin.call("POST", "/tb/v1/projects", {"name": "Not mine to make"}).status_code == 403
    p = owner.call("POST", "/tb/v1/projects", {"name": "Søk & Finn", "color": "#aa3366"}).json()
    base = f"/tb/v1/orgs/{p['org_id']}/projects/{p['id']}"
    assert owner.call("GET", base + "/projects/current").json() == p and p["is_default"] is False
    assert [x["role"] for x in owner.call("GET", base + "/sessions/current").json()["projects"] if x["id"] == p["id"]] == ["owner"]
    assert office.admin.call("GET", base + "/projects/current").status_code == 403
    key = owner.call("POST", base + "/api_keys", {"name": "theirs"}).json()["key"]
    with office.client(key=key) as c:  # its own data key seals and opens
        assert c.put("/v1/admin/secrets/X", json={"value": "sealed"}).status_code == 200
        assert c.get("/v1/admin/auth_providers").json()["total_count"] == 0
    for bad in ({"name": ""}, {"name": "x" * 101}, {"color": "red"}, {"color": "#12345g"}, {"logo": "https://elsewhere.example/logo.png"}, {"logo": "data:image/svg+xml;base64,AAAA"},
                {"logo": "data:image/png;base64," + base64.b64encode(b"<script>").decode()}, {"logo": "data:image/png;base64,%%%"}, {"logo": 5}):
        r = owner.call("PATCH", base + "/projects/current", bad)
        assert r.status_code == 400 and r.json()["field_errors"][0]["field"] == next(iter(bad)), (bad, r.text)
    big = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(65536)).decode()
    assert owner.call("PATCH", base + "/projects/current", {"logo": "data:image/png;base64," + big}).status_code == 400
    r = owner.call("PATCH", base + "/projects/current", {"logo": "data:image/png;base64," + PNG, "name": "Renamed"}).json()
    assert r["name"] == "Renamed" and r["color"] == "#aa3366"
    pic = httpx.get(office.url + r["logo_url"], trust_env=False, timeout=BOUND)
    assert pic.headers["content-type"] == "image/png" and pic.content == base64.b64decode(PNG) and pic.headers["x-content-type-options"] == "nosniff"
    assert owner.call("PATCH", base + "/projects/current", {"logo": None, "color": None}).json() | {"etag": 0} == r | {"logo_url": None, "color": None, "etag": 0}
    assert httpx.get(office.url + r["logo_url"], trust_env=False, timeout=BOUND).status_code == 404


# ---- invitations ----
def invite(office, email, role="member", who=None):
    r = (who or office.owner).call("POST", "/tb/v1/invitations", {"email": email, "role": role})
    assert r.status_code == 201, r.text
    return r.json()


def open_link(office, url):
    guest = Person(office)
    r = guest.page(url.replace(office.url, ""))
    assert r.status_code == 303 and r.headers["location"] == "/invite"
    return guest


def test_somebody_new_accepts_an_invitation(office):
    i = invite(office, "New@Example.com", "viewer")
    assert re.fullmatch(re.escape(office.url) + r"/invite\?token=[A-Za-z0-9_-]{43}", i["url"])
    listed = office.owner.call("GET", "/tb/v1/invitations").json()["items"]
    assert [x["email"] for x in listed] == ["new@example.com"] and "url" not in listed[0]
    guest = open_link(office, i["url"])
    page = guest.page("/invite")
    assert "new@example.com" in page.text and "<script" not in page.text and i["url"].split("=")[1] not in page.text
    assert guest.send(page, "/invite", password="short").status_code == 400
    assert guest.send(guest.page("/invite"), "/invite", password=PASSWORD).headers["location"] == "/dashboard"
    me = guest.call("GET", "/tb/v1/sessions/current").json()
    assert (me["email"], me["role"]) == ("new@example.com", "viewer")
    assert office.owner.call("GET", "/tb/v1/invitations").json()["total_count"] == 0
    assert office.owner.call("POST", "/tb/v1/invitations", {"email": "new@example.com", "role": "admin"}).status_code == 409
    # used is used: with the link, and with the cookie it left
    late = open_link(office, i["url"])
    assert late.page("/invite").status_code == 403
    assert guest.page("/invite").status_code == 403
    assert guest.call("POST", "/tb/v1/members/leave").status_code == 204
    assert guest.call("GET", "/tb/v1/sessions/current").json()["role"] == "none"


def test_an_account_that_is_there_signs_in_to_accept(office):
    p = office.owner.call("POST", "/tb/v1/projects", {"name": "Second"}).json()
    base = f"/tb/v1/orgs/{p['org_id']}/projects/{p['id']}"
    i = office.owner.call("POST", base + "/invitations", {"email": "admin@example.com", "role": "member"}).json()
    guest = open_link(office, i["url"])
    page = guest.page("/invite")
    assert "/sign-in?return=%2Finvite" in page.text and "<form" not in page.text
    r = guest.send(guest.page("/sign-in?return=%2Finvite"), "/sign-in", email="owner@example.com", password=PASSWORD)
    assert r.headers["location"] == "/invite"
    assert "You are signed in as owner@example.com" in guest.page("/invite").text  # somebody else
    guest.send(guest.page("/invite"), "/sign-out")
    guest.send(guest.page("/sign-in?return=%2Finvite"), "/sign-in", email="admin@example.com", password=PASSWORD)
    assert guest.send(guest.page("/invite"), "/invite").status_code == 303
    assert {x["name"]: x["role"] for x in guest.call("GET", "/tb/v1/sessions/current").json()["projects"]}["Second"] == "member"


def test_a_second_invitation_never_ends_the_first_in_silence(office):
    first = invite(office, "twice@example.com", "viewer")
    kept = office.owner.call("POST", "/tb/v1/invitations", {"email": "Twice@Example.com", "role": "member", "replace": False})
    assert kept.status_code == 409 and "open invitation as viewer, good until " + first["expires_at"] in kept.json()["message"] and '"replace": true' in kept.json()["message"], kept.text
    assert open_link(office, first["url"]).page("/invite").status_code == 200  # nothing was lost
    second = invite(office, "twice@example.com")  # as before there was a choice: it is replaced, and now said
    assert second["replaced"] == {k: first[k] for k in ("id", "email", "role", "created_at", "expires_at")}
    late = open_link(office, first["url"]).page("/invite")
    assert late.status_code == 403 and "replaced by a newer link" in late.text
    assert open_link(office, second["url"]).page("/invite").status_code == 200
    told = [e for e in office.owner.call("GET", "/tb/v1/events?resource_type=invitation&limit=100").json()["items"] if e["resource_id"] == first["id"]]
    assert [(e["kind"], e["data"].get("replaced_by")) for e in told] == [("invitation.deleted", second["id"]), ("invitation.created", None)]
    third = invite(office, "twice@example.com", who=office.admin)
    assert third["replaced"]["id"] == second["id"]
    assert office.owner.call("DELETE", f"/tb/v1/invitations/{third['id']}").status_code == 204
    assert "replaced" not in invite(office, "twice@example.com")  # what was taken back is not replaced


def test_nobody_leaves_an_invitation_behind_that_gives_more_than_he_has(office):
    """An admin who is about to go invites an address of his own; removed, or made less, he does not come back by it."""
    made = office.owner.call("POST", "/tb/v1/accounts", {"email": "leaving@example.com", "password": PASSWORD, "role": "admin"}).json()
    leaving = Person(office)
    assert leaving.sign_in("leaving@example.com").status_code == 303
    mine = {role: invite(office, f"back-as-{role}@example.com", role, who=leaving) for role in ("verify", "member", "admin")}
    others = invite(office, "of-the-owner@example.com", "admin")

    def open_ones():
        return {i["id"] for i in office.owner.call("GET", "/tb/v1/invitations?limit=100").json()["items"]}

    assert office.owner.call("PUT", f"/tb/v1/members/{made['id']}", {"role": "viewer"}).status_code == 200
    assert mine["verify"]["id"] in open_ones() and not {mine["member"]["id"], mine["admin"]["id"]} & open_ones()
    assert open_link(office, mine["admin"]["url"]).page("/invite").status_code == 403
    assert office.owner.call("DELETE", f"/tb/v1/members/{made['id']}").status_code == 204
    assert mine["verify"]["id"] not in open_ones() and others["id"] in open_ones()
    told = [e for e in office.owner.call("GET", "/tb/v1/events?kind=invitation.deleted&limit=100").json()["items"] if e["data"].get("inviter")]
    assert {e["resource_id"] for e in told} == {i["id"] for i in mine.values()}
    assert office.owner.call("DELETE", f"/tb/v1/invitations/{others['id']}").status_code == 204
    leaving.http.close()


def test_the_last_owner_stays(office):
    me = office.owner.call("GET", "/tb/v1/sessions/current").json()["account_id"]
    for r in (office.owner.call("POST", "/tb/v1/members/leave"), office.owner.call("DELETE", f"/tb/v1/members/{me}"), office.owner.call("PUT", f"/tb/v1/members/{me}", {"role": "admin"})):
        assert r.status_code == 409 and "last owner" in r.json()["message"]
