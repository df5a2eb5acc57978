# SPDX-License-Identifier: Apache-2.0
"""Filters of the catalogue over what tools tell of themselves (contract 3.6)."""
import json

import pytest
from conftest import register
from test_hostile_workers import TOOL, Odd


@pytest.fixture(scope="module")
def described(engine):
    """A worker whose tools tell what they are for and what they do."""
    about = {"Read": (["email"], dict(operations=["read"], read_only=True, destructive=False, idempotent=True, open_world=True), {"tier": "free", "n": 1}),
             "Send": (["email", "messaging"], dict(operations=["create"], read_only=False, destructive=False, idempotent=False, open_world=True), {"tier": "Free"}),
             "Wipe": (["calendar"], dict(operations=["delete", "update"], read_only=False, destructive=True, idempotent=True, open_world=False), None), "Mute": None}
    odd = Odd()
    odd.tools = [{**TOOL, "name": n, "metadata": a and {"classification": {"service_domains": a[0]}, "behavior": a[1], "extras": a[2]}} for n, a in about.items()]
    with engine.client() as c:
        assert register(c, odd.uri, id="described").status_code == 201
        yield c
        c.delete("/v1/workers/described")
    odd.close()


@pytest.mark.parametrize("spec,names", [
    ({"read_only": True}, "Read"), ({"read_only": False}, "Send Wipe"), ({"destructive": True}, "Wipe"), ({"idempotent": True, "open_world": True}, "Read"),
    ({"service_domains": ["email"]}, "Read Send"), ({"service_domains": ["EMAIL", "calendar"]}, "Read Send Wipe"), ({"service_domains": {"all_of": ["email", "messaging"]}}, "Send"),
    ({"service_domains": {"any_of": ["email"], "none_of": ["messaging"]}}, "Read"), ({"classification": {"service_domains": ["calendar"]}}, "Wipe"),
    ({"operations": {"none_of": ["delete"]}}, "Mute Read Send"), ({"operations": {"all_of": ["update", "delete"]}}, "Wipe"), ({"behavior": {"operations": ["read", "create"]}}, "Read Send"),
    ({"extras": {"tier": "free"}}, "Read"), ({"extras": {"tier": "free", "n": 2}}, ""), ({"extras": {}}, "Mute Read Send Wipe"), ({"service_domains": []}, ""),
])
def test_a_filter_lets_through_what_it_names(described, spec, names):
    page = described.get("/v1/tools", params={"toolkit": "Odd", "filter": json.dumps(spec)}).json()
    assert [t["name"] for t in page["items"]] == names.split() and page["total_count"] == len(names.split())
    assert [t["name"] for t in described.get("/v1/formatted_tools", params={"toolkit": "Odd", "filter": json.dumps(spec), "format": "arcade"}).json()["items"]] == names.split()
