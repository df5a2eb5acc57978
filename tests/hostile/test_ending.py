# SPDX-License-Identifier: Apache-2.0
"""The end of an engine that is at work for nobody in particular: it waits for the call under way and begins no other; what was left is
done by the next start."""
import json
import signal
import socket
import threading
import time

from hostile import Attempt, definition, instance, stored
from peer import Peer, answer
from world import BOUND, Engine, until

MANY = 30


class Provider:
    """Hands out a token a code and is asked to revoke them: down at first; then the first call is held, and the others take their time."""

    def __init__(self, peer):
        self.peer, self.given, self.up = peer, 0, False
        self.first, self.go = threading.Event(), threading.Event()
        self.revoked, self.lock = set(), threading.Lock()
        peer.rules |= {"/token": self.token, "/revoke": self.revoke}

    def token(self, c, request):
        with self.lock:
            self.given += 1
            n = self.given
        return answer(200, {"access_token": f"ending-{n}", "token_type": "Bearer", "expires_in": 3600})(c, request)

    def revoke(self, c, request):
        if not self.up:
            return answer(503, "", None)(c, request)
        with self.lock:
            self.revoked.add(request.form["token"])
        if not self.first.is_set():
            self.first.set()
            assert self.go.wait(BOUND)
        else:
            self.peer.closing.wait(0.05)
        return answer(200, {})(c, request)


def due(engine):
    return stored(engine, "SELECT count(*) FROM revocations WHERE next_try_at <= ?", int(time.time() * 1e6))[0]


def listens(engine):
    host, port = engine.url.removeprefix("http://").rsplit(":", 1)
    with socket.socket() as s:
        return s.connect_ex((host, int(port))) == 0


def test_an_end_begins_no_further_revocation_and_the_next_start_goes_on(binary, tmp_path):
    with Peer() as peer:
        provider = Provider(peer)
        acme = definition(peer, revoke={"url": f"{peer.url}/revoke", "ends": "token"})
        kinds = f"provider_definitions: {json.dumps({'acme': acme})}\n"
        with Engine(binary, tmp_path, config=kinds) as engine:
            instance(engine, "acme", "acme")
            for i in range(MANY):
                a = Attempt(engine, "acme", f"ending-{i}@example.com")
                a.connect()
                item = a.api.get("/v1/admin/user_connections", params={"user_id": a.user}).json()["items"][0]
                assert a.api.delete(f"/v1/admin/user_connections/{item['id']}").headers["tokenbooth-revocation"] == "queued"
                a.close()
            until("nearly all are due again", lambda: due(engine) >= MANY - 5, BOUND * 2)
            provider.up = True
            assert provider.first.wait(BOUND * 2), "the job's first call"
            engine.p.send_signal(signal.SIGTERM)
            until("the engine listens no more", lambda: not listens(engine))
            provider.go.set()
            assert engine.p.wait(BOUND) == 0
            assert len(provider.revoked) < MANY / 2, "it went on as if nobody had asked it to end"
        with Engine(binary, tmp_path, config=kinds):
            until("the next start has revoked them all", lambda: len(provider.revoked) == MANY, BOUND * 2)
