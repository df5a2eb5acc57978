# SPDX-License-Identifier: Apache-2.0
"""Every method of the unmodified SDKs, arcadepy (both clients) and arcadejs, found by looking: one that no step below calls fails the test."""
import pytest
from conftest import SECRET
from sdks import SDKS, Refused
from test_schedules import ended, later
from test_tools import NAMES, at_verifier

OTHERS = {"chat.completions.create"}  # runs a language model: no part of this engine (its address answers 404)
WORKER = "sdk-worker"


@pytest.fixture(params=list(SDKS))
def sdk(request, engine, api):
    client = SDKS[request.param](engine)
    client.user = f"{request.param}@sdk.example"
    yield client
    api.delete(f"/v1/workers/{WORKER}")
    client.close()


def refused(sdk, status, name, *call, **params):
    with pytest.raises(Refused) as e:
        sdk(*call, **params)
    assert (e.value.status, e.value.body["name"]) == (status, name), e.value
    assert e.value.body["message"]


def providers(sdk):
    oauth2 = {"client_id": "an-id", "client_secret": "a-client-secret"}
    made = sdk("admin.auth_providers.create", id="sdk-github", provider_id="github", description="By SDK", oauth2=oauth2)
    assert made["id"] == "sdk-github" and made["oauth2"]["client_secret"]["exists"] is True and "a-client-secret" not in str(made)
    assert "sdk-github" in [p["id"] for p in sdk("admin.auth_providers.list")["items"]]
    assert sdk("admin.auth_providers.patch", "sdk-github", description="Changed")["description"] == "Changed"
    assert sdk("admin.auth_providers.get", "sdk-github")["description"] == "Changed"
    assert sdk("admin.auth_providers.delete", "sdk-github")["id"] == "sdk-github"
    refused(sdk, 404, "not_found", "admin.auth_providers.get", "sdk-github")


def workers(sdk, uri):
    made = sdk("workers.create", id=WORKER, enabled=True, http={"uri": uri, "secret": SECRET, "timeout": 10, "retry": 3})
    assert made["id"] == WORKER and made["http"]["secret"]["hint"] == "...ngth"
    assert [w["id"] for w in sdk("workers.list", limit=5)["items"]] == [WORKER]
    assert sdk("workers.update", WORKER, http={"timeout": 20})["http"] == sdk("workers.get", WORKER)["http"]
    assert sdk("workers.health", WORKER)["healthy"] is True
    assert [t["name"] for t in sdk("workers.tools", WORKER, limit=100)["items"]] == NAMES


def catalogue(sdk):
    page = sdk("tools.list", toolkit="custom", limit=2, offset=1)
    assert [t["name"] for t in page["items"]] == NAMES[1:3] and page["total_count"] == len(NAMES)
    shown = sdk("tools.get", "Custom.ListGuilds", user_id=sdk.user, include_format=["openai", "anthropic"])
    assert shown["requirements"]["authorization"]["token_status"] == "not_started" and set(shown["formatted_schema"]) == {"openai", "anthropic"}
    refused(sdk, 404, "not_found", "tools.get", "Custom.Nothing")
    assert sdk("tools.formatted.get", "Custom.Add", format="openai") == next(f for f in sdk("tools.formatted.list", format="openai", limit=100)["items"] if f["function"]["name"] == "Custom_Add")
    assert sdk("tools.formatted.get", "Custom.Add", format="anthropic")["name"] == "Custom_Add"


def agree(sdk, simulator):
    """The link of a tool, a consent, and the same seen by every method of auth."""
    refused(sdk, 403, "tool_authorization_required", "tools.execute", tool_name="Custom.WhoAmI", user_id=sdk.user)
    asked = sdk("tools.authorize", tool_name="Custom.ListGuilds", user_id=sdk.user)
    assert asked["status"] == "pending" and sdk("auth.status", id=asked["id"])["status"] == "pending"
    need = {"provider_id": "discord", "oauth2": {"scopes": ["guilds"]}}
    same = sdk("auth.authorize", auth_requirement=need, user_id=sdk.user)
    assert same["id"] == asked["id"]
    flow = at_verifier(simulator, asked["url"])
    assert sdk("auth.confirm_user", flow_id=flow, user_id=sdk.user)["auth_id"] == asked["id"]
    assert sdk("auth.wait_for_completion", asked["id"])["status"] == "completed"
    assert sdk("auth.start", sdk.user, "discord", scopes=["guilds"])["context"]["token"]
    assert sdk("tools.execute", tool_name="Custom.ListGuilds", user_id=sdk.user)["success"] is True


def put_off(sdk, api, file):
    made = sdk("tools.execute", tool_name="Custom.Note", input={"path": str(file), "line": "later"}, run_at=later(1))
    assert made["status"] == "scheduled" and made["id"] in [s["id"] for s in sdk("tools.scheduled.list", limit=5)["items"]]
    ended(api, made["id"])
    assert sdk("tools.scheduled.get", made["id"])["attempts"][0]["output"]["value"] == "later" and file.read_text() == "later\n"


def secrets(sdk, api):
    if "admin.secrets.create" in sdk.methods:
        made = sdk("admin.secrets.create", "SEARCH_KEY", value="a value of some length", description="by SDK")
    else:
        made = api.post("/v1/admin/secrets/SEARCH_KEY", json={"value": "a value of some length", "description": "by SDK"}).json()
    assert made["hint"] == "...ngth" and [s["id"] for s in sdk("admin.secrets.list")["items"]] == [made["id"]]
    assert sdk("tools.execute", tool_name="Custom.SecretLength")["output"]["value"]["length"] == 22
    sdk("admin.secrets.delete", made["id"])
    refused(sdk, 404, "not_found", "admin.secrets.delete", made["id"])


def disconnect(sdk):
    [mine] = [c for c in sdk("admin.user_connections.list", limit=100)["items"] if c["user_id"] == sdk.user]
    assert mine["provider_id"] == "my-discord" and mine["scopes"] == ["guilds"]
    sdk("admin.user_connections.delete", mine["id"])
    refused(sdk, 403, "tool_authorization_required", "tools.execute", tool_name="Custom.ListGuilds", user_id=sdk.user)


def test_every_method(sdk, api, simulator, worker, tmp_path):
    assert sdk("health.check")["healthy"] is True
    providers(sdk)
    workers(sdk, worker.uri)
    catalogue(sdk)
    agree(sdk, simulator)
    put_off(sdk, api, tmp_path / "notes")
    secrets(sdk, api)
    disconnect(sdk)
    sdk("workers.delete", WORKER)
    assert sdk("tools.list")["items"] == []
    assert sdk.called == sdk.methods - OTHERS
