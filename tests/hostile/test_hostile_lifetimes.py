# SPDX-License-Identifier: Apache-2.0
"""Answers that are no mistake and yet a trap: tokens that live for seconds, a refresh that brings no refresh token, other scopes."""
import json
import time

import pytest

from hostile import Attempt, definition, instance
from peer import Peer, answer
from world import Engine, figure, until

KINDS = ("minute", "seconds", "quiet", "scopes")


class Tokens:
    """A token endpoint that counts: token-1 for the code, token-2 for the first refresh, …"""

    def __init__(self, life, refresh=lambda n: f"refresh-{n}", scope="read"):
        self.life, self.refresh, self.scope, self.asked = life, refresh, scope, []

    def __call__(self, c, request):
        self.asked.append(request.form.get("refresh_token"))
        n = len(self.asked)
        fields = {"access_token": f"token-{n}", "token_type": "Bearer", "expires_in": self.life, "scope": self.scope}
        if self.refresh(n):
            fields["refresh_token"] = self.refresh(n)
        return answer(200, fields)(c, request)


@pytest.fixture(scope="module")
def world(binary, tmp_path_factory):
    with Peer() as peer:
        tokens = {"minute": Tokens(60), "seconds": Tokens(4), "quiet": Tokens(4, lambda n: "the-only-one" if n == 1 else None),
                  "scopes": Tokens(3600, scope="write admin")}
        kinds = {k: definition(peer, f"/{k}") for k in KINDS}
        for k in KINDS:
            peer.rules[f"/{k}/token"] = tokens[k]
        with Engine(binary, tmp_path_factory.mktemp("engine"), config=f"provider_definitions: {json.dumps(kinds)}\n") as engine:
            for k in KINDS:
                instance(engine, k, k)
            yield engine, tokens


def test_a_token_of_a_minute_is_served_and_refreshed_without_a_storm(world):
    engine, tokens = world
    a = Attempt(engine, "minute", "minute@example.com")
    a.connect()
    for _ in range(50):
        assert a.authorize().json()["context"]["token"] == "token-1"
    assert len(tokens["minute"].asked) == 1, "half of its life must pass before it is refreshed"
    until("the refresh at half of its life", lambda: a.authorize().json()["context"]["token"] == "token-2", 90)
    for _ in range(50):
        assert a.authorize().json()["context"]["token"] == "token-2"
    assert tokens["minute"].asked == [None, "refresh-1"]


def test_tokens_of_seconds_are_refreshed_once_a_life(world):
    engine, tokens = world
    a = Attempt(engine, "seconds", "seconds@example.com")
    began = time.monotonic()
    a.connect()
    reads = 0
    while len(tokens["seconds"].asked) < 5:
        r = a.authorize()
        assert r.status_code == 200 and r.json()["context"]["token"].startswith("token-"), r.text
        reads += 1
        assert time.monotonic() - began < 120
    lives = (time.monotonic() - began) / 2  # it is renewed after half of its four seconds
    figure("4 s tokens: reads, refreshes, half lives", (reads, len(tokens["seconds"].asked) - 1, round(lives, 1)))
    assert len(tokens["seconds"].asked) - 1 <= lives + 1 and reads > 8
    assert tokens["seconds"].asked == [None] + [f"refresh-{i}" for i in range(1, len(tokens["seconds"].asked))], "each refresh token once"


def test_a_refresh_without_a_refresh_token_keeps_the_old_one(world):
    engine, tokens = world
    a = Attempt(engine, "quiet", "quiet@example.com")
    a.connect()
    until("two refreshes", lambda: a.authorize().status_code and len(tokens["quiet"].asked) >= 3)
    assert tokens["quiet"].asked[1:3] == ["the-only-one", "the-only-one"]


def test_other_scopes_than_asked_are_not_taken_for_what_was_asked(world):
    engine, _ = world
    a = Attempt(engine, "scopes", "scopes@example.com")
    a.connect()
    event = next(e for e in a.events("code_exchange"))
    assert event["data"]["scopes"] == ["write", "admin"], event
    with engine.client() as api:
        connection = api.get("/v1/admin/user_connections", params={"provider_id": "scopes"}).json()["items"][0]
    assert sorted(connection["scopes"]) == ["admin", "write"]
    notice = next(e for e in a.events("notice"))
    assert notice["reason"] == "fewer_scopes" and "read" in json.dumps(notice["data"]), notice
