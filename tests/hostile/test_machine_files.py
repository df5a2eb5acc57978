# SPDX-License-Identifier: Apache-2.0
"""Out of file descriptors: the engine stays, does not spin, says so without flooding its log, and serves again when there are some."""
import os
import resource
import socket
import time

import httpx
import pytest
from machine import World
from world import figure, until


@pytest.fixture()
def world(binary, tmp_path):
    with World(binary, tmp_path) as w:
        yield w


def cpu(pid):
    """Seconds of processor time used so far."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def used(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_out_of_file_descriptors(world):
    world.connect("alice@example.com")
    pid, port = world.engine.p.pid, int(world.engine.url.rsplit(":", 1)[1])
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    callers = []

    def call():
        s = socket.socket()
        callers.append(s)
        s.settimeout(5)
        s.connect(("127.0.0.1", port))

    for _ in range(100):  # silent for longer than the one that is used
        call()
    kept = world.engine.client(limits=httpx.Limits(keepalive_expiry=None))  # no other connection would be taken
    assert kept.get("/v1/health").status_code == 200
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used(pid) + 2, hard))
    lines, busy, began = len(world.engine.log().splitlines()), cpu(pid), time.monotonic()

    def told():
        call()  # what the engine itself closes meanwhile is taken as well
        return "http.no_descriptors" in world.engine.log()

    def served():
        try:
            return world.works(world.token("alice@example.com"))
        except httpx.TransportError:  # taken and closed with those who came before it
            return False

    try:
        for _ in range(200):
            call()
        until("a word about it", told)
        # who is connected already is served what needs no descriptor
        body = {"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}, "user_id": "alice@example.com"}
        for _ in range(20):
            r = kept.post("/v1/auth/authorize", json=body)
            assert r.status_code in (200, 503), r.text
            time.sleep(0)
        until("some time", lambda: time.monotonic() - began > 3)
        share = (cpu(pid) - busy) / (time.monotonic() - began)
        figure("out of descriptors", f"{share:.2f} of a processor, {len(world.engine.log().splitlines()) - lines} lines of log")
        assert share < 0.7, "it spins"
        assert world.engine.log().count("http.no_descriptors") < 20
    finally:
        for s in callers:
            s.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    until("connections to be taken again", served)
    world.connect("bob@example.com")
    assert world.works(world.token("bob@example.com")) and world.health().status_code == 200
    kept.close()


def test_a_provider_that_cannot_be_called_for_want_of_descriptors_kills_no_grant(world):
    world.lifetime(4)
    world.connect("alice@example.com")
    old = world.token("alice@example.com")
    pid = world.engine.p.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with world.engine.client(limits=httpx.Limits(keepalive_expiry=None)) as kept:
        body = {"auth_requirement": {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}, "user_id": "alice@example.com"}
        assert kept.post("/v1/auth/authorize", json=body).status_code == 200
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
        before = world.refreshes()  # on a slow machine the reads above may have renewed it
        world.lifetime()
        until("the token to be over", lambda: kept.post("/v1/auth/authorize", json=body).status_code == 503)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        renewed = lambda: (kept.post("/v1/auth/authorize", json=body).json().get("context") or {}).get("token") not in (None, old)  # noqa: E731
        until("a new token", renewed, 90)
    assert world.works(world.token("alice@example.com")) and world.refreshes() == before + 1
