# SPDX-License-Identifier: Apache-2.0
"""Secrets for tools: set under both paths by both methods, listed without their values, deleted by id or key (contract 3.2)."""
import base64

import arcadepy
import pytest
from test_contract import error

VALUE = "sk-canary-4f0c2a7d9be1-tail"


@pytest.fixture()
def clean(api):
    yield api
    for s in api.get("/v1/admin/secrets").json()["items"]:
        assert api.delete(f"/v1/admin/secrets/{s['id']}").status_code == 204


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("path", ["/v1/admin/secrets", "/v1/secrets", "/v1/orgs/default/projects/default/secrets", "/v1/orgs/default/projects/default/admin/secrets"])
def test_set_and_shown_without_its_value(clean, engine, method, path):
    r = clean.request(method, f"{path}/SEARCH_KEY", json={"value": VALUE, "description": "search engine"})
    assert r.status_code == 200, r.text
    made = r.json()
    assert made["id"].startswith("sec_") and made["key"] == "SEARCH_KEY" and made["description"] == "search engine"
    assert made["hint"] == "...tail" and made["binding"]["type"] == "project" and made["binding"]["id"]
    assert made["created_at"] and made["updated_at"] and made["last_accessed_at"] is None
    listed = clean.get(path).json()
    assert listed["items"] == [made] and listed["total_count"] == 1 and listed["offset"] == 0
    store = b"".join(f.read_bytes() for f in engine.data.iterdir() if f.name.startswith("store"))
    for form in (VALUE.encode(), base64.b64encode(VALUE.encode()), VALUE.encode().hex().encode()):
        assert form not in store and form not in r.content and form.decode() not in engine.log()


def test_a_second_set_changes_the_value_and_keeps_id_and_description(clean):
    first = clean.post("/v1/admin/secrets/Key.one", json={"value": "the first long value", "description": "kept"}).json()
    again = clean.put("/v1/admin/secrets/KEY.ONE", json={"value": "another, longer value"}).json()
    assert again["id"] == first["id"] and again["description"] == "kept" and again["key"] == "KEY.ONE" and again["hint"] == "...alue"
    third, listed = clean.put("/v1/admin/secrets/key.one", json={"value": "short", "description": ""}).json(), clean.get("/v1/secrets").json()["items"][0]
    assert third == {**again, "key": "key.one", "hint": None, "description": "", "updated_at": listed["updated_at"], "etag": listed["etag"]}
    assert len({first["etag"], again["etag"], third["etag"]}) == 3


@pytest.mark.parametrize("key,body,field,words", [
    ("K", {}, "value", "is required"),
    ("K", {"value": ""}, "value", ""),
    ("K", {"value": None}, "value", ""),
    ("K", {"value": 7}, "value", ""),
    ("K", {"value": "x" * 5001}, "value", "5000"),
    ("K", {"value": "x", "description": "d" * 1001}, "description", "1000"),
    ("K", {"value": "x", "description": "a\nb"}, "description", "control"),
    ("a%20b", {"value": "x"}, "secret_key", "A-Z a-z 0-9"),
    ("a%2Fb", {"value": "x"}, "secret_key", "A-Z a-z 0-9"),
    ("k" * 257, {"value": "x"}, "secret_key", "256"),
    ("ARCADE_API_KEY", {"value": "x"}, "secret_key", "reserved"),
    ("arcade_worker_secret", {"value": "x"}, "secret_key", "reserved"),
])
def test_bad_input_names_the_field(clean, key, body, field, words):
    problem = error(clean.put(f"/v1/admin/secrets/{key}", json=body), 400, "malformed_request")
    assert problem["field_errors"][0]["field"] == field and words in problem["message"], problem
    assert clean.get("/v1/admin/secrets").json()["items"] == []


def test_five_thousand_characters_of_any_kind(clean):
    assert clean.put("/v1/admin/secrets/K", json={"value": "\u20ac" * 5000}).status_code == 200


def test_deleted_by_id_or_key(clean):
    made = clean.put("/v1/admin/secrets/ONE", json={"value": "v"}).json()
    assert clean.delete(f"/v1/admin/secrets/{made['id']}").status_code == 204
    clean.put("/v1/admin/secrets/TWO", json={"value": "v"})
    assert clean.delete("/v1/secrets/two").status_code == 204
    assert error(clean.delete("/v1/admin/secrets/two"), 404, "not_found")["message"] == "secret two not found"


def test_everything_unless_a_page_is_asked_for(clean):
    for n in range(130):
        assert clean.put(f"/v1/admin/secrets/K{n:03}", json={"value": "v"}).status_code == 200
    whole = clean.get("/v1/admin/secrets").json()
    assert [s["key"] for s in whole["items"]] == [f"K{n:03}" for n in range(130)] and whole["limit"] == whole["total_count"] == 130
    page = clean.get("/v1/admin/secrets", params={"limit": 2, "offset": 128}).json()
    assert [s["key"] for s in page["items"]] == ["K128", "K129"] and page["total_count"] == 130


def test_the_audit_log_tells_of_each_without_the_value(clean):
    clean.put("/v1/admin/secrets/AUDITED", json={"value": VALUE})
    clean.put("/v1/admin/secrets/AUDITED", json={"value": VALUE + "2"})
    clean.delete("/v1/admin/secrets/AUDITED")
    text = clean.get("/tb/v1/events", params={"resource_type": "secret", "limit": 3})
    assert [e["kind"] for e in text.json()["items"]] == ["secret.deleted", "secret.updated", "secret.created"] and VALUE not in text.text


def test_the_python_sdk(engine, clean):
    clean.put("/v1/admin/secrets/SDK", json={"value": "v"})
    sdk = arcadepy.Arcade(base_url=engine.url, api_key=engine.key)
    items = sdk.admin.secrets.list().items
    assert [s.key for s in items] == ["SDK"]
    sdk.admin.secrets.delete(items[0].id)
    assert sdk.admin.secrets.list().items == []
    with pytest.raises(arcadepy.NotFoundError):
        sdk.admin.secrets.delete(items[0].id)
