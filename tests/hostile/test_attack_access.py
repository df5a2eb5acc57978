# SPDX-License-Identifier: Apache-2.0
"""What belongs to somebody else: another project's things by their ids, keys and passwords by guessing, sessions by planting.
The routes are taken from the engine's own OpenAPI, so a new one is attacked, or fails here, the day it is added."""
import collections
import concurrent.futures
import http.server
import json
import os
import re
import sqlite3
import threading
import time

import httpx
import pytest
from attacker import Answers, PASSWORD, Person, raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from test_discord import ALL
from test_metrics import Numbers
from world import BOUND, Browser, Engine, query, until

PROJECT = "0b5e8ad0-2222-4222-8222-222222222222"


def add_project(data):
    """A second project, written into the closed store as the engine would (src/seal/seal.c).  Returns its organisation."""
    def derive(info):
        return HKDF(SHA256(), 32, None, info).derive((data / "root.key").read_text().strip().encode())

    root_id, nonce = "file-" + derive(b"tokenbooth root key name")[:4].hex(), os.urandom(12)
    head = bytes([1, len(root_id)]) + root_id.encode()
    box = head + nonce + AESGCM(derive(b"tokenbooth root key")).encrypt(nonce, os.urandom(32), head + f"projects.data_key::{PROJECT}".encode())
    now = time.time_ns() // 1000
    with sqlite3.connect(data / "store.sqlite3") as db:
        org = db.execute("SELECT org_id FROM projects").fetchone()[0]
        db.execute("INSERT INTO projects(id, org_id, name, data_key, root_key_id, is_default, created_at) VALUES(?, ?, 'Theirs', ?, ?, 0, ?)", (PROJECT, org, box, root_id, now))
    db.close()
    return org


class OneTool(http.server.BaseHTTPRequestHandler):
    """Their tool server; it counts what was run."""
    runs = 0

    def do_GET(self):
        self.answer([{"name": "Do", "toolkit": {"name": "Theirs", "version": "1.0.0"}, "input": {"parameters": []}, "requirements": {}}])

    def do_POST(self):
        OneTool.runs += 1
        self.answer({"success": True, "output": {"value": "theirs"}})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Theirs:
    """All that the other project has, as its own key sees it."""

    def __init__(self, engine, simulator):
        self.key = engine.cli("key", "create", "theirs", "--project", PROJECT, "--json")
        assert self.key.returncode == 0, self.key.stderr
        self.key = re.search(r'"key":\s*"(arc_[^"]+)"', self.key.stdout)[1]
        self.client = engine.client(key=self.key)
        r = self.client.post("/v1/admin/auth_providers", json={"id": "theirs", "provider_id": "discord", "oauth2": {"client_id": "7799990000000000007", "client_secret": "their-client-secret"}})
        assert r.status_code == 201, r.text
        simulator.app(r.json()["oauth2"]["redirect_uri"], "7799990000000000007", "their-client-secret")
        start = self.ask("theirs@example.com")
        with Browser(simulator) as b:
            flow = b.flow_id(start["url"], simulator.person())
            assert self.client.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "theirs@example.com"}).status_code == 200
            self.pending = self.ask("pending@example.com")
            self.flow = b.flow_id(self.pending["url"], simulator.person())
        self.authorization = start["id"]
        self.connection = self.client.get("/v1/admin/user_connections").json()["items"][0]["id"]
        self.key_id = self.client.get("/tb/v1/api_keys").json()["items"][0]["id"]
        self.secret = self.client.post("/v1/admin/secrets/THEIR_SECRET", json={"value": "their-secret-value"}).json().get("id", "THEIR_SECRET")
        self.worker = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OneTool)
        threading.Thread(target=self.worker.serve_forever, daemon=True).start()
        r = self.client.post("/v1/workers", json={"id": "their-worker", "http": {"uri": "http://127.0.0.1:%d" % self.worker.server_address[1], "secret": "their-worker-secret", "timeout": 5, "retry": 1}})
        assert r.status_code == 201, r.text
        assert self.client.post("/v1/tools/execute", json={"tool_name": "Theirs.Do"}).json()["success"] is True  # else the attacks below prove nothing
        r = self.client.post("/v1/tools/execute", json={"tool_name": "Theirs.Do", "run_at": "2099-01-01T00:00:00"})
        assert r.status_code == 200, r.text
        self.schedule = r.json()["id"]
        OneTool.runs = 0
        self.before = self.seen()

    def ask(self, user):
        r = self.client.post("/v1/auth/authorize", json={"auth_requirement": {"id": "theirs", "oauth2": {"scopes": ALL}}, "user_id": user})
        assert r.status_code == 200, r.text
        return r.json()

    def seen(self):
        """Everything of theirs that an attack could have changed."""
        found = {}
        for path in ("/v1/admin/auth_providers", "/v1/admin/user_connections", "/v1/admin/settings/session_verification", "/tb/v1/members", "/v1/admin/secrets", "/v1/workers", "/v1/tools", "/v1/scheduled_tools",
                     f"/tb/v1/authorizations/{self.authorization}", f"/tb/v1/authorizations/{self.pending['id']}"):
            r = self.client.get(path)
            assert r.status_code == 200, (path, r.text)
            found[path] = r.json()
        found["tool runs"] = OneTool.runs
        found["keys"] = [(k["id"], k.get("revoked_at")) for k in self.client.get("/tb/v1/api_keys").json()["items"]]
        return found

    def marks(self):
        return (self.authorization, self.pending["id"], self.connection, self.schedule, self.key_id, '"theirs"', "theirs@example.com", "pending@example.com", "7799990000000000007", "THEIR_SECRET", "their-worker", "Theirs")


@pytest.fixture(scope="module")
def town(binary, simulator, tmp_path_factory):
    """An engine with two projects: ours (the default one, with its key and its owner's session) and theirs."""
    folder = tmp_path_factory.mktemp("town")
    with Engine(binary, folder, simulator=simulator, verifier=None) as eng:
        setup = eng.ready["setup_url"]
        p = Person(eng)
        p.set_up(setup, "owner@example.com")
        p.http.close()
    org = add_project(eng.data)
    with Engine(binary, folder, simulator=simulator, verifier="http://127.0.0.1:9/verify") as eng:
        eng.org, eng.theirs = org, Theirs(eng, simulator)
        owner = Person(eng)
        assert owner.sign_in("owner@example.com").status_code == 303
        eng.owner = owner
        yield eng
        owner.http.close()
        eng.theirs.client.close()
        eng.theirs.worker.shutdown()


def routes(engine):
    doc = httpx.get(engine.url + "/v1/swagger", trust_env=False).json()
    found = [(m.upper(), p, o) for p, ops in doc["paths"].items() for m, o in ops.items() if m in ("get", "post", "put", "patch", "delete")]
    assert len(found) > 50
    return found


# What of theirs is tried where a path names one thing; and a body that would do something.
FOREIGN = {"/admin/auth_providers/{id}": lambda t: "theirs", "/admin/user_connections/{id}": lambda t: t.connection, "/connections/{id}": lambda t: t.connection, "/api_keys/{id}": lambda t: t.key_id,
           "/authorizations/{id}": lambda t: t.authorization, "/secrets/{secret_key}": lambda t: "THEIR_SECRET", "/secrets/{id}": lambda t: t.secret,
           "/workers/{id}": lambda t: "their-worker", "/workers/{id}/health": lambda t: "their-worker", "/workers/{id}/tools": lambda t: "their-worker",
           "/workers/{id}/authorize": lambda t: "their-worker", "/oauth/{id}/client": lambda t: "their-worker",
           "/providers/{id}/test": lambda t: "theirs", "/invitations/{id}": lambda t: "inv_theirs", "/scheduled_tools/{id}": lambda t: t.schedule, "/tools/{name}": lambda t: "Theirs.Do", "/formatted_tools/{name}": lambda t: "Theirs.Do"}
PEOPLE = ("/accounts", "/members/", "/sessions", "/totp", "/identities", "/password")  # accounts are the engine's, not a project's: the roles' tests attack them
BODIES = {"/auth/confirm_user": lambda t: {"flow_id": t.flow, "user_id": "pending@example.com"}, "/oauth/confirm_user": lambda t: {"flow_id": t.flow, "user_id": "pending@example.com"},
          "/admin/auth_providers/{id}": lambda t: {"description": "taken over"}, "/admin/settings/session_verification": lambda t: {"verifier_url": "https://evil.example/"},
          "/api_keys": lambda t: {"name": "backdoor"}, "/admin/auth_providers": lambda t: {"id": "backdoor"},
          "/auth/authorize": lambda t: {"auth_requirement": {"id": "theirs", "oauth2": {"scopes": ALL}}, "user_id": "theirs@example.com"},
          "/auth/validate_custom_verifier": lambda t: {"user_id": "x", "verifier_url": "https://evil.example/"}, "/members/{account_id}": lambda t: {"role": "owner"},
          "/workers": lambda t: {"id": "backdoor"}, "/workers/test": lambda t: {"http": {"uri": "file:///etc/passwd"}}, "/workers/{id}": lambda t: {"enabled": False},
          "/tools/execute": lambda t: {"tool_name": "Theirs.Do"}, "/tools/requirements": lambda t: {"tool_names": ["Theirs.Do"], "user_id": "theirs@example.com", "authorize": True}, "/tools/authorize": lambda t: {"tool_name": "their-worker.Do", "user_id": "theirs@example.com"},
          "/accounts": lambda t: {"email": "evil@example.com", "password": PASSWORD, "role": "owner"}}


def by_end(table, path):
    ends = [k for k in table if path.endswith(k)]
    return table[max(ends, key=len)] if ends else None


def calls(town, method, path):
    """(path, body) of this route with their ids in it."""
    body, foreign = by_end(BODIES, path), by_end(FOREIGN, path)
    if "{" in path.replace("{org_id}", "").replace("{project_id}", "") and not any(x in path for x in PEOPLE):
        assert foreign, f"say in FOREIGN what of another project is to be tried at {path}"
    at = re.sub(r"\{(?!org_id|project_id)[a-z_]+\}", foreign(town.theirs) if foreign else "acc_nobody", path)
    if at.endswith("/auth/status"):
        at += "?id=" + town.theirs.authorization
    return at, body(town.theirs) if body and method in ("POST", "PUT", "PATCH") else {} if method in ("POST", "PUT", "PATCH") else None


def test_their_project_by_its_address(town):
    """Key and session of one project, every route, with the other project's ids in the path: nothing is seen, nothing is done."""
    tried, mine = collections.Counter(), town.owner.csrf()
    for who, call in (("key", town.client().request), ("session", town.owner.http.request)):
        for method, path, op in routes(town):
            if "{project_id}" not in path or not op["security"]:
                continue
            at, body = calls(town, method, path)
            for org, project in ((town.org, PROJECT), ("default", PROJECT)):
                r = call(method, at.replace("{org_id}", org).replace("{project_id}", project), json=body, headers={"Origin": town.url, **mine})
                assert r.status_code in (403, 404), (who, method, at, r.status_code, r.text)
                assert not any(m in r.text for m in ('"items"', "backdoor")), (who, method, at, r.text)
                tried[who] += 1
    assert tried["key"] == tried["session"] > 40
    assert town.theirs.seen() == town.theirs.before


def test_their_things_by_their_ids(town):
    """The same from inside one's own project: an id is no permission."""
    tried, mine = 0, town.owner.csrf()
    for who, call in (("key", town.client().request), ("session", town.owner.http.request)):
        for method, path, op in routes(town):
            if "{project_id}" in path or not op["security"] or any(x in path for x in PEOPLE) or path.endswith(("/api_keys", "/session_verification", "/validate_custom_verifier", "/projects", "/projects/current", "/invitations")) and method != "GET":
                continue
            at, body = calls(town, method, path)
            r = call(method, at, json=body, headers={"Origin": town.url, **mine})
            if not any(who == "session" or "Bearer" in s for s in op["security"]):
                assert r.status_code == 403, (who, method, at, r.text)
            elif at != path or body:
                assert r.status_code in (400, 404), (who, method, at, r.status_code, r.text)
                assert "token" not in r.json().get("context", {}), (who, at)
            else:
                assert r.status_code == 200, (who, method, at, r.text)
            said = r.text if r.status_code == 200 else ""  # a refusal may repeat the id it was asked for
            assert not any(m in said for m in town.theirs.marks()), (who, method, at, said)
            tried += 1
    assert tried > 20
    assert town.theirs.seen() == town.theirs.before


def test_without_a_key_there_is_nothing(town):
    """Every route that is not for everybody, without and with a wrong credential, in every way to send one."""
    sends = [{}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Basic " + "YXJjXw=="}, {"Authorization": "Bearer null"}, {"Cookie": "__Host-tb_session=x"},
             {"X-Api-Key": town.key}, {"X-Forwarded-User": "operator"}, {"X-Original-URL": "/v1/health"}, {"X-Rewrite-URL": "/v1/health"}]
    with httpx.Client(base_url=town.url, timeout=BOUND, trust_env=False) as c:
        for method, path, op in routes(town):
            if not op["security"]:
                continue
            at = re.sub(r"\{[a-z_]+\}", "default", path)
            h = sends[hash(path) % len(sends)]
            for headers in ({}, h):
                r = c.request(method, at + "?api_key=" + town.key + "&access_token=" + town.key, headers=headers, json={} if method != "GET" else None)
                assert r.status_code in (401, 429), (method, at, headers, r.status_code)
                assert r.status_code == 429 or r.headers["www-authenticate"] == "Bearer"
    assert town.theirs.seen() == town.theirs.before


def test_the_method_is_the_requests_own(town):
    """No header, field or query turns a harmless request into another."""
    before = town.client().get("/v1/admin/auth_providers").json()["total_count"]
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}, {"X-Method-Override": "DELETE"}):
        for method in ("GET", "POST"):
            r = town.client().request(method, "/v1/admin/auth_providers/theirs?_method=DELETE&method=DELETE", headers=headers, json={"_method": "DELETE"} if method == "POST" else None)
            assert r.status_code in (404, 405), r.text
    for verb in ("TRACE", "CONNECT", "PROPFIND", "get", "G", "GETT"):
        assert Answers(raw(town.url, f"{verb} /v1/config HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())).status[0] in (400, 404, 405, 501)
    assert town.client().get("/v1/admin/auth_providers").json()["total_count"] == before


@pytest.mark.parametrize("path", ["//tb/v1/projects", "/tb//v1/projects", "/tb/v1/projects/", "/tb/v1/./projects", "/tb/v1/x/../projects", "/tb/v1/%2e%2e/v1/projects", "/TB/v1/projects",
                                  "/tb/v1/Projects", "/tb%2Fv1/projects", "/tb/v1/projects%00", "/tb/v1/projects;x=1", "/tb/v1/projects%20", "/tb\\v1\\projects", "/v1/../tb/v1/projects",
                                  "/v1/health/../../tb/v1/projects", "/assets/..%2f..%2fetc%2fpasswd", "/assets/../../etc/passwd", "/assets/%2e%2e/tb.css", "/connect/..%2f..%2fdashboard"])
def test_a_path_has_one_spelling(town, path):
    """What a proxy or a rule might read as another path is no route at all: nothing is folded, and nothing is served from disk."""
    r = Answers(raw(town.url, f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {town.key}\r\nConnection: close\r\n\r\n".encode()))
    assert r.status[0] in (400, 404) or (r.status[0] == 303 and path.startswith("/connect/")), (path, r.status, r.bodies)
    assert b"root:" not in r.bodies[0] and b'"items"' not in r.bodies[0]


def test_a_json_body_has_one_meaning(town):
    """Two readers must not see two users: a name given twice is refused, wherever it stands and however it is spelled."""
    for body in ('{"user_id":"a","user_id":"b","auth_requirement":{"id":"x"}}', '{"user_id":"a","user\\u005fid":"b","auth_requirement":{"id":"x"}}',
                 '{"user_id":"a","auth_requirement":{"id":"x","id":"y"}}', '{"user_id":"a","auth_requirement":{"id":"x"}}{"user_id":"b"}', '{"user_id":"a\\u0000b","auth_requirement":{"id":"x"}}',
                 '\ufeff{"user_id":"a","auth_requirement":{"id":"x"}}', '{"user_id":"\\ud800","auth_requirement":{"id":"x"}}', "[" * 100000, '{"a":' * 100000, '{"user_id":NaN}', "{'user_id':'a'}",
                 '{"user_id":"a",}', '{"user_id":"a"//x\n}', '{"user_id":"a","auth_requirement":{"id":"x"}}\x00'):
        r = town.client().post("/v1/auth/authorize", content=body.encode("utf-8", "surrogatepass"), headers={"Content-Type": "application/json"})
        assert r.status_code == 400 and r.json()["name"] in ("malformed_request",), (body[:60], r.status_code, r.text)


# ---- guessing ----
def test_the_throttle_of_wrong_keys_lets_through_what_it_says(binary, tmp_path):
    """60 at once from one address, then one a second; a right key is never held up, since guessing 192 random bits is no danger and locking out is."""
    with Engine(binary, tmp_path) as eng, httpx.Client(base_url=eng.url, trust_env=False) as c:
        began, answers = time.monotonic(), collections.Counter()
        for i in range(300):
            answers[c.get("/v1/admin/auth_providers", headers={"Authorization": f"arc_guess{i}"}).status_code] += 1
        passed = time.monotonic() - began
        assert set(answers) == {401, 429} and 60 <= answers[401] <= 60 + passed + 2, (answers, passed)
        assert c.get("/v1/admin/auth_providers", headers={"Authorization": eng.key}).status_code == 200
        assert eng.log().count("key.refused") == answers[401]  # nor can the log be filled faster than that


def test_a_wrong_key_says_nothing_about_the_right_one(town):
    """Shortened, lengthened, in another case, with the right beginning or the right checksum: one answer for all."""
    key, said = town.key, set()
    for guess in (key[:-1], key[:10] + "A" * (len(key) - 10), key[:-7] + "A" + key[-6:], key.upper(), key + "A", key[4:], "arc_" + key, key.replace(key[8], "-" if key[8] != "-" else "_")):
        if guess == key:
            continue
        r = httpx.get(town.url + "/v1/admin/auth_providers", headers={"Authorization": guess}, trust_env=False)
        assert r.status_code in (401, 429)
        if r.status_code == 401:
            said.add((r.text, tuple(h for h in r.headers)))
    assert len(said) == 1


def test_an_account_that_is_there_answers_as_one_that_is_not(town):
    """Sign-in says the same of both (and does the same work: tests/unit/domain/t_people.c counts it)."""
    said = set()
    with httpx.Client(base_url=town.url, timeout=BOUND, trust_env=False) as c:
        for email in ("owner@example.com", "nobody@example.com"):
            r = c.post("/tb/v1/sessions", json={"email": email, "password": "wrong password"}, headers={"Origin": town.url})
            said.add((r.status_code, r.text, tuple(h for h in r.headers)))
    assert len(said) == 1 and 401 in said.pop()


def test_a_planted_session_is_never_taken_over(town):
    """Session fixation: whatever cookie the browser came with, signing in makes a new session, and the planted one stays nobody."""
    name = f"tb_session_{town.url.rsplit(':', 1)[1]}"
    planted = "A" * 43
    with httpx.Client(base_url=town.url, timeout=BOUND, trust_env=False) as c:
        r = c.post("/tb/v1/sessions", json={"email": "owner@example.com", "password": PASSWORD}, headers={"Origin": town.url, "Cookie": f"{name}={planted}"})
        assert r.status_code == 201
        fresh = re.search(rf"{name}=([^;]+)", r.headers["set-cookie"])[1]
        assert fresh != planted
        assert c.get("/tb/v1/sessions/current", headers={"Cookie": f"{name}={planted}"}).status_code == 401
        assert c.get("/tb/v1/sessions/current", headers={"Cookie": f"{name}={fresh}"}).status_code == 200
        assert c.get("/tb/v1/sessions/current", headers={"Cookie": f"{name}={fresh}; {name}={planted}"}).status_code == 401
        csrf = c.get("/tb/v1/sessions/current", headers={"Cookie": f"{name}={fresh}"}).json()["csrf"]
        assert c.delete("/tb/v1/sessions/current", headers={"Cookie": f"{name}={fresh}", "Origin": town.url, "Tokenbooth-CSRF": csrf}).status_code == 204
        assert c.get("/tb/v1/sessions/current", headers={"Cookie": f"{name}={fresh}"}).status_code == 401  # signed out is out


def parked(town):
    return Numbers(town).value("tokenbooth_lane_busy", lane="parked")


def test_attack_a_request_that_waits_is_asked_again_who_it_is(town, simulator):
    """Whoever holds a stolen key or session parks a request before they are taken from him: the consent that comes then is not for him."""
    town.add_discord("waits")
    made = {role: town.owner.call("POST", "/tb/v1/accounts", {"email": f"{role}@example.com", "password": PASSWORD, "role": "admin"}).json()["id"]
            for role in ("removed", "lowered", "signed-out", "trusted")}
    people = {who: Person(town) for who in made}
    for who, p in people.items():
        assert p.sign_in(f"{who}@example.com").status_code == 303
    with town.client() as c, Browser(simulator) as b, concurrent.futures.ThreadPoolExecutor(6) as pool:
        stolen = c.post("/tb/v1/api_keys", json={"name": "stolen"}).json()
        start = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "waits", "oauth2": {"scopes": ["identify"]}}, "user_id": "waits@example.com"}).json()
        flow = b.flow_id(start["url"], simulator.person())
        with town.client(key=stolen["key"]) as thief:
            asks = {"stolen": thief, "key": c} | {who: p.http for who, p in people.items()}
            before = parked(town)
            waits = {who: pool.submit(h.get, "/v1/auth/status", params={"id": start["id"], "wait": 59}, timeout=70) for who, h in asks.items()}
            until("all of them to be parked", lambda: parked(town) == before + len(asks))
            assert c.delete(f"/tb/v1/api_keys/{stolen['id']}").status_code == 204
            assert town.owner.call("DELETE", f"/tb/v1/members/{made['removed']}").status_code == 204
            assert town.owner.call("PUT", f"/tb/v1/members/{made['lowered']}", {"role": "viewer"}).status_code == 200
            assert town.owner.call("PUT", f"/tb/v1/accounts/{made['signed-out']}/password", {"password": PASSWORD + "2"}).status_code == 204
            assert c.post("/v1/auth/confirm_user", json={"flow_id": flow, "user_id": "waits@example.com"}).status_code == 200
            answers = {who: w.result() for who, w in waits.items()}
    for p in people.values():
        p.http.close()
    assert {who: a.status_code for who, a in answers.items()} == {"stolen": 401, "signed-out": 401, "removed": 403, "lowered": 403, "key": 200, "trusted": 200}
    token = answers["key"].json()["context"]["token"]
    assert [who for who, a in answers.items() if token in a.text] == ["key", "trusted"]
    assert answers["stolen"].json()["message"] == "Invalid API key"


def test_attack_the_engines_numbers_name_other_projects_providers(town):
    """/metrics is the whole engine's: a key of another project reads there how its neighbours' providers are called."""
    with town.client() as c:
        r = c.post("/v1/admin/auth_providers", json={"id": "merger-with-acme", "oauth2": {"client_id": "x", "client_secret": "yyyyyyyyyyyyyy", "authorize_request": {"endpoint": "http://127.0.0.1:1/a"},
                                                     "token_request": {"endpoint": "http://127.0.0.1:1/t"}}})
        assert r.status_code == 201, r.text
        assert c.post("/tb/v1/providers/merger-with-acme/test").status_code == 200
        assert 'provider="merger-with-acme"' in c.get("/metrics").text  # else the refusal below proves nothing
    r = town.theirs.client.get("/metrics")
    assert r.status_code == 403 and "acme" not in r.text and "default project" in r.json()["message"]
    assert town.owner.call("GET", "/metrics").status_code == 200


def test_one_key_cannot_pile_up_flows(town, simulator):
    """Asking again for the same costs nothing; a link that is opened without end keeps a bounded number of attempts."""
    town.add_discord("ours")
    asked = set()
    for _ in range(20):
        r = town.client().post("/v1/auth/authorize", json={"auth_requirement": {"id": "ours", "oauth2": {"scopes": ["identify"]}}, "user_id": "again@example.com"}).json()
        asked.add((r["id"], r["url"]))
    assert len(asked) == 1
    for _ in range(40):
        with Browser(simulator) as b:
            state = query(b.to_provider(r["url"]))["state"]
    with sqlite3.connect(town.data / "store.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM flows WHERE authorization_id = ? AND status = 'started'", (r["id"],)).fetchone()[0] <= 20
    assert state


def test_attack_a_link_does_not_fill_the_store(town, simulator):
    """Each click leaves rows behind: the holder of one link clicks far more often than anybody in need would."""
    town.add_discord("clicked")
    links = {}
    with town.client() as c:
        for user in ("fills@example.com", "waits-his-turn@example.com"):
            links[user] = c.post("/v1/auth/authorize", json={"auth_requirement": {"id": "clicked", "oauth2": {"scopes": ["identify"]}}, "user_id": user}).json()
    mine = links["fills@example.com"]
    with Browser(simulator) as b:
        answers = [b.get(mine["url"]) for _ in range(150)]
        assert [a.status_code for a in answers[:40]] == [303] * 40  # who clicks twenty times, and twenty more, gets through
        held = [a for a in answers if a.status_code == 429]
        assert len(held) > 70 and 1 <= int(held[-1].headers["retry-after"]) <= 60
        assert "wait a minute, then open it once more" in held[-1].text and "text/html" in held[-1].headers["content-type"]
        with sqlite3.connect(town.data / "store.sqlite3") as db:
            rows = db.execute("SELECT count(*) FROM flows WHERE authorization_id = ?", (mine["id"],)).fetchone()[0]
            events = db.execute("SELECT count(*) FROM events WHERE authorization_id = ?", (mine["id"],)).fetchone()[0]
        assert rows == len(answers) - len(held) and events < 2 * rows + 5
        last = [a for a in answers if a.status_code == 303][-1]
        assert b.callback(b.consent(last.headers["location"], simulator.person())).status_code == 303  # what was begun goes on
    with Browser(simulator) as b:
        assert b.get(links["waits-his-turn@example.com"]["url"]).status_code == 303  # nobody else's link is held up
