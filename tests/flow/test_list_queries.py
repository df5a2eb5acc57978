# SPDX-License-Identifier: Apache-2.0
"""Whatever the OpenAPI offers to ask a list for has an effect: on a house where every list holds two, each parameter changes the answer or
is refused.  What a list has no use for is not offered."""
import json

import pytest
from people import PASSWORD, Person
from serving import Handler, Server
from test_discord import authorize, connect
from world import Engine, until

# What a text that fits nothing would not show: two versions of a tool, a format, a user whose consent a tool needs.
MEANT = {"include_all_versions": "true", "include_format": "openai", "format": "anthropic", "user_id": "list@example.com", "filter": "metadata.labels[0]=nothing", "cursor": ""}
BESIDE = {("/v1/formatted_tools", "user_id"): {"format": "arcade"}}  # of the formats the one that tells what a tool still needs
NOTHING = "nothing-has-this-text"


def tool(name, version="1.0.0", **requirements):
    return {"name": name, "description": name + " it", "toolkit": {"name": "Play", "version": version}, "input": {"parameters": []}, "output": None,
            "requirements": {"authorization": None, "secrets": None, "metadata": None, **requirements}}


DISCORD = {"provider_id": "my-discord", "provider_type": "oauth2", "id": None, "oauth2": {"scopes": ["identify"]}}


class Tools(Handler):
    def do_GET(self):
        self.json({"status": "ok"} if self.path.endswith("/health") else [tool("Greet"), tool("Greet", "2.0.0"), tool("Show", authorization=DISCORD)])


@pytest.fixture(scope="module")
def full(binary, simulator, tmp_path_factory):
    server = Server(Tools)
    with Engine(binary, tmp_path_factory.mktemp("full"), simulator=simulator) as eng, eng.client() as api:
        owner = Person(eng)
        owner.set_up(eng.ready["setup_url"], "owner@example.com")
        eng.add_discord()
        connect(eng, simulator, api, "list@example.com")
        connect(eng, simulator, api, "other@example.com", "bob")
        authorize(api, "third@example.com")
        eng.add_discord("other")

        def made(method, path, body):
            r = owner.call(method, path, body)
            assert r.status_code in (200, 201), (path, r.text)
        for n in "one", "two":
            made("PUT", f"/v1/admin/secrets/KEY_{n.upper()}", {"value": "v"})
            made("POST", "/tb/v1/api_keys", {"name": n})
            made("POST", "/tb/v1/accounts", {"email": f"{n}@example.com", "password": PASSWORD})
            made("POST", "/tb/v1/projects", {"name": n})
            made("POST", "/tb/v1/invitations", {"email": f"new-{n}@example.com", "role": "viewer"})
        for id, uri in ("play", server.origin), ("gone", "http://127.0.0.1:9"):
            made("POST", "/v1/workers", {"id": id, "type": "http", "http": {"uri": uri, "secret": "s", "timeout": 5, "retry": 1}})
        until("the tools", lambda: api.get("/v1/tools").json()["total_count"] == 2)
        for _ in range(2):
            made("POST", "/v1/tools/execute", {"tool_name": "Play.Greet", "run_at": "2999-01-01T00:00:00Z"})
        yield owner
        owner.http.close()
    server.close()


def rows(r):
    """What a list answers, without what says which page it is."""
    j = r.json()
    return json.dumps([j["items"], j.get("total_count")]) if r.status_code == 200 else r.status_code


def lists(owner):
    """(path, parameters) of every list; the tools of one server stand for those below an id."""
    doc = owner.call("GET", "/v1/swagger").json()["paths"]
    for at, ops in doc.items():
        named = [p["name"] for p in ops.get("get", {}).get("parameters", []) if p["in"] == "query"]
        if "limit" in named and "/orgs/" not in at:
            yield at.replace("/v1/workers/{id}/", "/v1/workers/play/"), named


def test_every_parameter_of_every_list_has_an_effect(full):
    idle, looked = [], 0
    for at, named in lists(full):
        assert "{" not in at, at
        plain = rows(full.call("GET", at))
        assert isinstance(plain, str) and len(json.loads(plain)[0]) >= 2, (at, plain)
        for name in named:
            looked += 1
            value = {"limit": 1, "offset": 1}.get(name, MEANT.get(name, NOTHING))
            beside = BESIDE.get((at, name), {})
            without = rows(full.http.get(at, params=beside)) if beside else plain
            if rows(full.http.get(at, params={**beside, name: value})) == without:
                idle.append(f"{at}?{name}={value}")
    assert idle == [] and looked > 60, (looked, idle)
